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


def through_nodes(function: Callable[[Array], Array], starts: Array, ends: Array) -> Array:
    """Return the cubics (n, 4) through four values of a function on each interval, constant term first.

    Their argument is that of the function. Where intervals are as narrow, relative to it, as the function is smooth,
    all terms are of the size of the function, and no digits are lost.
    """
    width = ends - starts
    nodes = function(starts[:, None] + width[:, None] * _NODES)
    a, b, c, d = (np.add.reduce(nodes * row, axis=1) / width**k for k, row in enumerate(_FROM_NODES))
    constant = a - starts * (b - starts * (c - starts * d))
    linear = b - starts * (2 * c - 3 * starts * d)
    return np.stack([constant, linear, c - 3 * starts * d, d], axis=1)


def hermite(values: Array, slopes: Array) -> Array:
    """Return the cubics (n - 1, 4) with given values and slopes (n,) at knots one apart; growing between them.

    Slopes are held to three times the neighbouring differences, which keeps every piece monotone (Fritsch & Carlson
    1980, *SIAM J. Numer. Anal.* 17, 238-246).
    """
    rise = np.diff(values)
    left, right = np.minimum(slopes[:-1], 3 * rise), np.minimum(slopes[1:], 3 * rise)
    return np.stack([values[:-1], left, 3 * rise - 2 * left - right, left + right - 2 * rise], axis=1)


def horner(coefficients: Array, interval: Positions, argument: Array, scratch: Scratch | None = None) -> Array:
    """Return the values of cubics.

    Parameters
    ----------
    coefficients : (intervals, 4), constant term first
    interval : which cubic
    argument : where
    scratch : where the result stands, as ``"found"``
    """
    scratch = scratch or Scratch()
    chosen = scratch.array("chosen", (*argument.shape, 4))
    np.take(coefficients, interval, axis=0, mode="clip", out=chosen)  # one line of cache holds a cubic
    found: Array = np.multiply(chosen[..., 3], argument, out=scratch.array("found", argument.shape))
    for k in (2, 1):
        found += chosen[..., k]
        found *= argument
    found += chosen[..., 0]
    return found
