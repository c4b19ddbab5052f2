"""What reply says about replies: the console's read model of the newest version of each
(rules/read_models.py)."""

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import select

from services.dispatch.models import ReplyView
from services.dispatch.rules.read_models import Reply
from shared.bulk_insert import bulk_insert, bulk_update
from shared.events.event import Envelope
from shared.events.replies import (
    ReplyApproved,
    ReplyDelivered,
    ReplyDrafted,
    ReplyStuck,
    ResidentTold,
)
from shared.sql import any_of, table_of

from .closing import close_answered
from .context import Context

ReplyNews = ReplyDrafted | ReplyApproved | ReplyDelivered | ReplyStuck | ResidentTold

_replies = table_of(ReplyView)
_COLUMNS = tuple(each.name for each in fields(Reply))
_CHANGED = tuple(name for name in _COLUMNS if name != "complaint_id")
_KNOWN = select(*(_replies.c[name] for name in _COLUMNS)).where(
    _replies.c.complaint_id == any_of("complaint_ids")
)


async def on_replies_changed(context: Context, events: Sequence[Envelope[ReplyNews]]) -> None:
    """Drafted, approved, delivered, stuck, or the resident was told. What was delivered may have
    been the last reply that a repaired work order waits for."""
    ids = {event.data.complaint_id for event in events}
    found = await context.session.execute(_KNOWN, {"complaint_ids": list(ids)})
    known = {each.complaint_id: Reply(*each) for each in found}
    new = {
        event.data.complaint_id: Reply(event.data.complaint_id, event.data.county)
        for event in events
        if event.data.complaint_id not in known
    }
    replies = known | new
    for event in events:
        _note(replies[event.data.complaint_id], event.sequence, event.data)
    await bulk_insert(context.session, _replies, [new[each] for each in sorted(new)])
    old = [known[each] for each in sorted(known)]
    await bulk_update(context.session, _replies, old, _CHANGED)
    delivered = {
        event.data.complaint_id for event in events if isinstance(event.data, ReplyDelivered)
    }
    if delivered:
        await close_answered(context, delivered)


def _note(reply: Reply, sequence: int, news: ReplyNews) -> None:
    version = news.version
    match news:
        case ReplyDrafted():
            reply.drafted(sequence, version, news.drafted_at, returned=news.returned)
        case ReplyApproved():
            reply.approved(sequence, version, news.approved_by, news.approved_at)
        case ReplyStuck():
            reply.stuck(sequence, version, news.why, news.stuck_at)
        case ReplyDelivered():
            delivered_at, returned = news.delivered_at, news.returned
            reply.delivered(sequence, version, news.receipt, delivered_at, returned=returned)
        case ResidentTold():
            reply.told(sequence, version, news.by, news.told_at)
