"""Add replications until enough is known: a difference to a wanted precision, or the order of the options.

Beside `run`, which simulates part after part. A rule looks at the paired differences of all replications so far;
its intervals are those of a mean of independent differences, t-distributed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
import xarray as xr
from scipy.special import stdtrit

from cemfa import locale
from cemfa.comparison.pairs import HEADLINE, at
from cemfa.errors import Problem, ResultsError
from cemfa.indicators import ALL

PART: Final = 32
"""Replications of the first part; fewer tell too little of a spread."""
SURE: Final = 0.99
"""Level at which the order of two options counts as settled."""
LEVEL: Final = 0.95
"""Level of the interval whose half-width is the precision."""


class Rule(Protocol):
    """Says how many replications more are needed."""

    def more(self, values: Mapping[str, xr.Dataset], base: str, year: int) -> int:
        """Return how many replications to add to those there are, 0 for none.

        Parameters
        ----------
        values : indicators per option, the same samples
        base : id of the baseline
        year : the target year
        """


@dataclass(frozen=True, slots=True)
class Precision:
    """Know the paired difference of an indicator to the baseline to within a half-width, for every option.

    Parameters
    ----------
    indicator : id, or `id.item` for one settlement
    half_width : of the 95 % interval of the mean difference, in the unit of the indicator
    """

    indicator: str
    half_width: float

    def more(self, values: Mapping[str, xr.Dataset], base: str, year: int) -> int:
        """Return what the largest spread so far asks for, at most as many as there are."""
        name, _, item = self.indicator.partition(".")
        first = values[base]
        if name not in first or (item and item not in _items(first, name)):
            known = [f"{n}.{i}" if i else str(n) for n in first.data_vars for i in _items(first, str(n)) or ("",)]
            raise locale.error(ResultsError, Problem("precision-unknown", parameters={"id": name, "known": known}))
        other = at(first, name, year, item or ALL)
        widths = [half_width(at(v, name, year, item or ALL) - other, LEVEL) for k, v in values.items() if k != base]
        widest, count = max(widths, default=0.0), len(other)
        if widest <= self.half_width:
            return 0
        return min(count, max(PART // 2, int(np.ceil(count * ((widest / self.half_width) ** 2 - 1.0)))))


@dataclass(frozen=True, slots=True)
class Settled:
    """Know in which order the options stand by the headline rate: every neighbour's difference is sure, or nil."""

    def more(self, values: Mapping[str, xr.Dataset], base: str, year: int) -> int:  # noqa: ARG002 - as the protocol
        """Return half as many again while the order of any two neighbours is open."""
        rates = {name: at(found, HEADLINE, year) for name, found in values.items()}
        ranked = sorted(rates.values(), key=lambda rate: -float(rate.mean()))
        for better, worse in pairwise(ranked):
            difference = better - worse
            if float(difference.mean()) <= half_width(difference, SURE) and bool((difference != 0.0).any()):
                return max(PART // 2, len(difference) // 2)
        return 0


def half_width(samples: np.ndarray, level: float) -> float:
    """Return the half-width of the interval of a mean, infinite for a single sample.

    Examples
    --------
    >>> round(half_width(np.array([1.0, 2.0, 3.0, 4.0]), 0.95), 3)
    2.054
    """
    count = len(samples)
    if count < 2:
        return float("inf")
    return float(stdtrit(count - 1, 0.5 + level / 2) * samples.std(ddof=1) / np.sqrt(count))


def joined(parts: Sequence[xr.Dataset]) -> xr.Dataset:
    """Return the results of parts of the replications together: samples in a row, means and percentiles weighed."""
    if len(parts) == 1:
        return parts[0]
    counts = np.array([part.sizes["sample"] for part in parts], dtype=np.float64)
    first = parts[0]
    found = {}
    for name, array in first.data_vars.items():
        arrays = [part[name] for part in parts]
        if "sample" in array.dims:
            found[name] = xr.concat(arrays, dim="sample")
        elif str(name).endswith(("_mean", "_quantile")):
            total = arrays[0] * counts[0]
            for other, count in zip(arrays[1:], counts[1:], strict=True):
                total = total + other.to_numpy() * count
            found[name] = (total / counts.sum()).assign_attrs(array.attrs)
        else:
            found[name] = array
    whole = xr.Dataset(found, attrs=dict(first.attrs))
    residual = max(float(part.attrs["residual"]) for part in parts)
    whole.attrs |= {"samples": int(counts.sum()), "residual": residual}
    return whole


def _items(values: xr.Dataset, name: str) -> list[str]:
    parts = [dimension for dimension in values[name].dims if dimension not in ("sample", "period")]
    return [str(item) for item in values[parts[0]].to_numpy()] if parts else []
