"""Stocks against published numbers: IPCC's first-order decay, ODYM's lifetimes."""

import numpy as np
import pytest

from cemfa.system.stocks import (
    by_lifetime,
    first_order,
    released_within,
    survival_fixed,
    survival_normal,
    survival_weibull,
)
from tests.reference import cases


def test_one_deposit_decays_as_the_guidelines_say():
    pulse = cases.columns("decay_pulse.csv")
    stock = first_order(pulse["deposited"], 0.4)
    # the table is printed with nine decimals; 1e-6 leaves room for their rounding in the tail
    np.testing.assert_allclose(stock.content, pulse["left"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(stock.outflow, pulse["decomposed"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(stock.outflow * 16 / 12 * 0.5, pulse["methane"], rtol=1e-6, atol=1e-9)


def test_thirty_years_release_what_the_pulse_adds_up_to():
    pulse = cases.columns("decay_pulse.csv")
    assert 60 * float(released_within(0.4, 30)) == pytest.approx(pulse["decomposed"].sum(), rel=1e-9)


@pytest.mark.parametrize("law", ["fixed", "normal", "weibull"])
def test_lifetimes_agree_with_odym(law):
    case = cases.case("lifetimes.json")
    ages = np.arange(len(case["inflow"]))
    survival = {
        "fixed": lambda c: survival_fixed(ages, c["mean"]),
        "normal": lambda c: survival_normal(ages, c["mean"], c["sd"]),
        "weibull": lambda c: survival_weibull(ages, c["shape"], c["scale"]),
    }[law](case[law])
    stock = by_lifetime(case["inflow"], survival)
    # their test prints nine significant digits of numbers up to 41
    np.testing.assert_allclose(stock.content, case[law]["stock"], atol=5e-8)
    np.testing.assert_allclose(stock.outflow, case[law]["outflow"], atol=5e-8)
