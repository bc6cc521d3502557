"""What one option's plants cost, and when they are built: numbers of model and scenario in the account's money.

Between `accounts`, which counts tonnes, and `money`, which puts costs, sales and payers together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from cemfa import units
from cemfa.comparison.accounts import plant_of
from cemfa.definition.currency import currency_of, factor_of, money_factor
from cemfa.definition.schema import Model, NumberRow, Project, Scenario
from cemfa.definition.technologies import SHARES, chain_of
from cemfa.economics.costs import Horizon, construction_spending, scaled_cost, share_of_years
from cemfa.economics.investment import Investment, price_contingency, total_investment
from cemfa.indicators.view import Array, Cells
from cemfa.results import NEVER
from cemfa.simulation.events import samples_of


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One option's results as the account reads them.

    Parameters
    ----------
    scenario, model : as read
    option : its id in the scenario
    seed : of the run, for the numbers of the scenario itself; None: those take their central values
    results : of the run, with the variables of `accounts.NAMES`
    now : results of the baseline as now
    cells : accounting parameters in the decision years
    """

    scenario: Scenario
    model: Model
    option: str
    seed: int | None
    results: xr.Dataset
    now: xr.Dataset
    cells: Cells

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
        numbers = self.results.variables["sample"].to_numpy()
        return range(int(numbers[0]), int(numbers[-1]) + 1)

    def drawn(self, row: NumberRow, name: str) -> Array:
        """Return a number of the scenario per sample in canonical units and money of the account, (S,)."""
        factor = factor_of(self.scenario.finance, row.unit, row.price_year) or 1.0
        if self.seed is None:
            return np.full(len(self.samples), row.value * factor)
        values = samples_of(row, self.seed, name, self.samples)
        return np.asarray(values * factor, dtype=np.float64)

    def drawn_or_zero(self, row: NumberRow | None, name: str) -> Array:
        """Return the same, nothing where the number is not given."""
        return np.zeros(len(self.samples)) if row is None else self.drawn(row, name)

    def more(self, name: str, **labels: str) -> Array:
        """Return an account less that of the baseline, (S, T) in the decision years."""
        return self._of(self.results, name, labels) - self._of(self.now, name, labels)

    def each(self, name: str, dimension: str) -> Iterator[tuple[str, Array]]:
        """Yield the items of a dimension, each with its account less that of the baseline, (S, T): labels are slow."""
        more = self.more(name)
        for position, item in enumerate(self.results[dimension].to_numpy().tolist()):
            yield item, more[..., position]

    def _of(self, data: xr.Dataset, name: str, labels: Mapping[str, str]) -> Array:
        """Return an account at some labels in the decision years, by position: labels are slow."""
        array, first = data.variables[name], int(data.variables["period"].to_index()[0])
        years = slice(self.years[0] - first, self.years[-1] - first + 1)
        at = {dim: data.variables[dim].to_index().tolist().index(item) for dim, item in labels.items()}
        chosen: dict[str, slice | int] = {"period": years, **at}
        index = tuple(chosen.get(str(dim), slice(None)) for dim in array.dims)
        return np.asarray(array.to_numpy()[index], dtype=np.float64)


def tonnes_of(run: Run, key: str, project: Project, others: Mapping[str, Project]) -> Array:
    """Return what a project takes in, (S, T) [t/yr]: more than now, shared by what stands ready of each project.

    In a year of trial runs only, nothing stands ready yet: then it is shared by design.
    """
    plant = plant_of(project)
    more = np.maximum(run.more("plant_intake", plant=plant.id), 0.0)
    same = {k: p for k, p in others.items() if plant_of(p) == plant}
    sizes = {k: p.capacity * in_operation(run, k, p) for k, p in same.items()}
    total = np.add.reduce(list(sizes.values()))
    design = project.capacity / sum(p.capacity for p in same.values())
    return np.asarray(more * np.divide(sizes[key], total, out=np.full_like(total, design), where=total > 0))


def in_operation(run: Run, key: str, project: Project) -> Array:
    """Return the part of each year in which a project is in full operation, (S, T)."""
    return share_of_years(commissioning(run, key, project), np.inf, run.horizon)


def commissioning(run: Run, key: str, project: Project) -> Array:
    """Return the moment of full operation, (S,) [decimal year]; with central durations where nothing is simulated."""
    if "commissioning" in run.results and key in run.results["project"].to_numpy():
        return _or_never(run.results["commissioning"].sel(project=key).to_numpy())
    months = sum(stage.duration.value for stage in run.scenario.simulation.stages[chain_of(project)])
    return np.full(len(run.samples), units.decimal_year(project.decision) + months / 12.0)


