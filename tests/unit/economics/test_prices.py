"""Real and nominal money, and currencies by a stated rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cemfa.economics.cashflow import npv
from cemfa.economics.prices import in_currency, nominal_rate, price_level, real_rate
from cemfa.errors import CemfaError

rates = st.floats(-0.1, 0.4)


@given(rates, rates)
def test_real_and_nominal_rates_are_each_other_turned_round(real, inflation):
    assert float(real_rate(nominal_rate(real, inflation), inflation)) == pytest.approx(real, abs=1e-14)


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=5), st.floats(0.0, 0.2), st.floats(0.0, 0.2))
def test_an_account_in_nominal_money_gives_the_same_present_value(flows, real, inflation):
    nominal = np.asarray(flows) * price_level(inflation, 5)
    assert float(npv(nominal, nominal_rate(real, inflation))) == pytest.approx(float(npv(flows, real)), abs=1e-5)


def test_currencies_need_a_stated_rate():
    rates_ = {"USD": {2024: 25050.0, 2025: 26000.0}}
    assert float(in_currency(17.0, "USD", 2025, rates_)) == 17 * 26000.0
    assert float(in_currency(17.0, "VND", 1990, rates_)) == 17.0
    for currency, year in (("USD", 2023), ("EUR", 2024)):
        with pytest.raises(CemfaError, match="exchange-rate-missing"):
            in_currency(1.0, currency, year, rates_)
