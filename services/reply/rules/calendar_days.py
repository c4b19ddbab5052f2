"""What each day of a year is, for people who read a calendar."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from .calendar import CalendarYear, Closure


class DayKind(StrEnum):
    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"
    CLOSED = "closed"
    """This county's office does not work, or for half of the day."""


class YearDay(NamedTuple):
    day: date
    kind: DayKind
    closure: Closure | None


def kinds_of(
    year: int, known: Iterable[CalendarYear], closures: Iterable[Closure]
) -> Sequence[YearDay]:
    """Every day of the year. `known`: all years, as a notice may name days of the year before.
    Raises ValueError for a year that no date has."""
    near = [each for each in known if 0 <= each.year - year <= 1]
    holidays = frozenset[date]().union(*(each.holidays for each in near))
    make_up = frozenset[date]().union(*(each.make_up_workdays for each in near))
    closed = {each.day: each for each in closures}
    first = date(year, 1, 1)
    return [
        YearDay(day, _kind(day, holidays, make_up, closed.get(day)), closed.get(day))
        for day in (first + timedelta(days=n) for n in range((date(year, 12, 31) - first).days + 1))
    ]


def _kind(
    day: date, holidays: frozenset[date], make_up: frozenset[date], closure: Closure | None
) -> DayKind:
    if day in make_up:
        kind = DayKind.MAKE_UP
    elif day in holidays:
        return DayKind.HOLIDAY
    elif day.weekday() >= 5:
        return DayKind.WEEKEND
    else:
        kind = DayKind.WORKDAY
    return kind if closure is None else DayKind.CLOSED
