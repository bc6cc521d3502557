"""What the economic account needs of every block of results: tonnes by plant, technology and product.

First step of `comparison`: a picklable function that a run evaluates beside the indicators, so that the full
cube never leaves a block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from cemfa.indicators.energy import electricity
from cemfa.indicators.fates import collected_apart, entries
from cemfa.indicators.transport import hauled_by, vehicles, work_of
from cemfa.indicators.view import Mask, View, view_of
from cemfa.plan import content_of

if TYPE_CHECKING:
    from cemfa.definition.schema import Project, Scenario

NAMES = (
    "plant_intake", "technology_intake", "sold", "home_intake", "collected_apart", "power_sold", "power_saved",
    "haulage", "hauled",
)  # fmt: skip
"""Variables of an account, per sample and period; beside them the accounting parameters themselves."""


@dataclass(frozen=True, slots=True)
class Plant:
    """A capacity that projects add to: a process, and the items that fix its place."""

    process: str
    place: tuple[tuple[str, str], ...]

    @property
    def id(self) -> str:
        """Its name, as capacity groups have it: ``composting_plant[giong_trom]``."""
        items = ",".join(item for _, item in self.place)
        return f"{self.process}[{items}]" if items else self.process

    def members(self, processes: Mapping[str, npt.NDArray[Any]]) -> Mask:
        """Return which processes it consists of, (P,)."""
        found = np.asarray(processes["name"] == self.process)
        for dimension, item in self.place:
            found = found & (processes[dimension] == item)
        return np.asarray(found)


def plant_of(project: Project) -> Plant:
    """Return the plant that a project builds or extends."""
    return Plant(project.process, tuple(sorted(project.place.items())))


@dataclass(frozen=True, slots=True)
class BlockAccounts:
    """Tonnes of one block of results by plant, technology, product and vehicle.

    Parameters
    ----------
    plants : those that any option builds
    """

    plants: tuple[Plant, ...]

    @classmethod
    def of(cls, scenario: Scenario) -> BlockAccounts:
        """Return the accounts of a scenario: with the plants of all its options."""
        built = (content_of(scenario, option)[0].values() for option in scenario.options)
        return cls(tuple(dict.fromkeys(plant_of(project) for projects in built for project in projects)))

    def __call__(self, block: xr.Dataset) -> xr.Dataset:
        """Return `NAMES` over (sample, period) and plant, technology, product or vehicle [t/yr; MJ/yr; t*km/yr]."""
        view = view_of(block)
        technologies = sorted({str(name) for name in view.processes["technology"] if name})
        products = sorted(_priced(view))
        intake = [_into(view, plant.members(view.processes)) for plant in self.plants]
        by_technology = [_into(view, view.processes["technology"] == name) for name in technologies]
        sold = [view.total(_sold(view, good)) for good in products]
        carriers = vehicles(view)
        work = [work_of(view, vehicle) for vehicle in carriers]
        hauled = [view.total(hauled_by(view, vehicle)) for vehicle in carriers]
        dims, home = ("sample", "period"), entries(view, ("home_composting",))
        variables = {
            "plant_intake": ((*dims, "plant"), _stacked(intake, view)),
            "technology_intake": ((*dims, "technology"), _stacked(by_technology, view)),
            "sold": ((*dims, "product"), _stacked(sold, view)),
            "home_intake": (dims, view.total(home)),
            "collected_apart": (dims, view.total(collected_apart(view))),
            "power_sold": (dims, electricity(view, "electricity_yield", ("incineration", "energy"))),
            "haulage": ((*dims, "vehicle"), _stacked(work, view)),
            "hauled": ((*dims, "vehicle"), _stacked(hauled, view)),
            "power_saved": (dims, electricity(view, "electricity_yield", ("digestion", "landfill", "composting"))),
        }
        coords = {
            "sample": block["sample"].to_numpy(), "period": view.years, "plant": [plant.id for plant in self.plants],
            "technology": technologies, "product": products, "vehicle": list(carriers),
        }  # fmt: skip
        found = xr.Dataset(variables, coords)
        return found.assign(parameter=_alone(block["parameter"])) if "parameter" in block else found


def _alone(array: xr.DataArray) -> xr.DataArray:
    """Return an array with none but its own coordinates."""
    return array.drop_vars([name for name, value in array.coords.items() if not set(value.dims) <= set(array.dims)])


def _into(view: View, members: Mask) -> npt.NDArray[np.float64]:
    """Return what enters some processes from others, (S, T) [t/yr]."""
    inside = np.append(members, False)  # position -1 is outside
    return view.total(np.flatnonzero(inside[view.target] & ~inside[view.source]))


def _priced(view: View) -> set[str]:
    coords = view.cells.coords
    rows = coords["parameter"] == "price"
    return {str(good) for good in coords["good"][rows] if good} if rows.any() else set()


def _sold(view: View, good: str) -> npt.NDArray[np.intp]:
    """Return the flows by which a good leaves the chain for its buyer: into a sink, or out of the area."""
    final = (view.target < 0) | view.sinks()[view.target]
    waste = np.isin(view.flows["treatment"], ["landfill", "dumping", "burial", "open_burning", "incineration"])
    return np.flatnonzero((view.flows["good"] == good) & final & ~waste)


def _stacked(parts: list[npt.NDArray[np.float64]], view: View) -> npt.NDArray[np.float64]:
    return np.stack(parts, axis=-1) if parts else np.empty((*view.shape, 0))
