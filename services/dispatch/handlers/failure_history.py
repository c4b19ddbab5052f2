"""Every repair feeds the failure history; what repeats is shown to the supervisor."""

from datetime import datetime

from sqlalchemy import ColumnElement, Interval, Table, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.models import Failure, Hotspot, WorkOrder
from services.dispatch.rules import hotspots
from shared.events.work_orders import FailureRepeated
from shared.sql import table_of
from shared.vocabulary import Component

from .context import Context

_failures, _hotspots = table_of(Failure), table_of(Hotspot)


def _there(table: Table) -> ColumnElement[bool]:
    return (table.c.scheme_id == bindparam("its_scheme")) & (
        table.c.component == bindparam("its_component")
    )


_NEWEST = select(func.max(_failures.c.failed_at)).where(_there(_failures)).scalar_subquery()
_HISTORY = select(_failures.c.failed_at, _failures.c.work_order_id).where(
    _there(_failures), _failures.c.failed_at >= _NEWEST - bindparam("window", type_=Interval)
)
"""The failures that can matter: within the window before the newest one."""
_NO_HOTSPOT = delete(_hotspots).where(_there(_hotspots))


class UnknownHotspot(LookupError):
    """No such hotspot in this county."""


async def record_failure(context: Context, work_order: WorkOrder) -> None:
    """A repaired work order is one failure of its component; after rework, of itself or by another
    work order, it may be another component's. The caller holds the scheme."""
    assert work_order.repaired_at is not None
    session = context.session
    fault_id = work_order.rework_of or work_order.id
    before = await session.get(Failure, fault_id)
    touched = {work_order.component, before.component if before else work_order.component}
    await session.merge(
        Failure(
            work_order_id=fault_id,
            county=work_order.county,
            scheme_id=work_order.scheme_id,
            component=work_order.component,
            failed_at=before.failed_at if before else work_order.first_sent_at,
            repaired_at=work_order.repaired_at,
        )
    )
    await session.flush()
    for component in sorted(touched):
        await _recount(context, work_order, component)


async def _recount(context: Context, work_order: WorkOrder, component: str) -> None:
    """Bring the hotspot of one component up to its history, and tell what is new."""
    window = context.policy.repeat_window
    scheme_id = work_order.scheme_id
    here = {"its_scheme": scheme_id, "its_component": component}
    history = await context.session.execute(_HISTORY, {**here, "window": window})
    repeat = hotspots.find_repeat([hotspots.Failure(*row) for row in history], window)
    if not repeat:
        await context.session.execute(_NO_HOTSPOT, here)
        return
    evidence = [failure.work_order_id for failure in repeat]
    known = await context.session.get(Hotspot, (scheme_id, component))
    if known is not None and known.work_order_ids == evidence:
        return
    await context.session.merge(
        Hotspot(
            scheme_id=scheme_id,
            component=component,
            county=work_order.county,
            failures=len(evidence),
            window_days=window.days,
            first_at=repeat[0].failed_at,
            last_at=repeat[-1].failed_at,
            work_order_ids=evidence,
            noticed_at=context.now,
        )
    )
    if work_order.id in evidence or work_order.rework_of in evidence:
        context.outbox.add(
            FailureRepeated(
                work_order_id=work_order.id,
                county=work_order.county,
                scheme_id=scheme_id,
                component=Component(component),
                failures=len(evidence),
                window_days=window.days,
                noticed_at=context.now,
            )
        )


async def see_hotspot(
    session: AsyncSession, county: str, scheme_id: str, component: str, who: str, now: datetime
) -> Hotspot:
    """Note that a supervisor has seen it as it is. Raises UnknownHotspot."""
    hotspot = await session.get(Hotspot, (scheme_id, component), with_for_update=True)
    if hotspot is None or hotspot.county != county:
        raise UnknownHotspot
    if hotspot.seen_at is None:
        hotspot.seen_by, hotspot.seen_at = who, now
    return hotspot
