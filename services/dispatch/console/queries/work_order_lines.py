"""Work orders as lines of a list: on the board, on a crew's phone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, and_, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.queries.deadlines import is_unmet
from services.dispatch.console.queries.filters import Choice, Filters, only_work_orders
from services.dispatch.console.queries.tables import complaint, crew, deadline, scheme, work_order

_waits_for_crew = work_order.c.state == "waiting_for_crew"
WORK = {"without_crew": _waits_for_crew, "in_repair": ~_waits_for_crew}
"""Two kinds of open work orders."""


@dataclass(frozen=True, slots=True)
class WorkOrderLine:
    id: str
    number: str | None
    state: str
    version: int
    category: str
    component: str
    town: str
    village: str
    village_group: str | None
    scheme: str
    crew: str | None
    urgent: bool
    complaints: int
    chases: int
    opened_at: datetime
    rework: bool
    """Repaired before, and not solved (重办)."""
    due_at: datetime | None
    """The next deadline of its complaints."""
    unverified: bool
    """Whether one of their limits has no source."""


@dataclass(frozen=True, slots=True)
class WorkFilters(Filters):
    crew: Choice = ""
    """A crew's id."""
    work: Literal["", "without_crew", "in_repair"] = ""


@dataclass(frozen=True, slots=True)
class OpenWorkOrders:
    """One page of the list, the oldest first."""

    total: int
    lines: tuple[WorkOrderLine, ...]
    has_more: bool


async def read_open_work_orders(
    session: AsyncSession,
    county: str,
    filters: WorkFilters,
    most: int,
    after: tuple[datetime, str] | None = None,
) -> OpenWorkOrders:
    """`after`: when the last one of the page before was opened, and its id."""
    query = only_work_orders(open_work_orders(county), filters)
    if filters.work:
        query = query.where(WORK[filters.work])
    if filters.crew:
        query = query.where(work_order.c.crew_id == filters.crew)
    total = select(func.count()).select_from(query.order_by(None).subquery())
    if after is not None:
        here = tuple_(literal(after[0]), literal(after[1]))
        query = query.where(tuple_(work_order.c.opened_at, work_order.c.id) > here)
    lines = await read_lines(session, query.limit(most + 1))
    return OpenWorkOrders(
        (await session.execute(total)).scalar_one(), lines[:most], len(lines) > most
    )


def open_work_orders(county: str) -> Select[Any]:
    """The oldest first; to be narrowed down, limited, and read by `read_lines`."""
    return (
        select(
            work_order.c.id,
            work_order.c.number,
            work_order.c.state,
            work_order.c.version,
            work_order.c.category,
            work_order.c.component,
            work_order.c.town,
            work_order.c.village,
            work_order.c.village_group,
            scheme.c.name,
            crew.c.name,
            work_order.c.urgent,
            work_order.c.complaints,
            work_order.c.chases,
            work_order.c.opened_at,
            or_(work_order.c.rework_of.is_not(None), work_order.c.reworks > 0),
        )
        .join(scheme, scheme.c.id == work_order.c.scheme_id)
        .outerjoin(crew, crew.c.id == work_order.c.crew_id)
        .where(work_order.c.county == county, work_order.c.state != "closed")
        .order_by(work_order.c.opened_at, work_order.c.id)
    )


async def read_lines(session: AsyncSession, query: Select[Any]) -> tuple[WorkOrderLine, ...]:
    found = (await session.execute(query)).all()
    due = await next_due(session, [row[0] for row in found])
    return tuple(WorkOrderLine(*row, *due.get(row[0], (None, False))) for row in found)


def by_urgency(lines: Iterable[WorkOrderLine]) -> tuple[WorkOrderLine, ...]:
    """Urgent ones, then what is due next, then the oldest."""
    return tuple(
        sorted(
            lines,
            key=lambda line: (
                not line.urgent,
                line.due_at is None,
                line.due_at or line.opened_at,
            ),
        )
    )


async def next_due(
    session: AsyncSession, work_order_ids: Sequence[str]
) -> Mapping[str, tuple[datetime, bool]]:
    """The first deadline of each work order's complaints that still wants something done, and
    whether one of these has no source."""
    if not work_order_ids:
        return {}
    rows = await session.execute(
        select(
            complaint.c.work_order_id,
            func.min(deadline.c.due_at),
            func.bool_or(deadline.c.unverified),
        )
        .join(deadline, and_(deadline.c.complaint_id == complaint.c.id, is_unmet))
        .where(complaint.c.work_order_id.in_(work_order_ids))
        .group_by(complaint.c.work_order_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows}
