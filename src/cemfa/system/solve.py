"""The annual balance of all periods and samples: draw, number, settle, reduce, block by block.

Sibling of `simulate`: the same model in, results of the same shape out. A random block of 256 samples is the unit
of randomness and of reduction; a unit of work is some of them, computed in strips that fit the cache. Results
depend on neither, nor on the number of workers, bit by bit, and memory does not grow with the samples unless
samples are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import xarray as xr

from cemfa import locale
from cemfa.errors import Problem, SolveError
from cemfa.plan import Plan
from cemfa.results import Request
from cemfa.system.balance import largest_residual
from cemfa.system.capacity import added_capacity, open_share, yearly_capacity
from cemfa.system.changes import Binding
from cemfa.system.collecting import Collected, Part, Run, dataset
from cemfa.system.containment import by_good, overfull, overfull_problems
from cemfa.system.executors import Executor, chosen
from cemfa.system.footprint import footprint, refuse_too_large, series, sorts_together
from cemfa.system.holding import Holding, closing, opening, releasing
from cemfa.system.kept import Year, kept_flows
from cemfa.system.layout import Array, System
from cemfa.system.limits import settle
from cemfa.system.numbers import Numbers, bind_plan, block_values
from cemfa.system.reducing import Summary, side_by_side, summarised
from cemfa.system.sampling import BLOCK, Method
from cemfa.workers import parts, worker_count

Progress = Callable[[int, int], None]

STRIP_NUMBERS: Final = 2**21
"""Numbers of one period that are computed at a time: enough for calls to cost little, few enough for the cache."""
LARGEST_STRIP: Final = 2048
STRIPS_PER_WORKER: Final = 4
PASSES_EXPECTED: Final = 3
"""Solves per sample where something limits; decides no more than whether an import is worth its time."""


def solve(
    system: System,
    *,
    plan: Plan | None = None,
    samples: int | Sequence[int] = 1,
    seed: int = 0,
    sampling: Method = "random",
    request: Request | None = None,
    workers: int | None = None,
    limits: bool = True,
    progress: Progress | None = None,
    executor: Executor | None = None,
) -> xr.Dataset:
    """Return the balance of every year as results of the one shape.

    Parameters
    ----------
    plan : projects and changes; None: what stands today
    samples : 1 computes central values without a draw; more draw that many samples; numbers such as ``[17]`` or
        ``range(256, 512)``, ascending, draw just these, with the same bits as among all others. A contained
        layer that exceeds its container, or a product that lacks the water of its stated moisture, is an error
        in central values; in samples the attributes ``overfull`` and ``short_of_water`` count them by good
    seed : of the random streams
    sampling : how samples are laid out: ``random``, ``latin_hypercube`` (stratified within each block of 256) or
        ``sobol`` (a scrambled Sobol sequence over all samples; there another parameter may change the draws of
        others); the attribute ``sampling`` records it
    request : what to keep; default: everything for one sample, mean and quantiles of every flow for more. Every
        quantile has its error beside it (``flow_quantile_error``, one standard error). The attribute
        ``quantiles`` says whether these are ``exact`` or, of more samples than are meant to be held, ``mean of
        blocks`` (Hazen's quantiles of 256 samples each, whose error holds their bias too)
    workers : units of work computed at a time; the results do not depend on it
    limits : False removes all capacities, for tests and for what a plant would get if it were large enough
    progress : called with units of work done and in all
    executor : ``"numpy"`` or ``"numba"`` (extra ``fast``) runs the eliminated system; None takes numba where it is
        installed and the work is worth its import. The bits do not depend on it; the attribute ``executor`` names it

    Raises
    ------
    SolveError
        where the balance has no acceptable solution, naming process, layer, year, sample and seed.
    ResourceError
        where what is asked for does not fit the memory; before anything is allocated.

    Examples
    --------
    >>> from cemfa.definition.load import read_model
    >>> from cemfa.system.compile import compile_system
    >>> system = compile_system(read_model("first_steps"))
    >>> results = solve(system)
    >>> results.sizes["period"], results.attrs["residual"] < 1e-9
    (9, True)
    >>> solve(system, samples=[17], seed=3)["sample"].values.tolist()
    [17]
    """
    numbers = _numbers(samples)
    wanted = request or (Request(flows="all") if len(numbers) == 1 else Request())
    blocks = len(_units(numbers, BLOCK))
    width = strip_width(system, wanted, shared_by=worker_count(workers, blocks), blocks=blocks)
    units = _units(numbers, width)
    widest = max(len(unit) for unit in units)
    count = worker_count(workers, len(units))
    refuse_too_large(footprint(system, wanted, len(numbers), width=widest, workers=count), len(numbers))
    together = blocks > 1 and sorts_together(system, wanted, len(numbers))
    run = Run(
        system, numbers, blocks, seed, wanted, limits=limits, drawn=samples != 1, together=together, sampling=sampling,
        executor=chosen(executor, products(system, len(numbers))),
    )  # fmt: skip
    added = added_capacity(system, plan) if limits else None
    task = _Unit(run, bind_plan(system, plan), added, open_share(system, plan), width)
    collected = Collected(run)
    for done, part in enumerate(parts(task, units, workers=count), start=1):
        collected.add(part)
        if progress:
            progress(done, len(units))
    return collected.results()


def solve_years(
    system: System, draws: Array, binding: Binding, added: Array | None, opened: Array, *, central: bool = False,
    executor: Executor | None = None, shown: bool = True,
) -> Iterator[Year]:  # fmt: skip
    """Yield the balance of every period for given draws, in order; stocks carry over.

    Parameters
    ----------
    draws : shape (R, S), from the system's sampler
    binding : the plan's changes, from `bind_plan`
    added, opened : shape (T, G), from `added_capacity` and `open_share`; `added` None removes all limits
    central : whether the draws are the central values, which must make sense in every layer
    executor : as in `solve`
    shown : whether the values of parameters are wanted beside the flows
    """
    holding = None
    for period in range(len(system.years)):
        numbers = block_values(system, draws, binding, period)
        limits = None
        if added is not None:
            limits = yearly_capacity(numbers, added[period], opened[period], int(system.days[period]))
        year, holding = solve_year(system, numbers, limits, holding, central=central, executor=executor, shown=shown)
        yield year


def solve_year(
    system: System, numbers: Numbers, limits: Array | None, holding: Holding | None, *, central: bool = False,
    executor: Executor | None = None, shown: bool = True,
) -> tuple[Year, Holding]:  # fmt: skip
    """Return the balance of one period, and what the stocks hold at its end.

    Parameters
    ----------
    numbers : of the period, from `block_values`
    limits : shape (G, S), largest intake [t/year]; None removes all limits
    holding : what the stocks hold at the end of the period before; None before the first one
    central, executor, shown : as in `solve_years`
    """
    year = system.years[numbers.period]
    holding = holding or opening(system, numbers)
    leaving = releasing(system, holding, numbers)
    found = settle(system, leaving.numbers, limits, leaving.release, central=central, executor=executor, checked=True)
    release = leaving.release.whole(system, found.entering)
    residual = largest_residual(system, found.flows, release, year=year, entering=found.entering)
    if central and (problems := overfull_problems(system, found.flows, year)):
        raise locale.error(SolveError, problems)
    after = closing(system, holding, leaving, release, found.flows, found.entering)
    cells = numbers.cells if shown else np.empty((0, numbers.coefficient.shape[2]))
    return Year(found.flows, found.throughput, after.content, cells, residual, found.dry), after


def products(system: System, samples: int) -> int:
    """Return about how many products the balances of all samples, years and layers take."""
    solves = PASSES_EXPECTED * samples * len(system.years) * len(system.layers)
    return solves * system.elimination.products


def strip_width(system: System, request: Request, *, shared_by: int = 1, blocks: int = 1) -> int:
    """Return how many samples to compute at a time; functions are handed one random block after the other.

    Parameters
    ----------
    shared_by, blocks : workers, and random blocks in all: several workers get some strips each, so that none of them
        waits long for the last one
    """
    widest = BLOCK if request.functions or request.flows == "all" else LARGEST_STRIP
    if shared_by > 1:
        widest = min(widest, BLOCK * max(1, blocks // (STRIPS_PER_WORKER * shared_by)))
    fitting = STRIP_NUMBERS // (BLOCK * max(1, series(system)))
    return int(min(widest, BLOCK * max(1, fitting)))


def _numbers(samples: int | Sequence[int]) -> Sequence[int]:
    """Return the numbers of the samples asked for."""
    if isinstance(samples, int):
        if samples < 1:
            raise locale.error(SolveError, Problem("samples-count", parameters={"samples": samples}))
        return range(samples)
    found = [int(number) for number in samples]
    if not found or found[0] < 0 or any(b <= a for a, b in pairwise(found)):
        raise locale.error(SolveError, Problem("samples-numbers", parameters={"samples": found[:12]}))
    return found


def _units(numbers: Sequence[int], width: int) -> list[range]:
    """Return units of work: positions of samples, whole random blocks together, about as many as a strip is wide."""
    edges = (np.flatnonzero(np.diff(np.asarray(numbers) // BLOCK)) + 1).tolist()
    blocks = [range(a, b) for a, b in zip([0, *edges], [*edges, len(numbers)], strict=True)]
    step = max(1, width // BLOCK)
    return [range(blocks[n].start, blocks[min(n + step, len(blocks)) - 1].stop) for n in range(0, len(blocks), step)]


@dataclass(frozen=True, slots=True, eq=False)
class _Unit:
    """The task of one unit of work, by the positions of its samples."""

    run: Run
    binding: Binding
    added: Array | None
    opened: Array
    width: int

    def __call__(self, positions: range) -> Part:
        run, numbers = self.run, self.run.numbers[positions.start : positions.stop]
        blocks = _units(numbers, BLOCK)
        kept: dict[str, list[Array]] = {}
        summaries: list[list[Summary]] = []
        residual, full = 0.0, np.zeros((len(run.system.flow_ids), len(numbers)), dtype=bool)
        dry = full.copy()
        for year in self._years(self._draws(numbers, blocks), numbers):
            residual = max(residual, year.residual)
            for wrong in overfull(run.system, year.flow).values():
                full |= wrong
            dry[run.system.moistures.flow] |= False if year.dry is None else year.dry
            for name, value in self._of(year):
                kept.setdefault(name, []).append(value)
            if run.reduces:
                summaries.append([self._summary(year, block) for block in blocks])
        variables = {name: _with_axes(kept.pop(name)) for name in tuple(kept)}  # never all of them twice
        functions = self._functions(variables, positions, residual)
        for name in variables.keys() - run.kept:
            del variables[name]
        counts = {"overfull": by_good(run.system, full), "short_of_water": by_good(run.system, dry)}
        return Part(positions, variables, summaries, functions, residual, counts)

    def _draws(self, numbers: Sequence[int], blocks: Sequence[range]) -> Array:
        sampler = self.run.system.sampler
        if not self.run.drawn:
            return sampler.central()[:, None]
        drawn = np.empty((len(sampler.central()), len(numbers)))
        for block in blocks:
            first, part = numbers[block.start] // BLOCK, drawn[:, block.start : block.stop]
            if len(block) == BLOCK:
                sampler.block(self.run.seed, first, self.run.sampling, out=part, executor=self.run.executor)
            else:
                columns = np.array(numbers[block.start : block.stop]) - first * BLOCK
                whole = sampler.block(self.run.seed, first, self.run.sampling, executor=self.run.executor)
                part[:] = whole[:, columns]
        return drawn

    def _years(self, draws: Array, numbers: Sequence[int]) -> Iterator[Year]:
        """Yield the years of all samples; strips of them are computed apart, year by year in step."""
        cuts = [slice(first, first + self.width) for first in range(0, len(numbers), self.width)]
        strips = [self._strip(draws[:, cut], numbers[cut]) for cut in cuts]
        for years in zip(*strips, strict=True):
            yield _side_by_side(years)

    def _strip(self, draws: Array, numbers: Sequence[int]) -> Iterator[Year]:
        central = not self.run.drawn
        try:
            yield from solve_years(
                self.run.system, draws, self.binding, self.added, self.opened, central=central,
                executor=self.run.executor, shown="parameter" in self.run.sampled,
            )  # fmt: skip
        except SolveError as wrong:
            raise (wrong if central else _named(wrong, numbers, self.run.seed)) from None

    def _of(self, year: Year) -> Iterator[tuple[str, Array]]:
        """Yield the samples of a year that someone needs."""
        wanted = self.run.sampled
        for name, value in (("flow_mass", year.flow), ("throughput", year.throughput), ("stock", year.stock)):
            if name in wanted:
                yield name, value
        if "parameter" in wanted:
            yield "parameter", year.parameter
        if "flow_kept" in wanted:
            yield "flow_kept", year.flow[kept_flows(self.run.system, self.run.request)]

    def _summary(self, year: Year, block: range) -> Summary:
        """Return the summary of one random block: flows, throughputs and stocks, layer by layer."""
        levels, squares, method = self.run.levels, "sd" in self.run.request.reducers, self.run.method
        rows = [
            values[:, layer, block.start : block.stop]
            for values in (year.flow, year.throughput, year.stock)
            for layer in range(values.shape[1])
        ]
        return side_by_side([summarised(r, levels, squares=squares, method=method) for r in rows])

    def _functions(self, variables: dict[str, Array], positions: range, residual: float) -> dict[str, xr.Dataset]:
        if not self.run.request.functions:
            return {}
        whole = {name: variables[name] for name in ("flow_mass", "throughput", "stock", "parameter")}
        block = dataset(self.run, whole, positions, residual)
        return {name: function(block) for name, function in self.run.request.functions.items()}


def _with_axes(years: Sequence[Array]) -> Array:
    """Return the years (element, layer, sample) or (cell, sample) with the axes of results: sample first."""
    whole = np.stack(years)
    return whole.transpose(2, 0, 1) if whole.ndim == 3 else whole.transpose(3, 0, 2, 1)


def _side_by_side(years: Sequence[Year]) -> Year:
    """Return one year of several strips of samples as one."""
    if len(years) == 1:
        return years[0]
    flow, throughput, stock, parameter = (
        np.concatenate([getattr(year, name) for year in years], axis=-1)
        for name in ("flow", "throughput", "stock", "parameter")
    )
    dry = (
        None if years[0].dry is None else np.concatenate([year.dry for year in years if year.dry is not None], axis=-1)
    )
    return Year(flow, throughput, stock, parameter, max(year.residual for year in years), dry)


def _named(wrong: SolveError, numbers: Sequence[int], seed: int) -> SolveError:
    """Return an error of a strip with the numbers its samples have in the run, and how to compute one alone."""
    problems, failed = [], set[int]()
    for problem in wrong.problems:
        place = problem.parameters.get("sample")
        shown = dict(problem.parameters)
        if isinstance(place, int):
            shown["sample"] = int(numbers[place])
            failed.add(int(numbers[place]))
        problems.append(replace(problem, parameters=shown))
    problems += [Problem("sample-alone", parameters={"sample": n, "seed": seed}) for n in sorted(failed)[:1]]
    return locale.error(type(wrong), problems)
