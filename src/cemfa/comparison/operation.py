"""How the plants of an option run, month by month: use of capacity, and what lies in stores and yards, with bands.

Beside `pictures`; draws what the comparison kept, reckons nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from cemfa.comparison.happened import named
from cemfa.comparison.words import Words
from cemfa.figures.paths import Band, target_paths
from cemfa.figures.picture import Picture

if TYPE_CHECKING:
    import xarray as xr

    from cemfa.comparison.outcome import Comparison, OptionResult

_MOST: Final = 6  # panels; the largest are drawn
_LEAST: Final = 1e-9


def utilisation(comparison: Comparison, option: OptionResult, words: Words) -> Picture | None:
    """Return the use of capacity by month of plants of the kinds that an option builds, and of places that events
    close; None where there are none.
    """
    bands = [band_of(comparison, option, "use", 100.0, plant, words) for plant in plants_of(comparison, option)]
    title = words.text("f_utilisation", option=words.label(option.label))
    return target_paths(bands, words.lang, title=title, y_label=words.text("axis_utilisation")) if bands else None


def waiting(comparison: Comparison, option: OptionResult, words: Words) -> Picture | None:
    """Return what lies in the fullest stores and yards at the end of every month [t]; None where nothing does."""
    bands = [band_of(comparison, option, "storage", 1.0, store, words) for store in stores_of(option)]
    title = words.text("f_waiting", option=words.label(option.label))
    return target_paths(bands, words.lang, title=title, y_label=words.text("axis_waiting")) if bands else None


def plants_of(comparison: Comparison, option: OptionResult) -> list[str]:
    """Return the largest plants of the kinds that an option builds, and of those that events close, if used at all."""
    scenario, built = comparison.scenario, {project.id for project in option.projects}
    projects = [p for stated in scenario.options.values() for key, p in stated.projects.items() if key in built]
    kinds = {p.process for p in projects} | {event.process for event in scenario.events.values()}
    return [plant for plant in _largest(option, "intake") if plant.partition("[")[0] in kinds][:_MOST]


def stores_of(option: OptionResult) -> list[str]:
    """Return the fullest stores and yards of an option."""
    return _largest(option, "storage")[:_MOST]


def _largest(option: OptionResult, what: str) -> list[str]:
    """Return the plants or stores of the largest mean of a series first, those of nothing left out."""
    name = f"month_{what}_mean"
    if name not in option.flows:
        return []
    values = option.flows[name]
    size = values.to_numpy().mean(axis=0)
    ids = values[values.dims[1]].to_numpy()
    return [str(ids[n]) for n in np.argsort(-size, kind="stable") if size[n] > _LEAST]


def band_of(comparison: Comparison, option: OptionResult, what: str, factor: float, plant: str, words: Words) -> Band:
    """Return a series of a plant or store from the first decision year on, times a factor, with its band."""
    levels = series_of(option, what, "quantile", plant)
    months = [str(month) for month in levels["month"].to_numpy()]
    shown = [n for n, month in enumerate(months) if int(month[:4]) >= comparison.scenario.decisions_from]
    middles = tuple(int(months[n][:4]) + (int(months[n][5:]) - 0.5) / 12 for n in shown)
    low, middle, high = (tuple((factor * row[shown]).tolist()) for row in levels.to_numpy())
    return Band(named(plant, comparison.scenario, comparison.model, words.lang), middles, low, middle, high)


def series_of(option: OptionResult, what: str, kind: str, plant: str) -> xr.DataArray:
    """Return the means or percentiles of a series of a plant or store, (…, month)."""
    array = option.flows[f"month_{what}_{kind}"]
    return array.sel({array.dims[-1]: plant})
