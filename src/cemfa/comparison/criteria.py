"""Several aims at once: weighted sums with fixed scales, TOPSIS, PROMETHEE II, and how much weights matter.

Beside `choice` in `comparison`; pure functions. A weighted sum with fixed scales is the one whose order of options
does not change when another is added or left out; the other two are shown beside it because officials ask for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from cemfa import locale
from cemfa.comparison.choice import rank_shares, senses_checked, table_of
from cemfa.comparison.dominance import Sense
from cemfa.errors import CemfaError, Problem, ResultsError
from cemfa.indicators.view import Array

WEIGHTS: Final = 10_000
"""Sets of weights over which a rank is called stable."""
_STRIP: Final = 1024
"""Sets of weights weighed at a time: bounds the memory, not the result."""
_SUM: Final = 1e-9


def weights_checked(weights: npt.ArrayLike) -> Array:
    """Return weights as an array, (C,) or (W, C).

    Raises
    ------
    ResultsError
        `weights-sum` where a set of weights holds a negative number or does not sum to one within 1e-9.
    """
    found = np.asarray(weights, dtype=np.float64)
    sums = np.atleast_1d(found.sum(axis=-1))
    wrong = np.atleast_1d((np.atleast_2d(found) < 0).any(axis=-1)) | ~(np.abs(sums - 1.0) <= _SUM)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        parameters = {"sum": float(sums[first]), "weights": np.atleast_2d(found)[first].tolist()}
        raise locale.error(ResultsError, Problem("weights-sum", parameters=parameters))
    return found


def on_scale(values: npt.ArrayLike, scales: npt.ArrayLike) -> Array:
    """Return values on fixed scales: 0 at the worst, 1 at the best, straight between and beyond.

    Parameters
    ----------
    values : (..., C), in the unit of each criterion
    scales : (C, 2), worst and best of each criterion; less is better where the worst is the larger

    Returns
    -------
    (..., C) [-]; outside 0 … 1 where a value lies beyond its scale

    Raises
    ------
    ResultsError
        `scale-empty` where worst and best are the same.

    Examples
    --------
    >>> on_scale([[0.35, 20.0], [0.7, 80.0]], [[0.0, 0.7], [100.0, 0.0]]).tolist()
    [[0.5, 0.8], [1.0, 0.2]]
    """
    ends = np.asarray(scales, dtype=np.float64)
    worst, best = ends[:, 0], ends[:, 1]
    if not (np.isfinite(ends).all() and (worst != best).all()):
        raise locale.error(ResultsError, Problem("scale-empty", parameters={"scales": ends.tolist()}))
    return np.asarray((np.asarray(values, dtype=np.float64) - worst) / (best - worst))


def weighted_sum(scores: npt.ArrayLike, weights: npt.ArrayLike) -> Array:
    """Return the weighted sum of scores on fixed scales: ``Σ weight × score``.

    Parameters
    ----------
    scores : (..., C), of `on_scale`, for instance (O, S, C)
    weights : (C,), summing to one, or (W, C)

    Returns
    -------
    (...) or (..., W) [-]

    Raises
    ------
    ResultsError
        as `weights_checked`.

    Notes
    -----
    Keeney, R. L. & Raiffa, H. (1976), Decisions with Multiple Objectives, chapter 3: the additive value function.

    Examples
    --------
    >>> weighted_sum([[0.5, 0.8], [1.0, 0.2]], [0.6, 0.4]).round(3).tolist()
    [0.62, 0.68]
    """
    table, found = np.asarray(scores, dtype=np.float64), weights_checked(weights)
    _as_many(found, table)
    return np.asarray(np.tensordot(table, found, axes=(-1, -1)))


def _as_many(weights: Array, scores: Array) -> None:
    """Check that there is a weight, or a sense, for every criterion."""
    found, expected = weights.shape[-1], scores.shape[-1] if scores.ndim else 0
    if found != expected:
        raise locale.error(ResultsError, Problem("weights-count", parameters={"found": found, "expected": expected}))


def weights_on_simplex(criteria: int, count: int = WEIGHTS, seed: int = 0) -> Array:
    """Return sets of weights drawn evenly from all that sum to one: a Dirichlet law of ones.

    Parameters
    ----------
    criteria : how many weights C are in a set
    count : how many sets W
    seed : from 0; the same seed gives the same sets

    Returns
    -------
    (W, C)

    Examples
    --------
    >>> weights_on_simplex(3, 5).sum(axis=1).round(12).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    return np.random.default_rng(seed).dirichlet(np.ones(criteria), count)


