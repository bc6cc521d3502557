"""Expected loss, information, dominance, efficiency, switching values and curves on cases worked by hand."""

from __future__ import annotations

import builtins

import numpy as np
import pytest

from cemfa.comparison.choice import best_on_average, expected_loss, partial_information, perfect_information, ranks
from cemfa.comparison.criteria import on_scale, promethee, rank_stability, topsis, weighted_sum, weights_on_simplex
from cemfa.comparison.dominance import dominated_by, dominates, efficient
from cemfa.comparison.measures import cost_curve, sum_of_single
from cemfa.comparison.pairs import probability_best
from cemfa.comparison.turning import (
    Switch,
    switching_by_evaluation,
    switching_from_samples,
    switching_values,
    tornado,
)
from cemfa.errors import CemfaError, ResultsError

# three states of the world with their probabilities; worked by hand
STATES = {"build": [200.0, 50.0, -120.0], "wait": [90.0, 30.0, -20.0], "nothing": [0.0, 0.0, 0.0]}
CHANCES = [0.3, 0.4, 0.3]


def test_losses_and_perfect_information_of_a_payoff_table():
    # means 44, 33, 0; best by state 200, 50, 0: 80 on average
    assert expected_loss(STATES, CHANCES) == pytest.approx({"build": 36.0, "wait": 47.0, "nothing": 80.0})
    assert perfect_information(STATES, CHANCES) == pytest.approx(36.0)
    assert best_on_average(STATES, CHANCES) == "build"


def test_knowing_whether_the_worst_comes_is_worth_its_share():
    # known: worst or not. Not (0.7): build gives (60 + 20) / 0.7; worst (0.3): nothing, 0. Together 80 − 44
    assert partial_information(STATES, [0, 0, 1], probabilities=CHANCES) == pytest.approx(36.0)
    # known: best or not. Best: 200; not: build −16/0.7, wait 6/0.7: 0.3 · 200 + 6 = 66
    assert partial_information(STATES, [1, 0, 0], probabilities=CHANCES) == pytest.approx(22.0)


def test_knowing_something_that_has_no_bearing_gains_nothing():
    assert partial_information(STATES, [7.0, 7.0, 7.0], probabilities=CHANCES) == 0.0


@pytest.mark.parametrize(
    ("values", "code"),
    [({}, "choice-empty"), ({"a": []}, "choice-empty"), ({"a": [1.0], "b": [1.0, 2.0]}, "choice-shape"),
     ({"a": [1.0, float("nan")]}, "choice-number")],
)  # fmt: skip
def test_values_that_cannot_be_chosen_between(values, code):
    with pytest.raises(ResultsError) as caught:
        expected_loss(values)
    assert caught.value.problems[0].code == code


def test_probabilities_and_blocks_that_do_not_fit():
    with pytest.raises(ResultsError, match="choice-probabilities"):
        expected_loss(STATES, [0.3, 0.3, 0.3])
    with pytest.raises(ResultsError, match="choice-blocks"):
        partial_information(STATES, [1.0, 2.0, 3.0], blocks=4)


def test_ties_share_their_ranks():
    assert ranks({"a": [1.0], "b": [1.0], "c": [0.0]}) == {
        "a": [0.5, 0.5, 0.0], "b": [0.5, 0.5, 0.0], "c": [0.0, 0.0, 1.0],
    }  # fmt: skip


def test_dominance_of_first_and_second_order():
    # Levy's kind of example: same mean, one a spread of the other
    narrow, wide = [4.0, 6.0], [2.0, 8.0]
    assert not dominates(narrow, wide)
    assert dominates(narrow, wide, 2)
    assert not dominates(wide, narrow, 2)
    assert not dominates(narrow, narrow)
    assert not dominates(narrow, narrow, 2)
    assert dominated_by({"n": narrow, "w": wide, "s": [5.0, 9.0]}) == {"n": ("s",), "w": ("s",), "s": ()}
    with pytest.raises(ResultsError, match="dominance-order"):
        dominates(narrow, wide, 3)


