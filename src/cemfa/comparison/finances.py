"""What a comparison holds of an option's finances: investment by item, payers, debt, accounts of actors, fees.

Lowest part of `comparison` beside `outcome`: looks up, reckons nothing. Money is real VND of the price year.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr

ACTORS: Final = ("province", "operator", "farmer", "household", "donor", "lender")
"""Whose accounts are kept; the economy is all of them together."""

ECONOMY: Final = "economy"
"""Name of the account of all actors together."""


DEBTORS: Final = ("province", "operator")
"""Who owes: the province for public plants and programmes, operators for the others."""

PAYMENTS: Final = ("interest", "principal", "settled")
"""What a debtor pays of its loans: interest without what the state pays of it, instalments, and what is still owed
at the end of the horizon."""


@dataclass(frozen=True, slots=True, eq=False)
class Finances:
    """The finances of one option, per sample.

    Parameters
    ----------
    investment : (sample, project, item), total investment by item as first built [VND]; all items but
        `contingency_price` sum to what is spent
    vat : (sample, project), value-added tax on the investment without land [VND]; NaN where it is not stated
    vat_included : whether prices hold it, None where it is not stated
    funding : (sample, year, funder, purpose), who pays for `investment` and `running` [VND/yr]; over funders and
        purposes a year sums to the investment plus the operating deficit exactly
    deficit : (sample, year), cost of running − own products, per project at least 0 or, under a contract, the gate
        fee; programmes in full [VND/yr]
    debt : (sample, year) `drawn` at the beginning, `interest`, `subsidy` and `principal` at the end of the year, and
        `balance` owed after them, before the next draw; all loans together [VND/yr; VND]
    service : (sample, year, debtor, payment), debt service by `DEBTORS` and `PAYMENTS` [VND/yr]; what is drawn
        already is a payer of `funding`, so these never add to a need
    subsidy : (sample, year), part of all interest that the province pays [VND/yr]
    cover : (sample, project, year), debt-service cover ratio from the first full year of operation on, NaN in years
        without debt service [-]
    projects : (sample, project), the plant's own account, with gate fees and products, before finance: `npv`, `irr`,
        `irr_count`, `mirr`, `simple_payback`, `discounted_payback`, `benefit_cost_ratio`, `levelised_cost`,
        `break_even_fee`, `gate_fee` [VND/t], `lowest_cover`, `npv_late`, `npv_frozen`
    actors : (sample, actor, point), received and paid of each actor at the time points: `received`, `paid` [VND]
    accounts : (sample, account), measures of every actor's account and of the economy: as for projects
    fees : (sample), `full_cost` [VND/yr], `full_cost_per_tonne` [VND/t], and where households' fees are known
        `covering_fee`, `today` [VND/household/month], `subsidy` [VND/yr]; `late_loss`, `late_gap`, `frozen_loss`
        [VND], `frozen_level` [-]
    """

    investment: xr.DataArray
    vat: xr.DataArray
    vat_included: bool | None
    funding: xr.DataArray
    deficit: xr.DataArray
    debt: xr.Dataset
    service: xr.DataArray
    subsidy: xr.DataArray
    cover: xr.DataArray
    projects: xr.Dataset
    actors: xr.Dataset
    accounts: xr.Dataset
    fees: xr.Dataset

    @property
    def project_ids(self) -> tuple[str, ...]:
        """Ids of the option's projects."""
        return tuple(str(name) for name in self.investment["project"].to_numpy())

    def net(self, actor: str) -> xr.DataArray:
        """Return the net account of an actor, or of the `economy`, (sample, point) [VND]."""
        both = self.actors["received"] - self.actors["paid"]
        return both.sum("actor") if actor == ECONOMY else both.sel(actor=actor, drop=True)

    def owed_by(self, debtor: str) -> Iterator[tuple[str, xr.DataArray]]:
        """Yield the kinds of debt service a debtor pays at all, each (sample, year) [VND/yr].

        The province also pays the interest subsidy of all loans, as `subsidy`.
        """
        parts = {name: self.service.sel(debtor=debtor, payment=name, drop=True) for name in PAYMENTS}
        if debtor == DEBTORS[0]:
            parts["subsidy"] = self.subsidy
        yield from ((name, part) for name, part in parts.items() if part.to_numpy().any())

    def lowest_covers(self) -> np.ndarray:
        """Return the lowest cover ratio of any project per sample, (S,); NaN where nothing is owed."""
        values = self.projects["lowest_cover"].to_numpy()
        lowest = np.where(np.isnan(values), np.inf, values).min(axis=1, initial=np.inf)
        return np.where(np.isfinite(lowest), lowest, np.nan)
