"""Compiled sums and products of rows, for where numba is installed (extra ``fast``); below `rows`.

Rows are addresses of consecutive numbers. Every operation is that of numpy in the same order, rounded each time, so
the bits are the same; what is gained is that no intermediate array is written.
"""

from __future__ import annotations

import numba
import numpy as np

from cemfa.system.kernel import MOST, _pointer, are_finite, copy

__all__ = [
    "add", "admit", "amounts", "are_finite", "copy", "dispatch", "gap", "masses", "moistures", "overfull", "shares",
    "spread", "spread_some", "what_is_left",
]  # fmt: skip

TILE = 512
"""Columns worked on at a time: a few rows of so many stay in the first-level cache."""


@numba.njit(cache=True, nogil=True)
def add(start, rows, values, total, width):
    """Write the sums of rows ``rows[start[g]:start[g + 1]]`` of every group."""
    for g in range(len(total)):
        to = numba.carray(_pointer(total[g]), width)
        for s in range(width):
            to[s] = 0.0
        for k in range(start[g], start[g + 1]):
            row = numba.carray(_pointer(values[rows[k]]), width)
            for s in range(width):
                to[s] += row[s]


@numba.njit(inline="always")
def _add_one(row, exact, total, lost):
    if not exact:
        for s in range(len(row)):
            total[s] += row[s]
    else:
        for s in range(len(row)):
            after = total[s] + row[s]
            rounded = after - total[s]
            lost[s] += (total[s] - (after - rounded)) + (row[s] - rounded)
            total[s] = after


@numba.njit(inline="always")
def _copied(row, to):
    """Copy numbers; tell whether all are finite and not negative."""
    fine = True
    for s in range(len(row)):
        to[s] = row[s]
        fine &= (row[s] >= 0.0) & (row[s] <= MOST)
    return fine


@numba.njit(cache=True, nogil=True)
def shares(start, rows, exact, whole, rest, tolerance, stated, found):
    """Write shares (F, L, S) that stand at addresses (F, L), and into row ``rest[g]`` what those of group g leave.

    Returns whether the shares are finite and not negative, and sum to no more than one, and to one where they have to;
    else there is more to do. Rows of no group come last.
    """
    groups, width = len(exact), found.shape[2]
    fine, lost, total = True, np.empty(TILE), np.empty(TILE)
    for g in range(groups + 1):
        last = start[g + 1] if g < groups else len(rows)
        for layer in range(found.shape[1]):
            for first in range(0, width, TILE):
                count = min(TILE, width - first)
                for s in range(count):
                    total[s] = -1.0
                    lost[s] = 0.0
                for k in range(start[g], last):
                    row = numba.carray(_pointer(stated[rows[k], layer] + 8 * first), count)
                    fine &= _copied(row, found[rows[k], layer, first : first + count])
                    if g < groups:
                        _add_one(row, exact[g], total, lost)
                if g == groups:
                    continue
                most = tolerance if whole[g, layer] else 1.0
                for s in range(count):
                    total[s] = 0.0 - (total[s] + lost[s])
                    fine &= (total[s] >= -tolerance) & (total[s] <= most)
                if rest[g, layer] >= 0:
                    to = found[rest[g, layer], layer, first : first + count]
                    for s in range(count):
                        to[s] = max(0.0, total[s])
    return fine


@numba.njit(cache=True, nogil=True)
def what_is_left(start, rows, exact, values, left, width):
    """Write one minus the sums of every group, the rounding of every addition made good in those that are exact."""
    lost, total = np.empty(TILE), np.empty(TILE)
    for g in range(len(left)):
        for first in range(0, width, TILE):
            count = min(TILE, width - first)
            for s in range(count):
                total[s] = -1.0
                lost[s] = 0.0
            for k in range(start[g], start[g + 1]):
                _add_one(numba.carray(_pointer(values[rows[k]] + 8 * first), count), exact[g], total, lost)
            to = numba.carray(_pointer(left[g] + 8 * first), count)
            for s in range(count):
                to[s] = 0.0 - (total[s] + lost[s])


