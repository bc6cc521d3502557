"""Which flows must be decided daily, in which order, and what the rest of the network makes of the decisions.

Between the compiled system and the clock. Shares are constant within a year, so everything that meets no limit
is a multiple of its annual flow, day by day: those flows are not simulated at all. What must be decided are the
*watched* flows: flows into a gate (a limited capacity, a store, a process that an event can close). They are cut
out of the pattern, with the flows into stores; what was let in is put back as an input behind the gate. The cut
network is linear, so a watched flow is exactly

    e(day) = Σ profiles e0 · weight(day) + Σ targets response · injected(day)      in every layer,

with e0 the annual flow of the cut network for one profile alone and the response to one tonne at a target. The
second sum exists only where a gate lies downstream of another one (rejects of a limited plant on their way to a
landfill, refused matter put back into collection); such flows are *carried*. The others keep, profile by profile,
the composition in which they arise, so their realised annual mass follows from the weighted fractions let in.

Where that does not hold by itself (amounts, ratios, stated moistures or filled demands upstream of a gate: their
shares depend on the year's flows), the year is repeated with the shares found until nothing moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from cemfa import locale
from cemfa.definition.schema import Event, Process
from cemfa.errors import Place, Problem, SimulationError
from cemfa.graph import expand
from cemfa.simulation.arrivals import Arrivals, Probe, arrivals_of, probes_of
from cemfa.simulation.book import Book, Course, Stop, write_book
from cemfa.simulation.plant import Sites
from cemfa.simulation.refusals import Diverted, diverted_of
from cemfa.simulation.strands import Strands, spin
from cemfa.system.elimination import OUTSIDE, Elimination, eliminate
from cemfa.system.layout import Dispatch, System
from cemfa.system.pattern import Pattern
from cemfa.system.releasing import passing
from cemfa.system.rows import RowGroups

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Flags = NDArray[np.bool_]

SOLUTIONS: Final = 3
"""Times that a year's balance is solved behind the gates, as its limits are corrected."""
DAYS: Final = 365


@dataclass(frozen=True, eq=False)
class Places:
    """Where gates stand and who passes them.

    Parameters
    ----------
    sites : gates, groups and stores
    gate : shape (P,), gate before each process, -1 for none
    stored : process behind every store
    batches : shape (stores,), whether the process behind it works on batches
    overnight : shape (stores,), whether the process behind it works on what came in the day before
    bases, group_basis : bases of the limits, and which one each group has
    closed_by : event → gates it closes
    recipes : capacity groups that look at the mix of what they take in
    loads : event → gates whose intake makes it likelier
    flow_gate : gate in front of a flow that an event stops, by its position
    priced : events that state what a tonne costs that they turn away, in order
    """

    sites: Sites
    gate: Index
    stored: tuple[int, ...]
    batches: Flags
    overnight: Flags
    bases: Array
    group_basis: Index
    closed_by: Mapping[str, tuple[int, ...]]
    recipes: tuple[int, ...] = ()
    loads: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    flow_gate: Mapping[int, int] = field(default_factory=dict)
    priced: tuple[str, ...] = ()

    @cached_property
    def priced_gates(self) -> Mapping[int, tuple[int, ...]]:
        """Return the gates that priced events close, each with the positions of those events."""
        found: dict[int, list[int]] = {}
        for row, key in enumerate(self.priced):
            for gate in self.closed_by[key]:
                found.setdefault(gate, []).append(row)
        return {gate: tuple(rows) for gate, rows in found.items()}

    def gate_of(self, flow: int, target: int) -> int:
        """Return the gate that a flow must pass, -1 for none."""
        return self.flow_gate.get(flow, int(self.gate[target]) if target != OUTSIDE else -1)


@dataclass(frozen=True, slots=True, eq=False)
class Upstream:
    """Processes that watched flows come out of, and the pattern between them.

    Parameters
    ----------
    processes : shape (U,), their positions in the system
    flows : shape (N,), flows that leave them with a share
    elimination : pattern of those flows; what leads elsewhere leads outside
    local : position here of a process, by position in the system
    """

    processes: Index
    flows: Index
    elimination: Elimination
    local: Mapping[int, int]


