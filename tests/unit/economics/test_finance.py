"""Budgets: rows sum to the need exactly, whatever the shares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cemfa.economics import finance
from cemfa.errors import CemfaError

YEARS = [2026, 2027, 2028]


@st.composite
def funded(draw):
    rows = draw(st.integers(1, 5))
    raw = np.array(draw(st.lists(st.lists(st.integers(0, 100), min_size=3, max_size=3), min_size=rows, max_size=rows)))
    scale = np.maximum(raw.sum(axis=0), draw(st.sampled_from([1, 300])))
    need = draw(st.lists(st.floats(-1e13, 1e13), min_size=3, max_size=3))
    return need, {f"source_{i}": (row / scale).tolist() for i, row in enumerate(raw)}


@settings(deadline=None)
@given(funded())
def test_rows_sum_to_the_need_exactly(case):
    need, shares = case
    budget = finance.fund(need, shares, YEARS)
    assert (budget.amounts.sum(axis=1) == budget.need).all()
    assert (budget.need == np.rint(need)).all()
    for source, row in shares.items():  # rounding moves a row by less than one unit
        assert np.abs(budget.of(source)[0] - np.array(row) * budget.need[0]).max() <= 1 + 1e-3


@settings(deadline=None)
@given(funded(), funded())
def test_budgets_together_still_sum_exactly(one, other):
    budgets = [finance.fund(*one, YEARS), finance.fund(*other, YEARS)]
    both = finance.together(budgets)
    assert (both.amounts.sum(axis=1) == both.need).all()
    assert both.sources[-1] == finance.UNFUNDED
    assert len(set(both.sources)) == len(both.sources)


def test_thirds_leave_nothing_over():
    budget = finance.fund([100.0] * 3, {name: [1 / 3] * 3 for name in "abc"}, YEARS)
    assert (budget.of(finance.UNFUNDED) == 0).all()
    assert budget.amounts[0, :3, 0].tolist() == [33.0, 34.0, 33.0]


def test_what_a_donor_leaves_behind_is_a_line_of_its_own():
    budget = finance.fund([10.0] * 3, {"province": [0.4] * 3, "donor": [0.6, 0.6, 0.0]}, YEARS)
    assert budget.of(finance.UNFUNDED)[0].tolist() == [0.0, 0.0, 6.0]
    assert finance.left_when_donors_leave(budget, ["donor"])[0].tolist() == [4.0, 4.0, 10.0]
    assert finance.left_when_donors_leave(budget, [])[0].tolist() == [10.0] * 3
    assert budget.of("nobody").tolist() == [[0.0] * 3]


def test_every_wrong_share_is_named_at_once():
    with pytest.raises(CemfaError) as caught:
        finance.fund([1.0] * 3, {"a": [0.5, -0.1, 0.9], "b": [0.5, 0.5, 0.2]}, YEARS)
    assert [p.code for p in caught.value.problems] == ["funding-share-range", "funding-above-need"]
    assert "2028" in str(caught.value)


def test_a_share_for_every_year():
    with pytest.raises(CemfaError, match="funding-shape"):
        finance.fund([1.0] * 3, {"a": [0.5, 0.5]}, YEARS)
