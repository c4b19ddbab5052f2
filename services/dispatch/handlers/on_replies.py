"""What reply says about replies: the console's read model of the newest version of each
(rules/read_models.py)."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import select

from services.dispatch.models import ReplyView
from services.dispatch.rules.read_models import Reply
from shared.events.event import Envelope
from shared.events.replies import (
    ReplyApproved,
    ReplyDelivered,
    ReplyDrafted,
    ReplyStuck,
    ResidentTold,
)
from shared.sql import any_of, row_written, table_of

from .closing import close_answered
from .context import Context

ReplyNews = ReplyDrafted | ReplyApproved | ReplyDelivered | ReplyStuck | ResidentTold

_replies = table_of(ReplyView)
_WRITTEN = row_written(_replies, "complaint_id")
_COLUMNS = tuple(each.name for each in fields(Reply))
_KNOWN = select(*(_replies.c[name] for name in _COLUMNS)).where(
    _replies.c.complaint_id == any_of("complaint_ids")
)


async def on_replies_changed(context: Context, events: Sequence[Envelope[ReplyNews]]) -> None:
    """Drafted, approved, delivered, stuck, or the resident was told. What was delivered may have
    been the last reply that a repaired work order waits for."""
    ids = {event.data.complaint_id for event in events}
    found = await context.session.execute(_KNOWN, {"complaint_ids": list(ids)})
    replies = {each.complaint_id: Reply(*each) for each in found}
    for event in events:
        news = event.data
        reply = replies.setdefault(news.complaint_id, Reply(news.complaint_id, news.county))
        kind, facts = _facts(news)
        returned = getattr(news, "returned", None)
        reply.take(event.sequence, news.version, kind, facts, returned=returned)
    rows = [{name: getattr(reply, name) for name in _COLUMNS} for reply in replies.values()]
    await context.session.execute(_WRITTEN, sorted(rows, key=lambda row: str(row["complaint_id"])))
    delivered = {
        event.data.complaint_id for event in events if isinstance(event.data, ReplyDelivered)
    }
    if delivered:
        await close_answered(context, delivered)


def _facts(news: ReplyNews) -> tuple[str, dict[str, Any]]:
    match news:
        case ReplyDrafted():
            return "draft", {"drafted_at": news.drafted_at}
        case ReplyApproved():
            return "approved", {
                "approved_by": news.approved_by,
                "approved_at": news.approved_at,
            }
        case ReplyStuck():
            return "stuck", {"why_stuck": news.why, "stuck_at": news.stuck_at}
        case ReplyDelivered():
            return "delivered", {"receipt": news.receipt, "delivered_at": news.delivered_at}
        case ResidentTold():
            return "told", {"told_by": news.by, "told_at": news.told_at}
