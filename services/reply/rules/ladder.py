"""Who is told before a deadline passes, and when: the ladder of steps that its policy names.

A step comes when its share of the deadline's time is used, or when the deadline is missed. It names
the level up to which people are told; who they are is dispatch's to know. Steps are counted back
from when the deadline is due, in office time where there is any to act in: so a step never comes at
night or on a holiday, a pause moves all steps by its own length, and one that was taken is not
taken again unless the limit moves so far that it lies ahead again. A ladder that counts by the
clock (urgent ones) comes day and night.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from shared.vocabulary import Level

from .calendar import OutsideCalendar, WorkCalendar

MISSED: Final = 100
"""The share at which a deadline is missed: the last step of every ladder."""
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Step:
    share: int
    """Percent of the deadline's time, 1 to 99; or MISSED."""
    level: Level
    despite_acknowledgement: bool = False
    """Told also where somebody has taken it on already. A miss always is."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """Raises ValueError unless its steps rise and end with the miss."""

    id: str
    steps: tuple[Step, ...]
    by_the_clock: bool = False

    def __post_init__(self) -> None:
        shares = [step.share for step in self.steps]
        if shares != sorted(set(shares)) or not shares or shares[0] < 1 or shares[-1] != MISSED:
            raise ValueError(f"{self.id}: shares must rise from 1 % and end with the miss")

    def following(self, share: int) -> Step:
        """The step after this share; the miss after the last."""
        return next((step for step in self.steps if step.share > share), self.steps[-1])


class TimeToAct(NamedTuple):
    """The time of a deadline that shares are of, without pauses."""

    length: timedelta
    """From its start until it is due."""
    in_office_time: bool
    """`length` is office time; else it runs round the clock."""


def time_to_act(
    starts_at: datetime, due_at: datetime, calendar: WorkCalendar, *, in_office_time: bool
) -> TimeToAct:
    """Between these two. Where there is no office time, or none is known, the clock counts."""
    if in_office_time:
        try:
            office_time = calendar.office_time_between(starts_at, due_at)
        except OutsideCalendar:
            office_time = timedelta(0)
        if office_time >= 2 * _SECOND:
            return TimeToAct(office_time, in_office_time=True)
    return TimeToAct(max(due_at - starts_at, timedelta(0)), in_office_time=False)


def extended(
    time: TimeToAct, due_at: datetime, new_due_at: datetime, calendar: WorkCalendar
) -> TimeToAct:
    """The same when more is granted: what was used stays used, its share gets smaller."""
    more = time_to_act(due_at, new_due_at, calendar, in_office_time=time.in_office_time)
    if more.in_office_time != time.in_office_time:
        return time  # office time, and the new limit adds none
    return time._replace(length=time.length + more.length)


def step_at(due_at: datetime, time: TimeToAct, share: int, calendar: WorkCalendar) -> datetime:
    """When this share of the time is used; never after `due_at`."""
    lead = time.length * (MISSED - share) / MISSED
    if time.in_office_time and lead >= _SECOND:
        try:
            return calendar.office_time_before(due_at, lead)
        except OutsideCalendar:
            pass
    return due_at - lead


class Climb(NamedTuple):
    """A ladder in one county's time."""

    ladder: Ladder
    calendar: WorkCalendar

    def next_at(self, step: int, due_at: datetime, time: TimeToAct) -> datetime:
        """When the step after this one comes; `due_at` where only the miss is left."""
        share = self.ladder.following(step).share
        return due_at if share == MISSED else step_at(due_at, time, share, self.calendar)

    def reached(self, step: int, due_at: datetime, time: TimeToAct, now: datetime) -> int:
        """Of a deadline that was at `step` and is due at another time now: the step it is at.

        Steps that lie ahead again come again. None counts as taken that was not.
        """
        taken = (each.share for each in self.ladder.steps if each.share <= step)
        still = (share for share in taken if step_at(due_at, time, share, self.calendar) <= now)
        return max(still, default=0)
