"""Rules on targets and the indicators that measure them: same unit, a number that can be reached, a part it is told by.

`assess` records what it cannot judge and raises nothing; what was surely meant otherwise is told here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from cemfa import units
from cemfa.definition.schema import Model, Target
from cemfa.definition.source import nearest
from cemfa.errors import Place, Problem, UnitError
from cemfa.indicators import REGISTRY
from cemfa.indicators.registry import Indicator

_JUDGED: Final = (">=", ">", "<=", "<", "=")
_SLACK: Final = 1e-9

At = Callable[..., Place]
"""Where the part of a model at a path was written, as `Places.of`."""


def nowhere(*_: str | int) -> Place:
    """Return the place of what was not read from a file."""
    return Place()


def target_rules(model: Model, at: At = nowhere) -> Iterator[Problem]:
    """Yield what is wrong or doubtful about the targets of a model.

    Parameters
    ----------
    at : where its parts were written
    """
    known = {*model.layers.names, *(row.parameter for row in model.parameters)}
    for position, target in enumerate(model.targets):
        where = ("targets", position)
        for field, name in (("indicator", target.indicator), ("contribution", target.contribution)):
            if name is not None and name not in REGISTRY:
                parameters: dict[str, object] = {"name": name, "known": nearest(name, REGISTRY)}
                yield Problem("target-indicator", at(*where, field), parameters)
            elif name is not None:
                yield from _measured(target, REGISTRY[name], known, at, (*where, field))
        measure = REGISTRY.get(target.indicator or "")
        if measure is not None and target.sense in _JUDGED and target.value is not None:
            yield from _asked(target, target.value, measure, at, where)
        late = [year for year in target.path if year >= target.year]
        if late:
            wrong = {"id": target.id, "year": late[0], "due": target.year}
            yield Problem("target-path", at(*where, "path"), wrong)


def _measured(
    target: Target, indicator: Indicator, known: set[str], at: At, where: tuple[str | int, ...]
) -> Iterator[Problem]:
    """Yield what the model lacks for an indicator, and parts of the area by which it is not told."""
    missing = [need for need in (*indicator.layers, *indicator.parameters) if need not in known]
    named = {"id": target.id, "indicator": indicator.id}
    if missing:
        yield Problem("target-unsupported", at(*where), {**named, "missing": missing}, severity="warning")
    for dimension in target.where:
        if dimension != indicator.by:
            place = at(*where[:2], "where", dimension)
            yield Problem("target-part", place, {**named, "dimension": dimension, "by": indicator.by or "-"})


def _asked(
    target: Target, value: float, indicator: Indicator, at: At, where: tuple[str | int, ...]
) -> Iterator[Problem]:
    """Yield a number that the indicator cannot be held against: another unit, per cent for a fraction, no number."""
    named: dict[str, object] = {"id": target.id, "indicator": indicator.id, "value": value, "unit": target.unit or "1"}
    try:
        stated = units.parse(target.unit or "1")
    except UnitError as error:
        yield from (Problem(p.code, at(*where, "unit"), p.parameters) for p in error.problems)
        return
    own = units.parse(indicator.unit)
    if stated.dimension != own.dimension:
        yield Problem("target-unit", at(*where, "unit"), {**named, "wanted": indicator.unit})
        return
    asked = value * stated.factor / own.factor
    if indicator.rate and not -_SLACK <= asked <= 1.0 + _SLACK:
        yield Problem("target-range", at(*where, "value"), {**named, "percent": 100.0 * asked})
    elif indicator.rate and stated.factor < 1.0 and 0.0 < value < 1.0:
        yield Problem("target-fraction", at(*where, "value"), named, severity="warning")
    if target.sense in (">=", ">", "=") and value and target.tolerance >= abs(value):
        yield Problem("target-tolerance-all", at(*where, "tolerance"), {**named, "tolerance": target.tolerance})
