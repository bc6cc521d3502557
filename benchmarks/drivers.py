"""How actions are timed, and how ratios become a table. Knows nothing of what is measured."""

from __future__ import annotations

import platform
import resource
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.verbs import Action, Comparison


@dataclass(frozen=True)
class Measurement:
    """Times of a comparison [s] and how often each was run."""

    name: str
    action: float
    reference: float
    repeats: int

    @property
    def ratio(self) -> float:
        """Time of the action over that of the reference."""
        return self.action / self.reference


def measure(comparison: Comparison, repeats: int = 5) -> Measurement:
    """Return the least CPU time of action and reference, run in turn so that a busy machine hits both."""
    clock = _children if comparison.children else time.process_time
    comparison.reference()  # warm caches, imports and tables of both
    comparison.action()
    times = [(timed(comparison.action, clock), timed(comparison.reference, clock)) for _ in range(repeats)]
    return Measurement(comparison.name, min(t[0] for t in times), min(t[1] for t in times), repeats)


def timed(action: Action, clock: Callable[[], float]) -> float:
    """Return the time of one run, repeated inside until the clock can see it."""
    runs = 0
    start = clock()
    while (elapsed := clock() - start) < 0.02 or not runs:
        action()
        runs += 1
    return elapsed / runs if runs else elapsed


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(measurements: Iterable[Measurement]) -> str:
    """Return the ratios as a Markdown table."""
    lines = ["| what / compared with | ratio | time of the first |", "|---|---:|---:|"]
    lines += [f"| {m.name} | {m.ratio:.3g} | {1000 * m.action:.3g} ms |" for m in measurements]
    return "\n".join(lines)


def machine() -> str:
    """Return what the ratios were measured on."""
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
