"""Complaints: one with its deadlines and answer, those that wait, and finding some."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.dispatch.models import (
    Complaint,
    DeadlineView,
    ReplyView,
    Scheme,
    SchemeVillage,
    WorkOrder,
)
from services.dispatch.queries import complaints_waiting, deadlines_of

_WAITING_SHOWN = 100
_FOUND_SHOWN = 50
_SEARCHED_BACK = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class ComplaintPage:
    complaint: Complaint
    deadlines: tuple[DeadlineView, ...]
    work_order: WorkOrder | None
    scheme: Scheme | None
    reply: ReplyView | None


async def read_complaint(
    session: AsyncSession, county: str, complaint_id: str
) -> ComplaintPage | None:
    """None: its event has not come yet, or another county's."""
    complaint = await session.get(Complaint, complaint_id)
    if complaint is None or complaint.county != county:
        return None
    work_order = (
        await session.get(WorkOrder, complaint.work_order_id) if complaint.work_order_id else None
    )
    return ComplaintPage(
        complaint=complaint,
        deadlines=tuple(await deadlines_of(session, [complaint_id])),
        work_order=work_order,
        scheme=await session.get(Scheme, work_order.scheme_id) if work_order else None,
        reply=await session.get(ReplyView, complaint_id),
    )


@dataclass(frozen=True, slots=True)
class WaitingComplaint:
    complaint: Complaint
    due_at: datetime | None
    """Its next deadline: deadlines run while it waits."""


async def read_waiting(session: AsyncSession, county: str) -> tuple[WaitingComplaint, ...]:
    """Those with the next deadline first."""
    complaints = await complaints_waiting(session, county, _WAITING_SHOWN)
    due: dict[str, datetime] = {}
    for deadline in await deadlines_of(session, [complaint.id for complaint in complaints]):
        if deadline.met_at is None and deadline.state in ("open", "warned", "missed"):
            due.setdefault(deadline.complaint_id, deadline.due_at)
    lines = [WaitingComplaint(each, due.get(each.id)) for each in complaints]
    return tuple(
        sorted(
            lines,
            key=lambda line: (
                not line.complaint.urgent,
                line.due_at or line.complaint.received_at + timedelta(days=3650),
            ),
        )
    )


async def find_complaints(
    session: AsyncSession, county: str, wanted: str, now: datetime
) -> tuple[Complaint, ...]:
    """By our id, else a platform's number, else the name of a village; the newest first."""
    exact = await session.get(Complaint, wanted)
    if exact is not None and exact.county == county:
        return (exact,)
    numbered = await session.execute(
        select(Complaint)
        .where(col(Complaint.county) == county, col(Complaint.external_id) == wanted)
        .order_by(col(Complaint.received_at).desc())
        .limit(_FOUND_SHOWN)
    )
    if found := tuple(numbered.scalars()):
        return found
    codes = await session.execute(
        select(col(SchemeVillage.village_code))
        .where(col(SchemeVillage.village).contains(wanted, autoescape=True))
        .limit(_FOUND_SHOWN)
    )
    lately = await session.execute(
        select(Complaint)
        .where(
            col(Complaint.county) == county,
            col(Complaint.received_at) >= now - _SEARCHED_BACK,
            col(Complaint.village_code).in_(codes.scalars().all()),
        )
        .order_by(col(Complaint.received_at).desc())
        .limit(_FOUND_SHOWN)
    )
    return tuple(lately.scalars())
