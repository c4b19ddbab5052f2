"""Work orders as lines of a list: on the board, on a crew's phone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.queries.deadlines import is_unmet
from services.dispatch.console.queries.tables import complaint, crew, deadline, scheme, work_order


@dataclass(frozen=True, slots=True)
class WorkOrderLine:
    id: str
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
    due_at: datetime | None
    """The next deadline of its complaints."""


def open_work_orders(county: str) -> Select[Any]:
    """The oldest first; to be narrowed down, limited, and read by `read_lines`."""
    return (
        select(
            work_order.c.id,
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
        )
        .join(scheme, scheme.c.id == work_order.c.scheme_id)
        .outerjoin(crew, crew.c.id == work_order.c.crew_id)
        .where(work_order.c.county == county, work_order.c.state != "closed")
        .order_by(work_order.c.opened_at)
    )


async def read_lines(session: AsyncSession, query: Select[Any]) -> tuple[WorkOrderLine, ...]:
    found = (await session.execute(query)).all()
    due = await next_due(session, [row[0] for row in found])
    lines = [WorkOrderLine(*[*row, due.get(row[0])]) for row in found]
    return tuple(sorted(lines, key=by_urgency))


def by_urgency(line: WorkOrderLine) -> tuple[bool, bool, datetime]:
    """Urgent ones, then what is due next, then the oldest."""
    return (not line.urgent, line.due_at is None, line.due_at or line.opened_at)


async def next_due(session: AsyncSession, work_order_ids: Sequence[str]) -> Mapping[str, datetime]:
    """The first deadline of each work order's complaints that still wants something done."""
    if not work_order_ids:
        return {}
    rows = await session.execute(
        select(complaint.c.work_order_id, func.min(deadline.c.due_at))
        .join(deadline, and_(deadline.c.complaint_id == complaint.c.id, is_unmet))
        .where(complaint.c.work_order_id.in_(work_order_ids))
        .group_by(complaint.c.work_order_id)
    )
    return {row[0]: row[1] for row in rows}
