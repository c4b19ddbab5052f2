"""A deadline's arithmetic reads as a clerk would say it, in both languages."""

from datetime import datetime

import pytest

from services.reply.calendar_file import load_calendars
from services.reply.rules.arithmetic import (
    Counted,
    Words,
    across,
    extension_in_words,
    holidays_between,
    in_words,
    moment,
    pause_in_words,
    shortening_in_words,
)
from services.reply.rules.calendar import SHANGHAI
from services.reply.rules.limits import Interval, due_of
from services.reply.rules.time_limits import Duration, Limit, Unit

CALENDAR = load_calendars().default
FIVE_DAYS = Duration(5, Unit.WORKING_DAY)


def shanghai(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=SHANGHAI)


MONDAY = shanghai("2026-11-23 09:15")


@pytest.mark.parametrize(
    ("limit", "now", "more", "words"),
    [
        (
            FIVE_DAYS,
            "2026-11-26 10:00",
            {"due_at": shanghai("2026-12-02 17:30")},
            Words(
                "5 个工作日中已用 3 个，周三 17:30 到期", "3 of 5 working days used, due Wed 17:30"
            ),
        ),
        (
            Duration(24 * 60, Unit.MINUTE),
            "2026-11-23 12:35",
            {},
            Words(
                "24 小时中已用 3 小时 20 分，周二 09:15 到期",
                "3 h 20 min of 24 h used, due Tue 09:15",
            ),
        ),
        (
            Duration(4 * 60, Unit.WORKING_MINUTE),
            "2026-11-23 14:30",
            {},
            Words(
                "4 个工作小时中已用 3 个工作小时 45 分，周一 14:45 到期",
                "3 working h 45 min of 4 working h used, due Mon 14:45",
            ),
        ),
        (
            Duration(15, Unit.DAY),
            "2026-11-24 10:00",
            {},
            Words(
                "15 天中已用 1 天，12月8日周二 23:59 到期", "1 of 15 days used, due Tue 8 Dec 23:59"
            ),
        ),
        (
            FIVE_DAYS,
            "2026-11-26 10:00",
            {
                "is_paused": True,
                "stopped": [Interval(shanghai("2026-11-24 15:00"), shanghai("2026-11-26 10:00"))],
            },
            Words(
                "5 个工作日中已用 1 个，已暂停，若现在恢复则 周三 23:59 到期",
                "1 of 5 working days used, paused; resumed now, due Wed 23:59",
            ),
        ),
        (
            FIVE_DAYS,
            "2026-12-01 10:00",
            {"is_missed": True},
            Words(
                "5 个工作日中已用 5 个，已于 11月30日周一 23:59 到期",
                "5 of 5 working days used, was due Mon 30 Nov 23:59",
            ),
        ),
        (
            FIVE_DAYS,
            "2026-12-20 10:00",
            {"met_at": shanghai("2026-11-25 10:00")},
            Words(
                "5 个工作日中已用 2 个，11月30日周一 23:59 到期，按时完成",
                "2 of 5 working days used, due Mon 30 Nov 23:59, done in time",
            ),
        ),
    ],
)
def test_what_is_used_and_when_it_is_due(
    limit: Limit, now: str, more: dict[str, object], words: Words
) -> None:
    stopped = more.get("stopped", ())
    due = due_of(limit, MONDAY, CALENDAR, stopped).at  # type: ignore[arg-type]
    counted = Counted(limit, MONDAY, **{"due_at": due, **more})  # type: ignore[arg-type]
    assert in_words(counted, shanghai(now), CALENDAR) == words


def test_a_limit_that_is_no_length_of_time_says_when_it_is_due() -> None:
    counted = Counted(None, None, shanghai("2026-11-25 23:59:59"))
    assert in_words(counted, MONDAY, CALENDAR) == Words("周三 23:59 到期", "Due Wed 23:59")


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2026-09-29 09:00", "2026-10-12 18:00", ["跨国庆假期 7 天"]),
        ("2026-02-10 09:00", "2026-02-28 18:00", ["跨春节假期 9 天"]),
        ("2026-04-30 09:00", "2026-05-08 18:00", ["跨劳动节假期 5 天"]),
        ("2026-11-20 09:00", "2026-11-27 18:00", []),
        ("2025-09-30 09:00", "2025-10-10 18:00", ["跨国庆假期 8 天"]),
    ],
)
def test_holidays_in_between_are_named_with_their_days(
    start: str, end: str, words: list[str]
) -> None:
    found = holidays_between(shanghai(start), shanghai(end), CALENDAR)
    assert [each.zh for each in across(found)] == words


def test_every_move_is_said() -> None:
    stopped = Interval(shanghai("2026-11-24 15:00"), shanghai("2026-11-26 10:00"))
    now = shanghai("2026-11-27 09:00")
    assert pause_in_words("parts", stopped, FIVE_DAYS, now, CALENDAR, runs=False) == Words(
        "11月24日周二 15:00 至 11月26日周四 10:00 暂停（等配件），顺延 2 个工作日",
        "paused Tue 24 Nov 15:00 to Thu 26 Nov 10:00 (waiting for parts), moved by 2 working days",
    )
    assert extension_in_words(shanghai("2026-12-02 17:30"), now).zh == "平台同意延期至 周三 17:30"
    two_hours = Duration(120, Unit.MINUTE)
    assert shortening_in_words("chase", now, two_hours, now) == Words(
        "周五 09:00 催办，缩短为此后 2 小时内",
        "shortened by the chase of Fri 09:00 to 2 h from then",
    )
    assert moment(shanghai("2027-01-04 09:00"), now).en == "Mon 4 Jan 2027 09:00"
