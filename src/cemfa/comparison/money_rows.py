"""The money of a comparison in rows: every option, item, payer, year, actor and fee with unit, price year and source.

Beside `losses` in `comparison`; picks what every case kept per sample. Means of payers sum to the mean of the need;
percentiles do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import xarray as xr

from cemfa.definition.technologies import technology_of
from cemfa.indicators.spread import stats_of

if TYPE_CHECKING:
    from cemfa.comparison.finances import Finances
    from cemfa.comparison.outcome import Comparison, OptionResult

COLUMNS: Final = (
    "option", "part", "subject", "item", "year", "unit", "price_year", "mean", "p5", "p50", "p95", "source",
)  # fmt: skip
"""Columns of the table; `year` is absent for what holds over the horizon."""

UNITS: Final = {
    "npv": "VND", "npv_late": "VND", "npv_frozen": "VND", "irr": "1/year", "irr_count": "1", "mirr": "1/year",
    "simple_payback": "year", "discounted_payback": "year", "benefit_cost_ratio": "1", "lowest_cover": "1",
    "levelised_cost": "VND/t", "break_even_fee": "VND/t", "gate_fee": "VND/t", "full_cost": "VND/year",
    "full_cost_per_tonne": "VND/t", "covering_fee": "VND/household/month", "today": "VND/household/month",
    "subsidy": "VND/year", "late_loss": "VND", "late_gap": "VND", "frozen_loss": "VND", "frozen_level": "1",
    "drawn": "VND/year", "interest": "VND/year", "principal": "VND/year", "balance": "VND",
}  # fmt: skip
"""Unit of every measure; `subsidy` of a loan likewise is VND/year."""

Row = tuple[str, str, str, str, "int | None", str, int, float, float, float, float, str]


def money_frame(comparison: Comparison) -> pd.DataFrame:
    """Return the finances of every option, a row per number; what is nothing in every sample is left out."""
    rows = [row for option in comparison.options for row in money_rows(comparison, option)]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"year": "Int64"})


def money_rows(comparison: Comparison, option: OptionResult) -> Iterator[Row]:
    """Yield the rows of an option, in the order of `COLUMNS`."""
    finances = option.economics.finances
    if finances is None:
        return
    price_year, costs = option.economics.price_year, _sources(comparison, option)
    fee = comparison.scenario.finance.household_fee
    numbers = [number for number in (*_numbers(finances), *_value_added(option)) if number[-1].any()]
    stats = stats_of([values for *_, values in numbers])
    for (part, subject, item, year, unit, _), stat in zip(numbers, stats, strict=True):
        if stat is None:
            continue
        source = costs.get(subject, "") if part == "investment" else ""
        source = fee.today.source if fee and (part, item) == ("fee", "today") else source
        figures = (stat.mean, stat.p5, stat.p50, stat.p95)
        yield option.id, part, subject, item, year, unit, price_year, *figures, source


def _numbers(finances: Finances) -> Iterator[tuple[str, str, str, int | None, str, np.ndarray]]:
    """Yield part, subject, item, year, unit and samples of every number."""
    for (project, item), values in _cells(finances.investment, "project", "item"):
        yield "investment", project, item, None, "VND", values
    for (project,), values in _cells(finances.vat, "project"):
        yield "vat", project, "", None, "VND", values
    for (funder, purpose, year), values in _cells(finances.funding, "funder", "purpose", "year"):
        yield "funding", funder, purpose, int(year), "VND/year", values
    for (year,), values in _cells(finances.deficit, "year"):
        yield "operating_deficit", "", "", int(year), "VND/year", values
    for name, array in finances.debt.data_vars.items():
        for (year,), values in _cells(array, "year"):
            yield "debt", "", str(name), int(year), "VND" if name == "balance" else "VND/year", values
    for (debtor, payment, year), values in _cells(finances.service, "debtor", "payment", "year"):
        yield "debt_service", debtor, payment, int(year), "VND/year", values
    for (year,), values in _cells(finances.subsidy, "year"):
        yield "debt_service", "province", "subsidy", int(year), "VND/year", values
    for (project, year), values in _cells(finances.cover, "project", "year"):
        yield "debt_service_cover", project, "", int(year), "1", values
    for part, table, dimension in (("plant", finances.projects, "project"), ("actor", finances.accounts, "account")):
        for name, array in table.data_vars.items():
            for (subject,), values in _cells(array, dimension):
                yield part, subject, str(name), None, UNITS[str(name)], values
    for name, array in finances.fees.data_vars.items():
        yield "fee", "", str(name), None, UNITS[str(name)], array.to_numpy()


def _value_added(option: OptionResult) -> Iterator[tuple[str, str, str, int | None, str, np.ndarray]]:
    for name, unit in (("value_added", "VND/year"), ("value_added_per_tonne", "VND/t")):
        if name in option.economics.samples:
            for (year,), values in _cells(option.economics.samples[name], "year"):
                yield "value_added", "", name, int(year), unit, values


def _cells(array: xr.DataArray, *dimensions: str) -> Iterator[tuple[tuple[str, ...], np.ndarray]]:
    """Yield the labels and samples of every cell; on the bare array, because labels cost more than numbers."""
    values = array.transpose(*dimensions, "sample").to_numpy()
    names = [[str(label) for label in array[dimension].to_numpy()] for dimension in dimensions]
    for place in np.ndindex(values.shape[:-1]):
        yield tuple(labels[n] for labels, n in zip(names, place, strict=True)), values[place]


def _sources(comparison: Comparison, option: OptionResult) -> dict[str, str]:
    """Return where the investment of each project comes from: its own number, else the row of its technology."""
    model, found = comparison.model, {}
    for content in comparison.scenario.options.values():
        for key, project in content.projects.items():
            technology = technology_of(project, model)
            rows = [
                r.source for r in model.parameters if r.parameter == "capex" and r.index.get("technology") == technology
            ]
            found[key] = project.capex.source if project.capex else "; ".join(dict.fromkeys(rows))
    return {project.id: found.get(project.id, "") for project in option.projects}
