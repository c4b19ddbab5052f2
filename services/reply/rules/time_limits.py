"""Reads the limit a platform prints on a ticket: "5个工作日", "24小时", "2026年11月30日前".

A limit that is not wholly understood is never guessed: it stays unreadable, with the reason, and
a person sees it. Nothing here knows the calendar: deadlines.py counts.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from .calendar import SHANGHAI

MAX_DAYS = 3660
"""Ten years: more than any ticket allows, so a larger number is a slip of the pen."""


class Unit(StrEnum):
    MINUTE = "minute"
    WORKING_MINUTE = "working minute"
    DAY = "day"
    WORKING_DAY = "working day"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in the unit it is counted in. Zero days is the day of receipt itself.

    `str()` gives a plain English form that `read_limit` reads back as the same duration.
    """

    amount: int
    unit: Unit

    def __str__(self) -> str:
        if self == SAME_DAY:
            return "same day"
        amount, unit = self.amount, self.unit.value
        if unit.endswith("minute") and amount % 60 == 0:
            amount, unit = amount // 60, unit.replace("minute", "hour")
        return f"{amount} {unit}{'' if amount == 1 else 's'}"


SAME_DAY = Duration(0, Unit.DAY)
_MINUTES_A_DAY = 24 * 60


def always_ends_later(one: Duration, other: Duration) -> bool:
    """Whether `one`, counted from the same instant, ends after `other` on whatever day that is,
    where days end at 24:00.

    By the numbers alone: nobody knows how long a working time takes, only that it takes no less
    than the same time by the clock.
    """
    if one.unit is other.unit:
        return one.amount > other.amount
    if other.unit in (Unit.WORKING_MINUTE, Unit.WORKING_DAY):
        return False
    # A limit in days ends with its last day: up to a day later than by the clock.
    longest = other.amount if other.unit is Unit.MINUTE else (other.amount + 1) * _MINUTES_A_DAY
    in_days = one.unit in (Unit.DAY, Unit.WORKING_DAY)
    return one.amount * (_MINUTES_A_DAY if in_days else 1) > longest


Limit = Duration | date
"""What was printed: a length of time; a day, of which the end counts; or (a datetime, UTC) an
instant."""


class Unreadable(StrEnum):
    """Why a limit cannot be read. The values are message keys."""

    EMPTY = "limit_empty"
    NOT_UNDERSTOOD = "limit_not_understood"
    MORE_THAN_ONE = "limit_more_than_one"
    NO_UNIT = "limit_without_unit"
    FRACTION_OF_A_DAY = "limit_fraction_of_a_day"
    """Days are counted whole, from the day after receipt: half a day has no end."""
    OUT_OF_RANGE = "limit_out_of_range"
    NO_YEAR = "limit_without_year"
    NO_SUCH_DATE = "limit_no_such_date"


_UNITS: dict[str, tuple[int, Unit]] = {
    # English without its plural s and with single spaces; Chinese without 个.
    name: (size, unit)
    for size, unit, names in (
        (1, Unit.MINUTE, "分钟 分 minute min"),
        (60, Unit.MINUTE, "小时 钟头 自然小时 hour hr h"),
        (1, Unit.WORKING_MINUTE, "工作分钟 working-minute"),
        (60, Unit.WORKING_MINUTE, "工作小时 工作时 working-hour business-hour office-hour"),
        (1, Unit.DAY, "天 日 自然日 日历日 自然天 day calendar-day natural-day d"),
        (7, Unit.DAY, "周 星期 礼拜 week"),
        (1, Unit.WORKING_DAY, "工作日 工作天 天(工作日) 日(工作日)"),
        (1, Unit.WORKING_DAY, "working-day workday work-day business-day office-day"),
    )
    for name in names.split()
}
_NAMED: dict[str, Duration] = {
    name: duration
    for duration, names in (
        (SAME_DAY, "当日 当天 今日 今天 同日 same-day the-same-day today"),
        (Duration(1, Unit.DAY), "次日 第二天 next-day the-next-day tomorrow"),
        (Duration(1, Unit.WORKING_DAY), "次工作日 下一工作日 下一个工作日 下个工作日 第二个工作日"),
        (Duration(1, Unit.WORKING_DAY), "next-working-day the-next-working-day next-business-day"),
    )
    for name in names.split()
}

_CHINESE_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2}
_CHINESE_POWERS = {"十": 10, "百": 100, "千": 1000}
_ENGLISH_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "thirteen": 13, "fifteen": 15, "twenty": 20,
    "thirty": 30, "sixty": 60,
}  # fmt: skip

# What tickets print around a limit without changing it. "受理之日起" and the like are left out on
# purpose: they start the clock at another event than the sending of the ticket.
_BEFORE = re.compile(
    r"^(?:(?:办理|处理|处置|办结|回复|答复|反馈)?(?:时限|期限)(?:为|是|:)?|限时?|请|须|应|于|在"
    r"|自?(?:收到|接到|接单|接件)(?:工单|诉求)?(?:之日|次日|后)?起?(?:后)?|within\b|in\b|by\b|\s)+"
)
_AFTER = re.compile(
    r"(?:之内|以内|内|须|应|完成|办结|办理|处理|处置|回复|答复|反馈|响应|联系|签收|完毕|[。.!;]|\s)+$"
)
_BY_THEN = re.compile(r"\s*(?:之前|以前|前|止|截止)$")

