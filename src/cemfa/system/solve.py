"""The annual balance of all periods and samples: draw, number, settle, reduce, block by block.

Sibling of `simulate`: the same model in, results of the same shape out. A block of 256 samples is the unit of
work, of randomness and of reduction, so results do not depend on the number of workers, bit by bit; memory does
not grow with the samples unless they are asked for.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

import numpy as np
import xarray as xr

from cemfa import locale
from cemfa.errors import Problem, ResourceError, SolveError
from cemfa.plan import Plan
from cemfa.results import Request, join_samples, make_results
from cemfa.system.balance import largest_residual
from cemfa.system.capacity import added_capacity, open_share, yearly_capacity
from cemfa.system.changes import Binding
from cemfa.system.containment import by_good, overfull, overfull_problems
from cemfa.system.holding import closing, opening, released
from cemfa.system.kept import Year, kept_flows
from cemfa.system.layout import Array, System
from cemfa.system.limits import settle
from cemfa.system.numbers import bind_plan, block_values
from cemfa.system.sampling import BLOCK
from cemfa.workers import parts

SHARE_OF_MEMORY: Final = 0.5
"""Largest share of the machine's memory that kept samples may take."""
EXACT_BYTES: Final = 2**30
"""Samples that fit into so many bytes are kept until all are there; of more, quantiles are means over blocks."""
SAMPLED: Final = ("flow_mass", "throughput", "stock", "parameter")
REDUCED: Final = {"flow_mass": "flow", "throughput": "throughput", "stock": "stock"}


