"""Every repair feeds the failure history; what repeats is shown to the supervisor."""

from datetime import datetime, timedelta

from sqlalchemy import Table, bindparam, delete, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.dispatch.models import Failure, Hotspot
from services.dispatch.rules import repeats
from shared.bus.outbox import Outbox
from shared.events.work_orders import FailureRepeated
from shared.sql import row_written

from .locks import Row

_failures: Table = Failure.__table__  # type: ignore[attr-defined]
_hotspots: Table = Hotspot.__table__  # type: ignore[attr-defined]


_FAILURE_WRITTEN = row_written(_failures, "work_order_id")
_HOTSPOT_WRITTEN = row_written(_hotspots, "scheme_id", "component")
_FAILED_THERE = (_failures.c.scheme_id == bindparam("its_scheme")) & (
    _failures.c.component == bindparam("its_component")
)
_NEWEST = (
    select(_failures.c.failed_at)
    .where(_FAILED_THERE)
    .order_by(_failures.c.failed_at.desc())
    .limit(1)
)
_SINCE = select(_failures.c.work_order_id, _failures.c.failed_at).where(
    _FAILED_THERE, _failures.c.failed_at >= bindparam("since")
)
_HOTSPOT_THERE = (_hotspots.c.scheme_id == bindparam("its_scheme")) & (
    _hotspots.c.component == bindparam("its_component")
)
_HOTSPOT = select(_hotspots).where(_HOTSPOT_THERE)
_NO_HOTSPOT = delete(_hotspots).where(_HOTSPOT_THERE)


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
        "work_order_id": order["id"],
        "county": order["county"],
        "scheme_id": order["scheme_id"],
        "component": order["component"],
        "failed_at": order["first_said_at"],
        "repaired_at": order["repaired_at"],
    }
    await session.execute(_FAILURE_WRITTEN, failure)
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
    here = {"its_scheme": order["scheme_id"], "its_component": component}
    known = (await session.execute(_HOTSPOT, here)).mappings().first()
    if repeat is None:
        await session.execute(_NO_HOTSPOT, here)
        return
    evidence = [failure.work_order_id for failure in repeat.failures]
    if known is not None and known["work_order_ids"] == evidence:
        return
    await session.execute(
        _HOTSPOT_WRITTEN,
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
    there = {"its_scheme": scheme_id, "its_component": component}
    newest = (await session.execute(_NEWEST, there)).scalar()
    if newest is None:
        return []
    found = await session.execute(_SINCE, {**there, "since": newest - window})
    return [repeats.Failure(work_order_id, failed_at) for work_order_id, failed_at in found]


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
