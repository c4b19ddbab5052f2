"""Holding rows until the commit, in the order that handlers/__init__.py sets."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Table, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.dispatch.models import Crew, Scheme, WorkOrder
from services.dispatch.rules.work_order import WITH_CREW

Row = dict[str, Any]
"""One row of a table, as Core reads and writes it."""

schemes: Table = Scheme.__table__  # type: ignore[attr-defined]
crews: Table = Crew.__table__  # type: ignore[attr-defined]
work_orders: Table = WorkOrder.__table__  # type: ignore[attr-defined]


async def hold_schemes(session: AsyncSession, scheme_ids: Collection[str]) -> dict[str, Row]:
    found = await session.execute(
        select(schemes)
        .where(schemes.c.id.in_(scheme_ids))
        .order_by(schemes.c.id)
        .with_for_update(key_share=True)
    )
    return {row["id"]: dict(row) for row in found.mappings()}


async def hold_crews(session: AsyncSession, counties: Collection[str]) -> list[Row]:
    """The crews of these counties, with `open`: a list of (order id, town) they are busy with."""
    found = await session.execute(
        select(crews)
        .where(crews.c.county.in_(counties))
        .order_by(crews.c.id)
        .with_for_update(key_share=True)
    )
    held = {row["id"]: {**row, "open": []} for row in found.mappings()}
    # A statement of its own: it sees what the last holder of the rows has committed.
    busy = await session.execute(
        select(work_orders.c.crew_id, work_orders.c.id, work_orders.c.town).where(
            work_orders.c.crew_id.in_(held), work_orders.c.state.in_(WITH_CREW)
        )
    )
    for crew_id, order_id, town in busy:
        held[crew_id]["open"].append((order_id, town))
    return list(held.values())


async def hold_work_orders(session: AsyncSession, order_ids: Iterable[str]) -> dict[str, Row]:
    found = await session.execute(
        select(work_orders)
        .where(work_orders.c.id.in_(set(order_ids)))
        .order_by(work_orders.c.id)
        .with_for_update(key_share=True)
    )
    return {row["id"]: dict(row) for row in found.mappings()}
