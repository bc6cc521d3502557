"""Why gates turn matter away: full, out of order, not yet built, or not even decided on; day by day, for the account.

Beside the clock. A gate that refuses ``r = offered − taken`` on a day would have taken ``min(offered, standing)``
with everything up, and ``min(offered, planned)`` with everything built. What lies between is due to breakdowns and
closures (`down`) and to what is still being built (`unbuilt`); the rest to its size (`full`), or, where nothing
stands or is planned, to there being no plant (`absent`). The four add up to what is refused, every day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from cemfa.definition.schema import Model
from cemfa.simulation.plant import Sites
from cemfa.system.rows import RowGroups

if TYPE_CHECKING:
    from cemfa.simulation.book import Course
    from cemfa.simulation.dispatch import Day

Array = NDArray[np.float64]
Index = NDArray[np.intp]

FULL, DOWN, UNBUILT, ABSENT = range(4)
REFUSALS: Final = ("full", "down", "unbuilt", "absent")
"""Why a gate refuses, in the order of the arrays."""


@dataclass(frozen=True, slots=True, eq=False)
class Diverted:
    """Which flows carry what gates turned away; topology only.

    Parameters
    ----------
    flows : shape (R,), flows that stand in an `otherwise` list
    ends : rows of ends (a course at a stop) other than the first stop
    into : per end, its row among `flows`
    key_of : per end, its position among `keys`
    keys : gates that an end has passed, in order
    """

    flows: Index
    ends: Index
    into: tuple[int, ...]
    key_of: Index
    keys: tuple[tuple[int, ...], ...]

    def by_reason(self, fresh: Array, weight: Array, there: NDArray[np.bool_]) -> Array:
        """Return what the flows carry for each reason, (R, 4, S) [t/year].

        An end that several gates turned away is shared evenly between those where something stands or is planned.

        Parameters
        ----------
        fresh : shape (ends, S), mass at every end
        weight : shape (gates, 4, S), share of each reason in what a gate refused
        there : shape (gates, S), whether anything stands or is planned behind a gate
        """
        width = fresh.shape[1]
        shares = np.zeros((len(self.keys), len(REFUSALS), width))
        for number, gates in enumerate(self.keys):
            count = np.zeros(width)
            for gate in gates:
                shares[number] += np.where(there[gate], weight[gate], 0.0)
                count += there[gate]
            shares[number, ABSENT, count == 0] = 1.0
            shares[number] /= np.maximum(count, 1.0)
        found = fresh[self.ends][:, None, :] * shares[self.key_of]
        return RowGroups.of(self.into, len(self.flows)).add(found)


def sent_on_by(model: Model, flow: str) -> list[str]:
    """Return the flows that name another one among those which take what they are refused."""
    return [name for name, other in model.flows.items() if flow in other.otherwise]


def diverted_of(courses: tuple[Course, ...], end_of: tuple[tuple[int, int], ...]) -> Diverted:
    """Return which flows carry what gates turned away.

    Parameters
    ----------
    end_of : per end, (course, stop of the course)
    """
    ends = [n for n, (_, stop) in enumerate(end_of) if stop]
    flow_of = [courses[end_of[n][0]].stops[end_of[n][1]].flow for n in ends]
    passed = [tuple(stop.gate for stop in courses[end_of[n][0]].stops[: end_of[n][1]]) for n in ends]
    flows, keys = sorted(set(flow_of)), sorted(set(passed))
    return Diverted(
        np.array(flows, dtype=np.intp),
        np.array(ends, dtype=np.intp),
        tuple(flows.index(flow) for flow in flow_of),
        np.array([keys.index(key) for key in passed], dtype=np.intp),
        tuple(keys),
    )


class Refusals:
    """What the gates of a block refused in a year so far, by reason.

    Only what breakdowns and building keep out is worked out day by day; what is left of the whole is size, or, where
    nothing stands or is planned, the want of a plant.

    Parameters
    ----------
    sites : gates and groups
    replications : S
    """

    def __init__(self, sites: Sites, replications: int) -> None:
        shape = (len(sites.gates), replications)
        self._group = sites.group
        self._plain = np.flatnonzero((sites.group >= 0) & (sites.store < 0))
        self._stored = np.flatnonzero(sites.store >= 0)
        self._closing = np.flatnonzero(sites.group < 0)
        self._whole, self._down, self._unbuilt, self._absent = (np.zeros(shape) for _ in REFUSALS)
        self._today = [np.zeros(shape) for _ in range(3)]
        self._standing: Array | None = None
        self._planned: Array | None = None
        self._wanting = np.zeros(shape, dtype=bool)

    def begin_year(self) -> None:
        """Forget the last year."""
        for sums in (self._whole, self._down, self._unbuilt, self._absent):
            sums[...] = 0.0
        self._standing = self._planned = None

    def add(self, day: Day, standing: Array, planned: Array, *, same: bool) -> None:
        """Add a day.

        Parameters
        ----------
        standing, planned : shape (groups, S), capacity with everything up, and with everything built [t/d]
        same : whether the day was decided like the one before
        """
        if self._planned is None or not np.array_equal(self._planned, planned):
            self._settle(planned)
        if not same or self._standing is None or not np.array_equal(self._standing, standing):
            self._standing = standing.copy()
            self._decide(day, standing, planned)
        refused, down, unbuilt = self._today
        self._whole += refused
        self._down[self._rows] += down[self._rows]
        self._unbuilt[self._rows] += unbuilt[self._rows]

    def by_reason(self) -> Array:
        """Return what every gate refused for each reason, (gates, 4, S), in the basis of the gate [t]."""
        found = np.zeros((self._whole.shape[0], len(REFUSALS), self._whole.shape[1]))
        found[:, DOWN], found[:, UNBUILT], found[:, ABSENT] = self._down, self._unbuilt, self._absent
        rest = np.maximum(self._whole - self._down - self._unbuilt - self._absent, 0.0)
        wanting = self._wanting
        found[:, ABSENT] += np.where(wanting, rest, 0.0)
        found[:, FULL] = np.where(wanting, 0.0, rest)
        return found

    def weights(self) -> Array:
        """Return the share of each reason in what every gate refused, (gates, 4, S); all `full` where nothing was."""
        mass = self.by_reason()
        total = np.zeros(self._whole.shape)
        for reason in range(len(REFUSALS)):
            total += mass[:, reason]
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where(total[:, None] > 0.0, mass / total[:, None], 0.0)
        found[:, FULL][total <= 0.0] = 1.0
        return found

    def there(self, planned: Array) -> NDArray[np.bool_]:
        """Return behind which gates anything stands or is planned, (gates, S)."""
        found = np.ones(self._whole.shape, dtype=bool)
        limited = self._group >= 0
        found[limited] = planned[self._group[limited]] > 0.0
        return found

    def _settle(self, planned: Array) -> None:
        """Take over what is planned from now on; what was refused for want of a plant so far stays that."""
        if self._planned is not None:
            rest = np.maximum(self._whole - self._down - self._unbuilt - self._absent, 0.0)
            self._absent += np.where(self._wanting, rest, 0.0)
        self._planned = planned.copy()
        self._wanting = ~self.there(planned)
        self._active = self._plain[~self._wanting[self._plain].all(axis=1)]
        self._rows = np.concatenate((self._active, self._stored, self._closing))
        self._standing = None

    def _decide(self, day: Day, standing: Array, planned: Array) -> None:
        """Work out what breakdowns, closures and building keep out today."""
        refused, down, unbuilt = self._today
        np.subtract(day.offered, day.taken, out=refused)
        np.maximum(refused, 0.0, out=refused)
        down[self._closing] = refused[self._closing]
        gates, groups = self._active, self._group[self._active]
        offered, taken, left = day.offered[gates], day.taken[gates], refused[gates]
        whole = np.minimum(offered, standing[groups])
        down[gates] = np.minimum(np.maximum(whole - taken, 0.0), left)
        built = np.minimum(offered, planned[groups])
        unbuilt[gates] = np.minimum(np.maximum(built - np.maximum(whole, taken), 0.0), left - down[gates])
        if self._stored.size:
            self._decide_stored(day, standing, planned)

    def _decide_stored(self, day: Day, standing: Array, planned: Array) -> None:
        """Do the same for stores: closed gates first, then as much of the rest as the plant is out of order."""
        refused, down, unbuilt = self._today
        gates, groups = self._stored, self._group[self._stored]
        left, stands = refused[gates], standing[groups] > 0.0
        closed = np.minimum(day.offered[gates] * (1.0 - day.opening[gates]), left)
        with np.errstate(divide="ignore", invalid="ignore"):
            lost = np.where(stands, 1.0 - np.minimum(day.capacity[groups] / standing[groups], 1.0), 0.0)
        down[gates] = np.where(stands, closed + (left - closed) * lost, 0.0)
        unbuilt[gates] = np.where(stands | (planned[groups] <= 0.0), 0.0, left)
