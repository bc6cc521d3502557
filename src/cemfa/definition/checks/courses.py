"""Rules on what happens in the course of a simulation: rules that decide, funds, crews and delays in time.

Beside `scenarios`; what can never happen is said before anything is simulated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from cemfa.definition.checks.context import At, Context
from cemfa.definition.checks.references import unknown
from cemfa.definition.currency import factor_of
from cemfa.definition.schema import Change, Project, Scenario, When
from cemfa.definition.technologies import chain_of
from cemfa.errors import Problem, UnitError

_Path = tuple[str | int, ...]
_MONTHS = 12
_ROUNDING = 1e-9  # of shares typed with nine digits


def projects_of(scenario: Scenario) -> Iterator[tuple[_Path, Project]]:
    """Yield every project of the options with its path."""
    for option, content in scenario.options.items():
        for key, project in content.projects.items():
            yield ("options", option, "projects", key), project


def deciding_rules(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that a rule has a threshold that can be passed, in the time that is left."""
    for path, project in projects_of(scenario):
        when = project.when
        if when is None:
            continue
        place = at(*path, "when", key=True)
        threshold = when.above is not None or when.below is not None
        if (when.measure == "function") == threshold:
            yield Problem("rule-threshold", place, {"measure": when.measure})
        if (when.measure == "share") != bool(when.of and when.per):
            yield Problem("rule-share", place, {"measure": when.measure})
        if (when.measure == "indicator") != (when.indicator is not None) or (when.where and not when.indicator):
            yield Problem("rule-indicator", place, {"measure": when.measure})
        left = _left(scenario, project)
        steps = left // _MONTHS if when.yearly else left
        if _never(when) or when.months > steps:
            yield Problem("rule-never", place, {"measure": when.measure, "months": when.months, "left": steps})


def _left(scenario: Scenario, project: Project) -> int:
    """Return how many whole months a rule can look at, from its first day to the horizon."""
    start = project.decision
    return max(0, (scenario.horizon + 1 - start.year) * _MONTHS - (start.month - 1) - (start.day > 1))


def _never(when: When) -> bool:
    """Tell whether no value of the measure can pass the threshold: nothing is negative, no plant takes in more."""
    if when.below is not None and when.below <= 0 and when.measure != "indicator":  # some indicators can be negative
        return True
    if when.above is not None and when.below is not None and when.above >= when.below:
        return True
    return when.measure == "utilisation" and when.above is not None and when.above >= 1


