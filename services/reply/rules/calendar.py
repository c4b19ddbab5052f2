"""Working days and office hours in China, counted in constant time.

Working days: Monday to Friday, less the holidays and plus the make-up workdays (调休) that the
State Council publishes each November for the following year. A year whose notice is not out yet
is *unpublished*: what is counted through it is provisional and is counted again later.

How a limit is counted:
- Days are counted from the day after receipt, in Shanghai: the day of receipt is never day one
  (民法典, article 201: 开始的当日不计入，自下一日开始计算).
- A limit in days ends with its last day, not at the clock time of receipt, because whole days are
  what is counted. "End" is 24:00, stated as the last whole second 23:59:59 so that it still bears
  the date a clerk expects. 民法典, article 203, names 24:00, or the close of business where there
  is one; a hotline and the platforms take replies round the clock, so the default is 24:00 and
  `day_ends_at` sets it to the close of office where a city counts so. People are warned inside
  office hours either way.
- A limit in calendar days ends on its last day also where that is a holiday. Article 203 would move
  it behind the holiday; platforms print plain dates, and the earlier reading is the safe one.
- Minutes and hours run round the clock from the instant of receipt (article 201); working hours
  run in office hours only, and stand still at lunch, at night and on days off.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST_YEAR, LAST_YEAR = 1970, 2100

_FIRST = date(FIRST_YEAR, 1, 1).toordinal()
_LAST = date(LAST_YEAR, 12, 31).toordinal()
_DAY = 24 * 3600
_AFTERNOON = 13 * 3600
"""The second of the day that parts morning from afternoon, for an office that closes for half."""


class OutsideCalendar(ValueError):
    """A count that starts or ends before FIRST_YEAR or after LAST_YEAR."""

    def __init__(self) -> None:
        super().__init__(f"outside the years {FIRST_YEAR} to {LAST_YEAR}")


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """What is known of one year. A year nobody described is unpublished: weekends only."""

    year: int
    published: bool
    holidays: frozenset[date] = frozenset()
    make_up_workdays: frozenset[date] = frozenset()


class Part(StrEnum):
    """How much of a working day a local closure takes."""

    DAY = "day"
    MORNING = "morning"
    AFTERNOON = "afternoon"


@dataclass(frozen=True, slots=True)
class Closure:
    """One county's office does not work on this day, or for half of it.

    A whole day is no working day. A half day stays one, so that limits in days end as before, and
    working hours stand still in it. Nothing is due earlier for it.
    """

    day: date
    part: Part
    reason: str


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due (UTC), and whether an unpublished year was counted through."""

    at: datetime
    provisional: bool


class WorkDays:
    """The working days of FIRST_YEAR to LAST_YEAR; shared by all counties that close on no day of
    their own (`closed`)."""

    def __init__(self, years: Iterable[CalendarYear], closed: Iterable[date] = ()) -> None:
        off = {day.toordinal() for day in closed}
        known = {year.year: year for year in years}
        holidays = {day.toordinal() for year in known.values() for day in year.holidays}
        make_up = {day.toordinal() for year in known.values() for day in year.make_up_workdays}
        # Ordinal 1 was a Monday, so Saturday and Sunday leave 5 and 6.
        is_working = [
            day not in off and (day in make_up or ((day - 1) % 7 < 5 and day not in holidays))
            for day in range(_FIRST, _LAST + 1)
        ]
        self._is_working = is_working
        self._up_to = list(accumulate(map(int, is_working)))
        """How many working days there are from the first day of all up to and with each day."""
        self._nth = [day for day, works in enumerate(is_working, start=_FIRST) if works]
        self._published = {year.year for year in known.values() if year.published}

    def is_working(self, day: int) -> bool:
        return self._is_working[self._index(day)]

    def up_to(self, day: int) -> int:
        """Working days up to and with this one."""
        return self._up_to[self._index(day)]

    def nth(self, number: int) -> int:
        """The ordinal of the working day that has `number` working days before it."""
        if not 0 <= number < len(self._nth):
            raise OutsideCalendar
        return self._nth[number]

    def is_published(self, year: int) -> bool:
        return year in self._published

    def touches_unpublished(self, first_year: int, last_year: int) -> bool:
        if first_year == last_year:
            return first_year not in self._published
        return any(year not in self._published for year in range(first_year, last_year + 1))

    @staticmethod
    def _index(day: int) -> int:
        if not _FIRST <= day <= _LAST:
            raise OutsideCalendar
        return day - _FIRST


