"""The one compiled kernel that runs any table of operations, for where numba is installed (extra ``fast``).

Below `executors`, which imports it only where the work is worth it. Rows are addresses of consecutive numbers; a
table is checked when it is made, so nothing is checked here. No contraction, no reordering: every product is rounded,
then added in the order of the table, so the bits are those of numpy.
"""

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba.core import types
from numba.extending import intrinsic, models, register_model

VECTORS = True
"""Whether rows are taken several numbers at once; plain loops do the same more slowly."""
AHEAD = 8
"""Operations by which rows in main memory are asked for in advance."""
MOST = np.finfo(np.float64).max
LARGE = 1 << 25
"""Bytes of shares and flows from which flows are written past the caches, where they would displace all else."""
LANES = 8
"""Numbers loaded at once; machines with narrower registers take two or four for one."""
BYTES = 8 * LANES
WIDE = 64 if get_host_cpu_features().get("avx512f", False) else 32
"""Numbers that a table takes along at once: half of the registers hold their sums."""


class _Lanes(types.Type):
    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(name=f"lanes{count}")


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, ir.VectorType(ir.DoubleType(), kind.count))


_lanes, _wide = _Lanes(LANES), _Lanes(WIDE)


def _loaded(kind):
    def code(context, builder, _signature, arguments):
        pointer = builder.inttoptr(arguments[0], context.get_value_type(kind).as_pointer())
        return builder.load(pointer, align=8)

    return code


@intrinsic
def load(_context, address):
    """Load `LANES` consecutive numbers."""
    return _lanes(address), _loaded(_lanes)


@intrinsic
def load_wide(_context, address):
    """Load `WIDE` consecutive numbers."""
    return _wide(address), _loaded(_wide)


@intrinsic
def store(_context, address, value):
    """Store consecutive numbers."""

    def code(context, builder, _signature, arguments):
        pointer = builder.inttoptr(arguments[0], context.get_value_type(value).as_pointer())
        builder.store(arguments[1], pointer, align=8)
        return context.get_dummy_value()

    return types.void(address, value), code


@intrinsic
def stream(_context, address, value):
    """Store consecutive numbers past the caches, on a line of them; `arrived` has to follow."""

    def code(context, builder, _signature, arguments):
        pointer = builder.inttoptr(arguments[0], context.get_value_type(value).as_pointer())
        stored = builder.store(arguments[1], pointer, align=BYTES)
        once = builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)])
        stored.set_metadata("nontemporal", once)
        return context.get_dummy_value()

    return types.void(address, value), code


@intrinsic
def arrived(_context):
    """Wait until what was streamed can be read by others."""

    def code(context, builder, _signature, _arguments):
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), code


@intrinsic
def plus_product(_context, value, left, right):
    """Return value + left · right, rounded twice."""

    def code(_context, builder, _signature, arguments):
        return builder.fadd(arguments[0], builder.fmul(arguments[1], arguments[2]))

    return value(value, left, right), code


@intrinsic
def reciprocal_of(_context, value):
    """Return one divided by the value."""

    def code(context, builder, _signature, arguments):
        kind = context.get_value_type(value)
        return builder.fdiv(ir.Constant(kind, [1.0] * value.count), arguments[0])

    return value(value), code


@intrinsic
def ask_for(_context, address):
    """Ask for the numbers at an address before they are needed."""

    def code(context, builder, _signature, arguments):
        kind, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        form = ir.FunctionType(ir.VoidType(), [kind, number, number, number])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [kind], form)
        reading, second_level, data = (ir.Constant(number, value) for value in (0, 2, 1))
        builder.call(prefetch, [builder.inttoptr(arguments[0], kind), reading, second_level, data])
        return context.get_dummy_value()

    return types.void(address), code


@intrinsic
def splat(_context, number):
    """Return the same number in all lanes."""

    def code(context, builder, _signature, arguments):
        return _all(context, builder, arguments[0])

    return _lanes(number), code


@intrinsic
def smaller(_context, first, second):
    """Return the smaller of two numbers, lane by lane; the first where one is not a number."""

    def code(_context, builder, _signature, arguments):
        first, second = arguments
        return builder.select(builder.fcmp_ordered("<", second, first), second, first)

    return _lanes(first, second), code


@intrinsic
def outside(_context, value, least, most):
    """Return which lanes do not lie between two numbers, a bit each; what is not a number lies nowhere."""

    def code(context, builder, _signature, arguments):
        value, least, most = arguments
        below = builder.fcmp_unordered("<", value, _all(context, builder, least))
        above = builder.fcmp_unordered(">", value, _all(context, builder, most))
        bits = builder.bitcast(builder.or_(below, above), ir.IntType(LANES))
        return builder.zext(bits, ir.IntType(64))

    return types.int64(value, least, most), code


