"""Shrunken rates and false alarms, against statsmodels and against generated counties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.discrete.discrete_model import NegativeBinomial
from statsmodels.stats.multitest import multipletests

from services.dispatch.rules.reliability.false_alarms import adjusted
from services.dispatch.rules.reliability.shrinkage import count_interval, fit_gamma_poisson


def _county(shape: float, mean: float, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    exposures = random.uniform(0.5, 5.0, size)
    rates = random.gamma(shape, mean / shape, size)
    return random.poisson(rates * exposures).astype(float), exposures


def test_the_spread_is_the_negative_binomials_of_statsmodels() -> None:
    counts, exposures = _county(shape=1.5, mean=0.8, size=800, seed=3)
    fit = fit_gamma_poisson(counts, exposures)
    oracle = NegativeBinomial(counts, np.ones((len(counts), 1)), exposure=exposures).fit(disp=0)
    log_mean, dispersion = oracle.params
    assert fit.mean == pytest.approx(np.exp(log_mean), rel=0.01)
    assert fit.shape == pytest.approx(1 / dispersion, rel=0.02)


def test_one_failure_in_a_short_time_is_not_the_worst_of_the_county() -> None:
    counts, exposures = _county(shape=2.0, mean=0.5, size=200, seed=5)
    counts = np.append(counts, [1.0, 12.0])
    exposures = np.append(exposures, [0.05, 5.0])
    rates = fit_gamma_poisson(counts, exposures).rates(counts, exposures)
    assert counts[-2] / exposures[-2] > counts[-1] / exposures[-1]
    assert rates[-2] < rates[-1]


def test_where_schemes_do_not_differ_the_rates_hardly_do() -> None:
    random = np.random.default_rng(11)
    exposures = random.uniform(0.5, 5.0, 300)
    counts = random.poisson(0.7 * exposures).astype(float)
    rates = fit_gamma_poisson(counts, exposures).rates(counts, exposures)
    assert rates.max() < 2 * rates.min()


def test_intervals_of_rates_and_counts_cover() -> None:
    random = np.random.default_rng(13)
    shape, mean, size = 1.2, 0.9, 1500
    true_rates = random.gamma(shape, mean / shape, size)
    exposures = random.uniform(1.0, 6.0, size)
    counts = random.poisson(true_rates * exposures).astype(float)
    fit = fit_gamma_poisson(counts, exposures)
    covered = [
        low <= rate <= high
        for rate, (low, high) in zip(
            true_rates, map(fit.rate_interval, counts, exposures), strict=True
        )
    ]
    assert np.mean(covered) == pytest.approx(0.9, abs=0.03)
    expected = np.full(size, mean)
    low, high = count_interval(expected, shape, 0.9)
    later = random.poisson(random.gamma(shape, mean / shape, size))
    assert np.mean((low <= later) & (later <= high)) >= 0.9


@pytest.mark.parametrize(("counts", "exposures"), [([0.0, 0.0], [1.0, 2.0]), ([1.0], [0.0])])
def test_nothing_to_learn_from_is_refused(counts: list[float], exposures: list[float]) -> None:
    with pytest.raises(ValueError, match="no rate"):
        fit_gamma_poisson(np.array(counts), np.array(exposures))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_benjamini_hochberg_is_that_of_statsmodels(p_values: list[float]) -> None:
    assert adjusted(p_values) == pytest.approx(multipletests(p_values, method="fdr_bh")[1])
