"""Answers from elsewhere for random systems: exact fractions, and dense linear algebra."""

from fractions import Fraction

import numpy as np

from cemfa.testing import LinearCase

EXACT = 1e-13
"""No subtraction happens, so every operation of a path adds half a unit (1.1e-16) and none is magnified, whatever
the gain of the loops: thirty processes make a few hundred such roundings at most."""


def exact(case: LinearCase, sample: int) -> list[Fraction]:
    """Solve x = b + Kᵀ x for one sample in fractions, by Gauss's elimination on rows as dictionaries."""
    rows: list[dict[int, Fraction]] = [{p: Fraction(1)} for p in range(case.processes)]
    for out, into, share in zip(
        case.source.tolist(), case.target.tolist(), case.shares[:, sample].tolist(), strict=True
    ):
        if out >= 0 and into >= 0 and share:
            rows[into][out] = rows[into].get(out, Fraction(0)) - Fraction(share)
    right = [Fraction(b) for b in case.inputs[:, sample].tolist()]
    for k in range(case.processes):
        pivot = next(r for r in range(k, case.processes) if rows[r].get(k))
        rows[k], rows[pivot], right[k], right[pivot] = rows[pivot], rows[k], right[pivot], right[k]
        for r in range(k + 1, case.processes):
            if head := rows[r].pop(k, None):
                factor = head / rows[k][k]
                for column, value in rows[k].items():
                    if column != k:
                        rows[r][column] = rows[r].get(column, Fraction(0)) - factor * value
                right[r] -= factor * right[k]
    x = [Fraction(0)] * case.processes
    for k in reversed(range(case.processes)):
        known = sum((value * x[column] for column, value in rows[k].items() if column != k), Fraction(0))
        x[k] = (right[k] - known) / rows[k][k]
    return x


def dense(case: LinearCase, sample: int) -> tuple[np.ndarray, float]:
    """Solve the same with numpy's LU; also return the condition number of the matrix in the sum norm."""
    matrix = np.eye(case.processes)
    inside = (case.source >= 0) & (case.target >= 0)
    np.subtract.at(matrix, (case.target[inside], case.source[inside]), case.shares[inside, sample])
    return np.linalg.solve(matrix, case.inputs[:, sample]), float(np.linalg.cond(matrix, 1))


def largest_error(found: np.ndarray, expected: list[Fraction]) -> float:
    """Return the largest relative error over all processes; where nothing is expected, nothing may be found."""
    wrong = [abs(Fraction(x) - y) / y if y else Fraction(x) for x, y in zip(found.tolist(), expected, strict=True)]
    return float(max(wrong))
