"""Decide once a day, for every replication, what every gate lets in and where the rest goes.

A gate lets in the same fraction of everything that arrives at one rank: what has no other way first, then the
flows of `priority` in order, then the rest pro rata. Arrivals are what starts there and what other gates passed
on. `book.py` says in which order: one pass a day, unless gates pass on to each other in a circle; then the same
pass is repeated until nothing moves. Run with all gates in one level, the repeated pass is the general way that
the ordered one is tested against.

Lanes that come from arisings alone carry one number per basis; lanes out of a limited process or a store are
worked out in all layers, because what was let in changes their composition from day to day.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cemfa.simulation.book import FRESH, Book, Carry, Round, Storage, added
from cemfa.simulation.plant import Sites
from cemfa.simulation.recipes import leave_out, send_on

Array = NDArray[np.float64]

PASSES: Final = 1000
SETTLED: Final = 4e-15
"""Largest change of a fraction between passes that counts as none; only circles need a second pass."""
OVERFULL: Final = 1e-9
"""How far what has no other way may exceed a limit, relative to it, before it is an error."""


class Unsettled(Exception):  # noqa: N818  (a finding inside this room; the clock knows day and names)
    """Gates that pass on to each other did not come to rest in the passes allowed."""


class Overfull(Exception):  # noqa: N818  (likewise)
    """Matter without another way exceeds what a gate can take."""

    def __init__(self, gate: int, replication: int, arriving: float, limit: float) -> None:
        super().__init__(gate, replication, arriving, limit)
        self.gate, self.replication, self.arriving, self.limit = gate, replication, arriving, limit


class Day:
    """The working numbers of a day of a block of replications, decided by `dispatch`.

    Parameters
    ----------
    book : order of decisions
    sites : gates and groups
    stores, targets, layers, replications : how many there are

    Attributes
    ----------
    fraction : shape (2·stops, S); row n is the part of its lane let in at stop n, row stops + n what arrives there
    mass : shape (lanes·B, S) [t]; set for lanes that are not carried
    layered : shape (rows, L, S), mass of the lanes followed in layers [t]; set for those not carried
    start : shape (lanes, L, S), the part of carried lanes that comes from arisings [t]
    answer : shape (pairs, L, S), response of carried lanes to one tonne at a target [1]
    limit, opening : shape (gates, S), what can be let in [t] and the share of the day a gate is open
    capacity : shape (groups + 1, S), what can be processed; the last row is without limit [t]
    space, content : shape (stores, S) and (stores, L, S), largest and present content of stores [t]
    offered, taken : shape (gates, S), what arrived and what was let in, in the gate's basis [t]
    injected : shape (targets, L, S), what went into the processes behind gates and out of stores [t]
    drawn, entered : shape (stores, L, S), what stores gave to their process and took in [t]
    processed : shape (stores, S), what was drawn (of batches: let in) in the basis of the capacity [t]
    batch : shape (stores,), whether the process behind a store works on batches, or on what came in the day before
    due : shape (stores, L, S), what it works on today: batches finished, or what came in the day before [t]
    recipe : shape (recipes, 3, S), bounds of the plants that look at the mix
    mixed : positions of the layers they look at: carbon, nitrogen, dry matter
    """

    def __init__(self, book: Book, sites: Sites, stores: int, targets: int, layers: int, replications: int) -> None:
        gates, groups, width = len(sites.gates), len(sites.groups), replications
        stops = len(book.terminal)
        self.book = book
        self.fraction = np.zeros((2 * stops, width))
        for first, *_ in book.lane_stops:
            self.fraction[stops + first] = 1.0
        self.mass = np.zeros((book.lanes * len(book.bases), width))
        self.layered = np.zeros((book.layered, layers, width))
        self.start = np.zeros((book.lanes if book.carried.any() else 0, layers, width))
        self.answer = np.zeros((0, layers, width))
        self.limit = np.full((gates, width), np.inf)
        self.opening = np.ones((gates, width))
        self.capacity = np.full((groups + 1, width), np.inf)
        self.space = np.zeros((stores, width))
        self.content = np.zeros((stores, layers, width))
        self.offered = np.zeros((gates, width))
        self.taken = np.zeros((gates, width))
        self.left = np.zeros((gates, width))
        self.injected = np.zeros((targets, layers, width))
        self.drawn = np.zeros((stores, layers, width))
        self.entered = np.zeros((stores, layers, width))
        self.processed = np.zeros((stores, width))
        self.batch = np.zeros(stores, dtype=bool)
        self.due = np.zeros((stores, layers, width))
        self.recipe = np.zeros((0, 3, width))
        self.mixed = (-1, -1, -1)

    def weighed(self, layered: Array, basis: int) -> Array:
        """Return masses (n, S) in a basis of layered masses (n, L, S), layer after layer."""
        total = np.zeros((layered.shape[0], layered.shape[2]))
        for layer, weight in enumerate(self.book.bases[basis].tolist()):
            if weight:
                total += layered[:, layer] if weight == 1.0 else weight * layered[:, layer]
        return total


def dispatch(day: Day) -> None:
    """Decide a day: fill `fraction`, `offered`, `taken`, `injected`, `drawn` and `entered`.

    Raises
    ------
    Overfull
        where matter without another way exceeds what a gate can take
    Unsettled
        where gates in a circle do not come to rest
    """
    if not day.book.circular:
        _sweep(day)
        return
    states = (
        day.fraction, day.mass, day.layered, day.offered, day.taken, day.injected, day.drawn, day.entered, day.processed
    )  # fmt: skip
    _begin_anew(day)
    moving = np.ones(day.fraction.shape[1], dtype=bool)
    for _ in range(PASSES):
        before = [state.copy() for state in states]
        _sweep(day, final=False)
        change = np.maximum(
            np.max(np.abs(day.fraction - before[0]), axis=0, initial=0.0), _relative_change(day.layered, before[2])
        )
        for state, old in zip(states, before, strict=True):
            state[..., ~moving] = old[..., ~moving]  # a replication's bits must not depend on its neighbours
        moving &= change > SETTLED
        if not moving.any():
            _sweep(day)
            return
    raise Unsettled


def _begin_anew(day: Day) -> None:
    """Forget yesterday, so that what a circle settles on follows from today alone."""
    stops = len(day.book.terminal)
    day.fraction[...] = 0.0
    for first, *_ in day.book.lane_stops:
        day.fraction[stops + first] = 1.0
    day.layered[day.book.layered_row[day.book.carried]] = 0.0
    day.injected[...] = 0.0
    day.drawn[...] = 0.0


def _relative_change(new: Array, old: Array) -> Array:
    size = np.maximum(np.maximum(np.abs(new), np.abs(old)), np.finfo(float).tiny)
    found: Array = np.max(np.abs(new - old) / size, axis=(0, 1), initial=0.0)
    return found


def _sweep(day: Day, *, final: bool = True) -> None:
    np.copyto(day.left, day.limit)
    day.offered[...] = 0.0
    day.taken[...] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):  # nothing offered: no fraction is asked for
        for level in day.book.levels:
            if level.carry is not None:
                _carry(day, level.carry)
            left_out = leave_out(day, level.mixes)
            if level.storage is not None:
                make_room(day, level.storage)
            for round_ in level.rounds:
                let_in(day, round_, final=final)
            send_on(day, level.mixes, left_out)
            if level.storage is not None:
                draw(day, level.storage)


def let_in(day: Day, round_: Round, *, final: bool = True) -> None:
    """Let in what fits, the same fraction of all that arrives at a gate; the rest goes on to its next stop.

    Raises
    ------
    Overfull
        where matter without another way exceeds what a gate can take, unless the pass is not the final one
    """
    arriving = day.fraction[round_.arriving]
    total = added(arriving * day.mass[round_.mass], round_.turns)
    left = day.left[round_.gates]
    fraction = np.where(total > left, left / total, 1.0)
    if round_.closes:
        fraction = np.minimum(fraction, day.opening[round_.gates])
    if round_.forced:
        if final:
            _refuse_overfull(round_, total, fraction)
        fraction[...] = 1.0
    accepted = arriving * (fraction[round_.gate_of] if len(round_.turns) > 1 else fraction)
    day.fraction[round_.stops] = accepted
    if round_.onward.size:
        day.fraction[round_.next_row] = (arriving - accepted)[round_.onward]
    moved = total * fraction
    day.offered[round_.gates] += total
    day.taken[round_.gates] += moved
    if not round_.last:
        day.left[round_.gates] = np.maximum(left - moved, 0.0)


def _refuse_overfull(round_: Round, total: Array, fraction: Array) -> None:
    over = (fraction < 1.0 - OVERFULL) & (total > 0.0)
    if over.any():
        place, replication = (int(i) for i in np.argwhere(over)[0])
        gate = int(round_.gates[place])
        limit = float(fraction[place, replication] * total[place, replication])
        raise Overfull(gate, replication, float(total[place, replication]), limit)


def _carry(day: Day, carry: Carry) -> None:
    """Work out carried lanes: what comes from arisings, and the response to what entered upstream processes."""
    if carry.stops.size:
        let_in = day.fraction[carry.stops][:, None, :] * day.layered[carry.layered]
        day.injected[carry.targets] = np.add.reduceat(let_in, carry.starts, axis=0)
    if carry.stores.size:
        day.injected[carry.store_targets] = day.drawn[carry.stores]
    response = day.answer[carry.answers] * day.injected[carry.answer_targets]
    made = day.start[carry.lanes] + np.add.reduceat(response, carry.answer_starts, axis=0)
    day.layered[carry.rows] = made
    count = len(day.book.bases)
    for basis in range(count):
        day.mass[carry.lanes * count + basis] = day.weighed(made, basis)


def make_room(day: Day, storage: Storage) -> None:
    """Set what stores can let in: their space and what their process will take out of them today.

    A capacity shared by several stores is divided in proportion to what each could give, a shared limit in
    proportion to what arrives at each. Where the process works on batches, the capacity limits what comes in, and
    nothing leaves the store within the day.
    """
    arriving = day.fraction[storage.arriving][:, None, :] * day.layered[storage.layered]
    opening = day.opening[storage.gates][:, None, :]
    offered = np.add.reduceat(arriving, storage.first, axis=0) * opening
    content = day.content[storage.stores]
    batch = day.batch[storage.stores][:, None]
    moving = np.where(batch[:, None], offered, content + offered)
    measured = _measured(day, storage, moving)
    total = np.add.reduceat(measured, storage.starts, axis=0)
    capacity = day.capacity[storage.groups]
    share = np.where(total > capacity, capacity / total, 1.0)[storage.group_of]
    day.processed[storage.stores] = share * measured
    moved = share * day.weighed(moving, FRESH)
    kept = day.weighed(content, FRESH) - np.where(batch, 0.0, moved)
    room = np.maximum(day.space[storage.stores] - kept, 0.0)
    if storage.shared.any():
        room = np.where(storage.shared[:, None], _shared_room(day, storage, offered, kept), room)
    day.left[storage.gates] = np.where(batch & (share < 1.0), np.minimum(room, moved), room)


def _shared_room(day: Day, storage: Storage, offered: Array, kept: Array) -> Array:
    """Return what stores can let in that share a limit: all, or the same part of all that arrives."""
    fresh = day.weighed(offered, FRESH)
    whole = np.add.reduceat(fresh, storage.starts, axis=0)[storage.group_of]
    held = np.add.reduceat(kept, storage.starts, axis=0)[storage.group_of]
    free = np.maximum(day.space[storage.stores] - held, 0.0)
    found: Array = np.where(whole > free, fresh * (free / whole), np.inf)
    return found


def _measured(day: Day, storage: Storage, layered: Array) -> Array:
    """Return masses (n, S) of stores in the basis of the capacity behind each."""
    found = np.zeros((layered.shape[0], layered.shape[2]))
    for basis in np.unique(storage.basis).tolist():
        own = storage.basis == basis
        found[own] = day.weighed(layered[own], basis)
    return found


def draw(day: Day, storage: Storage) -> None:
    """Let processes take from their stores what `make_room` foresaw, out of the mix of old and new.

    Where the process works on batches, it gets those that were finished today.
    """
    entering = day.fraction[storage.stops][:, None, :] * day.layered[storage.layered]
    entered = np.add.reduceat(entering, storage.first, axis=0)
    mixed = day.content[storage.stores] + entered
    measured = _measured(day, storage, mixed)
    wanted = day.processed[storage.stores]
    if day.recipe.size:  # what did not suit the mix did not come in after all
        wanted = np.minimum(wanted, measured)
        day.processed[storage.stores] = wanted
    share = np.where(measured > wanted, wanted / measured, 1.0)
    day.entered[storage.stores] = entered
    batch = day.batch[storage.stores]
    if batch.any():
        day.drawn[storage.stores] = np.where(batch[:, None, None], day.due[storage.stores], mixed * share[:, None, :])
        taken = _measured(day, storage, entered)
        day.processed[storage.stores] = np.where(batch[:, None], taken, wanted)
    else:
        day.drawn[storage.stores] = mixed * share[:, None, :]
