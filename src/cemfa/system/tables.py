"""Tables of operations of one kind, and the tape on which they are written.

The form in which `elimination` hands its work to `executors`: integers only, no numbers of a model.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

ONE: Final = 0
"""Row of the factor workspace that holds the number one, so that a plain sum is a sum of products too."""
ZERO: Final = 1
FIRST_SHARE: Final = 2

Index = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Operations of one kind: ``W[target] = finish(W[base] + Σ W[left] · W[right])``, in an order that runs.

    Parameters
    ----------
    target, base : shape (N,), rows written and rows started from
    start : shape (N + 1,), operation n owns the products ``start[n]:start[n + 1]``
    left, right : shape (M,), rows multiplied
    reciprocal : shape (N,), whether the finish is ``1 / value`` (a pivot) instead of the value itself
    """

    target: Index
    base: Index
    start: Index
    left: Index
    right: Index
    reciprocal: NDArray[np.bool_]


@dataclass(slots=True)
class Sum:
    """A value under construction: a starting row and products still to be added to it."""

    base: int
    products: list[tuple[int, int]] = field(default_factory=list)


class Tape:
    """Writes operations down in the order in which they can run."""

    def __init__(self, first_row: int) -> None:
        self.rows = first_row
        self._operations: list[tuple[int, Sum, bool]] = []

    def __len__(self) -> int:
        return len(self._operations)

    def write(self, value: Sum, *, reciprocal: bool = False) -> int:
        """Return the row of a value; a value that is only its base needs no operation."""
        if not value.products and not reciprocal:
            return value.base
        row = self.rows
        self.rows += 1
        self._operations.append((row, value, reciprocal))
        return row

    def reserve(self, count: int) -> list[int]:
        """Return rows that something other than this tape will write."""
        first, self.rows = self.rows, self.rows + count
        return list(range(first, self.rows))

    def cut(self) -> Table:
        """Return what was written since the last cut as a table."""
        operations, self._operations = self._operations, []
        counts = [len(value.products) for _, value, _ in operations]
        products = [pair for _, value, _ in operations for pair in value.products]
        pairs = np.array(products, dtype=np.int32).reshape(-1, 2)
        target, base = index(row for row, _, _ in operations), index(value.base for _, value, _ in operations)
        start = index([0, *accumulate(counts)])
        left, right = np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])
        reciprocal = np.array([inverted for _, _, inverted in operations], dtype=bool)
        return Table(target, base, start, left, right, reciprocal)


def index(values: Iterable[int]) -> Index:
    """Return positions as an array of the width that tables use."""
    return np.fromiter(values, dtype=np.int32)
