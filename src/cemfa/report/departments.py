"""What the report holds for each department: its duties under the plan, who has them today, where they are answered.

Between `comparison` and `context`; lists what the model says, reckons nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cemfa.comparison.words import Words
from cemfa.report.tables import Cell, Column, Table

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison
    from cemfa.definition.schema import Department, Duty, Model


def duties_of(model: Model, office: Department) -> tuple[Duty, ...]:
    """Return the duties that a department has today, in the order of the plan."""
    return tuple(duty for duty in model.duties if office in model.in_charge(duty.department))


def departments_table(comparison: Comparison, words: Words) -> Table:
    """Return the duties of the plan in the order of who has them today; empty where the model names none."""
    model = comparison.model
    columns = (
        Column(words.text("c_today")), Column(words.text("c_clause")), Column(words.text("c_duty")),
        Column(words.text("c_serves")), Column(words.text("c_former")),
    )  # fmt: skip
    rows = []
    for duty in model.duties:
        today = "; ".join(words.label(found.label) for found in model.in_charge(duty.department))
        former = words.label(model.departments[duty.department].label)
        rows.append((
            Cell(today), Cell(duty.clause), Cell(words.label(duty.label)), Cell(words.label(duty.serves)),
            Cell("" if former == today else former),
        ))  # fmt: skip
    order = list(dict.fromkeys(str(row[0].value) for row in rows))
    rows.sort(key=lambda row: order.index(str(row[0].value)))
    return Table(words.text("t_departments"), words.text("departments_caption"), columns, tuple(rows))
