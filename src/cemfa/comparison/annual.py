"""The simulation beside the annual balance: what an annual model would have promised, and why it errs.

Beside `run`; the only place where both are computed for the same draws. Three ways to the same indicators:

- `simulated` day by day;
- `annual`: the balance with the year's mean capacity, as planned;
- `effective`: the balance with the capacities that the simulation found, that is, what every plant took in over a
  year in which it turned something away, and no limit where it turned away nothing.

`annual − simulated` is the error an annual model makes; `effective − simulated` is what is left of it once the
annual model is told how much plants really take in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from cemfa.definition.schema import Scenario
from cemfa.indicators import block_function, parts_named
from cemfa.plan import Plan, plan_of
from cemfa.results import Request, make_results
from cemfa.simulation import simulate
from cemfa.system.compile import System
from cemfa.system.holding import closing, opening, releasing
from cemfa.system.limits import settle
from cemfa.system.numbers import bind_plan, block_values
from cemfa.system.solve import solve

Array = NDArray[np.float64]
WAYS: Final = ("simulated", "annual", "effective")
TOLD: Final = ("rate_with_home", "rate_collected", "organics_recycled", "landfilled_mass")
"""Indicators that are compared unless others are asked for."""
STRIP: Final = 16
"""Samples whose flows are held at a time."""
REFUSING: Final = 1e-9
"""Share of its intake from which a plant counts as turning something away."""


def against_annual(
    system: System, scenario: Scenario, option: str, *, replications: int | None = None, seed: int = 0,
    workers: int | None = None, indicators: Sequence[str] = TOLD,
) -> xr.Dataset:  # fmt: skip
    """Return indicators of an option in three ways, over (way, sample, period) and their own parts.

    Parameters
    ----------
    replications : default: the scenario's; the annual balances use the same draws
    indicators : ids

    Raises
    ------
    SimulationError, SolveError
        as `simulate` and `solve`.
    """
    count = replications or scenario.simulation.replications
    plan = plan_of(scenario, option)
    functions = {"indicators": block_function(indicators, gwp=scenario.gwp)}
    request = Request(reducers=("mean",), functions=functions)
    simulated = simulate(
        system, scenario, option=option, replications=count, seed=seed, workers=workers, request=request
    )
    annual = solve(system, plan=plan, samples=count, seed=seed, request=request, workers=workers)
    capacity = effective_capacity(simulated)
    strips = [
        functions["indicators"](_balance(system, plan, capacity, range(first, min(count, first + STRIP)), seed, count))
        for first in range(0, count, STRIP)
    ]
    periods = simulated["period"]
    found = [
        parts_named(simulated, indicators),
        parts_named(annual, indicators).sel(period=periods),
        parts_named(xr.concat(strips, dim="sample"), indicators).sel(period=periods),
    ]
    return xr.concat(found, dim="way", join="exact", combine_attrs="override").assign_coords(way=list(WAYS))


def effective_capacity(simulated: xr.Dataset) -> xr.DataArray:
    """Return what plants took in where they turned something away, infinite elsewhere [t/year].

    Over (sample, period, group), in the basis of each capacity.
    """
    taken = simulated["utilisation"] * simulated["available"] * simulated["days"]
    return taken.where(simulated["refused"] > REFUSING * taken, np.inf)


def _balance(system: System, plan: Plan, capacity: xr.DataArray, samples: range, seed: int, count: int) -> xr.Dataset:
    """Return the annual balance of some samples with capacities given, as results with the full cube."""
    central = count == 1
    draws = system.sampler.central()[:, None] if central else system.sampler.samples(seed, samples.start, len(samples))
    binding, years = bind_plan(system, plan), capacity["period"].to_numpy().tolist()
    limits = capacity.isel(sample=slice(samples.start, samples.stop)).transpose("period", "group", "sample").to_numpy()
    holding, kept = None, []
    for period in range(len(years)):
        numbers = block_values(system, draws, binding, period)
        holding = holding or opening(system, numbers)
        leaving = releasing(system, holding, numbers)
        found = settle(system, leaving.numbers, limits[period], leaving.release, central=central)
        release = leaving.release.whole(system, found.entering)
        holding = closing(system, holding, leaving, release, found.flows, found.entering)
        kept.append((found.flows, found.throughput, holding.content, numbers.cells))
    flows, throughput, stock, parameter = (np.stack(values) for values in zip(*kept, strict=True))
    variables = {
        "flow_mass": flows.transpose(3, 0, 2, 1), "throughput": throughput.transpose(3, 0, 2, 1),
        "stock": stock.transpose(3, 0, 2, 1), "parameter": parameter.transpose(2, 0, 1),
    }  # fmt: skip
    return make_results(
        system, variables, kind="solve", seed=seed, residual=0.0, samples=list(samples), periods=years,
        coords={
            "cell": system.cell_coords, "stock_process": {"stock_process": np.array(system.stock_ids, dtype=np.str_)},
        },
    )  # fmt: skip