def test_efficient_options_with_equals_and_samples():
    found = efficient({"a": [1.0, 1.0], "b": [1.0, 1.0], "c": [1.0, 0.5]}, ["min", "max"])
    assert {name: bool(is_so) for name, is_so in found.items()} == {"a": True, "b": True, "c": False}
    by_sample = efficient({"a": [[1.0, 3.0], [1.0, 1.0]], "b": [[2.0, 2.0], [1.0, 1.0]]}, ["min", "max"])
    assert by_sample["a"].tolist() == [True, False]
    assert by_sample["b"].tolist() == [False, True]
    with pytest.raises(ResultsError, match="efficient-aims"):
        efficient({"a": [1.0]}, ["min", "max"])


def test_tornado_shows_the_widest_first():
    x, y = np.meshgrid(np.linspace(0, 1, 41), np.linspace(0, 1, 41))
    bars = tornado((3 * x - y).ravel(), {"y": y.ravel(), "x": x.ravel()})
    assert [bar.parameter for bar in bars] == ["x", "y"]
    # straight in both: at P5 and P95 of one, the other at its mean of a half
    assert [bars[0].at_low, bars[0].at_high] == pytest.approx([3 * 0.05 - 0.5, 3 * 0.95 - 0.5], abs=1e-9)
    assert [bars[1].at_low, bars[1].at_high] == pytest.approx([1.5 - 0.05, 1.5 - 0.95], abs=1e-9)
    assert bars[0].width == pytest.approx(2.7)


def test_first_places_along_a_grid():
    values = {"a": [4.0, 4.0, 4.0], "b": [0.0, 5.0, 5.0], "c": [2.0, 2.0, 7.0]}
    found = switching_values([0.0, 10.0, 20.0], values)
    assert [(s.below, s.above) for s in found] == [("a", "b"), ("b", "c")]
    assert [s.value for s in found] == pytest.approx([8.0, 16.0])
    assert switching_values([0.0, 1.0], {"a": [1.0, 1.0], "b": [0.0, 1.0]}) == ()  # they only meet at the end
    with pytest.raises(ResultsError, match="grid-order"):
        switching_values([1.0, 0.0], {"a": [1.0, 1.0]})


def test_switching_by_samples_and_by_evaluation_agree():
    price = np.linspace(300.0, 1500.0, 400)
    values = {"yards": 0.8 * price - 500.0, "digester": 0.2 * price - 50.0}
    assert switching_by_evaluation(lambda p: {"yards": 0.8 * p - 500.0, "digester": 0.2 * p - 50.0}, 300.0, 1500.0) == (
        Switch(pytest.approx(750.0), "digester", "yards"),
    )
    assert [s.value for s in switching_from_samples(values, price)] == pytest.approx([750.0])
    assert switching_from_samples({"a": [1.0, 2.0], "b": [2.0, 1.0]}, [5.0, 5.0]) == ()


def test_a_curve_adds_up_to_all_measures_together():
    single = {"a": (10.0, 10.0), "b": (-6.0, 3.0), "c": (8.0, 4.0)}

    def together(chosen):
        cost = sum(single[name][0] for name in chosen)
        effect = sum(single[name][1] for name in chosen) - (3.0 if {"a", "c"} <= chosen else 0.0)
        return cost, effect

    steps = cost_curve(list(single), together)
    assert [step.measure for step in steps] == ["b", "a", "c"]
    assert sum(step.effect for step in steps) == steps[-1].cumulative == 14.0
    assert steps[2].interaction == -3.0
    assert steps[2].unit_cost == 8.0
    assert sum_of_single(single) == (12.0, 17.0)


def test_scales_and_weighted_sums():
    scores = on_scale([[70.0, 0.0], [35.0, 100.0]], [[0.0, 70.0], [100.0, 0.0]])
    assert scores.tolist() == [[1.0, 1.0], [0.5, 0.0]]
    assert weighted_sum(scores, [0.25, 0.75]).tolist() == [1.0, 0.125]
    assert weighted_sum(scores, [[0.25, 0.75], [1.0, 0.0]]).shape == (2, 2)
    with pytest.raises(ResultsError, match="weights-sum"):
        weighted_sum(scores, [0.5, 0.6])
    with pytest.raises(ResultsError, match="weights-sum"):
        weighted_sum(scores, [1.5, -0.5])
    with pytest.raises(ResultsError, match="scale-empty"):
        on_scale([[1.0]], [[2.0, 2.0]])


