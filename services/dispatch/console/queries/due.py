"""What is due next: one line a fault, and one a complaint that belongs to none yet."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.queries.deadlines import is_overdue, is_pending
from services.dispatch.console.queries.filters import Filters, only_complaints
from services.dispatch.console.queries.tables import complaint, crew, deadline, work_order

_DUE_SHOWN = 30
_OVERDUE_SHOWN = 10
_DEADLINES_A_LINE = 16
"""So many are read for each line shown: a burst main has many complaints, each with four stages,
and must not hide what else is due."""


@dataclass(frozen=True, slots=True)
class DueLine:
    """A fault, or a complaint without one, with the deadline that is due next."""

    complaint_id: str
    stage: str
    due_at: datetime
    state: str
    provisional: bool
    platform: str
    external_id: str
    category: str
    urgent: bool
    chases: int
    town: str | None
    village: str | None
    village_group: str | None
    work_order_id: str | None
    work_order_state: str | None
    crew: str | None
    together: int = 1
    """How many complaints stand behind this line: the others of its fault are due later."""


async def read_due(
    session: AsyncSession, county: str, filters: Filters, *, overdue: bool
) -> tuple[DueLine, ...]:
    """Missed ones newest first, pending ones next due first."""
    due_at = deadline.c.due_at
    shown = _OVERDUE_SHOWN if overdue else _DUE_SHOWN
    query = (
        select(
            deadline.c.complaint_id,
            deadline.c.stage,
            deadline.c.due_at,
            deadline.c.state,
            deadline.c.provisional,
            complaint.c.platform,
            complaint.c.external_id,
            complaint.c.category,
            complaint.c.urgent,
            complaint.c.chases,
            complaint.c.town,
            complaint.c.village,
            complaint.c.village_group,
            complaint.c.work_order_id,
            work_order.c.state.label("work_order_state"),
            crew.c.name,
        )
        .join(complaint, complaint.c.id == deadline.c.complaint_id)
        .outerjoin(work_order, work_order.c.id == complaint.c.work_order_id)
        .outerjoin(crew, crew.c.id == work_order.c.crew_id)
        .where(deadline.c.county == county)
        .where(is_overdue if overdue else is_pending)
        .order_by(due_at.desc() if overdue else due_at)
        .limit(shown * _DEADLINES_A_LINE)
    )
    rows = await session.execute(only_complaints(query, filters))
    return one_a_fault(DueLine(*row) for row in rows)[:shown]


def one_a_fault(lines: Iterable[DueLine]) -> tuple[DueLine, ...]:
    """The first line of each fault speaks for all its complaints; their sequence stays."""
    first: dict[str, DueLine] = {}
    behind: dict[str, set[str]] = {}
    for line in lines:
        fault = line.work_order_id or line.complaint_id
        first.setdefault(fault, line)
        behind.setdefault(fault, set()).add(line.complaint_id)
    return tuple(replace(line, together=len(behind[fault])) for fault, line in first.items())
