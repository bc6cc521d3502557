"""Dirichlet groups: which rows add up to one, and their draws; beside `evaluators`, used by `sampling`."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cemfa.errors import Problem
from cemfa.system.evaluators import Pieces, pieces_of
from cemfa.system.scratch import Scratch
from cemfa.system.uncertain import Row, shown_row

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

GROUP_TOLERANCE: Final = 1e-9  # rounding of shares typed with nine digits
LEAST_ALPHA: Final = 0.3
"""From here on no quantile of a gamma that a 52-bit number can ask for comes near the smallest number."""
LEAST_CONCENTRATION: Final = 5.0
"""From here on the sum of a part falls below a twentieth once in 10⁸ draws: errors of its gammas are not enlarged."""
_TINY: Final = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True, eq=False)
class Part:
    """Rows that share a Dirichlet distribution: positions, streams and parameters; rows of zero are left out."""

    rows: tuple[int, ...]
    streams: tuple[str, ...]
    alpha: tuple[float, ...]

    @property
    def is_far_from_zero(self) -> bool:
        """Whether its gammas need no logarithms."""
        return min(self.alpha) >= LEAST_ALPHA and math.fsum(self.alpha) >= LEAST_CONCENTRATION


def in_turn(parts: Sequence[Part]) -> list[tuple[int, int]]:
    """Return part and member of every row of some parts, first members first, the largest parts in front.

    So the members that are added up stand under each other: a sum over all parts is an addition or two.

    Examples
    --------
    >>> in_turn([Part((0,), ("a",), (1.0,)), Part((1, 2), ("b", "c"), (1.0, 1.0))])
    [(1, 0), (0, 0), (1, 1)]
    """
    order = sorted(range(len(parts)), key=lambda p: -len(parts[p].rows))
    most = max((len(part.rows) for part in parts), default=0)
    return [(p, member) for member in range(most) for p in order if member < len(parts[p].rows)]


@dataclass(frozen=True, eq=False)
class Dirichlets:
    """Gamma quantiles divided by their sum within a part; rows stand as `in_turn` has them.

    Where a part's numbers might all underflow, gammas are taken as logarithms, so that it still has shares.

    Parameters
    ----------
    gammas : of all rows
    alpha : (n,), parameters of all rows
    members : slices of rows: the first member of every part, the second of those that have one, …
    order : (n,), positions of rows part by part
    starts : where each part begins in that order
    """

    gammas: Pieces
    alpha: Array
    members: tuple[slice, ...]
    order: Positions
    starts: Positions
    reads_scores: bool = True

    @classmethod
    def of(cls, parts: Sequence[Part]) -> Dirichlets:
        """Return the evaluator of parts, either all far from zero or all in logarithms."""
        turns = in_turn(parts)
        alpha = np.array([parts[p].alpha[member] for p, member in turns])
        sizes = np.bincount([member for _, member in turns])
        ends = np.cumsum(sizes).tolist()
        order = sorted(range(len(turns)), key=turns.__getitem__)
        zero, far = np.zeros((len(alpha), 1)), np.full((len(alpha), 1), np.inf)
        logarithmic = not all(part.is_far_from_zero for part in parts)
        parameters = np.stack([alpha, np.ones_like(alpha)], axis=1)
        return cls(
            gammas=pieces_of("gamma", parameters, zero, zero, zero + _TINY, far, logarithmic=logarithmic),
            alpha=alpha,
            members=tuple(slice(first, last) for first, last in zip([0, *ends], ends, strict=False)),
            order=np.array(order, dtype=np.intp),
            starts=np.flatnonzero([turns[n][1] == 0 for n in order]),
        )

    def __call__(self, read: Array, scratch: Scratch | None = None, kernel: ModuleType | None = None) -> Array:
        """Return the rows' shares (n, S) at normal scores (n, S); `kernel` is the compiled one, for the same bits."""
        scratch = scratch or Scratch()
        if self.gammas.logarithmic:
            weights = self._from_logarithms(read, scratch, kernel)
        else:
            weights = self.gammas(read, scratch, kernel)
        total = self._over_members(np.add, weights, scratch)
        for rows in self.members:
            weights[rows] /= total[: rows.stop - rows.start]
        return weights

    def _from_logarithms(self, read: Array, scratch: Scratch, kernel: ModuleType | None) -> Array:
        """Return the gammas divided by the largest of their part."""
        logs = self.gammas.pieces(read, scratch, kernel)
        largest = self._over_members(np.maximum, logs, scratch)
        for rows in self.members:
            logs[rows] -= largest[: rows.stop - rows.start]
        return np.exp(logs, out=logs)

    def _over_members(self, of: np.ufunc, values: Array, scratch: Scratch) -> Array:
        """Return sum or maximum over the members of each part, one member after the other."""
        first, *others = self.members
        found: Array = scratch.array("parts", (first.stop, values.shape[1]))
        found[:] = values[first]
        for rows in others:
            part = found[: rows.stop - rows.start]
            of(part, values[rows], out=part)
        return found


