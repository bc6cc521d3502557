"""What a cell of a workbook is likely to name: the words of its drop-down, and the keys of its mappings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cemfa.definition.schema import Model, Scenario
from cemfa.definition.workbook.layout import Column

_YEARS: Final = 50
"""No more columns of years are offered; those in use are there in any case."""
_PLACES: Final = ("place", "where", "site", "only", "index")
_BY_LAYER: Final = ("share", "amount")
_NAMED: Final = {
    "process": "processes",
    "good": "goods",
    "layer": "layers",
    "technology": "technologies",
    "parameter": "parameters",
    "stages": "stages",
    "department": "departments",
    "season": "seasons",
    "source": "sources",
    "per": "bases",
    "basis": "bases",
}
"""What a field of this name holds one of."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A list of words and what it is called on the sheet of lists."""

    name: str
    words: tuple[str, ...]


def keys_of(column: Column, scenario: Scenario, model: Model) -> tuple[str | int, ...]:
    """Return the keys that a mapping is likely to have: dimensions, layers, years or months."""
    if column.keys is not None and "whole" in column.keys.kinds:
        if column.name == "weights":
            return tuple(range(1, 13))
        first = max(scenario.decisions_from, 0)
        return tuple(range(first, min(scenario.target_year, first + _YEARS) + 1))
    if column.name in _PLACES:
        more = ("layer", "good") if column.owner == "ParameterRow" else ()
        return (*model.dimensions, *(name for name in more if name not in model.dimensions))
    return ("other", *model.layers.names) if column.name in _BY_LAYER else ()


def choices_of(column: Column, key: str | int | None, scenario: Scenario, model: Model) -> Choice | None:
    """Return what a cell may name, None where that is free."""
    if column.name in _PLACES and isinstance(key, str):
        if key in model.dimensions:
            return _choice(key, (item.id for item in model.items(key)))
        name = _NAMED.get(key, "")
    elif column.owner == "Funding" and column.name == "source":
        return _choice("funders", scenario.funders)
    else:
        name = _NAMED.get(column.name, "")
    return _choice(name, _words(name, scenario, model)) if name else None


def _choice(name: str, words: Iterable[str]) -> Choice | None:
    found = tuple(dict.fromkeys(words))
    return Choice(name, found) if found else None


def _words(name: str, scenario: Scenario, model: Model) -> Iterable[str]:
    match name:
        case "layers":
            return model.layers.names
        case "bases":
            return ("fresh", *model.layers.names)
        case "technologies":
            rows = (row.index.get("technology", "") for row in model.parameters)
            return sorted({*model.technology_profiles, *rows} - {""})
        case "parameters":
            return sorted({row.parameter for row in model.parameters})
        case "stages":
            return scenario.simulation.stages
        case "seasons":
            return (row.profile for row in model.seasons)
        case "sources":
            return (*scenario.sources, *model.sources)
    found: Iterable[str] = getattr(model, name)
    return found
