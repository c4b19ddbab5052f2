"""Pauses: the clock of a deadline stands still while the office cannot go on.

Which stages stand still, and for how long at most, stands in the policy. What is due moves by as
long as the pauses last on the limit's own clock (limits.py); where several run at once, their
union counts.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from .calendar import WorkCalendar
from .deadlines import PauseRules
from .limits import Interval, due_by_policy, length_on
from .time_limits import Duration, Unit


class PauseKind(StrEnum):
    """What the office waits for."""

    PARTS = "parts"
    RESIDENT = "resident"
    OUTAGE = "outage"
    """For the end of an outage that is not ours: power, or the water of another network."""


class PauseEnd(StrEnum):
    """Why a pause ended."""

    RESUMED = "resumed"
    """A person says so."""
    EXPECTED = "expected"
    """The time has come that was given for it."""
    LONGEST = "longest"
    """The policy allows no more."""
    CONTACTED = "contacted"
    """The resident that was waited for has been reached."""
    DONE = "done"
    """Nothing of the complaint is left to be done."""


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """In order, none overlapping or touching another."""
    merged: list[Interval] = []
    for interval in sorted(intervals):
        if interval.end <= interval.start:
            continue
        if merged and interval.start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, interval.end))
        else:
            merged.append(interval)
    return tuple(merged)


def latest_end(
    rules: PauseRules, earlier: Sequence[Interval], now: datetime, calendar: WorkCalendar
) -> datetime | None:
    """Until when a pause that starts now may last; None: earlier ones have used it up.

    `earlier`: the union of the round's pauses until now.
    """
    longest = rules.longest
    is_in_days = longest.unit in (Unit.DAY, Unit.WORKING_DAY)
    used = sum(length_on(longest, interval, calendar) for interval in earlier)
    left = longest.amount - (used if is_in_days else -(-used // 60))
    if left < 1:
        return None
    return due_by_policy(Duration(left, longest.unit), now, calendar).at
