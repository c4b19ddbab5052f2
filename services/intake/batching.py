"""One transaction for a page or for pushes that arrive together; no delivery holds up another."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.context import Context
from services.intake.handlers.ingest import ingest
from services.intake.models import Ingested
from services.intake.platforms.incoming import Incoming, Platform, Unreadable
from shared.bus.transient_errors import must_wait
from shared.db import Database

log = structlog.get_logger(__name__)

Together = Callable[[AsyncSession], Awaitable[None]]

LARGEST_BATCH = 200


class Ingestion:
    """Ingests what comes by one county's account at one platform, and commits."""

    def __init__(
        self, platform: Platform, county: str, database: Database, context: Context
    ) -> None:
        self.platform = platform
        self.county = county
        self.database = database
        self._context = context

    async def ingest(
        self, deliveries: Sequence[Incoming | Unreadable], together_with: Together | None = None
    ) -> list[Ingested]:
        """When this returns, `deliveries` are committed, with what `together_with` does.

        A batch that fails is ingested delivery by delivery, and one that fails alone is set aside
        for a person as unreadable. Transient and systemic errors are raised instead: no delivery is
        to blame for them, and all of the batch may come again.
        """
        try:
            return await self._committed(deliveries, together_with)
        except Exception as error:
            if must_wait(error):
                raise
            log.exception("batch_failed", platform=self.platform, deliveries=len(deliveries))
        ingested = [await self._one(delivery) for delivery in deliveries]
        if together_with:
            await self._committed((), together_with)
        return ingested

    async def _one(self, delivery: Incoming | Unreadable) -> Ingested:
        try:
            (ingested,) = await self._committed([delivery])
        except Exception as error:
            if must_wait(error) or isinstance(delivery, Unreadable):
                raise
            log.exception("delivery_set_aside", platform=self.platform)
            why = f"cannot be ingested: {type(error).__name__}"
            aside = Unreadable(delivery.raw, why, delivery.external_id)
            (ingested,) = await self._committed([aside])
        return ingested

    async def _committed(
        self, deliveries: Sequence[Incoming | Unreadable], together_with: Together | None = None
    ) -> list[Ingested]:
        async with self.database.work() as (session, outbox):
            ingested = await ingest(
                session,
                outbox,
                deliveries,
                self.database.clock.now(),
                platform=self.platform,
                county=self.county,
                context=self._context,
            )
            if together_with:
                await together_with(session)
        return ingested


class PushBatching:
    """One platform's pushes: those that arrive while one transaction commits share the next."""

    def __init__(self, ingestion: Ingestion) -> None:
        self.ingestion = ingestion
        self._waiting: list[tuple[Incoming | Unreadable, asyncio.Future[Ingested]]] = []
        self._running: asyncio.Task[None] | None = None

    async def ingest(self, delivery: Incoming | Unreadable) -> Ingested:
        """When this returns, `delivery` is committed. Raises what Ingestion.ingest raises.

        If the caller is cancelled, the delivery is ingested all the same; when the platform sends
        it again, it is a duplicate.
        """
        outcome: asyncio.Future[Ingested] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, outcome))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._ingest_all())
        return await outcome

    async def _ingest_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
            outcomes = [outcome for _, outcome in batch]
            try:
                ingested = await self.ingestion.ingest([delivery for delivery, _ in batch])
            except BaseException as error:
                for outcome in outcomes:
                    if not outcome.done():
                        outcome.set_exception(error)
                if not isinstance(error, Exception):
                    raise
            else:
                for outcome, one in zip(outcomes, ingested, strict=True):
                    if not outcome.done():
                        outcome.set_result(one)
