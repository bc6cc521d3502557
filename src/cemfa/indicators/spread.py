"""A sampled number in few figures: mean, percentiles, and the Monte Carlo error of the mean apart.

Beside the indicators, for all who report samples (`targets`, `economics`, `comparison`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


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
        low, middle, high = np.quantile(values, [0.05, 0.5, 0.95], method="nearest")
        return Stat(float("inf"), float(low), float(middle), float(high), float("nan"))
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    spread = float(values.std(ddof=1) / np.sqrt(values.size)) if values.size > 1 else float("nan")
    return Stat(float(values.mean()), float(low), float(middle), float(high), spread)
