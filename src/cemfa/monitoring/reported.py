"""What was reported of projects, read out of the store: dates of stages, what was built, spent, taken in and sold.

Stands above `observations`; the register shows it and `standing` puts it in the place of what was planned.
"""

from __future__ import annotations

import calendar
import datetime
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cemfa.definition.schema import Scenario, Stage
from cemfa.errors import Place, Problem
from cemfa.observations.schema import DATED, DECISION, Kept, Key, Observation, as_date

Span = tuple[datetime.date, datetime.date, float]
"""First day, last day and tonnes taken in between."""
_SLACK = 1e-6  # of tonnes that people rounded


@dataclass(frozen=True, slots=True)
class Reported:
    """What was reported of one project; what is absent was not reported.

    Parameters
    ----------
    started, finished : per stage when it began and ended; `finished` of `decision` is when it was decided
    cancelled : when it was given up
    capacity : what was built [t/d]
    intake : what was taken in, by span of days [t]; spans do not overlap
    told : all that counts, by key
    """

    started: Mapping[str, datetime.date] = field(default_factory=dict)
    finished: Mapping[str, datetime.date] = field(default_factory=dict)
    cancelled: datetime.date | None = None
    capacity: float | None = None
    intake: tuple[Span, ...] = ()
    told: Mapping[Key, Observation] = field(default_factory=dict)

    @property
    def decided(self) -> datetime.date | None:
        """When it was decided; what has begun without a reported decision was decided by then."""
        dates = [*self.started.values(), *(end for stage, end in self.finished.items() if stage != DECISION)]
        return self.finished.get(DECISION) or (min(dates) if dates else None)

    def ended(self, stages: Sequence[Stage], number: int) -> datetime.date | None:
        """Return when a stage ended; one whose end was not told was over when the next that was told of began."""
        own = self.finished.get(stages[number].id)
        return own if own is not None else self._next(stages, number + 1)

    def _next(self, stages: Sequence[Stage], first: int) -> datetime.date | None:
        for stage in stages[first:]:
            date = self.started.get(stage.id) or self.finished.get(stage.id)
            if date is not None:
                return date
        return None

    def value(self, measure: str, part: str, year: int, kind: str = "actual") -> Observation | None:
        """Return what was reported of a measure; None where nothing was."""
        return next(
            (
                seen
                for key, seen in self.told.items()
                if (key.measure, key.part, key.year, key.kind) == (measure, part, year, kind)
            ),
            None,
        )

    def years(self, measure: str) -> tuple[int, ...]:
        """Return the years of which a measure was reported, sorted."""
        return tuple(sorted({key.year for key in self.told if key.measure == measure and key.kind == "actual"}))

    def total(self, measure: str, part: str | None = None, kind: str = "actual") -> float | None:
        """Return the sum of a measure over all years, of one part or of all; None where nothing was reported."""
        found = [
            seen.value
            for key, seen in self.told.items()
            if (key.measure, key.kind) == (measure, kind) and part in (None, key.part)
        ]
        return sum(found) if found else None


def reported(kept: Iterable[Kept], *, until: datetime.date) -> dict[str, Reported]:
    """Return per project what was reported up to a day.

    Parameters
    ----------
    kept : what counts in the store (`Store.current(until=until)`)
    until : what covers a later day is left out
    """
    by_project: dict[str, dict[Key, Observation]] = {}
    for found in kept:
        seen = found.observation
        if seen.key.subject == "project" and seen.until <= until:
            by_project.setdefault(seen.key.item, {})[seen.key] = seen
    return {project: _reported(told) for project, told in by_project.items()}


def _reported(told: Mapping[Key, Observation]) -> Reported:
    def dates(measure: str) -> dict[str, datetime.date]:
        actual = {key.part: seen for key, seen in told.items() if (key.measure, key.kind) == (measure, "actual")}
        return {part: date for part, seen in actual.items() if (date := as_date(seen.value)) is not None}

    built = [seen.value for key, seen in told.items() if (key.measure, key.kind) == ("capacity", "actual")]
    return Reported(
        dates("started"), dates("finished"), dates("cancelled").get(""), built[0] if built else None,
        tuple(_spans(told)), dict(told),
    )  # fmt: skip


