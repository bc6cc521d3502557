"""How heavily places are used in the course of a simulation, where that makes an event likelier.

Beside the clock: remembers what entered some gates on the last days, history by history.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
DAYS: Final = 30
"""Days over which a load is the mean."""


class Loads:
    """What has entered the gates of some events on the last days.

    Parameters
    ----------
    gates : event → gates whose intake is its load
    design : event → design load of every replication (S,) [t/d]
    recent : shape (days, events, S), what entered on the last days so far, oldest first [t]; None for nothing
    """

    def __init__(
        self, gates: Mapping[str, Sequence[int]], design: Mapping[str, Array], recent: Array | None, width: int
    ) -> None:
        self._gates, self._design = dict(gates), design
        self._number = {name: n for n, name in enumerate(self._gates)}
        self._days: list[Array] = [] if recent is None else list(recent)
        self._width = width

    def add(self, taken: Array) -> None:
        """Add a day.

        Parameters
        ----------
        taken : shape (gates, S), what was let in [t]
        """
        if not self._gates:
            return
        day = np.zeros((len(self._gates), self._width))
        for number, gates in enumerate(self._gates.values()):
            for gate in gates:
                day[number] += taken[gate]
        self._days = [*self._days[1 - DAYS :], day]

    def above(self, event: str, place: int) -> bool:
        """Tell whether the load of an event is above its design in a replication at this instant."""
        if not self._days:
            return False
        days = [float(day[self._number[event], place]) for day in self._days]
        return math.fsum(days) / len(days) > float(self._design[event][place])

    def recent(self) -> Array:
        """Return what entered on the last days, (days, events, S) [t]."""
        return np.stack(self._days) if self._days else np.zeros((0, len(self._gates), self._width))
