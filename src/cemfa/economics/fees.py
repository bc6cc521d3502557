"""Fees: what a tonne and a household would have to pay, the subsidy without it, and fees that come late or stand still.

Stands above `cashflow`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from cemfa.economics.cashflow import Array, annuity_factor, at_least, checked_rates, floats, present_value, ratio

MONTHS: Final = 12


def levelised_yearly(flows: npt.ArrayLike, rate: npt.ArrayLike) -> Array:
    """Return the equal amount at the end of every year that is worth the same as the flows: ``PV / annuity``.

    Parameters
    ----------
    flows : (..., T + 1), at points 0 … T [money]
    rate : scalar or (...), [1/yr]

    Returns
    -------
    (...) [money/yr]

    Examples
    --------
    >>> float(levelised_yearly([0.0, 50.0, 50.0], 0.07).round(9))
    50.0
    """
    values = floats(flows)
    factor = annuity_factor(rate, max(values.shape[-1] - 1, 0))  # one point alone has no year to spread over
    return ratio(*np.broadcast_arrays(present_value(values, rate), factor))


def fee_per_household(yearly: npt.ArrayLike, households: npt.ArrayLike) -> Array:
    """Return the fee per household and month that brings in a yearly amount: ``yearly / (12 · households)``.

    Parameters
    ----------
    yearly : (...), to be covered [money/yr]
    households : (...), that really pay; NaN comes back where there is none

    Returns
    -------
    (...) [money/household/month]

    Examples
    --------
    >>> float(fee_per_household(24e9, 100_000))
    20000.0
    """
    amount, payers = np.broadcast_arrays(floats(yearly), MONTHS * floats(households))
    return ratio(amount, payers)


def subsidy_at_fee(yearly: npt.ArrayLike, fee: npt.ArrayLike, households: npt.ArrayLike) -> Array:
    """Return what a budget must add each year at a given fee: ``yearly − 12 · fee · households``, never below 0.

    Parameters
    ----------
    yearly : (...), full cost [money/yr]
    fee : (...), part of the fee that is there for this cost [money/household/month]
    households : (...), that pay

    Returns
    -------
    (...) [money/yr]

    Examples
    --------
    >>> subsidy_at_fee(24e9, [15_000, 30_000], 100_000).tolist()
    [6000000000.0, 0.0]
    """
    return floats(np.maximum(floats(yearly) - MONTHS * floats(fee) * floats(households), 0.0))


def late_fees(fees: npt.ArrayLike, rate: npt.ArrayLike, months: float = 6.0) -> Array:
    """Return fees that come late, as they are worth at their own point: ``fee · (1 + rate)**(−months / 12)``.

    What is lost against payment in time is the price of bridging the gap at the rate given.

    Parameters
    ----------
    fees : (..., T), at the end of years [money]
    rate : scalar or (...), of what bridges the gap; a nominal one where what is late is not raised with prices, also in
        an account in real money [1/yr]
    months : delay [month]

    Returns
    -------
    (..., T) [money]

    Examples
    --------
    >>> late_fees([0.0, 121.0], 0.21, 6).round(9).tolist()
    [0.0, 110.0]
    """
    delay = at_least("months", months, 0) / MONTHS
    slower = np.exp(-np.log1p(checked_rates(rate)) * delay)
    return floats(floats(fees) * slower[..., None])


def frozen_fees(fees: npt.ArrayLike, inflation: npt.ArrayLike, years: int = 5) -> Array:
    """Return real fees when the nominal fee stands still for some years: each year of the freeze inflation eats a part.

    The fee is set for the first year in which any is received; from then on it loses ``1 / (1 + inflation)`` a
    year for `years` years. Afterwards it follows prices again from the level it has sunk to; what was lost does
    not come back.

    Parameters
    ----------
    fees : (..., T), real, at the end of years, as they would be if they followed prices [money of point 0]
    inflation : scalar or (...), [1/yr]
    years : of the freeze

    Returns
    -------
    (..., T) [money of point 0]

    Examples
    --------
    >>> frozen_fees([0.0, 100.0, 100.0, 100.0, 100.0], 0.25, 2).round(9).tolist()
    [0.0, 100.0, 80.0, 64.0, 64.0]
    """
    values = floats(fees)
    started = np.cumsum(np.logical_or.accumulate(values != 0, axis=-1), axis=-1)  # 1 in the first year of fees
    worn = np.clip(started - 1, 0, at_least("years", years, 0))
    lost = np.log1p(checked_rates(inflation))[..., None] * worn
    return floats(values * np.exp(-lost))


def peak_gap(fees: npt.ArrayLike, months: float = 6.0) -> Array:
    """Return the working capital that a delay of fees ties up at its worst: the largest ``fee · months / 12``.

    Parameters
    ----------
    fees : (..., T), [money/yr]
    months : delay [month]

    Returns
    -------
    (...) [money]

    Examples
    --------
    >>> float(peak_gap([0.0, 100.0, 120.0], 6))
    60.0
    """
    return floats(floats(fees).max(axis=-1, initial=0.0) * (at_least("months", months, 0) / MONTHS))
