"""Accounting parameters of a case in little memory: most hold for all years, and there are many samples and cases.

Beside `run`, which keeps one record per case while others are simulated; `costing` reads its cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from cemfa.indicators.view import Array, Cells, cells_of

Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class ParameterRecord:
    """The accounting parameters of some samples: of all cells the first year, of those that change every year.

    Parameters
    ----------
    years : (T,), calendar years
    first : (S, C), in the first year, in canonical units
    changing : (N,), positions of the cells with another value in any year of any sample
    yearly : (S, T, N), theirs
    coords : coordinates over cells, (C,) each
    """

    years: tuple[int, ...]
    first: Array
    changing: Index
    yearly: Array
    coords: Mapping[str, NDArray[Any]]

    @classmethod
    def of(cls, results: xr.Dataset, start: int) -> Self:
        """Return the record of results with the variable `parameter`, from a year on."""
        cut = results[["parameter"]].sel(period=slice(start, None))
        cells = cells_of(cut)
        years = tuple(int(year) for year in cut["period"].to_numpy())
        changing = np.flatnonzero((cells.values != cells.values[:, :1]).any(axis=(0, 1)))
        return cls(years, cells.values[:, 0].copy(), changing, cells.values[:, :, changing], cells.coords)

    @classmethod
    def joined(cls, records: Sequence[Self]) -> Self:
        """Return the records of parts of the samples together."""
        if len(records) == 1:
            return records[0]
        changing = np.unique(np.concatenate([record.changing for record in records]))
        return cls(
            records[0].years,
            np.concatenate([record.first for record in records]),
            changing,
            np.concatenate([record.at(changing) for record in records]),
            records[0].coords,
        )

    def at(self, positions: Index) -> Array:
        """Return the values of some cells in every year, (S, T, n)."""
        samples, years = len(self.first), len(self.years)
        found = np.repeat(self.first[:, np.newaxis, positions], years, axis=1)
        known = np.searchsorted(positions, self.changing)
        inside = known < len(positions)
        inside[inside] = positions[known[inside]] == self.changing[inside]
        found[:, :, known[inside]] = self.yearly[:, :, inside]
        return found.reshape(samples, years, len(positions))

    def cells(self) -> Cells:
        """Return all cells in every year, as results hold them."""
        return Cells(self.at(np.arange(self.first.shape[1], dtype=np.intp)), self.coords)
