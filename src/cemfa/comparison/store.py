"""A comparison's numbers in one netCDF file: indicators per sample, mean flows, money, for every option.

Beside `table` in `comparison`. The file is of the one shape of results with `option` as one more dimension, so
`open_results` reads it.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import xarray as xr

from cemfa.comparison.outcome import Comparison, OptionResult
from cemfa.results import save_results

_PARTS = {"settlement": "of_settlement", "district": "of_district"}


def save(comparison: Comparison, path: str | Path) -> Path:
    """Return the path of the file that now holds the comparison.

    Variables: the indicators (option, sample, period …), `flow_means` (option, period, layer, flow) [t/yr],
    `money_*` (option, sample[, year]) [VND], `budget` (option, sample, year, funder) [VND/yr].

    Raises
    ------
    OutputError
        if the file cannot be written.
    """
    return save_results(as_dataset(comparison), path)


def as_dataset(comparison: Comparison) -> xr.Dataset:
    """Return everything `save` writes as one dataset of the one shape."""
    names = [option.id for option in comparison.options]
    parts = [_one(option) for option in comparison.options]
    joined = xr.concat(parts, dim="option", join="outer", fill_value=0.0, combine_attrs="drop", data_vars="all")
    first = comparison.options[0].flows
    whole = joined.assign_coords(option=names).assign_coords(
        {str(name): value for name, value in first.coords.items() if set(value.dims) <= {"period", "layer", "flow"}}
    )
    whole.attrs = dict(first.attrs) | {
        "kind": "simulate", "option": "", "scenario": comparison.scenario.id, "model": comparison.model.id,
        "seed": comparison.seed, "samples": comparison.replications, "version": comparison.version,
        "residual": comparison.residual, "inputs": json.dumps(dict(comparison.inputs), sort_keys=True),
        "price_year": comparison.scenario.finance.price_year, "baseline": comparison.baseline,
    }  # fmt: skip
    return whole


def _one(option: OptionResult) -> xr.Dataset:
    """Return one option: indicators, mean flows, money; absent values of a ratio stay out, they are no numbers."""
    indicators = option.indicators.rename({k: v for k, v in _PARTS.items() if k in option.indicators.dims})
    means = option.flows["flow_mean"].drop_vars(
        [name for name in option.flows["flow_mean"].coords if name not in ("period", "layer", "flow")]
    )
    money = option.economics.samples.rename({name: f"money_{name}" for name in option.economics.samples.data_vars})
    found = indicators.assign(flow_means=means, budget=option.economics.budget)
    found = found.merge(money, join="exact", compat="no_conflicts")
    return found.astype({str(name): np.float64 for name in found.data_vars})
