"""Model -> graph: processes and flows repeated over their dimensions, and what their connections say.

Third link of the chain: `expand` gives the elements in their fixed order, from which both the graph for people
(`build_graph`) and the arrays for numbers (`system.compile`) follow. Names only, no numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import networkx as nx
import numpy as np

from cemfa import locale
from cemfa.definition.expansion import (
    OUTSIDE,
    Endpoint,
    Route,
    default_over,
    element_id,
    elements,
    end_element,
    flow_elements,
    good_of,
    known_items,
    parse_endpoint,
)
from cemfa.definition.schema import Model, Process
from cemfa.errors import DefinitionError, Place, Problem

_SHOWN: Final = 5  # processes of a loop that its name tells


@dataclass(frozen=True, slots=True)
class ProcessElement:
    """One copy of a process: its id such as ``household[north,urban]``, its name and item per dimension."""

    id: str
    name: str
    items: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FlowElement:
    """One copy of a flow.

    Parameters
    ----------
    id, name : ``straw_fed[ba_tri]`` and ``straw_fed``
    source, target : ids of process elements, or `OUTSIDE`
    good : id of the good it carries
    items : item per dimension of the flow
    known : the same and, for other dimensions, the item of the process it leaves (or enters, from outside)
    """

    id: str
    name: str
    source: str
    target: str
    good: str
    items: Mapping[str, str]
    known: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Loop:
    """Processes that can all reach each other.

    Parameters
    ----------
    id : names of its processes and the items they share, such as ``windrow+screening[ba_tri]``
    processes : ids, in the order in which matter that enters gets to them
    flows : ids of the flows between them
    label : language → name for people
    """

    id: str
    processes: tuple[str, ...]
    flows: tuple[str, ...]
    label: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Elements:
    """All copies of processes and flows, in the order of the file, the last dimension running fastest."""

    processes: tuple[ProcessElement, ...]
    flows: tuple[FlowElement, ...]


def expand(model: Model) -> Elements:
    """Return all copies of processes and flows of a model.

    Raises
    ------
    DefinitionError
        with every endpoint that does not lead to a process.
    """
    processes: dict[str, ProcessElement] = {}
    for name, process in model.processes.items():
        for items in elements(model, process.over):
            element = ProcessElement(element_id(name, list(items.values())), name, items)
            processes[element.id] = element
    flows: list[FlowElement] = []
    problems: list[Problem] = []
    for name in model.flows:
        try:
            flows += _flow_elements(model, name, processes)
        except _Unknown as unknown:
            problems.append(Problem(unknown.code, Place(path=f"flows.{name}"), {"flow": name, **unknown.parameters}))
    if problems:
        raise locale.error(DefinitionError, problems)
    return Elements(tuple(processes.values()), tuple(flows))


def build_graph(model: Model) -> nx.MultiDiGraph:
    """Return a model as a graph whose edges are keyed by flow id.

    Parallel flows and flows from a process to itself stay apart. Nodes carry ``name``, ``label`` (language →
    text), ``sink``, ``stock``, ``loop`` (id of the loop they lie on, "" for none) and their items; edges ``name``,
    ``good`` and their items. `OUTSIDE` is a node where a flow crosses the boundary. The attribute ``loops`` of the
    graph holds the loops by id, each a `Loop` with its name.

    Raises
    ------
    DefinitionError
        as in `expand`.

    Examples
    --------
    >>> from cemfa.definition.load import read_model
    >>> graph = build_graph(read_model("first_steps"))
    >>> graph.has_edge("composting_yard[north]", "farmland", key="compost_made[north]")
    True
    """
    elements = expand(model)
    graph = nx.MultiDiGraph(model=model.id)
    for process in elements.processes:
        stated = model.processes[process.name]
        label = _label(stated, process)
        what = {"name": process.name, "sink": stated.sink, "stock": stated.stock is not None}
        graph.add_node(process.id, label=label, loop="", **what, **process.items)
    for flow in elements.flows:
        graph.add_edge(flow.source, flow.target, key=flow.id, name=flow.name, good=flow.good, **flow.items)
    graph.graph["loops"] = {loop.id: loop for loop in _named_loops(graph)}
    for loop in graph.graph["loops"].values():
        nx.set_node_attributes(graph, dict.fromkeys(loop.processes, loop.id), "loop")
    return graph


def loops(graph: nx.MultiDiGraph) -> list[tuple[str, ...]]:
    """Return the processes of every loop, those that can reach each other together, each sorted.

    Examples
    --------
    >>> loops(nx.MultiDiGraph([("outside", "a"), ("a", "b"), ("b", "a"), ("b", "outside")]))
    [('a', 'b')]
    """
    inner = graph.subgraph(node for node in graph if node != OUTSIDE)
    found = nx.strongly_connected_components(inner)
    return sorted(tuple(sorted(c)) for c in found if len(c) > 1 or any(inner.has_edge(p, p) for p in c))


def mass_round(graph: nx.MultiDiGraph, mass: Mapping[str, float]) -> list[tuple[Loop, float]]:
    """Return the loops of a graph with the mass that goes round in each, the largest first.

    Of the throughput ``x`` of a process on a loop, the part that has been there before is ``x·(1 − 1/n)``, where
    ``n`` is the mean number of visits of what enters the process: the diagonal of ``(I − Kᵀ)⁻¹`` inside the loop
    (the cycled throughflow of Finn 1976, *Journal of Theoretical Biology* 56, 363–380, equations 8 to 10). The mass
    of a loop is the largest of its processes: what the loop returns. A loop with input D that returns the share α
    carries αD/(1 − α).

    Parameters
    ----------
    graph : from `build_graph`
    mass : flow id → mass per time, of one layer or of several added up [t/year]; missing flows carry nothing

    Examples
    --------
    >>> edges = [("outside", "a", "in"), ("a", "b", "on"), ("b", "a", "back"), ("b", "outside", "out")]
    >>> graph = nx.MultiDiGraph()
    >>> for source, target, key in edges:
    ...     _ = graph.add_edge(source, target, key=key)
    >>> graph.graph["loops"] = {"a+b": Loop("a+b", ("a", "b"), ("on", "back"), {})}
    >>> [(loop.id, round(t, 9)) for loop, t in mass_round(graph, {"in": 6.0, "on": 8.0, "back": 2.0, "out": 6.0})]
    [('a+b', 2.0)]
    """
    found = [(loop, _returned(graph, loop, mass)) for loop in graph.graph["loops"].values()]
    return sorted(found, key=lambda pair: (-pair[1], pair[0].id))


def reaching(graph: nx.MultiDiGraph, process: str) -> tuple[str, ...]:
    """Return the processes from which matter can get to a process, in the model's order, without itself."""
    found = nx.ancestors(_without_return(graph), process)
    return tuple(node for node in graph if node in found and node not in (process, OUTSIDE))


