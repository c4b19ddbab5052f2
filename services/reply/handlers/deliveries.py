"""Replies on their way: claim what is due, and write down what became of it.

Two transactions with the channel between them: whatever dies in the middle leaves a row that says
so, and the reply is looked for before anything is sent again. Claims are judged by the database's
clock alone: the clocks of two processes may differ by more than a claim lasts.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlmodel import col

from services.reply.channels.channel import OutgoingReply, Receipt
from services.reply.context import Context
from services.reply.loading import COMPLAINTS, REPLIES, rows
from services.reply.models import Complaint, Reply
from services.reply.rules.delivery import ATTEMPT_IN, Attempt, LookUp, Tried, next_step
from shared.sql import any_of

from .call_backs import open_call_back
from .reconcile import reconcile

_DUE = (
    select(Reply)
    .where(
        col(Reply.state).in_([state.value for state in ATTEMPT_IN]),
        col(Reply.next_attempt_at) <= bindparam("now"),
        col(Reply.platform) == any_of("platforms"),
        col(Reply.by_hand).is_(False),
    )
    .order_by(col(Reply.next_attempt_at))
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_THEIR_COMPLAINTS = select(Complaint).where(col(Complaint.id) == any_of("complaint_ids"))


@dataclass(frozen=True, slots=True)
class Claimed:
    """One attempt that is ours until `until`, by the database's clock."""

    complaint_id: str
    county: str
    platform: str
    version: int
    number: int
    """The reply's attempts with this one: a sender with an older number has lost the claim."""
    attempt: Attempt
    sent_at: datetime
    until: datetime
    by_sms: bool
    """Its platform does not reach the resident."""
    outgoing: OutgoingReply = field(repr=False)


async def claim(context: Context, platforms: Collection[str], limit: int) -> list[Claimed]:
    """Take what is due for these platforms. Commit before acting on it."""
    session, now = context.session, context.now
    due = await session.execute(_DUE, {"now": now, "platforms": list(platforms), "limit": limit})
    replies = due.scalars().all()
    if not replies:
        return []
    found = await session.execute(
        _THEIR_COMPLAINTS, {"complaint_ids": [reply.complaint_id for reply in replies]}
    )
    complaints = {complaint.id: complaint for complaint in found.scalars()}
    return [_claim_one(context, reply, complaints[reply.complaint_id]) for reply in replies]


def _claim_one(context: Context, reply: Reply, complaint: Complaint) -> Claimed:
    until = context.now + context.config.pace.lease
    attempt = reply.claim(context.now, until)
    return Claimed(
        complaint_id=reply.complaint_id,
        county=reply.county,
        platform=reply.platform,
        version=reply.version,
        number=reply.attempts,
        attempt=attempt,
        sent_at=reply.sent_at or context.now,
        until=until,
        by_sms=reply.by_sms,
        outgoing=OutgoingReply(
            request_id=reply.request_id,
            external_id=complaint.external_id,
            text=reply.text,
            solved=reply.solved,
            returned=reply.returned,
            responsible=reply.responsible,
            contacted_at=complaint.contacted_at,
            is_true=reply.is_true,
        ),
    )


async def record_attempt(
    context: Context, claimed: Claimed, tried: Tried, look_up: LookUp, receipt: Receipt | None
) -> str:
    """Write down the result; returns the state the reply has now. An attempt that lost its claim
    may only bring a receipt."""
    (complaint,) = await rows(context.session, COMPLAINTS, [claimed.complaint_id])
    replies = await rows(context.session, REPLIES, [claimed.complaint_id])
    reply = next(each for each in replies if each.version == claimed.version)
    if receipt is not None:
        await deliver(context, complaint, reply, receipt.number, receipt.received_at)
    elif reply.is_claimed_by(claimed.number):
        step = next_step(tried, look_up, context.config.pace, context.now)
        context.tell(reply.follow(step, tried.result, context.now))
        if reply.interim and reply.version < replies[0].version:
            reply.supersede()  # the answer that it announced is there
    return reply.state


async def deliver(
    context: Context, complaint: Complaint, reply: Reply, receipt: str, at: datetime
) -> None:
    """The platform has this version: the complaint ends, and so do its deadlines; after an interim
    reply it stays open."""
    profile = context.config.profile(reply.platform)
    told_by = profile.told_by
    if profile.reaches_resident and (reply.by_hand or reply.by_sms):
        told_by = "phone" if reply.by_hand else "sms"
    events = reply.deliver(receipt, at, told_by)
    if not events:
        return
    if not reply.interim:
        complaint.end(returned=reply.returned)
    context.tell(*events)
    await open_call_back(context, complaint, reply)
    await reconcile(context, {complaint.id: None})
