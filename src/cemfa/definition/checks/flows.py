"""Rules on how flows are stated: one form each, shares for every layer, remainders, ratios, goods that mix."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from cemfa.definition.checks.context import Context, crosses_in, forms_of, kind_of
from cemfa.definition.checks.references import unknown
from cemfa.definition.expansion import element_id, end_element, flow_elements, good_of
from cemfa.definition.schema import Flow, FlowSeason, Model
from cemfa.errors import Problem

_FORMS = ("amount", "share", "ratio", "fills", "refused")


def one_form(c: Context) -> Iterator[Problem]:
    """Check that a flow is stated in exactly one way."""
    for name, flow in c.model.flows.items():
        stated = forms_of(flow)
        if len(stated) != 1:
            code = "flow-forms" if stated else "flow-form-missing"
            place = c.at("flows", name, *stated[1:2], key=True)
            yield Problem(code, place, {"flow": name, "found": stated, "known": list(_FORMS)})


def form_fits_ends(c: Context) -> Iterator[Problem]:
    """Check that what comes from outside is an amount, a ratio or fills a demand; shares leave a process."""
    for name, way in c.routes.items():
        kind = kind_of(c.model.flows[name])
        from_outside = crosses_in(way)
        if from_outside and kind in ("share", "refused"):
            yield Problem("flow-from-outside", c.at("flows", name, kind, key=True), {"kind": kind})
        if kind == "fills" and not from_outside:
            yield Problem("fills-not-import", c.at("flows", name, "fills"), {"source": way.source.process})
        if c.model.flows[name].at_most and (from_outside or kind != "amount"):
            yield Problem("at-most", c.at("flows", name, "at_most", key=True), {"flow": name})


def fills_a_demand(c: Context) -> Iterator[Problem]:
    """Check that one import fills the demand of a process or holds the content of its stock, if it has one."""
    fillers: dict[tuple[str, ...], str] = {}
    for name, way in c.routes.items():
        if kind_of(c.model.flows[name]) != "fills" or not crosses_in(way):
            continue
        process = c.model.processes[way.target.process]
        wanted = c.model.flows[name].fills
        if wanted == "demand" and process.demand is None:
            yield Problem("fills-no-demand", c.at("flows", name, "fills"), {"process": way.target.process})
            continue
        if wanted == "stock" and (process.stock is None or process.stock.content is None):
            yield Problem("fills-no-content", c.at("flows", name, "fills"), {"process": way.target.process})
            continue
        for element in flow_elements(c.model, way):
            end = end_element(c.model, way.target, element)
            key = (way.target.process, *end.values())
            first = fillers.setdefault(key, name)
            if first != name or list(way.over) != [d for d in way.over if d in end or element[d] in end.values()]:
                parameters = {"process": element_id(key[0], key[1:]), "first": first}
                yield Problem("fills-twice", c.at("flows", name, "fills"), parameters)
                break


def demand_is_filled(c: Context) -> Iterator[Problem]:
    """Check that a demand that no import fills has no effect."""
    for name, process in c.model.processes.items():
        fills = any(flow.fills == "demand" for _, _, flow in c.entering(name))
        if process.demand is not None and not fills and c.whole(name):
            yield Problem("demand-unfilled", c.at("processes", name, "demand"), {"process": name}, "warning")


def every_layer_is_stated(c: Context) -> Iterator[Problem]:
    """Check that a share or amount by layer names every layer, or says what holds for the others."""
    for name, flow in c.model.flows.items():
        for key, stated in (("share", flow.share), ("amount", flow.amount)):
            if stated is None or (key == "amount" and set(stated) == {"other"}):
                continue
            if set(stated) - {"other", *c.model.layers.names}:
                continue  # a misspelt layer is reported as such
            good = c.model.goods.get(flow.good) if isinstance(flow.good, str) else None
            barred = good.cannot_carry if good is not None else ()
            missing = [layer for layer in c.model.layers.names if layer not in (*stated, *barred)]
            if key == "amount" and "other" in stated:
                yield Problem("amount-other", c.at("flows", name, key, "other", key=True), {"flow": name})
            elif missing and "other" not in stated:
                parameters = {"key": key, "missing": missing}
                yield Problem("layer-missing", c.at("flows", name, key), parameters)


def moisture_is_known(c: Context) -> Iterator[Problem]:
    """Check that `by_moisture` stands for one layer of mass, whose part in the good is a row of the composition."""
    known = {(row.good, row.layer) for row in c.model.composition if row.per == "fresh"}
    for name, way in c.routes.items():
        flow = c.model.flows[name]
        moist = [layer for layer, stated in (flow.share or {}).items() if stated == "by_moisture"]
        for layer in moist:
            place = c.at("flows", name, "share", layer)
            if layer not in c.model.layers.mass or len(moist) > 1 or len(c.model.layers.mass) < 2:
                yield Problem("moisture-layer", place, {"layer": layer, "known": list(c.model.layers.mass)})
                continue
            goods = {good_of(c.model, way, element) for element in flow_elements(c.model, way)}
            for good in sorted(goods):
                if (good, layer) not in known and "composition" not in c.failed:
                    yield Problem("moisture-unknown", place, {"good": good, "layer": layer})


def remainders(c: Context) -> Iterator[Problem]:
    """Check that at most one flow out of a process takes what is left of a layer, and it is not divided further."""
    for process in c.model.processes:
        takers: dict[tuple[str, tuple[str, ...]], str] = {}
        reported: set[tuple[str, str]] = set()
        for name, way, flow in c.leaving(process):
            layers = [layer for layer in c.model.layers.names if stated_share(flow, layer) == "remainder"]
            if not layers:
                continue
            free = divided(c, way.over, c.model.processes[process].over, way.source.settings)
            if free:
                parameters = {"flow": name, "process": process, "dimensions": free}
                yield Problem("remainder-divided", c.at("flows", name, "share"), parameters)
                continue
            for element in flow_elements(c.model, way):
                key = tuple(end_element(c.model, way.source, element).values())
                for layer in layers:
                    first = takers.setdefault((layer, key), name)
                    if first != name and (first, name) not in reported:
                        reported.add((first, name))
                        parameters = {"process": element_id(process, key), "layer": layer, "first": first}
                        yield Problem("two-remainders", c.at("flows", name, "share"), parameters)


def something_takes_the_rest(c: Context) -> Iterator[Problem]:
    """Check that where only amounts and ratios leave a process, a remainder must say where the rest goes."""
    for name, process in c.model.processes.items():
        kinds = [kind_of(flow) for _, _, flow in c.leaving(name)]
        if kinds and "" not in kinds and "share" not in kinds and process.stock is None and c.whole(name):
            parameters = {"process": name, "flows": [n for n, _, _ in c.leaving(name)]}
            yield Problem("remainder-missing", c.at("processes", name, key=True), parameters)


def ratios(c: Context) -> Iterator[Problem]:
    """Check that a ratio follows another flow that touches the same process."""
    for name, way in c.routes.items():
        ratio = c.model.flows[name].ratio
        if ratio is None or ratio.of not in c.routes:
            continue
        process = (way.target if crosses_in(way) else way.source).process
        touching = [n for n, _, _ in (*c.leaving(process), *c.entering(process)) if n != name]
        if ratio.of not in touching:
            yield unknown("ratio-process", c.at("flows", name, "ratio", "of"), ratio.of, touching, process=process)
        elif c.model.flows[ratio.of].refused:
            yield Problem("ratio-refused", c.at("flows", name, "ratio", "of"), {"name": ratio.of})


def goods_that_mix(c: Context) -> Iterator[Problem]:
    """Check that a good that enters a process with others leaves it under its own name only as a product."""
    for process in c.model.processes:
        fed: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for _, way, _ in c.entering(process):
            for element in flow_elements(c.model, way):
                fed[tuple(end_element(c.model, way.target, element).values())].add(good_of(c.model, way, element))
        for name, way, _ in c.leaving(process):
            for element in flow_elements(c.model, way):
                key = tuple(end_element(c.model, way.source, element).values())
                good = good_of(c.model, way, element)
                mixes = good in fed[key] and len(fed[key]) > 1
                if mixes and good in c.model.goods and c.model.goods[good].status != "product":
                    others = sorted(fed[key] - {good})
                    parameters = {"good": good, "process": element_id(process, key), "others": others}
                    yield Problem("unmixed-good", c.at("flows", name, "good"), parameters)
                    break


def season_exists(c: Context) -> Iterator[Problem]:
    """Check that monthly profiles, of flows, of items they are taken from, of capacities, are in `seasons.csv`."""
    profiles = sorted({row.profile for row in c.model.seasons})
    for name, flow in c.model.flows.items():
        for profile in _profiles(c.model, flow) if "seasons" not in c.failed else ():
            if profile not in profiles:
                yield unknown("season-unknown", c.at("flows", name, "season"), profile, profiles)
    for name, process in c.model.processes.items():
        season = process.capacity.season if process.capacity else None
        if season is not None and season not in profiles and "seasons" not in c.failed:
            yield unknown("season-unknown", c.at("processes", name, "capacity", "season"), season, profiles)


def _profiles(model: Model, flow: Flow) -> list[str]:
    """Return the names of the monthly profiles that the copies of a flow follow."""
    if not isinstance(flow.season, FlowSeason):
        return [] if flow.season is None else [flow.season]
    items = [item.id for item in model.items(flow.season.by)] if flow.season.by in model.dimensions else []
    return [item for item in items if item in flow.only.get(flow.season.by, (item,))]


def stated_share(flow: Flow, layer: str) -> object:
    """Return what a flow states for a layer: a product, `remainder` or `by_moisture`; None without a share."""
    if flow.share is None:
        return None
    return flow.share.get(layer, flow.share.get("other"))


def divided(c: Context, over: tuple[str, ...], own: tuple[str, ...], settings: Mapping[str, str]) -> list[str]:
    """Return the dimensions of a flow that the process it leaves does not have: they divide what leaves."""
    held = {settings.get(dimension, dimension) for dimension in own}
    return [d for d in over if d not in held and len(c.model.items(d)) > 1]


RULES = (
    one_form,
    form_fits_ends,
    fills_a_demand,
    demand_is_filled,
    every_layer_is_stated,
    moisture_is_known,
    remainders,
    something_takes_the_rest,
    ratios,
    goods_that_mix,
    season_exists,
)
