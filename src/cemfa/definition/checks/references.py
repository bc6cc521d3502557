"""Rules on names: everything that is named must exist; finds the flows that the other rules can look at."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from cemfa.definition.checks.context import At, Context, rows_by_parameter
from cemfa.definition.expansion import OUTSIDE, Endpoint, Route, default_over, parse_endpoint, route
from cemfa.definition.schema import RESERVED_INDICES, Flow, FlowGood, FlowSeason, Model
from cemfa.definition.source import nearest
from cemfa.errors import Place, Problem

RESERVED_NAMES = (*RESERVED_INDICES, "parameter", "year", "value", "unit", "basis", "source", "process", "group")
_RESERVED_LAYERS = ("fresh", "other")


def examine(model: Model, at: At, failed: Collection[str]) -> tuple[Context, list[Problem]]:
    """Return what the other rules read, and the problems of names."""
    problems = [*periods(model, at), *layers(model, at), *dimensions(model, at)]
    known = [d for d in model.dimensions if _has_items(model, d) and _distinct([i.id for i in model.items(d)])]
    problems += [*processes(model, at), *goods(model, at)]
    routes = {}
    ends_known = True
    for name, flow in model.flows.items():
        found = [p for p in flow_references(model, name, flow, at) if not _unreadable(p, failed)]
        ends_known &= not any(p.code in ("process-unknown", "end-form") for p in found)
        problems += found
        if not found and _expandable(model, way := route(model, name), known):
            routes[name] = way
    complete = "flows" not in failed
    return Context(model, at, failed, known, routes, ends_known, complete, rows_by_parameter(model)), problems


def _expandable(model: Model, way: Route, known: Collection[str]) -> bool:
    """Tell whether the dimensions of a flow and of its ends have items."""
    ends = [model.processes.get(end.process) for end in (way.source, way.target)]
    over = [*way.over, *(dimension for process in ends if process for dimension in process.over)]
    lists = [way.over, *(process.over for process in ends if process)]
    return all(dimension in known for dimension in over) and all(_distinct(names) for names in lists)


def _distinct(names: Sequence[str]) -> bool:
    return len(set(names)) == len(names)


def _unreadable(problem: Problem, failed: Collection[str]) -> bool:
    """Tell whether a good seems not to exist only because its table could not be read whole."""
    return problem.code == "good-unknown" and "goods" in failed


def unknown(code: str, place: Place, name: str, known: Iterable[str], **parameters: object) -> Problem:
    """Return a problem about a name that does not exist, with the names that may have been meant."""
    return Problem(code, place, {"name": name, "known": nearest(name, known), **parameters})


def periods(model: Model, at: At) -> Iterator[Problem]:
    """Check that years run forwards and hold the base year."""
    first, last = model.periods.first, model.periods.last
    if first > last:
        yield Problem("periods-order", at("periods"), {"first": first, "last": last})
    elif model.base_year is not None and not first <= model.base_year <= last:
        parameters = {"year": model.base_year, "first": first, "last": last}
        yield Problem("base-year", at("base_year"), parameters)


def layers(model: Model, at: At) -> Iterator[Problem]:
    """Check that layers have distinct names, and a contained one lies in a layer of mass."""
    names = model.layers.names
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield Problem("layer-duplicate", at("layers"), {"name": name})
    for name in sorted(set(names) & set(_RESERVED_LAYERS)):
        yield Problem("name-reserved", at("layers"), {"name": name})
    for name, container in model.layers.contained.items():
        if container not in model.layers.mass:
            place = at("layers", "contained", name)
            yield unknown("layer-container", place, container, model.layers.mass, layer=name)


def dimensions(model: Model, at: At) -> Iterator[Problem]:
    """Check that dimensions have distinct items, or stand for another dimension that has."""
    for name, dimension in model.dimensions.items():
        place = at("dimensions", name)
        if name in RESERVED_NAMES:
            yield Problem("name-reserved", at("dimensions", name, key=True), {"name": name})
        if dimension.alias is None:
            ids = [item.id for item in dimension.items]
            if not ids:
                yield Problem("dimension-empty", place, {"name": name})
            for position, item in enumerate(ids):
                if item in ids[:position]:
                    where = at("dimensions", name, "items", position)
                    yield Problem("item-duplicate", where, {"name": item, "dimension": name})
        elif dimension.items:
            yield Problem("dimension-alias-items", place, {"name": name, "alias": dimension.alias})
        else:
            target = model.dimensions.get(dimension.alias)
            plain = [n for n, d in model.dimensions.items() if d.alias is None]
            if target is None or target.alias is not None:
                yield unknown("dimension-alias", at("dimensions", name, "alias"), dimension.alias, plain)


def processes(model: Model, at: At) -> Iterator[Problem]:
    """Check that processes and what hangs on them name dimensions, layers and flows that exist."""
    for name, process in model.processes.items():
        where = ("processes", name)
        if name == OUTSIDE:
            yield Problem("name-reserved", at(*where, key=True), {"name": name})
        yield from _dimension_list(model, process.over, at, (*where, "over"))
        if process.capacity is not None:
            own = process.over
            for position, dimension in enumerate(process.capacity.over or ()):
                if dimension not in own:
                    place = at(*where, "capacity", "over", position)
                    yield unknown("capacity-over", place, dimension, own, process=name)
            for position, flow in enumerate(process.capacity.priority):
                if flow not in model.flows:
                    yield unknown("flow-unknown", at(*where, "capacity", "priority", position), flow, model.flows)
            yield from _basis(model, process.capacity.basis, at(*where, "capacity", "basis"))
        yield from _site(model, process.site, at, where)
        if process.demand is not None:
            yield from _basis(model, process.demand.basis, at(*where, "demand", "basis"))
        if process.stock is not None:
            if process.stock.layer is not None:
                yield from _layer(model, process.stock.layer, at(*where, "stock", "layer"))
            if process.stock.content is not None:
                yield from _basis(model, process.stock.basis, at(*where, "stock", "basis"))


def _site(model: Model, site: Mapping[str, str], at: At, where: tuple[str, ...]) -> Iterator[Problem]:
    for dimension, item in site.items():
        if dimension not in model.dimensions:
            yield unknown("dimension-unknown", at(*where, "site", dimension, key=True), dimension, model.dimensions)
        elif _has_items(model, dimension) and item not in (items := [i.id for i in model.items(dimension)]):
            yield unknown("item-unknown", at(*where, "site", dimension), item, items, dimension=dimension)


def goods(model: Model, at: At) -> Iterator[Problem]:
    """Check that goods name layers that exist and colours that can be drawn."""
    for key, good in model.goods.items():
        for layer in good.cannot_carry:
            yield from _layer(model, layer, at("goods", key, "cannot_carry"))
        if good.colour is not None and not re.fullmatch("#[0-9a-fA-F]{6}", good.colour):
            yield Problem("colour-form", at("goods", key, "colour"), {"value": good.colour})


def flow_references(model: Model, name: str, flow: Flow, at: At) -> Iterator[Problem]:
    """Check that a flow's ends, dimensions, items, good and layers exist and fit together."""
    where = ("flows", name)
    ends = {"from": parse_endpoint(flow.source), "to": parse_endpoint(flow.target)}
    for key, end in ends.items():
        if end is None:
            text = flow.source if key == "from" else flow.target
            yield Problem("end-form", at(*where, key), {"text": text[:60]})
        elif end.process != OUTSIDE and end.process not in model.processes:
            known = [*model.processes, OUTSIDE]
            yield unknown("process-unknown", at(*where, key), end.process, known)
    yield from _dimension_list(model, flow.over or (), at, (*where, "over"))
    source, target = ends["from"], ends["to"]
    if source is None or target is None:
        return
    if source.process == target.process == OUTSIDE:
        yield Problem("flow-outside-both", at(*where, "from"), {"flow": name})
    over = default_over(model, flow, source, target)
    for key, end in (("from", source), ("to", target)):
        yield from _settings(model, end, over, flow, at(*where, key))
    yield from _only(model, flow, over, at, where)
    held = model.processes.get((target if source.process == OUTSIDE else source).process)
    known_dimensions = (*over, *(held.over if held else ()))
    yield from _good(model, flow, known_dimensions, at, where)
    if isinstance(flow.season, FlowSeason) and flow.season.by not in known_dimensions:
        yield unknown("season-dimension", at(*where, "season", "by"), flow.season.by, known_dimensions)
    imported = flow.ratio is not None and source.process == OUTSIDE
    if flow.basis != "fresh" or imported or "other" in (flow.amount or ()):
        yield from _basis(model, flow.basis, at(*where, "basis"))
    for key, mapping in (("amount", flow.amount), ("share", flow.share)):
        for layer in mapping or ():
            if layer != "other":
                yield from _layer(model, layer, at(*where, key, layer, key=True))
    for position, other in enumerate(flow.otherwise):
        if other not in model.flows:
            yield unknown("flow-unknown", at(*where, "otherwise", position), other, model.flows)
    if flow.ratio is not None and flow.ratio.of not in model.flows:
        yield unknown("flow-unknown", at(*where, "ratio", "of"), flow.ratio.of, model.flows)


