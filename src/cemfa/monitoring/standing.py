"""From a plan to the plan as it stands: what was reported of projects up to a day takes the place of what was planned.

Between the observations, read by `reported`, and the simulation, which is run again from there. A pure function: the
same plan, reports and day give the same plan.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from cemfa.courses import DAYS_PER_MONTH, Built, full_days
from cemfa.definition.schema import NumberRow, Stage
from cemfa.monitoring.reported import Reported
from cemfa.observations.schema import DECISION
from cemfa.plan import Plan

SHORT: Final = 0.9
"""Share of the expected intake below which a plant counts as taking in less than planned."""
LONG_ENOUGH: Final = 90.0
"""Days of full operation after which what a plant took in tells what it will take in [d]."""

_NOTHING: Final = Reported()
_ONE_DAY: Final = datetime.timedelta(days=1)


def as_it_stands(
    plan: Plan,
    reported: Mapping[str, Reported],
    date: datetime.date,
    *,
    expected: Mapping[str, float] = MappingProxyType({}),
) -> Plan:
    """Return a plan with everything up to a day as it was reported, and what follows from there as it was planned.

    - What was reported as begun or finished happened on that date, whatever funds say; what it cost is taken out of
      the funds of its year.
    - What should have happened and was not reported has not happened: it is expected on the day at the earliest, and
      all that comes after it takes the time that the plan gives it.
    - A stage under way lasts as drawn, and at least as long as it has lasted.
    - A cancelled project is gone; what was built has the capacity that was built.
    - A plant that took in less than `SHORT` of what was expected over `LONG_ENOUGH` days of full operation takes in
      no larger share of its capacity in future.

    A project decided by a rule is left to its rule until its decision is reported.

    Parameters
    ----------
    plan : as written
    reported : per project what was reported up to the day
    date : the day up to which reports count
    expected : per project the share of its capacity that it was expected to take in by now [1]; default: all of it

    Examples
    --------
    >>> import datetime
    >>> from cemfa.definition.load import read_scenario
    >>> from cemfa.plan import plan_of
    >>> plan, day = plan_of(read_scenario("first_steps_2030"), "south_yard"), datetime.date(2026, 11, 26)
    >>> plan.built[0].decision, as_it_stands(plan, {}, day).built[0].decision  # nothing reported: not decided yet
    (datetime.date(2026, 3, 1), datetime.date(2026, 11, 26))
    """
    built, ruled, spent = [], [], []
    for project in plan.projects:
        told = reported.get(project.project, _NOTHING)
        if told.cancelled is not None:
            continue
        if project.when is not None and told.decided is None:
            ruled.append(project)
            continue
        found, paid = _standing(project, told, date)
        built.append(_as_used(found, told, date, expected.get(project.project, project.usable)))
        spent += paid
    return replace(plan, built=tuple(built), ruled=tuple(ruled), funds=_less(plan.funds, spent))


def kept_to_plan(plan: Plan, date: datetime.date) -> Mapping[str, Reported]:
    """Return what would be reported up to a day had every project kept its planned dates, at central durations.

    Against this the plan as it stands is held: both know what happened up to the day, and nothing of what comes.
    """
    found = {}
    for built, course in zip(plan.built, plan.central_courses(), strict=True):
        names = [stage.id for stage in built.stages]
        started = {n: begin for n, (begin, _) in zip(names, course.stages, strict=True) if begin <= date}
        finished = {n: end for n, (_, end) in zip(names, course.stages, strict=True) if end <= date}
        if course.decided <= date:
            finished[DECISION] = course.decided
        found[built.project] = Reported(started=started, finished=finished)
    return found


_Paid = tuple[int, tuple[tuple[str, float], ...]]


@dataclass
class _Walk:
    """Stages walked through up to the day: where the next one begins, and what is known of those before it.

    `elapsed` counts months from the decision as the course does, so that a stage that ended on the very day its central
    duration gives keeps that duration, and what comes after it its dates.
    """

    decided: datetime.date
    elapsed: float = 0.0
    stages: list[Stage] = field(default_factory=list)
    begun: list[datetime.date] = field(default_factory=list)

    @property
    def at(self) -> datetime.date:
        """When the last stage ended."""
        return self.decided + datetime.timedelta(days=round(self.elapsed * DAYS_PER_MONTH))

    def finish(self, stage: Stage, end: datetime.date) -> None:
        """Fix the duration of a stage by the day it ended."""
        end = max(end, self.at)  # stages that overlapped: the later one counts from where the earlier ended
        months, days = stage.duration.value, (end - self.decided).days
        if round((self.elapsed + months) * DAYS_PER_MONTH) != days:
            months = days / DAYS_PER_MONTH - self.elapsed
        self.stages.append(_lasting(stage, months))
        self.elapsed += months

    def wait(self, until: datetime.date) -> None:
        """Let the next stage begin later than the one before ended; waiting adds to what is over, never to a run."""
        if until <= self.at:
            return
        if not self.stages:
            self.decided = until
            return
        more = (until - self.decided).days / DAYS_PER_MONTH - self.elapsed
        self.stages[-1] = _lasting(self.stages[-1], self.stages[-1].duration.value + more)
        self.elapsed += more


def _standing(built: Built, told: Reported, date: datetime.date) -> tuple[Built, list[_Paid]]:
    """Return a project with its stages up to the day as reported, and what was paid for them by year."""
    capacity = built.capacity if told.capacity is None else told.capacity
    built = replace(built, capacity=capacity, when=None)
    if told.decided is None:
        return replace(built, decision=max(built.decision, date)), []
    walk, lasted = _Walk(told.decided), 0.0
    for number, stage in enumerate(built.stages):
        end = told.ended(built.stages, number)
        begin = told.started.get(stage.id)
        if end is None and begin is None:
            walk.wait(date)
            break
        walk.wait(begin or walk.at)
        walk.begun.append(walk.at)
        if end is None:
            lasted = (date - walk.at).days / DAYS_PER_MONTH
            break
        walk.finish(stage, end)
    stages = (*walk.stages, *built.stages[len(walk.stages) :])
    known = (*(0.0 for _ in walk.stages), lasted) if lasted > 0.0 else ()
    if not built.costs:
        return replace(built, decision=walk.decided, stages=stages, lasted=known), []
    paid = [(told.decided.year, built.paid(built.due_at_once))]
    paid += [(day.year, built.paid(stage.pays)) for day, stage in zip(walk.begun, stages, strict=False)]
    return replace(built, decision=walk.decided, stages=stages, begun=1 + len(walk.begun), lasted=known), paid


def _less(
    funds: tuple[tuple[str, tuple[tuple[int, float], ...]], ...], spent: Iterable[_Paid]
) -> tuple[tuple[str, tuple[tuple[int, float], ...]], ...]:
    """Return funds less what was paid out of them."""
    left = {funder: dict(years) for funder, years in funds}
    for year, costs in spent:
        for funder, cost in costs:
            if funder in left and cost:
                own = left[funder]
                own[year] = own.get(year, 0.0) - cost
    return tuple((funder, tuple(sorted(left[funder].items()))) for funder, _ in funds)


def _as_used(built: Built, told: Reported, date: datetime.date, expected: float) -> Built:
    """Return a project that takes in no larger share of its capacity than it did, where that is less than planned."""
    share = observed_share(built, told, date)
    if share is None or share >= SHORT * expected:
        return built
    return replace(built, usable=min(share, built.usable))


def observed_share(built: Built, told: Reported, date: datetime.date) -> float | None:
    """Return what a plant took in over what its capacity allowed since it runs [1]; None where that is too short.

    Parameters
    ----------
    built : with its stages as reported
    told : its intake by span of days
    date : the day up to which it counts
    """
    course = Plan(built=(replace(built, costs=()),)).central_courses()[0]
    spans = [(first, min(last, date) + _ONE_DAY, mass) for first, last, mass in told.intake]
    days = sum(full_days(course.steps, first, end) for first, end, _ in spans)
    if days < LONG_ENOUGH:
        return None
    return sum(mass for *_, mass in spans) / (built.capacity * days)


def _lasting(stage: Stage, months: float) -> Stage:
    """Return a stage whose duration is known."""
    row = NumberRow(value=months, unit="month", basis="reported", source="observed")
    return stage.model_copy(update={"duration": row})
