"""Tables of how plants run: use of capacity in the months of the target year, and every month of the decision years.

Beside `detail`; tells what the comparison kept, reckons nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from cemfa.comparison.happened import named
from cemfa.comparison.operation import band_of, plants_of, series_of, stores_of
from cemfa.comparison.pictures import full_name
from cemfa.comparison.words import Words
from cemfa.report.tables import Cell, Column, Table

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison

_TOLD: Final = (("use", 100.0), ("storage", 1.0))
"""Series that the workbook holds, and their factor from results to the unit of the figures."""


def year_by_month(comparison: Comparison, words: Words) -> Table:
    """Return the use of capacity in every month of the target year, a row per option and plant of the figure."""
    year = comparison.scenario.target_year
    heads = [f"{month}/{year}" if words.lang == "vi" else f"{year}-{month:02}" for month in range(1, 13)]
    columns = (
        Column(words.text("c_option")), Column(words.text("c_plant")),
        *(Column(head, "%", "percent", 0) for head in heads),
    )  # fmt: skip
    keys, rows = [], []
    for option in comparison.options:
        for plant in plants_of(comparison, option):
            mean = series_of(option, "use", "mean", plant)
            months = [n for n, month in enumerate(mean["month"].to_numpy()) if str(month).startswith(str(year))]
            name = Cell(named(plant, comparison.scenario, comparison.model, words.lang))
            rows.append((Cell(full_name(option, words)), name, *(Cell(float(use)) for use in mean.to_numpy()[months])))
            keys.append(option.id)
    caption = words.text("months_caption", year=year)
    return Table(words.text("t_months_year"), caption, columns, tuple(rows), tuple(keys))


def month_by_month(comparison: Comparison, words: Words) -> Table:
    """Return use of capacity and storage in every month of the decision years, for the plants of the figures."""
    columns = (
        Column(words.text("c_option")), Column(words.text("c_plant")), Column(words.text("c_months_what")),
        Column(words.text("c_month"), kind="month"), Column(words.text("c_months_value"), "", "number", 1, spread=True),
    )  # fmt: skip
    rows = tuple(_month_rows(comparison, words))
    return Table(words.text("t_months"), words.text("t_months"), columns, rows)


def _month_rows(comparison: Comparison, words: Words) -> Iterator[tuple[Cell, ...]]:
    for option in comparison.plain:
        for what, factor in _TOLD:
            plants = plants_of(comparison, option) if what == "use" else stores_of(option)
            for plant in plants:
                band = band_of(comparison, option, what, factor, plant, words)
                head = (Cell(full_name(option, words)), Cell(band.label), Cell(words.text(f"months_{what}")))
                first = [year - 0.5 / 12 for year in band.years]
                for month, middle, low, high in zip(first, band.middle, band.low, band.high, strict=True):
                    yield (*head, Cell(month), Cell(middle, low, high))
