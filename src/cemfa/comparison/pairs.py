"""Options against the baseline, sample by sample, and against each other.

Beside `money` in `comparison`. Replication r of every option uses the same draws, so a difference is much
better known than either side of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from cemfa.comparison.choice import table_of
from cemfa.indicators import by_part
from cemfa.indicators.spread import Stat, stats_of
from cemfa.indicators.view import Array

HEADLINE = "rate_with_home"
"""Indicator that decides."""


def at(values: xr.Dataset, name: str, year: int, item: str = "all") -> Array:
    """Return an indicator in a year per sample, (S,); of one settlement or district where it has parts."""
    dimension, parts, rows = by_part(values, name)
    found: Array = rows[parts.index(item) if dimension else 0, _place(values, year)]
    return found


def _place(values: xr.Dataset, year: int) -> int:
    return values.get_index("period").tolist().index(year)


def headline_of(indicators: Mapping[str, xr.Dataset], year: int) -> dict[str, Array]:
    """Return the headline rate of every option, (S,) each; none where a model generates nothing that it counts.

    Parameters
    ----------
    indicators : per option, the same samples
    year : calendar year
    """
    found = {name: at(values, HEADLINE, year) for name, values in indicators.items()}
    return found if all(np.isfinite(rate).all() for rate in found.values()) else {}


def paired(values: xr.Dataset, base: xr.Dataset, year: int) -> dict[str, Stat]:
    """Return the differences to the baseline in a year, by `indicator` or `indicator.item`.

    Parameters
    ----------
    values, base : indicators of an option and of the baseline, the same samples
    year : calendar year
    """
    ours, theirs = _by_key(values, year), _by_key(base, year)
    stats = stats_of([samples - theirs[key] for key, samples in ours.items()])
    return {key: stat for key, stat in zip(ours, stats, strict=True) if stat is not None}


def variance_ratios(values: xr.Dataset, base: xr.Dataset, year: int) -> dict[str, float]:
    """Return by how much the variance of a paired difference is smaller than with independent random numbers.

    ``(Var option + Var baseline) / Var difference``, by the keys of `paired`; infinite where the difference is the
    same in every sample, NaN where nothing varies at all or there are fewer than two samples.
    """
    ours, theirs = _by_key(values, year), _by_key(base, year)
    return {key: _ratio(samples, theirs[key]) for key, samples in ours.items()}


def _by_key(values: xr.Dataset, year: int) -> dict[str, Array]:
    """Return the samples of a year by `indicator`, or `indicator.item` where it has parts."""
    found: dict[str, Array] = {}
    for name in map(str, values.data_vars):
        dimension, parts, rows = by_part(values, name)
        keys = [f"{name}.{part}" for part in parts] if dimension else [name]
        found |= dict(zip(keys, rows[:, _place(values, year)], strict=True))
    return found


def _ratio(ours: Array, theirs: Array) -> float:
    if len(ours) < 2:
        return float("nan")
    apart, together = float(ours.var(ddof=1) + theirs.var(ddof=1)), float((ours - theirs).var(ddof=1))
    if together > 0.0:
        return apart / together
    return float("inf") if apart > 0.0 else float("nan")


def probability_best(values: Mapping[str, Array]) -> dict[str, float]:
    """Return per option the share of samples in which its value is the highest; ties are shared.

    Parameters
    ----------
    values : per option (S,); NaN never is best

    Raises
    ------
    ResultsError
        `choice-empty` without samples, `choice-shape` where lengths differ.

    Examples
    --------
    >>> import numpy as np
    >>> probability_best({"a": np.array([1.0, 2.0]), "b": np.array([1.0, 1.0])})
    {'a': 0.75, 'b': 0.25}
    """
    if not values:
        return {}
    rows = {name: np.atleast_1d(np.asarray(row, dtype=np.float64)) for name, row in values.items()}
    table_of({name: np.zeros(row.shape) for name, row in rows.items()})  # the same samples, at least one
    table = np.stack(list(rows.values()))
    table = np.where(np.isnan(table), -np.inf, table)
    best = table == table.max(axis=0)
    return dict(zip(values, (best / best.sum(axis=0)).mean(axis=1).tolist(), strict=True))