@numba.njit(cache=True, nogil=True)
def spread(source, share, throughput, flow, width):
    """Write flows: a share times the throughput of its source, or what is given where there is none."""
    for f in range(len(flow)):
        to, given = numba.carray(_pointer(flow[f]), width), numba.carray(_pointer(share[f]), width)
        if source[f] < 0:
            for s in range(width):
                to[s] = given[s]
        else:
            x = numba.carray(_pointer(throughput[source[f]]), width)
            for s in range(width):
                to[s] = given[s] * x[s]


@numba.njit(cache=True, nogil=True)
def gap(start, rows, counted, entering, flow, width):
    """Return the largest gap between what enters and leaves a counted process, relative to the larger, and where.

    And whether all flows are finite and not negative. Rows of no process come last.
    """
    largest, process, column, fine = 0.0, -1, -1, True
    gaps, leaving, processes = np.empty(TILE), np.empty(TILE), len(counted)
    for p in range(processes + 1):
        last = start[p + 1] if p < processes else len(rows)
        for first in range(0, width, TILE):
            count = min(TILE, width - first)
            for s in range(count):
                leaving[s] = 0.0
            for k in range(start[p], last):
                row = numba.carray(_pointer(flow[rows[k]] + 8 * first), count)
                for s in range(count):
                    leaving[s] += row[s]
                    fine &= (row[s] >= 0.0) & (row[s] <= MOST)
            if p == processes or not counted[p]:
                continue
            came, more = numba.carray(_pointer(entering[p] + 8 * first), count), False
            for s in range(count):
                scale = max(came[s], leaving[s])
                gaps[s] = abs(came[s] - leaving[s]) / (scale if scale > 0.0 else 1.0)
                more |= gaps[s] > largest
            if more:
                for s in range(count):
                    if gaps[s] > largest:
                        largest, process, column = gaps[s], p, first + s
    return largest, process, column, fine


@numba.njit(cache=True, nogil=True)
def dispatch(list_of, start, then, place, flow, refusable, accept, own, coefficient, sent):
    """Move what limited processes refuse to its alternatives, as `dispatching.Intake.dispatch` says."""
    _, layers, width = own.shape
    rest = np.empty(width)
    for n in range(len(flow)):
        for layer in range(layers):
            given, to = own[n, layer], coefficient[flow[n], layer]
            for s in range(width):
                to[s] = given[s] * (accept[n, s] if refusable[n] else 1.0)
    for k in range(len(list_of)):
        n = list_of[k]
        turned = False
        for s in range(width):
            turned |= 1.0 - accept[n, s] > 0.0
        if not turned:
            continue
        for layer in range(layers):
            given = own[n, layer]
            for s in range(width):
                rest[s] = given[s] * (1.0 - accept[n, s])
            for j in range(start[k], start[k + 1]):
                other, to = place[j], coefficient[then[j], layer]
                if other < 0:
                    for s in range(width):
                        to[s] += rest[s]
                    break
                kept, asked = accept[other], sent[other, layer]
                for s in range(width):
                    asked[s] += rest[s]
                    to[s] += rest[s] * kept[s]
                    rest[s] = rest[s] * (1.0 - kept[s])


@numba.njit(cache=True, nogil=True)
def masses(weight, source, given, coefficient, throughput, found):
    """Write masses of flows in a basis: the sum over layers of weight, coefficient and throughput of the source."""
    count, layers, width = coefficient.shape
    for n in range(count):
        to = found[n]
        for s in range(width):
            to[s] = 0.0
        for layer in range(layers):
            if weight[n, layer] == 0.0:
                continue
            share, x = coefficient[n, layer], throughput[source[n], layer]
            for s in range(width):
                to[s] += weight[n, layer] * share[s] * (1.0 if given[n] else x[s])


