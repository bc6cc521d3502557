"""Figures of a choice: tornado bars, how stable ranks are over all weights, and the abatement cost curve.

Figures take plain numbers and labels; who adds them up stands above (`cemfa.comparison`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes

from cemfa import locale
from cemfa.figures.picture import (
    COLOURS,
    HATCHES,
    INK,
    MUTED,
    Picture,
    frame,
    number_axis,
    plain,
    row_names,
    styled,
    text_width,
    wrap,
)

_LABEL: Final = 230.0
_NARROW: Final = 0.03  # of all effects: a step narrower than that may be cut
_DWARFS: Final = 3.0  # times the highest step that counts, from which one is cut


@dataclass(frozen=True, slots=True)
class Swing:
    """What a parameter does to a result: its P5 and P95 in words, and the result expected at each."""

    label: str
    low: str
    high: str
    at_low: float
    at_high: float


@dataclass(frozen=True, slots=True)
class Standing:
    """An option with the share of all weights under which it stands first, second, … (0…1)."""

    label: str
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A measure on the abatement curve: what it adds to those before it, and what that costs per unit."""

    label: str
    effect: float
    unit_cost: float


@dataclass(frozen=True, slots=True)
class Lost:
    """A measure that takes from what those before it add on the abatement curve."""

    label: str
    effect: float


@styled
def tornado_bars(swings: Sequence[Swing], middle: float, lang: str, *, title: str, x_label: str) -> Picture:
    """Return a bar per parameter from the result at its P5 to that at its P95, the widest on top.

    Parameters
    ----------
    swings : in any order
    middle : the result expected, a line [unit of the axis]

    Examples
    --------
    >>> tornado_bars([Swing("Price", "300", "900", 1.0, 3.0)], 2.0, "en", title="Doubt", x_label="bn VND").description
    'Price 300 – 900: 1 – 3.'
    """
    ranked = sorted(swings, key=lambda swing: (-abs(swing.at_high - swing.at_low), swing.label))
    figure, axes, lines = _rows([swing.label for swing in ranked], lang, title, "; ".join(
        _words(swing, lang) for swing in ranked) + ".")  # fmt: skip
    for row, swing in enumerate(ranked):
        for value, colour, shown, end in (
            (swing.at_low, COLOURS[1], swing.low, "P5"), (swing.at_high, COLOURS[0], swing.high, "P95"),
        ):  # fmt: skip
            name = locale.text(f"figures.parameter_{end.lower()}", lang)
            (bar,) = axes.barh(
                row, value - middle, left=middle, height=0.62, color=colour, edgecolor=INK, linewidth=0.5, zorder=2,
                label=name,
            )  # fmt: skip
            figure.explain(bar, f"{swing.label} = {shown} ({end}): {_number(value, lang)}")
            side = "left" if value >= middle else "right"
            axes.annotate(plain(shown), (value, row), xytext=(4 if side == "left" else -4, 0),
                          textcoords="offset points", ha=side, va="center", fontsize="small")  # fmt: skip
    axes.axvline(middle, color=MUTED, linewidth=0.9)
    ends = [value for swing in ranked for value in (swing.at_low, swing.at_high)] + [middle]
    room = 0.28 * max(max(ends) - min(ends), 1e-9)
    axes.set_xlim(min(ends) - room, max(ends) + room)
    return _finished(figure, axes, lines, lang, x_label, columns=2)


@styled
def rank_shares(standings: Sequence[Standing], lang: str, *, title: str, x_label: str) -> Picture:
    """Return a bar per option, cut by the share of all weights under which it stands first, second, ….

    Examples
    --------
    >>> rank_shares([Standing("A", (0.75, 0.25))], "en", title="Ranks", x_label="%").description
    'A: 1 – 75%, 2 – 25%.'
    """
    words = "; ".join(
        f"{s.label}: " + ", ".join(f"{n} – {locale.percent(share, lang, 0)}" for n, share in enumerate(s.shares, 1))
        for s in standings
    )
    figure, axes, lines = _rows([standing.label for standing in standings], lang, title, words + ".")
    for row, standing in enumerate(standings):
        left = 0.0
        for rank, share in enumerate(standing.shares):
            name = locale.text("figures.rank", lang, rank=rank + 1)
            (bar,) = axes.barh(row, 100 * share, left=left, height=0.66, color=COLOURS[rank % len(COLOURS)],
                               edgecolor="white", hatch=HATCHES[(2 * rank) % len(HATCHES)], linewidth=0.6, zorder=2,
                               label=name)  # fmt: skip
            figure.explain(bar, f"{standing.label}, {name}: {locale.percent(share, lang, 0)}")
            left += 100 * share
    axes.set_xlim(0, 100)
    return _finished(figure, axes, lines, lang, x_label, columns=min(8, len(standings)))


