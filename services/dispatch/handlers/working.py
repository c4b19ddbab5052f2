"""What a crew does with its work order: accept, arrive, repair."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.dispatch.policy import Policy
from services.dispatch.rules.faults import Component
from services.dispatch.rules.work_order import State, Step, after
from shared.auth.tokens import Person
from shared.bus.outbox import Outbox
from shared.events.work_orders import CrewArrived, WorkOrderAccepted, WorkOrderRepaired

from .assigning import assign_waiting
from .finishing import Outcome, end, is_answered
from .locks import Row
from .repeating import record_failure
from .stepping import change, crew_is_idle, hold_one, must_change
from .timeline import What, step, write_steps

# Each raises UnknownWorkOrder, StepRefused or StaleVersion, and returns the order as it then is.
# `version` is the one the person saw.


async def accept(
    session: AsyncSession,
    outbox: Outbox,
    order_id: str,
    person: Person,
    now: datetime,
    *,
    version: int | None = None,
) -> Row:
    """The crew has seen it and is on its way."""
    order = await hold_one(session, order_id, person, with_crews=False)
    if not must_change(order, Step.ACCEPT, person, version):
        return order
    await change(session, order, state=after(State(order["state"]), Step.ACCEPT), accepted_at=now)
    crew_id = order["crew_id"]
    await write_steps(session, [step(order_id, now, What.ACCEPTED, person.name, crew_id=crew_id)])
    outbox.add(
        WorkOrderAccepted(
            work_order_id=order_id, county=order["county"], crew_id=crew_id, accepted_at=now
        )
    )
    return order


async def arrive(
    session: AsyncSession,
    outbox: Outbox,
    order_id: str,
    person: Person,
    now: datetime,
    *,
    version: int | None = None,
) -> Row:
    """The crew stands at the fault."""
    order = await hold_one(session, order_id, person, with_crews=False)
    if not must_change(order, Step.ARRIVE, person, version):
        return order
    await change(session, order, state=after(State(order["state"]), Step.ARRIVE), arrived_at=now)
    crew_id = order["crew_id"]
    await write_steps(session, [step(order_id, now, What.ARRIVED, person.name, crew_id=crew_id)])
    outbox.add(
        CrewArrived(work_order_id=order_id, county=order["county"], crew_id=crew_id, arrived_at=now)
    )
    return order


async def repaired(
    session: AsyncSession,
    outbox: Outbox,
    order_id: str,
    person: Person,
    now: datetime,
    *,
    component: Component,
    found: str,
    done: str,
    policy: Policy,
    version: int | None = None,
) -> Row:
    """`component` is what had really failed. Feeds the failure history, unless it was a task of
    the office; gives the freed crew its next order. Where everybody has been answered already
    (rework), the order closes."""
    order = await hold_one(session, order_id, person)
    if not must_change(order, Step.REPAIR, person, version):
        return order
    await change(
        session,
        order,
        state=after(State(order["state"]), Step.REPAIR),
        component=component.value,
        component_named=True,
        found=found,
        done=done,
        repaired_at=now,
    )
    crew_id = order["crew_id"]
    await crew_is_idle(session, crew_id, now)
    details = {"crew_id": crew_id, "component": component.value}
    await write_steps(session, [step(order_id, now, What.REPAIRED, person.name, **details)])
    outbox.add(
        WorkOrderRepaired(
            work_order_id=order_id,
            county=order["county"],
            crew_id=crew_id,
            component=component.value,
            found=found,
            done=done,
            repaired_at=now,
        )
    )
    if not order["for_office"]:
        await record_failure(session, outbox, order, now, policy.repeat_window)
    if await is_answered(session, order_id):
        await end(session, outbox, order, Outcome.REPAIRED, now)
    await assign_waiting(session, outbox, [order["county"]], now)
    return order