def _settings(model: Model, end: Endpoint, over: Collection[str], flow: Flow, place: Place) -> Iterator[Problem]:
    """Every dimension of the process is set to an item or to a dimension of the flow."""
    process = model.processes.get(end.process)
    if process is None:
        if end.process == OUTSIDE and end.settings:
            yield Problem("end-form", place, {"text": f"{OUTSIDE}(…)"})
        return
    for dimension in end.settings:
        if dimension not in process.over:
            yield unknown("end-dimension", place, dimension, process.over, process=end.process)
    for dimension in process.over:
        if not _has_items(model, dimension):
            continue  # reported where the dimension stands
        setting = end.settings.get(dimension, dimension)
        items = [item.id for item in model.items(dimension)]
        stands_for = setting in over and _has_items(model, setting)
        parameters = {"process": end.process, "dimension": dimension, "setting": setting}
        if setting in items and stands_for:
            yield Problem("end-ambiguous", place, parameters)
        elif stands_for:
            own = {item.id for item in model.items(setting)}
            used = own & set(flow.only.get(setting, own))
            missing = used - set(items)
            if missing:
                yield Problem("end-mismatch", place, {**parameters, "items": sorted(missing)[:5]})
        elif setting == dimension and dimension not in end.settings and setting not in items:
            yield Problem("end-open", place, {**parameters, "over": list(over) or ["–"]})
        elif setting not in items:
            yield unknown("end-item", place, setting, [*items, *over], **parameters)


