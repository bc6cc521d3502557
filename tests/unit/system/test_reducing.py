"""Means, standard deviations and quantiles of samples, and how sure they are."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cemfa.results import Request
from cemfa.system.reducing import Running, reduced, summarised, with_errors
from cemfa.system.streams import BLOCK, name_words, states, uniforms

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def running(samples, levels=LEVELS):
    """Return the summary of samples (N, S), block by block."""
    found = Running()
    for first in range(0, samples.shape[1], BLOCK):
        found.add(summarised(samples[:, first : first + BLOCK], levels, method="hazen"))
    return found.summary


NORMAL = stats.norm()


def drawn(name, count, law=NORMAL):
    """Return samples (1, count) of a law, from the streams of cemfa."""
    blocks = [uniforms(states(5, name_words([name]), block), BLOCK).ravel() for block in range(-(-count // BLOCK))]
    return law.ppf(np.concatenate(blocks)[:count])[None]


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 700), st.integers(0, 2**32 - 1), st.floats(-1e12, 1e12), st.floats(1e-6, 1e6))
def test_mean_and_deviation_are_those_of_exact_fractions(count, seed, centre, width):
    rng = np.random.default_rng(seed)
    samples = centre + width * rng.standard_normal((1, count))
    exact = [Fraction(x) for x in samples[0].tolist()]
    mean = sum(exact) / count
    square = sum((x - mean) ** 2 for x in exact)
    found = running(samples)
    largest = float(np.abs(samples).max())
    assert float(found.mean[0]) == pytest.approx(float(mean), abs=4e-16 * largest * 8)
    # what the rounding of the mean, and of each distance from it, can do to the squares
    tolerance = (
        1e-12 * float(square) + count * (1e-15 * largest) ** 2 + 1e-15 * largest * math.sqrt(float(square) * count)
    )
    assert float(found.square[0]) == pytest.approx(float(square), abs=tolerance)


def test_a_deviation_far_below_the_mean_keeps_its_digits():
    samples = 1e9 + drawn("far", 4096)  # a sum of squares would lose all digits but two
    assert np.sqrt(running(samples).square / 4095) == pytest.approx(np.std(samples - 1e9, ddof=1), rel=1e-7)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 300), st.integers(0, 2**32 - 1), st.sampled_from(["linear", "hazen"]))
def test_quantiles_are_numpys(count, seed, method):
    samples = np.random.default_rng(seed).lognormal(size=(3, count))
    found = summarised(samples, LEVELS, method=method)
    middle, error = with_errors(found.quantiles)
    expected = np.quantile(samples, LEVELS, axis=-1, method=method)
    np.testing.assert_allclose(middle, expected, rtol=1e-15)
    assert np.all(error >= 0)


def test_a_summary_does_not_depend_on_its_neighbours():
    samples = np.random.default_rng(1).lognormal(size=(900, 256))
    whole = summarised(samples, LEVELS)
    for row in (0, 127, 128, 899):
        alone = summarised(samples[row : row + 1], LEVELS)
        assert alone.mean[0] == whole.mean[row]
        assert alone.square[0] == whole.square[row]
        assert np.array_equal(alone.quantiles[:, 0], whole.quantiles[:, row])


LAWS = {"normal": stats.norm(10, 1), "lognormal": stats.lognorm(1.0), "exponential": stats.expon(),
        "uniform": stats.uniform(), "triangular": stats.triang(0.2)}  # fmt: skip


@pytest.mark.parametrize("law", LAWS)
def test_the_stated_error_is_that_of_repeated_runs(law):
    count, runs = 2048, 60
    found = [with_errors(summarised(drawn(f"{law}{n}", count, LAWS[law]), LEVELS).quantiles) for n in range(runs)]
    quantiles, errors = (np.array(values)[:, :, 0] for values in zip(*found, strict=True))
    # 60 runs know their own spread to 9 %, a stated error that of its two order statistics to about 25 % each
    np.testing.assert_allclose(errors.mean(axis=0), quantiles.std(axis=0, ddof=1), rtol=0.4)


@pytest.mark.parametrize("law", LAWS)
def test_means_of_blocks_lie_within_their_stated_error(law):
    count, runs = 16 * BLOCK, 20
    at, outside = LAWS[law].ppf(LEVELS), 0
    for run in range(runs):
        summary = running(drawn(f"{law}{run}", count, LAWS[law]))
        middle, error = with_errors(summary.quantiles, blocks=count / BLOCK)
        outside += int(np.count_nonzero(np.abs(middle[:, 0] - at) > 2 * error[:, 0]))
    # 4.6 % of 100 beyond two standard errors, binomial: 12 or more once in 500 times
    assert outside < 12


def test_a_gap_at_the_quantile_shows_in_the_error():
    samples = (drawn("gap", 64 * BLOCK) > stats.norm.ppf(0.47)).astype(float)  # 0 in 47 % of the samples, else 1
    middle, error = with_errors(running(samples, (0.5,)).quantiles, blocks=64)
    assert middle[0, 0] < 0.95  # not the median, which is 1: some blocks of 256 have more zeros than ones
    assert error[0, 0] > (1.0 - middle[0, 0]) / 3  # the order of magnitude


def test_what_is_asked_for_is_kept():
    summary = summarised(np.array([[1.0, 2.0, 6.0]]), (0.5,))
    kept = reduced(summary, Request(reducers=("sd", "p50")))
    assert set(kept) == {"sd", "quantile", "quantile_error"}
    assert kept["sd"].tolist() == [math.sqrt(7.0)]
    assert reduced(summarised(np.array([[3.0]]), ()), Request(reducers=("sd",)))["sd"].tolist() == [0.0]
