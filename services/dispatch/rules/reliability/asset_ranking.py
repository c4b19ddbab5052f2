"""Which assets first, and why: expected failures, trend and reason of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from .asset_history import DAYS_A_YEAR, Asset, History, Numbers
from .asset_model import Foretold, foretell
from .false_alarms import adjusted
from .shrinkage import count_interval
from .trend import FEWEST_FOR_TREND, TrendTest, laplace

INTERVAL_CONFIDENCE = 0.9
FALSE_ALARMS_ALLOWED = 0.1
"""The share of reported trends that may be chance (Benjamini-Hochberg)."""
_SEASON_PRIOR = 30.0
"""Failures at an ordinary level that a season's own count is weighed against."""
_SEASON_BOUNDS = (0.5, 2.0)


class Trend(StrEnum):
    WORSENING = "worsening"
    IMPROVING = "improving"
    STEADY = "steady"
    """No trend that stands out of chance, among all that were tested."""
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class RankedAsset:
    """`low` and `high`: between which the number of failures lies with 90 % confidence."""

    rank: int
    asset: Asset
    expected: float
    low: float
    high: float
    trend: Trend
    trend_p: float | None
    """Laplace's test, for either direction; None: too few failures to test."""
    failures: int
    recent_failures: int
    """Within the last 365 days."""
    last_failed_on: date | None


@dataclass(frozen=True, slots=True)
class Ranking:
    assets: Sequence[RankedAsset]
    model: Foretold
    season: float
    """By how much the horizon's season differs from the year's mean: 1.2 is a fifth more."""


def rank(history: History, horizon_days: int) -> Ranking:
    """Every asset, the one with the most failures to be expected first."""
    model = foretell(history)
    season = season_factor(history, horizon_days)
    expected = model.rates * season * horizon_days / DAYS_A_YEAR
    low, high = count_interval(expected, model.shape, INTERVAL_CONFIDENCE)
    trends = _trends(history)
    counts = history.counts(history.end)
    recent = history.counts_between(history.end - DAYS_A_YEAR, history.end)
    last = history.last_failure(history.end)
    order = sorted(
        range(len(history.assets)),
        key=lambda at: (-expected[at], -counts[at], history.assets[at].id),
    )
    assets = []
    for number, at in enumerate(order, start=1):
        trend, p = trends[at]
        assets.append(
            RankedAsset(
                rank=number,
                asset=history.assets[at],
                expected=float(expected[at]),
                low=float(low[at]),
                high=float(high[at]),
                trend=trend,
                trend_p=p,
                failures=int(counts[at]),
                recent_failures=int(recent[at]),
                last_failed_on=(
                    history.began + timedelta(days=float(last[at])) if counts[at] else None
                ),
            )
        )
    return Ranking(assets, model, season)


def season_factor(history: History, horizon_days: int) -> float:
    """Failures in the same days of earlier years, relative to those years' mean: near 1 where the
    history is too short to tell."""
    seen = ordinary = 0.0
    year = 1
    while (start := history.end - year * DAYS_A_YEAR) - (DAYS_A_YEAR - horizon_days) / 2 >= 0:
        middle = start + horizon_days / 2
        around = _between(history.failed_at, middle - DAYS_A_YEAR / 2, middle + DAYS_A_YEAR / 2)
        seen += _between(history.failed_at, start, start + horizon_days)
        ordinary += around * horizon_days / DAYS_A_YEAR
        year += 1
    factor = (seen + _SEASON_PRIOR) / (ordinary + _SEASON_PRIOR)
    return float(np.clip(factor, *_SEASON_BOUNDS))


def _between(times: Numbers, since: float, until: float) -> float:
    return float(((times >= since) & (times < until)).sum())


def _trends(history: History) -> list[tuple[Trend, float | None]]:
    """Of each asset; a trend is reported only where it stands out among all that were tested."""
    tests: dict[int, TrendTest] = {}
    in_order = np.argsort(history.failed_asset, kind="stable")
    positions, starts = np.unique(history.failed_asset[in_order], return_index=True)
    installed = (
        history.observed_since(history.end)
        if history.is_register
        else np.zeros(len(history.assets))
    )
    for at, times in zip(positions, np.split(history.failed_at[in_order], starts[1:]), strict=True):
        span = history.end - installed[at]
        # A day's failure is taken at its noon, so that none is at the very beginning.
        within = [time - installed[at] + 0.5 for time in times if time >= installed[at]]
        if len(within) >= FEWEST_FOR_TREND:
            tests[int(at)] = laplace(within, span)
    result: list[tuple[Trend, float | None]] = [(Trend.TOO_FEW, None)] * len(history.assets)
    levels = adjusted([test.p for test in tests.values()])
    for (at, test), level in zip(tests.items(), levels, strict=True):
        direction = Trend.WORSENING if test.worsening else Trend.IMPROVING
        result[at] = (direction if level <= FALSE_ALARMS_ALLOWED else Trend.STEADY, test.p)
    return result
