"""Factor and right-hand side of an elimination as one program that reuses its rows.

Between `elimination` and `executors`: a balance needs no factor afterwards, so a computed row is free again after
its last reader. What stays is small enough for the cache, and nothing but shares and throughputs crosses it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cemfa.system.tables import FIRST_SHARE, ZERO, DenseComponent, Index, Table

Turns = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Fused:
    """An elimination as one program.

    Rows: one, zero, `flows` shares, `processes` leaks, as many inputs, as many throughputs, then `spare` rows that
    are used again and again.

    Parameters
    ----------
    stages : what to run, in order
    rows, spare : number of all rows, and of those that are used again
    untouched : shape (n,), processes whose throughput is their input
    wanted : shape (R,), given rows in the order in which the first stage, if it is a table, reads them
    by : shape (N,), how many of them operations up to n have read
    """

    stages: tuple[Table | DenseComponent, ...]
    rows: int
    spare: int
    untouched: Index
    wanted: Index
    by: Index

    def __post_init__(self) -> None:
        for stage in self.stages:
            if isinstance(stage, Table):
                stage.check(self.rows, self.rows)


def fused(
    flows: int, processes: int, factor: Table, rhs: Sequence[Table | DenseComponent], rows: tuple[int, int],
    throughput_row: Index,
) -> Fused:  # fmt: skip
    """Return the program of an elimination.

    Parameters
    ----------
    rows : numbers of rows of the factor and of the substitution workspace

    Examples
    --------
    >>> from cemfa.system.elimination import eliminate
    >>> eliminate(3, [0, 1, 1], [1, 0, 2]).fused.spare
    4
    """
    given = FIRST_SHARE + flows + 2 * processes
    place = np.full(rows[0] + rows[1], -1, dtype=np.int32)  # of a row of either workspace in those of the program
    place[: FIRST_SHARE + flows + processes] = np.arange(FIRST_SHARE + flows + processes)
    inputs = rows[0] + np.arange(processes)
    place[inputs] = np.arange(given - processes, given)
    place[rows[0] + processes] = ZERO
    computed = throughput_row > processes
    place[rows[0] + throughput_row[computed]] = given + np.flatnonzero(computed)
    merged = _merged(factor, [stage for stage in rhs if isinstance(stage, Table)], rows[0])
    dense = [_moved(stage, rows[0]) for stage in rhs if isinstance(stage, DenseComponent)]
    spare = _settle(place, merged, dense, given + processes)
    stages = _stages(_placed(merged, place), [_renamed(stage, place) for stage in dense])
    untouched = np.flatnonzero(~computed).astype(np.int32)
    return Fused(stages, given + processes + spare, spare, untouched, *_wanted(stages, given))


def _wanted(stages: Sequence[Table | DenseComponent], given: int) -> tuple[Index, Index]:
    """Return given rows by their first reader, and how many of them operations up to each have read."""
    none = np.empty(0, dtype=np.int32)
    if not stages or not isinstance(stages[0], Table):
        return none, none
    table, count = stages[0], len(stages[0].target)
    first = np.full(given, count)
    reading = np.repeat(np.arange(count), np.diff(table.start))
    for rows, readers in ((table.left, reading), (table.right, reading), (table.base, np.arange(count))):
        known = rows < given
        np.minimum.at(first, rows[known], readers[known])
    first[:FIRST_SHARE] = count  # constants stay in the cache
    wanted = np.argsort(first, kind="stable")[: np.count_nonzero(first < count)]
    by = np.searchsorted(first[wanted], np.arange(count), side="right")
    return wanted.astype(np.int32), by.astype(np.int32)


def _merged(factor: Table, rhs: Sequence[Table], shift: int) -> Table:
    """Return all operations in the order in which they were written; rows of the right-hand side come after."""
    moved = [
        replace(t, target=t.target + shift, base=t.base + shift, right=t.right + shift) for t in rhs
    ]  # fmt: skip
    parts = [factor, *moved]
    turn = np.concatenate([t.turn for t in parts])
    order = np.argsort(turn, kind="stable")
    counts = np.concatenate([np.diff(t.start) for t in parts])
    first = np.concatenate([[0], np.cumsum(counts)])[:-1]
    start = np.concatenate([[0], np.cumsum(counts[order])])
    products = np.repeat(first[order] - start[:-1], counts[order]) + np.arange(start[-1])
    left, right, target, base, reciprocal = (
        np.concatenate([getattr(t, name) for t in parts]) for name in ("left", "right", "target", "base", "reciprocal")
    )
    return Table(
        target=target[order], base=base[order], start=start.astype(np.int32), left=left[products],
        right=right[products], reciprocal=reciprocal[order], turn=turn[order],
    )  # fmt: skip


def _moved(stage: DenseComponent, shift: int) -> DenseComponent:
    return replace(stage, inflow_row=stage.inflow_row + shift, throughput_row=stage.throughput_row + shift)


def _settle(place: Index, merged: Table, dense: Sequence[DenseComponent], first: int) -> int:
    """Give every computed row a place that is free while it is needed; return how many places that takes."""
    last = np.full(len(place), -1, dtype=np.int64)
    reading = np.repeat(merged.turn, np.diff(merged.start))
    for rows, turns in ((merged.left, reading), (merged.right, reading), (merged.base, merged.turn)):
        np.maximum.at(last, rows, turns)
    for stage in dense:
        for rows in (stage.share_row, stage.leak_row, stage.inflow_row):
            last[rows] = np.maximum(last[rows], stage.turn)
    own = place < 0
    dying: dict[int, list[int]] = defaultdict(list)
    for row in np.flatnonzero(own & (last >= 0)).tolist():
        dying[int(last[row])].append(row)
    free: list[int] = []
    found, spare, mine, ends = place.tolist(), 0, own.tolist(), sorted([stage.turn for stage in dense], reverse=True)
    for turn, target in zip(merged.turn.tolist(), merged.target.tolist(), strict=True):
        while ends and ends[-1] < turn:
            free += [found[row] for row in dying[ends.pop()]]
        if mine[target]:
            if free:
                found[target] = free.pop()
            else:
                found[target], spare = first + spare, spare + 1
        if turn in dying:
            free += [found[row] for row in dying[turn]]
    place[:] = found
    return spare


def _placed(table: Table, place: Index) -> Table:
    return replace(
        table, target=place[table.target], base=place[table.base], left=place[table.left], right=place[table.right]
    )


def _renamed(stage: DenseComponent, place: Index) -> DenseComponent:
    return replace(
        stage, share_row=place[stage.share_row], leak_row=place[stage.leak_row], inflow_row=place[stage.inflow_row],
        throughput_row=place[stage.throughput_row],
    )  # fmt: skip


def _stages(table: Table, dense: Sequence[DenseComponent]) -> tuple[Table | DenseComponent, ...]:
    """Return the table cut where dense components take their turn."""
    found: list[Table | DenseComponent] = []
    first = 0
    for stage in dense:
        last = int(np.searchsorted(table.turn, stage.turn))
        found += [_part(table, first, last), stage]
        first = last
    found.append(_part(table, first, len(table.target)))
    return tuple(stage for stage in found if isinstance(stage, DenseComponent) or len(stage.target))


def _part(table: Table, first: int, last: int) -> Table:
    begin, end = table.start[first], table.start[last]
    return Table(
        target=table.target[first:last], base=table.base[first:last], start=table.start[first : last + 1] - begin,
        left=table.left[begin:end], right=table.right[begin:end], reciprocal=table.reciprocal[first:last],
        turn=table.turn[first:last],
    )  # fmt: skip
