"""Finding complaints and work orders by what somebody was told or remembers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.dispatch.models import Complaint, SchemeVillage, WorkOrder

_SHOWN = 50
_SEARCHED_BACK = timedelta(days=400)
_SHORTEST_PART = 3
"""Characters of a part of a number: fewer would find everything."""


@dataclass(frozen=True, slots=True)
class Found:
    work_orders: tuple[WorkOrder, ...] = ()
    complaints: tuple[Complaint, ...] = ()

    @property
    def only_one(self) -> Complaint | WorkOrder | None:
        both: tuple[Complaint | WorkOrder, ...] = (*self.work_orders, *self.complaints)
        return both[0] if len(both) == 1 else None

    def __bool__(self) -> bool:
        return bool(self.work_orders or self.complaints)


async def find(
    session: AsyncSession, county: str, wanted: str, now: datetime, most: int = _SHOWN
) -> Found:
    """By a whole id or number; else by a part of one; else by town and village, with or without a
    space between them. The newest first."""
    since = now - _SEARCHED_BACK
    exact = await _numbered(
        session,
        county,
        or_(col(WorkOrder.id) == wanted, col(WorkOrder.number) == wanted.upper()),
        or_(col(Complaint.id) == wanted, col(Complaint.external_id) == wanted),
        most,
    )
    if exact or not wanted:
        return exact
    if len(wanted) >= _SHORTEST_PART and wanted.isascii():
        part = await _numbered(
            session,
            county,
            col(WorkOrder.number).contains(wanted.upper(), autoescape=True),
            col(Complaint.external_id).contains(wanted, autoescape=True)
            & (col(Complaint.received_at) >= since),
            most,
        )
        if part:
            return part
    return Found(
        complaints=await _of_village(session, county, "".join(wanted.split()), since, most)
    )


async def _numbered(
    session: AsyncSession,
    county: str,
    of_work_order: ColumnElement[bool],
    of_complaint: ColumnElement[bool],
    most: int,
) -> Found:
    work_orders = await session.execute(
        select(WorkOrder)
        .where(col(WorkOrder.county) == county, of_work_order)
        .order_by(col(WorkOrder.opened_at).desc())
        .limit(most)
    )
    complaints = await _complaints(session, county, of_complaint, most)
    return Found(tuple(work_orders.scalars()), complaints)


async def _of_village(
    session: AsyncSession, county: str, wanted: str, since: datetime, most: int
) -> tuple[Complaint, ...]:
    name = col(SchemeVillage.town) + col(SchemeVillage.village)
    codes = await session.execute(
        select(col(SchemeVillage.village_code))
        .where(name.contains(wanted, autoescape=True))
        .limit(_SHOWN)
    )
    there: Sequence[str] = codes.scalars().all()
    lately = col(Complaint.village_code).in_(there) & (col(Complaint.received_at) >= since)
    return await _complaints(session, county, lately, most)


async def _complaints(
    session: AsyncSession, county: str, which: ColumnElement[bool], most: int
) -> tuple[Complaint, ...]:
    found = await session.execute(
        select(Complaint)
        .where(col(Complaint.county) == county, which)
        .order_by(col(Complaint.received_at).desc())
        .limit(most)
    )
    return tuple(found.scalars())
