"""Families fitted to three numbers agree with scipy.stats, and say what they could not meet."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cemfa.errors import Place
from cemfa.system.fitting import Z95
from cemfa.system.marginals import Marginal, fit
from cemfa.system.quantiles import quantile


def distribution(found):
    """The same distribution in scipy's words: an independent source of quantiles and moments."""
    p = found.parameters
    match found.family:
        case "uniform":
            return stats.uniform(p[0], p[1] - p[0])
        case "triangular":
            return stats.triang((p[1] - p[0]) / (p[2] - p[0]), p[0], p[2] - p[0])
        case "normal":
            return stats.norm(p[0], p[1])
        case "lognormal":
            return stats.lognorm(p[1], scale=math.exp(p[0]))
        case "beta":
            return stats.beta(p[0], p[1], p[2], p[3] - p[2])
        case "gamma":
            return stats.gamma(p[0], scale=p[1])
        case "weibull":
            return stats.weibull_min(p[0], scale=p[1])
    raise ValueError(found.family)


CASES = {
    "uniform limits": Marginal("uniform", 3.0, 2.0, 6.0),
    "uniform percentiles": Marginal("uniform", 3.0, 2.0, 6.0, "p5_p95"),
    "triangular limits": Marginal("triangular", 3.0, 2.0, 7.0),
    "triangular percentiles": Marginal("triangular", 3.0, 2.0, 7.0, "p5_p95"),
    "triangular mean": Marginal("triangular", 3.5, 2.0, 6.0, "mean limits"),
    "pert limits": Marginal("pert", 3.0, 2.0, 7.0),
    "pert percentiles": Marginal("pert", 3.0, 2.0, 7.0, "p5_p95"),
    "pert mean": Marginal("pert", 3.5, 2.0, 7.0, "mean"),
    "normal": Marginal("normal", 10.0, 8.0, 12.0),
    "lognormal": Marginal("lognormal", 10.0, 5.0, 20.0),
    "lognormal mean": Marginal("lognormal", 10.0, 5.0, 20.0, "mean"),
    "lognormal mode": Marginal("lognormal", 10.0, 5.0, 20.0, "mode"),
    "beta": Marginal("beta", 0.2, 0.05, 0.45),
    "beta mode": Marginal("beta", 0.2, 0.05, 0.45, "mode"),
    "gamma": Marginal("gamma", 10.0, 3.0, 21.0),
    "gamma J-shaped": Marginal("gamma", 2.0, 0.0, 8.0),
    "weibull": Marginal("weibull", 10.0, 3.0, 18.0),
    "weibull J-shaped": Marginal("weibull", 2.0, 0.0, 8.0),
}


@pytest.mark.parametrize("case", CASES)
def test_quantiles_agree_with_scipy(case):
    found = fit(CASES[case])
    levels = np.array([1e-6, 0.01, 0.05, 0.3, 0.5, 0.7, 0.95, 0.99, 1 - 1e-6])
    got = quantile(found.family, np.array([found.parameters]), stats.norm.ppf(levels)[None, :])[0]
    expected = distribution(found).ppf(levels)
    # scipy's ppf of the score loses digits in the upper tail, where 1 - level holds ten of them
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("case", [c for c in CASES if "percentiles" in c or c in ("normal", "lognormal")])
def test_percentiles_are_met(case):
    row = CASES[case]
    np.testing.assert_allclose(distribution(fit(row)).ppf([0.05, 0.95]), [row.low, row.high], rtol=1e-10)


@pytest.mark.parametrize("case", ["triangular limits", "pert limits", "uniform limits"])
def test_limits_are_the_support(case):
    row = CASES[case]
    np.testing.assert_allclose(distribution(fit(row)).support(), [row.low, row.high], rtol=1e-14)


@pytest.mark.parametrize(
    "case", ["triangular mean", "pert mean", "normal", "lognormal mean", "beta", "gamma", "weibull"]
)
def test_value_is_the_mean(case):
    assert distribution(fit(CASES[case])).mean() == pytest.approx(CASES[case].value, rel=1e-12)


def test_value_is_the_median_of_a_lognormal_and_the_mode_of_pert():
    assert distribution(fit(CASES["lognormal"])).median() == pytest.approx(10.0, rel=1e-12)
    alpha, beta, a, b = fit(CASES["pert limits"]).parameters
    assert a + (b - a) * (alpha - 1) / (alpha + beta - 2) == pytest.approx(3.0, rel=1e-12)
    assert distribution(fit(CASES["pert limits"])).mean() == pytest.approx((2 + 4 * 3 + 7) / 6, rel=1e-12)


@pytest.mark.parametrize("case", ["beta", "gamma", "gamma J-shaped", "weibull", "weibull J-shaped"])
def test_the_mean_is_kept_and_the_spread_fitted(case):
    row, found = CASES[case], distribution(fit(CASES[case]))
    assert found.ppf(0.95) - found.ppf(0.05) == pytest.approx(row.high - row.low, rel=1e-9)


