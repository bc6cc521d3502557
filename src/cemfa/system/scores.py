"""Normal scores of uniform numbers, by a table that is more accurate than any sample can tell; below `sampling`.

z = Φ⁻¹(u) is odd about u = 1/2, and smooth in the logarithm of m = min(u, 1 − u). So each octave of m is cut into
equal cells, and z is a cubic in m on each: exponent and first bits of m are the number of its cell. A normal number
then costs a look into a table and three products; no logarithm.
"""

from __future__ import annotations

from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from cemfa.system.cubics import horner, through_nodes
from cemfa.system.designs import Layout
from cemfa.system.scratch import Scratch
from cemfa.system.streams import BLOCK, UNIT_BITS

Array = NDArray[np.float64]
Positions = NDArray[np.intp]
Words = NDArray[np.uint64]

LARGEST_SCORE: Final = 8.25
"""Scores are quantiles of 52-bit numbers; none is beyond Φ⁻¹(1 − 2⁻⁵³) = 8.21."""
_SMALLEST: Final = 2.0**-53
_CELL_BITS: Final = 6  # 64 cells in an octave of m: few of them hold nearly all draws, which so stay in the cache
CELL_SHIFT: Final = 52 - _CELL_BITS
FIRST_CELL: Final = int(np.float64(0.5).view(np.int64)) >> CELL_SHIFT
_CELLS: Final = UNIT_BITS << _CELL_BITS  # from 1/2 to 2⁵¹, in units of 2⁻⁵²
_SIGN: Final = np.int64(-(2**63))
SPARE_BITS: Final = 64 - UNIT_BITS
_NO_BITS: Final = np.empty((0, 0), dtype=np.uint64)


def _table() -> Array:
    """Return the cubics (cells, 4) of z in 2⁵²·m, upper half; one more for u = 1/2 itself."""
    edges = (np.arange(FIRST_CELL, FIRST_CELL + _CELLS + 1) << CELL_SHIFT).view(np.float64)
    cubics = through_nodes(lambda m: -ndtri(m * 2.0**-UNIT_BITS), edges[:-1], edges[1:])
    return np.concatenate([cubics, cubics[-1:]])


SCORE_TABLE: Final = _table()


def normal_scores(uniform: Array, scratch: Scratch | None = None) -> Array:
    """Return Φ⁻¹(u), within 1e-10 of the exact score.

    Parameters
    ----------
    uniform : from 2⁻⁵³ to 1 − 2⁻⁵³, where 1 − u is exact (as `streams.unit_numbers`)
    scratch : where the result stands

    Examples
    --------
    >>> normal_scores(np.array([0.5, 0.95])).round(6).tolist()
    [0.0, 1.644854]
    """
    return _scores(((uniform >= 0.5) - uniform) * 2.0**UNIT_BITS, scratch or Scratch())


def scores_of_bits(bits: Words, scratch: Scratch | None = None) -> Array:
    """Return the normal scores of the uniform numbers of which these are the upper 52 bits; bits are overwritten.

    As whole numbers with a sign they are the distance from the nearer end, for which the table is asked.

    Examples
    --------
    >>> scores_of_bits(np.array([1 << 63], dtype=np.uint64)).round(15).tolist()
    [0.0]
    """
    scratch = scratch or Scratch()
    whole = np.invert(bits, out=bits).view(np.int64)
    whole >>= SPARE_BITS
    signed = scratch.array("unit", bits.shape)
    np.copyto(signed, whole)
    signed += 0.5
    return _scores(signed, scratch)


def drawn_scores(layout: Layout, streams: Positions, scratch: Scratch, kernel: ModuleType | None = None) -> Array:
    """Return the normal scores (n, S) of some streams; `kernel` is the compiled one, for the same bits."""
    if kernel is None:
        return scores_of_bits(layout.bits(streams, scratch), scratch)
    start = layout.start[streams]
    found: Array = scratch.array("found", (len(streams), BLOCK))
    bits = _NO_BITS if layout.method == "random" else layout.bits(streams)
    kernel.scores(start, bits, SCORE_TABLE, found)
    return found


def uniform_numbers(scores: Array) -> Array:
    """Return Φ(z), strictly between 0 and 1: the inverse of `normal_scores`."""
    found: Array = np.clip(ndtr(scores), _SMALLEST, 1 - _SMALLEST)
    return found


def _scores(signed: Array, scratch: Scratch) -> Array:
    """Return the scores of u, where `signed` is −2⁵²·u below one half and 2⁵²·(1 − u) from it on."""
    distance = np.abs(signed, out=scratch.array("position", signed.shape))
    cell = scratch.array("interval", signed.shape, np.int64)
    np.right_shift(distance.view(np.int64), CELL_SHIFT, out=cell)
    cell -= FIRST_CELL
    found = horner(SCORE_TABLE, cell, distance, scratch)
    sign = np.bitwise_and(signed.view(np.int64), _SIGN, out=cell)
    turned = found.view(np.int64)
    turned ^= sign
    return found
