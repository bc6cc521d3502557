"""The days of a block of replications: every day goes through the same phases in the same order.

``arise → take in → process → spoil → record``. Collecting and hauling happen within `take in`: what a full gate
turns away goes on to the next stop of its list the same day; products leave within `process`. A SimPy activity
(`tick`) lives through a day at its end, after everything that happened within it, so a breakdown at noon costs
half a day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cemfa import locale
from cemfa.errors import Problem, SimulationError
from cemfa.simulation.book import FRESH
from cemfa.simulation.closures import turned_away
from cemfa.simulation.desk import desk_of
from cemfa.simulation.dispatch import Overfull, Unsettled
from cemfa.simulation.events import Calendar
from cemfa.simulation.months import Watched
from cemfa.simulation.network import Network
from cemfa.simulation.refusals import Refusals
from cemfa.simulation.supply import Month
from cemfa.simulation.year import Offer

Array = NDArray[np.float64]


class Stores(NamedTuple):
    """What stores can hold in a year, and how their batches are; (stores, S) but for the flags.

    Parameters
    ----------
    space : largest content [t], or in days of the capacity that stands [d]
    spoilage : share that spoils in a day [1/d]
    space_by_day, size_by_day : shape (stores,), whether these are in days of the capacity that stands
    size, residence, variation : of a batch: mass, mean time on its line [d] and its coefficient of variation [1]
    lines : how many batches are worked on at a time
    """

    space: Array
    spoilage: Array
    space_by_day: NDArray[np.bool_]
    size: Array
    size_by_day: NDArray[np.bool_]
    lines: Array
    residence: Array
    variation: Array


class Able(NamedTuple):
    """What plants can do on a day.

    Parameters
    ----------
    capacity : shape (groups, S) [t/d]
    opening : shape (gates, S), share of the day that each gate is open
    standing, planned : shape (groups, S), capacity with everything up, and with everything built [t/d]
    closing : shape (events, S), share of the day that each event lasted whose refusals are priced
    """

    capacity: Array
    opening: Array
    standing: Array
    planned: Array
    closing: Array


@dataclass(slots=True, eq=False)
class Tally:
    """What plants did in a year so far, in the basis of each capacity; all (groups, S) [t].

    Parameters
    ----------
    used, available, refused : taken in (with a store: processed), possible, turned away
    """

    used: Array
    available: Array
    refused: Array


class Clock:
    """The moving state of a block of replications.

    Parameters
    ----------
    network : what is decided, and in which order
    content : shape (stores, L, S), what stores hold at the start [t]
    calendar : days as dates, for messages
    first : number of the first replication, for messages
    monthly : whose sums are remembered at the end of every month

    Attributes
    ----------
    number : the day to come, counted from the start of the simulation
    turned_away : shape (events, S), what the events whose refusals are priced turned away this year [t]
    drawn, spoiled : shape (stores, L, S), what stores gave to their process and what spoiled this year [t]
    tally : what plants did this year
    months : of every month that has ended: used, refused, available (groups, S), what waits and is held (stores, S)
    held : tells what stores hold with the batches under way, (stores, L, S) [t]
    """

    def __init__(
        self,
        network: Network,
        content: Array,
        calendar: Calendar,
        first: int,
        *,
        monthly: Watched | None = None,
    ) -> None:
        sites = network.places.sites
        layers, width = content.shape[1:]
        self.network, self.content, self.calendar, self.first = network, content, calendar, first
        self.desk = desk_of(network, layers, width)
        self.day = self.desk.day
        self._overnight = np.flatnonzero(network.places.overnight)
        self.day.batch[...] = network.places.batches | network.places.overnight
        self.number = 0
        self.monthly = monthly
        self.held: Callable[[], Array] = lambda: self.content
        self.refusals = Refusals(sites, width)
        self._same = False
        self._opening = np.zeros((len(sites.gates), width))
        self._plain = np.flatnonzero((sites.group >= 0) & (sites.store < 0))
        self._plain_group = sites.group[self._plain]
        self._closing = np.flatnonzero(sites.closes)
        self._store_gate = np.flatnonzero(sites.store >= 0)
        self._store_group = sites.group[sites.store >= 0]

    def begin_year(
        self, months: Sequence[Month], offer: Offer, stores: Stores, recipe: Array, daily: Array | None = None
    ) -> None:
        """Take over what a year offers and what stores can hold; forget the sums of the last one.

        Parameters
        ----------
        recipe : shape (recipes, 3, S), bounds of the plants that look at the mix
        daily : shape (days, profiles, S), share of the year's mass on every day under weather; None without
        """
        self.stores, self._daily, self.day.recipe = stores, daily, recipe
        self.desk.begin_year(offer)
        self.drawn, self.spoiled = np.zeros_like(self.content), np.zeros_like(self.content)
        shape = (len(self.network.places.sites.groups), self.content.shape[2])
        self.tally = Tally(np.zeros(shape), np.zeros(shape), np.zeros(shape))
        self.day.space[...] = stores.space
        self._by_day = np.flatnonzero(stores.space_by_day)
        self.refusals.begin_year()
        self.turned_away = np.zeros((len(self.network.places.priced), self.content.shape[2]))
        self.number = months[0].first
        self.months: list[tuple[Array, Array, Array, Array, Array]] = []
        self._months = {month.first: month for month in months}

    def live(self, able: Able) -> None:
        """Live through one day, phase after phase, given what plants can do on it."""
        capacity, opening = able.capacity, able.opening
        self._able = able
        self._same = np.array_equal(self.day.capacity[:-1], capacity) and np.array_equal(self._opening, opening)
        self.day.capacity[:-1] = capacity
        if self._by_day.size:
            days = self.stores.space[self._by_day]
            self.day.space[self._by_day] = days * able.standing[self._store_group[self._by_day]]
        self.day.limit[self._plain] = capacity[self._plain_group]
        self.day.opening[self._closing] = opening[self._closing]
        self._opening = opening.copy()
        for phase in (self._arise, self._take_in, self._process, self._spoil, self._record):
            phase()
        self.number += 1

    def _arise(self) -> None:
        """Let the day's matter arise: a share of the year's, the same on all days of a month but for the weather."""
        month = self._months.get(self.number)
        if month is not None:
            self._same = False
            if self._daily is None:
                self.desk.begin_month(month.weight[:, None])
            if month.first != min(self._months):
                self.end_month()
        if self._daily is not None:
            self._same = False
            self.desk.begin_day(self._daily[self.number - min(self._months)])

    def end_month(self) -> None:
        """Remember, where asked to, the sums of the year so far and what waits in stores."""
        if self.monthly is not None:
            tally, groups, stores = self.tally, self.monthly.groups, self.monthly.stores
            used, refused, able = (values[groups] for values in (tally.used, tally.refused, tally.available))
            waiting, held = (fresh(self.network, values[stores]) for values in (self.content, self.held()))
            self.months.append((used, refused, able, waiting, held))

    def _take_in(self) -> None:
        """Collect, haul and take in: every gate lets in what it can, the rest goes on to its next stop."""
        if self._same and not len(self.content):
            return  # a day like yesterday is decided like yesterday
        if self._overnight.size:  # all that was there when the day begins is worked on, and nothing of what comes in
            self.day.due[self._overnight] = self.content[self._overnight]
            self.content = self.content.copy()
            self.content[self._overnight] = 0.0
        self.day.content = self.content
        try:
            self.desk.decide()
        except Overfull as over:
            raise self._overfull(over) from None
        except Unsettled:
            gates = list(self.network.places.sites.gates)
            raise locale.error(SimulationError, self._problem("dispatch-unsettled", processes=gates)) from None

    def _process(self) -> None:
        """Let processes take out of their stores; without a store they use what came in the same day."""
        if not len(self.content):
            return
        if self.day.batch.any():  # what they draw has been on its line, and left the store when its batch began
            drawn = np.where(self.day.batch[:, None, None], 0.0, self.day.drawn)
            self.content = self.content + self.day.entered - drawn
            self.day.due[...] = 0.0
        else:
            self.content = self.content + self.day.entered - self.day.drawn

    def _spoil(self) -> None:
        """Let a share of what stays overnight spoil."""
        if len(self.content):
            spoiled = self.content * self.stores.spoilage[:, None, :]
            self.content = self.content - spoiled
            self.spoiled += spoiled

    def _record(self) -> None:
        """Add the day to the sums of the year."""
        day, tally, able = self.day, self.tally, self._able
        self.desk.record()
        self.refusals.add(day, able.standing, able.planned, same=self._same and not len(self.content))
        if able.closing.any():
            gates = self.network.places.priced_gates
            self.turned_away += turned_away(day, self.network.places.sites, able.standing, able.closing, gates)
        if len(self.content):
            self.drawn += day.drawn
        tally.available += day.capacity[:-1]
        tally.refused[self._plain_group] += (day.offered - day.taken)[self._plain]
        tally.used[self._plain_group] += day.taken[self._plain]
        for store, (gate, group) in enumerate(zip(self._store_gate.tolist(), self._store_group.tolist(), strict=True)):
            tally.used[group] += day.processed[store]
            tally.refused[group] += day.offered[gate] - day.taken[gate]

    def _overfull(self, over: Overfull) -> SimulationError:
        shown = {"gate": self.network.places.sites.gates[over.gate], "arriving": over.arriving, "limit": over.limit}
        return locale.error(SimulationError, self._problem("gate-overfull", replication=over.replication, **shown))

    def _problem(self, code: str, replication: int = 0, **shown: object) -> Problem:
        date = self.calendar.date_of(self.number).isoformat()
        return Problem(code, parameters={"date": date, "sample": self.first + replication, **shown})


def fresh(network: Network, content: Array) -> Array:
    """Return layered masses (n, L, S) as fresh mass (n, S), layer after layer."""
    total = np.zeros((content.shape[0], content.shape[2]))
    for layer, weight in enumerate(network.places.bases[FRESH].tolist()):
        if weight:
            total += content[:, layer]
    return total
