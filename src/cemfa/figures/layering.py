"""Which way a flow diagram runs: the edges that go back, the layer of every node, order and height within a layer.

Pure functions of edges and weights for `sankey_layout` and `system_layout`; every tie is broken by name, so the same
flows give the same picture whatever the order of their rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

Edge = tuple[str, str]
_SWEEPS = 24
_ROUNDS = 40


def backward_edges(weights: Mapping[Edge, float]) -> frozenset[Edge]:
    """Return the edges to draw backwards: without them no loop is left, and together they weigh little.

    Nodes are put in one row by the rule of Eades, Lin and Smyth (1993, *Information Processing Letters* 47:319),
    with weights; edges against the row are then taken back in, heaviest first, as long as they close no loop.
    Self-loops always go back.

    Parameters
    ----------
    weights : weight of every edge (source, target), positive

    >>> sorted(backward_edges({("field", "cow"): 9.0, ("cow", "field"): 2.0, ("cow", "cow"): 1.0}))
    [('cow', 'cow'), ('cow', 'field')]
    """
    loops = {edge for edge in weights if edge[0] == edge[1]}
    open_edges = {edge: weight for edge, weight in sorted(weights.items()) if edge not in loops}
    place = {node: position for position, node in enumerate(_row(open_edges))}
    against = [edge for edge in open_edges if place[edge[0]] > place[edge[1]]]
    kept: dict[str, set[str]] = {}
    for source, target in open_edges:
        if place[source] < place[target]:
            kept.setdefault(source, set()).add(target)
    back = set(loops)
    for edge in sorted(against, key=lambda e: (-open_edges[e], e)):
        if _reaches(kept, edge[1], edge[0]):
            back.add(edge)
        else:
            kept.setdefault(edge[0], set()).add(edge[1])
    return frozenset(back)


def circling_nodes(weights: Mapping[Edge, float]) -> frozenset[str]:
    """Return the nodes that lie on a loop, self-loops included.

    >>> sorted(circling_nodes({("field", "cow"): 9.0, ("cow", "field"): 2.0, ("cow", "shed"): 1.0}))
    ['cow', 'field']
    """
    ahead: dict[str, set[str]] = {}
    for source, target in weights:
        ahead.setdefault(source, set()).add(target)
    return frozenset(node for node, targets in ahead.items() if any(_reaches(ahead, t, node) for t in targets))


def layers(edges: Iterable[Edge]) -> dict[str, int]:
    """Return the layer of every node of a loop-free graph: the longest path to it, sources pulled to their target.

    >>> layers([("a", "b"), ("b", "c"), ("x", "c")])
    {'a': 0, 'b': 1, 'c': 2, 'x': 1}
    """
    ahead: dict[str, list[str]] = {}
    missing: dict[str, int] = {}
    for source, target in sorted(set(edges)):
        ahead.setdefault(source, []).append(target)
        ahead.setdefault(target, [])
        missing[target] = missing.get(target, 0) + 1
        missing.setdefault(source, 0)
    layer = dict.fromkeys(sorted(ahead), 0)
    inputs = dict(missing)
    ready = [node for node in layer if not missing[node]]
    while ready:
        node = ready.pop()
        for target in ahead[node]:
            layer[target] = max(layer[target], layer[node] + 1)
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    for node, targets in ahead.items():
        if not inputs[node] and targets:
            layer[node] = min(layer[target] for target in targets) - 1
    return layer


def order(layer: Mapping[str, int], weights: Mapping[Edge, float]) -> list[list[str]]:
    """Return the nodes of every layer from top to bottom, with few weighted crossings (barycentre sweeps).

    Edges must join neighbouring layers; longer ones are cut by the caller. The best order of all sweeps is kept.

    >>> order({"a": 0, "b": 0, "c": 1, "d": 1}, {("a", "d"): 1.0, ("b", "c"): 1.0})
    [['a', 'b'], ['d', 'c']]
    """
    rows: list[list[str]] = [[] for _ in range(max(layer.values()) + 1)]
    for node in sorted(layer):
        rows[layer[node]].append(node)
    left: dict[str, list[tuple[str, float]]] = {}
    right: dict[str, list[tuple[str, float]]] = {}
    for (source, target), weight in sorted(weights.items()):
        left.setdefault(target, []).append((source, weight))
        right.setdefault(source, []).append((target, weight))
    best, fewest = [list(row) for row in rows], crossings(rows, weights)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for number in range(1, len(rows)) if forward else range(len(rows) - 2, -1, -1):
            near = rows[number - 1] if forward else rows[number + 1]
            _sort_by_barycentre(rows[number], near, left if forward else right)
        found = crossings(rows, weights)
        if found < fewest:
            best, fewest = [list(row) for row in rows], found
    return best


def crossings(rows: Sequence[Sequence[str]], weights: Mapping[Edge, float]) -> float:
    """Return the sum of w1·w2 over all pairs of edges that cross between neighbouring layers.

    >>> crossings([["a", "b"], ["c", "d"]], {("a", "d"): 2.0, ("b", "c"): 3.0})
    6.0
    """
    place = {node: position for row in rows for position, node in enumerate(row)}
    number = {node: index for index, row in enumerate(rows) for node in row}
    total = 0.0
    for index in range(len(rows) - 1):
        here = [(place[s], place[t], w) for (s, t), w in sorted(weights.items()) if number[s] == index]
        for position, (s1, t1, w1) in enumerate(here):
            for s2, t2, w2 in here[position + 1 :]:
                if (s1 - s2) * (t1 - t2) < 0:
                    total += w1 * w2
    return total


def heights(rows: list[list[str]], slot: Mapping[str, float], steps: Mapping[Edge, float]) -> dict[str, float]:
    """Return the middle y of every box and stand-in: near its neighbours, in order, no two slots overlapping.

    >>> heights([["a"], ["b", "c"]], {"a": 10.0, "b": 10.0, "c": 10.0}, {("a", "b"): 1.0, ("a", "c"): 1.0})
    {'a': 10.0, 'b': 5.0, 'c': 15.0}
    """
    near: dict[str, list[tuple[str, float]]] = {}
    for (source, target), mass in sorted(steps.items()):
        near.setdefault(source, []).append((target, mass))
        near.setdefault(target, []).append((source, mass))
    full = max(sum(slot[node] for node in row) for row in rows)
    middle: dict[str, float] = {}
    for row in rows:
        y = (full - sum(slot[node] for node in row)) / 2
        for node in row:
            middle[node] = y + slot[node] / 2
            y += slot[node]
    for turn in range(_ROUNDS):
        for row in rows if turn % 2 == 0 else rows[::-1]:
            wish = []
            for node in row:
                links = near.get(node, [])
                mass = sum(weight for _, weight in links)
                wish.append(sum(middle[o] * weight for o, weight in links) / mass if mass else middle[node])
            middle.update(zip(row, _apart(wish, [slot[node] for node in row], full), strict=True))
    return middle


def _row(weights: Mapping[Edge, float]) -> list[str]:
    """Return all nodes in one row: sinks to the end, sources to the front, else the largest out − in first."""
    left = {node for edge in weights for node in edge}
    head: list[str] = []
    tail: list[str] = []
    while left:
        out = dict.fromkeys(sorted(left), 0.0)
        into = dict(out)
        for (source, target), weight in weights.items():
            if source in left and target in left:
                out[source] += weight
                into[target] += weight
        sinks = [node for node in out if not out[node]]
        sources = [node for node in out if not into[node] and out[node]]
        if sinks or sources:
            tail = [*sinks, *tail]
            head += sources
            left -= {*sinks, *sources}
        else:
            first = max(out, key=lambda node: (out[node] - into[node], node))
            head.append(first)
            left.remove(first)
    return head + tail


def _reaches(ahead: Mapping[str, set[str]], start: str, goal: str) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        node = waiting.pop()
        if node == goal:
            return True
        new = ahead.get(node, set()) - seen
        seen |= new
        waiting.extend(new)
    return False


def _sort_by_barycentre(row: list[str], near: Sequence[str], links: Mapping[str, list[tuple[str, float]]]) -> None:
    place = {node: (position + 0.5) / len(near) for position, node in enumerate(near)}
    centre: dict[str, float] = {}
    for position, node in enumerate(row):
        known = [(place[other], weight) for other, weight in links.get(node, []) if other in place]
        total = sum(weight for _, weight in known)
        own = (position + 0.5) / len(row)
        centre[node] = sum(at * weight for at, weight in known) / total if total else own
    row.sort(key=lambda node: centre[node])


def _apart(wish: Sequence[float], slots: Sequence[float], full: float) -> list[float]:
    """Return the positions nearest to the wishes (least squares) that keep order and distance, within 0…full.

    Pool-adjacent-violators on the wishes less the room before them, then cut to the ends.
    """
    before = [sum(slots[:i]) + slots[i] / 2 for i in range(len(slots))]
    pools: list[list[float]] = []  # sum, count
    for want, room in zip(wish, before, strict=True):
        pools.append([want - room, 1.0])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += count
    spare = full - sum(slots)
    flat = [min(max(total / count, 0.0), spare) for total, count in pools for _ in range(int(count))]
    return [level + room for level, room in zip(flat, before, strict=True)]