def funds_of_projects(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that funds belong to funders, are not negative, and are enough for what projects need at once."""
    for funder, years in scenario.funds.items():
        if funder not in scenario.funders:
            yield unknown("funder-unknown", at("funds", funder, key=True), funder, scenario.funders)
        for year, amount in years.items():
            if amount < 0:
                yield Problem("funds-negative", at("funds", funder, year), {"funder": funder, "year": year})
    for position, funder in enumerate(scenario.funds_carried):
        if funder not in scenario.funds:
            yield unknown("funder-unknown", at("funds_carried", position), funder, scenario.funds)
    for path, project in projects_of(scenario):
        limited = [row for row in project.funding if row.of == "investment" and row.source in scenario.funds]
        if limited and project.capex is None:
            yield Problem("funds-capex", at(*path, key=True), {"funders": [row.source for row in limited]})
        for row in limited if project.capex else ():
            needed = row.share * _largest(scenario, project) * _investment(scenario, project)
            kept, funds = row.source in scenario.funds_carried, scenario.funds[row.source].items()
            first = 0 if kept else project.decision.year
            yearly = [amount for year, amount in funds if first <= year <= scenario.horizon]
            most = math.fsum(yearly) if kept else max(yearly, default=0.0)
            if needed > most * (1 + _ROUNDING):
                shown = {"funder": row.source, "needed": needed, "most": most}
                yield Problem("funds-never", at(*path, "when" if project.when else "capex", key=True), shown, "warning")


def _investment(scenario: Scenario, project: Project) -> float:
    """Return the investment that a project states [VND]; nothing where it cannot be read, which is said elsewhere."""
    try:
        factor = factor_of(scenario.finance, project.capex.unit, project.capex.price_year) if project.capex else None
    except UnitError:
        factor = None
    return project.capex.value * factor if project.capex and factor is not None else 0.0


def _largest(scenario: Scenario, project: Project) -> float:
    """Return the largest share of the investment that has to be there at once."""
    shares = [stage.pays for stage in scenario.simulation.stages.get(chain_of(project), ())]
    return max(1.0 - math.fsum(shares), *shares, 0.0)


def stages_fit(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that only a stage that operates ramps up, in one way, and that stages pay for no more than there is."""
    for chain, stages in scenario.simulation.stages.items():
        for position, stage in enumerate(stages):
            ways = (stage.ramp_to is not None) + bool(stage.ramp)
            if ways > int(stage.operates):
                place = at("simulation", "stages", chain, position, "ramp" if stage.ramp else "ramp_to", key=True)
                yield Problem("stage-ramp", place, {"stage": stage.id})
        paid = math.fsum(stage.pays for stage in stages)
        if paid > 1 + _ROUNDING:
            yield Problem("stage-pays", at("simulation", "stages", chain, key=True), {"chain": chain, "sum": paid})


def delays_in_time(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that what is decided runs before the horizon, with central durations of its stages."""
    for path, project in projects_of(scenario):
        months = sum(stage.duration.value for stage in scenario.simulation.stages.get(chain_of(project), ()))
        end = project.decision.year + (project.decision.month - 1 + months) / _MONTHS
        if end >= scenario.horizon + 1:
            shown = {"months": months, "horizon": scenario.horizon}
            yield Problem("project-late", at(*path, "decision"), shown, "warning")


def rules_in_the_model(scenario: Scenario, c: Context, at: At) -> Iterator[Problem]:
    """Check that rules look at plants, stores and flows that the model has."""
    for path, project in projects_of(scenario):
        when = project.when
        if when is None:
            continue
        name = when.process or project.process
        where = (*path, "when")
        process = c.model.processes.get(name)
        if process is None:
            yield unknown("process-unknown", at(*where, "process"), name, c.model.processes)
        elif when.measure == "backlog" and process.store is None:
            with_store = [n for n, p in c.model.processes.items() if p.store is not None]
            yield unknown("rule-store", at(*where, key=True), name, with_store)
        elif process.capacity is None and when.measure in ("utilisation", "refused"):
            with_capacity = [n for n, p in c.model.processes.items() if p.capacity is not None]
            yield unknown("project-capacity", at(*where, key=True), name, with_capacity)
        if process is not None:
            for dimension, item in when.place.items():
                known = [i.id for i in c.model.items(dimension)] if dimension in process.over else []
                if dimension not in process.over:
                    yield unknown("place-dimension", at(*where, "place", dimension, key=True), dimension, process.over)
                elif item not in known:
                    yield unknown("item-unknown", at(*where, "place", dimension), item, known, dimension=dimension)
        for key in ("of", "per"):
            for position, flow in enumerate(getattr(when, key)):
                if flow not in c.model.flows:
                    yield unknown("flow-unknown", at(*where, key, position), flow, c.model.flows)


def stores_stay(scenario: Scenario, c: Context, at: At) -> Iterator[Problem]:
    """Check that no change acts on what a store or its batches are made of: they stay as they are in a run."""
    used: dict[str, str] = {}
    for name, process in c.model.processes.items():
        if process.store is not None:
            batches = process.store.batches
            products = [process.store.limit, process.store.spoilage or ()]
            products += [getattr(batches, key) or () for key in ("lines", "size", "residence", "variation") if batches]
            used |= {str(factor): name for product in products for factor in product}
        if process.recipe is not None:
            bound = process.recipe.dry_matter
            bounds = [*(process.recipe.carbon_to_nitrogen or ()), *([bound.at_most] if bound else [])]
            used |= dict.fromkeys(bounds, name)
    for option, content in scenario.options.items():
        where = ("options", option)
        changes: list[tuple[_Path, Change]] = [
            ((*where, "policy", n), change) for n, change in enumerate(content.policy)
        ]
        for key, programme in content.programmes.items():
            changes += [
                ((*where, "programmes", key, "changes", n), change) for n, change in enumerate(programme.changes)
            ]
        named = [(path, change.parameter) for path, change in changes]
        yield from _of_stores(named, used, at)
    for key, event in scenario.events.items():
        named = [(("events", key, "changes", n), change.parameter) for n, change in enumerate(event.changes)]
        yield from _of_stores(named, used, at)


def _of_stores(named: Iterable[tuple[_Path, str]], used: Mapping[str, str], at: At) -> Iterator[Problem]:
    for path, parameter in named:
        if parameter in used:
            shown = {"parameter": parameter, "process": used[parameter]}
            yield Problem("change-of-store", at(*path, "parameter"), shown)


def crews_in_the_model(scenario: Scenario, c: Context, at: At) -> Iterator[Problem]:
    """Check that crews mend plants that can break down, each in one crew."""
    breaking = [name for name, process in c.model.processes.items() if process.outage is not None]
    seen: dict[str, str] = {}
    for key, crew in scenario.simulation.crews.items():
        for position, name in enumerate(crew.processes):
            place = at("simulation", "crews", key, "processes", position)
            if name not in breaking:
                yield unknown("crew-process", place, name, breaking)
            elif name in seen:
                yield Problem("crew-twice", place, {"process": name, "first": seen[name], "second": key})
            seen.setdefault(name, key)
