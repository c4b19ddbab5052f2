"""What a crew does with its work order: accept, arrive, say when it is repaired, repair, give back.

Each raises UnknownWorkOrder, StepRefused or StaleVersion, and returns the work order as it then is.
"""

from services.dispatch.commands import Accept, Arrive, Expect, Release, Repair
from services.dispatch.models import Outcome, WorkOrder
from services.dispatch.rules.work_order import StepRefusal
from shared.auth.tokens import Person

from .closing import is_answered
from .context import Context
from .failure_history import record_failure
from .work_order_guards import StepRefused, crew_became_idle, lock_work_orders, must_change


async def accept(
    context: Context, person: Person, work_order_id: str, command: Accept
) -> WorkOrder:
    (work_order,) = await lock_work_orders(context, person, work_order_id)
    if must_change(work_order, command, person):
        context.record([work_order.accept(person.name, context.now)])
    return work_order


async def arrive(
    context: Context, person: Person, work_order_id: str, command: Arrive
) -> WorkOrder:
    (work_order,) = await lock_work_orders(context, person, work_order_id)
    if must_change(work_order, command, person):
        context.record([work_order.arrive(person.name, context.now)])
    return work_order


async def expect(
    context: Context, person: Person, work_order_id: str, command: Expect
) -> WorkOrder:
    """When the repair is to be expected, and what was found so far; the last word counts."""
    (work_order,) = await lock_work_orders(context, person, work_order_id)
    if not must_change(work_order, command, person):
        return work_order
    if command.expected_at <= context.now:
        raise StepRefused(StepRefusal.EXPECTED_BEFORE_NOW)
    change = work_order.expect(command.expected_at, command.so_far, person.name, context.now)
    if change is not None:
        context.record([change])
    return work_order


async def repair(
    context: Context, person: Person, work_order_id: str, command: Repair
) -> WorkOrder:
    """Feeds the failure history, unless it was a task of the office. Where everybody has been
    answered already (rework), the work order closes."""
    (work_order,) = await lock_work_orders(context, person, work_order_id, with_scheme=True)
    if not must_change(work_order, command, person):
        return work_order
    change = work_order.repair(
        command.component, command.found, command.done, person.name, context.now
    )
    context.record([change])
    if not work_order.for_office:
        await record_failure(context, work_order)
    if await is_answered(context.session, work_order.id):
        context.record([work_order.close(Outcome.REPAIRED, context.now)])
    await crew_became_idle(context, work_order)
    return work_order


async def release(
    context: Context, person: Person, work_order_id: str, command: Release
) -> WorkOrder:
    """Its crew gives it back, or the office takes it from the crew: another crew gets it."""
    (work_order,) = await lock_work_orders(context, person, work_order_id)
    gave_it_back = person.crew_id in work_order.given_back_by
    if gave_it_back and work_order.crew_id != person.crew_id:
        return work_order  # a second click
    must_change(work_order, command, person)
    context.record([work_order.give_back(person.name, command.note, context.now)])
    return work_order
