"""Matter followed through plants, stores and sieves to where it ends.

Between `view` and `fates`: only the arithmetic; which ends count is the caller's choice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import networkx as nx
import numpy as np

from cemfa.indicators.sums import together
from cemfa.indicators.view import Array, Mask, View, truth

RECYCLING: Final = ("composting", "digestion", "insects", "vermicompost")
"""Treatments whose intake counts as recycled."""
BIOLOGICAL: Final = (*RECYCLING, "home_composting")
"""Treatments that lose carbon and nitrogen as gas."""

Shares = dict[int, Array]
"""Share (S, T) by position of a process; only processes that are followed have one."""

_STILL: Final = 1e-13  # a share that changes by less has settled
_ROUNDS: Final = 300  # a loop that returns nine tenths of its content has settled by then


def followed(view: View, layer: str, counts: Mask) -> Shares:
    """Return the share of each process's matter that leaves by flows that count, now or further on.

    A share is ``(Σ outflows that count + Σ outflows passed on · share where they go) / throughput``; processes in a
    loop (screen overs, returned liquor) are computed anew while one of them still changes, which settles
    geometrically.

    Parameters
    ----------
    layer : a layer, or `fresh`
    counts : (F,), flows at whose end matter counts; gases and final processes end without counting
    """
    traced = _traced(view)
    chosen = np.flatnonzero(traced[view.source] & (view.source >= 0))
    flows = np.ascontiguousarray(np.moveaxis(view.mass(chosen, layer), -1, 0))
    sources, targets = view.source[chosen].tolist(), view.target[chosen].tolist()
    base, direct = _throughput(view, layer, traced), {p: np.zeros(view.shape) for p in set(sources)}
    onward = ~counts & (view.flows["status"] != "gas") & ~final(view) & traced[view.target]
    passing: dict[int, list[tuple[Array, int]]] = defaultdict(list)
    for flow, source, target, ends, passes in zip(
        flows, sources, targets, counts[chosen].tolist(), onward[chosen].tolist(), strict=True
    ):
        if ends:
            direct[source] += flow
        elif passes:
            passing[source].append((flow, target))
    shares = {p: over(mass, base[p]) for p, mass in direct.items()}
    for group, looped in _downstream_first(passing):
        for _ in range(_ROUNDS if looped else 1):
            moved = False
            for process in group:
                mass = direct[process] + together(flow * shares[t] for flow, t in passing[process] if t in shares)
                new = over(mass, base[process])
                still = np.abs(new - shares[process]) <= _STILL  # each sample for itself, whatever is beside it
                if not still.all():
                    shares[process], moved = np.where(still, shares[process], new), True
            if not moved:
                break
    return {p: np.minimum(share, 1.0) for p, share in shares.items()}


def _downstream_first(passing: Mapping[int, Sequence[tuple[Array, int]]]) -> Iterator[tuple[list[int], bool]]:
    """Yield the processes that pass matter on, together where they pass it in a loop, and whether they do."""
    graph = nx.DiGraph((source, target) for source, onward in passing.items() for _, target in onward)
    whole = nx.condensation(graph)
    for number in reversed(list(nx.topological_sort(whole))):
        members = sorted(process for process in whole.nodes[number]["members"] if process in passing)
        yield members, len(members) > 1 or any(graph.has_edge(process, process) for process in members)


def final(view: View) -> Mask:
    """Return which flows leave the area or enter a final process, (F,)."""
    return (view.target < 0) | view.sinks()[view.target]


def behind(view: View) -> Mask:
    """Return which processes matter reaches after a treatment, or are one, (P,)."""
    reached: Mask = view.processes["treatment"] != ""
    while True:
        leaves = (view.source >= 0) & (view.target >= 0) & reached[view.source]
        further = reached.copy()
        further[view.target[leaves]] = True
        if (further == reached).all():
            return reached
        reached = further


def over(part: Array, whole: Array) -> Array:
    """Return ``part / whole``, zero where there is nothing."""
    found: Array = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return found


def _throughput(view: View, layer: str, traced: Mask) -> Shares:
    """Return what passes each process: what leaves it, or enters it where a stock keeps some, (S, T) each."""
    found: list[Shares] = []
    for ends in (view.source, view.target):
        chosen = np.flatnonzero(traced[ends] & (ends >= 0))
        mass = np.moveaxis(view.mass(chosen, layer), -1, 0)
        total: Shares = {p: np.zeros(view.shape) for p in set(ends[chosen].tolist())}
        for flow, process in zip(mass, ends[chosen].tolist(), strict=True):
            total[process] += flow
        found.append(total)
    out, into = found
    return {p: np.maximum(mass, into[p]) if p in into else mass for p, mass in out.items()}


def _traced(view: View) -> Mask:
    """Return the processes through which matter is followed: plants, and the stores and sieves behind them."""
    between = (view.processes["treatment"] == "") & ~view.sinks()
    plants = np.isin(view.processes["treatment"], BIOLOGICAL) | truth(view.processes["circular_model"])
    reached: Mask = plants & ~view.sinks()
    while True:
        leaves = reached[view.source] & (view.source >= 0) & (view.target >= 0)
        further = reached.copy()
        further[view.target[leaves]] |= between[view.target[leaves]]
        if (further == reached).all():
            return reached
        reached = further
