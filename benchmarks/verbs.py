"""What is done with a subject, by cemfa and by what it is compared with. A verb knows no clock."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.sparse import csc_array
from scipy.sparse.linalg import splu

from benchmarks.models import Spread, model
from benchmarks.subjects import Array, Cohorts, Graph
from cemfa import compile_system, solve
from cemfa.results import Request
from cemfa.system.cohorts import by_lifetime
from cemfa.system.elimination import eliminate
from cemfa.system.executors import Executor, flows
from cemfa.system.layout import System
from cemfa.system.lifetimes import survival_weibull

Action = Callable[[], object]
HELP: Final = "import sys; sys.argv = ['cemfa', '--help']; from cemfa.cli import main; main()"
SEED: Final = 1


def executors() -> tuple[Executor, ...]:
    """Return the executors that can run here."""
    return ("numpy", "numba") if find_spec("numba") else ("numpy",)


class Balance:
    """All flows of a graph by the elimination made once for its pattern."""

    def __init__(self, graph: Graph, executor: Executor) -> None:
        self.graph, self.executor = graph, executor
        self.flows = flows(graph.elimination, graph.shares, graph.inputs, executor=executor)[1]

    def __call__(self) -> None:
        """Compute the throughputs, write the flows into the buffer."""
        graph = self.graph
        flows(graph.elimination, graph.shares, graph.inputs, out=self.flows, executor=self.executor)

    def result(self) -> Array:
        """Return the flows (F, S)."""
        return self.flows


class Dense:
    """Throughputs by LAPACK, one batch of dense matrices, which are made beforehand and not timed."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.matrices, self.inputs = graph, graph.matrices(), graph.inputs.T[:, :, None].copy()
        self.found = np.empty_like(self.inputs)

    def __call__(self) -> None:
        """Solve every sample."""
        self.found = np.linalg.solve(self.matrices, self.inputs)

    def result(self) -> Array:
        """Return the flows (F, S)."""
        flows: Array = self.graph.shares * self.found[:, self.graph.source, 0].T
        return flows


class Sparse:
    """Throughputs by SuperLU, sample by sample on one pattern, whose entries are sorted beforehand."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.pattern, self.entries = graph.sparse()
        self.inputs = graph.inputs.T.copy()
        self.found = np.empty_like(self.inputs)

    def __call__(self) -> None:
        """Factorise and solve every sample."""
        for sample, values in enumerate(self.entries):
            matrix = csc_array((values, self.pattern.indices, self.pattern.indptr), shape=self.pattern.shape)
            self.found[sample] = splu(matrix).solve(self.inputs[sample])

    def result(self) -> Array:
        """Return the flows (F, S)."""
        flows: Array = self.graph.shares * self.found[:, self.graph.source].T
        return flows


def floor(graph: Graph) -> Action:
    """Return the action of reading all shares once and writing as many flows once: no method can do less."""
    return partial(np.copyto, np.empty_like(graph.shares), graph.shares)


def symbolic(graph: Graph) -> Action:
    """Return the action of eliminating a pattern."""
    return partial(eliminate, graph.processes, graph.source, graph.target)


def normals(rows: int, columns: int) -> Action:
    """Return the action of drawing normal numbers into one buffer, used again and again."""
    generator, buffer = np.random.Generator(np.random.PCG64(SEED)), np.empty((rows, columns))
    return partial(generator.standard_normal, out=buffer)


@dataclass(frozen=True, eq=False)
class AllIn:
    """The public pipeline on a graph written as a model: draw, balance, check, reduce to means.

    Parameters
    ----------
    years : of the model; 1: every year of every sample is a sample with draws of its own
    """

    graph: Graph
    spread: Spread
    samples: int
    years: int = 1
    executor: Executor = "numpy"
    workers: int = 1

    @cached_property
    def system(self) -> System:
        """The model, compiled."""
        return compile_system(model(self.graph, self.spread, self.years))

    @property
    def drawn(self) -> int:
        """Numbers drawn per sample, were every year to draw its own."""
        return len(self.system.sampler.stream_names) * self.years

    def __call__(self) -> Any:
        """Return the results."""
        wanted = Request(reducers=("mean",))
        return solve(
            self.system, samples=self.samples, seed=SEED, request=wanted, workers=self.workers, limits=False,
            executor=self.executor,
        )  # fmt: skip

    def result(self) -> Array:
        """Return the mean flows of the graph in the last year (F, 1)."""
        found = self()["flow_mean"]
        return np.asarray(found.sel(flow=[f"f{n}" for n in range(len(self.graph.source))]).values)[-1, 0][:, None]


class Lifetimes:
    """A stock of many items with Weibull lifetimes, survival included."""

    def __init__(self, subject: Cohorts, executor: Executor) -> None:
        self.subject, self.ages, self.executor = subject, np.arange(len(subject.inflow))[:, None], executor
        self.found = None

    def __call__(self) -> None:
        """Compute survival, content and outflow."""
        survival = survival_weibull(self.ages, self.subject.shape, self.subject.scale)
        self.found = by_lifetime(self.subject.inflow, survival, executor=self.executor)

    def result(self) -> Array:
        """Return content and outflow, shape (2, years, items)."""
        return np.array([self.found.content, self.found.outflow])


def python(code: str) -> Action:
    """Return the action of running code in a fresh interpreter."""
    return partial(subprocess.run, [sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


class Compared:
    """A comparison by the command line in a fresh interpreter, into a folder that is removed."""

    def __init__(self, scenario: str, replications: int, workers: int) -> None:
        self._asked = ["compare", scenario, "--replications", str(replications), "--workers", str(workers)]
        self._found: list[str] = []

    def __call__(self) -> None:
        """Compare and write everything."""
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "cemfa", *self._asked, "--out", folder]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self._found = [hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(Path(folder).iterdir())]

    def result(self) -> Array:
        """Return digits of the hashes of all files: whatever the number of workers, every byte is the same."""
        return np.array([[int(found[:12], 16) for found in self._found]], dtype=np.float64)


def sample_model(replications: int) -> tuple[Action, Action]:
    """Return simulating and solving the first plan of the sample model."""
    from cemfa import read_model, read_scenario, simulate
    from cemfa.plan import plan_of

    scenario = read_scenario("first_steps_2030")
    system = compile_system(read_model(scenario.model))
    option = next(key for key, o in scenario.options.items() if o.baseline is None)
    plan = plan_of(scenario, option)
    return (
        partial(simulate, system, scenario, option=option, replications=replications, seed=SEED, workers=1),
        partial(solve, system, plan=plan, samples=replications, seed=SEED, workers=1),
    )
