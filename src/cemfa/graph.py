"""Model -> graph: processes and flows repeated over their dimensions, and what their connections say.

Third link of the chain: `expand` gives the elements in their fixed order, from which both the graph for people
(`build_graph`) and the arrays for numbers (`system.compile`) follow. Names only, no numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import networkx as nx

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
from cemfa.definition.schema import Model
from cemfa.errors import DefinitionError, Place, Problem


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

    Parallel flows and flows from a process to itself stay apart. Nodes carry ``name``, ``sink``, ``stock`` and
    their items; edges ``name``, ``good`` and their items. `OUTSIDE` is a node where a flow crosses the boundary.

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
        graph.add_node(process.id, name=process.name, sink=stated.sink, stock=stated.stock is not None, **process.items)
    for flow in elements.flows:
        graph.add_edge(flow.source, flow.target, key=flow.id, name=flow.name, good=flow.good, **flow.items)
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
    inner = graph.copy()
    inner.remove_edges_from([(p, OUTSIDE) for p in graph if graph.has_edge(p, OUTSIDE)])
    reached = {end for start in starts for end in (start, *nx.descendants(inner, start))}
    return tuple(sorted(node for node in graph if node not in reached))


def without_outlet(graph: nx.MultiDiGraph) -> tuple[str, ...]:
    """Return the processes from which no path leads outside, to a sink or to a stock, sorted."""
    ends = {node for node, data in graph.nodes(data=True) if node == OUTSIDE or data["sink"] or data["stock"]}
    before = graph.reverse()
    safe = {node for end in ends for node in (end, *nx.descendants(before, end))}
    return tuple(sorted(node for node in graph if node not in safe))


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