@dataclass(frozen=True, eq=False)
class Network:
    """A system prepared for daily decisions; topology only.

    Parameters
    ----------
    system : the compiled system
    places : gates
    courses : watched flows in order, and where each may end
    cut : shape (F,), flows taken out of the pattern
    targets : processes whose inflow other watched flows depend on
    spoiled_to : flow that carries what spoils, per store, -1 for none
    book : order of decisions
    strands : how watched flows follow activities; None where they are followed layer by layer
    upstream : the part of the cut pattern that watched flows come out of
    behind : the whole system, cut: what it makes of the year's inputs once all is decided
    diverted : flows that carry what gates refuse
    profiles : seasons of the arisings that reach a gate
    arrivals : which of the profiles reach which watched flow
    probes : targets of injections, those that are solved for together
    volatile : whether the year must be repeated until its shares stand still
    """

    system: System
    places: Places
    courses: tuple[Course, ...]
    cut: Flags
    targets: tuple[int, ...]
    spoiled_to: tuple[int, ...]
    book: Book
    strands: Strands | None
    upstream: Upstream
    behind: Behind
    diverted: Diverted
    profiles: tuple[str, ...]
    arrivals: Arrivals
    probes: tuple[Probe, ...]
    volatile: bool


def find_places(system: System, events: Mapping[str, Event], *, limits: bool = True) -> Places:
    """Return the gates of a system: capacity groups, stores, and processes that events close.

    An event that names some copies of a shared capacity closes all of it. Without `limits` only events stand.
    """
    pattern = Pattern(system.model, expand(system.model))
    gates: list[str] = []
    group: list[int] = []
    store: list[int] = []
    gate = np.full(len(system.process_ids), -1, dtype=np.intp)
    stored: list[int] = []
    for number, found in enumerate(system.groups if limits else ()):
        members = found.members.tolist()
        has_store = system.model.processes[found.process].store is not None
        for copies in ([m] for m in members) if has_store else (members,):
            gate[copies] = len(gates)
            gates.append(system.process_ids[copies[0]] if has_store else found.name)
            group.append(number)
            store.append(len(stored) if has_store else -1)
            stored += copies if has_store else []
    wanted = [end for event in events.values() for end in _ends(event)]
    for process, element in enumerate(pattern.elements.processes):
        if gate[process] < 0 and any(_reaches(end, element.name, element.items) for end in wanted):
            gate[process] = len(gates)
            gates.append(element.id)
            group.append(-1)
            store.append(-1)

    def of(process: str | None, place: Mapping[str, str]) -> set[int]:
        elements = enumerate(pattern.elements.processes)
        return {int(gate[p]) for p, e in elements if _reaches((process, place), e.name, e.items)}

    stopping = _stopping(system, pattern, events)
    sets = list(dict.fromkeys(stopping.values()))  # flows that the same events stop share a gate
    flow_gate = {flow: len(gates) + sets.index(keys) for flow, keys in stopping.items()}
    for keys in sets:
        gates.append(system.flow_ids[next(flow for flow, own in stopping.items() if own == keys)])
        group.append(-1)
        store.append(-1)
    closed_by = {
        key: tuple(sorted(of(event.process, event.place) | {flow_gate[f] for f, own in stopping.items() if key in own}))
        for key, event in events.items()
    }  # fmt: skip
    loads = {
        key: tuple(sorted(of(event.load.process, event.load.place))) for key, event in events.items() if event.load
    }
    recipes = tuple(n for n, g in enumerate(system.groups) if limits and system.model.processes[g.process].recipe)
    bases, group_basis = _bases(system)
    groups = system.group_names if limits else ()
    shared = np.array([_shares(system.model.processes[g.process]) for g in system.groups if limits], dtype=bool)
    sites = Sites(groups, tuple(gates), np.array(group, dtype=np.intp), np.array(store, dtype=np.intp), shared)
    stores = [system.model.processes[pattern.elements.processes[p].name].store for p in stored]
    batches = np.array([store is not None and store.batches is not None for store in stores], dtype=bool)
    overnight = np.array([store is not None and store.overnight for store in stores], dtype=bool)
    priced = tuple(key for key, event in events.items() if event.refused_cost is not None and closed_by[key])
    return Places(
        sites, gate, tuple(stored), batches, overnight, bases, group_basis, closed_by, recipes, loads, flow_gate, priced
    )


