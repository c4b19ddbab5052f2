"""When a limit ends that counts from an instant, and what time people have until then."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from .calendar import Due, OutsideCalendar, WorkCalendar
from .ladder import TimeToAct, time_to_act
from .time_limits import Duration, Limit, Unit


class Interval(NamedTuple):
    """From one instant until another."""

    start: datetime
    end: datetime


def due_of(
    limit: Limit, starts_at: datetime, calendar: WorkCalendar, stopped: Sequence[Interval] = ()
) -> Due:
    """When this limit ends if it counts from `starts_at`. Raises OutsideCalendar.

    Its clock stands still in `stopped` (in order, none overlapping): the end moves by exactly as
    long as each of them lasts on the limit's own clock. One that begins after it moves nothing.
    """
    more = 0
    due = _due(limit, starts_at, calendar, more)
    for interval in stopped:
        start = max(interval.start, starts_at)
        if start > due.at:
            break
        if interval.end > start:
            more += length_on(limit, Interval(start, interval.end), calendar)
            due = _due(limit, starts_at, calendar, more)
    return due


def _due(limit: Limit, starts_at: datetime, calendar: WorkCalendar, more: int) -> Due:
    """`more`: how much longer it is, in what its clock counts: days or seconds."""
    if isinstance(limit, datetime):
        return Due(limit + timedelta(seconds=more), provisional=False)
    if isinstance(limit, date):
        return Due(calendar.end_of_day(limit + timedelta(days=more)), provisional=False)
    match limit.unit:
        case Unit.WORKING_DAY:
            return calendar.add_working_days(starts_at, limit.amount + more)
        case Unit.DAY:
            return calendar.add_days(starts_at, limit.amount + more)
        case Unit.WORKING_MINUTE:
            return calendar.add_office_seconds(starts_at, limit.amount * 60 + more)
        case Unit.MINUTE:
            return calendar.add_seconds(starts_at, limit.amount * 60 + more)


def length_on(limit: Limit, interval: Interval, calendar: WorkCalendar) -> int:
    """How long this is on the clock of that limit: in days where it counts days, else in seconds.

    A day counts once it has begun, except the one that the interval begins on, as the day of
    receipt does not count (民法典, article 201).
    """
    start, end = interval
    if isinstance(limit, datetime):
        return (end - start) // timedelta(seconds=1)
    if isinstance(limit, date):
        return calendar.days_between(start, end)
    match limit.unit:
        case Unit.WORKING_DAY:
            return calendar.working_days_between(start, end)
        case Unit.DAY:
            return calendar.days_between(start, end)
        case Unit.WORKING_MINUTE:
            return calendar.office_time_between(start, end) // timedelta(seconds=1)
        case Unit.MINUTE:
            return (end - start) // timedelta(seconds=1)


def time_of(
    limit: Limit,
    starts_at: datetime,
    due_at: datetime,
    calendar: WorkCalendar,
    *,
    by_the_clock: bool,
) -> TimeToAct:
    """What people have until then, as the steps of the ladder are shares of it.

    Office time, where something is due in office hours or by the end of a day: so no step comes at
    night or on a holiday, and a holiday in between neither eats the time to act nor moves a step
    before the start. The clock counts what is due at night, what has no office hour before it, what
    lies outside the calendar's years, and what a ladder counts so (`by_the_clock`).
    """
    try:
        by_office = _is_due_by_day(limit) or calendar.is_office_time(due_at)
    except OutsideCalendar:
        by_office = False
    in_office_time = by_office and not by_the_clock
    return time_to_act(starts_at, due_at, calendar, in_office_time=in_office_time)


def due_by_policy(
    limit: Duration, starts_at: datetime, calendar: WorkCalendar, stopped: Sequence[Interval] = ()
) -> Due:
    """When a policy's limit ends; beyond the calendar's years by the plain clock, provisionally."""
    try:
        return due_of(limit, starts_at, calendar, stopped)
    except OutsideCalendar:
        return Due(_later(starts_at, limit), provisional=True)


def _later(starts_at: datetime, duration: Duration) -> datetime:
    """So much later by the plain clock: nobody knows the holidays of those years."""
    is_in_days = duration.unit in (Unit.DAY, Unit.WORKING_DAY)
    length = timedelta(days=duration.amount) if is_in_days else timedelta(minutes=duration.amount)
    try:
        return starts_at + length
    except OverflowError:
        return starts_at


def _is_due_by_day(limit: Limit) -> bool:
    if isinstance(limit, Duration):
        return limit.unit in (Unit.DAY, Unit.WORKING_DAY, Unit.WORKING_MINUTE)
    return not isinstance(limit, datetime)
