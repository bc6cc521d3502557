"""Growth beyond the last given year: value(t) = last · Π (1 + g(s)) over the years s since, for every driver g.

Beside `parameters`, whose cells it multiplies. Drivers are parameters like any other: drawn, given by place and
year, changed by a plan; one draw of a driver acts on all cells that grow by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Span = tuple[int, int, float]
"""Rows on either side of a year and the weight of the later one."""
Changed = Mapping[int, Callable[[Array, int], Array]]
"""Driver cell → what a plan makes of its value (S,) in a calendar year."""


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver counted from one year.

    Parameters
    ----------
    cell : position of its cell
    base : last given year of what grows by it
    spans : where its number stands in each year from base + 1 on
    """

    cell: int
    base: int
    spans: tuple[Span, ...]

    def factor(self, draws: Array, year: int, changed: Changed) -> Array | None:
        """Return the growth (S,) from the base to a calendar year; None where that is not later."""
        grown: Array | None = None
        for passed, (earlier, later, weight) in enumerate(self.spans[: max(0, year - self.base)]):
            rate: Array = draws[earlier] if not weight else (1 - weight) * draws[earlier] + weight * draws[later]
            if self.cell in changed:
                rate = changed[self.cell](rate, self.base + 1 + passed)
            grown = 1.0 + rate if grown is None else grown * (1.0 + rate)
        return grown


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """All growth of a model.

    Parameters
    ----------
    drivers : distinct drivers
    cells : per driver, the cells that grow by it
    """

    drivers: tuple[Driver, ...]
    cells: tuple[NDArray[np.int32], ...]

    @classmethod
    def of(
        cls, grown: Sequence[tuple[int, int, Sequence[int]]], spans: Callable[[int, int], Span], last: int
    ) -> Growth:
        """Return the growth of cells.

        Parameters
        ----------
        grown : per cell its position, its last given year and the cells of its drivers
        spans : gives where the number of a cell stands in a calendar year
        last : last modelled year

        Examples
        --------
        >>> growth = Growth.of([(0, 2020, [1])], lambda cell, year: (cell, cell, 0.0), 2030)
        >>> values = np.array([[100.0], [0.02]])
        >>> growth.apply(values, np.array([[100.0], [0.02]]), 2022)
        >>> values[0].round(9).tolist()
        [104.04]
        """
        members: dict[tuple[int, int], list[int]] = {}
        for cell, base, drivers in grown:
            for driver in drivers:
                members.setdefault((driver, base), []).append(cell)
        made = [
            Driver(driver, base, tuple(spans(driver, year) for year in range(base + 1, last + 1)))
            for driver, base in members
        ]
        return cls(tuple(made), tuple(np.array(cells, dtype=np.int32) for cells in members.values()))

    def grows(self, year: int, count: int) -> NDArray[np.bool_]:
        """Return which of so many cells have grown by a calendar year."""
        found = np.zeros(count, dtype=bool)
        for driver, cells in zip(self.drivers, self.cells, strict=True):
            found[cells] |= year > driver.base
        return found

    def apply(
        self, values: Array, draws: Array, year: int, changed: Changed | None = None,
        row: NDArray[np.intp] | None = None,
    ) -> None:  # fmt: skip
        """Multiply the values (C, S) of the cells that grow by what has grown up to a calendar year, in place.

        Parameters
        ----------
        draws : shape (R, S), in canonical units
        changed : what a plan makes of drivers
        row : shape (C,), where among the values each cell that grows stands; None: in the place of its number
        """
        for driver, cells in zip(self.drivers, self.cells, strict=True):
            factor = driver.factor(draws, year, changed or {})
            if factor is not None:
                values[cells if row is None else row[cells]] *= factor
