"""The economic account of one option, per sample: projects, programmes, what is sold, who pays.

Between `accounts`, which counts tonnes, and `run`, which puts options side by side. Everything is counted
against the baseline as now: its plants, sales and collection cost nothing and earn nothing here.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from cemfa import units
from cemfa.comparison.accounts import plant_of
from cemfa.comparison.outcome import Economics, ProgrammeResult, ProjectResult
from cemfa.definition.schema import Funding, Model, NumberRow, Programme, Project, Scenario
from cemfa.definition.technologies import chain_of, technology_of
from cemfa.economics.abatement import abatement_cost
from cemfa.economics.cashflow import levelised_cost, npv, present_value
from cemfa.economics.costs import Horizon, Outlays, at_year_ends, nothing, project_outlays, scaled_cost, share_of_years
from cemfa.economics.finance import Budget, fund, left_when_donors_leave, together
from cemfa.indicators.spread import stat_of
from cemfa.indicators.view import Array, Cells, cells_of
from cemfa.plan import change_of, content_of
from cemfa.results import NEVER
from cemfa.simulation.events import samples_of


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One option's results as the account reads them.

    Parameters
    ----------
    scenario, model : as read
    option : its id in the scenario
    seed : of the run, for the numbers of the scenario itself
    results : of the run, with the variables of `accounts.NAMES`
    now : results of the baseline as now
    cells : accounting parameters in the decision years
    """

    scenario: Scenario
    model: Model
    option: str
    seed: int
    results: xr.Dataset
    now: xr.Dataset
    cells: Cells

    @classmethod
    def of(cls, scenario: Scenario, model: Model, option: str, seed: int, results: xr.Dataset, now: xr.Dataset) -> Run:
        """Return a run with its accounting parameters cut to the decision years."""
        years = list(range(scenario.finance.start, scenario.horizon + 1))
        return cls(scenario, model, option, seed, results, now, cells_of(results[["parameter"]].sel(period=years)))

    @property
    def horizon(self) -> Horizon:
        """Decision years."""
        return Horizon(self.scenario.finance.start, self.scenario.horizon)

    @property
    def years(self) -> list[int]:
        """Decision years as plain numbers."""
        return [int(year) for year in self.horizon.years]

    @property
    def samples(self) -> range:
        """Numbers of the samples."""
        return range(int(self.results["sample"][0]), int(self.results["sample"][-1]) + 1)

    def drawn(self, row: NumberRow, name: str) -> Array:
        """Return a number of the scenario per sample in canonical units, (S,)."""
        values = samples_of(row, self.seed, name, self.samples)
        return np.asarray(values * units.parse(row.unit).factor, dtype=np.float64)

    def more(self, name: str, **labels: str) -> Array:
        """Return an account less that of the baseline, (S, T) in the decision years."""
        both = [data[name].sel({"period": self.years, **labels}) for data in (self.results, self.now)]
        return np.asarray(both[0].to_numpy() - both[1].to_numpy(), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """Money of one project or programme: its flows, its budget, and how it shows in a report."""

    outlays: Outlays
    investment: Budget
    running: Budget
    shown: ProjectResult | ProgrammeResult


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
    projects, programmes = content_of(run.scenario, run.option)
    rate = run.drawn(run.scenario.finance.discount_rate, "finance.discount_rate")
    items = (
        *(_project(run, key, project, projects, rate) for key, project in projects.items()),
        *(_programme(run, key, programme) for key, programme in programmes.items()),
    )
    return _together(run, items, rate, avoided, jobs, value_of_base), items


def _together(
    run: Run, items: Sequence[Item], rate: Array, avoided: Array | None, jobs: Array | None, value_of_base: Array
) -> Economics:
    horizon, shape = run.horizon, (len(run.samples), len(run.years))
    paid = nothing(shape[0], horizon)
    for item in items:
        paid = paid + item.outlays
    sales, elsewhere = at_year_ends(_sales(run)), at_year_ends(_elsewhere(run))
    haulage = at_year_ends(haulage_cost(run))
    home = at_year_ends(np.maximum(run.more("home_intake"), 0.0))
    own = sales - paid.capex - paid.opex - elsewhere - haulage + paid.salvage
    tonnes = paid.tonnes + home
    cost = levelised_cost(paid.capex, paid.opex, paid.salvage, tonnes, rate)
    net_cost = levelised_cost(paid.capex, paid.opex, paid.salvage + sales, tonnes, rate)
    value = npv(own, rate)
    per_tonne = abatement_cost(value_of_base - value, np.full(shape[0], np.nan) if avoided is None else avoided)
    budget = together([*(b for item in items for b in (item.investment, item.running)), _no_need(shape)])
    recurrent = together([*(item.running for item in items), _no_need(shape)])
    after = left_when_donors_leave(recurrent, [k for k, f in run.scenario.funders.items() if f.kind == "donor"])
    of_year, target = ("sample", "year"), run.years.index(run.scenario.target_year)
    samples = xr.Dataset(
        {
            "capex": ("sample", paid.capex.sum(axis=1)), "npv": ("sample", value),
            "npv_operator": ("sample", value + present_value(paid.revenue, rate)),
            "levelised_cost": ("sample", cost), "levelised_cost_net": ("sample", net_cost),
            "abatement_cost": ("sample", per_tonne), "investment": (of_year, paid.capex[:, :-1]),
            "running": (of_year, paid.opex[:, 1:]), "revenue": (of_year, sales[:, 1:]),
            "elsewhere": (of_year, elsewhere[:, 1:]), "haulage": (of_year, haulage[:, 1:]),
            "fees": (of_year, paid.revenue[:, 1:]),
            "tonnes": (of_year, tonnes[:, 1:]), "need": (of_year, budget.need), "after_donors": (of_year, after),
            "discount_rate": ("sample", rate), "salvage": ("sample", paid.salvage[:, -1]),
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
        levelised_cost=stat_of(cost),
        levelised_cost_net=stat_of(net_cost),
        abatement_cost=stat_of(per_tonne),
        jobs=stat_of(jobs) if jobs is not None else None,
        unadjusted=_unadjusted(run),
    )


def _unadjusted(run: Run) -> tuple[str, ...]:
    """Return the parameters in money of another year than the account's: no price index is kept, so they stay."""
    coords = run.cells.coords
    years = coords.get("price_year")
    if years is None:
        return ()
    wrong = ~np.isin(years, ["0", str(run.scenario.finance.price_year)])
    named = zip(coords["parameter"][wrong].tolist(), years[wrong].tolist(), strict=True)
    return tuple(dict.fromkeys(f"{name} ({year})" for name, year in named))


def _no_need(shape: tuple[int, int]) -> Budget:
    return fund(np.zeros(shape), {}, list(range(shape[1])))


def _table(budget: Budget, run: Run) -> xr.DataArray:
    amounts = np.moveaxis(budget.amounts, 1, 2)
    coords = {"sample": list(run.samples), "year": run.years, "funder": list(budget.sources)}
    return xr.DataArray(amounts, coords, ("sample", "year", "funder"), attrs={"unit": "VND/year"})


def _project(run: Run, key: str, project: Project, others: Mapping[str, Project], rate: Array) -> Item:
    where = {"technology": technology_of(project, run.model), **project.place}
    tonnes = _tonnes(run, key, project, others)
    days = np.array([units.days_in(year) for year in run.years], dtype=np.float64)
    short = np.maximum((project.minimum_delivery or 0.0) * days * _ready(run, key, project) - tonnes, 0.0)
    fee = short * _cost(run, "minimum_delivery_fee", where)
    per_tonne = _cost(run, "opex_variable", where) + _collection(run, where, project)
    ready = _commissioning(run, key, project)
    capex, land = _capex(run, key, project, where), _land(run, project, where)
    outlays = project_outlays(
        run.horizon,
        rate,
        capex=capex,
        land=land,
        start=_decided(run, key, project),
        ready=ready,
        life=_cost(run, "life", where, absent=float(run.horizon.points))[:, 0],
        opex_fixed=(_cost(run, "opex_fixed", where) * project.capacity).mean(axis=1),
        opex_per_tonne=0.0,
        tonnes=tonnes,
        revenue=tonnes * _cost(run, "gate_fee", where),
    )
    variable = at_year_ends(tonnes * per_tonne + fee)
    outlays = Outlays(outlays.capex, outlays.opex_fixed, variable, outlays.revenue, outlays.salvage, outlays.tonnes)
    target = run.years.index(run.scenario.target_year)
    per_day = tonnes[:, target] / days[target]
    shown = ProjectResult(
        id=key, label=project.label, process=project.process, place=dict(project.place),
        district=project.place.get("district", ""), capacity=project.capacity, owner=project.owner,
        operator=project.operator, form=project.form, site_secured=project.site_secured, land=project.land,
        decision=project.decision, commissioning=stat_of(ready),
        latest=_latest(run, _decided(run, key, project), ready),
        capex=stat_of(capex + land),
        intake=stat_of(per_day), utilisation=stat_of(per_day / project.capacity), funding=project.funding,
    )  # fmt: skip
    return _item(run, outlays, project.funding, shown)


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
    start_up = zero + _drawn_or_zero(run, programme.start_up_cost, f"programmes.{key}.start_up_cost")[:, None] * newly
    running = zero + _drawn_or_zero(run, programme.running_cost, f"programmes.{key}.running_cost")[:, None] * reached
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
    return _item(run, outlays, programme.funding, shown)


def _item(run: Run, outlays: Outlays, rows: Sequence[Funding], shown: ProjectResult | ProgrammeResult) -> Item:
    investment = fund(outlays.capex[:, :-1], _shares(rows, "investment", run.years), run.years)
    running = fund(outlays.opex[:, 1:], _shares(rows, "running", run.years), run.years)
    return Item(outlays, investment, running, shown)


def _shares(rows: Sequence[Funding], of: str, years: Sequence[int]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for row in rows:
        if row.of == of:
            paying = [row.share if row.until is None or year <= row.until else 0.0 for year in years]
            known = found.get(row.source, [0.0] * len(years))
            found[row.source] = [a + b for a, b in zip(known, paying, strict=True)]
    return found


def _tonnes(run: Run, key: str, project: Project, others: Mapping[str, Project]) -> Array:
    """Return what a project takes in, (S, T) [t/yr]: more than now, shared by what stands ready of each project.

    In a year of trial runs only, nothing stands ready yet: then it is shared by design.
    """
    plant = plant_of(project)
    more = np.maximum(run.more("plant_intake", plant=plant.id), 0.0)
    same = {k: p for k, p in others.items() if plant_of(p) == plant}
    sizes = {k: p.capacity * _ready(run, k, p) for k, p in same.items()}
    total = np.add.reduce(list(sizes.values()))
    design = project.capacity / sum(p.capacity for p in same.values())
    return np.asarray(more * np.divide(sizes[key], total, out=np.full_like(total, design), where=total > 0))


def _ready(run: Run, key: str, project: Project) -> Array:
    """Return the part of each year in which a project is in full operation, (S, T)."""
    return share_of_years(_commissioning(run, key, project), np.inf, run.horizon)


def _commissioning(run: Run, key: str, project: Project) -> Array:
    """Return the moment of full operation, (S,) [decimal year]; with central durations where nothing is simulated."""
    if "commissioning" in run.results and key in run.results["project"].to_numpy():
        return _or_never(run.results["commissioning"].sel(project=key).to_numpy())
    months = sum(stage.duration.value for stage in run.scenario.simulation.stages[chain_of(project)])
    return np.full(len(run.samples), _decimal(project.decision) + months / 12.0)


def _or_never(years: Array) -> Array:
    """Return calendar years, infinite where something never happens."""
    return np.where(years >= NEVER, np.inf, years)


def _decided(run: Run, key: str, project: Project) -> Array:
    """Return the moment of the decision, (S,) [decimal year]; infinite in histories in which a rule never takes it."""
    if project.when is not None and "decided" in run.results and key in run.results["project"].to_numpy():
        return _or_never(run.results["decided"].sel(project=key).to_numpy())
    return np.full(len(run.samples), _decimal(project.decision))


def _decimal(date: datetime.date) -> float:
    return date.year + (date.timetuple().tm_yday - 1) / units.days_in(date.year)


def _capex(run: Run, key: str, project: Project, where: Mapping[str, str]) -> Array:
    """Return the investment, (S,) [VND]: the project's own, else its technology's scaled to its size."""
    if project.capex is not None:
        return run.drawn(project.capex, f"projects.{key}.capex")
    unit_cost = _cost(run, "capex", where)[:, 0]
    exponent = run.cells.parameter("scale_exponent", where)
    size = run.cells.parameter("reference_capacity", where)
    if exponent is None or size is None:
        return unit_cost * project.capacity
    return scaled_cost(unit_cost * size[:, 0], size[:, 0], project.capacity, exponent[:, 0])


def _land(run: Run, project: Project, where: Mapping[str, str]) -> Array:
    """Return what land and its compensation cost, (S,) [VND]; nothing where the site is secured or has no price."""
    price = _cost(run, "land_compensation", where)[:, 0]
    if project.site_secured:
        return np.zeros_like(price)
    if project.land is not None:
        return price * project.land * units.parse("ha").factor
    return price * _cost(run, "land", where)[:, 0] * project.capacity


def _cost(run: Run, name: str, where: Mapping[str, str], absent: float = 0.0) -> Array:
    """Return a cost parameter at a place, (S, T) in canonical units; `absent` where there is no row."""
    found = run.cells.parameter(name, where)
    return np.full((len(run.samples), len(run.years)), absent) if found is None else found


def _collection(run: Run, where: Mapping[str, str], project: Project) -> Array:
    """Return the cost of bringing a tonne of separated waste to a plant, (S, T) [VND/t].

    A second round of its own for plants of a circular model; mixed waste is collected anyway.
    """
    if not run.model.processes[project.process].circular_model:
        return np.zeros((len(run.samples), len(run.years)))
    name = "separate_collection_cost" if run.cells.has("separate_collection_cost") else "collection_cost"
    return _cost(run, name, where)


def _sales(run: Run) -> Array:
    """Return what is sold more than now, (S, T) [VND/yr]: products, power sold, power no longer bought."""
    total = np.zeros((len(run.samples), len(run.years)))
    for product in run.results["product"].to_numpy():
        total = total + run.more("sold", product=str(product)) * _cost(run, "price", {"good": str(product)})
    total = total + run.more("power_sold") * _cost(run, "electricity_sale_price", {})
    return total + run.more("power_saved") * _cost(run, "electricity_price", {})


def _elsewhere(run: Run) -> Array:
    """Return what running other plants costs more than now, (S, T) [VND/yr]; less waste buried is a saving."""
    built = {run.model.processes[p.process].technology for p in content_of(run.scenario, run.option)[0].values()}
    total = np.zeros((len(run.samples), len(run.years)))
    for technology in run.results["technology"].to_numpy():
        if str(technology) not in built:
            cost = _cost(run, "opex_variable", {"technology": str(technology)})
            total = total + run.more("technology_intake", technology=str(technology)) * cost
    return total


def haulage_cost(run: Run) -> Array:
    """Return what hauling between places costs more than now, (S, T) [VND/yr]: by distance, and by handling."""
    total = np.zeros((len(run.samples), len(run.years)))
    for vehicle in run.results["vehicle"].to_numpy():
        where = {"technology": str(vehicle)}
        per_km = _cost(run, "haul_cost", where) * units.parse("km").factor
        total = total + run.more("haulage", vehicle=str(vehicle)) * per_km
        total = total + run.more("hauled", vehicle=str(vehicle)) * _cost(run, "handling_cost", where)
    return total


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


def _drawn_or_zero(run: Run, row: NumberRow | None, name: str) -> Array:
    return np.zeros(len(run.samples)) if row is None else run.drawn(row, name)
