"""Working days and office hours, as tables a clerk could read, and against two oracles: the
library chinesecalendar, and counting day by day."""

from datetime import UTC, date, datetime, time, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reply.calendar_file import load_calendars
from services.reply.rules.calendar import (
    SHANGHAI,
    CalendarYear,
    OfficeHours,
    OutsideCalendar,
    WorkCalendar,
    WorkDays,
)

CALENDAR = load_calendars().default
HOURS = OfficeHours([(time(9), time(12)), (time(13, 30), time(17, 30))])


def between(first: str, last: str) -> st.SearchStrategy[datetime]:
    """Instants to the second, from the first day (Shanghai) up to the last."""
    start, end = (int(shanghai(day).timestamp()) for day in (first, last))
    return st.integers(start, end - 1).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def shanghai(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=SHANGHAI)


def written(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(sep=" ", timespec="seconds").removesuffix("+08:00")


published_instants = between("2004-01-01", "2027-01-01")
instants = between("2001-01-01", "2040-01-01")


def test_every_published_day_is_as_chinesecalendar_says() -> None:
    days = [date(2004, 1, 1) + timedelta(days=more) for more in range(365 * 23 + 6)]
    assert days[-1] == date(2026, 12, 31)
    assert [CALENDAR.is_working_day(day) for day in days] == [
        chinese_calendar.is_workday(day) for day in days
    ]
    assert all(CALENDAR.is_published(day.year) for day in days)


def test_2027_is_not_published_and_its_new_years_day_is_off_all_the_same() -> None:
    assert not CALENDAR.is_published(2027)
    assert not CALENDAR.is_working_day(date(2027, 1, 1))
    assert CALENDAR.is_working_day(date(2027, 1, 4))


def test_the_make_up_workdays_of_2026_are_worked() -> None:
    make_up = ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]
    weekend_days_worked = [
        f"{day:%m-%d}"
        for day in (date(2026, 1, 1) + timedelta(days=more) for more in range(365))
        if day.weekday() >= 5 and CALENDAR.is_working_day(day)
    ]
    assert weekend_days_worked == make_up


@pytest.mark.parametrize(
    ("sent", "count", "due"),
    [
        pytest.param("2026-11-23 09:15", 5, "2026-11-30 23:59:59", id="Monday, over a weekend"),
        pytest.param("2026-11-27 16:59", 1, "2026-11-30 23:59:59", id="Friday"),
        pytest.param("2026-11-28 10:00", 1, "2026-11-30 23:59:59", id="Saturday"),
        pytest.param("2026-11-29 23:59:59", 1, "2026-11-30 23:59:59", id="Sunday's last second"),
        pytest.param("2026-11-30 00:00", 1, "2026-12-01 23:59:59", id="Monday's first second"),
        pytest.param("2026-11-23 23:59", 1, "2026-11-24 23:59:59", id="23:59 is still the 23rd"),
        pytest.param("2026-02-12 10:00", 1, "2026-02-13 23:59:59", id="before Spring Festival"),
        pytest.param("2026-02-13 10:00", 1, "2026-02-14 23:59:59", id="make-up Saturday"),
        pytest.param("2026-02-14 10:00", 1, "2026-02-24 23:59:59", id="over Spring Festival"),
        pytest.param("2026-02-20 10:00", 5, "2026-02-28 23:59:59", id="sent in Spring Festival"),
        pytest.param("2026-09-18 10:00", 3, "2026-09-22 23:59:59", id="make-up Sunday 20th"),
        pytest.param("2026-09-30 17:00", 3, "2026-10-10 23:59:59", id="over National Day"),
        pytest.param("2026-09-24 08:00", 4, "2026-10-08 23:59:59", id="Mid-Autumn and National"),
    ],
)
def test_working_days(sent: str, count: int, due: str) -> None:
    counted = CALENDAR.add_working_days(shanghai(sent), count)
    assert (written(counted.at), counted.provisional) == (due, False)


