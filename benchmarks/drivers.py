"""How contests are timed, and how ratios become tables. Knows nothing of what is measured."""

from __future__ import annotations

import platform
import resource
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.contests import Contest, Contestant, Ratio

REPEATS: Final = 7
SEEN: Final = 0.2
"""A run shorter than this [s] is repeated inside: what others left in the caches is forgotten by then."""


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


CLOCKS: Final = {"process": time.process_time, "wall": time.perf_counter, "children": _children}


@dataclass(frozen=True)
class Measured:
    """Times of a contest [s per run], by contestant, in the order of the rounds."""

    contest: Contest
    times: dict[str, list[float]]

    def per_number(self, name: str) -> float:
        """Return the median time of a contestant per number [s]."""
        numbers = next(c.numbers for c in self.contest.contestants if c.name == name)
        return statistics.median(self.times[name]) / numbers

    def value(self, ratio: Ratio) -> float:
        """Return the ratio of the medians, or the median in milliseconds."""
        if ratio.under is None:
            return 1000.0 * statistics.median(self.times[ratio.over])
        return self.per_number(ratio.over) / self.per_number(ratio.under)

    def range(self, ratio: Ratio) -> tuple[float, float]:
        """Return the least and the largest ratio of one round: how far to trust the median."""
        over, under = self.times[ratio.over], self.times[ratio.under or ratio.over]
        scale = self.value(ratio) / (statistics.median(over) / (statistics.median(under) if ratio.under else 1.0))
        rounds = [scale * a / (b if ratio.under else 1.0) for a, b in zip(over, under, strict=True)]
        return min(rounds), max(rounds)


def measure(contest: Contest, repeats: int = REPEATS) -> Measured:
    """Return the times of all contestants, taken in turn, so that whatever disturbs the machine meets all of them."""
    contest.check()
    times: dict[str, list[float]] = {one.name: [] for one in contest.contestants}
    for _ in range(repeats):
        for one in contest.contestants:
            times[one.name].append(timed(one, CLOCKS[contest.clock]))
    return Measured(contest, times)


def timed(one: Contestant, clock: Callable[[], float]) -> float:
    """Return the time of one run [s]."""
    if one.timed_itself:
        return float(one.action())
    runs = 0
    start = clock()
    while not runs or clock() - start < SEEN:
        one.action()
        runs += 1
    return (clock() - start) / runs


def verdict(value: float, ratio: Ratio) -> str:
    """Return whether a ratio meets its aim, passes, or misses."""
    if ratio.passing is None or ratio.aim is None:
        return ""
    small = ratio.aim <= ratio.passing and (ratio.under is None or ratio.aim < ratio.passing)
    meets = (lambda limit: value <= limit) if small else (lambda limit: value >= limit)
    return "aim" if meets(ratio.aim) else "pass" if meets(ratio.passing) else "misses"


def table(measured: Iterable[Measured]) -> str:
    """Return the ratios as a Markdown table."""
    lines = ["| ratio | measured | rounds | pass | aim | |", "|---|---:|---:|---:|---:|---|"]
    for one in measured:
        lines.append(f"| **{one.contest.name}** | | | | | |")
        for ratio in one.contest.ratios:
            value, (least, most) = one.value(ratio), one.range(ratio)
            sign = "≤ " if ratio.under is None or (ratio.aim or 0) < (ratio.passing or 0) else "≥ "
            goals = ["" if goal is None else f"{sign}{goal:g}" for goal in (ratio.passing, ratio.aim)]
            shown = f"{value:.3g} | {least:.3g}–{most:.3g}"
            lines.append(f"| {ratio.text} | {shown} | {goals[0]} | {goals[1]} | {verdict(value, ratio)} |")
    return "\n".join(lines)


def times(measured: Iterable[Measured]) -> str:
    """Return what everyone took per number as a Markdown table."""
    lines = ["| who | time | numbers in a run | a number is one |", "|---|---:|---:|---|"]
    for one in measured:
        lines.append(f"| **{one.contest.name}** | | | |")
        for who in one.contest.contestants:
            shown = f"{_time(one.per_number(who.name))} | {who.numbers:,}".replace(",", " ")
            lines.append(f"| {who.name} | {shown} | {one.contest.unit} |")
    return "\n".join(lines)


def stage_table(spent: Iterable[tuple[str, dict[str, float], int]]) -> str:
    """Return times by stage as a Markdown table, from name, seconds and numbers [ns per number]."""
    rows = list(spent)
    stages = list(dict.fromkeys(stage for _, found, _ in rows for stage in found))
    lines = [
        "| ns per sample, year and flow | " + " | ".join([*stages, "all"]) + " |",
        "|---|" + "---:|" * (len(stages) + 1),
    ]
    for name, found, numbers in rows:
        cells = [f"{1e9 * found[s] / numbers:.3g}" if s in found else "" for s in stages]
        lines.append(f"| {name} | " + " | ".join([*cells, f"{1e9 * sum(found.values()) / numbers:.3g}"]) + " |")
    return "\n".join(lines)


def _time(seconds: float) -> str:
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def machine() -> str:
    """Return what was measured on."""
    return f"{_processor()}, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def _processor() -> str:
    """Return the name of the processor, with its family and model where the name says little."""
    told = Path("/proc/cpuinfo")
    if not told.exists():
        return platform.processor() or "unknown processor"
    lines = [line.partition(":") for line in told.read_text(encoding="utf-8").splitlines()]
    first: dict[str, str] = {}
    for key, _, value in lines:
        first.setdefault(key.strip(), value.strip())
    count = sum(key.strip() == "processor" for key, _, _ in lines)
    known = first.get("model name", "unknown processor")
    return f"{known} (family {first.get('cpu family', '?')}, model {first.get('model', '?')}), {count} cores"
