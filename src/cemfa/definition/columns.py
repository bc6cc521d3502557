"""Which columns each table of a model has: data, read by `load` and by the reference of the documentation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cemfa.definition.schema import RESERVED_INDICES
from cemfa.definition.tables import Column

LABELS: Final = {"label_vi": "vi", "label_en": "en"}
"""Columns of a label and the language of each."""

SERVES: Final = {"serves_vi": "vi", "serves_en": "en"}
"""Columns of what answers a duty, and the language of each."""

TECHNOLOGY: Final = {"technology_vi": "vi", "technology_en": "en"}
"""Columns of what a plant elsewhere does, and the language of each."""

IN_WORDS: Final = {"label": LABELS, "serves": SERVES, "technology": TECHNOLOGY}
"""Columns of every field that stands in both languages."""

_SERVES: Final = tuple(Column(name, required=True) for name in SERVES)
_TECHNOLOGY: Final = tuple(Column(name, required=True) for name in TECHNOLOGY)
_LABEL: Final = tuple(Column(name) for name in LABELS)
_NAMED: Final = tuple(Column(name, required=True) for name in LABELS)
_SOURCED: Final = (Column("basis", required=True, filled=True), Column("source", required=True, filled=True))
_VALUE: Final = Column("value", "number", required=True, filled=True)
_KILOMETRES: Final = Column("km", "number", required=True, filled=True)
_MONTH: Final = Column("month", "whole", required=True, filled=True)
_YEAR: Final = Column("year", "whole", required=True, filled=True)
_GOOD: Final = (Column("organic", "flag"), Column("cannot_carry"), Column("colour"), Column("storage_life", "number"))
_NUMBER: Final = (
    _VALUE,
    Column("unit", required=True, filled=True),
    Column("distribution"),
    Column("low", "number"),
    Column("high", "number"),
    Column("meaning"),
    Column("points"),
    Column("price_year", "whole"),
    *_SOURCED,
    Column("note"),
)
_PLANT: Final = (
    Column("year", "whole"),
    Column("capacity", "number", required=True, filled=True),
    Column("capex", "number"),
    Column("capex_unit"),
    Column("cost_per_tonne", "number"),
    Column("cost_unit"),
    Column("price_year", "whole"),
    Column("land", "number"),
    Column("intake", "number"),
    Column("utilisation", "number"),
)
_PARAMETER: Final = (
    Column("year", "whole"),
    *_NUMBER,
    Column("group"),
    Column("concentration", "number"),
    Column("varies_by"),
    Column("correlated_with"),
    Column("alternative"),
    Column("hold", "flag"),
    Column("growth"),
)


def dimension_columns() -> tuple[Column, ...]:
    """Return the columns of a table of a dimension's items."""
    place = (Column("lat", "number"), Column("lon", "number"), Column("gso_code"))
    return (_key("id"), *_LABEL, *place)


def part_columns() -> tuple[Column, ...]:
    """Return the columns of a table of an area's places."""
    place = (Column("lat", "number"), Column("lon", "number"), Column("gso_code"))
    return (_key("id"), *_NAMED, Column("kind"), *place, Column("area", "number"))


def share_columns(area: str, dimension: str) -> tuple[Column, ...]:
    """Return the columns of a table that shares the items of a dimension out over the places of an area."""
    numbers = (
        Column("share", "number", required=True, filled=True),
        Column("weight", "number", required=True, filled=True),
    )
    return (_key(area), _key(dimension), *numbers, *_SOURCED, Column("note"))


def table_columns(dimensions: Iterable[str], *, history: bool = False) -> dict[str, tuple[Column, ...]]:
    """Return the columns of each table of fixed name, in the order in which they are read.

    Parameters
    ----------
    dimensions : names of the model's dimensions, which may be columns of parameters and histories
    history : with the table of deposits before the first period, whose name is free

    Examples
    --------
    >>> [column.name for column in table_columns(["district"])["parameters"]][:4]
    ['parameter', 'district', 'layer', 'good']
    """
    axes = tuple(Column(name) for name in dimensions)
    indices = (*axes, *(Column(name) for name in RESERVED_INDICES if name != "technology"))
    found = {
        "goods": (_key("id"), *_NAMED, _key("status"), *_GOOD),
        "parameter_labels": (_key("parameter"), *_NAMED),
        "sources": (_key("id"), _key("title"), Column("year", "whole"), Column("address"), Column("note")),
        "parameters": (_key("parameter"), *indices, Column("technology"), *_PARAMETER),
        "technologies": (_key("technology"), _key("parameter"), *indices, *_PARAMETER),
        "composition": (_key("good"), _key("layer"), Column("per"), *_NUMBER),
        "departments": (_key("id"), *_NAMED, Column("until"), Column("successors"), *_SOURCED, Column("note")),
        "duties": (_key("clause"), _key("department"), *_NAMED, *_SERVES, *_SOURCED),
        "seasons": (_key("profile"), _MONTH, _VALUE, *_SOURCED),
        "distances": (_key("mode"), _key("from"), _key("to"), _KILOMETRES, *_SOURCED, Column("note")),
    }
    found["benchmark_plants"] = (_key("id"), *_NAMED, _key("place"), *_TECHNOLOGY, *_PLANT, *_SOURCED, Column("note"))
    if history:
        found["history"] = (_key("process"), *axes, _YEAR, _key("layer"), _VALUE, _key("unit"), *_SOURCED)
    return found


def _key(name: str) -> Column:
    return Column(name, required=True, filled=True)
