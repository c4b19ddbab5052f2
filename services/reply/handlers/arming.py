"""A complaint was received: count its deadlines. The hot path, written in batches."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.models import Complaint, ComplaintState, Deadline, Link
from services.reply.rulebook import Rulebook
from services.reply.rules.deadlines import CountedDeadline
from shared.bulk_insert import bulk_insert
from shared.bus.outbox import Outbox
from shared.events.complaints import ComplaintReceived
from shared.events.event import Envelope
from shared.sql import any_of

from .counting import counted, deadline_row, deadlines_set_event, limit_unreadable
from .drafting import Office
from .reconcile import one_batch_at_a_time, settle

_complaints = Complaint.__table__  # type: ignore[attr-defined]
_deadlines = Deadline.__table__  # type: ignore[attr-defined]
_KNOWN = select(_complaints.c.id).where(_complaints.c.id == any_of("complaint_ids"))
_LINKED = select(col(Link.complaint_id)).where(col(Link.complaint_id) == any_of("complaint_ids"))


async def on_complaints_received(
    session: AsyncSession,
    outbox: Outbox,
    events: Sequence[Envelope[ComplaintReceived]],
    now: datetime,
    *,
    rulebook: Rulebook,
    office: Office,
) -> None:
    """Arm every deadline of each complaint, once. Raises NoPolicyInForce, OutsideCalendar."""
    await one_batch_at_a_time(session)
    heard = {event.data.complaint_id: event.data for event in events}
    deadlines = {
        complaint_id: _deadlines_of(data, rulebook) for complaint_id, data in heard.items()
    }
    rows = [
        _complaint_row(data, deadlines[complaint_id], rulebook.edition)
        for complaint_id, data in heard.items()
    ]
    known = await session.execute(_KNOWN, {"complaint_ids": list(heard)})
    new = heard.keys() - set(known.scalars())
    if not new:
        return
    await bulk_insert(session, _complaints, [row for row in rows if row["id"] in new])
    await bulk_insert(
        session,
        _deadlines,
        [
            deadline_row(complaint_id, heard[complaint_id].county, deadline)
            for complaint_id in new
            for deadline in deadlines[complaint_id]
        ],
    )
    for complaint_id, data in heard.items():
        if complaint_id in new:
            outbox.add(deadlines_set_event(complaint_id, data.county, deadlines[complaint_id]))
    ripe = await _with_consequences(session, [heard[complaint_id] for complaint_id in new])
    await settle(session, outbox, ripe, now, office=office)


async def _with_consequences(
    session: AsyncSession, received: Sequence[ComplaintReceived]
) -> set[str]:
    """What is not ours goes back; what hangs on a work order already may be long repaired."""
    linked = await session.execute(
        _LINKED, {"complaint_ids": [data.complaint_id for data in received]}
    )
    not_ours = {
        data.complaint_id
        for data in received
        if not data.decision.is_ours and not data.decision.needs_human
    }
    return not_ours | set(linked.scalars())


def _deadlines_of(data: ComplaintReceived, rulebook: Rulebook) -> tuple[CountedDeadline, ...]:
    return counted(
        rulebook,
        county=data.county,
        platform=data.platform,
        category=data.decision.category,
        urgent=data.decision.urgent,
        sent_at=data.sent_at,
        time_limit=data.time_limit,
    )


def _complaint_row(
    data: ComplaintReceived, deadlines: Sequence[CountedDeadline], edition: str
) -> Mapping[str, Any]:
    """Every column: Core fills in no defaults."""
    return {
        "id": data.complaint_id,
        "county": data.county,
        "platform": data.platform,
        "external_id": data.external_id,
        "sent_at": data.sent_at,
        "received_at": data.received_at,
        "time_limit": data.time_limit,
        "limit_unreadable": limit_unreadable(deadlines),
        "category": data.decision.category,
        "urgent": data.decision.urgent,
        "village": data.decision.village,
        "is_ours": data.decision.is_ours,
        "needs_human": data.decision.needs_human,
        "counted_by": edition,
        "state": ComplaintState.OPEN.value,
        "decided_at": None,
        "contacted_at": None,
        "chases": 0,
        "chased_at": None,
        "accepted_at": None,
        "acknowledge_at": None,
        "acknowledge_attempts": 0,
        "acknowledged_at": None,
    }
