"""When may a platform be asked for more time?

Source: the 12345 regulations of several cities (for example 济南市12345市民服务热线条例) agree that
an extension is asked for before the limit passes and that the resident is told. How often one may
ask differs by city: the policy says so. The old limit counts until the platform agrees.

No stage is due after a later one: a platform that grants time for one stage alone grants it up to
the next stage's limit; where it sets one limit for the whole ticket, the later stages move along.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .calendar import SHANGHAI
from .delivery import ATTEMPT_IN, Attempt, ReplyState
from .escalation import WAITING, Standing, is_past
from .objections import Objection


class ExtensionState(StrEnum):
    """A request for more time, from the person who asks to the platform's answer."""

    BY_HAND = "by_hand"
    """No machine asks this platform: a person does, and enters the answer."""
    TO_SEND = "to_send"
    SENDING = "sending"
    """Being sent, or nobody knows whether it arrived."""
    ASKED = "asked"
    """The platform has it, and has not answered."""
    STUCK = "stuck"
    """Refused, or its arrival cannot be proven: a person asks in another way."""
    GRANTED = "granted"
    DECLINED = "declined"


UNANSWERED = frozenset(ExtensionState) - {ExtensionState.GRANTED, ExtensionState.DECLINED}
_AS_REPLY: Mapping[ExtensionState, ReplyState] = {
    ExtensionState.TO_SEND: ReplyState.APPROVED,
    ExtensionState.SENDING: ReplyState.SENDING,
    ExtensionState.ASKED: ReplyState.AWAITING_RECEIPT,
    ExtensionState.STUCK: ReplyState.STUCK,
}
"""It is sent as replies are (delivery.py), and its answer is the receipt."""
STATE_OF: Mapping[ReplyState, ExtensionState] = {
    sent_as: state for state, sent_as in _AS_REPLY.items()
}
ATTEMPT_OF: Mapping[ExtensionState, Attempt] = {
    state: ATTEMPT_IN[sent_as] for state, sent_as in _AS_REPLY.items() if sent_as in ATTEMPT_IN
}


class ResidentNews(StrEnum):
    """Whether the resident knows of the new limit."""

    NONE = "none"
    """There is nothing to tell."""
    TO_TELL = "to_tell"
    BEING_TOLD = "being_told"
    BY_HAND = "by_hand"
    """A person phones: it stands on the call sheet."""
    TOLD = "told"


def notice(due_at: datetime, service_phone: str | None) -> str:
    """What a resident is told of a new limit."""
    by = due_at.astimezone(SHANGHAI)
    phone = f"咨询电话：{service_phone}。" if service_phone else ""
    return (
        f"您好！您反映的问题正在处理，因故需要更多时间，我们将在{by.month}月{by.day}日"
        f"{by:%H:%M}前处理并答复。给您带来不便，请谅解。{phone}"
    )


@dataclass(frozen=True, slots=True)
class Extensible:
    """What the decision depends on of one deadline."""

    standing: Standing
    due_at: datetime
    asked_until: datetime | None
    """The new limit asked for and not answered yet."""
    granted: int
    allowed: int
    next_stage_due_at: datetime | None = None
    """None: no stage comes after it, or the platform sets one limit for the whole ticket."""


@dataclass(frozen=True, slots=True)
class ExtensionRequest:
    new_due_at: datetime
    reason: str
    asked_at: datetime


Rule = Callable[[Extensible, ExtensionRequest], Objection | None]


def the_deadline_still_waits(deadline: Extensible, _: ExtensionRequest) -> Objection | None:
    return None if deadline.standing in WAITING else Objection.DEADLINE_ENDED


def it_is_asked_before_the_limit_passes(
    deadline: Extensible, request: ExtensionRequest
) -> Objection | None:
    return Objection.EXPIRED if is_past(deadline.due_at, request.asked_at) else None


def no_other_request_is_unanswered(deadline: Extensible, _: ExtensionRequest) -> Objection | None:
    return Objection.ASKED_ALREADY if deadline.asked_until is not None else None


def the_policy_allows_another(deadline: Extensible, _: ExtensionRequest) -> Objection | None:
    return Objection.USED_UP if deadline.granted >= deadline.allowed else None


def the_new_limit_is_later(deadline: Extensible, request: ExtensionRequest) -> Objection | None:
    return Objection.NOT_LATER if request.new_due_at <= deadline.due_at else None


def no_later_stage_is_due_before(
    deadline: Extensible, request: ExtensionRequest
) -> Objection | None:
    limit = deadline.next_stage_due_at
    later = limit is not None and request.new_due_at > limit
    return Objection.AFTER_NEXT_STAGE if later else None


def a_reason_is_given(_: Extensible, request: ExtensionRequest) -> Objection | None:
    return None if request.reason.strip() else Objection.NO_REASON


EXTENSION_RULES: tuple[Rule, ...] = (
    the_deadline_still_waits,
    it_is_asked_before_the_limit_passes,
    no_other_request_is_unanswered,
    the_policy_allows_another,
    the_new_limit_is_later,
    no_later_stage_is_due_before,
    a_reason_is_given,
)


def first_objection(deadline: Extensible, request: ExtensionRequest) -> Objection | None:
    """The first rule against asking, or None where the platform may be asked."""
    return next((why for rule in EXTENSION_RULES if (why := rule(deadline, request))), None)
