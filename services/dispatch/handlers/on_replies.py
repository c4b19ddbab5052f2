"""What reply says about answers: the console's read model of the newest version of each.

Any order and any repetition ends alike, as in hearing_deadlines.py.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.dispatch.models import ReplyView
from shared.bus.outbox import Outbox
from shared.events.event import Envelope
from shared.events.replies import (
    ReplyApproved,
    ReplyDelivered,
    ReplyDrafted,
    ReplyStuck,
    ResidentTold,
)
from shared.sql import any_of, row_written

from .finishing import close_answered
from .locks import Row

ReplyNews = ReplyDrafted | ReplyApproved | ReplyDelivered | ReplyStuck | ResidentTold

_replies: Table = ReplyView.__table__  # type: ignore[attr-defined]
_WRITTEN = row_written(_replies, "complaint_id")
_KNOWN = select(_replies).where(_replies.c.complaint_id == any_of("complaint_ids"))
_NOTHING_KNOWN = {
    "returned": False,
    "drafted_at": None,
    "approved_by": None,
    "approved_at": None,
    "stuck_at": None,
    "why_stuck": None,
    "delivered_at": None,
    "receipt": None,
    "told_at": None,
    "told_by": None,
}


async def on_replies_changed(
    session: AsyncSession,
    outbox: Outbox,
    events: Sequence[Envelope[ReplyNews]],
    now: datetime,
) -> None:
    """Drafted, approved, delivered, stuck, or the resident was told. What was delivered may have
    been the last answer that a repaired order waits for.
    """
    complaint_ids = {event.data.complaint_id for event in events}
    found = await session.execute(_KNOWN, {"complaint_ids": list(complaint_ids)})
    rows = {row["complaint_id"]: dict(row) for row in found.mappings()}
    for event in events:
        _take(rows, event)
    await session.execute(_WRITTEN, [rows[complaint_id] for complaint_id in sorted(rows)])
    answered = {
        event.data.complaint_id for event in events if isinstance(event.data, ReplyDelivered)
    }
    if answered:
        await close_answered(session, outbox, answered, now)


def _take(rows: dict[str, Row], event: Envelope[ReplyNews]) -> None:
    news = event.data
    state, facts = _said(news)
    row = rows.get(news.complaint_id)
    if row is None or row["version"] < news.version:
        row = rows[news.complaint_id] = {
            "complaint_id": news.complaint_id,
            "county": news.county,
            "version": news.version,
            "state": state,
            "as_of": event.time,
            **_NOTHING_KNOWN,
        }
    elif row["version"] > news.version:
        return
    elif event.time >= row["as_of"]:
        row["state"], row["as_of"] = state, event.time
    row.update(facts)


def _said(news: ReplyNews) -> tuple[str, dict[str, Any]]:
    match news:
        case ReplyDrafted():
            return "draft", {"returned": news.returned, "drafted_at": news.drafted_at}
        case ReplyApproved():
            return "approved", {
                "approved_by": news.approved_by,
                "approved_at": news.approved_at,
            }
        case ReplyStuck():
            return "stuck", {"why_stuck": news.why, "stuck_at": news.stuck_at}
        case ReplyDelivered():
            return "delivered", {
                "returned": news.returned,
                "receipt": news.receipt,
                "delivered_at": news.delivered_at,
            }
        case ResidentTold():  # only ever told after it was delivered
            return "delivered", {"told_by": news.by, "told_at": news.told_at}
