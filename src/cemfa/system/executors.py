"""Run the tables of an elimination over vectors of samples, with numpy or with the compiled kernel.

Stands after elimination: shares and inputs come in as rows (one per flow or process), columns are samples,
layers or days, and throughputs come out. Columns never mix, so a column's bits do not depend on its neighbours;
nor do they on the executor, as both round the same operations in the same order.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from cemfa import locale
from cemfa.errors import CemfaError, Problem
from cemfa.system import dense
from cemfa.system.blocks import ArrayBlock, Bank, Block, FloatBlock, KernelBlock, Rows
from cemfa.system.elimination import Elimination
from cemfa.system.refusing import ClosedColumn, WrongColumn, closed_loop, refuse_wrong
from cemfa.system.rows import spread
from cemfa.system.tables import FIRST_SHARE, ZERO, DenseComponent, Table
from cemfa.workers import keep_memory

Array = NDArray[np.float64]
Executor = Literal["numpy", "numba"]
EXECUTORS: Final = ("numpy", "numba")
CACHE: Final = 1 << 23
"""Numbers in the rows of one block of numpy (64 MB): wide rows, as every operation is a call or two."""
NARROW, WIDE = 1 << 9, 1 << 12
KERNEL_CACHE: Final = 1 << 17
"""Numbers in the rows that the kernel uses again (1 MB): they should stay in the second-level cache."""
KERNEL_NARROW, KERNEL_WIDE = 1 << 6, 1 << 8
FEW: Final = 8
"""Columns up to which floats of Python are faster than calls of numpy."""
WORTH: Final = 50_000_000
"""Products from which importing numba, about a second, is soon regained."""
TINY: Final = 2_000
"""Products up to which numpy and floats of Python take less time than to hand rows to a kernel that is there."""


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """An eliminated system with numbers: solves for any inputs.

    Parameters
    ----------
    elimination : the pattern
    rows : the factor workspace, row by row, each of shape (S,)
    width : S
    dense : shape (n, n, S) and (n, S) per dense component: multipliers and reciprocal pivots
    banks : the same rows, as they lie in memory
    """

    elimination: Elimination
    rows: tuple[Array, ...]
    width: int
    dense: tuple[tuple[Array, Array], ...]
    banks: tuple[Bank, ...]


def chosen(executor: Executor | None, products: int) -> Executor:
    """Return the executor to use.

    Parameters
    ----------
    executor : forces one; None takes numba where it is installed and the work worth its import
    products : number of products that will be computed

    Raises
    ------
    CemfaError
        where there is no such executor, or numba is asked for and not installed.

    Examples
    --------
    >>> chosen(None, 1000)
    'numpy'
    """
    if executor is None:
        return "numba" if products >= WORTH and find_spec("numba") else "numpy"
    if executor not in EXECUTORS:
        shown = {"executor": str(executor), "known": EXECUTORS}
        raise locale.error(CemfaError, Problem("executor-unknown", parameters=shown))
    if executor == "numba" and not find_spec("numba"):
        raise locale.error(CemfaError, Problem("executor-missing", parameters={"executor": executor}))
    return executor


def factorise(
    elimination: Elimination, shares: Array, leak: Array | None = None, *, executor: Executor | None = None
) -> Factor:
    """Return the factors of a system for given shares, good for any number of right-hand sides.

    Parameters
    ----------
    shares : shape (F, S), share of the source's throughput [1]; ignored for flows from outside
    leak : shape (P, S), share that leaves a process without a flow of the pattern [1]; None is zero
    executor : what runs the table; None chooses

    Raises
    ------
    WrongColumn
        where a share is negative or not finite, or shares of a process do not sum to one
    ClosedColumn
        where a loop has no outlet with a positive share

    Examples
    --------
    >>> from cemfa.system.elimination import eliminate
    >>> loop = eliminate(2, [0, 1, 1], [1, 0, -1])
    >>> factor = factorise(loop, np.array([[1.0], [0.75], [0.25]]))
    >>> substitute(factor, np.array([[1.0], [0.0]])).ravel().tolist()
    [4.0, 4.0]
    """
    refuse_wrong(elimination, shares, None, leak, 0)
    return _factorised(elimination, shares, leak, _with(executor, elimination, shares.shape[1]))


def substitute(factor: Factor, inputs: Array, *, executor: Executor | None = None) -> Array:
    """Return the throughput of every process for given inputs.

    Parameters
    ----------
    inputs : shape (P, S), what enters each process from outside; S may be 1 where the factor's is larger
    executor : what runs the table; None chooses

    Returns
    -------
    shape (P, S), in the unit of the inputs
    """
    made = factor.elimination
    width = max(inputs.shape[1], factor.width)
    used = _with(executor, made, width)
    computed = np.empty((made.rhs_rows - made.processes - 1, width))
    right = (Bank(inputs), Bank(np.zeros((1, 1))), Bank(computed, "computed"))
    rows = Rows(factor.banks, right, made.processes, width)
    matrices, size = _matrices(used), _size(used, made.factor_rows + made.rhs_rows, made.rhs_rows, width)
    for part, block in _blocks(rows, used, size):
        kept = iter(factor.dense)
        for stage in made.rhs:
            if isinstance(stage, Table):
                block.run(stage)
            else:
                _substitute_dense(stage, block, matrices, next(kept), part.start)
        block.close()
    found = np.empty((made.processes, width))
    for process, row in enumerate(made.throughput_row.tolist()):
        found[process] = computed[row - made.processes - 1] if row > made.processes else inputs[row]
    return found


def throughputs(
    elimination: Elimination,
    shares: Array,
    inputs: Array,
    leak: Array | None = None,
    *,
    executor: Executor | None = None,
    checked: bool = False,
) -> Array:
    """Return the throughput of every process, factor and substitution in one, block of columns by block.

    Solves ``x = b + Kᵀ x`` per column. Shapes as in `factorise` and `substitute`; shares, inputs and leak may
    have one column for all. The result of a column depends on neither the other columns nor the executor.

    Parameters
    ----------
    executor : what runs the table; None chooses
    checked : whether shares and inputs are known to be finite, not negative and, by process, to sum to one

    Raises
    ------
    WrongColumn
        where a share or an input is negative or not finite, shares of a process do not sum to one, or a throughput
        is beyond what a number can hold
    ClosedColumn
        where a loop has no outlet with a positive share
    """
    return _solved(elimination, shares, inputs, leak, None, executor, checked=checked)


def flows(
    elimination: Elimination,
    shares: Array,
    inputs: Array,
    leak: Array | None = None,
    *,
    out: Array | None = None,
    executor: Executor | None = None,
    checked: bool = False,
) -> tuple[Array, Array]:
    """Return the throughputs (P, S) and all flows (F, S), written while their numbers are still in the cache.

    Arguments and errors as of `throughputs`; a flow from outside is what its row of the shares holds.

    Parameters
    ----------
    out : shape (F, S), where to write the flows

    Examples
    --------
    >>> from cemfa.system.elimination import eliminate
    >>> loop = eliminate(2, [-1, 0, 1, 1], [0, 1, 0, -1])
    >>> given = np.array([[1.0], [1.0], [0.75], [0.25]])
    >>> flows(loop, given, np.array([[1.0], [0.0]]))[1].ravel().tolist()
    [1.0, 4.0, 3.0, 1.0]
    """
    width = _width(shares, inputs, leak)
    found = _on_lines(elimination.flows, width, shares.ctypes.data) if out is None else out
    return _solved(elimination, shares, inputs, leak, found, executor, checked=checked), found


def _solved(
    elimination: Elimination, shares: Array, inputs: Array, leak: Array | None, flow: Array | None,
    executor: Executor | None, *, checked: bool,
) -> Array:  # fmt: skip
    """Return the throughputs, and write the flows where they are wanted."""
    width = _width(shares, inputs, leak)
    program, used = elimination.fused, _with(executor, elimination, width)
    size = _size(used, program.rows, program.spare, width)
    found = np.empty((elimination.processes, width))
    leaving = np.broadcast_to(np.zeros((1, 1)), (elimination.processes, 1)) if leak is None else leak
    spare = Bank(_on_lines(program.spare, size), "spare")
    banks = (_CONSTANTS, Bank(shares), Bank(leaving), Bank(inputs), Bank(found, "computed"), spare)
    rows = Rows(banks, banks, ZERO, width)
    found[program.untouched] = inputs[program.untouched]
    only = program.stages[0] if len(program.stages) == 1 else None
    sound = False
    if used == "numba" and size > FEW and isinstance(only, Table) and _kernel().VECTORS:
        sound = KernelBlock(rows, size, _kernel()).run_whole(elimination, only, flow, checked=checked)
    if not sound:
        _run_blocks(elimination, rows, used, size, flow, checked=checked)
        if not np.isfinite(found).all():
            _refuse_endless(elimination, shares, leak, found)
    return found


def _run_blocks(
    elimination: Elimination, rows: Rows, used: Executor, size: int, flow: Array | None, *, checked: bool
) -> None:
    """Run the fused program block by block, and write the flows where they are wanted."""
    shares, leak, inputs, found = (bank.values for bank in rows.right[1:5])
    matrices = _matrices(used)
    for part, block in _blocks(rows, used, size):
        if not checked:
            refuse_wrong(elimination, _cut(shares, part), _cut(inputs, part), _cut(leak, part), part.start)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # what is not finite is refused in the end
            for stage in elimination.fused.stages:
                if isinstance(stage, Table):
                    block.run(stage)
                else:
                    _solve_dense(stage, block, matrices)
            block.close()
            if flow is not None:
                spread(elimination.source, _cut(shares, part), found[:, part], flow[:, part])


def _on_lines(rows: int, width: int, like: int = 0) -> Array:
    """Return rows of any content that begin on a line of the cache, or where in a line another address is."""
    whole = np.empty(rows * width + _LINE)
    first = ((like - whole.ctypes.data) // whole.itemsize) % _LINE
    return whole[first : first + rows * width].reshape(rows, width)


_LINE: Final = 8  # numbers
_CONSTANTS: Final = Bank(np.array([[1.0], [0.0]]))


def _factorised(elimination: Elimination, shares: Array, leak: Array | None, used: Executor) -> Factor:
    """Return the factors, or raise for the first column in which a pivot is zero."""
    width = max(shares.shape[1], 1 if leak is None else leak.shape[1])
    leaving = np.broadcast_to(np.zeros((1, 1)), (elimination.processes, 1)) if leak is None else leak
    given = FIRST_SHARE + elimination.flows + elimination.processes
    computed = np.empty((elimination.factor_rows - given, width))
    banks = (_CONSTANTS, Bank(shares), Bank(leaving), Bank(computed, "computed"))
    size = _size(used, elimination.factor_rows, len(computed), width)
    kept: list[list[tuple[Array, Array]]] = [[] for _ in elimination.dense]
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # a pivot of zero is looked for below
        for _, block in _blocks(Rows(banks, banks, ZERO, width), used, size):
            block.run(elimination.factor)
            for number, stage in enumerate(elimination.dense):
                kept[number] += _factor_dense(stage, block, _matrices(used))
            block.close()
    dense = tuple(
        (np.stack([share for share, _ in each], axis=-1), np.stack([inverse for _, inverse in each], axis=-1))
        for each in kept
    )
    rows = tuple(row for bank in banks for row in bank.values)
    _refuse_closed(elimination, shares, rows, dense)
    return Factor(elimination, rows, width, dense, banks)


def _with(executor: Executor | None, elimination: Elimination, width: int) -> Executor:
    """Return the executor for one call: numba too where it has been imported already and the work is not tiny."""
    products = elimination.products * width
    if executor is None and KERNEL in sys.modules and products > TINY:
        return "numba"
    return chosen(executor, products)


KERNEL: Final = "cemfa.system.kernel"
"""The compiled kernel: whoever imports it has all that follows computed by it where that is faster."""


def compiled(executor: Executor | None, module: str, products: int = 0) -> ModuleType | None:
    """Return the compiled module that does what numpy does here, or None where numpy is to do it.

    Parameters
    ----------
    executor : ``"numpy"`` or ``"numba"``; None takes numba where a kernel has been imported already, or where it is
        installed and the work is worth its import
    module : its full name
    products : number of products that will be computed
    """
    if executor is None and KERNEL in sys.modules:
        executor = "numba"
    return import_module(module) if chosen(executor, products) == "numba" else None


def _width(shares: Array, inputs: Array, leak: Array | None) -> int:
    return max(int(a.shape[1]) for a in (shares, inputs, leak) if a is not None)


def _cut(values: Array, part: slice) -> Array:
    return values if values.shape[1] == 1 else values[:, part]


def _size(used: Executor, rows: int, spare: int, width: int) -> int:
    """Return how many columns to compute at a time."""
    if used == "numba":
        size = min(KERNEL_WIDE, max(KERNEL_NARROW, KERNEL_CACHE // max(1, spare)))
    else:
        size = 1 if width <= FEW else min(WIDE, max(NARROW, CACHE // max(1, rows)))
    return max(1, min(width, size))


def _blocks(rows: Rows, used: Executor, size: int) -> Iterator[tuple[slice, Block]]:
    """Yield blocks of columns, each with its slice."""
    block: Block
    if used == "numba":
        block = KernelBlock(rows, size, _kernel())
    else:
        block = FloatBlock(rows) if size == 1 else ArrayBlock(rows)
    for first in range(0, rows.width, size):
        part = slice(first, min(rows.width, first + size))
        block.move(part)
        yield part, block


@dataclass(frozen=True, slots=True, eq=False)
class _Matrices:
    """How full matrices are eliminated, one column at a time."""

    factor: Callable[[Array, Array], Array]
    substitute: Callable[[Array, Array, Array], None]


def _matrices(used: Executor) -> _Matrices:
    if used == "numpy":
        return _Matrices(dense.factor_matrix, dense.substitute_matrix)
    kernel = _kernel()
    return _Matrices(kernel.factor_matrix, kernel.substitute_matrix)


def _kernel() -> Any:
    from cemfa.system import kernel

    keep_memory()
    return kernel


def _factor_dense(stage: DenseComponent, block: Block, matrices: _Matrices) -> Iterator[tuple[Array, Array]]:
    """Yield multipliers (n, n) and reciprocal pivots (n,) of a dense component, column by column."""
    shares, leaks = block.read(stage.share_row), block.read(stage.leak_row)
    size = len(stage.members)
    for column in range(leaks.shape[1]):
        matrix = np.zeros((size, size))
        matrix[stage.head, stage.tail] = shares[:, column]
        yield matrix, matrices.factor(matrix, np.ascontiguousarray(leaks[:, column]))


def _solve_dense(stage: DenseComponent, block: Block, matrices: _Matrices) -> None:
    """Eliminate a dense component and write its throughputs; one matrix at a time is held."""
    found = block.read(stage.inflow_row)
    for column, (matrix, inverse) in enumerate(_factor_dense(stage, block, matrices)):
        value = np.ascontiguousarray(found[:, column])
        matrices.substitute(matrix, inverse, value)
        found[:, column] = value
    block.write(stage.throughput_row, found)


def _substitute_dense(
    stage: DenseComponent, block: Block, matrices: _Matrices, factor: tuple[Array, Array], first: int
) -> None:
    """Write the throughputs of a dense component for columns counted from `first`."""
    found = block.read(stage.inflow_row, left=False)
    share, inverse = factor
    for column in range(found.shape[1]):
        of = min(first + column, inverse.shape[1] - 1)
        value = np.ascontiguousarray(found[:, column])
        matrices.substitute(np.ascontiguousarray(share[:, :, of]), np.ascontiguousarray(inverse[:, of]), value)
        found[:, column] = value
    block.write(stage.throughput_row, found)


def _refuse_endless(elimination: Elimination, shares: Array, leak: Array | None, found: Array) -> None:
    """Raise for throughputs that are not finite: because a loop is closed, or else beyond what a number can hold."""
    wrong = int(np.flatnonzero(~np.isfinite(found).all(axis=0))[0])
    part = slice(wrong, wrong + 1)
    try:
        _factorised(elimination, _cut(shares, part), None if leak is None else _cut(leak, part), "numpy")
    except ClosedColumn as closed:
        raise ClosedColumn(closed.processes, wrong) from None
    row = int(np.flatnonzero(~np.isfinite(found[:, wrong]))[0])
    raise WrongColumn("throughput", row, wrong, float(found[row, wrong]))


def _refuse_closed(
    elimination: Elimination, shares: Array, rows: Sequence[Array], dense: tuple[tuple[Array, Array], ...]
) -> None:
    """Raise for the first column in which a pivot is zero: matter in that loop would never leave."""
    pivots = [(elimination.pivot_process, np.array([rows[row] for row in elimination.pivot_row]))]
    pivots += [(c.members, inverse) for c, (_, inverse) in zip(elimination.dense, dense, strict=True)]
    for processes, inverse in pivots:
        if np.isfinite(inverse).all():
            continue
        wrong = ~np.isfinite(inverse)
        column = int(np.flatnonzero(wrong.any(axis=0))[0])
        process = int(processes[np.flatnonzero(wrong[:, column])[0]])
        taken = shares[:, min(column, shares.shape[1] - 1)]
        raise ClosedColumn(closed_loop(elimination, taken, process), column)
