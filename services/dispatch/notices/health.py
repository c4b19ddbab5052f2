"""Whether each way answers: noted after each batch of attempts, read by the console."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.dispatch.models import WayHealth
from services.dispatch.rules.staff_messages import Result, Way
from shared.sql import table_of

_FAILURES = (Result.UNAVAILABLE, Result.AMBIGUOUS)
_NEW = insert(table_of(WayHealth)).on_conflict_do_nothing()


async def note_ways(
    session: AsyncSession, results: Sequence[tuple[Way, Result]], now: datetime
) -> None:
    """`results`: of one batch. One success says that the way answers."""
    for way in sorted({way for way, _ in results}):
        of_way = [result for each, result in results if each is way]
        failures = [result for result in of_way if result in _FAILURES]
        await session.execute(_NEW, {"way": way.value})
        found = await session.execute(
            select(WayHealth).where(col(WayHealth.way) == way.value).with_for_update()
        )
        failure = failures[-1].value if failures else None
        found.scalar_one().note(answered=len(failures) < len(of_way), failure=failure, now=now)
