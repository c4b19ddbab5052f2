"""When is an interim reply (阶段性答复) prepared?

When a limit for the repair or for the answer comes near and the repair will not make it. It says
what is known so far, and another answer follows; a person approves it as any other.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .deadlines import Stage

LIMITS: Final = (Stage.RESOLVE, Stage.REPLY)
"""The limits that an interim reply comes before; near means warned of, which the policy says."""
FRESH_FOR: Final = timedelta(hours=24)
"""For so long an interim reply stands for the next limit as well. (Our own guess: no source.)"""


@dataclass(frozen=True, slots=True)
class BeforeTheLimit:
    """What is known of a complaint of ours whose limit was warned of and has not passed."""

    due_at: datetime
    """The earliest such limit."""
    warned_at: datetime
    repaired: bool
    """Or nothing was found: there is a final answer to give."""
    being_answered: bool
    """A reply is a draft or on its way, or a final one has arrived."""
    expected_at: datetime | None
    """When the repair is expected; None: nobody said."""
    interim_at: datetime | None
    """When the newest interim reply was drafted."""


def interim_is_due(known: BeforeTheLimit, now: datetime) -> bool:
    if known.repaired or known.being_answered or now >= known.due_at:
        return False
    if known.interim_at is not None and known.interim_at > known.warned_at - FRESH_FOR:
        return False
    return not will_make_it(known.expected_at, known.due_at, now)


def will_make_it(expected_at: datetime | None, due_at: datetime, now: datetime) -> bool:
    """Whether the repair is expected before the limit; an expectation that has passed is none."""
    return expected_at is not None and now < expected_at <= due_at
