"""Rounds: a complaint that comes back is counted anew, beside what was counted before.

Round 1 starts when the ticket is sent. A later one starts when work has to be done again; its
deadlines count from that moment, and only what happens after it meets them. Earlier rounds keep
their limits and how they ended.
"""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

FIRST_ROUND = 1


class RoundCause(StrEnum):
    """Why a later round started."""

    REWORK = "rework"
    """重办: the platform or the office has it done again."""
    NOT_SATISFIED = "not_satisfied"
    """The resident says that it is not solved."""


class RoundStart(NamedTuple):
    """Where a later round begins. What a service told before it does not count for it: `sequence`
    and `version` say what that was, whatever the clocks of the services say."""

    at: datetime
    sequence: int
    """Of the last arrival or repair on its work order that was known then; 0: none."""
    version: int
    """Of the last answer that its platform had then; 0: none."""
