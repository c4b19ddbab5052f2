"""What becomes of a reply after one attempt to deliver it, or to find out whether it arrived.

A reply leaves at most once for each version. So an attempt whose end nobody knows is looked for
until it surely is not there; where a platform shows nothing, a person decides.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Attempt(StrEnum):
    """What was tried."""

    SEND = "send"
    LOOK_WHETHER_IT_ARRIVED = "look_whether_it_arrived"
    """The sender died, or the platform did not answer it."""
    LOOK_FOR_RECEIPT = "look_for_receipt"
    """The platform has taken it and will show it."""


class Outcome(StrEnum):
    RECEIPT = "receipt"
    TAKEN = "taken"
    """Sent and taken; the receipt comes later."""
    NOT_SHOWN = "not_shown"
    AWAY = "away"
    """Surely not done; later."""
    AMBIGUOUS = "ambiguous"
    REFUSED = "refused"
    CANNOT_LOOK = "cannot_look"


class Next(StrEnum):
    """The state the reply goes to."""

    DELIVERED = "delivered"
    APPROVED = "approved"
    """To be sent, again or for the first time."""
    SENDING = "sending"
    """To be looked for."""
    AWAITING_RECEIPT = "awaiting_receipt"
    STUCK = "stuck"


class WhyStuck(StrEnum):
    REFUSED = "refused"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait between attempts, twice as long each time."""

    first_wait: timedelta = timedelta(seconds=30)
    longest_wait: timedelta = timedelta(hours=1)
    lease: timedelta = timedelta(minutes=5)
    """How long one attempt may take in all: longer than any channel's own limits together. Whoever
    holds a claim that long is taken for dead, and before that nothing is sent a second time."""

    def wait_after(self, attempts: int, asked_for: timedelta | None = None) -> timedelta:
        """`asked_for`: the pause the platform wants, where it said so."""
        doubled = self.first_wait * (1 << min(max(attempts - 1, 0), 30))
        return max(min(doubled, self.longest_wait), asked_for or timedelta(0))


@dataclass(frozen=True, slots=True)
class Step:
    state: Next
    at: datetime | None = None
    """When the next attempt is due; None: there is none."""
    why: WhyStuck | None = None


def next_step(
    attempt: Attempt,
    outcome: Outcome,
    *,
    now: datetime,
    sent_at: datetime,
    attempts: int,
    can_look: bool,
    appears_within: timedelta,
    pace: Pace,
    asked_for: timedelta | None = None,
) -> Step:
    """Where the reply goes from here. `sent_at`: when the last sending began."""
    later = now + pace.wait_after(attempts, asked_for)
    match outcome:
        case Outcome.RECEIPT:
            return Step(Next.DELIVERED)
        case Outcome.REFUSED:
            return Step(Next.STUCK, why=WhyStuck.REFUSED)
        case Outcome.CANNOT_LOOK:
            return Step(Next.STUCK, why=WhyStuck.UNCONFIRMED)
        case Outcome.TAKEN:
            return Step(Next.AWAITING_RECEIPT, later)
        case Outcome.AMBIGUOUS if not can_look:
            return Step(Next.STUCK, why=WhyStuck.UNCONFIRMED)
        case Outcome.AMBIGUOUS:
            return Step(Next.SENDING, later)
        case Outcome.AWAY:
            return Step(_STAYS[attempt], later)
        case Outcome.NOT_SHOWN:
            surely_shown_at = sent_at + pace.lease + appears_within
            if now < surely_shown_at:
                return Step(_STAYS[attempt], min(later, surely_shown_at))
            if attempt is Attempt.LOOK_FOR_RECEIPT:
                return Step(Next.STUCK, why=WhyStuck.UNCONFIRMED)
            return Step(Next.APPROVED, now)


_STAYS = {
    Attempt.SEND: Next.APPROVED,
    Attempt.LOOK_WHETHER_IT_ARRIVED: Next.SENDING,
    Attempt.LOOK_FOR_RECEIPT: Next.AWAITING_RECEIPT,
}
