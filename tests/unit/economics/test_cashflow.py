"""Discounting against closed forms, an independent library and its own algebra."""

from __future__ import annotations

import numpy as np
import pytest
import pyxirr
from hypothesis import given, settings
from hypothesis import strategies as st

from cemfa.economics import cashflow
from cemfa.errors import CemfaError

money = st.floats(-1e9, 1e9, allow_nan=False)
streams = st.lists(money, min_size=2, max_size=25)
rates = st.floats(-0.3, 1.0)
untimed = settings(deadline=None)  # a busy machine is no error


@untimed
@given(streams, streams, rates, st.floats(-10, 10))
def test_net_present_value_is_linear(a, b, rate, factor):
    n = min(len(a), len(b))
    first, second = np.array(a[:n]), np.array(b[:n])
    together = cashflow.npv(first + factor * second, rate)
    apart = cashflow.npv(first, rate) + factor * cashflow.npv(second, rate)
    # rounding of n terms as large as the largest discounted one
    size = np.abs(first).sum() + 10 * np.abs(second).sum()
    assert abs(together - apart) <= 1e-12 * (size * (1 / 0.7) ** n + 1)


@untimed
@given(streams, st.floats(-0.2, 0.9))
def test_net_present_value_equals_the_independent_library(flows, rate):
    expected = pyxirr.npv(rate, flows, start_from_zero=True)
    size = sum(abs(f) * (1 + rate) ** -t for t, f in enumerate(flows))
    assert float(cashflow.npv(flows, rate)) == pytest.approx(expected, abs=1e-12 * size + 1e-12)


@settings(deadline=None, max_examples=200)
@given(st.floats(1, 1e9), st.lists(st.floats(0, 1e9), min_size=1, max_size=30))
def test_a_conventional_stream_has_one_rate_that_zeroes_it(outlay, receipts):
    flows = np.array([-outlay, *receipts])
    found = cashflow.irr(flows)
    if not any(receipts):
        assert found.count == 0
        assert np.isnan(found.rate)
        return
    assert found.count == 1
    factor = 1 + float(found.rate)
    t = np.arange(flows.size)
    if 0.05 < factor < 1e3:  # where doubles can still tell the discounted terms apart
        terms = flows / factor**t
        assert abs(terms.sum()) <= 1e-9 * np.abs(terms).sum()
        assert cashflow.internal_rates(flows) == pytest.approx([float(found.rate)], rel=1e-8, abs=1e-9)


@untimed
@given(st.lists(st.floats(-0.6, 2.0), min_size=1, max_size=4, unique_by=lambda r: round(r, 1)))
def test_rates_built_into_a_stream_are_found_again(built):
    polynomial = np.polynomial.polynomial.polyfromroots([1 / (1 + r) for r in built])
    found = cashflow.internal_rates(polynomial)
    assert len(found) == len(built)
    # neighbouring roots lie about 0.1 apart or less: their condition costs up to six digits
    assert found == pytest.approx(sorted(built), abs=1e-6)


def test_a_double_rate_is_one_rate():
    assert cashflow.internal_rates([1, -2.2, 1.21]) == pytest.approx([0.1], abs=1e-6)


def test_rates_do_not_depend_on_where_the_stream_starts_or_ends():
    late = cashflow.irr([0, 0, -100, 110, 0])
    assert float(late.rate) == pytest.approx(0.1, abs=1e-12)
    assert cashflow.internal_rates([0, 0, -100, 110, 0]) == pytest.approx([0.1], abs=1e-12)
    assert cashflow.internal_rates([0, 0, 5]) == ()


def test_a_sum_of_zero_is_the_rate_zero_exactly():
    assert float(cashflow.irr([-0.3, 0.1, 0.1, 0.1]).rate) == pytest.approx(0.0, abs=1e-15)
    assert float(cashflow.irr([-3.0, 1.0, 1.0, 1.0]).rate) == 0.0


@untimed
@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=15))
def test_modified_rate_equals_the_independent_library(flows):
    receipts, payments = [f for f in flows if f > 1], [f for f in flows if f < -1]
    found = float(cashflow.mirr([f if abs(f) > 1 else 0.0 for f in flows], 0.1, 0.12))
    if not receipts or not payments:
        assert np.isnan(found)
        return
    expected = pyxirr.mirr([f if abs(f) > 1 else 0.0 for f in flows], 0.1, 0.12)
    assert found == pytest.approx(expected, rel=1e-10, abs=1e-12)


@untimed
@given(st.floats(-0.5, 2.0), st.integers(1, 60))
def test_annuity_factor_is_the_value_of_its_payments(rate, years):
    payments = np.r_[0.0, np.ones(years)]
    assert float(cashflow.annuity_factor(rate, years)) == pytest.approx(float(cashflow.npv(payments, rate)), rel=1e-11)


