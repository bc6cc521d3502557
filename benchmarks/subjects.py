"""What is measured: a frozen graph the size of a province, a small model with its plan.

Subjects are made once and hold plain data; they know neither clocks nor what will be done with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cemfa.system.elimination import OUTSIDE, Elimination, eliminate

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Graph:
    """A province-like graph with numbers: chains of processes, an eighth of the flows going backwards.

    Parameters
    ----------
    source, target : shape (F,), positions of processes, -1 outside
    shares : shape (F, S), shares of the source's throughput
    inputs : shape (P, S)
    """

    processes: int
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    shares: Array
    inputs: Array

    @cached_property
    def elimination(self) -> Elimination:
        """The pattern, eliminated once: what `compile_system` does before any number is known."""
        return eliminate(self.processes, self.source, self.target)

    @cached_property
    def matrices(self) -> Array:
        """The same system as dense matrices I - Kᵀ, shape (S, P, P), for a solver that knows no pattern."""
        inside = (self.source != OUTSIDE) & (self.target != OUTSIDE)
        dense = np.zeros((self.shares.shape[1], self.processes, self.processes))
        for tail, head, share in zip(self.source[inside], self.target[inside], self.shares[inside], strict=True):
            dense[:, head, tail] -= share
        index = np.arange(self.processes)
        dense[:, index, index] += 1.0
        return dense

    @property
    def size(self) -> int:
        """Flows times samples: what a time is divided by."""
        return int(self.shares.size)


def province(samples: int = 256, processes: int = 200, flows: int = 800, backwards: float = 0.12) -> Graph:
    """Return the same graph on every machine: bits of a seeded generator, no sampling function of numpy.

    Every process but the last tenth (sinks) sends at least one flow forward and one to the outside.
    """
    draws = np.random.PCG64(20260101)

    def uniform(count: int) -> Array:
        return (draws.random_raw(count) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    inner = processes - processes // 10
    tail = np.concatenate([np.arange(inner), (uniform(flows - 2 * inner) * inner).astype(np.int64)])
    reach = 1 + (uniform(tail.size) * 20).astype(np.int64)
    back = np.concatenate([np.zeros(inner, bool), uniform(tail.size - inner) < backwards * flows / (flows - 2 * inner)])
    head = np.where(back, np.maximum(tail - reach, 0), np.minimum(tail + reach, processes - 1))
    head = np.where(head == tail, tail + 1, head)
    source = np.concatenate([tail, np.arange(inner)]).astype(np.int32)
    target = np.concatenate([head, np.full(inner, OUTSIDE)]).astype(np.int32)
    weight = 0.05 + uniform(source.size * samples).reshape(source.size, samples)
    total = np.zeros((processes, samples))
    np.add.at(total, source, weight)
    return Graph(processes, source, target, weight / total[source], uniform(processes * samples).reshape(-1, samples))
