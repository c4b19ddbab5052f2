"""One complaint's answers, locked for a change; and what being delivered brings with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.channels.channel import Receipt
from services.reply.models import Complaint, ComplaintState, Reply, ReplyState
from shared.bus.outbox import Outbox
from shared.events.replies import ReplyDelivered, ResidentTold

from .drafting import Office
from .reconcile import settle

_TOLD_BY: dict[str, Literal["wechat", "phone"]] = {"wechat": "wechat", "phone": "phone"}
"""Everywhere else the platform tells the resident."""
_COMPLAINT = (
    select(Complaint)
    .where(col(Complaint.id) == bindparam("complaint_id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)
_REPLIES = (
    select(Reply)
    .where(col(Reply.complaint_id) == bindparam("complaint_id"))
    .order_by(col(Reply.version).desc())
    .with_for_update()
    .execution_options(populate_existing=True)
)


async def locked_complaint(session: AsyncSession, complaint_id: str) -> Complaint | None:
    """First the complaint, then its deadlines and replies: as settle() locks them."""
    found = await session.execute(_COMPLAINT, {"complaint_id": complaint_id})
    return found.scalar_one_or_none()


async def locked_replies(session: AsyncSession, complaint_id: str) -> Sequence[Reply]:
    """All versions, the newest first."""
    found = await session.execute(_REPLIES, {"complaint_id": complaint_id})
    return found.scalars().all()


async def delivered(
    session: AsyncSession,
    outbox: Outbox,
    complaint: Complaint,
    reply: Reply,
    receipt: Receipt,
    now: datetime,
    *,
    office: Office,
) -> None:
    """The platform has it. A receipt proves that at any time, whoever sent it; once is enough."""
    if reply.state == ReplyState.DELIVERED:
        return
    told_by = _TOLD_BY.get(reply.platform, "platform")
    reply.state = ReplyState.DELIVERED.value
    reply.receipt = receipt.number
    reply.delivered_at = reply.told_at = receipt.received_at
    reply.told_by = told_by
    reply.next_attempt_at = reply.why_stuck = None
    complaint.state = (
        ComplaintState.RETURNED.value if reply.returned else ComplaintState.ANSWERED.value
    )
    complaint.acknowledge_at = None
    outbox.add(
        ReplyDelivered(
            complaint_id=complaint.id,
            county=complaint.county,
            version=reply.version,
            returned=reply.returned,
            receipt=receipt.number,
            delivered_at=receipt.received_at,
        )
    )
    outbox.add(
        ResidentTold(
            complaint_id=complaint.id,
            county=complaint.county,
            version=reply.version,
            by=told_by,
            told_at=receipt.received_at,
        )
    )
    await settle(session, outbox, [complaint.id], now, office=office)
