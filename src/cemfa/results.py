"""The one shape of results: what `solve` and `simulate` return, its check, netCDF in and out, the `.cemfa` accessor.

Between the numbers (system, simulation) and those who read them (indicators, economics, report). An
`xarray.Dataset` with the dimensions ``sample, period, layer, flow, process``; every variable it may hold stands
in `VARIABLES`, with its dimensions and unit. A coordinate belongs to one dimension, so those of ``flow`` have
plain names (``good``, ``district``) and those of ``process`` and ``cell`` their dimension in front
(``process_district``, ``cell_parameter``). An empty string means *has none*.
"""

from __future__ import annotations

import calendar
import os
import tempfile
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, Protocol

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from cemfa import __version__, locale
from cemfa.errors import OutputError, Place, Problem, ResultsError

FORMAT: Final = 1
"""Version of the shape, written into every file."""
QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Levels that are kept of every flow unless a request names others."""
FLOW_COORDINATES: Final = (
    "flow_name", "source", "target", "good", "district", "destination", "settlement", "origin",
)  # fmt: skip
PREFIXED: Final = ("process", "cell")
NEVER: Final = 9999.0
"""Calendar year of what does not happen in a sample, such as a decision that no rule takes."""


@dataclass(frozen=True, slots=True)
class Variable:
    """Dimensions and unit of one variable of the shape."""

    dims: tuple[str, ...]
    unit: str


_BY_FLOW, _BY_PROCESS = ("period", "layer", "flow"), ("period", "layer", "process")
VARIABLES: Final[Mapping[str, Variable]] = MappingProxyType({
    "flow_mass": Variable(("sample", *_BY_FLOW), "t/year"),
    "flow_kept": Variable(("sample", "period", "layer", "kept_flow"), "t/year"),
    "flow_mean": Variable(_BY_FLOW, "t/year"),
    "flow_sd": Variable(_BY_FLOW, "t/year"),
    "flow_quantile": Variable(("quantile", *_BY_FLOW), "t/year"),
    "flow_quantile_error": Variable(("quantile", *_BY_FLOW), "t/year"),
    "throughput": Variable(("sample", *_BY_PROCESS), "t/year"),
    "throughput_mean": Variable(_BY_PROCESS, "t/year"),
    "throughput_sd": Variable(_BY_PROCESS, "t/year"),
    "throughput_quantile": Variable(("quantile", *_BY_PROCESS), "t/year"),
    "throughput_quantile_error": Variable(("quantile", *_BY_PROCESS), "t/year"),
    "stock": Variable(("sample", "period", "layer", "stock_process"), "t"),
    "stock_mean": Variable(("period", "layer", "stock_process"), "t"),
    "stock_sd": Variable(("period", "layer", "stock_process"), "t"),
    "stock_quantile": Variable(("quantile", "period", "layer", "stock_process"), "t"),
    "stock_quantile_error": Variable(("quantile", "period", "layer", "stock_process"), "t"),
    "parameter": Variable(("sample", "period", "cell"), ""),
    "utilisation": Variable(("sample", "period", "group"), "1"),
    "refused": Variable(("sample", "period", "group"), "t/year"),
    "available": Variable(("sample", "period", "group"), "t/d"),
    "backlog": Variable(("sample", "period", "store"), "t"),
    "spoiled": Variable(("sample", "period", "store"), "t/year"),
    "diverted": Variable(("sample", "period", "diverted_flow", "refusal"), "t/year"),
    "turned_away": Variable(("sample", "period", "closing_event"), "t/year"),
    "monthly_intake": Variable(("sample", "month", "group"), "t"),
    "monthly_refused": Variable(("sample", "month", "group"), "t"),
    "monthly_available": Variable(("sample", "month", "group"), "t"),
    "monthly_backlog": Variable(("sample", "month", "store"), "t"),
    "monthly_storage": Variable(("sample", "month", "store"), "t"),
    **{
        f"month_{name}_{kind}": Variable((*dims, "month", f"month_{place}"), unit)
        for name, place, unit in (
            ("use", "group", "1"), ("intake", "group", "t"), ("refused", "group", "t"),
            ("backlog", "store", "t"), ("storage", "store", "t"),
        )
        for kind, dims in (("mean", ()), ("quantile", ("month_quantile",)))
    },
    "commissioning": Variable(("sample", "project"), "calendar year"),
    "decided": Variable(("sample", "project"), "calendar year"),
    "event_sample": Variable(("event",), "1"),
    "event_day": Variable(("event",), "d"),
    "event_kind": Variable(("event",), ""),
    "event_subject": Variable(("event",), ""),
    "event_value": Variable(("event",), ""),
})  # fmt: skip
"""Every variable of the shape; results may hold others beside them, such as indicators kept per sample."""
REQUIRED_ATTRIBUTES: Final = ("kind", "seed", "samples", "version", "residual", "mass_layers", "format")

_NOT_LABELS: Final = {"cell", "cell_parameter", "cell_unit", "cell_price_year"}

BlockFunction = Callable[[xr.Dataset], xr.Dataset]


@dataclass(frozen=True, slots=True)
class Request:
    """What to keep of a run.

    Parameters
    ----------
    flows : names of flows whose samples are kept, ``"all"`` for the full cube, None for none
    reducers : ``"mean"``, ``"sd"`` (standard deviation) and percentiles such as ``"p5"`` or ``"p97.5"``, kept for
        every flow, process and stock; every percentile with its own error (one standard error)
    functions : name → function of one block's Dataset (all flows, all its samples) that returns a Dataset whose
        variables have the dimension ``sample``, each sample's numbers from that sample alone, for which samples come
        together is not promised; must be picklable
    monthly : True: a simulation keeps what plants took in and turned away, what was possible, what waited in stores
        (`backlog`) and what lay there with the batches under way (`storage`), month by month and per sample; names of
        processes: it keeps mean, P5, P50 and P95 of theirs, whatever the number of samples

    Examples
    --------
    >>> Request(reducers=("mean", "p5", "p95")).levels
    (0.05, 0.95)
    """

    flows: tuple[str, ...] | Literal["all"] | None = None
    reducers: tuple[str, ...] = ("mean", "p5", "p25", "p50", "p75", "p95")
    functions: Mapping[str, BlockFunction] = field(default_factory=dict)
    monthly: bool | tuple[str, ...] = False

    @property
    def levels(self) -> tuple[float, ...]:
        """Quantile levels asked for, ascending.

        Raises
        ------
        ResultsError
            for a reducer that is neither ``mean`` nor ``sd`` nor a percentile.
        """
        wrong = [r for r in self.reducers if r not in ("mean", "sd") and _percentile(r) is None]
        if wrong:
            raise locale.error(ResultsError, [_problem("reducer-unknown", reducer=r) for r in wrong])
        return tuple(sorted({level for r in self.reducers if (level := _percentile(r)) is not None}))


class Frame(Protocol):
    """What the shape needs to know of a system: its names, in order."""

    @property
    def years(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def layers(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def mass_layers(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def process_ids(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def flow_ids(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def process_coords(self) -> Mapping[str, NDArray[Any]]: ...  # noqa: D102
    @property
    def flow_coords(self) -> Mapping[str, NDArray[Any]]: ...  # noqa: D102


def make_results(
    frame: Frame,
    variables: Mapping[str, ArrayLike],
    *,
    kind: Literal["solve", "simulate"],
    seed: int,
    residual: float,
    samples: Sequence[int] | NDArray[np.integer[Any]],
    periods: Sequence[int] | None = None,
    coords: Mapping[str, Mapping[str, ArrayLike]] = MappingProxyType({}),
    attrs: Mapping[str, object] = MappingProxyType({}),
    extra: Sequence[xr.Dataset] = (),
) -> xr.Dataset:
    """Return results of the one shape, checked.

    Parameters
    ----------
    frame : the compiled system, for names and coordinates
    variables : name in `VARIABLES` → array with the dimensions named there, in that order
    kind : which sibling computed them
    seed : seed of the run
    residual : largest mass-balance residual, relative to the throughput
    samples : numbers of the samples that the arrays hold (or that were reduced)
    periods : calendar years the arrays hold; default: all of the frame
    coords : dimension → its coordinates beyond those of the frame; the ids stand under the dimension's own name:
        ``{"cell": {"cell": ids, "parameter": names}, "quantile": {"quantile": levels}}``
    attrs : further attributes (model, option, inputs as JSON, limits); truth values become 0 and 1
    extra : further Datasets to join, such as indicators kept per sample; their labels must agree exactly

    Raises
    ------
    ResultsError
        if a variable is unknown, has another shape, or holds a number that is not finite.
    """
    unknown = [_problem("results-variable", variable=name) for name in variables if name not in VARIABLES]
    if unknown:
        raise locale.error(ResultsError, unknown)
    none = np.full(len(frame.flow_ids), "")
    years = tuple(frame.years if periods is None else periods)
    named: dict[str, Mapping[str, ArrayLike]] = {
        "period": {"period": years, "days": [365 + calendar.isleap(year) for year in years]},
        "layer": {"layer": frame.layers},
        "sample": {"sample": samples},
        "flow": {"flow": frame.flow_ids, **dict.fromkeys(FLOW_COORDINATES, none), **frame.flow_coords},
        "process": {"process": frame.process_ids, **frame.process_coords},
        **coords,
    }
    dataset = _assembled(variables, named)
    own = {
        "kind": kind, "seed": seed, "samples": len(samples), "version": __version__, "format": FORMAT,
        "residual": float(residual), "mass_layers": " ".join(frame.mass_layers),
    }  # fmt: skip
    dataset.attrs = own | {k: int(v) if isinstance(v, bool) else v for k, v in attrs.items()}
    check_results(dataset)
    return _joined([dataset, *extra]) if extra else dataset


def _assembled(variables: Mapping[str, ArrayLike], named: Mapping[str, Mapping[str, ArrayLike]]) -> xr.Dataset:
    """Return a Dataset of named arrays; a length that does not fit is a problem that names the variable."""
    coords = {
        _prefixed(dimension, name): ((dimension,), _labels(values))
        for dimension, entries in named.items()
        for name, values in entries.items()
    }
    sizes = {dimension: len(coords[dimension][1]) for dimension in named}
    arrays = {name: np.asarray(values) for name, values in variables.items()}
    problems = []
    for name, array in arrays.items():
        dims = VARIABLES[name].dims
        expected = [sizes.setdefault(dim, n) for dim, n in zip(dims, array.shape, strict=False)]
        if len(dims) != array.ndim or [*array.shape] != expected:
            shown = [f"{dim}: {sizes.get(dim, '?')}" for dim in dims]
            problems.append(_problem("results-dimensions", variable=name, found=array.shape, expected=shown))
    if problems:
        raise locale.error(ResultsError, problems)
    return xr.Dataset({k: (VARIABLES[k].dims, v, {"unit": VARIABLES[k].unit}) for k, v in arrays.items()}, coords)


def _prefixed(dimension: str, name: str) -> str:
    inside = dimension in PREFIXED and name != dimension and not name.startswith(f"{dimension}_")
    return f"{dimension}_{name}" if inside else name


def _labels(values: ArrayLike) -> NDArray[Any]:
    array = np.asarray(values)
    return array.astype(np.str_) if array.dtype == object else array


def _percentile(reducer: str) -> float | None:
    try:
        level = float(reducer.removeprefix("p")) / 100
    except ValueError:
        return None
    return level if reducer.startswith("p") and 0 <= level <= 1 else None


def _problem(code: str, **parameters: object) -> Problem:
    return Problem(code, parameters=parameters)


def join_samples(parts: Sequence[xr.Dataset]) -> xr.Dataset:
    """Return the parts of several blocks as one Dataset, one after the other along ``sample``.

    Raises
    ------
    ResultsError
        if the labels of the parts differ in anything but their samples.
    """
    try:
        return xr.concat(
            parts, dim="sample", data_vars="minimal", coords="minimal", compat="equals", join="exact",
            combine_attrs="override",
        )  # fmt: skip
    except ValueError as wrong:
        raise locale.error(ResultsError, _problem("results-labels", detail=str(wrong))) from wrong


def _joined(datasets: Sequence[xr.Dataset]) -> xr.Dataset:
    try:
        return xr.merge(datasets, join="exact", compat="no_conflicts", combine_attrs="override")
    except ValueError as wrong:
        raise locale.error(ResultsError, _problem("results-labels", detail=str(wrong))) from wrong


def check_results(results: xr.Dataset) -> xr.Dataset:
    """Return the results unchanged if they are of the one shape.

    Raises
    ------
    ResultsError
        with everything that is wrong: attributes, dimensions, labels, numbers that are not finite.
    """
    problems = [*_attribute_problems(results), *_label_problems(results), *_variable_problems(results)]
    if problems:
        raise locale.error(ResultsError, problems)
    return results


def _attribute_problems(results: xr.Dataset) -> Iterator[Problem]:
    missing = [name for name in REQUIRED_ATTRIBUTES if name not in results.attrs]
    if missing:
        yield _problem("results-attributes", missing=missing)
        return
    if results.attrs["kind"] not in ("solve", "simulate"):
        yield _problem("results-kind", kind=results.attrs["kind"])
    if results.attrs["format"] != FORMAT:
        yield _problem("results-format", found=results.attrs["format"], expected=FORMAT)


def _label_problems(results: xr.Dataset) -> Iterator[Problem]:
    wanted = ("sample", "period", "layer", "flow", *FLOW_COORDINATES)
    missing = [name for name in wanted if name not in results.coords]
    if missing:
        yield _problem("results-coordinates", missing=missing)
    for name in ("sample", "period", "layer", "flow", "process"):
        if name in results.coords and not results.indexes[name].is_unique:
            twice = results.indexes[name][results.indexes[name].duplicated()]
            yield _problem("results-duplicates", dimension=name, labels=[str(label) for label in twice[:5]])
    layers = results.indexes.get("layer", ())
    absent = set(str(results.attrs.get("mass_layers", "")).split()) - set(layers)
    if absent and "layer" not in missing:
        yield _problem("results-mass-layers", missing=sorted(absent))


def _variable_problems(results: xr.Dataset) -> Iterator[Problem]:
    for name, variable in VARIABLES.items():
        if name not in results:
            continue
        array = results[name]
        if array.dims != variable.dims:
            yield _problem("results-dimensions", variable=name, found=array.dims, expected=variable.dims)
        elif array.dtype.kind == "f" and not np.isfinite(array.to_numpy()).all():
            at = np.unravel_index(int(np.argmin(np.isfinite(array.to_numpy()))), array.shape)
            labels = [
                f"{dim}={array[dim].to_numpy()[i] if dim in array.coords else i}"
                for dim, i in zip(array.dims, at, strict=True)
            ]
            yield _problem("results-not-finite", variable=name, labels=labels)


def save_results(results: xr.Dataset, path: str | os.PathLike[str]) -> Path:
    """Return the path of the netCDF file that now holds the results, written whole or not at all.

    Numbers keep their 64 bits, so reading gives back what was written; arrays are compressed without loss.

    Raises
    ------
    ResultsError
        if the results are not of the one shape.
    OutputError
        if the file cannot be written.
    """
    check_results(results)
    target = Path(path)
    numbers = [name for name, array in results.data_vars.items() if array.dtype.kind in "fi" and array.size]
    encoding: dict[Hashable, dict[str, object]] = {
        name: {"zlib": True, "complevel": 4, "shuffle": True} for name in numbers
    }
    partial: Path | None = None
    try:
        handle, name = tempfile.mkstemp(suffix=".part", prefix=target.name, dir=target.parent)
        os.close(handle)
        partial = Path(name)
        results.to_netcdf(partial, engine="h5netcdf", encoding=encoding)
        partial.chmod(0o666 & ~_umask())
        partial.replace(target)
    except OSError as wrong:
        parameters = {"reason": wrong.strerror or str(wrong)}
        raise locale.error(OutputError, Problem("results-write", Place(str(target)), parameters)) from wrong
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)
    return target


def _umask() -> int:
    mask = os.umask(0)  # the only way to read it; a temporary file is private, a result is as others are
    os.umask(mask)
    return mask


def open_results(path: str | os.PathLike[str]) -> xr.Dataset:
    """Return saved results, read whole into memory and checked; the file is closed again.

    Raises
    ------
    OutputError
        if there is no such file or it may not be read.
    ResultsError
        if it is no netCDF file, or its content is not of the one shape.
    """
    place = Place(os.fspath(path))
    try:
        with Path(path).open("rb"):
            pass  # h5py words a missing file as it words a damaged one
        results = xr.load_dataset(path, engine="h5netcdf")
    except OSError as wrong:
        if wrong.errno is not None:
            parameters = {"reason": wrong.strerror or str(wrong)}
            raise locale.error(OutputError, Problem("results-read", place, parameters)) from wrong
        raise locale.error(ResultsError, Problem("results-not-netcdf", place)) from wrong
    except ValueError as wrong:
        raise locale.error(ResultsError, Problem("results-not-netcdf", place)) from wrong
    results.attrs = {k: v.item() if isinstance(v, np.generic) else v for k, v in results.attrs.items()}
    return check_results(results)


@xr.register_dataset_accessor("cemfa")  # type: ignore[no-untyped-call]  # xarray leaves it untyped
class Accessor:
    """What readers of results ask for: `results.cemfa.select(good="compost").cemfa.totals("district")`."""

    def __init__(self, results: xr.Dataset) -> None:
        self._results = results

    def flows(self, layer: str = "fresh") -> xr.DataArray:
        """Return the flows [t/year] of one layer, or of fresh mass (the sum of the mass layers).

        Samples where the cube was kept, means elsewhere.

        Raises
        ------
        ResultsError
            if the results hold no flows, or not that layer.
        """
        name = next((n for n in ("flow_mass", "flow_mean") if n in self._results), None)
        if name is None:
            raise locale.error(ResultsError, _problem("results-no-flows"))
        return self.layer(self._results[name], layer)

    def layer(self, array: xr.DataArray, layer: str = "fresh") -> xr.DataArray:
        """Return one layer of any array with the dimension ``layer``, or fresh mass."""
        if layer == "fresh":
            return array.sel(layer=self._results.attrs["mass_layers"].split()).sum("layer", keep_attrs=True)
        self._known("layer", [layer])
        return array.sel(layer=layer, drop=True)

    def select(self, **labels: str | Sequence[str]) -> xr.Dataset:
        """Return the results of some flows, by exact labels of any coordinate of ``flow``.

        Parameters
        ----------
        labels : coordinate → label or labels: ``flow_name="straw_fed"``, ``district=["ba_tri", "thanh_phu"]``

        Raises
        ------
        ResultsError
            for a coordinate or label that the results do not have.
        """
        chosen = np.ones(self._results.sizes["flow"], dtype=bool)
        for name, wanted in labels.items():
            items = [wanted] if isinstance(wanted, str) else list(wanted)
            self._of_dimension(name, "flow")
            self._known(name, items)
            chosen &= np.isin(self._results[name].to_numpy(), items)
        return self._results.isel(flow=np.flatnonzero(chosen))

    def totals(self, by: str, layer: str = "fresh") -> xr.DataArray:
        """Return flows summed by the labels of one coordinate [t/year]; the result has the dimension `by`."""
        self._of_dimension(by, "flow")
        return self.flows(layer).groupby(by).sum(keep_attrs=True)

    def parameter(self, name: str, **labels: str) -> xr.DataArray:
        """Return the sampled values (sample, period) of one cell of an accounting parameter.

        A blank column of the table holds for every label; the most specific cell is meant.

        Raises
        ------
        ResultsError
            if there is no such cell.
        """
        if "parameter" not in self._results:
            raise locale.error(ResultsError, _problem("results-no-cell", parameter=name, labels=[]))
        array = self._results["parameter"]
        fits = array["cell_parameter"].to_numpy() == name
        specific = np.zeros(fits.size, dtype=int)
        for column in set(map(str, array.coords)) - _NOT_LABELS:
            if array[column].dims == ("cell",):
                given = array[column].to_numpy()
                label = labels.get(column.removeprefix("cell_"), "")
                fits &= (given == label) | (given == "")
                specific += (given == label) & (given != "")
        if not fits.any():
            shown = [f"{k}={v}" for k, v in labels.items()]
            raise locale.error(ResultsError, _problem("results-no-cell", parameter=name, labels=shown))
        return array.isel(cell=int(np.argmax(np.where(fits, specific, -1))))

    def table(self, period: int | None = None, layer: str = "fresh", largest: int = 20) -> pd.DataFrame:
        """Return the largest flows of one period as a table: mean and kept percentiles [t/year].

        Parameters
        ----------
        period : calendar year; default: the last
        layer : a layer, or ``"fresh"``
        largest : how many rows
        """
        year = int(self._results["period"].to_numpy()[-1]) if period is None else period
        self._known("period", [year])
        flows = self.flows(layer).sel(period=year)
        columns: dict[str, Any] = {n: self._results[n].to_numpy() for n in ("flow_name", "source", "target", "good")}
        columns["mean"] = (flows.mean("sample") if "sample" in flows.dims else flows).to_numpy()
        columns |= self._percentiles(flows, layer, year)
        frame = pd.DataFrame(columns, index=pd.Index(self._results["flow"].to_numpy(), name="flow"))
        return frame.sort_values("mean", ascending=False, kind="stable").head(largest)

    def _percentiles(self, flows: xr.DataArray, layer: str, year: int) -> dict[str, Any]:
        """Return columns P5 … P95: of the samples, or as kept; a sum of percentiles is none, so it is left out."""
        if "sample" in flows.dims:
            many = flows.sizes["sample"] > 1
            return {f"P{100 * q:g}": flows.quantile(q, "sample").to_numpy() for q in QUANTILES if many}
        of_one = layer != "fresh" or len(self._results.attrs["mass_layers"].split()) == 1
        if "flow_quantile" not in self._results or not of_one:
            return {}
        kept = self.layer(self._results["flow_quantile"], layer).sel(period=year)
        return {f"P{100 * float(q):g}": kept.sel(quantile=q).to_numpy() for q in kept["quantile"]}

    def _known(self, name: str, wanted: Sequence[object]) -> None:
        known = list(dict.fromkeys(self._results[name].to_numpy().tolist()))
        wrong = [label for label in wanted if label not in known]
        if wrong:
            shown = {"coordinate": name, "labels": wrong, "known": known[:12], "count": len(known)}
            raise locale.error(ResultsError, _problem("results-label", **shown))

    def _of_dimension(self, name: str, dimension: str) -> None:
        known = [str(k) for k, v in self._results.coords.items() if v.dims == (dimension,)]
        if name not in known:
            parameters = {"coordinate": name, "dimension": dimension, "known": known}
            raise locale.error(ResultsError, _problem("results-coordinate", **parameters))
