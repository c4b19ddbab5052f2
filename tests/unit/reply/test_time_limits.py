"""What is printed on tickets, and how it is read."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reply.rules.time_limits import (
    MAX_DAYS,
    Duration,
    Limit,
    Unit,
    Unreadable,
    read_limit,
)


@pytest.mark.parametrize(
    ("printed", "amount", "unit"),
    [
        ("5个工作日", 5, Unit.WORKING_DAY),
        ("５个工作日", 5, Unit.WORKING_DAY),
        (" 5 个 工作日 ", 5, Unit.WORKING_DAY),
        ("三个工作日", 3, Unit.WORKING_DAY),
        ("十五个工作日内办结。", 15, Unit.WORKING_DAY),
        ("办理时限：5个工作日", 5, Unit.WORKING_DAY),
        ("自收到工单之日起5个工作日内回复", 5, Unit.WORKING_DAY),
        ("5天（工作日）", 5, Unit.WORKING_DAY),
        ("下一个工作日", 1, Unit.WORKING_DAY),
        ("5 working days", 5, Unit.WORKING_DAY),
        ("1 Working Day", 1, Unit.WORKING_DAY),
        ("within five business days", 5, Unit.WORKING_DAY),
        ("10 workdays", 10, Unit.WORKING_DAY),
        ("24小时", 24 * 60, Unit.MINUTE),
        ("限24小时内办结", 24 * 60, Unit.MINUTE),
        ("两个小时", 120, Unit.MINUTE),
        ("半小时", 30, Unit.MINUTE),
        ("一个半小时", 90, Unit.MINUTE),
        ("1.5小时", 90, Unit.MINUTE),
        ("48h", 48 * 60, Unit.MINUTE),
        ("24 hours", 24 * 60, Unit.MINUTE),
        ("30分钟", 30, Unit.MINUTE),
        ("一百二十分钟", 120, Unit.MINUTE),
        ("30 minutes", 30, Unit.MINUTE),
        ("4个工作小时", 240, Unit.WORKING_MINUTE),
        ("4 working hours", 240, Unit.WORKING_MINUTE),
        ("3天", 3, Unit.DAY),
        ("15日内", 15, Unit.DAY),
        ("15 days", 15, Unit.DAY),
        ("60个自然日", 60, Unit.DAY),
        ("一周", 7, Unit.DAY),
        ("2 weeks", 14, Unit.DAY),
        ("当日", 0, Unit.DAY),
        ("当日办结", 0, Unit.DAY),
        ("same day", 0, Unit.DAY),
        ("次日", 1, Unit.DAY),
    ],
)
def test_lengths_of_time(printed: str, amount: int, unit: Unit) -> None:
    assert read_limit(printed) == Duration(amount, unit)


@pytest.mark.parametrize(
    ("printed", "limit"),
    [
        ("2026-11-30", date(2026, 11, 30)),
        ("2026年11月30日前", date(2026, 11, 30)),
        ("请于2026年11月30日前回复", date(2026, 11, 30)),
        ("2026-11-30 18:00", datetime(2026, 11, 30, 10, tzinfo=UTC)),
        ("2026/11/30 9:05:07", datetime(2026, 11, 30, 1, 5, 7, tzinfo=UTC)),
        ("2026年11月30日18时前", datetime(2026, 11, 30, 10, tzinfo=UTC)),
        ("2026年11月30日下午6时30分", datetime(2026, 11, 30, 10, 30, tzinfo=UTC)),
        ("2026-11-30 24:00", datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC)),
        ("2026-11-30T18:00:00+08:00", datetime(2026, 11, 30, 10, tzinfo=UTC)),
        ("2026-11-30T10:00:00Z", datetime(2026, 11, 30, 10, tzinfo=UTC)),
    ],
)
def test_days_and_instants(printed: str, limit: date) -> None:
    read = read_limit(printed)
    assert (type(read), read) == (type(limit), limit)


@pytest.mark.parametrize(
    ("printed", "why"),
    [
        ("", Unreadable.EMPTY),
        ("  ", Unreadable.EMPTY),
        ("立即", Unreadable.NOT_UNDERSTOOD),
        ("5 bananas", Unreadable.NOT_UNDERSTOOD),
        ("5个工作日前", Unreadable.NOT_UNDERSTOOD),
        ("自受理之日起15日", Unreadable.NOT_UNDERSTOOD),
        ("三五个工作日", Unreadable.NOT_UNDERSTOOD),
        ("7*24小时", Unreadable.NOT_UNDERSTOOD),
        ("5", Unreadable.NO_UNIT),
        ("十五", Unreadable.NO_UNIT),
        ("1-7个工作日", Unreadable.MORE_THAN_ONE),
        ("3至5个工作日", Unreadable.MORE_THAN_ONE),
        ("24小时内签收，5个工作日内办结", Unreadable.MORE_THAN_ONE),
        ("半个工作日", Unreadable.FRACTION_OF_A_DAY),
        ("1.5 days", Unreadable.FRACTION_OF_A_DAY),
        ("0个工作日", Unreadable.OUT_OF_RANGE),
        ("99999天", Unreadable.OUT_OF_RANGE),
        ("11月30日前", Unreadable.NO_YEAR),
        ("2026年2月30日", Unreadable.NO_SUCH_DATE),
        ("2026-11-30 25:00", Unreadable.NO_SUCH_DATE),
    ],
)
def test_what_is_not_wholly_understood_is_never_guessed(printed: str, why: Unreadable) -> None:
    assert read_limit(printed) is why


lengths = st.one_of(
    st.builds(Duration, st.integers(0, MAX_DAYS), st.just(Unit.DAY)),
    st.builds(Duration, st.integers(1, MAX_DAYS), st.just(Unit.WORKING_DAY)),
    st.builds(
        Duration,
        st.integers(1, MAX_DAYS * 1440),
        st.sampled_from((Unit.MINUTE, Unit.WORKING_MINUTE)),
    ),
)
instants = st.integers(0, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(lengths | st.dates(date(1990, 1, 1), date(2090, 1, 1)) | instants)
def test_a_limit_is_read_back_as_it_was_written(limit: Limit) -> None:
    written = limit.isoformat() if isinstance(limit, date) else str(limit)
    assert read_limit(written) == limit


@given(st.text(max_size=30) | st.from_regex(r"[0-9五十个半工作日天小时分前 .:-]{1,14}"))
def test_no_text_breaks_the_reader(printed: str) -> None:
    assert isinstance(read_limit(printed), Duration | date | Unreadable)
