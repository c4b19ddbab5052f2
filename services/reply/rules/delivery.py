"""What becomes of a reply after one attempt to deliver it, or to find out whether it arrived.

A reply is sent at most once for each version. So after an attempt whose result is unknown the reply
is looked for until it surely is not there; where a platform shows nothing, a person decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.pace import Pace


class ReplyState(StrEnum):
    """See services/reply/README.md for who moves a reply from one to the next."""

    DRAFT = "draft"
    APPROVED = "approved"
    """To be sent, again or for the first time."""
    SENDING = "sending"
    """Being sent, or nobody knows whether it arrived: it is looked for before it is sent again."""
    AWAITING_RECEIPT = "awaiting_receipt"
    """The platform took it and will show it later."""
    DELIVERED = "delivered"
    STUCK = "stuck"
    SUPERSEDED = "superseded"
    """A newer version replaces it."""


class Attempt(StrEnum):
    """What is tried."""

    SEND = "send"
    LOOK_WHETHER_IT_ARRIVED = "look_whether_it_arrived"
    """The sender died, or the platform did not answer it."""
    LOOK_FOR_RECEIPT = "look_for_receipt"
    """The platform has taken it and will show it."""


ATTEMPT_IN: Mapping[ReplyState, Attempt] = {
    ReplyState.APPROVED: Attempt.SEND,
    ReplyState.SENDING: Attempt.LOOK_WHETHER_IT_ARRIVED,
    ReplyState.AWAITING_RECEIPT: Attempt.LOOK_FOR_RECEIPT,
}
"""What is due in which state; in any other nothing is."""
_STATE_BEFORE = {attempt: state for state, attempt in ATTEMPT_IN.items()}


class AttemptResult(StrEnum):
    RECEIPT = "receipt"
    TAKEN = "taken"
    """Sent and taken; the receipt comes later."""
    NOT_SHOWN = "not_shown"
    UNAVAILABLE = "unavailable"
    """Surely not done; later."""
    AMBIGUOUS = "ambiguous"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    """Surely not done, and the platform reaches this resident no more."""
    CANNOT_LOOK = "cannot_look"


class StuckReason(StrEnum):
    REFUSED = "refused"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt and its result."""

    attempt: Attempt
    result: AttemptResult
    number: int
    """How many attempts there were, with this one."""
    sent_at: datetime
    """When the last sending began."""
    asked_for: timedelta | None = None
    """The pause the platform wants, where it said so."""
    other_way: bool = False
    """Whether a text message is left where the platform does not reach the resident."""


@dataclass(frozen=True, slots=True)
class LookUp:
    """What the platform shows of a reply it has taken."""

    can_look: bool
    appears_within: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Step:
    state: ReplyState
    at: datetime | None = None
    """When the next attempt is due; None: there is none."""
    stuck: StuckReason | None = None
    by_sms: bool = False
    """It goes as a text message from now on."""
    by_hand: bool = False
    """A person phones it: it stands on the call sheet."""


def next_step(tried: Tried, look_up: LookUp, pace: Pace, now: datetime) -> Step:
    """Where the reply goes from here."""
    later = now + pace.wait_after(tried.number, tried.asked_for)
    unchanged = _STATE_BEFORE[tried.attempt]
    match tried.result:
        case AttemptResult.RECEIPT:
            return Step(ReplyState.DELIVERED)
        case AttemptResult.REFUSED:
            return Step(ReplyState.STUCK, stuck=StuckReason.REFUSED)
        case AttemptResult.UNREACHABLE if tried.other_way:
            return Step(ReplyState.APPROVED, now, by_sms=True)
        case AttemptResult.UNREACHABLE:
            return Step(ReplyState.APPROVED, by_hand=True)
        case AttemptResult.CANNOT_LOOK:
            return Step(ReplyState.STUCK, stuck=StuckReason.UNCONFIRMED)
        case AttemptResult.TAKEN:
            return Step(ReplyState.AWAITING_RECEIPT, later)
        case AttemptResult.AMBIGUOUS if not look_up.can_look:
            return Step(ReplyState.STUCK, stuck=StuckReason.UNCONFIRMED)
        case AttemptResult.AMBIGUOUS:
            return Step(ReplyState.SENDING, later)
        case AttemptResult.UNAVAILABLE:
            return Step(unchanged, later)
        case AttemptResult.NOT_SHOWN:
            surely_shown_at = tried.sent_at + pace.lease + look_up.appears_within
            if now < surely_shown_at:
                return Step(unchanged, min(later, surely_shown_at))
            if tried.attempt is Attempt.LOOK_FOR_RECEIPT:
                return Step(ReplyState.STUCK, stuck=StuckReason.UNCONFIRMED)
            return Step(ReplyState.APPROVED, now)
