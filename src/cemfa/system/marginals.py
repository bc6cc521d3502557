"""One row's distribution: from the three numbers a user writes to a quantile function of normal scores.

First half of sampling (definition -> compile -> *sampling* -> solve): here the families and how they are
fitted, one row at a time; `cemfa.system.sampling` draws the scores and evaluates a family's rows together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv, ndtr, ndtri

from cemfa.errors import Place, Problem
from cemfa.system.quantiles import quantile

Array = NDArray[np.float64]

KINDS: Final = ("constant", "uniform", "triangular", "normal", "lognormal", "beta", "pert")
CENTRES: Final[Mapping[str, tuple[str, ...]]] = {
    "uniform": ("mean", "median"),
    "triangular": ("mode", "mean"),
    "normal": ("mean", "median", "mode"),
    "lognormal": ("median", "mean", "mode"),
    "beta": ("mean", "mode"),
    "pert": ("mode", "mean"),
}  # the first of each is what `value` means where `meaning` is silent
BOUNDS: Final[Mapping[str, tuple[str, ...]]] = {
    "uniform": ("limits", "p5_p95"),
    "triangular": ("limits", "p5_p95"),
    "normal": ("p5_p95",),
    "lognormal": ("p5_p95",),
    "beta": ("p5_p95",),
    "pert": ("limits", "p5_p95"),
}
Z95: Final = float(ndtri(0.95))
MISSED: Final = 0.1  # share of the range by which a fitted bound may miss the written one unreported
CUT_ALLOWED: Final = 0.05
CUT_REPORTED: Final = 1e-6  # less than one draw in a million is nothing a user could act on


@dataclass(frozen=True, slots=True)
class Marginal:
    """What one row says about its number.

    Parameters
    ----------
    kind : one of `KINDS`
    value : central value, see `CENTRES`
    low, high : limits or P5 and P95, see `BOUNDS`; None where the row gives none
    meaning : words that override what value and bounds mean, for example ``"p5_p95"`` or ``"mean limits"``
    lower, upper : physical range; the distribution is cut there (quantities 0 and inf, shares 0 and 1)
    """

    kind: str
    value: float
    low: float | None = None
    high: float | None = None
    meaning: str = ""
    lower: float = -math.inf
    upper: float = math.inf


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted family: its name, its parameters, the probabilities cut at either end, and what is wrong.

    `parameters` are: uniform (a, b) · triangular (a, mode, b) · normal (mean, standard deviation) ·
    lognormal (mean and standard deviation of the logarithm) · beta (alpha, beta, a, b) · constant (value).
    """

    family: str
    parameters: tuple[float, ...]
    below: float = 0.0
    above: float = 0.0
    problems: tuple[Problem, ...] = ()


class _Three(NamedTuple):
    """The three numbers of a row and what they mean."""

    value: float
    low: float
    high: float
    centre: str
    bounds: str


_Fitted = tuple[str, tuple[float, ...]]


class _Unfit(Exception):  # noqa: N818 - control flow inside this module, becomes a Problem
    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(code)
        self.code, self.parameters = code, parameters


def fit(marginal: Marginal, name: str = "", place: Place = Place()) -> Fit:  # noqa: B008 - frozen
    """Return the family and parameters that a row means; what is wrong with it stands in `problems`.

    Where value and bounds over-determine a family (normal, lognormal, beta) the value is kept and the spread
    is fitted to P95 − P5 (of the logarithms for lognormal); a bound missed by more than a tenth of the range
    is a warning. A row with an error comes back as a constant.

    Parameters
    ----------
    marginal : the row
    name, place : how the row is called in problems, and where it was written

    Examples
    --------
    >>> fit(Marginal("triangular", 2.0, 1.0, 4.0)).parameters
    (1.0, 2.0, 4.0)
    >>> [p.code for p in fit(Marginal("normal", 2.0)).problems]
    ['distribution-bounds']
    """
    shown = {"parameter": name, "kind": marginal.kind, "value": marginal.value}
    try:
        family, parameters, missed = _fitted(marginal)
        below, above = _cut(family, parameters, marginal)
    except _Unfit as wrong:
        problem = Problem(wrong.code, place, shown | wrong.parameters)
        return Fit("constant", (marginal.value,), problems=(problem,))
    warnings = [Problem("distribution-missed-bound", place, shown | m, "warning") for m in missed]
    if below + above > CUT_REPORTED:
        cut = {"percent": 100 * (below + above), "lower": _shown(marginal.lower), "upper": _shown(marginal.upper)}
        warnings.append(Problem("distribution-cut", place, shown | cut, "warning"))
    return Fit(family, parameters, below, above, tuple(warnings))


