"""An investment plan as plain data: what is built where and when, and which parameters change.

Between definition and numbers: a scenario's option becomes a `Plan`, which `solve` and `simulate` both read.
A plan changes capacities and parameter values by date and place, never topology.
"""

from __future__ import annotations

import datetime
import heapq
import math
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from cemfa import units
from cemfa.definition.checks.finance import rows_of_finance, rows_of_loans
from cemfa.definition.schema import (
    Adoption,
    Change,
    Event,
    NumberRow,
    Option,
    Programme,
    Project,
    Scenario,
    Stage,
    Stress,
    When,
)
from cemfa.definition.technologies import chain_of

Place = tuple[tuple[str, str], ...]
"""Sorted pairs of dimension and item."""

DAYS_PER_MONTH = 365.2425 / 12
"""Mean length of a Gregorian month [d]."""
NOT_YET: Final = datetime.date.max
"""Date of what never happens."""
_SLACK: Final = 1e-9  # of sums of shares of money typed with nine digits


@dataclass(frozen=True, slots=True)
class Built:
    """Capacity that a project adds.

    Parameters
    ----------
    project : id of the project; the key of its random streams, so the same plant is equally lucky in every option
    process, place : whose capacity grows
    capacity : design intake [t/d]
    usable : largest share of it that is taken in (a stress case lowers it)
    decision : date of the decision
    stages : chain between decision and full operation
    minimum_delivery : contracted delivery [t/d]
    when : rule that decides on it, from `decision` on
    costs : investment by funder [VND], central value, for the yearly funds
    priority : which project gets funds first that are needed on the same day, the smallest
    """

    project: str
    process: str
    place: Place
    capacity: float
    usable: float
    decision: datetime.date
    stages: tuple[Stage, ...]
    minimum_delivery: float | None = None
    when: When | None = None
    costs: tuple[tuple[str, float], ...] = ()
    priority: int = 1

    @property
    def due_at_once(self) -> float:
        """Return the share of the investment that is due at the decision: what no stage names."""
        return max(0.0, 1.0 - math.fsum(stage.pays for stage in self.stages))

    def paid(self, share: float) -> tuple[tuple[str, float], ...]:
        """Return what every funder pays of a share of the investment [VND]."""
        return tuple((funder, cost * share) for funder, cost in self.costs)


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """A dated change of a parameter at some places.

    `years` and `values` are aligned; linear between, held after the last, no change before the first;
    `values` are as written, in `unit`. `taken_from` names parameters that give way (shares), or a rule.
    `adoption` is a curve instead of values. `stream` names what is drawn for every history: of an adoption its
    midpoint and speed, of an `event` the factor in force.
    """

    parameter: str
    place: tuple[tuple[str, tuple[str, ...]], ...]
    years: tuple[int, ...]
    values: tuple[float, ...]
    unit: str
    how: Literal["set", "add", "multiply", "at_least"]
    taken_from: tuple[str, ...] | Literal["proportional", "remainder"] | None
    adoption: Adoption | None = None
    stream: str = ""
    event: str = ""

    def value_in(self, year: int) -> float | None:
        """Return the value in a calendar year, linear between the given ones; None before the first, and of events."""
        if self.event or year < self.years[0]:
            return None
        if self.adoption is not None:
            curve = self.adoption
            return curve.begin + (curve.end - curve.begin) * adopted(
                year - curve.start, curve.midpoint.value, curve.speed.value
            )
        for (y0, v0), (y1, v1) in self._spans():
            if y0 <= year < y1:
                return v0 + (v1 - v0) * (year - y0) / (y1 - y0)
        return self.values[-1]

    def _spans(self) -> Iterator[tuple[tuple[int, float], tuple[int, float]]]:
        points = list(zip(self.years, self.values, strict=True))
        return pairwise(points)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that an option changes, in the order it was written; later parameter changes act on earlier ones.

    `built` is decided on its date, `ruled` by rules in the course of a simulation; `funds` limit what both can spend,
    and `carried` names whose funds do not lapse.
    """

    built: tuple[Built, ...] = ()
    changes: tuple[ParameterChange, ...] = ()
    events: tuple[tuple[str, Event], ...] = ()
    ruled: tuple[Built, ...] = ()
    funds: tuple[tuple[str, tuple[tuple[int, float], ...]], ...] = ()
    carried: tuple[str, ...] = ()

    def central_courses(self) -> tuple[Course, ...]:
        """Return the course of every project decided on its date, with all stages at their central durations."""
        months = [[stage.duration.value for stage in built.stages] for built in self.built]
        return courses_of(self.built, months, Ledger(self.funds, self.carried))

    @property
    def projects(self) -> tuple[Built, ...]:
        """Return all projects, those decided by rules last."""
        return (*self.built, *self.ruled)


def adopted(years: int, midpoint: float, speed: float) -> float:
    """Return how far an adoption has come, the mean over a year; 0 on the first day, 1 in the end.

    Logistic, moved and stretched so that it starts at nothing: with L(t) = 1 / (1 + exp(−k (t − m))) it is
    (L(t) − L(0)) / (1 − L(0)); the mean of L over a year is (ln(1 + e^{k (t + 1 − m)}) − ln(1 + e^{k (t − m)})) / k.

    Parameters
    ----------
    years : whole years from the start to the year asked for
    midpoint, speed : m [year] and k [1/year]

    Examples
    --------
    >>> round(adopted(0, 3.0, 1.0), 3), round(adopted(3, 3.0, 1.0), 3), round(adopted(20, 3.0, 1.0), 3)
    (0.032, 0.601, 1.0)
    """
    if speed <= 0.0:
        return 0.0
    first = 1.0 / (1.0 + math.exp(min(speed * midpoint, 700.0)))
    mean = (_softplus(speed * (years + 1 - midpoint)) - _softplus(speed * (years - midpoint))) / speed
    return max(0.0, (mean - first) / (1.0 - first))


def _softplus(x: float) -> float:
    """Return ln(1 + exp(x)) without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


