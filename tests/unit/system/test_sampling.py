"""Draws: their moments, their independence of each other's presence, and Dirichlet groups."""

import math
import pickle

import numpy as np
import pytest
from scipy import stats

from cemfa.errors import CemfaError, DefinitionError, Place
from cemfa.system.designs import METHODS
from cemfa.system.marginals import Marginal, fit
from cemfa.system.sampling import BLOCK, Row, Sampler
from cemfa.system.uncertain import physical_range

UNIFORM = Marginal("uniform", 2.0, 1.0, 4.0)
NORMAL = Marginal("normal", 10.0, 8.0, 12.0)
BETA = Marginal("beta", 0.2, 0.05, 0.45, lower=0.0, upper=1.0)
GAMMA = Marginal("gamma", 10.0, 3.0, 21.0, lower=0.0)
WEIBULL = Marginal("weibull", 10.0, 3.0, 18.0, lower=0.0)
EMPIRICAL = Marginal("empirical", 2.5, points=((0.0, 1.0), (0.3, 2.0), (0.5, 2.5), (1.0, 4.0)))
MIXED = [UNIFORM, NORMAL, BETA, GAMMA, WEIBULL, EMPIRICAL, Marginal("lognormal", 10.0, 5.0, 20.0)]


KEYS = [(0, "a", 0), (1, "a", 0), (0, "b", 0), (0, "a", 1)]


def law_of(row):
    """The fitted distribution in scipy's words."""
    p = fit(row).parameters
    match row.kind:
        case "beta":
            return stats.beta(p[0], p[1])
        case "gamma":
            return stats.gamma(p[0], scale=p[1])
        case "weibull":
            return stats.weibull_min(p[0], scale=p[1])
    levels, values = np.split(np.array(p), 2)
    edges = np.diff(levels)
    return stats.rv_histogram((edges / np.diff(values), values), density=True)


def many(rows, samples=100 * BLOCK, seed=3):
    return Sampler.of(rows).samples(seed, 0, samples)


def codes(error):
    return [p.code for p in error.value.problems]


def share(value, group="mix", concentration=20.0, parameter="fraction", varies_by=(), year=None, **index):
    """A row of a Dirichlet group."""
    return Row(
        parameter,
        Marginal("dirichlet", value, lower=0.0, upper=1.0),
        tuple(index.items()),
        year,
        group,
        concentration,
        varies_by,
    )


def test_scores_are_standard_normal():
    scores = np.concatenate([Sampler.of([Row("yield", NORMAL)]).scores(1, block)[0] for block in range(400)])
    # Kolmogorov-Smirnov against scipy; the seed is fixed, so the p-value is a constant well above chance
    assert stats.kstest(scores, stats.norm.cdf).pvalue > 0.01
    assert np.all(np.isfinite(scores))


def test_streams_differ_by_seed_name_and_block():
    drawn = np.array([Sampler.of([Row(n, NORMAL)]).scores(s, b)[0] for s, n, b in KEYS])
    off_diagonal = np.corrcoef(drawn)[~np.eye(4, dtype=bool)]
    assert np.all(np.abs(off_diagonal) < 4 / math.sqrt(BLOCK))  # four standard errors
    assert np.array_equal(Sampler.of([Row("a", NORMAL)]).scores(0, 0)[0], drawn[0])


@pytest.mark.parametrize(
    ("law", "row"),
    [
        (stats.uniform(1, 3), UNIFORM),
        (stats.norm(10, 2 / stats.norm.ppf(0.95)), NORMAL),
        (stats.lognorm(math.log(4) / 2 / stats.norm.ppf(0.95), scale=10), Marginal("lognormal", 10.0, 5.0, 20.0)),
        (stats.triang(0.2, 2, 5), Marginal("triangular", 3.0, 2.0, 7.0)),
        (stats.beta(1.8, 4.2, 2, 5), Marginal("pert", 3.0, 2.0, 7.0)),
        *((law_of(row), row) for row in (BETA, GAMMA, WEIBULL, EMPIRICAL)),
    ],
)
def test_moments_and_quantiles(law, row):
    drawn = many([Row("yield", row)])[0]
    error = law.std() / math.sqrt(drawn.size)
    assert drawn.mean() == pytest.approx(law.mean(), abs=4 * error)
    assert drawn.std() == pytest.approx(law.std(), rel=0.03)
    assert stats.kstest(drawn, law.cdf).pvalue > 0.01


