"""Where a day is decided: the quick desk follows activities, the layered desk follows every layer of every flow.

Between the clock and the dispatch. Both turn a year's offer into decisions and decisions into the year's realised
flows; `StrandDesk` where strands suffice, `LayeredDesk` where a store lies upstream of another gate or gates feed
each other in circles.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cemfa.simulation.book import added
from cemfa.simulation.dispatch import Day, dispatch, draw, let_in, make_room
from cemfa.simulation.network import Network
from cemfa.simulation.program import program_of
from cemfa.simulation.recipes import leave_out, send_on
from cemfa.simulation.strands import Spread, Strands
from cemfa.simulation.year import Offer, in_bases
from cemfa.system.rows import RowGroups

Array = NDArray[np.float64]
Index = NDArray[np.intp]


class Desk(Protocol):
    """What the clock needs to decide a day and remember it."""

    day: Day

    def begin_year(self, offer: Offer) -> None:
        """Take over what a year offers and forget the decisions of the last one."""

    def begin_month(self, weight: Array) -> None:
        """Take over the weights of the days to come, (profiles, 1) [1/d]."""

    def begin_day(self, weight: Array) -> None:
        """Take over the weights of a day that differs from all others, (profiles, S) [1/d]: under weather."""

    def decide(self) -> None:
        """Decide the day."""

    def record(self) -> None:
        """Add the day to the decisions of the year."""

    def realised(self) -> Array:
        """Return what came to every end of every cut course in the year, (ends, L, S) [t/year]."""


def desk_of(network: Network, layers: int, replications: int) -> Desk:
    """Return the quick desk where it can decide, the layered one elsewhere."""
    if network.strands is not None:
        return StrandDesk(network, network.strands, layers, replications)
    return LayeredDesk(network, layers, replications)


def _blank_day(network: Network, layers: int, replications: int) -> Day:
    places = network.places
    return Day(network.book, places.sites, len(places.stored), len(network.targets), layers, replications)


class StrandDesk:
    """Decides with one number per activity, replication and day."""

    def __init__(self, network: Network, strands: Strands, layers: int, replications: int) -> None:
        self.network, self.strands = network, strands
        self.day = _blank_day(network, layers, replications)
        self._activity = np.zeros((strands.activities, replications))
        self._profiles = len(network.profiles)
        self._profile_parts = np.flatnonzero(strands.part_activity < self._profiles)
        lanes = strands.part_lane[self._profile_parts]
        rows = network.book.layered_row[lanes]
        self._arising = RowGroups.of(lanes.tolist(), network.book.lanes)
        self._follows = strands.part_activity[self._profile_parts]
        order = self._arising.rows
        self._by_lane = self._arising.start, self._profile_parts[order], self._follows[order]
        self._followed = np.flatnonzero(rows >= 0)
        self._by_row = RowGroups.of(rows[self._followed].tolist(), network.book.layered)
        steady = strands.part_activity[strands.passed_part] < self._profiles
        self._steady = np.flatnonzero(steady)
        self._moving, self._all = (_passing(strands, chosen) for chosen in (~steady, np.ones_like(steady)))
        self._daily = self._moving
        self.program = program_of(network.book, strands, replications)

    def begin_year(self, offer: Offer) -> None:
        """Spin the year's strands: annual flows in all layers, and the mass of every part in every basis."""
        strands, book = self.strands, self.network.book
        layers, width = offer.free.shape[1:]
        annual = np.zeros((len(strands.course), layers, width))
        annual[: len(offer.free)] = offer.free
        for members, answers, sources, starts in strands.depth:
            annual[members] = np.add.reduceat(offer.answer[answers] * annual[sources], starts, axis=0)
        self._annual = annual
        self._layers = strands.part_of.add(annual)
        self._mass = in_bases(book.bases, self._layers)
        self._let_in = np.zeros((len(strands.passed_stop), width))
        self._days = np.zeros((len(book.terminal), width))
        self._weight = np.zeros((self._profiles, 1))

    def begin_month(self, weight: Array) -> None:
        """Set the weights of the profiles, and the masses that follow from them alone."""
        self._end_month()
        self._weight, self._daily = weight, self._moving
        self._arise(weight)

    def begin_day(self, weight: Array) -> None:
        """Do the same for one day, whose fractions are added to the year's with their weights at once."""
        self._daily = self._all
        self._arise(weight)

    def _arise(self, weight: Array) -> None:
        self._activity[: self._profiles] = weight
        day, count = self.day, len(self.network.book.bases)
        if self.program:
            self.program.kernel.arise(*self._by_lane, self._mass, self._activity, day.mass)
        else:
            share = self._activity[self._follows]
            for basis, mass in enumerate(self._mass):
                day.mass[basis::count] = self._arising.add(share * mass[self._profile_parts])
        if self._followed.size:
            share = self._activity[self._follows[self._followed]]
            layers = self._layers[self._profile_parts[self._followed]]
            day.layered[...] = self._by_row.add(share[:, None, :] * layers)

    def decide(self) -> None:
        """Decide level by level: activities and masses first, then the gates."""
        self._begin_day()
        if self.program and self.program.decide(self.day, self._activity, self._mass):
            return
        self._begin_day()
        self._decide()

    def _begin_day(self) -> None:
        np.copyto(self.day.left, self.day.limit)
        self.day.offered[...] = 0.0
        self.day.taken[...] = 0.0

    def _decide(self) -> None:
        """Decide with numpy; it says too what was wrong where the compiled day found no place for something."""
        day = self.day
        with np.errstate(divide="ignore", invalid="ignore"):
            for level, spread in zip(self.network.book.levels, self.strands.spreads, strict=True):
                if spread.lanes.size:
                    self._spread(spread)
                left_out = leave_out(day, level.mixes)
                if level.storage is not None:
                    make_room(day, level.storage)
                for round_ in level.rounds:
                    let_in(day, round_)
                send_on(day, level.mixes, left_out)
                if level.storage is not None:
                    draw(day, level.storage)

    def _spread(self, spread: Spread) -> None:
        """Work out the activities that a level needs, and the masses of its lanes."""
        day, activity, book = self.day, self._activity, self.network.book
        activity[spread.activities] = day.fraction[spread.stops] * activity[spread.before]
        factor = activity[self.strands.part_activity[spread.parts]]
        for basis, mass in enumerate(self._mass):
            day.mass[spread.lanes * len(book.bases) + basis] = added(mass[spread.parts] * factor, spread.turns)
        for place in np.flatnonzero(book.layered_row[spread.lanes] >= 0).tolist():
            first = np.cumsum((0, *spread.turns[:-1]))
            rows = [int(start) + place for start, count in zip(first, spread.turns, strict=True) if place < count]
            layers = self._layers[spread.parts[rows]] * factor[rows][:, None, :]
            day.layered[book.layered_row[spread.lanes[place]]] = added(layers, [1] * len(rows))[0]

    def record(self) -> None:
        """Add up the fractions of the day; those times a varying activity at once, the others month by month."""
        fraction, daily = self.day.fraction, self._daily
        days = self._days if daily is self._moving else self._days[:0]
        if self.program:
            self.program.kernel.record(fraction, self._activity, days, self._let_in, *daily)
            return
        days += fraction[: len(days)]
        rows, stops, activities = daily
        if rows.size:
            self._let_in[rows] += fraction[stops] * self._activity[activities]

    def realised(self) -> Array:
        """Return what came to every end of every cut course in the year, (ends, L, S) [t/year]."""
        self._end_month()
        strands, behind = self.strands, self.network.behind
        row = {end: n for n, end in enumerate(behind.end_of)}
        into = [row.get(end, -1) for end in strands.end_of]
        rows = self._let_in[strands.ends[:, 0]][:, None, :] * self._annual[strands.ends[:, 1]]
        return RowGroups.of(into, len(row)).add(rows)

    def _end_month(self) -> None:
        strands = self.strands
        activity = strands.part_activity[strands.passed_part[self._steady]]
        days = self._days[strands.passed_stop[self._steady]]
        self._let_in[self._steady] += self._weight[activity] * days
        self._days[...] = 0.0