def test_a_missed_bound_is_reported_and_an_almost_met_one_is_not():
    skewed = fit(Marginal("normal", 10.0, 9.5, 14.0), "yield", Place("p.csv", 3))
    assert [(p.code, p.severity) for p in skewed.problems] == [("distribution-missed-bound", "warning")] * 2
    assert skewed.problems[0].place == Place("p.csv", 3)
    assert skewed.problems[0].parameters["parameter"] == "yield"
    assert skewed.problems[0].parameters["fitted"] == pytest.approx(10.0 - 2.25)
    assert fit(Marginal("normal", 10.0, 8.0, 12.2)).problems == ()


@pytest.mark.parametrize("kind", ["gamma", "weibull"])
def test_gamma_and_weibull_report_the_bounds_they_miss(kind):
    found = fit(Marginal(kind, 10.0, 9.5, 20.0))  # far more skewed than either can be with this spread
    law = distribution(found)
    missed = {p.parameters["bound"]: p.parameters["fitted"] for p in found.problems}
    assert [p.code for p in found.problems] == ["distribution-missed-bound"] * 2
    assert missed == {"P5": pytest.approx(law.ppf(0.05)), "P95": pytest.approx(law.ppf(0.95))}


def test_cut_probability_is_reported_then_refused():
    sd = 1.0
    row = Marginal("normal", 2.0, 2 - Z95 * sd, 2 + Z95 * sd, lower=0.0)
    found = fit(row)
    assert found.below == pytest.approx(stats.norm.cdf(-2), rel=1e-12)
    assert [p.code for p in found.problems] == ["distribution-cut"]
    refused = fit(Marginal("normal", 1.0, 1 - Z95 * sd, 1 + Z95 * sd, lower=0.0))
    assert [(p.code, p.severity) for p in refused.problems] == [("distribution-cut-too-much", "error")]
    assert fit(Marginal("normal", 1.0, 0.0, 2.0, lower=0.0)).below == pytest.approx(0.05)  # P5 written as 0


@pytest.mark.parametrize(
    "case",
    ["uniform percentiles", "triangular percentiles", "pert percentiles", "lognormal", "normal", "gamma", "weibull"],
)
def test_cut_agrees_with_the_distribution_function(case):
    row = CASES[case]
    law = distribution(fit(row))
    lower, upper = law.ppf(0.02), law.ppf(0.985)
    found = fit(Marginal(row.kind, row.value, row.low, row.high, row.meaning, lower, upper))
    assert (found.below, found.above) == (pytest.approx(0.02, rel=1e-9), pytest.approx(0.015, rel=1e-9))


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (Marginal("cauchy", 1.0), "distribution-unknown"),
        (Marginal("normal", 1.0), "distribution-bounds"),
        (Marginal("uniform", 1.0, 0.0, math.inf), "distribution-bounds"),
        (Marginal("triangular", 1.0, 2.0, 3.0), "distribution-order"),
        (Marginal("triangular", 1.0, 1.5, 0.5), "distribution-order"),
        (Marginal("normal", 1.0, 0.5, 1.5, "limits"), "distribution-meaning"),
        (Marginal("pert", 1.0, 0.5, 1.5, "mean p5_p95"), "distribution-meaning"),
        (Marginal("triangular", 1.0, 0.0, 10.0, "mean"), "distribution-mean"),
        (Marginal("lognormal", 1.0, 0.0, 2.0), "distribution-positive"),
        (Marginal("beta", 1.2, 1.1, 1.3), "distribution-unit-interval"),
        (Marginal("beta", 0.01, 0.0, 0.9), "distribution-spread"),
        (Marginal("gamma", 1.0, -0.1, 2.0), "distribution-positive"),
        (Marginal("weibull", 0.0, 0.0, 2.0), "distribution-positive"),
        (Marginal("gamma", 1.0, 0.0, 50.0), "distribution-spread"),
        (Marginal("weibull", 1.0, 0.0, 50.0), "distribution-spread"),
        (Marginal("gamma", 1.0, 0.5, 1.5, "limits"), "distribution-meaning"),
        (Marginal("empirical", 1.0), "points-missing"),
        (Marginal("empirical", 1.0, 0.5, 1.5, points=((0, 0.5), (1, 1.5))), "points-bounds"),
        (Marginal("empirical", 1.0, points=((0, 1.0),)), "points-order"),
        (Marginal("empirical", 1.0, points=((0.1, 0.5), (1, 1.5))), "points-order"),
        (Marginal("empirical", 1.0, points=((0, 0.5), (0.9, 1.5))), "points-order"),
        (Marginal("empirical", 1.0, points=((0, 0.5), (0.6, 1.0), (0.4, 1.2), (1, 1.5))), "points-order"),
        (Marginal("empirical", 1.0, points=((0, 0.5), (0.5, 1.6), (1, 1.5))), "points-order"),
        (Marginal("empirical", 0.5, points=((0, 0.1), (1, 1.5)), lower=0.0, upper=1.0), "distribution-range"),
        (Marginal("empirical", 2.0, points=((0, 0.1), (1, 1.5))), "distribution-order"),
        (Marginal("normal", 1.0, 0.5, 1.5, points=((0, 0.5), (1, 1.5))), "points-unused"),
        (Marginal("constant", math.nan), "distribution-range"),
        (Marginal("constant", 1.2, lower=0.0, upper=1.0), "distribution-range"),
        (Marginal("uniform", -0.1, -0.2, 0.3, lower=0.0), "distribution-range"),
    ],
)
def test_what_cannot_be_fitted_says_so(row, code):
    found = fit(row)
    assert [(p.code, p.severity) for p in found.problems] == [(code, "error")]
    assert found.family == "constant"


