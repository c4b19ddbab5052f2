"""A person takes a step with a work order: may they, and is it still as they saw it?"""

from sqlalchemy import select
from sqlmodel import col

from services.dispatch.commands import Close, Command
from services.dispatch.models import Crew, Outcome, WorkOrder
from services.dispatch.rules.assignment import AssignmentRefusal
from services.dispatch.rules.fault_matching import MergeRefusal
from services.dispatch.rules.work_order import (
    Actor,
    State,
    StepRefusal,
    is_done_already,
    refusal,
    refusal_to_close,
)
from shared.auth.permissions import Permission
from shared.auth.tokens import Person

from .closing import unanswered
from .context import Context
from .locks import lock, lock_schemes
from .numbering import give_numbers


class UnknownWorkOrder(LookupError):
    """No such work order in this person's county."""


class UnknownCrew(LookupError):
    """No such crew in this person's county."""


class StepRefused(Exception):
    """The rules stand against it; `why` is for the person who asked."""

    def __init__(self, why: StepRefusal | AssignmentRefusal | MergeRefusal) -> None:
        super().__init__(why)
        self.why = why


class StaleVersion(Exception):
    """Somebody else changed the work order since this person looked at it."""


async def lock_work_orders(
    context: Context, person: Person, *work_order_ids: str, with_scheme: bool = False
) -> list[WorkOrder]:
    """As they are now, locked until the commit. `with_scheme`: for a step after which complaints
    match other work orders than before. Raises UnknownWorkOrder."""
    wanted = select(col(WorkOrder.id), col(WorkOrder.scheme_id)).where(
        col(WorkOrder.id).in_(work_order_ids), col(WorkOrder.county) == person.county
    )
    scheme_of = dict((await context.session.execute(wanted)).tuples().all())
    if not set(work_order_ids) <= scheme_of.keys():
        raise UnknownWorkOrder
    if with_scheme:
        await lock_schemes(context.session, set(scheme_of.values()))
    found = await lock(context.session, WorkOrder, scheme_of)
    await give_numbers(context, person.county, found.values())
    return [found[work_order_id] for work_order_id in work_order_ids]


async def crew_became_idle(context: Context, work_order: WorkOrder) -> None:
    """It has finished one; of crews that are free the one that is idle longest goes first."""
    for crew in (await lock(context.session, Crew, [str(work_order.crew_id)])).values():
        crew.idle_since = context.now


def actor_of(person: Person, work_order: WorkOrder) -> Actor:
    if person.may(Permission.WORK_ORDER_ASSIGN):
        return Actor.OFFICE
    its_crew = person.crew_id is not None and person.crew_id == work_order.crew_id
    return Actor.ITS_CREW if its_crew else Actor.ANOTHER_CREW


def must_change(work_order: WorkOrder, command: Command, person: Person) -> bool:
    """False for a second click, which changes nothing. Raises StepRefused, StaleVersion."""
    state, actor = State(work_order.state), actor_of(person, work_order)
    if is_done_already(state, command.step) and actor is not Actor.ANOTHER_CREW:
        return False
    merged = work_order.outcome == Outcome.MERGED
    why = refusal(state, command.step, actor, merged=merged)
    if why is StepRefusal.NOT_YOUR_CREWS or why is StepRefusal.ONLY_THE_OFFICE:
        raise StepRefused(why)
    if command.version is not None and command.version != work_order.version:
        raise StaleVersion
    if why is not None:
        raise StepRefused(why)
    return True


async def must_be_answered(context: Context, work_order: WorkOrder, command: Close) -> None:
    """Before a person closes it. Raises StepRefused where something is owed and no reason given."""
    owed = await unanswered(context.session, work_order.id)
    if why := refusal_to_close(owed, command.despite):
        raise StepRefused(why)
