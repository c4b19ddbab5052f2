"""How often will each asset fail? A regression fitted inside the history, or the shrunken rate.

The regression (Poisson, ridge penalty) learns from earlier days of the same history: what was
known then, and how often each asset failed in the time after. It is used only where it foretells
the newest part of the history better than the shrunken rate, with that part kept out of the fit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .asset_features import FeatureSource
from .asset_history import DAYS_A_YEAR, History, Numbers
from .shrinkage import GammaPoisson, fit_gamma_poisson

FEWEST_FAILURES = 100
"""Fewer failures to learn from than this, and the shrunken rate is used."""
SHORTEST_YEARS = 1.0
_LEARNT_FROM = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""The days a model learns at, as shares of the time before the day it foretells from."""
_LONGEST_AHEAD_DAYS = 365.0
_RIDGE = 0.01
_FLAT = 1e4
"""The shape of a spread that adds nothing to chance."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """`rates`: failures a year of each asset. `shape`: how far they may be off, as the shape of a
    gamma distribution of that mean; the smaller, the further."""

    rates: Numbers
    shape: float
    used: str
    """`regression` or `shrunken rate`."""
    why: str
    weights: Mapping[str, float]
    """Of the regression: by how much one standard deviation of a feature changes the logarithm."""


@dataclass(frozen=True, slots=True)
class _Lesson:
    """What was known at a day, and what then happened."""

    features: Mapping[str, Numbers]
    known: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
    failed: Numbers
    years: float


def foretell(history: History) -> Foretold:
    """The failure rates to be expected from `history.end` on."""
    base = shrunken_rates(history, history.end)
    source = FeatureSource(history)
    ahead = min(_LONGEST_AHEAD_DAYS, history.end / 4)
    judged_at = history.end - ahead
    reason = _too_little(history, judged_at)
    if reason:
        return Foretold(base, _spread(history).shape, "shrunken rate", reason, {})
    judged = _lesson(source, judged_at, history.end)
    rivals = {
        "regression": _Regression(_lessons(source, judged_at)).rates(judged.features),
        "shrunken rate": shrunken_rates(history, judged_at),
    }
    errors = {name: _deviance(judged, rates) for name, rates in rivals.items()}
    why = "deviance on the newest {:.0f} days: regression {:.4f}, shrunken rate {:.4f}".format(
        ahead, errors["regression"], errors["shrunken rate"]
    )
    if errors["regression"] >= errors["shrunken rate"]:
        return Foretold(base, _spread(history).shape, "shrunken rate", why, {})
    lessons = _lessons(source, history.end)
    model = _Regression(lessons)
    shape = _shape([(lesson, model.rates(lesson.features)) for lesson in lessons])
    return Foretold(model.rates(source.at(history.end)), shape, "regression", why, model.weights)


def shrunken_rates(history: History, day: float) -> Numbers:
    """Failures a year of each asset, drawn towards the rate of all, by what is known at `day`."""
    counts, years = history.seen(day)
    return _spread_of(counts, years).rates(counts, years)


def _spread(history: History) -> GammaPoisson:
    return _spread_of(*history.seen(history.end))


def _spread_of(counts: Numbers, years: Numbers) -> GammaPoisson:
    known = years > 0
    if counts[known].sum() == 0:
        # Nothing has failed twice: half a failure among all is as much as can be said.
        watched = max(float(years.sum()), 1.0)
        return GammaPoisson(shape=0.5, mean=0.5 / watched)
    return fit_gamma_poisson(counts[known], years[known])


def _too_little(history: History, judged_at: float) -> str:
    """Why no regression is tried; empty: there is enough."""
    if history.years < SHORTEST_YEARS:
        return f"less than {SHORTEST_YEARS:.0f} year of history"
    failures = int((history.failed_at < judged_at).sum())
    if failures < FEWEST_FAILURES:
        return f"{failures} failures to learn from, fewer than {FEWEST_FAILURES}"
    return ""


def _lessons(source: FeatureSource, until: float) -> list[_Lesson]:
    return [
        _lesson(source, share * until, min(until, share * until + _LONGEST_AHEAD_DAYS))
        for share in _LEARNT_FROM
    ]


def _lesson(source: FeatureSource, day: float, until: float) -> _Lesson:
    history = source.history
    return _Lesson(
        features=source.at(day),
        known=history.observed_since(day) < day,
        failed=history.counts_between(day, until),
        years=(until - day) / DAYS_A_YEAR,
    )


class _Regression:
    def __init__(self, lessons: Sequence[_Lesson]) -> None:
        # It takes a second and 80 MB, and small counties never have enough to learn from.
        from sklearn.linear_model import PoissonRegressor
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        self._names = sorted(set.intersection(*(set(each.features) for each in lessons)))
        rows = [self._rows(lesson.features)[lesson.known] for lesson in lessons]
        rates = [lesson.failed[lesson.known] / lesson.years for lesson in lessons]
        weights = [np.full(int(lesson.known.sum()), lesson.years) for lesson in lessons]
        self._model = make_pipeline(StandardScaler(), PoissonRegressor(alpha=_RIDGE, max_iter=1000))
        self._model.fit(
            np.concatenate(rows),
            np.concatenate(rates),
            poissonregressor__sample_weight=np.concatenate(weights),
        )

    def rates(self, features: Mapping[str, Numbers]) -> Numbers:
        result: Numbers = self._model.predict(self._rows(features))
        return result

    @property
    def weights(self) -> dict[str, float]:
        return dict(zip(self._names, map(float, self._model[-1].coef_), strict=True))

    def _rows(self, features: Mapping[str, Numbers]) -> Numbers:
        size = len(next(iter(features.values())))
        return np.column_stack([features.get(name, np.zeros(size)) for name in self._names])


def _deviance(lesson: _Lesson, rates: Numbers) -> float:
    """Mean Poisson deviance of the failures that came, at the level that came: a bad year of all
    says nothing about which asset fails."""
    failed, foretold = lesson.failed[lesson.known], rates[lesson.known]
    expected = foretold * max(failed.sum(), 0.5) / foretold.sum()
    logs = np.where(failed > 0, failed * np.log(np.maximum(failed, 1) / expected), 0.0)
    return float(2 * (logs - failed + expected).mean())


def _shape(foretold: Sequence[tuple[_Lesson, Numbers]]) -> float:
    """How much further than by chance the counts lie from what was foretold (by moments)."""
    excess = squares = 0.0
    for lesson, rates in foretold:
        expected = rates[lesson.known] * lesson.years
        failed = lesson.failed[lesson.known]
        excess += float(((failed - expected) ** 2 - failed).sum())
        squares += float((expected**2).sum())
    return _FLAT if excess <= 0 else float(np.clip(squares / excess, 1 / _FLAT, _FLAT))
