"""How long things last: survival curves by law of the lifetime, under a named timing of the inflow.

Pure functions below `cohorts` and `holding`. The age is the first axis; parameters broadcast against the further
axes, so every sample and every item has a lifetime of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincc, ndtr

from cemfa import locale
from cemfa.definition.schema import LIFETIME_PARAMETERS
from cemfa.errors import Place, Problem, SolveError

Array = NDArray[np.float64]
LARGEST_POWER: Final = 707.0
"""Beyond it exp(-power) is below 1e-307 and taken as nothing: numbers that underflow take eight times as long."""
POINTS: Final = 10
"""Points of the Gauss-Lobatto rule that averages over the year of entry; the most that flodym offers."""


def survival_fixed(ages: ArrayLike, mean: ArrayLike) -> Array:
    """Return the share still in use when everything lasts exactly `mean` years.

    What has lasted `mean` years is gone at that age (ODYM, Pauliuk & Heeren 2020).

    Parameters
    ----------
    ages : (A, …) ages [year]
    mean : lifetime [year], above 0

    Examples
    --------
    >>> survival_fixed([0, 1, 2, 3], 2).tolist()
    [1.0, 1.0, 0.0, 0.0]
    """
    found: Array = (np.asarray(ages) < np.asarray(mean)).astype(np.float64)
    return found


def survival_normal(ages: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Array:
    """Return the share still in use for a normal lifetime: 1 - Φ((age - mean)/sd).

    Not rescaled at age 0, so what the normal law places before birth leaves in the year of entry (ODYM,
    Pauliuk & Heeren 2020).

    Parameters
    ----------
    ages : (A, …) ages [year]
    mean, sd : of the lifetime [year], above 0

    Examples
    --------
    >>> survival_normal([5.0], 5.0, 1.5).tolist()
    [0.5]
    """
    found: Array = ndtr((np.asarray(mean, dtype=np.float64) - np.asarray(ages)) / np.asarray(sd))
    return found


def survival_folded_normal(ages: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Array:
    """Return the share still in use for a folded normal lifetime: Φ((mean - age)/sd) + Φ(-(mean + age)/sd).

    Nothing leaves before birth: the part of the normal law below zero is folded over (`scipy.stats.foldnorm`,
    as in ODYM and flodym).

    Parameters
    ----------
    ages : (A, …) ages [year]
    mean, sd : of the normal law *before* it is folded [year], above 0

    Examples
    --------
    >>> survival_folded_normal([0.0, 5.0], 5.0, 1.5).round(6).tolist()
    [1.0, 0.5]
    """
    centre, spread, age = (np.asarray(v, dtype=np.float64) for v in (mean, sd, ages))
    found: Array = np.minimum(1.0, ndtr((centre - age) / spread) + ndtr(-(centre + age) / spread))
    return found


def survival_lognormal(ages: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Array:
    """Return the share still in use for a lognormal lifetime: Φ((μ - ln age)/σ).

    σ² = ln(1 + sd²/mean²) and μ = ln mean - σ²/2, so `mean` and `sd` are those of the lifetime itself and not of
    its logarithm (ODYM, flodym).

    Parameters
    ----------
    ages : (A, …) ages [year]
    mean, sd : of the lifetime [year], above 0

    Examples
    --------
    >>> survival_lognormal([0.0, 10.0], 10.0, 5.0).round(4).tolist()
    [1.0, 0.4066]
    """
    centre, age = np.asarray(mean, dtype=np.float64), np.asarray(ages, dtype=np.float64)
    variance = np.log1p((np.asarray(sd, dtype=np.float64) / centre) ** 2)
    with np.errstate(divide="ignore"):  # the logarithm of age 0 is minus infinity, where everything survives
        found: Array = ndtr((np.log(centre) - 0.5 * variance - np.log(age)) / np.sqrt(variance))
    return found


def survival_weibull(ages: ArrayLike, shape: ArrayLike, scale: ArrayLike) -> Array:
    """Return the share still in use for a Weibull lifetime: exp(-(age/scale)^shape).

    Parameters
    ----------
    ages : (A, …) ages [year]
    shape : of the Weibull law [1], above 0
    scale : characteristic lifetime [year], above 0

    Examples
    --------
    >>> survival_weibull([0.0, 3.0], 1.2, 3.0).round(4).tolist()
    [1.0, 0.3679]
    """
    with np.errstate(divide="ignore", over="ignore"):  # at age 0 all survives, far beyond the scale nothing
        years, scales = np.log(np.asarray(ages, dtype=np.float64)), np.log(scale)  # of few numbers; powers are dear
        found: Array = np.asarray((years - scales) * shape)  # turned in place: fresh memory would cost more
        np.exp(found, out=found)
    gone = found > LARGEST_POWER
    np.negative(np.minimum(found, LARGEST_POWER, out=found), out=found)
    np.exp(found, out=found)
    np.copyto(found, 0.0, where=gone)
    return found


def survival_gamma(ages: ArrayLike, shape: ArrayLike, scale: ArrayLike) -> Array:
    """Return the share still in use for a gamma lifetime: Q(shape, age/scale), the upper incomplete gamma function.

    Parameters
    ----------
    ages : (A, …) ages [year]
    shape : of the gamma law [1], above 0; the mean lifetime is shape times scale
    scale : of the gamma law [year], above 0

    Examples
    --------
    >>> survival_gamma([0.0, 2.0], 1.0, 2.0).round(4).tolist()
    [1.0, 0.3679]
    """
    found: Array = gammaincc(np.asarray(shape, dtype=np.float64), np.asarray(ages) / np.asarray(scale))
    return found


LAWS: Final[Mapping[str, Callable[..., Array]]] = MappingProxyType(
    {
        "fixed": survival_fixed,
        "normal": survival_normal,
        "folded_normal": survival_folded_normal,
        "lognormal": survival_lognormal,
        "weibull": survival_weibull,
        "gamma": survival_gamma,
    }
)
"""Survival curves by the word a user writes; `LIFETIME_PARAMETERS` names their parameters in order."""

_INSTANT: Final[Mapping[str, float]] = MappingProxyType({"end_of_year": 0.0, "mid_year": 0.5, "start_of_year": 1.0})
"""Age at the end of the year of entry, where all of a year's inflow enters at one instant."""