class Ledger:
    """What funders have left, year by year, in one course of things.

    Parameters
    ----------
    funds : funder → what it can give in each year [VND]; who is not named can give any amount
    carried : funders whose unspent funds stay for later years

    Examples
    --------
    >>> ledger = Ledger([("budget", ((2026, 5.0), (2027, 3.0)))])
    >>> ledger.give([("budget", 4.0)], 2026), ledger.give([("budget", 4.0)], 2027)
    (True, False)
    """

    def __init__(self, funds: Iterable[tuple[str, Iterable[tuple[int, float]]]], carried: Iterable[str] = ()) -> None:
        self._left = {funder: dict(years) for funder, years in funds}
        self._carried = frozenset(carried)
        self.last = max((year for years in self._left.values() for year in years), default=0)

    def left(self, funder: str, year: int) -> float:
        """Return what a funder can still give in a year without taking back what is promised for later [VND]."""
        years = self._left[funder]
        if funder not in self._carried:
            return years.get(year, 0.0)
        known = sorted(years)
        sums = [math.fsum(years[y] for y in known if y <= until) for until in {year, *(y for y in known if y > year)}]
        return max(0.0, min(sums))

    def give(self, costs: Iterable[tuple[str, float]], year: int) -> bool:
        """Take costs out of a year's funds where every funder has enough left; else take nothing."""
        limited = [(funder, cost) for funder, cost in costs if funder in self._left and cost > 0.0]
        if any(cost > self.left(funder, year) * (1.0 + _SLACK) for funder, cost in limited):
            return False
        for funder, cost in limited:
            self._left[funder][year] = self._left[funder].get(year, 0.0) - cost
        return True

    def next_try(self, date: datetime.date) -> datetime.date:
        """Return when there can be money that is not there on a date; `NOT_YET` after the last funds."""
        return datetime.date(date.year + 1, 1, 1) if date.year < self.last else NOT_YET

    def first_given(self, costs: Sequence[tuple[str, float]], due: datetime.date) -> datetime.date:
        """Take costs out of the first year that has them from a date on, and return when that is."""
        while due < NOT_YET and not self.give(costs, due.year):
            due = self.next_try(due)
        return due


@dataclass(frozen=True, slots=True)
class Course:
    """What becomes of a project once the durations of its stages are known.

    Parameters
    ----------
    decided : when it is decided, `NOT_YET` where its money never comes
    steps : (date, share of the capacity from then on); the last is full operation, on `NOT_YET` where never
    """

    decided: datetime.date
    steps: tuple[tuple[datetime.date, float], ...]


