"""What limited processes can take in over a year: what stands today, projects, breakdowns and closures.

Between a plan and `limits`: the mean available capacity of each year, with every project at its central dates and
random closures at their expectation. `simulate` has its own, daily one.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence

import numpy as np

from cemfa import locale, units
from cemfa.courses import Built, available_share
from cemfa.definition.schema import Event
from cemfa.errors import DefinitionError, Place, Problem
from cemfa.plan import Plan
from cemfa.system.layout import Array, CapacityGroup, System
from cemfa.system.numbers import Numbers


def yearly_capacity(numbers: Numbers, added: Array, opened: Array, days: int) -> Array:
    """Return the largest intake (G, S) of a year [t/year].

    Parameters
    ----------
    numbers : of the period: what stands today [t/d] and how often it works
    added, opened : shape (G,), capacity of projects [t/d] and share of the days without closure
    days : of the calendar year
    """
    found: Array = (numbers.capacity_today + added[:, None]) * numbers.working * opened[:, None] * days
    return found


def added_capacity(system: System, plan: Plan | None) -> Array:
    """Return what the projects of a plan add to each group in each year (T, G) [t/d], at their central dates.

    Raises
    ------
    DefinitionError
        for every project whose place has no capacity.
    """
    found = np.zeros((len(system.years), len(system.groups)))
    problems = []
    for built, course in zip(plan.built, plan.central_courses(), strict=True) if plan else ():
        group = group_of(system.groups, built)
        if group is None:
            where = ", ".join(f"{d}={item}" for d, item in built.place)
            shown = {"project": built.project, "process": built.process, "where": where}
            problems.append(Problem("project-without-capacity", Place(path=f"projects.{built.project}"), shown))
            continue
        for period, year in enumerate(system.years):
            found[period, group] += built.capacity * built.usable * available_share(course.steps, year)
    if problems:
        raise locale.error(DefinitionError, problems)
    return found


def group_of(groups: Sequence[CapacityGroup], built: Built) -> int | None:
    """Return the position of the capacity group that a project adds to, None where there is none."""
    place = dict(built.place)
    for number, group in enumerate(groups):
        if group.process == built.process and all(place.get(d) == item for d, item in group.place.items()):
            return number
    return None


def open_share(system: System, plan: Plan | None) -> Array:
    """Return the share of each year's days (T, G) on which nothing closes a group, random events by expectation."""
    found = np.ones((len(system.years), len(system.groups)))
    for _, event in plan.events if plan else ():
        hit = [n for n, group in enumerate(system.groups) if closes(event, group)]
        for period, year in enumerate(system.years):
            found[period, hit] *= 1.0 - min(1.0, closed_days(event, year) / units.days_in(year))
    return found


def closes(event: Event, group: CapacityGroup) -> bool:
    """Tell whether an event stops the intake of a capacity group."""
    here = all(group.place.get(d, item) == item for d, item in event.place.items())
    return event.process == group.process and here


def closed_days(event: Event, year: int) -> float:
    """Return the days of a calendar year that an event closes, by expectation where it is random.

    What a load makes likelier is counted at the rate without it.
    """
    start, end = datetime.date(year, 1, 1), datetime.date(year + 1, 1, 1)
    lasting = math.inf
    if event.duration is not None:
        lasting, _ = units.to_canonical(event.duration.value, event.duration.unit)
    if event.rate is None:
        return _dated_days(event, year, lasting) * (event.chance.value if event.chance else 1.0)
    possible = max(0, (end - max(event.first or start, start)).days) / (end - start).days
    per_year = event.rate.value * units.per_year_factor(event.rate.unit, year)
    if event.for_good:
        return _for_good(event, per_year, year)
    return per_year * lasting * possible


def _dated_days(event: Event, year: int, lasting: float) -> float:
    """Return the days of a calendar year that a dated event closes where it happens, at its central delay."""
    if event.yearly and event.first and year > event.first.year:
        return _dated_days(event.model_copy(update={"yearly": False}), event.first.year, lasting)  # as many every year
    start, end = (datetime.date(y, 1, 1).toordinal() for y in (year, year + 1))
    first = float(event.first.toordinal()) if event.first else float(start)
    if event.delay is not None:
        first += units.to_canonical(event.delay.value, event.delay.unit)[0]
    last = float(event.last.toordinal() + 1) if event.last else first + lasting
    return max(0.0, min(last, float(end)) - max(first, float(start)))


def _for_good(event: Event, per_year: float, year: int) -> float:
    """Return the expected days of a calendar year after an event that never ends: 1 − exp(−rate · time), its mean."""
    days = units.days_in(year)
    since = year - (event.first.year if event.first else year)
    if per_year <= 0.0 or since < 0:
        return 0.0
    return days * (1.0 - (math.exp(-per_year * since) - math.exp(-per_year * (since + 1))) / per_year)