def _shares(process: Process) -> bool:
    """Tell whether the copies that share a capacity share the limit of their store too."""
    store, capacity = process.store, process.capacity
    if store is None or capacity is None or capacity.over is None:
        return False
    return store.over is not None and set(store.over) == set(capacity.over)


def build_network(
    system: System, events: Mapping[str, Event], *, limits: bool = True, ordered: bool = True, layered: bool = False
) -> Network:
    """Return a system prepared for daily decisions.

    Parameters
    ----------
    system : as compiled
    events : closures of the scenario by id
    limits : False leaves capacities and stores out
    ordered, layered : False and True decide in the slow general ways that the tests compare with

    Raises
    ------
    SimulationError
        where refused mass has nowhere to go, or spoils into a limited process
    """
    places = find_places(system, events, limits=limits)
    pattern = Pattern(system.model, expand(system.model))
    paths = _paths(system, places, pattern)
    cut = np.zeros(len(system.flow_ids), dtype=bool)
    for flow, stops in paths.items():
        cut[flow] = len(stops) > 1 or places.sites.store[stops[0][1]] >= 0
    reach = _Reach(system, cut)
    entered = sorted({int(system.target[f]) for stops in paths.values() for f, g, _ in stops if _passes(places, g)})
    # what leaves a stock as an input depends on nothing that is decided in the year
    sources = {f: reach.upstream(OUTSIDE if system.given[f] else int(system.source[f])) for f in paths}
    injected = [p for p in (*entered, *places.stored) if p != OUTSIDE]
    depends = {flow: tuple(p for p in injected if p in sources[flow]) for flow in paths}
    targets = tuple(p for p in injected if any(p in found for found in depends.values()))
    number = {process: n for n, process in enumerate(targets)}
    courses = tuple(_course(system, places, flow, stops, depends[flow], number) for flow, stops in paths.items())
    upstream = set().union(*sources.values()) if sources else set()
    spoiled_to = _spoiled_to(system, places, pattern, upstream)
    volatile = _volatile(system, upstream, set(paths))
    if volatile and places.batches.any():
        working = [p for p, batch in zip(places.stored, places.batches, strict=True) if batch]
        place = Place(path=f"processes.{system.process_coords['process_name'][working[0]]}.store.batches")
        names = [system.process_ids[p] for p in working]
        raise locale.error(SimulationError, Problem("batches-volatile", place, {"processes": names}))
    profiles = _profiles(system, upstream, set(paths))

    def book(merged: bool) -> Book:
        return write_book(
            courses, places.sites, places.bases, places.group_basis, [number.get(p, -1) for p in places.stored],
            ordered=ordered, merged=merged, recipes=places.recipes,
        )  # fmt: skip

    before = _upstream(system, cut, upstream)
    arrivals = arrivals_of(system, cut, courses, profiles, reach.upstream, before.local)
    quick = book(merged=True)
    mixed_upstream = any(process in number for process in places.stored)
    strands = None if layered or mixed_upstream else spin(quick, courses, arrivals, len(profiles))
    behind = _behind(system, places, cut, courses, spoiled_to)
    return Network(
        system=system,
        places=places,
        courses=courses,
        cut=cut,
        targets=targets,
        spoiled_to=spoiled_to,
        book=quick if strands else book(merged=False),
        strands=strands,
        upstream=before,
        behind=behind,
        diverted=diverted_of(courses, behind.end_of),
        profiles=profiles,
        arrivals=arrivals,
        probes=probes_of(system, courses, targets, before.local),
        volatile=volatile,
    )


def products(network: Network) -> int:
    """Return about how many products a year of one replication takes: its balances and its days."""
    behind = network.behind.system
    return SOLUTIONS * len(behind.layers) * behind.elimination.products + DAYS * 2 * len(network.book.terminal)


