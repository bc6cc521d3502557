"""Fees per household, subsidies, and fees that come late or stand still."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cemfa.economics.cashflow import npv, present_value
from cemfa.economics.fees import fee_per_household, frozen_fees, late_fees, levelised_yearly, peak_gap, subsidy_at_fee
from cemfa.economics.prices import price_level


@given(st.lists(st.floats(-1e9, 1e9), min_size=5, max_size=5), st.floats(0, 0.2))
def test_an_equal_yearly_amount_is_worth_the_same(flows, rate):
    yearly = float(levelised_yearly(flows, rate))
    # five flows of at most 1e9: rounding stays below 1e-5
    assert float(npv([0.0] + [yearly] * 4, rate)) == pytest.approx(float(present_value(flows, rate)), abs=1e-4)


def test_the_fee_that_covers_a_cost_leaves_no_subsidy():
    fee = fee_per_household([36e9, 12e9], [200_000, 100_000])
    assert fee.tolist() == [15_000.0, 10_000.0]
    assert subsidy_at_fee([36e9, 12e9], fee, [200_000, 100_000]).tolist() == [0.0, 0.0]
    assert subsidy_at_fee(36e9, 5_000, 200_000) == 24e9
    assert np.isnan(fee_per_household(1.0, 0.0))


def test_half_a_year_late_costs_half_a_year_of_interest():
    fees = np.array([0.0, 110.0, 110.0])
    late = late_fees(fees, 0.10, 6)
    np.testing.assert_allclose(late, fees / np.sqrt(1.10), rtol=1e-14)
    np.testing.assert_array_equal(late_fees(fees, 0.10, 0), fees)
    assert peak_gap(fees, 6) == 55.0


@given(st.floats(0, 0.15), st.integers(0, 8))
def test_a_frozen_fee_is_the_nominal_fee_deflated(inflation, years):
    # nominal: 100 for `years` years after the first, then rising with prices again
    level = price_level(inflation, 10)
    nominal = 100.0 * level[2] * np.array([0, 0, *[level[max(0, age - years)] for age in range(8)]])
    real = frozen_fees(np.array([0.0, 0.0, *[100.0] * 8]), inflation, years)
    np.testing.assert_allclose(real, nominal / level, rtol=1e-12)


def test_without_inflation_a_freeze_costs_nothing():
    fees = np.array([[0.0, 5.0, 7.0], [4.0, 0.0, 4.0]])
    np.testing.assert_array_equal(frozen_fees(fees, 0.0), fees)
    np.testing.assert_allclose(frozen_fees(fees, [0.0, 0.25], 1), [[0.0, 5.0, 7.0], [4.0, 0.0, 3.2]], rtol=1e-15)
