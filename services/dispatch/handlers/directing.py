"""What the office does with a work order: give it out, take it back, end it, open it again."""

from datetime import datetime

from sqlalchemy import Table, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.dispatch.models import Complaint
from services.dispatch.rules import assignment, merging
from services.dispatch.rules.work_order import WITH_CREW, Actor, State, Step, after
from shared.auth.tokens import Person
from shared.bus.outbox import Outbox

from .assigning import assign_waiting, assigned_event, crew_of, hand_over, order_of, write_given
from .finishing import Outcome, end
from .linking import linked_event
from .locks import Row, hold_crews, hold_work_orders, work_orders
from .stepping import (
    StepRefused,
    UnknownCrew,
    actor_of,
    change,
    crew_is_idle,
    hold_one,
    must_change,
)
from .timeline import What, step, write_steps

_complaints: Table = Complaint.__table__  # type: ignore[attr-defined]

# Each raises UnknownWorkOrder, StepRefused or StaleVersion, and returns the order as it then is.
# `version` is the one the person saw; `note` says why, about the work and never about a resident.


async def assign(
    session: AsyncSession,
    outbox: Outbox,
    order_id: str,
    person: Person,
    now: datetime,
    *,
    crew_id: str,
    note: str,
    version: int | None = None,
) -> Row:
    """Give it to this crew, whoever has it now. Raises UnknownCrew too."""
    order = await hold_one(session, order_id, person)
    has_it = order["crew_id"] == crew_id and order["state"] in WITH_CREW
    if has_it and actor_of(person, order) is Actor.OFFICE:
        return order
    must_change(order, Step.ASSIGN, person, version)
    crews = {row["id"]: row for row in await hold_crews(session, [order["county"]])}
    if crew_id not in crews:
        raise UnknownCrew
    if why := assignment.refusal_by_hand(order_of(order), crew_of(crews[crew_id])):
        raise StepRefused(why)
    had_it = order["crew_id"] if order["state"] in WITH_CREW else None
    await change(session, order, accepted_at=None, arrived_at=None)
    hand_over(order, crew_id, assignment.Reason.BY_PERSON.value, now)
    await write_given(session, [order])
    crew = crews[crew_id]["name"]
    details = {"crew_id": crew_id, "crew": crew, "reason": order["assign_reason"], "note": note}
    await write_steps(session, [step(order_id, now, What.ASSIGNED, person.name, **details)])
    outbox.add(assigned_event(order, crew))
    if had_it is not None:
        await assign_waiting(session, outbox, [order["county"]], now)
    return order


async def release(
    session: AsyncSession,
    outbox: Outbox,
    order_id: str,
    person: Person,
    now: datetime,
    *,
    note: str,
    version: int | None = None,
) -> Row:
    """Take it from its crew, or the crew gives it back; the next best one gets it."""
    order = await hold_one(session, order_id, person)
    if person.crew_id in order["given_back_by"] and order["crew_id"] != person.crew_id:
        return order
    must_change(order, Step.RELEASE, person, version)
    had_it = order["crew_id"]
    await change(
        session,
        order,
        state=after(State(order["state"]), Step.RELEASE),
        crew_id=None,
        assigned_at=None,
        accepted_at=None,
        arrived_at=None,
        assign_reason=None,
        given_back_by=[*order["given_back_by"], had_it],
    )
    details = {"crew_id": had_it, "note": note}
    await write_steps(session, [step(order_id, now, What.RELEASED, person.name, **details)])
    await assign_waiting(session, outbox, [order["county"]], now)
    return await _as_it_is(session, order_id)


