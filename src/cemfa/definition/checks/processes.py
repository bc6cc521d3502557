"""Rules on processes: connected, with an outlet in every layer; capacities, stocks and stores that make sense."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from cemfa.definition.checks.context import Context, kind_of
from cemfa.definition.checks.flows import stated_share
from cemfa.definition.checks.lifetimes import lifetime, without_lifetime
from cemfa.definition.checks.references import unknown
from cemfa.definition.expansion import OUTSIDE, element_id, end_element, flow_elements, good_of
from cemfa.definition.schema import Flow, Good, Process
from cemfa.errors import Place, Problem

_Element = tuple[str, ...]


def connected(c: Context) -> Iterator[Problem]:
    """Check that every process has inflows, and outflows unless it is final."""
    if not (c.ends_known and c.complete):
        return  # a misspelt end would make its process look lonely
    for name, process in c.model.processes.items():
        if not c.whole(name):
            continue
        enters, leaves = bool(c.entering(name)), bool(c.leaving(name))
        keeps = process.sink or process.stock is not None
        place = c.at("processes", name, key=True)
        if not enters and not leaves:
            yield Problem("orphan-process", place, {"process": name})
        elif not enters:
            yield Problem("process-no-inflow", place, {"process": name})
        elif not leaves and not keeps:
            yield Problem("process-no-outflow", place, {"process": name})


def sinks(c: Context) -> Iterator[Problem]:
    """Check that a final process keeps what enters: no outflow, no stock, no capacity on what leaves."""
    for name, process in c.model.processes.items():
        if process.sink and process.stock is not None:
            yield Problem("sink-stock", c.at("processes", name, "stock", key=True), {"process": name})
        for flow, _, _ in c.leaving(name) if process.sink else ():
            yield Problem("sink-outflow", c.at("flows", flow, "from"), {"process": name})


def outlets(c: Context) -> Iterator[Problem]:
    """Check that from every element of a process that a layer enters it can reach the outside, a sink or a stock."""
    if not c.complete or len(c.routes) < len(c.model.flows):
        return  # an outlet may be among the flows that could not be read
    reported: set[tuple[str, ...]] = set()
    for layer in c.model.layers.names:
        closed = _closed(c, layer)
        names = tuple(sorted({element[0] for element in closed}))
        if names and names not in reported:
            reported.add(names)
            example = min(closed)
            parameters = {"processes": list(names), "layer": layer, "example": element_id(example[0], example[1:])}
            yield Problem("loop-without-outlet", c.at("processes", names[0], key=True), parameters)


def _closed(c: Context, layer: str) -> set[_Element]:
    """Return the elements that take in a layer which never gets out."""
    into: dict[_Element, set[_Element]] = defaultdict(set)
    leaving: set[_Element] = set()
    for way in c.routes.values():
        flow = c.model.flows[way.name]
        if not _carries(flow, layer):
            continue
        for element in flow_elements(c.model, way):
            source = (way.source.process, *end_element(c.model, way.source, element).values())
            target = (way.target.process, *end_element(c.model, way.target, element).values())
            into[target].add(source)
            leaving.add(source)
    kept = {OUTSIDE, *(n for n, p in c.model.processes.items() if p.sink or p.stock is not None)}
    kept |= {n for n in c.model.processes if not c.leaving(n)}  # reported as such
    out = {element for element in leaving | set(into) if element[0] in kept}
    fringe = list(out)
    while fringe:
        for source in into.get(fringe.pop(), ()):
            if source not in out:
                out.add(source)
                fringe.append(source)
    return set(into) - out


def _carries(flow: Flow, layer: str) -> bool:
    if flow.share is not None:
        stated = stated_share(flow, layer)
        return not (isinstance(stated, tuple) and 0 in stated)
    return flow.amount is None or layer in flow.amount or "other" in flow.amount


def capacities(c: Context) -> Iterator[Problem]:
    """Check that what a full plant refuses has somewhere to go; priorities are inflows of the plant."""
    for name, process in c.model.processes.items():
        if process.capacity is None:
            continue
        inflows = {n: flow for n, _, flow in c.entering(name)}
        yields = [n for n, flow in inflows.items() if flow.otherwise or flow.refused]
        if inflows and not yields and c.whole(name):
            place = c.at("processes", name, "capacity")
            yield Problem("capacity-otherwise", place, {"process": name, "flows": list(inflows)})
        for position, flow_name in enumerate(process.capacity.priority):
            if flow_name in c.routes and flow_name not in inflows:
                place = c.at("processes", name, "capacity", "priority", position)
                yield unknown("priority-inflow", place, flow_name, inflows, process=name)


def otherwise_lists(c: Context) -> Iterator[Problem]:
    """Check that refused mass moves to flows out of the same process, the last of which always accepts."""
    for name, way in c.routes.items():
        flow = c.model.flows[name]
        if not flow.otherwise:
            continue
        where = ("flows", name, "otherwise")
        if flow.refused:
            yield Problem("otherwise-refused", c.at(*where, key=True), {"flow": name})
        siblings = {n: r for n, r, _ in c.leaving(way.source.process) if n != name}
        for position, other in enumerate(flow.otherwise):
            place = c.at(*where, position)
            if other in c.routes and other not in siblings:
                yield unknown("otherwise-process", place, other, siblings, process=way.source.process)
            elif other in siblings:
                passing = flow.order == "distance" and other != flow.otherwise[-1]
                yield from _one_alternative(c, name, other, place, may_lack=passing)
        last = siblings.get(flow.otherwise[-1])
        end = c.model.processes.get(last.target.process) if last is not None else None
        if last is not None and end is not None and end.capacity is not None:
            parameters = {"last": last.name, "process": last.target.process}
            yield Problem("otherwise-open-end", c.at(*where, len(flow.otherwise) - 1), parameters)


def _one_alternative(c: Context, name: str, other: str, place: Place, *, may_lack: bool) -> Iterator[Problem]:
    """Each element of a flow has exactly one element of the flow that takes what it is refused, or none."""
    first, second = c.routes[name], c.routes[other]
    shared = [d for d in first.over if d in second.over]
    candidates: dict[_Element, int] = defaultdict(int)
    for element in flow_elements(c.model, second):
        source = tuple(end_element(c.model, second.source, element).values())
        candidates[(*(element[d] for d in shared), *source)] += 1
    for element in flow_elements(c.model, first):
        source = tuple(end_element(c.model, first.source, element).values())
        count = candidates[(*(element[d] for d in shared), *source)]
        if count != 1 and not (may_lack and count == 0):
            code = "otherwise-several" if count else "otherwise-none"
            shown = element_id(name, list(element.values()))
            free = [d for d in second.over if d not in first.over]
            yield Problem(code, place, {"flow": shown, "other": other, "count": count, "dimensions": free or ["–"]})
            return


def refused_flows(c: Context) -> Iterator[Problem]:
    """Check that a flow that carries refused mass is named in an `otherwise` list."""
    named = {other for flow in c.model.flows.values() for other in flow.otherwise}
    for name, flow in c.model.flows.items():
        if kind_of(flow) == "refused" and name not in named:
            yield Problem("refused-unused", c.at("flows", name, "refused"), {"flow": name})


def stocks(c: Context) -> Iterator[Problem]:
    """Check that a decaying stock says what decays, how fast, where it goes and what was there before."""
    for name, process in c.model.processes.items():
        stock = process.stock
        if stock is None:
            continue
        where = ("processes", name, "stock")
        leaves = [n for n, _, _ in c.leaving(name)]
        if stock.lifetime is not None:
            yield from lifetime(c, name, stock)
            continue
        yield from without_lifetime(c, name, stock)
        if stock.decay == "none":
            for flow in leaves:
                yield Problem("stock-no-decay", c.at("flows", flow, "from"), {"process": name})
            continue
        missing = [key for key in ("layer", "rate", "degradable") if getattr(stock, key) is None]
        if missing:
            yield Problem("stock-incomplete", c.at(*where), {"missing": missing})
        if stock.history is None:
            yield Problem("no-history", c.at(*where), {"process": name})
        if not leaves and c.whole(name):
            yield Problem("stock-no-release", c.at(*where), {"process": name})


def stores(c: Context) -> Iterator[Problem]:
    """Check that what spoils in a store leaves the process by a flow."""
    for name, process in c.model.processes.items():
        if process.store is None:
            continue
        where = ("processes", name, "store")
        if not c.model.layers.mass:
            yield Problem("store-layers", c.at(*where, key=True), {"process": name})
        if process.capacity is None:
            yield Problem("store-capacity", c.at(*where, key=True), {"process": name})
        else:
            yield from _store_over(c, name, process)
        leaves = [n for n, _, _ in c.leaving(name)]
        spoils = process.store.spoilage is not None
        if not spoils and process.store.spoiled_to is not None:
            spoils = any(good.storage_life is not None for good in _goods_entering(c, name))
        if spoils != (process.store.spoiled_to is not None):
            yield Problem("store-incomplete", c.at(*where), {"process": name})
        elif process.store.spoiled_to is not None and process.store.spoiled_to not in leaves and c.whole(name):
            place = c.at(*where, "spoiled_to")
            yield unknown("store-flow", place, process.store.spoiled_to, leaves, process=name)
        elif process.store.spoiled_to is not None and process.store.spoiled_to in c.routes:
            end = c.routes[process.store.spoiled_to].target.process
            if end in c.model.processes and c.model.processes[end].capacity is not None:
                yield Problem("store-spoils-into", c.at(*where, "spoiled_to"), {"process": name, "end": end})


def _goods_entering(c: Context, process: str) -> Iterator[Good]:
    for _, way, _ in c.entering(process):
        names = {good_of(c.model, way, element) for element in flow_elements(c.model, way)}
        yield from (c.model.goods[name] for name in sorted(names) if name in c.model.goods)


def _store_over(c: Context, name: str, process: Process) -> Iterator[Problem]:
    """Check that a limit is shared by the copies that share a capacity, or by none; batches are always shared."""
    store, capacity = process.store, process.capacity
    if store is None or capacity is None:
        return
    shared = process.over if capacity.over is None else capacity.over
    allowed = (shared,) if store.batches is not None else (process.over, shared)
    if set(process.over if store.over is None else store.over) not in [set(dimensions) for dimensions in allowed]:
        known = [", ".join(dimensions) or "[]" for dimensions in dict.fromkeys(allowed)]
        yield Problem("store-over", c.at("processes", name, "store"), {"process": name, "known": known})


def recipes(c: Context) -> Iterator[Problem]:
    """Check that a recipe limits a plant, reads layers of the model, can be met, and can turn everything away."""
    for name, process in c.model.processes.items():
        recipe, place = process.recipe, c.at("processes", name, "recipe", key=True)
        if recipe is None:
            continue
        if process.capacity is None:
            yield Problem("recipe-capacity", place, {"process": name})
        if recipe.carbon_to_nitrogen is None and recipe.dry_matter is None:
            yield Problem("recipe-empty", place, {"process": name})
        wanted = (["carbon", "nitrogen"] if recipe.carbon_to_nitrogen else []) + ["dry_matter"] * bool(
            recipe.dry_matter
        )
        if missing := [layer for layer in wanted if layer not in c.model.layers.names]:
            yield Problem("recipe-layers", place, {"process": name, "layers": missing})
        stuck = [n for n, _, flow in c.entering(name) if not flow.otherwise and not flow.refused]
        if stuck and process.capacity is not None:
            yield Problem("recipe-stuck", place, {"process": name, "flows": stuck})
        low, high = recipe.carbon_to_nitrogen or ("", "")
        found = {tuple(sorted(row.index.items())): row.value for _, row in c.rows.get(low, ())}
        for _, row in c.rows.get(high, ()):
            least = found.get(tuple(sorted(row.index.items())))
            if least is not None and least >= row.value:
                yield Problem("recipe-window", place, {"process": name, "low": least, "high": row.value})
                break


def outages(c: Context) -> Iterator[Problem]:
    """Check that only what has a capacity can break down, and that what it cannot take in then has a way."""
    for name, process in c.model.processes.items():
        place = c.at("processes", name, "outage", key=True)
        if process.outage is None:
            continue
        stuck = [n for n, _, flow in c.entering(name) if not flow.otherwise and not flow.refused]
        if process.capacity is None:
            yield Problem("outage-capacity", place, {"process": name})
        elif stuck and process.store is None and any(flow.otherwise for _, _, flow in c.entering(name)):
            yield Problem("outage-stuck", place, {"process": name, "flows": stuck}, "warning")


def technologies(c: Context) -> Iterator[Problem]:
    """Check that a technology has rows in `technologies.csv`."""
    known = sorted({row.index["technology"] for row in c.model.parameters if "technology" in row.index})
    for name, process in c.model.processes.items():
        technology = process.technology
        if technology is not None and technology not in known and "technologies" not in c.failed:
            yield unknown("technology-unknown", c.at("processes", name, "technology"), technology, known)


RULES = (
    connected,
    sinks,
    outlets,
    capacities,
    otherwise_lists,
    refused_flows,
    stocks,
    stores,
    recipes,
    outages,
    technologies,
)
