"""What happens to plants at an instant: breakdowns, closures, commissioning, each an activity of one replication.

Every activity has a random stream of its own, keyed by what it is about and by the replication, and runs on
calendar time from the first simulated day whether or not the plant is built: options that share an event, a
project or a plant share its luck, and differ by nothing but what they change.
"""

from __future__ import annotations

import calendar
import datetime
import itertools
import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import simpy
from numpy.typing import NDArray

from cemfa.courses import Built, Course, Ledger, courses_of
from cemfa.definition.schema import NumberRow
from cemfa.plan import Plan
from cemfa.simulation.plant import Plants
from cemfa.system.marginals import Fit, fit, written
from cemfa.system.quantiles import quantile
from cemfa.system.scores import normal_scores
from cemfa.system.streams import BLOCK, name_words, states
from cemfa.system.streams import uniforms as stream_uniforms

Array = NDArray[np.float64]
Activity = Generator[simpy.events.Event, None, None]
Rates = Callable[[int], tuple[Array, Array]]
"""From a calendar year to mean time between failures and to repair, (groups, S) [d]."""

GRID = 2.0**20
"""Instants lie on a grid of 1/2^20 day (a twelfth of a second), so that their sums and differences are exact."""
SHOWN = 3
"""Replications whose events are written down."""
_CHUNK = 64


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the event log.

    Parameters
    ----------
    sample : replication
    day : instant, days since the start of the simulation
    kind : ``breakdown``, the kind of the closure, ``decided`` or ``commissioned``
    subject : id of the gate, the event or the project
    value : how long it lasts [d]; of a decision or commissioning the capacity [t/d]
    """

    sample: int
    day: float
    kind: str
    subject: str
    value: float


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days counted from 1 January of the first simulated year."""

    first_year: int

    def year_of(self, day: float) -> int:
        """Return the calendar year in which an instant falls."""
        year = self.first_year + int(day / 365.2425)  # at most one off, as leap days come a few years late
        return year + (day >= _days_between(self.first_year, year + 1)) - (day < _days_between(self.first_year, year))

    def day_of(self, date: datetime.date) -> int:
        """Return the number of the day that starts at that date's midnight."""
        return (date - datetime.date(self.first_year, 1, 1)).days

    def date_of(self, day: float) -> datetime.date:
        """Return the date on which an instant falls."""
        return datetime.date(self.first_year, 1, 1) + datetime.timedelta(days=math.floor(day))

    def decimal_year(self, day: float) -> float:
        """Return an instant as a decimal calendar year: 2027.5 is the middle of 2027."""
        year = self.date_of(day).year
        start = self.day_of(datetime.date(year, 1, 1))
        return year + (day - start) / (366 if calendar.isleap(year) else 365)


@cache
def _days_between(first: int, year: int) -> int:
    """Return the days from 1 January of one year to that of another."""
    return (datetime.date(year, 1, 1) - datetime.date(first, 1, 1)).days


def on_grid(time: float) -> float:
    """Return an instant moved to the grid of exact instants."""
    return math.floor(time * GRID + 0.5) / GRID


def wait(env: simpy.Environment, until: float) -> simpy.events.Timeout:
    """Return the event that an activity yields to go on at an instant, or at once where that is past."""
    return env.timeout(max(0.0, until - env.now))


def uniforms(seed: int, name: str, replication: int) -> Iterator[float]:
    """Yield the uniform numbers of a named stream in one replication, for ever; never 0 or 1.

    The same streams as those of parameters, with the replication as their counter.
    """
    state = states(seed, name_words([name]), replication)
    for first in itertools.count(0, _CHUNK):
        yield from stream_uniforms(state, _CHUNK, first)[0].tolist()


def exponentials(seed: int, name: str, replication: int) -> Iterator[float]:
    """Yield standard exponential numbers of a named stream in one replication, for ever."""
    return (-math.log(u) for u in uniforms(seed, name, replication))


