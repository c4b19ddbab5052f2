"""What reply says about replies: the console's read model of the newest version of each
(models/read_models.py)."""

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import select

from services.dispatch.models import ReplyView
from services.dispatch.models.read_models import Reply, ReplyNews
from shared.bulk_insert import bulk_insert, bulk_update
from shared.events.event import Envelope
from shared.events.replies import ReplyDelivered
from shared.sql import any_of, table_of

from .closing import close_answered
from .context import Context

_replies = table_of(ReplyView)
_COLUMNS = [_replies.c[each.name] for each in fields(Reply)]
_KNOWN = select(*_COLUMNS).where(_replies.c.complaint_id == any_of("complaint_ids"))
_CHANGED = tuple(column.name for column in _COLUMNS if not column.primary_key)


async def on_replies_changed(context: Context, events: Sequence[Envelope[ReplyNews]]) -> None:
    """Drafted, approved, delivered, stuck, or the resident was told. What was delivered may have
    been the last reply that a repaired work order waits for."""
    county_of = {event.data.complaint_id: event.data.county for event in events}
    found = await context.session.execute(_KNOWN, {"complaint_ids": list(county_of)})
    known = {each.complaint_id: Reply(*each) for each in found}
    new = {
        complaint_id: Reply(complaint_id, county)
        for complaint_id, county in county_of.items()
        if complaint_id not in known
    }
    replies = known | new
    for event in events:
        replies[event.data.complaint_id].note(event.sequence, event.data)
    await bulk_insert(context.session, _replies, [new[each] for each in sorted(new)])
    old = [known[each] for each in sorted(known)]
    await bulk_update(context.session, _replies, old, _CHANGED)
    delivered = {
        event.data.complaint_id for event in events if isinstance(event.data, ReplyDelivered)
    }
    if delivered:
        await close_answered(context, delivered)
