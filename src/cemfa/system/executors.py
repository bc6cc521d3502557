"""Run the table of operations over vectors of samples with numpy.

Stands after elimination: shares and inputs come in as rows (one per flow or process), columns are samples,
layers or days, and throughputs come out. Columns never mix, so a column's bits do not depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from cemfa.system.elimination import DenseComponent, Elimination
from cemfa.system.tables import FIRST_SHARE, ONE, Table

Array = NDArray[np.float64]
CACHE: Final = 1 << 22
"""Numbers in the workspace of one block of columns (32 MB): wide rows, as every operation is one call."""
DENSE_CACHE: Final = 1 << 22


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """An eliminated system with numbers: solves for any inputs.

    Parameters
    ----------
    elimination : the pattern
    rows : the factor workspace, row by row, each of shape (S,)
    width : S
    dense : shape (n, n, S) and (n, S) per dense component: multipliers and reciprocal pivots
    """

    elimination: Elimination
    rows: tuple[Array, ...]
    width: int
    dense: tuple[tuple[Array, Array], ...]


class ClosedColumn(Exception):  # noqa: N818  (a finding inside this room; solve turns it into ClosedLoopError)
    """A column in which a loop has no outlet; names the processes by position."""

    def __init__(self, processes: tuple[int, ...], column: int) -> None:
        super().__init__(processes, column)
        self.processes, self.column = processes, column


def factorise(elimination: Elimination, shares: Array, leak: Array | None = None) -> Factor:
    """Return the factors of a system for given shares, good for any number of right-hand sides.

    Parameters
    ----------
    shares : shape (F, S), share of the source's throughput [1]; ignored for flows from outside
    leak : shape (P, S), share that leaves a process without a flow of the pattern [1]; None is zero

    Raises
    ------
    ClosedColumn
        where a loop has no outlet with a positive share

    Examples
    --------
    >>> from cemfa.system.elimination import eliminate
    >>> loop = eliminate(2, [0, 1, 1], [1, 0, -1])
    >>> factor = factorise(loop, np.array([[1.0], [0.75], [0.25]]))
    >>> substitute(factor, np.array([[1.0], [0.0]])).ravel().tolist()
    [4.0, 4.0]
    """
    rows, width = _factor_rows(elimination, shares, leak)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # a pivot of zero is looked for below
        _run(elimination.factor, rows, rows)
        dense = tuple(_dense_factor(component, rows) for component in elimination.dense)
    _refuse_closed(elimination, shares, rows, dense)
    return Factor(elimination, tuple(rows), width, dense)


def substitute(factor: Factor, inputs: Array) -> Array:
    """Return the throughput of every process for given inputs.

    Parameters
    ----------
    inputs : shape (P, S), what enters each process from outside; S may be 1 where the factor's is larger

    Returns
    -------
    shape (P, S), in the unit of the inputs
    """
    made = factor.elimination
    width = max(inputs.shape[1], factor.width)
    found = np.empty((made.processes, width))
    computed = np.empty((made.rhs_rows - made.processes - 1, width))
    rows = [*inputs, np.zeros(width), *computed]
    for process, row in enumerate(made.throughput_row.tolist()):
        if row > made.processes:
            rows[row] = found[process]  # computed where it is wanted
        else:
            found[process] = rows[row]
    dense = iter(factor.dense)
    for stage in made.rhs:
        if isinstance(stage, Table):
            _run(stage, factor.rows, rows)
        else:
            _dense_substitute(stage, next(dense), rows)
    return found


def throughputs(elimination: Elimination, shares: Array, inputs: Array, leak: Array | None = None) -> Array:
    """Return the throughput of every process, factor and substitution fused over cache-sized blocks of columns.

    Solves ``x = b + Kᵀ x`` per column. Shapes as in `factorise` and `substitute`; shares, inputs and leak may
    have one column for all. The result of a column does not depend on the other columns.
    """
    width = max(a.shape[1] for a in (shares, inputs, leak) if a is not None)
    out = np.empty((elimination.processes, width))
    for part in column_blocks(elimination, width):
        try:
            factor = factorise(elimination, _cut(shares, part), None if leak is None else _cut(leak, part))
        except ClosedColumn as closed:
            raise ClosedColumn(closed.processes, closed.column + part.start) from None
        out[:, part] = substitute(factor, _cut(inputs, part))
    return out


def column_blocks(elimination: Elimination, width: int) -> Iterator[slice]:
    """Yield slices of columns whose workspace fits the cache."""
    size = max(16, CACHE // max(1, elimination.factor_rows + elimination.rhs_rows))
    for component in elimination.dense:
        size = min(size, max(1, DENSE_CACHE // len(component.members) ** 2))
    for first in range(0, width, size):
        yield slice(first, min(width, first + size))


def _cut(values: Array, part: slice) -> Array:
    return values if values.shape[1] == 1 else values[:, part]


def _factor_rows(elimination: Elimination, shares: Array, leak: Array | None) -> tuple[list[Array], int]:
    """Return the factor workspace row by row: shares and leaks as they were given, the rest to be computed."""
    width = max(shares.shape[1], 1 if leak is None else leak.shape[1])
    zero = np.zeros(width)
    leaks = [zero] * elimination.processes if leak is None else [*leak]
    given = FIRST_SHARE + elimination.flows + elimination.processes
    rows = [zero, zero, *shares, *leaks, *np.empty((elimination.factor_rows - given, width))]
    rows[ONE] = np.ones(width)
    return rows, width


def _run(table: Table, left: Sequence[Array], right: Sequence[Array]) -> None:
    """Run a table, operation by operation over all columns; `right` holds the right operands and the results."""
    if not len(table.target):
        return
    spare = np.empty_like(right[int(table.target[0])])
    products = list(zip(table.left.tolist(), table.right.tolist(), strict=True))
    start, reciprocal = table.start.tolist(), table.reciprocal.tolist()
    multiply, add = np.multiply, np.add
    for number, (target, base) in enumerate(zip(table.target.tolist(), table.base.tolist(), strict=True)):
        value, begun = right[target], right[base]
        for a, b in products[start[number] : start[number + 1]]:
            if a == ONE:
                add(begun, right[b], out=value)
            else:
                add(begun, multiply(left[a], right[b], out=spare), out=value)
            begun = value
        if reciprocal[number]:
            np.divide(1.0, begun, out=value)


def _dense_factor(component: DenseComponent, rows: Sequence[Array]) -> tuple[Array, Array]:
    """Return multipliers (n, n, S) and reciprocal pivots (n, S): `[u, w]` above the diagonal is scaled."""
    size = len(component.members)
    share = np.zeros((size, size, len(rows[component.leak_row[0]])))
    for into, out, row in zip(component.head, component.tail, component.share_row, strict=True):
        share[into, out] += rows[row]
    leak = np.stack([rows[row] for row in component.leak_row])
    inverse = np.empty_like(leak)
    for v in range(size):
        pivot = leak[v]
        if v + 1 < size:
            pivot = pivot + np.add.reduceat(share[v + 1 :, v], [0], axis=0)[0]
        inverse[v] = 1.0 / pivot
        gain = share[v, v + 1 :]
        gain *= inverse[v]
        leak[v + 1 :] += leak[v] * gain
        for u in range(v + 1, size):
            share[u, v + 1 :] += share[u, v] * gain
    return share, inverse


def _dense_substitute(component: DenseComponent, factor: tuple[Array, Array], rows: Sequence[Array]) -> None:
    share, inverse = factor
    size = len(component.members)
    value = np.stack([rows[row] for row in component.inflow_row])
    for v in range(size):
        value[v] *= inverse[v]
        value[v + 1 :] += share[v + 1 :, v] * value[v]
    for w in range(size - 1, 0, -1):
        value[:w] += share[:w, w] * value[w]
    for place, row in enumerate(component.throughput_row):
        rows[row][:] = value[place]


def _refuse_closed(
    elimination: Elimination, shares: Array, rows: Sequence[Array], dense: tuple[tuple[Array, Array], ...]
) -> None:
    """Raise for the first column in which a pivot is zero: matter in that loop would never leave."""
    pivots = [(elimination.pivot_process, np.array([rows[row] for row in elimination.pivot_row]))]
    pivots += [(c.members, inverse) for c, (_, inverse) in zip(elimination.dense, dense, strict=True)]
    for processes, inverse in pivots:
        if np.isfinite(inverse).all():
            continue
        wrong = ~np.isfinite(inverse)
        column = int(np.flatnonzero(wrong.any(axis=0))[0])
        process = int(processes[np.flatnonzero(wrong[:, column])[0]])
        taken = shares[:, min(column, shares.shape[1] - 1)]
        raise ClosedColumn(_closed_loop(elimination, taken, process), column)


def _closed_loop(elimination: Elimination, shares: Array, process: int) -> tuple[int, ...]:
    """Return the processes among which matter that reaches `process` stays for ever."""
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
