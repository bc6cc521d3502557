"""The picture of a system: its processes and flows in layers, recycling loops drawn visibly backwards.

One box per process, however many copies it has; widths say nothing (`sankey` is the diagram that is true to mass).
Takes the graph of a model, gives a `Picture`; the numbers come from `cemfa.figures.system_layout`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

import networkx as nx
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from cemfa import locale
from cemfa.figures.picture import INK, MUTED, PAPER, RULE, Picture, plain, styled, text_width, wrap
from cemfa.figures.system_layout import (
    BADGE,
    CROWDED,
    LINE,
    OUTSIDE,
    PAD,
    SIZE,
    STUB,
    WIDTH,
    Box,
    Kind,
    Layout,
    Line,
    Link,
    Node,
    Point,
    lay_out,
)

_MARGIN: Final = 14.0
_TURN: Final = 6.0
_LEAST: Final = 430.0
_HEAD: Final = 24.0
_LOOP: Final = "#a23b3b"
_FACES: Final[Mapping[Kind, str]] = {"process": "#eaf3ee", "stock": "#f3e3c3", "sink": "#e4e7eb"}
_EDGES: Final[Mapping[Kind, str]] = {"process": "#1b6e53", "stock": "#8a6414", "sink": MUTED}


@styled
def system_picture(
    graph: nx.MultiDiGraph,
    lang: str | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    goods: Mapping[str, str] | None = None,
    mass: Mapping[str, float] | None = None,
    title: str = "",
) -> Picture:
    """Return the picture of a system.

    Parameters
    ----------
    graph : from `build_graph`
    lang : "vi" or "en"; None is the language in force
    labels : label of every process by name (missing ones show their name)
    goods : label of every good by id
    mass : flow id → mass; the lighter lines of a loop are the ones drawn backwards
    title : stands above the picture

    Examples
    --------
    >>> from cemfa.definition.load import read_model
    >>> from cemfa.graph import build_graph
    >>> picture = system_picture(build_graph(read_model("first_steps")), "en")
    >>> picture.title
    'Processes and flows'
    """
    lang = lang or locale.language()
    title = title or locale.text("figures.system_title", lang)
    nodes = _nodes(graph, labels or {})
    links = _links(graph, goods or {}, mass or {})
    layout = lay_out(nodes, links)
    named = {node.id: node.label for node in nodes} | {OUTSIDE: locale.text("figures.outside", lang)}
    return _draw(layout, links, named, lang, title)


def _nodes(graph: nx.MultiDiGraph, labels: Mapping[str, str]) -> list[Node]:
    """Return one node per process name, in the model's order."""
    copies: dict[str, list[str]] = {}
    for process, name in graph.nodes(data="name"):
        if process != OUTSIDE:
            copies.setdefault(name, []).append(process)
    found = []
    for name, members in copies.items():
        first = graph.nodes[members[0]]
        kind: Kind = "stock" if first["stock"] else "sink" if first["sink"] else "process"
        circling = any(graph.nodes[member]["loop"] for member in members)
        found.append(Node(name, labels.get(name, name), kind, len(members), circling))
    return found


def _links(graph: nx.MultiDiGraph, goods: Mapping[str, str], mass: Mapping[str, float]) -> list[Link]:
    """Return one link per pair of process names that some flow joins, with the names of what it carries."""
    carried: dict[tuple[str, str], dict[str, float]] = {}
    for source, target, key, good in graph.edges(keys=True, data="good"):
        pair = tuple(OUTSIDE if end == OUTSIDE else graph.nodes[end]["name"] for end in (source, target))
        found = carried.setdefault((pair[0], pair[1]), {})
        label = goods.get(good, good)
        found[label] = found.get(label, 0.0) + mass.get(key, 0.0)
    largest = max((sum(found.values()) for found in carried.values()), default=0.0) or 1.0
    return [Link(*pair, tuple(found), sum(found.values()) / largest) for pair, found in carried.items()]


def _draw(layout: Layout, links: Sequence[Link], named: Mapping[str, str], lang: str, title: str) -> Picture:
    width = max(layout.width, _LEAST) + 2 * _MARGIN + STUB
    key = _key_rows(layout, lang, width - 2 * _MARGIN)
    heading = wrap(title, width - 2 * _MARGIN, 11.0)
    top = _HEAD + 14.0 * (len(heading) - 1)
    height = top + layout.height + LINE * 1.6 * len(key) + 2 * _MARGIN + 10.0
    figure = Picture(width / 72, height / 72, lang=lang, title=title, description=_description(links, named, lang))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set_xlim(-_MARGIN - STUB, width - _MARGIN - STUB)
    axes.set_ylim(height - top - _MARGIN, -top - _MARGIN)
    axes.text(-STUB, -top, plain("\n".join(heading)), fontsize=11.0, fontweight="bold", va="top", color=INK)
    for number, line in enumerate(layout.lines):
        _line(figure, axes, line, number, named)
    for number, box in enumerate(layout.boxes):
        _box(figure, axes, box, number, lang)
    if len(links) < CROWDED:
        _goods(axes, layout)
    _key(axes, key, layout.height + 14.0)
    return figure


