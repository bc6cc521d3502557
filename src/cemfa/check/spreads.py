"""Rules on uncertain numbers: every row has a spread that can be drawn, every group sums to one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from cemfa import units
from cemfa.definition import pairs
from cemfa.definition.checks.scenarios import uncertain_numbers
from cemfa.definition.load import LoadedScenario, Places
from cemfa.definition.schema import Model, NumberRow
from cemfa.errors import CemfaError, DefinitionError, Place, Problem
from cemfa.system.marginals import fit, written
from cemfa.system.parameters import read_parameters
from cemfa.system.sampling import Sampler

CUT_SHOWN: Final = 0.1  # percent of a distribution; runs report the rest
_VALUES: Final = ("value", "low", "high", "fitted", "written", "mean", "median")


def distributions(model: Model, places: Places) -> Iterator[Problem]:
    """Yield rows without a valid spread, groups that do not sum to one, and fits that miss what was written."""
    alternatives = [None, *sorted({row.alternative for row in model.parameters if row.alternative})]
    for alternative in alternatives:
        chosen = [n for n, row in enumerate(model.parameters) if row.alternative == alternative and _readable(row)]
        apart = {"alternative": None} | ({"correlated_with": None} if alternative else {})  # the others are not here
        rows = [model.parameters[n].model_copy(update=apart) for n in chosen]
        paths: list[tuple[str | int, ...]] = [("parameters", n, "value") for n in chosen]
        composition = [n for n, c in enumerate(model.composition) if alternative is None and _readable(c)]
        paths += [("composition", n, "value") for n in composition]
        part = model.model_copy(
            update={"parameters": tuple(rows), "composition": tuple(model.composition[n] for n in composition)}
        )
        yield from _spreads(part, [places.of(*path) for path in paths])


def _readable(row: NumberRow) -> bool:
    """Tell whether a row's unit is known and its lists can be read; others are reported by the definition."""
    try:
        units.parse(row.unit)
        pairs.points(row.points or "0")
        pairs.correlations(getattr(row, "correlated_with", None) or "a:0")
    except (CemfaError, pairs.PairsError):
        return False
    return True


def _spreads(model: Model, where: Sequence[Place]) -> tuple[Problem, ...]:

    parameters, _ = read_parameters(model, {})
    rows = [replace(row, place=place) for row, place in zip(parameters.rows, where, strict=True)]
    written = [*model.parameters, *model.composition]
    factors = {place: units.parse(row.unit).factor for place, row in zip(where, written, strict=True)}
    try:
        found = Sampler.of(rows).reports
    except DefinitionError as error:
        found = error.problems
    return tuple(_as_written(p, factors) for p in found if p.code != "distribution-cut" or _matters(p))


def _as_written(problem: Problem, factors: Mapping[Place, float]) -> Problem:
    """Return a problem about a row with its numbers in the unit of the row."""
    factor = factors.get(problem.place, 1.0)
    shown = {
        key: value / factor if key in _VALUES and isinstance(value, float) else value
        for key, value in problem.parameters.items()
    }
    return replace(problem, parameters=shown)


def _matters(cut: Problem) -> bool:
    """Tell whether so much of a distribution is cut off that a user would want to know."""
    percent = cut.parameters.get("percent")
    return isinstance(percent, float) and percent >= CUT_SHOWN


def scenario_distributions(loaded: LoadedScenario) -> Iterator[Problem]:
    """Yield the uncertain numbers of a scenario that have no valid spread."""
    for path, row, _ in uncertain_numbers(loaded.scenario) if loaded.scenario is not None else ():
        if not _readable(row):
            continue
        factor = units.parse(row.unit).factor
        name, place = ".".join(str(part) for part in path[-2:]), loaded.places.of(*path, "value")
        found = fit(written(row, factor), name, place).problems
        yield from (_as_written(problem, {place: factor}) for problem in found)
