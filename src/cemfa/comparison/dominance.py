"""Which options nobody has a reason to choose: stochastic dominance, and the efficient set of several aims.

Beside `choice` in `comparison`; pure functions of samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from cemfa import locale
from cemfa.comparison.choice import senses_checked, table_of
from cemfa.errors import Problem, ResultsError
from cemfa.indicators.view import Array

Sense = Literal["max", "min"]
_ROUNDING: Final = 1e-12
"""Difference of two sums of sorted samples, relative to the largest, that is rounding only."""


def dominates(better: npt.ArrayLike, worse: npt.ArrayLike, order: int = 1) -> bool:
    """Return whether everybody who likes more (order 1), or more and less risk (order 2), prefers one to the other.

    Order 1: at every value the first is at least as likely to exceed it, somewhere likelier. Order 2: the area under
    its distribution function is nowhere larger, somewhere smaller: every risk-averse person prefers it.
    Pairing of the samples plays no part.

    Parameters
    ----------
    better, worse : (S,), the more the better, as many samples each
    order : 1 or 2

    Returns
    -------
    bool
        False for two distributions that are the same

    Raises
    ------
    ResultsError
        as `table_of`; `dominance-order` for any other order.

    Notes
    -----
    Hadar, J. & Russell, W. R. (1969), Rules for ordering uncertain prospects, American Economic Review 59(1), 25–34.
    Sorted samples of one size are the quantile functions: order 1 compares them, order 2 their running sums
    (Levy, H. (1992), Management Science 38(4), 555–593).

    Examples
    --------
    >>> dominates([2.0, 3.0], [1.0, 3.0]), dominates([2.0, 2.0], [1.0, 3.0]), dominates([2.0, 2.0], [1.0, 3.0], 2)
    (True, False, True)
    """
    if order not in (1, 2):
        raise locale.error(ResultsError, Problem("dominance-order", parameters={"order": order}))
    ours, theirs = np.sort(table_of({"a": better, "b": worse})[1], axis=1)
    if order == 2:
        ours, theirs = np.cumsum(ours), np.cumsum(theirs)
        slack = _ROUNDING * float(np.abs(np.stack([ours, theirs])).max())
        return bool((ours >= theirs - slack).all() and (ours > theirs + slack).any())
    return bool((ours >= theirs).all() and (ours > theirs).any())


def dominated_by(values: Mapping[str, npt.ArrayLike], order: int = 1) -> dict[str, tuple[str, ...]]:
    """Return per option the others that dominate it, in their order.

    Parameters
    ----------
    values : per option (S,), the more the better
    order : as for `dominates`

    Examples
    --------
    >>> dominated_by({"a": [1.0, 3.0], "b": [2.0, 3.0], "c": [0.0, 9.0]})
    {'a': ('b',), 'b': (), 'c': ()}
    """
    names, table = table_of(values)
    rows = dict(zip(names, table, strict=True))
    return {
        name: tuple(other for other in names if other != name and dominates(rows[other], row, order))
        for name, row in rows.items()
    }


def efficient(aims: Mapping[str, npt.ArrayLike], senses: Sequence[Sense]) -> dict[str, npt.NDArray[np.bool_]]:
    """Return per option where it is efficient: no other is at least as good in every aim and better in one.

    Parameters
    ----------
    aims : per option (K,) or (K, S), its value in each aim, for instance cost and rate
    senses : (K,), `max` where more is better, `min` where less is

    Returns
    -------
    dict
        per option () or (S,); equal options are efficient together

    Raises
    ------
    ResultsError
        `efficient-aims` where an option has another number of aims than there are senses, `choice-number` where a
        value is no finite number, `choice-empty` without options.

    Notes
    -----
    Pareto's criterion, Koopmans, T. C. (1951), Activity Analysis of Production and Allocation, chapter 3.

    Examples
    --------
    >>> found = efficient({"a": [10.0, 0.5], "b": [20.0, 0.7], "c": [25.0, 0.6]}, ["min", "max"])
    >>> [name for name, is_so in found.items() if is_so]
    ['a', 'b']
    """
    table = np.stack([_aims(name, values, senses) for name, values in aims.items()]) if aims else np.empty((0, 1, 1))
    table_of({name: row.ravel() for name, row in zip(aims, table, strict=True)})
    up = table * np.array([1.0 if sense == "max" else -1.0 for sense in senses])[:, None]
    no_worse = (up[:, None] >= up[None]).all(axis=2)  # (other, option, S)
    better = (up[:, None] > up[None]).any(axis=2)
    beaten = (no_worse & better).any(axis=0)
    shape = next((np.shape(values)[1:] for values in aims.values()), ())
    return {name: ~row.reshape(shape) for name, row in zip(aims, beaten, strict=True)}


def _aims(name: str, values: npt.ArrayLike, senses: Sequence[Sense]) -> Array:
    senses_checked(senses)
    found = np.asarray(values, dtype=np.float64)
    if found.ndim not in (1, 2) or len(found) != len(senses):
        parameters = {"option": name, "found": len(np.atleast_1d(found)), "expected": len(senses)}
        raise locale.error(ResultsError, Problem("efficient-aims", parameters=parameters))
    return found.reshape(len(senses), -1)
