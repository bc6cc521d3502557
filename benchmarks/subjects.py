"""What is measured: frozen graphs of three kinds in three sizes, and a stock of many items over many years.

Subjects are made once and hold plain data; they know neither clocks nor what will be done with them. The same bits
on every machine: raw bits of a seeded generator, additions, products and quotients, no sampling function of numpy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from cemfa.system.elimination import OUTSIDE, Elimination, eliminate

Array = NDArray[np.float64]
Index = NDArray[np.int32]


@dataclass(frozen=True)
class Kind:
    """How flows run: what share of them goes backwards, and how far a flow reaches, as a share of the processes."""

    backwards: float
    reach: float


KINDS: Final = {"chain-like": Kind(0.01, 0.0), "province-like": Kind(0.05, 0.2), "tangled": Kind(0.2, 1.0)}
SIZES: Final = (20, 200, 2000)
FLOWS_PER_PROCESS: Final = 4
LEAST_REACH: Final = 8  # fewer neighbours would not take four flows per process


@dataclass(frozen=True, eq=False)
class Graph:
    """A graph with numbers.

    Parameters
    ----------
    name : kind and size, for people
    source, target : shape (F,), positions of processes, -1 outside; no two flows join the same pair
    central : shape (F,), central shares of the source's throughput; those of a process sum to one
    shares : shape (F, S), shares by sample, which sum to one likewise
    inputs : shape (P, S), what enters from outside; zero but for the first tenth of the processes
    """

    name: str
    processes: int
    source: Index
    target: Index
    central: Array
    shares: Array
    inputs: Array

    @cached_property
    def elimination(self) -> Elimination:
        """The pattern, eliminated once: what `compile_system` does before any number is known."""
        return eliminate(self.processes, self.source, self.target)

    @property
    def samples(self) -> int:
        """Columns of shares and inputs."""
        return self.shares.shape[1]

    def first(self, samples: int) -> Graph:
        """Return the same graph with the first samples only; a sample is the same in every number of samples."""
        cut = np.ascontiguousarray(self.shares[:, :samples]), np.ascontiguousarray(self.inputs[:, :samples])
        return Graph(self.name, self.processes, self.source, self.target, self.central, *cut)

    def matrices(self) -> Array:
        """Return the same system as dense matrices I - Kᵀ, shape (S, P, P), for a solver that knows no pattern."""
        inside = self.target != OUTSIDE
        dense = np.zeros((self.samples, self.processes, self.processes))
        dense[:, self.target[inside], self.source[inside]] = -self.shares[inside].T
        index = np.arange(self.processes)
        dense[:, index, index] += 1.0
        return dense

    def sparse(self) -> tuple[csc_array, Array]:
        """Return the pattern of I - Kᵀ by columns and its entries by sample, shape (S, entries)."""
        inside = self.target != OUTSIDE
        rows = np.concatenate([self.target[inside], np.arange(self.processes)])
        columns = np.concatenate([self.source[inside], np.arange(self.processes)])
        values = np.concatenate([-self.shares[inside], np.ones((self.processes, self.samples))])
        order = np.lexsort((rows, columns))
        starts = np.searchsorted(columns[order], np.arange(self.processes + 1))
        entries = np.ascontiguousarray(values[order].T)
        return csc_array((entries[0], rows[order], starts), shape=(self.processes, self.processes)), entries


@dataclass(frozen=True, eq=False)
class Cohorts:
    """A dynamic stock: what enters by year and item, and how long each item lasts (Weibull).

    Parameters
    ----------
    inflow : shape (years, items)
    shape, scale : shape (items,), of the Weibull law [1], [year]
    """

    inflow: Array
    shape: Array
    scale: Array


def graph(kind: str = "province-like", processes: int = 200, samples: int = 256) -> Graph:
    """Return a frozen graph of four flows per process.

    Every process but the first is fed by an earlier one; those that feed none send a flow outside, so that from
    everywhere matter finds out. The rest goes forwards, but for the given part that goes backwards.
    """
    uniform = _uniform(20260101)
    source, target = _pattern(KINDS[kind], processes, uniform)
    inputs = np.zeros((processes, samples))
    fed = processes // 10
    central = _shares(uniform(source.size)[:, None], source, processes)[:, 0]
    drawn = _uniform(20260102)(samples * (source.size + fed)).reshape(samples, -1).T
    inputs[:fed] = 100.0 + drawn[source.size :]
    shares = _shares(drawn[: source.size], source, processes)
    return Graph(f"{kind}, {processes} processes", processes, source, target, central, shares, inputs)


def cohorts(years: int = 150, items: int = 1000) -> Cohorts:
    """Return a stock of items that last between five and fifty years."""
    drawn = _uniform(20260103)((years + 2) * items).reshape(years + 2, items)
    return Cohorts(drawn[2:], 1.2 + 2.8 * drawn[0], 5.0 + 45.0 * drawn[1])


def _uniform(seed: int) -> Callable[[int], Array]:
    """Return a function that draws numbers of 53 bits in [0, 1)."""
    bits = np.random.PCG64(seed)
    return lambda count: (bits.random_raw(count) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _pattern(kind: Kind, processes: int, uniform: Callable[[int], Array]) -> tuple[Index, Index]:
    """Return sources and targets: a tree that feeds every process, flows outside, backwards, forwards."""
    flows, reach = FLOWS_PER_PROCESS * processes, max(LEAST_REACH, round(kind.reach * processes))
    pairs: dict[tuple[int, int], None] = {}

    def join(first: int, last: int, count: int, draw: Callable[[int, float], tuple[int, int]]) -> None:
        wanted = len(pairs) + count
        while len(pairs) < wanted:
            at, far = uniform(2).tolist()
            pairs[draw(first + int(at * (last - first)), far)] = None

    for process in range(1, processes):
        pairs[process - 1 - int(uniform(1)[0] * min(reach, process)), process] = None
    feeding = {out for out, _ in pairs}
    pairs |= {(process, OUTSIDE): None for process in range(processes) if process not in feeding}
    backwards = round(kind.backwards * flows)
    join(1, processes, backwards, lambda p, far: (p, p - 1 - int(far * min(reach, p))))
    forwards = flows - len(pairs)
    join(0, processes - 1, forwards, lambda p, far: (p, p + 1 + int(far * min(reach, processes - 1 - p))))
    ends = np.array(list(pairs), dtype=np.int32)
    return ends[:, 0].copy(), ends[:, 1].copy()


def _shares(drawn: Array, source: Index, processes: int) -> Array:
    """Return shares (F, S) in proportion to 0.05 to 1.05, which sum to one by source."""
    weight = 0.05 + drawn
    total = np.zeros((processes, drawn.shape[1]))
    np.add.at(total, source, weight)
    return weight / total[source]