def samples_of(row: NumberRow, seed: int, name: str, replications: range) -> Array:
    """Return one draw of an uncertain number per replication, (S,); in its own unit.

    >>> from cemfa.definition.schema import NumberRow
    >>> row = NumberRow(value=4, unit="d", basis="unverified", source="x")
    >>> samples_of(row, 0, "events.flood.duration", range(2)).tolist()
    [4.0, 4.0]
    """
    blocks = range(replications.start // BLOCK, (replications.stop - 1) // BLOCK + 1)
    words = name_words([name])
    scores = normal_scores(np.concatenate([stream_uniforms(states(seed, words, b), BLOCK) for b in blocks], axis=1))
    found = fitted(row)
    # a whole block is drawn before it is cut: vector widths must not reach the bits
    values: Array = np.maximum(quantile(found.family, np.array([found.parameters]), scores)[0], 0.0)
    start = replications.start - blocks.start * BLOCK
    own: Array = values[start : start + len(replications)]
    return own


def fitted(row: NumberRow) -> Fit:
    """Return the distribution of an uncertain number."""
    return fit(written(row), row.source)


def outage_times(
    exponential: Iterator[float], state: float, rates: Callable[[float], tuple[float, float]]
) -> Iterator[tuple[float, float]]:
    """Yield failure and repair instants of one plant from day 0 on, for ever.

    Up and down times are exponential and the sequence starts in its steady state, so the availability of any
    day has the expectation MTBF / (MTBF + MTTR).

    Parameters
    ----------
    exponential : standard exponential numbers
    state : a uniform number that decides whether the plant starts broken
    rates : mean time between failures and to repair [d] in force just before an instant; asked when the plant
        has been repaired, never for a time to come, so that a run may start at any year
    """
    between, repair = rates(0.0)
    time = 0.0
    if state < repair / (between + repair):
        time = on_grid(repair * next(exponential))
        yield 0.0, time
    while True:
        between, repair = rates(time)
        failed = on_grid(time + between * next(exponential))
        time = on_grid(failed + repair * next(exponential))
        yield failed, time


def outage(
    env: simpy.Environment, plants: Plants, group: int, replication: int, times: Iterator[tuple[float, float]],
    since: float, note: Callable[[float, float], None],
) -> Activity:  # fmt: skip
    """Break a capacity group down and repair it, for ever; what ended before the environment began is past.

    The sequence runs whether anything stands there or not; only what stands is written down as broken.

    Parameters
    ----------
    times : failure and repair instants
    since : instant before which nothing stands there, so that breakdowns have no effect
    """
    for failed, repaired in times:
        if repaired <= env.now:
            continue
        if repaired <= since:
            yield wait(env, repaired)  # the rates of a year are known when it has begun
            continue
        yield wait(env, failed)
        plants.breakdown(group, replication, failed, broken=True)
        if plants.stands(group, replication):
            note(failed, repaired - failed)
        yield wait(env, repaired)
        plants.breakdown(group, replication, repaired, broken=False)


def closure(
    env: simpy.Environment, plants: Plants, gates: Sequence[int], place: int,
    times: Iterator[tuple[float, float, float]], note: Callable[[float, float], None],
    likely: Callable[[float], bool] | None = None,
) -> Activity:  # fmt: skip
    """Let an event happen in one replication: close its gates, and open them when it ends.

    Each occurrence ends in an activity of its own, as they may overlap.

    Parameters
    ----------
    gates : may be none, where an event changes parameters only
    place : position of the replication in the block
    times : start, end and a uniform number of every occurrence, in order
    likely : tells of a candidate, by its uniform number, whether it happens at this instant; default: all do
    """
    for start, end, mark in times:
        if end <= env.now or (likely is not None and start < env.now):
            continue  # what began under a load before this block began, its state tells
        yield wait(env, start)
        if likely is not None and not likely(mark):
            continue
        note(start, end - start)
        for gate in gates:
            plants.closure(gate, place, start, closed=True)
        env.process(reopening(env, plants, gates, place, end))


def reopening(env: simpy.Environment, plants: Plants, gates: Sequence[int], place: int, end: float) -> Activity:
    """Open gates in one replication when an occurrence ends."""
    yield wait(env, end)
    for gate in gates:
        plants.closure(gate, place, end, closed=False)


def stage_months(built: Built, seed: int, replications: range) -> list[Array]:
    """Return the duration [month] of every stage of a project, (S,) each; a project has a luck of its own."""
    found = [
        samples_of(stage.duration, seed, f"stages.{built.project}.{stage.id}", replications) for stage in built.stages
    ]
    return [*map(np.maximum, found, built.lasted), *found[len(built.lasted) :]]


def courses(plan: Plan, seed: int, replications: range) -> tuple[list[tuple[Course, ...]], list[Ledger]]:
    """Return the courses of the projects decided on their date, per replication, and what they leave of the funds."""
    months = [stage_months(built, seed, replications) for built in plan.built]
    found, ledgers = [], []
    for place in range(len(replications)):
        ledger = Ledger(plan.funds, plan.carried)
        drawn = [[float(stage[place]) for stage in stages] for stages in months]
        found.append(courses_of(plan.built, drawn, ledger))
        ledgers.append(ledger)
    return found, ledgers


def in_days(course: Course, calendar_: Calendar) -> tuple[tuple[int, float], ...]:
    """Return the (day, share of the capacity from then on) of a course."""
    return tuple((calendar_.day_of(date), share) for date, share in course.steps)


def commissioning(
    env: simpy.Environment, plants: Plants, group: int, replication: int, capacity: float,
    steps: Sequence[tuple[int, float]], note: Callable[[float, float], None],
) -> Activity:  # fmt: skip
    """Bring a project's usable capacity [t/d] into operation, step by step."""
    standing = 0.0
    for day, share in steps:
        yield wait(env, float(day))
        plants.add(group, replication, max(float(day), 0.0), capacity * share - standing)
        standing = capacity * share
    note(float(steps[-1][0]), standing)


def year_rates(
    rates: Mapping[int, tuple[Array, Array]], calendar_: Calendar, group: int, replication: int
) -> Callable[[float], tuple[float, float]]:
    """Return the outage rates of one plant in one replication, in force just before an instant.

    `rates` holds those of the years begun so far.
    """

    def at(time: float) -> tuple[float, float]:
        year = calendar_.year_of(max(0.0, time - 1.0 / GRID))
        between, repair = rates[year]
        return float(between[group, replication]), float(repair[group, replication])

    return at
