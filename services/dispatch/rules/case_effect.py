"""Did failures fall after a scheme was put right?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import comb

_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Effect:
    """Failures in the year before the case was opened, and since it was done."""

    before: int
    after: int
    days_after: int
    p: float
    """The chance of so few afterwards, or fewer, if nothing had changed."""

    @property
    def expected(self) -> float:
        """Failures since then at the earlier rate."""
        return self.before * self.days_after / _YEAR.days


def effect_of(
    failed_at: Iterable[datetime], opened_at: datetime, done_at: datetime, now: datetime
) -> Effect:
    """`p` is exact: of all failures, each falls into the time since with that time's share.
    Failures while the case was open belong to neither side."""
    times = list(failed_at)
    before = sum(opened_at - _YEAR <= at < opened_at for at in times)
    after = sum(done_at <= at < now for at in times)
    days_after = max((now - done_at) // timedelta(days=1), 0)
    share = days_after / (days_after + _YEAR.days)
    total = before + after
    p = sum(
        comb(total, few) * share**few * (1 - share) ** (total - few) for few in range(after + 1)
    )
    return Effect(before, after, days_after, min(p, 1.0))