@pytest.mark.parametrize("rate", [0.0, 1e-300, 1e-17, -1e-12, 1e-9])
def test_annuity_factor_is_smooth_at_rate_zero(rate):
    # second-order expansion n − r n(n+1)/2
    assert float(cashflow.annuity_factor(rate, 20)) == pytest.approx(20 - rate * 210, rel=1e-12)


@untimed
@given(st.floats(0, 0.3), st.integers(2, 40), st.data())
def test_salvage_makes_any_horizon_cost_the_annuity(rate, life, data):
    horizon = data.draw(st.integers(1, life))
    flows = np.zeros(horizon + 1)
    flows[0] = 1000.0
    flows[-1] -= float(cashflow.salvage_value(1000.0, rate, life, horizon))
    annuity = 1000.0 / cashflow.annuity_factor(rate, life)
    assert float(cashflow.npv(flows, rate)) == pytest.approx(
        float(annuity * cashflow.annuity_factor(rate, horizon)), rel=1e-9
    )


def test_payback_counts_within_the_year_and_knows_never():
    flows = [[-100, 40, 40, 40], [-100, 10, 10, 10], [5, 5, 5, 5], [-100, 100, -50, 70], [0, -100, 50, 50]]
    assert cashflow.simple_payback(flows).tolist() == [2.5, np.inf, 0.0, 1.0, 3.0]
    assert float(cashflow.discounted_payback([-100, 60.5, 60.5], 0.1)) == pytest.approx(1 + 45 / 50, rel=1e-12)


def test_cost_per_tonne_without_a_tonne_is_absent_not_zero():
    assert np.isnan(cashflow.levelised_cost([1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0], 0.1))


def test_samples_are_worked_as_if_alone():
    flows = np.random.default_rng(1).normal(size=(50, 12)) * 100 + np.r_[-400.0, np.full(11, 60.0)]
    alone = [cashflow.irr(row) for row in flows]
    both = cashflow.irr(flows)
    assert both.count.tolist() == [int(one.count) for one in alone]
    np.testing.assert_array_equal(both.rate, [float(one.rate) for one in alone])


@pytest.mark.parametrize("rate", [-1.0, -2.0, np.nan, np.inf])
def test_an_impossible_rate_is_refused(rate):
    with pytest.raises(CemfaError, match="rate-range"):
        cashflow.npv([1.0, 2.0], rate)


MEASURES = [
    cashflow.irr, cashflow.internal_rates, cashflow.simple_payback, lambda flows: cashflow.npv(flows, 0.1),
    lambda flows: cashflow.mirr(flows, 0.1, 0.1), lambda flows: cashflow.discounted_payback(flows, 0.1),
]  # fmt: skip


@pytest.mark.parametrize("measure", MEASURES)
def test_flows_that_are_no_numbers_at_time_points_are_refused(measure):
    for flows in ([-1.0, np.nan, 2.0], [np.inf, -1.0], 5.0):
        with pytest.raises(CemfaError, match="cashflow-not-finite"):
            measure(flows)
    with pytest.raises(CemfaError, match="cashflow-empty"):
        measure([])


def test_one_time_point_and_one_sign_alone_have_their_measures():
    assert float(cashflow.npv([-5.0], 0.3)) == -5.0
    for flows in ([5.0], [-5.0], [0.0, 0.0, 0.0], [1.0, 2.0], [-1.0, -2.0], [-100.0, 0.0]):
        found = cashflow.irr(flows)
        assert found.count == 0
        assert np.isnan(found.rate)
        assert cashflow.internal_rates(flows) == ()
        assert np.isnan(cashflow.mirr(flows, 0.1, 0.12))
    assert [float(cashflow.simple_payback(flows)) for flows in ([5.0], [-5.0], [0.0, 0.0])] == [0.0, np.inf, 0.0]


@pytest.mark.parametrize("seed", range(4))
def test_all_rates_equal_the_roots_an_eigenvalue_solver_finds(seed):
    draw = np.random.default_rng(seed)
    for size in (3, 6, 11, 16):
        flows = np.round(draw.normal(size=size) * 100) + 0.5  # never zero: the degree is what it seems
        roots = np.roots(flows[::-1])
        real = roots[np.abs(roots.imag) < 1e-9 * np.abs(roots)].real
        expected = sorted(1.0 / real[real > 1e-9] - 1.0)
        # companion matrices of degree 15 keep some eight digits of a simple root
        assert cashflow.internal_rates(flows) == pytest.approx(expected, rel=1e-6, abs=1e-7)
