"""Eliminate the pattern of a flow system once, symbolically, into a table of operations.

Stands between compiling (names become positions) and executing (numbers flow through the table):
the pattern is the same for every sample, layer and period, only the shares change.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, count
from typing import Final

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from cemfa.system.fusing import Fused, fused
from cemfa.system.tables import FIRST_SHARE, ONE, ZERO, DenseComponent, Index, Sum, Table, Tape, index

OUTSIDE: Final = -1
DENSE_FROM: Final = 2_000_000
FULL: Final = 0.1
"""Share of all pairs that the cheapest process still joins from which on full matrices cost no more than tables."""

Links = dict[int, dict[int, Sum]]


@dataclass(frozen=True, slots=True, eq=False)
class Elimination:
    """A pattern, eliminated: what to do with shares (`factor`) and with inputs (`rhs`).

    Rows of the factor workspace: one, zero, `flows` shares, `processes` leaks, then computed rows.
    Rows of the substitution workspace: `processes` inputs, a row of zeros, then computed rows.

    Parameters
    ----------
    source, target : shape (F,), position of the process, or `OUTSIDE`
    component : shape (P,), strongly connected component of each process, numbered downstream
    looped : shape (P,), whether the process lies on a loop (itself included)
    leaving, leaving_start : shape (F,) and (P + 1,), flows by the process they leave, those from outside last
    pivot_process, pivot_row : processes on loops and the rows of their reciprocal pivots
    """

    processes: int
    flows: int
    source: Index
    target: Index
    component: Index
    looped: NDArray[np.bool_]
    leaving: Index
    leaving_start: Index
    factor: Table
    factor_rows: int
    rhs: tuple[Table | DenseComponent, ...]
    rhs_rows: int
    throughput_row: Index
    pivot_process: Index
    pivot_row: Index
    dense: tuple[DenseComponent, ...]
    fused: Fused

    def __post_init__(self) -> None:
        self.factor.check(self.factor_rows, self.factor_rows)
        for stage in self.rhs:
            if isinstance(stage, Table):
                stage.check(self.factor_rows, self.rhs_rows)

    @property
    def factor_products(self) -> int:
        """Number of products that depend on the shares only, full matrices included."""
        squares = (n * (n - 1) * (2 * n - 1) // 6 + n * (n - 1) for n in self._sizes)  # links and leaks, gains
        return len(self.factor.left) + sum(squares)

    @property
    def rhs_products(self) -> int:
        """Number of products per right-hand side, full matrices included."""
        tables = (len(stage.left) for stage in self.rhs if isinstance(stage, Table))
        return sum(tables) + sum(n * n for n in self._sizes)

    @property
    def products(self) -> int:
        """Number of products of a balance: of the factor and of one right-hand side."""
        return self.factor_products + self.rhs_products

    @property
    def operations(self) -> int:
        """Number of products in all tables, full matrices left out."""
        return len(self.factor.left) + sum(len(stage.left) for stage in self.rhs if isinstance(stage, Table))

    @property
    def _sizes(self) -> list[int]:
        return [len(component.members) for component in self.dense]


def eliminate(
    processes: int,
    source: Sequence[int] | Index,
    target: Sequence[int] | Index,
    *,
    dense_from: int = DENSE_FROM,
) -> Elimination:
    """Return the elimination of a pattern of flows between processes.

    Every loop is opened by vertex elimination in Markowitz order (least ``indegree · outdegree`` first);
    components follow each other downstream, so matter that leaves a component never causes fill-in.
    Pivots are sums of what still leaves a process, never ``1 − share``: no digits cancel.

    Parameters
    ----------
    processes : P, number of processes
    source, target : shape (F,), positions; `OUTSIDE` (-1) beyond the boundary. Parallel flows and
        flows from a process to itself are allowed
    dense_from : a component with more products than this is left to dense elimination

    Notes
    -----
    Solves ``x = b + Kᵀ x`` as Grassmann, Taksar and Heyman (1985), *Operations Research* 33, 1107–1116,
    do for Markov chains; order after Markowitz (1957), *Management Science* 3, 255–269.

    Examples
    --------
    >>> made = eliminate(2, [-1, 0, 1, 1], [0, 1, 0, -1])
    >>> made.looped.tolist()
    [True, True]
    """
    tail = np.asarray(source, dtype=np.int32)
    head = np.asarray(target, dtype=np.int32)
    components = _components(processes, tail, head)
    builder = _Builder(processes, tail, head, components)
    for number, members in enumerate(components):
        builder.add_component(number, members, dense_from)
    return builder.finished()


def _components(processes: int, tail: Index, head: Index) -> list[list[int]]:
    """Return the strongly connected components in an order in which matter only flows onwards."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(processes))
    inner = (tail >= 0) & (head >= 0)
    graph.add_edges_from(zip(tail[inner].tolist(), head[inner].tolist(), strict=True))
    condensed = nx.condensation(graph)
    smallest = {node: min(members) for node, members in condensed.nodes(data="members")}
    order = nx.lexicographical_topological_sort(condensed, key=smallest.__getitem__)
    return [sorted(condensed.nodes[node]["members"]) for node in order]


