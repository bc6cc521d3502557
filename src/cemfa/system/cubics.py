"""Cubic pieces on intervals of equal width: a smooth function made cheap; below `scores` and `quantiles`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cemfa.system.scratch import Scratch

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

_NODES: Final = np.array([0.0, 1 / 3, 2 / 3, 1.0])
_FROM_NODES: Final = np.linalg.inv(np.vander(_NODES, increasing=True))


def through_nodes(function: Callable[[Array], Array], starts: Array, width: float) -> Array:
    """Return the cubics (n, 4) through four values of a function on each interval, constant term first."""
    nodes = function(starts[:, None] + width * _NODES)
    return np.stack([np.add.reduce(nodes * row, axis=1) for row in _FROM_NODES], axis=1)


def hermite(values: Array, slopes: Array) -> Array:
    """Return the cubics (n - 1, 4) with given values and slopes (n,) at knots one apart; growing between them.

    Slopes are held to three times the neighbouring differences, which keeps every piece monotone (Fritsch & Carlson
    1980, *SIAM J. Numer. Anal.* 17, 238-246).
    """
    rise = np.diff(values)
    left, right = np.minimum(slopes[:-1], 3 * rise), np.minimum(slopes[1:], 3 * rise)
    return np.stack([values[:-1], left, 3 * rise - 2 * left - right, left + right - 2 * rise], axis=1)


def horner(
    coefficients: Array, position: Array, base: Positions | None = None, scratch: Scratch | None = None
) -> Array:
    """Return the values of cubics at positions: the whole part chooses the interval, the rest is the argument.

    Parameters
    ----------
    coefficients : (intervals, 4)
    position : not negative, overwritten
    base : first interval of each row, where several tables stand in one
    scratch : where the result stands
    """
    scratch = scratch or Scratch()
    found = np.floor(position, out=scratch.array("found", position.shape))
    interval = scratch.array("interval", position.shape, np.intp)
    np.copyto(interval, found, casting="unsafe")
    position -= found
    if base is not None:
        interval += base
    chosen = scratch.array("chosen", (*position.shape, 4))
    np.take(coefficients, interval, axis=0, mode="clip", out=chosen)  # one line of cache holds a cubic
    np.multiply(chosen[..., 3], position, out=found)
    for k in (2, 1):
        found += chosen[..., k]
        found *= position
    found += chosen[..., 0]
    result: Array = found
    return result
