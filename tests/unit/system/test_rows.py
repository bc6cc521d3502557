"""Sums of rows, compiled or not: the same bits, and exact where the rounding is made good."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cemfa import compile_system, read_model
from cemfa.errors import BalanceError, CemfaError
from cemfa.system import kernel, rows
from cemfa.system.balance import largest_residual
from cemfa.system.capacity import added_capacity, open_share
from cemfa.system.containment import overfull
from cemfa.system.limits import settle
from cemfa.system.numbers import bind_plan, block_values
from cemfa.system.rows import RowGroups, Scattered, spread
from cemfa.system.solve import solve_years

WIDTH = 300  # wider than rows for which calls of numpy are cheaper


def both(monkeypatch, action):
    """Return what an action gives with compiled rows and without."""
    assert kernel.VECTORS  # importing it loads the compiled rows as well
    assert rows.compiled() is not None
    fast = action()
    with monkeypatch.context() as without:
        without.setattr(rows, "_LOADED", "no such module")
        slow = action()
    return fast, slow


@pytest.fixture
def drawn():
    """Return positive numbers over many decades (60, 2, WIDTH)."""
    return 10.0 ** np.random.default_rng(5).uniform(-9, 3, (60, 2, WIDTH))


def test_sums_have_the_same_bits_compiled_or_not(monkeypatch, drawn):
    groups = RowGroups.of(np.random.default_rng(6).integers(-1, 9, 60).tolist(), 9)
    some = np.arange(9) % 2 == 0
    for sums in (groups.add, groups.what_is_left, partial(groups.what_is_left, exact=some)):
        fast, slow = both(monkeypatch, lambda sums=sums: sums(drawn))
        np.testing.assert_array_equal(fast, slow)
        narrow = np.concatenate([sums(drawn[..., n : n + 1]) for n in range(3)], axis=-1)
        np.testing.assert_array_equal(fast[..., :3], narrow)


def test_rows_of_some_layers_are_added_like_whole_ones(drawn):
    groups = RowGroups.of([n % 7 for n in range(60)], 7)
    wide = np.concatenate([drawn, drawn], axis=1)
    np.testing.assert_array_equal(groups.add(wide[:, 1:3]), groups.add(np.ascontiguousarray(wide[:, 1:3])))


def test_flows_and_copies_have_the_same_bits_compiled_or_not(monkeypatch, drawn):
    source = np.random.default_rng(7).integers(-1, 20, 60).astype(np.int32)
    throughput = drawn[:20] * 3.0

    def made():
        flow = np.empty_like(drawn)
        spread(source, drawn, throughput, flow)
        flat = drawn.reshape(60, -1)
        return flow, Scattered.of((flat, flat[:5] * 2.0), np.array([64, 3, 0, 60]))[np.array([[0, 1], [2, 3]])]

    fast, slow = both(monkeypatch, made)
    for one, other in zip(fast, slow, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(fast[0][source < 0], drawn[source < 0])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_what_is_left_keeps_the_digits_of_a_tiny_remainder(shares):
    left = RowGroups.of([0] * len(shares), 1).what_is_left(np.array(shares)[:, None])[0, 0]
    exact = 1 - sum(Fraction(share) for share in shares)
    # one rounding of the result and one of the sum of errors, second order in the size of the sum
    assert abs(Fraction(float(left)) - exact) <= Fraction(2.3e-16) * abs(exact) + Fraction(1e-30) * len(shares) ** 2


@pytest.mark.parametrize("name", ["ben_tre", "rice_straw"])
def test_years_with_limits_have_the_same_bits_compiled_or_not(monkeypatch, name):
    system = compile_system(read_model(name))
    draws = system.sampler.samples(3, 0, WIDTH)
    binding, added, opened = bind_plan(system, None), added_capacity(system, None), open_share(system, None)

    def years():
        found = []
        for year in islice(solve_years(system, draws, binding, added, opened), 3):
            flags = overfull(system, year.flow).values()
            found += [year.flow, year.throughput, year.stock, np.array(year.residual), *flags]
        return found

    fast, slow = both(monkeypatch, years)
    for one, other in zip(fast, slow, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("bad", [-0.5, 3.0, np.nan])
@pytest.mark.parametrize("name", ["first_steps", "rice_straw"])
def test_a_wrong_number_among_many_is_refused_alike_compiled_or_not(monkeypatch, name, bad):
    system = compile_system(read_model(name))
    draws, binding = np.repeat(system.sampler.central()[:, None], WIDTH, axis=1), bind_plan(system, None)

    def outcome(row):
        wrong = draws.copy()
        wrong[row, 123] = bad
        try:
            found = settle(system, block_values(system, wrong, binding, 0))
            return [found.flows, np.array(largest_residual(system, found.flows, year=0, entering=found.entering))]
        except CemfaError as refused:
            return str(refused)

    refusals = set()
    for row in range(0, len(draws), max(1, len(draws) // 40)):
        fast, slow = both(monkeypatch, partial(outcome, row))
        np.testing.assert_equal(fast, slow)
        refusals.add(fast if isinstance(fast, str) else "")
    assert len(refusals) > 1


@pytest.mark.parametrize("bad", [-1.0, np.inf, np.nan])
def test_an_impossible_flow_among_many_is_found_alike_compiled_or_not(monkeypatch, bad):
    system = compile_system(read_model("first_steps"))
    numbers = block_values(system, np.repeat(system.sampler.central()[:, None], WIDTH, axis=1), None, 0)
    flows = settle(system, numbers).flows
    for flow in range(len(flows)):
        wrong = flows.copy()
        wrong[flow, -1, 77] = bad

        def said(wrong=wrong):
            with pytest.raises(BalanceError, match="flow-impossible") as refused:
                largest_residual(system, wrong, year=2020)
            return str(refused.value)

        fast, slow = both(monkeypatch, said)
        assert fast == slow
        assert system.flow_ids[flow] in fast