def _spans(told: Mapping[Key, Observation]) -> Iterator[Span]:
    """Yield intake by year where the year's total was reported, else by the months that were."""
    intake = {key: seen for key, seen in told.items() if (key.measure, key.kind) == ("intake", "actual")}
    whole = {key.year for key in intake if not key.part}
    for key, seen in sorted(intake.items(), key=lambda one: (one[0].year, one[0].part)):
        if not key.part or key.year not in whole:
            yield span_of(key, seen)


def span_of(key: Key, seen: Observation) -> Span:
    """Return the days that an intake covers, and the mass: of a month, or of a year up to the cut-off."""
    first, last = datetime.date(key.year, 1, 1), datetime.date(key.year, 12, 31)
    if key.part:
        month = int(key.part)
        first = datetime.date(key.year, month, 1)
        last = datetime.date(key.year, month, calendar.monthrange(key.year, month)[1])
    return first, min(last, seen.until), seen.value


def faults(scenario: Scenario, kept: Iterable[Kept], stages: Mapping[str, Sequence[Stage]]) -> list[Problem]:
    """Return what keeps reports from being used: projects that no option has, and dates that cannot be.

    Parameters
    ----------
    scenario : whose projects they are; reports on projects of other options are left alone
    kept : what counts
    stages : per project of the option its chain
    """
    known = {key for stated in scenario.options.values() for key in stated.projects}
    current = [one for one in kept if one.observation.key.subject == "project"]
    found = [
        Problem("project-unknown", parameters={"value": name, "known": sorted(known)})
        for name in dict.fromkeys(one.observation.key.item for one in current)
        if name not in known
    ]
    last = max((one.observation.until for one in current), default=datetime.date.max)
    for name, told in reported(current, until=last).items():
        if name in stages:
            found += order_faults(name, told, stages[name])
    return found


def order_faults(
    name: str, told: Reported, stages: Sequence[Stage], at: Callable[[str, str], Place] = lambda *_: Place()
) -> Iterator[Problem]:
    """Yield what is wrong with the reports of one project: dates after the last day they cover or in an impossible
    order, months that take in more than their year.

    Parameters
    ----------
    name : id of the project
    told : what was reported of it
    stages : its chain
    at : gives the place of a measure and stage
    """
    for key, seen in told.told.items():
        date = as_date(seen.value) if key.measure in DATED and key.kind == "actual" else None
        if date is not None and date > seen.until:
            shown = {
                "item": name,
                "stage": key.part or key.measure,
                "date": date.isoformat(),
                "last": seen.until.isoformat(),
            }
            yield Problem("project-date-after", at(key.measure, key.part), shown)
    before, since = told.finished.get(DECISION), DECISION
    for stage in stages:
        begin, end = told.started.get(stage.id), told.finished.get(stage.id)
        if begin is not None and end is not None and end < begin:
            yield _disorder(name, (stage.id, end), (stage.id, begin), at("finished", stage.id))
        first, measure = (begin, "started") if since == DECISION and begin is not None else (end, "finished")
        if before is not None and first is not None and first < before:
            yield _disorder(name, (stage.id, first), (since, before), at(measure, stage.id))
        if end is not None:
            before, since = max(end, before or end), stage.id
    yield from _month_faults(name, told, at)


def _month_faults(name: str, told: Reported, at: Callable[[str, str], Place]) -> Iterator[Problem]:
    """Yield years whose months add up to more than the year up to the cut-off."""
    intake = {key: seen.value for key, seen in told.told.items() if (key.measure, key.kind) == ("intake", "actual")}
    for key, whole in intake.items():
        months = math.fsum(value for other, value in intake.items() if other.part and other.year == key.year)
        if not key.part and months > whole * (1.0 + _SLACK):
            shown = {"item": name, "year": key.year, "months": months, "whole": whole}
            yield Problem("project-months", at("intake", ""), shown)


def _disorder(name: str, later: tuple[str, datetime.date], earlier: tuple[str, datetime.date], place: Place) -> Problem:
    shown = {
        "item": name, "stage": later[0], "date": later[1].isoformat(),
        "before": earlier[0], "earlier": earlier[1].isoformat(),
    }  # fmt: skip
    return Problem("project-date-order", place, shown)
