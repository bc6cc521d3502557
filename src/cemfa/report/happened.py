"""How often and for how many days what happened in the first simulated history, as rows.

Between `comparison` and `context`; names what the event log holds, reckons nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cemfa import locale
from cemfa.comparison.happened import named
from cemfa.comparison.pictures import full_name
from cemfa.comparison.words import Words
from cemfa.report.tables import Cell, Column, Table
from cemfa.simulation import event_table
from cemfa.units import decimal_year

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison, OptionResult


def happened_table(comparison: Comparison, words: Words) -> Table:
    """Return how often and for how many days what happened, in the first history of every option."""
    columns = (
        Column(words.text("c_option")), Column(words.text("c_subject")), Column(words.text("c_happened")),
        Column(words.text("c_times"), "", "number", 0),
        Column(words.text("c_days"), words.text("unit_days"), "number", 0),
        Column(words.text("c_first_time"), kind="month"),
    )  # fmt: skip
    held = [row for option in comparison.options for row in _counted(comparison, option, words)]
    caption = words.text("happened_caption")
    return Table(
        words.text("t_happened"), caption, columns, tuple(row for _, row in held), tuple(key for key, _ in held)
    )


def _counted(comparison: Comparison, option: OptionResult, words: Words) -> Iterator[tuple[str, tuple[Cell, ...]]]:
    if "event_day" not in option.flows:
        return
    log = event_table(option.flows, int(option.flows["sample"][0]))
    for (subject, kind), rows in log.groupby(["subject", "kind"], sort=False):
        days = rows["days"].sum() if rows["days"].notna().any() else None
        yield option.id, (
            Cell(full_name(option, words)),
            Cell(named(str(subject), comparison.scenario, comparison.model, words.lang)),
            Cell(locale.text(f"figures.happened-{kind}", words.lang)), Cell(float(len(rows))),
            Cell(None if days is None else float(days)), Cell(decimal_year(rows["date"].iloc[0])),
        )  # fmt: skip
