"""Who settles what: payers by purpose, loans, accounts of actors, fees that cover, come late or stand still.

Between `money`, which prices an option's projects, and `finances`, which holds the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr

from cemfa.comparison.costing import Run
from cemfa.comparison.finances import ACTORS, DEBTORS, ECONOMY, PAYMENTS, Finances
from cemfa.comparison.outcome import ProgrammeResult, ProjectResult
from cemfa.definition.schema import GIFTS, LENDERS, Loan, Project
from cemfa.economics.actors import Accounts, Transfer, accounts
from cemfa.economics.cashflow import levelised_cost, npv, present_value
from cemfa.economics.costs import Outlays, at_year_ends, nothing
from cemfa.economics.fees import (
    MONTHS,
    fee_per_household,
    frozen_fees,
    late_fees,
    levelised_yearly,
    peak_gap,
    subsidy_at_fee,
)
from cemfa.economics.finance import UNFUNDED, Budget, fund, together
from cemfa.economics.investment import ITEMS, Investment
from cemfa.economics.loans import Debt, debt_schedule, debt_service_cover, lowest_cover
from cemfa.economics.measures import Appraisal, appraise, break_even_fee
from cemfa.economics.prices import nominal_rate, price_level
from cemfa.indicators.view import Array

_MEASURES: Final = tuple(Appraisal.__slots__)
_ACTOR_OF: Final[Mapping[str, str]] = {
    **dict.fromkeys(GIFTS, "donor"),
    **dict.fromkeys(("enterprise", "equity"), "operator"),
    **dict.fromkeys(LENDERS, "lender"),
    "household": "household",
}
"""Who stands behind a kind of funder; every other kind is a public budget."""


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """Money of one project or programme: its flows, its budget, and how it shows in a report.

    Parameters
    ----------
    key : its id
    outlays : its flows
    investment, running : who pays its investment and its operating deficit
    shown : for the report
    project, built, sold : of a project as written, its total investment, and its own products (S, T + 1) [VND]
    """

    key: str
    outlays: Outlays
    investment: Budget
    running: Budget
    shown: ProjectResult | ProgrammeResult
    project: Project | None = None
    built: Investment | None = None
    sold: Array | None = None

    @property
    def is_public(self) -> bool:
        """Whether the province owns it and owes its debt."""
        return self.project is None or self.project.form == "public"


@dataclass(frozen=True, slots=True, eq=False)
class Common:
    """What the items of an option share.

    Parameters
    ----------
    rate : (S,), real discount rate [1/yr]
    tonnes : (S, T + 1), accepted or newly recycled [t]
    sold : per product what is sold more than now, (S, T) [VND/yr]
    elsewhere : (S, T + 1), cost of other plants, of haulage and of what events turn away more than now [VND]
    """

    rate: Array
    tonnes: Array
    sold: Mapping[str, Array]
    elsewhere: Array


def finances_of(run: Run, items: Sequence[Item], common: Common) -> Finances:
    """Return the finances of an option from its items."""
    built = [item for item in items if item.project is not None]
    debts = {item.key: _debt(run, item) for item in items}
    held = _accounts(run, items, common, debts)
    vat = run.scenario.finance.vat
    return Finances(
        investment=_investment(run, built),
        vat=_vat(run, built),
        vat_included=vat.included if vat else None,
        funding=_funding(run, items),
        deficit=_yearly(run, np.add.reduce([_nil(run)[:, 1:], *(item.running.need for item in items)])),
        debt=_debt_table(run, list(debts.values())),
        service=_service(run, items, debts),
        subsidy=_yearly(run, np.add.reduce([_nil(run)[:, 1:], *(np.rint(d.subsidy[:, 1:]) for d in debts.values())])),
        cover=_of_project(run, built, [_cover(item, debts[item.key]) for item in built], "year"),
        projects=_projects(run, built, common, debts),
        actors=_actor_table(run, held),
        accounts=_measures(run, held, common.rate),
        fees=_fees(run, items, common),
    )


def _nil(run: Run) -> Array:
    return np.zeros((len(run.samples), run.horizon.points))


def _stacked(run: Run, parts: Sequence[Array]) -> Array:
    """Return arrays of projects one behind another, (S, P, T + 1); none where there is no project."""
    return np.stack(parts, axis=1) if parts else np.zeros((len(run.samples), 0, run.horizon.points))


def _yearly(run: Run, values: Array) -> xr.DataArray:
    return xr.DataArray(values, {"sample": list(run.samples), "year": run.years}, ("sample", "year"))


def _of_project(run: Run, built: Sequence[Item], parts: Sequence[Array], last: str) -> xr.DataArray:
    coords = {"sample": list(run.samples), "project": [item.key for item in built], "year": run.years}
    values = np.stack(parts, axis=1) if parts else np.zeros((len(run.samples), 0, len(run.years)))
    return xr.DataArray(values, coords, ("sample", "project", last))


def _investment(run: Run, built: Sequence[Item]) -> xr.DataArray:
    coords = {"sample": list(run.samples), "project": [item.key for item in built], "item": list(ITEMS)}
    values = np.zeros((len(run.samples), len(built), len(ITEMS)))
    for position, item in enumerate(built):
        for place, name in enumerate(ITEMS):
            values[:, position, place] = item.built.items[name] if item.built else 0.0
    return xr.DataArray(values, coords, ("sample", "project", "item"), attrs={"unit": "VND"})


def _vat(run: Run, built: Sequence[Item]) -> xr.DataArray:
    """Return the tax on what is built: within the price where prices hold it, else on top."""
    coords = {"sample": list(run.samples), "project": [item.key for item in built]}
    stated, values = run.scenario.finance.vat, np.full((len(run.samples), len(built)), np.nan)
    if stated is not None:
        rate = run.drawn(stated.rate, "finance.vat.rate")
        share = rate / (1.0 + rate) if stated.included else rate
        for position, item in enumerate(built):
            if item.built is not None:
                values[:, position] = share * (item.built.real - item.built.items["land"])
    return xr.DataArray(values, coords, ("sample", "project"), attrs={"unit": "VND"})


def _funding(run: Run, items: Sequence[Item]) -> xr.DataArray:
    none = fund(_nil(run)[:, 1:], {}, run.years)
    purposes = {
        "investment": together([*(item.investment for item in items), none]),
        "running": together([*(item.running for item in items), none]),
    }
    names = [name for name in dict.fromkeys(n for b in purposes.values() for n in b.sources) if name != UNFUNDED]
    rows = [*names, UNFUNDED]
    values = np.stack([np.stack([budget.of(name) for name in rows], axis=-1) for budget in purposes.values()], axis=-1)
    coords = {"sample": list(run.samples), "year": run.years, "funder": rows, "purpose": list(purposes)}
    return xr.DataArray(values, coords, ("sample", "year", "funder", "purpose"), attrs={"unit": "VND/year"})


def _debt(run: Run, item: Item) -> Debt:
    """Return what an item owes to all its lenders together; nothing where none has terms."""
    zero = _nil(run)
    found = Debt(zero, zero, zero, zero, zero)
    for key, funder in run.scenario.funders.items():
        drawn = item.investment.of(key)
        if funder.loan is not None and drawn.any():
            found = found + _schedule(run, key, funder.loan, drawn)
    return found


def _schedule(run: Run, key: str, loan: Loan, drawn: Array) -> Debt:
    return debt_schedule(
        np.concatenate([drawn, np.zeros((len(drawn), 1))], axis=1),
        run.drawn(loan.interest, f"funders.{key}.loan.interest"),
        loan.term,
        grace=loan.grace,
        repayment=loan.repayment,
        subsidy=run.drawn_or_zero(loan.subsidy, f"funders.{key}.loan.subsidy"),
        subsidised_years=loan.subsidised_years,
        inflation=_inflation(run),
    )


def _inflation(run: Run) -> Array:
    return run.drawn_or_zero(run.scenario.finance.inflation, "finance.inflation")


def _debt_table(run: Run, debts: Sequence[Debt]) -> xr.Dataset:
    zero = _nil(run)
    total = Debt(zero, zero, zero, zero, zero)
    for debt in debts:
        total = total + debt
    parts = {"drawn": total.drawn[:, :-1]} | {
        name: getattr(total, name)[:, 1:] for name in ("interest", "subsidy", "principal")
    }
    # the end of a year is the point at which the next year's draw is paid out: that one is not owed yet
    parts["balance"] = (total.balance - total.drawn)[:, 1:]
    return xr.Dataset({name: _yearly(run, values) for name, values in parts.items()})


def _service(run: Run, items: Sequence[Item], debts: Mapping[str, Debt]) -> xr.DataArray:
    """Return what debtors pay, in whole units as in their accounts."""
    values = np.zeros((len(run.samples), len(run.years), len(DEBTORS), len(PAYMENTS)))
    for item in items:
        paid, at = settled(debts[item.key]), DEBTORS.index("province" if item.is_public else "operator")
        for place, name in enumerate(PAYMENTS):
            values[:, :, at, place] += paid[name][:, 1:]
    coords = {"sample": list(run.samples), "year": run.years, "debtor": list(DEBTORS), "payment": list(PAYMENTS)}
    return xr.DataArray(values, coords, ("sample", "year", "debtor", "payment"), attrs={"unit": "VND/year"})


def settled(debt: Debt) -> dict[str, Array]:
    """Return what a debtor pays by `PAYMENTS`, (S, T + 1) each, in whole units [VND]: at the end what is still owed."""
    last = np.zeros_like(debt.balance)
    last[:, -1] = debt.balance[:, -1]
    return {name: np.rint(part) for name, part in zip(
        PAYMENTS, (debt.interest - debt.subsidy, debt.principal, last), strict=True
    )}  # fmt: skip


def _cash(item: Item) -> Array:
    """Return what a plant has left for its debt: products and gate fees − cost of running, (S, T + 1)."""
    sold = 0.0 if item.sold is None else item.sold
    return np.asarray(sold + item.outlays.revenue - item.outlays.opex)


def _due(item: Item, debt: Debt) -> Array:
    """Return the debt service from the first full year of operation on, (S, T + 1): before it a plant earns nothing."""
    running = np.cumsum(item.outlays.tonnes > 0, axis=1) > 1
    return np.where(running, debt.service, 0.0)


def _cover(item: Item, debt: Debt) -> Array:
    return debt_service_cover(_cash(item)[:, 1:], _due(item, debt)[:, 1:])


def _projects(run: Run, built: Sequence[Item], common: Common, debts: Mapping[str, Debt]) -> xr.Dataset:
    """Return the plants' own accounts, with gate fees and products, before finance."""
    fees = _stacked(run, [item.outlays.revenue for item in built])
    other = _stacked(run, [_sold(item) + item.outlays.salvage for item in built])
    paid = _stacked(run, [item.outlays.capex + item.outlays.opex for item in built])
    capex, opex = (_stacked(run, [getattr(item.outlays, name) for item in built]) for name in ("capex", "opex"))
    salvage, tonnes = (_stacked(run, [getattr(item.outlays, n) for item in built]) for n in ("salvage", "tonnes"))
    rate, net = common.rate[:, None], other - paid
    found = appraise(fees + other, paid, rate)
    late, frozen = _tried(run, fees, common.rate)
    service = _stacked(run, [_due(item, debts[item.key]) for item in built])
    own = {
        "levelised_cost": levelised_cost(capex, opex, salvage, tonnes, rate),
        "break_even_fee": break_even_fee(paid, other, tonnes, rate),
        "gate_fee": break_even_fee(fees, np.zeros_like(fees), tonnes, rate),
        "lowest_cover": lowest_cover(_stacked(run, [_cash(item) for item in built]), service),
        "npv_late": npv(net + late, rate),
        "npv_frozen": npv(net + frozen, rate),
    }
    values = {name: getattr(found, name) for name in _MEASURES} | own
    coords = {"sample": list(run.samples), "project": [item.key for item in built]}
    return xr.Dataset({name: (("sample", "project"), value) for name, value in values.items()}, coords)


