"""Throughputs against exact fractions, loops close to closed, and the bits of a column."""

from fractions import Fraction

import numpy as np
import pytest

from cemfa.system.elimination import OUTSIDE, Elimination, eliminate
from cemfa.system.executors import ClosedColumn, factorise, substitute, throughputs


def exact(
    processes: int, source: list[int], target: list[int], shares: list[float], inputs: list[float]
) -> list[Fraction]:
    """Solve in fractions: what leaves a process (all shares but those to itself) times x equals what enters."""
    matrix = [[Fraction(0)] * processes for _ in range(processes)]
    for out, into, share in zip(source, target, shares, strict=True):
        if out >= 0 and out != into:
            matrix[out][out] += Fraction(share)
            if into >= 0:
                matrix[into][out] -= Fraction(share)
    right = [Fraction(b) for b in inputs]
    for p in range(processes):
        if not any(out == p != into for out, into in zip(source, target, strict=True)):
            matrix[p][p] = Fraction(1)  # a sink
    for k in range(processes):
        row = next(r for r in range(k, processes) if matrix[r][k])
        matrix[k], matrix[row], right[k], right[row] = matrix[row], matrix[k], right[row], right[k]
        for r in range(k + 1, processes):
            if factor := matrix[r][k] / matrix[k][k]:
                matrix[r] = [a - factor * b for a, b in zip(matrix[r], matrix[k], strict=True)]
                right[r] -= factor * right[k]
    x = [Fraction(0)] * processes
    for k in reversed(range(processes)):
        x[k] = (right[k] - sum(matrix[k][j] * x[j] for j in range(k + 1, processes))) / matrix[k][k]
    return x


def column(values: list[float]) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


def solve(made: Elimination, shares: list[float], inputs: list[float]) -> list[float]:
    return throughputs(made, column(shares), column(inputs)).ravel().tolist()


def test_recycling_loop_has_its_closed_form() -> None:
    made = eliminate(3, [-1, 0, 1, 1], [0, 1, 0, 2])
    assert solve(made, [0, 1, 0.75, 0.25], [10, 0, 0]) == [40, 40, 10]


def test_flows_to_itself_parallel_flows_and_sinks() -> None:
    source, target = [0, 0, 0, 1, 1], [0, 1, 1, OUTSIDE, 0]
    shares = [0.5, 0.25, 0.25, 0.5, 0.5]
    made = eliminate(2, source, target)
    assert solve(made, shares, [1, 0]) == [4, 2]
    assert made.looped.all()


def test_a_chain_needs_one_product_per_flow() -> None:
    made = eliminate(4, [0, 1, 2], [1, 2, 3])
    assert made.operations == 3
    assert not made.looped.any()


@pytest.mark.parametrize("leak", [1e-3, 1e-6, 1e-9, 1e-12])
def test_nearly_closed_loops_keep_full_precision(leak: float) -> None:
    source, target = [0, 1, 2, 2, 1], [1, 2, 0, OUTSIDE, 0]
    shares = [1.0, 0.75, 1 - leak, leak, 0.25]
    inputs = [3.0, 0.5, 0.0]
    expected = exact(3, source, target, shares, inputs)
    found = solve(eliminate(3, source, target), shares, inputs)
    for x, y in zip(found, expected, strict=True):
        assert abs(Fraction(x) - y) / y <= Fraction(1, 10**14)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("dense_from", [2_000_000, 0])
def test_random_systems_agree_with_fractions(seed: int, dense_from: int) -> None:
    rng = np.random.default_rng(seed)
    processes = int(rng.integers(2, 9))
    source = [*rng.integers(0, processes, 3 * processes), *range(processes)]
    target = [*rng.integers(0, processes, 3 * processes), *[OUTSIDE] * processes]
    weight = rng.random(len(source)) * 10.0 ** rng.integers(-6, 7, len(source))  # twelve decades
    shares = [
        float(w / sum(v for s, v in zip(source, weight, strict=True) if s == p))
        for w, p in zip(weight, source, strict=True)
    ]
    inputs = (rng.random(processes) * 10.0 ** rng.integers(-6, 7, processes)).tolist()
    expected = exact(processes, source, target, shares, inputs)
    found = solve(eliminate(processes, source, target, dense_from=dense_from), shares, inputs)
    for x, y in zip(found, expected, strict=True):
        assert abs(Fraction(x) - y) / y <= Fraction(1, 10**14)


