"""Does one repairable thing fail more and more often? Trend tests and the power law.

Times are in one unit (days here) since observation began; observation ends at `end`, whether or
not something failed then (time-truncated). Without a trend the times of `n` failures lie anywhere
in that span alike.

Sources: MIL-HDBK-189C (Department of Defense, 2011), sections 5 and 6; Ascher and Feingold,
Repairable Systems Reliability (1984), for Laplace's test.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, factorial, floor, log, sqrt

from scipy.special import chdtr, chdtri, ndtr

FEWEST_FOR_TREND = 3
"""Two failures give a test nearly no chance to see anything."""
_EXACT_UP_TO = 12
"""Above this the alternating sum loses digits, and the normal curve is close enough."""


@dataclass(frozen=True, slots=True)
class TrendTest:
    """`statistic` as published; `p` for either direction."""

    statistic: float
    p: float
    worsening: bool
    """The direction: failures come closer together towards the end."""


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """Expected failures up to time t: `(t / scale) ** shape`; shape above 1 is getting worse."""

    shape: float
    low: float
    high: float
    """The shape's confidence interval."""
    scale: float

    def expected(self, since: float, until: float) -> float:
        """Failures to be expected between two times."""
        return float((until / self.scale) ** self.shape - (since / self.scale) ** self.shape)


def laplace(times: Sequence[float], end: float) -> TrendTest:
    """Laplace's test: is the mean of the times later than the middle of the span?

    The statistic is standard normal without a trend; `p` is exact for a dozen failures and fewer,
    by the distribution of a sum of uniform times. Raises ValueError for no times or times outside
    the span.
    """
    _check(times, end)
    count = len(times)
    statistic = (sum(times) / count - end / 2) / (end / sqrt(12 * count))
    if count > _EXACT_UP_TO:
        p = 2 * float(ndtr(-abs(statistic)))
    else:
        below = _sum_of_uniforms_up_to(sum(times) / end, count)
        p = min(1.0, 2 * min(below, 1 - below))
    return TrendTest(statistic, p, worsening=statistic > 0)


def mil_hdbk_189c(times: Sequence[float], end: float) -> TrendTest:
    """The test of MIL-HDBK-189C: strong where the trend follows a power law.

    The statistic is chi-squared with two degrees of freedom a failure without a trend. Raises
    ValueError as `laplace` does.
    """
    _check(times, end)
    statistic = 2 * _log_ratios(times, end)
    below = float(chdtr(2 * len(times), statistic))
    return TrendTest(
        statistic, min(1.0, 2 * min(below, 1 - below)), worsening=statistic < 2 * len(times)
    )


def power_law(times: Sequence[float], end: float, confidence: float = 0.9) -> PowerLaw:
    """The Crow-AMSAA model by maximum likelihood, its shape with an exact confidence interval.

    Raises ValueError as `laplace` does, and where all failures are at the very end.
    """
    _check(times, end)
    count, total = len(times), _log_ratios(times, end)
    if total == 0:
        raise ValueError("all failures are at the end: no shape fits")
    shape = count / total
    tail = (1 - confidence) / 2
    low, high = chdtri(2 * count, [1 - tail, tail]) / (2 * total)
    return PowerLaw(shape, float(low), float(high), scale=end / count ** (1 / shape))


def _check(times: Sequence[float], end: float) -> None:
    if not times:
        raise ValueError("no failures: nothing to test")
    if min(times) <= 0 or max(times) > end:
        raise ValueError("every failure must lie after the beginning and not after the end")


def _log_ratios(times: Sequence[float], end: float) -> float:
    return sum(log(end / time) for time in times)


def _sum_of_uniforms_up_to(total: float, count: int) -> float:
    """The chance that `count` uniform numbers in (0, 1) add up to at most `total` (Irwin-Hall)."""
    if total > count / 2:
        return 1 - _sum_of_uniforms_up_to(count - total, count)
    terms = ((-1) ** k * comb(count, k) * (total - k) ** count for k in range(floor(total) + 1))
    return float(sum(terms)) / factorial(count)
