"""What events and adoptions make of parameters in every history, year by year.

Parameters hold for a year, so an event that lasts for part of it moves the year's value in proportion to the days it
lasts, each with the weight of a season: for what arises by that season the annual amount is exact.
"""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cemfa.definition.schema import Event, SeasonRow
from cemfa.plan import ParameterChange, Plan, adopted
from cemfa.simulation.events import Calendar, samples_of, uniforms
from cemfa.simulation.occurrences import Odds, occurrences
from cemfa.simulation.supply import EVEN, factors_of

Array = NDArray[np.float64]
Span = tuple[float, float]


class Effects:
    """The drawn changes of a block.

    Parameters
    ----------
    plan : its changes by events and adoptions are drawn
    calendar_ : days as dates
    seasons : rows of `seasons.csv`
    seed, replications : of the random streams
    central : whether adoptions take their central course
    limits : whether events happen at all
    """

    def __init__(
        self, plan: Plan, calendar_: Calendar, seasons: Sequence[SeasonRow], seed: int, replications: range,
        *, central: bool, limits: bool, last: float,
    ) -> None:  # fmt: skip
        self._calendar, self._seasons, self._replications = calendar_, seasons, replications
        events = dict(plan.events)
        changes = {change.stream: change for change in plan.changes if change.stream}
        self._by_event = [c for c in changes.values() if c.event] if limits else []
        self._adopted = [] if central else [c for c in changes.values() if c.adoption is not None]
        self._spans = {
            name: [
                [(start, end) for start, end, _ in occurrences(
                    events[name], calendar_, uniforms(seed, f"events.{name}", replication), odds, last
                )]
                for replication, odds in zip(replications, odds_of(name, events[name], seed, replications), strict=True)
            ]
            for name in dict.fromkeys(change.event for change in self._by_event)
        }  # fmt: skip
        written = {f"events.{key}.{word}": one for key in self._spans for word, one in events[key].factors()}
        self._profile = {stream: one.season or EVEN for stream, one in written.items()}
        self._drawn = {
            change.stream: samples_of(written[change.stream].factor, seed, change.stream, replications)
            for change in self._by_event
        }
        for change in self._adopted:
            if (curve := change.adoption) is not None:
                for key, row in (("midpoint", curve.midpoint), ("speed", curve.speed)):
                    self._drawn[f"{change.stream}.{key}"] = samples_of(
                        row, seed, f"{change.stream}.{key}", replications
                    )

    def of(self, year: int) -> Mapping[str, Array]:
        """Return by stream what is in force in a calendar year, (S,): mean factors, values adopted."""
        found = {change.stream: self._factors(change, year) for change in self._by_event}
        for change in self._adopted:
            if change.years[0] <= year:
                found[change.stream] = self._course(change, year)
        return found

    def _factors(self, change: ParameterChange, year: int) -> Array:
        edges, passed = _weighted(year, self._profile[change.stream], self._calendar, self._seasons)
        factors = self._drawn[change.stream].tolist()
        spans = self._spans[change.event]
        return np.array([mean_factor(own, f, edges, passed) for own, f in zip(spans, factors, strict=True)])

    def _course(self, change: ParameterChange, year: int) -> Array:
        curve = change.adoption
        if curve is None:
            return np.zeros(len(self._replications))
        midpoints, speeds = (self._drawn[f"{change.stream}.{key}"].tolist() for key in ("midpoint", "speed"))
        shares = [adopted(year - curve.start, m, k) for m, k in zip(midpoints, speeds, strict=True)]
        return curve.begin + (curve.end - curve.begin) * np.array(shares)


def odds_of(name: str, event: Event, seed: int, replications: range) -> list[Odds]:
    """Return what is drawn of an event once for every history."""
    rows = {"rate": (event.rate, 0.0), "chance": (event.chance, 1.0)}
    rows["load_times"] = (event.load.times if event.load else None, 1.0)
    drawn = [
        samples_of(row, seed, f"events.{name}.{key}", replications).tolist() if row else [default] * len(replications)
        for key, (row, default) in rows.items()
    ]
    return [Odds(*values) for values in zip(*drawn, strict=True)]


def mean_factor(spans: Sequence[Span], factor: float, edges: Sequence[float], passed: Sequence[float]) -> float:
    """Return the mean over a year of a factor that is in force in some spans; where they overlap it counts twice.

    Parameters
    ----------
    spans : start and end of each [d]
    edges, passed : instants, and the weight of the year passed by each of them, linear between; from 0 to 1

    Examples
    --------
    >>> mean_factor([(-5.0, 91.25)], 0.6, [0.0, 365.0], [0.0, 1.0])
    0.9
    """
    start, end = edges[0], edges[-1]
    own = [(max(a, start), min(b, end)) for a, b in spans if a < end and b > start]
    points = sorted({instant for span in own for instant in span})
    weights = np.interp(points, edges, passed).tolist()
    mean = 1.0
    for (a, before), (b, after) in pairwise(zip(points, weights, strict=True)):
        count = len([1 for first, last in own if first <= a and b <= last])
        mean += (factor**count - 1.0) * (after - before)
    return mean


def _weighted(
    year: int, profile: str, calendar_: Calendar, seasons: Sequence[SeasonRow]
) -> tuple[list[float], list[float]]:
    """Return the instants at which the months of a year begin, and how much of its weight has passed by then."""
    first = calendar_.day_of(datetime.date(year, 1, 1))
    lengths = [calendar.monthrange(year, month)[1] for month in range(1, 13)]
    factors = factors_of(year, profile, seasons)
    edges, passed = [float(first)], [0.0]
    for days, factor in zip(lengths, factors, strict=True):
        edges.append(edges[-1] + days)
        passed.append(passed[-1] + days * factor / (366 if calendar.isleap(year) else 365))
    return edges, passed