def survival_curve(
    lifetime: str,
    parameters: Sequence[ArrayLike],
    years: int,
    timing: str = "end_of_year",
    *,
    name: str = "",
    year: int | None = None,
    place: Place | None = None,
) -> Array:
    """Return the share of a year's inflow that is still there at the end of that year and of each year after it.

    With the age n + d at the end of the n-th year after the year of entry, n = 0, 1, …: d is 0 for ``end_of_year``
    (survival at whole ages, ODYM's convention), 1/2 for ``mid_year``, 1 for ``start_of_year``; ``through_year``
    averages over an inflow that is spread evenly over the year, ∫₀¹ S(n + d) dd, by a Gauss-Lobatto rule of ten
    points (for a fixed lifetime exactly). These are flodym's ``inflow_at="end"``, ``"middle"``, ``"start"`` and
    ``n_pts_per_interval=10``.

    Parameters
    ----------
    lifetime : ``fixed``, ``normal``, ``folded_normal``, ``lognormal``, ``weibull`` or ``gamma``
    parameters : in the order of `LIFETIME_PARAMETERS`, (…) each [year; shapes 1]
    years : A, how many years, the year of entry included
    timing : ``end_of_year``, ``mid_year``, ``start_of_year`` or ``through_year``
    name, year, place : of the process, for the message

    Returns
    -------
    (A, …) shares that never grow with the age

    Raises
    ------
    SolveError
        with `lifetime-value` where a parameter is not a finite number above zero.

    Examples
    --------
    >>> survival_curve("weibull", (1.2, 3.0), 3).round(4).tolist()
    [1.0, 0.7652, 0.5408]
    >>> survival_curve("fixed", (2.5,), 4, "through_year").tolist()
    [1.0, 1.0, 0.5, 0.0]
    """
    law = LAWS[lifetime]
    values = [np.asarray(value, dtype=np.float64) for value in parameters]
    _refuse_impossible(lifetime, values, name, year, place)
    whole = np.arange(years, dtype=np.float64).reshape(-1, *[1] * max(value.ndim for value in values))
    if timing in _INSTANT:
        return law(whole + _INSTANT[timing], *values)
    if lifetime == "fixed":  # a step is no polynomial; its mean over the year is known
        return np.clip(values[0] - whole, 0.0, 1.0)
    total = np.zeros(np.broadcast_shapes(whole.shape, *(value.shape for value in values)))
    for point, weight in zip(*_lobatto(POINTS), strict=True):
        total += weight * law(whole + point, *values)
    return np.minimum(1.0, total)


def leaves_at_once(lifetime: str, timing: str) -> bool:
    """Tell whether some of an inflow may leave within its year, whatever the parameters.

    At whole ages all laws but the normal one keep everything at age 0.

    Examples
    --------
    >>> leaves_at_once("weibull", "end_of_year"), leaves_at_once("weibull", "mid_year")
    (False, True)
    """
    return lifetime == "normal" or timing != "end_of_year"


def _lobatto(points: int) -> tuple[list[float], list[float]]:
    """Return nodes and weights of the Gauss-Lobatto rule on [0, 1].

    The inner nodes are the roots of the derivative of the Legendre polynomial P of degree n - 1, the weights are
    2/(n(n - 1)P²) (Abramowitz & Stegun 1964, 25.4.32), both carried over from [-1, 1].
    """
    polynomial = [0.0] * (points - 1) + [1.0]
    nodes = np.array([-1.0, *np.sort(legendre.legroots(legendre.legder(polynomial)).real), 1.0])
    weights = 2.0 / (points * (points - 1) * legendre.legval(nodes, polynomial) ** 2)
    return ((nodes + 1.0) / 2.0).tolist(), (weights / 2.0).tolist()


def _refuse_impossible(
    lifetime: str, values: Sequence[Array], name: str, year: int | None, place: Place | None
) -> None:
    for parameter, value in zip(LIFETIME_PARAMETERS[lifetime], values, strict=True):
        wrong = ~(np.isfinite(value) & (value > 0.0))
        if wrong.any():
            position = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
            shown = {
                "process": name, "parameter": parameter, "value": float(value[position]), "year": year or "–",
                "sample": int(position[-1]) if position else 0,
            }  # fmt: skip
            raise locale.error(SolveError, Problem("lifetime-value", place or Place(), shown))
