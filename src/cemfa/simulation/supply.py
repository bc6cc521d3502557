"""Spread what arises in a year over its days: monthly profiles become weights of real calendar days.

First phase of a simulated day (`arise`): everything that enters from outside follows a profile, and whatever
flows from it without meeting a limit follows the same weights, because shares are constant within a year.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cemfa import locale
from cemfa.definition.schema import SeasonRow
from cemfa.errors import Problem, SimulationError

Array = NDArray[np.float64]
EVEN = ""
"""Name of the profile of everything that names none."""
MARK = "|"
"""Parts the name of a season from the weather that arisings share."""


@dataclass(frozen=True, slots=True)
class Month:
    """Days of one month that share one weight per profile.

    Parameters
    ----------
    first, days : first day of the month counted from the start of the simulation, and how many there are
    weight : shape (profiles,), share of a year's mass that arises on each of these days [1/d]
    """

    first: int
    days: int
    weight: Array


def months_of(year: int, first: int, profiles: Sequence[str], seasons: Sequence[SeasonRow]) -> tuple[Month, ...]:
    """Return the months of a calendar year with the weight of their days in every profile.

    A profile is scaled so that the days of the year sum to one: w = v(month) / Σ v(m) · days(m).

    Parameters
    ----------
    year : calendar year
    first : its first day, counted from the start of the simulation
    profiles : names; `EVEN` is the same weight every day
    seasons : rows of `seasons.csv`; a month that a profile leaves out counts as zero

    Raises
    ------
    SimulationError
        if a profile has no month above zero

    Examples
    --------
    >>> january = months_of(2023, 0, [""], [])[0]
    >>> january.days, round(365 * float(january.weight[0]), 12)
    (31, 1.0)
    """
    days = [calendar.monthrange(year, month)[1] for month in range(1, 13)]
    weights = np.array([_weights(name, days, seasons) for name in profiles]).reshape(len(profiles), 12)
    starts = [first + sum(days[:month]) for month in range(12)]
    return tuple(Month(start, n, weights[:, m]) for m, (start, n) in enumerate(zip(starts, days, strict=True)))


def factors_of(year: int, profile: str, seasons: Sequence[SeasonRow]) -> tuple[float, ...]:
    """Return by which factor a daily rate differs from its mean in each month of a year; their mean by days is one.

    Raises
    ------
    SimulationError
        if the profile has no month above zero

    Examples
    --------
    >>> factors_of(2023, EVEN, [])[0]
    1.0
    """
    days = [calendar.monthrange(year, month)[1] for month in range(1, 13)]
    return tuple(weight * sum(days) for weight in _weights(profile, days, seasons))


def _weights(name: str, days: Sequence[int], seasons: Sequence[SeasonRow]) -> list[float]:
    profile = name.partition(MARK)[0]
    if profile == EVEN:
        return [1.0 / sum(days)] * 12
    value = {row.month: row.value for row in seasons if row.profile == profile}
    total = math.fsum(value.get(month + 1, 0.0) * n for month, n in enumerate(days))
    if not total > 0.0:
        raise locale.error(SimulationError, Problem("season-empty", parameters={"profile": profile}))
    return [value.get(month, 0.0) / total for month in range(1, 13)]
