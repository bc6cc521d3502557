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
from cemfa.results import Request
from cemfa.system.balance import largest_residual
from cemfa.system.containment import overfull
from cemfa.system.executors import flows
from cemfa.system.limits import settle
from cemfa.system.numbers import bind_plan, block_values
from cemfa.system.sampling import BLOCK
from cemfa.system.solve import strip_width


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
    for draws in _drawn(task, stages):
        for period, year in enumerate(system.years):
            with stages.of("shares"):
                numbers = block_values(system, draws, binding, period)
            with stages.of("solve"):
                found = settle(system, numbers, executor=task.executor, checked=True)
            with stages.of("check"):
                largest_residual(system, found.flows, year=year, entering=found.entering)
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
    for draws in _drawn(task, stages):
        shares = draws[1 : 1 + len(graph.source)]  # after the row of the imports
        with stages.of("solve"):
            made = flows(graph.elimination, shares, inputs, executor=task.executor, checked=True)[1]
        with stages.of("reduce"):
            total += np.add.reduce(made, axis=-1)
    return (total / task.samples)[:, None]


def _drawn(task: AllIn, stages: Stages) -> Iterator[Array]:
    """Yield the draws of one strip of samples after the other, as wide as `solve` takes them."""
    sampler, width = task.system.sampler, strip_width(task.system, Request(reducers=("mean",)))
    for first in range(0, task.samples, width):
        with stages.of("draw"):
            draws = np.empty((len(sampler.central()), min(width, -(-(task.samples - first) // BLOCK) * BLOCK)))
            for begin in range(0, draws.shape[1], BLOCK):
                part = draws[:, begin : begin + BLOCK]
                sampler.block(SEED, (first + begin) // BLOCK, executor=task.executor, out=part)
        yield draws[:, : task.samples - first]
