"""Rules of meaning that need no arrays: one short function per rule, each yields problems.

After `shape`, before the graph. First the names are looked up; the other rules then look at what could be
resolved, so that one misspelt name does not hide the rest or drag false reports behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final

from cemfa.definition.checks import (
    areas,
    batches,
    benchmarks,
    flows,
    happenings,
    idle,
    processes,
    rows,
    scenarios,
    tables,
    technologies,
    transport,
    uses,
)
from cemfa.definition.checks.context import At, Context
from cemfa.definition.checks.references import examine
from cemfa.definition.schema import Model, Scenario
from cemfa.definition.source import KeyPath, dotted
from cemfa.errors import Problem

Rule = Callable[[Context], Iterable[Problem]]

RULES: tuple[Rule, ...] = (
    *flows.RULES, *processes.RULES, *uses.RULES, *rows.RULES, *tables.RULES, *technologies.RULES,
    *transport.RULES, *areas.RULES, *benchmarks.RULES, batches.batches, idle.stores,
)  # fmt: skip


_TABLE_OF: Final = {
    "good-unknown": "goods",
    "source-unknown": "sources",
    "department-unknown": "departments",
    "season-unknown": "seasons",
    "parameter-unknown": "parameters",
    "technology-unknown": "technologies",
    "label-unused": "parameters",
}
"""Table in which a name that seems not to exist would stand."""


def model_problems(
    model: Model,
    at: At,
    failed: Collection[str] = (),
    dropped: Collection[KeyPath] = (),
    pruned: Collection[KeyPath] = (),
) -> list[Problem]:
    """Return everything that is wrong with what a well-formed model means, in the order of the files.

    Parameters
    ----------
    at : gives the place of a path in the model
    failed : names of tables that could not be read whole
    dropped : paths of entries that are left out of the model because something in them is wrong
    pruned : paths of objects in which an unknown key was left out
    """
    if not model.layers.names:
        return [Problem("layers-empty", at("layers"))]  # every other rule would stumble over it
    lacking = {*failed, *(str(path[0]) for path in dropped)}
    context, problems = examine(model, at, lacking)
    for rule in RULES:
        problems += rule(context)
    names = {str(path[1]) for path in dropped}
    touched = {dotted(path) for path in pruned}
    return in_order(
        problem
        for problem in problems
        if _TABLE_OF.get(problem.code) not in lacking
        and str(problem.parameters.get("name")) not in names
        and not (problem.code in _INCOMPLETE and problem.place.path in touched)
    )


_INCOMPLETE: Final = ("flow-form-missing", "orphan-process", "process-no-inflow", "process-no-outflow")
"""What a misspelt key in a flow or process looks like."""


def scenario_problems(scenario: Scenario, model: Model | None, at: At) -> list[Problem]:
    """Return everything that is wrong with what a well-formed scenario means for its model.

    Parameters
    ----------
    model : the model it names; None where that could not be read, so that only the scenario itself is judged
    at : gives the place of a path in the scenario
    """
    return in_order(_scenario_problems(scenario, model, at))


def _scenario_problems(scenario: Scenario, model: Model | None, at: At) -> Iterator[Problem]:
    for rule in (*scenarios.OWN_RULES, *happenings.OWN_RULES, *idle.OWN_RULES):
        yield from rule(scenario, at)
    if model is not None:
        context, _ = examine(model, at, ())
        for model_rule in (*scenarios.MODEL_RULES, *happenings.MODEL_RULES, *idle.MODEL_RULES):
            yield from model_rule(scenario, context, at)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems as a reader meets them: file or sheet in the order of first report, then line by line."""
    once = {(p.code, str(p.place), repr(sorted(p.parameters.items()))): p for p in problems}
    found = list(once.values())
    files = list(dict.fromkeys((problem.place.file, problem.place.sheet) for problem in found))
    return sorted(found, key=lambda p: (files.index((p.place.file, p.place.sheet)), p.place.line or p.place.row))
