"""A comparison's numbers in one netCDF file: indicators per sample, mean flows, money, for every option.

Beside `table` in `comparison`. The file is of the one shape of results with `option` as one more dimension, so
`open_results` reads it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np
import xarray as xr

from cemfa.comparison.finances import Finances
from cemfa.comparison.outcome import Comparison, OptionResult
from cemfa.results import save_results

_PARTS = {"settlement": "of_settlement", "district": "of_district"}


def save(comparison: Comparison, path: str | Path) -> Path:
    """Return the path of the file that now holds the comparison.

    Variables: the indicators (option, sample, period …), `flow_means` (option, period, layer, flow) [t/yr],
    `money_*` (option, sample[, year]) [VND], `budget` (option, sample, year, funder) [VND/yr], and the finances of
    every option as `finance_*`: who pays for what by year, investment by item, value-added tax, debt and its service,
    cover ratios, measures of plants, accounts of actors, fees (see `cemfa.comparison.finances`). A measure of a plant
    that an option does not have is absent, its money is nothing.

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
    fill = {str(name): np.nan if _is_measure(str(name)) else 0.0 for part in parts for name in part.data_vars}
    joined = xr.concat(parts, dim="option", join="outer", fill_value=fill, combine_attrs="drop", data_vars="all")
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
    parts = [money]
    if option.economics.finances is not None:
        parts.append(_finances(option.economics.finances, option.economics.budget["funder"]))
    for part in parts:
        found = found.merge(part, join="exact", compat="no_conflicts")
    return found.astype({str(name): np.float64 for name in found.data_vars})


_RATIOS: Final = ("finance_cover", "finance_plant_", "finance_account_", "finance_vat")


def _is_measure(name: str) -> bool:
    """Tell whether a variable holds measures, which are no numbers where there is nothing to measure."""
    return name.startswith(_RATIOS)


def _finances(finances: Finances, funders: xr.DataArray) -> xr.Dataset:
    """Return all finances of one option, named apart from the indicators and in the order of its budget."""
    found = {
        "finance_funding": finances.funding.reindex(funder=funders.to_numpy(), fill_value=0.0),
        "finance_deficit": finances.deficit, "finance_investment": finances.investment, "finance_vat": finances.vat,
        "finance_service": finances.service, "finance_interest_subsidy": finances.subsidy,
        "finance_cover": finances.cover,
    }  # fmt: skip
    tables = {
        "debt": finances.debt, "plant": finances.projects, "actor": finances.actors, "account": finances.accounts,
        "fee": finances.fees,
    }  # fmt: skip
    for part, table in tables.items():
        found |= {f"finance_{part}_{name}": values for name, values in table.data_vars.items()}
    return xr.Dataset(found)
