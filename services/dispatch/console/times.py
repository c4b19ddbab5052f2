"""Instants and spans as a person reads them, in office time."""

from datetime import datetime, timedelta

from shared.clock import SHANGHAI

SOON = timedelta(hours=1)
"""A countdown below this stands out; console.js does the same."""

_WEEKDAYS = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
_NEAR = {
    "zh": {-1: "昨天", 0: "今天", 1: "明天"},
    "en": {-1: "yesterday", 0: "today", 1: "tomorrow"},
}


def point_in_time(at: datetime, now: datetime, language: str) -> str:
    """The shortest that is clear: the day by its name where it is near, its year where it is not
    this one."""
    local, today = at.astimezone(SHANGHAI), now.astimezone(SHANGHAI).date()
    hour = f"{local:%H:%M}"
    days = (local.date() - today).days
    if days in _NEAR[language]:
        return f"{_NEAR[language][days]} {hour}"
    if local.year != today.year:
        return f"{local:%Y-%m-%d} {hour}"
    weekday = _WEEKDAYS[language][local.weekday()]
    return (
        f"{local:%m-%d} 周{weekday} {hour}"
        if language == "zh"
        else f"{weekday} {local:%m-%d} {hour}"
    )


def in_full(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def span(length: timedelta, words: tuple[str, str, str, str]) -> str:
    """Two units at most, as console.js counts them on. `words`: day, hour, minute, second."""
    seconds = int(abs(length).total_seconds())
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    day, hour, minute, second = words
    if days:
        return f"{days}{day}{hours}{hour}"
    if hours:
        return f"{hours}{hour}{minutes:02}{minute}"
    return f"{minutes}{minute}{seconds % 60:02}{second}"
