"""Discounting: net present value, internal rates, payback, levelised cost; the last axis is always time.

Stands at the bottom of `economics`. Time points lie a year apart: point 0 is 1 January of the first decision
year and is not discounted, point `t` is the end of year `t`. Investment of a year is paid at its beginning,
operating flows at its end. Money is real, in currency of one price year, so rates are real too.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import Final

import numpy as np
import numpy.typing as npt

from cemfa import locale
from cemfa.errors import CemfaError, Problem

Array = npt.NDArray[np.float64]

_BISECTIONS: Final = 64  # halves [0, 1] below the spacing of doubles
_TOUCHING: Final = 1e-13  # a polynomial this close to zero at an extreme, relative to its terms, touches zero


@dataclass(frozen=True, slots=True)
class Irr:
    """Internal rates of return of several streams.

    Parameters
    ----------
    rate : (...), rate per year; NaN where there is none, the one nearest zero where there are several
    count : (...), how many real rates above -1 there are; a rate with `count` above 1 ranks nothing
    """

    rate: Array
    count: npt.NDArray[np.int64]


def discount_factors(rate: npt.ArrayLike, points: int) -> Array:
    """Return the present value of 1 paid at each of `points` time points, the first undiscounted.

    Parameters
    ----------
    rate : (...), real discount rate [1/yr], above -1
    points : number of time points T

    Returns
    -------
    (..., T) factors ``(1 + rate) ** -t``

    Raises
    ------
    CemfaError
        `rate-range` where a rate is not a number above -1.

    Examples
    --------
    >>> discount_factors(0.25, 3).round(12).tolist()
    [1.0, 0.8, 0.64]
    """
    rates = checked_rates(rate)
    return np.exp(-np.log1p(rates)[..., None] * np.arange(points)) if points else np.empty((*rates.shape, 0))


def present_value(flows: npt.ArrayLike, rate: npt.ArrayLike) -> Array:
    """Return the value at point 0 of flows at points 0 … T−1: the sum of ``flow / (1 + rate)**t``.

    Parameters
    ----------
    flows : (..., T), one value per time point
    rate : scalar or (...), real discount rate [1/yr]
    """
    values = floats(flows)
    if values.ndim == 0:
        raise locale.error(CemfaError, Problem("cashflow-not-finite"))
    return floats((values * discount_factors(rate, values.shape[-1])).sum(axis=-1))


def npv(flows: npt.ArrayLike, rate: npt.ArrayLike) -> Array:
    """Return the net present value of net flows (received − paid), the first of them undiscounted.

    A spreadsheet's NPV discounts the first value too: its result is this one divided by ``1 + rate``.

    Parameters
    ----------
    flows : (..., T), net flow at each time point [money]
    rate : scalar or (...), real discount rate [1/yr]

    Returns
    -------
    (...) [money of point 0]

    Raises
    ------
    CemfaError
        `rate-range` for an impossible rate, `cashflow-not-finite` and `cashflow-empty` for flows that are no numbers at
        time points.

    Examples
    --------
    >>> round(float(npv([-40000, 5000, 8000, 12000, 30000], 0.08)), 6)
    3065.222668
    """
    return present_value(_finite(flows), rate)


def irr(flows: npt.ArrayLike) -> Irr:
    """Return the internal rates of many streams and how many each has.

    Streams whose sign changes once have exactly one rate above -1 (Descartes); they are bisected together.
    The roots of the others are isolated as in `internal_rates`, all streams together.

    Parameters
    ----------
    flows : (..., T), net flow at each time point [money]

    Examples
    --------
    >>> found = irr([[-100, 39, 59, 55, 20], [-100, -1, 0, 0, 0], [-100, 230, -132, 0, 0]])
    >>> found.count.tolist(), found.rate.round(8).tolist()
    ([1, 0, 2], [0.28094842, nan, 0.1])
    """
    values = _finite(flows)
    streams = values.reshape(-1, values.shape[-1])
    changes = _sign_changes(streams)
    rate = np.full(len(streams), np.nan)
    count = (changes == 1).astype(np.int64)
    if (changes == 1).any():
        rate[changes == 1] = _only_rate(streams[changes == 1])
    if (changes > 1).any():
        found = _all_rates(streams[changes > 1])
        count[changes > 1] = np.isfinite(found).sum(axis=1)
        rate[changes > 1] = found[np.arange(len(found)), np.abs(np.nan_to_num(found, nan=np.inf)).argmin(axis=1)]
    return Irr(rate.reshape(values.shape[:-1]), count.reshape(values.shape[:-1]))


def internal_rates(flows: npt.ArrayLike) -> tuple[float, ...]:
    """Return every real internal rate above -1 of one stream, ascending; empty where there is none.

    The roots of the discount polynomial are isolated between those of its derivative, on [0, 1] in
    ``1/(1+r)`` for rates from zero up and in ``1+r`` for rates below, where no power can overflow.

    Parameters
    ----------
    flows : (T,), net flow at each time point [money]

    Examples
    --------
    >>> [round(rate, 4) for rate in internal_rates([-5, 10.5, 1, -8, 1])]
    [-0.8702, 0.0886, 0.7096]
    >>> internal_rates([100, 50])
    ()
    """
    values = _finite(flows)
    if np.count_nonzero(values) < 2:
        return ()
    found = _all_rates(values[None])[0]
    return tuple(sorted(found[np.isfinite(found)].tolist()))


def mirr(flows: npt.ArrayLike, finance_rate: npt.ArrayLike, reinvest_rate: npt.ArrayLike) -> Array:
    """Return the modified internal rate: receipts reinvested at one rate, payments financed at another.

    ``(future value of receipts / present value of payments) ** (1 / years) − 1``; NaN where either is missing.

    Parameters
    ----------
    flows : (..., T), net flow at each time point [money]
    finance_rate, reinvest_rate : scalar or (...), [1/yr]

    Examples
    --------
    >>> round(float(mirr([-120000, 39000, 30000, 21000, 37000, 46000], 0.10, 0.12)), 6)
    0.126094
    """
    values = _finite(flows)
    years = values.shape[-1] - 1
    growth = np.exp(np.log1p(checked_rates(reinvest_rate)) * years)
    received = present_value(np.maximum(values, 0.0), reinvest_rate) * growth
    paid = -present_value(np.minimum(values, 0.0), finance_rate)
    defined = (received > 0) & (paid > 0)
    gain = np.divide(received, paid, out=np.full(np.shape(defined), np.nan), where=defined)
    return floats(gain ** (1.0 / max(years, 1)) - 1.0)


def simple_payback(flows: npt.ArrayLike) -> Array:
    """Return the years until the undiscounted running sum first comes back to zero.

    Flows of a year count as spread evenly over it. Infinite where the sum stays negative to the end,
    0 where it never is negative.

    Parameters
    ----------
    flows : (..., T), net flow at each time point [money]

    Examples
    --------
    >>> simple_payback([[-100, 40, 40, 40], [-100, 10, 10, 10]]).tolist()
    [2.5, inf]
    """
    return discounted_payback(flows, 0.0)


def discounted_payback(flows: npt.ArrayLike, rate: npt.ArrayLike) -> Array:
    """Return the years until the discounted running sum first comes back to zero; see `simple_payback`."""
    values = _finite(flows)
    running = np.cumsum(values * discount_factors(rate, values.shape[-1]), axis=-1)
    owing = np.logical_or.accumulate(running < 0, axis=-1)
    before = np.concatenate([np.zeros((*running.shape[:-1], 1)), running[..., :-1]], axis=-1)
    back = owing & (running >= 0)
    first = back.argmax(axis=-1)
    at = np.take_along_axis(running, first[..., None], axis=-1)[..., 0]
    owed = -np.take_along_axis(before, first[..., None], axis=-1)[..., 0]
    step = np.where(back.any(axis=-1), at + owed, 1.0)
    years = first - 1.0 + np.divide(owed, step, out=np.zeros_like(step), where=step > 0)
    return np.where(back.any(axis=-1), years, np.where(owing.any(axis=-1), np.inf, 0.0))


def annuity_factor(rate: npt.ArrayLike, years: npt.ArrayLike) -> Array:
    """Return the present value of 1 paid at the end of each of `years` years: ``(1 − (1+r)^−n) / r``.

    Its reciprocal is the yearly cost per unit of capital (capital recovery factor). At rate 0 it is `years`;
    near 0 it is computed without cancellation.

    Parameters
    ----------
    rate : (...), real rate [1/yr], above -1
    years : (...), not necessarily whole, not negative [yr]

    Examples
    --------
    >>> round(float(1 / annuity_factor(0.08, 15)), 8), float(annuity_factor(0.0, 15))
    (0.11682954, 15.0)
    """
    rates, spans = np.broadcast_arrays(checked_rates(rate), at_least("years", years, 0))
    flat = rates == 0
    safe = np.where(flat, 1.0, rates)
    return np.where(flat, spans, -np.expm1(-spans * np.log1p(safe)) / safe)


def salvage_value(capex: npt.ArrayLike, rate: npt.ArrayLike, life: npt.ArrayLike, used: npt.ArrayLike) -> Array:
    """Return what a plant is worth after `used` of its `life` years: the annuities it still owes.

    ``capex · annuity_factor(rate, life − used) / annuity_factor(rate, life)``; nothing beyond its life.
    Annualising a plant and leaving it with this value give the same cost for any horizon.

    Parameters
    ----------
    capex : (...), price of the plant new [money]
    rate : (...), real rate [1/yr]
    life, used : (...), [yr]

    Examples
    --------
    >>> salvage_value(100.0, 0.0, 20, [0, 5, 20, 25]).tolist()
    [100.0, 75.0, 0.0, 0.0]
    """
    spans = floats(life)
    left = np.clip(spans - floats(used), 0.0, spans)
    worth, new = np.broadcast_arrays(annuity_factor(rate, left), annuity_factor(rate, spans))
    return floats(floats(capex) * np.divide(worth, new, out=np.zeros(new.shape), where=new > 0))


def levelised_cost(
    capex: npt.ArrayLike, opex: npt.ArrayLike, salvage: npt.ArrayLike, tonnes: npt.ArrayLike, rate: npt.ArrayLike
) -> Array:
    """Return the cost per tonne accepted: ``PV(capex + opex − salvage) / PV(tonnes)``; products not deducted.

    NaN where no tonne is ever accepted: a cost per tonne then has no meaning, and is not zero.

    Parameters
    ----------
    capex, opex, salvage : (..., T), paid, paid and left over at each time point, all positive [money]
    tonnes : (..., T), accepted in the year that ends at the time point [t]
    rate : scalar or (...), real discount rate [1/yr]

    Returns
    -------
    (...) [money/t]

    Examples
    --------
    >>> years = 20
    >>> capex = [2e6] + [0.0] * years
    >>> cost = levelised_cost(capex, [0.0] + [22.0 * 20000] * years, [0.0] * (years + 1),
    ...                       [0.0] + [20000.0] * years, 0.10)
    >>> round(float(cost), 6)
    33.745962
    """
    spent = floats(capex) + floats(opex) - floats(salvage)
    cost, mass = np.broadcast_arrays(present_value(spent, rate), present_value(tonnes, rate))
    return ratio(cost, mass)


def ratio(amount: Array, per: Array) -> Array:
    """Return ``amount / per`` where `per` is positive, NaN elsewhere: no ratio, not zero."""
    return floats(np.divide(amount, per, out=np.full(amount.shape, np.nan), where=per > 0))


def floats(values: npt.ArrayLike) -> Array:
    """Return values as an array of doubles."""
    return np.asarray(values, dtype=np.float64)


def at_least(name: str, values: npt.ArrayLike, least: float) -> Array:
    """Return values as doubles; `cost-range` where one is below the least."""
    found = floats(values)
    if (found < least).any():
        parameters = {"name": name, "value": float(found.min()), "expected": f">= {least:g}"}
        raise locale.error(CemfaError, Problem("cost-range", parameters=parameters))
    return found


def checked_rates(rate: npt.ArrayLike) -> Array:
    """Return rates as doubles; `rate-range` where one is not a number above -1."""
    rates = floats(rate)
    wrong = ~(np.isfinite(rates) & (rates > -1))
    if wrong.any():
        value = float(rates[wrong].flat[0])
        raise locale.error(CemfaError, Problem("rate-range", parameters={"value": value}))
    return rates


def _finite(flows: npt.ArrayLike) -> Array:
    values = floats(flows)
    if values.ndim and not values.shape[-1]:
        raise locale.error(CemfaError, Problem("cashflow-empty"))
    if values.ndim == 0 or not np.isfinite(values).all():
        raise locale.error(CemfaError, Problem("cashflow-not-finite"))
    return values


def _sign_changes(streams: Array) -> npt.NDArray[np.int64]:
    """Count the changes of sign along each row, zeros skipped."""
    signs = np.sign(streams)
    held = np.zeros(len(streams))
    changes = np.zeros(len(streams), dtype=np.int64)
    for column in signs.T:
        changes += (column != 0) & (held != 0) & (column != held)
        held = np.where(column != 0, column, held)
    return changes


def _only_rate(streams: Array) -> Array:
    """Bisect the one rate of each row: in 1/(1+r) where it is above zero, in 1+r where below."""
    rows = np.arange(len(streams))
    start = np.sign(streams[rows, (streams != 0).argmax(axis=1)])
    total = np.array([fsum(stream.tolist()) for stream in streams])
    below = np.sign(total) == start  # undiscounted the payments still win
    polynomial = np.where(below[:, None], streams[:, ::-1], streams)
    near_zero = np.where(below, -start, start)
    low, high = np.zeros(len(streams)), np.ones(len(streams))
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        stays = np.sign(_horner(polynomial, middle)) == near_zero
        low, high = np.where(stays, middle, low), np.where(stays, high, middle)
    root = 0.5 * (low + high)
    return np.where(total == 0, 0.0, np.where(below, root - 1.0, 1.0 / root - 1.0))


def _horner(coefficients: Array, at: Array) -> Array:
    """Evaluate polynomials, one per row, lowest power first."""
    value = np.zeros_like(at)
    for column in coefficients.T[::-1]:
        value = value * at + column
    return value


def _all_rates(streams: Array) -> Array:
    """Return every rate above -1 of each row, NaN where there are no more, (R, n)."""
    above, below = _roots_in_unit(streams), _roots_in_unit(streams[:, ::-1])
    below = np.where(below < 1, below, np.nan)  # 1 is rate 0, which `above` has found
    return np.concatenate([1.0 / above - 1.0, below - 1.0, np.full((len(streams), 1), np.nan)], axis=1)


def _roots_in_unit(coefficients: Array) -> Array:
    """Return the real roots in (0, 1] of polynomials, lowest power first, isolated by those of their derivatives.

    Parameters
    ----------
    coefficients : (R, n + 1), a polynomial per row

    Returns
    -------
    (R, n) ascending, NaN where there are no more
    """
    rows, size = coefficients.shape
    if size < 2:
        return np.empty((rows, 0))
    scale = np.abs(coefficients).sum(axis=1, keepdims=True)
    scaled = np.divide(coefficients, scale, out=np.zeros_like(coefficients), where=scale > 0)
    turning = _roots_in_unit(scaled[:, 1:] * np.arange(1, size))
    ends = np.zeros((rows, 1)), np.ones((rows, 1))
    edges = np.concatenate([ends[0], np.nan_to_num(turning, nan=1.0), ends[1]], axis=1)
    heights = _heights(scaled, edges)
    new = np.diff(edges, axis=1, prepend=0.0) > 0
    touching = np.where(new & (heights == 0) & (scale > 0), edges, np.nan)
    crossing = heights[:, :-1] * heights[:, 1:] < 0
    crossed = np.full(crossing.shape, np.nan)
    row, place = np.nonzero(crossing)
    crossed[row, place] = _bisected(scaled[row], edges[row, place], edges[row, place + 1], heights[row, place])
    found = np.sort(np.concatenate([touching, crossed], axis=1), axis=1)
    return found[:, : max(int(np.isfinite(found).sum(axis=1).max(initial=0)), 1)]


def _heights(coefficients: Array, at: Array) -> Array:
    """Return the values of polynomials at several points, (R, n); 0 where rounding cannot tell them from zero."""
    value, terms = np.zeros_like(at), np.zeros_like(at)
    for column in coefficients.T[::-1]:
        value = value * at + column[:, None]
        terms = terms * at + np.abs(column)[:, None]
    return np.where(np.abs(value) <= _TOUCHING * terms, 0.0, value)


def _bisected(coefficients: Array, low: Array, high: Array, start: Array) -> Array:
    """Return the roots of polynomials, one per row, between points where their signs differ; `start` at the lower."""
    sign = np.sign(start)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        stays = np.sign(_horner(coefficients, middle)) == sign
        low, high = np.where(stays, middle, low), np.where(stays, high, middle)
    return 0.5 * (low + high)