def test_no_spread_is_a_constant():
    assert fit(Marginal("beta", 0.3, 0.3, 0.3)).parameters == (0.3,)


def test_a_zero_stands_on_its_bound():
    assert fit(Marginal("constant", 0.0, lower=0.0, upper=1.0)).problems == ()
    assert fit(Marginal("constant", 1.0, lower=0.0, upper=1.0)).problems == ()


def test_points_are_taken_as_they_are():
    points = ((0.0, 1.0), (0.25, 2.0), (1.0, 4.0))
    found = fit(Marginal("empirical", 2.6, points=points))
    assert found.problems == ()
    z = stats.norm.ppf([[0.0, 0.1, 0.25, 0.5, 1.0]])
    got = quantile("empirical", np.array([found.parameters]), z)
    np.testing.assert_allclose(got, [[1.0, 1.4, 2.0, 2 + 2 / 3, 4.0]], rtol=1e-14)


def test_a_value_off_the_centre_of_its_points_is_reported():
    found = fit(Marginal("empirical", 1.5, points=((0.0, 1.0), (0.5, 3.0), (1.0, 5.0))), "yield")
    assert [(p.code, p.severity) for p in found.problems] == [("points-centre", "warning")]
    assert found.problems[0].parameters["mean"] == pytest.approx(3.0)
    assert found.problems[0].parameters["median"] == pytest.approx(3.0)
    assert fit(Marginal("empirical", 3.3, points=((0.0, 1.0), (0.5, 3.0), (1.0, 5.0)))).problems == ()


def test_equal_points_are_a_constant():
    assert fit(Marginal("empirical", 2.0, points=((0.0, 2.0), (1.0, 2.0)))).family == "constant"


@given(
    mean=st.floats(0.02, 0.98),
    left=st.floats(0.05, 0.95),
    right=st.floats(0.05, 0.95),
)
def test_every_beta_that_fits_keeps_mean_and_spread(mean, left, right):
    low, high = mean * (1 - left), mean + (1 - mean) * right
    found = fit(Marginal("beta", mean, low, high))
    if found.family == "beta":
        law = distribution(found)
        assert law.mean() == pytest.approx(mean, rel=1e-9)
        assert law.ppf(0.95) - law.ppf(0.05) == pytest.approx(high - low, rel=1e-7)
    else:
        assert [p.code for p in found.problems] == ["distribution-spread"]


@given(
    kind=st.sampled_from(["gamma", "weibull"]),
    mean=st.floats(1e-6, 1e6),
    left=st.floats(0.01, 1.0),
    right=st.floats(0.02, 3.0),
)
def test_every_gamma_and_weibull_that_fits_keeps_mean_and_spread(kind, mean, left, right):
    low, high = mean * (1 - left), mean * (1 + right)
    found = fit(Marginal(kind, mean, low, high))
    if found.family == kind:
        law = distribution(found)
        assert law.mean() == pytest.approx(mean, rel=1e-9)
        assert law.ppf(0.95) - law.ppf(0.05) == pytest.approx(high - low, rel=1e-7)
    else:
        assert [p.code for p in found.problems] == ["distribution-spread"]


@given(st.sampled_from(sorted(CASES)), st.sampled_from([1e-3, 1e3]))
def test_kilograms_or_tonnes_are_irrelevant(case, factor):
    row = CASES[case]
    if row.kind == "beta":
        return  # a share has no unit
    scaled = Marginal(row.kind, row.value * factor, row.low * factor, row.high * factor, row.meaning)
    here, there = fit(row), fit(scaled)
    z = np.linspace(-4, 4, 33)[None, :]
    got, expected = (quantile(f.family, np.array([f.parameters]), z) for f in (there, here))
    np.testing.assert_allclose(got, expected * factor, rtol=1e-9)  # roots are found to 1e-13
