"""What no formula is made for: empty streams, rates and terms without meaning, needs that are no needs."""

from __future__ import annotations

import numpy as np
import pytest

from cemfa.economics.cashflow import annuity_factor, discounted_payback, irr, mirr, salvage_value, simple_payback
from cemfa.economics.fees import frozen_fees, late_fees, levelised_yearly, peak_gap
from cemfa.economics.finance import fund
from cemfa.economics.labour import full_time_jobs
from cemfa.economics.loans import debt_schedule, lowest_cover
from cemfa.economics.measures import appraise, equivalent_annual_cost
from cemfa.errors import CemfaError


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: irr([]), "cashflow-empty"),
        (lambda: simple_payback([]), "cashflow-empty"),
        (lambda: discounted_payback(np.empty((3, 0)), 0.1), "cashflow-empty"),
        (lambda: mirr([], 0.1, 0.1), "cashflow-empty"),
        (lambda: appraise([], [], 0.1), "cashflow-empty"),
        (lambda: annuity_factor(0.1, -1), "cost-range"),
        (lambda: late_fees([0.0, 10.0], 0.1, -6), "cost-range"),
        (lambda: peak_gap([0.0, 10.0], -6), "cost-range"),
        (lambda: frozen_fees([0.0, 10.0], 0.1, -1), "cost-range"),
        (lambda: debt_schedule([100.0, 0.0], 0.1, 2, repayment="bullet"), "loan-repayment"),  # type: ignore[arg-type]
        (lambda: fund([np.nan], {"a": [1.0]}, [2026]), "cashflow-not-finite"),
        (lambda: fund([np.inf], {"a": [1.0]}, [2026]), "cashflow-not-finite"),
        (lambda: fund([100.0], {"unfunded": [1.0]}, [2026]), "funding-reserved"),
    ],
)
def test_it_is_a_named_error(call, code):
    with pytest.raises(CemfaError) as caught:
        call()
    assert code in str(caught.value)


def test_where_there_is_no_ratio_it_is_no_number():
    assert np.isnan(equivalent_annual_cost(100.0, 0.1, 0))
    assert np.isnan(levelised_yearly([100.0], 0.1))
    assert np.isnan(full_time_jobs(10.0, 2.0, 0.0))
    assert np.isnan(lowest_cover([], []))
    assert float(salvage_value(100.0, 0.1, 0, 0)) == 0.0


def test_one_payment_alone_has_no_rate_and_is_never_paid_back():
    found = appraise([0.0], [100.0], 0.1)
    assert int(found.irr_count) == 0
    assert np.isnan(found.irr)
    assert np.isnan(found.mirr)
    assert np.isinf(found.simple_payback)
