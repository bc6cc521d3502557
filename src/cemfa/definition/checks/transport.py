"""Rules on transport: distances between places that exist, known modes and vehicles, no haul without a place."""

from __future__ import annotations

from collections.abc import Iterator

from cemfa.definition.checks.context import Context
from cemfa.definition.checks.references import unknown
from cemfa.definition.distances import Distances
from cemfa.definition.expansion import Endpoint, Route, flow_elements
from cemfa.definition.schema import Transport
from cemfa.errors import Problem


def distances(c: Context) -> Iterator[Problem]:
    """Check that distances name places of one dimension, each pair once; warn where the way back is another."""
    table = Distances(c.model)
    known = [item.id for item in c.model.items(table.dimension)] if table.dimension in c.dimensions else []
    seen: dict[tuple[str, str, str], int] = {}
    for position, row in enumerate(c.model.distances):
        for column, place in (("from", row.origin), ("to", row.destination)):
            if place not in known:
                where = c.at("distances", position, column)
                yield unknown("item-unknown", where, place, known, dimension=table.dimension or "–")
        first = seen.setdefault((row.mode, row.origin, row.destination), position)
        back = seen.get((row.mode, row.destination, row.origin), position)
        shown = {"mode": row.mode, "from": row.origin, "to": row.destination}
        if first != position:
            line = c.at("distances", first).line
            yield Problem("distance-twice", c.at("distances", position), {**shown, "line": line})
        elif c.model.distances[back].km != row.km:
            parameters = {**shown, "km": row.km, "back": c.model.distances[back].km}
            yield Problem("distance-asymmetric", c.at("distances", position, "km"), parameters, "warning")


def hauls(c: Context) -> Iterator[Problem]:
    """Check that a hauled flow has a mode, a vehicle with a cost, places at both ends and a distance between them."""
    if "distances" in c.failed:
        return
    table = Distances(c.model)
    for name, way in c.routes.items():
        transport = c.model.flows[name].transport
        if transport is None:
            continue
        place = c.at("flows", name, "transport")
        if transport.mode not in table.modes:
            yield unknown("transport-mode", place, transport.mode, table.modes)
            continue
        yield from _vehicle(c, name, transport)
        nowhere = _nowhere(c, table, way)
        if nowhere:
            yield Problem("transport-place", place, {"flow": name, "process": nowhere, "dimension": table.dimension})
        else:
            yield from _missing(c, table, way, transport.mode)


def _vehicle(c: Context, name: str, transport: Transport) -> Iterator[Problem]:
    known = sorted({row.index["technology"] for _, row in c.rows.get("haul_cost", ()) if "technology" in row.index})
    if transport.key not in known and not {"parameters", "technologies"} & set(c.failed):
        yield unknown("transport-vehicle", c.at("flows", name, "transport"), transport.key, known)


def _nowhere(c: Context, table: Distances, way: Route) -> str:
    """Return the first end of a flow that has no place, "" where both have one."""
    ends: tuple[Endpoint, ...] = (way.source, way.target)
    elements = list(flow_elements(c.model, way))
    return next((end.process for end in ends if any(table.place(end, e) is None for e in elements)), "")


def _missing(c: Context, table: Distances, way: Route, mode: str) -> Iterator[Problem]:
    """Report the pairs of places without a distance, of a flow and of what it is ordered against."""
    flow, lacking = c.model.flows[way.name], {}
    others = flow.otherwise[:-1] if flow.order == "distance" else ()
    for other in (way, *(c.routes[name] for name in others if name in c.routes)):
        for element in flow_elements(c.model, way):
            start, end = table.place(way.source, element), table.place(other.target, element)
            if start and end and table.between(mode, start, end) is None:
                lacking[start, end] = f"{start} – {end}"
    if lacking:
        pairs = list(lacking.values())
        shown = [*pairs[:5], "…"] if len(pairs) > 5 else pairs
        parameters = {"flow": way.name, "mode": mode, "pairs": shown, "count": len(pairs)}
        yield Problem("distance-missing", c.at("flows", way.name, "transport"), parameters)


def orders(c: Context) -> Iterator[Problem]:
    """Check that what is ordered by distance has a list and a mode, and that every plant in the list has a place."""
    table = Distances(c.model)
    for name, way in c.routes.items():
        flow = c.model.flows[name]
        if flow.order == "as_written":
            continue
        place = c.at("flows", name, "order")
        if flow.transport is None or len(flow.otherwise) < 2:
            yield Problem("order-distance", place, {"flow": name})
            continue
        for position, other in enumerate(flow.otherwise[:-1]):
            target = c.routes[other].target if other in c.routes else None
            elements = flow_elements(c.model, way)
            if target is not None and any(table.place(target, element) is None for element in elements):
                where = c.at("flows", name, "otherwise", position)
                shown = {"flow": other, "process": target.process, "dimension": table.dimension or "–"}
                yield Problem("transport-place", where, shown)


RULES = (distances, hauls, orders)
