"""Holding rows until the commit, in the order that handlers/__init__.py sets."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Select, Table, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.dispatch.models import Crew, Scheme, WorkOrder
from services.dispatch.rules.work_order import WITH_CREW
from shared.sql import any_of

Row = dict[str, Any]
"""One row of a table, as Core reads and writes it."""

schemes: Table = Scheme.__table__  # type: ignore[attr-defined]
crews: Table = Crew.__table__  # type: ignore[attr-defined]
work_orders: Table = WorkOrder.__table__  # type: ignore[attr-defined]


def _held(table: Table, key: str) -> Select[Any]:
    return (
        select(table)
        .where(table.c[key] == any_of("keys"))
        .order_by(table.c.id)
        .with_for_update(key_share=True)
    )


_SCHEMES = _held(schemes, "id")
_CREWS = _held(crews, "county")
_WORK_ORDERS = _held(work_orders, "id")
_BUSY = (
    select(work_orders.c.crew_id, work_orders.c.town, func.count())
    .where(work_orders.c.crew_id == any_of("crew_ids"), work_orders.c.state.in_(WITH_CREW))
    .group_by(work_orders.c.crew_id, work_orders.c.town)
)


async def hold_schemes(session: AsyncSession, scheme_ids: Collection[str]) -> dict[str, Row]:
    found = await session.execute(_SCHEMES, {"keys": list(scheme_ids)})
    return {row["id"]: dict(row) for row in found.mappings()}


async def hold_crews(session: AsyncSession, counties: Collection[str]) -> list[Row]:
    """The crews of these counties, with `open_in`: how many orders they are busy with, by town."""
    found = await session.execute(_CREWS, {"keys": list(counties)})
    held = {row["id"]: {**row, "open_in": {}} for row in found.mappings()}
    # A statement of its own: it sees what the last holder of the rows has committed.
    busy = await session.execute(_BUSY, {"crew_ids": list(held)})
    for crew_id, town, orders in busy:
        held[crew_id]["open_in"][town] = orders
    return list(held.values())


async def hold_work_orders(session: AsyncSession, order_ids: Iterable[str]) -> dict[str, Row]:
    found = await session.execute(_WORK_ORDERS, {"keys": list(set(order_ids))})
    return {row["id"]: dict(row) for row in found.mappings()}