@pytest.mark.parametrize(
    ("sent", "count", "due", "provisional"),
    [
        pytest.param("2026-12-30 10:00", 1, "2026-12-31 23:59:59", False, id="still in 2026"),
        pytest.param("2026-12-30 10:00", 2, "2027-01-04 23:59:59", True, id="into 2027"),
        pytest.param("2026-12-31 10:00", 1, "2027-01-04 23:59:59", True, id="from the last day"),
        pytest.param("2027-06-01 10:00", 1, "2027-06-02 23:59:59", True, id="wholly in 2027"),
    ],
)
def test_what_crosses_an_unpublished_year_is_provisional(
    sent: str, count: int, due: str, provisional: bool
) -> None:
    counted = CALENDAR.add_working_days(shanghai(sent), count)
    assert (written(counted.at), counted.provisional) == (due, provisional)


def test_the_day_of_receipt_is_shanghais_and_not_utcs() -> None:
    last_minute = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)
    first_minute = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    assert written(CALENDAR.add_working_days(last_minute, 1).at) == "2026-11-24 23:59:59"
    assert written(CALENDAR.add_working_days(first_minute, 1).at) == "2026-11-25 23:59:59"


@pytest.mark.parametrize(
    ("sent", "minutes", "due"),
    [
        pytest.param("2026-11-23 09:15", 60, "2026-11-23 10:15:00", id="one morning"),
        pytest.param("2026-11-23 11:30", 60, "2026-11-23 14:00:00", id="over lunch"),
        pytest.param("2026-11-23 12:40", 60, "2026-11-23 14:30:00", id="sent at lunch"),
        pytest.param("2026-11-23 11:00", 60, "2026-11-23 12:00:00", id="ends as lunch begins"),
        pytest.param(
            "2026-11-23 13:30", 240, "2026-11-23 17:30:00", id="ends as the office closes"
        ),
        pytest.param("2026-11-23 13:30", 241, "2026-11-24 09:01:00", id="a minute more"),
        pytest.param("2026-11-23 22:00", 30, "2026-11-24 09:30:00", id="sent at night"),
        pytest.param("2026-11-27 17:00", 60, "2026-11-30 09:30:00", id="over a weekend"),
        pytest.param("2026-02-14 17:00", 60, "2026-02-24 09:30:00", id="over Spring Festival"),
        pytest.param("2026-11-23 09:00", 7 * 60 * 5, "2026-11-27 17:30:00", id="a whole week"),
    ],
)
def test_working_hours_stand_still_at_lunch_at_night_and_on_days_off(
    sent: str, minutes: int, due: str
) -> None:
    assert written(CALENDAR.add_working_minutes(shanghai(sent), minutes).at) == due


def test_hours_run_round_the_clock_and_holidays() -> None:
    counted = CALENDAR.add_minutes(shanghai("2026-10-01 20:00"), 24 * 60)
    assert written(counted.at) == "2026-10-02 20:00:00"


def test_calendar_days_count_holidays_and_the_same_day_ends_today() -> None:
    sent = shanghai("2026-09-28 15:30")
    assert written(CALENDAR.add_days(sent, 3).at) == "2026-10-01 23:59:59"
    assert written(CALENDAR.add_days(sent, 0).at) == "2026-09-28 23:59:59"


def test_a_city_whose_days_end_with_the_office_has_earlier_limits() -> None:
    calendar = WorkCalendar(WorkDays([CalendarYear(2026, published=True)]), HOURS, time(17, 30))
    sent = shanghai("2026-11-23 09:15")
    assert written(calendar.add_working_days(sent, 1).at) == "2026-11-24 17:30:00"
    assert written(calendar.end_of_day(date(2026, 11, 24))) == "2026-11-24 17:30:00"


@pytest.mark.parametrize(
    "sittings",
    [
        pytest.param([], id="never open"),
        pytest.param([(time(9), time(9))], id="empty"),
        pytest.param([(time(13), time(17)), (time(9), time(12))], id="out of order"),
        pytest.param([(time(9), time(13)), (time(12), time(17))], id="overlapping"),
    ],
)
def test_office_hours_that_make_no_sense_are_refused(sittings: list[tuple[time, time]]) -> None:
    with pytest.raises(ValueError, match="in order"):
        OfficeHours(sittings)


