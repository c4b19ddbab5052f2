"""One work order with all that hangs on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.dispatch.console.queries.crews import CrewChoice, read_crew_choices
from services.dispatch.console.queries.orders import WorkOrderLine, open_orders, read_lines
from services.dispatch.console.queries.tables import work_order
from services.dispatch.models import Complaint, Crew, DeadlineView, Scheme, WorkOrder, WorkOrderStep

_COMPLAINTS_SHOWN = 60
_STEPS_SHOWN = 200
_OTHERS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class HangingComplaint:
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


def told_briefly(steps: Sequence[WorkOrderStep]) -> tuple[TimelineLine, ...]:
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
    order: WorkOrder
    scheme: Scheme
    crew: Crew | None
    complaints: tuple[HangingComplaint, ...]
    timeline: tuple[TimelineLine, ...]
    crews: tuple[CrewChoice, ...]
    others: tuple[WorkOrderLine, ...]
    """Open orders of the same scheme: what it can be merged into."""


async def read_work_order(
    session: AsyncSession, county: str, work_order_id: str
) -> WorkOrderPage | None:
    """None: there is none, or it is another county's."""
    order = await session.get(WorkOrder, work_order_id)
    if order is None or order.county != county:
        return None
    scheme = await session.get_one(Scheme, order.scheme_id)
    steps = await session.execute(
        select(WorkOrderStep)
        .where(col(WorkOrderStep.work_order_id) == work_order_id)
        .order_by(col(WorkOrderStep.id).desc())
        .limit(_STEPS_SHOWN)
    )
    others = open_orders(county).where(
        work_order.c.scheme_id == order.scheme_id, work_order.c.id != work_order_id
    )
    return WorkOrderPage(
        order=order,
        scheme=scheme,
        crew=await session.get(Crew, order.crew_id) if order.crew_id else None,
        complaints=await _hanging(session, work_order_id),
        timeline=told_briefly(steps.scalars().all()),
        crews=await read_crew_choices(session, order),
        others=await read_lines(session, others.limit(_OTHERS_SHOWN)),
    )


async def _hanging(session: AsyncSession, work_order_id: str) -> tuple[HangingComplaint, ...]:
    found = await session.execute(
        select(Complaint)
        .where(col(Complaint.work_order_id) == work_order_id)
        .order_by(col(Complaint.sent_at))
        .limit(_COMPLAINTS_SHOWN)
    )
    complaints = list(found.scalars())
    deadlines = await read_deadlines(session, [complaint.id for complaint in complaints])
    return tuple(
        HangingComplaint(each, tuple(p for p in deadlines if p.complaint_id == each.id))
        for each in complaints
    )


async def read_deadlines(session: AsyncSession, complaint_ids: Sequence[str]) -> list[DeadlineView]:
    """The next due first."""
    found = await session.execute(
        select(DeadlineView)
        .where(col(DeadlineView.complaint_id).in_(complaint_ids))
        # Due together: what is to be resolved stands before its reply.
        .order_by(col(DeadlineView.due_at), col(DeadlineView.stage).desc())
    )
    return list(found.scalars())
