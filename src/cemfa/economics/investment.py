"""Total investment of a project by item, as Vietnamese projects are approved, with its contingencies.

Stands above `costs`. Seven items make up a total investment (Decree 10/2021/ND-CP, article 5): compensation and
resettlement; construction; equipment; project management; consultancy; other costs; contingency, for volume that
arises and for prices that rise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum
from typing import Final

import numpy as np
import numpy.typing as npt

from cemfa import locale
from cemfa.economics.cashflow import Array, floats
from cemfa.economics.prices import price_level
from cemfa.errors import CemfaError, Problem

ITEMS: Final = (
    "land", "construction", "equipment", "management", "consultancy", "other", "contingency_volume",
    "contingency_price",
)  # fmt: skip
"""Items of a total investment, in the order of the decree."""

PARTS: Final = ("construction", "equipment", "management", "consultancy", "other")
"""Items that divide the price of the plant."""

_SLACK: Final = 1e-9  # shares typed as decimals miss 1 by rounding


@dataclass(frozen=True, slots=True)
class Investment:
    """A total investment by item.

    Parameters
    ----------
    items : per name of `ITEMS` its amount, (S,) [money]; all but `contingency_price` are money of the price year
    """

    items: Mapping[str, Array]

    @property
    def real(self) -> Array:
        """Sum without the contingency for prices: what it costs in money of the price year, (S,)."""
        return floats(np.add.reduce([self.items[name] for name in ITEMS[:-1]]))

    @property
    def total(self) -> Array:
        """Sum of all items: the total that is put up for approval, (S,)."""
        return floats(self.real + self.items["contingency_price"])


def total_investment(
    plant: npt.ArrayLike,
    shares: Mapping[str, float],
    *,
    land: npt.ArrayLike = 0.0,
    contingency_volume: npt.ArrayLike = 0.0,
    contingency_price: npt.ArrayLike = 0.0,
) -> Investment:
    """Return the total investment by item; the items of the plant sum to its price exactly.

    Parameters
    ----------
    plant : (S,), price of the plant without land and contingencies [money]
    shares : part of `PARTS` in it, together 1; parts left out are nothing. The last one given takes what rounding
        leaves, so that whole units stay whole
    land : (S,), land, compensation and resettlement [money]
    contingency_volume : share of the items before it set aside for volume that arises, 0 … 1 [-]
    contingency_price : (S,), from `price_contingency` [money]

    Returns
    -------
    Investment

    Raises
    ------
    CemfaError
        `investment-shares` where a part is unknown or the shares do not sum to one, `cost-range` where the
        contingency is no share.

    Examples
    --------
    >>> found = total_investment([1000.0], {"construction": 0.6, "equipment": 0.3, "consultancy": 0.1}, land=200.0,
    ...                          contingency_volume=0.1)
    >>> {name: float(value[0]) for name, value in found.items.items() if value[0]}
    {'land': 200.0, 'construction': 600.0, 'equipment': 300.0, 'consultancy': 100.0, 'contingency_volume': 120.0}
    >>> float(found.total[0])
    1320.0
    """
    price = np.rint(np.atleast_1d(floats(plant)))
    _check_shares(shares)
    reserve = floats(contingency_volume)
    if not np.all((reserve >= 0) & (reserve <= 1)):
        wrong = float(reserve[~((reserve >= 0) & (reserve <= 1))].flat[0]) if reserve.ndim else float(reserve)
        parameters = {"name": "contingency_volume", "value": wrong, "expected": "0 … 1"}
        raise locale.error(CemfaError, Problem("cost-range", parameters=parameters))
    steps = np.rint(np.multiply.outer(np.cumsum([shares.get(part, 0.0) for part in PARTS]), price))
    steps[-1] = price
    parts = np.diff(steps, axis=0, prepend=0.0)
    cleared = np.rint(np.broadcast_to(floats(land), price.shape))
    items = {"land": cleared, **dict(zip(PARTS, parts, strict=True))}
    items["contingency_volume"] = np.rint(reserve * (cleared + price))
    items["contingency_price"] = np.rint(np.broadcast_to(floats(contingency_price), price.shape))
    return Investment(items)


def price_contingency(spending: npt.ArrayLike, escalation: npt.ArrayLike, before: int = 0) -> Array:
    """Return what rising prices add to a plan of spending: ``Σ V_t · ((1 + i)**t − 1)``.

    The contingency for price of Circular 11/2021/TT-BXD, appendix I: V_t is the investment of year t with the
    contingency for volume, i the mean yearly rise of the construction price index. In an account in real money it
    is shown and funded in money of the day, but enters no present value, unless construction prices rise faster
    than prices at large: then give the difference.

    Parameters
    ----------
    spending : (..., T), of each year, paid at its beginning, in money of the price year [money]
    escalation : scalar or (...), yearly rise of construction prices [1/yr]
    before : years from the price year to the first point [yr]

    Returns
    -------
    (...) [money]

    Examples
    --------
    >>> float(price_contingency([100.0, 100.0, 0.0], 0.05).round(9))
    5.0
    """
    values = floats(spending)
    points = values.shape[-1]
    return floats((values * (price_level(escalation, points + before)[..., before:] - 1.0)).sum(axis=-1))


def _check_shares(shares: Mapping[str, float]) -> None:
    unknown = [part for part in shares if part not in PARTS]
    total = fsum(shares.values())
    if unknown or abs(total - 1) > _SLACK or min(shares.values(), default=0.0) < 0:
        parameters = {"sum": total, "shares": dict(shares), "known": list(PARTS)}
        raise locale.error(CemfaError, Problem("investment-shares", parameters=parameters))
