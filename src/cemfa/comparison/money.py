"""The economic account of one option, per sample: projects, programmes, what is sold, who pays.

Between `accounts`, which counts tonnes, and `run`, which puts options side by side. Everything is counted
against the baseline as now: its plants, sales and collection cost nothing and earn nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from cemfa import units
from cemfa.comparison.costing import (
    Run,
    collection,
    commissioning,
    cost,
    decided,
    in_operation,
    investment_of,
    tonnes_of,
)
from cemfa.comparison.outcome import Economics, ProgrammeResult, ProjectResult
from cemfa.comparison.sales import elsewhere_cost, haulage_cost, own_sales, pay_of, refused_cost, sales_of
from cemfa.comparison.settling import Common, Item, finances_of
from cemfa.definition.currency import currency_of, is_adjusted
from cemfa.definition.schema import Funding, Programme, Project
from cemfa.definition.technologies import technology_of
from cemfa.economics.abatement import abatement_cost
from cemfa.economics.cashflow import levelised_cost, npv, present_value
from cemfa.economics.costs import Outlays, at_year_ends, nothing, project_outlays
from cemfa.economics.finance import Budget, fund, left_when_donors_leave, together
from cemfa.economics.value import value_added, value_added_per_tonne
from cemfa.indicators import REGISTRY
from cemfa.indicators.spread import stat_of
from cemfa.indicators.view import Array
from cemfa.plan import change_of, content_of, numbers_of


def account(
    run: Run, *, avoided: Array | None, jobs: Array | None, value_of_base: Array
) -> tuple[Economics, tuple[Item, ...]]:
    """Return the economics of an option and the items they consist of.

    Parameters
    ----------
    run : the option's results and the baseline's
    avoided : (S,), emissions avoided over the decision years [tCO2e], None where climate is not modelled
    jobs : (S,), jobs more than in the baseline in the target year
    value_of_base : (S,), net present value of the baseline, for the cost of what is avoided
    """
    projects, _ = content_of(run.scenario, run.option)
    rate, sales, tonnes = _rate(run), sales_of(run), _tonnes(run)
    items = _items(run, sales, tonnes, rate)
    pay = pay_of(run, projects, tonnes)
    return _together(run, items, sales, pay, rate, avoided, jobs, value_of_base), items


def net_value(run: Run) -> Array:
    """Return the net present value of an option alone, (S,) [VND]: that of `account`, without who pays and earns it."""
    rate, sales = _rate(run), sales_of(run)
    paid = _paid(run, _items(run, sales, _tonnes(run), rate))
    return npv(_own(paid, at_year_ends(np.add.reduce(list(sales.values()))), _beside(run)), rate)


def _rate(run: Run) -> Array:
    return run.drawn(run.scenario.finance.discount_rate, "finance.discount_rate")


def _tonnes(run: Run) -> dict[str, Array]:
    """Return what each project takes in, (S, T) [t/yr]."""
    projects, _ = content_of(run.scenario, run.option)
    return {key: tonnes_of(run, key, project, projects) for key, project in projects.items()}


def _items(run: Run, sales: Mapping[str, Array], tonnes: Mapping[str, Array], rate: Array) -> tuple[Item, ...]:
    """Return the money of every project and programme."""
    projects, programmes = content_of(run.scenario, run.option)
    own = own_sales(run, projects, tonnes, sales)
    return (
        *(_project(run, key, project, tonnes[key], own[key], rate) for key, project in projects.items()),
        *(_programme(run, key, programme) for key, programme in programmes.items()),
    )


def _paid(run: Run, items: Sequence[Item]) -> Outlays:
    paid = nothing(len(run.samples), run.horizon)
    for item in items:
        paid = paid + item.outlays
    return paid


def _beside(run: Run) -> tuple[Array, Array, Array]:
    """Return what running other plants, hauling and refusals cost more than now, (S, T + 1) each [VND/yr]."""
    elsewhere, haulage, refused = elsewhere_cost(run), haulage_cost(run), refused_cost(run)
    return at_year_ends(elsewhere), at_year_ends(haulage), at_year_ends(refused)


def _own(paid: Outlays, sales: Array, beside: tuple[Array, Array, Array]) -> Array:
    """Return the option's own cash flow, fees not counted, (S, T + 1) [VND/yr]."""
    elsewhere, haulage, refused = beside
    return sales - paid.capex - paid.opex - elsewhere - haulage - refused + paid.salvage


