"""Stocks close: what entered is there or has left; decay and lifetimes follow their closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cemfa.errors import Place, SolveError
from cemfa.system.cohorts import by_lifetime
from cemfa.system.lifetimes import survival_fixed, survival_normal, survival_weibull
from cemfa.system.stocks import (
    accumulate,
    decay,
    first_order,
    opening_content,
    released_shares,
    released_within,
)

MASS = st.floats(0, 1e6)
SERIES = hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3, max_side=8), elements=MASS)


@given(SERIES, st.floats(0, 1e5))
def test_accumulation_is_the_running_sum(inflow, opening):
    np.testing.assert_allclose(accumulate(inflow, opening), opening + np.cumsum(inflow, axis=0), rtol=1e-12)


@given(SERIES, st.floats(0.5, 30), st.floats(0.2, 10))
def test_cohorts_close_every_year(inflow, mean, sd):
    ages = np.arange(len(inflow)).reshape(-1, *[1] * (inflow.ndim - 1))
    for survival in (survival_fixed(ages, mean), survival_normal(ages, mean, sd), survival_weibull(ages, sd, mean)):
        stock = by_lifetime(inflow, survival)
        left = np.diff(stock.content, axis=0, prepend=0)
        # sums of up to eight numbers below 1e6
        np.testing.assert_allclose(inflow, left + stock.outflow, rtol=1e-12, atol=1e-8)
        assert np.all(stock.outflow >= 0)


def test_cohorts_keep_their_layers():
    inflow = np.array([[8.0, 2.0], [1.0, 3.0], [0.0, 0.0], [0.0, 0.0]])  # dry matter and water of two cohorts
    stock = by_lifetime(inflow, survival_fixed(np.arange(4), 2)[:, None])
    assert stock.outflow.tolist() == [[0, 0], [0, 0], [8, 2], [1, 3]]


@given(SERIES, st.floats(0, 3))
def test_decay_closes_every_year(deposits, rate):
    stock = first_order(deposits, rate)
    change = np.diff(stock.content, axis=0, prepend=0)
    np.testing.assert_allclose(deposits, change + stock.outflow, rtol=1e-12, atol=1e-8)
    assert np.all(stock.outflow[0] == 0)  # release starts in the following year


def test_decay_of_one_deposit_is_exponential():
    rates = np.array([0.0, 1e-9, 0.05, 0.4, 2.0])
    deposits = np.zeros((40, rates.size))
    deposits[0] = 100.0
    years = np.arange(40)[:, None]
    np.testing.assert_allclose(first_order(deposits, rates).content, 100 * np.exp(-rates * years), rtol=1e-13)


def test_a_steady_deposit_reaches_the_level_of_deposit_over_loss():
    stock = first_order(np.full(400, 7.0), 0.17)
    assert stock.content[-1] == pytest.approx(7 / -math.expm1(-0.17), rel=1e-12)
    assert stock.outflow[-1] == pytest.approx(7.0, rel=1e-12)


def test_rates_may_change_with_the_years():
    stock = first_order([10.0, 0.0, 0.0], [0.0, 0.1, 0.2])
    assert stock.content[-1] == pytest.approx(10 * math.exp(-0.3), rel=1e-14)


def test_decay_keeps_small_rates_precise():
    released, left = decay(1.0, 1e-12)
    assert float(released) == pytest.approx(1e-12, rel=1e-12)
    assert float(released + left) == 1.0


@given(hnp.arrays(np.float64, 12, elements=MASS), st.floats(0, 2), st.integers(1, 11))
def test_a_history_is_the_same_as_starting_earlier(deposits, rate, cut):
    whole = first_order(deposits, rate)
    opening = opening_content(range(2000, 2000 + cut), deposits[:cut], rate, 2000 + cut)
    later = first_order(deposits[cut:], rate, opening)
    np.testing.assert_array_equal(later.content, whole.content[cut:])
    np.testing.assert_array_equal(later.outflow, whole.outflow[cut:])


def test_the_order_of_history_rows_is_irrelevant():
    ahead = opening_content([2016, 2017], [60.0, 5.0], 0.4, 2018)
    assert opening_content([2017, 2016], [5.0, 60.0], 0.4, 2018) == ahead


@pytest.mark.parametrize(
    ("years", "code"),
    [
        ([], "no-history"),
        ([2015, 2017], "history-gap"),
        ([2015, 2016], "history-gap"),
        ([2016, 2017, 2018], "history-gap"),
        ([2016, 2017, 2017], "history-gap"),
    ],
)
def test_a_history_with_holes_is_refused(years, code):
    with pytest.raises(SolveError, match=code) as error:
        opening_content(years, np.ones(len(years)), 0.1, 2018, name="landfill", place=Place("m.yaml", 3))
    assert error.value.problems[0].parameters["process"] == "landfill"
    assert str(error.value).startswith("m.yaml:3")


def test_released_shares_sum_to_the_closed_form():
    rates = np.array([0.05, 0.4])
    shares = released_shares(rates, 101)
    assert np.all(shares[0] == 0)
    np.testing.assert_allclose(shares.sum(axis=0), released_within(rates, 100), rtol=1e-13)
    np.testing.assert_allclose(shares[7], np.exp(-6 * rates) - np.exp(-7 * rates), rtol=1e-12)


def test_samples_do_not_disturb_each_other():
    rng = np.random.default_rng(4)
    deposits, rates = rng.uniform(0, 9, (12, 50)), rng.uniform(0.01, 0.6, 50)
    together = first_order(deposits, rates).outflow
    alone = np.stack([first_order(deposits[:, i], rates[i]).outflow for i in range(50)], axis=1)
    np.testing.assert_array_equal(together, alone)
