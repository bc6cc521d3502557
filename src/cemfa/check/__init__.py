"""All rules together: what is wrong or doubtful in a model or scenario, from its files to its numbers.

Above the definition, the system, the indicators and the simulation: rules that need arrays stand here, and raise
nothing for what the user wrote. Whatever `check` lets through can be solved, and its days can be prepared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cemfa import library
from cemfa.check.places import written_place
from cemfa.definition.checks import in_order
from cemfa.definition.load import Loaded, LoadedScenario, Places, load_model, load_scenario
from cemfa.definition.schema import MONEY_CRITERIA, Model, Scenario, When
from cemfa.definition.source import nearest
from cemfa.errors import CemfaError, DefinitionError, Place, Problem

if TYPE_CHECKING:
    from cemfa.system.layout import System

__all__ = ["check"]


def check(path: str | Path) -> list[Problem]:
    """Return everything that is wrong or doubtful in a model or scenario, in the order of its files.

    Parameters
    ----------
    path : a model's folder, a scenario's file, or the id of one that comes with cemfa

    Returns
    -------
    list of Problem
        empty where all is well; a problem's `severity` tells errors from warnings, its text is
        `cemfa.locale.problem_text(problem)`

    Examples
    --------
    >>> check("first_steps")
    []
    """
    try:
        kind = library.kind_of(path)
    except DefinitionError as error:
        return list(error.problems)
    if kind == "model":
        loaded = load_model(path)
        return in_order([*loaded.problems, *model_numbers(loaded, {})[1]])
    scenario = load_scenario(path)
    assume = scenario.scenario.assume if scenario.scenario is not None else {}
    system, found = model_numbers(scenario.model, assume)
    own = [*scenario.problems, *scenario_numbers(scenario, system)]
    return [*in_order(own), *in_order([*scenario.model.problems, *found])]


def model_numbers(loaded: Loaded, assume: Mapping[str, str]) -> tuple[System | None, list[Problem]]:
    """Return the compiled model, and what is wrong with its numbers.

    The balance is asked only where the definition holds; None where it cannot be.
    """
    from cemfa.check.goods import central_flows
    from cemfa.check.prices import mixed_prices
    from cemfa.check.shares import share_sums
    from cemfa.check.spreads import distributions
    from cemfa.check.targets import target_rules

    if loaded.model is None:
        return None, []
    problems = [
        *target_rules(loaded.model, loaded.places.of),
        *mixed_prices(loaded.model, loaded.places),
        *distributions(loaded.model, loaded.places),
    ]
    if _any_error([*loaded.problems, *problems]):
        return None, problems
    system, found = _compiled(loaded.model, assume, loaded.places)
    problems += found
    if system is not None:
        shares = list(share_sums(system, loaded.places))
        problems += shares or central_flows(system, loaded.places)
    return (None if _any_error(problems) else system), problems


def scenario_numbers(loaded: LoadedScenario, system: System | None) -> Iterator[Problem]:
    """Yield what is wrong with the numbers of a scenario: spreads, ramps that overdraw, plants without supply.

    Parameters
    ----------
    system : its model compiled; None where something is wrong with that
    """
    from cemfa.check.days import days_problems
    from cemfa.check.shares import share_sums
    from cemfa.check.spreads import scenario_distributions
    from cemfa.check.supply import supply_warnings
    from cemfa.plan import plan_of

    scenario, places = loaded.scenario, loaded.places
    if scenario is None:
        return
    drawn = [
        *wrong_criteria(scenario, loaded.model.model, places),
        *indicator_rules(scenario, loaded.model.model, places),
        *scenario_distributions(loaded),
    ]
    yield from drawn
    if system is None or _any_error([*loaded.problems, *drawn]):
        return
    for option in scenario.options:
        plan = plan_of(scenario, option)
        where = places.of("options", option, key=True)
        try:
            found = list(share_sums(system, loaded.model.places, plan, where))
            yield from found or supply_warnings(scenario, option, system, places)
        except CemfaError as error:  # a ramp that reaches no place, or takes more than gives way
            yield from (replace(p, place=where) for p in error.problems)
    yield from days_problems(scenario, system, loaded.model.places)


def _any_error(problems: Sequence[Problem]) -> bool:
    return any(problem.severity == "error" for problem in problems)


def lacking(name: str, model: Model | None, place: Place) -> Iterator[Problem]:
    """Yield what a model lacks of the layers and parameters that an indicator needs."""
    from cemfa.indicators import REGISTRY

    if model is None:
        return
    indicator = REGISTRY[name]
    known = {*model.layers.names, *(row.parameter for row in model.parameters)}
    missing = [need for need in (*indicator.layers, *indicator.parameters) if need not in known]
    if missing:
        yield Problem("indicator-needs", place, {"indicator": indicator.label(), "id": name, "missing": missing})


def wrong_criteria(scenario: Scenario, model: Model | None, places: Places) -> Iterator[Problem]:
    """Yield criteria that name no indicator or one that the model cannot have, and scales in per cent of a fraction."""
    from cemfa.indicators import REGISTRY

    known = (*REGISTRY, *MONEY_CRITERIA)
    for position, criterion in enumerate(scenario.criteria):
        name = criterion.indicator.split(".")[0]
        if name not in known:
            parameters: dict[str, object] = {"name": criterion.indicator, "known": nearest(name, known)}
            yield Problem("criterion-indicator", places.of("criteria", position, "indicator"), parameters)
        elif name in REGISTRY and REGISTRY[name].rate and max(map(abs, criterion.scale)) > 1:
            parameters = {"name": criterion.indicator, "scale": list(criterion.scale)}
            yield Problem("criterion-percent", places.of("criteria", position, "scale"), parameters)
        if name in REGISTRY:
            yield from lacking(name, model, places.of("criteria", position, "indicator"))


def indicator_rules(scenario: Scenario, model: Model | None, places: Places) -> Iterator[Problem]:
    """Yield rules that look at an indicator or a part of one that does not exist, or at a value it never has."""
    from cemfa.definition.checks.courses import projects_of
    from cemfa.indicators import ALL, REGISTRY

    for path, project in projects_of(scenario):
        when, where = project.when, (*path, "when")
        if when is None or when.indicator is None:
            continue
        if when.indicator not in REGISTRY:
            parameters: dict[str, object] = {"id": when.indicator, "known": nearest(when.indicator, REGISTRY)}
            yield Problem("unknown-indicator", places.of(*where, "indicator"), parameters)
            continue
        yield from lacking(when.indicator, model, places.of(*where, "indicator"))
        indicator = REGISTRY[when.indicator]
        for dimension, item in when.where.items():
            if dimension != indicator.by:
                parameters = {"name": dimension, "known": [indicator.by] if indicator.by else []}
                yield Problem("place-dimension", places.of(*where, "where", dimension, key=True), parameters)
            elif model is not None and dimension in model.dimensions:
                known = [*(i.id for i in model.items(dimension)), ALL]
                if item not in known:
                    parameters = {"name": item, "dimension": dimension, "known": known}
                    yield Problem("item-unknown", places.of(*where, "where", dimension), parameters)
        if indicator.rate:
            yield from _thresholds_of_a_rate(when, places, where)


def _thresholds_of_a_rate(when: When, places: Places, where: tuple[str | int, ...]) -> Iterator[Problem]:
    for key, value in (("above", when.above), ("below", when.below)):
        if value is not None and abs(value) > 1:
            parameters = {"name": when.indicator, "value": value}
            yield Problem("rule-percent", places.of(*where, key), parameters)
        elif (value == 1 and key == "above") or (value is not None and value <= 0 and key == "below"):
            parameters = {"name": when.indicator, "key": key, "value": value}
            yield Problem("rule-rate", places.of(*where, key), parameters)


def _compiled(model: Model, assume: Mapping[str, str], places: Places) -> tuple[System | None, Sequence[Problem]]:
    """Return the compiled model, or what keeps it from being compiled, with the places of its files."""
    from cemfa.system.compile import compile_system

    try:
        return compile_system(model, assume=assume), ()
    except CemfaError as error:
        return None, [replace(p, place=written_place(p.place, model, places)) for p in error.problems]
