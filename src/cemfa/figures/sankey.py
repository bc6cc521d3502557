"""The Sankey diagram: ribbons true to mass, goods by colour and hatch, recycling loops drawn visibly backwards.

Takes a plain table of flows added up by (source, target, good), gives a `Picture`; the numbers of the layout come
from `cemfa.figures.sankey_layout`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import PathPatch, Polygon, Rectangle
from matplotlib.path import Path

from cemfa import locale
from cemfa.figures.picture import COLOURS, FONT_SIZE, HATCHES, INK, MUTED, Picture, plain, styled, text_width
from cemfa.figures.sankey_flows import OTHER, OUTSIDE, Kind, read_flows
from cemfa.figures.sankey_layout import LABEL_GAP, LINE, NODE_WIDTH, TURN, Box, Layout, Point, Ribbon, lay_out

_MARGIN: Final = 10.0
_QUARTER: Final = 0.5522847498307936  # cubic that stands for a quarter of a circle
_KEY_HEIGHT: Final = 15.0


@styled
def sankey(
    table: pd.DataFrame,
    lang: str | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    goods: Mapping[str, str] | None = None,
    title: str = "",
    unit: str = "",
    scale: float | None = None,
    smallest: float | None = None,
    colours: Mapping[str, str] | None = None,
) -> Picture:
    """Return a Sankey diagram of flows in one period.

    Parameters
    ----------
    table : columns source, target, good, value; ``outside`` is the system boundary; value in `unit`, ≥ 0
    lang : "vi" or "en"; None is the language in force
    labels : label of every process by id (missing ones show their id)
    goods : label of every good by id; its order gives the colours, so pass the same to diagrams to be compared
    title : first part of the text alternative (the page carries the visible heading)
    unit : unit of the values, as shown; "" is t per year in the language
    scale : points per unit of mass; None fits this diagram (`shared_scale` fits several)
    smallest : flows below are joined or left out, and a line under the diagram says so; loops stay
    colours : colour of goods by id, ``#rrggbb``; the others take theirs from the palette in order

    Raises
    ------
    ResultsError
        if a column is missing, a value is no number ≥ 0, or there is nothing to draw.

    Examples
    --------
    >>> flows = pd.DataFrame({"source": ["outside", "field", "cow"], "target": ["field", "cow", "field"],
    ...                       "good": ["rain", "straw", "manure"], "value": [3.0, 3.0, 1.0]})
    >>> sankey(flows, "en", unit="t").title
    'Flow diagram'
    """
    lang = lang or locale.language()
    unit = unit or locale.text("figures.tonnes_per_year", lang)
    processes = dict(labels or {})
    flows = read_flows(table)
    known = dict(goods or {})
    known |= {good: good for _, _, good in flows if good not in known}
    known[OTHER] = locale.text("figures.other_goods", lang)
    layout = lay_out(
        flows,
        name=lambda place, kind, carried: _name(place, kind, carried, processes, known, lang),
        amount=lambda mass: f"{_round(mass, lang)} {unit}",
        goods=tuple(known),
        scale=scale,
        smallest=smallest,
    )
    title = title or locale.text("figures.sankey_title", lang)
    return _draw(layout, lang, processes, known, title, unit, _looks(known, colours or {}))


def _name(
    place: str, kind: Kind, carried: Sequence[str], labels: Mapping[str, str], goods: Mapping[str, str], lang: str
) -> str:
    if kind == "process":
        return labels.get(place, place)
    if len(carried) == 1:
        return goods[carried[0]]
    return locale.text(f"figures.{kind}", lang)


def _looks(goods: Mapping[str, str], colours: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return colour and hatch of every good; each turn through the palette shifts the hatches, so no look repeats."""
    palette, size = {}, len(COLOURS)
    hatches = {}
    for number, good in enumerate(goods):
        palette[good] = colours.get(good) or COLOURS[number % size]
        hatches[good] = HATCHES[(number + 3 * (number // size)) % size]
    return palette | {OTHER: "#d3d3d3"}, hatches | {OTHER: ""}


def _round(mass: float, lang: str) -> str:
    """Return a mass with three figures that mean something, or all digits before the comma."""
    if mass >= 100:
        return locale.number(mass, lang, 0)
    return locale.number(float(f"{mass:.3g}"), lang)


def _draw(
    layout: Layout, lang: str, labels: Mapping[str, str], goods: Mapping[str, str], title: str, unit: str,
    looks: tuple[Mapping[str, str], Mapping[str, str]],
) -> Picture:  # fmt: skip
    colour, hatch = looks
    shown = [good for good in goods if any(ribbon.good == good for ribbon in layout.ribbons)]
    width = max(layout.width, 520.0) + 2 * _MARGIN
    rows = _key_rows([goods[good] for good in shown], width - 2 * _MARGIN)
    notes = _notes(layout, lang, unit)
    below = _KEY_HEIGHT * (len(rows) + 2) + LINE * len(notes) + 8
    height = layout.height + below + 2 * _MARGIN
    description = _description(layout, lang, labels, goods, unit)
    figure = Picture(width / 72, height / 72, lang=lang, title=title, description=description)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set_xlim(-_MARGIN, width - _MARGIN)
    axes.set_ylim(height - _MARGIN, -_MARGIN)
    for number, ribbon in enumerate(sorted(layout.ribbons, key=lambda r: (r.backward, -r.width))):
        patch = PathPatch(
            _loop(ribbon) if ribbon.backward else _band(ribbon),
            facecolor=colour[ribbon.good], edgecolor=_darker(colour[ribbon.good]), hatch=hatch[ribbon.good] or None,
            linewidth=0.8 if ribbon.backward else 0.35, alpha=0.9 if ribbon.backward else 0.72,
            zorder=2 + ribbon.backward,
        )  # fmt: skip
        patch.set_gid(f"flow-{number}")
        figure.explain(axes.add_artist(patch), _ribbon_text(ribbon, lang, labels, goods, unit))
        if ribbon.backward:
            _arrows(axes, ribbon)
    for number, box in enumerate(layout.boxes):
        _box(figure, axes, box, number, lang, unit)
    _key(axes, rows, shown, goods, colour, hatch, layout, lang, unit, notes)
    return figure


def _box(figure: Picture, axes: Axes, box: Box, number: int, lang: str, unit: str) -> None:
    inside = box.kind == "process"
    shape = Rectangle(
        (box.x, box.y), NODE_WIDTH, max(box.height, 0.8),
        facecolor=INK if inside else "white", edgecolor=INK, linestyle="-" if inside else (0, (2, 1.5)),
        linewidth=0.6, zorder=5,
    )  # fmt: skip
    shape.set_gid(f"box-{number}")
    into, out = _round(box.inflow, lang), _round(box.outflow, lang)
    text = locale.text("figures.box_hover", lang, name=" ".join(box.label[:-1]), into=into, out=out, unit=unit)
    figure.explain(axes.add_artist(shape), text)
    top = box.middle - LINE * (len(box.label) - 1) / 2
    widest = max(text_width(line) for line in box.label)
    left = box.x + NODE_WIDTH + LABEL_GAP
    axes.add_artist(Rectangle(
        (left - 2, top - LINE / 2), widest + 4, LINE * len(box.label), facecolor="white", alpha=0.72, zorder=6
    ))  # fmt: skip
    for position, line in enumerate(box.label):
        last = position == len(box.label) - 1
        drawn = axes.text(
            left, top + LINE * position, plain(line), fontsize=FONT_SIZE, va="center_baseline", zorder=7,
            color=MUTED if last else INK, fontweight="normal",
        )  # fmt: skip
        drawn.set_gid(f"label-{number}-{position}")


def _band(ribbon: Ribbon) -> Path:
    """Return the outline of a forward ribbon: its upper edge moved straight down by its width gives the lower."""
    half = ribbon.width / 2
    upper, kinds = _edge([(x, y - half) for x, y in ribbon.stations])
    lower, _ = _edge([(x, y + half) for x, y in ribbon.stations])
    vertices = [*upper, *lower[::-1], upper[0]]
    codes: list[Any] = [Path.MOVETO, *kinds, Path.LINETO, *kinds[::-1], Path.CLOSEPOLY]
    return Path(np.array(vertices), codes)


def _edge(stations: Sequence[Point]) -> tuple[list[Point], list[int]]:
    """Return an edge through the stations: curves between boxes, straight lines beside the boxes passed."""
    points, codes = [stations[0]], []
    for number, (here, there) in enumerate(pairwise(stations)):
        if number % 2:
            points.append(there)
            codes.append(int(Path.LINETO))
        else:
            bend = (here[0] + there[0]) / 2
            points += [(bend, here[1]), (bend, there[1]), there]
            codes += [int(Path.CURVE4)] * 3
    return points, codes


def _loop(ribbon: Ribbon) -> Path:
    """Return the outline of a loop: right, down, left, up, right; every corner turns clockwise on the page."""
    outer = _rail(ribbon, ribbon.width + TURN)
    inner = _rail(ribbon, TURN)
    turns = [Path.LINETO, Path.CURVE4, Path.CURVE4, Path.CURVE4] * 4
    codes = [Path.MOVETO, *turns, Path.LINETO, Path.LINETO, *turns, Path.LINETO, Path.CLOSEPOLY]
    return Path(np.array([*outer, *inner[::-1], outer[0]]), codes)


def _rail(ribbon: Ribbon, radius: float) -> list[Point]:
    """Return one edge of a loop, `radius` from the centres of its corners."""
    stations = np.array(ribbon.stations)
    ways = np.diff(stations, axis=0)
    ways /= np.abs(ways).sum(axis=1, keepdims=True)
    middle = TURN + ribbon.width / 2
    shift = radius - middle  # positive on the outside
    points = [tuple(stations[0] + shift * _left_of(ways[0]))]
    for corner, way, turned in zip(stations[1:-1], ways[:-1], ways[1:], strict=True):
        centre = corner - way * middle + turned * middle
        start, end = centre - turned * radius, centre + way * radius
        points += [tuple(start), tuple(start + way * radius * _QUARTER)]
        points += [tuple(end - turned * radius * _QUARTER), tuple(end)]
    points.append(tuple(stations[-1] + shift * _left_of(ways[-1])))
    return [(float(x), float(y)) for x, y in points]


def _left_of(way: np.ndarray) -> np.ndarray:
    """Return the direction to the left of a way on the page (y downwards): outside of a clockwise turn."""
    return np.array([way[1], -way[0]])


def _arrows(axes: Axes, ribbon: Ribbon) -> None:
    """Mark the way of a loop on its lane: broad arrow heads that point to the left."""
    (right, y), (left, _) = ribbon.stations[2], ribbon.stations[3]
    half = max(ribbon.width / 2, 2.0) + 2.0
    for share in (0.5,) if right - left < 260 else (0.25, 0.5, 0.75):
        tip = right + (left - right) * share - half
        points = [(tip, y), (tip + 1.6 * half, y - half), (tip + 1.6 * half, y + half)]
        axes.add_artist(Polygon(points, facecolor="white", edgecolor=INK, linewidth=0.7, zorder=4))


def _key_rows(names: Sequence[str], width: float) -> list[list[int]]:
    rows: list[list[int]] = [[]]
    used = 0.0
    for number, name in enumerate(names):
        need = 16 + text_width(name) + 14
        if rows[-1] and used + need > width:
            rows.append([])
            used = 0.0
        rows[-1].append(number)
        used += need
    return rows


def _key(
    axes: Axes, rows: list[list[int]], shown: Sequence[str], goods: Mapping[str, str], colour: Mapping[str, str],
    hatch: Mapping[str, str], layout: Layout, lang: str, unit: str, notes: Sequence[str],
) -> None:  # fmt: skip
    """Draw what explains the diagram: goods, scale, loops, and what was left out."""
    y = layout.height + 18
    for row in rows:
        x = 0.0
        for number in row:
            good = shown[number]
            swatch = Rectangle((x, y - 4.5), 12, 9, facecolor=colour[good], edgecolor=_darker(colour[good]),
                               hatch=hatch[good] or None, linewidth=0.5)  # fmt: skip
            axes.add_artist(swatch)
            axes.text(x + 16, y, plain(goods[good]), va="center_baseline").set_gid(f"key-{number}")
            x += 16 + text_width(goods[good]) + 14
        y += _KEY_HEIGHT
    mass = _scale_mass(layout.scale)
    length = mass * layout.scale
    y += max(length / 2 - _KEY_HEIGHT / 2, 0) if length < 2 * _KEY_HEIGHT else 6
    axes.add_artist(Rectangle((0, y - length / 2), 6, length, facecolor=MUTED))
    text = locale.text("figures.scale", lang, mass=_round(mass, lang), unit=unit)
    axes.text(12, y, text, va="center_baseline", color=MUTED)
    y += length / 2 + LINE
    for note in notes:
        axes.text(0, y, plain(note), va="center_baseline", color=MUTED)
        y += LINE


def _scale_mass(scale: float) -> float:
    """Return a round mass whose width is 8 to 20 points."""
    step = 10.0 ** np.floor(np.log10(20.0 / scale))
    return float(max(m * step for m in (1, 2, 5) if m * step * scale <= 20.0))


def _notes(layout: Layout, lang: str, unit: str) -> list[str]:
    notes = []
    if any(ribbon.backward for ribbon in layout.ribbons):
        notes.append(locale.text("figures.loops_note", lang))
    if any(box.kind != "process" for box in layout.boxes):
        notes.append(locale.text("figures.boundary_note", lang))
    count, mass = layout.omitted
    if count:
        notes.append(locale.text("figures.omitted_note", lang, count=count, mass=_round(mass, lang), unit=unit))
    return notes


def _description(layout: Layout, lang: str, labels: Mapping[str, str], goods: Mapping[str, str], unit: str) -> str:
    """Return in words the largest flows and every loop, for readers who cannot see the diagram."""
    largest = sorted((r for r in layout.ribbons if not r.backward), key=lambda r: -r.value)[:8]
    loops = sorted((r for r in layout.ribbons if r.backward), key=lambda r: -r.value)
    parts = [_ribbon_text(ribbon, lang, labels, goods, unit) for ribbon in largest]
    text = locale.text("figures.sankey_largest", lang, flows="; ".join(parts))
    if loops:
        back = "; ".join(_ribbon_text(ribbon, lang, labels, goods, unit) for ribbon in loops)
        text += " " + locale.text("figures.sankey_loops", lang, flows=back)
    return text


def _ribbon_text(ribbon: Ribbon, lang: str, labels: Mapping[str, str], goods: Mapping[str, str], unit: str) -> str:
    ends = [
        locale.text("figures.outside", lang) if place == OUTSIDE else labels.get(place, place)
        for place in (ribbon.source, ribbon.target)
    ]
    return f"{goods[ribbon.good]}: {ends[0]} → {ends[1]}: {_round(ribbon.value, lang)} {unit}"


def _darker(colour: str) -> tuple[float, float, float]:
    red, green, blue = (0.6 * part for part in to_rgb(colour))
    return red, green, blue