def test_counts_that_leave_the_calendar_are_refused() -> None:
    late = datetime(2100, 12, 31, 15, tzinfo=UTC)
    early = datetime(1969, 6, 1, tzinfo=UTC)
    for count in (
        lambda: CALENDAR.add_working_days(late, 1),
        lambda: CALENDAR.add_working_days(early, 1),
        lambda: CALENDAR.add_days(late, 1),
        lambda: CALENDAR.add_minutes(late, 60 * 24),
        lambda: CALENDAR.add_minutes(datetime.max.replace(tzinfo=UTC), 60),
        lambda: CALENDAR.add_working_minutes(late, 60 * 24),
        lambda: CALENDAR.is_working_day(date(1969, 12, 31)),
    ):
        with pytest.raises(OutsideCalendar):
            count()


def working_days_one_by_one(sent_at: datetime, count: int) -> date:
    day = sent_at.astimezone(SHANGHAI).date()
    while count:
        day += timedelta(days=1)
        count -= CALENDAR.is_working_day(day)
    return day


@given(sent_at=instants, count=st.integers(1, 300))
def test_working_days_are_as_counted_one_by_one(sent_at: datetime, count: int) -> None:
    counted = CALENDAR.add_working_days(sent_at, count)
    last = counted.at.astimezone(SHANGHAI)
    assert last.date() == working_days_one_by_one(sent_at, count)
    assert CALENDAR.is_working_day(last.date())
    assert last.time() == time(23, 59, 59)


@given(sent_at=published_instants, count=st.integers(1, 60))
def test_nothing_is_provisional_inside_the_published_years(sent_at: datetime, count: int) -> None:
    counted = CALENDAR.add_working_days(sent_at, count)
    assert counted.provisional == (counted.at.astimezone(SHANGHAI).year > 2026)


@given(one=instants, other=instants, count=st.integers(1, 100), more=st.integers(0, 100))
def test_later_orders_and_longer_terms_are_never_due_earlier(
    one: datetime, other: datetime, count: int, more: int
) -> None:
    earlier, later = sorted((one, other))
    add_days, add_minutes = CALENDAR.add_working_days, CALENDAR.add_working_minutes
    assert add_days(earlier, count).at <= add_days(later, count).at
    assert add_days(earlier, count).at <= add_days(earlier, count + more).at
    assert add_minutes(earlier, count).at <= add_minutes(later, count).at
    assert add_minutes(earlier, count).at <= add_minutes(earlier, count + more).at


@given(sent_at=instants, minutes=st.integers(1, 3000))
def test_working_minutes_take_exactly_that_much_office_time(
    sent_at: datetime, minutes: int
) -> None:
    due_at = CALENDAR.add_working_minutes(sent_at, minutes).at
    assert CALENDAR.office_time_between(sent_at, due_at) == timedelta(minutes=minutes)


@given(sent_at=instants.map(lambda at: at.replace(second=0)), minutes=st.integers(1, 600))
def test_working_minutes_are_as_counted_one_by_one(sent_at: datetime, minutes: int) -> None:
    at, left = sent_at, minutes
    while left:
        local = at.astimezone(SHANGHAI)
        open_now = time(9) <= local.time() < time(12) or time(13, 30) <= local.time() < time(17, 30)
        if open_now and CALENDAR.is_working_day(local.date()):
            left, at = left - 1, at + timedelta(minutes=1)
        elif CALENDAR.is_working_day(local.date()) or local.hour or local.minute:
            at += timedelta(minutes=1)
        else:
            at += timedelta(days=1)
    assert CALENDAR.add_working_minutes(sent_at, minutes).at == at


@given(at=instants, length=st.integers(1, 10 * 7 * 3600).map(lambda s: timedelta(seconds=s)))
def test_counting_back_lands_in_office_hours_and_leaves_that_much(
    at: datetime, length: timedelta
) -> None:
    before = CALENDAR.office_time_before(at, length)
    assert before < at
    assert CALENDAR.is_office_time(before)
    assert CALENDAR.office_time_between(before, at) == length
