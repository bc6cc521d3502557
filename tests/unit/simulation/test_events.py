"""Breakdowns, closures and commissioning as activities on exact instants."""

import datetime
import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest
import simpy

from cemfa.courses import Built
from cemfa.definition.schema import Event, Label, NumberRow, Stage
from cemfa.plan import Plan
from cemfa.simulation import events
from cemfa.simulation.occurrences import Odds, occurrences
from cemfa.simulation.plant import Plants, Sites
from cemfa.system.capacity import closed_days

CALENDAR = events.Calendar(2024)
LABEL = Label(vi="x", en="x")
DAYS = 7 * 365 + 2


def row(value: float, unit: str, distribution: str = "constant", **more: float) -> NumberRow:
    return NumberRow(value=value, unit=unit, distribution=distribution, basis="unverified", source="x", **more)


def event(**fields: object) -> Event:
    return Event(label=LABEL, kind="blockade", process="landfill", source="x", **fields)


def spans(chosen: Event, uniform: Iterator[float], rate: float, last: float) -> list[tuple[float, float]]:
    found = occurrences(chosen, CALENDAR, uniform, Odds(rate), last)
    return [(start, end) for start, end, _ in found]


def one_plant(replications: int = 1, capacity: float = 10.0) -> Plants:
    sites = Sites(("yard",), ("yard",), np.array([0]), np.array([-1]))
    plants = Plants(sites, replications)
    plants.begin_year(np.full((1, replications), capacity))
    return plants


def daily(env: simpy.Environment, plants: Plants, days: int) -> np.ndarray:
    """Return the capacity of the first group, (days, S), as a clock would read it."""
    found = []

    def clock() -> events.Activity:
        for _ in range(days):
            yield env.timeout(1)
            found.append(plants.day(env.now)[0][0].copy())

    env.run(env.process(clock()))
    return np.array(found)


def test_instants_are_exact() -> None:
    time = events.on_grid(1234.567)
    assert time + (5000.25 - time) == 5000.25
    assert abs(time - 1234.567) < 1e-6


def test_availability_is_mtbf_over_mtbf_plus_mttr() -> None:
    """Mean of 400 independent years within 4 standard errors, their variance after renewal theory."""
    between, repair, days, count = 30.0, 5.0, 365, 400
    env = simpy.Environment()
    plants = one_plant(count, 1.0)
    for r in range(count):
        numbers = events.exponentials(3, "outage.yard", r)
        state = next(events.uniforms(3, "outage.yard.state", r))
        times = events.outage_times(numbers, state, lambda _: (between, repair))
        env.process(events.outage(env, plants, 0, r, times, 0.0, lambda *_: None))
    share = np.add.reduce(daily(env, plants, days), axis=0) / days
    expected = between / (between + repair)
    # asymptotic variance of the uptime over t: 2 b² r² / (b + r)³ / t
    error = math.sqrt(2 * between**2 * repair**2 / (between + repair) ** 3 / days / count)
    assert np.mean(share) == pytest.approx(expected, abs=4 * error)


def test_every_day_has_the_steady_availability_even_the_first() -> None:
    down = 0
    for r in range(4000):
        state = next(events.uniforms(0, "outage.x.state", r))
        first = next(events.outage_times(events.exponentials(0, "outage.x", r), state, lambda _: (9.0, 3.0)))
        down += first[0] == 0.0
    assert down / 4000 == pytest.approx(0.25, abs=4 * math.sqrt(0.25 * 0.75 / 4000))


def test_outages_do_not_depend_on_when_the_environment_begins() -> None:
    def times() -> events.Iterator:
        return events.outage_times(events.exponentials(1, "outage.yard", 0), 0.9, lambda _: (40.0, 6.0))

    whole, late = simpy.Environment(), simpy.Environment(initial_time=100)
    plants, others = one_plant(), one_plant()
    others = Plants(others.sites, 1, start=100.0)
    others.begin_year(np.full((1, 1), 10.0))
    whole.process(events.outage(whole, plants, 0, 0, times(), 0.0, lambda *_: None))
    late.process(events.outage(late, others, 0, 0, times(), 0.0, lambda *_: None))
    assert np.array_equal(daily(whole, plants, 400)[100:], daily(late, others, 300))


def test_a_dated_closure_includes_its_last_day() -> None:
    dated = event(**{"from": datetime.date(2024, 6, 24), "to": datetime.date(2024, 6, 27)})
    found = spans(dated, iter(()), 0.0, DAYS)
    assert found == [(175.0, 179.0)]


