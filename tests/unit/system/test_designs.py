"""Layouts of samples: a Latin hypercube fills every part once, a Sobol sequence fills ever finer ones."""

import numpy as np
import pytest
from scipy import stats
from scipy.stats import qmc

from cemfa.errors import CemfaError
from cemfa.system import designs
from cemfa.system.designs import Layout, names_in_order
from cemfa.system.streams import BLOCK, name_words, states

NAMES = tuple(f"p{n:02}" for n in range(12))
EVERY = np.arange(len(NAMES))


def numbers(method, blocks=1, seed=4, names=NAMES):
    drawn = [
        Layout.of(method, states(seed, name_words(names)), index, names_in_order(names)).uniforms(np.arange(len(names)))
        for index in range(blocks)
    ]
    return np.concatenate(drawn, axis=1)


def is_stratified(values, parts):
    return np.array_equal(np.sort(np.floor(values * parts), axis=1), np.tile(np.arange(parts), (len(values), 1)))


def test_every_part_of_a_latin_hypercube_is_filled_once_in_every_block():
    for block in np.split(numbers("latin_hypercube", 4), 4, axis=1):
        assert is_stratified(block, BLOCK)


def test_places_and_order_in_a_latin_hypercube_are_random():
    inside = [numbers("latin_hypercube", 8, seed) * BLOCK % 1 for seed in range(60)]
    # over many seeds the p-values are uniform themselves
    assert stats.kstest([stats.kstest(u.ravel(), "uniform").pvalue for u in inside], "uniform").pvalue > 0.01
    drawn = numbers("latin_hypercube", 64)
    # the part that comes first in a block is any of them
    first = np.floor(drawn[:, ::BLOCK] * 8).ravel()
    assert stats.chisquare(np.bincount(first.astype(int), minlength=8)).pvalue > 0.01
    order = np.corrcoef(drawn[:, :BLOCK])[~np.eye(len(NAMES), dtype=bool)]
    assert np.all(np.abs(order) < 4 / np.sqrt(BLOCK))  # four standard errors


def test_points_are_those_of_scipy():
    got = np.concatenate([designs._sobol_points(index, 40) for index in range(5)], axis=1)
    expected = qmc.Sobol(40, scramble=False, bits=32).random(2048)[: 5 * BLOCK].T * 2.0**32
    assert np.array_equal(got, expected)


@pytest.mark.parametrize("blocks", [1, 2, 4, 16])
def test_a_scrambled_sobol_sequence_fills_every_part(blocks):
    assert is_stratified(numbers("sobol", blocks), blocks * BLOCK)


def test_pairs_of_dimensions_are_filled_as_before_scrambling():
    """Cells of the unit square that hold as many points each before scrambling do so after it."""
    drawn = numbers("sobol", 4)
    plain = designs._sobol_points(0, len(NAMES))
    for a, b in ((0, 1), (1, 2), (0, 2)):
        for values in (drawn[:, :BLOCK], plain / 2.0**32):
            counts = np.histogram2d(values[a], values[b], bins=8, range=((0, 1), (0, 1)))[0]
            assert np.all(counts == BLOCK / 64)


def test_scrambling_depends_on_seed_and_name():
    assert not np.any(numbers("sobol") == numbers("sobol", seed=5))
    many = np.stack([numbers("sobol", seed=seed)[:, 7] for seed in range(400)])
    assert stats.kstest(many.ravel(), "uniform").pvalue > 0.01  # one point over all scramblings is uniform
    off = np.corrcoef(many.T)[~np.eye(len(NAMES), dtype=bool)]
    assert np.all(np.abs(off) < 4.5 / np.sqrt(400))  # 66 pairs


def test_dimensions_follow_the_order_of_names_not_of_rows():
    assert names_in_order(("b", "a", "c")).tolist() == [1, 0, 2]
    assert np.array_equal(numbers("sobol", names=NAMES[::-1])[::-1], numbers("sobol"))


def test_too_many_dimensions_are_refused_before_anything_is_drawn():
    with pytest.raises(CemfaError, match="sobol-dimensions"):
        designs._sobol_points(0, designs.MOST_DIMENSIONS + 1)


@pytest.mark.parametrize("method", ["latin_hypercube", "sobol"])
def test_the_mean_of_a_smooth_function_is_surer(method):
    def error(way):
        means = [np.mean(np.prod(1 + (u - 0.5) / 2, axis=0)) for u in (numbers(way, seed=s) for s in range(100))]
        return np.std(means)

    # 100 runs know a spread to 7 %: a third is far below chance. The function is nearly a sum of its arguments,
    # whose part a Latin hypercube takes away all but its square in the width of a part (Stein 1987)
    assert error(method) < error("random") / 3
