"""Money of several years and currencies: real and nominal rates, inflation, stated exchange rates.

Stands beside `cashflow` at the bottom of `economics`. The account is in real money of one price year; what is
fixed in money of the day (interest, a frozen fee) passes through here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from cemfa import locale
from cemfa.economics.cashflow import Array, checked_rates, floats
from cemfa.errors import CemfaError, Problem


def real_rate(nominal: npt.ArrayLike, inflation: npt.ArrayLike) -> Array:
    """Return the real rate behind a nominal one: ``(1 + nominal) / (1 + inflation) − 1`` (Fisher 1930).

    Parameters
    ----------
    nominal, inflation : (...), [1/yr], above -1

    Returns
    -------
    (...) [1/yr]

    Examples
    --------
    >>> round(float(real_rate(0.092, 0.04)), 12)
    0.05
    """
    return floats((1 + checked_rates(nominal)) / (1 + checked_rates(inflation)) - 1)


def nominal_rate(real: npt.ArrayLike, inflation: npt.ArrayLike) -> Array:
    """Return the nominal rate that is worth a real one: ``(1 + real) · (1 + inflation) − 1``.

    Examples
    --------
    >>> round(float(nominal_rate(0.05, 0.04)), 12)
    0.092
    """
    return floats((1 + checked_rates(real)) * (1 + checked_rates(inflation)) - 1)


def price_level(inflation: npt.ArrayLike, points: int) -> Array:
    """Return the general price level at time points 0 … `points` − 1, 1 at the first: ``(1 + inflation)**t``.

    Real money is nominal money divided by it.

    Parameters
    ----------
    inflation : scalar or (...), [1/yr], above -1
    points : number of time points T

    Returns
    -------
    (..., T) [-]

    Examples
    --------
    >>> price_level(0.25, 3).round(12).tolist()
    [1.0, 1.25, 1.5625]
    """
    return floats(np.exp(np.log1p(checked_rates(inflation))[..., None] * np.arange(points)))


def in_currency(
    amount: npt.ArrayLike, currency: str, year: int, rates: Mapping[str, Mapping[int, float]], home: str = "VND"
) -> Array:
    """Return money of a currency and year in the home currency, by the exchange rate stated for that year.

    Never a guess: a currency or year without a stated rate is an error. Convert first, then bring the result to
    another price year with the home country's index (`costs.in_price_year`); the other order mixes inflations.

    Parameters
    ----------
    amount : (...), [currency]
    currency : its code, such as ``USD``
    year : calendar year of the prices
    rates : per currency and year the price of one unit [home/currency]
    home : currency of the account; its own amounts pass unchanged

    Returns
    -------
    (...) [home]

    Raises
    ------
    CemfaError
        `exchange-rate-missing` where no rate is stated for that currency and year.

    Examples
    --------
    >>> float(in_currency(20.0, "USD", 2024, {"USD": {2024: 25050.0}}))
    501000.0
    """
    if currency == home:
        return floats(amount)
    known = rates.get(currency, {})
    if year not in known:
        parameters = {"currency": currency, "year": year, "home": home, "known": sorted(known)}
        raise locale.error(CemfaError, Problem("exchange-rate-missing", parameters=parameters))
    return floats(amount) * known[year]
