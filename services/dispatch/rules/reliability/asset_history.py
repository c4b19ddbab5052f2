"""What is known of many assets (schemes, mains) and their failures up to a day.

Columns are arrays, one entry an asset: twenty thousand assets are ranked in seconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Indexes = npt.NDArray[np.int64]
DAYS_A_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Asset:
    """One thing that fails and is repaired. None: not known."""

    id: str
    installed_year: int | None = None
    population: float | None = None
    material: str | None = None
    kind: str | None = None
    length_m: float | None = None
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Failures before `as_of`, in days since `began`, the day of the first failure."""

    assets: Sequence[Asset]
    began: date
    end: float
    """`as_of`, in days since `began`."""
    failed_asset: Indexes
    """Of each failure, oldest first: the position of its asset."""
    failed_at: Numbers
    """Of each failure: in days since `began`."""
    is_register: bool
    """`assets` are all there are. False: only those that failed are known, so nothing is known of
    an asset before its first failure."""

    @property
    def years(self) -> float:
        return self.end / DAYS_A_YEAR

    def counts(self, until: float) -> Numbers:
        """Failures of each asset before `until`."""
        before = self.failed_asset[self.failed_at < until]
        return np.bincount(before, minlength=len(self.assets)).astype(float)

    def counts_between(self, since: float, until: float) -> Numbers:
        within = (self.failed_at >= since) & (self.failed_at < until)
        return np.bincount(self.failed_asset[within], minlength=len(self.assets)).astype(float)

    def first_failure(self, until: float) -> Numbers:
        """Of each asset; infinite where it has not failed before `until`."""
        first = np.full(len(self.assets), np.inf)
        before = self.failed_at < until
        np.minimum.at(first, self.failed_asset[before], self.failed_at[before])
        return first

    def last_failure(self, until: float) -> Numbers:
        """Of each asset; minus infinity where it has not failed before `until`."""
        last = np.full(len(self.assets), -np.inf)
        before = self.failed_at < until
        np.maximum.at(last, self.failed_asset[before], self.failed_at[before])
        return last

    def observed_since(self, until: float) -> Numbers:
        """Since when each asset is watched; not before `until`: it is not known by then.

        An asset of the register is watched from its installation, others from their first failure.
        """
        if not self.is_register:
            return np.minimum(self.first_failure(until), until)
        installed: Numbers = np.array(
            [
                0.0
                if asset.installed_year is None
                else float((date(asset.installed_year, 1, 1) - self.began).days)
                for asset in self.assets
            ]
        )
        return np.minimum(np.maximum(installed, 0.0), until)

    def seen(self, until: float) -> tuple[Numbers, Numbers]:
        """Failures and watched years of each asset by `until`, as rates may use them.

        Where only those that failed are known, the failure that made an asset known does not
        count: it says nothing about how often the asset fails.
        """
        counts = self.counts(until)
        years = (until - self.observed_since(until)) / DAYS_A_YEAR
        return (counts if self.is_register else np.maximum(counts - 1, 0.0)), years


def make_history(
    failures: Iterable[tuple[str, date]],
    as_of: date,
    described: Mapping[str, Asset],
    register: Sequence[Asset] | None = None,
) -> History:
    """The history before `as_of`; what failed on that day or later is not looked at.

    `described` tells of assets what the failures' own rows say; `register` are all assets there
    are. Raises ValueError where nothing failed before `as_of`.
    """
    before = sorted((on, asset_id) for asset_id, on in failures if on < as_of)
    if not before:
        raise ValueError("nothing failed before the day")
    assets = {asset.id: asset for asset in register or ()}
    for _, asset_id in before:
        if asset_id not in assets:
            assets[asset_id] = described.get(asset_id, Asset(asset_id))
    positions = {asset_id: position for position, asset_id in enumerate(assets)}
    began = before[0][0]
    return History(
        assets=tuple(assets.values()),
        began=began,
        end=float((as_of - began).days),
        failed_asset=np.array([positions[asset_id] for _, asset_id in before], dtype=np.int64),
        failed_at=np.array([float((on - began).days) for on, _ in before]),
        is_register=register is not None,
    )
