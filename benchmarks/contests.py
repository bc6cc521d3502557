"""Who is compared with whom, on how many samples, and what the ratio should be.

A contest holds contestants whose runs are taken in turn. Before any is timed, all are checked to give the same numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Literal

import numpy as np

from benchmarks import stages, verbs
from benchmarks.containers import EACH, Arrays, Contained
from benchmarks.peers import Peer
from benchmarks.province import Province
from benchmarks.subjects import FLOWS_PER_PROCESS, Array, cohorts, graph
from cemfa.system.executors import Executor
from cemfa.system.sampling import BLOCK

Clock = Literal["process", "wall", "children"]
AGREED: Final = 1e-9


@dataclass(frozen=True)
class Contestant:
    """Who runs.

    Parameters
    ----------
    numbers : how many numbers one run works through; times are divided by it
    action : what is timed
    result : what the last run found, to be compared; None: nothing to compare
    timed_itself : whether the action returns its own CPU time, as peers do
    """

    name: str
    numbers: int
    action: Callable[[], Any]
    result: Callable[[], Array] | None = None
    timed_itself: bool = False


@dataclass(frozen=True)
class Ratio:
    """The time of one contestant over that of another, each per number, and what it should be.

    Parameters
    ----------
    under : None: no ratio but the milliseconds of `over`
    passing, aim : at least so much, or at most where `aim` is the smaller; None: only reported
    """

    text: str
    over: str
    under: str | None
    passing: float | None = None
    aim: float | None = None


@dataclass(frozen=True)
class Contest:
    """Contestants and the ratios of their times; `unit` says what one number is."""

    name: str
    contestants: tuple[Contestant, ...]
    ratios: tuple[Ratio, ...]
    clock: Clock = "process"
    unit: str = "sample and flow"

    def check(self) -> None:
        """Run everyone once, which warms caches too, and raise where two do not give the same numbers."""
        found: list[tuple[str, Array]] = []
        for one in self.contestants:
            one.action()
            if one.result is not None:
                found.append((one.name, one.result()))
        for name, values in found[1:]:
            width = min(values.shape[-1], found[0][1].shape[-1])
            ours, theirs = found[0][1][..., :width], values[..., :width]
            least = AGREED * float(np.abs(ours).max())
            said = f"{self.name}: {found[0][0]} and {name}"
            np.testing.assert_allclose(theirs, ours, rtol=AGREED, atol=least, err_msg=said)


@dataclass(frozen=True)
class Sizes:
    """On how much everyone works; those who are slow get fewer samples, and times are per sample.

    Parameters
    ----------
    samples : of cemfa and of the memory floor: more than the cache holds, as in a long run
    dense, sparse, dpmfa, flodym : samples of the others
    all_in, years : samples and years of a whole run
    cohorts : years and items of the stock
    replications : of the sample model
    province : scenario that is simulated whole, and its replications
    comparison : scenario that is compared whole by the command line, and its replications; None: it is left out
    processes : sizes of graph to go through
    """

    samples: int = 4096
    dense: int = 64
    sparse: int = 64
    dpmfa: int = 16
    flodym: int = 1024
    all_in: int = 1024
    years: int = 10
    cohorts: tuple[int, int] = (150, 1000)
    replications: int = 8
    province: tuple[str, int] = ("organics_2030", 100)
    comparison: tuple[str, int] | None = None
    processes: tuple[int, ...] = (200, 2000)


SMOKE: Final = Sizes(8, 4, 4, 2, 2, 8, 2, (6, 3), 1, ("first_steps_2030", 2), ("first_steps_2030", 2), (20,))
ISSUED: Final = 100_000
"""Samples of a whole run as asked for by `--full`."""

LONG: Final = 10
"""Times as many samples on threads, as many as a long run has: one of a tenth of a second is over before both work."""

GOALS: Final[Mapping[str, Mapping[str, tuple[float, float]]]] = {
    "batched `np.linalg.solve`": {"numpy": (25, 50), "numba": (150, 300)},
    "dpmfa": {"numpy": (300, 500), "numba": (1500, 3000)},
    "flodym": {"numpy": (700, 1000), "numba": (4000, 7000)},
    "memory floor": {"numpy": (40, 25), "numba": (7, 3.5)},
    "all in": {"numpy": (4, 3), "numba": (2.5, 1.8)},
    "2 threads": {"numba": (0.65, 0.55)},
}
NO_GOAL: Final[tuple[None, None]] = (None, None)
STOCK: Final = (150.0, 250.0)
CONTAINERS: Final = (20.0, 50.0)
YEAR: Final = {True: 25.0, False: 10.0}
"""Milliseconds of a year of one history with every limit, and with none."""
WORKERS: Final = (0.6, 0.55)
OPTIONS: Final = 4
"""Options that are simulated together on one process and on two."""
SYMBOLIC: Final = {200: 50.0, 2000: 1000.0}


FEW: Final = replace(Sizes(), dense=4, sparse=8)
"""Of the largest graphs, whose dense matrices take 32 MB each."""


def contests(sizes: Sizes, peers: Sequence[Peer] = ()) -> dict[str, Callable[[], Contest]]:
    """Return how to make every contest, by name; made one at a time, so that memory holds one."""
    asked = {peer.name: peer for peer in peers}
    middle, largest = min(200, max(sizes.processes)), max(sizes.processes)
    found = {_name("balance", "province-like", middle): partial(balance, "province-like", middle, sizes, asked)}
    for executor in verbs.executors():
        found[f"all in, {executor}"] = partial(all_in, middle, sizes, executor)
    found["stock"] = partial(stock, sizes, asked)
    found["threads"] = partial(threads, middle, sizes)
    found["symbolic step"] = partial(symbolic, sizes.processes)
    for kind in ("chain-like", "tangled"):
        found[_name("balance", kind, middle)] = partial(balance, kind, middle, sizes)
    if largest > middle:
        for kind, samples in (("province-like", 256), ("tangled", 1)):
            few = replace(FEW, samples=samples)
            found[_name("balance", kind, largest)] = partial(balance, kind, largest, few)
    found["start"] = starting
    found["sample model"] = partial(simulating, sizes.replications)
    found["province"] = partial(province, *sizes.province)
    found["province, workers"] = partial(province_workers, *sizes.province)
    if sizes.comparison:
        found["comparison"] = partial(comparison, *sizes.comparison)
    found["containers"] = partial(contained, largest // EACH, sizes.replications)
    return found


def _name(verb: str, kind: str, processes: int) -> str:
    return f"{verb}, {kind}, {processes} processes"


def balance(kind: str, processes: int, sizes: Sizes, peers: Mapping[str, Peer] | None = None) -> Contest:
    """Return the balance of a graph by everyone who can; goals are set for the one that the peers are asked for."""
    subject, flows = graph(kind, processes, sizes.samples), FLOWS_PER_PROCESS * processes
    ours = [verbs.Balance(subject, executor) for executor in verbs.executors()]
    names = [f"cemfa, {executor}" for executor in verbs.executors()]
    found = [Contestant(name, subject.shares.size, one, one.result) for name, one in zip(names, ours, strict=True)]
    few = {"batched `np.linalg.solve`": (verbs.Dense, sizes.dense), "`splu` per sample": (verbs.Sparse, sizes.sparse)}
    for name, (verb, samples) in few.items():
        other = verb(subject.first(samples))
        found.append(Contestant(name, other.graph.shares.size, other, other.result))
    for name, peer in (peers or {}).items():
        cut = subject.first(sizes.dpmfa if name == "dpmfa" else sizes.flodym)
        number = peer.set_up("balance", source=cut.source, target=cut.target, shares=cut.shares, inputs=cut.inputs)
        run, result = partial(peer.run, number), partial(peer.result, number)
        found.append(Contestant(name, flows * cut.samples, run, result, timed_itself=True))
    found.append(Contestant("memory floor", subject.shares.size, verbs.floor(subject)))
    ratios = []
    for executor, name in zip(verbs.executors(), names, strict=True):
        for other in found[len(ours) :]:
            over, under = (name, other.name) if other.name == "memory floor" else (other.name, name)
            wanted = NO_GOAL if peers is None else GOALS.get(other.name, {}).get(executor, NO_GOAL)
            ratios.append(Ratio(f"{over} / {under}", over, under, *wanted))
    return Contest(_name("balance", kind, processes), tuple(found), tuple(ratios))


def all_in(processes: int, sizes: Sizes, executor: Executor) -> Contest:
    """Return whole runs, every year of every sample with draws of its own, beside drawing as many normals."""
    subject, once = graph(processes=processes, samples=1), sizes.all_in * sizes.years
    grouped = verbs.AllIn(subject, "dirichlet", once, executor=executor)
    single = verbs.AllIn(subject, "beta", once, executor=executor)
    dated = verbs.AllIn(subject, "dirichlet", sizes.all_in, sizes.years, executor=executor)
    bare = partial(stages.kernels, grouped, stages.Stages(time.process_time))
    width = grouped.drawn
    found = (
        Contestant("solve, Dirichlet shares", width * once, grouped, grouped.result),
        Contestant("kernels alone, Dirichlet shares", width * once, bare, bare),
        Contestant("solve, beta shares and a remainder", single.drawn * once, single),
        Contestant("solve, Dirichlet shares, years share draws", width * once, dated),
        Contestant("normals", width * BLOCK, verbs.normals(width, BLOCK)),
    )
    wanted = GOALS["all in"][executor]
    ratios = tuple(
        Ratio(f"{one.name} / normals", one.name, "normals", *(NO_GOAL if one.action is bare else wanted))
        for one in found[:-1]
    )
    return Contest(f"all in, {executor}", found, ratios, unit="sample, year and number drawn")


def stock(sizes: Sizes, peers: Mapping[str, Peer]) -> Contest:
    """Return a stock of many items with Weibull lifetimes."""
    subject = cohorts(*sizes.cohorts)
    ours = {f"cemfa, {executor}": verbs.Lifetimes(subject, executor) for executor in verbs.executors()}
    found = [Contestant(name, subject.inflow.size, one, one.result) for name, one in ours.items()]
    ratios: tuple[Ratio, ...] = ()
    if "flodym" in peers:
        peer = peers["flodym"]
        number = peer.set_up("stock", inflow=subject.inflow, shape=subject.shape, scale=subject.scale)
        run, result = partial(peer.run, number), partial(peer.result, number)
        found.append(Contestant("flodym", subject.inflow.size, run, result, timed_itself=True))
        ratios = tuple(Ratio(f"flodym / {name}, stock", "flodym", name, *STOCK) for name in ours)
    years, items = sizes.cohorts
    return Contest(f"stock, {years} years × {items} items", tuple(found), ratios, unit="year and item")


def threads(processes: int, sizes: Sizes) -> Contest:
    """Return a whole run on one thread and on two, on the wall clock."""
    subject, samples = graph(processes=processes, samples=1), LONG * sizes.all_in * sizes.years
    found, ratios = [], []
    for executor in verbs.executors():
        one, two = f"1 thread, {executor}", f"2 threads, {executor}"
        for workers, name in ((1, one), (2, two)):
            task = verbs.AllIn(subject, "beta", samples, executor=executor, workers=workers)
            found.append(Contestant(name, task.drawn * samples, task, task.result))
        wanted = GOALS["2 threads"].get(executor, NO_GOAL)
        ratios.append(Ratio(f"2 threads / 1 thread ({executor})", two, one, *wanted))
    return Contest("threads", tuple(found), tuple(ratios), "wall", "sample, year and number drawn")


def symbolic(processes: Sequence[int]) -> Contest:
    """Return eliminating the patterns, without numbers."""
    found, ratios = [], []
    for size in processes:
        for kind in ("province-like", "tangled"):
            subject = graph(kind, size, 1)
            limit = SYMBOLIC.get(size) if kind == "province-like" else None
            found.append(Contestant(subject.name, len(subject.source), verbs.symbolic(subject)))
            ratios.append(Ratio(f"symbolic step [ms], {subject.name}", subject.name, None, limit, limit))
    return Contest("symbolic step", tuple(found), tuple(ratios), unit="flow")


def starting() -> Contest:
    """Return starting cemfa, beside an interpreter that does nothing."""
    codes = {"empty interpreter": "pass", "`import cemfa`": "import cemfa", "`cemfa --help`": verbs.HELP}
    found = tuple(Contestant(name, 1, verbs.python(code)) for name, code in codes.items())
    ratios = tuple(Ratio(f"{name} / empty interpreter", name, "empty interpreter") for name in list(codes)[1:])
    return Contest("start", found, ratios, "children", "start")


def province(name: str, replications: int) -> Contest:
    """Return a year of one history of a province, with every limit and with none."""
    subject = Province(name, replications)
    found, ratios = [], []
    for limits, said in ((True, "every limit, dispatch, events, all layers"), (False, "nothing limits")):
        found.append(Contestant(said, 1, subject.year(limits=limits), timed_itself=True))
        ratios.append(Ratio(f"year of one history [ms], {said}", said, None, YEAR[limits], YEAR[limits]))
    return Contest(f"{name}, {subject.flows} flows, {replications} histories", tuple(found), tuple(ratios), unit="year")


def province_workers(name: str, replications: int) -> Contest:
    """Return the last options of a province on one process and on two, on the wall clock."""
    subject, options = Province(name, replications), min(OPTIONS, replications)
    one, two = (
        Contestant(name, options, subject.workers(n, options)) for n, name in ((1, "1 process"), (2, "2 processes"))
    )
    ratio = Ratio("2 processes / 1 process", two.name, one.name, *WORKERS)
    return Contest(f"{name}, {options} options, {replications} histories", (one, two), (ratio,), "wall", "option")


def comparison(name: str, replications: int) -> Contest:
    """Return a comparison as one asks for it in a terminal, report and workbook included, by one worker and by two."""
    found = []
    for count, said in ((1, "1 worker"), (2, "2 workers")):
        task = verbs.Compared(name, replications, count)
        found.append(Contestant(said, 1, task, task.result))
    ratio = Ratio("2 workers / 1 worker", "2 workers", "1 worker", *WORKERS)
    whole = f"cemfa compare {name}, {replications} histories"
    return Contest(whole, tuple(found), (ratio,), "wall", "comparison")


def contained(districts: int, replications: int) -> Contest:
    """Return a year of plants day by day, beside the same written with a container per process."""
    usual, ours = Contained(districts), Arrays(districts, replications)
    found = (
        Contestant("`simpy.Container`", EACH * districts, usual, usual.result),
        Contestant("cemfa", EACH * districts * replications, ours, ours.result),
    )
    ratio = Ratio("`simpy.Container` / cemfa", "`simpy.Container`", "cemfa", *CONTAINERS)
    return Contest(f"simulation, {EACH * districts} flows", found, (ratio,), unit="history, year and flow")


def simulating(replications: int) -> Contest:
    """Return the simulation of the sample model beside its annual balance, per sample."""
    simulated, solved = verbs.sample_model(replications)
    found = (Contestant("simulate", replications, simulated), Contestant("solve", replications, solved))
    return Contest("sample model", found, (Ratio("simulate / solve, first_steps", "simulate", "solve"),), unit="sample")