@pytest.mark.parametrize("months", [(), (9, 10, 11), (2,)])
def test_random_closures_come_at_their_rate_in_their_months(months: tuple[int, ...]) -> None:
    random = event(rate=row(2.0, "1/year"), duration=row(3.0, "d"), months=months)
    starts = []
    for r in range(500):
        uniform = events.uniforms(0, "events.flood", r)
        found = spans(random, uniform, 2.0, DAYS)
        assert all(end - start == 3.0 for start, end in found)
        starts += [start for start, _ in found]
    assert len(starts) / 500 / 7 == pytest.approx(2.0, abs=4 * math.sqrt(2.0 / 3500))
    seen = {CALENDAR.date_of(start).month for start in starts}
    assert seen == set(months or range(1, 13))


def test_random_closures_begin_after_their_first_day() -> None:
    random = event(rate=row(30.0, "1/year"), duration=row(1.0, "d"), **{"from": datetime.date(2026, 1, 1)})
    starts = [s for s, _ in spans(random, events.uniforms(0, "e", 0), 30.0, DAYS)]
    assert min(starts) >= CALENDAR.day_of(datetime.date(2026, 1, 1))
    assert len(starts) > 50


def project(*stages: Stage) -> Built:
    return Built("new_yard", "yard", (), 8.0, 0.5, datetime.date(2024, 1, 1), stages)


def stage(key: str, months: float, **more: object) -> Stage:
    return Stage(id=key, label=LABEL, duration=row(months, "month"), **more)


def steps_of(built: Built, seed: int, replications: range) -> list[tuple[tuple[int, float], ...]]:
    courses, _ = events.courses(Plan((built,)), seed, replications)
    return [events.in_days(own[0], CALENDAR) for own in courses]


def test_commissioning_brings_the_usable_capacity_step_by_step() -> None:
    built = project(stage("construction", 1.0), stage("trial_run", 1.0, operates=True, operating_share=0.5))
    steps = steps_of(built, 0, range(1))[0]
    assert steps == ((30, 0.5), (61, 1.0))
    env, plants, noted = simpy.Environment(), one_plant(), []
    env.process(events.commissioning(env, plants, 0, 0, 4.0, steps, lambda *line: noted.append(line)))
    capacity = daily(env, plants, 62)[:, 0]
    assert capacity[[29, 30, 60, 61]].tolist() == [10.0, 12.0, 12.0, 14.0]
    assert noted == [(61.0, 4.0)]


def test_a_project_is_equally_lucky_whatever_else_is_built() -> None:
    uncertain = Stage(id="land", label=LABEL, duration=row(9.0, "month", "triangular", low=3.0, high=24.0))
    many = steps_of(project(uncertain), 5, range(300))
    some = steps_of(project(uncertain), 5, range(250, 270))
    assert many[250:270] == some
    assert len(set(many)) > 100


def test_streams_are_endless_reproducible_and_apart() -> None:
    first = list(itertools.islice(events.uniforms(0, "a", 0), 200))
    assert first == list(itertools.islice(events.uniforms(0, "a", 0), 200))
    assert not set(first) & set(itertools.islice(events.uniforms(0, "a", 1), 200))
    assert all(0 < u < 1 for u in first)


def test_decimal_years_know_leap_years() -> None:
    assert CALENDAR.decimal_year(183.0) == 2024.5
    assert CALENDAR.decimal_year(366.0) == 2025.0


def test_months_weigh_as_stated_and_the_rate_stays() -> None:
    """Three times as likely a day in September and October: 2 000 histories, within four standard errors."""
    random = event(rate=row(2.0, "1/year"), duration=row(3.0, "d"), weights={9: 3.0, 10: 3.0})
    found = [
        CALENDAR.date_of(start).month
        for replication in range(2000)
        for start, _ in spans(random, events.uniforms(0, "w", replication), 2.0, 365.0)
    ]
    assert len(found) / 2000 == pytest.approx(2.0, abs=4 * math.sqrt(2.0 / 2000))
    expected = 3 * 61 / (3 * 61 + 304)
    share = sum(month in (9, 10) for month in found) / len(found)
    assert share == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / len(found)))


def test_planned_maintenance_comes_every_year_on_the_same_days() -> None:
    first, last = datetime.date(2024, 2, 10), datetime.date(2024, 2, 29)
    yearly = event(**{"from": first, "to": last, "yearly": True})
    end = float(CALENDAR.day_of(datetime.date(2027, 1, 1)))
    found = spans(yearly, iter(()), 0.0, end)
    dates = [(CALENDAR.date_of(start), CALENDAR.date_of(stop)) for start, stop in found]
    assert dates == [
        (datetime.date(year, 2, 10), datetime.date(year, 3, 1)) for year in (2024, 2025, 2026)
    ]  # fmt: skip
    assert [closed_days(yearly, year) for year in (2023, 2024, 2025, 2026)] == [0.0, 20.0, 20.0, 20.0]
