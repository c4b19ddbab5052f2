"""Rates of few failures, drawn towards the rate of all: gamma-Poisson (empirical Bayes).

A thing that failed twice in its first month is not the worst of the county: how far one rate may
leave the common one is learned from how much the rates of all differ. Source: Carlin and Louis,
Bayes and Empirical Bayes Methods for Data Analysis, chapter 3.
"""

from dataclasses import dataclass
from math import exp, log

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import gammaincinv, gammaln
from scipy.stats import nbinom

Numbers = npt.NDArray[np.float64]
_MOST_ALIKE = 1e4
"""The shape of rates that do not differ: the counts vary no more than chance makes them."""


@dataclass(frozen=True, slots=True)
class GammaPoisson:
    """How rates are spread: gamma with this shape and mean. Failures follow Poisson."""

    shape: float
    mean: float

    def rates(self, counts: Numbers, exposures: Numbers) -> Numbers:
        """The shrunken rate of each, in failures per unit of exposure."""
        result: Numbers = (self.shape + counts) / (self.shape / self.mean + exposures)
        return result

    def rate_interval(
        self, count: float, exposure: float, confidence: float = 0.9
    ) -> tuple[float, float]:
        """Where the rate of one lies, given what was seen of it."""
        tail = (1 - confidence) / 2
        low, high = gammaincinv(self.shape + count, [tail, 1 - tail])
        exposed = self.shape / self.mean + exposure
        return float(low / exposed), float(high / exposed)


def fit_gamma_poisson(counts: Numbers, exposures: Numbers) -> GammaPoisson:
    """The spread under which these counts are likeliest (negative binomial).

    Raises ValueError where nothing was exposed or nothing failed.
    """
    total, exposed = float(counts.sum()), float(exposures.sum())
    if exposed <= 0 or total <= 0:
        raise ValueError("without exposure and failures there is no rate")
    pooled = total / exposed

    def surprise(logs: Numbers) -> float:
        shape, mean = exp(logs[0]), pooled * exp(logs[1])
        inverse = shape / mean
        chances = (
            gammaln(shape + counts)
            - gammaln(shape)
            + shape * np.log(inverse / (inverse + exposures))
            + counts * np.log(1 / (inverse + exposures))
        )
        return -float(chances.sum())

    found = minimize(
        surprise,
        x0=np.zeros(2),
        method="L-BFGS-B",
        bounds=((log(1e-3), log(_MOST_ALIKE)), (-5.0, 5.0)),
    )
    return GammaPoisson(shape=exp(found.x[0]), mean=pooled * exp(found.x[1]))


def count_interval(expected: Numbers, shape: float, confidence: float) -> tuple[Numbers, Numbers]:
    """Between which numbers the counts will lie with at least this confidence, where their rates
    are spread round `expected` by a gamma distribution of this shape (negative binomial)."""
    tail = (1 - confidence) / 2
    chance = shape / (shape + expected)
    low: Numbers = nbinom.ppf(tail, shape, chance)
    high: Numbers = nbinom.ppf(1 - tail, shape, chance)
    return low, high
