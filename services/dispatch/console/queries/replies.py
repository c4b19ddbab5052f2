"""Where every reply stands: each live reply is in exactly one list (rules/reply_lists.py)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, and_, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.queries.deadlines import is_of_newest_round
from services.dispatch.console.queries.filters import Choice, Filters, only_complaints
from services.dispatch.console.queries.tables import complaint, crew, deadline, reply, work_order
from services.dispatch.rules.digest import day_begins
from services.dispatch.rules.reply_lists import ReplyList

NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""Sorts replies without a deadline last."""
LINES = 50
MOST_COUNTED = 10_000
"""Counting what has been delivered stops here."""

_IN_LIST: Mapping[ReplyList, Any] = {
    ReplyList.TO_REVIEW: reply.c.state == "draft",
    ReplyList.QUEUED: or_(
        reply.c.state == "sending", and_(reply.c.state == "approved", ~reply.c.by_hand)
    ),
    ReplyList.BY_HAND: and_(reply.c.state == "approved", reply.c.by_hand),
    **{
        each: reply.c.state == each.value
        for each in (ReplyList.AWAITING_RECEIPT, ReplyList.STUCK, ReplyList.DELIVERED)
    },
}


@dataclass(frozen=True, slots=True)
class ReplyFilters(Filters):
    crew: Choice = ""
    """A crew's id."""
    delivered_on: date | None = None
    """A day of the office."""


def only_replies(query: Select[Any], filters: ReplyFilters) -> Select[Any]:
    """`query` joins complaints and work orders."""
    if filters.crew:
        query = query.where(work_order.c.crew_id == filters.crew)
    if filters.delivered_on:
        day = day_begins(filters.delivered_on)
        on_day = (reply.c.delivered_at >= day, reply.c.delivered_at < day + timedelta(days=1))
        query = query.where(or_(reply.c.state != "delivered", and_(*on_day)))
    return only_complaints(query, filters)


@dataclass(frozen=True, slots=True)
class ReplyLine:
    complaint_id: str
    version: int
    state: str
    kind: str
    why_stuck: str | None
    stuck_at: datetime | None
    drafted_at: datetime | None
    approved_by: str | None
    why_waiting: str | None
    next_try_at: datetime | None
    attempts: int
    delivered_at: datetime | None
    receipt: str | None
    told_by: str | None
    platform: str | None
    """None: its complaint's event has not come yet."""
    external_id: str | None
    category: str | None
    town: str | None
    village: str | None
    village_group: str | None
    urgent: bool | None
    crew: str | None
    due_at: datetime | None
    """When the reply is due."""
    unverified: bool | None
    """Whether its limit has no source; None: it has no limit."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page of a list ends."""

    at: datetime
    complaint_id: str


@dataclass(frozen=True, slots=True)
class ReplyPage:
    lines: tuple[ReplyLine, ...]
    following: Position | None


_due_at = func.coalesce(deadline.c.due_at, literal(NEVER))


def reply_rows(county: str, filters: ReplyFilters, *columns: Any) -> Select[Any]:
    """Live replies with complaint, work order, crew and the limit of the reply, where known."""
    of_reply = and_(
        deadline.c.complaint_id == reply.c.complaint_id,
        deadline.c.stage == "reply",
        is_of_newest_round,
    )
    query = (
        select(*columns)
        .select_from(reply)
        .outerjoin(complaint, complaint.c.id == reply.c.complaint_id)
        .outerjoin(work_order, work_order.c.id == complaint.c.work_order_id)
        .outerjoin(crew, crew.c.id == work_order.c.crew_id)
        .outerjoin(deadline, of_reply)
        .where(reply.c.county == county)
    )
    return only_replies(query, filters)


async def read_replies(
    session: AsyncSession,
    county: str,
    which: ReplyList,
    filters: ReplyFilters,
    after: Position | None = None,
    most: int = LINES,
) -> ReplyPage:
    """The next deadline first; of what was delivered, the newest."""
    delivered = which is ReplyList.DELIVERED
    at = reply.c.delivered_at if delivered else _due_at
    query = reply_rows(
        county,
        filters,
        reply.c.complaint_id,
        reply.c.version,
        reply.c.state,
        reply.c.kind,
        reply.c.why_stuck,
        reply.c.stuck_at,
        reply.c.drafted_at,
        reply.c.approved_by,
        reply.c.why_waiting,
        reply.c.next_try_at,
        reply.c.attempts,
        reply.c.delivered_at,
        reply.c.receipt,
        reply.c.told_by,
        complaint.c.platform,
        complaint.c.external_id,
        complaint.c.category,
        complaint.c.town,
        complaint.c.village,
        complaint.c.village_group,
        complaint.c.urgent,
        crew.c.name.label("crew"),
        deadline.c.due_at,
        deadline.c.unverified,
    ).where(_IN_LIST[which])
    key = tuple_(at, reply.c.complaint_id)
    if delivered:
        query = query.order_by(at.desc(), reply.c.complaint_id.desc())
    else:
        query = query.order_by(at, reply.c.complaint_id)
    if after:
        position = (after.at, after.complaint_id)
        query = query.where(key < position if delivered else key > position)
    lines = [ReplyLine(*row) for row in await session.execute(query.limit(most + 1))]
    last = lines[most - 1] if len(lines) > most else None
    following = None
    if last:
        ends_at = last.delivered_at if delivered else last.due_at
        following = Position(ends_at or NEVER, last.complaint_id)
    return ReplyPage(tuple(lines[:most]), following)


async def count_replies(
    session: AsyncSession, county: str, filters: ReplyFilters
) -> Mapping[ReplyList, int]:
    """How many lines each list has; of what was delivered at most MOST_COUNTED."""
    counts: Counter[ReplyList] = Counter()
    for which, condition in _IN_LIST.items():
        some = reply_rows(county, filters, literal(1)).where(condition).limit(MOST_COUNTED)
        counts[which] = await session.scalar(select(func.count()).select_from(some.subquery())) or 0
    return counts
