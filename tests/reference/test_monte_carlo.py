"""Uncertainty against closed forms: what a run's spread must be, and how fast its mean settles."""

import math
from functools import cache

import numpy as np
import pytest
from scipy import stats

from cemfa import compile_system, solve
from cemfa.errors import CemfaError
from cemfa.results import Request
from cemfa.system.designs import METHODS
from tests.reference import cases

SAMPLES = 16_384  # 64 random blocks
Z95 = stats.norm.ppf(0.95)
FACTORS = {
    "heads": ("head", 200.0, 150.0, 260.0),
    "dung_per_head": ("t/head/year", 4.0, 2.5, 6.5),
    "share_in_barn": ("1", 0.5, 0.42, 0.6),
}


@cache
def product_system():
    """Dung of some heads of cattle: the product of three lognormal numbers, all to one field."""
    rows = [
        cases.row(name, value, unit) | {"distribution": "lognormal", "low": low, "high": high}
        for name, (unit, value, low, high) in FACTORS.items()
    ]
    flows = {"dung": {"from": "outside", "to": "field", "amount": list(FACTORS)}}
    return compile_system(cases.model("cattle", [2024, 2024], {"field": {"sink": True}}, flows, rows))


def closed_form():
    """Median and log standard deviation of the product."""
    median = math.prod(value for _, value, _, _ in FACTORS.values())
    sigma = math.sqrt(sum((math.log(high / low) / (2 * Z95)) ** 2 for _, _, low, high in FACTORS.values()))
    return stats.lognorm(sigma, scale=median)


@cache
def dung(samples=SAMPLES, seed=11, workers=1, sampling="random"):
    """Sampled flow [t/year]."""
    asked = {"samples": samples, "seed": seed, "workers": workers, "sampling": sampling}
    results = solve(product_system(), **asked, request=Request(flows="all"))
    assert results.attrs["sampling"] == sampling
    return results["flow_mass"].sel(flow="dung", layer="matter", period=2024).to_numpy()


def test_central_value_is_the_product_of_the_values():
    results = solve(product_system())
    assert results["flow_mass"].item() == pytest.approx(closed_form().median(), rel=1e-12)


def test_a_product_of_lognormals_is_lognormal():
    law = closed_form()
    drawn = dung()
    assert stats.kstest(drawn, law.cdf).pvalue > 0.01
    error = law.std() / math.sqrt(SAMPLES)
    assert drawn.mean() == pytest.approx(law.mean(), abs=4 * error)
    # standard error of a quantile: sqrt(p(1 - p)/n) / density
    for level in (0.05, 0.25, 0.5, 0.75, 0.95):
        at = law.ppf(level)
        spread = math.sqrt(level * (1 - level) / SAMPLES) / law.pdf(at)
        assert np.quantile(drawn, level) == pytest.approx(at, abs=4 * spread)


def test_reduced_results_are_those_of_the_samples():
    reduced = solve(product_system(), samples=1024, seed=11)
    assert "flow_mass" not in reduced
    drawn = dung(1024)
    place = {"flow": "dung", "layer": "matter", "period": 2024}
    assert reduced["flow_mean"].sel(place).item() == pytest.approx(drawn.mean(), rel=1e-12)
    kept = reduced["flow_quantile"].sel(place)
    np.testing.assert_allclose(kept, np.quantile(drawn, kept["quantile"]), rtol=1e-12)
    assert reduced.attrs["quantiles"] == "exact"


def test_quantiles_of_more_samples_than_fit_are_nearly_unbiased(monkeypatch):
    monkeypatch.setattr("cemfa.system.footprint.EXACT_BYTES", 0)
    reduced = solve(product_system(), samples=SAMPLES, seed=11)
    assert reduced.attrs["quantiles"] == "mean of blocks"
    law = closed_form()
    for level, found in zip(reduced["quantile"].values, reduced["flow_quantile"].values.ravel(), strict=True):
        at = law.ppf(level)
        spread = math.sqrt(level * (1 - level) / SAMPLES) / law.pdf(at)
        assert found == pytest.approx(at, abs=4 * spread)  # no worse than the samples themselves


def test_the_error_of_the_mean_shrinks_with_the_root_of_the_samples():
    law = closed_form()
    small, large = 256, 4096
    means = {n: [dung(n, seed).mean() for seed in range(24)] for n in (small, large)}
    for n, found in means.items():
        # 24 runs know their spread to 15 %; 40 % is nearly three of these
        assert np.std(found, ddof=1) == pytest.approx(law.std() / math.sqrt(n), rel=0.4)


@pytest.mark.parametrize(("sampling", "gain"), [("latin_hypercube", 4), ("sobol", 10)])
def test_laid_out_samples_know_the_mean_better(sampling, gain):
    law = closed_form()
    means = np.array([dung(1024, seed, sampling=sampling).mean() for seed in range(24)])
    random_error = law.std() / math.sqrt(1024)
    # the parts of a product of three that are functions of one factor are nearly all of its variance; 24 runs know
    # a spread to 15 %, so that a gain promised with a factor of two in hand is no chance
    assert np.std(means, ddof=1) < random_error / (gain / 2)
    assert means.mean() == pytest.approx(law.mean(), abs=4 * random_error / gain / math.sqrt(24) * 2)  # no bias
    assert stats.kstest(dung(SAMPLES, sampling=sampling), law.cdf).pvalue > 0.01


