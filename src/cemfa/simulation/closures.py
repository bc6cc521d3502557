"""What events turn away, event by event and day by day, where a scenario says what a tonne of it costs.

Beside the clock. A gate that an event closes for a share ``k`` of a day turns away ``min(offered, standing) − taken``
because of it, and at most ``k · offered``: on a whole day of closure all that the place could have taken in, and not
what is beyond its size. Where several events close a gate on one day they share what it turns away by their length.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cemfa.simulation.plant import Sites

if TYPE_CHECKING:
    from cemfa.simulation.dispatch import Day

Array = NDArray[np.float64]
Note = Callable[[float, float], None]


class Closures:
    """When the priced events of a block last, and what share of a day.

    Parameters
    ----------
    names : the priced events
    replications : S
    """

    def __init__(self, names: Sequence[str], replications: int) -> None:
        self.names = tuple(names)
        self._shape = (len(self.names), replications)
        self._open: list[tuple[int, int, float, float]] = []

    def begin(self, name: str, place: int, start: float, end: float) -> None:
        """Let an event last from one instant to another in one replication [d]; others than the priced are nothing."""
        if name in self.names:
            self._open.append((self.names.index(name), place, start, end))

    def noted(self, name: str, place: int, note: Note) -> Note:
        """Return a note of the beginning and duration of an occurrence that is also remembered here."""

        def begun(start: float, lasting: float) -> None:
            self.begin(name, place, start, start + lasting)
            note(start, lasting)

        return begun

    def day(self, end: float) -> Array:
        """Return the share of the day that ends now during which each event lasted, (events, S), 0 … 1."""
        found = np.zeros(self._shape)
        for row, place, start, until in self._open:
            found[row, place] += max(min(until, end) - max(start, end - 1.0), 0.0)
        self._open = [one for one in self._open if one[3] > end]
        return np.minimum(found, 1.0)


def turned_away(day: Day, sites: Sites, standing: Array, closing: Array, gates: Mapping[int, Sequence[int]]) -> Array:
    """Return what every priced event turned away on a day, (events, S) [t], in the basis of its gates.

    Parameters
    ----------
    day : decided
    standing : shape (groups, S), capacity with everything up [t/d]
    closing : shape (events, S), share of the day that each event lasted
    gates : gate → rows of the events that close it

    Examples
    --------
    A place of 10 t/d is closed for half a day on which 8 t come: it takes in 5 t, and 3 t are turned away.

    >>> from types import SimpleNamespace
    >>> day = SimpleNamespace(offered=np.array([[8.0]]), taken=np.array([[5.0]]))
    >>> sites = Sites(("tip",), ("tip",), np.array([0]), np.array([-1]))
    >>> turned_away(day, sites, np.array([[10.0]]), np.array([[0.5]]), {0: (0,)}).item()
    3.0
    """
    found = np.zeros(closing.shape)
    for gate, rows in gates.items():
        offered, group = day.offered[gate], int(sites.group[gate])
        able = offered
        if group >= 0 and sites.store[gate] < 0:  # gates that share a capacity share it by what comes
            whole = np.zeros_like(offered)
            for other in np.flatnonzero(sites.group == group).tolist():
                whole += day.offered[other]
            fits = np.divide(standing[group], whole, out=np.ones_like(whole), where=whole > standing[group])
            able = offered * fits
        total = np.zeros(closing.shape[1])
        for row in rows:
            total += closing[row]
        lost = np.clip(able - day.taken[gate], 0.0, np.minimum(total, 1.0) * offered)
        for row in rows:
            found[row] += lost * np.divide(closing[row], total, out=np.zeros_like(total), where=total > 0.0)
    return found
