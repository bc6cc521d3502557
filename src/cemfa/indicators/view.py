"""Results as the indicators read them: plain arrays of flows with their roles, and accounting parameters by place.

First step inside `indicators`. A `View` is made once per evaluation (or per block) and shared by all indicators.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from cemfa import locale
from cemfa.errors import Problem, ResultsError
from cemfa.indicators.sums import added, together
from cemfa.results import PREFIXED

if TYPE_CHECKING:
    import xarray as xr


Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]
Names = npt.NDArray[np.str_]

FRESH: Final = "fresh"
_CELL_ONLY: Final = frozenset({"cell", "parameter", "unit", "price_year"})


@dataclass(frozen=True, slots=True)
class Cells:
    """Accounting parameters by sample, period and place.

    Parameters
    ----------
    values : (S, T, C), in canonical units
    coords : coordinates over cells, (C,) each: parameter, technology, good, layer, district …
    """

    values: Array
    coords: Mapping[str, Names]

    @property
    def indices(self) -> tuple[str, ...]:
        """Names of the coordinates that say where a row holds."""
        return tuple(name for name in self.coords if name not in _CELL_ONLY)

    def indices_of(self, parameter: str) -> tuple[str, ...]:
        """Return the coordinates that any row of a parameter fills."""
        rows = self.coords["parameter"] == parameter
        return tuple(name for name in self.indices if (self.coords[name][rows] != "").any())

    def has(self, parameter: str) -> bool:
        """Return whether there is any row of an accounting parameter."""
        return bool((self.coords["parameter"] == parameter).any())

    def cell(self, parameter: str, where: Mapping[str, str]) -> int | None:
        """Return the position of the row of a parameter that fits a place best, None where none fits.

        A row fits where each index it fills equals the place's; the row that fills most wins.
        """
        rows = np.flatnonzero(self.coords["parameter"] == parameter)
        fits, filled = np.ones(len(rows), dtype=bool), np.zeros(len(rows), dtype=np.intp)
        for name in self.indices:
            items = self.coords[name][rows]
            given = items != ""
            filled += given
            fits &= ~given | (items == where[name] if name in where else False)
        return int(rows[np.argmax(np.where(fits, filled, -1))]) if fits.any() else None

    def parameter(self, parameter: str, where: Mapping[str, str] | None = None) -> Array | None:
        """Return the values of a parameter at a place, (S, T) in canonical units; None where no row fits."""
        row = self.cell(parameter, where or {})
        return None if row is None else self.values[:, :, row]


@dataclass(frozen=True, slots=True, eq=False)
class Refusals:
    """What gates of a simulation turned away.

    Parameters
    ----------
    flows : (R,), positions of the flows that carry it
    senders : (R,), names of the flows whose refused mass they carry
    reasons : names, see `cemfa.simulation.refusals`
    mass : (S, T, R, reasons), fresh mass [t/yr]
    """

    flows: Positions
    senders: tuple[frozenset[str], ...]
    reasons: tuple[str, ...]
    mass: Array


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class View:
    """Flows and accounting parameters of some samples and all periods.

    Parameters
    ----------
    values : (S, T, L, F), [t/yr]
    fresh : (S, T, F), sum of the mass layers [t/yr]
    years : (T,), calendar years
    days : (T,), their days
    layers : names
    flows : coordinates over flows, (F,) each: good, origin, treatment, status, organic, settlement, district …
    processes : coordinates over processes, (P,) each: process, treatment, technology, circular_model, sink …
    source, target : (F,), positions in `processes`, -1 outside
    cells : accounting parameters
    refusals : what gates turned away; None where nothing was simulated
    spoiled : (S, T, stores), what spoiled in stores [t/yr]
    spoiled_at, spoiled_by : (stores,), the process behind each store, and the flow that carries it (-1: none)
    gwp : edition of the warming potentials
    """

    values: Array
    fresh: Array
    years: npt.NDArray[np.int64]
    days: Array
    layers: tuple[str, ...]
    flows: Mapping[str, npt.NDArray[Any]]
    processes: Mapping[str, npt.NDArray[Any]]
    source: Positions
    target: Positions
    cells: Cells
    refusals: Refusals | None
    spoiled: Array
    spoiled_at: Positions
    spoiled_by: Positions
    gwp: str = "AR5"

    @property
    def shape(self) -> tuple[int, int]:
        """Samples and periods, (S, T)."""
        return self.values.shape[0], self.values.shape[1]

    def mass(self, chosen: Mask | Positions, layer: str = FRESH) -> Array:
        """Return the mass of some flows in a layer, or fresh: (S, T, n) [t/yr]."""
        whole = self.fresh if layer == FRESH else self.values[:, :, self.layers.index(layer)]
        return np.asarray(whole[:, :, chosen], dtype=np.float64)

    def total(self, chosen: Mask | Positions, layer: str = FRESH) -> Array:
        """Return the mass of some flows together, (S, T) [t/yr]."""
        return added(self.mass(chosen, layer))

    def at_source(self, name: str) -> npt.NDArray[Any]:
        """Return a coordinate of the process each flow leaves, "" (or False) from outside."""
        return self._at(self.source, name)

    def at_target(self, name: str) -> npt.NDArray[Any]:
        """Return a coordinate of the process each flow enters, "" (or False) outside."""
        return self._at(self.target, name)

    def _at(self, position: Positions, name: str) -> npt.NDArray[Any]:
        values = self.processes[name]
        blank = np.zeros(1, dtype=values.dtype)  # "" or False
        return np.asarray(np.concatenate([values, blank])[position])

    def sinks(self) -> Mask:
        """Return which processes are final, (P,)."""
        return truth(self.processes["sink"])

    def has(self, parameter: str) -> bool:
        """Return whether there is any row of an accounting parameter."""
        return self.cells.has(parameter)

    def parameter(self, parameter: str, where: Mapping[str, str] | None = None) -> Array | None:
        """Return the values of a parameter at a place, (S, T) in canonical units; None where no row fits."""
        return self.cells.parameter(parameter, where)

    def along_flows(self, parameter: str, chosen: Positions, default: float | None = None) -> tuple[Array, list[str]]:
        """Return a parameter at each of some flows, (S, T, n), and the flows' goods that have no row.

        A flow's place is its good, its own dimensions, and technology and dimensions of the process it enters
        (ash of burnt food that enters the landfill of other waste behaves as other waste).
        """

        def column(name: str) -> Names:
            own = self.flows[name][chosen] if name in self.flows else np.full(len(chosen), "")
            if name not in self.processes:
                return own
            entered = self.at_target(name)[chosen]
            return np.where(entered != "", entered, own)

        return self._along(parameter, column, self.flows["good"][chosen], default)

    def along_processes(
        self, parameter: str, chosen: Positions, default: float | None = None
    ) -> tuple[Array, list[str]]:
        """Return a parameter at each of some processes, (S, T, n), and the technologies that have no row."""

        def column(name: str) -> Names:
            return self.processes[name][chosen] if name in self.processes else np.full(len(chosen), "")

        return self._along(parameter, column, column("technology"), default)

    def _along(
        self, parameter: str, column: Callable[[str], Names], names: Names, default: float | None
    ) -> tuple[Array, list[str]]:
        """Return a parameter at places given as columns of labels, and the names of those without a row."""
        found = np.full((*self.shape, len(names)), np.nan if default is None else default)
        used = self.cells.indices_of(parameter)
        labels = [column(name).astype(np.str_).tolist() for name in used]
        keys = list(zip(*labels, strict=True)) if used else [()] * len(names)
        rows = {key: self.cells.cell(parameter, dict(zip(used, key, strict=True))) for key in set(keys)}
        absent: list[str] = []
        for position, key in enumerate(keys):
            row = rows[key]
            if row is not None:
                found[:, :, position] = self.cells.values[:, :, row]
            elif default is None:
                absent.append(f"{parameter} ({names[position]})" if names[position] else parameter)
        return found, list(dict.fromkeys(absent))


def truth(values: npt.NDArray[Any]) -> Mask:
    """Return flags as booleans, also those that a file gave back as numbers or words."""
    return values if values.dtype == np.bool_ else np.isin(values, ["True", "true", "1"])


def view_of(results: xr.Dataset, gwp: str = "AR5") -> View:
    """Return results as a `View`.

    Parameters
    ----------
    results : with the full cube of flows, as `solve` gives for one sample or inside a block
    gwp : edition of the warming potentials

    Raises
    ------
    ResultsError
        `indicators-need-cube` where only reduced flows were kept; `indicators-need-roles` where the flows do not
        say which good is organic and of which status.
    """
    if "flow_mass" not in results.data_vars:
        raise locale.error(ResultsError, Problem("indicators-need-cube"))
    cube = results["flow_mass"].transpose("sample", "period", "layer", "flow")
    process_ids = [str(name) for name in results["process"].values]
    position = {name: place for place, name in enumerate(process_ids)}
    flows = _coordinates(results, "flow")
    if missing := [name for name in ("organic", "status") if name not in flows]:
        raise locale.error(ResultsError, Problem("indicators-need-roles", parameters={"missing": missing}))
    processes = _coordinates(results, "process")
    layers = tuple(str(name) for name in results["layer"].values)
    values = cube.to_numpy()
    spoiled, spoiled_at, spoiled_by = _spoilage(results, position)
    mass = [values[:, :, layers.index(name)] for name in str(results.attrs["mass_layers"]).split()]
    return View(
        values=values,
        fresh=together(mass),
        years=results["period"].to_numpy().astype(np.int64),
        days=results["days"].to_numpy().astype(np.float64),
        layers=layers,
        flows=flows,
        processes=processes,
        source=np.array([position.get(str(name), -1) for name in flows["source"]], dtype=np.intp),
        target=np.array([position.get(str(name), -1) for name in flows["target"]], dtype=np.intp),
        cells=cells_of(results),
        refusals=_refusals(results),
        spoiled=spoiled,
        spoiled_at=spoiled_at,
        spoiled_by=spoiled_by,
        gwp=gwp,
    )


def _refusals(results: xr.Dataset) -> Refusals | None:
    """Return what gates turned away, None where nothing was simulated."""
    if "diverted" not in results:
        return None
    flows = results.indexes["flow"].get_indexer(results.indexes["diverted_flow"])
    mass = results["diverted"].transpose("sample", "period", "diverted_flow", "refusal").to_numpy()
    senders = tuple(frozenset(str(names).split()) for names in results["diverted_from"].to_numpy())
    return Refusals(flows.astype(np.intp), senders, tuple(str(name) for name in results["refusal"].to_numpy()), mass)


def _spoilage(results: xr.Dataset, position: Mapping[str, int]) -> tuple[Array, Positions, Positions]:
    """Return what spoiled in stores, where, and by which flow it left."""
    if "spoiled" not in results:
        none = np.empty(0, dtype=np.intp)
        return np.empty((results.sizes["sample"], results.sizes["period"], 0)), none, none
    at = np.array([position[str(name)] for name in results["store"].to_numpy()], dtype=np.intp)
    by = results.indexes["flow"].get_indexer(results["spoiled_to"].to_index())
    return results["spoiled"].transpose("sample", "period", "store").to_numpy(), at, by.astype(np.intp)


def cells_of(results: xr.Dataset) -> Cells:
    """Return the accounting parameters of results, none where they hold none."""
    if "cell" not in results.dims:
        nothing = np.empty((results.sizes["sample"], results.sizes["period"], 0))
        return Cells(nothing, {"parameter": np.empty(0, dtype=np.str_)})
    values = results["parameter"].transpose("sample", "period", "cell").to_numpy()
    return Cells(values.astype(np.float64), _coordinates(results, "cell"))


def _coordinates(results: xr.Dataset, dim: str) -> dict[str, npt.NDArray[Any]]:
    """Return every coordinate along one dimension as plain arrays, by its bare name: text as text, truth as truth."""
    found: dict[str, npt.NDArray[Any]] = {}
    for name, coordinate in results.coords.items():
        if coordinate.dims == (dim,):
            values = coordinate.to_numpy()
            bare = str(name).removeprefix(f"{dim}_") if dim in PREFIXED else str(name)
            found[bare] = values if values.dtype == np.bool_ else values.astype(np.str_)
    return found
