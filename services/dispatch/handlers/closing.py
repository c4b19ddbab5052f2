"""A repaired work order closes by itself when everybody who complained has been answered; a person
who closes one is told what is still owed."""

from collections.abc import Collection

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.models import (
    CallBackView,
    Complaint,
    DeadlineView,
    Outcome,
    ReplyView,
    WorkOrder,
)
from services.dispatch.rules.work_order import State, Unanswered
from shared.sql import any_of, table_of

from .context import Context
from .locks import lock, lock_schemes

_complaints, _replies = table_of(Complaint), table_of(ReplyView)
_call_backs = table_of(CallBackView)
_work_orders, _deadlines = table_of(WorkOrder), table_of(DeadlineView)
_REPAIRED_FOR = select(_work_orders.c.id, _work_orders.c.scheme_id).where(
    _work_orders.c.id.in_(
        select(_complaints.c.work_order_id).where(_complaints.c.id == any_of("complaint_ids"))
    ),
    _work_orders.c.state == State.REPAIRED.value,
)
_CONTESTED = exists().where(
    _call_backs.c.complaint_id == _replies.c.complaint_id,
    _call_backs.c.version == _replies.c.version,
    _call_backs.c.satisfied.is_(False),
)
"""The resident says that it is not solved: another answer is owed."""
_DELIVERED = exists().where(
    _replies.c.complaint_id == _complaints.c.id,
    _replies.c.state == "delivered",
    _replies.c.kind != "interim",
    ~_CONTESTED,
)
_WAITS = (_complaints.c.work_order_id == bindparam("its_id")) & ~_DELIVERED
_ANSWERED_FOR_GOOD = _DELIVERED.where(_replies.c.solved | (_replies.c.kind == "return"))
_SOMEBODY_WAITS = select(
    exists().where(_complaints.c.work_order_id == bindparam("its_id"), ~_ANSWERED_FOR_GOOD)
)
_UNANSWERED = select(
    select(func.count()).select_from(_complaints).where(_WAITS).scalar_subquery(),
    select(func.count())
    .select_from(_deadlines.join(_complaints, _complaints.c.id == _deadlines.c.complaint_id))
    .where(
        _complaints.c.work_order_id == bindparam("its_id"),
        _deadlines.c.state.in_(("open", "warned", "missed")),
        _deadlines.c.met_at.is_(None),
    )
    .scalar_subquery(),
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
    """Whether the newest reply to every complaint of the work order has been delivered, and says
    more than that it is not solved yet."""
    return not (await session.execute(_SOMEBODY_WAITS, {"its_id": work_order_id})).scalar_one()


async def unanswered(session: AsyncSession, work_order_id: str) -> Unanswered:
    """What is still owed to its complaints, as reply has told by now."""
    return Unanswered(*(await session.execute(_UNANSWERED, {"its_id": work_order_id})).one())
