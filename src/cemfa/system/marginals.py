"""One row's distribution: from what a user writes to a family with parameters, its cut, and what is wrong.

First half of sampling (definition -> compile -> *sampling* -> solve), one row at a time: `fitting` solves for the
parameters; `cemfa.system.sampling` draws and evaluates a family's rows together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammainc, gammaincc, ndtr

from cemfa.definition import pairs
from cemfa.definition.schema import NumberRow
from cemfa.errors import Place, Problem
from cemfa.system.fitting import FITTERS, Z95, Three, Unfit
from cemfa.system.quantiles import quantile

Array = NDArray[np.float64]

KINDS: Final = (
    *("constant", "uniform", "triangular", "pert", "normal", "lognormal"),
    *("beta", "gamma", "weibull", "empirical"),
)
CENTRES: Final[Mapping[str, tuple[str, ...]]] = {
    "uniform": ("mean", "median"),
    "triangular": ("mode", "mean"),
    "normal": ("mean", "median", "mode"),
    "lognormal": ("median", "mean", "mode"),
    "beta": ("mean", "mode"),
    "pert": ("mode", "mean"),
    "gamma": ("mean",),
    "weibull": ("mean",),
}  # the first of each is what `value` means where `meaning` is silent
BOUNDS: Final[Mapping[str, tuple[str, ...]]] = {
    "uniform": ("limits", "p5_p95"),
    "triangular": ("limits", "p5_p95"),
    "normal": ("p5_p95",),
    "lognormal": ("p5_p95",),
    "beta": ("p5_p95",),
    "pert": ("limits", "p5_p95"),
    "gamma": ("p5_p95",),
    "weibull": ("p5_p95",),
}
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
    points : levels and values of the quantile function of an empirical distribution
    """

    kind: str
    value: float
    low: float | None = None
    high: float | None = None
    meaning: str = ""
    lower: float = -math.inf
    upper: float = math.inf
    points: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted family: its name, its parameters, the probabilities cut at either end, and what is wrong.

    `parameters` are: uniform (a, b) · triangular (a, mode, b) · normal (mean, standard deviation) ·
    lognormal (mean and standard deviation of the logarithm) · beta (alpha, beta, a, b) · gamma (shape, scale) ·
    weibull (shape, scale) · empirical (levels, then values) · constant (value).
    """

    family: str
    parameters: tuple[float, ...]
    below: float = 0.0
    above: float = 0.0
    problems: tuple[Problem, ...] = ()


def fit(marginal: Marginal, name: str = "", place: Place = Place()) -> Fit:  # noqa: B008 - frozen
    """Return the family and parameters that a row means; what is wrong with it stands in `problems`.

    Where value and bounds over-determine a family (normal, lognormal, beta, gamma, Weibull) the value is kept
    and the spread is fitted to P95 − P5 (of the logarithms for lognormal); a bound missed by more than a tenth of
    the range is a warning. So is an empirical row whose value is neither near its mean nor its median. A row with
    an error comes back as a constant.

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
        family, parameters, warnings = _fitted(marginal)
        below, above = _cut(family, parameters, marginal)
    except Unfit as wrong:
        problem = Problem(wrong.code, place, shown | wrong.parameters)
        return Fit("constant", (marginal.value,), problems=(problem,))
    found = [Problem(code, place, shown | more, "warning") for code, more in warnings]
    if below + above > CUT_REPORTED:
        cut = {"percent": 100 * (below + above), "lower": _shown(marginal.lower), "upper": _shown(marginal.upper)}
        found.append(Problem("distribution-cut", place, shown | cut, "warning"))
    return Fit(family, parameters, below, above, tuple(found))


def written(row: NumberRow, factor: float = 1.0, *, lower: float = 0.0, upper: float = math.inf) -> Marginal:
    """Return the marginal of a row as a user wrote it, in canonical units.

    Parameters
    ----------
    factor : of the row's unit
    lower, upper : physical range, in canonical units
    """
    low, high = (None if bound is None else bound * factor for bound in (row.low, row.high))
    given = tuple((level, value * factor) for level, value in pairs.points(row.points)) if row.points else ()
    return Marginal(row.distribution, row.value * factor, low, high, row.meaning or "", lower, upper, given)


_Warnings = list[tuple[str, dict[str, object]]]


