"""The reverse run of an eliminated system: transposed solve, derivatives by shares and inputs, on random systems."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cemfa.system.adjoint import transposed
from cemfa.system.elimination import eliminate
from cemfa.system.executors import factorise, throughputs
from cemfa.testing import LinearCase, linear_cases

FEW = settings(max_examples=100, deadline=None, derandomize=True)
DENSE = st.sampled_from((0, 2_000_000))


def weights_of(case: LinearCase) -> np.ndarray:
    return np.random.default_rng(7).random((case.processes, case.inputs.shape[1]))


@FEW
@given(linear_cases(), DENSE)
def test_weights_and_inputs_can_change_sides(case: LinearCase, dense: int) -> None:
    made = eliminate(case.processes, case.source, case.target, dense_from=dense)
    weights = weights_of(case)
    reached = transposed(factorise(made, case.shares), weights)
    x = throughputs(made, case.shares, case.inputs)
    # Σ w·x = Σ λ·b, all terms positive: a few roundings each
    np.testing.assert_allclose((reached * case.inputs).sum(axis=0), (weights * x).sum(axis=0), rtol=1e-11)


@FEW
@given(linear_cases(smallest_leak=1e-2), DENSE)
def test_it_solves_the_transposed_system(case: LinearCase, dense: int) -> None:
    made = eliminate(case.processes, case.source, case.target, dense_from=dense)
    weights = weights_of(case)
    reached = transposed(factorise(made, case.shares), weights)
    for sample in range(weights.shape[1]):
        matrix = np.eye(case.processes)
        for out, into, share in zip(case.source, case.target, case.shares[:, sample], strict=True):
            if out >= 0 and into >= 0:
                matrix[out, into] -= share
        # the dense reference loses about a leak's digits
        np.testing.assert_allclose(matrix @ reached[:, sample], weights[:, sample], rtol=1e-9, atol=1e-9)


@FEW
@given(linear_cases(smallest_leak=0.05, exits=True), DENSE, st.randoms(use_true_random=False))
def test_adjoint_forward_and_finite_differences_agree(case: LinearCase, dense: int, random) -> None:
    """Move some of a share to the exit of its process: shares still sum to one, the limit of the table's promise."""
    made = eliminate(case.processes, case.source, case.target, dense_from=dense)
    inner = [f for f in range(len(case.source)) if case.source[f] >= 0 and case.target[f] >= 0]
    inner = [f for f in inner if case.shares[f].min() > 0]  # a step relative to it
    if not inner:
        return
    flow = random.choice(inner)
    exit_ = next(f for f in range(len(case.source)) if case.source[f] == case.source[flow] and case.target[f] < 0)
    x, weights = throughputs(made, case.shares, case.inputs), weights_of(case)
    factor = factorise(made, case.shares)
    reached = transposed(factor, weights)
    adjoint = x[case.source[flow]] * reached[case.target[flow]]
    entering = np.zeros_like(x)
    entering[case.target[flow]] = x[case.source[flow]]  # dx solves the same system with dKᵀx for inputs
    forward = (weights * throughputs(made, case.shares, entering)).sum(axis=0)
    np.testing.assert_allclose(adjoint, forward, rtol=1e-11)
    step = 1e-4 * case.shares[[flow, exit_]].min(axis=0)
    moved = []
    for sign in (1.0, -1.0):
        shares = case.shares.copy()
        shares[flow] += sign * step
        shares[exit_] -= sign * step
        moved.append((weights * throughputs(made, shares, case.inputs)).sum(axis=0))
    difference = (moved[0] - moved[1]) / (2 * step)
    # rounding of the two sums divided by the step, beside the cubic term
    noise = 1e-14 * np.abs(moved[0]) / step
    assert (np.abs(difference - adjoint) <= 1e-6 * np.abs(adjoint) + noise).all()


def test_one_loop_has_its_closed_form() -> None:
    alpha = 0.75
    made = eliminate(2, [-1, 0, 1, 1], [0, 1, 0, -1])
    shares = np.array([[0.0], [1.0], [alpha], [1 - alpha]])
    reached = transposed(factorise(made, shares), np.array([[1.0], [0.0]]))
    x = throughputs(made, shares, np.array([[5.0], [0.0]]))
    # b = D/(1 − α): ∂b/∂D = 1/(1 − α), ∂b/∂α = D/(1 − α)²
    assert reached[0, 0] == pytest.approx(1 / (1 - alpha), rel=1e-15)
    assert x[1, 0] * reached[0, 0] == pytest.approx(5 / (1 - alpha) ** 2, rel=1e-15)
