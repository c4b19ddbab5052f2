"""Which handler gets which event."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, get_args

from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.handlers.context import Context
from services.dispatch.handlers.on_call_backs import on_call_backs_changed
from services.dispatch.handlers.on_complaints import (
    on_complaints_chased,
    on_complaints_decided,
    on_complaints_edited,
    on_complaints_received,
)
from services.dispatch.handlers.on_deadlines import DeadlineNews, on_deadlines_changed
from services.dispatch.handlers.on_extensions import on_extensions_changed
from services.dispatch.handlers.on_replies import on_replies_changed
from services.dispatch.models.read_models import ReplyNews
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
from shared.events.replies import CallBackChanged, ExtensionChanged

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

    return {
        ComplaintReceived: of(on_complaints_received),
        ComplaintDecided: of(on_complaints_decided),
        ComplaintEdited: of(on_complaints_edited),
        ComplaintChased: of(on_complaints_chased),
        **dict.fromkeys(get_args(DeadlineNews), of(on_deadlines_changed)),
        CallBackChanged: of(on_call_backs_changed),
        ExtensionChanged: of(on_extensions_changed),
        **dict.fromkeys(get_args(ReplyNews), of(on_replies_changed)),
    }
