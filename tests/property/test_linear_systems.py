"""Properties of the linear balance on systems drawn at random."""

import numpy as np
from hypothesis import given, settings

from cemfa.system.elimination import eliminate
from cemfa.system.executors import throughputs
from cemfa.testing import LinearCase, assert_balanced, linear_cases

FEW = settings(max_examples=100, deadline=None, derandomize=True)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(linear_cases())
def test_mass_is_conserved_and_nothing_negative(case: LinearCase) -> None:
    flows = case.flows()
    assert (flows >= 0).all()
    assert_balanced(flows, case.source, case.target, case.processes)


@FEW
@given(linear_cases())
def test_twice_the_input_is_twice_every_flow(case: LinearCase) -> None:
    assert (case.flows(2 * case.inputs) == 2 * case.flows()).all()


@FEW
@given(linear_cases())
def test_the_order_of_flows_does_not_matter(case: LinearCase) -> None:
    order = np.arange(len(case.source))[::-1]
    turned = case.reordered(order)
    np.testing.assert_allclose(turned.flows(), case.flows()[order], rtol=1e-11, atol=1e-280)


@FEW
@given(linear_cases())
def test_a_sample_of_a_batch_is_that_sample_alone(case: LinearCase) -> None:
    together = case.flows()
    for sample in range(together.shape[1]):
        alone = case.sample(sample).flows()
        assert (alone[:, 0] == together[:, sample]).all()


@FEW
@given(linear_cases())
def test_dense_elimination_gives_the_same(case: LinearCase) -> None:
    dense = eliminate(case.processes, case.source, case.target, dense_from=0)
    sparse = eliminate(case.processes, case.source, case.target)
    a, b = (throughputs(made, case.shares, case.inputs) for made in (dense, sparse))
    np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-280)
