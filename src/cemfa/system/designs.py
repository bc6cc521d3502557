"""How the uniform numbers of one random block are laid out: at random, as a Latin hypercube, after Sobol.

Between `streams`, which are random, and `sampling`, which turns uniform numbers into draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from cemfa import locale
from cemfa.errors import CemfaError, Problem
from cemfa.system.scratch import Scratch
from cemfa.system.streams import BLOCK, UNIT_BITS, Words, counted, raw_bits, unit_numbers

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

Method: TypeAlias = Literal["random", "latin_hypercube", "sobol"]
"""`random`: independent draws. `latin_hypercube`: each 256th part of every distribution once in every block of 256
samples. `sobol`: a scrambled Sobol sequence over all samples and streams; its dimensions are the streams in sorted
order of their names, so that another parameter may change the draws of others."""
METHODS: Final[tuple[Method, ...]] = get_args(Method)
MOST_DIMENSIONS: Final = 21201
"""Direction numbers are known for so many dimensions (Joe & Kuo 2008)."""

_ORDER, _SCRAMBLE = 1, 2  # counters after the block's: other purposes than the numbers themselves
_STRATUM_BITS: Final = np.uint64(BLOCK.bit_length() - 1)
_SAMPLE: Final = np.uint64(BLOCK - 1)
_SPARE: Final = np.uint64(64 - UNIT_BITS)
_SOBOL_BITS: Final = 32
_LOW_BITS: Final = np.uint64(UNIT_BITS - _SOBOL_BITS)
_HASH: Final = tuple(np.uint32(c) for c in (0x6C50B47C, 0xB82F1E52, 0xC7AFE638, 0x8D22F6E6))


@dataclass(frozen=True, eq=False)
class Layout:
    """The uniform numbers of one block, stream by stream.

    Parameters
    ----------
    method : how samples are laid out
    start : (n,), state of each stream in this block
    order : (n,), the same for what a Latin hypercube or the scrambling draws; empty where nothing is
    points : (n, 256), points of the Sobol sequence, stream by stream; empty where they are not used
    """

    method: Method
    start: Words
    order: Words
    points: NDArray[np.uint32]

    @classmethod
    def of(cls, method: str, begun: Words, index: int, dimension: Positions) -> Layout:
        """Return the layout of a block.

        Parameters
        ----------
        begun : (n,), states of the streams before the block is taken in: of the seed and their names
        dimension : (n,), position of each stream in sorted order of names

        Raises
        ------
        CemfaError
            if the method is unknown, or Sobol's dimensions do not suffice.
        """
        points = np.empty((0, BLOCK), dtype=np.uint32)
        match method:
            case "random":
                order = np.empty(0, dtype=np.uint64)
            case "latin_hypercube":
                order = counted(begun, index, _ORDER)
            case "sobol":
                order = counted(begun, 0, _SCRAMBLE)  # one scrambling for all blocks
                points = _sobol_points(index, len(begun))[dimension]
            case _:
                shown = {"method": str(method)[:40], "expected": METHODS}
                raise locale.error(CemfaError, Problem("sampling-unknown", parameters=shown))
        return cls(method, counted(begun, index), order, points)

    def uniforms(self, streams: Positions, scratch: Scratch | None = None) -> Array:
        """Return the uniform numbers (n, 256) of some streams, strictly between 0 and 1."""
        bits = self.bits(streams, scratch)
        bits >>= _SPARE
        return unit_numbers(bits, scratch)

    def bits(self, streams: Positions, scratch: Scratch | None = None) -> Words:
        """Return the words (n, 256) whose upper 52 bits are the uniform numbers of some streams."""
        start = self.start[streams]
        if self.method == "random":
            return raw_bits(start, BLOCK, scratch=scratch)
        if self.method == "latin_hypercube":
            return _stratified(start, self.order[streams]) << _SPARE
        return self._sobol(streams, start) << _SPARE

    def _sobol(self, streams: Positions, start: Words) -> Words:
        """Return scrambled points; bits below those of the sequence are the stream's own random ones."""
        whole = _owen(self.points[streams], (self.order[streams] >> np.uint64(32)).astype(np.uint32)).astype(np.uint64)
        whole <<= _LOW_BITS
        whole |= raw_bits(start, BLOCK) >> np.uint64(64 - int(_LOW_BITS))
        return whole


