"""The edge of taking: one transaction for a page or a push, and no delivery can hold up another."""

from collections.abc import Awaitable, Callable, Sequence

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.handlers.taking import Desk, Taken, take
from services.intake.platforms.incoming import Incoming, Platform
from services.intake.platforms.source import Unreadable
from shared.bus.transient_errors import is_transient
from shared.db import Database

log = structlog.get_logger(__name__)

Together = Callable[[AsyncSession], Awaitable[None]]


class Acceptance:
    """Takes what comes by one county's account at one platform, and commits."""

    def __init__(self, platform: Platform, county: str, database: Database, desk: Desk) -> None:
        self.platform = platform
        self.county = county
        self.database = database
        self._desk = desk

    async def accept(
        self, arrivals: Sequence[Incoming | Unreadable], together_with: Together | None = None
    ) -> list[Taken]:
        """Take `arrivals`; when this returns they are committed, with what `together_with` does.

        Where the batch fails for another reason than a passing fault, its deliveries are taken one
        by one, and one that fails alone is set aside for a person as unreadable. Passing faults
        are raised: nothing was taken that is not committed, and all of it may come again.
        """
        try:
            return await self._committed(arrivals, together_with)
        except Exception as error:
            if is_transient(error):
                raise
            log.exception("batch_fails", platform=self.platform, deliveries=len(arrivals))
        taken = [await self._one(arrival) for arrival in arrivals]
        if together_with:
            await self._committed((), together_with)
        return taken

    async def _one(self, arrival: Incoming | Unreadable) -> Taken:
        try:
            (taken,) = await self._committed([arrival])
        except Exception as error:
            if is_transient(error) or isinstance(arrival, Unreadable):
                raise
            log.exception("delivery_set_aside", platform=self.platform)
            why = f"cannot be taken: {type(error).__name__}"
            aside = Unreadable(arrival.raw, why, arrival.external_id)
            (taken,) = await self._committed([aside])
        return taken

    async def _committed(
        self, arrivals: Sequence[Incoming | Unreadable], together_with: Together | None = None
    ) -> list[Taken]:
        async with self.database.work() as (session, outbox):
            taken = await take(
                session,
                outbox,
                arrivals,
                self.database.clock.now(),
                platform=self.platform,
                county=self.county,
                desk=self._desk,
            )
            if together_with:
                await together_with(session)
        return taken
