"""Where everything in a Sankey diagram goes: boxes, ribbons and loops as numbers, with widths true to mass.

Between the table of flows and the drawing (`cemfa.figures.sankey`); knows no matplotlib axes. Lengths are in
points (1/72 inch), y grows downwards. Long ribbons are led through the layers they pass, so that they do not run
behind boxes; loops leave to the right, run back below the diagram and enter from the left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import pandas as pd

from cemfa.figures.layering import Edge, backward_edges, heights, layers, order
from cemfa.figures.picture import FONT_SIZE, text_width, wrap
from cemfa.figures.sankey_flows import (
    OTHER,
    OUTSIDE,
    Flows,
    Kind,
    across_boundary,
    bundle,
    fullest,
    kind_of,
    pairs_of,
    place_of,
    read_flows,
)

NODE_WIDTH: Final = 13.0
LABEL_WIDTH: Final = 90.0
LABEL_GAP: Final = 5.0
LINE: Final = FONT_SIZE * 1.22
TURN: Final = 6.0  # inner radius of a loop's corners
FULL_HEIGHT: Final = 300.0  # what the fullest layer takes at the default scale
_SPACE: Final = 9.0

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A process in the diagram, or the spot where flows cross the system boundary (`kind` import or export)."""

    id: str
    kind: Kind
    x: float
    y: float
    height: float
    inflow: float
    outflow: float
    label: tuple[str, ...]

    @property
    def middle(self) -> float:
        """The y of its middle."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Ribbon:
    """A flow: `stations` is its middle line; a backward one turns at every station but the first and last."""

    source: str
    target: str
    good: str
    value: float
    width: float
    backward: bool
    stations: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A laid-out diagram; `scale` is in points per unit of mass, `omitted` the number and sum of flows left out."""

    boxes: tuple[Box, ...]
    ribbons: tuple[Ribbon, ...]
    width: float
    height: float
    scale: float
    omitted: tuple[int, float]


def shared_scale(tables: Sequence[pd.DataFrame], height: float = FULL_HEIGHT) -> float:
    """Return one scale [points per unit of mass] under which every one of several diagrams fits.

    Diagrams that stand side by side must be drawn with it, or their widths cannot be compared.
    """
    return min(height / fullest(across_boundary(read_flows(table))) for table in tables)


def lay_out(
    flows: Flows,
    *,
    name: Callable[[str, Kind, Sequence[str]], str],
    amount: Callable[[float], str],
    goods: Sequence[str],
    scale: float | None = None,
    smallest: float | None = None,
) -> Layout:
    """Return the layout of a diagram.

    Parameters
    ----------
    flows : mass by (source, target, good), all > 0; ``outside`` as source or target is the system boundary
    name : gives a box its label from its id, kind and goods
    amount : gives a mass its text
    goods : order in which the goods of one pair of processes are stacked
    scale : points per unit of mass; None fits the fullest layer into `FULL_HEIGHT`
    smallest : flows below are joined with others of the same pair, or left out; None is 0.4 % of the fullest
        layer; at loops a twentieth of it

    Formula: box height = scale · max(inflow, outflow); ribbon width = scale · mass.
    """
    whole = across_boundary(flows)
    most = fullest(whole)
    scale = FULL_HEIGHT / most if scale is None else scale
    drawn, omitted = bundle(whole, 0.004 * most if smallest is None else smallest)
    back = backward_edges(pairs_of(drawn))
    forward = {edge: mass for edge, mass in pairs_of(drawn).items() if edge not in back}
    layer = layers(forward) if forward else {}
    for edge in sorted(back):
        for node in edge:
            layer.setdefault(node, 0)
    plan = _Plan(whole, drawn, back, layer, scale, {good: rank for rank, good in enumerate((*goods, OTHER))})
    return plan.layout(name, amount, omitted)


