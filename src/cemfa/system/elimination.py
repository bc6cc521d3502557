"""Eliminate the pattern of a flow system once, symbolically, into a table of operations.

Stands between compiling (names become positions) and executing (numbers flow through the table):
the pattern is the same for every sample, layer and period, only the shares change.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from cemfa.system.tables import FIRST_SHARE, ONE, ZERO, Index, Sum, Table, Tape, index

OUTSIDE: Final = -1
DENSE_FROM: Final = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class DenseComponent:
    """A strongly connected component whose table would be too long; its arithmetic runs on full matrices.

    Parameters
    ----------
    members : shape (n,), processes in the order of elimination
    tail, head : shape (m,), local positions of the source and target of each flow inside the component
    share_row : shape (m,), rows of the factor workspace that hold the shares of those flows
    leak_row : shape (n,), rows of the factor workspace that hold what leaves the component
    inflow_row, throughput_row : shape (n,), rows of the substitution workspace read and written
    """

    members: Index
    tail: Index
    head: Index
    share_row: Index
    leak_row: Index
    inflow_row: Index
    throughput_row: Index


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
    pivot_process, pivot_row : processes on loops and the rows of their reciprocal pivots
    """

    processes: int
    flows: int
    source: Index
    target: Index
    component: Index
    looped: NDArray[np.bool_]
    factor: Table
    factor_rows: int
    rhs: tuple[Table | DenseComponent, ...]
    rhs_rows: int
    throughput_row: Index
    pivot_process: Index
    pivot_row: Index
    dense: tuple[DenseComponent, ...] = ()

    @property
    def operations(self) -> int:
        """Return the number of products in all tables."""
        tables = [stage for stage in self.rhs if isinstance(stage, Table)]
        return sum(len(table.left) for table in (self.factor, *tables))


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
        self.factor = Tape(FIRST_SHARE + len(tail) + processes)
        self.rhs = Tape(processes + 1)
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
        order = _markowitz(members, self.tail[inside], self.head[inside], dense_from)
        if order is None:
            self._add_dense(number, members, inside)
        else:
            self._add_sparse(number, order, inside)

    def finished(self) -> Elimination:
        """Return everything that was written, frozen."""
        self._cut_rhs()
        return Elimination(
            processes=self.processes,
            flows=len(self.tail),
            source=self.tail,
            target=self.head,
            component=self.component,
            looped=self.looped,
            factor=self.factor.cut(),
            factor_rows=self.factor.rows,
            rhs=tuple(self.stages),
            rhs_rows=self.rhs.rows,
            throughput_row=index(self.throughput),
            pivot_process=index(process for process, _ in self.pivots),
            pivot_row=index(row for _, row in self.pivots),
            dense=tuple(stage for stage in self.stages if isinstance(stage, DenseComponent)),
        )

    def _within(self, flow: int, number: int) -> bool:
        into = self.head[flow]
        return bool(into >= 0 and self.component[into] == number)

    def _share(self, flow: int) -> int:
        return FIRST_SHARE + flow

    def _leak(self, process: int, number: int) -> Sum:
        """Return what leaves the component out of a process: its given leak and the shares of flows that leave."""
        away = [f for f in self.leaving[process] if not self._within(f, number)]
        return Sum(self._share(len(self.tail)) + process, [(ONE, self._share(f)) for f in away])

    def _inflow(self, process: int, number: int) -> Sum:
        """Return what enters a process from outside and from components before its own."""
        from_others = [f for f in self.arriving[process] if self.component[self.tail[f]] != number]
        return Sum(process, [(self._share(f), self.throughput[self.tail[f]]) for f in from_others])

    def _cut_rhs(self) -> None:
        if len(self.rhs):
            self.stages.append(self.rhs.cut())

    def _add_dense(self, number: int, members: list[int], inside: list[int]) -> None:
        leaks = [self.factor.write(self._leak(p, number)) for p in members]
        inflows = [self.rhs.write(self._inflow(p, number)) for p in members]
        self._cut_rhs()
        made = self.rhs.reserve(len(members))
        local = {process: position for position, process in enumerate(members)}
        for process, row in zip(members, made, strict=True):
            self.throughput[process] = row
        self.stages.append(
            DenseComponent(
                members=index(members),
                tail=index(local[int(self.tail[f])] for f in inside),
                head=index(local[int(self.head[f])] for f in inside),
                share_row=index(self._share(f) for f in inside),
                leak_row=index(leaks),
                inflow_row=index(inflows),
                throughput_row=index(made),
            )
        )

    def _add_sparse(self, number: int, order: list[int], inside: list[int]) -> None:
        share: dict[int, dict[int, Sum]] = {p: {} for p in order}  # share[u][w]: from w to u
        leaving: dict[int, dict[int, Sum]] = {p: {} for p in order}  # the same sums, by source
        for flow in inside:
            out, into = int(self.tail[flow]), int(self.head[flow])
            if out != into:  # a flow to itself changes no pivot: what remains to leave is summed, not subtracted
                _add_share(share, leaving, into, out, self._share(flow))
        leak = {p: self._leak(p, number) for p in order}
        inflow = {p: self._inflow(p, number) for p in order}
        scaled: dict[int, int] = {}
        returns: list[tuple[int, list[tuple[int, int]]]] = []
        for v in order:
            onwards = [(u, self.factor.write(value)) for u, value in leaving[v].items()]
            leak_row = self.factor.write(leak[v])
            pivot = Sum(leak_row, [(ONE, row) for _, row in onwards])
            inverse = self.factor.write(pivot, reciprocal=True)
            self.pivots.append((v, inverse))
            scaled[v] = self.rhs.write(Sum(self.zero_row, [(inverse, self.rhs.write(inflow[v]))]))
            back: list[tuple[int, int]] = []
            for w, value in share[v].items():
                gain = self.factor.write(Sum(ZERO, [(inverse, self.factor.write(value))]))
                back.append((w, gain))
                leak[w].products.append((leak_row, gain))
                for u, row in onwards:
                    if u != w:
                        _add_product(share, leaving, u, w, (row, gain))
                del leaving[w][v]
            for u, row in onwards:
                inflow[u].products.append((row, scaled[v]))
                del share[u][v]
            returns.append((v, back))
        for v, back in reversed(returns):
            products = [(gain, self.throughput[w]) for w, gain in back]
            self.throughput[v] = self.rhs.write(Sum(scaled[v], products))


