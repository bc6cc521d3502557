"""Normal scores of uniform numbers, by a table that is more accurate than any sample can tell; below `sampling`.

z = Φ⁻¹(u) = (2u − 1)·p(w) with w = −log(4u(1 − u)), where p is smooth over both tails and the middle (Giles 2012,
*GPU Computing Gems*, 109–116). Here p is a cubic on intervals of w of 1/16.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from cemfa.system.cubics import horner, through_nodes
from cemfa.system.scratch import Scratch

Array = NDArray[np.float64]

LARGEST_SCORE: Final = 8.25
"""Scores are quantiles of 52-bit numbers; none is beyond Φ⁻¹(1 − 2⁻⁵³) = 8.21."""
_SMALLEST: Final = 2.0**-53
_STEPS: Final = 16.0  # intervals per unit of w
_LARGEST: Final = 37.0  # w of the smallest number, 2^-53, is 35.4


def _ratio(w: Array) -> Array:
    """Return Φ⁻¹(u) / (2u − 1) at w = −log(4u(1 − u)), both in the lower half."""
    odd = np.sqrt(-np.expm1(-w))  # 1 - 2u
    with np.errstate(invalid="ignore", divide="ignore"):
        found = -ndtri(np.exp(-w) / (2 * (1 + odd))) / odd
    return np.where(w > 0, found, math.sqrt(math.pi / 2))


_TABLE: Final = through_nodes(_ratio, np.arange(0.0, _LARGEST, 1 / _STEPS), 1 / _STEPS)


def normal_scores(uniform: Array, scratch: Scratch | None = None) -> Array:
    """Return Φ⁻¹(u), within 1e-9 of the exact score.

    Parameters
    ----------
    uniform : strictly between 0 and 1, where 1 − u is exact (as `streams.unit_numbers`)
    scratch : where the result stands

    Examples
    --------
    >>> normal_scores(np.array([0.5, 0.95])).round(6).tolist()
    [0.0, 1.644854]
    """
    scratch = scratch or Scratch()
    odd = np.multiply(uniform, 2.0, out=scratch.array("odd", uniform.shape))
    position = np.subtract(2.0, odd, out=scratch.array("position", uniform.shape))
    position *= odd
    np.log(position, out=position)
    position *= -_STEPS
    np.maximum(position, 0.0, out=position)
    odd -= 1.0
    found = horner(_TABLE, position, scratch=scratch)
    found *= odd
    return found


def uniform_numbers(scores: Array) -> Array:
    """Return Φ(z), strictly between 0 and 1: the inverse of `normal_scores`."""
    found: Array = np.clip(ndtr(scores), _SMALLEST, 1 - _SMALLEST)
    return found
