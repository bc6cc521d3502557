"""Batches that a process works on for weeks: windrows, tunnels, sealed digesters; each on a line of its own.

Between the clock, which fills stores once a day, and the lines, which finish batches at exact instants. A batch
takes a mean slice of everything that waits in the stores of a yard; on the day it is finished its process gives
off all it was made of. Residence times have a stream of random numbers of their own, keyed by yard and
replication: the nth batch of a yard is equally lucky in every option.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final

import numpy as np
import simpy
from numpy.typing import NDArray

from cemfa.simulation import events
from cemfa.simulation.clock import Clock, Stores, fresh
from cemfa.simulation.lines import Lines
from cemfa.simulation.plant import Plants

Array = NDArray[np.float64]
ENOUGH: Final = 1.0 - 1e-12
"""Share of a batch from which it counts as whole: rounding of daily additions."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """A batch on its line.

    Parameters
    ----------
    yard, replication : where
    until : instant at which it is finished [d]
    mass : shape (stores of the yard, L) [t]
    """

    yard: int
    replication: int
    until: float
    mass: Array


@dataclass(frozen=True, slots=True, eq=False)
class Underway:
    """What is on the lines at the end of a year.

    Parameters
    ----------
    batches : in the order they began
    begun : shape (yards, S), how many have begun so far
    """

    batches: tuple[Batch, ...]
    begun: NDArray[np.int64]

    @classmethod
    def joined(cls, parts: Iterable[Underway | None]) -> Underway | None:
        """Return what is underway in several blocks together."""
        held = [part for part in parts if part is not None]
        if not held:
            return None
        batches = tuple(batch for part in held for batch in part.batches)
        return cls(batches, np.concatenate([part.begun for part in held], axis=1))

    def cut(self, replications: range, first: int) -> Underway:
        """Return what is underway in some replications; `first` is the number of the first of all."""
        found = tuple(batch for batch in self.batches if batch.replication in replications)
        return Underway(found, self.begun[:, replications.start - first : replications.stop - first])


class Yards:
    """All yards of a block that work on batches.

    Parameters
    ----------
    env : the clock of everything
    clock : holds what waits in stores and what is due
    plants : what stands
    seed : of the random streams
    replications : numbers of the replications
    before : what is underway when the block begins
    """

    def __init__(
        self, env: simpy.Environment, clock: Clock, plants: Plants, seed: int, replications: range,
        before: Underway | None,
    ) -> None:  # fmt: skip
        network, sites = clock.network, clock.network.places.sites
        self.clock, self.plants, self.replications = clock, plants, replications
        self.stores = [
            sites.store[np.flatnonzero((sites.group == group) & (sites.store >= 0))] for group in _groups(clock)
        ]
        self.groups = _groups(clock)
        self.open: dict[int, Batch] = {}
        self._number = 0
        width = len(replications)
        self.begun = np.zeros((len(self.stores), width), dtype=np.int64) if before is None else before.begun.copy()
        self._lines: list[list[Lines[int]]] = []
        self._times: list[list[Iterator[float]]] = []
        for yard, group in enumerate(self.groups):
            name = f"batches.{network.system.groups[group].name}"
            self._lines.append(
                [Lines(env, 0, partial(self._take, yard, place), self._finish) for place in range(width)]
            )
            self._times.append(
                [
                    islice(events.uniforms(seed, name, r), int(self.begun[yard, place]), None)
                    for place, r in enumerate(replications)
                ]
            )
        for batch in before.batches if before else ():
            place = batch.replication - replications.start
            self._lines[batch.yard][place].resume(self._opened(batch), batch.until)

    def begin_year(self, limits: Stores) -> None:
        """Take over how many lines there are in a new year, and what a batch is."""
        self.limits = limits
        for stores, lines in zip(self.stores, self._lines, strict=True):
            for place, own in enumerate(lines):
                own.count = int(limits.lines[stores[0], place] + 1e-9)

    def wake(self) -> None:
        """Begin every batch that is whole and has a free line; after each day."""
        for yard, stores in enumerate(self.stores):
            waiting = fresh(self.clock.network, self.clock.content[stores])
            total = np.zeros(waiting.shape[1])
            for row in waiting:
                total += row
            sizes = self._sizes(yard)
            ready = (total >= sizes * ENOUGH) & (sizes > 0.0)
            for place in np.flatnonzero(ready).tolist():
                self._lines[yard][place].wake()

    def on_lines(self) -> Array:
        """Return what is being worked on, (stores, L, S) [t]."""
        found = np.zeros_like(self.clock.content)
        for batch in self.open.values():
            found[self.stores[batch.yard], :, batch.replication - self.replications.start] += batch.mass
        return found

    def underway(self) -> Underway:
        """Return what is on the lines now."""
        return Underway(tuple(self.open.values()), self.begun.copy())

    def _sizes(self, yard: int) -> Array:
        """Return the mass of a batch (S,) [t]."""
        first = self.stores[yard][0]
        size: Array = self.limits.size[first]
        return size * self.plants.standing()[self.groups[yard]] if self.limits.size_by_day[first] else size

    def _take(self, yard: int, place: int) -> tuple[int, float] | None:
        """Begin a batch where enough waits: a mean slice of all that does."""
        stores, content = self.stores[yard], self.clock.content
        waiting = content[stores, :, place][:, :, None]
        total = 0.0
        for mass in fresh(self.clock.network, waiting)[:, 0].tolist():
            total += mass
        size = float(self._sizes(yard)[place])
        if size <= 0.0 or total < size * ENOUGH:
            return None
        mass = waiting[:, :, 0] * min(1.0, size / total)
        content[stores, :, place] -= mass
        lasting = self._residence(yard, place)
        self.begun[yard, place] += 1
        now = self._lines[yard][place].env.now
        until = max(now, events.on_grid(now + lasting) - 1.0 / events.GRID)  # before the day is lived that ends then
        batch = Batch(yard, self.replications.start + place, until, mass)
        return self._opened(batch), until - now

    def _residence(self, yard: int, place: int) -> float:
        """Return how long the next batch stays [d]: gamma distributed with the mean and variation stated."""
        from scipy.special import gammaincinv

        first = self.stores[yard][0]
        mean, variation = float(self.limits.residence[first, place]), float(self.limits.variation[first, place])
        uniform = next(self._times[yard][place])
        if variation <= 0.0:
            return mean
        if variation == 1.0:
            return -mean * math.log(uniform)
        shape = 1.0 / variation**2
        return mean * float(gammaincinv(shape, uniform)) / shape

    def _opened(self, batch: Batch) -> int:
        self._number += 1
        self.open[self._number] = batch
        return self._number

    def _finish(self, number: int) -> None:
        batch = self.open.pop(number)
        self.clock.day.due[self.stores[batch.yard], :, batch.replication - self.replications.start] += batch.mass


def _groups(clock: Clock) -> list[int]:
    """Return the capacity groups whose processes work on batches."""
    places = clock.network.places
    with_batches = {int(s) for s in np.flatnonzero(places.batches)}
    gates = [g for g, store in enumerate(places.sites.store.tolist()) if store in with_batches]
    return sorted({int(places.sites.group[gate]) for gate in gates})
