"""Mean and spread of every row of parameters, by random stream: what first-order propagation starts from.

Below `sampling`, which says how scores become numbers; read by `sensitivity`. Moments are those of the marginals
as they are drawn, cuts included, whatever their family.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

_NODES: Final[Array] = np.linspace(-8.125, 8.125, 261)  # normal scores, step 1/16; beyond 8.21 none is ever drawn
_WEIGHTS: Final[Array] = np.exp(-0.5 * _NODES**2) / np.add.reduce(np.exp(-0.5 * _NODES**2))


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Means of rows, and how far each random stream moves which rows by one standard deviation.

    The covariance of all rows is ``Σ_s d_s d_sᵀ`` with the direction ``d_s`` of stream s, and ``Σ_s Σ_t c_st d_s d_tᵀ``
    where streams are correlated. Rows that share a stream
    move together (correlation one); a Dirichlet component k with mean m and concentration c has the direction
    ``√(m_k / (c + 1)) · (e_k − m)``, which makes the covariance of its group exactly ``(diag(m) − m mᵀ) / (c + 1)``
    and keeps every perturbed group on its sum.

    Parameters
    ----------
    mean : shape (R,), expectation of every row; the value as written of a constant
    stream, row, size : shape (M,), the entries of all directions that are not zero: stream, row and its change
    scale : shape (M,), deviation of the row that a stream's score of one explains where only that row is looked at;
        0 for rows that give way in a Dirichlet group
    linked : streams (k,) that are drawn together, and the correlation (k, k) of their normal scores
    """

    mean: Array
    stream: Positions
    row: Positions
    size: Array
    scale: Array
    linked: tuple[tuple[Positions, Array], ...] = ()

    @classmethod
    def of(cls, central: Array, parts: Sequence[Spread], linked: tuple[tuple[Positions, Array], ...] = ()) -> Spread:
        """Return the spread of all rows from those of families and groups; rows of no part are constant.

        Parameters
        ----------
        central : shape (R,)
        parts : spreads whose `mean` holds NaN for the rows of others
        linked : streams that are drawn together, and the correlation of their normal scores
        """
        mean = central.copy()
        for part in parts:
            mean = np.where(np.isnan(part.mean), mean, part.mean)
        names = ("stream", "row", "size", "scale")
        stream, row, size, scale = (np.concatenate([getattr(p, name) for p in parts] or [[]]) for name in names)
        return cls(mean, stream.astype(np.intp), row.astype(np.intp), size, scale, linked)

    def directions(self, streams: int) -> Array:
        """Return all directions (R, streams), dense.

        Examples
        --------
        >>> one = Spread(np.array([2.0]), np.array([0]), np.array([0]), np.array([0.5]), np.array([0.5]))
        >>> one.directions(1).tolist()
        [[0.5]]
        """
        found = np.zeros((len(self.mean), streams))
        np.add.at(found, (self.row, self.stream), self.size)
        return found

    def parts(self, effects: Array) -> Array:
        """Return the part (n,) of every stream in the variance of a linear function; the parts add up to it.

        Parameters
        ----------
        effects : shape (n,), change of the function per standard deviation of each stream

        Notes
        -----
        ``g_s (C g)_s``: the square of an independent stream's effect; of a correlated one it can be negative, where
        its error makes good that of another.

        Examples
        --------
        >>> linked = ((np.array([0, 1]), np.array([[1.0, 0.5], [0.5, 1.0]])),)
        >>> one = Spread(np.empty(0), *[np.empty(0, dtype=np.intp)] * 2, *[np.empty(0)] * 2, linked)
        >>> one.parts(np.array([3.0, -1.0, 2.0])).tolist()
        [7.5, -0.5, 4.0]
        """
        found: Array = effects**2
        for streams, correlation in self.linked:
            own = effects[streams]
            found[streams] = own * np.add.reduce(correlation * own, axis=1)
        return found

    def coordinates(self, draws: Array, streams: int) -> Array:
        """Return how many standard deviations each stream is away from its mean in some draws.

        A linear function of the rows is its value at the means plus ``Σ_s effect_s · coordinate_s``.

        Parameters
        ----------
        draws : shape (R, S)

        Returns
        -------
        shape (streams, S); of a stream that several rows read, the mean over these rows
        """
        found, count = np.zeros((streams, draws.shape[1])), np.zeros(streams)
        for stream, row, scale in zip(self.stream.tolist(), self.row.tolist(), self.scale.tolist(), strict=True):
            if scale > 0.0:
                found[stream] += (draws[row] - self.mean[row]) / scale
                count[stream] += 1.0
        return found / np.maximum(count, 1.0)[:, None]


def of_marginals(rows: Positions, streams: Positions, quantiles: Callable[[Array], Array], count: int) -> Spread:
    """Return the spread of rows drawn from their own marginals.

    Parameters
    ----------
    rows, streams : shape (n,), positions, and the stream each reads
    quantiles : normal scores (n, S), a row each → numbers (n, S)
    count : R, number of all rows

    Notes
    -----
    Trapezoidal rule over the normal score, which converges geometrically for smooth quantile functions; a corner,
    such as the mode of a triangle, leaves some 1e-5 of the standard deviation.
    """
    drawn = quantiles(np.tile(_NODES, (len(rows), 1)))
    mean = np.add.reduce(drawn * _WEIGHTS, axis=1)
    deviation = np.sqrt(np.add.reduce((drawn - mean[:, None]) ** 2 * _WEIGHTS, axis=1))
    return Spread(_placed(mean, rows, count), streams, rows, deviation, deviation)


def of_dirichlets(rows: Positions, streams: Positions, alpha: Array, starts: Positions, count: int) -> Spread:
    """Return the spread of Dirichlet groups.

    Parameters
    ----------
    rows, streams, alpha : shape (n,), group by group
    starts : shape (groups,), where each group begins
    count : R, number of all rows
    """
    mean = np.zeros(len(rows))
    entries: list[tuple[int, int, float, float]] = []
    for first, end in zip(starts.tolist(), [*starts[1:].tolist(), len(rows)], strict=True):
        group = slice(first, end)
        concentration = float(np.add.reduce(alpha[group]))
        mean[group] = alpha[group] / concentration
        for k in np.flatnonzero(mean[group] > 0.0) + first:
            scale = float(np.sqrt(mean[k] / (concentration + 1.0)))
            change = scale * ((np.arange(first, end) == k) - mean[group])
            for row, size in zip(range(first, end), change.tolist(), strict=True):
                entries.append((int(streams[k]), int(rows[row]), size, scale if row == k else 0.0))
    stream, member, sizes, scales = (np.array(column) for column in zip(*entries, strict=True))
    return Spread(_placed(mean, rows, count), stream, member, sizes, scales)


def _placed(mean: Array, rows: Positions, count: int) -> Array:
    found = np.full(count, np.nan)
    found[rows] = mean
    return found
