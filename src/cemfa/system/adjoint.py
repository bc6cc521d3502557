"""Derivatives of throughputs by everything that enters them, from one reverse run over the eliminated system.

Beside `executors`: the table of the right-hand side is linear in the inputs, so run backwards it solves the
transposed system with the same pivots, as precisely as the balance itself; no second pattern is eliminated.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cemfa.system.executors import Factor
from cemfa.system.tables import ONE, DenseComponent, Table

Array = NDArray[np.float64]


def transposed(factor: Factor, weights: Array) -> Array:
    """Return by how much ``Σ weights · throughput`` grows per mass that enters each process from outside.

    Solves ``λ = weights + K λ``. With λ known, the derivative by the share of a flow e is
    ``throughput[source] · λ[target]``, by its mass (from outside) ``λ[target]``.

    Parameters
    ----------
    factor : of the balance, from `factorise`
    weights : shape (P, S); S may be any where the factor has one column

    Returns
    -------
    shape (P, S)

    Notes
    -----
    Adjoint of an implicit function: Griewank & Walther (2008), *Evaluating Derivatives*, chapter 15.

    Examples
    --------
    >>> from cemfa.system.elimination import eliminate
    >>> from cemfa.system.executors import factorise
    >>> loop = eliminate(2, [0, 1, 1], [1, 0, -1])
    >>> factor = factorise(loop, np.array([[1.0], [0.75], [0.25]]))
    >>> transposed(factor, np.array([[0.0], [1.0]])).ravel().tolist()
    [4.0, 4.0]
    """
    made = factor.elimination
    width = max(weights.shape[1], factor.width)
    reached = np.zeros((made.rhs_rows, width))
    for process, row in enumerate(made.throughput_row.tolist()):
        reached[row] += weights[process]
    dense = iter(reversed(factor.dense))
    for stage in reversed(made.rhs):
        if isinstance(stage, Table):
            _run_back(stage, factor.rows, reached)
        else:
            _dense_back(stage, next(dense), reached)
    return reached[: made.processes]


def _run_back(table: Table, left: Sequence[Array], reached: Array) -> None:
    """Hand what reached the result of every operation back to its operands, last operation first."""
    products = list(zip(table.left.tolist(), table.right.tolist(), strict=True))
    start, target, base = table.start.tolist(), table.target.tolist(), table.base.tolist()
    for number in range(len(target) - 1, -1, -1):
        arrived = reached[target[number]]
        for a, b in products[start[number] : start[number + 1]]:
            reached[b] += arrived if a == ONE else left[a] * arrived
        reached[base[number]] += arrived


def _dense_back(component: DenseComponent, factor: tuple[Array, Array], reached: Array) -> None:
    share, inverse = factor
    size = len(component.members)
    value = reached[component.throughput_row]
    for w in range(1, size):
        value[w] += np.add.reduceat(share[:w, w] * value[:w], [0], axis=0)[0]
    for v in range(size - 1, -1, -1):
        if v + 1 < size:
            value[v] += np.add.reduceat(share[v + 1 :, v] * value[v + 1 :], [0], axis=0)[0]
        value[v] *= inverse[v]
    np.add.at(reached, component.inflow_row, value)