def reached(graph: nx.MultiDiGraph, process: str) -> tuple[str, ...]:
    """Return the processes to which matter can get from a process, in the model's order, without itself."""
    found = nx.descendants(_without_return(graph), process)
    return tuple(node for node in graph if node in found and node not in (process, OUTSIDE))


def boundary_flows(graph: nx.MultiDiGraph) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ids of the flows that enter the system and of those that leave it, in the model's order."""
    if OUTSIDE not in graph:
        return (), ()
    entering = tuple(key for _, _, key in graph.out_edges(OUTSIDE, keys=True))
    leaving = tuple(key for _, _, key in graph.in_edges(OUTSIDE, keys=True))
    return entering, leaving


def unreachable(graph: nx.MultiDiGraph) -> tuple[str, ...]:
    """Return the processes that nothing from outside, and no stock, can ever reach, sorted."""
    starts = [node for node, stock in graph.nodes(data="stock") if node == OUTSIDE or stock]
    inner = _without_return(graph)
    found = {end for start in starts for end in (start, *nx.descendants(inner, start))}
    return tuple(sorted(node for node in graph if node not in found))


def without_outlet(graph: nx.MultiDiGraph) -> tuple[str, ...]:
    """Return the processes from which no path leads outside, to a sink or to a stock, sorted."""
    ends = {node for node, data in graph.nodes(data=True) if node == OUTSIDE or data["sink"] or data["stock"]}
    before = graph.reverse()
    safe = {node for end in ends for node in (end, *nx.descendants(before, end))}
    return tuple(sorted(node for node in graph if node not in safe))


def _without_return(graph: nx.MultiDiGraph) -> nx.MultiDiGraph:
    """Return the graph without what leaves it: matter that has gone outside does not come in again."""
    return nx.restricted_view(graph, [], list(graph.in_edges(OUTSIDE, keys=True)) if OUTSIDE in graph else [])


def _label(stated: Process, element: ProcessElement) -> dict[str, str]:
    """Return the label of a copy of a process by language: its own, and its items."""
    items = f" [{', '.join(element.items.values())}]" if element.items else ""
    return {lang: (stated.label.of(lang) if stated.label else element.name) + items for lang in locale.LANGUAGES}


def _named_loops(graph: nx.MultiDiGraph) -> Iterator[Loop]:
    seen: dict[str, int] = {}
    for members in loops(graph):
        inner = _part(graph, members)
        entered = {target for source, target in graph.in_edges(members) if source not in inner}
        start = next((p for p in graph if p in entered), members[0])
        way = list(nx.dfs_preorder_nodes(inner, start))
        names = list(dict.fromkeys(graph.nodes[p]["name"] for p in way))
        flows = tuple(key for _, _, key in inner.edges(keys=True))
        told = {lang: _way(graph, way, lang) for lang in locale.LANGUAGES}
        key = element_id("+".join(names), _common(graph, way))
        seen[key] = seen.get(key, 0) + 1
        yield Loop(key if seen[key] == 1 else f"{key}#{seen[key]}", tuple(way), flows, told)


