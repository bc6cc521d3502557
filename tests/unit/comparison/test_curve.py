"""The abatement curve of an option: its parts add up to the whole, and it stands in report, workbook and notebook."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import cemfa
from cemfa import compile_system, locale, solve
from cemfa.comparison import Comparison, cost_curve, curve, with_curves
from cemfa.comparison.accounts import BlockAccounts
from cemfa.comparison.choice_pictures import abatement, measure_name
from cemfa.comparison.costing import Run
from cemfa.comparison.curve import leading, measures_of, only
from cemfa.comparison.measures import Step, put_together
from cemfa.comparison.money import account
from cemfa.comparison.outcome import Curve
from cemfa.comparison.words import Words
from cemfa.errors import BalanceError, Problem, ResultsError, SolveError
from cemfa.indicators import block_function
from cemfa.indicators.view import cells_of
from cemfa.plan import plan_of
from cemfa.report.choosing import choosing, choosing_tables
from cemfa.results import Request


@pytest.fixture(scope="module")
def compared() -> Comparison:
    return cemfa.compare("first_steps_2030", replications=2, seed=2, workers=1, options=["two_yards"])


def test_steps_add_up_to_what_all_measures_do_together(compared: Comparison) -> None:
    assert set(compared.curves) == {"two_yards"}
    assert compared.without_curve == ()
    steps = compared.curves["two_yards"].steps
    assert sorted(step.measure for step in steps) == sorted(measures_of(compared.scenario, "two_yards"))
    assert steps[-1].cumulative == pytest.approx(sum(step.effect for step in steps), rel=1e-12)
    assert steps[0].interaction == 0.0
    assert steps[0].unit_cost <= steps[1].unit_cost
    assert steps[1].alone_cost == pytest.approx(
        with_curves(_with_only(compared, steps[1].measure), ["two_yards"]).curves["two_yards"].steps[0].cost, rel=1e-12
    )


def test_a_curve_is_what_balances_one_by_one_make_of_it(compared: Comparison) -> None:
    """Every set of measures by a solve of its own and by the whole account, as for an option by itself."""
    scenario, model = compared.scenario, compared.model
    system = compile_system(model, assume=scenario.assume)
    functions = {"indicators": block_function(("ghg_net",), gwp=scenario.gwp), "accounts": BlockAccounts.of(scenario)}
    request = Request(reducers=("mean",), functions=functions)
    now = solve(system, plan=plan_of(scenario, "as_now"), request=request)

    def of(measures: frozenset[str]) -> tuple[float, float]:
        held = only(scenario, "two_yards", measures)
        found = solve(system, plan=plan_of(held, "two_yards"), request=request)
        decided = found.sel(period=slice(scenario.finance.start, scenario.horizon))
        run = Run(held, model, "two_yards", None, found, now, cells_of(decided[["parameter"]]))
        economics, _ = account(run, avoided=None, jobs=None, value_of_base=np.zeros(1))
        return -float(economics.samples["npv"][0]), -float(decided["ghg_net"].sum())

    bare = of(frozenset())
    steps = compared.curves["two_yards"].steps
    assert steps == cost_curve(
        measures_of(scenario, "two_yards"), lambda chosen: tuple(a - b for a, b in zip(of(chosen), bare, strict=True))
    )
    whole = of(frozenset(measures_of(scenario, "two_yards")))
    # differences of sums as large as the whole account
    assert sum(step.cost for step in steps) == pytest.approx(whole[0] - bare[0], rel=1e-9)
    assert sum(step.effect for step in steps) == pytest.approx(whole[1] - bare[1], rel=1e-9)


def test_the_options_that_lead_have_curves(compared: Comparison) -> None:
    assert leading(compared) == ("two_yards",)
    assert compared.decision is not None
    ahead = [replace(aim, leader="as_now") for aim in compared.decision.aims]
    others = replace(compared, decision=replace(compared.decision, aims=tuple(ahead)))
    assert leading(others) == ("two_yards",)
    assert leading(replace(others, ranking={}, decision=None)) == ("two_yards",)
    assert leading(_with_only(others, measures_of(compared.scenario, "two_yards")[0])) == ()
    assert with_curves(_with_only(others, "none")).curves == {}
    first = compared.options[0]
    bare = replace(first, indicators=first.indicators.drop_vars(list(curve.EFFECTS)))
    assert leading(replace(compared, options=(bare, *compared.options[1:]))) == ()


def test_the_report_says_why_there_is_no_curve(compared: Comparison) -> None:
    problem = Problem("change-taken", parameters={"cell": "x", "year": 2030, "sample": 3, "missing": 0.1})
    found = replace(compared, without_curve=(problem,), curves={})
    for lang in ("vi", "en"):
        section = choosing(found, Words(lang, 2))
        assert section is not None
        assert any("change-taken" in sentence for sentence in section.sentences)


def test_what_cannot_be_balanced_or_is_interrupted_leaves_the_rest(
    compared: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = Problem("change-taken", parameters={"cell": "x", "year": 2030, "sample": 3, "missing": 0.1})
    bare = replace(compared, curves={})
    system = compile_system(compared.model)
    for wrong in (SolveError([problem], ""), KeyboardInterrupt(), BalanceError([problem], "open")):
        monkeypatch.setattr(curve, "solve_plans", raising(wrong))
        if isinstance(wrong, BalanceError):
            with pytest.raises(BalanceError, match="open"):
                curve.curves_where_possible(bare, system)
            continue
        found = curve.curves_where_possible(bare, system)
        assert found.curves == {}
        assert (found.without_curve, found.unfinished) in [((problem,), ()), ((), ("two_yards",))]


def raising(wrong: BaseException) -> Callable[..., object]:
    def stop(*_: object, **__: object) -> object:
        raise wrong

    return stop


def _with_only(compared: Comparison, measure: str) -> Comparison:
    return replace(compared, scenario=only(compared.scenario, "two_yards", frozenset({measure})), curves={})


def test_what_is_committed_is_no_measure_and_stays(compared: Comparison) -> None:
    scenario = compared.scenario
    assert measures_of(scenario, "as_committed") == ()
    bare = only(scenario, "two_yards", frozenset())
    assert measures_of(bare, "two_yards") == ()
    held = {key for key, project in scenario.options["two_yards"].projects.items() if project.committed}
    assert set(bare.options["two_yards"].projects) == held


def test_what_a_rule_decides_on_is_no_measure_of_a_balance_without_history() -> None:
    scenario = cemfa.read_scenario("town_yard_2030")
    assert any(project.when for project in scenario.options["yards_when_needed"].projects.values())
    assert measures_of(scenario, "yards_when_needed") == ("separation",)


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
    assert len(table.rows) == len(compared.curves["two_yards"].steps) + 1
    *steps, together = [[cell.value for cell in row] for row in table.rows]
    for column in (2, 3, 4, 5):
        assert together[column] == pytest.approx(sum(row[column] for row in steps), rel=1e-9)
    drawn = compared.plot.abatement_curve("two_yards", lang=lang)
    assert all(str(row[1].value) in drawn.description for row in table.rows[:-1])
    assert any(drawn.title == block.caption for block in section.figures)
    assert drawn.description.endswith(f"{locale.text('figures.together', lang)}: {_thousands(together[2], lang)}.")
    without = replace(compared, curves={})
    assert caption not in [table.name for table in choosing_tables(without, words)]
    assert abatement(without, "two_yards", words) is None
    assert without.plot.abatement_curve("two_yards", lang=lang).description == drawn.description


def _thousands(value: object, lang: str) -> str:
    return locale.number(float(f"{float(str(value)) / 1e3:.3g}"), lang)


def test_what_takes_away_is_drawn_back_from_the_end(compared: Comparison) -> None:
    steps = (Step("a", 1e10, 5000.0, 1e10, 5000.0, 5000.0), Step("b", 3.0, -2000.0, 3.0, -2100.0, 3000.0))
    found = replace(compared, curves={"two_yards": Curve("two_yards", "ghg_net", steps)})
    drawn = abatement(found, "two_yards", Words("en", 2))
    assert drawn is not None
    assert drawn.description == "a: 5, 2,000; b: -2; all together: 3."
    widths = sorted(bar.get_width() for bar in drawn.axes[0].patches)
    assert widths == [2.0, 5.0]


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
