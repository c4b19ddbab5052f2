"""Which handler hears which event."""

from collections.abc import Mapping
from functools import partial

from services.dispatch.handlers.hearing_promises import on_promises_changed
from services.dispatch.handlers.hearing_replies import on_replies_changed
from services.dispatch.handlers.linking import on_complaints_received
from services.dispatch.handlers.redeciding import (
    on_complaints_chased,
    on_complaints_decided,
    on_complaints_edited,
)
from services.dispatch.policy import Policy
from shared.bus.consumer import Handler
from shared.events.complaints import (
    ComplaintChased,
    ComplaintDecided,
    ComplaintEdited,
    ComplaintReceived,
)
from shared.events.event import Event
from shared.events.replies import (
    PromiseKept,
    PromiseMissed,
    PromisesArmed,
    PromiseWarned,
    ReplyApproved,
    ReplyDelivered,
    ReplyDrafted,
    ReplyStuck,
    ResidentTold,
)


def handlers(policy: Policy) -> Mapping[type[Event], Handler]:
    return {
        ComplaintReceived: partial(on_complaints_received, policy=policy),
        ComplaintDecided: partial(on_complaints_decided, policy=policy),
        ComplaintEdited: partial(on_complaints_edited, policy=policy),
        ComplaintChased: on_complaints_chased,
        PromisesArmed: on_promises_changed,
        PromiseWarned: on_promises_changed,
        PromiseMissed: on_promises_changed,
        PromiseKept: on_promises_changed,
        ReplyDrafted: on_replies_changed,
        ReplyApproved: on_replies_changed,
        ReplyStuck: on_replies_changed,
        ReplyDelivered: on_replies_changed,
        ResidentTold: on_replies_changed,
    }