def solve(
    system: System,
    *,
    plan: Plan | None = None,
    samples: int = 1,
    seed: int = 0,
    request: Request | None = None,
    workers: int | None = None,
    limits: bool = True,
) -> xr.Dataset:
    """Return the balance of every year as results of the one shape.

    Parameters
    ----------
    plan : projects and changes; None: what stands today
    samples : 1 computes central values without a draw; more draw that many samples. A contained layer that
        exceeds its container, or a product that lacks the water of its stated moisture, is an error in central
        values; in samples the attributes ``overfull`` and ``short_of_water`` count them by good
    seed : of the random streams
    request : what to keep; default: everything for one sample, mean and quantiles of every flow for more;
        the attribute ``quantiles`` says whether these are ``exact`` or, of more samples than the memory is meant
        to hold, ``mean of blocks`` (Hazen's quantiles of 256 samples each, nearly without bias)
    workers : blocks computed at a time; the results do not depend on it
    limits : False removes all capacities, for tests and for what a plant would get if it were large enough

    Raises
    ------
    SolveError
        where the balance has no acceptable solution, naming process, layer, year and sample.
    ResourceError
        where all samples are asked for and do not fit the memory.

    Examples
    --------
    >>> from cemfa.definition.load import read_model
    >>> from cemfa.system.compile import compile_system
    >>> results = solve(compile_system(read_model("first_steps")))
    >>> results.sizes["period"], results.attrs["residual"] < 1e-9
    (9, True)
    """
    if samples < 1:
        raise locale.error(SolveError, Problem("samples-count", parameters={"samples": samples}))
    wanted = request or (Request(flows="all") if samples == 1 else Request())
    _refuse_too_large(system, wanted, samples)
    added = added_capacity(system, plan) if limits else None
    task = _Block(system, bind_plan(system, plan), added, open_share(system, plan), samples, seed, wanted)
    blocks = range(-(-samples // BLOCK))
    return _reduced(task, list(parts(task, blocks, workers=workers)))


def solve_years(
    system: System, draws: Array, binding: Binding, added: Array | None, opened: Array, *, central: bool = False
) -> Iterator[Year]:
    """Yield the balance of every period for given draws, in order; stocks carry over.

    Parameters
    ----------
    draws : shape (R, S), from the system's sampler
    binding : the plan's changes, from `bind_plan`
    added, opened : shape (T, G), from `added_capacity` and `open_share`; `added` None removes all limits
    central : whether the draws are the central values, which must make sense in every layer
    """
    holding = None
    for period, year in enumerate(system.years):
        numbers = block_values(system, draws, binding, period)
        holding = holding or opening(system, numbers)
        release = released(system, holding, numbers)
        limits = None
        if added is not None:
            limits = yearly_capacity(numbers, added[period], opened[period], int(system.days[period]))
        found = settle(system, numbers, limits, release, central=central)
        residual = largest_residual(system, found.flows, release, year=year)
        if central and (problems := overfull_problems(system, found.flows, year)):
            raise locale.error(SolveError, problems)
        holding = closing(system, holding, numbers, release, found.flows, found.entering)
        yield Year(found.flows, found.throughput, holding.content, numbers.cells, residual, found.dry)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What is kept of one block: arrays with the axes of results, and what functions made of it."""

    samples: range
    variables: dict[str, Array]
    functions: dict[str, xr.Dataset]
    residual: float
    counts: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """The task of one block, by its number."""

    system: System
    binding: Binding
    added: Array | None
    opened: Array
    samples: int
    seed: int
    request: Request

    def __call__(self, number: int) -> _Part:
        drawn = range(number * BLOCK, min(self.samples, (number + 1) * BLOCK))
        kept: dict[str, list[Array]] = {}
        residual, full = 0.0, np.zeros((len(self.system.flow_ids), len(drawn)), dtype=bool)
        dry = full.copy()
        draws, central = self._draws(number, len(drawn)), self.samples == 1
        for year in solve_years(self.system, draws, self.binding, self.added, self.opened, central=central):
            residual = max(residual, year.residual)
            for wrong in overfull(self.system, year.flow).values():
                full |= wrong
            dry[self.system.moistures.flow] |= False if year.dry is None else year.dry
            for name, value in self._of(year):
                kept.setdefault(name, []).append(value)
        variables = {name: _with_axes(name, values) for name, values in kept.items()}
        functions = self._functions(variables, drawn, residual)
        if self.request.flows != "all":
            dropped = {"parameter"} if self.gathers else set(SAMPLED)
            variables = {name: value for name, value in variables.items() if name not in dropped}
        counts = {"overfull": by_good(self.system, full), "short_of_water": by_good(self.system, dry)}
        return _Part(drawn, variables, functions, residual, counts)

    @property
    def gathers(self) -> bool:
        """Whether samples of several blocks wait for each other, so that their quantiles are exact."""
        fits = _size(self.system, self.samples) <= EXACT_BYTES
        return self.request.flows != "all" and self.samples > BLOCK and fits

    def _draws(self, number: int, count: int) -> Array:
        if self.samples == 1:
            return self.system.sampler.central()[:, None]
        return self.system.sampler.block(self.seed, number)[:, :count]

    def _of(self, year: Year) -> Iterator[tuple[str, Array]]:
        """Yield what is kept of a year: samples where someone needs them, reductions otherwise."""
        if self.request.flows == "all" or self.request.functions or self.gathers:
            yield from zip(SAMPLED, (year.flow, year.throughput, year.stock, year.parameter), strict=True)
        if isinstance(self.request.flows, tuple):
            yield "flow_kept", year.flow[kept_flows(self.system, self.request)]
        if self.request.flows == "all" or self.gathers:
            return
        levels = self.request.levels
        method: Literal["linear", "hazen"] = "linear" if self.samples <= BLOCK else "hazen"
        for name in ("flow", "throughput", "stock"):
            values: Array = getattr(year, name)
            if "mean" in self.request.reducers:
                yield f"{name}_mean", np.add.reduce(values, axis=-1)
            if levels:
                yield f"{name}_quantile", np.quantile(values, levels, axis=-1, method=method) * values.shape[-1]

    def _functions(self, variables: dict[str, Array], drawn: range, residual: float) -> dict[str, xr.Dataset]:
        if not self.request.functions:
            return {}
        whole = {name: variables[name] for name in SAMPLED}
        dataset = _dataset(self, whole, drawn, residual)
        return {name: function(dataset) for name, function in self.request.functions.items()}


def _with_axes(name: str, values: list[Array]) -> Array:
    """Return the years of one variable with the axes of results: sample or quantile, period, layer, element."""
    whole = np.stack(values)
    if name == "parameter":
        return whole.transpose(2, 0, 1)
    if name.endswith("_mean"):
        return whole.transpose(0, 2, 1)
    return whole.transpose(1, 0, 3, 2) if name.endswith("_quantile") else whole.transpose(3, 0, 2, 1)


def _reduced(task: _Block, found: Sequence[_Part]) -> xr.Dataset:
    """Return the results of all blocks, reduced in the order of the blocks."""
    variables: dict[str, Array] = {}
    for name in found[0].variables:
        pieces = [part.variables[name] for part in found]
        if name in (*SAMPLED, "flow_kept"):
            variables[name] = np.concatenate(pieces)
        else:
            total = pieces[0].copy()
            for piece in pieces[1:]:
                total += piece
            variables[name] = total / task.samples
    if task.gathers:
        for name in REDUCED:
            variables |= _spread(REDUCED[name], variables.pop(name), task.request)
    residual = max(part.residual for part in found)
    extra = [join_samples([part.functions[name] for part in found]) for name in task.request.functions]
    attrs = {}
    for name in found[0].counts:
        counts: Counter[str] = Counter()
        for part in found:
            counts.update(part.counts[name])
        if counts:
            attrs[name] = json.dumps(counts, sort_keys=True)
    return _dataset(task, variables, range(task.samples), residual, extra, attrs)


def _spread(name: str, samples: Array, request: Request) -> dict[str, Array]:
    """Return mean and quantiles of all samples (S, T, L, element), year by year to spare memory."""
    found: dict[str, Array] = {}
    if "mean" in request.reducers:
        found[f"{name}_mean"] = np.add.reduce(samples, axis=0) / len(samples)
    if request.levels:
        years = [np.quantile(samples[:, t], request.levels, axis=0) for t in range(samples.shape[1])]
        found[f"{name}_quantile"] = np.stack(years, axis=1)
    return found


def _dataset(
    task: _Block,
    variables: Mapping[str, Array],
    samples: range,
    residual: float,
    extra: Sequence[xr.Dataset] = (),
    attrs: Mapping[str, object] = MappingProxyType({}),
) -> xr.Dataset:
    system = task.system
    coords: dict[str, Mapping[str, Any]] = {
        "stock_process": {"stock_process": np.array(system.stock_ids, dtype=np.str_)},
    }
    if "parameter" in variables:
        coords["cell"] = system.cell_coords
    if "flow_quantile" in variables:
        coords["quantile"] = {"quantile": np.array(task.request.levels)}
    if isinstance(task.request.flows, tuple):
        chosen = kept_flows(system, task.request)
        coords["kept_flow"] = {"kept_flow": np.array(system.flow_ids)[chosen]}
    return make_results(
        system,
        variables,
        kind="solve",
        seed=task.seed,
        residual=residual,
        samples=np.array(samples),
        coords=coords,
        attrs={
            "model": system.model.id,
            "scenario": "",
            "option": "",
            "limits": task.added is not None,
            **({"quantiles": _kind_of_quantiles(task)} if "flow_quantile" in variables else {}),
            "inputs": json.dumps(system.model.inputs, sort_keys=True),
            **attrs,
        },
        extra=extra,
    )


def _kind_of_quantiles(task: _Block) -> str:
    return "exact" if task.gathers or task.samples <= BLOCK else "mean of blocks"


def _size(system: System, samples: int) -> int:
    """Return the bytes of all samples of all flows, throughputs, stocks and cells."""
    numbers = (len(system.flow_ids) + len(system.process_ids)) * len(system.layers) + len(system.cells)
    return 8 * numbers * len(system.years) * samples


def _refuse_too_large(system: System, request: Request, samples: int) -> None:
    """Raise before anything is allocated where the samples asked for do not fit the memory."""
    if request.flows != "all":
        return
    needed = _size(system, samples)
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else needed
    if needed > SHARE_OF_MEMORY * there:
        shown = {"gigabytes": needed / 1e9, "most": SHARE_OF_MEMORY * there / 1e9, "samples": samples}
        raise locale.error(ResourceError, Problem("samples-memory", parameters=shown))
