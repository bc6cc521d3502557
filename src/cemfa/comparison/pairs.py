"""Options against the baseline, sample by sample, and against each other.

Beside `money` in `comparison`. Replication r of every option uses the same draws, so a difference is much
better known than either side of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from cemfa.comparison.choice import table_of
from cemfa.indicators.spread import Stat, stat_of
from cemfa.indicators.view import Array

HEADLINE = "rate_with_home"
"""Indicator that decides."""


def at(values: xr.Dataset, name: str, year: int, item: str = "all") -> Array:
    """Return an indicator in a year per sample, (S,); of one settlement or district where it has parts."""
    array = values[name].sel(period=year)
    for dimension in set(array.dims) - {"sample"}:
        array = array.sel({dimension: item})
    return np.asarray(array.to_numpy(), dtype=np.float64)


def paired(values: xr.Dataset, base: xr.Dataset, year: int) -> dict[str, Stat]:
    """Return the differences to the baseline in a year, by `indicator` or `indicator.item`.

    Parameters
    ----------
    values, base : indicators of an option and of the baseline, the same samples
    year : calendar year
    """
    difference = (values - base).sel(period=year)
    found: dict[str, Stat | None] = {}
    for name, array in difference.data_vars.items():
        parts = [str(dimension) for dimension in array.dims if dimension != "sample"]
        if not parts:
            found[str(name)] = stat_of(array.to_numpy())
            continue
        for item in array[parts[0]].to_numpy():
            found[f"{name}.{item}"] = stat_of(array.sel({parts[0]: item}).to_numpy())
    return {name: stat for name, stat in found.items() if stat is not None}


def variance_ratios(values: xr.Dataset, base: xr.Dataset, year: int) -> dict[str, float]:
    """Return by how much the variance of a paired difference is smaller than with independent random numbers.

    ``(Var option + Var baseline) / Var difference``, by the keys of `paired`; infinite where the difference is the
    same in every sample, NaN where nothing varies at all or there are fewer than two samples.
    """
    option, other = (dataset.sel(period=year) for dataset in (values, base))
    found: dict[str, float] = {}
    for name in option.data_vars:
        ours, theirs = option[name], other[name]
        parts = [str(dimension) for dimension in ours.dims if dimension != "sample"]
        cells = [{parts[0]: item} for item in ours[parts[0]].to_numpy()] if parts else [{}]
        for cell in cells:
            key = ".".join([str(name), *(str(item) for item in cell.values())])
            found[key] = _ratio(ours.sel(cell).to_numpy(), theirs.sel(cell).to_numpy())
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
