"""Rank correlation between parameters: a Gaussian copula on the normal scores; between `designs` and `sampling`.

Every parameter keeps its own marginal exactly; only which of its numbers meet which of the other's is changed.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from cemfa.errors import Place, Problem
from cemfa.system.scores import normal_scores, uniform_numbers

if TYPE_CHECKING:
    from cemfa.system.designs import Method
    from cemfa.system.uncertain import Row

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

_LEAST: Final = 1e-9  # smallest eigenvalue of a matrix that can be factored with digits to spare
_CLEAR: Final = 0.01  # smallest eigenvalue of the matrix proposed, so that its three decimals may be typed


def pearson(rank: float) -> float:
    """Return the correlation of normal scores that gives a rank correlation: 2 sin(π r/6) (Pearson 1907).

    Examples
    --------
    >>> round(pearson(0.5), 6)
    0.517638
    """
    return 2 * math.sin(math.pi * rank / 6)


def spearman(correlation: float) -> float:
    """Return the rank correlation of normal scores with a correlation; the inverse of `pearson`."""
    return 6 / math.pi * math.asin(correlation / 2)


@dataclass(frozen=True, eq=False)
class Link:
    """Streams drawn together, in sorted order of their names, and the factor of their correlation matrix.

    Parameters
    ----------
    streams : (k,)
    correlation : (k, k), of their normal scores
    factor : (k, k), its lower triangle of Cholesky
    """

    streams: Positions
    correlation: Array
    factor: Array

    @classmethod
    def of(cls, streams: Positions, correlation: Array) -> Link:
        """Return streams drawn together with a positive definite correlation of their scores."""
        return cls(streams, correlation, np.linalg.cholesky(correlation).astype(np.float64))

    def uniforms(self, independent: Array, method: Method) -> Array:
        """Return correlated uniform numbers (k, 256) from independent ones.

        In a Latin hypercube the numbers themselves are kept, and only put in the order of the correlated scores
        (Iman & Conover 1982, *Commun. Stat.* B11, 311–334), so that every part stays filled.
        """
        scores = normal_scores(independent)
        mixed = np.zeros_like(scores)
        for k, row in enumerate(self.factor):
            for weight, score in zip(row[: k + 1].tolist(), scores, strict=False):
                mixed[k] += weight * score
        if method == "latin_hypercube":
            ranks = np.argsort(np.argsort(mixed, axis=1, kind="stable"), axis=1, kind="stable")
            return np.take_along_axis(np.sort(independent, axis=1), ranks, axis=1)
        return uniform_numbers(mixed)


def links(rows: Sequence[Row], drawn: Mapping[int, str]) -> tuple[list[tuple[tuple[str, ...], Array]], list[Problem]]:
    """Return the names of streams that are drawn together with the correlation of their scores, and what is wrong.

    Parameters
    ----------
    rows : of all parameters
    drawn : stream of every row that is drawn by its own marginal, by position
    """
    wanted, problems = _stated(rows)
    items: dict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
    for position, stream in drawn.items():
        row = rows[position]
        cells = dict(row.index)
        items[row.parameter][tuple(cells.get(d, "") for d in sorted(row.varies_by))] = stream
    varies = {row.parameter: tuple(sorted(row.varies_by)) for row in rows}
    pairs: dict[tuple[str, str], float] = {}
    for (first, second), (rank, place) in wanted.items():
        found = list(_pair_problems(first, second, place, items, varies))
        problems += found
        if not found:
            shared = items[first].keys() & items[second].keys()
            pairs |= {(items[first][key], items[second][key]): rank for key in shared}
    made: list[tuple[tuple[str, ...], Array]] = []
    place_of = {
        items[name][key]: place for names, (_, place) in wanted.items() for name in names for key in items[name]
    }
    for names in _components(pairs):
        matrix = _matrix(names, pairs)
        if np.linalg.eigvalsh(matrix)[0] > _LEAST:
            made.append((names, matrix))
        else:
            problems.append(_matrix_problem(names, matrix, place_of[names[0]]))
    return made, problems


def _stated(rows: Sequence[Row]) -> tuple[dict[tuple[str, str], tuple[float, Place]], list[Problem]]:
    """Return the rank correlation of each pair of parameters, in order of their names."""
    wanted: dict[tuple[str, str], tuple[float, Place]] = {}
    problems = []
    for row in rows:
        for other, rank in row.correlated_with:
            shown = {"parameter": row.parameter, "other": other, "value": rank}
            pair = (min(row.parameter, other), max(row.parameter, other))
            if other == row.parameter:
                problems.append(Problem("correlation-self", row.place, shown))
            elif not -1 < rank < 1:
                problems.append(Problem("correlation-range", row.place, shown))
            elif (before := wanted.setdefault(pair, (rank, row.place)))[0] != rank:
                problems.append(Problem("correlation-clash", row.place, shown | {"before": before[0]}))
    return wanted, problems


def _pair_problems(
    first: str,
    second: str,
    place: Place,
    items: Mapping[str, Mapping[tuple[str, ...], str]],
    varies: Mapping[str, tuple[str, ...]],
) -> Iterator[Problem]:
    for name, other in ((first, second), (second, first)):
        if name not in varies:
            yield Problem("correlation-unknown", place, {"parameter": other, "other": name})
        elif name not in items:
            yield Problem("correlation-undrawn", place, {"parameter": other, "other": name})
    if first in items and second in items and varies[first] != varies[second]:
        shown = {name: list(varies[p]) or ["–"] for name, p in (("by", first), ("other_by", second))}
        yield Problem("correlation-varies", place, {"parameter": first, "other": second, **shown})


def _components(pairs: Mapping[tuple[str, str], float]) -> list[tuple[str, ...]]:
    """Return the sets of names that are joined by pairs, each sorted."""
    sets: dict[str, set[str]] = {}
    for first, second in pairs:
        joined = sets.get(first, {first}) | sets.get(second, {second})
        for name in joined:
            sets[name] = joined
    return sorted({tuple(sorted(found)) for found in sets.values()})


def _matrix(names: Sequence[str], pairs: Mapping[tuple[str, str], float]) -> Array:
    position = {name: n for n, name in enumerate(names)}
    found: Array = np.eye(len(names))
    for (first, second), rank in pairs.items():
        if first in position:
            i, j = position[first], position[second]
            found[i, j] = found[j, i] = pearson(rank)
    return found


def _matrix_problem(names: Sequence[str], matrix: Array, place: Place) -> Problem:
    near = nearest_correlation(matrix)
    changed = [
        f"{names[i]}:{names[j]} {spearman(near[i, j]):.3f}"
        for i in range(len(names))
        for j in range(i)
        if abs(near[i, j] - matrix[i, j]) > 5e-4
    ]
    return Problem("correlation-matrix", place, {"parameters": list(names), "nearest": changed})


def nearest_correlation(matrix: Array, least: float = _CLEAR) -> Array:
    """Return the correlation matrix next to a symmetric one whose eigenvalues are `least` or more.

    Alternating projections with Dykstra's correction: Higham (2002), *IMA J. Numer. Anal.* 22, 329–343.
    """
    found, correction = matrix.copy(), np.zeros_like(matrix)
    for _ in range(1000):
        shifted = found - correction
        values, vectors = np.linalg.eigh(shifted)
        positive = np.dot(vectors * np.maximum(values, least), vectors.T)  # ordered: no draw, only what is proposed
        correction = positive - shifted
        before, found = found, positive.copy()
        np.fill_diagonal(found, 1.0)
        if np.max(np.abs(found - before)) < 1e-9:
            break
    return found
