"""A county's office closes for a day or half of one: nothing is due earlier for it."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.reply.calendar_file import SHIPPED, parse_calendars, with_notice
from services.reply.rules.calendar import (
    SHANGHAI,
    CalendarYear,
    OfficeHours,
    Part,
    WorkCalendar,
    WorkDays,
)
from services.reply.yaml_edit import put
from shared.yaml_file import FileInvalid

HOURS = OfficeHours([(time(9), time(12)), (time(13, 30), time(17, 30))])
YEARS = [CalendarYear(2026, published=True, holidays=frozenset({date(2026, 12, 8)}))]
OPEN = WorkCalendar(WorkDays(YEARS), HOURS)
FIRST = date(2026, 12, 1)
DAYS = st.integers(0, 20).map(lambda more: FIRST + timedelta(days=more))
CLOSURES = st.dictionaries(DAYS, st.sampled_from(Part), max_size=8)
INSTANTS = st.integers(0, 14 * 24 * 60).map(
    lambda minutes: datetime(2026, 11, 30, tzinfo=SHANGHAI) + timedelta(minutes=minutes)
)


def calendar_with(closures: dict[date, Part]) -> WorkCalendar:
    whole = [day for day, part in closures.items() if part is Part.DAY]
    halves = [(day, part) for day, part in closures.items() if part is not Part.DAY]
    return WorkCalendar(WorkDays(YEARS, whole), HOURS, None, halves)


@settings(max_examples=40)
@given(closures=CLOSURES, start=INSTANTS, amount=st.integers(1, 2000))
def test_a_closure_makes_nothing_due_earlier(
    closures: dict[date, Part], start: datetime, amount: int
) -> None:
    closed = calendar_with(closures)

    def dues(calendar: WorkCalendar) -> list[datetime]:
        return [
            calendar.add_working_minutes(start, amount).at,
            calendar.add_working_days(start, 1 + amount % 20).at,
            calendar.add_days(start, amount % 20).at,
            calendar.add_minutes(start, amount).at,
        ]

    assert all(after >= before for after, before in zip(dues(closed), dues(OPEN), strict=True))


@settings(max_examples=30)
@given(closures=CLOSURES, start=INSTANTS, minutes=st.integers(1, 900))
def test_working_time_is_as_counted_minute_by_minute(
    closures: dict[date, Part], start: datetime, minutes: int
) -> None:
    calendar = calendar_with(closures)

    def is_worked(at: datetime) -> bool:
        local = at.astimezone(SHANGHAI)
        part = closures.get(local.date())
        is_afternoon = local.hour >= 13
        closed = part is Part.DAY or part is (Part.AFTERNOON if is_afternoon else Part.MORNING)
        return OPEN.is_office_time(at) and not closed

    due = calendar.add_working_minutes(start, minutes).at
    counted, at = 0, start
    while counted < minutes:
        assert calendar.is_office_time(at) == is_worked(at)
        counted += is_worked(at)
        at += timedelta(minutes=1)
    assert due == at
    assert calendar.office_time_between(start, due) == timedelta(minutes=minutes)
    back = calendar.office_time_before(due, timedelta(minutes=minutes))
    assert calendar.office_time_between(back, due) == timedelta(minutes=minutes)
    assert calendar.is_office_time(back)


def test_a_closure_belongs_to_its_county_alone() -> None:
    closures = [{"days": "2026-12-03..2026-12-04", "part": "day", "reason": "停电"}]
    text = SHIPPED.read_text(encoding="utf-8")
    calendars = parse_calendars(put(text, ("counties", "610122"), {"closures": closures}))
    wednesday = datetime(2026, 12, 2, 2, tzinfo=UTC)
    due = {
        county: calendars.of(county).add_working_days(wednesday, 1).at.astimezone(SHANGHAI).date()
        for county in ("610122", "610124")
    }
    assert due == {"610122": date(2026, 12, 7), "610124": date(2026, 12, 3)}


def test_morning_and_afternoon_make_a_day() -> None:
    closures = [
        {"days": "2026-12-03", "part": part, "reason": "停电"} for part in ("morning", "afternoon")
    ]
    text = SHIPPED.read_text(encoding="utf-8")
    calendars = parse_calendars(put(text, ("counties", "610122"), {"closures": closures}))
    assert not calendars.of("610122").is_working_day(date(2026, 12, 3))


NOTICE = """\
year: 2027
notice: 国办发明电〔2026〕0号（测试）
holidays: [2027-01-01..2027-01-03, 2027-02-05..2027-02-11]
make_up_workdays: [2027-01-09]
"""


def test_a_notice_publishes_its_year_and_leaves_all_comments() -> None:
    before = SHIPPED.read_text(encoding="utf-8")
    after = with_notice(before, NOTICE)
    calendars = parse_calendars(after)
    assert calendars.default.is_published(2027)
    assert calendars.default.is_working_day(date(2027, 1, 9))
    assert calendars.notices[2027] == "国办发明电〔2026〕0号（测试）"
    assert after.count("#") == before.count("#")


@pytest.mark.parametrize(
    ("right", "wrong", "zh"),
    [
        ("2027-01-09", "2028-01-08", "2028-01-08 不属于 2027 年的通知"),
        ("2027-01-09", "2027-01-08", "2027-01-08 不是周六或周日"),
        ("notice:", "notiz:", "缺少这一项"),
        ("year: 2027", "year: *next", "不是正确的 YAML 格式"),
    ],
)
def test_what_is_wrong_with_a_notice_is_said_in_chinese(right: str, wrong: str, zh: str) -> None:
    with pytest.raises(FileInvalid) as invalid:
        with_notice(SHIPPED.read_text(encoding="utf-8"), NOTICE.replace(right, wrong))
    assert any(zh in problem.text.zh for problem in invalid.value.problems)
    assert all(problem.line for problem in invalid.value.problems)
