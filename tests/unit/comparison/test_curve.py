"""The abatement curve of an option: its parts add up to the whole, and it stands in report, workbook and notebook."""

from dataclasses import replace

import pytest

import cemfa
from cemfa.comparison import Comparison, with_curves
from cemfa.comparison.choice_pictures import abatement, measure_name
from cemfa.comparison.curve import measures_of, only
from cemfa.comparison.measures import Step, put_together
from cemfa.comparison.outcome import Curve
from cemfa.comparison.words import Words
from cemfa.errors import ResultsError
from cemfa.report.choosing import choosing, choosing_tables


@pytest.fixture(scope="module")
def compared() -> Comparison:
    found = cemfa.compare("first_steps_2030", replications=2, seed=2, workers=1, options=["two_yards"])
    return with_curves(found)


def test_steps_add_up_to_what_all_measures_do_together(compared: Comparison) -> None:
    assert set(compared.curves) == {"two_yards"}
    steps = compared.curves["two_yards"].steps
    assert sorted(step.measure for step in steps) == sorted(measures_of(compared.scenario, "two_yards"))
    assert steps[-1].cumulative == pytest.approx(sum(step.effect for step in steps), rel=1e-12)
    assert steps[0].interaction == 0.0
    assert steps[0].unit_cost <= steps[1].unit_cost
    assert steps[1].alone_cost == pytest.approx(
        with_curves(_with_only(compared, steps[1].measure), ["two_yards"]).curves["two_yards"].steps[0].cost, rel=1e-12
    )


def _with_only(compared: Comparison, measure: str) -> Comparison:
    return replace(compared, scenario=only(compared.scenario, "two_yards", frozenset({measure})), curves={})


def test_what_is_committed_is_no_measure_and_stays(compared: Comparison) -> None:
    scenario = compared.scenario
    assert measures_of(scenario, "as_committed") == ()
    bare = only(scenario, "two_yards", frozenset())
    assert measures_of(bare, "two_yards") == ()
    held = {key for key, project in scenario.options["two_yards"].projects.items() if project.committed}
    assert set(bare.options["two_yards"].projects) == held


@pytest.mark.parametrize(("options", "code"), [(["palace"], "unknown-option"), (["as_now"], "curve-nothing")])
def test_options_without_a_curve_are_refused(compared: Comparison, options: list[str], code: str) -> None:
    with pytest.raises(ResultsError, match=code):
        with_curves(compared, options)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_report_workbook_and_notebook_show_it(compared: Comparison, lang: str) -> None:
    words = Words(lang, compared.replications)
    section = choosing(compared, words)
    assert section is not None
    caption = words.text("t_curve")
    (table,) = (table for table in choosing_tables(compared, words) if table.name == caption)
    assert len(table.rows) == len(compared.curves["two_yards"].steps)
    drawn = compared.plot.abatement_curve("two_yards", lang=lang)
    assert all(str(row[1].value) in drawn.description for row in table.rows)
    assert any(drawn.title == block.caption for block in section.figures)
    without = replace(compared, curves={})
    assert caption not in [table.name for table in choosing_tables(without, words)]
    assert abatement(without, "two_yards", words) is None
    assert without.plot.abatement_curve("two_yards", lang=lang).description == drawn.description


def test_what_adds_nothing_alone_stands_with_what_it_makes_possible(compared: Comparison) -> None:
    steps = (Step("a", 1.0, 2.0, 1.0, 2.0, 2.0), Step("b", 3.0, 0.0, 3.0, 0.0, 2.0), Step("c", 4.0, 7.0, 4.0, 0.0, 9.0),
             Step("d", 5.0, 0.0, 5.0, 0.0, 9.0))  # fmt: skip
    assert [([step.measure for step in held], cost, effect) for held, cost, effect in put_together(steps)] == [
        (["a"], 1.0, 2.0), (["b", "c"], 7.0, 7.0),
    ]  # fmt: skip
    words = Words("en", 2)
    nothing = replace(compared, curves={"two_yards": Curve("two_yards", "ghg_net", steps[3:])})
    assert abatement(nothing, "two_yards", words) is None
    assert measure_name(compared, "d", words) == "d"