def parts_of(rows: Sequence[Row]) -> tuple[list[Part], list[Problem]]:
    """Return the parts of all groups, each of which sums to one, and the problems of groups that have none."""
    members: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        if row.group is not None:
            members[row.group].append(i)
    problems: list[Problem] = []
    found: list[Part] = []
    for group, positions in members.items():
        wrong = list(_group_problems(group, [rows[i] for i in positions]))
        split = None if wrong else _split(rows, positions)
        if split is None:
            problems += wrong or [_sum_problem(group, [rows[i] for i in positions])]
            continue
        for part in _parts(rows, positions, split).values():
            concentration = _concentration([rows[i] for i in part])
            if concentration is None:
                problems.append(_concentration_problem(group, [rows[i] for i in part]))
                continue
            # in the order of their names: the bits of a sum must not depend on the order of rows
            named = sorted((_component(group, rows[i], split), i) for i in part if rows[i].marginal.value > 0)
            streams, drawn = tuple(name for name, _ in named), [i for _, i in named]
            found.append(Part(tuple(drawn), streams, tuple(concentration * rows[i].marginal.value for i in drawn)))
    return found, problems


def _group_problems(group: str, rows: Sequence[Row]) -> Iterator[Problem]:
    if len({row.varies_by for row in rows}) > 1:
        yield Problem("group-varies-by", rows[0].place, {"group": group})
    for row in rows:
        value = row.marginal.value
        if not 0 <= value <= 1:
            yield Problem(
                "distribution-range",
                row.place,
                {
                    "parameter": shown_row(row),
                    "kind": "dirichlet",
                    "value": value,
                    "lower": 0.0,
                    "upper": 1.0,
                },
            )


def _split(rows: Sequence[Row], positions: Sequence[int]) -> tuple[str, ...] | None:
    """Return the fewest dimensions that part a group into vectors which each sum to one, None if none do.

    A composition by district is one Dirichlet per district without the user writing nine group names;
    dimensions of `varies_by` always part it, years too.
    """
    varies = rows[positions[0]].varies_by
    others = sorted({dimension for i in positions for dimension, _ in rows[i].index} - set(varies))
    for size in range(len(others) + 1):
        for chosen in itertools.combinations(others, size):
            split = (*varies, *chosen)
            parts = _parts(rows, positions, split).values()
            sums = [math.fsum(rows[i].marginal.value for i in part) for part in parts]
            if all(abs(total - 1) <= GROUP_TOLERANCE for total in sums):
                return split
    return None


def _concentration(rows: Sequence[Row]) -> float | None:
    """Return the one concentration that the rows of a part give, on one row or on all; else None."""
    given = {row.concentration for row in rows if row.concentration is not None}
    only = given.pop() if len(given) == 1 else None
    return only if only is not None and 0 < only < math.inf else None


def _concentration_problem(group: str, rows: Sequence[Row]) -> Problem:
    given = sorted({row.concentration for row in rows if row.concentration is not None})
    shown = {"group": group, "parameter": shown_row(rows[0]), "count": len(given), "found": given}
    return Problem("group-concentration", rows[0].place, shown)


def _parts(rows: Sequence[Row], positions: Sequence[int], split: Sequence[str]) -> dict[object, list[int]]:
    parts: dict[object, list[int]] = defaultdict(list)
    for i in positions:
        items = dict(rows[i].index)
        parts[(rows[i].year, *(items.get(dimension, "") for dimension in split))].append(i)
    return parts


def _component(group: str, row: Row, split: Sequence[str]) -> str:
    """Return the stream's name of a component: the same in every part, but for what varies independently."""
    own = ",".join(item for dimension, item in row.index if dimension not in split)
    varied = dict(row.index)
    free = ",".join(varied[dimension] for dimension in row.varies_by if dimension in varied)
    return f"{group}:{row.parameter}[{own}]" + (f"[{free}]" if free else "")


def _sum_problem(group: str, rows: Sequence[Row]) -> Problem:
    values = [row.marginal.value for row in rows if row.year == rows[0].year]
    total = math.fsum(values)
    shown = {"group": group, "sum": total, "excess": total - 1, "count": len(values)}
    return Problem("group-sum", rows[0].place, shown)
