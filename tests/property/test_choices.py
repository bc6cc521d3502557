"""What holds of a choice between any options: order is irrelevant, dominated options change nothing, shares add up."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cemfa.comparison.choice import expected_loss, partial_information, perfect_information, ranks
from cemfa.comparison.criteria import on_scale, rank_stability, weighted_sum
from cemfa.comparison.dominance import dominated_by, dominates, efficient
from cemfa.comparison.measures import cost_curve, cost_curves
from cemfa.comparison.pairs import probability_best

CASES = settings(max_examples=150, deadline=None)
# whole numbers: sums of them are exact, so that an order is an order and not a rounding
WHOLE = st.integers(-1000, 1000).map(float)


@st.composite
def tables(draw):
    shape = draw(st.integers(2, 6)), draw(st.integers(2, 40))
    table = draw(arrays(np.float64, shape, elements=WHOLE))
    return {f"o{n}": row for n, row in enumerate(table)}


def ordered(found, names):
    """Return the order of options by a number, ties by name."""
    return sorted(names, key=lambda name: (round(found[name], 9), name))


@CASES
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_options_is_irrelevant(values, chance):
    names = list(values)
    chance.shuffle(names)
    turned = {name: values[name] for name in names}
    assert expected_loss(turned) == {name: expected_loss(values)[name] for name in names}
    assert probability_best(turned) == {name: probability_best(values)[name] for name in names}
    assert perfect_information(turned) == perfect_information(values)
    assert ranks(turned) == {name: ranks(values)[name] for name in names}
    for order in (1, 2):
        assert {n: set(by) for n, by in dominated_by(turned, order).items()} == {
            n: set(by) for n, by in dominated_by(values, order).items()
        }


@CASES
@given(tables(), arrays(np.float64, 40, elements=st.integers(0, 50).map(float)))
def test_a_dominated_option_changes_no_rank_among_the_others(values, less):
    names = list(values)
    beaten = values["o0"] - less[: values["o0"].size]
    more = values | {"beaten": beaten}
    assert ordered(expected_loss(more), names) == ordered(expected_loss(values), names)
    for order in (1, 2):
        others = {n: tuple(o for o in by if o != "beaten") for n, by in dominated_by(more, order).items()}
        assert {n: others[n] for n in names} == dominated_by(values, order)
        assert "beaten" not in dominated_by(more, order)["o0"]
    weights = np.full(len(beaten), 1.0 / len(beaten))
    scales = np.tile([-1000.0, 1000.0], (len(beaten), 1))
    sums = {name: float(weighted_sum(on_scale(row, scales), weights)) for name, row in more.items()}
    alone = {name: float(weighted_sum(on_scale(row, scales), weights)) for name, row in values.items()}
    assert ordered(sums, names) == ordered(alone, names)


@CASES
@given(tables())
def test_probabilities_sum_to_one(values):
    assert abs(sum(probability_best(values).values()) - 1.0) < 1e-12
    found = ranks(values)
    for row in found.values():
        assert abs(sum(row) - 1.0) < 1e-12
    for column in zip(*found.values(), strict=True):
        assert abs(sum(column) - 1.0) < 1e-12
    shares = rank_stability({name: row[:2] for name, row in values.items()}, count=200)
    assert abs(sum(row[0] for row in shares.values()) - 1.0) < 1e-9


@CASES
@given(tables(), arrays(np.float64, 40, elements=WHOLE), st.sampled_from([None, 1, 2]))
def test_part_of_the_information_is_worth_part_of_all(values, parameter, blocks):
    whole = perfect_information(values)
    part = partial_information(values, parameter[: values["o0"].size], blocks=blocks)
    assert whole >= part >= 0.0
    assert min(expected_loss(values).values()) == whole


@CASES
@given(tables())
def test_first_order_implies_second_and_nobody_dominates_both_ways(values):
    for one in values.values():
        for other in values.values():
            if dominates(one, other):
                assert dominates(one, other, 2)
            assert not (dominates(one, other, 2) and dominates(other, one, 2))


@CASES
@given(tables())
def test_somebody_is_efficient_and_nobody_efficient_is_beaten(values):
    found = {name: bool(is_so) for name, is_so in efficient(values, ["max"] * values["o0"].size).items()}
    assert any(found.values())
    for name, is_so in found.items():
        beaten = any((other >= values[name]).all() and (other > values[name]).any() for other in values.values())
        assert is_so is not beaten


@CASES
@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-5, 50)), min_size=1, max_size=6), st.integers(0, 5))
def test_a_curve_ends_at_all_measures_together(single, crowding):
    effects = {f"m{n}": effect for n, effect in enumerate(single)}

    def together(chosen):
        cost = sum(effects[name][0] for name in chosen)
        return float(cost), float(sum(effects[name][1] for name in chosen) - crowding * (len(chosen) - 1) ** 2)

    steps = cost_curve(list(effects), together)
    assert {step.measure for step in steps} == set(effects)
    cost, effect = together(frozenset(effects))
    assert sum(step.cost for step in steps) == cost
    assert sum(step.effect for step in steps) == steps[-1].cumulative == effect


@CASES
@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-5, 50)), min_size=1, max_size=7), st.integers(1, 6))
def test_asking_for_much_at_a_time_changes_no_curve(single, few):
    effects, asked = {f"m{n}": effect for n, effect in enumerate(single)}, []

    def together(chosen):
        gain = sum(effects[name][1] for name in chosen) + 9 * ({"m0", "m1"} <= chosen) - (len(chosen) - 1) ** 2
        return float(sum(effects[name][0] for name in chosen)), float(gain)

    def at_once(sets):
        asked.append(len(sets))
        return [together(chosen) for _, chosen in sets]

    pairs = {"all": list(effects), "some": list(effects)[:2], "none": []}
    found = cost_curves(pairs, at_once, few=few)
    assert found == {key: cost_curve(names, together) for key, names in pairs.items()}
    assert len(asked) == max(1, len(effects) - few + 1)
