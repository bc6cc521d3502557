"""What a run keeps of its flows, unit after unit of replications, in the memory of one unit.

Beside the ensemble. A unit is a fixed range of replications, whatever the workers, so what is reduced by units has
the same bits for any number of them. Of a single unit quantiles are exact; of several they are averaged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cemfa.results import Request
from cemfa.system.kept import Year
from cemfa.system.reducing import Interpolation, Running, Summary, reduced, side_by_side, summarised

Array = NDArray[np.float64]
Index = NDArray[np.intp]
NAMES: Final = ("flow", "throughput", "stock")
WIDTH: Final = 128
"""Replications of one unit at most: wide rows cost less per number, narrow ones less memory."""


def units(count: int, first: int) -> list[range]:
    """Return the replications in ranges of about the same length, none longer than `WIDTH`.

    Examples
    --------
    >>> units(200, 0)
    [range(0, 100), range(100, 200)]
    """
    size, end = -(-count // -(-count // WIDTH)), first + count
    return [range(start, min(end, start + size)) for start in range(first, end, size)]


def dealt(units: Sequence[range], workers: int) -> list[list[range]]:
    """Return the blocks of each unit: the unit itself, but some of the first ones cut up where they cannot be dealt out
    evenly and some workers would have nothing to do in the end.

    Examples
    --------
    >>> dealt([range(0, 100)], 2)
    [[range(0, 50), range(50, 100)]]
    >>> dealt([range(0, 4), range(4, 8), range(8, 12)], 2)
    [[range(0, 2), range(2, 4)], [range(4, 8)], [range(8, 12)]]
    """
    over = len(units) % workers
    pieces = workers // over if over else 1
    return [_cut(unit, pieces) if number < over else [unit] for number, unit in enumerate(units)]


def _cut(unit: range, pieces: int) -> list[range]:
    size = -(-len(unit) // pieces)
    return [range(start, min(unit.stop, start + size)) for start in range(unit.start, unit.stop, size)]


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """The flows, throughputs and stocks of one unit in a few numbers.

    Parameters
    ----------
    years : their summary, year by year
    shapes : elements and layers of each of `NAMES`
    """

    years: tuple[Summary, ...]
    shapes: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, request: Request, years: Iterable[Year], *, alone: bool) -> Reduced:
        """Return what a request keeps of the years of a unit, (element, layer, S) each, one after the other.

        Parameters
        ----------
        alone : whether there is no other unit, so that its quantiles are those of all replications
        """
        method: Interpolation = "linear" if alone else "hazen"
        squares, levels = "sd" in request.reducers, request.levels
        found, shapes = [], ()
        for year in years:
            rows = [(array := getattr(year, name)).reshape(-1, array.shape[-1]) for name in NAMES]
            found.append(side_by_side([summarised(r, levels, squares=squares, method=method) for r in rows]))
            shapes = tuple(getattr(year, name).shape[:2] for name in NAMES)
        return cls(tuple(found), shapes)


class Gathered:
    """Mean, deviation and quantiles of all flows, throughputs and stocks so far.

    Parameters
    ----------
    request : what is kept of them
    units : how many there will be
    """

    def __init__(self, request: Request, units: int) -> None:
        self.request, self.units = request, units
        self._running: list[Running] = []
        self._shapes: tuple[tuple[int, ...], ...] = ()

    def add(self, unit: Reduced) -> None:
        """Take in the next unit."""
        self._running = self._running or [Running() for _ in unit.years]
        self._shapes = unit.shapes
        for running, year in zip(self._running, unit.years, strict=True):
            running.add(year)

    def variables(self) -> dict[str, Array]:
        """Return what the request keeps, by name in results: (…, period, layer, element)."""
        averaged = None if self.units == 1 else float(self.units)
        years = [reduced(running.summary, self.request, blocks=averaged) for running in self._running]
        ends = np.cumsum([elements * layers for elements, layers in self._shapes])
        kept: dict[str, Array] = {}
        for kind in years[0]:
            parts = np.split(np.stack([year[kind] for year in years], axis=-2), ends[:-1], axis=-1)
            for name, values, shape in zip(NAMES, parts, self._shapes, strict=True):
                kept[f"{name}_{kind}"] = values.reshape(*values.shape[:-1], *shape).swapaxes(-1, -2)
        return kept


def thinned(year: Year, chosen: Index) -> Year:
    """Return a year without what has been gathered: of the flows only some, of the rest nothing; no view of it either.

    Parameters
    ----------
    chosen : positions of flows
    """
    throughput, stock, parameter = (
        np.empty((0, *values.shape[1:])) for values in (year.throughput, year.stock, year.parameter)
    )
    return Year(year.flow[chosen], throughput, stock, parameter, year.residual)