def test_weights_cover_the_simplex_evenly():
    weights = weights_on_simplex(3, 20_000, seed=4)
    assert np.array_equal(weights, weights_on_simplex(3, 20_000, seed=4))
    # each is a third on average, with variance 1/18; four standard errors
    assert weights.mean(axis=0) == pytest.approx([1 / 3] * 3, abs=4 * np.sqrt(1 / 18 / 20_000))
    found = rank_stability({"a": [1.0, 0.0, 0.0], "b": [0.0, 1.0, 0.0], "c": [0.0, 0.0, 1.0]}, count=20_000)
    # the largest of three even weights: a third each, within four standard errors
    assert [found[name][0] for name in "abc"] == pytest.approx([1 / 3] * 3, abs=4 * np.sqrt(2 / 9 / 20_000))


def test_topsis_as_worked_by_hand():
    # vector norms 438.748 and 39.192; distances 0.2119/0.0570, 0.2041/0.1140, 0.1140/0.2041
    found = topsis([[250, 16], [200, 16], [300, 32]], [0.5, 0.5], ["min", "max"])
    assert found.round(4).tolist() == [0.2119, 0.3583, 0.6417]
    both = topsis([[[250, 16], [200, 16]], [[1, 1], [1, 1]]], [0.5, 0.5], ["min", "max"])
    assert both[1].tolist() == [0.5, 0.5]  # nothing tells them apart


def test_promethee_as_worked_by_hand():
    # usual preference, each pair by hand: a beats b on 0.5 + 0.3, loses 0.2 …
    found = promethee([[4, 3, 2], [3, 2, 4], [5, 1, 3]], [0.5, 0.3, 0.2], ["max"] * 3)
    assert found.tolist() == pytest.approx([0.1, -0.3, 0.2])
    assert found.sum() == pytest.approx(0.0)


def test_without_pymcdm_a_sentence_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("pymcdm"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(CemfaError, match=r"cemfa\[decision\]"):
        topsis([[1.0], [2.0]], [1.0], ["max"])


def test_a_lead_that_passes_where_the_lines_meet_on_the_grid_is_found():
    found = switching_values([0, 1, 2], {"a": [0, 1, 2], "b": [2, 1, 0]})
    assert [(s.value, s.below, s.above) for s in found] == [(1.0, "b", "a")]
    # equal on a stretch: the one before holds the lead until it loses it
    found = switching_values([0, 1, 2, 3], {"a": [0, 1, 1, 3], "b": [2, 1, 1, 1]})
    assert [(s.value, s.below, s.above) for s in found] == [(2.0, "b", "a")]
    assert switching_values([0, 1, 2], {"a": [1, 1, 1], "b": [0, 1, 0]}) == ()  # touched, not passed


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: efficient({"a": [1.0, 2.0]}, ["up", "max"]), "choice-sense"),
        (lambda: topsis([[1.0, 2.0]], [0.5, 0.5], ["max", "low"]), "choice-sense"),
        (lambda: topsis([[1.0, 2.0]], [0.5, 0.5], ["max"]), "weights-count"),
        (lambda: promethee([[1.0, 2.0]], [1.0], ["max", "max"]), "weights-count"),
        (lambda: weighted_sum([[0.5, 1.0]], [1.0]), "weights-count"),
        (lambda: weighted_sum(0.5, [1.0]), "weights-count"),
        (lambda: probability_best({"a": [1.0, 2.0], "b": [1.0]}), "choice-shape"),
        (lambda: probability_best({"a": [], "b": []}), "choice-empty"),
    ],
)
def test_what_cannot_be_compared_is_a_named_error(call, code):
    with pytest.raises(ResultsError, match=code):
        call()