def test_truncated_draws_follow_the_truncated_law():
    sd = 2 / stats.norm.ppf(0.95)
    row = Marginal("normal", 3.0, 1.0, 5.0, lower=0.0)
    drawn = many([Row("yield", row)])[0]
    law = stats.truncnorm(-3.0 / sd, np.inf, loc=3.0, scale=sd)
    assert drawn.min() >= 0
    assert stats.kstest(drawn, law.cdf).pvalue > 0.01


def test_central_values_are_as_written():
    rows = [Row("a", UNIFORM), Row("b", Marginal("constant", 7.0)), Row("c", BETA)]
    assert Sampler.of(rows).central().tolist() == [2.0, 7.0, 0.2]
    assert np.all(Sampler.of(rows).block(0, 0)[1] == 7.0)


def test_rows_of_one_parameter_share_the_quantile():
    rows = [Row("a", NORMAL, (("district", "x"),)), Row("a", UNIFORM, (("district", "y"),)), Row("b", NORMAL)]
    x, y, other = Sampler.of(rows).block(5, 0)
    score = (x - 10) / (2 / stats.norm.ppf(0.95))
    np.testing.assert_allclose(y, 1 + 3 * stats.norm.cdf(score), rtol=1e-9)  # the accuracy of a score
    assert abs(np.corrcoef(x, other)[0, 1]) < 4 / math.sqrt(BLOCK)


def test_varies_by_draws_independently():
    rows = [
        Row("a", NORMAL, (("district", d), ("settlement", s)), varies_by=("district",))
        for d in ("x", "y")
        for s in ("urban", "rural")
    ]
    xu, xr, yu, yr = Sampler.of(rows).block(5, 0)
    assert np.array_equal(xu, xr)
    assert np.array_equal(yu, yr)
    assert abs(np.corrcoef(xu, yu)[0, 1]) < 4 / math.sqrt(BLOCK)


def test_more_parameters_and_more_samples_change_nothing():
    small, rows = Sampler.of([Row("b", NORMAL)]), [Row("a", UNIFORM), Row("b", NORMAL), Row("c", BETA)]
    assert np.array_equal(Sampler.of(rows).block(9, 4)[1], small.block(9, 4)[0])
    assert np.array_equal(Sampler.of(rows[::-1]).block(9, 4)[1], small.block(9, 4)[0])
    assert np.array_equal(small.samples(9, 0, 700)[:, :300], small.samples(9, 0, 300))
    assert np.array_equal(small.samples(9, 250, 20), small.samples(9, 0, 300)[:, 250:270])


@pytest.mark.parametrize("method", METHODS)
def test_a_row_is_the_same_whatever_stands_beside_it(method):
    if method == "sobol":
        return  # its dimensions are counted through: another name before it moves it
    rows = [Row(f"p{n}", MIXED[n % len(MIXED)]) for n in range(300)]
    whole = Sampler.of(rows).block(2, 1, method)
    assert np.array_equal(Sampler.of(rows[::-1]).block(2, 1, method)[::-1], whole)
    for n in (0, 5, 130, 299):
        assert np.array_equal(Sampler.of(rows[n : n + 1]).block(2, 1, method)[0], whole[n])


@pytest.mark.parametrize("method", METHODS)
def test_samples_are_blocks_drawn_whole_then_cut(method):
    sampler = Sampler.of([Row(f"p{n}", law) for n, law in enumerate(MIXED)])
    whole = np.concatenate([sampler.block(9, index, method) for index in range(3)], axis=1)
    assert np.array_equal(sampler.samples(9, 0, 700, method), whole[:, :700])
    assert np.array_equal(sampler.samples(9, 250, 20, method), whole[:, 250:270])


