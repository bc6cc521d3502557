"""Rules on rows of numbers: units, sources, years, duplicates and overlaps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from cemfa import units
from cemfa.definition import pairs
from cemfa.definition.checks.context import Context
from cemfa.definition.checks.references import unknown
from cemfa.definition.schema import NumberRow, ParameterRow
from cemfa.errors import Place, Problem, UnitError

_Index = tuple[tuple[str, str], ...]


def indices(c: Context) -> Iterator[Problem]:
    """Check that items, layers and goods that a row is for exist."""
    for position, row in enumerate(c.model.parameters):
        for column, item in row.index.items():
            if column == "technology":
                continue  # any name: processes and projects refer to it
            known = _known_items(c, column)
            if known is not None and item not in known:
                place = c.at("parameters", position, "index", column)
                yield unknown("item-unknown", place, item, known, dimension=column)
        for dimension in row.varies_by:
            if dimension not in (*c.model.dimensions, "layer", "good", "technology"):
                place = c.at("parameters", position, "varies_by")
                yield unknown("dimension-unknown", place, dimension, c.model.dimensions)


def _known_items(c: Context, column: str) -> list[str] | None:
    if column == "layer":
        return list(c.model.layers.names)
    if column == "good":
        return list(c.model.goods) if "goods" not in c.failed else None
    return [item.id for item in c.model.items(column)] if column in c.dimensions else None


def row_units(c: Context) -> Iterator[Problem]:
    """Check that every unit is known, the rows of a parameter measure the same, and money has a price year."""
    for table, position, row in _numbers(c):
        yield from number_problems(row, c, table, position)
    for name, rows in c.rows.items():
        first, dimension = rows[0][1], _dimension(rows[0][1].unit)
        for position, row in rows:
            other = _dimension(row.unit)
            if dimension is not None and other is not None and other != dimension:
                parameters = {"parameter": name, "unit": row.unit, "first": first.unit}
                yield Problem("unit-mixed", c.at("parameters", position, "unit"), parameters)


def number_problems(row: NumberRow, c: Context, *path: str | int) -> Iterator[Problem]:
    """Yield what is wrong with the unit and price year of one uncertain number."""
    place = c.at(*path, "unit")
    try:
        unit = units.parse(row.unit, place)
    except UnitError as error:
        yield from error.problems
        return
    if any(base == "VND" for base, _ in unit.dimension) and row.price_year is None:
        yield Problem("price-year", c.at(*path, "price_year"), {"unit": row.unit})


def sources(c: Context) -> Iterator[Problem]:
    """Check that every row cites an entry of `sources.csv`."""
    if "sources" in c.failed:
        return
    tables: dict[tuple[str, ...], Iterable[tuple[str | int, object]]] = {
        (name,): enumerate(getattr(c.model, name))
        for name in ("parameters", "composition", "seasons", "distances", "history", "duties")
    }
    tables[("departments",)] = c.model.departments.items()
    tables[("benchmark_plants",)] = c.model.benchmark_plants.items()
    tables |= {("areas", name, "shares"): enumerate(area.shares) for name, area in c.model.areas.items()}
    for table, rows in tables.items():
        for key, row in rows:
            source = str(getattr(row, "source", ""))
            if source not in c.model.sources:
                yield unknown("source-unknown", c.at(*table, key, "source"), source, c.model.sources)


def one_row_each(c: Context) -> Iterator[Problem]:
    """Check that no number is given twice; where two rows fit the same case, one is more specific in every cell."""
    for name, rows in c.rows.items():
        seen: dict[tuple[object, ...], int] = {}
        patterns: dict[tuple[str | None, _Index], int] = {}
        for position, row in rows:
            key = (index_of(row), row.year, row.alternative)
            first = seen.setdefault(key, position)
            if first != position:
                parameters = {"parameter": name, "line": _line(c, first)}
                yield Problem("row-duplicate", c.at("parameters", position, "parameter"), parameters)
            patterns.setdefault((row.alternative, index_of(row)), position)
        yield from _overlaps(c, name, patterns)


def _overlaps(c: Context, name: str, patterns: Mapping[tuple[str | None, _Index], int]) -> Iterator[Problem]:
    found = list(patterns.items())
    for n, ((alternative, index), position) in enumerate(found):
        cells = dict(index)
        for (other_alternative, other_index), other_position in found[:n]:
            other = dict(other_index)
            if alternative != other_alternative or cells.keys() <= other.keys() or other.keys() <= cells.keys():
                continue
            if all(cells[column] == other[column] for column in cells.keys() & other.keys()):
                line = _line(c, other_position)
                parameters = {"parameter": name, "line": line, "index": [f"{k}={v}" for k, v in index]}
                yield Problem("rows-overlap", c.at("parameters", position, "parameter"), parameters)
                break


def _line(c: Context, position: int) -> int:
    return c.at("parameters", position).line or position + 1


def years(c: Context) -> Iterator[Problem]:
    """Check that a series covers all periods, unless it holds beyond its first and last year."""
    first, last = c.model.periods.first, c.model.periods.last
    for name, rows in c.rows.items():
        series: dict[tuple[object, ...], list[tuple[int, ParameterRow]]] = defaultdict(list)
        for position, row in rows:
            series[index_of(row), row.alternative].append((position, row))
        for members in series.values():
            dated = sorted((row.year, position) for position, row in members if row.year is not None)
            if not dated:
                continue
            if len(dated) < len(members):
                place = c.at("parameters", dated[0][1], "year")
                yield Problem("year-mixed", place, {"parameter": name})
            elif not any(row.hold for _, row in members):
                early, grows = dated[0][0] > first, bool(c.model.parameters[dated[-1][1]].growth)
                if not early and (grows or dated[-1][0] >= last):
                    continue
                place = c.at("parameters", dated[0 if early else -1][1], "year")
                parameters = {"parameter": name, "from": dated[0][0], "to": dated[-1][0]}
                yield Problem("year-gap", place, {**parameters, "first": first, "last": last})


def growth(c: Context) -> Iterator[Problem]:
    """Check that growth stands on the last year of a series, of no group, and that its drivers do not grow."""
    drivers = {name for row in c.model.parameters for name in row.growth}
    for name, rows in c.rows.items():
        for position, row in rows:
            if not row.growth:
                continue
            place, shown = c.at("parameters", position, "growth"), {"parameter": name}
            series = [r for _, r in rows if (index_of(r), r.alternative) == (index_of(row), row.alternative)]
            last = max((r.year for r in series if r.year is not None), default=None)
            if row.year is None or row.year != last:
                yield Problem("growth-year", place, {**shown, "last": last or "–"})
            if row.group is not None:
                yield Problem("growth-group", place, {**shown, "group": row.group})
            if name in drivers:
                yield Problem("growth-driver", place, shown)


def correlations(c: Context) -> Iterator[Problem]:
    """Check that the parameters a row is correlated with can be read and exist."""
    for position, row in enumerate(c.model.parameters):
        if row.correlated_with is None:
            continue
        place = c.at("parameters", position, "correlated_with")
        try:
            found = pairs.correlations(row.correlated_with)
        except pairs.PairsError as error:
            yield Problem("correlation-form", place, {"parameter": row.parameter, "part": error.part})
            continue
        if "parameters" not in c.failed and "technologies" not in c.failed:
            for other, _ in found:
                if other not in c.rows:
                    yield unknown("correlation-with-unknown", place, other, c.rows, parameter=row.parameter)


def point_lists(c: Context) -> Iterator[Problem]:
    """Check that the points of empirical distributions can be read."""
    for table, position, row in _numbers(c):
        yield from points_problems(row, c.at(table, position, "points"))


def points_problems(row: NumberRow, place: Place) -> Iterator[Problem]:
    """Yield what cannot be read in the points of one uncertain number."""
    try:
        pairs.points(row.points or "0")
    except pairs.PairsError as error:
        yield Problem("points-form", place, {"part": error.part})


def labels(c: Context) -> Iterator[Problem]:
    """Check that processes and parameters have names for the reports; what is named exists."""
    for name, process in c.model.processes.items():
        if process.label is None:
            yield Problem("label-missing", c.at("processes", name, key=True), {"name": [name]}, "warning")
    if "parameters" in c.failed or "technologies" in c.failed or "parameter_labels" in c.failed:
        return
    bare = [name for name in c.rows if name not in c.model.parameter_labels]
    if bare:
        place = c.at("parameters", c.rows[bare[0]][0][0], "parameter")
        shown = [*bare[:8], "…"] if len(bare) > 8 else bare
        yield Problem("label-missing", place, {"name": shown}, "warning")
    for name in c.model.parameter_labels:
        if name not in c.rows:
            place = c.at("parameter_labels", name, "parameter")
            yield Problem("label-unused", place, {"name": name}, "warning")


def index_of(row: ParameterRow) -> _Index:
    """Return the filled cells of a row, sorted by column."""
    return tuple(sorted(row.index.items()))


def _numbers(c: Context) -> Iterator[tuple[str, int, NumberRow]]:
    for position, parameter in enumerate(c.model.parameters):
        yield "parameters", position, parameter
    for position, composition in enumerate(c.model.composition):
        yield "composition", position, composition


def _dimension(unit: str) -> units.Dimension | None:
    try:
        return units.parse(unit).dimension
    except UnitError:
        return None  # reported with its place


RULES = (indices, row_units, sources, one_row_each, years, growth, correlations, point_lists, labels)