def _sold(item: Item) -> Array:
    return item.sold if item.sold is not None else np.zeros_like(item.outlays.capex)


def _tried(run: Run, fees: Array, rate: Array) -> tuple[Array, Array]:
    """Return gate fees that come late and gate fees that stand still, as (S, …, T + 1).

    What is late is not raised with prices, so it is bridged at the nominal rate.
    """
    finance, inflation = run.scenario.finance, _inflation(run)
    shape = (len(rate), *(1,) * (fees.ndim - 2))
    bridged, rising = nominal_rate(rate, inflation).reshape(shape), inflation.reshape(shape)
    return late_fees(fees, bridged, finance.late_months), frozen_fees(fees, rising, finance.frozen_years)


def _accounts(run: Run, items: Sequence[Item], common: Common, debts: Mapping[str, Debt]) -> Accounts:
    zero = _nil(run)
    farmers = run.scenario.finance.bought_by_farmers
    bought = np.add.reduce([zero, *(at_year_ends(v) for key, v in common.sold.items() if key in farmers)])
    other = np.add.reduce([zero, *(at_year_ends(v) for key, v in common.sold.items() if key not in farmers)])
    resources = {"operator": other, "farmer": bought, "province": zero - common.elsewhere}
    for item in items:
        runs, owns = "operator" if item.project else "province", "province" if item.is_public else "operator"
        resources[runs] = resources[runs] - item.outlays.capex - item.outlays.opex
        resources[owns] = resources[owns] + item.outlays.salvage
    moved = [Transfer("farmer", "operator", bought)]
    for item in items:
        moved += _transfers(run, item, debts[item.key])
    return accounts(resources, moved, ACTORS, (len(run.samples), run.horizon.points))


