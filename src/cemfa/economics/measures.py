"""What a stream of money is worth in one number: benefit over cost, cost a year, the fee that breaks even.

Stands above `cashflow`, with its time points and signs; `appraise` gives every measure of many streams at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cemfa.economics.cashflow import (
    Array,
    annuity_factor,
    discounted_payback,
    floats,
    irr,
    mirr,
    npv,
    present_value,
    ratio,
    simple_payback,
)


@dataclass(frozen=True, slots=True)
class Appraisal:
    """The usual measures of several streams, each (...).

    Parameters
    ----------
    npv : net present value [money]
    irr : internal rate of return nearest zero, NaN where there is none [1/yr]
    irr_count : how many real rates there are; above 1 the rate ranks nothing
    mirr : modified internal rate, financed and reinvested at the discount rate [1/yr]
    simple_payback, discounted_payback : infinite where never paid back [yr]
    benefit_cost_ratio : NaN where nothing is paid [-]
    """

    npv: Array
    irr: Array
    irr_count: npt.NDArray[np.int64]
    mirr: Array
    simple_payback: Array
    discounted_payback: Array
    benefit_cost_ratio: Array


def appraise(received: npt.ArrayLike, paid: npt.ArrayLike, rate: npt.ArrayLike) -> Appraisal:
    """Return every measure of streams of money received and paid.

    Parameters
    ----------
    received, paid : (..., T), at each time point, both positive [money]
    rate : scalar or (...), discount rate of the same kind (real or nominal) as the money [1/yr]

    Examples
    --------
    >>> found = appraise([0.0, 60.0, 60.0], [100.0, 0.0, 0.0], 0.1)
    >>> float(found.npv.round(6)), float(found.irr.round(6)), float(found.benefit_cost_ratio.round(6))
    (4.132231, 0.130662, 1.041322)
    """
    gains, costs = np.broadcast_arrays(floats(received), floats(paid))
    net = gains - costs
    found = irr(net)
    return Appraisal(
        npv(net, rate), found.rate, found.count, mirr(net, rate, rate), simple_payback(net),
        discounted_payback(net, rate), benefit_cost_ratio(gains, costs, rate),
    )  # fmt: skip


def benefit_cost_ratio(received: npt.ArrayLike, paid: npt.ArrayLike, rate: npt.ArrayLike) -> Array:
    """Return the present value of what is received over that of what is paid: ``PV(received) / PV(paid)``.

    NaN where nothing is paid. What counts as a benefit and what as a lower cost is the caller's choice, and the
    ratio (unlike the net present value) depends on it.

    Parameters
    ----------
    received, paid : (..., T), at each time point, both positive [money]
    rate : scalar or (...), [1/yr]

    Returns
    -------
    (...) [-]

    Examples
    --------
    >>> years = 20
    >>> paid = [2e6] + [22.0 * 20000] * years
    >>> round(float(benefit_cost_ratio([0.0] + [27.0 * 20000] * years, paid, 0.10)), 6)
    0.800096
    """
    gains, costs = np.broadcast_arrays(present_value(received, rate), present_value(paid, rate))
    return ratio(gains, costs)


def break_even_fee(paid: npt.ArrayLike, received: npt.ArrayLike, tonnes: npt.ArrayLike, rate: npt.ArrayLike) -> Array:
    """Return the fee per tonne accepted at which the net present value is zero, the other receipts as they are.

    ``(PV(paid) − PV(received)) / PV(tonnes)``; negative where the plant could pay for what it takes in, NaN where
    it never takes in anything. It is the levelised cost less the levelised other receipts.

    Parameters
    ----------
    paid, received : (..., T), received without the fee but with salvage, both positive [money]
    tonnes : (..., T), accepted in the year that ends at the time point [t]
    rate : scalar or (...), [1/yr]

    Returns
    -------
    (...) [money/t]

    Examples
    --------
    >>> years = 20
    >>> fee = break_even_fee([2e6] + [22.0 * 20000] * years, [0.0] + [12.0 * 20000] * years,
    ...                      [0.0] + [20000.0] * years, 0.10)
    >>> round(float(fee), 6)
    21.745962
    """
    short, mass = np.broadcast_arrays(
        present_value(paid, rate) - present_value(received, rate), present_value(tonnes, rate)
    )
    return ratio(short, mass)


def equivalent_annual_cost(present: npt.ArrayLike, rate: npt.ArrayLike, years: npt.ArrayLike) -> Array:
    """Return the equal payment at the end of each of `years` years that is worth `present` now.

    ``present / annuity_factor(rate, years)``; the annualised capital cost when `present` is the investment and
    `years` its life.

    Parameters
    ----------
    present : (...), present value [money]
    rate : (...), [1/yr]
    years : (...), above 0; NaN comes back where there is none [yr]

    Returns
    -------
    (...) [money/yr]

    Examples
    --------
    >>> round(float(equivalent_annual_cost(2e6, 0.10, 20)), 2)
    234919.25
    """
    return ratio(*np.broadcast_arrays(floats(present), annuity_factor(rate, years)))
