"""By which way one person is told, and what becomes of a message after one attempt to send it.

Nobody is told the same thing twice: after an attempt whose result is unknown, the provider is asked
where it can be, or the message is sent again only while the provider itself drops a repetition.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.pace import Pace


class Way(StrEnum):
    """How a message reaches a person. The values are message keys."""

    WECOM = "wecom"
    SMS = "sms"
    CONSOLE = "console"
    """Nothing is sent: the person sees it in the console."""


class Button(StrEnum):
    """What a person can do from the message itself. The values are the keys of the buttons."""

    ACCEPT = "accept"
    ON_SITE = "on_site"
    ACKNOWLEDGE = "acknowledge"


class MessageState(StrEnum):
    """The values are message keys."""

    QUEUED = "queued"
    """To be sent, again or for the first time."""
    SENDING = "sending"
    """Being sent, or nobody knows whether it arrived."""
    SENT = "sent"
    FAILED = "failed"
    """Surely not sent, and not tried again by this way."""
    GAVE_UP = "gave_up"
    """Nobody can find out whether it arrived: a person decides."""


REASONS = ("unavailable", "unconfirmed", "refused", "no_address", "not_active", "way_off")
"""Why a message was not sent (yet): message keys."""


class Attempt(StrEnum):
    SEND = "send"
    LOOK = "look"
    """Ask the provider whether it has the message."""
    REPEAT = "repeat"
    """Send the same again: the provider drops it where it has it already."""
    GIVE_UP = "give_up"


class Result(StrEnum):
    SENT = "sent"
    NOT_THERE = "not_there"
    """The provider does not know the message (yet)."""
    UNAVAILABLE = "unavailable"
    """Surely not done; later."""
    AMBIGUOUS = "ambiguous"
    REFUSED = "refused"
    """This person cannot be reached by this way."""
    UNKNOWABLE = "unknowable"


@dataclass(frozen=True, slots=True)
class WayProfile:
    """What is known of one way."""

    way: Way
    can_look: bool = False
    appears_within: timedelta = timedelta(0)
    """How long a message that was taken may be unknown to the provider's own query."""
    repeats_dropped_for: timedelta = timedelta(0)
    """How long the provider drops a message that it has already had; zero: it does not."""
    per_minute: int | None = None
    """Messages to one person in a minute; None: any number."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a way may be unavailable before the person is told by the next one."""

    urgent: timedelta = timedelta(minutes=2)
    ordinary: timedelta = timedelta(minutes=30)
    in_all: timedelta = timedelta(hours=24)
    """The same where there is no other way: after a day the message is of no use."""

    def of(self, *, urgent: bool, has_another_way: bool) -> timedelta:
        if not has_another_way:
            return self.in_all
        return self.urgent if urgent else self.ordinary


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt and its result."""

    attempt: Attempt
    result: Result
    number: int
    """How many attempts there were, with this one."""
    due_since: datetime
    """Since when the person was to be told."""
    sent_at: datetime
    """When the sending began whose arrival is in question."""
    asked_for: timedelta | None = None
    """The pause the provider wants, where it said so."""


@dataclass(frozen=True, slots=True)
class Step:
    state: MessageState
    at: datetime | None = None
    """When the next attempt is due; None: there is none."""
    why: str | None = None
    """Why it was not sent; a message key."""


def ways_of(
    configured: Collection[Way], *, has_wecom: bool, has_phone: bool, declined: Collection[str]
) -> tuple[Way, ...]:
    """The ways to one person, the best first; the console is always the last."""
    has_address = {Way.WECOM: has_wecom, Way.SMS: has_phone}
    usable = (
        way
        for way, has_one in has_address.items()
        if has_one and way in configured and way not in declined
    )
    return (*usable, Way.CONSOLE)


def next_way(ways: Sequence[Way], tried: Collection[str]) -> Way | None:
    """The way after one that finally failed; None: every way was tried."""
    return next((way for way in ways if way not in tried), None)


def attempt_for(
    state: MessageState, profile: WayProfile, sent_at: datetime | None, now: datetime, pace: Pace
) -> Attempt:
    """What to try with a message that is due. `sent_at`: see Tried."""
    if state is MessageState.QUEUED or sent_at is None:
        return Attempt.SEND
    if profile.can_look:
        return Attempt.LOOK
    if now + pace.lease < sent_at + profile.repeats_dropped_for:
        return Attempt.REPEAT
    return Attempt.GIVE_UP


def next_step(
    tried: Tried, profile: WayProfile, pace: Pace, patience: timedelta, now: datetime
) -> Step:
    """Where the message goes from here."""
    later = now + pace.wait_after(tried.number, tried.asked_for)
    unknown = Step(MessageState.SENDING, later, "unconfirmed")
    match tried.result:
        case Result.SENT:
            return Step(MessageState.SENT)
        case Result.REFUSED:
            return Step(MessageState.FAILED, why="refused")
        case Result.UNKNOWABLE:
            return Step(MessageState.GAVE_UP, why="unconfirmed")
        case Result.AMBIGUOUS:
            return unknown
        case Result.UNAVAILABLE if tried.attempt is not Attempt.SEND:
            return unknown
        case Result.UNAVAILABLE:
            ends = tried.due_since + patience
            if now >= ends:
                return Step(MessageState.FAILED, why="unavailable")
            return Step(MessageState.QUEUED, min(later, ends), "unavailable")
        case Result.NOT_THERE:
            surely_known_at = tried.sent_at + pace.lease + profile.appears_within
            if now < surely_known_at:
                return Step(MessageState.SENDING, min(later, surely_known_at), "unconfirmed")
            return Step(MessageState.QUEUED, now, "unconfirmed")


def paused_until(sent: Sequence[datetime], per_minute: int, now: datetime) -> datetime | None:
    """`sent`: when messages to this person left within the last minute. None: one more may go."""
    lately = sorted(at for at in sent if at > now - timedelta(minutes=1))
    if len(lately) < per_minute:
        return None
    return lately[-per_minute] + timedelta(minutes=1)
