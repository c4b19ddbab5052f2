"""The live board: what is due next, what waits for a person, what is being repaired."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.queries.deadlines import is_overdue, is_pending
from services.dispatch.console.queries.due import DueLine, read_due
from services.dispatch.console.queries.filters import Filters, only_complaints
from services.dispatch.console.queries.replies import ReplyLine, read_replies
from services.dispatch.console.queries.tables import (
    complaint,
    deadline,
    reply,
    scheme,
    scheme_village,
    work_order,
)
from services.dispatch.console.queries.work_order_lines import (
    WorkOrderLine,
    open_work_orders,
    read_lines,
)
from services.dispatch.models import Complaint
from services.dispatch.rules.fault_matching import UNDECIDED
from shared.bus.parked_queries import list_parked

SOON = timedelta(hours=24)
_WAITING_SHOWN = 12
_WORK_ORDERS_SHOWN = 240
_COUNTED = 1000
"""Counts stop here: beyond it the number no longer matters, and counting costs."""


@dataclass(frozen=True, slots=True)
class Counts:
    overdue: int
    due_soon: int
    waiting: int
    without_crew: int
    in_repair: int
    drafts: int
    stuck: int
    most: int = _COUNTED


@dataclass(frozen=True, slots=True)
class Board:
    counts: Counts
    overdue: tuple[DueLine, ...]
    due: tuple[DueLine, ...]
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
    return Board(
        counts=await _counts(session, county, now),
        overdue=await read_due(session, county, filters, overdue=True),
        due=await read_due(session, county, filters, overdue=False),
        waiting=await _waiting(session, county, filters),
        stuck=await read_replies(session, county, "stuck", _WAITING_SHOWN),
        work_orders=await _work_orders(session, county, filters),
        towns=await _towns(session, county),
        parked=len(await list_parked(session, "dispatch", county=county)) if with_parked else 0,
    )


async def _counts(session: AsyncSession, county: str, now: datetime) -> Counts:
    def at_most(table: Table, *conditions: Any) -> Any:
        some = select(1).select_from(table).where(table.c.county == county, *conditions)
        return select(func.count()).select_from(some.limit(_COUNTED).subquery()).scalar_subquery()

    row = (
        await session.execute(
            select(
                at_most(deadline, is_overdue),
                at_most(deadline, is_pending, deadline.c.due_at <= now + SOON),
                at_most(complaint, complaint.c.state.in_(UNDECIDED)),
                at_most(work_order, work_order.c.state == "waiting_for_crew"),
                at_most(
                    work_order,
                    work_order.c.state != "closed",
                    work_order.c.state != "waiting_for_crew",
                ),
                at_most(reply, reply.c.state == "draft"),
                at_most(reply, reply.c.state == "stuck"),
            )
        )
    ).one()
    return Counts(*row)


async def _waiting(session: AsyncSession, county: str, filters: Filters) -> tuple[Complaint, ...]:
    if filters.state not in ("", "none"):
        return ()
    query = (
        select(Complaint)
        .where(complaint.c.county == county, complaint.c.state.in_(UNDECIDED))
        .order_by(complaint.c.urgent.desc(), complaint.c.received_at)
        .limit(_WAITING_SHOWN)
    )
    rows = await session.execute(only_complaints(query, filters))
    return tuple(rows.scalars())


async def _work_orders(
    session: AsyncSession, county: str, filters: Filters
) -> tuple[WorkOrderLine, ...]:
    if filters.state == "none":
        return ()
    query = open_work_orders(county).limit(_WORK_ORDERS_SHOWN)
    if filters.town:
        query = query.where(work_order.c.town == filters.town)
    if filters.category:
        query = query.where(work_order.c.category == filters.category)
    if filters.state:
        query = query.where(work_order.c.state == filters.state)
    if filters.platform:
        of_platform = select(1).where(
            complaint.c.work_order_id == work_order.c.id, complaint.c.platform == filters.platform
        )
        query = query.where(of_platform.exists())
    return await read_lines(session, query)


async def _towns(session: AsyncSession, county: str) -> tuple[str, ...]:
    rows = await session.execute(
        select(scheme_village.c.town)
        .join(scheme, scheme.c.id == scheme_village.c.scheme_id)
        .where(scheme.c.county == county)
        .distinct()
        .order_by(scheme_village.c.town)
    )
    return tuple(rows.scalars())
