"""All indicators by id, and their evaluation on results, whole or block by block.

Last step of `indicators`: results in, one dataset of values per sample and period out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from cemfa import locale
from cemfa.errors import Problem, ResultsError
from cemfa.indicators import circularity, climate, energy, nutrients, recycling, transport, work
from cemfa.indicators.fates import items
from cemfa.indicators.ipcc import EDITION, GWP, Gwp
from cemfa.indicators.registry import ALL, Indicator
from cemfa.indicators.view import Array, View, view_of

if TYPE_CHECKING:
    import xarray as xr


REGISTRY: Final[Mapping[str, Indicator]] = MappingProxyType(
    {
        indicator.id: indicator
        for family in (recycling, circularity, climate, nutrients, energy, work, transport)
        for indicator in family.INDICATORS
    }
)
"""Every indicator by id, in the order of reports."""

_PARTS: Final = ("settlement", "district", "good")
_SLACK: Final = 1e-9  # tolerance of the balance: a rate of 1 computed from closed flows may miss it by this


def evaluate(results: xr.Dataset, indicators: Sequence[str] | None = None, *, gwp: str = EDITION) -> xr.Dataset:
    """Return indicators of results per sample and period.

    Parameters
    ----------
    results : of `solve` or `simulate`, with the full cube of flows
    indicators : ids; by default all that these results can support
    gwp : edition of the warming potentials: AR4, AR5 or AR6 of the IPCC

    Returns
    -------
    xr.Dataset
        one variable per id over (sample, period) and, where it has parts, `settlement`, `district` or `good`, whose
        last item is `all`; `unit` and `source` in its attributes, the edition `gwp` in those of the dataset

    Raises
    ------
    ResultsError
        `unknown-indicator`; `indicators-need-cube` where only reduced flows were kept; `indicator-needs` where
        one asked for by name lacks a layer or an accounting parameter; `rate-above-one`; `place-lost`;
        `unknown-gwp`.
    """
    import xarray as xr

    view = view_of(results, edition(gwp).edition)
    found = {}
    for indicator in chosen(indicators):
        try:
            values = _values(indicator, view)
        except ResultsError as error:
            if indicators is None and {problem.code for problem in error.problems} <= _unsupported(indicator):
                continue
            raise
        dims = ("sample", "period", *((indicator.by,) if indicator.by else ()))
        found[indicator.id] = (dims, values, {"unit": indicator.unit, "source": indicator.source})
    coords: dict[str, object] = {"sample": results["sample"].to_numpy(), "period": view.years}
    for dimension in _PARTS:
        if any(dimension in dims for dims, _, _ in found.values()):
            coords[dimension] = [*items(view, dimension), ALL]
    return xr.Dataset(found, coords, {"gwp": view.gwp})


def _unsupported(indicator: Indicator) -> set[str]:
    """Return the problems that leave an indicator out where all were asked for: not every model keeps goods apart."""
    return {"indicator-needs", "place-lost"} if indicator.by == "good" else {"indicator-needs"}


def chosen(indicators: Sequence[str] | None) -> tuple[Indicator, ...]:
    """Return indicators by id, all of them by default.

    Raises
    ------
    ResultsError
        `unknown-indicator`, every unknown id.
    """
    if indicators is None:
        return tuple(REGISTRY.values())
    problems = [
        Problem("unknown-indicator", parameters={"id": name, "known": tuple(REGISTRY)})
        for name in indicators
        if name not in REGISTRY
    ]
    if problems:
        raise locale.error(ResultsError, problems)
    return tuple(REGISTRY[name] for name in indicators)


def edition(name: str) -> Gwp:
    """Return the warming potentials of an edition.

    Raises
    ------
    ResultsError
        `unknown-gwp`.
    """
    if name not in GWP:
        raise locale.error(ResultsError, Problem("unknown-gwp", parameters={"name": name, "known": tuple(GWP)}))
    return GWP[name]


def supported(results: xr.Dataset) -> tuple[str, ...]:
    """Return the ids of the indicators that results can support, in the order of reports."""
    return tuple(str(name) for name in evaluate(results).data_vars)


@dataclass(frozen=True, slots=True)
class BlockIndicators:
    """Indicators as a function of one block of results, for a request; picklable."""

    indicators: tuple[str, ...]
    gwp: str = EDITION

    def __call__(self, block: xr.Dataset) -> xr.Dataset:
        """Return the block's indicators, their parts along `of_settlement`, `of_district` and `of_good`.

        In results `settlement`, `district` and `good` are labels of flows; `parts_named` gives the names back.
        """
        found = evaluate(block, self.indicators, gwp=self.gwp)
        return found.rename({name: f"of_{name}" for name in _PARTS if name in found.dims})


def block_function(indicators: Sequence[str] | None = None, *, gwp: str = EDITION) -> BlockIndicators:
    """Return a function that evaluates indicators inside a block, to hand into a request.

    Raises
    ------
    ResultsError
        `unknown-indicator` or `unknown-gwp`, before anything is computed.
    """
    return BlockIndicators(tuple(indicator.id for indicator in chosen(indicators)), edition(gwp).edition)


def parts_named(results: xr.Dataset, indicators: Sequence[str]) -> xr.Dataset:
    """Return the indicators that a run kept per sample, with their parts named."""
    found = results[list(indicators)]
    found = found.drop_vars([name for name in found.coords if name not in found.dims])
    return found.rename({f"of_{name}": name for name in _PARTS if f"of_{name}" in found.dims})


def by_part(values: xr.Dataset, name: str) -> tuple[str, list[str], Array]:
    """Return the dimension of an indicator's parts and the parts, "" and none where it is whole, and its samples.

    On bare variables: a comparison asks some thousand times, and labels cost more than numbers.

    Parameters
    ----------
    values : of `evaluate`
    name : id of an indicator among them

    Returns
    -------
    dimension, parts, samples (parts or 1, T, S)
    """
    variable = values.variables[name]
    (dimension,) = [str(d) for d in variable.dims if d not in ("sample", "period")] or [""]
    rows = variable.transpose(*filter(None, [dimension]), "period", "sample").to_numpy()
    parts = [str(item) for item in values[dimension].to_numpy()] if dimension else []
    return dimension, parts, np.asarray(rows if dimension else rows[None], dtype=np.float64)


def _values(indicator: Indicator, view: View) -> Array:
    missing = indicator.missing(view)
    if missing:
        parameters = {"indicator": indicator.label(), "id": indicator.id, "missing": missing}
        raise locale.error(ResultsError, Problem("indicator-needs", parameters=parameters))
    values = np.asarray(indicator.compute(view), dtype=np.float64)
    if indicator.rate and np.any(values > 1 + _SLACK):
        sample, period = np.argwhere(values > 1 + _SLACK)[0][:2]
        wrong: dict[str, object] = {
            "indicator": indicator.label(),
            "value": float(np.nanmax(values)),
            "sample": int(sample),
            "year": int(view.years[period]),
        }
        raise locale.error(ResultsError, Problem("rate-above-one", parameters=wrong))
    return values