def _upstream(system: System, cut: Flags, processes: set[int]) -> Upstream:
    members = sorted(processes)
    local = {process: n for n, process in enumerate(members)}
    flows = [f for f, p in enumerate(system.source.tolist()) if p in local and not system.given[f]]
    target = [OUTSIDE if cut[f] else local.get(int(system.target[f]), OUTSIDE) for f in flows]
    source = [local[int(system.source[f])] for f in flows]
    pattern = eliminate(len(members), source, target)
    return Upstream(np.array(members, dtype=np.intp), np.array(flows, dtype=np.intp), pattern, local)


@dataclass(frozen=True, slots=True, eq=False)
class Behind:
    """The system with its watched flows cut out and what was let in put back as inputs.

    Parameters
    ----------
    system : the cut system; its last flows are the inputs: carriers that enter a process, stores, what spoils
    courses : watched flows that are cut
    carriers : flows that matter which was decided on may end in
    end_of : (course, stop) of every stop of every cut course, in order: the ends
    carrier_of : carrier of every end
    entering : carriers that enter a process at once, the first of the inputs
    """

    system: System
    courses: tuple[int, ...]
    carriers: Index
    end_of: tuple[tuple[int, int], ...]
    carrier_of: tuple[int, ...]
    entering: Index

    def brought(self, ends: Array) -> Array:
        """Return what every carrier brings to its end, (carriers, L, S), of what comes to every end (ends, L, S)."""
        return RowGroups.of(self.carrier_of, len(self.carriers)).add(ends)


def _behind(
    system: System, places: Places, cut: Flags, courses: Sequence[Course], spoiled_to: Sequence[int]
) -> Behind:  # fmt: skip
    chosen = tuple(n for n, course in enumerate(courses) if cut[course.flow])
    stops = [stop for n in chosen for stop in courses[n].stops]
    carriers = sorted({stop.flow for stop in stops})
    number = {flow: n for n, flow in enumerate(carriers)}
    through = {stop.flow: _passes(places, stop.gate) and int(system.target[stop.flow]) != OUTSIDE for stop in stops}
    entering = [flow for flow in carriers if through[flow]]
    spoiling = [int(system.target[flow]) for flow in spoiled_to if flow >= 0]
    into = [*(int(system.target[flow]) for flow in entering), *places.stored, *spoiling]
    entry = {flow: len(system.flow_ids) + n for n, flow in enumerate(entering)}
    return Behind(
        _cut_system(system, cut, into, entry),
        chosen,
        np.array(carriers, dtype=np.intp),
        tuple((n, stop) for n in chosen for stop in range(len(courses[n].stops))),
        tuple(number[stop.flow] for stop in stops),
        np.array([number[flow] for flow in entering], dtype=np.intp),
    )


def _cut_system(system: System, cut: Flags, into: Sequence[int], entry: Mapping[int, int]) -> System:
    """Return the system with cut flows leading outside, more inputs, and no limits of its own."""
    extra = len(into)
    source = np.concatenate((system.source, np.full(extra, OUTSIDE))).astype(np.int32)
    target = np.concatenate((np.where(cut, OUTSIDE, system.target), into)).astype(np.int32)
    given = np.concatenate((system.given, np.ones(extra, dtype=bool)))
    first = len(system.flow_ids)

    def seen(flows: Iterable[int]) -> NDArray[np.int32]:
        """Return the flows that now stand for some flows."""
        found = [g for f in flows for g in ([f] if not cut[f] else []) + ([entry[f]] if f in entry else [])]
        return np.array(found, dtype=np.int32)

    demands = system.demands
    others = []
    for process, flows in zip(demands.process.tolist(), demands.others, strict=True):
        kept = {f for f in flows.tolist() if not cut[f]} | {first + n for n, p in enumerate(into) if p == process}
        others.append(np.array(sorted(kept), dtype=np.int32))
    nothing = np.zeros(0, dtype=np.int32)
    return replace(
        system,
        flow_ids=(*system.flow_ids, *(f"input {n}" for n in range(extra))),
        source=source,
        target=target,
        given=given,
        share=np.vstack((system.share, np.zeros((extra, len(system.layers)), dtype=np.int32))),
        season=(*system.season, *[""] * extra),
        elimination=eliminate(len(system.process_ids), np.where(given, OUTSIDE, source), target),
        groups=(),
        dispatch=Dispatch(nothing, np.zeros(1, dtype=np.int32), nothing),
        demands=replace(demands, others=tuple(others)),
        ratios_in=replace(system.ratios_in, of=tuple(seen(of.tolist()) for of in system.ratios_in.of)),
        ratios_out=replace(system.ratios_out, of=tuple(seen(of.tolist()) for of in system.ratios_out.of)),
    )


