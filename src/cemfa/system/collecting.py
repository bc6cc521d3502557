"""Parts of blocks, in their order -> results: the last step of the annual balance.

After `solve`, which computes the parts, before `results`, whose shape they take. What is kept per sample is written
into its place at once, everything else is reduced as it comes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import xarray as xr

from cemfa.results import Request, join_samples, make_results
from cemfa.system.executors import Executor
from cemfa.system.kept import kept_flows
from cemfa.system.layout import Array, System
from cemfa.system.reducing import Interpolation, Running, Summary, reduced, side_by_side, summarised
from cemfa.system.sampling import BLOCK, Method

SAMPLED: Final = ("flow_mass", "throughput", "stock")
REDUCED: Final = ("flow", "throughput", "stock")


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What was asked for.

    Parameters
    ----------
    numbers : numbers of the samples, ascending
    blocks : how many random blocks they lie in
    drawn : whether parameters are drawn; False for central values
    together : whether samples of several blocks wait for each other, to be sorted together
    sampling : how samples are laid out
    executor : what runs the eliminated system
    """

    system: System
    numbers: Sequence[int]
    blocks: int
    seed: int
    request: Request
    limits: bool
    drawn: bool
    together: bool
    sampling: Method = "random"
    executor: Executor = "numpy"

    @property
    def sampled(self) -> frozenset[str]:
        """Variables whose samples someone needs while a block is computed."""
        found = {"flow_kept"} if isinstance(self.request.flows, tuple) else set[str]()
        if self.request.flows == "all" or self.request.functions:
            found |= {*SAMPLED, "parameter"}
        return frozenset(found | set(SAMPLED)) if self.together else frozenset(found)

    @property
    def kept(self) -> frozenset[str]:
        """Variables whose samples leave the block."""
        if self.request.flows == "all":
            return self.sampled
        wanted = {"flow_kept", *SAMPLED} if self.together else {"flow_kept"}
        return self.sampled & wanted

    @property
    def reduces(self) -> bool:
        """Whether anything is reduced block by block."""
        return self.request.flows != "all" and bool(self.request.reducers)

    @property
    def levels(self) -> tuple[float, ...]:
        """Levels of the quantiles that are taken block by block."""
        return () if self.together else self.request.levels

    @property
    def method(self) -> Interpolation:
        """How a quantile of one block lies between its samples."""
        return "linear" if self.blocks == 1 else "hazen"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What is kept of one unit of work.

    Parameters
    ----------
    positions : of its samples among all that were asked for
    variables : name → samples (S, T, L, element), parameters (S, T, C)
    summaries : per period one per random block, of flows, throughputs and stocks, one after the other
    functions : what functions made of it
    residual : largest
    counts : name of an attribute → good → number of samples
    """

    positions: range
    variables: dict[str, Array]
    summaries: Sequence[Sequence[Summary]]
    functions: dict[str, xr.Dataset]
    residual: float
    counts: dict[str, dict[str, int]]


class Collected:
    """Everything that has been computed so far; add the parts in their order."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._samples: dict[str, Array] = {}
        self._waiting: dict[str, Array] = {}
        self._running = [Running() for _ in run.system.years]
        self._functions: dict[str, list[xr.Dataset]] = {name: [] for name in run.request.functions}
        self._residual = 0.0
        self._counts: dict[str, Counter[str]] = {}

    def add(self, part: Part) -> None:
        """Take in the next part."""
        for name, values in part.variables.items():
            self._keep(name, values, slice(part.positions.start, part.positions.stop))
        for running, blocks in zip(self._running, part.summaries, strict=False):
            for block in blocks:
                running.add(block)
        for name, found in part.functions.items():
            self._functions[name].append(found)
        self._residual = max(self._residual, part.residual)
        for name, counts in part.counts.items():
            self._counts.setdefault(name, Counter()).update(counts)

    def _keep(self, name: str, values: Array, positions: slice) -> None:
        """Write samples (S, …) into their place; what waits to be sorted has the samples on its last axis."""
        count = len(self.run.numbers)
        if self.run.together and name in SAMPLED:
            whole = self._waiting.setdefault(name, np.empty((*values.shape[1:], count)))
            whole[..., positions] = np.moveaxis(values, 0, -1)
        else:
            self._samples.setdefault(name, np.empty((count, *values.shape[1:])))[positions] = values

    def results(self) -> xr.Dataset:
        """Return what there is as results of the one shape."""
        variables = self._samples | (self._reduced() if self.run.reduces else {})
        extra = [join_samples(found) for found in self._functions.values()]
        attrs = {name: json.dumps(counts, sort_keys=True) for name, counts in self._counts.items() if counts}
        return dataset(self.run, variables, range(len(self.run.numbers)), self._residual, extra, attrs)

    def _reduced(self) -> dict[str, Array]:
        """Return mean, standard deviation and quantiles of flows, throughputs and stocks."""
        run, system = self.run, self.run.system
        averaged = None if run.together or run.blocks == 1 else len(run.numbers) / BLOCK
        years = [reduced(self._summary(period), run.request, blocks=averaged) for period in range(len(system.years))]
        elements = (len(system.flow_ids), len(system.process_ids), len(system.stocks))
        ends = np.cumsum(elements) * len(system.layers)
        variables = {}
        for kind in years[0]:
            whole = np.stack([year[kind] for year in years], axis=-2)
            for name, values in zip(REDUCED, np.split(whole, ends[:-1], axis=-1), strict=True):
                variables[f"{name}_{kind}"] = values.reshape(*values.shape[:-1], len(system.layers), -1)
        return variables

    def _summary(self, period: int) -> Summary:
        """Return the summary of one period, its quantiles from all samples where these have waited."""
        found = self._running[period].summary
        if not self.run.together:
            return found
        rows = [self._waiting[name][period].reshape(-1, len(self.run.numbers)) for name in SAMPLED]
        levels = self.run.request.levels
        return replace(found, quantiles=side_by_side([summarised(r, levels, squares=False) for r in rows]).quantiles)


def dataset(
    run: Run,
    variables: Mapping[str, Array],
    positions: range,
    residual: float,
    extra: Sequence[xr.Dataset] = (),
    attrs: Mapping[str, object] = MappingProxyType({}),
) -> xr.Dataset:
    """Return results of the one shape, of all samples or of those of one block."""
    system, request = run.system, run.request
    coords: dict[str, Mapping[str, Any]] = {
        "stock_process": {"stock_process": np.array(system.stock_ids, dtype=np.str_)},
    }
    if "parameter" in variables:
        coords["cell"] = system.cell_coords
    if "flow_quantile" in variables:
        coords["quantile"] = {"quantile": np.array(request.levels)}
        attrs = {"quantiles": "exact" if run.together or run.blocks == 1 else "mean of blocks", **attrs}
    if isinstance(request.flows, tuple):
        coords["kept_flow"] = {"kept_flow": np.array(system.flow_ids)[kept_flows(system, request)]}
    return make_results(
        system,
        variables,
        kind="solve",
        seed=run.seed,
        residual=residual,
        samples=np.array(run.numbers[positions.start : positions.stop]),
        coords=coords,
        attrs={
            "model": system.model.id,
            "scenario": "",
            "option": "",
            "limits": run.limits,
            "executor": run.executor,
            "sampling": run.sampling if run.drawn else "central",
            "inputs": json.dumps(system.model.inputs, sort_keys=True),
            **attrs,
        },
        extra=extra,
    )
