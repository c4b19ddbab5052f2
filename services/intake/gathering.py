"""Pushes that come at the same time share a transaction: while one commits, the next gather."""

import asyncio

from services.intake.accepting import Acceptance
from services.intake.handlers.taking import Taken
from services.intake.platforms.incoming import Incoming
from services.intake.platforms.source import Unreadable

AT_ONCE = 200


class Gathering:
    """One platform's pushes. A single one is taken at once; hundreds a second, by the hundred."""

    def __init__(self, acceptance: Acceptance) -> None:
        self.acceptance = acceptance
        self._waiting: list[tuple[Incoming | Unreadable, asyncio.Future[Taken]]] = []
        self._taking: asyncio.Task[None] | None = None

    async def accept(self, arrival: Incoming | Unreadable) -> Taken:
        """When this returns it is committed. Raises what Acceptance.accept raises.

        Who stops waiting does not stop the taking: what comes again then is a duplicate.
        """
        outcome: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, outcome))
        if self._taking is None or self._taking.done():
            self._taking = asyncio.create_task(self._take_all())
        return await outcome

    async def _take_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            outcomes = [outcome for _, outcome in batch]
            try:
                taken = await self.acceptance.accept([arrival for arrival, _ in batch])
            except BaseException as error:
                for outcome in outcomes:
                    if not outcome.done():
                        outcome.set_exception(error)
                if not isinstance(error, Exception):
                    raise
            else:
                for outcome, one in zip(outcomes, taken, strict=True):
                    if not outcome.done():
                        outcome.set_result(one)
