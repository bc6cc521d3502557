"""What the reference tests of Ben Tre's chains share: the model solved once, and mass by name and place."""

from __future__ import annotations

from functools import cache

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from cemfa.definition.load import read_model
from cemfa.definition.schema import Periods
from cemfa.plan import ParameterChange, Plan
from cemfa.results import Request
from cemfa.system.compile import compile_system
from cemfa.system.layout import System
from cemfa.system.solve import solve

FRESH = ("dry_matter", "water")
DAYS = 365  # of 2022


@cache
def system(last: int = 2023) -> System:
    model = read_model("ben_tre")
    return compile_system(model.model_copy(update={"periods": Periods(first=2018, last=last)}))


@cache
def central() -> xr.Dataset:
    return solve(system(2035))


def assuming(**assume: str) -> xr.Dataset:
    """Return the model with other numbers of a conflict, central values of 2018 to 2022."""
    model = read_model("ben_tre")
    short = model.model_copy(update={"periods": Periods(first=2018, last=2022)})
    return solve(compile_system(short, assume=assume))


def building(*, district: str = "", **capacity: float) -> xr.Dataset:
    """Return the model with a capacity [t/d] from 2022 on, in one district or without one; central values."""
    ((parameter, tonnes),) = capacity.items()
    place = (("district", (district,)),) if district else ()
    change = ParameterChange(parameter, place, (2022,), (tonnes,), "t/d", "set", None)
    return solve(system(), plan=Plan(changes=(change,)))


@cache
def drawn(*names: str, samples: int = 64) -> xr.Dataset:
    """Return some flows in every sample, as `flow_mass` by flow."""
    found = solve(system(), samples=samples, seed=7, request=Request(flows=names))
    kept = found["flow_kept"].rename(kept_flow="flow")
    words = [name for name in found.coords if found[name].dims == ("flow",) and name != "flow"]
    return found[words].sel(flow=kept["flow"].to_numpy()).assign(flow_mass=kept)


def mass(results: xr.Dataset, names: str, year: int, *layers: str, **where: str) -> NDArray[np.float64]:
    """Return the mass of flows in a year, (S,) [t/yr]; fresh mass where no layer is named."""
    chosen = np.isin(results["flow_name"].to_numpy(), names.split())
    for dimension, item in where.items():
        chosen &= results[dimension].to_numpy() == item
    found = results["flow_mass"].sel(period=year, layer=list(layers or FRESH)).to_numpy()
    return np.asarray(found[..., chosen].sum(axis=(-2, -1)))


def one(names: str, year: int, *layers: str, **where: str) -> float:
    """Return the same with central values."""
    return float(mass(central(), names, year, *layers, **where)[0])
