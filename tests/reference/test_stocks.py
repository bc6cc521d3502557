"""Stocks against published numbers: IPCC's first-order decay, ODYM's lifetimes."""

import numpy as np
import pytest
from scipy import stats

from cemfa.definition.schema import LIFETIME_PARAMETERS
from cemfa.system.cohorts import by_content, by_lifetime
from cemfa.system.lifetimes import survival_curve, survival_fixed, survival_normal, survival_weibull
from cemfa.system.stocks import first_order, released_within
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


@pytest.mark.parametrize("number", range(19))
def test_timings_agree_with_flodym(number):
    published = cases.case("flodym_stocks.json")
    one = published["cases"][number]
    parameters = [one["parameters"][key] for key in LIFETIME_PARAMETERS[one["lifetime"]]]
    curve = survival_curve(one["lifetime"], parameters, len(published["inflow"]), one["timing"])
    # both follow scipy's functions; flodym's nodes of the rule are rounded to sixteen digits
    np.testing.assert_allclose(curve, one["survival"], rtol=1e-12, atol=1e-14)
    stock = by_lifetime(published["inflow"], curve)
    np.testing.assert_allclose(stock.content, one["content"], rtol=1e-12)
    np.testing.assert_allclose(stock.outflow, one["outflow"], rtol=1e-11, atol=1e-13)
    driven = by_content(published["content_wanted"], curve)
    np.testing.assert_allclose(driven.inflow, one["inflow_for_content"], rtol=1e-10)
    np.testing.assert_allclose(driven.outflow, one["outflow_for_content"], rtol=1e-10, atol=1e-13)


def century(law, parameters, timing):
    """Nine regions over a century: a double loop over years and cohorts, with scipy's law and nothing of cemfa."""
    oracle = {"weibull": lambda a, c, s: stats.weibull_min.sf(a, c, scale=s), "normal": stats.norm.sf}[law]
    offset = {"end_of_year": 0.0, "mid_year": 0.5}[timing]
    years, regions = 100, 9
    rng = np.random.default_rng(1900)
    inflow = np.exp(rng.normal(3.0, 0.4, regions) + 0.02 * np.arange(years)[:, None] + rng.normal(0, 0.2, (years, 9)))
    content, outflow = np.zeros((years, regions)), np.zeros((years, regions))
    for region in range(regions):
        own = [float(p[region]) for p in parameters]
        for year in range(years):
            for cohort in range(year + 1):
                there = float(oracle(year - cohort + offset, *own))
                before = float(oracle(year - cohort - 1 + offset, *own)) if cohort < year else 1.0
                content[year, region] += inflow[cohort, region] * there
                outflow[year, region] += inflow[cohort, region] * (before - there)
    return inflow, content, outflow


@pytest.mark.parametrize("timing", ["end_of_year", "mid_year"])
@pytest.mark.parametrize("law", ["weibull", "normal"])
def test_nine_regions_over_a_century(law, timing):
    one = np.linspace(1.5, 4.0, 9) if law == "weibull" else np.linspace(20.0, 60.0, 9)
    two = np.linspace(15.0, 70.0, 9) if law == "weibull" else np.linspace(5.0, 18.0, 9)
    inflow, content, outflow = century(law, (one, two), timing)
    curve = survival_curve(law, (one, two), 100, timing)
    stock = by_lifetime(inflow, curve)
    # a hundred terms of one sign, added in another order
    np.testing.assert_allclose(stock.content, content, rtol=1e-12)
    np.testing.assert_allclose(stock.outflow, outflow, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(by_content(content, curve).inflow, inflow, rtol=1e-9)
