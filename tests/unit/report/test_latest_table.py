"""The latest decision in the report: beside the quick estimate, in words where there is no date."""

import pytest
from tests.example_comparison import example

from cemfa.comparison.words import Words
from cemfa.report.context import page, workbook_tables
from cemfa.report.latest import latest_table
from cemfa.report.tables import shown


@pytest.mark.parametrize(
    ("lang", "month", "never"), [("en", "2029-01", "cannot be met"), ("vi", "1/2029", "không thể đạt")]
)
def test_dates_and_words(lang: str, month: str, never: str) -> None:
    comparison = example()
    table = latest_table(comparison, Words(lang, comparison.replications))
    assert set(table.keys) == {"south_yard"}
    texts = [
        [shown(cell, column, lang).text for cell, column in zip(row, table.columns, strict=True)] for row in table.rows
    ]
    assert [row[3] for row in texts] == [month, never] * len(comparison.headline)
    assert [row[2] for row in texts[:2]] == ["50", "90"]
    assert table.name in {found.name for found in workbook_tables(comparison, lang)}
    sections = [
        o for o in page(comparison, lang).options if any(t.name == table.name for b in o.blocks for t in b.tables)
    ]
    assert [section.letter for section in sections] == ["A"]
