"""Parameters of a family from three numbers: what `value`, `low` and `high` of a row mean, solved for.

Beside `marginals`, which asks what the numbers mean and reports what could not be met.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammaincinv, gammaln, ndtri

Array = NDArray[np.float64]

Z95: Final = float(ndtri(0.95))


class Three(NamedTuple):
    """The three numbers of a row and what they mean."""

    value: float
    low: float
    high: float
    centre: str
    bounds: str


_Fitted = tuple[str, tuple[float, ...]]


class Unfit(Exception):  # noqa: N818 - control flow of fitting, becomes a Problem
    """A row that no distribution fits: the code of the problem and what it shows."""

    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(code)
        self.code, self.parameters = code, parameters


def _fit_uniform(three: Three) -> _Fitted:
    spare = (three.high - three.low) / 18 if three.bounds == "p5_p95" else 0.0  # P5..P95 is nine tenths
    return "uniform", (three.low - spare, three.high + spare)


def _fit_triangular(three: Three) -> _Fitted:
    mode, a, b = _peak_and_limits(three, _standard_triangular, mean_weight=3.0)
    return "triangular", (a, mode, b)


def _fit_pert(three: Three) -> _Fitted:
    """Return the beta of a PERT: alpha = 1 + 4 (m - a)/(b - a) (Malcolm et al. 1959, Vose 2008)."""
    mode, a, b = _peak_and_limits(three, _standard_pert, mean_weight=1.5)
    peak = (mode - a) / (b - a)
    return "beta", (1 + 4 * peak, 5 - 4 * peak, a, b)


def _peak_and_limits(
    three: Three, standard: Callable[[float, float], float], mean_weight: float
) -> tuple[float, float, float]:
    """Return mode and limits of a family on [a, b] that is fixed by the place of its mode.

    With `mean_weight` w, mode = w·mean + (1 - w)/2·(a + b): w = 3 for the triangle, 3/2 for PERT.
    """
    value, low, high = three.value, three.low, three.high
    if three.bounds == "limits":
        mode = value
        if three.centre == "mean":
            mode = mean_weight * value + (1 - mean_weight) / 2 * (low + high)
        if not low <= mode <= high:
            raise Unfit("distribution-mean", low=low, high=high)
        return mode, low, high
    if three.centre == "mean":
        raise Unfit("distribution-meaning", meaning="mean p5_p95", expected=("mean limits", "mode p5_p95"))
    return (value, *_limits_from_percentiles(value - low, high - value, value, standard))


def _limits_from_percentiles(
    left: float, right: float, mode: float, standard: Callable[[float, float], float]
) -> tuple[float, float]:
    """Return limits such that P5 lies `left` below and P95 `right` above the mode.

    `standard(peak, level)` is the quantile of the family on [0, 1] with its mode at `peak`; the ratio of the
    two distances fixes the peak, then their sum fixes the width.
    """
    from scipy.optimize import brentq

    def imbalance(peak: float) -> float:
        return (peak - standard(peak, 0.05)) * right - (standard(peak, 0.95) - peak) * left

    peak = float(brentq(imbalance, 0.0, 1.0, xtol=1e-15))
    width = (left + right) / (standard(peak, 0.95) - standard(peak, 0.05))
    return mode - peak * width, mode + (1 - peak) * width


def _standard_triangular(peak: float, level: float) -> float:
    return math.sqrt(level * peak) if level <= peak else 1 - math.sqrt((1 - level) * (1 - peak))


def _standard_pert(peak: float, level: float) -> float:
    return float(betaincinv(1 + 4 * peak, 5 - 4 * peak, level))


def _fit_normal(three: Three) -> _Fitted:
    return "normal", (three.value, (three.high - three.low) / (2 * Z95))


def _fit_lognormal(three: Three) -> _Fitted:
    if three.low <= 0:
        raise Unfit("distribution-positive", low=three.low)
    sigma = math.log(three.high / three.low) / (2 * Z95)
    shift = {"median": 0.0, "mean": -0.5 * sigma**2, "mode": sigma**2}[three.centre]
    return "lognormal", (math.log(three.value) + shift, sigma)


def _fit_beta(three: Three) -> _Fitted:
    """Return the beta on [0, 1] with the given mean (or mode) whose P95 - P5 is `high - low`.

    Below a concentration of 0.2 a beta is a coin toss.
    """
    value = three.value
    if not 0 < value < 1 or three.low < 0 or three.high > 1:
        raise Unfit("distribution-unit-interval", low=three.low, high=three.high)
    floor = 1.0 if three.centre == "mode" else 0.0

    def shape(log_nu: Array) -> tuple[Array, Array]:
        return floor + value * np.exp(log_nu), floor + (1 - value) * np.exp(log_nu)

    def spread(log_nu: Array) -> Array:
        alpha, beta = shape(log_nu)
        found: Array = betaincinv(alpha, beta, 0.95) - betaincinv(alpha, beta, 0.05)
        return found

    alpha, beta = shape(_widest(three, spread, np.log(10.0) * np.linspace(10, -0.7, 87)))
    return "beta", (float(alpha), float(beta), 0.0, 1.0)


def _widest(three: Three, spread: Callable[[Array], Array], grid: Array) -> Array:
    """Return where P95 - P5 becomes `high - low`, on a grid from narrow to wide.

    The spread need not grow all the way (mass gathers at an end); of several solutions the narrowest shape is meant.
    """
    from scipy.optimize import brentq

    def excess(at: Array) -> Array:
        return spread(at) - (three.high - three.low)

    wide = np.flatnonzero(excess(grid) >= 0)
    if wide.size == 0 or wide[0] == 0:
        raise Unfit("distribution-spread", low=three.low, high=three.high)
    return np.asarray(brentq(excess, grid[wide[0]], grid[wide[0] - 1], xtol=1e-13))


_SHAPES: Final[Array] = np.log(10.0) * np.linspace(10, -1.5, 93)  # of gamma and Weibull, from narrow to J-shaped


def _fit_gamma(three: Three) -> _Fitted:
    """Return shape and scale of the gamma with the given mean whose P95 - P5 is `high - low`."""
    _above_zero(three)

    def spread(log_shape: Array) -> Array:
        shape = np.exp(log_shape)
        found: Array = three.value / shape * (gammaincinv(shape, 0.95) - gammaincinv(shape, 0.05))
        return found

    shape = float(np.exp(_widest(three, spread, _SHAPES)))
    return "gamma", (shape, three.value / shape)


def _fit_weibull(three: Three) -> _Fitted:
    """Return shape and scale of the Weibull with the given mean whose P95 - P5 is `high - low`."""
    _above_zero(three)
    late, soon = math.log(math.log(20.0)), math.log(-math.log(0.95))  # logarithms of the hazard at P95 and P5

    def log_scale(shape: Array) -> Array:
        found: Array = math.log(three.value) - gammaln(1 + 1 / shape)
        return found

    def spread(log_shape: Array) -> Array:
        shape = np.exp(log_shape)
        found: Array = np.exp(log_scale(shape) + late / shape) - np.exp(log_scale(shape) + soon / shape)
        return found

    shape = np.exp(_widest(three, spread, _SHAPES))
    return "weibull", (float(shape), float(np.exp(log_scale(shape))))


def _above_zero(three: Three) -> None:
    if three.low < 0 or three.value <= 0:
        raise Unfit("distribution-positive", low=three.low)


FITTERS: Final[Mapping[str, Callable[[Three], _Fitted]]] = {
    "uniform": _fit_uniform,
    "triangular": _fit_triangular,
    "normal": _fit_normal,
    "lognormal": _fit_lognormal,
    "beta": _fit_beta,
    "pert": _fit_pert,
    "gamma": _fit_gamma,
    "weibull": _fit_weibull,
}
