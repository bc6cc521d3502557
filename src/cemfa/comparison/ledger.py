"""One history of an option's money, point by point, as an accountant would lay it out.

Beside `finances`: takes a history that `money` has reckoned, and adds the running sums on which its measures rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import xarray as xr

from cemfa.economics.cashflow import (
    Array,
    discount_factors,
    discounted_payback,
    levelised_cost,
    npv,
    present_value,
    simple_payback,
)

if TYPE_CHECKING:
    from cemfa.comparison.outcome import OptionResult

RECEIVED: Final = ("revenue", "salvage")
PAID: Final = ("investment", "running", "elsewhere", "haulage", "refused")
"""Rows that make up the net flow, in the order shown."""

_YEARLY: Final = ("revenue", "running", "elsewhere", "haulage", "refused", "fees", "tonnes")


@dataclass(frozen=True, slots=True)
class Ledger:
    """The money of one history at the time points, T + 1 of them; see `cemfa.economics.cashflow` for where they lie.

    Parameters
    ----------
    sample : number of the history
    rate, inflation : of this history [1/yr]
    flows : (T + 1,) each, positive: `RECEIVED`, `PAID`, `fees` [VND] and `tonnes` [t]
    need : per funder, `unfunded` last, what it pays in the year that ends at the point, nothing at the first [VND]
    debt : (T + 1,) `drawn`, `interest`, `subsidy`, `principal` and `balance`, owed before what is drawn at the point,
        of all loans together [VND]; empty without
    """

    sample: int
    rate: float
    inflation: float
    flows: Mapping[str, Array]
    need: Mapping[str, Array]
    debt: Mapping[str, Array]

    @property
    def factors(self) -> Array:
        """Discount factors, (T + 1,)."""
        return discount_factors(self.rate, len(self.flows["tonnes"]))

    @property
    def net(self) -> Array:
        """Received − paid, salvage included, (T + 1,) [VND]."""
        return np.asarray(
            np.add.reduce([self.flows[n] for n in RECEIVED]) - np.add.reduce([self.flows[n] for n in PAID])
        )

    @property
    def measures(self) -> Mapping[str, float]:
        """Net present values [VND], cost per tonne with and without products [VND/t], years until paid back."""
        flows, rate, net = self.flows, self.rate, self.net
        own = npv(net, rate)
        spent = flows["investment"], flows["running"]
        found = {
            "npv": own,
            "npv_operator": own + present_value(flows["fees"], rate),
            "present_cost": present_value(spent[0] + spent[1] - flows["salvage"], rate),
            "present_tonnes": present_value(flows["tonnes"], rate),
            "levelised_cost": levelised_cost(*spent, flows["salvage"], flows["tonnes"], rate),
            "levelised_cost_net": levelised_cost(*spent, flows["salvage"] + flows["revenue"], flows["tonnes"], rate),
            "payback": simple_payback(net),
            "payback_discounted": discounted_payback(net, rate),
        }
        return {name: float(value) for name, value in found.items()}


def ledger_of(option: OptionResult) -> Ledger | None:
    """Return the history whose net present value is the middle one (the lower of two); None where no money moves."""
    samples = option.economics.samples
    if "npv" not in samples or not (samples["investment"].any() or samples["running"].any()):
        return None
    values = samples["npv"].to_numpy()
    middle = int(np.argsort(values, kind="stable")[(len(values) - 1) // 2])
    one = samples.isel(sample=middle)
    flows = {name: _at_ends(one[name]) for name in _YEARLY}
    flows["investment"] = np.append(one["investment"].to_numpy(), 0.0)
    flows["salvage"] = np.append(np.zeros(one.sizes["year"]), float(one["salvage"]))
    budget = option.economics.budget.isel(sample=middle)
    need = {str(name): _at_ends(budget.sel(funder=name)) for name in budget["funder"].to_numpy()}
    return Ledger(
        int(one["sample"]), float(one["discount_rate"]), float(one["inflation"]), flows, need, _debt(option, middle)
    )


def _debt(option: OptionResult, sample: int) -> Mapping[str, Array]:
    finances = option.economics.finances
    if finances is None or not finances.debt["drawn"].isel(sample=sample).any():
        return {}
    held = finances.debt.isel(sample=sample)
    drawn = np.append(held["drawn"].to_numpy(), 0.0)
    ends = {name: _at_ends(held[name]) for name in ("interest", "subsidy", "principal", "balance")}
    return {"drawn": drawn, **ends}


def _at_ends(yearly: xr.DataArray) -> Array:
    return np.concatenate([[0.0], yearly.to_numpy()])