def _transfers(run: Run, item: Item, debt: Debt) -> Iterator[Transfer]:
    """Yield what others pay to whoever builds and runs an item, and what goes back to lenders."""
    receiver = "operator" if item.project else "province"
    end = np.zeros((len(run.samples), 1))
    for key, funder in run.scenario.funders.items():
        built, ran = item.investment.of(key), item.running.of(key)
        if built.any() or ran.any():
            amount = np.concatenate([built, end], axis=1) + at_year_ends(ran)
            yield Transfer(_ACTOR_OF.get(funder.kind, "province"), receiver, amount)
    if debt.drawn.any():
        service = np.add.reduce(list(settled(debt).values()))
        yield Transfer("province" if item.is_public else "operator", "lender", service)
        yield Transfer("province", "lender", debt.subsidy)


def _actor_table(run: Run, held: Accounts) -> xr.Dataset:
    coords = {"sample": list(run.samples), "actor": list(held.actors), "point": list(range(run.horizon.points))}
    dims = ("sample", "actor", "point")
    return xr.Dataset({"received": (dims, held.received), "paid": (dims, held.paid)}, coords)


def _measures(run: Run, held: Accounts, rate: Array) -> xr.Dataset:
    """Return the measures of every actor's account and, last, of the economy."""
    economy = held.economy[:, None]
    received = np.concatenate([held.received, np.maximum(economy, 0.0)], axis=1)
    paid = np.concatenate([held.paid, np.maximum(-economy, 0.0)], axis=1)
    found = appraise(received, paid, rate[:, None])
    coords = {"sample": list(run.samples), "account": [*held.actors, ECONOMY]}
    return xr.Dataset({name: (("sample", "account"), getattr(found, name)) for name in _MEASURES}, coords)


