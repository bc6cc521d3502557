"""Rank correlation: reached within its error, marginals untouched, contradictions named."""

import math

import numpy as np
import pytest
from scipy import stats

from cemfa.errors import DefinitionError, Place
from cemfa.system.correlation import nearest_correlation, pearson, spearman
from cemfa.system.designs import METHODS
from cemfa.system.marginals import Marginal
from cemfa.system.sampling import BLOCK, Row, Sampler

NORMAL = Marginal("normal", 10.0, 8.0, 12.0)
GAMMA = Marginal("gamma", 10.0, 3.0, 21.0, lower=0.0)
UNIFORM = Marginal("uniform", 2.0, 1.0, 4.0)
SAMPLES = 64 * BLOCK


def three(ab=0.6, bc=-0.3, ac=0.1):
    return [
        Row("a", NORMAL, correlated_with=(("b", ab), ("c", ac))),
        Row("b", GAMMA, correlated_with=(("c", bc),)),
        Row("c", UNIFORM),
    ]


def test_conversion_is_that_of_a_bivariate_normal():
    assert pearson(0.5) == pytest.approx(2 * math.sin(math.pi / 12))
    for rank in (-0.9, -0.2, 0.0, 0.4, 0.99):
        assert spearman(pearson(rank)) == pytest.approx(rank, abs=1e-15)


@pytest.mark.parametrize("method", METHODS)
def test_rank_correlations_are_reached(method):
    drawn = Sampler.of(three()).samples(5, 0, SAMPLES, method)
    found = stats.spearmanr(drawn, axis=1).statistic
    for i, j, rank in ((0, 1, 0.6), (1, 2, -0.3), (0, 2, 0.1)):
        # standard error of Spearman's coefficient at most 1.06 (1 - r²)/sqrt(n) (Bonett & Wright 2000); four of it
        error = math.sqrt((1 + rank**2 / 2) / SAMPLES) * (1 - rank**2)
        # a Latin hypercube puts 256 numbers in the order of 256 scores: of the same rank, up to 1/256
        assert found[i, j] == pytest.approx(rank, abs=4 * error + (1 / BLOCK if method == "latin_hypercube" else 0))


@pytest.mark.parametrize("method", METHODS)
def test_marginals_stay_as_they_were(method):
    drawn = Sampler.of(three()).samples(5, 0, SAMPLES, method)
    laws = [stats.norm(10, 2 / stats.norm.ppf(0.95)).cdf, None, stats.uniform(1, 3).cdf]
    for values, law in zip(drawn, laws, strict=True):
        if law is not None:
            assert stats.kstest(values, law).pvalue > 0.01


def test_a_latin_hypercube_stays_stratified():
    drawn = Sampler.of([Row("a", UNIFORM, correlated_with=(("b", 0.8),)), Row("b", UNIFORM)])
    for values in drawn.block(1, 3, "latin_hypercube"):
        assert np.array_equal(np.sort(np.floor((values - 1) / 3 * BLOCK)), np.arange(BLOCK))


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_rows_and_who_states_it_are_irrelevant(method):
    whole = Sampler.of(three()).block(3, 1, method)
    assert np.array_equal(Sampler.of(three()[::-1]).block(3, 1, method)[::-1], whole)
    other = [
        Row("a", NORMAL),
        Row("b", GAMMA, correlated_with=(("a", 0.6),)),
        Row("c", UNIFORM, correlated_with=(("a", 0.1), ("b", -0.3))),
    ]
    assert np.array_equal(Sampler.of(other).block(3, 1, method), whole)


@pytest.mark.parametrize("method", ["random", "latin_hypercube"])
def test_parameters_without_correlation_keep_their_draws(method):
    alone = Sampler.of([Row("z", GAMMA)]).block(3, 1, method)
    assert np.array_equal(Sampler.of([*three(), Row("z", GAMMA)]).block(3, 1, method)[3], alone[0])
    # of those that are linked the first name keeps its own score
    assert np.allclose(
        Sampler.of([Row("a", NORMAL)]).block(3, 1, method)[0], Sampler.of(three()).block(3, 1, method)[0]
    )


