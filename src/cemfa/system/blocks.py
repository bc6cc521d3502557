"""Blocks of columns and the ways to run a table over them: numpy, plain floats, the compiled kernel.

Between `executors` and `kernel`. Nothing is copied: the rows that a table names are views, or addresses, of several
arrays one after the other. All ways take the same operations in the same order, each rounded: they agree to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from cemfa.system.elimination import Elimination
from cemfa.system.rows import addresses, spread
from cemfa.system.tables import ONE, Index, Table

Array = NDArray[np.float64]
TOLERANCE: Final = 1e-9
"""By how much shares of a process may miss one: the tolerance of the balance, far above rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """Some rows.

    Parameters
    ----------
    values : shape (n, S); (n, 1) where given and the same in all columns; (n, width of a block) where spare
    kind : given, computed for the caller, or spare: used again in every block
    """

    values: Array
    kind: Literal["given", "computed", "spare"] = "given"

    def cut(self, part: slice) -> Array:
        """Return the rows in some columns."""
        if self.values.shape[1] == 1:
            return self.values
        return self.values[:, : part.stop - part.start] if self.kind == "spare" else self.values[:, part]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What the numbers in a table stand for.

    Parameters
    ----------
    left, right : banks of the left operands, and of everything else, one after the other
    zero : number of the row of zeros among the right ones
    width : S
    """

    left: tuple[Bank, ...]
    right: tuple[Bank, ...]
    zero: int
    width: int


class Block(Protocol):
    """Some columns, in which tables run."""

    def move(self, part: slice) -> None:
        """Take other columns."""
        ...

    def run(self, table: Table) -> None:
        """Run all operations of a table."""
        ...

    def read(self, rows: Index, *, left: bool = True) -> Array:
        """Return rows (n, width), of the left operands or of the rest."""
        ...

    def write(self, rows: Index, values: Array) -> None:
        """Write rows (n, width)."""
        ...

    def close(self) -> None:
        """Hand over what was computed in these columns."""
        ...


class ArrayBlock:
    """A block as numpy sees it: one or two calls per product, over all columns."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._width = 0
        self._left: list[Array] = []
        self._right: list[Array] = []

    def move(self, part: slice) -> None:
        """Take other columns."""
        rows, self._width = self._rows, part.stop - part.start
        self._right = [row for bank in rows.right for row in bank.cut(part)]
        self._left = self._right
        if rows.left is not rows.right:
            self._left = [row for bank in rows.left for row in bank.cut(part)]

    def run(self, table: Table) -> None:
        """Run all operations of a table."""
        left, right, zero, product = self._left, self._right, self._rows.zero, np.empty(self._width)
        multiply, add = np.multiply, np.add
        for target, base, products, reciprocal in table.operations:
            value, begun, fresh = right[target], right[base], base == zero
            for a, b in products:
                if a == ONE:
                    add(begun, right[b], value)
                elif fresh:
                    multiply(left[a], right[b], value)
                else:
                    multiply(left[a], right[b], product)
                    add(begun, product, value)
                begun, fresh = value, False
            if reciprocal:
                np.divide(1.0, begun, value)

    def read(self, rows: Index, *, left: bool = True) -> Array:
        """Return rows (n, width), of the left operands or of the rest."""
        side = self._left if left else self._right
        found = np.empty((len(rows), self._width))
        for number, row in enumerate(rows.tolist()):
            found[number] = side[row]
        return found

    def write(self, rows: Index, values: Array) -> None:
        """Write rows (n, width)."""
        for row, value in zip(rows.tolist(), values, strict=True):
            self._right[row][:] = value

    def close(self) -> None:
        """Hand over nothing: results were computed where they are wanted."""


class FloatBlock:
    """A block of one column: numbers of Python cost less than calls of numpy."""

    def __init__(self, rows: Rows) -> None:
        self._rows, self._part = rows, slice(0, 1)
        self._left: list[float] = []
        self._right: list[float] = []

    def move(self, part: slice) -> None:
        """Take another column."""
        rows, self._part = self._rows, part
        self._right = _numbers(rows.right, part)
        self._left = self._right if rows.left is rows.right else _numbers(rows.left, part)

    def run(self, table: Table) -> None:
        """Run all operations of a table."""
        left, right = self._left, self._right
        for target, base, products, reciprocal in table.operations:
            value = right[base]
            for a, b in products:
                value += left[a] * right[b]
            if reciprocal:
                value = 1.0 / value if value else np.inf
            right[target] = value

    def read(self, rows: Index, *, left: bool = True) -> Array:
        """Return rows (n, 1), of the left operands or of the rest."""
        side = self._left if left else self._right
        return np.array([side[row] for row in rows.tolist()])[:, None]

    def write(self, rows: Index, values: Array) -> None:
        """Write rows (n, 1)."""
        for row, value in zip(rows.tolist(), values[:, 0].tolist(), strict=True):
            self._right[row] = value

    def close(self) -> None:
        """Write back what was computed in this column."""
        first = 0
        for bank in self._rows.right:
            last = first + len(bank.values)
            if bank.kind == "computed":
                bank.cut(self._part)[:, 0] = self._right[first:last]
            first = last


