"""The loss account of a comparison: from generated to recycled, by option, year, settlement and good.

Beside `assemble`; picks what every case kept per sample and puts it in rows. Within a sample an account adds up
exactly, and so do its means; percentiles of parts do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import xarray as xr

from cemfa.indicators.losses import PARTS
from cemfa.indicators.spread import stats_of

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison, OptionResult

COLUMNS: Final = ("option", "year", "settlement", "good", "part", "mean", "p5", "p50", "p95")
"""Columns of the table; masses are fresh and in t/d."""


def losses_of(results: xr.Dataset) -> xr.DataArray:
    """Return the loss account that a run kept per sample, (sample, period, settlement, good, part) [t/yr]."""
    found = results["loss"]
    found = found.drop_vars([name for name in found.coords if name not in found.dims])
    return found.rename({f"loss_{name}": name for name in ("settlement", "good", "part")})


def mean_losses(option: OptionResult, year: int, settlement: str, good: str) -> dict[str, float]:
    """Return the mean of every part in a year [t/d]; they add up as the parts of every sample do."""
    chosen = option.losses.sel(period=year, settlement=settlement, good=good)
    days = float(option.flows["days"].sel(period=year))
    means = chosen.transpose("part", "sample").to_numpy().mean(axis=1) / days
    return dict(zip(PARTS, means.tolist(), strict=True))


Row = tuple[str, int, str, str, str, float, float, float, float]


def loss_rows(option: OptionResult, years: Sequence[int] | None = None) -> Iterator[Row]:
    """Yield the rows of an option, in the order of `COLUMNS`; what is nothing in every sample is left out.

    Parameters
    ----------
    years : default: all
    """
    values = option.losses.transpose("period", "settlement", "good", "part", "sample")
    values = values if years is None else values.sel(period=list(years))
    days = option.flows["days"].sel(period=values["period"]).to_numpy()
    masses = values.to_numpy() / days[:, None, None, None, None]
    names = [values[name].to_numpy().tolist() for name in ("period", "settlement", "good", "part")]
    places = np.argwhere(masses.any(axis=-1))
    for place, stat in zip(places.tolist(), stats_of(masses[tuple(places.T)]), strict=True):
        if stat is not None:
            year, settlement, good, part = (name[n] for name, n in zip(names, place, strict=True))
            yield option.id, year, settlement, good, part, stat.mean, stat.p5, stat.p50, stat.p95


def loss_frame(comparison: Comparison) -> pd.DataFrame:
    """Return the loss account of every option, year, settlement and good, a row per part [t/d]."""
    rows = [row for option in comparison.options for row in loss_rows(option)]
    return pd.DataFrame(rows, columns=list(COLUMNS))
