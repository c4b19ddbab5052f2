"""The live board: what is due next, what waits for a person, what is being repaired."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.queries.due import (
    DueCounts,
    DueFilters,
    DueLine,
    count_due,
    read_due,
)
from services.dispatch.console.queries.filters import (
    COUNTED,
    Filters,
    only_complaints,
    only_work_orders,
    undecided,
)
from services.dispatch.console.queries.replies import ReplyFilters, ReplyLine, read_replies
from services.dispatch.console.queries.tables import (
    complaint,
    reply,
    scheme,
    scheme_village,
    work_order,
)
from services.dispatch.console.queries.work_order_lines import (
    WORK,
    WorkOrderLine,
    by_urgency,
    open_work_orders,
    read_lines,
)
from services.dispatch.models import Complaint
from services.dispatch.rules.reply_lists import ReplyList
from shared.bus.parked_queries import list_parked

_OVERDUE_SHOWN = 10
_PENDING_SHOWN = 20
_WAITING_SHOWN = 12
_WORK_ORDERS_SHOWN = 240


@dataclass(frozen=True, slots=True)
class Counts:
    """Of what the filters leave."""

    due: DueCounts
    waiting: int
    without_crew: int
    in_repair: int
    drafts: int
    stuck: int
    most: int = COUNTED

    @property
    def open_work_orders(self) -> int:
        return self.without_crew + self.in_repair


@dataclass(frozen=True, slots=True)
class Board:
    counts: Counts
    overdue: tuple[DueLine, ...]
    """The longest overdue first."""
    pending: tuple[DueLine, ...]
    """Faults of which nothing is overdue, the next due first."""
    waiting: tuple[Complaint, ...]
    stuck: tuple[ReplyLine, ...]
    work_orders: tuple[WorkOrderLine, ...]
    towns: tuple[str, ...]
    parked: int
    """Keys with parked events in dispatch, for whoever may decide about them."""

    def in_state(self, state: str) -> tuple[WorkOrderLine, ...]:
        return tuple(line for line in self.work_orders if line.state == state)


async def read_board(
    session: AsyncSession,
    county: str,
    filters: Filters,
    now: datetime,
    *,
    with_parked: bool = False,
) -> Board:
    due = DueFilters(filters.town, filters.category, filters.platform, filters.state)
    overdue, pending = replace(due, due="overdue"), replace(due, due="pending")
    stuck = await read_replies(
        session, county, ReplyList.STUCK, ReplyFilters(), most=_WAITING_SHOWN
    )
    return Board(
        counts=await _counts(session, county, filters, await count_due(session, county, due, now)),
        overdue=await read_due(session, county, overdue, now, _OVERDUE_SHOWN),
        pending=await read_due(session, county, pending, now, _PENDING_SHOWN),
        waiting=await _waiting(session, county, filters),
        stuck=stuck.lines,
        work_orders=await _work_orders(session, county, filters),
        towns=await read_towns(session, county),
        parked=len(await list_parked(session, "dispatch", county=county)) if with_parked else 0,
    )


async def _counts(session: AsyncSession, county: str, filters: Filters, due: DueCounts) -> Counts:
    def at_most(some: Select[Any]) -> Any:
        return select(func.count()).select_from(some.limit(COUNTED).subquery()).scalar_subquery()

    def work_orders(state: ColumnElement[bool]) -> Any:
        some = select(work_order.c.id).where(work_order.c.county == county, state)
        return at_most(only_work_orders(some, filters))

    def replies(state: str) -> Any:
        some = select(reply.c.complaint_id).where(reply.c.county == county, reply.c.state == state)
        if filters.chosen:
            some = some.join(complaint, complaint.c.id == reply.c.complaint_id).outerjoin(
                work_order, work_order.c.id == complaint.c.work_order_id
            )
        return at_most(only_complaints(some, filters))

    is_open = work_order.c.state != "closed"
    query = select(
        at_most(undecided(select(complaint.c.id), county, filters)),
        work_orders(is_open & WORK["without_crew"]),
        work_orders(is_open & WORK["in_repair"]),
        replies("draft"),
        replies("stuck"),
    )
    return Counts(due, *(await session.execute(query)).one())


async def _waiting(session: AsyncSession, county: str, filters: Filters) -> tuple[Complaint, ...]:
    query = (
        undecided(select(Complaint), county, filters)
        .order_by(complaint.c.urgent.desc(), complaint.c.received_at)
        .limit(_WAITING_SHOWN)
    )
    return tuple((await session.execute(query)).scalars())


async def _work_orders(
    session: AsyncSession, county: str, filters: Filters
) -> tuple[WorkOrderLine, ...]:
    query = only_work_orders(open_work_orders(county), filters)
    return by_urgency(await read_lines(session, query.limit(_WORK_ORDERS_SHOWN)))


async def read_towns(session: AsyncSession, county: str) -> tuple[str, ...]:
    rows = await session.execute(
        select(scheme_village.c.town)
        .join(scheme, scheme.c.id == scheme_village.c.scheme_id)
        .where(scheme.c.county == county)
        .distinct()
        .order_by(scheme_village.c.town)
    )
    return tuple(rows.scalars())
