"""Survival curves are those of scipy.stats, in every timing of the inflow."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from cemfa.errors import Place, SolveError
from cemfa.system.lifetimes import LAWS, leaves_at_once, survival_curve

FEW = settings(max_examples=15, deadline=None)
AGES = np.arange(60.0)
ORACLES = {
    "normal": lambda mean, sd: stats.norm(mean, sd),
    "folded_normal": lambda mean, sd: stats.foldnorm(mean / sd, 0, sd),
    "lognormal": lambda mean, sd: stats.lognorm(
        np.sqrt(np.log1p((sd / mean) ** 2)), 0, mean / np.sqrt(1 + (sd / mean) ** 2)
    ),
    "weibull": lambda shape, scale: stats.weibull_min(shape, scale=scale),
    "gamma": lambda shape, scale: stats.gamma(shape, scale=scale),
}
TIMINGS = {"end_of_year": 0.0, "mid_year": 0.5, "start_of_year": 1.0}
POSITIVE = st.floats(0.3, 40.0)


@pytest.mark.parametrize("law", ORACLES)
@pytest.mark.parametrize("timing", TIMINGS)
@FEW
@given(first=POSITIVE, second=POSITIVE)
def test_curves_are_those_of_scipy(law, timing, first, second):
    expected = ORACLES[law](first, second).sf(AGES + TIMINGS[timing])
    # tails are differences of numbers near one in both, so they agree absolutely
    np.testing.assert_allclose(survival_curve(law, (first, second), 60, timing), expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("law", ORACLES)
@pytest.mark.parametrize(("first", "second"), [(2.5, 6.0), (12.0, 5.0)])
def test_an_inflow_through_the_year_is_the_mean_over_the_year(law, first, second):
    found = survival_curve(law, (first, second), 20, "through_year")
    sf = ORACLES[law](first, second).sf
    exact = [integrate.quad(sf, age, age + 1, epsabs=1e-13)[0] for age in range(20)]
    # ten points integrate polynomials of degree 17 exactly; the worst here is a lognormal law whose spread is 2.4
    # times its mean, 3.4e-6 off in its first year
    np.testing.assert_allclose(found, exact, atol=5e-6)


def test_a_fixed_lifetime_through_the_year_leaves_evenly():
    assert survival_curve("fixed", (3.25,), 6, "through_year").tolist() == [1.0, 1.0, 1.0, 0.25, 0.0, 0.0]
    assert survival_curve("fixed", (3.0,), 5).tolist() == [1.0, 1.0, 1.0, 0.0, 0.0]
    assert survival_curve("fixed", (3.0,), 5, "mid_year").tolist() == [1.0, 1.0, 1.0, 0.0, 0.0]
    assert survival_curve("fixed", (3.0,), 5, "start_of_year").tolist() == [1.0, 1.0, 0.0, 0.0, 0.0]


def test_mean_and_sd_of_a_lognormal_lifetime_are_those_of_the_lifetime():
    years = np.arange(4000)
    curve = survival_curve("lognormal", (10.0, 4.0), len(years), "through_year")
    assert curve.sum() == pytest.approx(10.0, rel=1e-6)  # the mean is the area under the curve; the rule errs by 1e-7


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("timing", [*TIMINGS, "through_year"])
@FEW
@given(first=POSITIVE, second=POSITIVE)
def test_curves_fall_from_one_to_nothing(law, timing, first, second):
    parameters = (first,) if law == "fixed" else (first, second)
    curve = survival_curve(law, parameters, 30, timing)
    assert np.all((curve >= 0) & (curve <= 1))
    assert np.all(np.diff(curve) <= 1e-15)  # rounding of a sum of ten weights
    if not leaves_at_once(law, timing):
        assert curve[0] == 1.0


@pytest.mark.parametrize("timing", [*TIMINGS, "through_year"])
def test_every_sample_has_its_own_lifetime(timing):
    rng = np.random.default_rng(3)
    shape, scale = rng.uniform(0.8, 4, 300), rng.uniform(2, 30, 300)
    together = survival_curve("weibull", (shape, scale), 25, timing)
    assert together.shape == (25, 300)
    for sample in (0, 17, 299):
        alone = survival_curve("weibull", (shape[sample : sample + 1], scale[sample : sample + 1]), 25, timing)
        np.testing.assert_array_equal(together[:, sample], alone[:, 0])


@pytest.mark.parametrize("wrong", [0.0, -2.0, np.nan, np.inf])
def test_a_lifetime_that_is_none_is_refused(wrong):
    with pytest.raises(SolveError, match="lifetime-value") as error:
        survival_curve("weibull", (2.0, [5.0, wrong, 6.0]), 3, name="houses", year=2031, place=Place("m.yaml", 7))
    shown = error.value.problems[0].parameters
    assert shown["process"] == "houses"
    assert (shown["parameter"], shown["sample"], shown["year"]) == ("scale", 1, 2031)
