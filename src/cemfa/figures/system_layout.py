"""Where everything in the picture of a system goes: one box per process, flows as lines, loops led backwards.

Between the graph (`cemfa.figures.system_picture` adds it up by process name) and the drawing; knows no matplotlib.
Lengths are in points, y grows downwards. Parts of the system that no flow joins are laid out apart. In a crowded
picture a final process that many lead to is no box but a letter on each of them, or its lines would hide the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from string import ascii_uppercase
from typing import Final, Literal

from cemfa.figures.layering import Edge, backward_edges, heights, layers, order
from cemfa.figures.picture import wrap

OUTSIDE: Final = "outside"
WIDTH: Final = 108.0
"""Width of a box [pt]."""
SIZE: Final = 8.0
LINE: Final = SIZE * 1.25
PAD: Final = 4.0
BADGE: Final = 12.0
STUB: Final = 18.0
"""Length of the arrow of a flow across the boundary [pt]."""
CROWDED: Final = 30
"""Lines from which on final processes that many lead to become letters."""
MANY: Final = 4
_GAP: Final = 64.0
_SPACE: Final = 12.0
_LANE: Final = 8.0
_BETWEEN: Final = 30.0

Kind = Literal["process", "stock", "sink"]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Node:
    """A process by name: its id, label and kind, how many copies it has, whether one of them lies on a loop."""

    id: str
    label: str
    kind: Kind
    copies: int = 1
    circling: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """All flows from one process to another, by the names of their goods; `mass` decides which lines go back."""

    source: str
    target: str
    goods: tuple[str, ...] = ()
    mass: float = 0.0


@dataclass(frozen=True, slots=True)
class Box:
    """A node in its place, the goods it takes in from outside and sends there, and the letters it leads to."""

    node: Node
    x: float
    y: float
    height: float
    lines: tuple[str, ...]
    entering: tuple[str, ...]
    leaving: tuple[str, ...]
    letters: tuple[str, ...]
    lines_in: bool = False
    lines_out: bool = False

    @property
    def entry(self) -> float:
        """The y at which flows from outside come in: above lines that end here."""
        return self.y + (0.2 if self.lines_in else 0.5) * self.height

    @property
    def exit(self) -> float:
        """The y at which flows leave for outside: below lines that begin here."""
        return self.y + (0.8 if self.lines_out else 0.5) * self.height


@dataclass(frozen=True, slots=True)
class Line:
    """A link in its place: a forward one bends between its stations, a backward one turns at them."""

    link: Link
    backward: bool
    stations: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A laid-out picture; `letters` are the final processes that have no box, by letter."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    letters: Mapping[str, Node]
    width: float
    height: float


def lay_out(nodes: Sequence[Node], links: Sequence[Link]) -> Layout:
    """Return the layout of a system.

    Parameters
    ----------
    nodes : every process by name
    links : one per pair of processes that flows join; `OUTSIDE` is beyond the boundary

    Examples
    --------
    >>> found = lay_out([Node("a", "A", "process"), Node("b", "B", "sink")], [Link("outside", "a"), Link("a", "b")])
    >>> [(box.node.id, box.x) for box in found.boxes], found.lines[0].backward
    ([('a', 0.0), ('b', 172.0)], False)
    """
    letters = _letters(nodes, links)
    lettered = {node.id: letter for letter, node in letters.items()}
    drawn = [link for link in links if OUTSIDE not in (link.source, link.target) and link.target not in lettered]
    boxes = {node.id: _box(node, links, lettered) for node in nodes if node.id not in lettered}
    parts = [_Part([boxes[name] for name in part], drawn) for part in _joined(list(boxes), drawn)]
    parts.sort(key=lambda part: (-part.width, -part.height))
    return _shelved(parts, letters)


def _letters(nodes: Sequence[Node], links: Sequence[Link]) -> dict[str, Node]:
    """Return the final processes that become letters, in the order of the model."""
    if len(links) < CROWDED:
        return {}
    before: dict[str, int] = {}
    for link in links:
        before[link.target] = before.get(link.target, 0) + 1
    shared = [node for node in nodes if node.kind == "sink" and before.get(node.id, 0) >= MANY]
    return dict(zip(ascii_uppercase, shared, strict=False))


def _box(node: Node, links: Sequence[Link], lettered: Mapping[str, str]) -> Box:
    entering = tuple(good for link in links if (link.source, link.target) == (OUTSIDE, node.id) for good in link.goods)
    leaving = tuple(good for link in links if (link.source, link.target) == (node.id, OUTSIDE) for good in link.goods)
    crossing = (
        {link.target for link in links if link.source == node.id},
        {link.source for link in links if link.target == node.id},
    )
    letters = tuple(sorted(lettered[name] for name in crossing[0] if name in lettered))
    label = node.label if node.copies == 1 else f"{node.label} ×{node.copies}"
    lines = tuple(wrap(label, WIDTH - 2 * PAD, SIZE))
    height = len(lines) * LINE + 2 * PAD + (BADGE + 2 if letters else 0)
    entering = entering or (("",) if OUTSIDE in crossing[1] else ())
    leaving = leaving or (("",) if OUTSIDE in crossing[0] else ())
    return Box(node, 0.0, 0.0, height, lines, entering, leaving, letters)


def _joined(names: Sequence[str], links: Iterable[Link]) -> list[list[str]]:
    """Return the names in groups that links join, in the order of their first name."""
    group = {name: name for name in names}

    def root(name: str) -> str:
        while group[name] != name:
            name = group[name]
        return name

    for link in links:
        group[root(link.target)] = root(link.source)
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(root(name), []).append(name)
    return list(found.values())


class _Part:
    """A part of the system on its own, laid out from its upper left corner."""

    def __init__(self, boxes: Sequence[Box], links: Sequence[Link]) -> None:
        names = {box.node.id for box in boxes}
        own = {(link.source, link.target): link for link in links if link.source in names}
        weights = {pair: 1.0 + link.mass for pair, link in own.items()}
        self.back = backward_edges(weights) if weights else frozenset[Edge]()
        forward = [pair for pair in own if pair not in self.back]
        self.layer = dict.fromkeys(sorted(names), 0) | (layers(forward) if forward else {})
        paths = {pair: self._path(pair) for pair in forward}
        steps: dict[Edge, float] = {}
        for path in paths.values():
            for edge in pairwise(path):
                steps[edge] = steps.get(edge, 0.0) + 1.0
        rows = order(self.layer, steps)
        slot = dict.fromkeys(self.layer, 6.0) | {b.node.id: b.height + _SPACE for b in boxes}
        self.middle = heights(rows, slot, steps)
        lowest = min(self.middle[name] - slot[name] / 2 for name in self.layer)
        self.middle = {name: y - lowest for name, y in self.middle.items()}
        self.boxes = [self._placed(box, own) for box in boxes]
        self.by_name = {box.node.id: box for box in self.boxes}
        self.lines = [*self._forward(own, paths), *self._backward(own)]
        self.width = max(box.x for box in self.boxes) + WIDTH + 2 * STUB
        low = [y for line in self.lines for _, y in line.stations] + [box.y + box.height for box in self.boxes]
        self.height = max(low) + _LANE

    def _placed(self, box: Box, own: Iterable[Edge]) -> Box:
        name = box.node.id
        ends = {end for edge in own for end in ((0, edge[0]), (1, edge[1]))}
        y = self.middle[name] - box.height / 2
        return replace(box, x=self._x(name), y=y, lines_in=(1, name) in ends, lines_out=(0, name) in ends)

    def _x(self, name: str) -> float:
        return self.layer[name] * (WIDTH + _GAP)

    def _path(self, pair: Edge) -> list[str]:
        """Return the stops of a forward line: its ends and one stand-in for every layer between."""
        stops = [pair[0]]
        for number in range(self.layer[pair[0]] + 1, self.layer[pair[1]]):
            stop = f"{pair[0]}\n{pair[1]}\n{number}"
            self.layer[stop] = number
            stops.append(stop)
        return [*stops, pair[1]]

    def _ports(self, ends: Iterable[tuple[str, float, Edge]], side: int) -> dict[tuple[Edge, str], float]:
        """Return where lines touch a side (0 right, 1 left) of their box, in the order of where they go."""
        touching: dict[str, list[tuple[float, Edge]]] = {}
        for name, far, pair in ends:
            touching.setdefault(name, []).append((far, pair))
        ports = {}
        for name, lines in touching.items():
            box = self.by_name[name]
            top, bottom = (0.35, 1.0) if side and box.entering else (0.0, 0.65) if box.leaving and not side else (0, 1)
            for number, (_, pair) in enumerate(sorted(lines), start=1):
                ports[pair, name] = box.y + box.height * (top + (bottom - top) * number / (len(lines) + 1))
        return ports

    def _forward(self, own: Mapping[Edge, Link], paths: Mapping[Edge, Sequence[str]]) -> Iterable[Line]:
        leaving = self._ports(((path[0], self.middle[path[1]], pair) for pair, path in paths.items()), 0)
        entering = self._ports(((path[-1], self.middle[path[-2]], pair) for pair, path in paths.items()), 1)
        for pair, path in sorted(paths.items()):
            stations = [(self._x(pair[0]) + WIDTH, leaving[pair, pair[0]])]
            for stop in path[1:-1]:
                stations += [(self._x(stop), self.middle[stop]), (self._x(stop) + WIDTH, self.middle[stop])]
            stations.append((self._x(pair[1]), entering[pair, pair[1]]))
            yield Line(own[pair], False, tuple(stations))

    def _backward(self, own: Mapping[Edge, Link]) -> Iterable[Line]:
        """Lead every loop below its ends, as near as what stands between them lets it; short loops first."""
        used: dict[int, int] = {}
        lanes: list[tuple[range, float]] = []
        span = {pair: self.layer[pair[0]] - self.layer[pair[1]] for pair in self.back}
        for pair in sorted(self.back, key=lambda p: (span[p], p)):
            source, target = self.by_name[pair[0]], self.by_name[pair[1]]
            between = range(self.layer[pair[1]], self.layer[pair[0]] + 1)
            lane = self._lane(between, max(box.y + box.height for box in (source, target)) + 6.0, lanes)
            lanes.append((between, lane))
            right = source.x + WIDTH + _LANE * (1 + used.get(between[-1], 0) % 4)
            left = target.x - _LANE * (1 + used.get(between[0] - 1, 0) % 4)
            used[between[-1]] = used.get(between[-1], 0) + 1
            used[between[0] - 1] = used.get(between[0] - 1, 0) + 1
            out, into = source.y + source.height - 5.0, target.y + target.height - 5.0
            corners = [
                (source.x + WIDTH, out),
                (right, out),
                (right, lane),
                (left, lane),
                (left, into),
                (target.x, into),
            ]
            yield Line(own[pair], True, tuple(corners))

    def _lane(self, columns: range, least: float, lanes: Sequence[tuple[range, float]]) -> float:
        """Return the first height from `least` on at which a level line through some columns meets nothing."""
        closed = [(y - 6.0, y + 6.0) for other, y in lanes if set(other) & set(columns)]
        for name, number in self.layer.items():
            if number in columns:
                half = self.by_name[name].height / 2 + 5.0 if name in self.by_name else 4.0
                closed.append((self.middle[name] - half, self.middle[name] + half))
        for low, high in sorted(closed):
            if low < least < high:
                least = high
        return least


def _shelved(parts: Sequence[_Part], letters: Mapping[str, Node]) -> Layout:
    """Return the parts side by side and below each other, in the width of the widest."""
    full = max(part.width for part in parts)
    boxes: list[Box] = []
    lines: list[Line] = []
    x = y = deep = 0.0
    for part in parts:
        if x and x + part.width > full + 1.0:
            x, y, deep = 0.0, y + deep + _BETWEEN, 0.0
        boxes += [replace(box, x=box.x + x, y=box.y + y) for box in part.boxes]
        lines += [replace(line, stations=tuple((a + x, b + y) for a, b in line.stations)) for line in part.lines]
        x, deep = x + part.width + _BETWEEN, max(deep, part.height)
    return Layout(tuple(boxes), tuple(lines), letters, full, y + deep)
