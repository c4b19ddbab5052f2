"""Complaints: one with its deadlines and answer, those that wait, and finding some."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.dispatch.console.queries.alerts import AlertLine, read_alerts_of_fault
from services.dispatch.console.queries.deadlines import is_unmet
from services.dispatch.console.queries.filters import COUNTED, Filters, undecided
from services.dispatch.console.queries.tables import complaint, deadline
from services.dispatch.models import (
    Complaint,
    DeadlineMove,
    DeadlineView,
    ReplyView,
    Scheme,
    WorkOrder,
)
from services.dispatch.queries import deadlines_of

_FOUND_SHOWN = 50
_MOVES_SHOWN = 20
_SEARCHED_BACK = timedelta(days=400)
_EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class ComplaintPage:
    complaint: Complaint
    deadlines: tuple[DeadlineView, ...]
    moves: tuple[DeadlineMove, ...]
    """What a new policy or calendar has moved, the newest first."""
    work_order: WorkOrder | None
    scheme: Scheme | None
    reply: ReplyView | None
    alerts: tuple[AlertLine, ...]


async def read_complaint(
    session: AsyncSession, county: str, complaint_id: str
) -> ComplaintPage | None:
    """None: its event has not come yet, or another county's."""
    found = await session.get(Complaint, complaint_id)
    if found is None or found.county != county:
        return None
    work_order = await session.get(WorkOrder, found.work_order_id) if found.work_order_id else None
    return ComplaintPage(
        complaint=found,
        deadlines=tuple(await deadlines_of(session, [complaint_id])),
        moves=await _read_moves(session, complaint_id),
        work_order=work_order,
        scheme=await session.get(Scheme, work_order.scheme_id) if work_order else None,
        reply=await session.get(ReplyView, complaint_id),
        alerts=await read_alerts_of_fault(session, found.work_order_id or complaint_id),
    )


async def _read_moves(session: AsyncSession, complaint_id: str) -> tuple[DeadlineMove, ...]:
    found = await session.execute(
        select(DeadlineMove)
        .where(col(DeadlineMove.complaint_id) == complaint_id)
        .order_by(col(DeadlineMove.sequence).desc(), col(DeadlineMove.stage))
        .limit(_MOVES_SHOWN)
    )
    return tuple(found.scalars())


@dataclass(frozen=True, slots=True)
class WaitingComplaint:
    complaint: Complaint
    due_at: datetime | None
    """Its next deadline: deadlines run while it waits."""
    unverified: bool | None
    """Whether one of its limits has no source; None: it has no limit."""


async def read_waiting(
    session: AsyncSession, county: str, filters: Filters = _EVERYTHING, most: int = COUNTED
) -> tuple[WaitingComplaint, ...]:
    """Urgent ones, then those with the next deadline, then the longest waiting."""
    its = and_(deadline.c.complaint_id == complaint.c.id, is_unmet)
    next_due = select(func.min(deadline.c.due_at)).where(its).scalar_subquery().label("due_at")
    unverified = select(func.bool_or(deadline.c.unverified)).where(its).scalar_subquery()
    query = (
        undecided(select(Complaint, next_due, unverified), county, filters)
        .order_by(complaint.c.urgent.desc(), next_due.nulls_last(), complaint.c.received_at)
        .limit(most)
    )
    return tuple(WaitingComplaint(*row) for row in await session.execute(query))