def _together(
    run: Run,
    items: Sequence[Item],
    sold: Mapping[str, Array],
    pay: Array,
    rate: Array,
    avoided: Array | None,
    jobs: Array | None,
    value_of_base: Array,
) -> Economics:
    shape = (len(run.samples), len(run.years))
    paid, beside = _paid(run, items), _beside(run)
    sales, (elsewhere, haulage, refused) = at_year_ends(np.add.reduce(list(sold.values()))), beside
    home = at_year_ends(np.maximum(run.more("home_intake"), 0.0))
    own = _own(paid, sales, beside)
    tonnes = paid.tonnes + home
    per_mass = levelised_cost(paid.capex, paid.opex, paid.salvage, tonnes, rate)
    net_cost = levelised_cost(paid.capex, paid.opex, paid.salvage + sales, tonnes, rate)
    value = npv(own, rate)
    per_tonne = abatement_cost(value_of_base - value, np.full(shape[0], np.nan) if avoided is None else avoided)
    budget = together([*(b for item in items for b in (item.investment, item.running)), _no_need(shape)])
    recurrent = together([*(item.running for item in items), _no_need(shape)])
    after = left_when_donors_leave(recurrent, run.scenario.donors)
    common = Common(rate, tonnes, sold, elsewhere + haulage + refused)
    yields = (sales[:, 1:], paid.opex[:, 1:] + haulage[:, 1:], pay)
    added, per_by_product = value_added(*yields), value_added_per_tonne(*yields, tonnes[:, 1:])
    of_year, target = ("sample", "year"), run.years.index(run.scenario.target_year)
    samples = xr.Dataset(
        {
            "capex": ("sample", paid.capex.sum(axis=1)), "npv": ("sample", value),
            "npv_operator": ("sample", value + present_value(paid.revenue, rate)),
            "levelised_cost": ("sample", per_mass), "levelised_cost_net": ("sample", net_cost),
            "abatement_cost": ("sample", per_tonne), "investment": (of_year, paid.capex[:, :-1]),
            "running": (of_year, paid.opex[:, 1:]), "revenue": (of_year, sales[:, 1:]),
            "elsewhere": (of_year, elsewhere[:, 1:]), "haulage": (of_year, haulage[:, 1:]),
            "refused": (of_year, refused[:, 1:]),
            "fees": (of_year, paid.revenue[:, 1:]),
            "tonnes": (of_year, tonnes[:, 1:]), "need": (of_year, budget.need), "after_donors": (of_year, after),
            "value_added": (of_year, added), "value_added_per_tonne": (of_year, per_by_product),
            "discount_rate": ("sample", rate), "salvage": ("sample", paid.salvage[:, -1]),
            "inflation": ("sample", run.drawn_or_zero(run.scenario.finance.inflation, "finance.inflation")),
        },
        {"sample": list(run.samples), "year": run.years},
    )  # fmt: skip
    return Economics(
        price_year=run.scenario.finance.price_year,
        first_year=run.scenario.finance.start,
        years=tuple(run.years),
        samples=samples,
        budget=_table(budget, run),
        after_donors=samples["after_donors"],
        capex=stat_of(paid.capex.sum(axis=1)),
        opex=stat_of(paid.opex[:, target + 1]),
        npv=stat_of(value),
        npv_operator=stat_of(samples["npv_operator"].to_numpy()),
        levelised_cost=stat_of(per_mass),
        levelised_cost_net=stat_of(net_cost),
        abatement_cost=stat_of(per_tonne),
        value_added_per_tonne=stat_of(per_by_product[:, target]),
        jobs=stat_of(jobs) if jobs is not None else None,
        unadjusted=_unadjusted(run),
        finances=finances_of(run, items, common),
    )


def _unadjusted(run: Run) -> tuple[tuple[str, int], ...]:
    """Return the numbers in money of another year than the account's that no price index covers: they stay."""
    coords, finance = run.cells.coords, run.scenario.finance
    apart = {name for indicator in REGISTRY.values() for name in indicator.parameters}  # no part of the account
    named = [
        (str(name), int(year))
        for name, year in zip(
            coords["parameter"].tolist(), coords.get("price_year", np.empty(0)).tolist(), strict=False
        )
        if name not in apart
    ]
    named += [
        (name, row.price_year or 0)
        for name, row in numbers_of(run.scenario).items()
        if currency_of(row.unit) is not None
    ]
    return tuple(dict.fromkeys(pair for pair in named if not is_adjusted(finance, pair[1] or None)))


def _no_need(shape: tuple[int, int]) -> Budget:
    return fund(np.zeros(shape), {}, list(range(shape[1])))


def _table(budget: Budget, run: Run) -> xr.DataArray:
    amounts = np.moveaxis(budget.amounts, 1, 2)
    coords = {"sample": list(run.samples), "year": run.years, "funder": list(budget.sources)}
    return xr.DataArray(amounts, coords, ("sample", "year", "funder"), attrs={"unit": "VND/year"})


