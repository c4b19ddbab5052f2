"""Which handler gets which event.

A batch is handled as a whole: the complaints it touches are locked in one statement, every handler
writes what its events tell, and what follows is decided once, at the end.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.bus.batching import grouped_by_handler
from shared.bus.consumer import Handler
from shared.bus.outbox import Outbox
from shared.events import complaints, work_orders
from shared.events.event import Envelope, Event
from shared.events.work_orders import ComplaintsLinked

from .context import Context, ReplyConfig, open_context
from .handlers.call_backs import on_complaints_evaluated
from .handlers.on_complaints import (
    on_complaints_chased,
    on_complaints_decided,
    on_complaints_edited,
    on_complaints_received,
)
from .handlers.on_work_orders import on_work_orders_changed
from .handlers.reconcile import reconcile
from .loading import lock_complaints

OfComplaints = Callable[[Context, Sequence[Envelope[Any]]], Awaitable[Collection[str]]]

_OF_COMPLAINTS: Mapping[type[Event], OfComplaints] = {
    complaints.ComplaintReceived: on_complaints_received,
    complaints.ComplaintDecided: on_complaints_decided,
    complaints.ComplaintEdited: on_complaints_edited,
    complaints.ComplaintChased: on_complaints_chased,
    complaints.ComplaintEvaluated: on_complaints_evaluated,
}
_OF_WORK_ORDERS: tuple[type[Event], ...] = (
    work_orders.WorkOrderOpened,
    work_orders.ComplaintsLinked,
    work_orders.CrewAssigned,
    work_orders.CrewArrived,
    work_orders.RepairExpected,
    work_orders.WorkOrderRepaired,
    work_orders.WorkOrderClosed,
)

_CONCERN_COMPLAINTS = (
    work_orders.CrewArrived,
    work_orders.RepairExpected,
    work_orders.WorkOrderRepaired,
    work_orders.WorkOrderClosed,
)
"""Events that something may follow from for the complaints linked before."""
_NAMED_IN_DRAFTS = (work_orders.WorkOrderOpened, work_orders.CrewAssigned)
"""Scheme and crew are named in drafts, and there is no draft before the repair. A crew that is
sent again withdraws the draft that nothing was found."""


def handlers(config: ReplyConfig) -> Mapping[type[Event], Handler]:
    async def on_events(
        session: AsyncSession, outbox: Outbox, events: Sequence[Envelope[Any]], now: datetime
    ) -> None:
        await handle_batch(await open_context(config, session, outbox, now), events)

    return dict.fromkeys((*_OF_COMPLAINTS, *_OF_WORK_ORDERS), on_events)


async def handle_batch(context: Context, events: Sequence[Envelope[Any]]) -> None:
    """Raises UnknownComplaint where one was decided, edited or chased that was never received."""
    of_complaints = [event for event in events if type(event.data) in _OF_COMPLAINTS]
    of_work_orders = [event for event in events if type(event.data) in _OF_WORK_ORDERS]
    linked_before = await lock_complaints(
        context.session,
        complaint_ids={event.data.complaint_id for event in of_complaints}.union(
            *(
                event.data.complaint_ids
                for event in of_work_orders
                if isinstance(event.data, ComplaintsLinked)
            )
        ),
        work_order_ids=_work_orders(of_work_orders, _CONCERN_COMPLAINTS),
        if_answerable=_work_orders(of_work_orders, _NAMED_IN_DRAFTS),
    )
    causes: dict[str, str | None] = {}
    for handle, group in grouped_by_handler(of_complaints, _OF_COMPLAINTS):
        causes.update(dict.fromkeys(await handle(context, group)))
    if of_work_orders:
        causes.update(await on_work_orders_changed(context, of_work_orders, linked_before))
    await reconcile(context, causes)


def _work_orders(events: Sequence[Envelope[Any]], types: tuple[type[Event], ...]) -> set[str]:
    return {each.data.work_order_id for each in events if type(each.data) in types}
