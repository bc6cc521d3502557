"""A day of decisions compiled, for where numba is installed (extra ``fast``); below `program`.

The operations are those of `StrandDesk` and `dispatch.let_in`, in the same order, rounded each time, so the bits are
the same; what is gained is that no call and no intermediate array is needed for the few numbers of a day.
"""

from __future__ import annotations

import numba

from cemfa.simulation.dispatch import OVERFULL


@numba.njit(cache=True, nogil=True)
def arise(start, parts, follows, part_mass, activity, mass):
    """Set the masses of all lanes, in every basis, to those of the parts that follow the activity of a profile."""
    bases, width = len(part_mass), mass.shape[1]
    for lane in range(len(start) - 1):
        for basis in range(bases):
            to = mass[lane * bases + basis]
            for s in range(width):
                to[s] = 0.0
            for k in range(start[lane], start[lane + 1]):
                share, own = activity[follows[k]], part_mass[basis, parts[k]]
                for s in range(width):
                    to[s] += share[s] * own[s]


@numba.njit(cache=True, nogil=True)
def decide(spread, rounds, bounds, closes, forced, last, fraction, activity, part_mass, mass, day, spare):
    """Decide a day level by level; return False where what has no other way exceeds what a gate can take."""
    act_start, part_start, round_start = bounds[0], bounds[1], bounds[2]
    acts, stop_of, before, parts, follows, lane, turn = spread
    stop_start, gate_start, stops, arriving, gate_of, row, onward, gates, anew = rounds
    left, opening, offered, taken = day
    total, share = spare
    bases, width = len(part_mass), fraction.shape[1]
    for level in range(len(act_start) - 1):
        for a in range(act_start[level], act_start[level + 1]):
            for s in range(width):
                activity[acts[a], s] = fraction[stop_of[a], s] * activity[before[a], s]
        for k in range(part_start[level], part_start[level + 1]):
            factor = activity[follows[k]]
            for basis in range(bases):
                to, own = mass[lane[k] * bases + basis], part_mass[basis, parts[k]]
                for s in range(width):
                    to[s] = own[s] * factor[s] if turn[k] == 0 else to[s] + own[s] * factor[s]
        for r in range(round_start[level], round_start[level + 1]):
            for k in range(stop_start[r], stop_start[r + 1]):
                to, part, own = total[gate_of[k]], fraction[arriving[k]], mass[row[k]]
                for s in range(width):
                    to[s] = part[s] * own[s] if anew[k] else to[s] + part[s] * own[s]
            for g in range(gate_start[r], gate_start[r + 1]):
                place, gate = g - gate_start[r], gates[g]
                for s in range(width):
                    whole, room = total[place, s], left[gate, s]
                    let_in = room / whole if whole > room else 1.0
                    if closes[r]:
                        let_in = min(let_in, opening[gate, s])
                    if forced[r]:
                        if let_in < 1.0 - OVERFULL and whole > 0.0:
                            return False
                        let_in = 1.0
                    share[place, s] = let_in
                    offered[gate, s] += whole
                    taken[gate, s] += whole * let_in
                    if not last[r]:
                        left[gate, s] = max(room - whole * let_in, 0.0)
            for k in range(stop_start[r], stop_start[r + 1]):
                part, to, kept = fraction[arriving[k]], fraction[stops[k]], share[gate_of[k]]
                for s in range(width):
                    accepted = part[s] * kept[s]
                    if onward[k] >= 0:
                        fraction[onward[k], s] = part[s] - accepted
                    to[s] = accepted
    return True


@numba.njit(cache=True, nogil=True)
def record(fraction, activity, days, let_in, moving, stop, follows):
    """Add the fractions of a day to those of the month, and those times a varying activity to those of the year."""
    width = fraction.shape[1]
    for n in range(len(days)):
        for s in range(width):
            days[n, s] += fraction[n, s]
    for k in range(len(moving)):
        to, part, factor = let_in[moving[k]], fraction[stop[k]], activity[follows[k]]
        for s in range(width):
            to[s] += part[s] * factor[s]
