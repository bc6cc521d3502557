"""Write down once in which order a day's decisions are taken; topology only, shared by all days and replications.

What is decided on is a *lane*: flows that meet the same gates in the same order. Gates treat all flows of a lane
alike, so a lane needs one fraction per *stop*, however many flows it holds. A stop is a place where a lane may
end: its own target first, then those of its `otherwise` list, the last of which takes everything.

Gates are ordered in *levels*, so that all that arrives at a gate is known when it decides: a gate comes after
those that pass on to it, and after those that feed the process its arrivals come out of. The copies of one
capacity are decided together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from cemfa.simulation.plant import Sites
from cemfa.simulation.recipes import Mix

Array = NDArray[np.float64]
Index = NDArray[np.intp]
FRESH = 0
"""Row of `bases` that adds up fresh mass."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A place where a flow may end.

    Parameters
    ----------
    flow : position of the flow that carries what ends there
    gate : gate it must pass, -1 where everything is let in
    rank : when it is admitted: 0 what has no other way, then `priority` in order, then the rest
    target : injection target that other decisions depend on, -1 for none (or into a store)
    good : what it carries, where the gate looks at the mix; -1 elsewhere
    """

    flow: int
    gate: int
    rank: int
    target: int
    good: int = -1


@dataclass(frozen=True, slots=True)
class Course:
    """A watched flow and where it may end.

    Parameters
    ----------
    flow : its position
    stops : in order; without a second one the flow has no other way
    carried : injection targets that it depends on; None where it comes from arisings alone
    """

    flow: int
    stops: tuple[Stop, ...]
    carried: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """Arrivals of one rank at the gates of one level.

    Parameters
    ----------
    stops : shape (n,), first one of every gate, then a second one of those that have it, …; also the rows of the
        fractions let in
    arriving : shape (n,), rows of the fractions that arrive
    gates : shape (g,), those with most stops first
    turns : how many gates have a first stop, a second one, …
    gate_of : shape (n,), position in `gates`
    mass : shape (n,), row of the lane's mass in the gate's basis
    onward, next_row : stops whose rest goes on (positions in `stops`), and the rows where it arrives
    forced : whether what arrives has no other way
    closes : whether an event can close one of the gates by the share of the day
    last : whether no later rank needs to know what is left
    """

    stops: Index
    arriving: Index
    gates: Index
    turns: tuple[int, ...]
    gate_of: Index
    mass: Index
    onward: Index
    next_row: Index
    forced: bool
    closes: bool
    last: bool


@dataclass(frozen=True, slots=True, eq=False)
class Carry:
    """How the carried lanes of a level follow from what was let in before.

    Parameters
    ----------
    lanes, rows : shape (c,), the lanes and their layered rows
    stops, layered, starts, targets : what is let in at stops, target by target
    stores, store_targets : stores whose withdrawals enter a target
    answers, answer_targets : shape (m,), pairs of the response, lane by lane, and the target of each
    answer_starts : shape (c,), first pair of each lane
    """

    lanes: Index
    rows: Index
    stops: Index
    layered: Index
    starts: Index
    targets: Index
    stores: Index
    store_targets: Index
    answers: Index
    answer_targets: Index
    answer_starts: Index


@dataclass(frozen=True, slots=True, eq=False)
class Storage:
    """The stores of a level.

    Parameters
    ----------
    stores, gates : shape (n,), group by group
    groups, starts, group_of : shape (g,), (g,), (n,): capacity groups, first store of each, position of each store's
    basis : shape (n,), basis of the group's capacity
    shared : shape (n,), whether it shares its limit with the others of its group
    stops, layered, arriving, first : what arrives, store by store: stops, layered rows, rows of arrivals, first of
        each store
    store_of : shape (stops,), position in `stores`
    """

    stores: Index
    gates: Index
    groups: Index
    starts: Index
    group_of: Index
    basis: Index
    shared: NDArray[np.bool_]
    stops: Index
    layered: Index
    arriving: Index
    first: Index
    store_of: Index


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """What is decided together: carried lanes are worked out, mixes made, stores make room, gates let in by rank."""

    carry: Carry | None
    storage: Storage | None
    rounds: tuple[Round, ...]
    mixes: tuple[Mix, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """The order of a day's decisions.

    Parameters
    ----------
    bases : shape (B, L), weight of every layer in a basis; row `FRESH` is fresh mass
    lane_of : shape (courses,), lane of every course
    lane_stops : stops of every lane, in order
    terminal : shape (stops,), whether everything is let in
    layered_row : shape (lanes,), row among those followed in layers, -1 for none
    carried : shape (lanes,), whether the lane is worked out daily
    levels : in order
    circular : whether gates pass on to each other in a circle
    """

    bases: Array
    lane_of: Index
    lane_stops: tuple[tuple[int, ...], ...]
    terminal: NDArray[np.bool_]
    layered_row: Index
    carried: NDArray[np.bool_]
    levels: tuple[Level, ...]
    circular: bool

    @property
    def lanes(self) -> int:
        """Return the number of lanes."""
        return len(self.lane_stops)

    @property
    def layered(self) -> int:
        """Return how many lanes are followed in layers."""
        return int(self.layered_row.max(initial=-1)) + 1


def write_book(
    courses: Sequence[Course], sites: Sites, bases: Array, group_basis: Index, store_targets: Sequence[int],
    *, ordered: bool = True, merged: bool = False, recipes: Sequence[int] = (),
) -> Book:  # fmt: skip
    """Return the order of decisions for watched flows.

    What comes from arisings alone and enters the same processes is joined into lanes; carried flows have one each.

    Parameters
    ----------
    courses : the watched flows
    sites : gates, groups and stores
    bases : shape (B, L), see `Book`
    group_basis : shape (groups,), basis of every capacity group
    store_targets : injection target behind every store, -1 for none
    ordered : False puts all gates into one level, to be repeated until nothing moves: the slow general way
    merged : join whatever meets the same gates, wherever it comes from and goes: for `strands`
    recipes : capacity groups that look at the mix of what they take in
    """
    return _Writer(courses, sites, bases, group_basis, store_targets, merged, recipes).book(ordered)


class _Writer:
    """Gathers lanes and stops, orders the gates, then writes rounds, carries and storages level by level."""

    def __init__(
        self, courses: Sequence[Course], sites: Sites, bases: Array, group_basis: Index,
        store_targets: Sequence[int], merged: bool, recipes: Sequence[int],
    ) -> None:  # fmt: skip
        self.recipes = {group: number for number, group in enumerate(recipes)}
        self.courses, self.sites, self.bases, self.merged = courses, sites, bases, merged
        self.group_basis, self.store_targets = group_basis, store_targets
        self.stops: list[Stop] = []
        self.lane_of_stop: list[int] = []
        self.next: list[int] = []
        self.lane_course: list[Course] = []
        self.lane_stops: list[tuple[int, ...]] = []
        self.lane_of = _index(self._lanes())
        self.layered_row = self._layered_rows()

    def book(self, ordered: bool) -> Book:
        """Return the finished book."""
        graph = self._precedence()
        circular = not nx.is_directed_acyclic_graph(graph)
        levels = _levels(graph) if ordered else dict.fromkeys(graph, 0)
        gates: dict[int, list[int]] = defaultdict(list)
        for gate in range(len(self.sites.gates)):
            gates[levels[self._node(gate)]].append(gate)
        return Book(
            bases=self.bases,
            lane_of=self.lane_of,
            lane_stops=tuple(self.lane_stops),
            terminal=np.array([stop.gate < 0 for stop in self.stops], dtype=bool),
            layered_row=self.layered_row,
            carried=np.array([self._own_lane(course) for course in self.lane_course], dtype=bool),
            levels=tuple(self._level(gates[number]) for number in sorted(gates)),
            circular=circular or not ordered,
        )

    def _lanes(self) -> Iterable[int]:
        known: dict[tuple[tuple[int, int, int, int], ...], int] = {}
        for course in self.courses:
            key = tuple((stop.gate, stop.rank, -1 if self.merged else stop.target, stop.good) for stop in course.stops)
            own = self._own_lane(course)
            lane = len(self.lane_stops) if own else known.get(key, len(self.lane_stops))
            if lane == len(self.lane_stops):
                self._add_lane(course)
            if not own:
                known[key] = lane
            yield lane

    def _own_lane(self, course: Course) -> bool:
        return course.carried is not None and not self.merged

    def _add_lane(self, course: Course) -> None:
        lane, first = len(self.lane_stops), len(self.stops)
        last = first + len(course.stops) - 1
        self.lane_course.append(course)
        self.lane_stops.append(tuple(range(first, last + 1)))
        self.stops += course.stops
        self.lane_of_stop += [lane] * len(course.stops)
        self.next += [n + 1 if n < last else -1 for n in range(first, last + 1)]

    def _layered_rows(self) -> Index:
        """Return row numbers for lanes whose layers are needed daily: all into stores and mixes, and where lanes are
        not merged also carried ones and those others depend on.
        """
        needed = {lane for lane, course in enumerate(self.lane_course) if self._own_lane(course)}
        for stop, lane in zip(self.stops, self.lane_of_stop, strict=True):
            stored = stop.gate >= 0 and self.sites.store[stop.gate] >= 0
            mixed = stop.gate >= 0 and int(self.sites.group[stop.gate]) in self.recipes
            if stored or mixed or (stop.target >= 0 and not self.merged):
                needed.add(lane)
        numbers = {lane: row for row, lane in enumerate(sorted(needed))}
        return _index(numbers.get(lane, -1) for lane in range(len(self.lane_stops)))

    def _node(self, gate: int) -> tuple[str, int]:
        group = int(self.sites.group[gate])
        return ("group", group) if group >= 0 else ("gate", gate)

    def _precedence(self) -> nx.DiGraph:
        graph = nx.DiGraph()
        graph.add_nodes_from(self._node(gate) for gate in range(len(self.sites.gates)))
        deciders: dict[int, set[tuple[str, int]]] = defaultdict(set)
        for course in self.courses:
            passed: list[tuple[str, int]] = []
            for stop in course.stops:
                if stop.gate >= 0:
                    node = self._node(stop.gate)
                    if passed:  # an edge to itself, where copies of one capacity pass on to each other, is a circle
                        graph.add_edge(passed[-1], node)
                    passed.append(node)
                if stop.target >= 0:
                    deciders[stop.target].update(passed)
        for gate, store in enumerate(self.sites.store):
            if store >= 0 and self.store_targets[store] >= 0:
                deciders[self.store_targets[store]].add(self._node(gate))
        for course in self.courses:
            for target in course.carried or ():
                graph.add_edges_from((node, self._node(course.stops[0].gate)) for node in deciders[target])
        return graph

    def _level(self, gates: list[int]) -> Level:
        here = [n for n, stop in enumerate(self.stops) if stop.gate in set(gates)]
        ranks = sorted({self.stops[n].rank for n in here})
        rounds = (
            self._round([n for n in here if self.stops[n].rank == rank], last=rank == ranks[-1]) for rank in ranks
        )
        first = {stops[0] for stops in self.lane_stops}
        lanes = [self.lane_of_stop[n] for n in here if n in first]
        carried = [lane for lane in lanes if self._own_lane(self.lane_course[lane])]
        entered = {self.stops[n].gate for n in here}
        stored = [gate for gate in gates if self.sites.store[gate] >= 0 and gate in entered]
        return Level(
            carry=self._carry(carried) if carried else None,
            storage=self._storage(stored) if stored else None,
            rounds=tuple(rounds),
            mixes=tuple(self._mixes(here)),
        )

    def _mixes(self, here: Sequence[int]) -> Iterable[Mix]:
        """Yield what meets at the plants with recipes: all their gates together."""
        for group, number in self.recipes.items():
            stops = [n for n in here if int(self.sites.group[self.stops[n].gate]) == group]
            ranks = sorted({self.stops[n].rank for n in stops}, reverse=True)
            if stops:
                lanes = [self.lane_of_stop[n] for n in stops]
                bases = [self._basis(self.stops[n].gate) for n in stops]
                yield Mix(
                    recipe=number,
                    stops=_index(stops),
                    arriving=_index(self._arrival(n) for n in stops),
                    onward=_index(self._arrival(self.next[n]) for n in stops),
                    layered=self.layered_row[lanes],
                    mass=_index(lane * len(self.bases) + basis for lane, basis in zip(lanes, bases, strict=True)),
                    gates=_index(self.stops[n].gate for n in stops),
                    ranks=tuple(_index(k for k, n in enumerate(stops) if self.stops[n].rank == r) for r in ranks),
                )

    def _round(self, stops: list[int], *, last: bool) -> Round:
        of_gate: dict[int, list[int]] = defaultdict(list)
        for n in sorted(stops):
            of_gate[self.stops[n].gate].append(n)
        distinct = sorted(of_gate, key=lambda gate: (-len(of_gate[gate]), gate))
        places, turns = in_turns([len(of_gate[gate]) for gate in distinct])
        stops = [of_gate[distinct[place]][turn] for place, turn in places]
        onward = [k for k, n in enumerate(stops) if self.next[n] >= 0]
        return Round(
            stops=_index(stops),
            arriving=_index(self._arrival(n) for n in stops),
            gates=_index(distinct),
            turns=turns,
            gate_of=_index(place for place, _ in places),
            mass=_index(self.lane_of_stop[n] * len(self.bases) + self._basis(self.stops[n].gate) for n in stops),
            onward=_index(onward),
            next_row=_index(self._arrival(self.next[stops[k]]) for k in onward),
            forced=self.stops[stops[0]].rank == 0,
            closes=bool(self.sites.closes[distinct].any()),
            last=last,
        )

    def _arrival(self, stop: int) -> int:
        """Return the row of what arrives at a stop; where everything is let in it is the row of what is let in."""
        return stop if self.stops[stop].gate < 0 else len(self.stops) + stop

    def _basis(self, gate: int) -> int:
        group, store = int(self.sites.group[gate]), int(self.sites.store[gate])
        return FRESH if group < 0 or store >= 0 else int(self.group_basis[group])

    def _carry(self, lanes: list[int]) -> Carry:
        depends = [self.lane_course[lane].carried or () for lane in lanes]
        needed = sorted({target for targets in depends for target in targets})
        into = {t: [n for n, stop in enumerate(self.stops) if stop.target == t] for t in needed}
        fed = [t for t in needed if into[t]]
        stops = [n for t in fed for n in into[t]]
        drawn = [(store, t) for store, t in enumerate(self.store_targets) if t in set(needed)]
        first = _starts(len(course.carried or ()) for course in self.lane_course)
        answers = [int(first[lane]) + k for lane, t in zip(lanes, depends, strict=True) for k in range(len(t))]
        return Carry(
            lanes=_index(lanes),
            rows=self.layered_row[lanes],
            stops=_index(stops),
            layered=_index(int(self.layered_row[self.lane_of_stop[n]]) for n in stops),
            starts=_starts(len(into[t]) for t in fed),
            targets=_index(fed),
            stores=_index(store for store, _ in drawn),
            store_targets=_index(t for _, t in drawn),
            answers=_index(answers),
            answer_targets=_index(t for targets in depends for t in targets),
            answer_starts=_starts(len(targets) for targets in depends),
        )

    def _storage(self, gates: list[int]) -> Storage:
        gates = sorted(gates, key=lambda gate: (int(self.sites.group[gate]), gate))
        groups = [int(self.sites.group[gate]) for gate in gates]
        distinct = sorted(set(groups))
        at = {gate: [n for n, stop in enumerate(self.stops) if stop.gate == gate] for gate in gates}
        stops = [n for gate in gates for n in at[gate]]
        return Storage(
            stores=self.sites.store[gates],
            gates=_index(gates),
            groups=_index(distinct),
            starts=_index(groups.index(group) for group in distinct),
            group_of=_index(distinct.index(group) for group in groups),
            basis=_index(int(self.group_basis[group]) if group >= 0 else FRESH for group in groups),
            shared=np.array([bool(self.sites.shared[g]) if self.sites.shared.size else False for g in groups]),
            stops=_index(stops),
            layered=_index(int(self.layered_row[self.lane_of_stop[n]]) for n in stops),
            arriving=_index(self._arrival(n) for n in stops),
            first=_starts(len(at[gate]) for gate in gates),
            store_of=_index(k for k, gate in enumerate(gates) for _ in at[gate]),
        )


def in_turns(counts: Sequence[int]) -> tuple[list[tuple[int, int]], tuple[int, ...]]:
    """Return the rows of groups turn by turn, as (group, number in it), and how many groups take part in each turn.

    Parameters
    ----------
    counts : rows of every group, in falling order

    Examples
    --------
    >>> in_turns([2, 1])
    ([(0, 0), (1, 0), (0, 1)], (2, 1))
    """
    turns = [[group for group, count in enumerate(counts) if count > turn] for turn in range(max(counts, default=0))]
    return [(group, turn) for turn, groups in enumerate(turns) for group in groups], tuple(len(g) for g in turns)


def added(values: Array, turns: Sequence[int]) -> Array:
    """Return the sums of rows that stand turn by turn, each added in its order; they are written over the first ones.

    Examples
    --------
    >>> added(np.array([[1.0], [2.0], [4.0]]), (2, 1)).ravel().tolist()
    [5.0, 2.0]
    """
    total, first = values[: turns[0]], turns[0]
    for count in turns[1:]:
        np.add(total[:count], values[first : first + count], out=total[:count])
        first += count
    return total


def _levels(graph: nx.DiGraph) -> dict[tuple[str, int], int]:
    """Return the level of every node: after all it depends on; nodes of a circle share one."""
    condensed = nx.condensation(graph)
    level: dict[int, int] = {}
    for node in nx.topological_sort(condensed):
        level[node] = max((level[before] + 1 for before in condensed.predecessors(node)), default=0)
    return {member: level[node] for node in condensed for member in condensed.nodes[node]["members"]}


def _index(values: Iterable[int]) -> Index:
    return np.fromiter(values, dtype=np.intp)


def _starts(counts: Iterable[int]) -> Index:
    """Return the first position of consecutive runs of given lengths."""
    lengths = list(counts)
    return np.concatenate(([0], np.cumsum(lengths[:-1], dtype=np.intp))).astype(np.intp) if lengths else _index(())
