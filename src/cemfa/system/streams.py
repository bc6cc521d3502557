"""Random bits of named streams: what is random before any distribution; first link of `sampling`.

A stream belongs to a *name* (of a parameter, an outage, an event) and a *counter* (random block, replication), so
that other names, more samples or more workers leave it as it was. Every stream is a SplitMix64 generator (Steele,
Lea & Flood 2014, *OOPSLA*, 453-472; passes BigCrush) seeded by words of the name's SHA-256, the run's seed and
the counter. It is a counter-based generator: number *i* is a hash of the state plus *i* steps, so that the numbers
of many streams come from a dozen array operations, without an object per stream.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cemfa import locale
from cemfa.errors import CemfaError, Problem
from cemfa.system.scratch import Scratch

Array = NDArray[np.float64]
Words = NDArray[np.uint64]

BLOCK: Final = 256
"""Samples per random block, a constant of the format: changing it changes every published draw."""
UNIT_BITS: Final = 52
"""Bits of a uniform number: with half a unit added, it and one minus it are exact and never 0 or 1."""
STEP: Final = np.uint64(0x9E3779B97F4A7C15)
FIRST_FACTOR: Final = np.uint64(0xBF58476D1CE4E5B9)
SECOND_FACTOR: Final = np.uint64(0x94D049BB133111EB)
SHIFTS: Final = (np.uint64(30), np.uint64(27), np.uint64(31))
_SPARE: Final = np.uint64(64 - UNIT_BITS)


def name_words(names: Sequence[str]) -> Words:
    """Return the four little-endian words of each name's SHA-256, (n, 4).

    Examples
    --------
    >>> hex(name_words(["yield"])[0, 0])
    '0xfecf8dd442babc8b'
    """
    digests = b"".join(hashlib.sha256(name.encode()).digest() for name in names)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64).reshape(-1, 4)


def states(seed: int, words: Words, *counters: int) -> Words:
    """Return the state (n,) of SplitMix64 in which each named stream starts.

    The seed, the name's words and the counters are taken in one after the other, each time through the finaliser
    of SplitMix64: two streams that share a state are a matter of chance, 2⁻⁶⁴ a pair.

    Parameters
    ----------
    seed : integer from 0 to 2**63 - 1, which a file can hold
    words : (n, 4), from `name_words`
    counters : block, replication or purpose, not negative

    Raises
    ------
    CemfaError
        if the seed is out of range.
    """
    if not 0 <= seed < 2**63:
        raise locale.error(CemfaError, Problem("seed-invalid", parameters={"seed": seed}))
    found = np.full(len(words), seed, dtype=np.uint64)
    for column in words.T:
        found ^= column
        found = mixed(found + STEP)
    return counted(found, *counters)


def counted(state: Words, *counters: int) -> Words:
    """Return states (n,) that have taken in counters more: those of a seed and names serve for all blocks."""
    for counter in counters:
        state = mixed((state ^ np.uint64(counter)) + STEP)
    return state


def mixed(state: Words, scratch: Scratch | None = None) -> Words:
    """Return the finaliser of SplitMix64 (Stafford's variant 13) of each word; the argument is overwritten."""
    spare = (scratch or Scratch()).array("spare", state.shape, np.uint64)
    np.right_shift(state, SHIFTS[0], out=spare)
    state ^= spare
    state *= FIRST_FACTOR
    np.right_shift(state, SHIFTS[1], out=spare)
    state ^= spare
    state *= SECOND_FACTOR
    np.right_shift(state, SHIFTS[2], out=spare)
    state ^= spare
    return state


def raw_bits(state: Words, count: int, first: int = 0, scratch: Scratch | None = None) -> Words:
    """Return the 64-bit numbers `first` to `first + count - 1` of each stream, (n, count).

    Examples
    --------
    The first numbers of the published generator at state 1234567:

    >>> raw_bits(np.array([1234567], dtype=np.uint64), 2).tolist()
    [[6457827717110365317, 3203168211198807973]]
    """
    steps = np.arange(first + 1, first + count + 1, dtype=np.uint64) * STEP
    scratch = scratch or Scratch()
    bits = scratch.array("bits", (len(state), count), np.uint64)
    return mixed(np.add(state[:, None], steps, out=bits), scratch)


def unit_numbers(whole: Words, scratch: Scratch | None = None) -> Array:
    """Return (k + 1/2) / 2⁵² for whole numbers k below 2⁵²: strictly between 0 and 1, symmetric about 1/2."""
    found: Array = (scratch or Scratch()).array("unit", whole.shape)
    np.copyto(found, whole.view(np.int64))
    found += 0.5
    found *= 2.0**-UNIT_BITS
    return found


def uniforms(state: Words, count: int, first: int = 0, scratch: Scratch | None = None) -> Array:
    """Return the uniform numbers (n, count) of each stream, from the upper 52 bits; never 0 or 1."""
    bits = raw_bits(state, count, first, scratch)
    bits >>= _SPARE
    return unit_numbers(bits, scratch)
