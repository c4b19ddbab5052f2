"""Periodic tasks: poll platforms, read threads again for edits, erase what is past retention."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import String, bindparam
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.batching import Ingestion
from services.intake.handlers.erase import RETENTION, erase, erase_unreadable
from services.intake.models import (
    Complaint,
    DeliveryResult,
    Ingested,
    PlatformCursor,
    RawMessage,
    ThreadReread,
)
from services.intake.platforms.incoming import Incoming, PulledSource, Unreadable
from shared.db import Database
from shared.http import PlatformRejected, PlatformUnavailable
from shared.ids import first_id
from shared.sql import compiled_once, row_written, table_of

log = structlog.get_logger(__name__)

_REJECTED_PAUSE = timedelta(minutes=5)
"""A platform that rejects our account will do so again until a person has looked."""
_ERASED_AT_ONCE = 200

_CURSOR = upsert(PlatformCursor)
_CURSOR_MOVED = compiled_once(
    _CURSOR.on_conflict_do_update(
        index_elements=["platform", "county"],
        set_={"cursor": _CURSOR.excluded.cursor, "moved_at": _CURSOR.excluded.moved_at},
        where=col(PlatformCursor.cursor).is_not_distinct_from(bindparam("before", type_=String)),
    ),
    ("platform", "county", "cursor", "moved_at"),
)
_THREAD_REREAD = row_written(table_of(ThreadReread))

ReadThreads = Callable[[Sequence[str]], Awaitable[list[Incoming | Unreadable]]]


class PlatformPause:
    """Leaves a platform alone that is unavailable or rejects us, for as long as it asks."""

    def __init__(self, ingestion: Ingestion) -> None:
        self._ingestion = ingestion
        self._until: datetime | None = None

    @property
    def is_on(self) -> bool:
        clock = self._ingestion.database.clock
        return self._until is not None and clock.now() < self._until

    def begin(self, error: PlatformUnavailable) -> None:
        rejected = isinstance(error, PlatformRejected)
        pause = error.retry_after or (_REJECTED_PAUSE if rejected else timedelta(0))
        self._until = self._ingestion.database.clock.now() + pause
        tell = log.error if rejected else log.warning
        tell(
            "platform_rejected" if rejected else "platform_unavailable",
            platform=self._ingestion.platform,
            why=str(error),
            again_in_seconds=pause.total_seconds(),
        )


class Pull:
    """Asks one platform for what came since last time. `once` is a PeriodicTask."""

    def __init__(self, source: PulledSource, ingestion: Ingestion) -> None:
        self._source = source
        self._ingestion = ingestion
        self._pause = PlatformPause(ingestion)

    async def once(self) -> int:
        """Ingest one page; returns how much was new in it, and at least 1 where there is more."""
        if self._pause.is_on:
            return 0
        cursor = await self._cursor()
        try:
            page = await self._source.fetch(cursor)
        except PlatformUnavailable as error:
            self._pause.begin(error)
            return 0

        async def move_cursor(session: AsyncSession) -> None:
            """Another replica that was quicker keeps its own."""
            await session.execute(
                _CURSOR_MOVED,
                {
                    "platform": self._ingestion.platform.value,
                    "county": self._ingestion.county,
                    "cursor": page.next_cursor,
                    "moved_at": self._ingestion.database.clock.now(),
                    "before": cursor,
                },
            )

        moves = page.next_cursor != cursor
        if not (page.incoming or moves):
            return 0
        ingested = await self._ingestion.ingest(page.incoming, move_cursor if moves else None)
        return max(_count_new(self._ingestion, ingested), int(page.has_more))

    async def _cursor(self) -> str | None:
        async with self._ingestion.database.reading() as session:
            row = await session.get(
                PlatformCursor, (self._ingestion.platform.value, self._ingestion.county)
            )
            return row.cursor if row else None


class Reread:
    """Reads a platform's younger threads again, the longest unread first, a few at once."""

    def __init__(
        self,
        read_threads: ReadThreads,
        ingestion: Ingestion,
        *,
        every: timedelta,
        younger_than: timedelta,
        at_once: int,
    ) -> None:
        self._read_threads = read_threads
        self._ingestion = ingestion
        self._pause = PlatformPause(ingestion)
        self._every = every
        self._younger_than = younger_than
        self._at_once = at_once

    async def once(self) -> int:
        """Returns how many edits were found."""
        if self._pause.is_on or not (due := await self._due()):
            return 0
        try:
            threads = await self._read_threads(list(due.values()))
        except PlatformUnavailable as error:
            self._pause.begin(error)
            return 0

        async def mark_read(session: AsyncSession) -> None:
            now = self._ingestion.database.clock.now()
            await session.execute(
                _THREAD_REREAD,
                [{"complaint_id": complaint_id, "read_at": now} for complaint_id in sorted(due)],
            )

        ingested = await self._ingestion.ingest(threads, mark_read)
        return _count_new(self._ingestion, ingested)

    async def _due(self) -> dict[str, str]:
        """External ids by complaint id."""
        now = self._ingestion.database.clock.now()
        read_at = col(ThreadReread.read_at)
        async with self._ingestion.database.reading() as session:
            found = await session.exec(
                select(Complaint.id, Complaint.external_id)
                .outerjoin(ThreadReread, col(ThreadReread.complaint_id) == col(Complaint.id))
                .where(
                    Complaint.platform == self._ingestion.platform,
                    Complaint.county == self._ingestion.county,
                    Complaint.sent_at >= now - self._younger_than,
                    col(Complaint.erased_at).is_(None),
                    read_at.is_(None) | (read_at <= now - self._every),
                )
                .order_by(read_at.asc().nulls_first(), col(Complaint.sent_at))
                .limit(self._at_once)
            )
            return dict(found.all())