def _stratified(start: Words, order: Words) -> Words:
    """Return one number of each 256th of (0, 1) per stream, in a random order (McKay, Beckman & Conover 1979)."""
    keys = (raw_bits(order, BLOCK) & ~_SAMPLE) | np.arange(BLOCK, dtype=np.uint64)
    stratum = np.sort(keys, axis=1) & _SAMPLE  # sorting keys that carry their number is quicker than ordering them
    inside = np.uint64(UNIT_BITS) - _STRATUM_BITS
    stratum <<= inside
    stratum |= raw_bits(start, BLOCK) >> (np.uint64(64) - inside)
    return stratum


def _owen(points: NDArray[np.uint32], seeds: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return points under a nested uniform scrambling by hash, one per row.

    Laine & Karras (2011), *Comput. Graph. Forum* 30, with the reversal of bits of Burley (2020), *JCGT* 9(4): each
    bit is turned over by a hash of those above it, which keeps every stratum of the sequence filled.
    """
    found = _reversed(points)
    found += seeds[:, None]
    for constant in _HASH:
        found ^= found * constant
    return _reversed(found)


def _reversed(words: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return 32-bit words with their bits in reversed order."""
    found = words.byteswap()
    for shift, mask in ((4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        by, kept = np.uint32(shift), np.uint32(mask)
        found = ((found >> by) & kept) | ((found & kept) << by)
    return found


def _sobol_points(index: int, dimensions: int) -> NDArray[np.uint32]:
    """Return the points (d, 256) of a block of the Sobol sequence, as 32-bit fractions, in Gray-code order."""
    if dimensions > MOST_DIMENSIONS:
        shown = {"count": dimensions, "most": MOST_DIMENSIONS}
        raise locale.error(CemfaError, Problem("sobol-dimensions", parameters=shown))
    if dimensions == 0:
        return np.empty((0, BLOCK), dtype=np.uint32)
    numbers = np.arange(index * BLOCK, (index + 1) * BLOCK, dtype=np.int64)
    gray = numbers ^ (numbers >> 1)
    bits = max(int(numbers[-1]).bit_length(), 1)
    directions = _directions(dimensions, bits)
    found = np.zeros((dimensions, BLOCK), dtype=np.uint32)
    for bit in range(bits):
        chosen = np.where((gray >> bit) & 1, np.uint32(0xFFFFFFFF), np.uint32(0))
        if np.any(chosen):
            found ^= directions[:, bit, None] & chosen
    return found


@lru_cache(maxsize=2)
def _directions(dimensions: int, bits: int) -> NDArray[np.uint32]:
    """Return the direction numbers (d, bits) of scipy's unscrambled Sobol sequence.

    Point n is the exclusive or of the numbers of the bits of its Gray code, so that the points 2ᵏ give them one
    by one: 2ᵏ has bits k and k − 1.
    """
    from scipy.stats import qmc

    engine = qmc.Sobol(dimensions, scramble=False, bits=_SOBOL_BITS)
    found = np.zeros((dimensions, bits), dtype=np.uint32)
    passed = 0
    for bit in range(bits):
        if 2**bit > passed:
            engine.fast_forward(2**bit - passed)
        point = (engine.random(1)[0] * 2.0**_SOBOL_BITS).astype(np.uint32)
        passed = 2**bit + 1
        found[:, bit] = point ^ found[:, bit - 1] if bit else point
    return found


def names_in_order(names: Sequence[str]) -> Positions:
    """Return the position of each name when all are sorted."""
    found = np.empty(len(names), dtype=np.intp)
    found[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    return found
