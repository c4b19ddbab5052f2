"""What somebody who looks for disclosures has typed, as intake wants it."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from services.dispatch.console.language import both
from shared.clock import SHANGHAI
from shared.problems import Problem

_FIELDS = ("viewer", "complaint_id", "phone", "since", "until")


def wanted_disclosures(typed: Mapping[str, str]) -> dict[str, str]:
    """Days are those of the office; `until` is the last one. Raises Problem 422."""
    wanted = {name: typed[name] for name in _FIELDS if typed.get(name)}
    if since := wanted.get("since"):
        wanted["since"] = _midnight(since).isoformat()
    if until := wanted.get("until"):
        wanted["until"] = (_midnight(until) + timedelta(days=1)).isoformat()
    return wanted


def _midnight(day: str) -> datetime:
    """Of a day of the office. Raises Problem 422."""
    try:
        return datetime.combine(date.fromisoformat(day), time.min, SHANGHAI)
    except ValueError:
        raise Problem(422, "invalid_request", both("disclosure.no_such_day")) from None