def _or_never(years: Array) -> Array:
    """Return calendar years, infinite where something never happens."""
    return np.where(years >= NEVER, np.inf, years)


def decided(run: Run, key: str, project: Project) -> Array:
    """Return the moment of the decision, (S,) [decimal year]; infinite where a rule or its money never comes."""
    if "decided" in run.results and key in run.results["project"].to_numpy():
        return _or_never(run.results["decided"].sel(project=key).to_numpy())
    return np.full(len(run.samples), units.decimal_year(project.decision))


def _capex(run: Run, key: str, project: Project, where: Mapping[str, str]) -> Array:
    """Return the investment, (S,) [VND]: the project's own, else its technology's scaled to its size."""
    if project.capex is not None:
        return run.drawn(project.capex, f"projects.{key}.capex")
    unit_cost = cost(run, "capex", where)[:, 0]
    exponent = run.cells.parameter("scale_exponent", where)
    size = run.cells.parameter("reference_capacity", where)
    if exponent is None or size is None:
        return unit_cost * project.capacity
    return scaled_cost(unit_cost * size[:, 0], size[:, 0], project.capacity, exponent[:, 0])


def _land(run: Run, project: Project, where: Mapping[str, str]) -> Array:
    """Return what land and its compensation cost, (S,) [VND]; nothing where the site is secured or has no price."""
    price = cost(run, "land_compensation", where)[:, 0]
    if project.site_secured:
        return np.zeros_like(price)
    if project.land is not None:
        return price * project.land * units.parse("ha").factor
    return price * cost(run, "land", where)[:, 0] * project.capacity


def cost(run: Run, name: str, where: Mapping[str, str], absent: float = 0.0) -> Array:
    """Return a cost parameter at a place, (S, T) in canonical units and the account's money; `absent` without a row."""
    row = run.cells.cell(name, where)
    if row is None:
        return np.full((len(run.samples), len(run.years)), absent)
    unit, year = (str(run.cells.coords[key][row]) for key in ("unit", "price_year"))
    worth = money_factor(run.scenario.finance, currency_of(unit), int(year) or None)
    return run.cells.values[:, :, row] * (worth or 1.0)


def investment_of(run: Run, key: str, project: Project, where: Mapping[str, str]) -> Investment:
    """Return the total investment of a project by item, (S,) each [VND]; that for prices in money of the day."""
    finance = run.scenario.finance
    shares, plant, land = finance.investment, _capex(run, key, project, where), _land(run, project, where)
    reserve = shares.contingency_volume if shares else 0.0
    found = total_investment(plant, _parts(run, where), land=land, contingency_volume=reserve)
    if shares is None or shares.escalation is None:
        return found
    spending = construction_spending(
        found.real, decided(run, key, project), commissioning(run, key, project), run.horizon
    )
    rise = run.drawn(shares.escalation, "finance.investment.escalation")
    extra = price_contingency(spending, rise, max(finance.start - finance.price_year, 0))
    return Investment({**found.items, "contingency_price": np.rint(extra)})


def _parts(run: Run, where: Mapping[str, str]) -> dict[str, float]:
    """Return what the price of a plant consists of: the shares of its technology, other costs divided further."""
    rows = [run.cells.parameter(name, where) for name in SHARES["capex"]]
    if any(row is None for row in rows):
        return {"construction": 1.0}
    construction, equipment, other = (float(row[0, 0]) for row in rows if row is not None)
    shares = run.scenario.finance.investment
    management, consultancy = (shares.management, shares.consultancy) if shares else (0.0, 0.0)
    return {
        "construction": construction, "equipment": equipment, "management": other * management,
        "consultancy": other * consultancy, "other": other * (1.0 - management - consultancy),
    }  # fmt: skip


def collection(run: Run, where: Mapping[str, str], project: Project) -> Array:
    """Return the cost of bringing a tonne of separated waste to a plant, (S, T) [VND/t].

    A second round of its own for plants of a circular model; mixed waste is collected anyway.
    """
    if not run.model.processes[project.process].circular_model:
        return np.zeros((len(run.samples), len(run.years)))
    name = "separate_collection_cost" if run.cells.has("separate_collection_cost") else "collection_cost"
    return cost(run, name, where)