def _passes(places: Places, gate: int) -> bool:
    """Tell whether what is let in at a gate enters its process the same day (and not a store)."""
    return gate < 0 or int(places.sites.store[gate]) < 0


def _ends(event: Event) -> Iterator[tuple[str | None, Mapping[str, str]]]:
    """Yield the processes in front of which an event needs gates: to close them, or to know their load."""
    yield event.process, event.place
    if event.load is not None:
        yield event.load.process, event.load.place


def _reaches(end: tuple[str | None, Mapping[str, str]], process: str, items: Mapping[str, str]) -> bool:
    name, place = end
    return name == process and all(items.get(d, i) == i for d, i in place.items())


def _stopped(system: System, event: Event) -> list[int]:
    """Return the flows that an event stops by themselves."""
    if not event.flows:
        return []
    names, coords = system.flow_coords["flow_name"].tolist(), system.flow_coords
    here = [
        all(str(coords[d][flow]) in (item, "") for d, item in event.place.items() if d in coords)
        for flow in range(len(names))
    ]
    return [flow for flow, name in enumerate(names) if name in event.flows and here[flow]]


def _stopping(system: System, pattern: Pattern, events: Mapping[str, Event]) -> dict[int, tuple[str, ...]]:
    """Return the flows that events stop by themselves, and all events that stop them or close what they enter."""
    found = sorted({flow for event in events.values() for flow in _stopped(system, event)})
    stopping = {}
    for flow in found:
        target = int(system.target[flow])
        element = pattern.elements.processes[target] if target != OUTSIDE else None
        closing = [
            key
            for key, event in events.items()
            if flow in _stopped(system, event)
            or (element is not None and _reaches((event.process, event.place), element.name, element.items))
        ]
        stopping[flow] = tuple(closing)
    return stopping


def _bases(system: System) -> tuple[Array, Index]:
    """Return the distinct bases of all limits, fresh mass first, and the basis of every group."""
    bases = [system.mass_weight()]
    found = []
    for group in system.groups:
        known = [n for n, basis in enumerate(bases) if np.array_equal(basis, group.weight)]
        if not known:
            bases.append(group.weight)
        found.append(known[0] if known else len(bases) - 1)
    return np.array(bases), np.array(found, dtype=np.intp)


def _paths(system: System, places: Places, pattern: Pattern) -> dict[int, list[tuple[int, int, int]]]:
    """Return per watched flow where it may end: (flow, gate, rank), up to the first place without a gate.

    A flow that carries only what others were refused has no course of its own.
    """
    ranks = {
        int(flow): int(rank) + 1
        for group in system.groups
        for flow, rank in zip(group.inflows.tolist(), group.priority.tolist(), strict=True)
    }
    lists = dict(system.dispatch.lists())
    paths: dict[int, list[tuple[int, int, int]]] = {}
    problems = []
    for flow, (source, target) in enumerate(zip(system.source.tolist(), system.target.tolist(), strict=True)):
        gate = places.gate_of(flow, target)
        if gate < 0 or pattern.flow(flow).refused or (source != OUTSIDE and _same(places, source, gate)):
            continue
        then = lists.get(flow) or _alternatives(pattern, flow)
        stops = [(flow, gate, ranks.get(flow, 1) if then else 0)]
        for other in then:
            end = int(system.target[other])
            beyond = places.gate_of(other, end)
            stops.append((other, beyond, ranks.get(other, 1)))
            if beyond < 0:
                break
        if then and stops[-1][1] >= 0:
            shown = {"flow": system.flow_ids[flow], "process": system.process_ids[int(system.target[stops[-1][0]])]}
            problems.append(Problem("dispatch-no-end", pattern.flow_place(flow, "otherwise"), shown))
        paths[flow] = stops
    if problems:
        raise locale.error(SimulationError, problems)
    return paths