class OfficeHours:
    """The office's sittings of one day, for example 09:00-12:00 and 13:30-17:30.

    Raises ValueError where they are empty, overlap or are out of order.
    """

    def __init__(self, sittings: Iterable[tuple[time, time]]) -> None:
        self.sittings = tuple(sittings)
        times = [_second_of_day(at) for sitting in self.sittings for at in sitting]
        if not times or any(a >= b for a, b in pairwise(times)):
            raise ValueError("office hours must be in order, one after the other, none empty")
        self._opens, self._closes = times[0::2], times[1::2]
        lengths = (b - a for a, b in zip(self._opens, self._closes, strict=True))
        self._worked = list(accumulate(lengths, initial=0))
        self.seconds = self._worked[-1]
        """Office seconds in one working day."""

    def contains(self, second: int) -> bool:
        sitting = bisect_right(self._opens, second) - 1
        return sitting >= 0 and second < self._closes[sitting]

    def worked_by(self, second: int) -> int:
        """Office seconds of the day that have passed at this second of the day."""
        sitting = bisect_right(self._opens, second) - 1
        if sitting < 0:
            return 0
        return self._worked[sitting] + min(second, self._closes[sitting]) - self._opens[sitting]

    def earliest(self, worked: int) -> int:
        """The first second of the day by which `worked` (at least 1) office seconds are over."""
        sitting = bisect_left(self._worked, worked) - 1
        return self._opens[sitting] + worked - self._worked[sitting]

    def latest(self, worked: int) -> int:
        """The last second inside office hours before which no more than `worked` are over."""
        sitting = bisect_right(self._worked, worked) - 1
        return self._opens[sitting] + worked - self._worked[sitting]