def rank_stability(
    scores: Mapping[str, npt.ArrayLike], *, count: int = WEIGHTS, seed: int = 0
) -> dict[str, list[float]]:
    """Return per option the share of all possible weights under which it stands first, second, ….

    Weights are drawn evenly from all that sum to one. With scores per sample every set of weights is applied to the
    mean scores: a weighted sum is straight in them, so its mean is the weighted sum of means.

    Parameters
    ----------
    scores : per option (C,) or (S, C), on fixed scales (`on_scale`)
    count : sets of weights; the share of 10 000 is known to half a point
    seed : of the weights

    Returns
    -------
    dict
        per option (O,), first rank first; the shares of an option sum to one; ties are shared

    Notes
    -----
    First ranks: Lahdelma, R., Hokkanen, J. & Salminen, P. (1998), SMAA, European Journal of Operational Research
    106(1), 137–143.

    Examples
    --------
    >>> found = rank_stability({"cheap": [1.0, 0.0], "thorough": [0.0, 0.75]}, count=20_000)
    >>> round(found["cheap"][0], 2)  # cheap wins wherever w1 > 0.75 (1 − w1), that is w1 > 3/7
    0.57
    """
    rows = [np.atleast_2d(np.asarray(row, dtype=np.float64)).mean(axis=0) for row in scores.values()]
    names, table = table_of(dict(zip(scores, rows, strict=True)))
    weights = weights_on_simplex(table.shape[1], count, seed)
    total = np.zeros((len(names), len(names)))
    for first in range(0, count, _STRIP):
        part = weights[first : first + _STRIP]
        total += rank_shares(table @ part.T) * (len(part) / count)
    return dict(zip(names, total.tolist(), strict=True))


def topsis(
    values: npt.ArrayLike, weights: npt.ArrayLike, senses: Sequence[Sense],
    normalisation: Literal["vector", "minmax"] = "vector",
) -> Array:  # fmt: skip
    """Return how near options are to the ideal one and how far from the worst, by pymcdm.

    Parameters
    ----------
    values : (O, C) or (S, O, C), in any units
    weights : (C,), summing to one
    senses : (C,), `max` where more is better, `min` where less is
    normalisation : `vector` as the method was published, or `minmax`

    Returns
    -------
    (O,) or (S, O), closeness 0 … 1; the more the better

    Raises
    ------
    CemfaError
        `extra-missing` where pymcdm is not installed.
    ResultsError
        as `weights_checked`.

    Notes
    -----
    Hwang, C.-L. & Yoon, K. (1981), Multiple Attribute Decision Making, chapter 3. Options that differ in nothing are
    all equally near: 0.5.

    Examples
    --------
    >>> topsis([[250, 16], [200, 16], [300, 32]], [0.5, 0.5], ["min", "max"]).round(3).tolist()
    [0.212, 0.358, 0.642]
    """
    methods, normalisations = _pymcdm()
    scaled = {"vector": normalisations.vector_normalization, "minmax": normalisations.minmax_normalization}
    method = methods.TOPSIS(scaled[normalisation])
    return _each(values, weights, senses, method, 0.5)


def promethee(
    values: npt.ArrayLike, weights: npt.ArrayLike, senses: Sequence[Sense], *, preference: str = "usual",
    p: Sequence[float] | None = None, q: Sequence[float] | None = None,
) -> Array:  # fmt: skip
    """Return by how much options outrank the others less by how much they are outranked, PROMETHEE II by pymcdm.

    Parameters
    ----------
    values : (O, C) or (S, O, C), in any units
    weights : (C,), summing to one
    senses : (C,), `max` where more is better, `min` where less is
    preference : `usual` (any difference counts in full), or `ushape`, `vshape`, `level`, `vshape_2` with thresholds
    p, q : (C,), difference from which preference is full; difference that does not count

    Returns
    -------
    (O,) or (S, O), net flow −1 … 1, summing to zero; the more the better

    Raises
    ------
    CemfaError
        `extra-missing` where pymcdm is not installed.
    ResultsError
        as `weights_checked`.

    Notes
    -----
    Brans, J. P. & Vincke, P. (1985), A preference ranking organisation method, Management Science 31(6), 647–656.

    Examples
    --------
    >>> promethee([[4, 3, 2], [3, 2, 4], [5, 1, 3]], [0.5, 0.3, 0.2], ["max"] * 3).round(2).tolist()
    [0.1, -0.3, 0.2]
    """
    methods, _ = _pymcdm()
    method = methods.PROMETHEE_II(preference, p=p, q=q)
    return _each(values, weights, senses, method, 0.0)


def _each(values: npt.ArrayLike, weights: npt.ArrayLike, senses: Sequence[Sense], method: Any, alike: float) -> Array:
    table, found = np.asarray(values, dtype=np.float64), weights_checked(weights)
    senses_checked(senses)
    _as_many(found, table)
    _as_many(np.ones(len(senses)), table)
    if not np.isfinite(table).all():
        table_of({"all": table.ravel()})
    types = np.array([1 if sense == "max" else -1 for sense in senses])
    cubes = table.reshape(-1, *table.shape[-2:])
    # a criterion in which all are alike tells nobody apart, but a column of zeros has no length to divide by
    cubes = np.where((cubes == cubes[:, :1]).all(axis=1, keepdims=True), 1.0, cubes)
    rows = [
        method(cube, found, types, validation=False) if (cube != cube[0]).any() else np.full(len(cube), alike)
        for cube in cubes
    ]
    return np.asarray(rows, dtype=np.float64).reshape(table.shape[:-1])


def _pymcdm() -> tuple[Any, Any]:
    """Return its methods and its normalisations."""
    try:
        from pymcdm import methods, normalizations  # loads pandas and pyplot, over a second
    except ImportError as reason:
        parameters = {"package": "pymcdm", "extra": "decision"}
        raise locale.error(CemfaError, Problem("extra-missing", parameters=parameters)) from reason
    return methods, normalizations