class _Builder:
    """Eliminates component after component, writing the tape of the factors and that of the right-hand side."""

    def __init__(self, processes: int, tail: Index, head: Index, components: list[list[int]]) -> None:
        self.processes, self.tail, self.head = processes, tail, head
        self.component = np.zeros(processes, dtype=np.int32)
        for number, members in enumerate(components):
            self.component[members] = number
        self.leaving: dict[int, list[int]] = defaultdict(list)
        self.arriving: dict[int, list[int]] = defaultdict(list)
        for flow, (out, into) in enumerate(zip(tail.tolist(), head.tolist(), strict=True)):
            if out >= 0:
                self.leaving[out].append(flow)
            if out >= 0 and into >= 0:
                self.arriving[into].append(flow)
        self.turns = count()
        self.factor = Tape(FIRST_SHARE + len(tail) + processes, self.turns)
        self.rhs = Tape(processes + 1, self.turns)
        self.zero_row = processes
        self.stages: list[Table | DenseComponent] = []
        self.throughput: list[int] = [-1] * processes
        self.pivots: list[tuple[int, int]] = []
        self.looped = np.zeros(processes, dtype=bool)

    def add_component(self, number: int, members: list[int], dense_from: int) -> None:
        """Write the operations of one component, all of whose inflows from others are already known."""
        inside = [f for p in members for f in self.leaving[p] if self._within(f, number)]
        if not inside:
            (process,) = members
            self.throughput[process] = self.rhs.write(self._inflow(process, number))
            return
        self.looped[members] = True
        order, sparse = _markowitz(members, self.tail[inside], self.head[inside], dense_from)
        self._add_loops(number, order, sparse, inside)

    def finished(self) -> Elimination:
        """Return everything that was written, frozen."""
        self._cut_rhs()
        factor, throughput = self.factor.cut(), index(self.throughput)
        rows = self.factor.rows, self.rhs.rows
        leaving = [self.leaving[process] for process in range(self.processes)]
        return Elimination(
            processes=self.processes,
            flows=len(self.tail),
            source=self.tail,
            target=self.head,
            component=self.component,
            looped=self.looped,
            leaving=index([*chain.from_iterable(leaving), *np.flatnonzero(self.tail < 0).tolist()]),
            leaving_start=index([0, *accumulate(map(len, leaving))]),
            factor=factor,
            factor_rows=self.factor.rows,
            rhs=tuple(self.stages),
            rhs_rows=self.rhs.rows,
            throughput_row=throughput,
            pivot_process=index(process for process, _ in self.pivots),
            pivot_row=index(row for _, row in self.pivots),
            dense=tuple(stage for stage in self.stages if isinstance(stage, DenseComponent)),
            fused=fused(len(self.tail), self.processes, factor, self.stages, rows, throughput),
        )

    def _within(self, flow: int, number: int) -> bool:
        into = self.head[flow]
        return bool(into >= 0 and self.component[into] == number)

    def _share(self, flow: int) -> int:
        return FIRST_SHARE + flow

    def _leak(self, process: int, number: int) -> Sum:
        """Return what leaves the component out of a process: its given leak and the shares of flows that leave."""
        away = [f for f in self.leaving[process] if not self._within(f, number)]
        return [self._share(len(self.tail)) + process, *_flat((ONE, self._share(f)) for f in away)]

    def _inflow(self, process: int, number: int) -> Sum:
        """Return what enters a process from outside and from components before its own."""
        from_others = [f for f in self.arriving[process] if self.component[self.tail[f]] != number]
        return [process, *_flat((self._share(f), self.throughput[self.tail[f]]) for f in from_others)]

    def _cut_rhs(self) -> None:
        if len(self.rhs):
            self.stages.append(self.rhs.cut())

    def _add_loops(self, number: int, order: list[int], sparse: int, inside: list[int]) -> None:
        """Eliminate a component: the first `sparse` members into the tables, what is left then on full matrices."""
        share: Links = {p: {} for p in order}  # share[u][w]: from w to u
        leaving: Links = {p: {} for p in order}  # the same sums, by source
        for flow in inside:
            out, into = int(self.tail[flow]), int(self.head[flow])
            if out != into:  # a flow to itself changes no pivot: what remains to leave is summed, not subtracted
                _add_share(share, leaving, into, out, self._share(flow))
        leak = {p: self._leak(p, number) for p in order}
        inflow = {p: self._inflow(p, number) for p in order}
        returns = [(v, *self._eliminated(v, share, leaving, leak, inflow)) for v in order[:sparse]]
        if sparse < len(order):
            self._add_dense(order[sparse:], leaving, leak, inflow)
        for v, scaled, back in reversed(returns):
            self.throughput[v] = self.rhs.write([scaled, *_flat((gain, self.throughput[w]) for w, gain in back)])

    def _eliminated(
        self, v: int, share: Links, leaving: Links, leak: dict[int, Sum], inflow: dict[int, Sum]
    ) -> tuple[int, list[tuple[int, int]]]:
        """Write the elimination of one process; return its row of the right-hand side and the gains of its sources."""
        write = self.factor.write
        onwards = [(u, write(value)) for u, value in leaving[v].items()]
        leak_row = write(leak[v])
        inverse = write([leak_row, *_flat((ONE, row) for _, row in onwards)], reciprocal=True)
        self.pivots.append((v, inverse))
        scaled = self.rhs.write([self.zero_row, inverse, self.rhs.write(inflow[v])])
        for u, row in onwards:
            inflow[u] += (row, scaled)
        back: list[tuple[int, int]] = []
        for w, value in share[v].items():
            gain = write([ZERO, inverse, write(value)])
            back.append((w, gain))
            leak[w] += (leak_row, gain)
            paths = leaving[w]
            for u, row in onwards:
                known = paths.get(u)
                if known is not None:
                    known += (row, gain)
                elif u != w:  # fill-in
                    paths[u] = share[u][w] = [ZERO, row, gain]
            del paths[v]
        for u, _ in onwards:
            del share[u][v]
        return scaled, back

    def _add_dense(self, members: list[int], leaving: Links, leak: dict[int, Sum], inflow: dict[int, Sum]) -> None:
        local = {process: position for position, process in enumerate(members)}
        links = [(local[w], local[u], value) for w in members for u, value in leaving[w].items()]
        shares = [self.factor.write(value) for _, _, value in links]
        leaks = [self.factor.write(leak[p]) for p in members]
        inflows = [self.rhs.write(inflow[p]) for p in members]
        self._cut_rhs()
        made = self.rhs.reserve(len(members))
        for process, row in zip(members, made, strict=True):
            self.throughput[process] = row
        self.stages.append(
            DenseComponent(
                members=index(members),
                tail=index(w for w, _, _ in links),
                head=index(u for _, u, _ in links),
                share_row=index(shares),
                leak_row=index(leaks),
                inflow_row=index(inflows),
                throughput_row=index(made),
                turn=next(self.turns),
            )
        )


