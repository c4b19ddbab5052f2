"""Somebody spoke to the resident."""

from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.bus.outbox import Outbox

from .answers import locked_complaint
from .drafting import Office
from .reconcile import settle
from .refusals import ReplyRefused, Why

_CLOCKS_DIFFER_BY = timedelta(minutes=5)


async def record_contact(
    session: AsyncSession,
    outbox: Outbox,
    complaint_id: str,
    county: str,
    *,
    at: datetime,
    now: datetime,
    office: Office,
) -> None:
    """Keeps the deadline of a first contact; the earliest counts. Raises ReplyRefused."""
    complaint = await locked_complaint(session, complaint_id)
    if complaint is None or complaint.county != county:
        raise ReplyRefused(Why.UNKNOWN_COMPLAINT)
    if at > now + _CLOCKS_DIFFER_BY:
        raise ReplyRefused(Why.IN_THE_FUTURE)
    if at < complaint.sent_at:
        raise ReplyRefused(Why.BEFORE_RECEIPT)
    complaint.contacted_at = min(at, complaint.contacted_at or at)
    await settle(session, outbox, [complaint_id], now, office=office)
