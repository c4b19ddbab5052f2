"""Holding rows until the commit, in the order that handlers/__init__.py sets."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Table, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.dispatch.models import Crew, Scheme, WorkOrder
from services.dispatch.rules.work_order import WITH_CREW
from shared.batches import one_of

Row = dict[str, Any]
"""One row of a table, as Core reads and writes it."""

schemes: Table = Scheme.__table__  # type: ignore[attr-defined]
crews: Table = Crew.__table__  # type: ignore[attr-defined]
work_orders: Table = WorkOrder.__table__  # type: ignore[attr-defined]


async def hold_schemes(session: AsyncSession, scheme_ids: Collection[str]) -> dict[str, Row]:
    found = await session.execute(
        select(schemes)
        .where(schemes.c.id == one_of(scheme_ids))
        .order_by(schemes.c.id)
        .with_for_update(key_share=True)
    )
    return {row["id"]: dict(row) for row in found.mappings()}


async def hold_crews(session: AsyncSession, counties: Collection[str]) -> list[Row]:
    """The crews of these counties, with `open_in`: how many orders they are busy with, by town."""
    found = await session.execute(
        select(crews)
        .where(crews.c.county == one_of(counties))
        .order_by(crews.c.id)
        .with_for_update(key_share=True)
    )
    held = {row["id"]: {**row, "open_in": {}} for row in found.mappings()}
    # A statement of its own: it sees what the last holder of the rows has committed.
    columns = work_orders.c
    busy = await session.execute(
        select(columns.crew_id, columns.town, func.count())
        .where(columns.crew_id == one_of(held), columns.state.in_(WITH_CREW))
        .group_by(columns.crew_id, columns.town)
    )
    for crew_id, town, orders in busy:
        held[crew_id]["open_in"][town] = orders
    return list(held.values())


async def hold_work_orders(session: AsyncSession, order_ids: Iterable[str]) -> dict[str, Row]:
    found = await session.execute(
        select(work_orders)
        .where(work_orders.c.id == one_of(set(order_ids)))
        .order_by(work_orders.c.id)
        .with_for_update(key_share=True)
    )
    return {row["id"]: dict(row) for row in found.mappings()}