def test_blocks_keep_their_numbers_while_others_are_drawn():
    sampler = Sampler.of([Row(f"p{n}", law) for n, law in enumerate(MIXED)])
    first, scores = sampler.block(1, 0), sampler.scores(1, 0)
    kept = first.copy(), scores.copy()
    sampler.block(1, 1)
    sampler.scores(1, 1)
    assert np.array_equal(first, kept[0])
    assert np.array_equal(scores, kept[1])


def test_a_given_array_is_filled():
    rows = [Row("a", NORMAL), Row("b", Marginal("constant", 7.0)), Row("c", GAMMA)]
    filled = np.full((3, BLOCK), np.nan)
    assert Sampler.of(rows).block(1, 2, out=filled) is filled
    assert np.array_equal(filled, Sampler.of(rows).block(1, 2))


def test_rows_of_a_parameter_and_their_years_are_read_from_one_stream():
    rows = [Row("a", law, year=year) for year in range(2020, 2120) for law in (NORMAL,)]
    drawn = Sampler.of([*rows, Row("b", NORMAL)]).block(0, 0)
    assert np.all(drawn[:100] == drawn[0])
    assert not np.any(drawn[100] == drawn[0])


def test_sampler_survives_pickling():
    sampler = Sampler.of([Row("a", BETA), share(0.4, fraction="food"), share(0.6, fraction="rest")])
    assert np.array_equal(pickle.loads(pickle.dumps(sampler)).block(1, 0), sampler.block(1, 0))


def test_dirichlet_sums_to_one_with_the_right_moments():
    values = [0.5, 0.3, 0.15, 0.05]
    rows = [share(v, fraction=f"f{i}") for i, v in enumerate(values)]
    drawn = many(rows)
    np.testing.assert_allclose(drawn.sum(axis=0), 1.0, rtol=1e-14)
    law = stats.dirichlet(20 * np.array(values))
    errors = np.sqrt(law.var() / drawn.shape[1])
    assert np.all(np.abs(drawn.mean(axis=1) - values) < 4 * errors)
    np.testing.assert_allclose(drawn.var(axis=1), law.var(), rtol=0.05)
    np.testing.assert_allclose(np.cov(drawn), law.cov(), atol=0.05 * law.var().max())


def test_dirichlet_marginal_is_a_beta():
    drawn = many([share(0.2, fraction="a"), share(0.8, fraction="b")])[0]
    assert stats.kstest(drawn, stats.beta(4, 16).cdf).pvalue > 0.01


def test_dirichlet_of_tiny_concentration_stays_finite():
    drawn = many([share(v, fraction=f"f{i}", concentration=0.01) for i, v in enumerate((0.5, 0.5))], 10 * BLOCK)
    np.testing.assert_allclose(drawn.sum(axis=0), 1.0, rtol=1e-14)
    assert drawn[0].mean() == pytest.approx(0.5, abs=0.05)  # a coin toss: standard error 0.01


def test_a_share_of_zero_stays_zero():
    drawn = many([share(0.0, fraction="none"), share(0.4, fraction="a"), share(0.6, fraction="b")], BLOCK)
    assert np.all(drawn[0] == 0)


def test_a_group_is_parted_by_the_dimension_that_makes_it_sum_to_one():
    rows = [
        share(v, fraction=f, district=d)
        for d, food in (("x", 0.4), ("y", 0.7))
        for f, v in (("food", food), ("rest", 1 - food))
    ]
    drawn = Sampler.of(rows).block(0, 0)
    np.testing.assert_allclose(drawn[0] + drawn[1], 1.0, rtol=1e-14)
    np.testing.assert_allclose(drawn[2] + drawn[3], 1.0, rtol=1e-14)
    assert stats.spearmanr(drawn[0], drawn[2]).statistic > 0.9  # one score for both districts; the rest mixes in


