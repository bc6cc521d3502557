"""What plants can take in on a day: capacity and opening as exact daily means, stores in front of a process.

Between the events, which change a plant at an instant, and the dispatch, which asks once a day what is possible.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.intp]


class DailyMean:
    """The mean over each day of rates that change at any instant, one rate per row and replication.

    An instant costs two additions for the one entry it touches; days without any cost nothing.

    >>> mean = DailyMean(np.full((1, 1), 8.0))
    >>> mean.change(0, 0, 0.25, 0.0)
    >>> mean.close(1.0).item(), mean.close(2.0).item()
    (2.0, 0.0)
    """

    def __init__(self, rate: Array, start: float = 0.0) -> None:
        self.rate = rate
        self._start = start
        self._touched: dict[tuple[int, int], tuple[float, float, float]] = {}

    def change(self, row: int, replication: int, time: float, rate: float) -> None:
        """Let a rate change at a time within the current day."""
        known = self._touched.get((row, replication))
        so_far, since, before = known or (0.0, self._start, float(self.rate[row, replication]))
        until = max(time, since)
        self._touched[row, replication] = so_far + before * (until - since), until, rate
        self.rate[row, replication] = rate

    def close(self, end: float) -> Array:
        """Return the means (rows, S) of the day that ends now, and begin the next."""
        means = self.rate
        if self._touched:
            means = self.rate.copy()
            for entry, (so_far, since, rate) in self._touched.items():
                means[entry] = so_far + rate * (end - since)
            self._touched.clear()
        self._start = end
        return means

    def restart(self, rate: Array) -> None:
        """Set all rates anew at the instant a day begins."""
        self.rate[...] = rate
        self._touched.clear()


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """Where limits stand: the capacity groups and the gates through which matter enters them.

    A gate decides how much is let in: the intake of a capacity group, a store in front of a process, or a
    process that has no capacity but that an event can close.

    Parameters
    ----------
    groups : ids of the capacity groups
    gates : ids of the gates
    group : shape (gates,), capacity group behind each gate, -1 for none
    store : shape (gates,), store behind each gate, -1 for none
    shared : shape (groups,), whether the stores of a group share one limit; default: none does
    """

    groups: tuple[str, ...]
    gates: tuple[str, ...]
    group: Index
    store: Index
    shared: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))

    @property
    def closes(self) -> NDArray[np.bool_]:
        """Return which gates an event closes by the share of the day, not through their capacity."""
        found: NDArray[np.bool_] = (self.group < 0) | (self.store >= 0)
        return found


class Plants:
    """The state of all plants of a block: what stands, what is broken, what is closed, at this instant.

    Parameters
    ----------
    sites : where limits stand
    replications : S
    start : the first day
    """

    def __init__(self, sites: Sites, replications: int, start: float = 0.0) -> None:
        shape = (len(sites.groups), replications)
        self.sites = sites
        self._coming = np.zeros((shape[0], 1))
        self._ruled = np.zeros(shape)
        self._today = np.zeros(shape)
        self._added = np.zeros(shape)
        self._stopped = np.zeros(shape, dtype=np.int64)
        self._closed = [[0] * replications for _ in sites.gates]
        self._capacity = DailyMean(np.zeros(shape), start)
        self._opening = DailyMean(np.ones((len(sites.gates), replications)), start)

    def begin_year(self, today: Array, coming: Array | None = None) -> None:
        """Take over what a new year brings.

        Parameters
        ----------
        today : shape (groups, S), capacity that stands without the projects [t/d]
        coming : shape (groups,), capacity that the projects decided so far add in the end [t/d]; default: none
        """
        self._today[...] = today
        self._coming[:, 0] = 0.0 if coming is None else coming
        self._capacity.restart(np.where(self._stopped == 0, self._today + self._added, 0.0))

    def add(self, group: int, replication: int, time: float, capacity: float) -> None:
        """Let a capacity [t/d] come on top (or go, when negative)."""
        self._added[group, replication] += capacity
        self._refresh(group, replication, time)

    def stands(self, group: int, replication: int) -> bool:
        """Tell whether there is any capacity that could break down."""
        return bool(self._today[group, replication] + self._added[group, replication] > 0.0)

    def standing(self) -> Array:
        """Return the capacity (groups, S) that stands at this instant, in order or not [t/d]."""
        return self._today + self._added

    def planned(self) -> Array:
        """Return the capacity (groups, S) that will stand once every project decided on is in full operation [t/d]."""
        return self._today + np.maximum(self._coming + self._ruled, self._added)

    def plan(self, group: int, replication: int, capacity: float) -> None:
        """Let a capacity [t/d] be decided on in one replication, to come once it is built."""
        self._ruled[group, replication] += capacity

    def breakdown(self, group: int, replication: int, time: float, *, broken: bool) -> None:
        """Let a capacity group stop, or run again after its repair."""
        self._stopped[group, replication] += 1 if broken else -1
        self._refresh(group, replication, time)

    def closure(self, gate: int, replication: int, time: float, *, closed: bool) -> None:
        """Let a gate close, or open again; closures overlap, the last to end opens it."""
        change = 1 if closed else -1
        self._closed[gate][replication] += change
        self._opening.change(gate, replication, time, 0.0 if self._closed[gate][replication] else 1.0)
        group = int(self.sites.group[gate])
        if group >= 0 and self.sites.store[gate] < 0:
            self._stopped[group, replication] += change
            self._refresh(group, replication, time)

    def day(self, end: float) -> tuple[Array, Array]:
        """Return the day's capacity (groups, S) [t/d] and the share of the day each gate was open (gates, S)."""
        return self._capacity.close(end), self._opening.close(end)

    def _refresh(self, group: int, replication: int, time: float) -> None:
        rate = 0.0
        if not self._stopped[group, replication]:
            rate = float(self._today[group, replication] + self._added[group, replication])
        self._capacity.change(group, replication, time, rate)