def _line(figure: Picture, axes: Axes, line: Line, number: int, named: Mapping[str, str]) -> None:
    path = _turning(line.stations) if line.backward else _bending(line.stations)
    patch = FancyArrowPatch(
        path=path, arrowstyle="-|>,head_length=4.2,head_width=2.0", mutation_scale=1.0, shrinkA=0.0, shrinkB=0.0,
        color=_LOOP if line.backward else "#66727f", linewidth=1.7 if line.backward else 0.85,
        joinstyle="round", zorder=3 if line.backward else 2,
    )  # fmt: skip
    patch.set_gid(f"flow-{number}")
    figure.explain(axes.add_patch(patch), _flow_text(line.link, named))


def _flow_text(link: Link, named: Mapping[str, str]) -> str:
    return f"{named[link.source]} → {named[link.target]}: {', '.join(link.goods)}"


def _bending(stations: Sequence[Point]) -> Path:
    """Return a line that leaves and enters level and bends between its stations."""
    points, codes = [stations[0]], [Path.MOVETO]
    for number, (x, y) in enumerate(stations[1:], start=1):
        before = points[-1]
        if number % 2 == 0 and y == before[1]:
            points.append((x, y))
            codes.append(Path.LINETO)
            continue
        half = (x - before[0]) / 2
        points += [(before[0] + half, before[1]), (x - half, y), (x, y)]
        codes += [Path.CURVE4] * 3
    return Path(points, codes)


def _turning(stations: Sequence[Point]) -> Path:
    """Return a line of level and upright pieces with round corners."""
    points, codes = [stations[0]], [Path.MOVETO]
    for before, corner, after in zip(stations, stations[1:], stations[2:], strict=False):
        points += [_towards(corner, before), corner, _towards(corner, after)]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    return Path([*points, stations[-1]], [*codes, Path.LINETO])


