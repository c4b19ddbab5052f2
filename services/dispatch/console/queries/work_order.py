"""One work order with its complaints, timeline and choices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.dispatch.console.queries.alerts import AlertLine, read_alerts_of_fault
from services.dispatch.console.queries.crews import CrewChoice, read_crew_choices
from services.dispatch.console.queries.tables import work_order as work_order_table
from services.dispatch.console.queries.work_order_lines import (
    WorkOrderLine,
    by_urgency,
    open_work_orders,
    read_lines,
)
from services.dispatch.handlers.closing import unanswered
from services.dispatch.models import Complaint, Crew, DeadlineView, Scheme, WorkOrder, WorkOrderStep
from services.dispatch.queries import deadlines_of
from services.dispatch.rules.work_order import Unanswered

_COMPLAINTS_SHOWN = 60
_STEPS_SHOWN = 200
_OTHERS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class LinkedComplaint:
    complaint: Complaint
    deadlines: tuple[DeadlineView, ...]


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One step, or several of the same kind in a row."""

    step: WorkOrderStep
    """The newest of them."""
    since: datetime
    """The time of the oldest."""
    complaints: int
    """How many complaints they brought together."""


def shortened(steps: Sequence[WorkOrderStep]) -> tuple[TimelineLine, ...]:
    """`steps`, the newest first, with complaints that came one after another as one line."""
    lines: list[TimelineLine] = []
    for step in steps:
        brought = int(step.details.get("complaints") or 0)
        before = lines[-1] if lines else None
        if before and step.what == before.step.what == "linked" and step.who == before.step.who:
            lines[-1] = TimelineLine(before.step, step.at, before.complaints + brought)
        else:
            lines.append(TimelineLine(step, step.at, brought))
    return tuple(lines)


@dataclass(frozen=True, slots=True)
class WorkOrderPage:
    work_order: WorkOrder
    scheme: Scheme
    crew: Crew | None
    complaints: tuple[LinkedComplaint, ...]
    timeline: tuple[TimelineLine, ...]
    crews: tuple[CrewChoice, ...]
    unanswered: Unanswered
    alerts: tuple[AlertLine, ...]
    others: tuple[WorkOrderLine, ...]
    """Open work orders of the same scheme: what it can be merged into."""


async def read_work_order(
    session: AsyncSession, county: str, work_order_id: str
) -> WorkOrderPage | None:
    """None: there is none, or it is another county's."""
    work_order = await session.get(WorkOrder, work_order_id)
    if work_order is None or work_order.county != county:
        return None
    scheme = await session.get_one(Scheme, work_order.scheme_id)
    steps = await session.execute(
        select(WorkOrderStep)
        .where(col(WorkOrderStep.work_order_id) == work_order_id)
        .order_by(col(WorkOrderStep.id).desc())
        .limit(_STEPS_SHOWN)
    )
    others = open_work_orders(county).where(
        work_order_table.c.scheme_id == work_order.scheme_id, work_order_table.c.id != work_order_id
    )
    return WorkOrderPage(
        work_order=work_order,
        scheme=scheme,
        crew=await session.get(Crew, work_order.crew_id) if work_order.crew_id else None,
        complaints=await _linked_complaints(session, work_order_id),
        timeline=shortened(steps.scalars().all()),
        crews=await read_crew_choices(session, work_order),
        unanswered=await unanswered(session, work_order_id),
        alerts=await read_alerts_of_fault(session, work_order_id),
        others=by_urgency(await read_lines(session, others.limit(_OTHERS_SHOWN))),
    )


async def _linked_complaints(
    session: AsyncSession, work_order_id: str
) -> tuple[LinkedComplaint, ...]:
    found = await session.execute(
        select(Complaint)
        .where(col(Complaint.work_order_id) == work_order_id)
        .order_by(col(Complaint.sent_at))
        .limit(_COMPLAINTS_SHOWN)
    )
    complaints = list(found.scalars())
    deadlines = await deadlines_of(session, [complaint.id for complaint in complaints])
    return tuple(
        LinkedComplaint(each, tuple(p for p in deadlines if p.complaint_id == each.id))
        for each in complaints
    )