_NUMBER = r"(?P<number>\d{1,9}(?:\.\d{1,9})?|[零一二两三四五六七八九十百千]+|半|[a-z]+(?=[\s-]))"
_LENGTH = re.compile(rf"{_NUMBER}[\s-]*(?P<half>个半)?个?\s*(?P<unit>[^\d\s].*)")
_BARE_NUMBER = re.compile(r"\d+(?:\.\d+)?|[零一二两三四五六七八九十百千]+")
_ANY_LENGTH = re.compile(
    r"(?:\d+|[一二两三四五六七八九十百半])\s*个?(?:工作|自然|working|business)?[\s-]*"
    r"(?:小时|分钟?|天|日|周|hour|min|day|week)|当日|当天|same[\s-]day"
)
_RANGE = re.compile(r"[\d一二三四五六七八九十]\s*(?:-|~|至|到|to|or|或)\s*[\d一二三四五六七八九十]")
_DAY = re.compile(
    r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?"
    r"(?:[\st]*(?P<half>上午|下午)?\s*(?P<hour>\d{1,2})\s*[:时点]\s*"
    r"(?:(?P<minute>\d{1,2})\s*分?)?(?::\s*(?P<second>\d{1,2}))?(?:整)?)?"
)
_DAY_WITHOUT_YEAR = re.compile(r"\d{1,2}\s*月\s*\d{1,2}\s*日.*|\d{1,2}[-/]\d{1,2}(?:\s.*)?")


@lru_cache(maxsize=4096)
def read_limit(text: str) -> Limit | Unreadable:
    """The limit in these words, or why it cannot be read.

    Understands lengths of time in Chinese and English, with any digits, and dates with or without
    a time of day; a time without an offset is Shanghai's. "30日前" is read as offices mean it: up
    to the end of the 30th (as 以内 and 届满 include their last day, 民法典 1259).
    """
    plain = _AFTER.sub("", _BEFORE.sub("", unicodedata.normalize("NFKC", text).strip().lower()))
    if not plain:
        return Unreadable.EMPTY if not text.strip() else Unreadable.NOT_UNDERSTOOD
    if plain[:1].isdigit() and (day := _read_day(_BY_THEN.sub("", plain))) is not None:
        return day
    if named := _NAMED.get(re.sub(r"\s+", "-", plain)):
        return named
    if _RANGE.search(plain) or len(_ANY_LENGTH.findall(plain)) > 1:
        return Unreadable.MORE_THAN_ONE
    return _read_length(plain)


def _read_length(plain: str) -> Duration | Unreadable:
    if _BARE_NUMBER.fullmatch(plain):
        return Unreadable.NO_UNIT
    found = _LENGTH.fullmatch(plain)
    if found is None:
        return Unreadable.NOT_UNDERSTOOD
    number, name = _number(found["number"]), re.sub(r"[\s-]+", "-", found["unit"])
    known = _UNITS.get(name) or _UNITS.get(name.removesuffix("s"))
    if number is None or known is None:
        return Unreadable.NOT_UNDERSTOOD
    size, unit = known
    amount = (number + Fraction(1, 2) if found["half"] else number) * size
    if amount.denominator != 1:
        is_days = unit in (Unit.DAY, Unit.WORKING_DAY)
        return Unreadable.FRACTION_OF_A_DAY if is_days else Unreadable.OUT_OF_RANGE
    most = MAX_DAYS if unit in (Unit.DAY, Unit.WORKING_DAY) else MAX_DAYS * 24 * 60
    return Duration(int(amount), unit) if 1 <= amount <= most else Unreadable.OUT_OF_RANGE


def _number(text: str) -> Fraction | None:
    if text == "半":
        return Fraction(1, 2)
    if text[0].isdigit():
        return Fraction(text)
    if text in _ENGLISH_NUMBERS:
        return Fraction(_ENGLISH_NUMBERS[text])
    return None if text[0].isascii() else _chinese_number(text)


def _chinese_number(text: str) -> Fraction | None:
    """三, 十五, 二十, 一百二十, 一百零五; None where it is not written so (三五, 十百, 一二)."""
    total, digit, last_power = 0, None, 10_000
    for character in text:
        if (power := _CHINESE_POWERS.get(character)) is None:
            if digit is not None and digit != 0:
                return None
            digit = _CHINESE_DIGITS[character]
            continue
        if power >= last_power or digit == 0 or (digit is None and power != 10):
            return None
        total, digit, last_power = total + (digit or 1) * power, None, power
    return Fraction(total + (digit or 0))


def _read_day(plain: str) -> date | Unreadable | None:
    """A day or an instant; None where the text is neither."""
    if _DAY_WITHOUT_YEAR.fullmatch(plain):
        return Unreadable.NO_YEAR
    found = _DAY.fullmatch(plain)
    try:
        if found is None:
            return _read_iso(plain)
        day = date(int(found["year"]), int(found["month"]), int(found["day"]))
        if found["hour"] is None:
            return day
        return _shanghai(day, found)
    except (ValueError, OverflowError):
        return Unreadable.NO_SUCH_DATE


def _read_iso(plain: str) -> datetime | None:
    if "t" not in plain or ":" not in plain:
        return None
    try:
        at = datetime.fromisoformat(plain.upper())
        return (at if at.tzinfo else at.replace(tzinfo=SHANGHAI)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _shanghai(day: date, found: re.Match[str]) -> datetime:
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    if found["half"] == "下午" and hour < 12:
        hour += 12
    # "24:00" is the last moment of its day, and keeps that day's date.
    clock = time(23, 59, 59) if (hour, minute, second) == (24, 0, 0) else time(hour, minute, second)
    return datetime.combine(day, clock, tzinfo=SHANGHAI).astimezone(UTC)
