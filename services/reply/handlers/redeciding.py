"""A complaint changed: a person decided it, the platform edited it or asked again."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.models import Complaint
from services.reply.rulebook import Rulebook
from shared.bus.outbox import Outbox
from shared.bus.transient_errors import NotYetKnown
from shared.events.complaints import (
    ComplaintChased,
    ComplaintDecided,
    ComplaintEdited,
    Decision,
)
from shared.events.event import Envelope

from .drafting import Office
from .reconcile import one_batch_at_a_time, settle
from .recounting import recount


class UnknownComplaint(NotYetKnown):
    """The complaint has not been received here yet: its event waits until it has."""


async def on_complaints_decided(
    session: AsyncSession,
    outbox: Outbox,
    events: Sequence[Envelope[ComplaintDecided]],
    now: datetime,
    *,
    rulebook: Rulebook,
    office: Office,
) -> None:
    """Take the decision over; another category or urgency may be due at another time."""
    complaints = await _complaints(session, [event.data.complaint_id for event in events])
    for event in events:
        complaint = complaints[event.data.complaint_id]
        _take_over(complaint, event.data.decision)
        first = complaint.decided_at or event.data.decided_at
        complaint.decided_at = min(first, event.data.decided_at)
    await recount(session, outbox, list(complaints.values()), now, rulebook=rulebook)
    await settle(session, outbox, list(complaints), now, office=office)


async def on_complaints_edited(
    session: AsyncSession,
    outbox: Outbox,
    events: Sequence[Envelope[ComplaintEdited]],
    now: datetime,
    *,
    rulebook: Rulebook,
    office: Office,
) -> None:
    """Count again by what the order says now. A limit printed anew ends an extension: the
    platform has spoken."""
    complaints = await _complaints(session, [event.data.complaint_id for event in events])
    limited_anew = set()
    for event in events:
        complaint = complaints[event.data.complaint_id]
        _take_over(complaint, event.data.decision)
        if complaint.time_limit != event.data.time_limit:
            complaint.time_limit = event.data.time_limit
            limited_anew.add(complaint.id)
    await recount(
        session,
        outbox,
        list(complaints.values()),
        now,
        rulebook=rulebook,
        limited_anew=limited_anew,
    )
    await settle(session, outbox, list(complaints), now, office=office)


async def on_complaints_chased(
    session: AsyncSession,
    _: Outbox,
    events: Sequence[Envelope[ComplaintChased]],
    now: datetime,  # noqa: ARG001 - what every handler is given
) -> None:
    """Note the chase. No policy in force sets a deadline for answering one."""
    complaints = await _complaints(session, [event.data.complaint_id for event in events])
    for event in events:
        complaint = complaints[event.data.complaint_id]
        complaint.chases = max(complaint.chases, event.data.times)
        complaint.chased_at = max(complaint.chased_at or event.data.chased_at, event.data.chased_at)


def _take_over(complaint: Complaint, decision: Decision) -> None:
    complaint.is_ours = decision.is_ours
    complaint.needs_human = decision.needs_human
    complaint.category = decision.category
    complaint.urgent = decision.urgent
    complaint.village = decision.village


async def _complaints(session: AsyncSession, complaint_ids: Sequence[str]) -> dict[str, Complaint]:
    """Locked, by id. Raises UnknownComplaint."""
    await one_batch_at_a_time(session)
    found = await session.execute(
        select(Complaint)
        .where(col(Complaint.id).in_(complaint_ids))
        .order_by(col(Complaint.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    complaints = {complaint.id: complaint for complaint in found.scalars()}
    if unknown := set(complaint_ids) - complaints.keys():
        raise UnknownComplaint(min(unknown))
    return complaints
