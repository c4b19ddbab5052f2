"""What is known of each asset at one day, as numbers a regression can weigh.

Nothing that happens on that day or later is looked at, so that a model fitted at earlier days is
judged by what it could have known.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import cos, radians

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from .asset_history import Asset, History, Indexes, Numbers

METRES_A_DEGREE = 111_320.0
NEIGHBOUR_METRES = (200.0, 1_000.0)
MOST_NEIGHBOURS = 64
"""Nearest first: crowded places stay affordable, and the nearest matter most."""
RECENT_HALF_LIFE_DAYS = 365.0
_NEIGHBOUR_HALF_LIFE_DAYS = 730.0
_GROUP_WEIGHT_YEARS = 20.0
"""A material seen for fewer years than this is believed less than the rate of all."""


@dataclass(frozen=True)
class FeatureSource:
    """Features of one history at any of its days. What does not change is worked out once."""

    history: History

    def at(self, day: float) -> dict[str, Numbers]:
        """By name, one number an asset; only what is known of enough assets to tell them apart."""
        history = self.history
        counts = history.counts(day)
        last = history.last_failure(day)
        watched_since = history.observed_since(day)
        found = {
            "count": np.log1p(counts),
            "recent": np.log1p(self._decayed(day, RECENT_HALF_LIFE_DAYS)),
            "since_last": np.log1p(day - np.maximum(last, watched_since)),
            "never_failed": (counts == 0).astype(float),
            **self._constant,
            **{name: self._rate_of_group(groups, day) for name, groups in self._groups.items()},
        }
        if self._installed is not None:
            age = history.began.year + day / 365.25 - self._installed
            found["age"] = np.where(np.isnan(age), 0.0, np.log1p(np.maximum(age, 0.0)))
            found["age_unknown"] = np.isnan(age).astype(float)
        nearby = self._decayed(day, _NEIGHBOUR_HALF_LIFE_DAYS)
        for metres, neighbours in self._neighbours.items():
            found[f"within_{metres:.0f}_m"] = np.log1p(neighbours @ nearby)
        return {name: values for name, values in found.items() if np.ptp(values) > 0}

    def _decayed(self, day: float, half_life: float) -> Numbers:
        """Failures of each asset, the older the less."""
        history = self.history
        before = history.failed_at < day
        weights = 0.5 ** ((day - history.failed_at[before]) / half_life)
        return np.bincount(
            history.failed_asset[before], weights=weights, minlength=len(history.assets)
        ).astype(float)

    def _rate_of_group(self, groups: Indexes, day: float) -> Numbers:
        """The logarithm of the failure rate of each asset's group, relative to the rate of all."""
        counts, years = self.history.seen(day)
        of_all = max(counts.sum(), 1.0) / max(years.sum(), 1.0)
        failed = np.bincount(groups, weights=counts) + _GROUP_WEIGHT_YEARS * of_all
        watched = np.bincount(groups, weights=years) + _GROUP_WEIGHT_YEARS
        result: Numbers = np.log(failed / watched / of_all)[groups]
        return result

    @cached_property
    def _installed(self) -> Numbers | None:
        years = _column(self.history.assets, lambda asset: asset.installed_year)
        return None if np.isnan(years).all() else years

    @cached_property
    def _constant(self) -> dict[str, Numbers]:
        found = {}
        for name, of in (
            ("length", lambda asset: asset.length_m),
            ("population", lambda asset: asset.population),
        ):
            values = _column(self.history.assets, of)
            values = np.where(values > 0, values, np.nan)
            if not np.isnan(values).all():
                logs = np.log(values)
                found[name] = np.where(np.isnan(logs), np.nanmedian(logs), logs)
        return found

    @cached_property
    def _groups(self) -> dict[str, Indexes]:
        """Of each asset: the number of its material and of its kind."""
        return {
            "material": _numbered([asset.material for asset in self.history.assets]),
            "kind": _numbered([asset.kind for asset in self.history.assets]),
        }

    @cached_property
    def _neighbours(self) -> dict[float, csr_array]:
        """By distance: which assets lie so near to each other (itself left out)."""
        lat = _column(self.history.assets, lambda asset: asset.lat)
        lon = _column(self.history.assets, lambda asset: asset.lon)
        placed = np.flatnonzero(~np.isnan(lat) & ~np.isnan(lon))
        if len(placed) < 2:
            return {}
        east = cos(radians(float(lat[placed].mean()))) * METRES_A_DEGREE
        places = np.column_stack([lat[placed] * METRES_A_DEGREE, lon[placed] * east])
        tree = cKDTree(places)
        nearest = min(MOST_NEIGHBOURS + 1, len(placed))
        distances, found = tree.query(places, k=nearest, distance_upper_bound=max(NEIGHBOUR_METRES))
        rows = np.repeat(np.arange(len(placed)), nearest)
        distances, found = distances.ravel(), found.ravel()
        size = len(self.history.assets)
        matrices = {}
        for metres in NEIGHBOUR_METRES:
            kept = (distances <= metres) & (found != rows)
            pairs = placed[rows[kept]], placed[found[kept]]
            matrices[metres] = csr_array((np.ones(len(pairs[0])), pairs), shape=(size, size))
        return matrices


def _column(assets: Sequence[Asset], of: Callable[[Asset], float | None]) -> Numbers:
    return np.array([np.nan if (value := of(asset)) is None else value for asset in assets])


def _numbered(names: Sequence[str | None]) -> Indexes:
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], dtype=np.int64)
