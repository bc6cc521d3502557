"""One uncertain number as `compile` hands it over to be drawn; the noun that `sampling` and its parts share."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from cemfa.errors import Place
from cemfa.system.marginals import Marginal

Index = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a parameter, in canonical units.

    Parameters
    ----------
    parameter : name of its random stream
    marginal : its numbers and physical range; `kind` is ``"dirichlet"`` in a group
    index : pairs of dimension and item; a blank cell is left out
    year : calendar year, None for every year
    group, concentration : Dirichlet group and the sum of its parameters
    varies_by : dimensions drawn independently
    correlated_with : other parameters and the rank correlation with each
    place : where it was written
    """

    parameter: str
    marginal: Marginal
    index: Index = ()
    year: int | None = None
    group: str | None = None
    concentration: float | None = None
    varies_by: tuple[str, ...] = ()
    correlated_with: tuple[tuple[str, float], ...] = ()
    place: Place = field(default_factory=Place)


def shown_row(row: Row) -> str:
    """Return a row as people read it: its parameter and its items."""
    cells = ",".join(item for _, item in row.index)
    return row.parameter + (f"[{cells}]" if cells else "")


def physical_range(value: float, high: float | None, *, share: bool, signed: bool = False) -> tuple[float, float]:
    """Return the range in which a number makes sense: shares [0, 1], quantities and ratios above 1 [0, inf).

    Parameters
    ----------
    value, high : as written, in canonical units
    share : True for a dimensionless number
    signed : True where negative values have a meaning, as for prices

    Examples
    --------
    >>> physical_range(0.3, 0.5, share=True), physical_range(1.2, None, share=True)
    ((0.0, 1.0), (0.0, inf))
    """
    if signed:
        return -math.inf, math.inf
    return 0.0, 1.0 if share and max(value, high or 0.0) <= 1 else math.inf