def test_a_group_of_parameters_is_parted_by_place_and_year():
    rows = [
        share(v, parameter=p, district=d, year=y)
        for y in (2020, 2030)
        for d in ("x", "y")
        for p, v in (("burnt", 0.1 + (y - 2020) / 50), ("kept", 0.9 - (y - 2020) / 50))
    ]
    drawn = Sampler.of(rows).block(0, 0)
    np.testing.assert_allclose(drawn[::2] + drawn[1::2], 1.0, rtol=1e-14)


def test_a_group_that_varies_by_district_is_drawn_independently():
    rows = [
        share(v, fraction=f, district=d, varies_by=("district",))
        for d in ("x", "y")
        for f, v in (("food", 0.4), ("rest", 0.6))
    ]
    drawn = Sampler.of(rows).block(0, 0)
    assert abs(np.corrcoef(drawn[0], drawn[2])[0, 1]) < 4 / math.sqrt(BLOCK)


def test_concentration_may_stand_on_one_row():
    once = [share(0.4, fraction="a"), share(0.6, concentration=None, fraction="b")]
    both = [share(0.4, fraction="a"), share(0.6, fraction="b")]
    assert np.array_equal(Sampler.of(once).block(0, 0), Sampler.of(both).block(0, 0))


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([share(0.4, fraction="a"), share(0.5, fraction="b")], "group-sum"),
        ([share(0.4, fraction="a"), share(0.6, concentration=30.0, fraction="b")], "group-concentration"),
        (
            [share(0.4, concentration=None, fraction="a"), share(0.6, concentration=None, fraction="b")],
            "group-concentration",
        ),
        ([share(1.4, fraction="a"), share(-0.4, fraction="b")], "distribution-range"),
        ([share(0.4, fraction="a", varies_by=("fraction",)), share(0.6, fraction="b")], "group-varies-by"),
        ([Row("a", Marginal("dirichlet", 0.4))], "dirichlet-without-group"),
        ([Row("a", BETA, group="mix", concentration=2.0)], "group-distribution"),
        ([Row("a", NORMAL, varies_by=("district",))], "varies-by-blank"),
        ([Row("a", Marginal("normal", 1.0))], "distribution-bounds"),
    ],
)
def test_rows_that_cannot_be_drawn_are_refused(rows, code):
    with pytest.raises(DefinitionError) as error:
        Sampler.of(rows)
    assert code in codes(error)


def test_all_problems_come_at_once_with_their_places():
    rows = [
        Row("a", Marginal("normal", 1.0), place=Place("p.csv", 2)),
        Row("b", Marginal("lognormal", 1.0, 0.0, 2.0), (("district", "x"),), place=Place("p.csv", 3)),
    ]
    with pytest.raises(DefinitionError) as error:
        Sampler.of(rows)
    assert codes(error) == ["distribution-bounds", "distribution-positive"]
    assert "p.csv:2" in str(error.value)
    assert "b[x]" in str(error.value)


def test_warnings_are_reported_not_raised():
    sampler = Sampler.of([Row("a", Marginal("normal", 10.0, 9.5, 14.0))])
    assert [p.code for p in sampler.reports] == ["distribution-missed-bound"] * 2


def test_negative_seed_is_refused():
    with pytest.raises(CemfaError, match="seed-invalid"):
        Sampler.of([Row("a", NORMAL)]).block(-1, 0)


def test_an_unknown_layout_of_samples_is_refused():
    with pytest.raises(CemfaError, match="sampling-unknown"):
        Sampler.of([Row("a", NORMAL)]).block(0, 0, "halton")


def test_physical_ranges():
    assert physical_range(0.3, 0.9, share=True) == (0.0, 1.0)
    assert physical_range(0.3, 1.1, share=True) == (0.0, math.inf)
    assert physical_range(300.0, None, share=False) == (0.0, math.inf)
    assert physical_range(-5.0, None, share=False, signed=True) == (-math.inf, math.inf)


def test_no_random_rows_at_all():
    for method in METHODS:
        assert Sampler.of([Row("a", Marginal("constant", 2.0))]).samples(0, 0, 300, method).shape == (1, 300)
        assert Sampler.of([]).block(0, 0, method).shape == (0, BLOCK)
