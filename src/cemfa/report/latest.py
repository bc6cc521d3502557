"""How late an option can still be decided, by simulating it again: a row per option, headline target and probability.

Between `comparison` and `context`; stands beside the quick estimate by the durations of stages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cemfa.comparison.pictures import full_name, headline_targets
from cemfa.comparison.table import month_of
from cemfa.comparison.words import Words
from cemfa.report.overview import short_target
from cemfa.report.tables import Cell, Column, Table
from cemfa.units import decimal_year

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison


def latest_table(comparison: Comparison, words: Words) -> Table:
    """Return the latest decisions that were looked for; no rows where none were."""
    columns = (
        Column(words.text("c_option")), Column(words.text("c_target")),
        Column(words.text("c_odds"), "%", "percent", 0), Column(words.text("c_latest_first"), kind="month"),
        Column(words.text("c_moved"), words.text("unit_months"), "number", 0),
        Column(words.text("c_met_then"), "%", "percent", 0),
    )  # fmt: skip
    held = list(_rows(comparison, words))
    return Table(
        words.text("t_latest"), words.text("latest_caption"), columns, tuple(row for _, row in held),
        tuple(key for key, _ in held), words.text("latest_note"),
    )  # fmt: skip


def _rows(comparison: Comparison, words: Words) -> Iterator[tuple[str, tuple[Cell, ...]]]:
    for option in comparison.plain:
        for target in headline_targets(comparison):
            for latest in comparison.latest.get(option.id, {}).get(target.id, ()):
                plain = latest.date is not None and not latest.open_end
                date = Cell(decimal_year(latest.date)) if latest.date and plain else Cell(month_of(latest, words.lang))
                moved = Cell(float(latest.months) if latest.months is not None and plain else None)
                yield option.id, (
                    Cell(full_name(option, words)), Cell(short_target(comparison, target, words)), Cell(latest.odds),
                    date, moved, Cell(latest.probability),
                )  # fmt: skip
