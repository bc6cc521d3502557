"""Rules on products of parameters where they are used: each has a row for every case, and the right dimension."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cemfa import units
from cemfa.definition.checks.context import Context
from cemfa.definition.checks.references import unknown
from cemfa.definition.expansion import elements, end_element, flow_elements, good_held, good_of, known_items
from cemfa.definition.schema import Batches, ParameterRow, Process, Recipe, Stock
from cemfa.errors import Problem, UnitError

_MASS_RATE: Final = ("t/day", "t/year")
_NUMBER: Final = ("1",)


@dataclass(frozen=True, slots=True)
class Use:
    """A product of parameters at one place of the model.

    Attributes
    ----------
    path : where it stands
    product : its factors
    cases : the cells it is asked for: item by dimension, with good, layer and technology where they are known
    expected : canonical units, one of which it must have
    """

    path: tuple[str | int, ...]
    product: tuple[str | int, ...]
    cases: Sequence[dict[str, str]]
    expected: tuple[str, ...]

    @property
    def names(self) -> Iterator[tuple[int, str]]:
        """The parameters among the factors, with their position."""
        return ((n, factor) for n, factor in enumerate(self.product) if isinstance(factor, str))


def uses(c: Context) -> list[Use]:
    """Return every product of the model."""
    return [*_flow_uses(c), *_process_uses(c), *_drivers(c)]


def _drivers(c: Context) -> Iterator[Use]:
    """Yield the drivers of growth: a row finds them by what it is for."""
    for position, row in enumerate(c.model.parameters):
        for number, driver in enumerate(row.growth):
            yield Use(("parameters", position, "growth", number), (driver,), [dict(row.index)], ("1/year",))


def _flow_uses(c: Context) -> Iterator[Use]:
    layers = c.model.layers.names
    for name, way in c.routes.items():
        flow, where = c.model.flows[name], ("flows", name)
        source = c.model.processes.get(way.source.process)
        technology = {"technology": source.technology} if source and source.technology else {}
        cases = [
            {**known_items(c.model, way, element), **technology, "good": good_of(c.model, way, element)}
            for element in flow_elements(c.model, way)
        ]
        by_layer = {layer: [{**case, "layer": layer} for case in cases] for layer in layers}
        for layer, product in (flow.amount or {}).items():
            yield Use((*where, "amount", layer), product, by_layer.get(layer, cases), _MASS_RATE)
        share = flow.share or {}
        for layer, stated in share.items():
            if isinstance(stated, tuple):
                named = [layer] if layer != "other" else [other for other in layers if other not in share]
                found = [case for one in named for case in by_layer.get(one, ())]
                yield Use((*where, "share", layer), stated, found, _NUMBER)
        if flow.ratio is not None:
            found = [case for one in layers for case in by_layer[one]]
            yield Use((*where, "ratio", "times"), flow.ratio.times, found, _NUMBER)


def _process_uses(c: Context) -> Iterator[Use]:
    for name, process in c.model.processes.items():
        if any(dimension not in c.dimensions for dimension in process.over):
            continue
        where = ("processes", name)
        cases = _process_cases(c, process, process.over)
        if process.capacity is not None:
            capacity = process.capacity
            over = capacity.over if capacity.over is not None else process.over
            if all(dimension in process.over for dimension in over):
                found = _process_cases(c, process, over)
                yield Use((*where, "capacity", "parameter"), (capacity.parameter,), found, _MASS_RATE)
        if process.demand is not None:
            yield Use((*where, "demand", "amount"), process.demand.amount, cases, _MASS_RATE)
        if process.stock is not None:
            yield from _stock_uses(c, name, process.stock, cases)
        if process.recipe is not None and process.capacity is not None:
            over = process.capacity.over if process.capacity.over is not None else process.over
            if all(dimension in process.over for dimension in over):
                yield from _recipe(where, process.recipe, _process_cases(c, process, over))
        if process.store is not None:
            yield Use((*where, "store", "limit"), process.store.limit, cases, ("t", "day"))
            if process.store.spoilage is not None:
                yield Use((*where, "store", "spoilage"), process.store.spoilage, cases, ("1/day",))
            if process.store.batches is not None:
                yield from _batches((*where, "store", "batches"), process.store.batches, cases)
        if process.outage is not None:
            for key in ("mean_time_between", "mean_time_to_repair"):
                yield Use((*where, "outage", key), (getattr(process.outage, key),), cases, ("day",))


def _recipe(where: tuple[str, ...], recipe: Recipe, cases: Sequence[dict[str, str]]) -> Iterator[Use]:
    if recipe.carbon_to_nitrogen is not None:
        yield Use((*where, "recipe", "carbon_to_nitrogen"), recipe.carbon_to_nitrogen[:1], cases, _NUMBER)
        yield Use((*where, "recipe", "carbon_to_nitrogen"), recipe.carbon_to_nitrogen[1:], cases, _NUMBER)
    if recipe.dry_matter is not None:
        yield Use((*where, "recipe", "dry_matter", "at_most"), (recipe.dry_matter.at_most,), cases, _NUMBER)


def _batches(where: tuple[str, ...], batches: Batches, cases: Sequence[dict[str, str]]) -> Iterator[Use]:
    allowed = {"lines": ("1",), "size": ("t", "day"), "residence": ("day",), "variation": ("1",)}
    for key, wanted in allowed.items():
        product = getattr(batches, key)
        if product is not None:
            yield Use((*where, key), product, cases, wanted)


def _stock_uses(c: Context, name: str, stock: Stock, cases: Sequence[dict[str, str]]) -> Iterator[Use]:
    where = ("processes", name, "stock")
    if stock.rate is not None:
        yield Use((*where, "rate"), (stock.rate,), cases, ("1/year",))
    if stock.degradable is not None:
        yield Use((*where, "degradable"), (stock.degradable,), _deposits(c, name), _NUMBER)
    for key, unit in (("mean", "year"), ("sd", "year"), ("shape", "1"), ("scale", "year")):
        parameter = getattr(stock, key)
        if parameter is not None:
            yield Use((*where, key), (parameter,), cases, (unit,))
    if stock.content is not None:
        yield Use((*where, "content"), stock.content, cases, ("t",))


def _deposits(c: Context, name: str) -> list[dict[str, str]]:
    """Return what is known of each deposit in a stock: the good as well, for only a part of it may decay."""
    return [
        {**element, **end_element(c.model, way.target, element), "good": good_of(c.model, way, element)}
        for _, way, _ in c.entering(name)
        for element in flow_elements(c.model, way)
    ]


def _process_cases(c: Context, process: Process, over: Sequence[str]) -> list[dict[str, str]]:
    technology = {"technology": process.technology} if process.technology else {}
    return [{**element, **technology, **good_held(c.model, element)} for element in elements(c.model, over)]


def parameters_exist(c: Context) -> Iterator[Problem]:
    """Check that every parameter has rows, for every case in which it is used."""
    if {"parameters", "technologies"} & set(c.failed):
        return
    for use in uses(c):
        for position, name in use.names:
            place = c.at(*use.path, position)
            rows = [row for _, row in c.rows.get(name, ()) if row.alternative is None]
            if not rows:
                code = "parameter-default" if name in c.rows else "parameter-unknown"
                yield unknown(code, place, name, c.rows)
                continue
            columns = sorted({column for row in rows for column in row.index})
            available = {key for case in use.cases for key in case}
            missing = [column for column in columns if column not in available]
            if missing and use.cases:
                parameters = {"parameter": name, "missing": missing, "found": sorted(available) or ["–"]}
                yield Problem("parameter-dimension", place, parameters)
                continue
            if any(not item_exists(c, column, item) for row in rows for column, item in row.index.items()):
                continue  # a misspelt item is reported as such
            gaps = _gaps(rows, columns, use.cases)
            if gaps:
                shown = [*gaps[:5], "…"] if len(gaps) > 5 else gaps
                yield Problem("parameter-gap", place, {"parameter": name, "count": len(gaps), "gaps": shown})


def item_exists(c: Context, column: str, item: str) -> bool:
    """Tell whether an item is one of its column; of a dimension that could not be read all are."""
    if column not in c.dimensions:
        return True
    return any(known.id == item for known in c.model.items(column))


def _gaps(rows: Sequence[ParameterRow], columns: Sequence[str], cases: Sequence[dict[str, str]]) -> list[str]:
    """Return the cases, as `column=item`, for which no row holds."""
    asked = dict.fromkeys(tuple(case.get(column, "") for column in columns) for case in cases)
    gaps = []
    for items in asked:
        case = dict(zip(columns, items, strict=True))
        if not any(all(case[column] == item for column, item in row.index.items()) for row in rows):
            gaps.append(" ".join(f"{column}={item}" for column, item in case.items()))
    return gaps


def products_have_their_dimension(c: Context) -> Iterator[Problem]:
    """Check that a share is a plain number, an amount a mass per time, and so on."""
    for use in uses(c):
        known = [units_of(c, name) for _, name in use.names]
        if None in known or (not known and 0 in use.product):
            continue  # reported where the row or the use stands; nothing is nothing in any unit
        found = units.product([unit for unit in known if unit is not None])
        if found.canonical not in use.expected:
            product = " × ".join(str(factor) for factor in use.product)
            parameters = {"product": product, "found": found.canonical, "expected": list(use.expected)}
            yield Problem("product-dimension", c.at(*use.path), parameters)


def units_of(c: Context, name: str) -> units.Unit | None:
    """Return the unit of a parameter's first row, None where it has none that is known."""
    if name not in c.rows:
        return None
    try:
        return units.parse(c.rows[name][0][1].unit)
    except UnitError:
        return None


def share_parameters(c: Context) -> Collection[str]:
    """Return the parameters that take part in a share or ratio."""
    return {name for use in uses(c) if use.expected == _NUMBER for _, name in use.names}


RULES = (parameters_exist, products_have_their_dimension)
