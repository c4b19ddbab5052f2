"""What a crew sees on its phone: its work orders, and the residents behind each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.queries.deadlines import is_of_newest_round
from services.dispatch.console.queries.tables import complaint, deadline, work_order
from services.dispatch.console.queries.work_order_lines import (
    WorkOrderLine,
    by_urgency,
    open_work_orders,
    read_lines,
)
from services.dispatch.rules.work_order import WITH_CREW

_WORK_ORDERS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Resident:
    """One complaint: no name and no number before somebody asks for them."""

    complaint_id: str
    platform: str
    sent_at: datetime
    village_group: str | None
    contacted_at: datetime | None


@dataclass(frozen=True, slots=True)
class CrewWorkOrder:
    line: WorkOrderLine
    residents: tuple[Resident, ...]
    """Those nobody has spoken to yet first."""


async def read_crew_work_orders(
    session: AsyncSession, county: str, crew_id: str
) -> tuple[CrewWorkOrder, ...]:
    """What the crew has to do, the most urgent first."""
    of_crew = open_work_orders(county).where(
        work_order.c.crew_id == crew_id, work_order.c.state.in_(WITH_CREW)
    )
    lines = by_urgency(await read_lines(session, of_crew.limit(_WORK_ORDERS_SHOWN)))
    of_contact = and_(
        deadline.c.complaint_id == complaint.c.id,
        deadline.c.stage == "first_contact",
        is_of_newest_round,
    )
    rows = await session.execute(
        select(
            complaint.c.work_order_id,
            complaint.c.id,
            complaint.c.platform,
            complaint.c.sent_at,
            complaint.c.village_group,
            deadline.c.met_at,
        )
        .select_from(complaint)
        .outerjoin(deadline, of_contact)
        .where(complaint.c.work_order_id.in_([line.id for line in lines]))
        .order_by(deadline.c.met_at.is_not(None), complaint.c.sent_at)
    )
    of_work_order: dict[str, list[Resident]] = {}
    for work_order_id, *rest in rows:
        of_work_order.setdefault(work_order_id, []).append(Resident(*rest))
    return tuple(CrewWorkOrder(line, tuple(of_work_order.get(line.id, ()))) for line in lines)