@styled
def cost_steps(
    blocks: Sequence[Block], lang: str, *, lost: Sequence[Lost] = (), title: str, x_label: str, y_label: str
) -> Picture:
    """Return the abatement curve: a step per measure, as wide as what it adds and as high as what a unit of it costs.

    Measures that add nothing have no width and are left out; one that adds next to nothing at a cost that dwarfs the
    others is cut at the top, its cost written beside it. Those that take away lie below the axis, from the end of
    the last step back to the line that tells what all measures do together.

    Examples
    --------
    >>> cost_steps([Block("Yards", 4.0, 2.0)], "en", lost=[Lost("Trucks", 1.0)], title="Curve", x_label="kt",
    ...            y_label="k VND/t").description
    'Yards: 4, 2; Trucks: -1; all together: 3.'
    """
    shown = [block for block in blocks if block.effect > 0]
    total, together = sum(b.effect for b in shown), locale.text("figures.together", lang)
    whole = total - sum(found.effect for found in lost)
    parts = [f"{b.label}: {_number(b.effect, lang)}, {_number(b.unit_cost, lang)}" for b in shown]
    parts += [f"{found.label}: {_number(-found.effect, lang)}" for found in lost]
    words = "; ".join([*parts, f"{together}: {_number(whole, lang)}"]) + "."
    figure = Picture(9.2, 3.6, lang=lang, title=title, description=words)
    axes = figure.add_subplot()
    labels = [*(block.label for block in shown), *(found.label for found in lost)]
    names = ["\n".join(wrap(label, 190.0)) for label in labels]
    frame(figure, 60, 40, max((text_width(line) for name in names for line in name.split("\n")), default=0) + 50, 8)
    axes.grid(axis="y")
    left = 0.0
    for number, block in enumerate(shown):
        colour = COLOURS[number % len(COLOURS)]
        edge = "white" if block.effect >= _NARROW * total else colour  # a white edge would hide a sliver
        (bar,) = axes.bar(left, block.unit_cost, width=block.effect, align="edge", edgecolor=edge, linewidth=0.6,
                          color=colour, hatch=HATCHES[(2 * number) % len(HATCHES)], label=plain(names[number]),
                          zorder=2)  # fmt: skip
        figure.explain(bar, f"{block.label}: {_number(block.effect, lang)} {x_label}; {_number(block.unit_cost, lang)}")
        left += block.effect
    axes.axhline(0, color=MUTED, linewidth=0.8)
    _cut(axes, shown, lang)
    _take(figure, axes, lost, names[len(shown) :], total, lang)
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom, top + 0.08 * (top - bottom))  # room for the words at the line
    axes.axvline(whole, color=INK, linewidth=0.9, linestyle="--", zorder=3)
    axes.annotate(f"{together}: {_number(whole, lang)} ", (whole, 1.0), xycoords=("data", "axes fraction"),
                  xytext=(-3, -4), textcoords="offset points", ha="right", va="top", fontsize="small")  # fmt: skip
    axes.set_xlabel(plain(x_label))
    axes.set_ylabel(plain(y_label))
    for which in ("x", "y"):
        number_axis(axes, which, lang)
    box = axes.get_position()
    figure.legend(*axes.get_legend_handles_labels(), loc="upper left", bbox_to_anchor=(box.x1 + 0.005, box.y1 + 0.02))
    return figure


def _take(figure: Picture, axes: Axes, lost: Sequence[Lost], names: Sequence[str], right: float, lang: str) -> None:
    """Draw a strip below the axis for each measure that takes away, from the right end back."""
    bottom, top = axes.get_ylim()
    deep = 0.07 * (top - min(bottom, 0.0))
    for found, name in zip(lost, names, strict=True):
        (bar,) = axes.bar(right - found.effect, -deep, width=found.effect, align="edge", color="white", edgecolor=INK,
                          linewidth=0.6, hatch="///", label=plain(name), zorder=2)  # fmt: skip
        figure.explain(bar, f"{found.label}: {_number(-found.effect, lang)}")
        right -= found.effect
    axes.set_ylim(min(bottom, -1.3 * deep) if lost else bottom, top)


def _cut(axes: Axes, shown: Sequence[Block], lang: str) -> None:
    """Cut the axis of costs above steps that count where one that adds next to nothing dwarfs them; write its cost."""
    total = sum(block.effect for block in shown)
    highest = max((block.unit_cost for block in shown if block.effect >= _NARROW * total), default=0.0)
    if highest <= 0 or max(block.unit_cost for block in shown) <= _DWARFS * highest:
        return
    axes.set_ylim(top=1.5 * highest)
    right = 0.0
    for block in shown:
        right += block.effect
        if block.unit_cost > 1.5 * highest:
            told = f"↑ {_number(block.unit_cost, lang)} "
            axes.annotate(told, (right - block.effect, 1.42 * highest), ha="right", va="center", fontsize="small")


def _rows(labels: Sequence[str], lang: str, title: str, words: str) -> tuple[Picture, Axes, list[list[str]]]:
    lines = [wrap(label, _LABEL) for label in labels]
    figure = Picture(9.2, 0.4 * (len(labels) + 3), lang=lang, title=title, description=words)
    axes = figure.add_subplot()
    frame(figure, max(text_width(line) for part in lines for line in part) + 12, 58, 20, 6)
    axes.grid(axis="x")
    return figure, axes, lines


def _finished(figure: Picture, axes: Axes, lines: list[list[str]], lang: str, x_label: str, columns: int) -> Picture:
    row_names(axes, range(len(lines)), lines)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_xlabel(plain(x_label))
    number_axis(axes, "x", lang)
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    figure.legend(list(unique.values()), list(unique), loc="lower right", bbox_to_anchor=(1.0, 0.0), ncols=columns)
    return figure


def _number(value: float, lang: str) -> str:
    return locale.number(float(f"{value:.3g}"), lang)


def _words(swing: Swing, lang: str) -> str:
    ends = f"{_number(swing.at_low, lang)} – {_number(swing.at_high, lang)}"
    return f"{swing.label} {swing.low} – {swing.high}: {ends}"
