"""Every repair feeds the failure history; what repeats is shown to the supervisor."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.dispatch.models import Failure, Hotspot
from services.dispatch.rules import repeats
from shared.bus.outbox import Outbox
from shared.events.work_orders import FailureRepeated

from .locks import Row

_failures: Table = Failure.__table__  # type: ignore[attr-defined]
_hotspots: Table = Hotspot.__table__  # type: ignore[attr-defined]


class UnknownHotspot(LookupError):
    """No such hotspot in this county."""


async def record_failure(
    session: AsyncSession, outbox: Outbox, order: Row, now: datetime, window: timedelta
) -> None:
    """A repaired order is one failure of its component; after rework it may be another component's.
    The caller holds the scheme."""
    earlier = await session.execute(
        select(_failures.c.component).where(_failures.c.work_order_id == order["id"])
    )
    touched = {*earlier.scalars(), order["component"]}
    failure = {
        "county": order["county"],
        "scheme_id": order["scheme_id"],
        "component": order["component"],
        "failed_at": order["first_said_at"],
        "repaired_at": order["repaired_at"],
    }
    statement = insert(_failures).values(work_order_id=order["id"], **failure)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["work_order_id"], set_=failure)
    )
    for component in sorted(touched):
        await _recount(session, outbox, order, component, now, window)


async def _recount(
    session: AsyncSession,
    outbox: Outbox,
    order: Row,
    component: str,
    now: datetime,
    window: timedelta,
) -> None:
    """Bring the hotspot of one component up to its history, and tell what is new."""
    repeat = repeats.find_repeat(
        await _history(session, order["scheme_id"], component, window), window
    )
    here = (_hotspots.c.scheme_id == order["scheme_id"]) & (_hotspots.c.component == component)
    known = (await session.execute(select(_hotspots).where(here))).mappings().first()
    if repeat is None:
        await session.execute(delete(_hotspots).where(here))
        return
    evidence = [failure.work_order_id for failure in repeat.failures]
    if known is not None and known["work_order_ids"] == evidence:
        return
    await _write_hotspot(
        session,
        {
            "scheme_id": order["scheme_id"],
            "component": component,
            "county": order["county"],
            "failures": len(evidence),
            "window_days": window.days,
            "first_at": repeat.failures[0].failed_at,
            "last_at": repeat.failures[-1].failed_at,
            "work_order_ids": evidence,
            "noticed_at": now,
            "seen_by": None,
            "seen_at": None,
        },
    )
    if order["id"] in evidence:
        outbox.add(
            FailureRepeated(
                work_order_id=order["id"],
                county=order["county"],
                scheme_id=order["scheme_id"],
                component=component,
                failures=len(evidence),
                window_days=window.days,
                noticed_at=now,
            )
        )


async def _history(
    session: AsyncSession, scheme_id: str, component: str, window: timedelta
) -> list[repeats.Failure]:
    """The failures that can matter: within the window before the newest one."""
    columns = _failures.c
    of_it = (columns.scheme_id == scheme_id) & (columns.component == component)
    newest = (
        await session.execute(
            select(columns.failed_at).where(of_it).order_by(columns.failed_at.desc()).limit(1)
        )
    ).scalar()
    if newest is None:
        return []
    found = await session.execute(
        select(columns.work_order_id, columns.failed_at).where(
            of_it, columns.failed_at >= newest - window
        )
    )
    return [repeats.Failure(work_order_id, failed_at) for work_order_id, failed_at in found]


async def _write_hotspot(session: AsyncSession, row: Mapping[str, Any]) -> None:
    key = ("scheme_id", "component")
    changed = {name: value for name, value in row.items() if name not in key}
    statement = insert(_hotspots).values(**row)
    await session.execute(statement.on_conflict_do_update(index_elements=key, set_=changed))


async def see_hotspot(
    session: AsyncSession, county: str, scheme_id: str, component: str, who: str, now: datetime
) -> None:
    """Note that a supervisor has seen it as it is. Raises UnknownHotspot."""
    found = await session.execute(
        select(Hotspot)
        .where(
            col(Hotspot.county) == county,
            col(Hotspot.scheme_id) == scheme_id,
            col(Hotspot.component) == component,
        )
        .with_for_update()
    )
    hotspot = found.scalar_one_or_none()
    if hotspot is None:
        raise UnknownHotspot
    if hotspot.seen_at is None:
        hotspot.seen_by, hotspot.seen_at = who, now
