"""When a limit ends that counts from an instant, and what time people have until then."""

from datetime import date, datetime, timedelta

from .calendar import Due, OutsideCalendar, WorkCalendar
from .ladder import TimeToAct, time_to_act
from .time_limits import Duration, Limit, Unit


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
