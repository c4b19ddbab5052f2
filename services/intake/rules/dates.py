"""Dates that a platform prints and that cannot be: a slip of the pen, or a broken clock.

They are kept as printed, and a person looks; deadlines count from the receipt then. The bounds are
our own: no source prescribes them.
"""

import re
from datetime import UTC, datetime, timedelta

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_CLOCKS_DIFFER = timedelta(days=1)
_LONGEST_LIMIT_YEARS = 2
"""A ticket's limit is days or weeks; the year after next is no limit any more."""

_PRINTED_YEAR = re.compile(r"(?<!\d)(\d{4,6})\s*[年./-]\s*\d{1,2}(?!\d)")


def can_be(moment: datetime, now: datetime) -> bool:
    """Whether something can have been sent or changed at `moment`, seen from `now`."""
    return _EARLIEST <= moment <= now + _CLOCKS_DIFFER


def limit_can_be(printed: str | None, now: datetime) -> bool:
    """Whether the date in a printed limit, where it holds one, can be meant."""
    years = (int(year) for year in _PRINTED_YEAR.findall(printed or ""))
    return all(_EARLIEST.year <= year < now.year + _LONGEST_LIMIT_YEARS for year in years)
