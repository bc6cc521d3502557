"""Moments of rows: every family against scipy.stats, cuts included, and the covariance of Dirichlet groups."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from cemfa.system.marginals import Marginal, fit
from cemfa.system.sampling import Row, Sampler

INF = math.inf
Z95 = stats.norm.ppf(0.95)


def one(marginal):
    spread = Sampler.of([Row("x", marginal)]).spread()
    return spread.mean[0], spread.size[0]


def fitted(marginal):
    match fit(marginal).family, fit(marginal).parameters:
        case "beta", (a, b, low, high):
            return stats.beta(a, b, low, high - low)
        case "gamma", (shape, scale):
            return stats.gamma(shape, scale=scale)
        case _, (shape, scale):
            return stats.weibull_min(shape, scale=scale)


@pytest.mark.parametrize(
    ("marginal", "law", "tolerance"),
    [
        (Marginal("uniform", 2.0, 1.0, 4.0), stats.uniform(1, 3), 1e-12),
        (Marginal("normal", 10.0, 8.0, 12.0), stats.norm(10, 2 / Z95), 1e-12),
        # scores beyond 8.25, which are never drawn, hold 2e-11 of its deviation
        (Marginal("lognormal", 2.0, 0.5, 8.0), stats.lognorm(math.log(16) / (2 * Z95), scale=2), 1e-10),
        # the quantile function has a corner at the mode, where the trapezoid errs by the square of its step
        (Marginal("triangular", 2.0, 1.0, 6.0), stats.triang(0.2, 1, 5), 2e-5),
        # drawn from a cubic table that keeps 1e-6 of the range
        (Marginal("beta", 0.2, 0.05, 0.45, lower=0.0, upper=1.0), None, 1e-5),
        (Marginal("pert", 2.0, 1.0, 6.0), None, 1e-5),
        # 0.0416 of the probability lies below zero and is cut off; pieces keep 1e-6 of the spread
        (Marginal("normal", 1.0, 0.05, 1.95, lower=0.0), "cut", 1e-6),
        (Marginal("gamma", 10.0, 3.0, 21.0, lower=0.0), None, 1e-6),
        (Marginal("weibull", 10.0, 3.0, 18.0, lower=0.0), None, 1e-9),
    ],
    ids=["uniform", "normal", "lognormal", "triangular", "beta", "pert", "cut normal", "gamma", "weibull"],
)
def test_mean_and_deviation_are_those_of_the_law(marginal, law, tolerance):
    if law == "cut":
        sd = 0.95 / Z95
        law = stats.truncnorm(-1.0 / sd, INF, 1.0, sd)
    law = law or fitted(marginal)
    mean, deviation = one(marginal)
    assert mean == pytest.approx(law.mean(), rel=tolerance)
    assert deviation == pytest.approx(law.std(), rel=tolerance)


def test_a_constant_has_no_direction():
    spread = Sampler.of([Row("x", Marginal("constant", 3.0))]).spread()
    assert spread.mean.tolist() == [3.0]
    assert not len(spread.size)


def test_rows_of_a_parameter_move_together():
    rows = [Row("x", Marginal("normal", v, 0.9 * v, 1.1 * v), (("district", d),)) for v, d in ((1.0, "a"), (4.0, "b"))]
    direction = Sampler.of(rows).spread().directions(1)
    np.testing.assert_allclose(direction[:, 0], [0.1 / Z95, 0.4 / Z95], rtol=1e-12)


def group(alpha, concentration):
    return [
        Row("part", Marginal("dirichlet", a / sum(alpha)), (("kind", str(i)),), None, "mix", concentration)
        for i, a in enumerate(alpha)
    ]


@pytest.mark.parametrize("alpha", [(1.0, 2.0, 5.0), (0.2, 0.3), (40.0, 1.0, 3.0, 6.0)])
def test_directions_of_a_dirichlet_make_its_covariance(alpha):
    sampler = Sampler.of(group(alpha, sum(alpha)))
    spread = sampler.spread()
    direction = spread.directions(len(sampler.stream_names))
    law = stats.dirichlet(alpha)
    np.testing.assert_allclose(spread.mean, law.mean(), rtol=1e-12)
    np.testing.assert_allclose(direction @ direction.T, law.cov(), rtol=1e-12, atol=1e-17)
    np.testing.assert_allclose(direction.sum(axis=0), 0.0, atol=1e-16)  # a perturbed group keeps its sum


def test_coordinates_rebuild_a_linear_function_of_the_draws():
    rows = [*group((1.0, 2.0, 5.0), 8.0), Row("x", Marginal("lognormal", 2.0, 0.5, 8.0))]
    sampler = Sampler.of(rows)
    spread, names = sampler.spread(), sampler.stream_names
    weight = np.array([1.0, -2.0, 0.5, 3.0])
    effects = weight @ spread.directions(len(names))
    drawn = sampler.samples(1, 0, 50)
    predicted = weight @ spread.mean + effects @ spread.coordinates(drawn, len(names))
    np.testing.assert_allclose(predicted, weight @ drawn, rtol=1e-12)


def test_correlated_streams_share_their_covariance():
    effects, correlation = np.array([3.0, -1.0, 2.0]), np.array([[1.0, 0.5], [0.5, 1.0]])
    rows = [Row(name, Marginal("normal", 1.0, 0.9, 1.1)) for name in "abc"]
    spread = replace(Sampler.of(rows).spread(), linked=((np.array([0, 2]), correlation),))
    whole = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.0], [0.5, 0.0, 1.0]])
    assert spread.parts(effects).sum() == pytest.approx(effects @ whole @ effects, rel=1e-12)
    assert spread.parts(effects)[1] == effects[1] ** 2


def test_the_spread_knows_which_rows_are_correlated():
    """Variance of a linear function of correlated draws, against the draws themselves."""
    rows = [
        Row("a", Marginal("normal", 10.0, 8.0, 12.0), correlated_with=(("b", 0.6),)),
        Row("b", Marginal("normal", 5.0, 4.0, 6.0)),
        Row("c", Marginal("normal", 5.0, 4.0, 6.0)),
    ]
    sampler, weight = Sampler.of(rows), np.array([1.0, -2.0, 0.5])
    spread = sampler.spread()
    variance = spread.parts(weight @ spread.directions(3)).sum()
    drawn = weight @ sampler.samples(2, 0, 65_536)
    assert drawn.var() == pytest.approx(variance, rel=4 * math.sqrt(2 / 65_536))  # four standard errors
