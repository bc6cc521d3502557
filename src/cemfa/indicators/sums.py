"""Sums that add one number after the other, below all indicators.

What a sample comes to must not depend on the samples beside it; how numpy pairs the additions of its own sums does.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def added(values: Array) -> Array:
    """Return the sums over the last axis, (…, n) to (…).

    >>> added(np.array([[1.0, 2.0, 4.0]])).tolist()
    [7.0]
    """
    total = np.zeros(values.shape[:-1])
    for column in np.moveaxis(values, -1, 0):
        total += column
    return total


def together(parts: Iterable[Array]) -> Array:
    """Return the sum of some arrays that broadcast to one shape, zero where there are none.

    >>> together([np.array([1.0]), np.array([2.0]), np.array([4.0])]).tolist()
    [7.0]
    """
    return np.asarray(reduce(np.add, parts, np.zeros(())), dtype=np.float64)
