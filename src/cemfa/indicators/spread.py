"""A sampled number in few figures: mean, percentiles, and the Monte Carlo error of the mean apart.

Beside the indicators, for all who report samples (`targets`, `economics`, `comparison`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

_LEVELS: Final = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Stat:
    """Summary of samples.

    Parameters
    ----------
    mean : their mean
    p5, p50, p95 : percentiles: how uncertain the number itself is
    sd_error : Monte Carlo standard error of the mean, standard deviation / √samples: how much the figure would
        move with another seed; NaN for a single sample
    """

    mean: float
    p5: float
    p50: float
    p95: float
    sd_error: float

    def times(self, factor: float) -> Stat:
        """Return the summary in another unit; a negative factor turns the percentiles round."""
        low, high = (self.p5, self.p95) if factor >= 0 else (self.p95, self.p5)
        return Stat(self.mean * factor, low * factor, self.p50 * factor, high * factor, abs(factor) * self.sd_error)


def stat_of(samples: npt.ArrayLike) -> Stat | None:
    """Return the summary of samples; NaN (no value in that sample) is left out, None where nothing is left.

    Percentiles are linear between order statistics (Hyndman & Fan 1996, type 7).

    Parameters
    ----------
    samples : (S,)

    Examples
    --------
    >>> stat_of([1.0, 2.0, 3.0, float("nan")]).p50
    2.0
    """
    values = np.asarray(samples, dtype=np.float64).ravel()
    values = values[~np.isnan(values)]
    if not values.size:
        return None
    if not np.isfinite(values).all():  # an infinite payback: order statistics still stand, moments do not
        low, middle, high = np.quantile(values, _LEVELS, method="nearest")
        return Stat(float("inf"), float(low), float(middle), float(high), float("nan"))
    return _stats(values[None])[0]


def stats_of(rows: npt.ArrayLike) -> list[Stat | None]:
    """Return the summary of every row of samples, as `stat_of` does, all of them at once where there is a value in
    every sample.

    Parameters
    ----------
    rows : (N, S)

    Examples
    --------
    >>> [stat.p50 for stat in stats_of([[1.0, 2.0, 3.0], [4.0, 4.0, 9.0]])]
    [2.0, 4.0]
    """
    values = np.ascontiguousarray(rows, dtype=np.float64)
    if not len(values):
        return []
    whole: npt.NDArray[np.bool_] = np.logical_and(np.isfinite(values).all(axis=1), values.size > 0)
    quick = iter(_stats(values[whole]))
    return [next(quick) if fine else stat_of(row) for row, fine in zip(values, whole, strict=True)]


def _stats(rows: npt.NDArray[np.float64]) -> list[Stat]:
    """Return the summary of rows (N, S) of at least one finite sample."""
    count = rows.shape[1]
    if not rows.size:
        return []
    low, middle, high = np.quantile(rows, _LEVELS, axis=1)
    spread = rows.std(axis=1, ddof=1) / np.sqrt(count) if count > 1 else np.full(len(rows), np.nan)
    columns = (rows.mean(axis=1), low, middle, high, spread)  # ordered: all samples are together
    return [Stat(*figures) for figures in zip(*(column.tolist() for column in columns), strict=True)]