def _count_new(ingestion: Ingestion, ingested: Sequence[Ingested]) -> int:
    """Logs the results of a batch, in numbers."""
    results = Counter(one.result.value for one in ingested)
    new = len(ingested) - results[DeliveryResult.DUPLICATE]
    if new:
        log.info("ingested", platform=ingestion.platform, **results)
    return new


class Retention:
    """Erases words and identities that are older than the retention, a few at once."""

    def __init__(self, database: Database, county: str, years: float) -> None:
        self._database = database
        self._county = county
        self._reason = f"older than {years:g} years"
        self._keeps = timedelta(days=365.25 * years)
        self._complaints_after, self._messages_after = "", ""
        """Ids begin with the time: up to these, all that was due is erased."""

    async def once(self) -> int:
        """Returns how many complaints and unreadable messages were erased."""
        now = self._database.clock.now()
        async with self._database.work() as (session, _):
            complaint_ids = await self._complaints(session, first_id("c", now - self._keeps))
            await erase(
                session,
                complaint_ids,
                county=self._county,
                erased_by=RETENTION,
                reason=self._reason,
                now=now,
            )
            raw_ids = await self._unreadable(session, first_id("r", now - self._keeps))
            await erase_unreadable(
                session, raw_ids, county=self._county, reason=self._reason, now=now
            )
        self._complaints_after = max([self._complaints_after, *complaint_ids])
        self._messages_after = max([self._messages_after, *raw_ids])
        if erased := len(complaint_ids) + len(raw_ids):
            log.info("erased", complaints=len(complaint_ids), unreadable=len(raw_ids))
        return erased

    async def _complaints(self, session: AsyncSession, before: str) -> Sequence[str]:
        found = await session.exec(
            select(Complaint.id)
            .where(
                Complaint.county == self._county,
                Complaint.id > self._complaints_after,
                Complaint.id < before,
                col(Complaint.erased_at).is_(None),
            )
            .order_by(col(Complaint.id))
            .limit(_ERASED_AT_ONCE)
        )
        return found.all()

    async def _unreadable(self, session: AsyncSession, before: str) -> Sequence[str]:
        found = await session.exec(
            select(RawMessage.id)
            .where(
                RawMessage.county == self._county,
                RawMessage.result == DeliveryResult.UNREADABLE,
                RawMessage.sealed_body != b"",
                RawMessage.id > self._messages_after,
                RawMessage.id < before,
            )
            .order_by(col(RawMessage.id))
            .limit(_ERASED_AT_ONCE)
        )
        return found.all()
