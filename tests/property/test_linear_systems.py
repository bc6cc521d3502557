"""Properties of the linear balance on systems drawn at random, and their answers in exact fractions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.answers import EXACT, dense, exact, largest_error
from tests.property.sizes import PARTS, WHOLE, drawn

from cemfa.testing import LinearCase, assert_balanced, linear_cases


def assert_exact(case: LinearCase) -> None:
    found = case.throughput()
    for sample in range(found.shape[1]):
        assert largest_error(found[:, sample], exact(case, sample)) <= EXACT
    assert_balanced(case.flows(), case.source, case.target, case.processes)


@pytest.mark.parametrize("part", range(PARTS))
@drawn(9_000 // PARTS)
@given(linear_cases(largest=12, samples=1))
def test_systems_of_up_to_twelve_processes_agree_with_fractions(part: int, case: LinearCase) -> None:
    assert_exact(case)


@pytest.mark.parametrize("part", range(3))
@drawn(900 // 3)
@given(linear_cases(largest=30, samples=1))
def test_systems_of_up_to_thirty_processes_agree_with_fractions(part: int, case: LinearCase) -> None:
    assert_exact(case)


def large(seed: int) -> LinearCase:
    """Up to 500 processes: a chain with flows ahead, back, to itself and in parallel, outlets down to 1e-6."""
    rng = np.random.default_rng(seed)
    processes = int(rng.integers(50, 501))
    inner = np.repeat(np.arange(processes), rng.integers(1, 5, processes))
    ahead = rng.random(len(inner)) < rng.uniform(0.7, 0.99)
    step = np.where(ahead, rng.integers(0, 12, len(inner)), -rng.integers(0, processes, len(inner)))
    heads = np.clip(inner + step, 0, processes - 1)
    source = np.concatenate([np.full(processes, -1), inner, np.arange(processes)]).astype(np.int32)
    target = np.concatenate([np.arange(processes), heads, np.full(processes, -1)]).astype(np.int32)
    weight = rng.random(len(inner)) * (rng.random(len(inner)) > 0.1)
    leak = 10.0 ** rng.uniform(-6, 0, processes)
    total = np.bincount(inner, weight, processes)
    leak[total == 0] = 1.0
    inside = weight / np.where(total > 0, total, 1.0)[inner] * (1 - leak)[inner]
    shares = np.concatenate([np.zeros(processes), inside, leak])
    inputs = rng.random(processes) * 10.0 ** rng.integers(-6, 7, processes)
    return LinearCase(processes, source, target, shares[:, None], inputs[:, None])


@pytest.mark.parametrize("seed", range(100 if WHOLE else 10))
def test_systems_of_up_to_five_hundred_processes_agree_with_dense_algebra(seed: int) -> None:
    case = large(seed)
    found = case.throughput()[:, 0]
    expected, condition = dense(case, 0)
    # LU with pivoting errs by a few units (1.1e-16) times the condition number, relative to the largest value;
    # 1e-12 leaves room for the growth of 500 steps
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * condition * expected.max())
    assert_balanced(case.flows(), case.source, case.target, case.processes)


@drawn(1_000)
@given(linear_cases())
def test_mass_is_conserved_and_nothing_negative(case: LinearCase) -> None:
    flows = case.flows()
    assert (flows >= 0).all()
    assert_balanced(flows, case.source, case.target, case.processes)


@drawn(500)
@given(linear_cases())
def test_twice_the_input_is_twice_every_flow(case: LinearCase) -> None:
    twice = LinearCase(case.processes, case.source, case.target, case.shares, 2 * case.inputs)
    assert (twice.flows() == 2 * case.flows()).all()


@drawn(500)
@given(linear_cases(), st.randoms(use_true_random=False))
def test_the_order_of_flows_and_processes_does_not_matter(case: LinearCase, random) -> None:
    flows, processes = (np.array(random.sample(range(n), n), dtype=np.intp) for n in (len(case.source), case.processes))
    turned = case.renumbered(processes).reordered(flows)
    # another order of elimination, other roundings
    np.testing.assert_allclose(turned.flows(), case.flows()[flows], rtol=2 * EXACT, atol=1e-280)


@drawn(500)
@given(linear_cases())
def test_a_sample_of_a_batch_is_that_sample_alone(case: LinearCase) -> None:
    together = case.flows()
    for sample in range(together.shape[1]):
        alone = case.sample(sample).flows()
        assert (alone[:, 0] == together[:, sample]).all()


@drawn(500)
@given(linear_cases())
def test_dense_elimination_gives_the_same(case: LinearCase) -> None:
    np.testing.assert_allclose(case.throughput(dense_from=0), case.throughput(), rtol=1e-12, atol=1e-280)


@drawn(500)
@given(linear_cases(), linear_cases())
def test_an_unconnected_system_beside_it_changes_no_bit(case: LinearCase, other: LinearCase) -> None:
    moved = [np.where(ends >= 0, ends + case.processes, -1) for ends in (other.source, other.target)]
    both = LinearCase(
        case.processes + other.processes,
        np.concatenate([case.source, moved[0]]),
        np.concatenate([case.target, moved[1]]),
        np.vstack([case.shares, other.shares]),
        np.vstack([case.inputs, other.inputs]),
    )
    assert (both.throughput()[: case.processes] == case.throughput()).all()


@drawn(500)
@given(linear_cases(), st.data())
def test_a_chain_of_two_in_place_of_a_process_changes_no_other_flow(case: LinearCase, data: st.DataObject) -> None:
    split = data.draw(st.sampled_from(sorted(set(case.source.tolist()) - {-1}) or [0]))
    # what entered `split` still enters it and goes on, whole, to a new process from which everything leaves
    source = np.append(np.where(case.source == split, case.processes, case.source), split)
    target = np.append(case.target, case.processes)
    shares = np.vstack([case.shares, np.ones((1, case.shares.shape[1]))])
    inputs = np.vstack([case.inputs, np.zeros((1, case.inputs.shape[1]))])
    chain = LinearCase(case.processes + 1, source, target, shares, inputs)
    found = np.where((source >= 0)[:, None], shares * chain.throughput()[np.maximum(source, 0)], 0.0)[:-1]
    inside = case.source >= 0
    np.testing.assert_allclose(found[inside], case.flows()[inside], rtol=2 * EXACT, atol=1e-280)


@drawn(500)
@given(linear_cases())
def test_parallel_flows_are_one_flow(case: LinearCase) -> None:
    ends = list(zip(case.source.tolist(), case.target.tolist(), strict=True))
    once = list(dict.fromkeys(ends))
    shares = np.zeros((len(once), case.shares.shape[1]))
    for pair, share in zip(ends, case.shares, strict=True):
        shares[once.index(pair)] += share
    source, target = (np.array(side, dtype=np.int32) for side in zip(*once, strict=True))
    merged = LinearCase(case.processes, source, target, shares, case.inputs)
    np.testing.assert_allclose(merged.throughput(), case.throughput(), rtol=2 * EXACT, atol=1e-280)