def _add_share(
    share: dict[int, dict[int, Sum]], leaving: dict[int, dict[int, Sum]], into: int, out: int, row: int
) -> None:
    """Add a flow's share to what goes from one process to another; parallel flows add up."""
    value = share[into].get(out)
    if value is None:
        share[into][out] = leaving[out][into] = Sum(row)
    else:
        value.products.append((ONE, row))


def _add_product(
    share: dict[int, dict[int, Sum]],
    leaving: dict[int, dict[int, Sum]],
    into: int,
    out: int,
    product: tuple[int, int],
) -> None:
    """Add a path through an eliminated process to what goes from one process to another (fill-in where new)."""
    value = share[into].get(out)
    if value is None:
        share[into][out] = leaving[out][into] = Sum(ZERO, [product])
    else:
        value.products.append(product)


def _markowitz(members: list[int], tail: Index, head: Index, limit: int) -> list[int] | None:
    """Return the members in Markowitz order, or None when eliminating them takes more than `limit` products."""
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
    products = 0
    while queue:
        known, v = heapq.heappop(queue)
        if known != cost[v]:
            continue  # an older entry: the process has gained or lost neighbours since
        order.append(v)
        cost[v] = -1
        products += (len(after[v]) + 2) * (len(before[v]) + 2)
        if products > limit:
            return None
        for w in before[v]:
            after[w] |= after[v] - {w}
            after[w].discard(v)
        for u in after[v]:
            before[u] |= before[v] - {u}
            before[u].discard(v)
        for p in before[v] | after[v]:
            cost[p] = len(after[p]) * len(before[p])
            heapq.heappush(queue, (cost[p], p))
    return order
