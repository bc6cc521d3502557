"""Rules on what is written and does nothing: events that never happen, ramps that begin too late, idle contracts.

Beside `happenings` and `courses`; all of it runs, so that these are warnings, but nobody meant it.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping

from cemfa import units
from cemfa.definition.checks.batches import central_range
from cemfa.definition.checks.context import At, Context
from cemfa.definition.checks.courses import projects_of
from cemfa.definition.checks.scenarios import changes_of
from cemfa.definition.schema import Event, Option, Project, Scenario, When
from cemfa.errors import Problem, Severity

_NOTHING = ("rate", "chance", "duration")
"""What makes an event never happen, or never last, where it is zero."""


def events(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that an event has a chance, lasts, and ends before everything else does."""
    for key, event in scenario.events.items():
        for name, row in event.numbers():
            if name in _NOTHING and row.value == 0 and not row.high:
                yield Problem("event-zero", at("events", key, name), {"event": key, "what": name}, "warning")
        if event.duration is None:
            continue
        days = event.duration.value
        whole = sum(units.days_in(year) for year in range(scenario.decisions_from, scenario.horizon + 1))
        if days > whole:
            shown = {"event": key, "days": days, "left": whole, "horizon": scenario.horizon}
            yield Problem("event-outlasts", at("events", key, "duration"), shown, "warning")


def changes(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that ramps begin, and habits spread, before the horizon."""
    for path, change in changes_of(scenario):
        curve, shown = change.adoption, {"parameter": change.parameter, "horizon": scenario.horizon}
        first = curve.start if curve is not None else min(change.values, default=scenario.horizon)
        place = at(*path, "values", first, key=True) if curve is None else at(*path, "adoption", "start")
        if first > scenario.horizon:
            yield Problem("change-late", place, {**shown, "year": first}, "warning")
        elif curve is not None and first + curve.midpoint.value >= scenario.horizon + 1:
            year = math.floor(first + curve.midpoint.value)
            yield Problem("adoption-late", at(*path, "adoption", "midpoint"), {**shown, "year": year}, "warning")


def contracts(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that a contract asks for no more than the plant is built for."""
    for path, project in projects_of(scenario):
        least = project.minimum_delivery
        if least is not None and least > project.capacity:
            shown = {"delivery": least, "capacity": project.capacity}
            yield Problem("delivery-above-capacity", at(*path, "minimum_delivery"), shown, "warning")


def events_in_the_model(scenario: Scenario, c: Context, at: At) -> Iterator[Problem]:
    """Check that what is dated does not end before the first year of the model."""
    first = c.model.periods.first
    for key, event in scenario.events.items():
        end = _end(event)
        if end is not None and end.year < first:
            shown = {"event": key, "to": end.isoformat(), "first": first}
            yield Problem("event-early", at("events", key, "duration"), shown, "warning")


def _end(event: Event) -> datetime.date | None:
    """Return when a dated event that states how long it lasts ends, with central numbers."""
    if event.first is None or event.duration is None or event.rate is not None or event.yearly:
        return None
    days = event.duration.value + (event.delay.value if event.delay is not None else 0.0)
    return event.first + datetime.timedelta(days=min(math.floor(days), 1_000_000))


def rules(scenario: Scenario, c: Context, at: At) -> Iterator[Problem]:
    """Check that what a rule looks at can come to its threshold: a store is large enough, some plant can be busy."""
    for path, project in projects_of(scenario):
        when = project.when
        if when is None or when.above is None:
            continue
        most = _most(when, project, scenario.options[str(path[1])], c)
        if most is not None and when.above >= most:
            shown = {"measure": when.measure, "above": when.above, "most": most}
            severity: Severity = "warning" if when.measure == "backlog" else "error"  # the size of a store may vary
            yield Problem("rule-above", at(*path, "when", "above"), shown, severity)


def _most(when: When, project: Project, option: Option, c: Context) -> float | None:
    """Return the largest value that a measure can have; None where that is not known."""
    name = when.process or project.process
    process = c.model.processes.get(name)
    if process is None:
        return None
    if when.measure == "share" and set(when.of) <= set(when.per):
        return 1.0
    if when.measure == "backlog" and process.store is not None:
        limit = central_range(c, process.store.limit, "t")
        copies = [len(c.model.items(d)) for d in process.over if d in c.dimensions and d not in when.place]
        return None if limit is None else limit[1] * math.prod(copies)
    if when.measure == "utilisation" and process.capacity is not None and not _stands(name, when, option, c):
        return 0.0
    return None


def _stands(name: str, when: When, option: Option, c: Context) -> bool:
    """Tell whether plants that a rule looks at stand today, or come to stand without the rule."""
    process = c.model.processes[name]
    parameter = process.capacity.parameter if process.capacity is not None else ""
    today = [row for _, row in c.rows.get(parameter, ()) if _met(row.index, when.place)]
    if not today or any(row.value for row in today):
        return True
    built = [p for p in option.projects.values() if p.process == name and p.when != when]
    grown = [*option.policy, *(change for programme in option.programmes.values() for change in programme.changes)]
    return any(_met(p.place, when.place) for p in built) or any(change.parameter == parameter for change in grown)


def _met(place: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(place.get(dimension, item) == item for dimension, item in wanted.items())


def stores(c: Context) -> Iterator[Problem]:
    """Check that a store can hold something, and loses no more in a day than there is."""
    for name, process in c.model.processes.items():
        if process.store is None:
            continue
        where = ("processes", name, "store")
        for unit in ("t", "d"):
            limit = central_range(c, process.store.limit, unit)
            if limit is not None and limit[1] == 0:
                yield Problem("store-empty", c.at(*where, "limit"), {"process": name, "unit": unit}, "warning")
        lost = central_range(c, process.store.spoilage, "1/d") if process.store.spoilage is not None else None
        if lost is not None and lost[1] > 1:
            yield Problem("store-spoilage", c.at(*where, "spoilage"), {"process": name, "share": lost[1]})


OWN_RULES = (events, changes, contracts)
MODEL_RULES = (events_in_the_model, rules)
