"""A complaint was received: its deadlines are set. It was decided, edited or chased: they are
counted again where they depend on it."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import literal, select
from sqlmodel import col

from services.reply.context import Context
from services.reply.loading import COMPLAINTS, rows
from services.reply.models import (
    Complaint,
    Deadline,
    Link,
    deadlines_set,
)
from services.reply.rules.counting import count_deadlines, is_limit_unreadable
from services.reply.rules.rounds import RoundCause
from shared.bulk_insert import bulk_insert
from shared.bus.transient_errors import NotYetKnown
from shared.events.complaints import (
    ComplaintChased,
    ComplaintDecided,
    ComplaintEdited,
    ComplaintReceived,
)
from shared.events.event import Envelope
from shared.sql import any_of, table_of

from .deadline_extensions import look_now
from .deadline_recount import recount
from .rounds import start_round

_KNOWN = select(col(Complaint.id), literal(value=False)).where(col(Complaint.id) == any_of("ids"))
_LINKED = select(col(Link.complaint_id), literal(value=True)).where(
    col(Link.complaint_id) == any_of("ids")
)
_KNOWN_OR_LINKED = _KNOWN.union_all(_LINKED)


class UnknownComplaint(NotYetKnown):
    """The complaint has not been received here yet: its event waits until it has."""


async def on_complaints_received(
    context: Context, events: Sequence[Envelope[ComplaintReceived]]
) -> Collection[str]:
    """Set every deadline of each new complaint. Written in bulk: this is the hot path.

    Returns those for which something may follow at once: what is not ours goes back, and what is
    linked to a work order may have been repaired long ago.
    """
    received = {event.data.complaint_id: event for event in events}
    found = await context.session.execute(_KNOWN_OR_LINKED, {"ids": list(received)})
    known, linked = set[str](), set[str]()
    for complaint_id, is_link in found:
        (linked if is_link else known).add(complaint_id)
    new = [event for complaint_id, event in received.items() if complaint_id not in known]
    complaints, deadlines = [], []
    for event in new:
        rulebook = context.editions.of(event.data.county)
        complaint = Complaint.received(event.data, event.sequence, rulebook.edition)
        counted = count_deadlines(
            complaint.ticket, rulebook.policies, rulebook.calendars.of(complaint.county)
        )
        complaint.count(rulebook.edition, limit_unreadable=is_limit_unreadable(counted))
        complaints.append(complaint)
        deadlines += [Deadline.set(complaint, one) for one in counted]
        context.tell(deadlines_set(complaint, counted))
    await bulk_insert(context.session, table_of(Complaint), complaints)
    await bulk_insert(context.session, table_of(Deadline), deadlines)
    goes_back = {one.id for one in complaints if not one.is_ours and not one.needs_human}
    return goes_back | (linked - known)


async def on_complaints_decided(
    context: Context, events: Sequence[Envelope[ComplaintDecided]]
) -> Collection[str]:
    """Take the decision over; another category or urgency may be due at another time. What the
    platform had back and is ours after all starts its next round."""
    complaints = await _complaints(context, events)
    came_back = []
    for event in events:
        complaint = complaints[event.data.complaint_id]
        complaint.decide(event.data.decision, event.data.decided_at, event.sequence)
        if complaint.is_returned_wrongly:
            came_back.append(event)
    await recount(context, list(complaints.values()))
    for event in came_back:
        complaint = complaints[event.data.complaint_id]
        at = event.data.decided_at
        await start_round(context, complaint, RoundCause.REWORK, f"back-{event.id}", at)
    return complaints.keys()


async def on_complaints_edited(
    context: Context, events: Sequence[Envelope[ComplaintEdited]]
) -> Collection[str]:
    """Count again by what the ticket says now. A limit printed anew ends an extension: the
    platform has set another one."""
    complaints = await _complaints(context, events)
    limited_anew = {
        event.data.complaint_id
        for event in events
        if complaints[event.data.complaint_id].edit(
            event.data.decision, event.data.time_limit, event.sequence
        )
    }
    await recount(context, list(complaints.values()), limited_anew=limited_anew)
    await look_now(context, list(complaints))
    return complaints.keys()


async def on_complaints_chased(
    context: Context, events: Sequence[Envelope[ComplaintChased]]
) -> Collection[str]:
    """Note the chase; the first one of a round shortens limits where the policy says so."""
    complaints = await _complaints(context, events)
    shortened = {
        event.data.complaint_id
        for event in events
        if complaints[event.data.complaint_id].chase(
            event.data.times, event.data.chased_at, supervised=event.data.supervised
        )
    }
    if shortened:
        await recount(context, [complaints[each] for each in sorted(shortened)])
    return ()


_Changed = TypeVar("_Changed", ComplaintDecided, ComplaintEdited, ComplaintChased)


async def _complaints(
    context: Context, events: Sequence[Envelope[_Changed]]
) -> Mapping[str, Complaint]:
    """Locked, by id. Raises UnknownComplaint."""
    ids = {event.data.complaint_id for event in events}
    complaints = {one.id: one for one in await rows(context.session, COMPLAINTS, ids)}
    if unknown := ids - complaints.keys():
        raise UnknownComplaint(min(unknown))
    return complaints