async def close(
    session: AsyncSession,
    outbox: Outbox,
    order_id: str,
    person: Person,
    now: datetime,
    *,
    note: str,
    version: int | None = None,
) -> Row:
    """End it by hand: repaired where it was, else because nothing was found."""
    order = await hold_one(session, order_id, person)
    if not must_change(order, Step.CLOSE, person, version):
        return order
    busy = order["state"] in WITH_CREW
    was_repaired = order["state"] == State.REPAIRED
    outcome = Outcome.REPAIRED if was_repaired else Outcome.NOTHING_FOUND
    await end(session, outbox, order, outcome, now, who=person.name, note=note)
    if busy:
        await crew_is_idle(session, order["crew_id"], now)
        await assign_waiting(session, outbox, [order["county"]], now)
    return order


async def reopen(
    session: AsyncSession,
    outbox: Outbox,
    order_id: str,
    person: Person,
    now: datetime,
    *,
    note: str,
    version: int | None = None,
) -> Row:
    """Rework (重办): it waits for a crew again; the one that knows it goes first."""
    order = await hold_one(session, order_id, person)
    must_change(order, Step.REOPEN, person, version)
    await change(
        session,
        order,
        state=after(State(order["state"]), Step.REOPEN),
        reworks=order["reworks"] + 1,
        given_back_by=[],
        assigned_at=None,
        assign_reason=None,
        accepted_at=None,
        arrived_at=None,
        repaired_at=None,
        closed_at=None,
        outcome=None,
    )
    await write_steps(session, [step(order_id, now, What.REOPENED, person.name, note=note)])
    await assign_waiting(session, outbox, [order["county"]], now)
    return await _as_it_is(session, order_id)


async def merge(
    session: AsyncSession,
    outbox: Outbox,
    order_id: str,
    person: Person,
    now: datetime,
    *,
    into: str,
    version: int | None = None,
) -> Row:
    """Both are one fault: all that hangs on this order hangs on `into` from now on."""
    order = await hold_one(session, order_id, person, into)
    if order["merged_into"] == into and actor_of(person, order) is Actor.OFFICE:
        return order
    must_change(order, Step.MERGE, person, version)
    target = await _as_it_is(session, into)
    why = merging.refusal_by_hand(
        same_order=order_id == into,
        same_scheme=order["scheme_id"] == target["scheme_id"],
        for_office=order["for_office"] or target["for_office"],
        target_closed=target["state"] == State.CLOSED,
    )
    if why is not None:
        raise StepRefused(why)
    busy = order["state"] in WITH_CREW
    await _move_complaints(session, outbox, order, target, person, now)
    await end(session, outbox, order, Outcome.MERGED, now, who=person.name, merged_into=into)
    if busy:
        await crew_is_idle(session, order["crew_id"], now)
    await assign_waiting(session, outbox, [order["county"]], now)
    return order


async def _move_complaints(
    session: AsyncSession, outbox: Outbox, order: Row, target: Row, person: Person, now: datetime
) -> None:
    reason = merging.Reason.BY_PERSON.value
    moved = await session.execute(
        update(_complaints)
        .where(_complaints.c.work_order_id == order["id"])
        .values(work_order_id=target["id"], linked_at=now, link_reason=reason)
        .returning(_complaints.c.id)
    )
    complaint_ids = sorted(moved.scalars())
    await session.execute(
        update(work_orders)
        .where(work_orders.c.id == target["id"])
        .values(
            complaints=target["complaints"] + order["complaints"],
            chases=target["chases"] + order["chases"],
            urgent=target["urgent"] or order["urgent"],
        )
    )
    await session.execute(
        update(work_orders).where(work_orders.c.id == order["id"]).values(complaints=0, chases=0)
    )
    order.update(complaints=0, chases=0)
    if complaint_ids:
        details = {"reason": reason, "complaints": len(complaint_ids)}
        await write_steps(session, [step(target["id"], now, What.LINKED, person.name, **details)])
        outbox.add(linked_event(target["id"], order["county"], complaint_ids, reason, now))


async def _as_it_is(session: AsyncSession, order_id: str) -> Row:
    return (await hold_work_orders(session, [order_id]))[order_id]
