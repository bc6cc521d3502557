"""Sums of rows by group in a fixed order: the bits of a column never depend on how many columns there are.

Where the compiled kernel is in use already it adds the rows too, in the same order with the same bits.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Positions = NDArray[np.intp]
WIDE: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class RowGroups:
    """Rows by group, each group's rows in their order.

    Parameters
    ----------
    size : number of groups
    start, rows : the rows of group g are ``rows[start[g]:start[g + 1]]``
    turns : rows and the groups they belong to: the first rows of all groups, then the second ones, …; for rows so
        narrow that calls cost more than copies
    """

    size: int
    start: Positions
    rows: Positions
    turns: tuple[tuple[Positions, Positions], ...]

    @classmethod
    def of(cls, groups: Iterable[int], size: int) -> RowGroups:
        """Return the grouping of rows numbered 0, 1, …; a negative group leaves its row out.

        Examples
        --------
        >>> RowGroups.of([0, 1, -1, 0], 2).add(np.array([[1.0], [2.0], [4.0], [8.0]])).ravel().tolist()
        [9.0, 2.0]
        """
        group = np.fromiter(groups, dtype=np.intp)
        rows = np.flatnonzero(group >= 0)
        rows = rows[np.argsort(group[rows], kind="stable")]
        start = np.searchsorted(group[rows], np.arange(size + 1))
        turns: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for place, (row, number) in enumerate(zip(rows.tolist(), group[rows].tolist(), strict=True)):
            turns[place - int(start[number])].append((row, number))
        arrays = [np.array(turns[turn], dtype=np.intp) for turn in sorted(turns)]
        return cls(size, start.astype(np.intp), rows, tuple((pair[:, 0], pair[:, 1]) for pair in arrays))

    def add(self, values: Array) -> Array:
        """Return the sums (size, …) of values (N, …) by group."""
        width = values[:1].size
        if width > WIDE and (kernel := compiled()):
            total = np.empty((self.size, *values.shape[1:]))
            held = in_rows(values)
            kernel.add(self.start, self.rows, addresses(held), addresses(total), width)
            return total
        total = np.zeros((self.size, *values.shape[1:]))
        if width > WIDE:
            edges = self.start.tolist()
            for group, (first, last) in enumerate(pairwise(edges)):
                for row in self.rows[first:last].tolist():
                    np.add(total[group], values[row], out=total[group])
            return total
        for rows, groups in self.turns:
            total[groups] += values[rows]
        return total

    def what_is_left(self, values: Array, exact: NDArray[np.bool_] | None = None) -> Array:
        """Return one minus the sums by group, with the rounding of every addition made good.

        Parameters
        ----------
        exact : shape (size,), groups of which the rounding matters; None: all

        Notes
        -----
        Summation after Neumaier (1974), *ZAMM* 54, 39–51, what rounding loses after Knuth (*The Art of Computer
        Programming* 2, section 4.2.2, theorem C): a remainder of 1e-9 keeps its digits.
        """
        width = values[:1].size
        exact = np.ones(self.size, dtype=bool) if exact is None else exact
        if width > WIDE and (kernel := compiled()):
            left = np.empty((self.size, *values.shape[1:]))
            held = in_rows(values)
            kernel.what_is_left(self.start, self.rows, exact, addresses(held), addresses(left), width)
            return left
        if width > WIDE:
            return self._left_of_wide(values, exact)
        total = np.full((self.size, *values.shape[1:]), -1.0)
        lost = np.zeros_like(total)
        for rows, groups in self.turns:
            before, added = total[groups], values[rows]
            after = before + added
            rounded = after - before
            lost[groups] += (before - (after - rounded)) + (added - rounded)
            total[groups] = after
        lost[~exact] = 0.0
        return 0.0 - (total + lost)  # not a mere sign: of nothing left, zero and not minus zero

    def _left_of_wide(self, values: Array, exact: NDArray[np.bool_]) -> Array:
        """Return what is left, one row after the other in arrays that stay in the cache."""
        left, edges = np.empty((self.size, *values.shape[1:])), self.start.tolist()
        lost, after, rounded, spare = np.empty((4, *values.shape[1:]))
        add, subtract = np.add, np.subtract
        for group, (first, last) in enumerate(pairwise(edges)):
            total = left[group]
            total[...], lost[...] = -1.0, 0.0
            if not exact[group]:
                for row in self.rows[first:last].tolist():
                    add(total, values[row], total)
                subtract(0.0, total, total)
                continue
            for row in self.rows[first:last].tolist():
                add(total, values[row], after)
                subtract(after, total, rounded)
                subtract(after, rounded, spare)
                subtract(total, spare, total)
                subtract(values[row], rounded, rounded)
                add(total, rounded, total)
                add(lost, total, lost)
                total[...] = after
            add(total, lost, total)
            subtract(0.0, total, total)
        return left


def spread(source: NDArray[np.int32], share: Array, throughput: Array, flow: Array) -> None:
    """Write flows (F, …): a share times the throughput (P, …) of its source, or what is given where there is none."""
    width = flow[:1].size
    same = share[:1].size == throughput[:1].size == width
    if width > WIDE and same and flow[:1].flags.c_contiguous and (kernel := compiled()):
        held = in_rows(share), in_rows(throughput)
        kernel.spread(source, *(addresses(rows) for rows in (*held, flow)), width)
        return
    for to, given, out in zip(flow, share, source.tolist(), strict=True):
        if out < 0:
            to[...] = given
        else:
            np.multiply(given, throughput[out], out=to)


@dataclass(frozen=True, slots=True, eq=False)
class Scattered:
    """Rows that stand where they were made, in several arrays; indexed as one array of them is, which copies.

    Parameters
    ----------
    banks : arrays (n, S), whose rows are numbered one array after the other
    where : shape (N,), number of each row

    Examples
    --------
    >>> rows = Scattered.of((np.array([[1.0], [2.0]]), np.array([[3.0]])), np.array([2, 0]))
    >>> rows[np.array([0, 1])].ravel().tolist()
    [3.0, 1.0]
    """

    banks: tuple[Array, ...]
    where: NDArray[np.integer[Any]]

    @classmethod
    def of(cls, banks: Sequence[Array], where: NDArray[np.integer[Any]]) -> Scattered:
        """Return the rows; where they are so narrow that calls cost more than copies, in one array."""
        found = cls(tuple(banks), where)
        if banks[0].shape[1] > WIDE:
            return found
        return cls((found[:],), np.arange(len(where)))

    @property
    def width(self) -> int:
        """S."""
        return len(self.banks[0].T)

    @property
    def rows(self) -> int:
        """Number of the rows of all arrays."""
        return int(np.add.reduce([len(bank) for bank in self.banks]))

    def __getitem__(self, rows: NDArray[np.integer[Any]] | slice | int) -> Array:
        """Return rows (…, S), copied."""
        asked = np.asarray(self.where[rows])
        if len(self.banks) == 1:
            return np.asarray(self.banks[0][asked])
        flat, found = asked.reshape(-1), np.empty((*asked.shape, self.width))
        if not len(flat):
            return found
        made = found.reshape(-1, self.width)
        if self.width > WIDE and (kernel := compiled()):
            _held, places = self.addresses()
            kernel.copy(np.asarray(places[rows]).reshape(-1), addresses(made), self.width)
        else:
            first = 0
            for bank in self.banks:
                here = np.flatnonzero((flat >= first) & (flat < first + len(bank)))
                _copy(bank, flat[here] - first, made, here)
                first += len(bank)
        return found

    def addresses(self) -> tuple[tuple[Array, ...], NDArray[np.int64]]:
        """Return where each row stands, and the arrays to keep meanwhile."""
        held = tuple(in_rows(bank) for bank in self.banks)
        return held, np.concatenate([addresses(bank) for bank in held])[self.where]

    def part(self, rows: NDArray[np.integer[Any]]) -> Scattered:
        """Return some rows, not copied."""
        return Scattered(self.banks, self.where[rows])


def _copy(values: Array, rows: Positions, to: Array, places: Positions) -> None:
    """Write rows of values (n, S) into places among others; wide ones one by one, so that none is copied twice."""
    if values.shape[1] <= WIDE:
        to[places] = values[rows]
        return
    for place, row in zip(places.tolist(), rows.tolist(), strict=True):
        to[place] = values[row]


def compiled() -> Any:
    """Return the compiled kernel of rows where that of the balance has been loaded already, else None."""
    if _LOADED not in sys.modules:
        return None
    from cemfa.system import rowkernel

    return rowkernel


_LOADED: Final = "cemfa.system.kernel"


def in_rows(values: Array) -> Array:
    """Return the values (N, …), every row in one piece; as they are where that is so."""
    return values if values[:1].flags.c_contiguous else np.ascontiguousarray(values)


def addresses(values: Array, rows: NDArray[np.integer[Any]] | None = None) -> NDArray[np.int64]:
    """Return where rows of values (N, …) stand, None: all of them; keep the values while they are used."""
    numbers = np.arange(len(values), dtype=np.int64) if rows is None else rows.astype(np.int64)
    numbers *= values.strides[0]
    numbers += values.ctypes.data
    return numbers
