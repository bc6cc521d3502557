"""What is done with a subject, each beside the reference it is compared with.

A verb knows no clock. A comparison pairs what cemfa does with something a reader can judge: an empty
interpreter, numpy's own solver, a copy of the result.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.subjects import Graph, province
from cemfa.system.executors import throughputs
from cemfa.system.marginals import Marginal
from cemfa.system.sampling import BLOCK, Row, Sampler

Action = Callable[[], object]


@dataclass(frozen=True)
class Comparison:
    """Two actions whose times are divided.

    Parameters
    ----------
    name : what the ratio says
    action, reference : what is timed; the ratio is action over reference
    children : True where the work happens in child processes, whose time is counted then
    """

    name: str
    action: Action
    reference: Action
    children: bool = False


def comparisons(samples: int = BLOCK, replications: int = 8) -> tuple[Comparison, ...]:
    """Return all comparisons.

    Parameters
    ----------
    samples : columns of the graph
    replications : histories of the simulation and samples of the balance it is compared with
    """
    graph = province(samples)
    return (
        Comparison("`import cemfa` / empty interpreter", python("import cemfa"), python("pass"), children=True),
        Comparison("`cemfa --help` / empty interpreter", python(HELP), python("pass"), children=True),
        Comparison("balance of the graph / batched `np.linalg.solve`", balance(graph), dense(graph)),
        Comparison("balance of the graph / copy of its flows", balance(graph), partial(np.copy, graph.shares)),
        Comparison("drawing 800 rows / balance of the graph", drawing(samples), balance(graph)),
        *_models(replications),
    )


HELP = "import sys; sys.argv = ['cemfa', '--help']; from cemfa.cli import main; main()"


def python(code: str) -> Action:
    """Return the action of running code in a fresh interpreter."""
    return partial(subprocess.run, [sys.executable, "-c", code], check=False, stdout=subprocess.DEVNULL)


def balance(graph: Graph) -> Action:
    """Return the action of solving the graph for all samples by its elimination, made beforehand."""
    return partial(throughputs, graph.elimination, graph.shares, graph.inputs)


def dense(graph: Graph) -> Action:
    """Return the action of solving the same matrices with LAPACK, one per sample."""
    return partial(np.linalg.solve, graph.matrices, graph.inputs.T[:, :, None])


def drawing(samples: int) -> Action:
    """Return the action of drawing 800 parameters of five distributions."""
    kinds = (
        Marginal("uniform", 0.3, 0.1, 0.5), Marginal("triangular", 0.3, 0.1, 0.5), Marginal("normal", 5.0, 4.0, 6.0),
        Marginal("lognormal", 5.0, 3.0, 9.0), Marginal("beta", 0.3, 0.1, 0.5),
    )  # fmt: skip
    sampler = Sampler.of([Row(f"p{i}", kinds[i % len(kinds)]) for i in range(800)])
    return partial(sampler.samples, 0, 0, samples)


def _models(replications: int) -> tuple[Comparison, ...]:
    from cemfa import compile_system, read_model, read_scenario, simulate, solve
    from cemfa.plan import plan_of

    scenario = read_scenario("first_steps_2030")
    system = compile_system(read_model(scenario.model))
    option = next(key for key, o in scenario.options.items() if o.baseline is None)
    plan = plan_of(scenario, option)
    simulated = partial(simulate, system, scenario, option=option, replications=replications, seed=1, workers=1)
    solved = partial(solve, system, plan=plan, samples=replications, seed=1, workers=1)
    return (Comparison(f"simulate / solve, first_steps, {replications} samples", simulated, solved),)