def _project(run: Run, key: str, project: Project, tonnes: Array, sold: Array, rate: Array) -> Item:
    where = {"technology": technology_of(project, run.model), **project.place}
    ready, investment = commissioning(run, key, project), investment_of(run, key, project, where)
    land = investment.items["land"]
    outlays = project_outlays(
        run.horizon,
        rate,
        capex=investment.real - land,
        land=land,
        start=decided(run, key, project),
        ready=ready,
        life=cost(run, "life", where, absent=float(run.horizon.points))[:, 0],
        opex_fixed=(cost(run, "opex_fixed", where) * project.capacity).mean(axis=1),
        opex_per_tonne=0.0,
        tonnes=tonnes,
        revenue=tonnes * cost(run, "gate_fee", where),
    )
    variable = at_year_ends(_variable(run, key, project, where, tonnes))
    outlays = Outlays(outlays.capex, outlays.opex_fixed, variable, outlays.revenue, outlays.salvage, outlays.tonnes)
    deficit = np.maximum(outlays.opex[:, 1:] - sold, 0.0)
    if project.form != "public":  # under a contract the gate fee is owed whatever the plant spends
        deficit = np.maximum(deficit, outlays.revenue[:, 1:])
    target = run.years.index(run.scenario.target_year)
    per_day = tonnes[:, target] / units.days_in(run.years[target])
    shown = ProjectResult(
        id=key, label=project.label, process=project.process, place=dict(project.place),
        district=project.place.get("district", ""), capacity=project.capacity, owner=project.owner,
        operator=project.operator, form=project.form, site_secured=project.site_secured, land=project.land,
        decision=project.decision, commissioning=stat_of(ready),
        latest=_latest(run, decided(run, key, project), ready),
        capex=stat_of(investment.real),
        intake=stat_of(per_day), utilisation=stat_of(per_day / project.capacity), funding=project.funding,
    )  # fmt: skip
    found = _item(run, key, outlays, deficit, project.funding, shown)
    return replace(found, project=project, built=investment, sold=at_year_ends(sold))


def _variable(run: Run, key: str, project: Project, where: Mapping[str, str], tonnes: Array) -> Array:
    """Return what running costs by the tonne, (S, T) [VND/yr], with what is paid for tonnes not delivered."""
    days = np.array([units.days_in(year) for year in run.years], dtype=np.float64)
    short = np.maximum((project.minimum_delivery or 0.0) * days * in_operation(run, key, project) - tonnes, 0.0)
    fee = short * cost(run, "minimum_delivery_fee", where)
    return tonnes * (cost(run, "opex_variable", where) + collection(run, where, project)) + fee


def _latest(run: Run, decided: Array, ready: Array) -> tuple[float, float] | None:
    """Return the latest decisions for which a project runs fully from the start of the target year [decimal year]."""
    there = np.isfinite(ready)
    lasting = ready[there] - decided[there]
    if not lasting.size:
        return None
    even, sure = np.quantile(lasting, [0.5, 0.9])
    return float(run.scenario.target_year - even), float(run.scenario.target_year - sure)


def _programme(run: Run, key: str, programme: Programme) -> Item:
    """Return the money of a programme: start-up for units newly reached, running for all reached."""
    first = programme.changes[0]
    reached = _reached(programme, run.years) * units.parse(first.unit).factor
    newly = np.maximum(np.diff(reached, prepend=0.0), 0.0)
    zero = np.zeros((len(run.samples), len(run.years)))
    start_up = zero + run.drawn_or_zero(programme.start_up_cost, f"programmes.{key}.start_up_cost")[:, None] * newly
    running = zero + run.drawn_or_zero(programme.running_cost, f"programmes.{key}.running_cost")[:, None] * reached
    empty = np.zeros((len(run.samples), run.horizon.points))
    # paid at the beginning of the year, as investment is
    capex = np.concatenate([start_up, np.zeros((len(run.samples), 1))], axis=1)
    outlays = Outlays(capex, at_year_ends(running), empty, empty, empty, empty)
    target = run.years.index(run.scenario.target_year)
    counted = programme.start_up_cost is not None or programme.running_cost is not None
    shown = ProgrammeResult(
        id=key, label=programme.label, owner=programme.owner, reached=float(reached[target]) if counted else None,
        unit=units.parse(first.unit).canonical if counted else "", start_up=stat_of(start_up.sum(axis=1)),
        running=stat_of(running[:, target]), funding=programme.funding,
    )  # fmt: skip
    return _item(run, key, outlays, running, programme.funding, shown)


def _item(
    run: Run,
    key: str,
    outlays: Outlays,
    deficit: Array,
    rows: Sequence[Funding],
    shown: ProjectResult | ProgrammeResult,
) -> Item:
    investment = fund(outlays.capex[:, :-1], _shares(rows, "investment", run.years), run.years)
    running = fund(deficit, _shares(rows, "running", run.years), run.years)
    return Item(key, outlays, investment, running, shown)


def _shares(rows: Sequence[Funding], of: str, years: Sequence[int]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for row in rows:
        if row.of == of:
            paying = [row.share if row.until is None or year <= row.until else 0.0 for year in years]
            known = found.get(row.source, [0.0] * len(years))
            found[row.source] = [a + b for a, b in zip(known, paying, strict=True)]
    return found


def _reached(programme: Programme, years: Sequence[int]) -> Array:
    """Return the units reached in each year: values of the first change's parameter, over all its places."""
    parameter = programme.changes[0].parameter
    total = np.zeros(len(years))
    for change in programme.changes:
        if change.parameter == parameter:
            places = np.prod([len(v) if isinstance(v, tuple) else 1 for v in change.place.values()] or [1])
            planned = change_of(change)
            values = np.array([planned.value_in(year) or 0.0 for year in years])
            total += places * values
    return total
