"""Loans: debt schedules with grace, green-credit rates and interest subsidy; cover of the debt service.

Stands above `prices`. A loan is drawn at time points, as investment is paid; interest and instalments fall due at
the end of years, each draw with a term of its own. With an inflation the schedule of a nominal loan comes out in
real money of point 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from cemfa import locale
from cemfa.economics.cashflow import Array, annuity_factor, floats
from cemfa.economics.prices import price_level
from cemfa.errors import CemfaError, Problem

Repayment = Literal["annuity", "equal_principal"]
_HIGHEST: Final = 1.0  # a yearly rate of 100 % and more is one typed in per cent


@dataclass(frozen=True, slots=True)
class Debt:
    """A debt schedule at the time points, (S, T) each, every entry positive [money].

    Parameters
    ----------
    drawn : paid out by the lender
    interest : due, before any subsidy
    subsidy : part of the interest that a third party pays
    principal : instalments
    balance : owed after the point's payments and draws
    """

    drawn: Array
    interest: Array
    subsidy: Array
    principal: Array
    balance: Array

    @property
    def service(self) -> Array:
        """What the borrower pays: interest less subsidy, and instalments."""
        return floats(self.interest - self.subsidy + self.principal)

    def __add__(self, other: Debt) -> Debt:
        """Return two debts together."""
        return Debt(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def debt_schedule(
    draws: npt.ArrayLike,
    rate: npt.ArrayLike,
    term: int,
    *,
    grace: int = 0,
    repayment: Repayment = "annuity",
    subsidy: npt.ArrayLike = 0.0,
    subsidised_years: int | None = None,
    inflation: npt.ArrayLike = 0.0,
) -> Debt:
    """Return the schedule of a loan drawn in several years.

    During the grace years only interest is paid. Then `term` − `grace` yearly payments follow: equal ones
    (`annuity`: ``P · r / (1 − (1 + r)**−n)``), or equal instalments with falling interest (`equal_principal`:
    ``P / n``). Whatever falls after the last point stays in `balance`.

    Parameters
    ----------
    draws : (..., T), drawn at each time point [money]
    rate : scalar or (...), interest, nominal where `inflation` is given [1/yr]
    term : years from a draw to its last payment, grace included [yr]
    grace : years in which only interest is paid, below `term` [yr]
    repayment : how it is paid back
    subsidy : scalar or (...), points of the interest that a third party pays, at most the whole of it [1/yr]
    subsidised_years : for how many years from a draw; default: the whole term
    inflation : scalar or (...), by which nominal payments lose value; draws are real money of their own point

    Returns
    -------
    Debt

    Raises
    ------
    CemfaError
        `loan-rate` where the interest or its subsidy is no fraction of 0 … 1, `loan-term` where the grace does not
        end before the term; `loan-repayment` for another way to repay.

    Examples
    --------
    >>> debt = debt_schedule([1000.0, 0.0, 0.0, 0.0], 0.08, 3, grace=1, repayment="equal_principal")
    >>> debt.interest.tolist(), debt.principal.tolist(), debt.balance.tolist()
    ([0.0, 80.0, 80.0, 40.0], [0.0, 0.0, 500.0, 500.0], [1000.0, 1000.0, 500.0, 0.0])
    >>> float(debt_schedule([1000.0] + [0.0] * 10, 0.08, 10).service[1].round(4))
    149.0295
    """
    drawn = floats(draws)
    cost, help_ = _rate("rate", rate), _rate("subsidy", subsidy)
    if repayment not in get_args(Repayment):
        parameters = {"found": repayment, "known": list(get_args(Repayment))}
        raise locale.error(CemfaError, Problem("loan-repayment", parameters=parameters))
    if not 0 <= grace < term:
        raise locale.error(CemfaError, Problem("loan-term", parameters={"term": term, "grace": grace}))
    owed = _unit_balance(cost, term, grace, repayment)
    before = np.concatenate([np.zeros((*owed.shape[:-1], 1)), owed[..., :-1]], axis=-1)
    principal = np.where(np.arange(term + 1) == 0, 0.0, before - owed)
    helped = np.arange(term + 1) <= (term if subsidised_years is None else subsidised_years)
    interest = before * cost[..., None]
    lowered = before * np.minimum(help_, cost)[..., None] * helped
    real = 1.0 / price_level(inflation, term + 1)
    return Debt(drawn, *(_every_draw(drawn, part * real) for part in (interest, lowered, principal, owed)))


def debt_service_cover(cash: npt.ArrayLike, service: npt.ArrayLike) -> Array:
    """Return the debt-service cover ratio: cash available for debt service over what is due; NaN where nothing is.

    Lenders ask for some 1.2 to 1.5 in every year; below 1 the plant cannot pay out of its own cash.

    Parameters
    ----------
    cash : (...), receipts − operating cost of the year [money]
    service : (...), interest and instalments of the year [money]

    Returns
    -------
    (...) [-]

    Examples
    --------
    >>> debt_service_cover([150.0, 80.0, 10.0], [100.0, 100.0, 0.0]).tolist()
    [1.5, 0.8, nan]
    """
    available, due = np.broadcast_arrays(floats(cash), floats(service))
    return floats(np.divide(available, due, out=np.full(available.shape, np.nan), where=due > 0))


def lowest_cover(cash: npt.ArrayLike, service: npt.ArrayLike) -> Array:
    """Return the lowest cover ratio over the years in which something is due; NaN where that is never.

    Parameters
    ----------
    cash, service : (..., T), see `debt_service_cover`

    Returns
    -------
    (...) [-]

    Examples
    --------
    >>> float(lowest_cover([150.0, 80.0, 10.0], [100.0, 100.0, 0.0]))
    0.8
    """
    ratios = debt_service_cover(cash, service)
    lowest = np.where(np.isnan(ratios), np.inf, ratios).min(axis=-1, initial=np.inf)
    return floats(np.where(np.isfinite(lowest), lowest, np.nan))


def _unit_balance(rate: Array, term: int, grace: int, repayment: Repayment) -> Array:
    """Return what is owed of 1 drawn at point 0 after the payment of each year, (..., term + 1)."""
    left = np.clip(term - np.arange(term + 1), 0, term - grace)
    if repayment == "equal_principal":
        return np.broadcast_to(left / (term - grace), (*rate.shape, term + 1)).astype(np.float64)
    owed = annuity_factor(rate[..., None], left) / annuity_factor(rate, term - grace)[..., None]
    return floats(owed)


def _every_draw(drawn: Array, course: Array) -> Array:
    """Return the sum over all draws of the course that one of them takes, (..., T)."""
    points = drawn.shape[-1]
    shape = np.broadcast_shapes(drawn.shape[:-1], course.shape[:-1])
    total = np.zeros((*shape, points))
    for age in range(min(course.shape[-1], points)):
        total[..., age:] += drawn[..., : points - age] * course[..., age : age + 1]
    return total


def _rate(name: str, value: npt.ArrayLike) -> Array:
    rates = floats(value)
    wrong = ~((rates >= 0) & (rates < _HIGHEST))
    if wrong.any():
        parameters = {"name": name, "value": float(rates[wrong].flat[0])}
        raise locale.error(CemfaError, Problem("loan-rate", parameters=parameters))
    return rates