class KernelBlock:
    """A block as the compiled kernel sees it: addresses of rows.

    Parameters
    ----------
    widest : most columns of a block
    kernel : the module, imported where it is used
    """

    def __init__(self, rows: Rows, widest: int, kernel: Any) -> None:
        self._kernel, self._rows, self._width, self._widest = kernel, rows, 0, widest
        self._all_right = _Addresses.of(rows, rows.right, widest)
        self._all_left = self._all_right
        if rows.left is not rows.right:
            self._all_left = _Addresses.of(rows, rows.left, widest)
        self._left = self._right = self._all_right.first

    def move(self, part: slice) -> None:
        """Take other columns."""
        self._width = part.stop - part.start
        self._right = self._all_right.at(part)
        self._left = self._right if self._all_left is self._all_right else self._all_left.at(part)

    def run(self, table: Table) -> None:
        """Run all operations of a table."""
        self._kernel.run(
            table.target, table.base, table.start, table.left, table.right, table.reciprocal, self._left, self._right,
            self._width,
        )  # fmt: skip

    def run_whole(self, elimination: Elimination, table: Table, flow: Array | None, *, checked: bool) -> bool:
        """Run a fused program of one table over all columns and write the flows that are wanted.

        Returns whether all is sound; where it is not, columns after the first block with something wrong are not done.
        """
        where, made, program = self._all_right, elimination, elimination.fused
        wanted = addresses(flow) if flow is not None and flow.strides[1] == flow.itemsize else where.first[:0]
        wrong = self._kernel.run_whole(
            table.target, table.base, table.start, table.left, table.right, table.reciprocal, program.wanted,
            program.by, where.first, where.step, self._widest, self._rows.width, made.leaving_start, made.leaving,
            made.looped, TOLERANCE, checked, wanted,
        )  # fmt: skip
        if flow is not None and not len(wanted):
            spread(made.source, self._rows.right[1].values, self._rows.right[4].values, flow)
        return bool(wrong < 0)

    def read(self, rows: Index, *, left: bool = True) -> Array:
        """Return rows (n, width), of the left operands or of the rest."""
        found = np.empty((len(rows), self._width))
        self._kernel.copy((self._left if left else self._right)[rows], addresses(found), self._width)
        return found

    def write(self, rows: Index, values: Array) -> None:
        """Write rows (n, width)."""
        wide = np.ascontiguousarray(values)
        self._kernel.copy(addresses(wide), self._right[rows], self._width)

    def close(self) -> None:
        """Hand over nothing: results were computed where they are wanted."""


@dataclass(frozen=True, slots=True, eq=False)
class _Addresses:
    """Addresses of rows in the first column, and how they move from column to column; keeps the arrays alive."""

    first: NDArray[np.int64]
    step: NDArray[np.int64]
    arrays: tuple[Array, ...]

    @classmethod
    def of(cls, rows: Rows, banks: Sequence[Bank], widest: int) -> _Addresses:
        arrays, steps = [], []
        for bank in banks:
            same = bank.values.shape[1] == 1 and rows.width > 1 and bank.kind != "spare"
            values = np.repeat(bank.values, widest, axis=1) if same else bank.values
            if values.shape[1] > 1 and values.strides[1] != values.itemsize:
                values = np.ascontiguousarray(values)
            arrays.append(values)
            steps.append(np.full(len(values), 0 if same or bank.kind == "spare" else values.itemsize))
        first = np.concatenate([addresses(values) for values in arrays])
        return cls(first, np.concatenate(steps).astype(np.int64), tuple(arrays))

    def at(self, part: slice) -> NDArray[np.int64]:
        found: NDArray[np.int64] = self.first + self.step * part.start
        return found


def _numbers(banks: Sequence[Bank], part: slice) -> list[float]:
    found: list[float] = []
    for bank in banks:
        found += bank.cut(part)[:, 0].tolist()
    return found
