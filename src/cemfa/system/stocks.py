"""Stocks over the years: accumulation and first-order decay, and the past that both need.

Pure functions below `holding`, which calls them period by period; what leaves by a lifetime is in `cohorts`. Time
is the first axis; every further axis (layers, samples) is carried along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cemfa import locale
from cemfa.errors import Place, Problem, SolveError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StockYears:
    """What a stock does over the years.

    Parameters
    ----------
    content : (T, …) content at the end of each year [t]
    outflow : (T, …) what leaves within each year [t/year]
    """

    content: Array
    outflow: Array


def accumulate(inflow: ArrayLike, opening: ArrayLike = 0.0) -> Array:
    """Return the content at the end of each year of a stock that nothing leaves.

    Parameters
    ----------
    inflow : (T, …) what enters [t/year]
    opening : (…) content before the first year [t]

    Examples
    --------
    >>> accumulate([1.0, 2.0, 3.0], 10.0).tolist()
    [11.0, 13.0, 16.0]
    """
    entered = np.asarray(inflow, dtype=np.float64)
    content = np.empty_like(entered)
    held = np.broadcast_to(np.asarray(opening, dtype=np.float64), entered.shape[1:])
    for year, added in enumerate(entered):
        held = held + added
        content[year] = held
    return content


def decay(content: ArrayLike, rate: ArrayLike) -> tuple[Array, Array]:
    """Return what one year of first-order decay releases from a content, and what it leaves.

    Parameters
    ----------
    content : degradable content at the start of the year [t]
    rate : decay rate [1/year]

    Returns
    -------
    released : content·(1 - e^(-rate)) [t/year]
    left : the rest [t]

    Examples
    --------
    >>> released, left = decay(60.0, 0.4)
    >>> round(float(released), 6), round(float(left), 6)
    (19.780797, 40.219203)
    """
    held = np.asarray(content, dtype=np.float64)
    released: Array = -held * np.expm1(-np.asarray(rate, dtype=np.float64))
    return released, held - released


def first_order(deposits: ArrayLike, rate: ArrayLike, opening: ArrayLike = 0.0) -> StockYears:
    """Return content and release of a decaying stock; what is deposited in a year decays from the next year on.

    release(t) = content(t-1)·(1 - e^(-k)), content(t) = content(t-1)·e^(-k) + deposit(t)
    (IPCC 2006 Guidelines, volume 5, chapter 3, equations 3.4 and 3.5).

    Parameters
    ----------
    deposits : (T, …) degradable mass deposited [t/year]
    rate : decay rate [1/year], one for all years, or (T, …)
    opening : (…) degradable content before the first year [t]

    Examples
    --------
    >>> first_order([60.0, 0.0], 0.4).outflow.round(6).tolist()
    [0.0, 19.780797]
    """
    added = np.asarray(deposits, dtype=np.float64)
    rates = np.broadcast_to(np.asarray(rate, dtype=np.float64), added.shape)
    content, release = np.empty_like(added), np.empty_like(added)
    held: Array = np.broadcast_to(np.asarray(opening, dtype=np.float64), added.shape[1:])
    for year in range(len(added)):
        release[year], left = decay(held, rates[year])
        held = left + added[year]
        content[year] = held
    return StockYears(content, release)


def opening_content(
    years: Sequence[int],
    deposits: ArrayLike,
    rate: ArrayLike,
    first: int,
    *,
    name: str = "",
    place: Place | None = None,
) -> Array:
    """Return what of past deposits is left, undecayed, at the start of the first modelled year [t].

    Parameters
    ----------
    years : calendar years of the deposits, each year from the opening to the one before `first`
    deposits : (H, …) degradable mass deposited in those years [t/year]
    rate : (…) decay rate [1/year]
    first : first modelled calendar year
    name, place : of the process, for the message

    Raises
    ------
    SolveError
        with `no-history` where there are no deposits, with `history-gap` where years are missing: a release of
        the year would be too small without a sign of it.

    Examples
    --------
    >>> opening_content([2016, 2017], [60.0, 0.0], 0.4, 2018).round(6).tolist()
    40.219203
    """
    problem = history_problem(years, first, name, place)
    if problem is not None:
        raise locale.error(SolveError, problem)
    added = np.asarray(deposits, dtype=np.float64)
    in_order = np.argsort(np.asarray(years), kind="stable")
    left: Array = first_order(added[in_order], rate).content[-1]
    return left


def history_problem(years: Sequence[int], first: int, name: str, place: Place | None = None) -> Problem | None:
    """Return what is wrong with the years of a history of deposits, None where it is whole."""
    where = place or Place()
    if not years:
        return Problem("no-history", where, {"process": name})
    missing = sorted(set(range(min(years), first)) - set(years))
    if missing or max(years) >= first or len(set(years)) < len(years):
        return Problem(
            "history-gap", where, {"process": name, "first": first, "missing": missing, "years": sorted(years)}
        )
    return None


def released_shares(rate: ArrayLike, years: int) -> Array:
    """Return the share of one deposit that is released in each year after it: 0, then e^(-k(j-1)) - e^(-kj).

    Parameters
    ----------
    rate : (…) decay rate [1/year]
    years : how many years, the year of deposit included

    Returns
    -------
    (years, …) shares; they sum to 1 - e^(-k(years-1))

    Examples
    --------
    >>> released_shares(0.4, 3).round(6).tolist()
    [0.0, 0.32968, 0.220991]
    """
    k = np.asarray(rate, dtype=np.float64)
    pulse = np.zeros((years, *k.shape))
    pulse[:1] = 1.0
    return first_order(pulse, k).outflow


def released_within(rate: ArrayLike, years: ArrayLike) -> Array:
    """Return the share of a deposit released within `years` years after the year of deposit: 1 - e^(-k·years).

    The committed release of a tonne over 100 years is `released_within(rate, 100)` of its degradable part.

    Examples
    --------
    >>> round(float(released_within(0.4, 1)), 6)
    0.32968
    """
    found: Array = -np.expm1(-np.asarray(rate, dtype=np.float64) * np.asarray(years))
    return found
