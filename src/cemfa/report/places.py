"""The headline rate by district, and by the places of every area that divides the land anew, marked as allocated.

Between `comparison` and `context`; which place has what share is the model's, how it is shared out `allocation`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cemfa.allocation import WHOLE, allocate, mark
from cemfa.comparison.pairs import HEADLINE
from cemfa.comparison.pictures import full_name
from cemfa.comparison.words import Words
from cemfa.indicators.spread import stat_of
from cemfa.report.overview import cell
from cemfa.report.tables import Cell, Column, Table

if TYPE_CHECKING:
    import xarray as xr

    from cemfa.comparison.outcome import Comparison, OptionResult
    from cemfa.definition.schema import Area

_DIMENSION = "district"
_INDICATOR = f"{HEADLINE}_by_{_DIMENSION}"


def places_table(comparison: Comparison, words: Words) -> Table:
    """Return a row per district and per place of every area of districts, a column per option; empty without either."""
    model, options = comparison.model, comparison.plain
    year = comparison.scenario.target_year
    columns = (
        Column(words.text("c_division")), Column(words.text("c_place")),
        *(Column(full_name(option, words), "%", "percent", 0, spread=True) for option in options),
    )  # fmt: skip
    known = all(_INDICATOR in option.indicators for option in options) and _DIMENSION in model.dimensions
    areas = [area for area in model.areas.values() if area.of == _DIMENSION]
    rows = [*_rows(comparison, None, words)] if known else []
    for name, area in model.areas.items() if known else ():
        if area in areas:
            rows += _rows(comparison, (name, area), words)
    note = "; ".join(mark(model, area, words.lang) for area in areas)
    caption = words.text("places_caption", year=year)
    return Table(words.text("t_places"), caption, columns, tuple(rows), note=note)


def _rows(comparison: Comparison, area: tuple[str, Area] | None, words: Words) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows of the districts themselves, or of an area's places."""
    found = [_of_option(comparison, option, area) for option in comparison.plain]
    if area is None:
        items = comparison.model.items(_DIMENSION)
        division, names = words.text("division_district"), {i.id: words.label(i.label, i.id) for i in items}
    else:
        division = words.text("division_allocated", label=words.label(area[1].label))
        names = {part.id: words.label(part.label) for part in area[1].parts}
    dimension = area[0] if area else _DIMENSION
    for place, name in names.items():
        if place not in WHOLE:
            stats = [cell(stat_of(values.sel({dimension: place}).to_numpy())) for values in found]
            yield (Cell(division), Cell(name), *stats)


def _of_option(comparison: Comparison, option: OptionResult, area: tuple[str, Area] | None) -> xr.DataArray:
    values = option.indicators[_INDICATOR].sel(period=comparison.scenario.target_year)
    return allocate(values.assign_attrs(unit="1"), comparison.model, area[0]) if area else values
