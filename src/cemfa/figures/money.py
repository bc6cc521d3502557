"""Money in figures: cost against rate, and who pays what in which year.

Figures take plain numbers and labels; who adds them up stands above (`cemfa.comparison`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from cemfa import locale
from cemfa.figures.picture import (
    COLOURS,
    HATCHES,
    INK,
    MARKERS,
    MUTED,
    TARGET,
    Picture,
    frame,
    number_axis,
    plain,
    row_names,
    styled,
    text_width,
    wrap,
    year_axis,
)

_KEY: Final = 190.0  # widest line of a key [pt]
_DWARFS: Final = 5.0  # how many times the median cost the highest must be before the axis is stretched


@dataclass(frozen=True, slots=True)
class Spread:
    """A number with its uncertainty: P5, the middle, P95."""

    low: float
    middle: float
    high: float

    def arms(self) -> np.ndarray:
        """Return the lengths of the whiskers below and above as matplotlib wants them, never negative."""
        return np.array([[max(self.middle - self.low, 0.0)], [max(self.high - self.middle, 0.0)]])


@dataclass(frozen=True, slots=True)
class CostPoint:
    """An option in the plane of cost and rate; `letter` stands in the plot, `label` in the legend.

    `efficient`: no other is both cheaper and higher in rate. Those that are not are drawn hollow.
    """

    letter: str
    label: str
    rate: Spread
    cost: Spread
    efficient: bool = True


@styled
def cost_against_rate(
    points: Sequence[CostPoint],
    lang: str,
    *,
    title: str,
    x_label: str,
    y_label: str,
    target: float | None = None,
) -> Picture:
    """Return a scatter of cost (y) against rate (x) with P5–P95 whiskers and the target as a vertical line.

    Where some points are not efficient a line joins those that are, and the others are hollow, so that a grey print
    tells them apart too.

    Examples
    --------
    >>> point = CostPoint("A", "Home composting", Spread(30.0, 40.0, 50.0), Spread(5.0, 8.0, 12.0))
    >>> cost_against_rate([point], "en", title="Cost and rate", x_label="%", y_label="bn VND").title
    'Cost and rate'
    """
    words = "; ".join(f"{p.letter} {p.label}: {_spread(p.rate, lang)} %, {_spread(p.cost, lang)}" for p in points)
    figure = Picture(9.2, 4.4 + 0.12 * len(points), lang=lang, title=title, description=words)
    names = [f"{point.letter}. {point.label}" if point.letter else point.label for point in points]
    axes = figure.add_subplot()
    frame(figure, 52, 40, _key_width(names), 8)
    axes.grid()
    for number, point in enumerate(points):
        colour = COLOURS[number % len(COLOURS)]
        face = colour if point.efficient else "white"
        edge = INK if point.efficient else colour
        bars = axes.errorbar(
            point.rate.middle, point.cost.middle, xerr=point.rate.arms(), yerr=point.cost.arms(),
            fmt=MARKERS[number % len(MARKERS)], color=colour, ecolor=colour, elinewidth=1.1, capsize=2.5, markersize=7,
            markerfacecolor=face, markeredgecolor=edge,
            markeredgewidth=0.6 if point.efficient else 1.4, label=plain(names[number]), zorder=3,
        )  # fmt: skip
        rate, cost = _spread(point.rate, lang), _spread(point.cost, lang)
        told = "" if point.efficient else f" ({locale.text('figures.dominated', lang)})"
        figure.explain(bars.lines[0], f"{point.letter} {point.label}{told}: {x_label} {rate}; {y_label} {cost}")
        axes.annotate(plain(point.letter), (point.rate.middle, point.cost.middle), xytext=(6, 5), fontweight="bold",
                      textcoords="offset points", zorder=4,
                      bbox={"facecolor": "white", "alpha": 0.75, "pad": 0.6, "edgecolor": "none"})  # fmt: skip
    _frontier(axes, points, lang)
    if target is not None:
        label = locale.text("figures.target", lang)
        axes.axvline(target, color=TARGET, linewidth=1.1, linestyle=(0, (5, 2)), label=label)
    axes.set_xlabel(plain(x_label))
    for which in ("x", "y"):
        number_axis(axes, which, lang)
    stretched = _stretch(axes, [point.cost for point in points])
    axes.set_ylabel(plain(f"{y_label}; {locale.text('figures.root_scale', lang)}" if stretched else y_label))
    left, right = axes.get_xlim()
    axes.set_xlim(min(0.0, left), max(right, 1.04 * (target or 0.0)))
    handles, shown = axes.get_legend_handles_labels()
    lines = [locale.text(f"figures.{key}", lang) for key in ("efficient", "target")]
    last = sorted(range(len(shown)), key=lambda n: shown[n] in lines)
    _key(figure, axes, [handles[n] for n in last], [shown[n] for n in last])
    return figure


@dataclass(frozen=True, slots=True)
class UnitCost:
    """What a tonne costs under an option, and less what products earn; None where there is no such number."""

    label: str
    cost: Spread | None
    net: Spread | None


@styled
def cost_per_tonne(rows: Sequence[UnitCost], lang: str, *, title: str, x_label: str, names: tuple[str, str]) -> Picture:
    """Return a pair of points per option with P5–P95 whiskers: cost per tonne, and net of products.

    Parameters
    ----------
    names : of the two costs, for the key

    Examples
    --------
    >>> row = UnitCost("A", Spread(3.0, 4.0, 6.0), Spread(1.0, 2.0, 4.0))
    >>> cost_per_tonne([row], "en", title="Cost", x_label="VND/t", names=("cost", "net")).description
    'A: cost 4 (3 – 6), net 2 (1 – 4).'
    """
    told = [(row, list(zip(names, (row.cost, row.net), strict=True))) for row in rows]
    words = "; ".join(f"{row.label}: " + ", ".join(f"{n} {_spread(v, lang)}" for n, v in v2 if v) for row, v2 in told)
    lines = [wrap(row.label, _KEY + 40.0) for row in rows]
    figure = Picture(9.2, 0.46 * (len(rows) + 2.4), lang=lang, title=title, description=f"{words}.")
    axes = figure.add_subplot()
    frame(figure, max((text_width(line) for part in lines for line in part), default=0.0) + 12, 56, 20, 6)
    axes.grid(axis="x")
    for place, (row, found) in enumerate(told):
        for part, (name, value) in enumerate(found):
            if value is None:
                continue
            bars = axes.errorbar(
                value.middle, place + 0.17 * (2 * part - 1), xerr=value.arms(), fmt=MARKERS[part],
                color=COLOURS[2 * part], markerfacecolor=COLOURS[2 * part] if part == 0 else "white", markersize=6.5,
                elinewidth=1.2, capsize=2.5, label=plain(name), zorder=3,
            )  # fmt: skip
            figure.explain(bars.lines[0], f"{row.label}, {name}: {_spread(value, lang)} {x_label}")
    row_names(axes, range(len(lines)), lines)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel(plain(x_label))
    axes.set_xlim(left=min(0.0, axes.get_xlim()[0]))
    number_axis(axes, "x", lang)
    handles, shown = axes.get_legend_handles_labels()
    unique = dict(zip(shown, handles, strict=True))
    figure.legend(list(unique.values()), list(unique), loc="lower right", bbox_to_anchor=(1.0, 0.0), ncols=2)
    return figure


@styled
def cash_flow(
    years: Sequence[int],
    amounts: Mapping[str, Sequence[float]],
    lang: str,
    *,
    title: str,
    y_label: str,
) -> Picture:
    """Return what every funder pays per year as stacked bars; amounts below zero (money that comes back) hang below.

    Parameters
    ----------
    years : calendar years
    amounts : per funder one number for every year, in the unit of `y_label`

    Examples
    --------
    >>> len(cash_flow([2026, 2027], {"Budget": [2.0, 1.0]}, "en", title="Who pays", y_label="bn VND").axes)
    1
    """
    figure = Picture(9.2, 3.3, lang=lang, title=title, description=_paid(years, amounts, lang))
    axes = figure.add_subplot()
    frame(figure, 52, 20, _key_width(list(amounts)), 8)
    axes.grid(axis="y")
    above, below = np.zeros(len(years)), np.zeros(len(years))
    for number, (funder, paid) in enumerate(amounts.items()):
        values = np.asarray(paid, dtype=float)
        base = np.where(values >= 0, above, below)
        bars = axes.bar(
            years, values, bottom=base, width=0.72, color=COLOURS[number % len(COLOURS)], edgecolor="white",
            hatch=HATCHES[(2 * number) % len(HATCHES)], linewidth=0.6, label=plain(funder), zorder=2,
        )  # fmt: skip
        for year, value, bar in zip(years, values, bars, strict=True):
            if value:
                figure.explain(bar, f"{funder}, {year}: {locale.number(float(value), lang, 1)} {y_label}")
        above, below = above + np.maximum(values, 0), below + np.minimum(values, 0)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    year_axis(axes, tuple(years), 12)
    number_axis(axes, "y", lang)
    axes.set_ylabel(plain(y_label))
    _key(figure, axes, *axes.get_legend_handles_labels())
    return figure


def _frontier(axes: Axes, points: Sequence[CostPoint], lang: str) -> None:
    """Join the efficient points by a line, where there are others."""
    if all(point.efficient for point in points):
        return
    joined = sorted((p.rate.middle, p.cost.middle) for p in points if p.efficient)
    across, up = zip(*joined, strict=True)
    label = plain(locale.text("figures.efficient", lang))
    axes.plot(across, up, color=INK, linewidth=1.3, linestyle=(0, (4, 1.5, 1, 1.5)), zorder=2, label=label)


def _stretch(axes: Axes, costs: Sequence[Spread]) -> bool:
    """Draw costs by their square root where one dwarfs the others, and return whether it was done."""
    highest = max(cost.high for cost in costs)
    usual = float(np.median([cost.middle for cost in costs]))
    if highest <= 0 or min(cost.low for cost in costs) < 0 or highest < _DWARFS * usual:
        return False
    # outside the data the scale goes on as an odd function, so that margins below zero have a place
    axes.set_yscale("function", functions=(lambda y: np.sign(y) * np.sqrt(np.abs(y)), lambda r: np.sign(r) * r**2))
    unit = 10.0 ** np.floor(np.log10(highest))
    axes.set_yticks([0.0, *(m * unit for m in (0.05, 0.1, 0.2, 0.5, 1, 2, 3, 4, 5, 7) if m * unit <= 1.05 * highest)])
    axes.set_ylim(-0.001 * highest, 1.05 * highest)
    return True


def _key_width(names: Sequence[str]) -> float:
    """Return the room that a key with these names takes to the right of the axes [pt]."""
    return max((text_width(line) for name in names for line in wrap(name, _KEY)), default=0.0) + 52


def _key(figure: Picture, axes: Axes, handles: Sequence[Artist], names: Sequence[str]) -> None:
    """Put the key to the right of the axes, long names on several lines."""
    box = axes.get_position()
    lines = ["\n".join(wrap(name, _KEY)) for name in names]
    figure.legend(list(handles), lines, loc="upper left", bbox_to_anchor=(box.x1 + 0.005, box.y1 + 0.02))


def _spread(value: Spread, lang: str) -> str:
    low, middle, high = (locale.number(float(f"{part:.3g}"), lang) for part in (value.low, value.middle, value.high))
    return f"{middle} ({low} – {high})"


def _paid(years: Sequence[int], amounts: Mapping[str, Sequence[float]], lang: str) -> str:
    span = f"{min(years)}–{max(years)}"
    totals = {funder: locale.number(float(sum(paid)), lang, 1) for funder, paid in amounts.items()}
    return "; ".join(f"{funder}, {span}: {total}" for funder, total in totals.items())
