"""Parameters of a model: rows for the sampler, cells that hold a number per year, and who uses which.

First step of compiling: a name with a place becomes the position of a cell; later a period turns draws of rows
into values of cells. Nothing here knows processes or flows.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cemfa import units
from cemfa.definition import pairs
from cemfa.definition.schema import CompositionRow, Model, NumberRow, ParameterRow
from cemfa.errors import Place, Problem
from cemfa.system.growth import Changed, Growth, Span
from cemfa.system.marginals import written
from cemfa.system.uncertain import Row, physical_range

Array = NDArray[np.float64]
Positions = NDArray[np.intp]
Coordinates = tuple[tuple[str, str], ...]
"""Sorted pairs of dimension (or layer, good, technology) and item."""

ONE: Final = 0
ZERO: Final = 1
LITERALS: Final = 2
"""Positions 0 and 1 of every list of values hold the numbers one and zero."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A parameter at one place: rows of one index, one for every year or one per given year.

    Parameters
    ----------
    parameter, index : what and where
    years : given calendar years, ascending; empty where one row holds for all
    rows : positions of its rows for the sampler
    hold : whether the series goes on unchanged beyond its ends
    unit : canonical unit
    price_year : of money, 0 where none
    group : Dirichlet group, "" where none
    growth : parameters by which the last given number grows afterwards
    """

    parameter: str
    index: Coordinates
    years: tuple[int, ...]
    rows: tuple[int, ...]
    hold: bool
    unit: str
    price_year: int
    group: str
    growth: tuple[str, ...] = ()

    def covers(self, year: int) -> bool:
        """Tell whether the cell has a value in a calendar year."""
        if not self.years or self.hold:
            return True
        return self.years[0] <= year and (year <= self.years[-1] or bool(self.growth))

    def span(self, year: int) -> Span:
        """Return the rows on either side of a year and the weight of the later one."""
        if len(self.years) < 2 or year <= self.years[0]:
            return self.rows[0], self.rows[0], 0.0
        if year >= self.years[-1]:
            return self.rows[-1], self.rows[-1], 0.0
        later = next(i for i, y in enumerate(self.years) if y > year)
        first, last = self.years[later - 1], self.years[later]
        return self.rows[later - 1], self.rows[later], (year - first) / (last - first)


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """All cells of a model, and how draws become their values.

    Parameters
    ----------
    rows : rows for the sampler, R of them
    cells : C cells
    earlier, later, weight : shape (T, C), rows on either side of each year and the weight of the later one
    years : calendar years, T of them
    growth : of cells whose last number grows
    """

    rows: tuple[Row, ...]
    cells: tuple[Cell, ...]
    by_parameter: Mapping[str, tuple[int, ...]]
    columns: Mapping[str, frozenset[str]]
    earlier: NDArray[np.int32]
    later: NDArray[np.int32]
    weight: Array
    years: tuple[int, ...]
    growth: Growth

    def values(self, draws: Array, period: int, changed: Changed | None = None) -> tuple[Positions, Array]:
        """Return the values of all cells in the period at that position.

        Linear between given years; after the last one grown by its drivers, where it has any.

        Parameters
        ----------
        draws : shape (R, S), in canonical units
        changed : what a plan makes of drivers (`Binding.drivers`)

        Returns
        -------
        shape (C,), the row of each cell among the draws and what comes after them, and that: shape (N, S), values
        that are no draw
        """
        year, where = self.years[period], self.earlier[period].astype(np.intp)
        moving = self.weight[period] != 0.0
        own = np.flatnonzero(moving | self.growth.grows(year, len(where)))
        made = draws[where[own]]
        between = np.flatnonzero(moving[own])
        if len(between):
            share = self.weight[period, own[between], None]
            made[between] = (1 - share) * made[between] + share * draws[self.later[period, own[between]]]
        where[own] = len(draws) + np.arange(len(own))
        self.growth.apply(made, draws, year, changed, where - len(draws))
        return where, made

    def find(self, parameter: str, known: Mapping[str, str]) -> int | None:
        """Return the cell of a parameter at a place; the most specific one, None where there is none."""
        fitting = [
            number
            for number in self.by_parameter.get(parameter, ())
            if all(known.get(dimension) == item for dimension, item in self.cells[number].index)
        ]
        return max(fitting, key=lambda number: len(self.cells[number].index), default=None)

    def unit(self, parameter: str) -> str:
        """Return the canonical unit of a parameter."""
        return self.cells[self.by_parameter[parameter][0]].unit


def composition_name(good: str, layer: str) -> str:
    """Return the name under which a row of `composition.csv` is drawn."""
    return f"composition.{good}.{layer}"


def read_parameters(model: Model, assume: Mapping[str, str]) -> tuple[Parameters, list[Problem]]:
    """Return the parameters of a model and what is wrong with their years and places.

    Parameters
    ----------
    assume : parameter → alternative set to use instead of the default numbers
    """
    chosen = [*_chosen(model.parameters, assume), *map(_as_parameter, model.composition)]
    drivers = {name for row in chosen for name in row.growth}
    rows = tuple(_row(row, driver=row.parameter in drivers) for row in chosen)
    grouped: dict[tuple[str, Coordinates], list[int]] = defaultdict(list)
    for position, row in enumerate(chosen):
        grouped[row.parameter, tuple(sorted(row.index.items()))].append(position)
    cells = [_cell(chosen, key, positions) for key, positions in grouped.items()]
    by_parameter: dict[str, list[int]] = defaultdict(list)
    for number, cell in enumerate(cells):
        by_parameter[cell.parameter].append(number)
    years = model.periods.years
    problems = [p for cell in cells for p in _cell_problems(cell, years)]
    spans = [[cell.span(year) for cell in cells] for year in years]
    shape = (len(years), len(cells))
    made = Parameters(
        rows=rows,
        cells=tuple(cells),
        by_parameter={name: tuple(found) for name, found in by_parameter.items()},
        columns={
            name: frozenset(dimension for n in found for dimension, _ in cells[n].index)
            for name, found in by_parameter.items()
        },
        earlier=np.array([[a for a, _, _ in line] for line in spans], dtype=np.int32).reshape(shape),
        later=np.array([[b for _, b, _ in line] for line in spans], dtype=np.int32).reshape(shape),
        weight=np.array([[w for _, _, w in line] for line in spans], dtype=np.float64).reshape(shape),
        years=years,
        growth=Growth((), ()),
    )
    made = replace(made, growth=_growth(made))
    return made, problems + _overlaps(made)


def _growth(parameters: Parameters) -> Growth:
    """Return how cells grow; a driver is found by the place of what grows."""
    grown = []
    for number, cell in enumerate(parameters.cells):
        found = [parameters.find(name, dict(cell.index)) for name in cell.growth]
        if cell.years and found:
            grown.append((number, cell.years[-1], [driver for driver in found if driver is not None]))
    return Growth.of(grown, lambda cell, year: parameters.cells[cell].span(year), parameters.years[-1])


def _chosen(rows: Iterable[ParameterRow], assume: Mapping[str, str]) -> list[ParameterRow]:
    """Return the rows in force: those of the alternative that is assumed, the default ones elsewhere."""
    given = list(rows)
    asked = {
        (r.parameter, tuple(sorted(r.index.items())))
        for r in given
        if r.alternative is not None and assume.get(r.parameter) == r.alternative
    }
    return [
        r
        for r in given
        if (r.alternative is None and (r.parameter, tuple(sorted(r.index.items()))) not in asked)
        or (r.alternative is not None and assume.get(r.parameter) == r.alternative)
    ]


def _as_parameter(row: CompositionRow) -> ParameterRow:
    shared = {name: getattr(row, name) for name in NumberRow.model_fields}
    return ParameterRow(parameter="composition", **shared).model_copy(
        update={"parameter": composition_name(row.good, row.layer)}  # dots keep it apart from what users write
    )


def _row(row: ParameterRow, *, driver: bool) -> Row:
    place = Place(path=f"parameters.{row.parameter}")
    unit = units.parse(row.unit, place)
    share = unit.dimension == units.DIMENSIONLESS
    money = any(base == "VND" for base, _ in unit.dimension)
    points = pairs.points(row.points) if row.points else ()
    high = max([x for x in (row.high, *(x for _, x in points)) if x is not None], default=0.0)
    lower, upper = physical_range(row.value * unit.factor, high * unit.factor, share=share, signed=money)
    if driver:
        lower, upper = -1.0, math.inf  # a year can shrink a number, not below nothing
    return Row(
        parameter=row.parameter,
        marginal=written(row, unit.factor, lower=lower, upper=upper),
        index=tuple(sorted(row.index.items())),
        year=row.year,
        group=row.group,
        concentration=row.concentration,
        varies_by=row.varies_by,
        correlated_with=pairs.correlations(row.correlated_with) if row.correlated_with else (),
        place=place,
    )


def _cell(rows: Sequence[ParameterRow], key: tuple[str, Coordinates], positions: list[int]) -> Cell:
    dated = sorted((rows[p].year or 0, p) for p in positions)
    first = rows[dated[0][1]]
    always = any(rows[p].year is None for p in positions)
    return Cell(
        parameter=key[0],
        index=key[1],
        years=() if always and len(positions) == 1 else tuple(year for year, _ in dated),
        rows=tuple(position for _, position in dated),
        hold=any(rows[p].hold for p in positions),
        unit=units.parse(first.unit).canonical,
        price_year=first.price_year or 0,
        group=first.group or "",
        growth=rows[dated[-1][1]].growth,
    )


def _cell_problems(cell: Cell, years: Sequence[int]) -> Iterable[Problem]:
    place = Place(path=f"parameters.{cell.parameter}")
    shown = {"parameter": shown_cell(cell.parameter, cell.index)}
    twice = sorted({year for year in cell.years if cell.years.count(year) > 1 or year == 0})
    if twice:
        yield Problem("row-twice", place, {**shown, "years": [y for y in twice if y] or ["–"]})
    elif missing := [year for year in (years[0], years[-1]) if not cell.covers(year)]:
        given = (cell.years[0], cell.years[-1])
        yield Problem("year-missing", place, {**shown, "years": missing, "first": given[0], "last": given[1]})


def _overlaps(parameters: Parameters) -> list[Problem]:
    """Return a problem for every two cells that could both be meant, neither more specific than the other."""
    problems = []
    for name, numbers in parameters.by_parameter.items():
        indices = [dict(parameters.cells[number].index) for number in numbers]
        shapes = list(dict.fromkeys(frozenset(index) for index in indices))
        for a, b in itertools.combinations(shapes, 2):
            pair = None if a <= b or b <= a else _compatible(indices, a, b)
            if pair:
                shown = {"first": shown_cell(name, pair[0]), "second": shown_cell(name, pair[1])}
                problems.append(Problem("row-overlap", Place(path=f"parameters.{name}"), shown))
    return problems


def _compatible(
    indices: Sequence[Mapping[str, str]], first: frozenset[str], second: frozenset[str]
) -> tuple[Coordinates, Coordinates] | None:
    """Return two indices of different shapes that can be true of one place."""
    for a in (index for index in indices if frozenset(index) == first):
        for b in (index for index in indices if frozenset(index) == second):
            if all(a[d] == b[d] for d in first & second):
                return tuple(a.items()), tuple(b.items())
    return None


def shown_cell(parameter: str, index: Coordinates) -> str:
    """Return a cell as people read it.

    Examples
    --------
    >>> shown_cell("price", (("good", "compost"),))
    'price[good=compost]'
    """
    inside = ", ".join(f"{dimension}={item}" for dimension, item in index)
    return f"{parameter}[{inside}]" if inside else parameter
