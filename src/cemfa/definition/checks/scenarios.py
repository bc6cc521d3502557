"""Rules on scenarios: dates, options, projects, money, changes and events, and whether they fit the model."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from cemfa import units
from cemfa.definition.checks import courses, finance
from cemfa.definition.checks.context import At, Context
from cemfa.definition.checks.references import unknown
from cemfa.definition.checks.rows import points_problems
from cemfa.definition.checks.uses import share_parameters, units_of
from cemfa.definition.currency import HOME, at_home
from cemfa.definition.schema import Change, EventChange, Funding, NumberRow, Project, Scenario
from cemfa.definition.technologies import chain_of
from cemfa.errors import Place, Problem, UnitError

_BASELINES: Final = ("as_now", "as_committed")
_ROUNDING: Final = 1e-9  # of shares typed with nine digits
_UNITS: Final = {"rate": "1/year", "duration": "d", "delay": "d", "load_above": "t/d", "refused_cost": "VND/t"}
"""Units of the numbers of an event; those that are not here are plain numbers."""
_LOAD: Final = {"load_above": ("load", "above"), "load_times": ("load", "times")}
_Path = tuple[str | int, ...]


def years(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that first decision, target year and horizon follow each other."""
    s = scenario
    if not s.decisions_from <= s.target_year <= s.horizon:
        parameters = {"from": s.decisions_from, "target": s.target_year, "horizon": s.horizon}
        yield Problem("scenario-years", at("target_year"), parameters)
    if s.finance.start != s.decisions_from:
        parameters = {"start": s.finance.start, "from": s.decisions_from}
        yield Problem("finance-start", at("finance", "start"), parameters)


