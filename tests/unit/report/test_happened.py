"""What happened in one history: as many rows, marks and days as the event log holds, named in both languages."""

import pytest

import cemfa
from cemfa.comparison import Comparison
from cemfa.comparison.happened import history, occurrences
from cemfa.comparison.words import Words
from cemfa.report.context import page, workbook_tables
from cemfa.report.happened import happened_table
from cemfa.simulation import event_table


@pytest.fixture(scope="module")
def compared() -> Comparison:
    return cemfa.compare("first_steps_2030", replications=4, seed=2, workers=1, options=["two_yards"])


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_first_history_is_told_whole(compared: Comparison, lang: str) -> None:
    option = compared.option("two_yards")
    log = event_table(option.flows, 0)
    words = Words(lang, compared.replications)
    table = happened_table(compared, words).only("two_yards")
    assert sum(int(row[2].value or 0) for row in table.rows) == len(log) > 0
    assert sum(float(row[3].value or 0.0) for row in table.rows) == pytest.approx(log["days"].sum())
    found = occurrences(option.flows, compared.scenario, compared.model, lang)
    assert len(found) == len(log)
    assert all(one.end >= one.start for one in found)
    project = compared.scenario.options["two_yards"].projects["yard_south_small"]
    assert project.label.of(lang) in {one.subject for one in found}
    drawn = history(compared, option, words)
    assert drawn is not None
    assert project.label.of(lang) in drawn.description


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_it_stands_on_the_page_of_the_option_and_in_the_workbook(compared: Comparison, lang: str) -> None:
    words = Words(lang, compared.replications)
    (section,) = (o for o in page(compared, lang).options if o.letter == "B")
    (block,) = (b for b in section.blocks if b.title == words.text("happened_title"))
    assert len(block.figures) == len(block.tables) == 1
    assert "4" in block.sentences[0]
    assert words.text("t_happened") in {table.name for table in workbook_tables(compared, lang)}