def _part(graph: nx.MultiDiGraph, members: Sequence[str]) -> nx.MultiDiGraph:
    """Return some processes and the flows between them, in the graph's order; a subgraph view has that of a set."""
    chosen, part = set(members), nx.MultiDiGraph()
    part.add_nodes_from(p for p in graph if p in chosen)
    part.add_edges_from(edge for edge in graph.edges(keys=True) if edge[0] in chosen and edge[1] in chosen)
    return part


def _way(graph: nx.MultiDiGraph, way: Sequence[str], lang: str) -> str:
    """Return the processes of a loop in the order in which matter first gets to them, back to the first."""
    common = _common(graph, way)
    labels = [graph.nodes[p]["label"][lang] for p in way]
    shown = list(dict.fromkeys(label.partition(" [")[0] for label in labels) if common else labels)
    if len(shown) > _SHOWN:
        shown = [*shown[: _SHOWN - 1], f"… (+{len(shown) - _SHOWN + 1})"]
    return " → ".join([*shown, shown[0]]) + (f" [{', '.join(common)}]" if common else "")


def _common(graph: nx.MultiDiGraph, way: Sequence[str]) -> list[str]:
    """Return the items that all processes of a loop share, such as their district."""
    apart = {"name", "label", "sink", "stock", "loop"}
    items = [{k: v for k, v in graph.nodes[p].items() if k not in apart} for p in way]
    return [item for key, item in items[0].items() if all(other.get(key) == item for other in items)]


def _returned(graph: nx.MultiDiGraph, loop: Loop, mass: Mapping[str, float]) -> float:
    """Return the largest cycled throughflow of the processes of a loop."""
    place = {process: number for number, process in enumerate(loop.processes)}
    through = np.zeros(len(place))
    leaving = np.zeros(len(place))
    for _, target, key in graph.in_edges(loop.processes, keys=True):
        through[place[target]] += mass.get(key, 0.0)
    for source, _, key in graph.out_edges(loop.processes, keys=True):
        leaving[place[source]] += mass.get(key, 0.0)
    through = np.maximum(through, leaving)  # a stock may release more than it takes in
    shares = np.zeros((len(place), len(place)))
    for source, target, key in _part(graph, loop.processes).edges(keys=True):
        if through[place[source]] > 0.0:
            shares[place[target], place[source]] += mass.get(key, 0.0) / through[place[source]]
    visits = np.diagonal(np.linalg.inv(np.eye(len(place)) - shares))
    return float(np.max(through * (1.0 - 1.0 / visits)))


class _Unknown(Exception):  # noqa: N818  (a finding inside this module, becomes a Problem)
    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(code)
        self.code, self.parameters = code, parameters


def _flow_elements(model: Model, name: str, processes: Mapping[str, ProcessElement]) -> Iterator[FlowElement]:
    flow = model.flows[name]
    source, target = (_checked_end(model, text) for text in (flow.source, flow.target))
    way = Route(name, source, target, default_over(model, flow, source, target))
    for items in flow_elements(model, way):
        yield FlowElement(
            id=element_id(name, list(items.values())),
            name=name,
            source=_end_id(model, source, items, processes),
            target=_end_id(model, target, items, processes),
            good=good_of(model, way, items),
            items=items,
            known=known_items(model, way, items),
        )


def _checked_end(model: Model, text: str) -> Endpoint:
    """Return an end of a flow, whose process and dimensions exist."""
    end = parse_endpoint(text)
    if end is None:
        raise _Unknown("endpoint-form", endpoint=text)
    if end.process == OUTSIDE:
        return end
    if end.process not in model.processes:
        raise _Unknown("endpoint-process", endpoint=text, process=end.process)
    wrong = [d for d in end.settings if d not in model.processes[end.process].over]
    if wrong:
        raise _Unknown("endpoint-dimension", endpoint=text, process=end.process, dimension=wrong[0])
    return end


def _end_id(model: Model, end: Endpoint, items: Mapping[str, str], processes: Mapping[str, ProcessElement]) -> str:
    """Return the id of the copy of a process that an end means for one copy of the flow."""
    if end.process == OUTSIDE:
        return OUTSIDE
    chosen = end_element(model, end, items)
    left_open = [d for d in chosen if d not in end.settings and d not in items]
    if left_open:
        raise _Unknown("endpoint-dimension-open", process=end.process, dimension=left_open[0])
    found = element_id(end.process, list(chosen.values()))
    if found not in processes:
        raise _Unknown("endpoint-item", process=end.process, element=found)
    return found