def _all(context, builder, number):
    kind = context.get_value_type(_lanes)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    order = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), order)


@intrinsic
def _pointer(_context, address):
    """Return an address as a pointer."""

    def code(context, builder, _signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(types.CPointer(types.float64)))

    return types.CPointer(types.float64)(address), code


@numba.njit(cache=True, nogil=True)
def run_vectors(target, base, start, left, right, reciprocal, lefts, rights, width, wanted, by):
    """Run a table over rows of `width` numbers, at least `LANES`; the last columns may be done twice, alike.

    Rows ``wanted[:by[n]]`` are those in main memory that operations up to n read; they are asked for in advance.
    """
    asked = 0
    for n in range(len(target)):
        while len(by) and asked < by[min(n + AHEAD, len(by) - 1)]:
            for shift in range(0, 8 * width, BYTES):
                ask_for(rights[wanted[asked]] + shift)
            asked += 1
        to, begin = rights[target[n]], rights[base[n]]
        first, last = start[n], start[n + 1]
        column = 0
        while column + WIDE <= width:
            shift = 8 * column
            many = load_wide(begin + shift)
            for k in range(first, last):
                many = plus_product(many, load_wide(lefts[left[k]] + shift), load_wide(rights[right[k]] + shift))
            if reciprocal[n]:
                many = reciprocal_of(many)
            store(to + shift, many)
            column += WIDE
        while column < width:
            shift = 8 * min(column, width - LANES)
            a = load(begin + shift)
            for k in range(first, last):
                a = plus_product(a, load(lefts[left[k]] + shift), load(rights[right[k]] + shift))
            if reciprocal[n]:
                a = reciprocal_of(a)
            store(to + shift, a)
            column += LANES


@numba.njit(cache=True, nogil=True, error_model="numpy")
def run_loops(target, base, start, left, right, reciprocal, lefts, rights, width):
    """Run a table over rows of `width` numbers, by plain loops."""
    for n in range(len(target)):
        to = numba.carray(_pointer(rights[target[n]]), width)
        begin = numba.carray(_pointer(rights[base[n]]), width)
        for s in range(width):
            to[s] = begin[s]
        for k in range(start[n], start[n + 1]):
            x = numba.carray(_pointer(lefts[left[k]]), width)
            y = numba.carray(_pointer(rights[right[k]]), width)
            for s in range(width):
                to[s] += x[s] * y[s]
        if reciprocal[n]:
            for s in range(width):
                to[s] = 1.0 / to[s]


def run(target, base, start, left, right, reciprocal, lefts, rights, width):
    """Run a table over rows of `width` numbers."""
    if VECTORS and width >= LANES:
        run_vectors(target, base, start, left, right, reciprocal, lefts, rights, width, target[:0], target[:0])
    else:
        run_loops(target, base, start, left, right, reciprocal, lefts, rights, width)


