"""What a project costs, and when: scale, price year, construction, replacement, operation, salvage.

Stands above `cashflow`: turns prices, dates and tonnes of every sample into flows at its time points
(0 = 1 January of the first decision year; investment at the beginning, operation at the end of a year).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cemfa import locale
from cemfa.economics.cashflow import Array, floats, salvage_value
from cemfa.errors import CemfaError, Problem


@dataclass(frozen=True, slots=True)
class Horizon:
    """The decision years: from 1 January of `first` to 31 December of `last`, `points` time points.

    Examples
    --------
    >>> horizon = Horizon(2026, 2035)
    >>> horizon.points, horizon.end, horizon.years.tolist()[:2]
    (11, 2036, [2026, 2027])
    """

    first: int
    last: int

    @property
    def years(self) -> npt.NDArray[np.int64]:
        """Calendar years, (T,)."""
        return np.arange(self.first, self.last + 1)

    @property
    def points(self) -> int:
        """Number of time points, T + 1."""
        return self.last - self.first + 2

    @property
    def end(self) -> int:
        """The moment the horizon ends, as a year: 1 January after the last one."""
        return self.last + 1


@dataclass(frozen=True, slots=True)
class Outlays:
    """Money of one project or option at the time points, every entry positive, (S, T + 1) each.

    Parameters
    ----------
    capex : paid for building and replacing
    opex_fixed, opex_variable : paid for running
    revenue : received for products and as gate fees
    salvage : worth of what still stands at the end
    tonnes : accepted in the year that ends at the point [t]
    """

    capex: Array
    opex_fixed: Array
    opex_variable: Array
    revenue: Array
    salvage: Array
    tonnes: Array

    @property
    def opex(self) -> Array:
        """Fixed and variable cost of running together."""
        return self.opex_fixed + self.opex_variable

    @property
    def net(self) -> Array:
        """Received − paid, salvage included: what `npv` and `irr` take."""
        return self.revenue + self.salvage - self.capex - self.opex

    def __add__(self, other: Outlays) -> Outlays:
        """Return the money of two projects together."""
        return replace(self, **{name: getattr(self, name) + getattr(other, name) for name in self.__slots__})


def scaled_cost(cost: npt.ArrayLike, size: npt.ArrayLike, new_size: npt.ArrayLike, exponent: npt.ArrayLike) -> Array:
    """Return the cost of a plant of another size: ``cost · (new_size / size) ** exponent``.

    Valid within about a factor of ten of the known size. An exponent of 1 is strict proportion, 0.6 the
    "six-tenths rule" of process plants (Williams 1947, Chemical Engineering 54(12)).

    Parameters
    ----------
    cost : (...), cost of the known plant [money]
    size, new_size : (...), in the same unit, `size` positive, `new_size` not negative
    exponent : (...), [-], between 0 and 1.5

    Examples
    --------
    >>> float(scaled_cost(100.0, 10.0, 20.0, 1.0))
    200.0
    """
    known, wanted, power = (floats(value) for value in (size, new_size, exponent))
    _require("size", known, known > 0, "> 0")
    _require("new_size", wanted, wanted >= 0, ">= 0")
    _require("exponent", power, (power >= 0) & (power <= 1.5), "0 … 1.5")
    return floats(floats(cost) * (wanted / known) ** power)


def in_price_year(amount: npt.ArrayLike, year: int, price_year: int, index: Mapping[int, float]) -> Array:
    """Return money of `year` in the prices of `price_year`: ``amount · index[price_year] / index[year]``.

    Parameters
    ----------
    amount : (...), money of `year`
    year, price_year : calendar years, both in `index` unless they are equal
    index : consumer or construction price index by year, any base

    Examples
    --------
    >>> float(in_price_year(100.0, 2020, 2023, {2020: 100.0, 2023: 108.3}))
    108.3
    """
    if year == price_year:
        return floats(amount)
    for wanted in (year, price_year):
        if wanted not in index:
            parameters = {"year": wanted, "known": sorted(index)}
            raise locale.error(CemfaError, Problem("price-year-missing", parameters=parameters))
    return floats(floats(amount) * (index[price_year] / index[year]))


def share_of_years(start: npt.ArrayLike, end: npt.ArrayLike, horizon: Horizon) -> Array:
    """Return the part of each calendar year that lies between two moments, 0 … 1.

    Parameters
    ----------
    start, end : (S,), moments as decimal years (2027.5 is mid-2027); infinite means never

    Returns
    -------
    (S, T)

    Examples
    --------
    >>> share_of_years([2026.5], [2028.0], Horizon(2026, 2028)).tolist()
    [[0.5, 1.0, 0.0]]
    """
    begins, ends = np.broadcast_arrays(floats(start), floats(end))
    years = horizon.years.astype(np.float64)
    low = np.maximum(begins[..., None], years)
    high = np.minimum(ends[..., None], years + 1.0)
    return floats(np.maximum(high - low, 0.0))


def construction_spending(capex: npt.ArrayLike, start: npt.ArrayLike, ready: npt.ArrayLike, horizon: Horizon) -> Array:
    """Return the investment at each time point, spread evenly over the time of construction.

    What is built in a year is paid at its beginning. What was spent before the horizon falls on its first
    point; what would be spent after it is not paid. A plant built in no time is paid at the beginning of its
    year.

    Parameters
    ----------
    capex : scalar or (S,), [money]
    start, ready : scalar or (S,), begin of construction, commissioning; decimal years, infinite means never

    Returns
    -------
    (S, T + 1)

    Examples
    --------
    >>> construction_spending([90.0], [2026.5], [2028.0], Horizon(2026, 2028)).round(9).tolist()
    [[30.0, 60.0, 0.0, 0.0]]
    """
    begins, ends, cost = np.broadcast_arrays(*(np.atleast_1d(floats(value)) for value in (start, ready, capex)))
    known = np.isfinite(ends) & np.isfinite(begins)
    begins, ends = np.where(known, begins, np.inf), np.where(known, ends, np.inf)
    span = np.where(known, ends, 0.0) - np.where(known, begins, 0.0)
    _require("lead_time", span, span >= 0, ">= 0")
    share = np.zeros((cost.size, horizon.points))
    inside = share_of_years(begins, ends, horizon)
    early = np.clip(horizon.first - begins, 0.0, span)
    built = span > 0
    share[built, :-1] = inside[built] / span[built, None]
    share[built, 0] += early[built] / span[built]
    at_once = known & ~built & (ends < horizon.end)
    position = np.clip(np.floor(np.where(at_once, ends, horizon.first)) - horizon.first, 0, horizon.points - 2)
    share[at_once, position[at_once].astype(int)] = 1.0
    return floats(share * cost[:, None])


def replacement_and_salvage(
    capex: npt.ArrayLike, ready: npt.ArrayLike, life: npt.ArrayLike, rate: npt.ArrayLike, horizon: Horizon, spent: Array
) -> tuple[Array, Array]:
    """Return what replacing costs within the horizon, and what stands at its end is worth.

    A plant whose life ends inside the horizon is bought again at the beginning of that year. At the end the
    last one has the annuity value of its remaining life; one still under construction, what was spent on it.

    Parameters
    ----------
    capex, ready, life, rate : scalar or (S,), [money], decimal year, [yr], [1/yr]
    spent : (S, T + 1), from `construction_spending`

    Returns
    -------
    replacement, salvage : (S, T + 1) each
    """
    cost, begins, lives = np.broadcast_arrays(*(np.atleast_1d(floats(value)) for value in (capex, ready, life)))
    _require("life", lives, lives > 0, "> 0")
    replacement, salvage = np.zeros_like(spent), np.zeros_like(spent)
    running = np.isfinite(begins) & (begins < horizon.end)
    built_at = np.where(running, begins, 0.0)
    due = running & (built_at + lives < horizon.end)
    while due.any():
        built_at = np.where(due, built_at + lives, built_at)
        now = due & (built_at >= horizon.first)
        position = (np.floor(built_at[now]) - horizon.first).astype(int)
        np.add.at(replacement, (np.flatnonzero(now), position), cost[now])
        due = running & (built_at + lives < horizon.end)
    value = salvage_value(cost, rate, lives, horizon.end - built_at)
    salvage[:, -1] = np.where(running, value, spent.sum(axis=1))
    return replacement, salvage


def at_year_ends(yearly: npt.ArrayLike) -> Array:
    """Return yearly flows placed at the end of their years: (S, T) becomes (S, T + 1), nothing at point 0.

    Examples
    --------
    >>> at_year_ends([[1.0, 2.0]]).tolist()
    [[0.0, 1.0, 2.0]]
    """
    values = floats(yearly)
    return np.concatenate([np.zeros((*values.shape[:-1], 1)), values], axis=-1)


def project_outlays(
    horizon: Horizon,
    rate: npt.ArrayLike,
    *,
    capex: npt.ArrayLike,
    start: npt.ArrayLike,
    ready: npt.ArrayLike,
    life: npt.ArrayLike,
    opex_fixed: npt.ArrayLike,
    opex_per_tonne: npt.ArrayLike,
    tonnes: Array,
    revenue: npt.ArrayLike = 0.0,
    land: npt.ArrayLike = 0.0,
) -> Outlays:
    """Return the money of one project at the time points of the horizon, for all samples at once.

    Land is paid for with the investment, once: it is not bought again when the plant is replaced, and what was
    paid in compensation is worth nothing at the end. Fixed cost runs from commissioning on, in proportion to the
    part of the year; it does not fall when the plant stands still. Variable cost follows the tonnes really
    accepted.

    Parameters
    ----------
    horizon : the decision years
    rate : scalar or (S,), real discount rate, for the salvage value [1/yr]
    capex : scalar or (S,), [money]
    start, ready : scalar or (S,), begin of construction, commissioning; decimal years, infinite means never
    life : scalar or (S,), [yr]
    opex_fixed : scalar or (S,), [money/yr]
    opex_per_tonne : scalar or (S,), [money/t accepted]
    tonnes : (S, T), accepted by this project [t/yr]
    revenue : scalar or (S, T), products sold and gate fees [money/yr]
    land : scalar or (S,), land and compensation [money]

    Returns
    -------
    Outlays
    """
    mass = floats(tonnes)
    cleared = np.broadcast_to(construction_spending(land, start, ready, horizon), (len(mass), horizon.points))
    spent = np.broadcast_to(construction_spending(capex, start, ready, horizon), (len(mass), horizon.points))
    replaced, salvage = replacement_and_salvage(
        np.broadcast_to(capex, len(mass)), ready, np.broadcast_to(life, len(mass)), rate, horizon, spent
    )
    running = share_of_years(np.broadcast_to(ready, len(mass)), np.inf, horizon)
    fixed = running * np.broadcast_to(opex_fixed, len(mass))[:, None]
    variable = mass * np.broadcast_to(opex_per_tonne, len(mass))[:, None]
    return Outlays(
        capex=cleared + spent + replaced,
        opex_fixed=at_year_ends(fixed),
        opex_variable=at_year_ends(variable),
        revenue=at_year_ends(np.broadcast_to(floats(revenue), mass.shape)),
        salvage=salvage,
        tonnes=at_year_ends(mass),
    )


def nothing(samples: int, horizon: Horizon) -> Outlays:
    """Return the outlays of doing nothing: zeros, to add projects to."""
    zero = np.zeros((samples, horizon.points))
    return Outlays(zero, zero, zero, zero, zero, zero)


def _require(name: str, values: Array, right: npt.NDArray[np.bool_], expected: str) -> None:
    if not np.all(right):
        wrong = float(np.asarray(values)[~np.asarray(right)].flat[0])
        parameters = {"name": name, "value": wrong, "expected": expected}
        raise locale.error(CemfaError, Problem("cost-range", parameters=parameters))