def test_scores_are_those_of_the_draws():
    sampler = Sampler.of(three())
    scores = sampler.scores(3, 1)
    drawn = sampler.block(3, 1)
    for name, values in zip(("a", "b", "c"), drawn, strict=True):
        position = sampler.stream_names.index(name)
        assert np.array_equal(np.argsort(scores[position]), np.argsort(values))


def test_items_are_paired_where_both_vary():
    rows = [
        Row(name, NORMAL, (("district", d),), varies_by=("district",), correlated_with=with_)
        for name, with_ in (("a", (("b", 0.8),)), ("b", ()))
        for d in ("x", "y")
    ]
    ax, ay, bx, by = Sampler.of(rows).samples(1, 0, SAMPLES)
    for pair, rank in (((ax, bx), 0.8), ((ay, by), 0.8), ((ax, by), 0.0), ((ax, ay), 0.0)):
        assert stats.spearmanr(*pair).statistic == pytest.approx(rank, abs=4 / math.sqrt(SAMPLES))


def codes(rows):
    with pytest.raises(DefinitionError) as error:
        Sampler.of(rows)
    return [p.code for p in error.value.problems]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([Row("a", NORMAL, correlated_with=(("a", 0.5),))], "correlation-self"),
        ([Row("a", NORMAL, correlated_with=(("b", 1.0),)), Row("b", NORMAL)], "correlation-range"),
        ([Row("a", NORMAL, correlated_with=(("b", -1.2),)), Row("b", NORMAL)], "correlation-range"),
        ([Row("a", NORMAL, correlated_with=(("b", 0.5),))], "correlation-unknown"),
        ([Row("a", NORMAL, correlated_with=(("b", 0.5),)), Row("b", Marginal("constant", 1.0))], "correlation-undrawn"),
        (
            [
                Row("a", NORMAL, correlated_with=(("b", 0.5),)),
                Row("b", NORMAL, correlated_with=(("a", 0.4),)),
            ],
            "correlation-clash",
        ),
        (
            [
                Row("a", NORMAL, (("district", "x"),), varies_by=("district",), correlated_with=(("b", 0.5),)),
                Row("b", NORMAL, (("district", "x"),)),
            ],
            "correlation-varies",
        ),
        (
            [
                Row("a", NORMAL, correlated_with=(("b", 0.5),)),
                *(
                    Row(n, Marginal("dirichlet", 0.5, lower=0.0, upper=1.0), group="g", concentration=9.0)
                    for n in ("b", "c")
                ),
            ],
            "correlation-undrawn",
        ),
    ],
)
def test_correlations_that_cannot_be_are_refused(rows, code):
    assert codes(rows) == [code]


def test_contradictory_correlations_are_named_with_the_nearest_that_are_not():
    rows = three(0.9, 0.9, -0.5)
    with pytest.raises(DefinitionError) as error:
        Sampler.of(rows)
    (problem,) = error.value.problems
    assert problem.code == "correlation-matrix"
    assert problem.parameters["parameters"] == ["a", "b", "c"]
    written = {}
    for entry in problem.parameters["nearest"]:
        pair, rank = entry.split(" ")
        written[pair] = float(rank)
    assert written.keys() == {"b:a", "c:a", "c:b"}
    Sampler.of(three(written["b:a"], written["c:b"], written["c:a"]))  # it can be typed as it stands


def test_the_place_of_a_correlation_is_shown():
    row = Row("a", NORMAL, correlated_with=(("b", 2.0),), place=Place("p.csv", 4))
    with pytest.raises(DefinitionError, match=r"p\.csv:4"):
        Sampler.of([row, Row("b", NORMAL)])


def test_the_nearest_matrix_is_nearest():
    """Against the published example of Higham (2002), section 4: the nearest to a matrix that is not one."""
    given = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    expected = np.array([[1.0, 0.7607, 0.1573], [0.7607, 1.0, 0.7607], [0.1573, 0.7607, 1.0]])
    np.testing.assert_allclose(nearest_correlation(given, 0.0), expected, atol=5e-5)  # four printed digits
