"""Elimination on full matrices, column by column of the samples: where nearly everything is joined to everything.

Below `executors`, beside the tables. Subtraction-free like them, and blocked: a panel of processes is eliminated, then
the rest of the matrix is brought up to date in tiles that stay in the cache. Every entry takes its products in the
order of the processes, whatever the blocks, so its bits depend on neither them nor the number of samples.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
PANEL: Final = 16
TILE: Final = 1 << 15
"""Numbers of a tile, 256 KB: a quarter of a usual second-level cache."""


def factor_matrix(share: Array, leak: Array) -> Array:
    """Eliminate all processes of a matrix in place; return the reciprocal pivots (n,).

    Parameters
    ----------
    share : shape (n, n), ``[u, w]`` the share of w that goes to u; what is above the diagonal becomes gains
    leak : shape (n,), shares that leave; changed

    Notes
    -----
    Grassmann, Taksar and Heyman (1985), *Operations Research* 33, 1107–1116; blocked as right-looking LU is.
    """
    size = len(share)
    inverse = np.empty(size)
    for first in range(0, size, PANEL):
        last = min(size, first + PANEL)
        for v in range(first, last):
            for k in range(first, v):
                share[v, last:] += share[v, k] * share[k, last:]
            left = np.concatenate([leak[v : v + 1], share[v + 1 :, v]])
            inverse[v] = 1.0 / np.add.accumulate(left)[-1]
            gain = share[v, v + 1 :]
            gain *= inverse[v]
            leak[v + 1 :] += leak[v] * gain
            share[v + 1 :, v + 1 : last] += share[v + 1 :, v, None] * share[v, v + 1 : last]
        _update(share, first, last)
    return inverse


def _update(share: Array, first: int, last: int) -> None:
    """Bring what is right of and below a panel up to date."""
    size = len(share)
    height = max(1, TILE // max(1, size - last))
    spare = np.empty((height, size - last))
    for top in range(last, size, height):
        tile = share[top : top + height, last:]
        product = spare[: len(tile)]
        for v in range(first, last):
            np.multiply(share[top : top + height, v, None], share[v, last:], out=product)
            tile += product


def substitute_matrix(share: Array, inverse: Array, value: Array) -> None:
    """Turn inflows (n,) into throughputs in place, with what `factor_matrix` made."""
    for v in range(len(share)):
        value[v] *= inverse[v]
        value[v + 1 :] += share[v + 1 :, v] * value[v]
    for w in range(len(share) - 1, 0, -1):
        value[:w] += share[:w, w] * value[w]