def _flat(pairs: Iterable[tuple[int, int]]) -> Iterable[int]:
    return chain.from_iterable(pairs)


def _add_share(share: Links, leaving: Links, into: int, out: int, row: int) -> None:
    """Add a flow's share to what goes from one process to another; parallel flows add up."""
    value = share[into].get(out)
    if value is None:
        share[into][out] = leaving[out][into] = [row]
    else:
        value += (ONE, row)


def _markowitz(members: list[int], tail: Index, head: Index, limit: int) -> tuple[list[int], int]:
    """Return the members in Markowitz order, and how many of them go into the tables.

    All of them, unless that takes more than `limit` products: then those before the rest is nearly full, or before
    the limit is reached.
    """
    after: dict[int, set[int]] = {p: set() for p in members}
    before: dict[int, set[int]] = {p: set() for p in members}
    for out, into in zip(tail.tolist(), head.tolist(), strict=True):
        if out != into:
            after[out].add(into)
            before[into].add(out)
    cost = {p: len(after[p]) * len(before[p]) for p in members}
    queue = [(cost[p], p) for p in members]
    heapq.heapify(queue)
    order: list[int] = []
    products, sparse = 0, len(members)
    while queue:
        known, v = heapq.heappop(queue)
        if known != cost[v]:
            continue  # an older entry: the process has gained or lost neighbours since
        left = len(members) - len(order) - 1
        if sparse == len(members) and known > FULL * left * left:
            sparse = len(order)
        products += (len(after[v]) + 2) * (len(before[v]) + 2)
        if products > limit:
            sparse = min(sparse, len(order))
            return [*order, *sorted(set(members) - set(order))], sparse
        order.append(v)
        cost[v] = -1
        for w in before[v]:
            after[w] |= after[v]
            after[w] -= {w, v}
        for u in after[v]:
            before[u] |= before[v]
            before[u] -= {u, v}
        for p in before[v] | after[v]:
            cost[p] = len(after[p]) * len(before[p])
            heapq.heappush(queue, (cost[p], p))
    return order, len(order)