class _Plan:
    """What the steps of one layout share; used once and thrown away."""

    def __init__(
        self,
        whole: Flows,
        drawn: Flows,
        back: frozenset[Edge],
        layer: dict[str, int],
        scale: float,
        rank: Mapping[str, int],
    ) -> None:
        self.drawn, self.back, self.layer, self.scale = drawn, back, dict(layer), scale
        self.goods = {pair: sorted((g for s, t, g in drawn if (s, t) == pair), key=lambda g: (rank.get(g, 999), g))
                      for pair in pairs_of(drawn)}  # fmt: skip
        self.inflow: dict[str, float] = {}
        self.outflow: dict[str, float] = {}
        for (source, target, _), mass in whole.items():
            self.outflow[source] = self.outflow.get(source, 0.0) + mass
            self.inflow[target] = self.inflow.get(target, 0.0) + mass
        self.real = sorted(self.layer)
        self.path = {pair: self._path(pair) for pair in self.goods if pair not in back}
        self.x: dict[int, float] = {}

    def layout(
        self,
        name: Callable[[str, Kind, Sequence[str]], str],
        amount: Callable[[float], str],
        omitted: tuple[int, float],
    ) -> Layout:
        """Run the steps: labels, order, heights, columns, ribbons."""
        labels = {node: self._label(node, name, amount) for node in self.real}
        steps: dict[Edge, float] = {}
        for pair, path in self.path.items():
            for edge in pairwise(path):
                steps[edge] = steps.get(edge, 0.0) + self._mass(pair)
        rows = order(self.layer, steps)
        slot = {node: self._height(node) + _SPACE for node in self.layer}
        for node in self.real:
            slot[node] = max(slot[node], len(labels[node]) * LINE + _SPACE)
        middle = heights(rows, slot, steps)
        bottom = max(middle[node] + slot[node] / 2 for node in self.layer)
        self._columns(rows, labels)
        boxes = tuple(self._box(node, middle, labels[node]) for node in self.real)
        ribbons = self._forward(middle) + self._backward(middle, bottom)
        last = max(text_width(line) for node in rows[-1] if node in labels for line in labels[node])
        width = self.x[len(rows) - 1] + NODE_WIDTH + max(self._right_room(len(rows) - 1), LABEL_GAP + last) + 2
        low = max([bottom, *(y + ribbon.width / 2 for ribbon in ribbons for _, y in ribbon.stations)])
        return Layout(boxes, ribbons, width, low, self.scale, omitted)

    def _mass(self, pair: Edge) -> float:
        return sum(self.drawn[(*pair, good)] for good in self.goods[pair])

    def _height(self, node: str) -> float:
        if node in self.inflow or node in self.outflow:
            return self.scale * max(self.inflow.get(node, 0.0), self.outflow.get(node, 0.0))
        return self.scale * self._mass(_pair_of(node))

    def _path(self, pair: Edge) -> list[str]:
        """Return the stops of a forward pair: its ends and one stand-in for every layer between."""
        stops = [pair[0]]
        for number in range(self.layer[pair[0]] + 1, self.layer[pair[1]]):
            stop = f"{pair[0]}\n{pair[1]}\n{number}"
            self.layer[stop] = number
            stops.append(stop)
        return [*stops, pair[1]]

    def _label(
        self, node: str, name: Callable[[str, Kind, Sequence[str]], str], amount: Callable[[float], str]
    ) -> tuple[str, ...]:
        goods = sorted({g for s, t, g in self.drawn if node in (s, t)})
        mass = max(self.inflow.get(node, 0.0), self.outflow.get(node, 0.0))
        return (*wrap(name(place_of(node), kind_of(node), goods), LABEL_WIDTH), amount(mass))

    def _columns(self, rows: list[list[str]], labels: Mapping[str, tuple[str, ...]]) -> None:
        """Set the x of every layer: room for the loops of both sides and for the labels of the left one."""
        self.x[0] = self._left_room(0)
        for number in range(1, len(rows)):
            text = max((text_width(line) for n in rows[number - 1] if n in labels for line in labels[n]), default=0.0)
            room = max(self._right_room(number - 1), text + LABEL_GAP + 8.0) + self._left_room(number)
            self.x[number] = self.x[number - 1] + NODE_WIDTH + max(room, 70.0)

    def _right_room(self, number: int) -> float:
        return sum(self._loop_room(pair) for pair in self.back if self.layer[pair[0]] == number)

    def _left_room(self, number: int) -> float:
        return sum(self._loop_room(pair) for pair in self.back if self.layer[pair[1]] == number)

    def _loop_room(self, pair: Edge) -> float:
        return self.scale * self._mass(pair) + (TURN + 4.0) * len(self.goods[pair])

    def _box(self, node: str, middle: Mapping[str, float], label: tuple[str, ...]) -> Box:
        height = self._height(node)
        left, right = self.inflow.get(node, 0.0), self.outflow.get(node, 0.0)
        x, y = self.x[self.layer[node]], middle[node] - height / 2
        return Box(place_of(node), kind_of(node), x, y, height, left, right, label)

    def _ports(self, middle: Mapping[str, float], side: int) -> dict[tuple[Edge, str], float]:
        """Return the y of the middle of every pair on every box or stand-in it touches (side 0 leaving, 1 entering).

        Pairs are stacked in the order of where they come from; loops come last because they run below.
        """
        touching: dict[str, list[tuple[bool, float, Edge]]] = {}
        for pair, path in self.path.items():
            for here, there in pairwise(path if side == 0 else path[::-1]):
                touching.setdefault(here, []).append((False, middle[there], pair))
        for pair in self.back:
            touching.setdefault(pair[side], []).append((True, -middle[pair[1 - side]], pair))
        ports: dict[tuple[Edge, str], float] = {}
        for node, pairs in touching.items():
            y = middle[node] - self._height(node) / 2
            for _, _, pair in sorted(pairs):
                ports[pair, node] = y + self.scale * self._mass(pair) / 2
                y += self.scale * self._mass(pair)
        return ports

    def _forward(self, middle: Mapping[str, float]) -> tuple[Ribbon, ...]:
        leaving, entering = self._ports(middle, 0), self._ports(middle, 1)
        ribbons = []
        for pair, path in sorted(self.path.items()):
            for good, shift in self._shifts(pair):
                stations: list[Point] = []
                for here, there in pairwise(path):
                    stations.append((self.x[self.layer[here]] + NODE_WIDTH, leaving[pair, here] + shift))
                    stations.append((self.x[self.layer[there]], entering[pair, there] + shift))
                ribbons.append(self._ribbon(pair, good, False, stations))
        return tuple(ribbons)

    def _backward(self, middle: Mapping[str, float], bottom: float) -> tuple[Ribbon, ...]:
        """Lead every loop round its own lane: short loops inside, long ones outside."""
        leaving, entering = self._ports(middle, 0), self._ports(middle, 1)
        lane = bottom + 2 * TURN
        used: dict[tuple[int, int], float] = {}
        ribbons = []
        span = {pair: self.layer[pair[0]] - self.layer[pair[1]] for pair in self.back}
        for pair in sorted(self.back, key=lambda p: (span[p], -leaving[p, p[0]], p)):
            for good, shift in reversed(self._shifts(pair)):
                width = self.scale * self.drawn[(*pair, good)]
                out_at, in_at = self.layer[pair[0]], self.layer[pair[1]]
                room_out = used.get((0, out_at), 0.0) + TURN + width / 2
                room_in = used.get((1, in_at), 0.0) + TURN + width / 2
                used[0, out_at], used[1, in_at] = room_out + width / 2 + 4.0, room_in + width / 2 + 4.0
                start, end = self.x[out_at] + NODE_WIDTH, self.x[in_at]
                y_out, y_in, y = leaving[pair, pair[0]] + shift, entering[pair, pair[1]] + shift, lane + width / 2
                right, left = start + room_out, end - room_in
                stations = [(start, y_out), (right, y_out), (right, y), (left, y), (left, y_in), (end, y_in)]
                ribbons.append(self._ribbon(pair, good, True, stations))
                lane += width + 6.0
        return tuple(ribbons)

    def _shifts(self, pair: Edge) -> list[tuple[str, float]]:
        """Return the goods of a pair with the distance of their middle from the middle of the pair."""
        shifts, y = [], -self.scale * self._mass(pair) / 2
        for good in self.goods[pair]:
            width = self.scale * self.drawn[(*pair, good)]
            shifts.append((good, y + width / 2))
            y += width
        return shifts

    def _ribbon(self, pair: Edge, good: str, backward: bool, stations: list[Point]) -> Ribbon:
        mass = self.drawn[(*pair, good)]
        source, target = (OUTSIDE if kind_of(node) != "process" else node for node in pair)
        return Ribbon(source, target, good, mass, self.scale * mass, backward, tuple(stations))


def _pair_of(stop: str) -> Edge:
    source, target, _ = stop.split("\n")
    return source, target
