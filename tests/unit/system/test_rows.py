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
from cemfa.system import kernel, rows
from cemfa.system.capacity import added_capacity, open_share
from cemfa.system.containment import overfull
from cemfa.system.numbers import bind_plan
from cemfa.system.rows import RowGroups, spread, taken
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
        return flow, taken((flat, flat[:5] * 2.0), np.array([[64, 3], [0, 60]]))

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
