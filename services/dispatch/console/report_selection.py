"""Which days a report is of, and which complaints stand behind one of its figures."""

from collections.abc import Callable
from datetime import date

from services.dispatch.console.language import both
from services.dispatch.report.content import BREAKDOWNS, SELECTIONS, is_late_because
from services.dispatch.rules.figures import ComplaintFact
from shared.problems import Problem


def two_days(since: str, until: str, today: date) -> tuple[date, date]:
    """The days asked for; else this month so far. Raises Problem 422."""
    first = _day(since) if since else today.replace(day=1)
    last = _day(until) if until else max(today, first)
    if not date(2000, 1, 1) <= first <= last < date(2100, 1, 1):
        raise Problem(422, "invalid_request", both("report.no_such_period"))
    return first, last


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Problem(422, "invalid_request", both("report.no_such_day")) from None


def selection(figure: str, kind: str, value: str) -> Callable[[ComplaintFact], bool]:
    """Which complaints stand behind a figure: of a whole period, or of one line of a breakdown.
    Raises Problem 404."""
    if figure not in SELECTIONS or (kind and kind != "cause" and kind not in BREAKDOWNS):
        raise Problem(404, "unknown_figure", both("report.no_such_figure"))

    def is_in_line(fact: ComplaintFact) -> bool:
        if kind == "cause":
            return is_late_because(fact, value)
        return not kind or BREAKDOWNS[kind](fact) == value

    return lambda fact: SELECTIONS[figure](fact) and is_in_line(fact)
