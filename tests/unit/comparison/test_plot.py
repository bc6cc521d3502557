"""Figures of a comparison by name: all are there, in both languages, and what cannot be drawn is said."""

from dataclasses import replace

import pytest
from tests.example_comparison import example

import cemfa
from cemfa.comparison import pictures
from cemfa.comparison.plot import FIGURES, Plot
from cemfa.errors import ResultsError
from cemfa.figures.picture import Picture

COMPARISON = example()


def test_every_figure_is_a_method_and_every_method_a_figure() -> None:
    methods = [name for name in vars(Plot) if not name.startswith("_") and callable(getattr(Plot, name))]
    assert sorted(methods) == list(FIGURES) == dir(COMPARISON.plot)
    assert "tornado" in repr(COMPARISON.plot)


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("name", sorted(set(FIGURES) - {"timeline", "utilisation", "waiting", "abatement_curve"}))
def test_figures_are_drawn_in_the_language_asked_for(name: str, lang: str) -> None:
    picture = getattr(COMPARISON.plot, name)(lang=lang)
    assert isinstance(picture, Picture)
    assert picture.lang == lang
    assert picture.title
    assert picture.description
    assert picture._repr_html_().startswith("<svg")


def test_the_option_in_the_lead_is_drawn_unless_another_is_named() -> None:
    leader = COMPARISON.decision.aim("score").leader
    assert COMPARISON.plot.cash_flow().title == COMPARISON.plot.cash_flow(leader).title
    assert COMPARISON.plot.cash_flow("south_yard").title != COMPARISON.plot.cash_flow("two_yards").title
    without = replace(COMPARISON, decision=None)
    assert without.plot.cash_flow().title == COMPARISON.plot.cash_flow("two_yards").title


def test_targets_and_aims_are_chosen_by_name() -> None:
    first, *others = (target.id for target in pictures.headline_targets(COMPARISON))
    assert COMPARISON.plot.target_path().title == COMPARISON.plot.target_path(first).title
    assert all(COMPARISON.plot.target_path(key).title != COMPARISON.plot.target_path(first).title for key in others)
    assert len({COMPARISON.plot.tornado(aim).title for aim in ("rate", "npv", "score")}) == 3


@pytest.mark.parametrize(
    ("figure", "arguments", "code"),
    [
        ("map", {"option": "palace"}, "unknown-option"),
        ("tornado", {"aim": "fame"}, "unknown-aim"),
        ("efficient_set", {"target": "T99"}, "latest-target"),
        ("timeline", {"option": "two_yards"}, "plot-nothing"),
        ("waiting", {}, "plot-nothing"),
        ("cash_flow", {"option": "as_now"}, "plot-nothing"),
    ],
)
def test_what_cannot_be_drawn_is_said(figure: str, arguments: dict[str, str], code: str) -> None:
    with pytest.raises(ResultsError) as caught:
        getattr(COMPARISON.plot, figure)(**arguments)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_a_comparison_without_a_choice_or_a_target_has_no_figures_of_them() -> None:
    bare = replace(COMPARISON, decision=None, headline=())
    for name in ("tornado", "rank_stability", "target_path"):
        with pytest.raises(ResultsError, match=name):
            getattr(bare.plot, name)()


def test_a_notebook_shows_a_short_table_and_what_else_there_is() -> None:
    shown = COMPARISON._repr_html_()
    assert shown.count("<tr>") == 1 + len(COMPARISON.plain)
    assert shown.count("<th>") < len(COMPARISON.table().columns)
    assert "tornado" in shown
    assert "hạt giống" in cemfa.comparison.table.short_html(COMPARISON, "vi")


def test_efficient_options_are_joined_and_the_others_hollow() -> None:
    from cemfa.figures.money import CostPoint, Spread, cost_against_rate

    def point(letter: str, rate: float, cost: float, efficient: bool) -> CostPoint:
        return CostPoint(letter, letter, Spread(rate, rate, rate), Spread(cost, cost, cost), efficient)

    points = pictures._marked([point("A", 10, 1, True), point("B", 20, 5, True), point("C", 15, 6, True)])
    assert [found.efficient for found in points] == [True, True, False]
    axes = cost_against_rate(points, "en", title="T", x_label="x", y_label="y").axes[0]
    joined = next(line for line in axes.lines if line.get_label() == "efficient set")
    assert [tuple(pair) for pair in joined.get_xydata().tolist()] == [(10.0, 1.0), (20.0, 5.0)]
    hollow = [line.get_markerfacecolor() for line in axes.lines if line.get_marker() in ("o", "s", "^")]
    assert [colour == "white" for colour in hollow] == [False, False, True]
    alone = cost_against_rate(points[:2], "en", title="T", x_label="x", y_label="y").axes[0]
    assert not [line for line in alone.lines if line.get_label() == "efficient set"]
