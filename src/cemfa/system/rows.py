"""Sums of rows by group in a fixed order: the bits of a column never depend on how many columns there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Positions = NDArray[np.intp]
WIDE: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class RowGroups:
    """Rows by group; the first rows of all groups are added in one turn, then the second ones, …

    Parameters
    ----------
    size : number of groups
    turns : rows and the groups they belong to, turn by turn
    pairs : the same one by one, for rows so wide that a call costs less than copies; sums have the same bits
    """

    size: int
    turns: tuple[tuple[Positions, Positions], ...]
    pairs: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, groups: Iterable[int], size: int) -> RowGroups:
        """Return the grouping of rows numbered 0, 1, …; a negative group leaves its row out.

        Examples
        --------
        >>> RowGroups.of([0, 1, -1, 0], 2).add(np.array([[1.0], [2.0], [4.0], [8.0]])).ravel().tolist()
        [9.0, 2.0]
        """
        seen: dict[int, int] = defaultdict(int)
        turns: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for row, group in enumerate(groups):
            if group >= 0:
                turns[seen[group]].append((row, group))
                seen[group] += 1
        arrays = [np.array(turns[turn], dtype=np.intp) for turn in sorted(turns)]
        pairs = tuple(pair for turn in sorted(turns) for pair in turns[turn])
        return cls(size, tuple((pair[:, 0], pair[:, 1]) for pair in arrays), pairs)

    def add(self, values: Array) -> Array:
        """Return the sums (size, …) of values (N, …) by group."""
        total = np.zeros((self.size, *values.shape[1:]))
        if values[:1].size > WIDE:
            for row, group in self.pairs:
                np.add(total[group], values[row], out=total[group])
            return total
        for rows, groups in self.turns:
            total[groups] += values[rows]
        return total

    def what_is_left(self, values: Array) -> Array:
        """Return one minus the sums by group, with the rounding of every addition made good.

        Summation after Neumaier (1974), *ZAMM* 54, 39–51: a remainder of 1e-9 keeps its digits.
        """
        total = np.full((self.size, *values.shape[1:]), -1.0)
        lost = np.zeros_like(total)
        for rows, groups in self.turns:
            before, added = total[groups], values[rows]
            after = before + added
            larger = np.abs(before) >= np.abs(added)
            lost[groups] += np.where(larger, (before - after) + added, (added - after) + before)
            total[groups] = after
        return 0.0 - (total + lost)  # not a mere sign: of nothing left, zero and not minus zero
