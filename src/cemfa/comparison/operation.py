"""How the plants of an option run, year by year: use of capacity, and what waits in stores and yards, with bands.

Beside `pictures`; draws what the simulation kept, reckons nothing but P5, P50 and P95.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from cemfa.comparison.happened import named
from cemfa.comparison.words import Words
from cemfa.figures.paths import Band, target_paths
from cemfa.figures.picture import Picture
from cemfa.indicators.spread import stat_of

if TYPE_CHECKING:
    import xarray as xr

    from cemfa.comparison.outcome import Comparison, OptionResult
    from cemfa.definition.schema import Project

_MOST: Final = 6  # panels; the largest are drawn
_LEAST: Final = 1e-9


def utilisation(comparison: Comparison, option: OptionResult, words: Words) -> Picture | None:
    """Return the use of capacity of plants of the kinds that an option builds, by year; None where it builds none."""
    if "utilisation" not in option.flows:
        return None
    built = {project.process for project in _projects(comparison, option)}
    groups = option.flows["group"].to_numpy()
    own = [str(group) for group in groups if str(group).partition("[")[0] in built]
    used = option.flows["utilisation"].sel(group=own) * 100.0
    size = option.flows["available"].sel(group=own).mean(("sample", "period"))
    bands = list(_bands(used, "group", size, comparison, words))
    title = words.text("f_utilisation", option=words.label(option.label))
    return target_paths(bands, words.lang, title=title, y_label=words.text("axis_utilisation")) if bands else None


def waiting(comparison: Comparison, option: OptionResult, words: Words) -> Picture | None:
    """Return what waits in the fullest stores and yards at the end of each year [t]; None where nothing waits."""
    if "backlog" not in option.flows:
        return None
    held = option.flows["backlog"]
    bands = list(_bands(held, "store", held.mean(("sample", "period")), comparison, words))
    title = words.text("f_waiting", option=words.label(option.label))
    return target_paths(bands, words.lang, title=title, y_label=words.text("axis_waiting")) if bands else None


def _projects(comparison: Comparison, option: OptionResult) -> Iterator[Project]:
    built = {project.id for project in option.projects}
    for stated in comparison.scenario.options.values():
        yield from (project for key, project in stated.projects.items() if key in built)


def _bands(values: xr.DataArray, by: str, size: xr.DataArray, comparison: Comparison, words: Words) -> Iterator[Band]:
    """Yield a band per item, the largest first, those of nothing left out."""
    order = np.argsort(-size.to_numpy(), kind="stable")[:_MOST]
    years = tuple(int(year) for year in values["period"].to_numpy())
    for place in order:
        if not size.to_numpy()[place] > _LEAST:
            continue
        samples = values.isel({by: int(place)}).transpose("period", "sample").to_numpy()
        stats = [stat_of(row[np.isfinite(row)]) for row in samples]
        low, middle, high = (
            tuple(getattr(stat, end) if stat else 0.0 for stat in stats) for end in ("p5", "p50", "p95")
        )
        label = named(str(values[by].to_numpy()[place]), comparison.scenario, comparison.model, words.lang)
        yield Band(label, years, low, middle, high)
