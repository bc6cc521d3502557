"""The two executors against each other to the bit, blocks and threads, and what neither may compute."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.system.small import model
from tests.unit.system.test_elimination import random_pattern

from cemfa.errors import CemfaError, SolveError
from cemfa.system import executors
from cemfa.system.compile import compile_system
from cemfa.system.elimination import OUTSIDE, Elimination, eliminate
from cemfa.system.executors import chosen, factorise, flows, substitute, throughputs
from cemfa.system.limits import settle
from cemfa.system.numbers import block_values
from cemfa.system.refusing import ClosedColumn, WrongColumn
from cemfa.system.solve import solve
from cemfa.system.tables import Table

SIZES = pytest.mark.parametrize("dense_from", [2_000_000, 200, 0])


def system(dense_from: int, seed: int = 7) -> tuple[Elimination, np.ndarray, np.ndarray]:
    source, target, shares, inputs = random_pattern(40, seed)
    return eliminate(40, source, target, dense_from=dense_from), np.tile(shares, 9), np.tile(inputs, 9)


@SIZES
@pytest.mark.parametrize("width", [1, 2, 7, 8, 9, 31, 40, 127, 129, 333])
def test_both_executors_give_the_same_bits(dense_from: int, width: int) -> None:
    pytest.importorskip("numba")
    made, shares, inputs = system(dense_from)
    given = shares[:, :width].copy(), inputs[:, :width].copy()
    one, other = (flows(made, *given, executor=which) for which in executors.EXECUTORS)
    assert (one[0] == other[0]).all()
    assert (one[1] == other[1]).all()
    apart = factorise(made, given[0], executor="numba")
    assert (substitute(apart, given[1], executor="numba") == one[0]).all()
    assert (substitute(factorise(made, given[0]), given[1]) == one[0]).all()


def starting_at(place: int, values: np.ndarray) -> np.ndarray:
    """A copy whose first number is so many numbers behind a line of the cache."""
    whole = np.empty(values.size + 16)
    first = place + (-whole.ctypes.data // 8) % 8
    whole[first : first + values.size] = values.ravel()
    return whole[first : first + values.size].reshape(values.shape)


@pytest.mark.parametrize("width", [333, 520, 1000])
@pytest.mark.parametrize(("of_shares", "of_flows"), [(0, 0), (2, 2), (7, 1), (1, 0)])
def test_where_numbers_stand_in_memory_changes_no_bit(width: int, of_shares: int, of_flows: int) -> None:
    pytest.importorskip("numba")
    made, shares, inputs = system(2_000_000)
    given = [np.tile(values, 3)[:, :width].copy() for values in (shares, inputs)]
    expected = flows(made, *given, executor="numpy")
    out = starting_at(of_flows, np.full_like(given[0], np.nan))
    got = flows(made, starting_at(of_shares, given[0]), given[1], out=out, executor="numba")
    assert (got[0] == expected[0]).all()
    assert (out == expected[1]).all()


@pytest.mark.parametrize("place", [0, 3])
def test_flows_that_no_cache_holds_have_the_same_bits(place: int) -> None:
    pytest.importorskip("numba")
    from cemfa.system import kernel

    made, shares, inputs = system(2_000_000)
    width = 8 * (kernel.LARGE // (16 * 8 * made.flows) + 5) + 3
    given = [np.tile(values, -(-width // values.shape[1]))[:, :width].copy() for values in (shares, inputs)]
    wide = starting_at(place, given[0])
    assert 2 * wide.nbytes >= kernel.LARGE
    expected = flows(made, *given, executor="numpy")
    for out in (None, np.full_like(wide, np.nan)):
        got = flows(made, wide, given[1], out=out, executor="numba")
        assert (got[0] == expected[0]).all()
        assert (got[1] == expected[1]).all()


@pytest.mark.parametrize("checked", [False, True])
@pytest.mark.parametrize("executor", executors.EXECUTORS)
def test_a_throughput_that_no_number_holds_is_refused(checked: bool, executor: str) -> None:
    if executor == "numba":
        pytest.importorskip("numba")
    made = eliminate(2, [-1, 0, 1, 1], [0, 1, 0, -1])  # a loop that multiplies by a thousand
    shares, inputs = np.tile([[1.0], [1.0], [0.999], [0.001]], 600), np.full((2, 600), 1e300)
    inputs[:, 411] = 1.7e308
    for found in (flows, throughputs):
        with pytest.raises(WrongColumn) as wrong:
            found(made, shares, inputs, executor=executor, checked=checked)
        assert wrong.value.column == 411


@pytest.mark.parametrize("found", [flows, throughputs])
def test_a_wrong_column_leaves_those_after_it_as_they_are(found: Callable[..., Any]) -> None:
    pytest.importorskip("numba")
    made, shares, inputs = system(2_000_000, 3)
    shares, inputs = np.tile(shares[:, :1], 600), np.tile(inputs[:, :1], 600)
    inputs[:, 7] = -1.0  # taken at its word where all is said to be checked
    with np.errstate(all="raise"):
        slow, fast = (found(made, shares, inputs, executor=which, checked=True) for which in executors.EXECUTORS)
    for one, other in zip(slow, fast, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("seed", range(5))
def test_the_plain_loops_give_the_same_bits(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    from cemfa.system import kernel

    made, shares, inputs = system(2_000_000, seed)
    expected = throughputs(made, shares, inputs, executor="numba")
    monkeypatch.setattr(kernel, "VECTORS", False)
    assert (throughputs(made, shares, inputs, executor="numba") == expected).all()


@SIZES
@pytest.mark.parametrize("executor", executors.EXECUTORS)
def test_block_width_changes_no_bit(dense_from: int, executor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if executor == "numba":
        pytest.importorskip("numba")
    made, shares, inputs = system(dense_from)
    expected = throughputs(made, shares, inputs, executor=executor)
    for size in (1, 13, 50):
        monkeypatch.setattr(executors, "_size", lambda *_, size=size: size)
        assert (throughputs(made, shares, inputs, executor=executor) == expected).all()


@pytest.mark.parametrize("executor", executors.EXECUTORS)
def test_threads_change_no_bit(executor: str) -> None:
    if executor == "numba":
        pytest.importorskip("numba")
    made, shares, inputs = system(2_000_000)
    expected = throughputs(made, shares, inputs, executor=executor)
    cuts = [slice(first, first + 50) for first in range(0, 333, 50)]
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda c: throughputs(made, shares[:, c], inputs[:, c], executor=executor), cuts))
    assert (np.hstack(parts) == expected).all()


@pytest.mark.parametrize("executor", executors.EXECUTORS)
def test_views_with_strides_and_single_columns_are_read_rightly(executor: str) -> None:
    if executor == "numba":
        pytest.importorskip("numba")
    made, shares, inputs = system(2_000_000)
    expected = throughputs(made, shares[:, ::3].copy(), inputs[:, :1])
    assert (throughputs(made, shares[:, ::3], inputs[:, :1], executor=executor) == expected).all()
    assert (throughputs(made, np.asfortranarray(shares[:, ::3]), inputs[:, :1], executor=executor) == expected).all()
    one = throughputs(made, shares[:, :1], inputs, executor=executor)
    assert (one == throughputs(made, np.repeat(shares[:, :1], 333, axis=1), inputs)).all()


def test_flows_are_shares_of_the_throughput_and_masses_from_outside() -> None:
    made, shares, inputs = system(2_000_000)
    x, found = flows(made, shares, inputs)
    assert (found == shares * x[made.source]).all()
    out = np.empty_like(shares)
    assert flows(made, shares, inputs, out=out)[1] is out
    assert (out == found).all()


def test_what_is_left_of_a_tangle_is_eliminated_densely_with_the_same_result() -> None:
    rng = np.random.default_rng(11)
    source, target = [*rng.integers(0, 120, 480), *range(120)], [*rng.integers(0, 120, 480), *[OUTSIDE] * 120]
    weight = rng.random((600, 9))
    total = np.zeros((120, 9))
    np.add.at(total, source, weight)
    shares, inputs = weight / total[source], rng.random((120, 9))
    sparse = eliminate(120, source, target)
    mixed = eliminate(120, source, target, dense_from=2000)
    assert 0 < len(mixed.dense[0].members) < 100
    assert 0 < len(mixed.factor.left) < len(sparse.factor.left)
    found = throughputs(mixed, shares, inputs)
    np.testing.assert_allclose(found, throughputs(sparse, shares, inputs), rtol=1e-12)
    assert (substitute(factorise(mixed, shares), inputs) == found).all()


def test_rows_are_used_again() -> None:
    made, _, _ = system(2_000_000)
    computed = made.factor_rows + made.rhs_rows - made.flows - 2 * made.processes - 3
    assert made.fused.spare < computed / 2


def test_a_table_that_names_rows_that_are_not_there_is_refused() -> None:
    one, none = np.array([5], dtype=np.int32), np.empty(0, dtype=np.int32)
    table = Table(one, one, np.array([0, 0], dtype=np.int32), none, none, np.array([True]), one)
    table.check(6, 6)
    with pytest.raises(ValueError, match="rows that are not there"):
        table.check(6, 5)


def test_numba_is_taken_where_the_work_is_worth_it() -> None:
    pytest.importorskip("numba")
    assert chosen(None, executors.WORTH) == "numba"
    assert chosen("numpy", executors.WORTH) == "numpy"
    assert chosen("numba", 1) == "numba"


def test_a_missing_or_unknown_executor_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "find_spec", lambda _: None)
    assert chosen(None, executors.WORTH) == "numpy"
    with pytest.raises(CemfaError) as missing:
        chosen("numba", 1)
    assert [p.code for p in missing.value.problems] == ["executor-missing"]
    with pytest.raises(CemfaError) as unknown:
        chosen("fortran", 1)
    assert [p.code for p in unknown.value.problems] == ["executor-unknown"]


def test_a_single_balance_imports_no_numba() -> None:
    code = (
        "import sys; from cemfa import compile_system, read_model, solve;"
        "r = solve(compile_system(read_model('first_steps')));"
        "sys.exit('numba' in sys.modules or r.attrs['executor'] != 'numpy')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent)


def loop() -> object:
    return model(
        {"pool": {}, "plant": {"capacity": {"parameter": "capacity"}}, "dump": {"sink": True}},
        {
            "arising": {"from": "outside", "to": "pool", "amount": "arising"},
            "hauled": {"from": "pool", "to": "plant", "share": 1, "otherwise": ["dumped"]},
            "dumped": {"from": "pool", "to": "dump", "refused": True},
            "back": {"from": "plant", "to": "pool", "share": "gain"},
            "made": {"from": "plant", "to": "outside", "share": "remainder"},
        },
        {"arising": (100.0, "t/year"), "gain": 0.3, "capacity": (0.2, "t/d")},
    )


def test_solve_names_the_executor_it_used() -> None:
    pytest.importorskip("numba")
    compiled = compile_system(loop())
    one, other = (solve(compiled, samples=3, executor=which) for which in executors.EXECUTORS)
    assert (one.attrs.pop("executor"), other.attrs.pop("executor")) == executors.EXECUTORS
    assert one.identical(other)


WRONG = [
    ("share", 1, [np.nan, np.inf, -np.inf, -0.25]),
    ("sum", 0, [1.5, 0.5]),
    ("input", 0, [np.nan, np.inf, -1.0]),
    ("leak", 0, [np.nan, np.inf, -1.0]),
]


@pytest.mark.parametrize("executor", executors.EXECUTORS)
@pytest.mark.parametrize(("kind", "row", "value"), [(k, r, v) for k, r, values in WRONG for v in values])
@pytest.mark.parametrize("width", [1, 20])
def test_what_is_no_balance_is_refused_with_its_place(
    executor: str, kind: str, row: int, value: float, width: int
) -> None:
    if executor == "numba":
        pytest.importorskip("numba")
    made = eliminate(2, [0, 1, 1], [1, 0, OUTSIDE])
    shares, inputs, leak = np.ones((3, width)), np.ones((2, width)), np.zeros((2, width))
    shares[1:] = 0.5
    {"share": shares, "sum": shares, "input": inputs, "leak": leak}[kind][row, -1] = value
    with pytest.raises(WrongColumn) as wrong:
        throughputs(made, shares, inputs, leak, executor=executor)
    assert (wrong.value.kind, wrong.value.row, wrong.value.column) == (kind, row, width - 1)
    np.testing.assert_equal(wrong.value.value, value)
    if kind != "input":
        with pytest.raises(WrongColumn):
            factorise(made, shares, leak, executor=executor)


@pytest.mark.parametrize("executor", executors.EXECUTORS)
def test_a_gain_of_one_is_a_closed_loop_and_too_much_mass_no_number(executor: str) -> None:
    if executor == "numba":
        pytest.importorskip("numba")
    made = eliminate(2, [0, 1, 1], [1, 0, OUTSIDE])
    shares, inputs = np.array([[1.0] * 20, [0.5] * 20, [0.5] * 20]), np.ones((2, 20))
    shares[1:, 13] = 1.0, 0.0
    with pytest.raises(ClosedColumn) as closed:
        throughputs(made, shares, inputs, executor=executor)
    assert (closed.value.processes, closed.value.column) == ((0, 1), 13)
    shares[1:, 13], inputs[0, 4] = 0.5, 1.5e308
    with pytest.raises(WrongColumn) as wrong:
        throughputs(made, shares, inputs, executor=executor)
    assert (wrong.value.kind, wrong.value.column) == ("throughput", 4)


@pytest.mark.parametrize(
    ("flow", "value", "code"),
    [
        ("arising", np.nan, "mass-negative"), ("arising", np.inf, "mass-negative"), ("arising", -1.0, "mass-negative"),
        ("back", np.nan, "share-negative"), ("back", -0.1, "share-negative"), ("back", np.inf, "share-negative"),
        ("back", 0.9, "shares-above-one"), ("back", 0.1, "shares-below-one"),
        ("arising", 1.7e308, "throughput-endless"),
    ],
)  # fmt: skip
def test_settle_names_process_layer_year_sample_and_value(flow: str, value: float, code: str) -> None:
    compiled = compile_system(loop())
    numbers = block_values(compiled, np.repeat(compiled.sampler.central()[:, None], 3, axis=1), None, 0)
    coefficient = numbers.coefficient.copy()
    coefficient[compiled.flow_ids.index(flow), 0, 2] = value
    with pytest.raises(SolveError) as wrong:
        settle(compiled, replace(numbers, coefficient=coefficient))
    (problem,) = wrong.value.problems
    assert problem.code == code
    assert problem.parameters["sample"] == 2
    assert problem.parameters["year"] == compiled.years[0]
    assert problem.parameters["layer"] == compiled.layers[0]
    assert "value" in problem.parameters or "sum" in problem.parameters


@pytest.mark.parametrize("value", [np.nan, -1.0])
def test_settle_refuses_a_capacity_that_is_none(value: float) -> None:
    compiled = compile_system(loop())
    numbers = block_values(compiled, compiled.sampler.central()[:, None], None, 0)
    with pytest.raises(SolveError) as wrong:
        settle(compiled, numbers, np.array([[value]]))
    assert [p.code for p in wrong.value.problems] == ["capacity-negative"]
