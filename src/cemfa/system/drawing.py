"""Compiled drawing, for where numba is installed (extra ``fast``): scores of streams, cubic pieces of scores.

Beside `scores` and `evaluators`, which do the same with numpy: the same operations in the same order, each rounded,
so that the bits are equal. Loops over samples are split where a table is read, so that all others become vectors.
"""

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from cemfa.system.kernel import _pointer
from cemfa.system.scores import CELL_SHIFT, FIRST_CELL, SPARE_BITS
from cemfa.system.streams import FIRST_FACTOR, SECOND_FACTOR, SHIFTS, STEP


@intrinsic
def _bits(_context, number):
    """Return the bits of a number."""

    def code(_context, builder, _signature, arguments):
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(number), code


@numba.njit(inline="always")
def _drawn(start, signed):
    """Write where the numbers of a stream that starts in a state lie between the ends."""
    for s in range(len(signed)):
        word = start + np.uint64(s + 1) * STEP
        word = (word ^ (word >> SHIFTS[0])) * FIRST_FACTOR
        word = (word ^ (word >> SHIFTS[1])) * SECOND_FACTOR
        word = word ^ (word >> SHIFTS[2])
        signed[s] = np.float64(np.int64(~word) >> SPARE_BITS) + 0.5


@numba.njit(inline="always")
def _scored(signed, cell, table, to):
    """Write the normal scores of numbers that lie so far from the ends."""
    for s in range(len(signed)):
        cell[s] = (_bits(abs(signed[s])) >> CELL_SHIFT) - FIRST_CELL
    for s in range(len(signed)):
        n, m = cell[s], abs(signed[s])
        score = ((table[n, 3] * m + table[n, 2]) * m + table[n, 1]) * m + table[n, 0]
        to[s] = score if signed[s] > 0.0 else -score


@numba.njit(inline="always")
def _on_pieces(scores, coefficients, first, per_unit, largest, low, high, rest, piece, to):
    """Write what the cubic pieces of a row give at normal scores, within bounds."""
    for s in range(len(scores)):
        position = (scores[s] + largest) * per_unit
        whole = np.int64(position)
        rest[s] = position - np.float64(whole)
        piece[s] = whole + first
    for s in range(len(scores)):
        n, at = piece[s], rest[s]
        value = (coefficients[n, 3] * at + coefficients[n, 2]) * at + coefficients[n, 1]
        value = value * at + coefficients[n, 0]
        value = max(value, low)
        to[s] = min(value, high)


@numba.njit(cache=True, nogil=True)
def scores(start, bits, table, found):
    """Write the normal scores (n, S) of streams that start in given states, or of given bits (n, S)."""
    width = found.shape[1]
    signed, cell = np.empty(width), np.empty(width, np.int64)
    for row in range(len(found)):
        if len(bits):
            for s in range(width):
                signed[s] = np.float64(np.int64(~bits[row, s]) >> SPARE_BITS) + 0.5
        else:
            _drawn(start[row], signed)
        _scored(signed, cell, table, found[row])


@numba.njit(cache=True, nogil=True)
def pieces(read, coefficients, base, width, largest, lower, upper, found):
    """Write what the cubic pieces of every row give at normal scores (n, S), within bounds, at addresses (n,)."""
    samples = read.shape[1]
    rest, piece = np.empty(samples), np.empty(samples, np.int64)
    for row in range(len(found)):
        to = numba.carray(_pointer(found[row]), samples)
        _on_pieces(
            read[row], coefficients, base[row, 0], width[row, 0], largest, lower[row, 0], upper[row, 0], rest, piece, to
        )


@numba.njit(cache=True, nogil=True)
def drawn_pieces(start, samples, table, coefficients, base, width, largest, lower, upper, found):
    """Write the same at the scores of streams that start in given states, a stream for every row."""
    signed, read, rest = np.empty(samples), np.empty(samples), np.empty(samples)
    cell = np.empty(samples, np.int64)
    for row in range(len(found)):
        to = numba.carray(_pointer(found[row]), samples)
        _drawn(start[row], signed)
        _scored(signed, cell, table, read)
        _on_pieces(
            read, coefficients, base[row, 0], width[row, 0], largest, lower[row, 0], upper[row, 0], rest, cell, to
        )