@numba.njit(cache=True, nogil=True)
def run_whole(
    target, base, start, left, right, reciprocal, wanted, by, first, step, size, width, leaving_start, leaving, looped,
    tolerance, checked, flow,
):  # fmt: skip
    """Run a fused program of one table over all columns; return the first column of a block that is not sound, or -1.

    Parameters are those of `run_vectors` and `sound`; `first` and `step` make the addresses of the rows, `flow` holds
    those of the flows wanted, or nothing. Every block has at least `LANES` columns: the last one reaches back, and
    the second so far that from there on shares stand on lines of the cache.
    """
    flows, processes = len(leaving), len(looped)
    rows, to = np.empty_like(first), np.empty_like(flow)
    large = len(flow) > 1 and 16 * flows * width >= LARGE and (flow[1] - flow[0]) % BYTES == 0
    begin, over = 0, (-first[2] // 8) % LANES if flows and step[2] else 0
    while begin < width:
        column = max(0, min(begin, width - LANES))
        count = min(size, width - column)
        begin += size - LANES + over if over and not begin and size > LANES else size
        rows[:] = first + step * column
        shares, leaks = rows[2 : 2 + flows], rows[2 + flows : 2 + flows + processes]
        inputs = rows[2 + flows + processes : 2 + flows + 2 * processes]
        run_vectors(target, base, start, left, right, reciprocal, rows, rows, count, wanted, by)
        made = rows[2 + flows + 2 * processes : 2 + flows + 3 * processes]
        if checked and not len(flow):
            fine = are_finite(made, count)
        else:
            to[:] = flow + 8 * column
            past = large and to[0] % BYTES == 0 and count % LANES == 0
            fine = sound(leaving_start, leaving, looped, shares, leaks, inputs, tolerance, count, made, to, past)
        if not fine:
            return column
    if large:
        arrived()
    return -1


@numba.njit(cache=True, nogil=True)
def copy(source, target, width):
    """Copy rows."""
    for n in range(len(source)):
        x, to = numba.carray(_pointer(source[n]), width), numba.carray(_pointer(target[n]), width)
        for s in range(width):
            to[s] = x[s]


# its types are stated, so it is loaded with the module, and all that the first loading takes is done: copies of a
# process that has imported the module have it
@numba.njit(numba.boolean(numba.int64[::1], numba.int64), cache=True, nogil=True)
def are_finite(throughput, width):
    """Tell whether throughputs are finite and not negative; rows of at least `LANES`."""
    wrong = 0
    for p in range(len(throughput)):
        for column in range(0, width, LANES):
            wrong |= outside(load(throughput[p] + 8 * min(column, width - LANES)), 0.0, MOST)
    return wrong == 0


@numba.njit(cache=True, nogil=True)
def sound(start, leaving, looped, shares, leaks, inputs, tolerance, width, throughput, flow, past):
    """Tell whether shares, inputs and throughputs are finite, not negative, and shares sum to one.

    Rows have at least `LANES` numbers.

    Flows ``leaving[start[p]:start[p + 1]]`` leave process p; those after the last one come from outside. While their
    shares are at hand, the flows are written where they are wanted: `flow` holds addresses, or nothing; `past` the
    caches.
    """
    processes, wrong, writes = len(looped), 0, len(flow) > 0
    zero, one = splat(0.0), splat(1.0)
    for p in range(processes):
        leak, given, least = leaks[p], inputs[p], 1.0 - tolerance if looped[p] else 0.0
        for column in range(0, width, LANES):
            shift = 8 * min(column, width - LANES)
            low = total = load(leak + shift)
            x = load(throughput[p] + shift)
            wrong |= outside(x, 0.0, MOST)
            for k in range(start[p], start[p + 1]):
                share = load(shares[leaving[k]] + shift)
                if past:
                    stream(flow[leaving[k]] + shift, plus_product(zero, share, x))
                elif writes:
                    store(flow[leaving[k]] + shift, plus_product(zero, share, x))
                total = plus_product(total, share, one)
                low = smaller(low, share)
            wrong |= outside(low, 0.0, MOST) | outside(total, least, 1.0 + tolerance)
            wrong |= outside(load(given + shift), 0.0, MOST)
    for k in range(start[processes], len(leaving)):
        for column in range(0, width, LANES):
            shift = 8 * min(column, width - LANES)
            share = load(shares[leaving[k]] + shift)
            if writes:
                store(flow[leaving[k]] + shift, share)
            wrong |= outside(share, 0.0, MOST)
    return wrong == 0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def factor_matrix(share, leak):
    """Eliminate all processes of a matrix in place, entry by entry in the order of `dense.factor_matrix`."""
    size, panel = len(share), 16
    inverse = np.empty(size)
    for first in range(0, size, panel):
        last = min(size, first + panel)
        for v in range(first, last):
            for k in range(first, v):
                kept = share[v, k]
                for w in range(last, size):
                    share[v, w] += kept * share[k, w]
            pivot = leak[v]
            for u in range(v + 1, size):
                pivot += share[u, v]
            inverse[v] = 1.0 / pivot
            for w in range(v + 1, size):
                share[v, w] *= inverse[v]
                leak[w] += leak[v] * share[v, w]
            for u in range(v + 1, size):
                kept = share[u, v]
                for w in range(v + 1, last):
                    share[u, w] += kept * share[v, w]
        for u in range(last, size):
            for v in range(first, last):
                kept = share[u, v]
                for w in range(last, size):
                    share[u, w] += kept * share[v, w]
    return inverse


@numba.njit(cache=True, nogil=True)
def substitute_matrix(share, inverse, value):
    """Turn inflows into throughputs in place, in the order of `dense.substitute_matrix`."""
    size = len(share)
    for v in range(size):
        value[v] *= inverse[v]
        for u in range(v + 1, size):
            value[u] += share[u, v] * value[v]
    for w in range(size - 1, 0, -1):
        for v in range(w):
            value[v] += share[v, w] * value[w]
