"""Tell the platform that its ticket is accepted (签收): tried again until it is told, and harmless
twice."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import bindparam, select
from sqlmodel import col

from services.reply.channels.channel import AcknowledgingChannel, Ambiguous, Refused
from services.reply.context import Context, ReplyConfig, transaction
from services.reply.loading import COMPLAINTS, rows
from services.reply.models import Complaint
from services.reply.rules.delivery import AttemptResult
from shared.db import Database
from shared.http import PlatformUnavailable
from shared.sql import any_of

from .platform_health import note_platforms

_AT_ONCE = 20
_DUE = (
    select(Complaint)
    .where(
        col(Complaint.acknowledge_at) <= bindparam("now"),
        col(Complaint.platform) == any_of("platforms"),
    )
    .order_by(col(Complaint.acknowledge_at))
    .limit(_AT_ONCE)
    .with_for_update(skip_locked=True)
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    complaint_id: str
    platform: str
    external_id: str
    accepted_at: datetime
    attempts: int


async def acknowledge_due(
    database: Database, config: ReplyConfig, channels: Mapping[str, AcknowledgingChannel]
) -> int:
    """Accept some tickets that are due for it. Returns how many."""
    async with transaction(database, config) as context:
        due = await _claim(context, channels.keys())
    for each in due:
        result = await _accept(channels[each.platform], each, config.office.name)
        async with transaction(database, config) as context:
            (complaint,) = await rows(context.session, COMPLAINTS, [each.complaint_id])
            if result is AttemptResult.RECEIPT:
                complaint.acknowledge(context.now)
            else:
                wait = config.pace.wait_after(each.attempts)
                may_try_again = result is not AttemptResult.REFUSED
                complaint.acknowledge_later(context.now + wait if may_try_again else None)
            await note_platforms(context, {each.platform: [result]})
    return len(due)


async def _claim(context: Context, platforms: Collection[str]) -> list[Acknowledgement]:
    """Take what is due; it is due again after a lease, should this process die."""
    found = await context.session.execute(_DUE, {"now": context.now, "platforms": list(platforms)})
    claimed = []
    for complaint in found.scalars():
        complaint.claim_acknowledgement(context.now + context.config.pace.lease)
        claimed.append(
            Acknowledgement(
                complaint.id,
                complaint.platform,
                complaint.external_id,
                complaint.accepted_at or context.now,
                complaint.acknowledge_attempts,
            )
        )
    return claimed


async def _accept(
    channel: AcknowledgingChannel, each: Acknowledgement, officer: str
) -> AttemptResult:
    """Refused: it is not tried again."""
    try:
        await channel.acknowledge(each.external_id, officer, each.accepted_at)
    except Refused as refused:
        log.warning("acknowledgement_refused", complaint_id=each.complaint_id, why=str(refused))
        return AttemptResult.REFUSED
    except PlatformUnavailable:
        return AttemptResult.UNAVAILABLE
    except Ambiguous:
        return AttemptResult.AMBIGUOUS
    return AttemptResult.RECEIPT