def _fees(run: Run, items: Sequence[Item], common: Common) -> xr.Dataset:
    """Return what a tonne and a household would have to pay, and what late and frozen gate fees cost."""
    paid = nothing(len(run.samples), run.horizon)
    for item in items:
        paid = paid + item.outlays
    rate, finance = common.rate, run.scenario.finance
    yearly = levelised_yearly(paid.capex + paid.opex - paid.salvage, rate)
    late, frozen = _tried(run, paid.revenue, rate)
    values = {
        "full_cost": yearly,
        "full_cost_per_tonne": levelised_cost(paid.capex, paid.opex, paid.salvage, common.tonnes, rate),
        "late_loss": present_value(paid.revenue - late, rate),
        "late_gap": peak_gap(paid.revenue, finance.late_months),
        "frozen_loss": present_value(paid.revenue - frozen, rate),
        "frozen_level": 1.0 / price_level(_inflation(run), finance.frozen_years + 1)[:, -1],
    }
    if finance.household_fee is not None:
        known = finance.household_fee
        today = run.drawn(known.today, "finance.household_fee.today") / MONTHS  # canonical is per year
        share = run.drawn(known.for_treatment, "finance.household_fee.for_treatment")
        households = run.drawn(known.households, "finance.household_fee.households")
        values |= {
            "covering_fee": fee_per_household(yearly, households),
            "today": today,
            "subsidy": subsidy_at_fee(yearly, today * share, households),
        }
    return xr.Dataset({name: ("sample", value) for name, value in values.items()}, {"sample": list(run.samples)})
