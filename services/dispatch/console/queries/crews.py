"""Whom a work order can be given to, as somebody who chooses needs to see them."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.console.queries.tables import crew
from services.dispatch.console.queries.tables import work_order as work_order_table
from services.dispatch.models import WorkOrder
from services.dispatch.rules.work_order import WITH_CREW


@dataclass(frozen=True, slots=True)
class CrewChoice:
    id: str
    name: str
    open_work_orders: int
    capacity: int
    suits: bool
    """It covers the town and repairs this component; an office desk does whatever is its kind."""


async def read_crew_choices(session: AsyncSession, work_order: WorkOrder) -> tuple[CrewChoice, ...]:
    """Those that suit first, then those with the least to do."""
    in_hand = (
        select(func.count())
        .select_from(work_order_table)
        .where(work_order_table.c.crew_id == crew.c.id, work_order_table.c.state.in_(WITH_CREW))
        .scalar_subquery()
    )
    rows = await session.execute(
        select(crew, in_hand.label("open_work_orders")).where(
            crew.c.county == work_order.county,
            crew.c.active,
            crew.c.is_office == work_order.for_office,
        )
    )
    choices = [
        CrewChoice(
            id=row.id,
            name=row.name,
            open_work_orders=row.open_work_orders,
            capacity=row.capacity,
            suits=row.is_office
            or (work_order.town in row.towns and work_order.component in row.skills),
        )
        for row in rows
    ]
    return tuple(sorted(choices, key=lambda one: (not one.suits, one.open_work_orders, one.name)))


async def read_crew_names(session: AsyncSession, county: str) -> Mapping[str, str]:
    """By id, for a choice among all."""
    rows = await session.execute(
        select(crew.c.id, crew.c.name).where(crew.c.county == county).order_by(crew.c.name)
    )
    return {row.id: row.name for row in rows}
