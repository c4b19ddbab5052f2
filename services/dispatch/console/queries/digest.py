"""The morning digest's numbers, counted as the lists count them that they open."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.queries.due import DueFilters, count_due
from services.dispatch.console.queries.hotspots import count_unseen
from services.dispatch.console.queries.replies import ReplyFilters, count_replies
from services.dispatch.console.queries.tables import complaint
from services.dispatch.rules.digest import Digest, day_begins
from services.dispatch.rules.reply_lists import ReplyList
from shared.clock import SHANGHAI


async def read_digest(
    session: AsyncSession, county: str, now: datetime, outages: Sequence[str] | None
) -> Digest:
    today = now.astimezone(SHANGHAI).date()
    yesterday = today - timedelta(days=1)
    received = select(func.count()).where(
        complaint.c.county == county,
        complaint.c.is_ours,
        complaint.c.received_at >= day_begins(yesterday),
        complaint.c.received_at < day_begins(today),
    )
    due = await count_due(session, county, DueFilters(), now)
    replies = await count_replies(session, county, ReplyFilters(delivered_on=yesterday))
    return Digest(
        today=today,
        received=(await session.execute(received)).scalar_one(),
        answered=replies[ReplyList.DELIVERED],
        due_today=due.today,
        overdue=due.overdue,
        stuck=replies[ReplyList.STUCK],
        hotspots=await count_unseen(session, county),
        outages=outages,
    )
