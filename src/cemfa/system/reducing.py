"""Samples -> mean, standard deviation and quantiles with their errors, block by block, in the memory of one block.

Between the balance and results, for `solve` and `simulate`. A random block is reduced on its own (`summarised`);
blocks are joined in their order (`Running`), so the bits depend neither on workers nor on the size of work blocks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from cemfa.results import Request
from cemfa.system.layout import Array

STRIP: Final = 2**15
"""Numbers that are reduced at a time, so that they stay in the cache."""

Interpolation = Literal["linear", "hazen"]
Positions = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """Some samples of N series in a few numbers.

    Parameters
    ----------
    count : how many samples
    mean : shape (…, N)
    square : shape (…, N), sum of the squared distances from the mean
    quantiles : shape (3·Q, …, N): the quantiles asked for less, at and plus one standard deviation of their rank
    """

    count: int
    mean: Array
    square: Array
    quantiles: Array


def summarised(
    rows: Array, levels: tuple[float, ...], *, squares: bool = True, method: Interpolation = "linear"
) -> Summary:
    """Return the summary of samples (N, S), whose last axis is the sample.

    Parameters
    ----------
    levels : of the quantiles
    squares : whether a standard deviation is wanted; they are 0 otherwise
    method : where a quantile lies between the order statistics: numpy's default for all samples together, Hazen's
        for a block among others, for it is nearly without bias (Hyndman and Fan 1996, *American Statistician* 50)

    The standard deviation of the rank of a quantile q among S samples is √(q(1 − q)/S), whatever the
    distribution (Wilks 1962, *Mathematical Statistics*, section 8.7), so the quantiles that far away tell the
    error of the one in the middle.

    Examples
    --------
    >>> found = summarised(np.array([[3.0, 1.0, 2.0]]), (0.5,))
    >>> found.mean.tolist(), found.square.tolist(), found.quantiles[1].tolist()
    ([2.0], [2.0], [2.0])
    """
    series, count = rows.shape
    if not (squares or levels) and rows.strides[-1] == rows.itemsize:  # as they lie, they are added alike
        mean = np.add.reduce(rows, axis=-1) / count
        return Summary(count, mean, np.zeros(series), np.empty((0, series)))
    mean, square, quantiles = np.empty(series), np.zeros(series), np.empty((3 * len(levels), series))
    size = max(1, STRIP // max(1, count))
    scratch = np.empty((min(size, series), count))
    for first in range(0, series, size):
        part = slice(first, min(series, first + size))
        values = scratch[: part.stop - first]
        np.copyto(values, rows[part])
        mean[part] = np.add.reduce(values, axis=-1) / count
        if squares:
            away = values - mean[part, None]
            square[part] = np.add.reduce(np.multiply(away, away, out=away), axis=-1)
        if levels:
            still = values[:, 0] == values[:, -1]  # many flows are zero in all samples
            still[still] = (values[still] == values[still, :1]).all(axis=-1)
            moving = np.flatnonzero(~still)
            quantiles[:, part] = values[:, 0]
            ordered = values[moving]
            ordered.sort(axis=-1)  # the processor sorts 256 numbers in the time of drawing fifty
            quantiles[:, first + moving] = _sorted_quantiles(ordered, levels, method).T
    return Summary(count, mean, square, quantiles)


def _sorted_quantiles(values: Array, levels: tuple[float, ...], method: Interpolation) -> Array:
    """Return quantiles (n, 3·Q) of sorted samples (n, S): one deviation of rank below, at, and above each level."""
    below, above, weight = _places(values.shape[-1], levels, method)
    low, high = values[:, below], values[:, above]
    # as numpy's own interpolation does: exact at both ends, and monotone
    return np.where(weight < 0.5, low + (high - low) * weight, high - (high - low) * (1.0 - weight))


@lru_cache(maxsize=64)
def _places(count: int, levels: tuple[float, ...], method: Interpolation) -> tuple[Positions, Positions, Array]:
    """Return the two order statistics between which each quantile lies, and where between them."""
    level = np.array(levels)
    deviation = np.sqrt(level * (1.0 - level) / count)
    rank = np.clip(np.concatenate([level - deviation, level, level + deviation]), 0.0, 1.0)
    place = np.clip(rank * (count - 1) if method == "linear" else rank * count - 0.5, 0.0, count - 1.0)
    below = np.floor(place).astype(np.intp)
    return below, np.minimum(below + 1, count - 1), place - below


def with_errors(quantiles: Array, *, blocks: float | None = None) -> tuple[Array, Array]:
    """Return quantiles (Q, …) and their errors from the three ranks of each that a `Summary` holds.

    Of all samples together the error is half the distance between the quantiles one deviation of rank below and
    above. A mean over blocks has the error of a block divided by √blocks, and beside it a bias: it is the
    quantile function smoothed over the ranks of a block, off by half its second difference. Both are joined in
    quadrature; where a distribution has a gap at the quantile, this is no more than an order of magnitude.

    Parameters
    ----------
    quantiles : shape (3·Q, …)
    blocks : number of blocks that were averaged; None where the samples were sorted together
    """
    low, middle, high = np.split(quantiles, 3)
    spread = (high - low) / 2.0
    if blocks is None:
        return middle, spread
    bias = (high - 2.0 * middle + low) / 2.0
    return middle, np.hypot(spread / math.sqrt(blocks), bias)


def side_by_side(found: Sequence[Summary]) -> Summary:
    """Return the summaries of several series of the same samples, one after the other."""
    mean, square, quantiles = (
        np.concatenate([getattr(f, name) for f in found], axis=-1) for name in ("mean", "square", "quantiles")
    )
    return Summary(found[0].count, mean, square, quantiles)


class Running:
    """The summary of all blocks so far; add them in their order.

    Mean and squares are joined as Chan, Golub and LeVeque (1979, Stanford report STAN-CS-79-773) do, without the
    cancellation of a sum of squares; quantiles are averaged, weighted by the samples of a block.
    """

    def __init__(self) -> None:
        self.count = 0
        self._mean = self._square = self._quantiles = np.empty(0)

    def add(self, block: Summary) -> None:
        """Take in the next block."""
        before, self.count = self.count, self.count + block.count
        if not before:
            self._mean, self._square = block.mean.copy(), block.square.copy()
            self._quantiles = block.quantiles * block.count
            return
        ahead = block.mean - self._mean
        self._mean += ahead * (block.count / self.count)
        self._square += block.square
        ahead *= ahead
        ahead *= before * block.count / self.count
        self._square += ahead
        self._quantiles += block.quantiles * block.count

    @property
    def summary(self) -> Summary:
        """What there is by now."""
        return Summary(self.count, self._mean, self._square, self._quantiles / self.count)


def reduced(found: Summary, request: Request, *, blocks: float | None = None) -> dict[str, Array]:
    """Return what a request keeps of a summary, by the ending of its name in results: arrays (…, N) or (Q, …, N).

    The standard deviation is that of a sample (n − 1); of one sample it is 0.

    Examples
    --------
    >>> request = Request(reducers=("mean", "sd"))
    >>> {k: v.tolist() for k, v in reduced(summarised(np.array([[1.0, 3.0]]), ()), request).items()}
    {'mean': [2.0], 'sd': [1.4142135623730951]}
    """
    kept: dict[str, Array] = {}
    if "mean" in request.reducers:
        kept["mean"] = found.mean
    if "sd" in request.reducers:
        kept["sd"] = np.sqrt(found.square / max(1, found.count - 1))
    if request.levels:
        kept["quantile"], kept["quantile_error"] = with_errors(found.quantiles, blocks=blocks)
    return kept