@numba.njit(cache=True, nogil=True)
def admit(start, member, rank_start, limits, own, movable, accept, plenty, wanted, refused, intake):
    """Write what limited processes want of each inflow, refuse and take in, as `dispatching.Intake.admit` says.

    Ranks ``rank_start[g]:rank_start[g + 1]`` are those of group g, the first of which holds what cannot be refused;
    inflows ``member[start[r]:start[r + 1]]`` are those of rank r.
    """
    width = limits.shape[1]
    left, asked = np.empty(width), np.empty(width)
    for q in range(len(limits)):
        for s in range(width):
            intake[q, s] = refused[q, s] = 0.0
        first = rank_start[q]
        for k in range(start[first], start[first + 1]):
            for s in range(width):
                intake[q, s] += own[member[k], s]
        for s in range(width):
            left[s] = max(0.0, limits[q, s] - intake[q, s])
        for r in range(first + 1, rank_start[q + 1]):
            for s in range(width):
                asked[s] = 0.0
            for k in range(start[r], start[r + 1]):
                n = member[k]
                for s in range(width):
                    taken = movable[n, s] * accept[n, s]
                    asked[s] += movable[n, s]
                    intake[q, s] += taken
                    refused[q, s] += movable[n, s] - taken
            for k in range(start[r], start[r + 1]):
                n = member[k]
                for s in range(width):
                    wanted[n, s] = min(left[s] / asked[s], plenty) if asked[s] > 0.0 else 1.0
            for s in range(width):
                left[s] = max(0.0, left[s] - asked[s])


@numba.njit(cache=True, nogil=True)
def spread_some(source, share, throughput, columns, flow, to):
    """Write some columns of flows (F, L, S) into others; see `spread`."""
    for f in range(len(source)):
        for layer in range(share.shape[1]):
            for n in range(len(columns)):
                s = columns[n]
                value = share[f, layer, s]
                flow[f, layer, to[n]] = value if source[f] < 0 else value * throughput[source[f], layer, s]


@numba.njit(cache=True, nogil=True)
def overfull(inner, outer, ratio, least, solid, flow, found):
    """Write which flows (F, S) hold more of a layer than of its container, gases exempt; add to what is there."""
    for f in range(len(flow)):
        if solid[f]:
            held, holder, to = flow[f, inner], flow[f, outer], found[f]
            for s in range(len(held)):
                to[s] |= held[s] > holder[s] * ratio + least


@numba.njit(inline="always")
def _share(mass, x):
    """Return mass as a share of a throughput; of nothing, all or nothing."""
    if x > 0.0:
        return mass / x
    return 1.0 if mass > 0.0 else 0.0


@numba.njit(cache=True, nogil=True)
def amounts(process, slot, layer, weight, at_most, amount, throughput, room, found, short):
    """Write shares of the throughput that absolute amounts take, in order, and what they lack."""
    width = throughput.shape[2]
    held = np.empty(width)
    for e in range(len(process)):
        p = process[e]
        if layer[e] < 0:
            for s in range(width):
                held[s] = 0.0
            for k in range(throughput.shape[1]):
                if weight[e, k] != 0.0:
                    for s in range(width):
                        held[s] += weight[e, k] * throughput[p, k, s]
        for k in range(throughput.shape[1]):
            left, to, of = room[slot[e], k], found[e, k], throughput[p, k] if layer[e] >= 0 else held
            asks = layer[e] < 0 or layer[e] == k
            for s in range(width):
                asked = _share(amount[e, s], of[s]) if asks else 0.0
                taken = min(asked, left[s])
                to[s] = taken
                left[s] -= taken
                if not at_most[e]:
                    short[e, s] = max(short[e, s], (asked - taken) / (asked if asked > 0.0 else 1.0))


@numba.njit(cache=True, nogil=True)
def moistures(flow, place, process, layer, weight, rest, moisture, own, coefficient, throughput, found, short):
    """Write shares of the throughput of a layer that stated moisture asks for, and what is lacking."""
    width = throughput.shape[2]
    held = np.empty(width)
    for e in range(len(flow)):
        p, shares = process[e], coefficient[flow[e]] if place[e] < 0 else own[place[e]]
        for s in range(width):
            held[s] = 0.0
        for k in range(throughput.shape[1]):
            if weight[e, k] != 0.0:
                for s in range(width):
                    held[s] += weight[e, k] * (shares[k, s] * throughput[p, k, s])
        for s in range(width):
            asked = _share(moisture[e, s] * held[s], throughput[p, layer[e], s])
            room = shares[layer[e], s] + coefficient[rest[e], layer[e], s]
            found[e, s] = min(asked, 1.0)
            short[e, s] = max(0.0, asked - room) / (asked if asked > 0.0 else 1.0)
