"""Rules on events: their dates and odds, what they close and change, and where what they turn away can go.

Beside `scenarios` and `courses`; whatever an event could stop with nowhere to go is said before it is simulated.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping

from cemfa.definition.checks.context import At, Context
from cemfa.definition.checks.references import unknown
from cemfa.definition.checks.scenarios import changes_a_cell, giving_way, placed
from cemfa.definition.checks.uses import share_parameters
from cemfa.definition.expansion import OUTSIDE, end_element, flow_elements
from cemfa.definition.schema import Event, Scenario
from cemfa.errors import Problem


def forms(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that an event does something, and is dated or random with all that belongs to it."""
    for key, event in scenario.events.items():
        place = at("events", key, key=True)
        ends = (event.last is not None) + (event.duration is not None) + event.for_good
        if not (event.process or event.flows or event.changes):
            yield Problem("event-nothing", place, {"event": key})
        if ends != 1 or (event.rate is not None and event.last is not None):
            yield Problem("event-form", place, {"event": key})
        elif event.rate is None and (event.first is None or (event.last is not None and event.first > event.last)):
            shown = {"event": key, "from": str(event.first or "–"), "to": str(event.last or "–")}
            yield Problem("event-dates", place, shown)
        elif _mixed(event):
            yield Problem("event-words", place, {"event": key})
        if event.refused_cost is not None and not (event.process or event.flows):
            yield Problem("event-refused-cost", at("events", key, "refused_cost", key=True), {"event": key})
        if event.load is not None and event.changes:
            yield Problem("event-load-changes", at("events", key, "load", key=True), {"event": key})


def _mixed(event: Event) -> bool:
    """Tell whether words of dated events stand beside those of random ones, or such as exclude each other."""
    of_random = bool(event.weights or event.months or event.load is not None)
    of_dated = event.yearly or event.chance is not None or event.delay is not None
    if event.rate is None:
        return of_random or (event.delay is not None and event.last is not None) or (event.yearly and event.for_good)
    return of_dated


