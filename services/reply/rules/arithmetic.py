"""A deadline's arithmetic in words: how much of its limit is used, when it is due, and what moved
it, in both languages: "5 个工作日中已用 3 个，周三 17:30 到期", "3 of 5 working days used, due Wed
17:30".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from .calendar import SHANGHAI, OutsideCalendar, WorkCalendar
from .limits import Interval, length_on
from .time_limits import Duration, Limit, Unit


class Words(NamedTuple):
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Counted:
    """What a deadline is counted by, and how far it is."""

    limit: Limit | None
    """None: it is not known any more; only when it is due is said."""
    counts_from: datetime | None
    due_at: datetime
    stopped: Sequence[Interval] = ()
    """The union of its pauses, until now or until it was done."""
    met_at: datetime | None = None
    is_missed: bool = False
    is_paused: bool = False


def in_words(counted: Counted, now: datetime, calendar: WorkCalendar) -> Words:
    """One sentence: what is used of the limit, and when it is due."""
    due = moment(counted.due_at, now)
    if counted.met_at is not None:
        end = Words(f"{due.zh} 到期", f"due {due.en}")
        until = "，逾期完成" if counted.is_missed else "，按时完成"
        until_en = ", done late" if counted.is_missed else ", done in time"
    elif counted.is_paused:
        end = Words(f"已暂停，若现在恢复则 {due.zh} 到期", f"paused; resumed now, due {due.en}")
        until = until_en = ""
    else:
        verb = "已于 {} 到期" if counted.is_missed else "{} 到期"
        end = Words(verb.format(due.zh), f"{'was due' if counted.is_missed else 'due'} {due.en}")
        until = until_en = ""
    used = _used(counted, now, calendar)
    if used is None:
        return Words(f"{end.zh}{until}", f"{end.en[0].upper()}{end.en[1:]}{until_en}")
    return Words(f"{used.zh}，{end.zh}{until}", f"{used.en}, {end.en}{until_en}")


def _used(counted: Counted, now: datetime, calendar: WorkCalendar) -> Words | None:
    limit, counts_from = counted.limit, counted.counts_from
    if not isinstance(limit, Duration) or counts_from is None:
        return None
    try:
        used = used_of(limit, counts_from, counted.met_at or now, counted.stopped, calendar)
    except OutsideCalendar:
        return None
    return _of_limit(limit, used)


def used_of(
    limit: Duration,
    counts_from: datetime,
    at: datetime,
    stopped: Sequence[Interval],
    calendar: WorkCalendar,
) -> int:
    """How much of the limit is used at `at`: days, or seconds; never more than it has."""
    total = limit.amount if _is_in_days(limit) else limit.amount * 60
    used = length_on(limit, Interval(counts_from, max(at, counts_from)), calendar)
    for start, end in stopped:
        part = Interval(max(start, counts_from), min(end, at))
        if part.end > part.start:
            used -= length_on(limit, part, calendar)
    return max(0, min(used, total))


def _is_in_days(limit: Duration) -> bool:
    return limit.unit in (Unit.DAY, Unit.WORKING_DAY)


def _of_limit(limit: Duration, used: int) -> Words:
    if _is_in_days(limit):
        is_working = limit.unit is Unit.WORKING_DAY
        zh = f"{limit.amount} 个工作日中已用 {used} 个"
        if not is_working:
            zh = f"{limit.amount} 天中已用 {used} 天"
        unit = "working day" if is_working else "day"
        plural = "" if limit.amount == 1 else "s"
        return Words(zh, f"{used} of {limit.amount} {unit}{plural} used")
    office = limit.unit is Unit.WORKING_MINUTE
    total, spent = length(limit.amount * 60, office=office), length(used, office=office)
    return Words(f"{total.zh}中已用 {spent.zh}", f"{spent.en} of {total.en} used")


def length(seconds: int, *, office: bool = False) -> Words:
    """In hours and minutes."""
    hours, minutes = divmod(seconds // 60, 60)
    unit, unit_en = ("个工作小时", " working h") if office else ("小时", " h")
    if not hours:
        return Words(f"{minutes} 分钟", f"{minutes} min")
    rest, rest_en = (f" {minutes} 分", f" {minutes} min") if minutes else ("", "")
    return Words(f"{hours} {unit}{rest}", f"{hours}{unit_en}{rest_en}")


def duration(limit: Limit, amount: int) -> Words:
    """So much on the clock of that limit, in days or seconds as `length_on` has it."""
    if isinstance(limit, Duration) and not _is_in_days(limit):
        return length(amount, office=limit.unit is Unit.WORKING_MINUTE)
    if isinstance(limit, datetime):
        return length(amount)
    is_working = isinstance(limit, Duration) and limit.unit is Unit.WORKING_DAY
    plural = "" if amount == 1 else "s"
    if is_working:
        return Words(f"{amount} 个工作日", f"{amount} working day{plural}")
    return Words(f"{amount} 天", f"{amount} day{plural}")


_WEEKDAYS = ("一", "二", "三", "四", "五", "六", "日")
_NEAR = timedelta(days=6)


def moment(at: datetime, now: datetime) -> Words:
    """ "周三 17:30"; with its date where the week day does not say which one."""
    local, today = at.astimezone(SHANGHAI), now.astimezone(SHANGHAI)
    zh, en = f"周{_WEEKDAYS[local.weekday()]} {local:%H:%M}", f"{local:%a %H:%M}"
    if timedelta(0) <= local.date() - today.date() <= _NEAR:
        return Words(zh, en)
    year, year_en = ("", "") if local.year == today.year else (f"{local.year}年", f" {local.year}")
    zh = f"{year}{local.month}月{local.day}日{zh}"
    return Words(zh, f"{local:%a} {local.day} {local:%b}{year_en} {local:%H:%M}")


class Holiday(NamedTuple):
    first: date
    days: int
    """With the days off beside it."""


def holidays_between(start: datetime, end: datetime, calendar: WorkCalendar) -> list[Holiday]:
    """Runs of days off that are more than a weekend, as far as they lie in between."""
    found: list[Holiday] = []
    day, last = start.astimezone(SHANGHAI).date(), end.astimezone(SHANGHAI).date()
    try:
        while day <= last:
            run = _days_off(day, calendar)
            if run and any((day + timedelta(days=more)).weekday() < 5 for more in range(run)):
                found.append(Holiday(day, run))
            day += timedelta(days=max(run, 1))
    except OutsideCalendar:
        pass
    return found


def _days_off(day: date, calendar: WorkCalendar) -> int:
    run = 0
    while not calendar.is_working_day(day + timedelta(days=run)):
        run += 1
    return run


def holiday_name(holiday: Holiday) -> Words:
    """By the dates that it falls on; what is none of the national ones is a day off."""
    days = [holiday.first + timedelta(days=more) for more in range(holiday.days)]
    on = {(day.month, day.day) for day in days}
    first = (holiday.first.month, holiday.first.day)
    if (10, 1) in on:
        return Words("国庆假期", "National Day")
    if (1, 1) in on:
        return Words("元旦假期", "New Year")
    if (5, 1) in on:
        return Words("劳动节假期", "Labour Day")
    if on & {(4, 4), (4, 5), (4, 6)}:
        return Words("清明假期", "Tomb-Sweeping Day")
    if (1, 18) <= first <= (2, 24) and holiday.days >= 5:
        return Words("春节假期", "Spring Festival")
    if (5, 25) <= first <= (6, 26):
        return Words("端午假期", "Dragon Boat Festival")
    if (9, 5) <= first <= (10, 9):
        return Words("中秋假期", "Mid-Autumn Festival")
    return Words("停办", "days off")


def across(holidays: Iterable[Holiday]) -> list[Words]:
    """ "跨国庆假期 8 天" / "across National Day, 8 days"."""
    made = []
    for each in holidays:
        name, plural = holiday_name(each), "" if each.days == 1 else "s"
        made.append(
            Words(f"跨{name.zh} {each.days} 天", f"across {name.en}, {each.days} day{plural}")
        )
    return made


_WAITS_FOR = {
    "parts": Words("等配件", "waiting for parts"),
    "resident": Words("等居民", "waiting for the resident"),
    "outage": Words("等停电停水结束", "waiting for an outage to end"),
}


def pause_in_words(
    kind: str,
    interval: Interval,
    limit: Limit,
    now: datetime,
    calendar: WorkCalendar,
    *,
    runs: bool,
) -> Words:
    """When its clock stood still, why, and by how much that moved it on the limit's own clock."""
    why, start, end = _WAITS_FOR[kind], moment(interval.start, now), moment(interval.end, now)
    try:
        by = duration(limit, length_on(limit, interval, calendar))
    except OutsideCalendar:
        by = duration(limit, 0)
    if runs:
        return Words(
            f"{start.zh} 起暂停（{why.zh}），至今 {by.zh}",
            f"paused since {start.en} ({why.en}), {by.en} so far",
        )
    return Words(
        f"{start.zh} 至 {end.zh} 暂停（{why.zh}），顺延 {by.zh}",
        f"paused {start.en} to {end.en} ({why.en}), moved by {by.en}",
    )


def extension_in_words(until: datetime, now: datetime) -> Words:
    due = moment(until, now)
    return Words(f"平台同意延期至 {due.zh}", f"extended by the platform to {due.en}")


_OCCASIONS = {"chase": Words("催办", "chase"), "supervise": Words("督办", "supervision")}


def shortening_in_words(occasion: str, at: datetime, limit: Limit, now: datetime) -> Words:
    what, when = _OCCASIONS[occasion], moment(at, now)
    amount = 0
    if isinstance(limit, Duration):
        amount = limit.amount if _is_in_days(limit) else limit.amount * 60
    within = duration(limit, amount)
    return Words(
        f"{when.zh} {what.zh}，缩短为此后 {within.zh}内",
        f"shortened by the {what.en} of {when.en} to {within.en} from then",
    )
