"""Tables of operations of one kind, and the tape on which they are written.

The form in which `elimination` hands its work to `executors`: integers only, no numbers of a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain, pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

ONE: Final = 0
"""Row of the factor workspace that holds the number one, so that a plain sum is a sum of products too."""
ZERO: Final = 1
FIRST_SHARE: Final = 2

Index = NDArray[np.int32]
Sum = list[int]
"""A value under construction: the row it starts from, then left and right row of every product added to it."""


class Operation(NamedTuple):
    """One operation of a table, for executors that take them one by one."""

    target: int
    base: int
    products: tuple[tuple[int, int], ...]
    reciprocal: bool


@dataclass(frozen=True, eq=False)
class Table:
    """Operations of one kind: ``W[target] = finish(W[base] + Σ W[left] · W[right])``, in an order that runs.

    Parameters
    ----------
    target, base : shape (N,), rows written and rows started from
    start : shape (N + 1,), operation n owns the products ``start[n]:start[n + 1]``
    left, right : shape (M,), rows multiplied
    reciprocal : shape (N,), whether the finish is ``1 / value`` (a pivot) instead of the value itself
    turn : shape (N,), ascending: when its turn comes where all tables of an elimination run as one
    """

    target: Index
    base: Index
    start: Index
    left: Index
    right: Index
    reciprocal: NDArray[np.bool_]
    turn: Index

    def __post_init__(self) -> None:
        for values in (self.target, self.base, self.start, self.left, self.right, self.reciprocal, self.turn):
            values.setflags(write=False)  # checked once, so it must stay as it is

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """The operations one by one."""
        pairs = list(zip(self.left.tolist(), self.right.tolist(), strict=True))
        start = self.start.tolist()
        products = [tuple(pairs[a:b]) for a, b in pairwise(start)]
        columns = self.target.tolist(), self.base.tolist(), products, self.reciprocal.tolist()
        return tuple(map(Operation._make, zip(*columns, strict=True)))

    def check(self, left_rows: int, rows: int) -> None:
        """Raise ValueError unless every row it names is there and its products are in order: executors rely on it."""
        named = np.concatenate([self.target, self.base, self.right, [0]])
        lefts = np.concatenate([self.left, [0]])
        starts = self.start[0] == 0 and self.start[-1] == len(self.left) and (np.diff(self.start) >= 0).all()
        shapes = len(self.target) == len(self.base) == len(self.reciprocal) == len(self.start) - 1
        inside = named.min() >= 0 and named.max() < rows and lefts.min() >= 0 and lefts.max() < left_rows
        if not (starts and shapes and inside and len(self.left) == len(self.right)):
            raise ValueError("a table of operations names rows that are not there")


@dataclass(frozen=True, slots=True, eq=False)
class DenseComponent:
    """What is left of a component whose table would be too long; its arithmetic runs on full matrices.

    Parameters
    ----------
    members : shape (n,), processes in the order of elimination
    tail, head : shape (m,), local positions of the two ends of each link between them, no pair twice
    share_row : shape (m,), rows of the factor workspace that hold the shares of those links
    leak_row : shape (n,), rows of the factor workspace that hold what leaves the component
    inflow_row, throughput_row : shape (n,), rows of the substitution workspace read and written
    turn : when its turn comes among the operations of the tables
    """

    members: Index
    tail: Index
    head: Index
    share_row: Index
    leak_row: Index
    inflow_row: Index
    throughput_row: Index
    turn: int


class Tape:
    """Writes operations down in the order in which they can run.

    Parameters
    ----------
    first_row : of those computed
    turns : counts the operations of all tapes that run together
    """

    def __init__(self, first_row: int, turns: Iterator[int]) -> None:
        self.rows = first_row
        self._turns = turns
        self._sums: list[Sum] = []
        self._marks: list[tuple[int, bool, int]] = []

    def __len__(self) -> int:
        return len(self._sums)

    def write(self, value: Sum, *, reciprocal: bool = False) -> int:
        """Return the row of a value; a value that is only its base needs no operation."""
        if len(value) == 1 and not reciprocal:
            return value[0]
        row = self.rows
        self.rows = row + 1
        self._sums.append(value)
        self._marks.append((row, reciprocal, next(self._turns)))
        return row

    def reserve(self, count: int) -> list[int]:
        """Return rows that something other than this tape will write."""
        first, self.rows = self.rows, self.rows + count
        return list(range(first, self.rows))

    def cut(self) -> Table:
        """Return what was written since the last cut as a table."""
        sums, marks, self._sums, self._marks = self._sums, self._marks, [], []
        lengths = np.fromiter(map(len, sums), dtype=np.int32, count=len(sums))
        written = np.fromiter(chain.from_iterable(sums), dtype=np.int32, count=sum(map(len, sums)))
        bases = np.concatenate([[0], np.cumsum(lengths)])[:-1]
        pairs = np.delete(written, bases).reshape(-1, 2)
        target, turn = index(row for row, _, _ in marks), index(turn for _, _, turn in marks)
        reciprocal = np.array([inverted for _, inverted, _ in marks], dtype=bool)
        start = index([0, *accumulate((lengths // 2).tolist())])
        left, right = np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])
        return Table(target, written[bases], start, left, right, reciprocal, turn)


def index(values: Iterable[int]) -> Index:
    """Return positions as an array of the width that tables use."""
    return np.fromiter(values, dtype=np.int32)
