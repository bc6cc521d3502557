"""Rates over the years: one small panel per option, with its band, the baseline in grey and the target line.

Figures take plain numbers and labels; who adds them up stands above (`cemfa.comparison`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from cemfa import locale
from cemfa.figures.picture import COLOURS, MUTED, TARGET, Picture, frame, number_axis, plain, styled, wrap, year_axis

_PANEL: Final = (2.75, 2.05)
_MOST_COLUMNS: Final = 4


@dataclass(frozen=True, slots=True)
class Band:
    """A course over the years with its uncertainty: `low`, `middle`, `high` are P5, P50, P95 in the axis' unit.

    `years` are whole years, or the middles of months as decimal years.
    """

    label: str
    years: tuple[float, ...]
    low: tuple[float, ...]
    middle: tuple[float, ...]
    high: tuple[float, ...]

    def at(self, year: float) -> tuple[float, float, float]:
        """Return (low, middle, high) in a year."""
        here = self.years.index(year)
        return self.low[here], self.middle[here], self.high[here]


@styled
def target_paths(
    bands: Sequence[Band],
    lang: str,
    *,
    title: str,
    y_label: str,
    target: float | None = None,
    target_year: int | None = None,
    reference: Band | None = None,
) -> Picture:
    """Return one panel per option: median line, band P5–P95, target line and, in grey, the reference course.

    Parameters
    ----------
    bands : one per panel, all over the same years
    target : height of the target line [unit of the axis]
    target_year : year in which the median is written beside its point
    reference : drawn thin in every panel, usually the baseline

    Examples
    --------
    >>> band = Band("A", (2025, 2026), (10.0, 12.0), (15.0, 20.0), (20.0, 30.0))
    >>> len(target_paths([band], "en", title="Rate", y_label="%", target=70.0).axes)
    1
    """
    columns = min(_MOST_COLUMNS, len(bands))
    rows = -(-len(bands) // columns)
    titles = 12.0 * max(len(_title(band)) for band in bands)
    size = (max(_PANEL[0] * columns, 4.6) + 0.4, _PANEL[1] * rows + 0.55 + titles * rows / 72)
    words = _in_words(bands, lang, target_year)
    figure = Picture(*size, lang=lang, title=title, description=words)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    everything = [*bands, *([reference] if reference else [])]
    top = float(np.nanmax([value for band in everything for value in band.high] + [target or 0.0]))
    for number, axes in enumerate(grid.flat):
        if number >= len(bands):
            axes.set_visible(False)
            continue
        _panel(figure, axes, bands[number], COLOURS[2], reference, target, target_year, lang)
        axes.set_ylim(0, top * 1.12)
        number_axis(axes, "y", lang)
        if number + columns >= len(bands):
            axes.tick_params(labelbottom=True)
    frame(figure, 46, 44, 6, titles + 4, wspace=0.08, hspace=(titles + 12) / (_PANEL[1] * 72 - titles))
    figure.supylabel(plain(y_label), fontsize="medium", x=8 / (size[0] * 72))
    handles: dict[str, Artist] = {}
    for axes in grid.flat[: len(bands)]:  # the panel of the reference itself lacks the reference line
        found, names = axes.get_legend_handles_labels()
        handles |= dict(zip(names, found, strict=True))
    figure.legend(list(handles.values()), list(handles), loc="lower center", ncols=4, borderaxespad=0.1)
    return figure


def _panel(
    figure: Picture, axes: Axes, band: Band, colour: str, reference: Band | None, target: float | None,
    target_year: int | None, lang: str,
) -> None:  # fmt: skip
    text = locale.text
    axes.grid(axis="y")
    year_axis(axes, band.years, 4)
    label = text("figures.band", lang)
    axes.fill_between(band.years, band.low, band.high, color=colour, alpha=0.22, linewidth=0, label=label)
    if reference and reference.label != band.label:
        axes.plot(reference.years, reference.middle, color=MUTED, linewidth=1.0, linestyle=(0, (1, 1.5)),
                  label=plain(reference.label))  # fmt: skip
    (line,) = axes.plot(band.years, band.middle, color=colour, linewidth=1.8, label=text("figures.median", lang))
    figure.explain(line, band.label)
    if target is not None:
        axes.axhline(target, color=TARGET, linewidth=1.1, linestyle=(0, (5, 2)), label=text("figures.target", lang))
    if target_year in band.years:
        low, middle, high = band.at(int(target_year or 0))
        (point,) = axes.plot([target_year], [middle], "o", color=colour, markersize=4)
        shown = [locale.number(value, lang, 0) for value in (middle, low, high)]
        words = text("figures.point_hover", lang, year=target_year, middle=shown[0], low=shown[1], high=shown[2])
        figure.explain(point, f"{band.label}: {words}")
        axes.annotate(
            shown[0], (float(target_year or 0), middle), xytext=(0, 5), textcoords="offset points", ha="center",
            fontweight="bold", bbox={"facecolor": "white", "alpha": 0.7, "pad": 0.6, "edgecolor": "none"},
        )  # fmt: skip
    axes.set_title("\n".join(plain(part) for part in _title(band)))


def _title(band: Band) -> list[str]:
    return wrap(band.label, _PANEL[0] * 72 * 0.76)  # bold runs wider than it measures


def _in_words(bands: Sequence[Band], lang: str, year: int | None) -> str:
    parts = []
    for band in bands:
        shown = year if year in band.years else None
        last = shown or band.years[-1]
        low, middle, high = (locale.number(value, lang, 0) for value in band.at(last))
        words = locale.text("figures.point_hover", lang, year=int(last), middle=middle, low=low, high=high)
        parts.append(f"{band.label}: {words}")
    return "; ".join(parts) + "."
