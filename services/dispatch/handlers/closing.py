"""A repaired work order closes by itself when everybody who complained has been answered."""

from collections.abc import Collection

from sqlalchemy import bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.models import Complaint, Outcome, ReplyView, WorkOrder
from services.dispatch.rules.work_order import State
from shared.sql import any_of, table_of

from .context import Context
from .locks import lock, lock_schemes

_complaints, _replies = table_of(Complaint), table_of(ReplyView)
_work_orders = table_of(WorkOrder)
_REPAIRED_FOR = select(_work_orders.c.id, _work_orders.c.scheme_id).where(
    _work_orders.c.id.in_(
        select(_complaints.c.work_order_id).where(_complaints.c.id == any_of("complaint_ids"))
    ),
    _work_orders.c.state == State.REPAIRED.value,
)
_DELIVERED = exists().where(
    _replies.c.complaint_id == _complaints.c.id, _replies.c.state == "delivered"
)
_SOMEBODY_WAITS = select(
    exists().where(_complaints.c.work_order_id == bindparam("its_id"), ~_DELIVERED)
)


async def close_answered(context: Context, complaint_ids: Collection[str]) -> None:
    """Close the repaired work orders of these complaints where nobody waits for an answer."""
    found = await context.session.execute(_REPAIRED_FOR, {"complaint_ids": list(complaint_ids)})
    scheme_of = dict(found.tuples().all())
    if not scheme_of:
        return
    await lock_schemes(context.session, set(scheme_of.values()))
    for work_order in (await lock(context.session, WorkOrder, scheme_of)).values():
        if work_order.state == State.REPAIRED and await is_answered(context.session, work_order.id):
            context.record([work_order.close(Outcome.REPAIRED, context.now)])


async def is_answered(session: AsyncSession, work_order_id: str) -> bool:
    """Whether the newest reply to every complaint of the work order has been delivered."""
    return not (await session.execute(_SOMEBODY_WAITS, {"its_id": work_order_id})).scalar_one()