def _towards(corner: Point, other: Point) -> Point:
    """Return the point on the way from a corner where its rounding ends."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = max(abs(dx) + abs(dy), 1e-9)
    step = min(_TURN, length / 2)
    return corner[0] + dx / length * step, corner[1] + dy / length * step


def _box(figure: Picture, axes: Axes, box: Box, number: int, lang: str) -> None:
    kind = box.node.kind
    shape = FancyBboxPatch(
        (box.x + 2, box.y + 2), WIDTH - 4, box.height - 4, boxstyle="round,pad=2,rounding_size=3",
        facecolor=_FACES[kind], edgecolor=_LOOP if box.node.circling else _EDGES[kind],
        linewidth=1.5 if box.node.circling else 0.9, linestyle="--" if kind == "sink" else "-", zorder=4,
    )  # fmt: skip
    shape.set_gid(f"box-{number}")
    text = locale.text(f"figures.system_{kind}", lang)
    figure.explain(axes.add_patch(shape), f"{box.node.label} ({text})")
    for row, words in enumerate(box.lines):
        y = box.y + PAD + LINE * (row + 0.5)
        axes.text(box.x + WIDTH / 2, y, plain(words), fontsize=SIZE, ha="center", va="center_baseline", zorder=5)
    left = box.x + WIDTH / 2 - (len(box.letters) - 1) * (BADGE + 2) / 2
    for place, letter in enumerate(box.letters):
        _badge(axes, left + place * (BADGE + 2), box.y + box.height - PAD - BADGE / 2, letter)
    if box.entering:
        _stub(figure, axes, (box.x - STUB, box.x), box.entry, f"entering-{number}", box.entering)
    if box.leaving:
        _stub(figure, axes, (box.x + WIDTH, box.x + WIDTH + STUB), box.exit, f"leaving-{number}", box.leaving)


def _stub(figure: Picture, axes: Axes, ends: Point, y: float, name: str, goods: Sequence[str]) -> None:
    """Draw a flow across the boundary: an arrow with an open circle where it meets the world outside."""
    arrow = FancyArrowPatch(
        (ends[0], y), (ends[1], y), arrowstyle="-|>,head_length=4.2,head_width=2.0", mutation_scale=1.0,
        shrinkA=0.0, shrinkB=0.0, color=INK, linewidth=1.1, zorder=3,
    )  # fmt: skip
    arrow.set_gid(name)
    figure.explain(axes.add_patch(arrow), ", ".join(goods))
    outer = ends[0] if name.startswith("entering") else ends[1] + 3.0
    axes.add_patch(Circle((outer, y), 2.6, facecolor=PAPER, edgecolor=INK, linewidth=0.9, zorder=6))


def _badge(axes: Axes, x: float, y: float, letter: str) -> None:
    axes.add_patch(Circle((x, y), BADGE / 2, facecolor=MUTED, edgecolor="none", zorder=5))
    axes.text(x, y, letter, fontsize=SIZE - 0.5, color=PAPER, fontweight="bold", ha="center", va="center_baseline",
              zorder=6)  # fmt: skip


def _goods(axes: Axes, layout: Layout) -> None:
    """Write on every line what it carries, where that hides no box and no other words."""
    taken = [(box.x, box.y, box.x + WIDTH, box.y + box.height) for box in layout.boxes]
    for line in layout.lines:
        words = ", ".join(line.link.goods)
        wide = text_width(words, SIZE - 1)
        for x, y in _spots(line):
            spot = (x - wide / 2 - 1, y - LINE / 2, x + wide / 2 + 1, y + LINE / 2)
            if all(spot[2] < t[0] or spot[0] > t[2] or spot[3] < t[1] or spot[1] > t[3] for t in taken):
                taken.append(spot)
                box = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.6}
                axes.text(x, y, plain(words), fontsize=SIZE - 1, color=MUTED, ha="center", va="center_baseline",
                          bbox=box, zorder=3.5)  # fmt: skip
                break


def _spots(line: Line) -> Iterator[Point]:
    """Yield places on a line where words may stand, the best first: its level piece, else where it bends."""
    for before, after in pairwise(line.stations[1:-1]):
        if before[1] == after[1]:
            yield (before[0] + after[0]) / 2, before[1]
    for before, after in pairwise(line.stations):
        for share in (0.5, 0.4, 0.6, 0.3, 0.7):
            bent = share * share * (3 - 2 * share)  # nearly the cubic of `_bending`
            yield before[0] + (after[0] - before[0]) * share, before[1] + (after[1] - before[1]) * bent


def _key_rows(layout: Layout, lang: str, width: float) -> list[list[tuple[str, str]]]:
    """Return the entries of the key, row by row: a sign and its words."""
    kinds = {box.node.kind for box in layout.boxes} | {node.kind for node in layout.letters.values()}
    entries: list[tuple[str, str]] = [
        (kind, locale.text(f"figures.system_{kind}", lang)) for kind in _FACES if kind in kinds
    ]
    if any(box.entering or box.leaving for box in layout.boxes):
        entries.append(("outside", locale.text("figures.outside", lang)))
    if any(line.backward for line in layout.lines):
        entries.append(("loop", locale.text("figures.system_loop", lang)))
    if any(box.node.copies > 1 for box in layout.boxes):
        entries.append(("copies", locale.text("figures.system_copies", lang)))
    if layout.letters:
        entries.append(("", locale.text("figures.system_letters", lang)))
    entries += [(letter, node.label) for letter, node in layout.letters.items()]
    rows: list[list[tuple[str, str]]] = [[]]
    used = 0.0
    for sign, words in entries:
        room = _sign_room(sign) + text_width(words, SIZE) + 16.0
        if rows[-1] and (used + room > width or not sign):
            rows.append([])
            used = 0.0
        rows[-1].append((sign, words))
        used += room
    return rows


def _sign_room(sign: str) -> float:
    return 24.0 if sign else 0.0


def _key(axes: Axes, rows: Sequence[Sequence[tuple[str, str]]], top: float) -> None:
    axes.plot([-STUB, axes.get_xlim()[1] - _MARGIN], [top - 8.0] * 2, color=RULE, linewidth=0.7)
    for number, row in enumerate(rows):
        x, y = -STUB, top + LINE * 1.6 * (number + 0.5)
        for sign, words in row:
            _sign(axes, x, y, sign)
            axes.text(x + _sign_room(sign), y, plain(words), fontsize=SIZE, va="center_baseline", color=INK)
            x += _sign_room(sign) + text_width(words, SIZE) + 16.0


def _sign(axes: Axes, x: float, y: float, sign: str) -> None:
    if sign in ("process", "stock", "sink"):
        kind: Kind = "process" if sign == "process" else "stock" if sign == "stock" else "sink"
        axes.add_patch(FancyBboxPatch(
            (x + 2, y - 3), 14, 6, boxstyle="round,pad=1.5,rounding_size=2", facecolor=_FACES[kind],
            edgecolor=_EDGES[kind], linewidth=0.9, linestyle="--" if kind == "sink" else "-",
        ))  # fmt: skip
    elif sign == "loop":
        axes.add_patch(FancyArrowPatch(
            (x + 18, y), (x, y), arrowstyle="-|>,head_length=4.2,head_width=2.0", mutation_scale=1.0, shrinkA=0.0,
            shrinkB=0.0, color=_LOOP, linewidth=1.7,
        ))  # fmt: skip
    elif sign == "outside":
        axes.add_patch(Circle((x + 9, y), 3.0, facecolor=PAPER, edgecolor=INK, linewidth=0.9))
    elif sign == "copies":
        axes.text(x + 9, y, "×n", fontsize=SIZE, ha="center", va="center_baseline", color=INK)
    elif sign:
        _badge(axes, x + 9, y, sign)


def _description(links: Sequence[Link], named: Mapping[str, str], lang: str) -> str:
    """Return every flow in words, for readers who cannot see the picture."""
    return locale.text("figures.system_flows", lang, flows="; ".join(_flow_text(link, named) for link in links))