def _only(model: Model, flow: Flow, over: Collection[str], at: At, where: tuple[str, ...]) -> Iterator[Problem]:
    for dimension, chosen in flow.only.items():
        if dimension not in over:
            yield unknown("only-dimension", at(*where, "only", dimension, key=True), dimension, over)
        elif _has_items(model, dimension):
            items = [item.id for item in model.items(dimension)]
            for position, item in enumerate(chosen):
                if item not in items:
                    place = at(*where, "only", dimension, position)
                    yield unknown("item-unknown", place, item, items, dimension=dimension)


def _good(model: Model, flow: Flow, over: Collection[str], at: At, where: tuple[str, ...]) -> Iterator[Problem]:
    if not isinstance(flow.good, FlowGood):
        if flow.good not in model.goods:
            yield unknown("good-unknown", at(*where, "good"), flow.good, model.goods)
        return
    by, place = flow.good.by, at(*where, "good", "by")
    if by not in over:
        yield unknown("good-dimension", place, by, over)
    elif _has_items(model, by):
        for item in model.items(by):
            if item.id not in model.goods and item.id in flow.only.get(by, (item.id,)):
                yield unknown("good-unknown", place, item.id, model.goods)


def _dimension_list(model: Model, over: tuple[str, ...], at: At, where: tuple[str, ...]) -> Iterator[Problem]:
    for position, dimension in enumerate(over):
        if dimension not in model.dimensions:
            yield unknown("dimension-unknown", at(*where, position), dimension, model.dimensions)
        elif dimension in over[:position]:
            yield Problem("dimension-twice", at(*where, position), {"name": dimension})


def _layer(model: Model, layer: str, place: Place) -> Iterator[Problem]:
    if layer not in model.layers.names:
        yield unknown("layer-unknown", place, layer, model.layers.names)


def _basis(model: Model, basis: str, place: Place) -> Iterator[Problem]:
    if basis == "fresh":
        if not model.layers.mass:
            yield Problem("basis-fresh", place, {"layers": list(model.layers.names)})
    elif basis not in model.layers.names:
        yield unknown("layer-unknown", place, basis, ["fresh", *model.layers.names])


def _has_items(model: Model, dimension: str) -> bool:
    found = model.dimensions.get(dimension)
    if found is not None and found.alias is not None:
        found = model.dimensions.get(found.alias)
        if found is not None and found.alias is not None:
            return False
    return found is not None and bool(found.items)
