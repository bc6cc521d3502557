"""Rules on the other tables: composition, seasons, history, targets."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from cemfa import units
from cemfa.definition.checks.context import Context, crosses_in, kind_of
from cemfa.definition.checks.references import unknown
from cemfa.definition.expansion import flow_elements, good_of
from cemfa.definition.schema import Flow
from cemfa.errors import Problem, UnitError

_ROUNDING: Final = 1e-9  # of shares typed with nine digits
_JUDGED: Final = (">=", ">", "<=", "<", "=")


def composition(c: Context) -> Iterator[Problem]:
    """Check that a composition names goods and layers that exist, each once, as shares between 0 and 1."""
    seen: dict[tuple[str, str], int] = {}
    for position, row in enumerate(c.model.composition):
        where = ("composition", position)
        if row.good not in c.model.goods and "goods" not in c.failed:
            yield unknown("good-unknown", c.at(*where, "good"), row.good, c.model.goods)
        if row.layer not in c.model.layers.names:
            yield unknown("layer-unknown", c.at(*where, "layer"), row.layer, c.model.layers.names)
        if row.per not in ("fresh", *c.model.layers.names):
            yield unknown("layer-unknown", c.at(*where, "per"), row.per, ["fresh", *c.model.layers.names])
        first = seen.setdefault((row.good, row.layer), position)
        if first != position:
            line = c.at("composition", first).line
            yield Problem("composition-twice", c.at(*where), {"good": row.good, "layer": row.layer, "line": line})
        value = _as_number(row.value, row.unit)
        if value is None:
            parameters = {"product": "value", "found": row.unit, "expected": ["1"]}
            yield Problem("product-dimension", c.at(*where, "unit"), parameters)
        elif not 0 <= value <= 1:
            yield Problem("composition-range", c.at(*where, "value"), {"value": value, "good": row.good})
        good = c.model.goods.get(row.good)
        if good is not None and row.layer in good.cannot_carry and value:
            yield Problem("composition-carry", c.at(*where, "layer"), {"good": row.good, "layer": row.layer})


def composition_sums(c: Context) -> Iterator[Problem]:
    """Check that the layers of mass in a good do not add up to more than the good."""
    parts: dict[str, dict[str, tuple[int, float]]] = defaultdict(dict)
    for position, row in enumerate(c.model.composition):
        value = _as_number(row.value, row.unit)
        if row.layer in c.model.layers.mass and row.per == "fresh" and value is not None:
            parts[row.good].setdefault(row.layer, (position, value))
    for good, given in parts.items():
        total = math.fsum(value for _, value in given.values())
        all_given = len(given) == len(c.model.layers.mass)
        if total > 1 + _ROUNDING or (all_given and total < 1 - _ROUNDING):
            place = c.at("composition", max(position for position, _ in given.values()), "value")
            yield Problem("composition-total", place, {"good": good, "layers": list(given), "sum": total})


def boundary_goods(c: Context) -> Iterator[Problem]:
    """Check that what comes from outside has a composition: all layers but one of mass, which is the rest."""
    if {"composition", "goods"} & set(c.failed):
        return
    given: dict[str, set[str]] = defaultdict(set)
    for row in c.model.composition:
        given[row.good].add(row.layer)
    mass, reported = c.model.layers.mass, set()
    for name, way in c.routes.items():
        flow = c.model.flows[name]
        whole = kind_of(flow) == "fills" or set(flow.amount or ()) == {"other"}
        if not crosses_in(way) or not whole or len(c.model.layers.names) == 1:
            continue
        basis = _basis(c, flow, way.target.process)
        for good in dict.fromkeys(good_of(c.model, way, element) for element in flow_elements(c.model, way)):
            missing = [layer for layer in mass if layer not in given[good]]
            missing = missing if len(missing) > 1 else []
            others = (*c.model.layers.contained, *c.model.layers.elements)
            barred = c.model.goods[good].cannot_carry
            missing += [n for n in others if n not in given[good] and n not in barred and n != basis]
            if missing and good not in reported:
                reported.add(good)
                parameters = {"good": good, "flow": name, "missing": missing}
                yield Problem("boundary-composition", c.at("flows", name, "good"), parameters)


def _basis(c: Context, flow: Flow, process: str) -> str:
    """Return the basis of what a flow brings in; one that fills a demand has the basis of the demand."""
    stated = c.model.processes.get(process)
    return stated.demand.basis if flow.fills and stated and stated.demand else flow.basis


def seasons(c: Context) -> Iterator[Problem]:
    """Check that a profile gives each month once, and not all of them as zero."""
    months: dict[str, dict[int, int]] = defaultdict(dict)
    weights: dict[str, float] = defaultdict(float)
    for position, row in enumerate(c.model.seasons):
        if row.month in months[row.profile]:
            parameters = {"profile": row.profile, "month": row.month}
            yield Problem("season-twice", c.at("seasons", position, "month"), parameters)
        months[row.profile][row.month] = position
        weights[row.profile] += row.value
    for profile, found in months.items():
        missing = [month for month in range(1, 13) if month not in found]
        place = c.at("seasons", next(iter(found.values())), "profile")
        if missing and "seasons" not in c.failed:
            yield Problem("season-months", place, {"profile": profile, "missing": missing})
        elif weights[profile] == 0:
            yield Problem("season-zero", place, {"profile": profile})


def history(c: Context) -> Iterator[Problem]:
    """Check that past deposits belong to a stock, an element of it, a layer and a year before the first period."""
    seen: dict[tuple[object, ...], int] = {}
    for position, row in enumerate(c.model.history):
        where = ("history", position)
        process = c.model.processes.get(row.process)
        stocks = [name for name, p in c.model.processes.items() if p.stock is not None]
        if process is None or process.stock is None:
            yield unknown("history-process", c.at(*where, "process"), row.process, stocks)
            continue
        if set(row.index) != set(process.over):
            own = {"process": row.process, "over": list(process.over) or ["–"]}
            yield Problem("history-index", c.at(*where, "process"), own)
        for dimension, item in row.index.items():
            known = [i.id for i in c.model.items(dimension)] if dimension in c.dimensions else [item]
            if item not in known:
                place = c.at(*where, "index", dimension)
                yield unknown("item-unknown", place, item, known, dimension=dimension)
        if row.layer not in c.model.layers.names:
            yield unknown("layer-unknown", c.at(*where, "layer"), row.layer, c.model.layers.names)
        if row.year >= c.model.periods.first:
            given = {"year": row.year, "first": c.model.periods.first}
            yield Problem("history-year", c.at(*where, "year"), given)
        left = process.stock.history_states == "left"
        yield from _history_unit(c, row.unit, where, ("t",) if left else ("t/year", "t/day"))
        first = seen.setdefault((row.process, *sorted(row.index.items()), row.year, row.layer), position)
        if first != position:
            twice = {"parameter": row.process, "line": c.at("history", first).line}
            yield Problem("row-duplicate", c.at(*where), twice)


def _history_unit(c: Context, unit: str, where: tuple[str, int], expected: tuple[str, ...]) -> Iterator[Problem]:
    place = c.at(*where, "unit")
    try:
        found = units.parse(unit, place)
    except UnitError as error:
        yield from error.problems
        return
    if found.canonical not in expected:
        parameters = {"product": "value", "found": found.canonical, "expected": list(expected)}
        yield Problem("product-dimension", place, parameters)


def targets(c: Context) -> Iterator[Problem]:
    """Check that targets have distinct ids, a number where they are judged, units and places that exist."""
    ids: list[str] = []
    for position, target in enumerate(c.model.targets):
        where = ("targets", position)
        if target.id in ids:
            yield Problem("target-twice", c.at(*where, "id"), {"id": target.id})
        ids.append(target.id)
        if target.sense in _JUDGED and target.value is None:
            yield Problem("target-value", c.at(*where, "sense"), {"id": target.id, "sense": target.sense})
        if target.tolerance < 0:
            yield Problem("target-tolerance", c.at(*where, "tolerance"), {"value": target.tolerance})
        for dimension, item in target.where.items():
            place = c.at(*where, "where", dimension)
            if dimension not in c.model.dimensions:
                yield unknown("dimension-unknown", place, dimension, c.model.dimensions)
            elif dimension in c.dimensions and item not in [i.id for i in c.model.items(dimension)]:
                known = [i.id for i in c.model.items(dimension)]
                yield unknown("item-unknown", place, item, known, dimension=dimension)


def _as_number(value: float, unit: str) -> float | None:
    try:
        found = units.parse(unit)
    except UnitError:
        return 0.0  # reported with its place
    return value * found.factor if found.dimension == units.DIMENSIONLESS else None


RULES = (composition, composition_sums, boundary_goods, seasons, history, targets)
