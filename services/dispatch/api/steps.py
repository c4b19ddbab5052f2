"""A person takes a step with a work order: over the JSON API, or by a form of the console."""

from typing import Any

from fastapi import Request

from services.dispatch.api.http_errors import as_problems
from services.dispatch.commands import Command
from services.dispatch.handlers import directing, working
from services.dispatch.policy import Policy
from services.dispatch.rules.work_order import Step
from shared.auth.requires import NOT_ALLOWED
from shared.auth.tokens import Person
from shared.bus.outbox import Outbox
from shared.db import Database, Session
from shared.problems import Problem

_HANDLERS: dict[Step, Any] = {
    Step.ACCEPT: working.accept,
    Step.ARRIVE: working.arrive,
    Step.REPAIR: working.repaired,
    Step.RELEASE: directing.release,
    Step.ASSIGN: directing.assign,
    Step.CLOSE: directing.close,
    Step.REOPEN: directing.reopen,
    Step.MERGE: directing.merge,
}


class StepTaker:
    """FastAPI dependency of the API and of the console."""

    def __init__(self, request: Request) -> None:
        self._database: Database = request.app.state.database
        self._policy: Policy = request.app.state.policy

    async def __call__(self, person: Person, work_order_id: str, command: Command) -> Any:
        """Take the step in one transaction; a deadlock is retried. The work order as it then is.

        Raises Problem: 403, 404 or 409, in a sentence for the person.
        """
        if not person.may(command.permission):
            raise Problem(403, "not_allowed", NOT_ALLOWED)
        details = {name: getattr(command, name) for name in type(command).model_fields}
        if command.step is Step.REPAIR:
            details["policy"] = self._policy

        async def take(session: Session, outbox: Outbox) -> Any:
            now = self._database.clock.now()
            return await _HANDLERS[command.step](
                session, outbox, work_order_id, person, now, **details
            )

        with as_problems():
            return await self._database.in_transaction(take)