def courses_of(built: Sequence[Built], months: Sequence[Sequence[float]], ledger: Ledger) -> tuple[Course, ...]:
    """Return the courses of projects that draw on the same funds, for given stage durations [month].

    A decision or stage that costs money begins when it is due and the year's money is there, else on 1 January of the
    first later year that has it. Funds are given in the order in which money is due, on the same day by priority,
    then as written. What is decided at a date later in the list cannot take what was given before.

    Parameters
    ----------
    built : in the order written
    months : per project the durations of its stages
    ledger : what is left; what is spent is taken out of it
    """
    found: list[Course | None] = [None] * len(built)
    waiting: list[tuple[datetime.date, int, int, tuple[tuple[str, float], ...], _Chain]] = []
    for number, (project, durations) in enumerate(zip(built, months, strict=True)):
        chain = _chain(project, durations)
        due, costs = next(chain)
        heapq.heappush(waiting, (due, project.priority, number, costs, chain))
    while waiting:
        due, priority, number, costs, chain = heapq.heappop(waiting)
        given = ledger.give(costs, due.year)
        begins = due if given else ledger.next_try(due)
        if not given and begins < NOT_YET:
            heapq.heappush(waiting, (begins, priority, number, costs, chain))
            continue
        try:
            due, costs = chain.send(begins)
            heapq.heappush(waiting, (due, priority, number, costs, chain))
        except StopIteration as ended:
            found[number] = ended.value
    return tuple(course for course in found if course is not None)


def course_after(built: Built, months: Sequence[float], ledger: Ledger) -> Course:
    """Return the course of one project whose decision has been taken, and paid for where that costs money."""
    chain = _chain(built, months)
    next(chain)
    begins = built.decision
    while True:
        try:
            due, costs = chain.send(begins)
        except StopIteration as ended:
            course: Course = ended.value
            return course
        begins = ledger.first_given(costs, due)


_Chain = Generator[tuple[datetime.date, tuple[tuple[str, float], ...]], datetime.date, Course]


def _chain(built: Built, months: Sequence[float]) -> _Chain:
    """Ask for money stage by stage: yield when it is due and what, be sent when it is given."""
    decided = start = yield built.decision, built.paid(built.due_at_once)
    steps: list[tuple[datetime.date, float]] = []
    elapsed = 0.0
    for stage, duration in zip(built.stages, months, strict=True):
        if stage.pays and built.costs and start < NOT_YET:
            due = _after(start, elapsed)
            begins = yield due, built.paid(stage.pays)
            if begins > due:
                start, elapsed = begins, 0.0
        if start == NOT_YET:
            break
        if stage.operates:
            steps += [(_after(start, elapsed + part * duration), share) for part, share in _ramp(stage, duration)]
        elapsed += duration
    steps.append((NOT_YET if start == NOT_YET else _after(start, elapsed), 1.0))
    return Course(decided, tuple(steps))


def _ramp(stage: Stage, months: float) -> list[tuple[float, float]]:
    """Return (part of the stage that has passed, share of the capacity from then on)."""
    shares = stage.ramp or (stage.operating_share,)
    if stage.ramp_to is not None:
        count = max(1, math.ceil(months))
        growth = (stage.ramp_to - stage.operating_share) / count
        # the mean of each part, so that the mean over the stage is that of the straight line
        shares = tuple(stage.operating_share + growth * (part + 0.5) for part in range(count))
    return [(part / len(shares), share) for part, share in enumerate(shares)]


def _after(date: datetime.date, months: float) -> datetime.date:
    return date + datetime.timedelta(days=round(months * DAYS_PER_MONTH))


def available_share(steps: tuple[tuple[datetime.date, float], ...], year: int) -> float:
    """Return the mean share of a capacity that is there over a calendar year, by days."""
    first = datetime.date(year, 1, 1)
    end = datetime.date(year + 1, 1, 1)
    days = (end - first).days
    bounds = [*steps, (datetime.date.max, 0.0)]
    return sum(
        share * max(0, (min(until, end) - max(start, first)).days) / days
        for (start, share), (until, _) in pairwise(bounds)
    )


def plan_of(scenario: Scenario, option: str, *, stress: str | None = None) -> Plan:
    """Return the plan of one option, under a named stress case if asked.

    The baseline `as_committed` holds what any option marks as committed; every other option includes it,
    `as_now` does not. Events of the scenario belong to every plan.

    Raises
    ------
    KeyError
        if option or stress case do not exist (the reader has checked those that a user writes).
    """
    chosen = scenario.options[option]
    projects, programmes = _content(scenario, chosen)
    case = scenario.stress[stress] if stress else None
    every = tuple(_built(scenario, key, project, case) for key, project in projects.items())
    built, ruled = tuple(b for b in every if b.when is None), tuple(b for b in every if b.when is not None)
    funds = tuple((key, tuple(sorted(years.items()))) for key, years in scenario.funds.items())
    changes = [change for p in programmes.values() for change in p.changes] + list(chosen.policy)
    if case:
        changes += case.changes
    found = (*(change_of(c) for c in changes), *event_changes(scenario))
    return Plan(built, found, tuple(scenario.events.items()), ruled, funds, scenario.funds_carried)


