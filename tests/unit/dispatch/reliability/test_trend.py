"""Trend tests and the power law, against surpyval and reliability, and against chance."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reliability.Repairable_systems import reliability_growth
from surpyval.recurrent import tests as surpyval_tests

from services.dispatch.rules.reliability.trend import (
    TrendTest,
    laplace,
    mil_hdbk_189c,
    power_law,
)

END = 1000.0
TIMES = st.lists(st.floats(1.0, END), min_size=2, max_size=60, unique=True).map(sorted)
WORSENING = [400.0, 620.0, 700.0, 810.0, 850.0, 930.0, 960.0, 990.0]


@given(TIMES)
def test_laplace_is_surpyvals(times: list[float]) -> None:
    found, oracle = laplace(times, END), surpyval_tests.laplace(times, T=END)
    assert found.statistic == pytest.approx(oracle.statistic, abs=1e-9)
    assert found.worsening == (oracle.statistic > 0)
    # Theirs is the normal approximation; ours is exact for few failures.
    assert found.p == pytest.approx(oracle.p_value, abs=0.08 if len(times) <= 3 else 0.03)


@given(TIMES)
def test_mil_hdbk_189c_is_surpyvals(times: list[float]) -> None:
    found, oracle = mil_hdbk_189c(times, END), surpyval_tests.mil_hdbk_189c(times, T=END)
    assert found.statistic == pytest.approx(oracle.statistic, rel=1e-9)
    assert found.p == pytest.approx(oracle.p_value, abs=1e-9)


@pytest.mark.parametrize("times", [WORSENING, [10.0, 60.0, 200.0, 500.0, 800.0]])
def test_the_power_law_is_reliabilitys(times: list[float]) -> None:
    # With the last failure at the very end, their failure-terminated fit is the same formula.
    times = [*times, END]
    found = power_law(times, END)
    oracle = reliability_growth(
        times=times, model="Crow-AMSAA", target_MTBF=None, print_results=False, show_plot=False
    )
    assert found.shape == pytest.approx(oracle.Beta, rel=1e-6)
    assert found.expected(0, END) == pytest.approx(oracle.Lambda * END**oracle.Beta, rel=1e-6)
    assert found.low < found.shape < found.high


def test_the_power_law_expects_what_happened() -> None:
    assert power_law(WORSENING, END).expected(0, END) == pytest.approx(len(WORSENING))


@pytest.mark.parametrize("test", [laplace, mil_hdbk_189c])
@pytest.mark.parametrize("failures", [3, 5, 12, 13, 40])
def test_chance_alone_alarms_one_time_in_twenty(
    test: Callable[[Sequence[float], float], TrendTest], failures: int
) -> None:
    random = np.random.default_rng(failures)
    alarms = [
        test(sorted(END - random.uniform(0, END, failures)), END).p <= 0.05 for _ in range(2000)
    ]
    assert np.mean(alarms) == pytest.approx(0.05, abs=0.015)


def test_the_shapes_interval_covers_the_truth() -> None:
    random, covered = np.random.default_rng(7), []
    for _ in range(500):
        # 12 failures of a power-law process of shape 1.8: its times are END * u ** (1 / shape).
        times = sorted(END * random.uniform(0, 1, 12) ** (1 / 1.8))
        fit = power_law(times, END)
        covered.append(fit.low <= 1.8 <= fit.high)
    assert np.mean(covered) == pytest.approx(0.9, abs=0.04)


def test_a_worsening_series_is_seen_and_its_mirror_is_improving() -> None:
    mirrored = [END - time for time in WORSENING]
    for test in (laplace, mil_hdbk_189c):
        assert test(WORSENING, END).worsening
        assert test(WORSENING, END).p < 0.05
        assert not test(mirrored, END).worsening


@pytest.mark.parametrize("times", [[], [0.0], [END + 1]])
def test_times_outside_the_span_are_refused(times: list[float]) -> None:
    with pytest.raises(ValueError, match="fail"):
        laplace(times, END)


def test_failures_only_at_the_end_have_no_shape() -> None:
    with pytest.raises(ValueError, match="no shape"):
        power_law([END, END], END)
