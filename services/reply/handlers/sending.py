"""Replies on their way: claim what is due, and write down what became of it.

Two transactions with the channel between them: whatever dies in the middle leaves a row that says
so, and is looked for before anything is sent again.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.channels.channel import OutgoingReply, Receipt
from services.reply.models import Complaint, Reply, ReplyState
from services.reply.rules.delivery import Attempt, Next, Pace, Step, WhyStuck
from shared.bus.outbox import Outbox
from shared.events.replies import ReplyStuck
from shared.sql import any_of

from .answers import delivered, locked_complaint, locked_replies
from .drafting import Office

_ATTEMPTS = {
    ReplyState.APPROVED: Attempt.SEND,
    ReplyState.SENDING: Attempt.LOOK_WHETHER_IT_ARRIVED,
    ReplyState.AWAITING_RECEIPT: Attempt.LOOK_FOR_RECEIPT,
}
_DUE = (
    select(Reply)
    .where(
        col(Reply.state).in_([state.value for state in _ATTEMPTS]),
        col(Reply.next_attempt_at) <= bindparam("now"),
        col(Reply.platform) == any_of("platforms"),
    )
    .order_by(col(Reply.next_attempt_at))
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_THEIR_COMPLAINTS = select(Complaint).where(col(Complaint.id) == any_of("complaint_ids"))


@dataclass(frozen=True, slots=True)
class Claimed:
    """One attempt that is ours until `until`."""

    complaint_id: str
    county: str
    platform: str
    version: int
    number: int
    """The reply's attempts with this one: who holds an older number has lost the claim."""
    attempt: Attempt
    sent_at: datetime
    until: datetime
    outgoing: OutgoingReply = field(repr=False)


async def claim(
    session: AsyncSession, platforms: Collection[str], now: datetime, *, pace: Pace, limit: int
) -> list[Claimed]:
    """Take what is due for these platforms. Commit before acting on it."""
    due = await session.execute(_DUE, {"now": now, "platforms": list(platforms), "limit": limit})
    replies = due.scalars().all()
    if not replies:
        return []
    complaints = await session.execute(
        _THEIR_COMPLAINTS, {"complaint_ids": [reply.complaint_id for reply in replies]}
    )
    of = {complaint.id: complaint for complaint in complaints.scalars()}
    return [_claim_one(reply, of[reply.complaint_id], now, pace) for reply in replies]


def _claim_one(reply: Reply, complaint: Complaint, now: datetime, pace: Pace) -> Claimed:
    attempt = _ATTEMPTS[ReplyState(reply.state)]
    if attempt is Attempt.SEND:
        reply.state = ReplyState.SENDING.value
        reply.sent_at = now
    assert reply.sent_at is not None
    reply.attempts += 1
    reply.next_attempt_at = now + pace.lease
    return Claimed(
        complaint_id=reply.complaint_id,
        county=reply.county,
        platform=reply.platform,
        version=reply.version,
        number=reply.attempts,
        attempt=attempt,
        sent_at=reply.sent_at,
        until=reply.next_attempt_at,
        outgoing=OutgoingReply(
            request_id=reply.request_id,
            external_id=complaint.external_id,
            text=reply.text,
            solved=reply.solved,
            returned=reply.returned,
            responsible=reply.responsible,
            contacted_at=complaint.contacted_at,
        ),
    )


async def record(
    session: AsyncSession,
    outbox: Outbox,
    claimed: Claimed,
    step: Step,
    receipt: Receipt | None,
    now: datetime,
    *,
    office: Office,
) -> None:
    """Write down how the attempt ended. One that lost its claim may only bring a receipt."""
    complaint = await locked_complaint(session, claimed.complaint_id)
    replies = await locked_replies(session, claimed.complaint_id)
    reply = next(each for each in replies if each.version == claimed.version)
    assert complaint is not None
    if receipt is not None:
        await delivered(session, outbox, complaint, reply, receipt, now, office=office)
        return
    still_ours = reply.state in (ReplyState.SENDING, ReplyState.AWAITING_RECEIPT)
    if not still_ours or reply.attempts != claimed.number:
        return
    reply.state = step.state.value
    reply.next_attempt_at = step.at
    if step.state is Next.STUCK:
        reply.why_stuck = (step.why or WhyStuck.UNCONFIRMED).value
        reply.stuck_at = now
        outbox.add(
            ReplyStuck(
                complaint_id=complaint.id,
                county=complaint.county,
                version=reply.version,
                why=(step.why or WhyStuck.UNCONFIRMED).value,
                stuck_at=now,
            )
        )