def _passing(strands: Strands, chosen: NDArray[np.bool_]) -> tuple[Index, Index, Index]:
    """Return some of the stops that parts pass: their rows, the stops, the activities that the parts follow."""
    rows = np.flatnonzero(chosen)
    return rows, strands.passed_stop[rows], strands.part_activity[strands.passed_part[rows]]


class LayeredDesk:
    """Decides with all layers of the flows that decisions change."""

    def __init__(self, network: Network, layers: int, replications: int) -> None:
        self.network = network
        self.day = _blank_day(network, layers, replications)
        book = network.book
        pairs = [
            (stop, int(book.layered_row[lane]))
            for lane in np.flatnonzero(book.carried).tolist()
            for stop in book.lane_stops[lane]
        ]
        self._carried = np.array([stop for stop, _ in pairs], dtype=np.intp)
        self._rows = np.array([row for _, row in pairs], dtype=np.intp)
        profiles, arrivals = len(network.profiles), network.arrivals
        of = book.lane_of[arrivals.course] * profiles + arrivals.profile
        self._arriving = RowGroups.of(of.tolist(), book.lanes * profiles)
        self._of_course: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for row, (course, profile) in enumerate(zip(arrivals.course.tolist(), arrivals.profile.tolist(), strict=True)):
            self._of_course[course].append((row, profile))

    def begin_year(self, offer: Offer) -> None:
        """Join what is offered into lanes."""
        book = self.network.book
        stops, width = len(book.terminal), offer.free.shape[-1]
        self._offer = offer
        layers, count = offer.free.shape[1], len(self.network.profiles)
        lanes = self._arriving.add(offer.free).reshape(book.lanes, count, layers, width)
        self._layered = lanes[np.flatnonzero(book.layered_row >= 0)]
        masses = [in_bases(book.bases, lanes[:, profile]) for profile in range(count)]
        self._mass = [mass.swapaxes(0, 1).reshape(-1, width) for mass in masses]
        self._let_in = np.zeros((stops, len(self.network.profiles), width))
        self._days = np.zeros((stops, width))
        self._mass_in = np.zeros((len(self._carried), layers, width))
        self._weight = np.zeros((len(self.network.profiles), 1))

    def begin_month(self, weight: Array) -> None:
        """Set the masses of all lanes; carried lanes get the part that comes from arisings."""
        self._end_month()
        self._weight = weight
        day, book = self.day, self.network.book
        day.mass[...] = 0.0
        day.layered[...] = 0.0
        for profile, share in enumerate(weight):
            day.mass += share * self._mass[profile]
            day.layered += share * self._layered[:, profile]
        carried = np.flatnonzero(book.carried)
        if carried.size:
            day.start[carried] = day.layered[book.layered_row[carried]]
            day.answer = self._offer.answer

    def begin_day(self, weight: Array) -> None:
        """Do the same for one day."""
        self.begin_month(weight)

    def decide(self) -> None:
        """Decide the day, in circles where gates feed each other."""
        dispatch(self.day)

    def record(self) -> None:
        """Add up the fractions of the day, and the masses of carried lanes in all layers."""
        self._days += self.day.fraction[: len(self._days)]
        if self._carried.size:
            self._mass_in += self.day.fraction[self._carried][:, None, :] * self.day.layered[self._rows]

    def realised(self) -> Array:
        """Return what came to every end of every cut course in the year, (ends, L, S) [t/year]."""
        self._end_month()
        network, book = self.network, self.network.book
        row_of = {stop: row for row, stop in enumerate(self._carried.tolist())}
        layers, width = self._offer.free.shape[1:]
        parts = np.zeros((len(network.behind.carrier_of), layers, width))
        row = 0
        for number in network.behind.courses:
            lane = int(book.lane_of[number])
            for stop in book.lane_stops[lane]:
                if book.carried[lane]:
                    parts[row] = self._mass_in[row_of[stop]]
                else:
                    for arrival, profile in self._of_course[number]:
                        parts[row] += self._let_in[stop, profile] * self._offer.free[arrival]
                row += 1
        return parts

    def _end_month(self) -> None:
        for profile, share in enumerate(self._weight):
            self._let_in[:, profile] += share * self._days
        self._days[...] = 0.0