def _same(places: Places, source: int, gate: int) -> bool:
    """Tell whether a process lies behind a gate already, so that a flow to a copy beside it does not pass it again."""
    return int(places.gate[source]) == gate and int(places.sites.group[gate]) >= 0


def _alternatives(pattern: Pattern, flow: int) -> list[int]:
    return [f for name in pattern.otherwise(flow) for f in pattern.beside(flow, name)[:1]]


def _course(
    system: System, places: Places, flow: int, stops: Sequence[tuple[int, int, int]], depends: tuple[int, ...],
    number: Mapping[int, int],
) -> Course:  # fmt: skip
    """Return a watched flow; where it enters nothing that others depend on, or a store, its stops say so."""
    goods = system.flow_coords["good"].tolist()
    known = sorted(set(goods)) if places.recipes else []
    made = tuple(
        Stop(
            f, gate, rank, number.get(int(system.target[f]), -1) if _passes(places, gate) else -1,
            known.index(goods[flow]) if gate >= 0 and int(places.sites.group[gate]) in places.recipes else -1,
        )
        for f, gate, rank in stops
    )  # fmt: skip
    if len(stops) == 1 and _passes(places, stops[0][1]):  # stays in the pattern: nothing is injected for it
        made = (Stop(flow, stops[0][1], stops[0][2], -1),)
    return Course(flow, made, tuple(number[p] for p in depends) or None)


class _Reach:
    """Which processes reach which through flows that stay in the pattern and carry matter by themselves."""

    def __init__(self, system: System, cut: Flags) -> None:
        self._graph = nx.DiGraph()
        self._graph.add_nodes_from(range(len(system.process_ids)))
        refused = np.array([system.model.flows[name].refused for name in system.flow_coords["flow_name"].tolist()])
        inner = (system.source >= 0) & (system.target >= 0) & ~cut & ~system.given & ~refused
        self._graph.add_edges_from(zip(system.source[inner].tolist(), system.target[inner].tolist(), strict=True))
        self._known: dict[int, set[int]] = {OUTSIDE: set()}

    def upstream(self, process: int) -> set[int]:
        """Return a process and all that reach it."""
        if process not in self._known:
            self._known[process] = {process, *nx.ancestors(self._graph, process)}
        return self._known[process]


def _profiles(system: System, upstream: set[int], watched: set[int]) -> tuple[str, ...]:
    entering = [
        f for f in np.flatnonzero(system.given).tolist() if f in watched or int(system.target[f]) in upstream
    ]  # fmt: skip
    even = {""} if any(system.stocks[number].process in upstream for number in passing(system)) else set()
    return tuple(sorted({system.season[f] for f in entering} | even))


def _volatile(system: System, upstream: set[int], watched: set[int]) -> bool:
    """Tell whether a share or an input upstream of a gate, or at it, depends on the flows of the year."""
    leaving = [*system.amounts_out.flow.tolist(), *system.ratios_out.flow.tolist(), *system.moistures.flow.tolist()]
    entering = [f for f in (*system.ratios_in.flow.tolist(), *system.demands.flow.tolist()) if f >= 0]
    ends = {int(system.source[f]) for f in leaving} | {int(system.target[f]) for f in entering}
    return bool(upstream & ends) or bool(watched & {*leaving, *entering})


def _spoiled_to(system: System, places: Places, pattern: Pattern, upstream: set[int]) -> tuple[int, ...]:
    """Return the flow that carries what spoils in each store; it must not lead to another decision."""
    found, problems = [], []
    for process in places.stored:
        store = pattern.process(process).store
        named = store.spoiled_to if store else None
        flows = [f for f in pattern.leaving[process] if pattern.elements.flows[f].name == named]
        target = int(system.target[flows[0]]) if flows else OUTSIDE
        limited = target != OUTSIDE and (int(places.gate[target]) >= 0 or target in upstream)
        if named is not None and (not flows or limited):
            shown = {"process": system.process_ids[process], "flow": named}
            place = Place(path=f"processes.{pattern.elements.processes[process].name}.store")
            problems.append(Problem("spoiled-limited" if flows else "spoiled-nowhere", place, shown))
        found.append(flows[0] if flows else -1)
    if problems:
        raise locale.error(SimulationError, problems)
    return tuple(found)
