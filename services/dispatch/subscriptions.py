"""Which handler gets which event."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.handlers.context import Context
from services.dispatch.handlers.on_complaints import (
    on_complaints_chased,
    on_complaints_decided,
    on_complaints_edited,
    on_complaints_received,
)
from services.dispatch.handlers.on_deadlines import on_deadlines_changed
from services.dispatch.handlers.on_replies import on_replies_changed
from services.dispatch.policy import Policy
from shared.bus.consumer import Handler
from shared.bus.outbox import Outbox
from shared.events.complaints import (
    ComplaintChased,
    ComplaintDecided,
    ComplaintEdited,
    ComplaintReceived,
)
from shared.events.event import Envelope, Event
from shared.events.replies import (
    DeadlineMet,
    DeadlineMissed,
    DeadlinesSet,
    DeadlineWarned,
    ReplyApproved,
    ReplyDelivered,
    ReplyDrafted,
    ReplyStuck,
    ResidentTold,
)

UseCase = Callable[[Context, Sequence[Envelope[Any]]], Awaitable[None]]


def handlers(policy: Policy) -> Mapping[type[Event], Handler]:
    """Events of one use case come to it together, so its handler is one object."""

    def of(use_case: UseCase) -> Handler:
        async def handle(
            session: AsyncSession,
            outbox: Outbox,
            events: Sequence[Envelope[Any]],
            now: datetime,
        ) -> None:
            context = Context(session, outbox, now, policy)
            await use_case(context, events)
            await context.flush()

        return handle

    on_deadlines, on_replies = of(on_deadlines_changed), of(on_replies_changed)
    return {
        ComplaintReceived: of(on_complaints_received),
        ComplaintDecided: of(on_complaints_decided),
        ComplaintEdited: of(on_complaints_edited),
        ComplaintChased: of(on_complaints_chased),
        DeadlinesSet: on_deadlines,
        DeadlineWarned: on_deadlines,
        DeadlineMissed: on_deadlines,
        DeadlineMet: on_deadlines,
        ReplyDrafted: on_replies,
        ReplyApproved: on_replies,
        ReplyStuck: on_replies,
        ReplyDelivered: on_replies,
        ResidentTold: on_replies,
    }