def event_changes(scenario: Scenario) -> tuple[ParameterChange, ...]:
    """Return what the events of a scenario do to parameters; they act after whatever an option changes."""
    return tuple(
        ParameterChange(
            change.parameter, _places(change.place), (), (), "1", "multiply", change.taken_from,
            stream=f"events.{key}.factor{number or ''}", event=key,
        )
        for key, event in scenario.events.items()
        for number, change in enumerate(event.changes)
    )  # fmt: skip


def content_of(scenario: Scenario, option: str) -> tuple[Mapping[str, Project], Mapping[str, Programme]]:
    """Return the projects and programmes an option really holds, what is committed included."""
    return _content(scenario, scenario.options[option])


def _content(scenario: Scenario, chosen: Option) -> tuple[dict[str, Project], dict[str, Programme]]:
    projects: dict[str, Project] = {}
    programmes: dict[str, Programme] = {}
    if chosen.baseline != "as_now":
        for other in scenario.options.values():
            projects |= {k: p for k, p in other.projects.items() if p.committed}
            programmes |= {k: p for k, p in other.programmes.items() if p.committed}
    return projects | chosen.projects, programmes | chosen.programmes


def _built(scenario: Scenario, key: str, project: Project, case: Stress | None) -> Built:
    return Built(
        project=key,
        process=project.process,
        place=tuple(sorted(project.place.items())),
        capacity=project.capacity,
        usable=case.intake_share if case else 1.0,
        decision=project.decision,
        stages=scenario.simulation.stages[chain_of(project)],
        minimum_delivery=project.minimum_delivery,
        when=project.when,
        costs=_costs(project),
        priority=project.priority,
    )


def _costs(project: Project) -> tuple[tuple[str, float], ...]:
    """Return what every funder pays of the investment [VND]; nothing where the project states no cost."""
    if project.capex is None:
        return ()
    whole, _ = units.to_canonical(project.capex.value, project.capex.unit)
    return tuple((f.source, f.share * whole) for f in project.funding if f.of == "investment")


def change_of(change: Change) -> ParameterChange:
    """Return a change as it is planned."""
    place, curve = _places(change.place), change.adoption
    years = tuple(sorted(change.values)) if curve is None else (curve.start,)
    return ParameterChange(
        change.parameter,
        place,
        years,
        tuple(change.values[y] for y in years) if curve is None else (curve.begin,),
        change.unit,
        change.how,
        change.taken_from,
        curve,
        adoption_stream(change) if curve is not None else "",
    )


def _places(written: Mapping[str, str | tuple[str, ...]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(sorted((k, (v,) if isinstance(v, str) else v) for k, v in written.items()))


def adoption_stream(change: Change) -> str:
    """Return the name of the random streams of an adoption: what is adopted where, so that options share its luck.

    >>> change = Change(parameter="participation", place={"district": "north"}, values={2026: 0.5}, unit="1")
    >>> adoption_stream(change)
    'adoption.participation[north]'
    """
    where = ",".join("|".join(items) for _, items in _places(change.place))
    return f"adoption.{change.parameter}" + (f"[{where}]" if where else "")


def changes_of(option: Option) -> Iterator[Change]:
    """Yield every change of an option: of its programmes, then of its policy."""
    for programme in option.programmes.values():
        yield from programme.changes
    yield from option.policy


def numbers_of(scenario: Scenario) -> Mapping[str, NumberRow]:
    """Return every uncertain number of the scenario by the name of its random stream.

    Names hang on the project, programme, chain or event, not on the option, so that options that share
    them share their luck.
    """
    found: dict[str, NumberRow] = {
        ".".join(map(str, path)): row for path, row, _ in (*rows_of_finance(scenario.finance), *rows_of_loans(scenario))
    }
    for chain, stages in scenario.simulation.stages.items():
        found |= {f"stages.{chain}.{s.id}": s.duration for s in stages}
    for key, event in scenario.events.items():
        found |= {f"events.{key}.{n}": row for n, row in event.numbers()}
    for key, weather in scenario.simulation.weather.items():
        found |= {f"weather.{key}.spread": weather.spread, f"weather.{key}.persistence": weather.persistence}
    for option in scenario.options.values():
        found |= {f"projects.{k}.capex": p.capex for k, p in option.projects.items() if p.capex}
        for key, programme in option.programmes.items():
            costs = (("start_up_cost", programme.start_up_cost), ("running_cost", programme.running_cost))
            found |= {f"programmes.{key}.{n}": row for n, row in costs if row}
        for change in changes_of(option):
            if (curve := change.adoption) is not None:
                name = adoption_stream(change)
                found |= {f"{name}.midpoint": curve.midpoint, f"{name}.speed": curve.speed}
    return found