def random_pattern(processes: int, seed: int) -> tuple[list[int], list[int], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    source = [*rng.integers(0, processes, 4 * processes), *range(processes)]
    target = [*rng.integers(0, processes, 4 * processes), *[OUTSIDE] * processes]
    weight = rng.random((len(source), 37))
    total = np.zeros((processes, 37))
    np.add.at(total, source, weight)
    return source, target, weight / total[source], rng.random((processes, 37))


def test_dense_and_sparse_components_agree() -> None:
    source, target, shares, inputs = random_pattern(60, 1)
    sparse = throughputs(eliminate(60, source, target), shares, inputs)
    dense = throughputs(eliminate(60, source, target, dense_from=10), shares, inputs)
    np.testing.assert_allclose(dense, sparse, rtol=1e-12)


@pytest.mark.parametrize("dense_from", [2_000_000, 10])
def test_a_column_does_not_depend_on_its_neighbours(dense_from: int) -> None:
    source, target, shares, inputs = random_pattern(40, 2)
    made = eliminate(40, source, target, dense_from=dense_from)
    together = throughputs(made, shares, inputs)
    for column_ in (0, 17, 36):
        cut = slice(column_, column_ + 1)
        assert (throughputs(made, shares[:, cut], inputs[:, cut]) == together[:, cut]).all()


def test_one_factor_serves_many_right_hand_sides() -> None:
    source, target, shares, inputs = random_pattern(30, 3)
    made = eliminate(30, source, target)
    factor = factorise(made, shares[:, :1])
    one_by_one = [throughputs(made, shares[:, :1], inputs[:, i : i + 1]) for i in range(5)]
    assert (substitute(factor, inputs[:, :5]) == np.hstack(one_by_one)).all()


def test_a_leak_without_a_flow_opens_a_loop() -> None:
    made = eliminate(2, [0, 1], [1, 0])
    x = throughputs(made, column([1.0, 0.5]), column([1.0, 0.0]), column([0.0, 0.5]))
    assert x.ravel().tolist() == [2, 2]


@pytest.mark.parametrize("dense_from", [2_000_000, 0])
def test_a_closed_loop_is_named(dense_from: int) -> None:
    source, target = [0, 1, 2, 3, 1], [1, 2, 3, 2, OUTSIDE]
    shares = np.array([[1, 1], [0.5, 0.5], [1, 1], [0.5, 1], [0.5, 0.5]])
    source, target = [*source, 3], [*target, OUTSIDE]
    shares = np.vstack([shares, [0.5, 0.0]])
    with pytest.raises(ClosedColumn) as closed:
        throughputs(eliminate(4, source, target, dense_from=dense_from), shares, np.ones((4, 1)))
    assert closed.value.processes == (2, 3)
    assert closed.value.column == 1


def test_a_loop_closed_only_in_part_names_that_part() -> None:
    source, target = [0, 1, 2, 0], [1, 2, 1, OUTSIDE]
    made = eliminate(3, [*source, 2], [*target, 0])
    with pytest.raises(ClosedColumn) as closed:
        throughputs(made, column([0.5, 1, 1, 0.5, 0]), column([1, 0, 0]))
    assert closed.value.processes == (1, 2)


def test_nothing_becomes_negative_or_infinite_over_twelve_decades() -> None:
    source, target, shares, inputs = random_pattern(50, 4)
    scale = 10.0 ** np.random.default_rng(5).integers(-6, 7, inputs.shape)
    found = throughputs(eliminate(50, source, target), shares, inputs * scale)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
