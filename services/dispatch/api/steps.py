"""A person takes a step with a work order: over the JSON API, or by a form of the console."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from fastapi import Request

from services.dispatch.api.http_errors import as_problems
from services.dispatch.commands import Command
from services.dispatch.handlers import crew_steps, dispatcher_steps
from services.dispatch.handlers.assignment import assign_waiting
from services.dispatch.handlers.context import Context
from services.dispatch.models import WorkOrder
from services.dispatch.policy import Policy
from services.dispatch.rules.work_order import Step
from shared.auth.requires import NOT_ALLOWED
from shared.auth.tokens import Person
from shared.bus.outbox import Outbox
from shared.db import Database, Session
from shared.problems import Problem

_HANDLERS: Mapping[Step, Callable[[Context, Person, str, Any], Awaitable[WorkOrder]]] = {
    Step.ACCEPT: crew_steps.accept,
    Step.ARRIVE: crew_steps.arrive,
    Step.EXPECT: crew_steps.expect,
    Step.REPAIR: crew_steps.repair,
    Step.RELEASE: crew_steps.release,
    Step.ASSIGN: dispatcher_steps.assign,
    Step.CLOSE: dispatcher_steps.close,
    Step.REOPEN: dispatcher_steps.reopen,
    Step.MERGE: dispatcher_steps.merge,
}
T = TypeVar("T")
_FREE_NO_CREW = (Step.ACCEPT, Step.ARRIVE, Step.EXPECT)


class StepTaker:
    """Steps in dispatch's database, for the API and the console."""

    def __init__(self, database: Database, policy: Policy) -> None:
        self.database = database
        self._policy = policy

    async def __call__(self, person: Person, work_order_id: str, command: Command) -> WorkOrder:
        """As `take`. Raises Problem: 403, 404 or 409, in a sentence for the person."""
        if not person.may(command.permission):
            raise Problem(403, "not_allowed", NOT_ALLOWED)
        with as_problems():
            return await self.take(person, work_order_id, command)

    async def take(self, person: Person, work_order_id: str, command: Command) -> WorkOrder:
        """Take the step in one transaction, and in a second one give crews what waits for them.
        Returns the work order as it then is. A deadlock is retried.

        Raises UnknownWorkOrder, UnknownCrew, StepRefused, StaleVersion.
        """

        async def step(context: Context) -> WorkOrder:
            return await _HANDLERS[command.step](context, person, work_order_id, command)

        async def assign(context: Context) -> WorkOrder:
            await assign_waiting(context, person.county)
            return await context.session.get_one(WorkOrder, work_order_id)

        work_order = await self.run(step)
        return work_order if command.step in _FREE_NO_CREW else await self.run(assign)

    async def run(self, use_case: Callable[[Context], Awaitable[T]]) -> T:
        """One use case in one transaction. A deadlock is retried."""

        async def run(session: Session, outbox: Outbox) -> T:
            context = Context(session, outbox, self.database.clock.now(), self._policy)
            result = await use_case(context)
            await context.flush()
            return result

        return await self.database.in_transaction(run)


def step_taker(request: Request) -> StepTaker:
    """FastAPI dependency."""
    return StepTaker(request.app.state.database, request.app.state.policy)
