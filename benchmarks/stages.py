"""Where the time of a whole run goes: the stages of the public pipeline, and of the bare kernels, one by one.

The same work in the same order as `solve` does it, with a clock between the stages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from benchmarks.subjects import Array
from benchmarks.verbs import SEED, AllIn
from cemfa.system.balance import largest_residual
from cemfa.system.containment import overfull
from cemfa.system.executors import flows
from cemfa.system.limits import settle
from cemfa.system.numbers import bind_plan, block_values
from cemfa.system.sampling import BLOCK


@dataclass
class Stages:
    """Time by stage [s]."""

    clock: Callable[[], float]
    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Count the time of what is done inside to a stage."""
        start = self.clock()
        yield
        self.spent[stage] = self.spent.get(stage, 0.0) + self.clock() - start


def pipeline(task: AllIn, stages: Stages) -> Array:
    """Return the mean flows of the last year as `solve` computes them (F, 1), its imports included."""
    system = task.system
    binding = bind_plan(system, None)
    totals: dict[int, Array] = {}
    for number in range(-(-task.samples // BLOCK)):
        with stages.of("draw"):
            draws = system.sampler.block(SEED, number, executor=task.executor)
            draws = draws[:, : task.samples - number * BLOCK]
        for period, year in enumerate(system.years):
            with stages.of("shares"):
                numbers = block_values(system, draws, binding, period)
            with stages.of("solve"):
                found = settle(system, numbers, executor=task.executor)
            with stages.of("check"):
                largest_residual(system, found.flows, year=year)
                overfull(system, found.flows)
            with stages.of("reduce"):
                mean = np.add.reduce(found.flows, axis=-1)
                np.add.reduce(found.throughput, axis=-1)
                totals[period] = totals[period] + mean if period in totals else mean
    return totals[len(system.years) - 1] / task.samples


def kernels(task: AllIn, stages: Stages) -> Array:
    """Return the same by the kernels alone (F, 1): no products, limits or checks, and no imports among the flows."""
    graph = task.graph
    inputs = 100.0 * graph.inputs.any(axis=1)[:, None]
    total = np.zeros(len(graph.source))
    for number in range(-(-task.samples // BLOCK)):
        with stages.of("draw"):
            drawn = task.system.sampler.block(SEED, number, executor=task.executor)
            drawn = drawn[:, : task.samples - number * BLOCK]
            shares = drawn[1 : 1 + len(graph.source)]  # after the row of the imports
        with stages.of("solve"):
            made = flows(graph.elimination, shares, inputs, executor=task.executor)[1]
        with stages.of("reduce"):
            total += np.add.reduce(made, axis=-1)
    return (total / task.samples)[:, None]
