"""The space-time scan, against brute force on small grids, against chance, on planted clusters."""

from itertools import product
from math import log

import numpy as np
import pytest

from services.dispatch.rules.reliability.space_time_scan import (
    Study,
    find_clusters,
    overdispersion,
)


def _grid(side: int) -> np.ndarray:
    return np.array([(1000.0 * x, 1010.0 * y) for x in range(side) for y in range(side)])


def _study(
    counts: np.ndarray,
    expected: np.ndarray | None = None,
    *,
    longest: int = 3,
    is_live: bool = False,
) -> Study:
    side = int(len(counts) ** 0.5)
    return Study(
        counts=counts.astype(float),
        expected=np.ones(counts.shape) if expected is None else expected,
        positions=_grid(side),
        longest=longest,
        is_live=is_live,
    )


def _strongest_by_hand(study: Study) -> float:
    """Every circle and stretch, one by one."""
    places, periods = study.counts.shape
    total = study.counts.sum()
    expected = study.expected * total / study.expected.sum()
    strongest = 0.0
    for centre in range(places):
        apart = [
            (float(np.hypot(*(study.positions[centre] - study.positions[other]))), other)
            for other in range(places)
        ]
        order = [other for _, other in sorted(apart)]
        for size, first in product(range(1, places + 1), range(periods)):
            if size > 1 and expected[order[:size]].sum() > 0.5 * total:
                break
            for last in range(first, min(first + study.longest, periods)):
                if study.is_live and last != periods - 1:
                    continue
                inside = study.counts[order[:size], first : last + 1].sum()
                awaited = expected[order[:size], first : last + 1].sum()
                if inside <= awaited:
                    continue
                ratio = inside * log(inside / awaited)
                if inside < total:
                    ratio += (total - inside) * log((total - inside) / (total - awaited))
                strongest = max(strongest, ratio)
    return strongest


@pytest.mark.parametrize("is_live", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_strongest_is_that_of_brute_force(seed: int, is_live: bool) -> None:
    random = np.random.default_rng(seed)
    study = _study(random.poisson(1.5, (9, 6)), random.uniform(0.5, 2.0, (9, 6)), is_live=is_live)
    found = find_clusters(study, most=1, shuffles=9)
    assert found[0].statistic == pytest.approx(_strongest_by_hand(study))
    assert not is_live or found[0].last == 5


def test_a_planted_cluster_is_found_where_and_when_it_is() -> None:
    random = np.random.default_rng(1)
    counts = random.poisson(0.6, (25, 12))
    planted = [12, 7, 17, 11, 13]  # a place and its neighbours
    counts[planted, 8:11] += 3
    found = find_clusters(_study(counts, longest=4))
    assert found[0].p <= 0.01
    assert set(planted) == set(found[0].places)
    assert (found[0].first, found[0].last) == (8, 10)
    assert found[0].relative > 3
    assert all(later.p > 0.05 for later in found[1:])


def test_chance_alone_alarms_one_time_in_twenty() -> None:
    alarms = []
    for seed in range(120):
        random = np.random.default_rng(seed)
        counts = random.poisson(1.0, (16, 8))
        found = find_clusters(_study(counts), most=1, shuffles=99, seed=seed)
        alarms.append(found[0].p <= 0.05)
    assert np.mean(alarms) <= 0.08


def test_counts_that_vary_more_than_poisson_do_not_alarm_either() -> None:
    alarms = []
    for seed in range(100):
        random = np.random.default_rng(seed)
        counts = random.poisson(2.0 * random.gamma(1.0, 1.0, (16, 8)))
        found = find_clusters(_study(counts), most=1, shuffles=99, seed=seed)
        alarms.append(found[0].p <= 0.05)
    assert np.mean(alarms) <= 0.1
    assert overdispersion(counts.astype(float), np.ones((16, 8))) > 0.3


def test_a_place_with_more_people_is_expected_to_fail_more() -> None:
    random = np.random.default_rng(4)
    expected = np.ones((16, 8))
    expected[5] = 12.0
    found = find_clusters(_study(random.poisson(expected), expected), shuffles=199)
    assert all(cluster.p > 0.05 for cluster in found)


def test_nothing_counted_holds_no_cluster() -> None:
    assert find_clusters(_study(np.zeros((4, 3)))) == []


@pytest.mark.parametrize(
    ("expected", "longest", "says"),
    [
        (np.zeros((4, 3)), 2, "must be expected"),
        (np.ones((4, 2)), 2, "same places"),
        (np.ones((4, 3)), 4, "at most all"),
    ],
)
def test_a_study_that_makes_no_sense_is_refused(
    expected: np.ndarray, longest: int, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        _study(np.ones((4, 3)), expected, longest=longest)