def baselines(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that both baselines are there and hold nothing of their own."""
    given = {option.baseline: key for key, option in scenario.options.items() if option.baseline}
    for name in _BASELINES:
        if name not in given:
            yield Problem("baseline-missing", at("options"), {"name": name})
    for key, option in scenario.options.items():
        if option.baseline and given[option.baseline] != key:
            parameters = {"name": option.baseline, "first": key}
            yield Problem("baseline-twice", at("options", given[option.baseline], "baseline"), parameters)
        if option.baseline and (option.projects or option.programmes or option.policy):
            yield Problem("baseline-content", at("options", key, key=True), {"name": key})


def same_plants(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that a project or programme id used by two options means the same thing in both."""
    for kind in ("projects", "programmes"):
        first: dict[str, tuple[str, object]] = {}
        for option, content in scenario.options.items():
            for key, thing in getattr(content, kind).items():
                other, known = first.setdefault(key, (option, thing))
                if known != thing:
                    place = at("options", option, kind, key, key=True)
                    yield Problem("project-differs", place, {"id": key, "first": other, "option": option})


def dates(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that decisions fall between the first decision year and the horizon; what is committed may be earlier."""
    for path, project in _projects(scenario):
        first = 0 if project.committed else scenario.decisions_from
        if not first <= project.decision.year <= scenario.horizon:
            parameters = {"date": project.decision.isoformat(), "from": first or "–", "to": scenario.horizon}
            yield Problem("decision-date", at(*path, "decision"), parameters)


def chains(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that every project has a chain of stages; its stages are distinct."""
    known = scenario.simulation.stages
    for path, project in _projects(scenario):
        chain = chain_of(project)
        if chain not in known:
            place = at(*path, "stages" if project.stages else "site_secured")
            yield unknown("stages-unknown", place, chain, known)
    for key, stages in known.items():
        ids = [stage.id for stage in stages]
        for position, stage in enumerate(ids):
            if stage in ids[:position]:
                place = at("simulation", "stages", key, position, "id")
                yield Problem("stage-twice", place, {"id": stage, "chain": key})


def money(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that funders exist and pay while there is something to pay, and shares of each kind of cost sum to one."""
    for path, project in _projects(scenario):
        yield from _funding(scenario, project.funding, ("investment", "running"), at, (*path, "funding"))
        if not project.committed:
            yield from _left_early(project.funding, project.decision.year, at, (*path, "funding"))
    for key, option in scenario.options.items():
        for name, programme in option.programmes.items():
            needed = ["investment"] if programme.start_up_cost else []
            needed += ["running"] if programme.running_cost else []
            path = ("options", key, "programmes", name, "funding")
            yield from _funding(scenario, programme.funding, needed, at, path)
            yield from _left_early(programme.funding, scenario.decisions_from, at, path)


def _left_early(funding: Sequence[Funding], first: int, at: At, path: _Path) -> Iterator[Problem]:
    for position, part in enumerate(funding):
        if part.until is not None and part.until < first:
            parameters = {"source": part.source, "until": part.until, "first": first}
            yield Problem("funding-until", at(*path, position, "until"), parameters)


def _funding(
    scenario: Scenario, funding: Sequence[Funding], needed: Sequence[str], at: At, path: _Path
) -> Iterator[Problem]:
    totals: dict[str, list[float]] = defaultdict(list)
    for position, part in enumerate(funding):
        totals[part.of].append(part.share)
        if part.source not in scenario.funders:
            yield unknown("funder-unknown", at(*path, position, "source"), part.source, scenario.funders)
    for kind in needed:
        if kind not in totals:
            yield Problem("funding-missing", at(*path), {"of": kind})
    for kind, shares in totals.items():
        if abs(math.fsum(shares) - 1) > _ROUNDING:
            parameters = {"of": kind, "sum": math.fsum(shares), "shares": shares}
            yield Problem("funding-sum", at(*path), parameters)


def criteria(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that the weights of criteria sum to one, that each counts once, and that scales run from worst to best."""
    if not scenario.criteria:
        return
    weights = [criterion.weight for criterion in scenario.criteria]
    if abs(math.fsum(weights) - 1) > _ROUNDING:
        yield Problem("criteria-sum", at("criteria"), {"sum": math.fsum(weights), "weights": weights})
    seen: list[tuple[str, str]] = []
    for position, criterion in enumerate(scenario.criteria):
        worst, best = criterion.scale
        if worst == best or (best > worst) != (criterion.sense == "max"):
            parameters = {"name": criterion.indicator, "worst": worst, "best": best, "sense": criterion.sense}
            yield Problem("criterion-scale", at("criteria", position, "scale"), parameters)
        if (criterion.indicator, criterion.of) in seen:
            yield Problem("criterion-twice", at("criteria", position, "indicator"), {"name": criterion.indicator})
        seen.append((criterion.indicator, criterion.of))


def numbers(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that uncertain numbers carry the unit that their field asks for, money its price year, all their source."""
    for path, row, expected in uncertain_numbers(scenario):
        yield from points_problems(row, at(*path, "points"))
        place = at(*path, "unit")
        try:
            unit = units.parse(row.unit, place)
        except UnitError as error:
            yield from error.problems
            continue
        wanted = units.parse(expected)
        exact = expected in ("month", "d", "year", "1/year", "t/d")
        held = at_home(unit)
        is_money = (HOME, 1) in held.dimension
        fits = held.dimension == wanted.dimension or (expected == "VND/unit" and is_money)
        if not fits or (exact and not math.isclose(unit.factor, wanted.factor)):
            yield Problem("unit-field", place, {"unit": row.unit, "expected": expected})
        if is_money and row.price_year is None:
            yield Problem("price-year", at(*path), {"unit": row.unit})


def stress_cases(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that a stress case is run for options that exist."""
    for key, case in scenario.stress.items():
        for position, option in enumerate(case.options):
            if option not in scenario.options:
                place = at("stress", key, "options", position)
                yield unknown("stress-option", place, option, scenario.options)


def change_years(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that parameters change only from the first decision year on: before it all options share one history."""
    for path, change in changes_of(scenario):
        curve = change.adoption
        if (curve is None) != bool(change.values):
            yield Problem("change-form", at(*path), {"parameter": change.parameter})
            continue
        begun = [curve.start] if curve is not None else change.values
        early = [year for year in begun if year < scenario.decisions_from]
        if early:
            place = at(*path, "adoption", "start") if curve is not None else at(*path, "values", early[0], key=True)
            yield Problem("change-early", place, {"year": early[0], "from": scenario.decisions_from})


def horizon(scenario: Scenario, c: Context, at: At) -> Iterator[Problem]:
    """Check that the model's periods hold the decisions and the horizon."""
    first, last = c.model.periods.first, c.model.periods.last
    for key in ("decisions_from", "horizon"):
        year = getattr(scenario, key)
        if not first <= year <= last:
            parameters = {"year": year, "first": first, "last": last}
            yield Problem("year-outside-model", at(key), parameters)


def plants(scenario: Scenario, c: Context, at: At) -> Iterator[Problem]:
    """Check that a project adds to a capacity of the model, at a place of it, with a known technology."""
    technologies = sorted({r.index["technology"] for r in c.model.parameters if "technology" in r.index})
    with_capacity = [name for name, p in c.model.processes.items() if p.capacity is not None]
    for path, project in _projects(scenario):
        process = c.model.processes.get(project.process)
        if process is None or process.capacity is None:
            code = "process-unknown" if process is None else "project-capacity"
            yield unknown(code, at(*path, "process"), project.process, with_capacity)
            continue
        over = process.capacity.over if process.capacity.over is not None else process.over
        yield from placed(c, project.place, over, at, (*path, "place"), exact=True)
        technology = project.technology or process.technology
        if technology is None:
            yield Problem("project-technology", at(*path, key=True), {"process": project.process})
        elif technology not in technologies:
            place = at(*path, "technology" if project.technology else "process")
            yield unknown("technology-unknown", place, technology, technologies)


def changed_parameters(scenario: Scenario, c: Context, at: At) -> Iterator[Problem]:
    """Check that a change names a parameter, a place and a unit that fit."""
    for path, change in changes_of(scenario):
        yield from changes_a_cell(change, c, at, path)
        if change.parameter in c.rows:
            yield from _change_unit(change, c, at(*path, "unit"))


def changes_a_cell(change: Change | EventChange, c: Context, at: At, path: _Path) -> Iterator[Problem]:
    """Yield what is wrong with the parameter and the place of a change."""
    rows = c.rows.get(change.parameter)
    if rows is None:
        yield unknown("parameter-unknown", at(*path, "parameter"), change.parameter, c.rows)
        return
    columns = sorted({column for _, row in rows for column in row.index})
    yield from placed(c, change.place, columns, at, (*path, "place"), exact=False)


def _change_unit(change: Change, c: Context, place: Place) -> Iterator[Problem]:
    try:
        unit = units.parse(change.unit, place)
    except UnitError as error:
        yield from error.problems
        return
    own = units_of(c, change.parameter)
    wanted = units.Unit("1", 1.0, units.DIMENSIONLESS) if change.how == "multiply" else own
    if wanted is not None and unit.dimension != wanted.dimension:
        yield Problem("unit-field", place, {"unit": change.unit, "expected": wanted.canonical})


def changed_shares(scenario: Scenario, c: Context, at: At) -> Iterator[Problem]:
    """Check that a change of a share stays between 0 and 1 and says where the mass comes from."""
    shares = set(share_parameters(c))
    for path, change in changes_of(scenario):
        if change.parameter in shares:
            yield from _share_values(change, at, path)
        yield from giving_way(change, shares, c, at, path)


def giving_way(
    change: Change | EventChange, shares: Collection[str], c: Context, at: At, path: _Path
) -> Iterator[Problem]:
    """Yield what is wrong with what gives way to a change: shares need it, nothing else has it.

    Parameters
    ----------
    shares : parameters that take part in a share, found once for all changes
    """
    name, taken_from = change.parameter, change.taken_from
    if name not in shares:
        if taken_from is not None and name in c.rows:
            yield Problem("policy-from-unused", at(*path, "from"), {"parameter": name})
    elif taken_from is None:
        yield Problem("policy-from", at(*path), {"parameter": name})
    elif taken_from == "proportional" and not any(row.group for _, row in c.rows.get(name, ())):
        yield Problem("policy-proportional", at(*path, "from"), {"parameter": name})
    elif taken_from == "remainder" and not _beside_remainder(c, name):
        yield Problem("policy-remainder", at(*path, "from"), {"parameter": name})
    elif isinstance(taken_from, tuple):
        for position, giver in enumerate(taken_from):
            if giver not in shares or giver == name:
                yield unknown("policy-giver", at(*path, "from", position), giver, sorted(set(shares) - {name}))


def _share_values(change: Change, at: At, path: _Path) -> Iterator[Problem]:
    try:
        factor = units.parse(change.unit).factor
    except UnitError:
        return  # reported as a unit
    curve = change.adoption
    reached = {"from": curve.begin, "to": curve.end} if curve is not None else change.values
    for year, value in reached.items():
        if change.how in ("set", "at_least") and not 0 <= value * factor <= 1:
            place = at(*path, "values" if curve is None else "adoption", year)
            yield Problem("policy-share", place, {"parameter": change.parameter, "year": year, "value": value})


def _beside_remainder(c: Context, parameter: str) -> bool:
    """Tell whether every process out of which a share with this parameter leaves has a remainder as well."""
    found = False
    for way in c.routes.values():
        flow = c.model.flows[way.name]
        if not any(isinstance(s, tuple) and parameter in s for s in (flow.share or {}).values()):
            continue
        found = True
        siblings = [other for _, _, other in c.leaving(way.source.process)]
        if not any("remainder" in (other.share or {}).values() for other in siblings):
            return False
    return found


def assumptions(scenario: Scenario, c: Context, at: At) -> Iterator[Problem]:
    """Check that an assumed alternative exists for the parameter."""
    for name, alternative in scenario.assume.items():
        if name not in c.rows:
            yield unknown("parameter-unknown", at("assume", name, key=True), name, c.rows)
            continue
        known = sorted({row.alternative for _, row in c.rows[name] if row.alternative})
        if alternative not in known:
            yield unknown("alternative-unknown", at("assume", name), alternative, known, parameter=name)


def cited(scenario: Scenario, c: Context, at: At) -> Iterator[Problem]:
    """Check that what the scenario cites stands among its own sources or those of the model."""
    known = {**c.model.sources, **scenario.sources}
    found: list[tuple[_Path, str]] = [((*path, "source"), row.source) for path, row, _ in uncertain_numbers(scenario)]
    found += [(("stress", key, "source"), case.source) for key, case in scenario.stress.items()]
    found += [(("events", key, "source"), event.source) for key, event in scenario.events.items()]
    for path, source in found:
        if source not in known:
            yield unknown("source-unknown", at(*path), source, known)


def placed(
    c: Context, given: Mapping[str, str | tuple[str, ...]], over: Sequence[str], at: At, path: _Path, *, exact: bool
) -> Iterator[Problem]:
    """Yield what is wrong with a place; an exact one names an item for each dimension."""
    for dimension in over if exact else ():
        if dimension not in given:
            yield Problem("place-missing", at(*path), {"dimension": dimension, "over": list(over)})
    for dimension, items in given.items():
        if dimension not in over:
            yield unknown("place-dimension", at(*path, dimension, key=True), dimension, over)
            continue
        if dimension in c.dimensions:
            known = [item.id for item in c.model.items(dimension)]
        else:
            known = list(c.model.layers.names if dimension == "layer" else c.model.goods)
        if dimension == "technology":
            continue
        for item in (items,) if isinstance(items, str) else items:
            if item not in known:
                yield unknown("item-unknown", at(*path, dimension), item, known, dimension=dimension)


def _projects(scenario: Scenario) -> Iterator[tuple[_Path, Project]]:
    for option, content in scenario.options.items():
        for key, project in content.projects.items():
            yield ("options", option, "projects", key), project


def changes_of(scenario: Scenario) -> Iterator[tuple[_Path, Change]]:
    """Yield every change of options and stress cases with its path."""
    for option, content in scenario.options.items():
        where = ("options", option)
        for key, programme in content.programmes.items():
            for position, change in enumerate(programme.changes):
                yield (*where, "programmes", key, "changes", position), change
        for position, change in enumerate(content.policy):
            yield (*where, "policy", position), change
    for key, case in scenario.stress.items():
        for position, change in enumerate(case.changes):
            yield ("stress", key, "changes", position), change


def uncertain_numbers(scenario: Scenario) -> Iterator[tuple[_Path, NumberRow, str]]:
    """Yield every uncertain number with its path and the unit it must have (money: the dimension only)."""
    yield from finance.rows_of_finance(scenario.finance)
    yield from finance.rows_of_loans(scenario)
    for chain, stages in scenario.simulation.stages.items():
        for position, stage in enumerate(stages):
            yield ("simulation", "stages", chain, position, "duration"), stage.duration, "month"
    for key, event in scenario.events.items():
        for name, drawn in event.numbers():
            number = name.removeprefix("factor") or "0"
            written = ("changes", int(number), "factor") if name.startswith("factor") else _LOAD.get(name, (name,))
            yield ("events", key, *written), drawn, _UNITS.get(name, "1")
    for key, weather in scenario.simulation.weather.items():
        yield ("simulation", "weather", key, "spread"), weather.spread, "1"
        yield ("simulation", "weather", key, "persistence"), weather.persistence, "d"
    for path, project in _projects(scenario):
        if project.capex is not None:
            yield (*path, "capex"), project.capex, "VND"
    for option, content in scenario.options.items():
        for key, programme in content.programmes.items():
            path = ("options", option, "programmes", key)
            for name, row in (("start_up_cost", programme.start_up_cost), ("running_cost", programme.running_cost)):
                if row is not None:
                    yield (*path, name), row, "VND/unit"
    for path, change in changes_of(scenario):
        if change.adoption is not None:
            yield (*path, "adoption", "midpoint"), change.adoption.midpoint, "year"
            yield (*path, "adoption", "speed"), change.adoption.speed, "1/year"


OWN_RULES = (
    years,
    baselines,
    same_plants,
    dates,
    chains,
    money,
    numbers,
    criteria,
    stress_cases,
    change_years,
    courses.deciding_rules,
    courses.funds_of_projects,
    courses.stages_fit,
    courses.delays_in_time,
    *finance.OWN_RULES,
)
MODEL_RULES = (
    horizon,
    plants,
    changed_parameters,
    changed_shares,
    assumptions,
    cited,
    courses.rules_in_the_model,
    courses.crews_in_the_model,
    courses.stores_stay,
    *finance.MODEL_RULES,
)
