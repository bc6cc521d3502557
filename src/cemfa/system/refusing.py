"""What no table can run on: shares and inputs that are no masses, and loops that matter never leaves.

Read by `executors`, which find such a column; `limits` and others turn the finding into an error with names.
"""

from __future__ import annotations

from typing import Final, Literal

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from cemfa.system.blocks import TOLERANCE
from cemfa.system.elimination import Elimination

Array = NDArray[np.float64]
Kind = Literal["share", "input", "leak", "sum", "throughput"]
NARROW: Final = 16


class WrongColumn(Exception):  # noqa: N818  (a finding inside this room, as is ClosedColumn)
    """A number that no balance can be made with, or that came out of one.

    Parameters
    ----------
    kind : a share or an input that is negative or not finite, shares of a process that do not sum to one, or a
        throughput that is not finite
    row : flow of a share, process of anything else
    """

    def __init__(self, kind: Kind, row: int, column: int, value: float) -> None:
        super().__init__(kind, row, column, value)
        self.kind, self.row, self.column, self.value = kind, row, column, value


class ClosedColumn(Exception):  # noqa: N818  (a finding inside this room; solve turns it into ClosedLoopError)
    """A column in which a loop has no outlet; names the processes by position."""

    def __init__(self, processes: tuple[int, ...], column: int) -> None:
        super().__init__(processes, column)
        self.processes, self.column = processes, column


def refuse_wrong(elimination: Elimination, shares: Array, inputs: Array | None, leak: Array | None, first: int) -> None:
    """Raise for the first number, in columns counted from `first`, that no balance can be made with.

    Shares that leave a process and are too large show in their sum.
    """
    outside = shares[elimination.leaving[elimination.leaving_start[-1] :]]
    if not (_least(shares) >= 0.0 and _most(outside) < np.inf):
        raise _first_wrong("share", shares, first)
    others: tuple[tuple[Kind, Array | None], ...] = (("input", inputs), ("leak", leak))
    for kind, values in others:
        if values is not None and not (_least(values) >= 0.0 and _most(values) < np.inf):
            raise _first_wrong(kind, values, first)
    totals = _totals(elimination, shares, leak)
    wrong = ~(totals <= 1.0 + TOLERANCE)
    wrong[elimination.looped] |= totals[elimination.looped] < 1.0 - TOLERANCE
    if wrong.any():
        if not _most(shares) < np.inf:
            raise _first_wrong("share", shares, first)
        row, column = np.argwhere(wrong)[0].tolist()
        raise WrongColumn("sum", row, column + first, float(totals[row, column]))


def _least(values: Array) -> float:
    return float(values.min()) if values.size else 0.0


def _most(values: Array) -> float:
    return float(values.max()) if values.size else 0.0


def _first_wrong(kind: Kind, values: Array, first: int) -> WrongColumn:
    row, column = np.argwhere(~((values >= 0.0) & (values < np.inf)))[0].tolist()
    return WrongColumn(kind, row, column + first, float(values[row, column]))


def closed_loop(elimination: Elimination, shares: Array, process: int) -> tuple[int, ...]:
    """Return the processes among which matter that reaches `process` stays for ever; shares are those of a column."""
    graph = nx.DiGraph()
    graph.add_node(process)
    for out, into, share in zip(elimination.source.tolist(), elimination.target.tolist(), shares, strict=True):
        inside = out >= 0 and into >= 0 and elimination.component[out] == elimination.component[into]
        if inside and share > 0.0:
            graph.add_edge(out, into)
    reached = graph.subgraph({process, *nx.descendants(graph, process)})
    for members in nx.strongly_connected_components(reached):
        if all(into in members for p in members for into in reached.successors(p)):
            return tuple(sorted(members))
    return (process,)


def _totals(elimination: Elimination, shares: Array, leak: Array | None) -> Array:
    """Return the sum of the shares that leave each process (P, S), its leak included, in the order of the flows."""
    width = max(shares.shape[1], 1 if leak is None else leak.shape[1])
    totals = np.zeros((elimination.processes, width))
    if leak is not None:
        totals += leak
    if width <= NARROW:
        inside = elimination.source >= 0
        np.add.at(totals, elimination.source[inside], shares[inside])
        return totals
    rows = [*totals]
    for share, out in zip(shares, elimination.source.tolist(), strict=True):
        if out >= 0:
            np.add(rows[out], share, rows[out])
    return totals
