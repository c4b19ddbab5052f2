"""What the JSON API shows, read in a few statements each."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.dispatch.handlers.work_order_guards import UnknownWorkOrder
from services.dispatch.models import (
    Complaint,
    Crew,
    DeadlineView,
    Hotspot,
    ReplyView,
    Scheme,
    WorkOrder,
    WorkOrderStep,
)
from services.dispatch.rules.fault_matching import UNDECIDED
from services.dispatch.rules.work_order import WITH_CREW, State
from shared.auth.permissions import Permission
from shared.auth.tokens import Person


def may_see(person: Person) -> ColumnElement[bool]:
    """The work orders of the person's county; a crew sees its own."""
    of_county = col(WorkOrder.county) == person.county
    if person.may(Permission.BOARD_SEE):
        return of_county
    return of_county & (col(WorkOrder.crew_id) == person.crew_id)


OPEN = (
    select(WorkOrder)
    .where(col(WorkOrder.state) != State.CLOSED.value)
    .order_by(col(WorkOrder.urgent).desc(), col(WorkOrder.chases).desc(), col(WorkOrder.opened_at))
)
"""Urgent first, then those asked for most often, then the oldest."""
CLOSED = (
    select(WorkOrder)
    .where(col(WorkOrder.state) == State.CLOSED.value)
    .order_by(col(WorkOrder.closed_at).desc())
)
"""The last ones first."""


async def work_orders(
    session: AsyncSession, which: Select[tuple[WorkOrder]], person: Person, limit: int
) -> Sequence[WorkOrder]:
    """`which`: OPEN or CLOSED."""
    found = await session.execute(which.where(may_see(person)).limit(limit))
    return found.scalars().all()


@dataclass(frozen=True, slots=True)
class WorkOrderInFull:
    work_order: WorkOrder
    scheme: Scheme
    complaints: Sequence[Complaint]
    deadlines: Sequence[DeadlineView]
    replies: Sequence[ReplyView]
    steps: Sequence[WorkOrderStep]


async def work_order_in_full(
    session: AsyncSession, person: Person, work_order_id: str
) -> WorkOrderInFull:
    """Raises UnknownWorkOrder."""
    found = await session.execute(
        select(WorkOrder, Scheme)
        .join(Scheme, col(Scheme.id) == col(WorkOrder.scheme_id))
        .where(may_see(person), col(WorkOrder.id) == work_order_id)
    )
    first = found.first()
    if first is None:
        raise UnknownWorkOrder
    work_order, scheme = first
    found_complaints = await session.execute(
        select(Complaint)
        .where(col(Complaint.work_order_id) == work_order_id)
        .order_by(col(Complaint.sent_at), col(Complaint.id))
    )
    complaints = found_complaints.scalars().all()
    ids = [complaint.id for complaint in complaints]
    replies = await session.execute(select(ReplyView).where(col(ReplyView.complaint_id).in_(ids)))
    steps = await session.execute(
        select(WorkOrderStep)
        .where(col(WorkOrderStep.work_order_id) == work_order_id)
        .order_by(col(WorkOrderStep.id))
    )
    return WorkOrderInFull(
        work_order=work_order,
        scheme=scheme,
        complaints=complaints,
        deadlines=await deadlines_of(session, ids),
        replies=replies.scalars().all(),
        steps=steps.scalars().all(),
    )


async def deadlines_of(
    session: AsyncSession, complaint_ids: Sequence[str]
) -> Sequence[DeadlineView]:
    """Round by round, the next due first."""
    found = await session.execute(
        select(DeadlineView)
        .where(col(DeadlineView.complaint_id).in_(complaint_ids))
        # Due together: what is to be resolved stands before its reply.
        .order_by(col(DeadlineView.round), col(DeadlineView.due_at), col(DeadlineView.stage).desc())
    )
    return found.scalars().all()


async def complaints_waiting(session: AsyncSession, county: str, limit: int) -> Sequence[Complaint]:
    """For a person to decide, the longest waiting first."""
    found = await session.execute(
        select(Complaint)
        .where(col(Complaint.county) == county, col(Complaint.state).in_(UNDECIDED))
        .order_by(col(Complaint.received_at))
        .limit(limit)
    )
    return found.scalars().all()


@dataclass(frozen=True, slots=True)
class CrewWithLoad:
    crew: Crew
    open_work_orders: int


async def crews_with_load(session: AsyncSession, county: str) -> Sequence[CrewWithLoad]:
    has_it = (col(WorkOrder.crew_id) == col(Crew.id)) & col(WorkOrder.state).in_(WITH_CREW)
    found = await session.execute(
        select(Crew, func.count(col(WorkOrder.id)))
        .join(WorkOrder, has_it, isouter=True)
        .where(col(Crew.county) == county)
        .group_by(col(Crew.id))
        .order_by(col(Crew.id))
    )
    return [CrewWithLoad(crew, load) for crew, load in found]


@dataclass(frozen=True, slots=True)
class HotspotOfScheme:
    hotspot: Hotspot
    scheme_name: str


async def hotspots(session: AsyncSession, county: str) -> Sequence[HotspotOfScheme]:
    """What nobody has seen yet first, then the newest."""
    found = await session.execute(
        select(Hotspot, col(Scheme.name))
        .join(Scheme, col(Scheme.id) == col(Hotspot.scheme_id))
        .where(col(Hotspot.county) == county)
        .order_by(col(Hotspot.seen_at).is_not(None), col(Hotspot.last_at).desc())
    )
    return [HotspotOfScheme(hotspot, name) for hotspot, name in found]
