"""What the short forms of a model stand for: endpoints, the dimensions of a flow, and its elements.

Between the schema and everything that needs single flows and processes: the rules of meaning, the graph and
the compilation read the same answer here. All functions expect references that the rules have found valid.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cemfa.definition.schema import Flow, Model

OUTSIDE: Final = "outside"
_ENDPOINT: Final = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(?:\(([^()]*)\))?\s*")
_SETTING: Final = re.compile(r"\s*([a-z][a-z0-9_]*)\s*=\s*([a-z0-9_]+)\s*")

Element = Mapping[str, str]
"""Item per dimension of one flow or process."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a flow: a process (or `outside`), and what its dimensions are set to.

    Attributes
    ----------
    settings : for some dimensions of the process an item, or a dimension of the flow that stands for it
    """

    process: str
    settings: Mapping[str, str] = field(default_factory=dict)


def parse_endpoint(text: str) -> Endpoint | None:
    """Return an endpoint as written, None where the form is wrong.

    >>> parse_endpoint("composting_plant(district=destination, compost_input=food)").settings
    {'district': 'destination', 'compost_input': 'food'}
    """
    match = _ENDPOINT.fullmatch(text)
    if match is None:
        return None
    settings: dict[str, str] = {}
    for part in match[2].split(",") if match[2] is not None else ():
        setting = _SETTING.fullmatch(part)
        if setting is None or setting[1] in settings:
            return None
        settings[setting[1]] = setting[2]
    return Endpoint(match[1], settings)


@dataclass(frozen=True, slots=True)
class Route:
    """A flow with its short forms written out.

    Attributes
    ----------
    name : the flow's
    source, target : its ends
    over : its dimensions, in order
    """

    name: str
    source: Endpoint
    target: Endpoint
    over: tuple[str, ...]


def route(model: Model, name: str) -> Route:
    """Return a flow with its ends parsed and its dimensions filled in.

    Without `over` these are the dimensions of the process it leaves that the endpoint does not set, or those
    of the process it enters when it comes from outside.
    """
    flow = model.flows[name]
    source, target = parse_endpoint(flow.source), parse_endpoint(flow.target)
    if source is None or target is None:
        raise ValueError(f"flow {name} has a malformed endpoint")  # a fault of the caller: rules come first
    return Route(name, source, target, default_over(model, flow, source, target))


def default_over(model: Model, flow: Flow, source: Endpoint, target: Endpoint) -> tuple[str, ...]:
    """Return the dimensions of a flow, those it states or those that follow from its ends."""
    if flow.over is not None:
        return flow.over
    end = target if source.process == OUTSIDE else source
    process = model.processes.get(end.process)
    return tuple(d for d in process.over if d not in end.settings) if process else ()


def elements(
    model: Model, over: Sequence[str], only: Mapping[str, Sequence[str]] | None = None
) -> Iterator[dict[str, str]]:
    """Yield every combination of items, in the order of the dimensions, the last changing fastest.

    Parameters
    ----------
    over : dimensions; none gives one empty element
    only : items to which some of them are restricted
    """
    axes = []
    for dimension in over:
        allowed = (only or {}).get(dimension)
        ids = [item.id for item in model.items(dimension)]
        axes.append([i for i in ids if allowed is None or i in allowed])
    for items in itertools.product(*axes):
        yield dict(zip(over, items, strict=True))


def flow_elements(model: Model, way: Route) -> Iterator[dict[str, str]]:
    """Yield the elements of a flow; those that `only` leaves out are not part of the model."""
    return elements(model, way.over, model.flows[way.name].only)


def end_element(model: Model, end: Endpoint, element: Element) -> dict[str, str]:
    """Return the item of each dimension of the process at one end of a flow's element."""
    if end.process == OUTSIDE:
        return {}
    found: dict[str, str] = {}
    for dimension in model.processes[end.process].over:
        setting = end.settings.get(dimension, dimension)
        found[dimension] = element.get(setting, setting)
    return found


def known_items(model: Model, way: Route, element: Element) -> dict[str, str]:
    """Return what is known at an element of a flow: its own items, and those of the process it leaves.

    A flow from outside knows the items of the process it enters. Parameters and goods are looked up by these.
    """
    end = way.target if way.source.process == OUTSIDE else way.source
    return {**end_element(model, end, element), **element}


def good_of(model: Model, way: Route, element: Element) -> str:
    """Return the good that an element of a flow carries."""
    good = model.flows[way.name].good
    return good if isinstance(good, str) else known_items(model, way, element)[good.by]


def good_held(model: Model, items: Mapping[str, str]) -> dict[str, str]:
    """Return `good` and the good of a process that is repeated over goods; nothing where it is over none or several.

    >>> from cemfa.definition.load import read_model
    >>> good_held(read_model("coconut_husk"), {"place": "north", "part": "coconut_husk"})
    {'good': 'coconut_husk'}
    """
    goods = [item for item in items.values() if item in model.goods]
    return {"good": goods[0]} if len(goods) == 1 else {}


def element_id(name: str, items: Sequence[str]) -> str:
    """Return the id of an element: `straw_fed[ba_tri]`, or the bare name without dimensions.

    >>> element_id("straw_fed", ["ba_tri"]), element_id("market", [])
    ('straw_fed[ba_tri]', 'market')
    """
    return f"{name}[{','.join(items)}]" if items else name