def _fitted(row: Marginal) -> tuple[str, tuple[float, ...], _Warnings]:
    if row.kind not in KINDS:
        raise Unfit("distribution-unknown", expected=KINDS)
    if not math.isfinite(row.value) or not row.lower <= row.value <= row.upper:
        raise Unfit("distribution-range", lower=_shown(row.lower), upper=_shown(row.upper))
    if row.points and row.kind != "empirical":
        raise Unfit("points-unused")
    if row.kind == "constant":
        return "constant", (row.value,), []
    if row.kind == "empirical":
        return _empirical(row)
    centre, bounds = _meaning(row)
    if row.low is None or row.high is None or not (math.isfinite(row.low) and math.isfinite(row.high)):
        raise Unfit("distribution-bounds")
    three = Three(row.value, row.low, row.high, centre, bounds)
    if not three.low <= three.value <= three.high:
        raise Unfit("distribution-order", low=three.low, high=three.high)
    if three.low == three.high:
        return "constant", (row.value,), []
    family, parameters = FITTERS[row.kind](three)
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
            raise Unfit("distribution-meaning", meaning=word, expected=CENTRES[row.kind] + BOUNDS[row.kind])
    return centre, bounds


def _empirical(row: Marginal) -> tuple[str, tuple[float, ...], _Warnings]:
    """Return levels and values of the points, which are taken as they are."""
    if not row.points:
        raise Unfit("points-missing")
    if row.low is not None or row.high is not None or row.meaning:
        raise Unfit("points-bounds")
    levels, values = np.array(row.points, dtype=np.float64).T
    if (
        len(levels) < 2
        or levels[0] != 0
        or levels[-1] != 1
        or np.any(np.diff(levels) <= 0)
        or np.any(np.diff(values) < 0)
    ):
        raise Unfit("points-order", count=len(levels))
    for end in (values[0], values[-1]):
        if not row.lower <= end <= row.upper:
            raise Unfit("distribution-range", value=float(end), lower=_shown(row.lower), upper=_shown(row.upper))
    if not values[0] <= row.value <= values[-1]:
        raise Unfit("distribution-order", low=float(values[0]), high=float(values[-1]))
    if values[0] == values[-1]:
        return "constant", (row.value,), []
    return "empirical", (*levels.tolist(), *values.tolist()), _off_centre(row.value, levels, values)


def _off_centre(value: float, levels: Array, values: Array) -> _Warnings:
    mean = math.fsum((np.diff(levels) * (values[:-1] + values[1:]) / 2).tolist())
    low, median, high = np.interp([0.05, 0.5, 0.95], levels, values).tolist()
    near = MISSED * (high - low)
    if min(abs(value - mean), abs(value - median)) <= near:
        return []
    return [("points-centre", {"mean": mean, "median": median})]


def _missed(three: Three, family: str, parameters: tuple[float, ...]) -> _Warnings:
    if three.bounds == "limits":
        return []  # met exactly by construction
    reached = quantile(family, np.array([parameters]), np.array([[-Z95, Z95]]))[0]
    return [
        ("distribution-missed-bound", {"bound": label, "written": bound, "fitted": float(got)})
        for label, bound, got in (("P5", three.low, reached[0]), ("P95", three.high, reached[1]))
        if abs(got - bound) > MISSED * (three.high - three.low)
    ]


def _cut(family: str, parameters: tuple[float, ...], row: Marginal) -> tuple[float, float]:
    """Return the probabilities below `lower` and above `upper`; too much is an error."""
    if family in ("constant", "empirical"):
        return 0.0, 0.0  # in range, or it would not be fitted; a zero stands on its bound
    below = _probability(family, parameters, row.lower) if math.isfinite(row.lower) else 0.0
    above = _probability(family, parameters, row.upper, upper_tail=True) if math.isfinite(row.upper) else 0.0
    if below + above > CUT_ALLOWED * (1 + 1e-9):  # a P5 written as 0 cuts five per cent to the last digit
        cut = 100 * (below + above)
        raise Unfit("distribution-cut-too-much", percent=cut, lower=_shown(row.lower), upper=_shown(row.upper))
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
        case "gamma", (alpha, scale):
            of = gammaincc if upper_tail else gammainc
            return float(of(alpha, max(x, 0.0) / scale))
        case "weibull", (shape, scale):
            hazard = (max(x, 0.0) / scale) ** shape
            return math.exp(-hazard) if upper_tail else -math.expm1(-hazard)
        case _:
            p = 1.0 if x >= parameters[0] else 0.0
    return 1 - p if upper_tail else p


def _triangular_probability(a: float, mode: float, b: float, x: float) -> float:
    if x <= mode:
        return (x - a) ** 2 / ((b - a) * (mode - a))
    return 1 - (b - x) ** 2 / ((b - a) * (b - mode))
