"""Value of information and intervals against what theory gives in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from cemfa.comparison.adding import half_width
from cemfa.comparison.choice import expected_loss, partial_information, perfect_information

SAMPLES = 200_000


def unit_loss(mean: float, deviation: float) -> float:
    """Return what knowing a normal number is worth to somebody who may take it or leave it."""
    ratio = mean / deviation
    return float(deviation * norm.pdf(ratio) + mean * norm.cdf(ratio) - max(mean, 0.0))


@pytest.mark.parametrize("mean", [-1.0, -0.3, 0.0, 0.5, 2.0])
def test_information_on_normal_gains_has_its_closed_form(mean):
    """Gain = mean + 2 x + 1 y, x and y standard normal: Raiffa and Schlaifer's unit normal loss."""
    draw = np.random.default_rng(11)
    x, y = draw.standard_normal((2, SAMPLES))
    values = {"take": mean + 2.0 * x + y, "leave": np.zeros(SAMPLES)}
    # four standard errors of the mean of max(gain, 0), at most those of the gain itself
    error = 4 * np.sqrt(5.0 / SAMPLES)
    assert perfect_information(values) == pytest.approx(unit_loss(mean, np.sqrt(5.0)), abs=error)
    for parameter, deviation in ((x, 2.0), (y, 1.0)):
        exact = unit_loss(mean, deviation)
        assert partial_information(values, parameter) == pytest.approx(exact, abs=error)
        # blocks of 1 000 samples: noise of the block means looks like information, σ²/(2·1000) per unit of density
        assert partial_information(values, parameter, blocks=200) == pytest.approx(exact, abs=error + 5.0 / 2000)


def test_a_parameter_that_plays_no_part_is_worth_next_to_nothing():
    draw = np.random.default_rng(5)
    x, other = draw.standard_normal((2, 2_000))
    values = {"take": 0.1 + x, "leave": np.zeros(2_000)}
    # three coefficients fitted to noise: of the order of the standard error of a mean
    assert partial_information(values, other) < 2 / np.sqrt(2_000)
    assert perfect_information(values) > 10 * partial_information(values, other)


def test_expected_loss_is_the_distance_of_means():
    draw = np.random.default_rng(2)
    values = {name: draw.normal(mean, 3.0, 5_000) for name, mean in (("a", 1.0), ("b", 2.0), ("c", 0.0))}
    lost = expected_loss(values)
    # E[max] is common to all, so that differences of losses are those of means, to rounding
    assert lost["a"] - lost["b"] == pytest.approx(values["b"].mean() - values["a"].mean(), abs=1e-12)


def test_intervals_of_95_percent_cover_in_93_to_97_of_100_repeats():
    """A paired difference of known mean, 1 000 times: the binomial spread of the share covered is 0.7 points."""
    draw = np.random.default_rng(20)
    count, repeats, gain = 60, 1_000, 0.5
    common = draw.gamma(2.0, 3.0, (repeats, count))  # what both options share cancels
    base = common + draw.standard_normal((repeats, count))
    option = common + gain + draw.standard_normal((repeats, count))
    covered = 0
    for ours, theirs in zip(option, base, strict=True):
        difference = ours - theirs
        covered += abs(float(difference.mean()) - gain) <= half_width(difference, 0.95)
    assert 0.93 <= covered / repeats <= 0.97
