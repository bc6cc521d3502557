"""Options against the baseline, sample by sample, and against each other.

Beside `money` in `comparison`. Replication r of every option uses the same draws, so a difference is much
better known than either side of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

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


def probability_best(values: Mapping[str, Array]) -> dict[str, float]:
    """Return per option the share of samples in which its value is the highest; ties are shared.

    Parameters
    ----------
    values : per option (S,); NaN never is best

    Examples
    --------
    >>> import numpy as np
    >>> probability_best({"a": np.array([1.0, 2.0]), "b": np.array([1.0, 1.0])})
    {'a': 0.75, 'b': 0.25}
    """
    if not values:
        return {}
    table = np.stack(list(values.values()))
    table = np.where(np.isnan(table), -np.inf, table)
    best = table == table.max(axis=0)
    return dict(zip(values, (best / best.sum(axis=0)).mean(axis=1).tolist(), strict=True))
