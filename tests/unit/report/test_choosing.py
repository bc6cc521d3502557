"""The section on the choice, the sheet of departments, and the words of the first page in both languages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.example_comparison import example

from cemfa.comparison.choice_pictures import stability, swings
from cemfa.comparison.words import Words
from cemfa.definition.load import read_model
from cemfa.figures.choices import Block, Standing, Swing, cost_steps, rank_shares, tornado_bars
from cemfa.report.choosing import choosing, choosing_tables, criterion_name, leading
from cemfa.report.context import page
from cemfa.report.departments import departments_table

GOLDEN = Path(__file__).parents[2] / "golden" / "summary"


@pytest.fixture(scope="module")
def comparison():
    return example()


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_words_of_the_first_page(comparison, lang):
    """The golden text: rewrite `tests/golden/summary` by hand after reading what changed."""
    shown = page(comparison, lang)
    lines = (shown.title, shown.subtitle, shown.meta, *shown.headline, *shown.choosing.sentences)
    assert "\n".join(lines) + "\n" == (GOLDEN / f"{lang}.txt").read_text(encoding="utf-8")


def test_without_a_choice_there_is_no_section(comparison):
    bare, words = replace(comparison, decision=None), Words("en", 40)
    assert choosing(bare, words) is None
    assert choosing_tables(bare, words) == ()
    assert leading(bare, words) == ""
    assert stability(bare, words) is None
    assert swings(bare, "npv", words) is None


def test_tables_name_options_units_and_years(comparison):
    tables = {table.name: table for table in choosing_tables(comparison, Words("vi", 40))}
    assert set(tables) == {"Lựa chọn", "Nhiều tiêu chí", "Giá trị thông tin", "Đổi thứ tự", "Nhà tài trợ"}
    for table in tables.values():
        assert len({len(row) for row in table.rows}) == 1
        assert len(table.rows[0]) == len(table.columns)
    assert "giá năm 2024" in tables["Nhà tài trợ"].columns[1].unit
    assert tables["Đổi thứ tự"].rows[0][1].value == "Giá bán"
    # 5 (p − 1900) = 10 (p − 1500) million at p = 1 100
    assert tables["Đổi thứ tự"].rows[0][2].value == "1.100 đồng/kg"


def test_criteria_have_names(comparison):
    names = [criterion_name(found, Words("en")) for found in comparison.scenario.criteria]
    assert names[1] == "Net present value over the horizon"
    assert names[2].endswith("difference to the baseline")


def test_every_duty_of_ben_tre_has_somebody_today(comparison):
    ben_tre = replace(comparison, model=read_model("ben_tre"))
    table = departments_table(ben_tre, Words("vi"))
    assert len(table.rows) == 24
    today = [row[0].value for row in table.rows]
    assert "Sở Tài chính" in today
    assert not any("Kế hoạch và Đầu tư" in name for name in today)  # no longer exists
    assert today == sorted(today, key=today.index)
    assert not departments_table(comparison, Words("vi"))


def test_figures_of_a_choice_say_what_they_show():
    bars = tornado_bars([Swing("a", "1", "2", 0.0, 1.0), Swing("b", "1", "2", 4.0, -4.0)], 0.5, "vi",
                        title="T", x_label="x")  # fmt: skip
    assert bars.description == "b 1 – 2: 4 – -4; a 1 – 2: 0 – 1."
    ranks = rank_shares([Standing("A", (0.7, 0.3)), Standing("B", (0.3, 0.7))], "en", title="T", x_label="x")
    assert ranks.description == "A: 1 – 70%, 2 – 30%; B: 1 – 30%, 2 – 70%."
    curve = cost_steps([Block("A", 5.0, -2.0), Block("B", 0.0, float("nan"))], "en", title="T", x_label="x",
                       y_label="y")  # fmt: skip
    assert curve.description == "A: 5, -2; all together: 5."


def test_a_step_that_adds_next_to_nothing_does_not_dwarf_the_others() -> None:
    blocks = [Block("A", 60.0, 300.0), Block("B", 50.0, 1200.0), Block("C", 0.5, 31600.0)]
    axes = cost_steps(blocks, "vi", title="T", x_label="x", y_label="y").axes[0]
    assert axes.get_ylim()[1] == pytest.approx(1.5 * 1200.0 * 1.08)  # room for the words at the line
    assert [text.get_text().strip() for text in axes.texts] == ["↑ 31.600", "tất cả: 110"]
    whole = cost_steps(blocks[:2], "vi", title="T", x_label="x", y_label="y").axes[0]
    assert whole.get_ylim()[1] < 1400.0
    assert [text.get_text().strip() for text in whole.texts] == ["tất cả: 110"]
