"""What an option sells, runs elsewhere and hauls, more than now; and which of it a project can call its own.

Between `costing`, which prices, and `money`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from cemfa import units
from cemfa.comparison.costing import Run, cost
from cemfa.definition.schema import FlowGood, Project
from cemfa.definition.technologies import technology_of
from cemfa.indicators.view import Array
from cemfa.plan import content_of

POWER_SOLD: Final = "power_sold"
POWER_SAVED: Final = "power_saved"
_SELLING: Final = ("incineration", "energy")  # plants that feed the grid; others save what they would buy


def sales_of(run: Run) -> dict[str, Array]:
    """Return what is sold more than now by product, (S, T) [VND/yr]; power sold and no longer bought are the last."""
    found = {good: more * cost(run, "price", {"good": good}) for good, more in run.each("sold", "product")}
    found[POWER_SOLD] = run.more(POWER_SOLD) * cost(run, "electricity_sale_price", {})
    found[POWER_SAVED] = run.more(POWER_SAVED) * cost(run, "electricity_price", {})
    return found


def own_sales(
    run: Run, projects: Mapping[str, Project], tonnes: Mapping[str, Array], sales: Mapping[str, Array]
) -> dict[str, Array]:
    """Return what each project sells, (S, T) [VND/yr]: its share by intake of what plants of its kind sell more.

    A product belongs to the projects whose technology makes it (or out of whose process it flows, where the
    technology has no profile). What is sold less than now belongs to none.

    Parameters
    ----------
    projects : of the option
    tonnes : taken in by each, (S, T) [t/yr]
    sales : from `sales_of`
    """
    shape = (len(run.samples), len(run.years))
    found = {key: np.zeros(shape) for key in projects}
    for product, value in sales.items():
        makers = [key for key, project in projects.items() if _makes(run, project, product)]
        total = np.add.reduce([tonnes[key] for key in makers]) if makers else np.zeros(shape)
        for key in makers:
            share = np.divide(tonnes[key], total, out=np.zeros(shape), where=total > 0)
            found[key] += np.maximum(value, 0.0) * share
    return found


def _makes(run: Run, project: Project, product: str) -> bool:
    technology, process = technology_of(project, run.model), run.model.processes[project.process]
    if product in (POWER_SOLD, POWER_SAVED):
        sells = process.treatment in _SELLING
        has = run.cells.parameter("electricity_yield", {"technology": technology}) is not None
        return has and sells == (product == POWER_SOLD)
    profile = run.model.technology_profiles.get(technology)
    if profile is not None:
        return product in profile.products
    leaving = (flow for flow in run.model.flows.values() if flow.source.split("(")[0].strip() == project.process)
    return any(product == flow.good for flow in leaving if not isinstance(flow.good, FlowGood))


def pay_of(run: Run, projects: Mapping[str, Project], tonnes: Mapping[str, Array]) -> Array:
    """Return the wages of an option's plants, (S, T) [VND/yr]: intake per day · labour · wage; nothing without a wage.

    Parameters
    ----------
    projects : of the option
    tonnes : taken in by each, (S, T) [t/yr]
    """
    wage = cost(run, "wage", {})
    days = np.array([units.days_in(year) for year in run.years], dtype=np.float64)
    total = np.zeros((len(run.samples), len(run.years)))
    for key, project in projects.items():
        where = {"technology": technology_of(project, run.model), **project.place}
        labour = run.cells.parameter("labour", where)
        if labour is not None:
            total = total + tonnes[key] / days * labour * wage
    return total


def elsewhere_cost(run: Run) -> Array:
    """Return what running other plants costs more than now, (S, T) [VND/yr]; less waste buried is a saving."""
    built = {run.model.processes[p.process].technology for p in content_of(run.scenario, run.option)[0].values()}
    total = np.zeros((len(run.samples), len(run.years)))
    for technology, more in run.each("technology_intake", "technology"):
        if technology not in built:
            total = total + more * cost(run, "opex_variable", {"technology": technology})
    return total


def refused_cost(run: Run) -> Array:
    """Return what it costs more than now that events turn waste away, (S, T) [VND/yr], by their own price per tonne."""
    total = np.zeros((len(run.samples), len(run.years)))
    for name in run.results["closing_event"].to_numpy().tolist() if "turned_away" in run.results else ():
        price = run.drawn_or_zero(run.scenario.events[name].refused_cost, f"events.{name}.refused_cost")
        total = total + run.more("turned_away", closing_event=name) * price[:, None]
    return total


def haulage_cost(run: Run) -> Array:
    """Return what hauling between places costs more than now, (S, T) [VND/yr]: by distance, and by handling."""
    total = np.zeros((len(run.samples), len(run.years)))
    for vehicle in run.results["vehicle"].to_numpy():
        where = {"technology": str(vehicle)}
        per_km = cost(run, "haul_cost", where) * units.parse("km").factor
        total = total + run.more("haulage", vehicle=str(vehicle)) * per_km
        total = total + run.more("hauled", vehicle=str(vehicle)) * cost(run, "handling_cost", where)
    return total
