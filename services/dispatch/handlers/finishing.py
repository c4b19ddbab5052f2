"""How a work order ends, by a person or by itself."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Table, bindparam, exists, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.dispatch.models import Complaint, ReplyView
from services.dispatch.rules.work_order import State
from shared.bus.outbox import Outbox
from shared.events.work_orders import WorkOrderClosed
from shared.sql import any_of

from .locks import Row, hold_schemes, hold_work_orders, work_orders
from .timeline import What, step, write_steps

_complaints: Table = Complaint.__table__  # type: ignore[attr-defined]
_replies: Table = ReplyView.__table__  # type: ignore[attr-defined]
_REPAIRED_FOR = select(work_orders.c.id, work_orders.c.scheme_id).where(
    work_orders.c.id.in_(
        select(_complaints.c.work_order_id).where(_complaints.c.id == any_of("complaint_ids"))
    ),
    work_orders.c.state == State.REPAIRED.value,
)
_DELIVERED = exists().where(
    _replies.c.complaint_id == _complaints.c.id, _replies.c.state == "delivered"
)
_SOMEBODY_WAITS = select(
    exists().where(_complaints.c.work_order_id == bindparam("order_id"), ~_DELIVERED)
)


class Outcome(StrEnum):
    REPAIRED = "repaired"
    NOTHING_FOUND = "nothing_found"
    MERGED = "merged"


async def end(
    session: AsyncSession,
    outbox: Outbox,
    order: Row,
    outcome: Outcome,
    now: datetime,
    *,
    who: str | None = None,
    note: str = "",
    merged_into: str | None = None,
) -> None:
    """Close a work order whose row (and scheme) the caller holds."""
    ended = {
        "state": State.CLOSED.value,
        "version": order["version"] + 1,
        "closed_at": now,
        "outcome": outcome.value,
        "merged_into": merged_into,
    }
    order.update(ended)
    await session.execute(update(work_orders).where(work_orders.c.id == order["id"]).values(ended))
    details = {"outcome": outcome.value, "note": note, "merged_into": merged_into}
    told = {name: value for name, value in details.items() if value}
    await write_steps(session, [step(order["id"], now, What.CLOSED, who, **told)])
    outbox.add(
        WorkOrderClosed(
            work_order_id=order["id"],
            county=order["county"],
            closed_at=now,
            outcome=outcome.value,
            merged_into=merged_into,
        )
    )


async def close_answered(
    session: AsyncSession, outbox: Outbox, complaint_ids: Collection[str], now: datetime
) -> None:
    """Close the repaired orders of these complaints where nobody waits for an answer any more."""
    named = await session.execute(_REPAIRED_FOR, {"complaint_ids": list(complaint_ids)})
    scheme_of = dict(named.tuples().all())
    if not scheme_of:
        return
    await hold_schemes(session, set(scheme_of.values()))
    for order in (await hold_work_orders(session, scheme_of)).values():
        if order["state"] == State.REPAIRED and await is_answered(session, order["id"]):
            await end(session, outbox, order, Outcome.REPAIRED, now)


async def is_answered(session: AsyncSession, order_id: str) -> bool:
    """Whether the newest answer to every complaint of the order has been delivered."""
    return not (await session.execute(_SOMEBODY_WAITS, {"order_id": order_id})).scalar_one()
