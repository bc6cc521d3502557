"""When an event happens: its dates, or instants drawn by its rate, its months and what a place is used for.

Between the definition of an event and the activities of `events`. All instants of a history follow from the seed,
the name of the event and the number of the replication, so options share them; only an event that a `load` makes
likelier looks at the history itself, and then draws as many candidates in every option.
"""

from __future__ import annotations

import calendar
import datetime
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from cemfa.definition.schema import Event, NumberRow
from cemfa.simulation.events import Calendar, fitted, on_grid
from cemfa.system.quantiles import quantile
from cemfa.system.scores import normal_scores


@dataclass(frozen=True, slots=True)
class Odds:
    """What is drawn of an event once for a whole history.

    Parameters
    ----------
    rate : mean number per year [1/year]
    chance : how probable a dated one is [1]
    times : how many times as likely it starts under a load [1]
    """

    rate: float = 0.0
    chance: float = 1.0
    times: float = 1.0


def occurrences(
    event: Event, calendar_: Calendar, uniform: Iterator[float], odds: Odds, last: float
) -> Iterator[tuple[float, float, float]]:
    """Yield start, end and a uniform number for every occurrence of an event in one history, in order of start.

    A dated event happens once, or once a year, its last day included. A random one is a Poisson process of `rate`
    per year, run on the days of the months in which it can start, each with the weight of its month: a year expects
    as many with few months as with all. Occurrences may overlap. With a `load` these are candidates at the rate
    under load; one that comes without the load happens where the uniform number is below 1 / `times` (thinning,
    Lewis & Shedler 1979, Naval Research Logistics Quarterly 26:403).

    Parameters
    ----------
    odds : as drawn for this replication
    last : first instant that is no longer simulated; what happens for good ends there
    """
    if event.rate is None:
        yield from _dated(event, calendar_, uniform, odds.chance, last)
        return
    first = calendar_.day_of(event.first) if event.first else 0
    weights = weights_of(event)
    rate, time = odds.rate * max(odds.times, 1.0), float(first)
    while rate > 0.0:
        time = _advance(time, -math.log(next(uniform)) / rate, weights, calendar_, last)
        if time >= last:
            return
        start, end = on_grid(time), last
        if event.duration is not None:
            end = on_grid(start + _drawn(event.duration, next(uniform)))
        mark = next(uniform) if event.load is not None else 0.0
        yield start, end, mark


def _drawn(row: NumberRow, uniform: float) -> float:
    """Return one draw of a number that is not negative."""
    found = fitted(row)
    score = normal_scores(np.array([[uniform]]))
    return max(0.0, float(quantile(found.family, np.array([found.parameters]), score)[0, 0]))


def _dated(
    event: Event, calendar_: Calendar, uniform: Iterator[float], chance: float, last: float
) -> Iterator[tuple[float, float, float]]:
    """Yield the occurrences of a dated event, year after year where it comes again."""
    for years in itertools.count():
        begin, end = (dated_in(date, years) if date else None for date in (event.first, event.last))
        first = float(calendar_.day_of(begin)) if begin else 0.0
        if first >= last and years:
            return
        happens = event.chance is None or next(uniform) < chance
        if event.delay is not None:
            first = on_grid(first + _drawn(event.delay, next(uniform)))
        until = float(calendar_.day_of(end) + 1) if end else last
        if event.duration is not None:
            until = on_grid(first + _drawn(event.duration, next(uniform)))
        if happens:
            yield first, until, 0.0
        if not event.yearly:
            return


def dated_in(date: datetime.date, years: int) -> datetime.date:
    """Return a date some years later; 29 February becomes the 28th in years without.

    >>> dated_in(datetime.date(2024, 2, 29), 1)
    datetime.date(2025, 2, 28)
    """
    day = min(date.day, calendar.monthrange(date.year + years, date.month)[1])
    return date.replace(year=date.year + years, day=day)


def weights_of(event: Event) -> tuple[float, ...]:
    """Return how likely a random event is to start on a day of each month, relative to other months."""
    months = event.months or range(1, 13)
    return tuple(event.weights.get(month, 1.0) if month in months else 0.0 for month in range(1, 13))


def _advance(time: float, years: float, weights: tuple[float, ...], calendar_: Calendar, last: float) -> float:
    """Return the instant at which `years` of weighted time have passed, the weighted days of each year being one."""
    while time < last:
        date = calendar_.date_of(time)
        weight, days = weights[date.month - 1], _weighted_days(date.year, weights)
        end = calendar_.day_of(datetime.date(date.year, date.month, 1)) + calendar.monthrange(date.year, date.month)[1]
        if weight > 0.0:
            needed = years * days / weight
            if time + needed < end:
                return time + needed
            years -= (end - time) * weight / days
        time = float(end)
    return time


@cache
def _weighted_days(year: int, weights: tuple[float, ...]) -> float:
    """Return the days of a year, each with the weight of its month."""
    return math.fsum(weight * calendar.monthrange(year, n + 1)[1] for n, weight in enumerate(weights))
