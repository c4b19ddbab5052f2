"""Where and when did more fail than elsewhere? A space-time scan over places and periods.

Every circle round every place, over every stretch of periods, is a candidate; the one whose count
is least like chance is the most likely cluster. How unlikely it is, is found by shuffling: the same
search on counts that chance alone makes. Sources: Kulldorff, A spatial scan statistic (1997), and
Prospective time periodic geographical disease surveillance using a scan statistic (2001); for
counts that vary more than Poisson, Tango, Takahashi and Kohriyama (2011).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .asset_history import Indexes, Numbers

LARGEST_SHARE = 0.5
"""A circle holds at most this share of what is expected: half the county is no cluster."""
SHUFFLES = 999
_CALM = 0.02
"""A relative variance beyond Poisson's smaller than this is taken for none."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """`places` are positions in the input, the centre first; periods from `first` to `last`."""

    places: tuple[int, ...]
    first: int
    last: int
    count: float
    expected: float
    statistic: float
    """The logarithm of the likelihood ratio."""
    p: float

    @property
    def relative(self) -> float:
        """How many times as much as expected."""
        return self.count / self.expected


@dataclass(frozen=True, slots=True)
class Study:
    """`counts` and `expected`: places by periods. `expected` need only be right in proportion: it
    is scaled to the total that was counted."""

    counts: Numbers
    expected: Numbers
    positions: Numbers
    """Metres east and north, places by 2."""
    longest: int
    """Periods that a cluster lasts at most."""
    is_live: bool
    """Only clusters that still go on in the last period."""
    widest: float = float("inf")
    """Metres from a cluster's centre to its farthest place, at most."""

    def __post_init__(self) -> None:
        places, periods = self.counts.shape
        if self.expected.shape != (places, periods) or self.positions.shape != (places, 2):
            raise ValueError("counts, expected and positions must tell of the same places")
        if (self.expected <= 0).any():
            raise ValueError("something must be expected of every place and period")
        if not 1 <= self.longest <= periods:
            raise ValueError("a cluster lasts at least one period and at most all")


def find_clusters(
    study: Study, *, most: int = 5, shuffles: int = SHUFFLES, seed: int = 0
) -> list[Cluster]:
    """Clusters that share no place and period, the least likely by chance first.

    `p` is the chance that counts without any cluster hold one as strong anywhere, so that looking
    everywhere raises no false alarms. With the same seed the result is the same.
    """
    if study.counts.sum() == 0:
        return []
    scan = _Scan(study)
    statistics = scan.statistics(study.counts)
    random = np.random.default_rng(seed)
    by_chance = np.sort(
        [scan.statistics(counts).max() for counts in _shuffled(study, random, shuffles)]
    )
    found: list[Cluster] = []
    taken = np.zeros(study.counts.shape, dtype=bool)
    for flat in np.argsort(-statistics, axis=None):
        statistic = float(statistics.flat[flat])
        if statistic <= 0 or len(found) == most:
            break
        places, first, last = scan.candidate(int(flat))
        its = np.ix_(places, np.arange(first, last + 1))
        if taken[its].any():
            continue
        taken[its] = True
        as_strong = len(by_chance) - int(np.searchsorted(by_chance, statistic))
        found.append(
            Cluster(
                places=tuple(int(place) for place in places),
                first=first,
                last=last,
                count=float(study.counts[its].sum()),
                expected=float(scan.expected[its].sum()),
                statistic=statistic,
                p=(1 + as_strong) / (1 + len(by_chance)),
            )
        )
    return found


def overdispersion(counts: Numbers, expected: Numbers) -> float:
    """By how much counts vary more than Poisson, as the variance of the rates' relative size; 0
    where they do not. By moments; a cluster among them makes it larger, so the test is careful."""
    scaled = expected * counts.sum() / expected.sum()
    variance = ((counts - scaled) ** 2 - counts).sum() / (scaled**2).sum()
    return float(variance) if variance > _CALM else 0.0


def _shuffled(study: Study, random: np.random.Generator, times: int) -> Iterator[Numbers]:
    """Counts that chance alone makes, with the total that was counted."""
    total = int(study.counts.sum())
    chances = (study.expected / study.expected.sum()).ravel()
    variance = overdispersion(study.counts, study.expected)
    for _ in range(times):
        weights = chances
        if variance > 0:
            weights = chances * random.gamma(1 / variance, variance, len(chances))
            weights = weights / weights.sum()
        yield random.multinomial(total, weights).reshape(study.counts.shape).astype(float)


class _Scan:
    """All candidates of one study: by place, radius, and stretch of periods."""

    def __init__(self, study: Study) -> None:
        self._study = study
        periods = study.counts.shape[1]
        self.expected = study.expected * study.counts.sum() / study.expected.sum()
        self._total = float(study.counts.sum())
        nearest, apart = _nearest(study.positions)
        within = np.cumsum(self.expected.sum(axis=1)[nearest], axis=1)
        self._is_small = (within <= LARGEST_SHARE * self._total) & (apart <= study.widest)
        self._is_small[:, 0] = True
        self._nearest = nearest[:, : int(self._is_small.sum(axis=1).max())]
        self._is_small = self._is_small[:, : self._nearest.shape[1]]
        ends = [periods - 1] if study.is_live else range(periods)
        self._stretches = [
            (max(0, end - length + 1), end)
            for end in ends
            for length in range(1, study.longest + 1)
            if end - length + 1 >= 0
        ]
        self._firsts, self._lasts = np.array(self._stretches).T
        self._expected_within = self._sums(self.expected)

    def statistics(self, counts: Numbers) -> Numbers:
        """Of every candidate, 0 where no more was counted than expected."""
        inside, expected, total = self._sums(counts), self._expected_within, self._total
        outside = total - inside
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(inside > 0, inside * np.log(inside / expected), 0.0) + np.where(
                outside > 0, outside * np.log(outside / (total - expected)), 0.0
            )
        is_candidate = (inside > expected) & self._is_small[:, :, None] & (expected < total)
        result: Numbers = np.where(is_candidate, ratio, 0.0)
        return result

    def candidate(self, flat: int) -> tuple[Indexes, int, int]:
        shape = (*self._nearest.shape, len(self._stretches))
        centre, radius, stretch = np.unravel_index(flat, shape)
        first, last = self._stretches[int(stretch)]
        return self._nearest[centre, : int(radius) + 1], first, last

    def _sums(self, values: Numbers) -> Numbers:
        """Of every circle and stretch of periods."""
        zero = np.zeros((len(values), 1))
        up_to = np.concatenate([zero, np.cumsum(values, axis=1)], axis=1)
        in_stretches = up_to[:, self._lasts + 1] - up_to[:, self._firsts]
        result: Numbers = np.cumsum(in_stretches[self._nearest], axis=1)
        return result


def _nearest(positions: Numbers) -> tuple[Indexes, Numbers]:
    """Of every place: all places, the nearest first, itself in front; and how far each is."""
    apart = np.linalg.norm(positions[:, None, :] - positions[None, :, :], axis=2)
    np.fill_diagonal(apart, -1.0)
    order: Indexes = np.argsort(apart, axis=1, kind="stable")
    return order, np.take_along_axis(apart, order, axis=1)
