"""Normal scores against the inverse distribution function of scipy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from cemfa.system.scores import LARGEST_SCORE, normal_scores, scores_of_bits

UNIT = 2.0**-52


def test_scores_are_accurate_over_both_tails():
    u = (np.floor(np.exp2(np.linspace(0, 51, 200_001))) + 0.5) * UNIT  # evenly in the logarithm, to the last bit
    # a cubic through four values errs by h⁴/1944 of the fourth derivative: most at u = 1/4, where a cell of 2⁻⁸ gives
    # 8e-11, a millionth of what the mean of 10⁸ samples could tell
    np.testing.assert_allclose(normal_scores(u), ndtri(u), rtol=0, atol=1e-10)
    np.testing.assert_allclose(normal_scores(1 - u), -ndtri(u), rtol=0, atol=1e-10)


def test_scores_are_accurate_in_every_cell():
    u = np.exp2(-np.linspace(1, 12, 1_000_001))  # 1 400 places in each cell of the octaves that hold nearly all draws
    np.testing.assert_allclose(normal_scores(u), ndtri(u), rtol=0, atol=1e-10)


def test_scores_are_accurate_in_the_middle():
    u = np.linspace(0.4, 0.6, 100_001)
    # terms of the cubics are up to 4, so they round to 1e-15; the last cell errs by 1e-11 of a score up to 0.26
    np.testing.assert_allclose(normal_scores(u), ndtri(u), rtol=1e-9, atol=4e-15)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20))
def test_bits_give_the_scores_of_their_numbers(words):
    bits = np.array(words, dtype=np.uint64)
    uniform = (np.array([word >> 12 for word in words], dtype=np.float64) + 0.5) * UNIT
    assert np.array_equal(scores_of_bits(bits.copy()), normal_scores(uniform))


@given(st.integers(0, 2**52 - 1))
def test_scores_are_symmetric_and_finite(whole):
    u = np.array([(whole + 0.5) * UNIT])
    found = normal_scores(np.concatenate([u, 1 - u]))
    assert found[0] == -found[1]
    assert abs(found[0]) < LARGEST_SCORE


@given(st.lists(st.integers(0, 2**52 - 1), min_size=2, max_size=50))
def test_scores_grow_with_the_number(wholes):
    u = (np.sort(np.array(wholes, dtype=np.float64)) + 0.5) * UNIT
    assert np.all(np.diff(normal_scores(u)) >= -4e-15)  # neighbouring bits may round to scores a few ulp apart
