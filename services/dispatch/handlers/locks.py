"""Locking rows until the commit: by everybody in this order, and within a table by id.

1. `scheme`: whoever opens a work order for a fault that may be felt in all its villages, or closes,
   repairs or merges one.
2. `scheme_village`: whoever opens a work order for a fault that others of the village may report.
   So one fault never gets two work orders. Linking to an open one locks neither.
3. `work_order`: whoever changes it. What was read of it before is compared again under the lock.
4. `complaint`: whoever changes one that stands there already.
5. `crew`: whoever gives it a work order, for as long as its capacity is checked and the rest of
   the transaction takes.

Where two transactions still lock each other out, PostgreSQL ends one, and it runs again:
Database.in_transaction over HTTP, the consumer for events.
"""

from collections.abc import Collection
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from sqlmodel import col

from services.dispatch.models import Complaint, Crew, Scheme, SchemeVillage, WorkOrder
from shared.sql import any_of

M = TypeVar("M", WorkOrder, Complaint, Crew)


def locked(statement: Select[Any]) -> Select[Any]:
    """As rows are now, whatever the session read of them before."""
    return statement.with_for_update(key_share=True).execution_options(populate_existing=True)


def _with_ids(statement: Select[Any], key: Mapped[str]) -> Select[Any]:
    return locked(statement.where(key == any_of("ids")).order_by(key))


_SCHEMES = _with_ids(select(col(Scheme.id)), col(Scheme.id))
_VILLAGES = _with_ids(select(col(SchemeVillage.village_code)), col(SchemeVillage.village_code))
_BY_ID: dict[type[Any], Select[Any]] = {
    model: _with_ids(select(model), col(model.id)) for model in (WorkOrder, Complaint, Crew)
}


async def lock_schemes(session: AsyncSession, scheme_ids: Collection[str]) -> None:
    if scheme_ids:
        await session.execute(_SCHEMES, {"ids": list(scheme_ids)})


async def lock_villages(session: AsyncSession, codes: Collection[str | None]) -> None:
    if codes:
        await session.execute(_VILLAGES, {"ids": list(codes)})


async def lock(session: AsyncSession, model: type[M], ids: Collection[str]) -> dict[str, M]:
    """The rows with these ids, by id; unknown ids are left out."""
    if not ids:
        return {}
    found = await session.execute(_BY_ID[model], {"ids": list(ids)})
    return {row.id: row for row in found.scalars()}
