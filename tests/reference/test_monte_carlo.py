"""Uncertainty against closed forms: what a run's spread must be, and how fast its mean settles."""

import math
from functools import cache

import numpy as np
import pytest
from scipy import stats

from cemfa import compile_system, solve
from cemfa.results import Request
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
def dung(samples=SAMPLES, seed=11, workers=1):
    """Sampled flow [t/year]."""
    results = solve(product_system(), samples=samples, seed=seed, workers=workers, request=Request(flows="all"))
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


def test_more_samples_keep_the_first_ones():
    assert np.array_equal(dung(700)[:300], dung(300))
    assert np.array_equal(dung(SAMPLES)[:700], dung(700))


def test_workers_do_not_change_a_bit():
    assert np.array_equal(dung(1500, workers=1), dung(1500, workers=2))


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
