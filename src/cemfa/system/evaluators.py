"""Quantiles made cheap: a formula where it costs less than ten nanoseconds a number, else cubic pieces of the score.

Between `quantiles`, exact and dear, and `sampling`, which draws the same rows again and again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cemfa.system.cubics import hermite, horner
from cemfa.system.quantiles import (
    columns,
    cut_slope,
    inside_cut,
    log_gamma_quantile,
    log_gamma_slope,
    quantile,
    slope,
)
from cemfa.system.rows import addresses
from cemfa.system.scores import LARGEST_SCORE, SCORE_TABLE
from cemfa.system.scratch import Scratch
from cemfa.system.streams import Words

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

TOLERANCE: Final = 1e-6
"""Largest error of cubic pieces, of the distance from P5 to P95; of a gamma also relative to the number."""
_COARSEST, _FINEST = 8, 128
"""Pieces per unit of the score: doubled until the tolerance holds at the middle of every piece."""
_P5_P95: Final = 1.6448536269514722
_CELLS: Final = 2  # cells of the guide of an interpolation per given point, at least


@dataclass(frozen=True, eq=False)
class Formula:
    """Rows of a family whose quantile is a short formula of the uniform number or of the normal score."""

    family: str
    parameters: tuple[Array, ...]

    @property
    def reads_scores(self) -> bool:
        """Whether it is the normal score that is read."""
        return self.family in ("normal", "lognormal")

    def __call__(self, read: Array, scratch: Scratch | None = None, _kernel: ModuleType | None = None) -> Array:
        """Return the quantiles (n, S) at uniform numbers or normal scores (n, S)."""
        found: Array = (scratch or Scratch()).array("result", read.shape)
        match self.family, self.parameters:
            case "triangular", (a, b, turn, lower, upper):
                left = read <= turn
                np.sqrt(np.where(left, read * lower, (1 - read) * upper), out=found)
                return np.where(left, a + found, b - found)
            case "weibull", (inverse_shape, log_scale):
                np.log1p(np.negative(read, out=found), out=found)
                np.log(np.negative(found, out=found), out=found)
                found *= inverse_shape
                found += log_scale
                return np.exp(found, out=found)
            case family, (shift, scale):
                np.multiply(read, scale, out=found)
                found += shift
                return np.exp(found, out=found) if family == "lognormal" else found
        raise ValueError(self.family)  # `of` makes no other

    @classmethod
    def of(cls, family: str, parameters: Array) -> Formula:
        """Return the evaluator of rows with parameters (n, k) as in `marginals.Fit`."""
        given = columns(parameters)
        match family, given:
            case "uniform", (a, b):
                given = [a, b - a]  # as normal and lognormal: a shift and a scale
            case "triangular", (a, mode, b):
                width = b - a
                given = [a, b, (mode - a) / width, width * (mode - a), width * (b - mode)]
            case "weibull", (shape, scale):
                given = [1 / shape, np.log(scale)]
        return cls(family, tuple(given))


@dataclass(frozen=True, eq=False)
class Pieces:
    """Rows as cubic pieces of the normal score, each row with as many as it needs.

    Parameters
    ----------
    coefficients : (pieces, 4), all rows together
    base, width : (n, 1), first piece of a row and pieces per unit of the score
    lower, upper : (n, 1), bounds of the numbers
    logarithmic : whether the pieces give the logarithm
    """

    coefficients: Array
    base: Positions
    width: Array
    lower: Array
    upper: Array
    logarithmic: bool
    reads_scores: bool = True

    @cached_property
    def bounds_are_alike(self) -> bool:
        """Whether all rows have the same bounds."""
        return bool(np.all(self.lower == self.lower[0]) and np.all(self.upper == self.upper[0]))

    @cached_property
    def _no_bounds(self) -> tuple[Array, Array]:
        return np.full_like(self.lower, -np.inf), np.full_like(self.upper, np.inf)

    def __call__(self, read: Array, scratch: Scratch | None = None, kernel: ModuleType | None = None) -> Array:
        """Return the quantiles (n, S) at normal scores (n, S); `kernel` is the compiled one, for the same bits."""
        found = self.pieces(read, scratch, kernel)
        if self.logarithmic:
            np.exp(found, out=found)
        if kernel is not None and not self.logarithmic:
            return found
        alike = slice(1 if self.bounds_are_alike else None)  # one pair of bounds takes a quarter of the time
        return np.clip(found, self.lower[alike], self.upper[alike], out=found)  # against rounding at the bounds

    def write(self, start: Words, found: Array, rows: Positions, kernel: ModuleType) -> None:
        """Write the quantiles at the scores of streams that start in given states (n,) into rows of an array."""
        kernel.drawn_pieces(
            start, found.shape[1], SCORE_TABLE, self.coefficients, self.base, self.width, LARGEST_SCORE, self.lower,
            self.upper, addresses(found, rows),
        )  # fmt: skip

    def pieces(self, read: Array, scratch: Scratch | None = None, kernel: ModuleType | None = None) -> Array:
        """Return what the pieces give, be it the number or its logarithm."""
        scratch = scratch or Scratch()
        if kernel is not None:
            found: Array = scratch.array("result", read.shape)
            bounds = (self.lower, self.upper) if not self.logarithmic else self._no_bounds
            kernel.pieces(
                read, self.coefficients, self.base, self.width, LARGEST_SCORE, *bounds, addresses(found)
            )  # fmt: skip
            return found
        position = np.add(read, LARGEST_SCORE, out=scratch.array("position", read.shape))
        position *= self.width
        whole = np.floor(position, out=scratch.array("found", read.shape))
        interval = scratch.array("interval", read.shape, np.int64)
        np.copyto(interval, whole, casting="unsafe")
        position -= whole
        interval += self.base
        return horner(self.coefficients, interval, position, scratch)


@dataclass(frozen=True, eq=False)
class Interpolation:
    """Rows given by points of their quantile function, with straight lines between them; reads uniform numbers.

    A guide of equal cells says where a level lies, but for the few points inside its cell, which are counted.

    Parameters
    ----------
    guide : first segment of each cell, all rows together
    cell_base, cells : (n, 1), first cell of a row and their number
    ends : upper level of each segment, all rows together
    start, rise : value and slope of each segment, so that the number is start + rise·u
    most : points in any one cell
    """

    guide: Positions
    cell_base: Positions
    cells: Array
    ends: Array
    start: Array
    rise: Array
    most: int
    lower: Array
    upper: Array
    reads_scores: bool = False

    def __call__(self, read: Array, scratch: Scratch | None = None, _kernel: ModuleType | None = None) -> Array:
        """Return the quantiles (n, S) at uniform numbers (n, S)."""
        scratch = scratch or Scratch()
        found: Array = np.multiply(read, self.cells, out=scratch.array("result", read.shape))
        cell = scratch.array("interval", read.shape, np.int64)
        np.copyto(cell, found, casting="unsafe")
        cell += self.cell_base
        segment = np.take(self.guide, cell)
        for _ in range(self.most):
            segment += read >= np.take(self.ends, segment)
        np.take(self.rise, segment, out=found, mode="clip")
        found *= read
        found += np.take(self.start, segment)
        return np.clip(found, self.lower, self.upper, out=found)

    @classmethod
    def of(cls, rows: Sequence[Sequence[float]]) -> Interpolation:
        """Return the evaluator of rows, each as its levels and then its values."""
        guides, ends, starts, rises, most, first, firsts = [], [], [], [], 0, 0, []
        for row in rows:
            levels, values = np.split(np.asarray(row, dtype=np.float64), 2)
            slopes = np.diff(values) / np.diff(levels)
            cells = 1 << int(_CELLS * len(levels) - 1).bit_length()
            edges = np.searchsorted(levels[1:-1], np.arange(cells + 1) / cells, side="right")
            guides.append(edges[:-1] + first)
            most = max(most, int(np.diff(edges).max()))
            firsts.append(len(slopes))
            ends.append(np.append(levels[1:-1], np.inf))
            starts.append(values[:-1] - slopes * levels[:-1])
            rises.append(slopes)
            first += len(slopes)
        sizes = np.array([len(guide) for guide in guides], dtype=np.intp)
        halves = [np.split(np.asarray(row, dtype=np.float64), 2)[1] for row in rows]
        return cls(
            guide=np.concatenate(guides).astype(np.intp),
            cell_base=(np.cumsum(sizes) - sizes)[:, None],
            cells=sizes[:, None].astype(np.float64),
            ends=np.concatenate(ends),
            start=np.concatenate(starts),
            rise=np.concatenate(rises),
            most=most,
            lower=np.array([[half[0]] for half in halves]),
            upper=np.array([[half[-1]] for half in halves]),
        )


Evaluator = Formula | Pieces | Interpolation


def pieces_of(
    family: str, parameters: Array, below: Array, above: Array, lower: Array, upper: Array, *,
    logarithmic: bool | None = None,
) -> Pieces:  # fmt: skip
    """Return rows of a family as cubic pieces, within `TOLERANCE` of their quantiles.

    Parameters
    ----------
    parameters : (n, k) as in `marginals.Fit`
    below, above : (n, 1), probabilities cut off at either end
    lower, upper : (n, 1), bounds of the numbers
    logarithmic : whether the pieces give the logarithm, within `TOLERANCE` itself; only of a gamma, for which it is
        what None means

    Examples
    --------
    >>> zero, one = np.zeros((1, 1)), np.ones((1, 1))
    >>> evaluator = pieces_of("beta", np.array([[2.0, 2.0, 0.0, 1.0]]), zero, zero, zero, one)
    >>> evaluator(np.zeros((1, 1))).item()
    0.5
    """
    logarithmic = family == "gamma" if logarithmic is None else logarithmic
    given = np.hstack([parameters, below, above])
    distinct, number = np.unique(given, axis=0, return_inverse=True)
    tables: list[Array] = [np.empty((0, 4))] * len(distinct)
    waiting, per_unit = np.arange(len(distinct)), _COARSEST
    while waiting.size:
        fine = _hermites(family, distinct[waiting], 2 * per_unit, logarithmic=logarithmic)
        coarse = _hermites_from(*fine, 2)
        done = _good_enough(coarse, fine[0], per_unit, logarithmic=logarithmic) | (2 * per_unit > _FINEST)
        for position in np.flatnonzero(done):
            tables[waiting[position]] = coarse[position]
        waiting, per_unit = waiting[~done], 2 * per_unit
    sizes = np.array([len(table) for table in tables], dtype=np.intp)
    number = number.reshape(-1)
    return Pieces(
        coefficients=np.concatenate(tables),
        base=(np.cumsum(sizes) - sizes)[number][:, None],
        width=(sizes[number][:, None] / (2 * LARGEST_SCORE)),
        lower=lower,
        upper=upper,
        logarithmic=logarithmic,
    )


def _hermites(family: str, rows: Array, per_unit: int, *, logarithmic: bool) -> tuple[Array, Array]:
    """Return values (n, knots) and slopes per knot at knots so many per unit of the score."""
    parameters, below, above = rows[:, :-2], rows[:, -2:-1], rows[:, -1:]
    z = np.linspace(-LARGEST_SCORE, LARGEST_SCORE, round(2 * LARGEST_SCORE * per_unit) + 1)[None, :]
    cut = np.any(below + above > 0)
    inside = inside_cut(z, below, above) if cut else z
    if family == "gamma":
        alpha, scale = columns(parameters)
        values = log_gamma_quantile(alpha, inside)
        slopes = log_gamma_slope(alpha, inside, values)
        values = values + np.log(scale)
        if not logarithmic:
            values = np.exp(values)
            slopes = slopes * values
    else:
        values = quantile(family, parameters, inside)
        slopes = slope(family, parameters, inside, values)
    if cut:
        slopes = slopes * cut_slope(z, inside, below, above)
    return values, slopes / per_unit


def _hermites_from(values: Array, slopes: Array, every: int) -> Array:
    """Return the cubics (n, pieces, 4) through every so many knots."""
    values, slopes = values[:, ::every], slopes[:, ::every] * every
    return np.stack([hermite(v, s) for v, s in zip(values, slopes, strict=True)])


def _good_enough(coarse: Array, values: Array, per_unit: int, *, logarithmic: bool) -> NDArray[np.bool_]:
    """Tell which rows keep the tolerance in the middle of all pieces, where a cubic errs most."""
    middle = ((coarse[..., 3] / 2 + coarse[..., 2]) / 2 + coarse[..., 1]) / 2 + coarse[..., 0]
    error = np.max(np.abs(middle - values[:, 1::2]), axis=1)
    ends = [round((LARGEST_SCORE + z) * 2 * per_unit) for z in (-_P5_P95, _P5_P95)]
    spread = values[:, ends[1]] - values[:, ends[0]]
    allowed = TOLERANCE * (np.minimum(spread, 1.0) if logarithmic else spread)
    found: NDArray[np.bool_] = error <= allowed
    return found
