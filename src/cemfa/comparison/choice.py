"""What a choice between options is worth: expected loss, and what knowing more before choosing would gain.

Beside `pairs` in `comparison`; pure functions of one value per option and sample. Values of all options come from
the same samples, so that what is common to them cancels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from cemfa import locale
from cemfa.errors import Problem, ResultsError
from cemfa.indicators.view import Array

_DEGREE: Final = 3
"""Degree of the polynomial by which a value follows a parameter."""
_ROUNDING: Final = 1e-13
"""Gain, relative to the largest value, that is the rounding of a mean."""
_FEW: Final = 20
"""Distinct values up to which a parameter counts as discrete."""


def table_of(values: Mapping[str, npt.ArrayLike]) -> tuple[tuple[str, ...], Array]:
    """Return the names of options and their values as one table, (O, S).

    Parameters
    ----------
    values : per option (S,), the same samples

    Raises
    ------
    ResultsError
        `choice-empty` without options or samples, `choice-shape` where lengths differ, `choice-number` where a
        value is no finite number.
    """
    names = tuple(values)
    rows = [np.asarray(values[name], dtype=np.float64) for name in names]
    if not rows or not all(row.size for row in rows):
        raise _error("choice-empty")
    for name, row in zip(names, rows, strict=True):
        if row.ndim != 1 or row.shape != rows[0].shape:
            raise _error("choice-shape", option=name, found=list(row.shape), expected=rows[0].size)
        if not np.isfinite(row).all():
            position = int(np.flatnonzero(~np.isfinite(row))[0])
            raise _error("choice-number", option=name, sample=position, value=float(row[position]))
    return names, np.stack(rows)


def senses_checked(senses: Sequence[str]) -> None:
    """Check that every sense is `max` or `min`; `choice-sense` where one is not."""
    for sense in senses:
        if sense not in ("max", "min"):
            raise _error("choice-sense", sense=sense)


def weights_of(probabilities: npt.ArrayLike | None, samples: int) -> Array:
    """Return the probability of each sample, (S,): all alike unless given.

    Raises
    ------
    ResultsError
        `choice-probabilities` where one is negative, or they do not sum to one within 1e-9.
    """
    if probabilities is None:
        return np.full(samples, 1.0 / samples)
    found = np.asarray(probabilities, dtype=np.float64)
    if found.shape != (samples,) or not (found >= 0).all() or abs(float(found.sum()) - 1.0) > 1e-9:
        raise _error("choice-probabilities", found=found.size, expected=samples, sum=float(found.sum()))
    return np.asarray(found / found.sum())


def expected_loss(values: Mapping[str, npt.ArrayLike], probabilities: npt.ArrayLike | None = None) -> dict[str, float]:
    """Return per option what choosing it loses on average against the option that turns out best.

    ``mean over samples of (max over options − the option's value)``, the expected opportunity loss. The least of
    all is the expected value of perfect information.

    Parameters
    ----------
    values : per option (S,), the more the better, in any unit; where less is better give the negatives
    probabilities : (S,), of each sample; default: all alike

    Returns
    -------
    dict
        loss ≥ 0 per option [unit of the values]

    Raises
    ------
    ResultsError
        as `table_of` and `weights_of`.

    Notes
    -----
    Raiffa, H. & Schlaifer, R. (1961), Applied Statistical Decision Theory, chapter 4.

    Examples
    --------
    Two states of the market, as likely as each other:

    >>> expected_loss({"large": [100.0, -40.0], "small": [40.0, 20.0]})
    {'large': 30.0, 'small': 30.0}
    """
    names, table = table_of(values)
    lost = (table.max(axis=0) - table) * weights_of(probabilities, table.shape[1])
    return dict(zip(names, lost.sum(axis=1).tolist(), strict=True))


def best_on_average(values: Mapping[str, npt.ArrayLike], probabilities: npt.ArrayLike | None = None) -> str:
    """Return the option with the highest expected value, the first of several that are equal.

    >>> best_on_average({"a": [1.0, 2.0], "b": [0.0, 4.0]})
    'b'
    """
    names, table = table_of(values)
    return names[int(np.argmax((table * weights_of(probabilities, table.shape[1])).sum(axis=1)))]


def perfect_information(values: Mapping[str, npt.ArrayLike], probabilities: npt.ArrayLike | None = None) -> float:
    """Return what knowing everything before choosing would gain on average (EVPI).

    ``mean of the best − best of the means``; never negative, and the least expected loss of any option.

    Parameters
    ----------
    values : per option (S,), the more the better
    probabilities : (S,), of each sample; default: all alike

    Returns
    -------
    float
        [unit of the values]

    Notes
    -----
    Howard, R. A. (1966), Information value theory, IEEE Transactions on Systems Science and Cybernetics 2(1), 22–26.

    Examples
    --------
    >>> perfect_information({"large": [100.0, -40.0], "small": [40.0, 20.0]})
    30.0
    """
    return min(expected_loss(values, probabilities).values())


def partial_information(
    values: Mapping[str, npt.ArrayLike],
    parameter: npt.ArrayLike,
    *,
    probabilities: npt.ArrayLike | None = None,
    blocks: int | None = None,
) -> float:
    """Return what knowing one parameter before choosing would gain on average (EVPPI), from the same samples.

    ``mean over the parameter of (max over options of E[value | parameter]) − max over options of E[value]``.
    The inner mean is that of the samples with the same value where the parameter has few of them (at most 20, each
    several times), that of neighbouring samples in order of the parameter where `blocks` is given, else a polynomial
    of the third degree fitted to all samples. Never negative, never above `perfect_information`.

    Parameters
    ----------
    values : per option (S,), the more the better
    parameter : (S,), its value, or its normal score, in each sample
    probabilities : (S,), of each sample; default: all alike; not with `blocks`
    blocks : into how many blocks of equal size the ordered samples are cut. Few blocks miss a little, many make
        noise look like information: at least some 30 samples to a block

    Returns
    -------
    float
        [unit of the values]

    Raises
    ------
    ResultsError
        as `table_of`; `choice-blocks` where there are more blocks than samples, or none.

    Notes
    -----
    Blocks: Strong, M. & Oakley, J. E. (2013), An efficient method for computing single-parameter partial expected
    value of perfect information, Medical Decision Making 33(6), 755–766. Fitted: Strong, M., Oakley, J. E. & Brennan,
    A. (2014), Estimating multiparameter partial expected value of perfect information, Medical Decision Making
    34(3), 311–326.

    Examples
    --------
    The market is all that matters, the weather nothing:

    >>> values = {"large": [100.0, 100.0, -40.0, -40.0], "small": [40.0, 40.0, 20.0, 20.0]}
    >>> partial_information(values, [1, 1, 0, 0]), partial_information(values, [1, 0, 1, 0])
    (30.0, 0.0)
    """
    names, table = table_of(values)
    known = table_of({"parameter": parameter, names[0]: table[0]})[1][0]
    shares = weights_of(probabilities, table.shape[1])
    if blocks is not None:
        inner = _by_blocks(table, known, blocks)
    else:
        groups, member = np.unique(known, return_inverse=True)
        inner = _by_groups(table, member, shares) if _discrete(groups, known) else expected_given(table, known, shares)
    gain = float((inner.max(axis=0) * shares).sum() - (inner * shares).sum(axis=1).max())
    rounding = _ROUNDING * float(np.abs(table).max())
    return min(gain, perfect_information(values, probabilities)) if gain > rounding else 0.0


def _discrete(groups: Array, known: Array) -> bool:
    return groups.size <= min(_FEW, max(1, known.size // 2))


def _by_groups(table: Array, member: npt.NDArray[np.intp], shares: Array) -> Array:
    """Return the mean of each option over the samples with the same value, in every sample, (O, S)."""
    weight = np.bincount(member, shares)
    sums = np.stack([np.bincount(member, row * shares) for row in table])
    return np.asarray(np.divide(sums, weight, out=np.zeros_like(sums), where=weight > 0)[:, member])


def _by_blocks(table: Array, known: Array, blocks: int) -> Array:
    if not 1 <= blocks <= known.size:
        raise _error("choice-blocks", blocks=blocks, samples=known.size)
    member = np.empty(known.size, dtype=np.intp)
    member[np.argsort(known, kind="stable")] = np.arange(known.size) * blocks // known.size
    return _by_groups(table, member, np.full(known.size, 1.0 / known.size))


def expected_given(table: Array, known: Array, shares: Array | None = None) -> Array:
    """Return values as a polynomial of a parameter leads one to expect them, in every sample.

    Parameters
    ----------
    table : (O, S), values
    known : (S,), the parameter
    shares : (S,), weight of each sample; default: all alike

    Returns
    -------
    (O, S)

    Examples
    --------
    >>> expected_given(np.array([[1.0, 3.0, 5.0, 7.0, 9.0]]), np.arange(5.0)).round(9).tolist()
    [[1.0, 3.0, 5.0, 7.0, 9.0]]
    """
    weight = np.full(known.size, 1.0 / known.size) if shares is None else shares
    width = float(np.ptp(known))
    degree = min(_DEGREE, np.unique(known).size - 1)
    scaled = 2.0 * (known - known.min()) / width - 1.0 if width else np.zeros_like(known)
    # Chebyshev polynomials: powers of a third of the samples would be nearly collinear
    powers = np.polynomial.chebyshev.chebvander(scaled, degree)
    root = np.sqrt(weight)[:, None]
    fitted = np.linalg.lstsq(powers * root, (table * root[:, 0]).T, rcond=None)[0]
    return np.asarray((powers @ fitted).T, dtype=np.float64)


def _error(code: str, **parameters: object) -> ResultsError:
    return locale.error(ResultsError, Problem(code, parameters=parameters))


def ranks(values: Mapping[str, npt.ArrayLike]) -> dict[str, list[float]]:
    """Return per option the share of samples in which it stands first, second, …; ties are shared.

    Parameters
    ----------
    values : per option (S,), the more the better

    Returns
    -------
    dict
        per option (O,); the shares of an option sum to one, and so do those of a rank

    Examples
    --------
    >>> ranks({"a": [3.0, 1.0], "b": [2.0, 2.0]})
    {'a': [0.5, 0.5], 'b': [0.5, 0.5]}
    """
    names, table = table_of(values)
    return dict(zip(names, rank_shares(table).tolist(), strict=True))


def rank_shares(table: Array) -> Array:
    """Return the share of columns in which each row stands at each rank, (O, O); ties are shared.

    Parameters
    ----------
    table : (O, S), the more the better
    """
    above = (table[None] > table[:, None]).sum(axis=1)  # (O, S), how many are better
    alike = (table[None] == table[:, None]).sum(axis=1)  # with itself
    rank = np.arange(len(table))[:, None, None]
    held = (rank >= above) & (rank < above + alike)
    return np.asarray((held / alike).mean(axis=2).T, dtype=np.float64)
