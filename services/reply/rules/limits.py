"""When a limit ends that counts from an instant, and when to warn of it."""

from datetime import date, datetime, timedelta

from .calendar import Due, OutsideCalendar, WorkCalendar
from .time_limits import Duration, Limit, Unit

WARNED_AT_THE_LATEST_AFTER = 0.5
"""A warning never comes before this share of the time is over: a two-hour limit under a policy
that warns four hours ahead would otherwise raise the alarm the moment it starts."""


def due_of(limit: Limit, starts_at: datetime, calendar: WorkCalendar) -> Due:
    """When this limit ends if it counts from `starts_at`. Raises OutsideCalendar."""
    if isinstance(limit, datetime):
        return Due(limit, provisional=False)
    if isinstance(limit, date):
        return Due(calendar.end_of_day(limit), provisional=False)
    match limit.unit:
        case Unit.WORKING_DAY:
            return calendar.add_working_days(starts_at, limit.amount)
        case Unit.DAY:
            return calendar.add_days(starts_at, limit.amount)
        case Unit.WORKING_MINUTE:
            return calendar.add_working_minutes(starts_at, limit.amount)
        case Unit.MINUTE:
            return calendar.add_minutes(starts_at, limit.amount)


def warn_at(
    limit: Limit,
    starts_at: datetime,
    due_at: datetime,
    warn_before: timedelta,
    calendar: WorkCalendar,
) -> datetime:
    """When to warn: between the start and due, in office hours wherever there are any to act in.

    A step due in office hours, or by the end of a day, is warned of `warn_before` of *office time*
    ahead. So no warning comes at night or on a holiday, and a holiday in between neither eats the
    time to act nor moves the warning before the start. A step due at night by the clock, with no
    office hour before it, or outside the calendar's years is warned of by the clock.
    """
    available = due_at - starts_at
    if available <= timedelta(0):
        return due_at
    try:
        if _is_due_by_day(limit) or calendar.is_office_time(due_at):
            office_time = calendar.office_time_between(starts_at, due_at)
            lead = min(warn_before, office_time * WARNED_AT_THE_LATEST_AFTER)
            if lead >= timedelta(seconds=1):
                return calendar.office_time_before(due_at, lead)
    except OutsideCalendar:
        pass
    return due_at - min(warn_before, available * WARNED_AT_THE_LATEST_AFTER)


def due_by_policy(limit: Duration, starts_at: datetime, calendar: WorkCalendar) -> Due:
    """When a policy's limit ends; beyond the calendar's years by the plain clock, provisionally."""
    try:
        return due_of(limit, starts_at, calendar)
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
