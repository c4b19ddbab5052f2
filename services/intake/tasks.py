"""The pollers: ask platforms what is new, and read threads again for edits."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import String, bindparam
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.accepting import Acceptance
from services.intake.handlers.taking import Taken
from services.intake.models import Complaint, Outcome, PlatformCursor, Rereading
from services.intake.platforms.incoming import Incoming
from services.intake.platforms.source import PulledSource, Unreadable
from shared.http import PlatformRejected, PlatformUnavailable
from shared.sql import compiled_once

log = structlog.get_logger(__name__)

_REFUSED_PAUSE = timedelta(minutes=5)
"""A platform that refuses our account will do so again until a person has looked."""

_CURSOR = upsert(PlatformCursor)
_CURSOR_MOVED = compiled_once(
    _CURSOR.on_conflict_do_update(
        index_elements=["platform", "county"],
        set_={"cursor": _CURSOR.excluded.cursor, "moved_at": _CURSOR.excluded.moved_at},
        where=col(PlatformCursor.cursor).is_not_distinct_from(bindparam("before", type_=String)),
    ),
    ("platform", "county", "cursor", "moved_at"),
)
_REREAD = upsert(Rereading)
_READ_AGAIN = compiled_once(
    _REREAD.on_conflict_do_update(
        index_elements=["complaint_id"], set_={"read_at": _REREAD.excluded.read_at}
    ),
    ("complaint_id", "read_at"),
)

Reread = Callable[[Sequence[str]], Awaitable[list[Incoming | Unreadable]]]


class LeftAlone:
    """Keeps away from a platform that is away or refuses, for as long as it asks."""

    def __init__(self, acceptance: Acceptance) -> None:
        self._acceptance = acceptance
        self._until: datetime | None = None

    @property
    def now(self) -> bool:
        clock = self._acceptance.database.clock
        return self._until is not None and clock.now() < self._until

    def after(self, away: PlatformUnavailable) -> None:
        refused = isinstance(away, PlatformRejected)
        pause = away.retry_after or (_REFUSED_PAUSE if refused else timedelta(0))
        self._until = self._acceptance.database.clock.now() + pause
        tell = log.error if refused else log.warning
        tell(
            "platform_refuses" if refused else "platform_away",
            platform=self._acceptance.platform,
            why=str(away),
            again_in_seconds=pause.total_seconds(),
        )


class Pull:
    """Asks one platform for what came since last time. `once` is a PeriodicTask."""

    def __init__(self, source: PulledSource, acceptance: Acceptance) -> None:
        self._source = source
        self._acceptance = acceptance
        self._left_alone = LeftAlone(acceptance)

    async def once(self) -> int:
        """Take one page; returns how much was new in it, and 1 at least where more waits."""
        if self._left_alone.now:
            return 0
        cursor = await self._cursor()
        try:
            page = await self._source.fetch(cursor)
        except PlatformUnavailable as away:
            self._left_alone.after(away)
            return 0

        async def move_cursor(session: AsyncSession) -> None:
            await self._move_cursor(session, cursor, page.next_cursor)

        moves = page.next_cursor != cursor
        if not (page.incoming or moves):
            return 0
        taken = await self._acceptance.accept(page.incoming, move_cursor if moves else None)
        return max(how_much_was_new(self._acceptance, taken), int(page.has_more))

    async def _cursor(self) -> str | None:
        async with self._acceptance.database.reading() as session:
            row = await session.get(
                PlatformCursor, (self._acceptance.platform.value, self._acceptance.county)
            )
            return row.cursor if row else None

    async def _move_cursor(
        self, session: AsyncSession, before: str | None, after: str | None
    ) -> None:
        """In the transaction of the page. Another replica that was quicker keeps its own."""
        await session.execute(
            _CURSOR_MOVED,
            {
                "platform": self._acceptance.platform.value,
                "county": self._acceptance.county,
                "cursor": after,
                "moved_at": self._acceptance.database.clock.now(),
                "before": before,
            },
        )


class ReadAgain:
    """Reads a platform's younger complaints again, the longest unread first, a few in one turn."""

    def __init__(
        self,
        reread: Reread,
        acceptance: Acceptance,
        *,
        every: timedelta,
        younger_than: timedelta,
        at_once: int,
    ) -> None:
        self._reread = reread
        self._acceptance = acceptance
        self._left_alone = LeftAlone(acceptance)
        self._every = every
        self._younger_than = younger_than
        self._at_once = at_once

    async def once(self) -> int:
        """Returns how many edits were found."""
        if self._left_alone.now or not (due := await self._due()):
            return 0
        try:
            read = await self._reread(list(due.values()))
        except PlatformUnavailable as away:
            self._left_alone.after(away)
            return 0

        async def mark_read(session: AsyncSession) -> None:
            now = self._acceptance.database.clock.now()
            await session.execute(
                _READ_AGAIN,
                [{"complaint_id": complaint_id, "read_at": now} for complaint_id in sorted(due)],
            )

        return how_much_was_new(self._acceptance, await self._acceptance.accept(read, mark_read))

    async def _due(self) -> dict[str, str]:
        """External ids by complaint id."""
        now = self._acceptance.database.clock.now()
        read_at = col(Rereading.read_at)
        async with self._acceptance.database.reading() as session:
            found = await session.exec(
                select(Complaint.id, Complaint.external_id)
                .outerjoin(Rereading, col(Rereading.complaint_id) == col(Complaint.id))
                .where(
                    Complaint.platform == self._acceptance.platform,
                    Complaint.county == self._acceptance.county,
                    Complaint.sent_at >= now - self._younger_than,
                    read_at.is_(None) | (read_at <= now - self._every),
                )
                .order_by(read_at.asc().nulls_first(), col(Complaint.sent_at))
                .limit(self._at_once)
            )
            return dict(found.all())


def how_much_was_new(acceptance: Acceptance, taken: Sequence[Taken]) -> int:
    """Tells the log what a batch came to, in numbers."""
    came_to = Counter(one.outcome.value for one in taken)
    new = len(taken) - came_to[Outcome.DUPLICATE]
    if new:
        log.info("taken", platform=acceptance.platform, **came_to)
    return new
