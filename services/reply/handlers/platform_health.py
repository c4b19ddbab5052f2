"""Whether platforms answer: noted after each batch of attempts, read by the console."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.context import Context, ReplyConfig
from services.reply.models import PlatformHealth, Reply
from services.reply.rules.delivery import ATTEMPT_IN, AttemptResult

_FAILURES = frozenset({AttemptResult.UNAVAILABLE, AttemptResult.AMBIGUOUS})
_NOTE = text("""
INSERT INTO platform_health AS before
    (platform, last_success_at, last_failure_at, failure, unavailable_since)
VALUES (:platform, CAST(:succeeded_at AS timestamptz), CAST(:failed_at AS timestamptz),
    CAST(:failure AS text),
    CASE WHEN :succeeded_at IS NULL THEN CAST(:failed_at AS timestamptz) END)
ON CONFLICT (platform) DO UPDATE SET
    last_success_at = coalesce(excluded.last_success_at, before.last_success_at),
    last_failure_at = coalesce(excluded.last_failure_at, before.last_failure_at),
    failure = coalesce(excluded.failure, before.failure),
    unavailable_since = CASE WHEN excluded.last_success_at IS NULL
        THEN coalesce(before.unavailable_since, excluded.unavailable_since) END
""")


async def note_platforms(
    context: Context, results: Mapping[str, Collection[AttemptResult]]
) -> None:
    """`results`: of one batch, by platform. One success says that the platform answers."""
    for platform in sorted(results):
        failures = [result for result in results[platform] if result in _FAILURES]
        some_succeeded = len(failures) < len(results[platform])
        await context.session.execute(
            _NOTE,
            {
                "platform": platform,
                "succeeded_at": context.now if some_succeeded else None,
                "failed_at": context.now if failures else None,
                "failure": failures[-1].value if failures else None,
            },
        )


@dataclass(frozen=True, slots=True)
class Waiting:
    replies: int
    since: datetime | None
    """When the oldest of them was approved."""


@dataclass(frozen=True, slots=True)
class PlatformReport:
    platform: str
    health: PlatformHealth | None
    """None: it was never asked."""
    waiting: Waiting


async def read_platforms(
    session: AsyncSession, config: ReplyConfig, county: str
) -> list[PlatformReport]:
    """Every platform we have a channel to, with the county's replies that wait for it."""
    found = await session.execute(select(PlatformHealth))
    health = {row.platform: row for row in found.scalars()}
    counted = await session.execute(
        select(col(Reply.platform), func.count(), func.min(col(Reply.approved_at)))
        .where(
            col(Reply.county) == county,
            col(Reply.state).in_([state.value for state in ATTEMPT_IN]),
            col(Reply.by_hand).is_(False),
        )
        .group_by(col(Reply.platform))
    )
    waiting = {platform: Waiting(replies, since) for platform, replies, since in counted}
    return [
        PlatformReport(platform, health.get(platform), waiting.get(platform, Waiting(0, None)))
        for platform in sorted(config.channels)
    ]
