"""What the office does with a work order: give it to a crew, close, merge, open it again.

Each raises UnknownWorkOrder, StepRefused or StaleVersion, and returns the work order as it then is.
"""

from sqlalchemy import select
from sqlmodel import col

from services.dispatch.commands import Assign, Close, Merge, Reopen
from services.dispatch.models import Complaint, Crew, Outcome, WorkOrder
from services.dispatch.notices.new_work import tell_crews
from services.dispatch.rules.assignment import AssignmentReason, choice_refusal
from services.dispatch.rules.fault_matching import LinkReason, merge_refusal
from services.dispatch.rules.work_order import Actor, State
from shared.auth.tokens import Person
from shared.sql import any_of

from .assignment import candidates, needs_of
from .context import Context
from .locks import lock, locked
from .work_order_guards import (
    StepRefused,
    UnknownCrew,
    actor_of,
    crew_became_idle,
    lock_work_orders,
    must_be_answered,
    must_change,
)

_LINKED = locked(
    select(Complaint)
    .where(col(Complaint.work_order_id) == any_of("ids"))
    .order_by(col(Complaint.id))
)


async def assign(
    context: Context, person: Person, work_order_id: str, command: Assign
) -> WorkOrder:
    """Give it to this crew, whoever has it now. Raises UnknownCrew too."""
    (work_order,) = await lock_work_orders(context, person, work_order_id)
    has_it = work_order.crew_id == command.crew_id and work_order.is_with_crew
    if has_it and actor_of(person, work_order) is Actor.OFFICE:
        return work_order
    must_change(work_order, command, person)
    crew = (await lock(context.session, Crew, [command.crew_id])).get(command.crew_id)
    if crew is None or crew.county != work_order.county:
        raise UnknownCrew
    (candidate,) = await candidates(context.session, [crew])
    if why := choice_refusal(needs_of(work_order), candidate):
        raise StepRefused(why)
    change = work_order.assign(
        crew.id,
        crew.name,
        AssignmentReason.BY_PERSON.value,
        context.now,
        who=person.name,
        note=command.note,
    )
    context.record([change])
    await tell_crews(context, [work_order])
    return work_order


async def close(context: Context, person: Person, work_order_id: str, command: Close) -> WorkOrder:
    """End it by hand: repaired where it was, else because nothing was found. While somebody waits
    for an answer, or a deadline is open, only with a reason."""
    (work_order,) = await lock_work_orders(context, person, work_order_id, with_scheme=True)
    if not must_change(work_order, command, person):
        return work_order
    await must_be_answered(context, work_order, command)
    was_busy = work_order.is_with_crew
    was_repaired = work_order.state == State.REPAIRED
    outcome = Outcome.REPAIRED if was_repaired else Outcome.NOTHING_FOUND
    reasons = {"note": command.note} | ({"despite": command.despite} if command.despite else {})
    context.record([work_order.close(outcome, context.now, person.name, **reasons)])
    if was_busy:
        await crew_became_idle(context, work_order)
    return work_order


async def reopen(
    context: Context, person: Person, work_order_id: str, command: Reopen
) -> WorkOrder:
    """Rework (重办): it waits for a crew again; the one that knows it goes first."""
    (work_order,) = await lock_work_orders(context, person, work_order_id, with_scheme=True)
    must_change(work_order, command, person)
    context.record([work_order.rework(person.name, command.note, context.now)])
    return work_order


async def merge(context: Context, person: Person, work_order_id: str, command: Merge) -> WorkOrder:
    """Both are one fault: all complaints of this work order are linked to `into` from now on."""
    work_order, target = await lock_work_orders(
        context, person, work_order_id, command.into, with_scheme=True
    )
    if work_order.merged_into == command.into and actor_of(person, work_order) is Actor.OFFICE:
        return work_order
    must_change(work_order, command, person)
    why = merge_refusal(
        same_work_order=work_order.id == target.id,
        same_scheme=work_order.scheme_id == target.scheme_id,
        for_office=work_order.for_office or target.for_office,
        target_closed=target.state == State.CLOSED,
    )
    if why is not None:
        raise StepRefused(why)
    complaints = (await context.session.execute(_LINKED, {"ids": [work_order.id]})).scalars().all()
    for complaint in complaints:
        complaint.link_to(target.id, LinkReason.BY_PERSON, context.now)
    was_busy = work_order.is_with_crew
    context.record(work_order.merge_into(target, complaints, person.name, context.now))
    if was_busy:
        await crew_became_idle(context, work_order)
    return work_order