class _ClosedHalves:
    """Half days that are closed, as stretches of office time counted from FIRST_YEAR.

    `office` counts them in, `worked` leaves them out; seconds both.
    """

    def __init__(self, stretches: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(stretches)
        self._starts = [start for start, _ in ordered]
        self._ends = [end for _, end in ordered]
        self._before = list(accumulate((end - start for start, end in ordered), initial=0))
        """How much is closed before each of them, and before the end of time."""
        self._worked_at = [
            start - before for start, before in zip(self._starts, self._before, strict=False)
        ]

    def worked(self, office: int) -> int:
        number = bisect_right(self._starts, office)
        if number == 0:
            return office
        last = number - 1
        return office - self._before[last] - min(office, self._ends[last]) + self._starts[last]

    def earliest(self, worked: int) -> int:
        """The first second of office time by which so much is worked."""
        return worked + self._before[bisect_left(self._worked_at, worked)]

    def latest(self, worked: int) -> int:
        """The last second of office time before which no more than this is worked."""
        return worked + self._before[bisect_right(self._worked_at, worked)]

    def cover(self, office: int) -> bool:
        last = bisect_right(self._starts, office) - 1
        return last >= 0 and office < self._ends[last]


class WorkCalendar:
    """One county's time: its working days, its office hours, and when its days end.

    Instants go in and come out timezone-aware, results in UTC. Every count raises OutsideCalendar
    beyond FIRST_YEAR to LAST_YEAR.
    """

    def __init__(
        self,
        days: WorkDays,
        office_hours: OfficeHours,
        day_ends_at: time | None = None,
        closed_halves: Iterable[tuple[date, Part]] = (),
    ) -> None:
        """`day_ends_at`: when a limit in days ends on its last day; None stands for 24:00.
        `closed_halves`: mornings and afternoons, at most one of a day."""
        self._days = days
        self.office_hours = office_hours
        self._day_ends_at = _DAY - 1 if day_ends_at is None else _second_of_day(day_ends_at)
        # The stages of one ticket, and the tickets of one day, ask for the same instants.
        self._office_seconds_up_to = lru_cache(maxsize=4096)(self._count_office_seconds)
        self._closed = _ClosedHalves(
            self._stretch(day.toordinal(), part)
            for day, part in closed_halves
            if days.is_working(day.toordinal())
        )

    def is_working_day(self, day: date) -> bool:
        return self._days.is_working(day.toordinal())

    def is_published(self, year: int) -> bool:
        return self._days.is_published(year)

    def is_office_time(self, at: datetime) -> bool:
        local = _local(at)
        return (
            self._days.is_working(local.toordinal())
            and self.office_hours.contains(_second_of_day(local))
            and not self._closed.cover(self._office_seconds_up_to(at))
        )

    def end_of_day(self, day: date) -> datetime:
        """The last second in which something due on this day is in time."""
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise OutsideCalendar
        return _instant(day.toordinal(), self._day_ends_at)

    def add_working_days(self, start: datetime, count: int) -> Due:
        """The end of the `count`-th working day after the day of receipt. `count` is at least 1."""
        if count < 1:
            raise ValueError("working days are counted from 1")
        received = _local(start).toordinal()
        last = self._days.nth(self._days.up_to(received) + count - 1)
        return Due(_instant(last, self._day_ends_at), self._is_provisional(received + 1, last))

    def add_days(self, start: datetime, count: int) -> Due:
        """The end of the `count`-th calendar day after the day of receipt; 0 is the same day."""
        if count < 0:
            raise ValueError("days are counted from 0")
        last = _local(start).toordinal() + count
        if not _FIRST <= last <= _LAST:
            raise OutsideCalendar
        return Due(_instant(last, self._day_ends_at), provisional=False)

    def add_minutes(self, start: datetime, minutes: int) -> Due:
        """So many minutes later by the clock, day and night."""
        return self.add_seconds(start, minutes * 60)

    def add_seconds(self, start: datetime, seconds: int) -> Due:
        """The same for seconds."""
        try:
            at = start.astimezone(UTC) + timedelta(seconds=seconds)
        except OverflowError:
            raise OutsideCalendar from None
        if not FIRST_YEAR < at.year <= LAST_YEAR:
            raise OutsideCalendar
        return Due(at, provisional=False)

    def add_working_minutes(self, start: datetime, minutes: int) -> Due:
        """So many office minutes later (at least 1). Ends at closing time rather than at the next
        opening where the two mean the same."""
        if minutes < 1:
            raise ValueError("working minutes are counted from 1")
        return self.add_office_seconds(start, minutes * 60)

    def add_office_seconds(self, start: datetime, seconds: int) -> Due:
        """The same for seconds (at least 1)."""
        received = _local(start).toordinal()
        worked = self._closed.worked(self._office_seconds_up_to(start)) + seconds
        whole_days, rest = divmod(self._closed.earliest(worked) - 1, self.office_hours.seconds)
        last = self._days.nth(whole_days)
        at = _instant(last, self.office_hours.earliest(rest + 1))
        return Due(at, self._is_provisional(received, last))

    def working_days_between(self, start: datetime, end: datetime) -> int:
        """Working days that have begun since the day of `start`, which is not one of them."""
        return self._days.up_to(_local(end).toordinal()) - self._days.up_to(
            _local(start).toordinal()
        )

    def days_between(self, start: datetime, end: datetime) -> int:
        """Calendar days that have begun since the day of `start`."""
        return _local(end).toordinal() - _local(start).toordinal()

    def office_time_between(self, start: datetime, end: datetime) -> timedelta:
        worked = self._closed.worked
        return timedelta(
            seconds=worked(self._office_seconds_up_to(end))
            - worked(self._office_seconds_up_to(start))
        )

    def office_time_before(self, at: datetime, length: timedelta) -> datetime:
        """The moment inside office hours that leaves `length` of office time until `at`.

        `length` is more than nothing, in whole seconds (a rest is dropped).
        """
        if length < timedelta(seconds=1):
            raise ValueError("the length must be at least a second")
        worked = self._closed.worked(self._office_seconds_up_to(at)) - length // timedelta(
            seconds=1
        )
        whole_days, rest = divmod(self._closed.latest(worked), self.office_hours.seconds)
        return _instant(self._days.nth(whole_days), self.office_hours.latest(rest))

    def _count_office_seconds(self, at: datetime) -> int:
        """Office seconds since FIRST_YEAR, so that arithmetic on office time is plain sums."""
        local = _local(at)
        day = local.toordinal()
        before = self._days.up_to(day)
        if not self._days.is_working(day):
            return before * self.office_hours.seconds
        return (before - 1) * self.office_hours.seconds + self.office_hours.worked_by(
            _second_of_day(local)
        )

    def _stretch(self, day: int, part: Part) -> tuple[int, int]:
        opens = (self._days.up_to(day) - 1) * self.office_hours.seconds
        noon = opens + self.office_hours.worked_by(_AFTERNOON)
        if part is Part.MORNING:
            return opens, noon
        return noon, opens + self.office_hours.seconds

    def _is_provisional(self, first: int, last: int) -> bool:
        return self._days.touches_unpublished(
            date.fromordinal(first).year, date.fromordinal(last).year
        )


def _local(at: datetime) -> datetime:
    try:
        return at.astimezone(SHANGHAI)
    except OverflowError:
        raise OutsideCalendar from None


def _second_of_day(moment: time | datetime) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


@lru_cache(maxsize=4096)
def _instant(day: int, second: int) -> datetime:
    midnight = datetime.fromordinal(day)
    return (midnight + timedelta(seconds=second)).replace(tzinfo=SHANGHAI).astimezone(UTC)
