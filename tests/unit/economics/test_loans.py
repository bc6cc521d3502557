"""Debt schedules against an independent library and closed forms; cover of the debt service."""

from __future__ import annotations

import numpy as np
import pytest
import pyxirr
from hypothesis import given, settings
from hypothesis import strategies as st

from cemfa.economics.cashflow import npv, present_value
from cemfa.economics.loans import debt_schedule, debt_service_cover, lowest_cover
from cemfa.economics.prices import nominal_rate, real_rate
from cemfa.errors import CemfaError

kinds = st.sampled_from(["annuity", "equal_principal"])


def _draw(amount: float, points: int) -> np.ndarray:
    return np.array([amount] + [0.0] * (points - 1))


@given(st.floats(0.001, 0.3), st.integers(1, 25))
def test_equal_payments_are_those_of_an_independent_library(rate, years):
    debt = debt_schedule(_draw(1e6, years + 1), rate, years)
    for year in range(1, years + 1):
        assert debt.interest[year] == pytest.approx(-pyxirr.ipmt(rate, year, years, 1e6), rel=1e-8, abs=1e-6)
        assert debt.principal[year] == pytest.approx(-pyxirr.ppmt(rate, year, years, 1e6), rel=1e-8, abs=1e-6)
        assert debt.service[year] == pytest.approx(-pyxirr.pmt(rate, years, 1e6), rel=1e-10)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e9), min_size=4, max_size=4), st.floats(0, 0.3), st.integers(1, 8), st.data(), kinds)
def test_what_is_drawn_is_paid_back_and_is_worth_what_was_lent(draws, rate, term, data, kind):
    grace = data.draw(st.integers(0, term - 1))
    drawn = np.array(draws + [0.0] * term)
    debt = debt_schedule(drawn, rate, term, grace=grace, repayment=kind)
    size = drawn.sum() + 1
    assert debt.principal.sum() == pytest.approx(drawn.sum(), rel=1e-9)
    assert abs(debt.balance[-1]) <= 1e-9 * size
    assert (debt.balance >= -1e-9 * size).all()
    # at the loan's own rate its payments are worth what was lent
    assert float(npv(debt.service - drawn, rate)) == pytest.approx(0.0, abs=1e-9 * size)
    # the balance runs on: owed before, plus draws, less instalments
    np.testing.assert_allclose(np.diff(debt.balance), drawn[1:] - debt.principal[1:], atol=1e-9 * size)


@settings(deadline=None)
@given(st.floats(0, 0.2), st.floats(0.0, 0.15), st.integers(1, 8), kinds)
def test_a_nominal_loan_in_real_money_costs_its_real_rate(real, inflation, term, kind):
    nominal = float(nominal_rate(real, inflation))
    debt = debt_schedule(_draw(1e6, term + 1), nominal, term, repayment=kind, inflation=inflation)
    assert float(present_value(debt.service, real_rate(nominal, inflation))) == pytest.approx(1e6, rel=1e-9)


def test_grace_then_equal_instalments_by_hand():
    debt = debt_schedule([600.0, 0, 0, 0, 0, 0], 0.10, 5, grace=2, repayment="equal_principal")
    assert debt.interest.round(9).tolist() == [0, 60, 60, 60, 40, 20]
    assert debt.principal.round(9).tolist() == [0, 0, 0, 200, 200, 200]
    assert debt.balance.round(9).tolist() == [600, 600, 600, 400, 200, 0]


def test_a_subsidy_lowers_what_the_borrower_pays_never_below_the_instalments():
    plain = debt_schedule(_draw(1000.0, 6), 0.08, 5)
    helped = debt_schedule(_draw(1000.0, 6), 0.08, 5, subsidy=0.02, subsidised_years=2)
    np.testing.assert_allclose(helped.subsidy, plain.interest * 0.25 * [0, 1, 1, 0, 0, 0], rtol=1e-12)
    np.testing.assert_allclose(helped.service, plain.service - helped.subsidy, rtol=1e-12)
    whole = debt_schedule(_draw(1000.0, 6), 0.01, 5, subsidy=0.02)
    np.testing.assert_array_equal(whole.service, whole.principal)


def test_a_loan_longer_than_the_horizon_leaves_a_balance():
    debt = debt_schedule(_draw(1000.0, 4), 0.05, 10, repayment="equal_principal")
    assert debt.balance[-1] == pytest.approx(700.0)


def test_samples_have_rates_of_their_own():
    debt = debt_schedule(np.tile(_draw(100.0, 4), (2, 1)), [0.05, 0.10], 3)
    assert debt.service.shape == (2, 4)
    assert debt.service[1, 1] == debt_schedule(_draw(100.0, 4), 0.10, 3).service[1]


def test_cover_by_hand():
    assert debt_service_cover([150.0, 5.0], [100.0, 0.0]).tolist()[0] == 1.5
    assert lowest_cover([[150.0, 90.0], [1.0, 1.0]], [[100.0, 100.0], [0.0, 0.0]])[0] == 0.9
    assert np.isnan(lowest_cover([1.0, 1.0], [0.0, 0.0]))


@pytest.mark.parametrize("wrong", [{"rate": 8.0}, {"rate": -0.01}, {"rate": 0.08, "subsidy": 2.0}])
def test_a_rate_in_per_cent_is_refused(wrong):
    with pytest.raises(CemfaError, match="loan-rate"):
        debt_schedule(_draw(1.0, 3), term=2, **wrong)


@pytest.mark.parametrize(("term", "grace"), [(3, 3), (0, 0), (2, -1)])
def test_grace_ends_before_the_term(term, grace):
    with pytest.raises(CemfaError, match="loan-term"):
        debt_schedule(_draw(1.0, 3), 0.05, term, grace=grace)