def _fitted(row: Marginal) -> tuple[str, tuple[float, ...], list[dict[str, object]]]:
    if row.kind not in KINDS:
        raise _Unfit("distribution-unknown", expected=KINDS)
    if not math.isfinite(row.value) or not row.lower <= row.value <= row.upper:
        raise _Unfit("distribution-range", lower=_shown(row.lower), upper=_shown(row.upper))
    if row.kind == "constant":
        return "constant", (row.value,), []
    centre, bounds = _meaning(row)
    if row.low is None or row.high is None or not (math.isfinite(row.low) and math.isfinite(row.high)):
        raise _Unfit("distribution-bounds")
    three = _Three(row.value, row.low, row.high, centre, bounds)
    if not three.low <= three.value <= three.high:
        raise _Unfit("distribution-order", low=three.low, high=three.high)
    if three.low == three.high:
        return "constant", (row.value,), []
    family, parameters = _FITTERS[row.kind](three)
    return family, parameters, _missed(three, family, parameters)


def _shown(limit: float) -> float | str:
    return limit if math.isfinite(limit) else "∞" if limit > 0 else "-∞"


def _meaning(row: Marginal) -> tuple[str, str]:
    centre, bounds = CENTRES[row.kind][0], BOUNDS[row.kind][0]
    for word in row.meaning.replace(",", " ").replace(";", " ").lower().split():
        if word in CENTRES[row.kind]:
            centre = word
        elif word in BOUNDS[row.kind]:
            bounds = word
        else:
            raise _Unfit("distribution-meaning", meaning=word, expected=CENTRES[row.kind] + BOUNDS[row.kind])
    return centre, bounds


def _fit_uniform(three: _Three) -> _Fitted:
    spare = (three.high - three.low) / 18 if three.bounds == "p5_p95" else 0.0  # P5..P95 is nine tenths
    return "uniform", (three.low - spare, three.high + spare)


def _fit_triangular(three: _Three) -> _Fitted:
    mode, a, b = _peak_and_limits(three, _standard_triangular, mean_weight=3.0)
    return "triangular", (a, mode, b)


def _fit_pert(three: _Three) -> _Fitted:
    """Return the beta of a PERT: alpha = 1 + 4 (m - a)/(b - a) (Malcolm et al. 1959, Vose 2008)."""
    mode, a, b = _peak_and_limits(three, _standard_pert, mean_weight=1.5)
    peak = (mode - a) / (b - a)
    return "beta", (1 + 4 * peak, 5 - 4 * peak, a, b)


