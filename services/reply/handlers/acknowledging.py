"""Tell the platform that its order is accepted (签收). Doing it twice does no harm."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.models import Complaint
from services.reply.rules.delivery import Pace

from .answers import locked_complaint

_DUE = (
    select(Complaint)
    .where(col(Complaint.acknowledge_at) <= bindparam("now"))
    .order_by(col(Complaint.acknowledge_at))
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    complaint_id: str
    external_id: str
    accepted_at: datetime
    attempts: int


async def claim_acknowledgements(
    session: AsyncSession, now: datetime, *, pace: Pace, limit: int
) -> list[Acknowledgement]:
    """Take what is due; it is due again after a lease, should we die. Commit before acting."""
    due = await session.execute(_DUE, {"now": now, "limit": limit})
    claimed = []
    for complaint in due.scalars():
        complaint.acknowledge_at = now + pace.lease
        complaint.acknowledge_attempts += 1
        claimed.append(
            Acknowledgement(
                complaint.id,
                complaint.external_id,
                complaint.accepted_at or now,
                complaint.acknowledge_attempts,
            )
        )
    return claimed


async def record_acknowledgement(
    session: AsyncSession,
    complaint_id: str,
    now: datetime,
    *,
    done: bool,
    again_at: datetime | None,
) -> None:
    """`again_at`: when to try again; None: never (done, or refused for good)."""
    complaint = await locked_complaint(session, complaint_id)
    assert complaint is not None
    complaint.acknowledge_at = again_at
    if done:
        complaint.acknowledged_at = now