def in_time(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that events can happen before the horizon, and with odds that are possible."""
    for key, event in scenario.events.items():
        months = event.months or range(1, 13)
        if event.rate is not None and not any(event.weights.get(month, 1.0) > 0 for month in months):
            yield Problem("event-weights", at("events", key, "weights"), {"event": key})
        if event.yearly and event.first and event.last and event.last.year != event.first.year:
            yield Problem("event-yearly", at("events", key, "to"), {"event": key})
        if event.first is not None and event.first.year > scenario.horizon:
            shown = {"event": key, "from": event.first.isoformat(), "horizon": scenario.horizon}
            yield Problem("event-late", at("events", key, "from"), shown, "warning")
        elif event.first is not None and event.delay is not None:
            left = (datetime.date(scenario.horizon, 12, 31) - event.first).days
            if event.delay.value > left:
                shown = {"event": key, "days": event.delay.value, "left": left, "horizon": scenario.horizon}
                yield Problem("event-delayed-out", at("events", key, "delay"), shown, "warning")
        if event.chance is not None and event.chance.value > 1:
            yield Problem("event-chance", at("events", key, "chance"), {"event": key, "value": event.chance.value})
        if event.load is not None and event.load.times.value < 1:
            shown = {"event": key, "value": event.load.times.value}
            yield Problem("event-times", at("events", key, "load", "times"), shown)


def in_the_model(scenario: Scenario, c: Context, at: At) -> Iterator[Problem]:
    """Check that events close, change and look at what the model has, in years that it has."""
    for key, event in scenario.events.items():
        where = ("events", key)
        first = c.model.periods.first
        if event.last is not None and event.last.year < first and not event.yearly:
            shown = {"event": key, "to": event.last.isoformat(), "first": first}
            yield Problem("event-early", at(*where, "to"), shown, "warning")
        for path, process, place in _ends(event):
            if process not in c.model.processes:
                yield unknown("process-unknown", at(*where, *path, "process"), process, c.model.processes)
            else:
                over = c.model.processes[process].over
                yield from placed(c, place, over, at, (*where, *path, "place"), exact=False)
        for position, flow in enumerate(event.flows):
            if flow not in c.model.flows:
                yield unknown("flow-unknown", at(*where, "flows", position), flow, c.model.flows)
            elif flow in c.routes and event.process is None:
                yield from placed(c, event.place, c.routes[flow].over, at, (*where, "place"), exact=False)
        yield from _changes(key, event, c, at)


def _ends(event: Event) -> Iterator[tuple[tuple[str, ...], str, Mapping[str, str]]]:
    if event.process is not None:
        yield (), event.process, event.place
    if event.load is not None:
        yield ("load",), event.load.process, event.load.place


def _changes(key: str, event: Event, c: Context, at: At) -> Iterator[Problem]:
    shares = share_parameters(c) if event.changes else ()
    for position, change in enumerate(event.changes):
        path = ("events", key, "changes", position)
        yield from changes_a_cell(change, c, at, path)
        if change.parameter not in c.rows:
            continue
        yield from giving_way(change, shares, c, at, path)
        profiles = sorted({row.profile for row in c.model.seasons})
        if change.season is not None and change.season not in profiles:
            yield unknown("season-unknown", at(*path, "season"), change.season, profiles)


def ways_out(scenario: Scenario, c: Context, at: At) -> Iterator[Problem]:
    """Check that what an event stops has another way, and that it never closes where others' matter must end."""
    last: dict[str, tuple[str, str]] = {}
    for name in c.routes:
        flow = c.model.flows[name]
        if flow.otherwise and flow.otherwise[-1] in c.routes:
            last[flow.otherwise[-1]] = name, c.routes[flow.otherwise[-1]].target.process
    closed = {process: name for name, process in last.values()}
    for key, event in scenario.events.items():
        where = ("events", key)
        if event.process in closed:
            shown = {"process": event.process, "flow": closed[event.process]}
            yield Problem("event-closes-last", at(*where, "process"), shown)
        elif event.process in c.model.processes:
            stuck = [n for n in _entering(event, c) if not c.model.flows[n].otherwise and not c.model.flows[n].refused]
            if stuck:
                yield Problem("event-stuck", at(*where, "process"), {"process": event.process, "flows": stuck})
        for position, name in enumerate(event.flows):
            if name not in c.routes:
                continue
            place, target = at(*where, "flows", position), c.routes[name].target.process
            process = c.model.processes.get(target)
            if process is not None and process.capacity is not None:
                yield Problem("event-flow-limited", place, {"flow": name, "process": target})
            elif name in last:
                yield Problem("event-closes-last", place, {"process": target, "flow": last[name][0]})
            elif not c.model.flows[name].otherwise:
                yield Problem("event-stuck", place, {"process": target, "flows": [name]})


def weather(scenario: Scenario, c: Context, at: At) -> Iterator[Problem]:
    """Check that weather acts on arisings of the model, each in one place and by one weather."""
    seen: dict[str, str] = {}
    for key, one in scenario.simulation.weather.items():
        where = ("simulation", "weather", key)
        for position, name in enumerate(one.flows):
            place = at(*where, "flows", position)
            if name not in c.model.flows:
                yield unknown("flow-unknown", place, name, c.model.flows)
            elif name in seen:
                yield Problem("weather-twice", place, {"flow": name, "first": seen[name], "second": key})
            elif name in c.routes:
                flow, route = c.model.flows[name], c.routes[name]
                if route.source.process != OUTSIDE or flow.amount is None:
                    yield Problem("weather-flow", place, {"flow": name})
                elif one.by is not None and one.by not in route.over:
                    yield unknown("place-dimension", at(*where, "by"), one.by, route.over)
            seen.setdefault(name, key)


def _entering(event: Event, c: Context) -> Iterator[str]:
    """Yield the flows into the place that an event closes."""
    for name, way, _ in c.entering(event.process or OUTSIDE):
        ends = (end_element(c.model, way.target, element) for element in flow_elements(c.model, way))
        if any(all(end.get(d, item) == item for d, item in event.place.items()) for end in ends):
            yield name


OWN_RULES = (forms, in_time)
MODEL_RULES = (in_the_model, ways_out, weather)