def _peak_and_limits(
    three: _Three, standard: Callable[[float, float], float], mean_weight: float
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
            raise _Unfit("distribution-mean", low=low, high=high)
        return mode, low, high
    if three.centre == "mean":
        raise _Unfit("distribution-meaning", meaning="mean p5_p95", expected=("mean limits", "mode p5_p95"))
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


def _fit_normal(three: _Three) -> _Fitted:
    return "normal", (three.value, (three.high - three.low) / (2 * Z95))


def _fit_lognormal(three: _Three) -> _Fitted:
    if three.low <= 0:
        raise _Unfit("distribution-positive", low=three.low)
    sigma = math.log(three.high / three.low) / (2 * Z95)
    shift = {"median": 0.0, "mean": -0.5 * sigma**2, "mode": sigma**2}[three.centre]
    return "lognormal", (math.log(three.value) + shift, sigma)


def _fit_beta(three: _Three) -> _Fitted:
    """Return the beta on [0, 1] with the given mean (or mode) whose P95 - P5 is `high - low`.

    The spread is not monotone in the concentration where the mean lies near 0 or 1; of several solutions the
    narrowest shape (the largest concentration) is meant. Below a concentration of 0.2 a beta is a coin toss.
    """
    from scipy.optimize import brentq

    value = three.value
    if not 0 < value < 1 or three.low < 0 or three.high > 1:
        raise _Unfit("distribution-unit-interval", low=three.low, high=three.high)
    floor = 1.0 if three.centre == "mode" else 0.0

    def shape(log_nu: Array) -> tuple[Array, Array]:
        return floor + value * np.exp(log_nu), floor + (1 - value) * np.exp(log_nu)

    def excess(log_nu: Array) -> Array:
        alpha, beta = shape(log_nu)
        spread: Array = betaincinv(alpha, beta, 0.95) - betaincinv(alpha, beta, 0.05)
        return spread - (three.high - three.low)

    grid = np.log(10.0) * np.linspace(10, -0.7, 87)  # from very narrow to U-shaped
    wide = np.flatnonzero(excess(grid) >= 0)
    if wide.size == 0 or wide[0] == 0:
        raise _Unfit("distribution-spread", low=three.low, high=three.high)
    alpha, beta = shape(np.asarray(brentq(excess, grid[wide[0]], grid[wide[0] - 1], xtol=1e-13)))
    return "beta", (float(alpha), float(beta), 0.0, 1.0)


_FITTERS: Final[Mapping[str, Callable[[_Three], _Fitted]]] = {
    "uniform": _fit_uniform,
    "triangular": _fit_triangular,
    "normal": _fit_normal,
    "lognormal": _fit_lognormal,
    "beta": _fit_beta,
    "pert": _fit_pert,
}


def _missed(three: _Three, family: str, parameters: tuple[float, ...]) -> list[dict[str, object]]:
    if three.bounds == "limits":
        return []  # met exactly by construction
    reached = quantile(family, np.array([parameters]), np.array([[-Z95, Z95]]))[0]
    return [
        {"bound": label, "written": written, "fitted": float(got)}
        for label, written, got in (("P5", three.low, reached[0]), ("P95", three.high, reached[1]))
        if abs(got - written) > MISSED * (three.high - three.low)
    ]


def _cut(family: str, parameters: tuple[float, ...], row: Marginal) -> tuple[float, float]:
    """Return the probabilities below `lower` and above `upper`; too much is an error."""
    if family == "constant":
        return 0.0, 0.0  # in range, or it would not be fitted; a zero stands on its bound
    below = _probability(family, parameters, row.lower) if math.isfinite(row.lower) else 0.0
    above = _probability(family, parameters, row.upper, upper_tail=True) if math.isfinite(row.upper) else 0.0
    if below + above > CUT_ALLOWED * (1 + 1e-9):  # a P5 written as 0 cuts five per cent to the last digit
        cut = 100 * (below + above)
        raise _Unfit("distribution-cut-too-much", percent=cut, lower=_shown(row.lower), upper=_shown(row.upper))
    return below, above


def _probability(family: str, parameters: tuple[float, ...], x: float, upper_tail: bool = False) -> float:
    """Return P(X <= x), or P(X > x): each computed directly, so that small tails keep their digits."""
    match family, parameters:
        case "uniform", (a, b):
            p = min(max((x - a) / (b - a), 0.0), 1.0)
        case "triangular", (a, mode, b):
            p = 0.0 if x <= a else 1.0 if x >= b else _triangular_probability(a, mode, b, x)
        case "normal", (mean, sd):
            return float(ndtr((mean - x) / sd if upper_tail else (x - mean) / sd))
        case "lognormal", (mu, sigma):
            z = (math.log(x) - mu) / sigma if x > 0 else -math.inf
            return float(ndtr(-z if upper_tail else z))
        case "beta", (alpha, beta, a, b):
            p = float(betainc(alpha, beta, min(max((x - a) / (b - a), 0.0), 1.0)))
        case _:
            p = 1.0 if x >= parameters[0] else 0.0
    return 1 - p if upper_tail else p


def _triangular_probability(a: float, mode: float, b: float, x: float) -> float:
    if x <= mode:
        return (x - a) ** 2 / ((b - a) * (mode - a))
    return 1 - (b - x) ** 2 / ((b - a) * (b - mode))
