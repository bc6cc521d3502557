"""Help for tests of cemfa and of code built on it: the balance as an assertion, random systems as strategies.

Beside the chain: nothing of cemfa imports this module.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cemfa.system.elimination import OUTSIDE, eliminate
from cemfa.system.executors import throughputs

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Array = NDArray[np.float64]


def assert_balanced(
    flows: Array, source: NDArray[Any], target: NDArray[Any], processes: int, *, tolerance: float = 1e-9
) -> None:
    """Raise AssertionError where what enters a process differs from what leaves it.

    A process without outflow is a sink and exempt.

    Parameters
    ----------
    flows : shape (F, ...), mass per time [any one unit]
    source, target : shape (F,), positions of processes, -1 outside
    processes : number of processes
    tolerance : largest difference relative to the throughput [1]

    Raises
    ------
    AssertionError
        naming the first process that does not balance

    Examples
    --------
    >>> assert_balanced(np.array([1.0, 1.0]), np.array([-1, 0]), np.array([0, -1]), 1)
    """
    if not np.isfinite(flows).all():
        raise AssertionError("a flow is not finite")
    for process in range(processes):
        leaving = flows[np.asarray(source) == process]
        if not len(leaving):
            continue
        into = np.add.reduce(flows[np.asarray(target) == process], axis=0)
        out = np.add.reduce(leaving, axis=0)
        gap = np.max(np.abs(into - out) / np.maximum(np.maximum(into, out), np.finfo(float).tiny))
        if gap > tolerance:
            raise AssertionError(f"process {process} does not balance: relative difference {gap:.3g}")


@dataclass(frozen=True, slots=True, eq=False)
class LinearCase:
    """A system of flows with numbers.

    Parameters
    ----------
    processes : P
    source, target : shape (F,), positions, -1 outside
    shares : shape (F, S), shares of the source's throughput [1]
    inputs : shape (P, S), what enters each process from outside
    """

    processes: int
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    shares: Array
    inputs: Array

    def flows(self, inputs: Array | None = None) -> Array:
        """Return the flows of the pattern, followed by one row of inputs per process when balanced by hand.

        Flows from outside carry the inputs, so that a process's inflows and outflows can be compared.
        """
        given = self.inputs if inputs is None else inputs
        made = eliminate(self.processes, self.source, self.target)
        x = throughputs(made, self.shares, given)
        inside = self.shares * x[np.maximum(self.source, 0)]
        entering = given[np.maximum(self.target, 0)]
        return np.where((self.source >= 0)[:, None], inside, entering)

    def reordered(self, order: NDArray[np.intp]) -> LinearCase:
        """Return the same system with its flows in another order."""
        return replace(self, source=self.source[order], target=self.target[order], shares=self.shares[order])

    def sample(self, number: int) -> LinearCase:
        """Return the system of one sample."""
        cut = slice(number, number + 1)
        return replace(self, shares=self.shares[:, cut], inputs=self.inputs[:, cut])


def linear_cases(*, largest: int = 8, samples: int = 3, smallest_leak: float = 1e-6) -> SearchStrategy[LinearCase]:
    """Return a hypothesis strategy of systems: loops, flows to itself, parallel flows, sinks, wide inputs.

    Parameters
    ----------
    largest : largest number of processes
    samples : columns of every case
    smallest_leak : smallest share that leaves each process that is not a sink, so that every loop has an outlet
    """
    from hypothesis import strategies as st

    @st.composite
    def build(draw: st.DrawFn) -> LinearCase:
        processes = draw(st.integers(1, largest))
        sinks = draw(st.sets(st.integers(0, processes - 1), max_size=processes - 1))
        inner = [p for p in range(processes) if p not in sinks]
        ends = st.tuples(st.sampled_from(inner), st.integers(0, processes - 1))
        pairs = draw(st.lists(ends, max_size=4 * processes))
        source = np.array([*[OUTSIDE] * processes, *[s for s, _ in pairs], *inner], dtype=np.int32)
        target = np.array([*range(processes), *[t for _, t in pairs], *[OUTSIDE] * len(inner)], dtype=np.int32)
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        leak = np.exp(rng.uniform(np.log(smallest_leak), 0.0, (len(inner), samples)))
        weight = np.vstack([rng.random((processes + len(pairs), samples)) + 1e-3, np.zeros_like(leak)])
        shares = np.zeros_like(weight)
        for place, process in enumerate(inner):
            own = np.flatnonzero(source == process)[:-1]
            exit_ = np.flatnonzero(source == process)[-1]
            given = leak[place] if len(own) else np.ones(samples)
            total = np.add.reduce(weight[own], axis=0)
            shares[own] = weight[own] / np.where(total > 0, total, 1.0) * (1 - given)
            shares[exit_] = given
        inputs = rng.random((processes, samples)) * 10.0 ** rng.integers(-6, 7, (processes, samples))
        return LinearCase(processes, source, target, shares, inputs)

    return build()
