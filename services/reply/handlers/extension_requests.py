"""Requests for more time on their way, and residents to be told: claim what is due, and write down
what became of it. As with replies (deliveries.py), the call stands between two transactions."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlmodel import col

from services.reply.channels.channel import OutgoingReply, TimeAnswer, TimeAsked
from services.reply.context import Context
from services.reply.loading import COMPLAINTS, DEADLINES, rows
from services.reply.models import Complaint, Deadline, ExtensionRequest
from services.reply.rules.delivery import Attempt, AttemptResult, LookUp, Tried, next_step
from services.reply.rules.extensions import UNANSWERED, ResidentNews, notice
from shared.sql import any_of

from .deadline_extensions import take_answer

_DUE = (
    select(ExtensionRequest)
    .where(
        col(ExtensionRequest.next_at) <= bindparam("now"),
        col(ExtensionRequest.platform) == any_of("platforms"),
    )
    .order_by(col(ExtensionRequest.next_at))
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_THEIR_COMPLAINTS = select(Complaint).where(col(Complaint.id) == any_of("ids"))
_CERTAIN = LookUp(can_look=True)


@dataclass(frozen=True, slots=True)
class ClaimedRequest:
    """One attempt that is ours for a lease; `attempt` None: the resident is to be told."""

    id: str
    complaint_id: str
    county: str
    platform: str
    number: int
    attempt: Attempt | None
    sent_at: datetime
    asked: TimeAsked
    message: OutgoingReply | None = field(default=None, repr=False)
    """To the resident; None: whether they were told already, nobody knows."""


async def claim(context: Context, platforms: Collection[str], limit: int) -> list[ClaimedRequest]:
    """Take what is due for these platforms. Commit before acting on it."""
    parameters = {"now": context.now, "platforms": list(platforms), "limit": limit}
    requests = (await context.session.execute(_DUE, parameters)).scalars().all()
    if not requests:
        return []
    ids = [request.complaint_id for request in requests]
    found = await context.session.execute(_THEIR_COMPLAINTS, {"ids": ids})
    number_of = {complaint.id: complaint.external_id for complaint in found.scalars()}
    return [_claim_one(context, request, number_of[request.complaint_id]) for request in requests]


def _claim_one(context: Context, request: ExtensionRequest, external_id: str) -> ClaimedRequest:
    may_be_told = request.resident == ResidentNews.BEING_TOLD
    attempt = request.claim(context.now, context.now + context.config.pace.lease)
    message = None
    if attempt is None and not may_be_told and request.granted_until is not None:
        message = OutgoingReply(
            request_id=request.id,
            external_id=external_id,
            text=notice(request.granted_until, context.config.office.service_phone),
            solved=False,
        )
    return ClaimedRequest(
        id=request.id,
        complaint_id=request.complaint_id,
        county=request.county,
        platform=request.platform,
        number=request.attempts,
        attempt=attempt,
        sent_at=request.sent_at or context.now,
        asked=TimeAsked(request.id, external_id, request.until, request.reason),
        message=message,
    )


async def record_attempt(
    context: Context,
    claimed: ClaimedRequest,
    attempt: Attempt,
    result: AttemptResult,
    answer: TimeAnswer | None,
) -> None:
    """Write down what became of asking, or of looking for the answer."""
    complaint, deadlines, request = await _of(context, claimed)
    if request.state not in UNANSWERED:
        return  # a person has entered the answer meanwhile
    if answer is not None and answer.granted is not None:
        # Where the new limit cannot be read there, it stands on the ticket: that counts as well.
        until = (answer.until or request.until) if answer.granted else None
        take_answer(context, complaint, deadlines, request, until)
    elif request.attempts == claimed.number:
        tried = Tried(attempt, result, claimed.number, claimed.sent_at)
        step = next_step(tried, _CERTAIN, context.config.pace, context.now)
        context.tell(request.follow(step, result))


async def record_telling(context: Context, claimed: ClaimedRequest, result: AttemptResult) -> None:
    """Write down whether the resident was told of the new limit."""
    _, _, request = await _of(context, claimed)
    if request.resident != ResidentNews.BEING_TOLD:
        return
    if result is AttemptResult.RECEIPT:
        context.tell(request.told(context.now, None))
    elif result is AttemptResult.UNAVAILABLE:
        later = context.config.pace.wait_after(claimed.number)
        context.tell(request.tell_later(context.now + later))
    else:
        context.tell(request.leave_to_person())


async def _of(
    context: Context, claimed: ClaimedRequest
) -> tuple[Complaint, list[Deadline], ExtensionRequest]:
    """Locked in the order in which everybody locks."""
    (complaint,) = await rows(context.session, COMPLAINTS, [claimed.complaint_id])
    deadlines = await rows(context.session, DEADLINES, [claimed.complaint_id])
    request = await context.session.get_one(
        ExtensionRequest, claimed.id, with_for_update=True, populate_existing=True
    )
    return complaint, list(deadlines), request