@pytest.mark.parametrize("sampling", METHODS)
def test_more_samples_keep_the_first_ones(sampling):
    assert np.array_equal(dung(700, sampling=sampling)[:300], dung(300, sampling=sampling))
    assert np.array_equal(dung(SAMPLES, sampling=sampling)[:700], dung(700, sampling=sampling))


@pytest.mark.parametrize("sampling", METHODS)
def test_workers_do_not_change_a_bit(sampling):
    assert np.array_equal(dung(1500, workers=1, sampling=sampling), dung(1500, workers=2, sampling=sampling))


def test_a_run_without_draws_says_so():
    assert solve(product_system()).attrs["sampling"] == "central"


def test_an_unknown_layout_of_samples_is_refused():
    with pytest.raises(CemfaError, match="sampling-unknown"):
        solve(product_system(), samples=2, sampling="halton")


def test_correlated_factors_widen_their_product_as_the_closed_form_says():
    """The logarithm of a product of two lognormal numbers has the variance s² + t² + 2 ρ s t."""
    rank = 0.7
    rows = [
        cases.row(name, value, unit) | {"distribution": "lognormal", "low": low, "high": high}
        for name, (unit, value, low, high) in FACTORS.items()
    ]
    rows[0]["correlated_with"] = f"dung_per_head:{rank}"
    flows = {"dung": {"from": "outside", "to": "field", "amount": list(FACTORS)}}
    system = compile_system(cases.model("cattle", [2024, 2024], {"field": {"sink": True}}, flows, rows))
    drawn = solve(system, samples=SAMPLES, seed=11, request=Request(flows="all"))["flow_mass"].to_numpy().ravel()
    s, t, rest = (math.log(high / low) / (2 * Z95) for _, _, low, high in FACTORS.values())
    sigma = math.sqrt(s**2 + t**2 + rest**2 + 2 * (2 * math.sin(math.pi * rank / 6)) * s * t)
    median = math.prod(value for _, value, _, _ in FACTORS.values())
    assert stats.kstest(drawn, stats.lognorm(sigma, scale=median).cdf).pvalue > 0.01
    assert stats.kstest(drawn, closed_form().cdf).pvalue < 1e-6  # and the difference is there to be seen


def test_new_distributions_come_through_the_model():
    """Moments and quantiles of flows that are one parameter each, against scipy."""
    laws = {
        "gamma": {"value": 10.0, "low": 3.0, "high": 21.0},
        "weibull": {"value": 10.0, "low": 3.0, "high": 18.0},
        "empirical": {"value": 3.0, "points": "1; 2; 3; 5; 4"},
    }
    rows = [
        cases.row(f"{kind}_mass", 1.0, "t/year") | {"distribution": kind} | numbers for kind, numbers in laws.items()
    ]
    flows = {f"{kind}_in": {"from": "outside", "to": "field", "amount": f"{kind}_mass"} for kind in laws}
    system = compile_system(cases.model("masses", [2024, 2024], {"field": {"sink": True}}, flows, rows))
    results = solve(system, samples=SAMPLES, seed=4, request=Request(flows="all"))
    for kind, numbers in laws.items():
        drawn = results["flow_mass"].sel(flow=f"{kind}_in").to_numpy().ravel()
        if kind == "empirical":
            assert stats.kstest(drawn, stats.uniform(1, 4).cdf).pvalue > 0.01  # equal steps: a straight line
            continue
        assert drawn.mean() == pytest.approx(10.0, abs=4 * drawn.std() / math.sqrt(SAMPLES))
        low, high = np.quantile(drawn, [0.05, 0.95])
        # standard errors of both percentiles, from the normal density of this spread, are below 0.2
        assert high - low == pytest.approx(numbers["high"] - numbers["low"], abs=0.8)


def test_shares_of_a_group_add_up_in_every_sample():
    fractions = {"food": 0.55, "garden": 0.25, "rest": 0.2}
    rows = [cases.row("waste", 100.0, "t/year")]
    rows += [
        cases.row(name, value) | {"distribution": "dirichlet", "group": "fates", "concentration": 30.0}
        for name, value in fractions.items()
    ]
    flows = {"arising": {"from": "outside", "to": "heap", "amount": "waste"}}
    flows |= {f"to_{name}": {"from": "heap", "to": "dump", "share": name} for name in fractions}
    system = compile_system(cases.model("heap", [2024, 2024], {"heap": {}, "dump": {"sink": True}}, flows, rows))
    results = solve(system, samples=2048, seed=2, request=Request(flows="all"))
    law = stats.dirichlet(30 * np.array(list(fractions.values())))
    drawn = np.stack([results["flow_mass"].sel(flow=f"to_{name}").to_numpy().ravel() / 100 for name in fractions])
    np.testing.assert_allclose(drawn.sum(axis=0), 1.0, rtol=1e-12)
    assert np.all(np.abs(drawn.mean(axis=1) - law.mean()) < 4 * np.sqrt(law.var() / 2048))
    assert np.all(drawn >= 0)
