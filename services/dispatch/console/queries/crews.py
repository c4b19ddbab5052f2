"""Whom a work order can be given to, as somebody who chooses needs to see them."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.queries.tables import crew, work_order
from services.dispatch.models import WorkOrder

_IN_HAND = ("assigned", "accepted", "on_site")


@dataclass(frozen=True, slots=True)
class CrewChoice:
    id: str
    name: str
    open_orders: int
    capacity: int
    suits: bool
    """It covers the town and repairs this component; an office desk does whatever is its kind."""


async def read_crew_choices(session: AsyncSession, order: WorkOrder) -> tuple[CrewChoice, ...]:
    """Those that suit first, then those with the least to do."""
    in_hand = (
        select(func.count())
        .select_from(work_order)
        .where(work_order.c.crew_id == crew.c.id, work_order.c.state.in_(_IN_HAND))
        .scalar_subquery()
    )
    rows = await session.execute(
        select(crew, in_hand.label("open_orders")).where(
            crew.c.county == order.county, crew.c.active, crew.c.is_office == order.for_office
        )
    )
    choices = [
        CrewChoice(
            id=row.id,
            name=row.name,
            open_orders=row.open_orders,
            capacity=row.capacity,
            suits=row.is_office or (order.town in row.towns and order.component in row.skills),
        )
        for row in rows
    ]
    return tuple(sorted(choices, key=lambda one: (not one.suits, one.open_orders, one.name)))
