"""Streams: the published generator, the documented key, uniform numbers without traces of their neighbours."""

import hashlib
import math

import numpy as np
import pytest
from scipy import stats

from cemfa.errors import CemfaError
from cemfa.system.streams import BLOCK, name_words, raw_bits, states, uniforms

MASK = 2**64 - 1
NAMES = [f"p{n}" for n in range(64)]


def splitmix64(state):
    """The reference code of the generator, in whole numbers of Python."""
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        yield finaliser(state)


def finaliser(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def test_known_answers_of_the_generator():
    # first numbers after the seed 1234567, as published with the generator's C code
    published = [
        *(6457827717110365317, 3203168211198807973, 9817491932198370423),
        *(4593380528125082431, 16408922859458223821),
    ]
    assert raw_bits(np.array([1234567], dtype=np.uint64), 5)[0].tolist() == published


def test_numbers_are_those_of_the_generator_from_any_on():
    state = 0xFEDCBA9876543210
    generator = splitmix64(state)
    expected = [next(generator) for _ in range(300)]
    got = raw_bits(np.array([state], dtype=np.uint64), 300)
    assert got[0].tolist() == expected
    assert np.array_equal(raw_bits(np.array([state], dtype=np.uint64), 10, first=200)[0], got[0, 200:210])


@pytest.mark.parametrize(
    ("seed", "name", "counters"), [(0, "yield", (0,)), (7, "tỷ lệ", (2, 1)), (2**63 - 1, "", (5,))]
)
def test_stream_key_is_the_documented_one(seed, name, counters):
    digest = hashlib.sha256(name.encode()).digest()
    words = [int.from_bytes(digest[8 * n : 8 * n + 8], "little") for n in range(4)]
    state = seed
    for word in (*words, *counters):
        state = finaliser(((state ^ word) + 0x9E3779B97F4A7C15) & MASK)
    assert states(seed, name_words([name]), *counters).tolist() == [state]


def test_a_stream_does_not_depend_on_its_neighbours():
    together = uniforms(states(3, name_words(NAMES), 5), BLOCK)
    alone = uniforms(states(3, name_words([NAMES[7]]), 5), BLOCK)
    assert np.array_equal(together[7], alone[0])


def test_no_number_is_zero_or_one():
    # the whole range of 52 bits, at both ends
    from cemfa.system.streams import unit_numbers

    ends = unit_numbers(np.array([0, 2**52 - 1], dtype=np.uint64))
    assert ends.tolist() == [2.0**-53, 1 - 2.0**-53]


def test_numbers_are_uniform():
    """Kolmogorov-Smirnov and chi-square against scipy; seeds are fixed, so the p-values are constants."""
    numbers = np.stack([uniforms(states(1, name_words(NAMES), b), BLOCK) for b in range(64)])
    assert stats.kstest(numbers.ravel(), "uniform").pvalue > 0.01
    counts = np.histogram(numbers, bins=4096, range=(0, 1))[0]
    assert 0.005 < stats.chisquare(counts).pvalue < 0.995
    # p-values of all streams are uniform themselves
    single = [stats.kstest(numbers[:, n].ravel(), "uniform").pvalue for n in range(len(NAMES))]
    assert stats.kstest(single, "uniform").pvalue > 0.01


def test_every_bit_is_fair_and_free_of_the_next():
    bits = raw_bits(states(2, name_words(NAMES), 0), 4096)
    ones = np.array([np.count_nonzero(bits >> np.uint64(k) & np.uint64(1)) for k in range(64)])
    spread = math.sqrt(bits.size) / 2
    assert np.all(np.abs(ones - bits.size / 2) < 4 * spread)  # 64 bits within four standard errors
    flips = np.array([(a ^ b).bit_count() for a, b in zip(bits[0].tolist(), bits[0, 1:].tolist(), strict=False)])
    assert flips.mean() == pytest.approx(32, abs=4 * 4 / math.sqrt(flips.size))


@pytest.mark.parametrize("neighbour", ["name", "block", "seed", "next"])
def test_neighbours_are_independent(neighbour):
    """Correlation and joint distribution over 8 × 8 cells of pairs of neighbouring streams."""
    blocks = range(32)
    first = np.concatenate([uniforms(states(5, name_words(NAMES), b), BLOCK) for b in blocks], axis=1)
    match neighbour:
        case "name":
            second = np.roll(first, 1, axis=0)
        case "block":
            second = np.concatenate([uniforms(states(5, name_words(NAMES), b + 1), BLOCK) for b in blocks], axis=1)
        case "seed":
            second = np.concatenate([uniforms(states(6, name_words(NAMES), b), BLOCK) for b in blocks], axis=1)
        case _:
            second = np.roll(first, 1, axis=1)
    pairs = stats.pearsonr(first, second, axis=1).statistic * math.sqrt(first.shape[1])
    assert stats.kstest(pairs, "norm").pvalue > 0.01
    table = np.histogram2d(first.ravel(), second.ravel(), bins=8, range=((0, 1), (0, 1)))[0]
    assert stats.chisquare(table.ravel()).pvalue > 0.01


def test_many_states_are_distinct():
    words = name_words([f"parameter_{n}" for n in range(2000)])
    found = np.concatenate([states(seed, words, block) for seed in range(4) for block in range(10)])
    assert np.unique(found).size == found.size


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_that_no_file_can_hold_is_refused(seed):
    with pytest.raises(CemfaError, match="seed-invalid"):
        states(seed, name_words(["a"]), 0)
