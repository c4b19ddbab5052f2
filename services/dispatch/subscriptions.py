"""Which handler hears which event."""

from collections.abc import Mapping
from functools import partial

from services.dispatch.handlers.linking import on_complaints_received
from services.dispatch.handlers.on_deadlines import on_deadlines_changed
from services.dispatch.handlers.on_replies import on_replies_changed
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


def handlers(policy: Policy) -> Mapping[type[Event], Handler]:
    return {
        ComplaintReceived: partial(on_complaints_received, policy=policy),
        ComplaintDecided: partial(on_complaints_decided, policy=policy),
        ComplaintEdited: partial(on_complaints_edited, policy=policy),
        ComplaintChased: on_complaints_chased,
        DeadlinesSet: on_deadlines_changed,
        DeadlineWarned: on_deadlines_changed,
        DeadlineMissed: on_deadlines_changed,
        DeadlineMet: on_deadlines_changed,
        ReplyDrafted: on_replies_changed,
        ReplyApproved: on_replies_changed,
        ReplyStuck: on_replies_changed,
        ReplyDelivered: on_replies_changed,
        ResidentTold: on_replies_changed,
    }
