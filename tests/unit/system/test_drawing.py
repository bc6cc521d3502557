"""Compiled drawing gives the bits of numpy, whatever is drawn and however it is laid out."""

import numpy as np
import pytest

from cemfa.errors import CemfaError
from cemfa.system.designs import METHODS
from cemfa.system.marginals import Marginal
from cemfa.system.sampling import BLOCK, Sampler
from cemfa.system.uncertain import Row

LAWS = {
    "uniform": Marginal("uniform", 2.0, 1.0, 4.0),
    "triangular": Marginal("triangular", 3.0, 2.0, 7.0),
    "pert": Marginal("pert", 3.0, 2.0, 7.0),
    "normal": Marginal("normal", 10.0, 8.0, 12.0),
    "cut_normal": Marginal("normal", 3.0, 1.0, 5.0, lower=0.0),
    "lognormal": Marginal("lognormal", 10.0, 5.0, 20.0),
    "beta": Marginal("beta", 0.2, 0.05, 0.45, lower=0.0, upper=1.0),
    "skewed_beta": Marginal("beta", 0.02, 0.001, 0.06, lower=0.0, upper=1.0),
    "gamma": Marginal("gamma", 10.0, 3.0, 21.0, lower=0.0),
    "weibull": Marginal("weibull", 10.0, 3.0, 18.0, lower=0.0),
    "empirical": Marginal("empirical", 2.5, points=((0.0, 1.0), (0.3, 2.0), (0.5, 2.5), (1.0, 4.0))),
}


def rows():
    """All families, rows that share a stream, correlated ones, groups far from zero and groups near it."""
    found = [Row(f"{name}_{n}", law) for n in range(20) for name, law in LAWS.items()]
    found += [Row("shared", LAWS[name], (("district", name),)) for name in ("beta", "normal", "gamma", "pert")]
    found += [Row("tied", LAWS["beta"], correlated_with=(("beta_3", 0.6), ("normal_3", -0.3)))]
    for size, concentration in ((2, 50.0), (3, 50.0), (7, 80.0), (4, 0.02), (2, 1.0), (1, 9.0)):
        group = f"of_{size}_{concentration}"
        law = Marginal("dirichlet", 1 / size, lower=0.0, upper=1.0)
        found += [Row(f"{group}_{n}", law, group=group, concentration=concentration) for n in range(size)]
    return found


@pytest.mark.parametrize("method", METHODS)
def test_the_bits_are_those_of_numpy(method):
    pytest.importorskip("numba")
    sampler = Sampler.of(rows())
    for index in (0, 5):
        expected = sampler.block(3, index, method, executor="numpy")
        assert np.array_equal(sampler.block(3, index, method, executor="numba"), expected)


def test_many_blocks_of_pieces_have_the_bits_of_numpy():
    pytest.importorskip("numba")
    sampler = Sampler.of([Row(f"p{n}", LAWS[name]) for n in range(100) for name in ("beta", "pert", "cut_normal")])
    for index in range(40):  # three million numbers reach far into both tails
        expected = sampler.block(0, index, executor="numpy")
        assert np.array_equal(sampler.block(0, index, executor="numba"), expected)


def test_what_is_drawn_by_default_has_the_same_bits():
    sampler = Sampler.of(rows())
    assert np.array_equal(sampler.block(1, 2), sampler.block(1, 2, executor="numpy"))
    assert sampler.block(1, 2).shape == (len(rows()), BLOCK)


def test_an_unknown_executor_is_refused():
    with pytest.raises(CemfaError, match="executor-unknown"):
        Sampler.of(rows()[:1]).block(0, 0, executor="fortran")
