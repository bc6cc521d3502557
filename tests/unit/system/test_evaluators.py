"""Cheap quantiles follow the exact ones: formulas, cubic pieces and straight lines between points."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import log_ndtr, ndtr

from cemfa.system.evaluators import TOLERANCE, Formula, Interpolation, pieces_of
from cemfa.system.groups import Dirichlets, Part, in_turn
from cemfa.system.quantiles import log_gamma_quantile, quantile

Z = np.linspace(-8.2, 8.2, 8191)[None, :]
Z95 = stats.norm.ppf(0.95)
ZERO, FAR = np.zeros((1, 1)), np.full((1, 1), np.inf)
UNCUT = (ZERO, ZERO, -FAR, FAR)


@pytest.mark.parametrize(
    ("family", "parameters"),
    [
        ("uniform", (2.0, 6.0)),
        ("triangular", (2.0, 3.0, 7.0)),
        ("triangular", (2.0, 2.0, 7.0)),
        ("triangular", (2.0, 7.0, 7.0)),
        ("normal", (10.0, 2.0)),
        ("lognormal", (1.0, 0.7)),
        ("weibull", (1.7, 3.0)),
        ("weibull", (0.6, 3.0)),
    ],
)
def test_formulas_are_the_quantiles(family, parameters):
    formula = Formula.of(family, np.array([parameters]))
    u = np.concatenate([np.exp2(-np.linspace(1, 50, 500)), 1 - np.exp2(-np.linspace(1, 50, 500))])[None, :]
    z = np.where(u > 0.5, -stats.norm.ppf(1 - u), stats.norm.ppf(u))
    got = formula(z if formula.reads_scores else u)
    # the same formula with other roundings; the score itself has 1e-13 relative in the far tail
    np.testing.assert_allclose(got, quantile(family, np.array([parameters]), z), rtol=1e-10)


def beta_law(alpha, beta):
    law, tail = stats.beta(alpha, beta), stats.norm.sf(np.abs(Z))
    return np.where(Z > 0, law.isf(tail), law.ppf(tail))


@pytest.mark.parametrize(
    ("alpha", "beta"), [(2.0, 5.0), (0.5, 0.5), (50.0, 3000.0), (1e6, 1e6), (0.1, 0.1), (1.0, 5.0), (0.9, 40.0)]
)
def test_beta_pieces_follow_the_inverse(alpha, beta):
    exact = beta_law(alpha, beta)
    spread = stats.beta(alpha, beta).ppf(0.95) - stats.beta(alpha, beta).ppf(0.05)
    got = pieces_of("beta", np.array([[alpha, beta, 0.0, 1.0]]), ZERO, ZERO, ZERO, ZERO + 1)(Z)
    np.testing.assert_allclose(got, exact, rtol=0, atol=1.1 * TOLERANCE * spread)  # a tenth: checked at midpoints
    assert got.min() >= 0
    assert got.max() <= 1


@pytest.mark.parametrize("alpha", [1e6, 400.0, 10.0, 1.0, 0.3, 0.01])
def test_gamma_pieces_keep_a_relative_error(alpha):
    got = pieces_of("gamma", np.array([[alpha, 2.5]]), ZERO, ZERO, ZERO, FAR).pieces(Z)
    exact = log_gamma_quantile(np.array([[alpha]]), Z) + math.log(2.5)
    np.testing.assert_allclose(got, exact, rtol=0, atol=1.1 * TOLERANCE)


@pytest.mark.parametrize("alpha", [300.0, 2.0, 0.5])
def test_gamma_logarithms_agree_with_scipy(alpha):
    z = np.linspace(-7, 7, 57)[None, :]
    law, tail = stats.gamma(alpha), ndtr(-np.abs(z))
    expected = np.log(np.where(z > 0, law.isf(tail), law.ppf(tail)))
    np.testing.assert_allclose(log_gamma_quantile(np.array([[alpha]]), z), expected, rtol=1e-9, atol=1e-9)


def test_gamma_logarithms_go_on_where_numbers_underflow():
    alpha = 0.01
    found = log_gamma_quantile(np.array([[alpha]]), np.array([[-8.0, -3.0]]))[0]
    power = (log_ndtr([-8.0, -3.0]) + math.lgamma(alpha + 1)) / alpha  # P(a, x) = x^a / Γ(a + 1)
    np.testing.assert_allclose(found, power, rtol=1e-12)


@pytest.mark.parametrize(
    ("family", "parameters", "law"),
    [
        ("normal", (10.0, 4.0), stats.norm(10, 4)),
        ("lognormal", (0.5, 0.6), stats.lognorm(0.6, scale=math.exp(0.5))),
        ("uniform", (2.0, 6.0), stats.uniform(2, 4)),
        ("triangular", (2.0, 3.0, 7.0), stats.triang(0.2, 2, 5)),
        ("beta", (2.0, 5.0, 1.0, 3.0), stats.beta(2, 5, 1, 2)),
        ("gamma", (4.0, 2.0), stats.gamma(4, scale=2)),
        ("weibull", (1.7, 3.0), stats.weibull_min(1.7, scale=3)),
    ],
)
def test_what_is_left_after_a_cut(family, parameters, law):
    below, above = 0.03, 0.015
    lower, upper = (np.array([[x]]) for x in law.ppf([below, 1 - above]))
    pieces = pieces_of(family, np.array([parameters]), ZERO + below, ZERO + above, lower, upper)
    z = np.linspace(-5, 5, 2001)[None, :]
    expected = law.ppf(below + (1 - below - above) * ndtr(z))
    spread = law.ppf(0.95) - law.ppf(0.05)
    # twice the tolerance of pieces: of a gamma it is relative, and its number may be twice the spread
    np.testing.assert_allclose(pieces(z), expected, rtol=0, atol=2 * TOLERANCE * spread)
    assert pieces(Z).min() >= lower.item()
    assert pieces(Z).max() <= upper.item()


def test_rows_of_different_needs_stand_in_one_table():
    rows = np.array([[2.0, 5.0, 0.0, 1.0], [0.1, 0.1, 0.0, 1.0], [2.0, 5.0, 0.0, 1.0], [30.0, 5.0, 2.0, 3.0]])
    zero = np.zeros((4, 1))
    together = pieces_of("beta", rows, zero, zero, zero, zero + 3)
    z = np.broadcast_to(Z, (4, Z.size))
    for n in range(4):
        alone = pieces_of("beta", rows[n : n + 1], ZERO, ZERO, ZERO, ZERO + 3)
        assert np.array_equal(together(z)[n], alone(Z)[0])
    assert together.base[0] == together.base[2]  # the same distribution is one table


@settings(max_examples=60, deadline=None)  # a table is made each time
@given(
    family=st.sampled_from(["beta", "gamma"]),
    shape=st.floats(-2.5, 4.0),
    other=st.floats(-2.5, 4.0),
)
def test_pieces_grow_with_the_score_within_bounds(family, shape, other):
    a, b = 10.0**shape, 10.0**other
    row = (a, b, 0.0, 1.0) if family == "beta" else (a, b)
    found = pieces_of(family, np.array([row]), ZERO, ZERO, ZERO, ZERO + 1 if family == "beta" else FAR)(Z)[0]
    assert np.all(np.isfinite(found))
    assert np.all(found >= 0)
    # pieces are monotone but for roundings: of numbers up to 1, or of logarithms down to -36/shape = -11 000
    rounding = 1e-15 if family == "beta" else 1e-11 * found[1:]
    assert np.all(np.diff(found) >= -rounding)


points = st.integers(2, 40).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(1, 1000), min_size=n - 1, max_size=n - 1),
        st.lists(st.floats(-1e6, 1e6), min_size=n, max_size=n),
    )
)


@given(st.lists(points, min_size=1, max_size=4), st.lists(st.floats(1e-12, 1 - 1e-12), min_size=1, max_size=50))
def test_points_are_joined_by_straight_lines(rows, levels):
    made = []
    for steps, values in rows:
        at = np.cumsum([0, *steps]) / sum(steps)
        made.append((*at.tolist(), *sorted(values)))
    u = np.broadcast_to(np.array(levels), (len(made), len(levels)))
    got = Interpolation.of(made)(u)
    for n, row in enumerate(made):
        at, values = np.split(np.array(row), 2)
        size = max(1.0, np.abs(values).max())
        steepest = np.max(np.diff(values) / np.diff(at))
        # value = start + rise·u: a start of rise times level, each with its rounding
        np.testing.assert_allclose(got[n], np.interp(u[n], at, values), rtol=0, atol=1e-14 * (size + steepest))
        assert got[n].min() >= values[0]
        assert got[n].max() <= values[-1]


PARTS = [
    Part((0, 1), ("a", "b"), (3.0, 2.0)),
    Part((2,), ("c",), (9.0,)),
    Part((3, 4, 5, 6), ("d", "e", "f", "g"), (20.0, 0.3, 5.0, 1.7)),
    Part((7, 8, 9), ("h", "i", "j"), (400.0, 40.0, 0.5)),
]


def drawn_by_part(parts, scores):
    """Shares part by part, from scores by row."""
    turns = in_turn(parts)
    found = Dirichlets.of(parts)(np.stack([scores[parts[p].rows[member]] for p, member in turns]))
    where = {parts[p].rows[member]: n for n, (p, member) in enumerate(turns)}
    return np.stack([found[where[row]] for part in parts for row in part.rows])


def test_dirichlet_shares_are_gammas_over_their_sum():
    scores = np.random.default_rng(1).standard_normal((10, 20_000))
    got = drawn_by_part(PARTS, scores)
    for part in PARTS:
        rows = list(part.rows)
        gammas = np.exp(log_gamma_quantile(np.array(part.alpha)[:, None], scores[rows]))
        exact = gammas / gammas.sum(axis=0)
        # a gamma errs by 1e-6 of its spread, which is up to three times the sum here and there
        np.testing.assert_allclose(got[rows], exact, rtol=0, atol=3e-6)
        assert np.sqrt(np.mean((got[rows] - exact) ** 2)) < 2e-7  # nearly everywhere it is far less
        assert np.all(got[rows] > 0)


def test_a_part_does_not_depend_on_those_beside_it():
    scores = np.random.default_rng(2).standard_normal((10, 500))
    together = drawn_by_part(PARTS, scores)
    assert np.array_equal(
        drawn_by_part(PARTS[::-1], scores), np.concatenate([together[list(p.rows)] for p in PARTS[::-1]])
    )
    for part in PARTS:
        assert np.array_equal(drawn_by_part([part], scores), together[list(part.rows)])


def test_shares_from_gammas_and_from_their_logarithms_agree():
    near = Part((10, 11), ("k", "l"), (0.01, 0.02))  # in its company all are taken as logarithms
    scores = np.random.default_rng(3).standard_normal((12, 5000))
    assert Dirichlets.of([*PARTS, near]).gammas.logarithmic
    assert not Dirichlets.of(PARTS).gammas.logarithmic
    np.testing.assert_allclose(
        drawn_by_part([*PARTS, near], scores)[:10], drawn_by_part(PARTS, scores), rtol=0, atol=4e-6
    )


def test_dirichlet_of_numbers_that_underflow():
    shares = Dirichlets.of([Part((0, 1), ("a", "b"), (0.001, 0.001))])(np.array([[-3.0, 0.0], [-2.0, 0.0]]))
    np.testing.assert_allclose(shares[:, 0], [0.0, 1.0], atol=1e-300)
    np.testing.assert_allclose(shares[:, 1], [0.5, 0.5])
