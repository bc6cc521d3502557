"""Measures of a stream of money: closed forms, an independent library, linearity."""

from __future__ import annotations

import numpy as np
import pytest
import pyxirr
from hypothesis import given, settings
from hypothesis import strategies as st

from cemfa.economics.cashflow import annuity_factor, internal_rates, irr, levelised_cost, npv
from cemfa.economics.measures import appraise, benefit_cost_ratio, break_even_fee, equivalent_annual_cost

money = st.floats(-1e9, 1e9).map(lambda value: round(value, 2))
rates = st.floats(0.0, 0.3)


def test_a_composting_plant_by_hand():
    """20 000 t a year for 20 years at 10 %: every measure has a closed form (constructed case)."""
    years, tonnes = 20, 20_000.0
    capex, opex = [2e6] + [0.0] * years, [0.0] + [22.0 * tonnes] * years
    gate, sold = ([0.0] + [price * tonnes] * years for price in (15.0, 12.0))
    mass = [0.0] + [tonnes] * years
    paid, received = np.add(capex, opex), np.add(gate, sold)
    found = appraise(received, paid, 0.10)
    annuity = (1 - 1.1**-20) / 0.1
    assert float(found.npv) == pytest.approx(5 * tonnes * annuity - 2e6, rel=1e-12)
    assert float(found.npv) == pytest.approx(-1148643.63, abs=0.005)
    assert float(found.irr) == pytest.approx(0.0, abs=1e-12)  # 20 years of 100 000 pay back 2 million, no more
    assert int(found.irr_count) == 1
    assert float(found.simple_payback) == pytest.approx(20.0, rel=1e-12)
    assert float(found.discounted_payback) == np.inf
    assert float(found.benefit_cost_ratio) == pytest.approx(0.800096, abs=5e-7)
    assert float(equivalent_annual_cost(2e6, 0.10, 20)) == pytest.approx(234919.25, abs=0.005)
    assert float(break_even_fee(paid, sold, mass, 0.10)) == pytest.approx(21.745962, abs=5e-7)
    assert float(levelised_cost(capex, opex, np.zeros(21), mass, 0.10)) == pytest.approx(33.745962, abs=5e-7)


@settings(deadline=None)
@given(st.lists(money, min_size=6, max_size=6), st.lists(money, min_size=6, max_size=6), rates, st.floats(-3, 3))
def test_net_present_value_is_linear(one, other, rate, times):
    # sums of six products below 1e10: rounding stays under 1e-4 of a unit
    both = npv(np.asarray(one) + times * np.asarray(other), rate)
    assert float(both) == pytest.approx(float(npv(one, rate)) + times * float(npv(other, rate)), rel=1e-9, abs=1e-3)


@settings(deadline=None)
@given(st.floats(1e6, 1e9), st.floats(0, 500), st.floats(0, 300), st.floats(10, 1e5), rates)
def test_at_the_break_even_fee_nothing_is_gained_or_lost(capex, opex, sold, tonnes, rate):
    mass = np.array([0.0] + [tonnes] * 12)
    paid = np.array([capex] + [0.0] * 12) + opex * mass
    fee = break_even_fee(paid, sold * mass, mass, rate)
    # the sum of a dozen flows as large as the investment, each exact to 1e-16
    assert float(npv(sold * mass + float(fee) * mass - paid, rate)) == pytest.approx(0.0, abs=1e-9 * paid.sum())
    ratio = benefit_cost_ratio((sold + float(fee)) * mass, paid, rate)
    if fee > 0:
        assert float(ratio) == pytest.approx(1.0, rel=1e-9)


@given(st.floats(0.001, 0.3), st.integers(1, 40))
def test_a_yearly_cost_is_the_payment_of_an_independent_library(rate, years):
    expected = -pyxirr.pmt(rate, years, 1e6)
    assert float(equivalent_annual_cost(1e6, rate, years)) == pytest.approx(expected, rel=1e-10)
    assert float(annuity_factor(rate, years)) == pytest.approx(-pyxirr.pv(rate, years, 1.0), rel=1e-10)


def test_a_fee_for_nothing_has_no_number():
    assert np.isnan(break_even_fee([1.0, 0.0], [0.0, 0.0], [0.0, 0.0], 0.1))
    assert np.isnan(benefit_cost_ratio([0.0, 1.0], [0.0, 0.0], 0.1))


def test_many_samples_at_once_are_the_same_as_one_by_one():
    rng = np.random.default_rng(4)
    received, paid = rng.uniform(0, 60, (50, 8)), np.zeros((50, 8))
    paid[:, 0] = 150.0
    rate = rng.uniform(0.02, 0.15, 50)
    together = appraise(received, paid, rate)
    for row in (0, 17, 49):
        alone = appraise(received[row], paid[row], rate[row])
        for name in ("npv", "irr", "mirr", "simple_payback", "discounted_payback", "benefit_cost_ratio"):
            assert float(getattr(together, name)[row]) == float(getattr(alone, name)), name


def test_rates_of_many_streams_are_those_of_each_alone():
    """Streams with several changes of sign are isolated together; NumPy's companion matrix finds the same roots."""
    flows = np.random.default_rng(9).normal(0, 100, (200, 9)).round(2)
    together = irr(flows)
    for row, stream in enumerate(flows):
        alone = internal_rates(stream)
        assert together.count[row] == len(alone)
        roots = np.roots(stream[::-1])  # of the polynomial in 1 / (1 + r)
        real = roots[(np.abs(roots.imag) < 1e-9) & (roots.real > 0)].real
        # a companion matrix of size 8 is good for about ten digits
        np.testing.assert_allclose(sorted(alone), sorted(1 / real - 1), rtol=1e-7, atol=1e-9)
        if alone:
            # one change of sign is bisected apart: both are good to the spacing of doubles in 1 / (1 + r)
            assert together.rate[row] == pytest.approx(min(alone, key=abs), rel=1e-9, abs=1e-12)
