"""The register of projects: planned against reported stages, money, intake and product, and what is missing.

Beside `outlook`, which simulates; here dates and sums only. What was reported, what its owner expects and what cemfa
reckons stand in fields of their own.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from cemfa import units
from cemfa.courses import NOT_YET, Built, Course
from cemfa.definition.schema import Label, Project, Scenario, Stage
from cemfa.monitoring.outlook import expected_intake
from cemfa.monitoring.reported import Reported, span_of
from cemfa.monitoring.standing import SHORT
from cemfa.observations.schema import DECISION, NO_YEAR, as_date
from cemfa.plan import Plan, content_of, plan_of

State = Literal["done", "under_way", "not_begun", "cancelled"]
Flag = Literal["late", "overspent", "not_funded", "below_intake", "smaller", "cancelled", "not_reported"]
Spending = Mapping[str, Mapping[str, Mapping[int, float]]]
"""Per project, funder and year what is planned to be invested [VND]."""

_SLACK: Final = 1e-6  # of money that was written in millions


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage, or the decision, of a project; None where nobody said or the plan gives no date.

    Parameters
    ----------
    planned_begin, planned_end : at central durations
    begun, ended : as reported
    estimate : when its owner expects it to end
    expected_begin, expected_end : when it begins and ends as things stand, at central durations
    days_late : days between planned and actual or expected end; negative: earlier
    """

    id: str
    label: Label | None
    state: State
    planned_begin: datetime.date | None
    planned_end: datetime.date | None
    begun: datetime.date | None
    ended: datetime.date | None
    estimate: datetime.date | None
    expected_begin: datetime.date | None
    expected_end: datetime.date | None
    days_late: int | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """Investment of one funder in one year [VND]; planned in money of the price year, the rest as reported."""

    funder: str
    year: int
    planned: float
    allotted: float | None
    spent: float | None
    estimate: float | None


@dataclass(frozen=True, slots=True)
class IntakeRow:
    """What a plant took in over a span of days, and what the plan takes in over the same days [t]."""

    first: datetime.date
    last: datetime.date
    planned: float | None
    taken: float


@dataclass(frozen=True, slots=True)
class ProductRow:
    """What was sold of a product in a year [t]."""

    good: str
    year: int
    sold: float


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that should have been reported: what it is, and of which stage, funder and year, or good and year."""

    what: Literal["begin", "end", "money", "intake", "product", "reason"]
    part: str
    due: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """One project in the register.

    Parameters
    ----------
    stages : the decision first
    planned_ready, ready, days_late : full operation as planned, as reported or expected, and the days between
    capacity : what was built as reported [t/d]
    flags : what is not as planned
    missing : what was not reported though it was due
    reasons : notes of its reports
    """

    id: str
    project: Project
    stages: tuple[StageRow, ...]
    money: tuple[MoneyRow, ...]
    intake: tuple[IntakeRow, ...]
    products: tuple[ProductRow, ...]
    planned_ready: datetime.date | None
    ready: datetime.date | None
    days_late: int | None
    capacity: float | None
    flags: tuple[Flag, ...]
    missing: tuple[Missing, ...]
    reasons: tuple[str, ...]

    @property
    def is_over(self) -> bool:
        """Whether its last stage has ended."""
        return all(stage.state == "done" for stage in self.stages)


def register(
    scenario: Scenario,
    option: str,
    reported: Mapping[str, Reported],
    stands: Plan,
    date: datetime.date,
    *,
    spending: Spending | None = None,
    utilisation: Mapping[str, Mapping[int, float]] | None = None,
    goods: Mapping[str, Sequence[str]] | None = None,
) -> tuple[ProjectRow, ...]:
    """Return one row per project of an option, what is committed elsewhere included.

    Parameters
    ----------
    scenario, option : what was planned
    reported : per project what was reported up to the day
    stands : the plan as it stands (`as_it_stands`)
    date : the day
    spending : what is planned to be invested
    utilisation : per project and year the share of its capacity that the plan takes in
    goods : per project the products of its technology

    Examples
    --------
    >>> import datetime
    >>> from cemfa.definition.load import read_scenario
    >>> from cemfa.monitoring.standing import as_it_stands
    >>> scenario, day = read_scenario("first_steps_2030"), datetime.date(2026, 11, 26)
    >>> stands = as_it_stands(plan_of(scenario, "south_yard"), {}, day)
    >>> (row,) = register(scenario, "south_yard", {}, stands, day)
    >>> row.id, row.days_late, row.flags
    ('yard_south', 270, ('late', 'not_reported'))
    """
    plan = plan_of(scenario, option)
    was = dict(zip((b.project for b in plan.built), plan.central_courses(), strict=True))
    now = dict(zip((b.project for b in stands.built), stands.central_courses(), strict=True))
    built = {b.project: b for b in plan.projects}
    rows = []
    for name, project in content_of(scenario, option)[0].items():
        told, planned = reported.get(name, Reported()), (spending or {}).get(name, {})
        used = (utilisation or {}).get(name, {})
        row = _row(name, project, built[name], told, was.get(name), now.get(name))
        intake = tuple(_intake(built[name], was.get(name), told, used, date))
        row = replace(row, money=tuple(_money(told, planned, date)), intake=intake)
        missing = tuple(_missing(row, told, date, (goods or {}).get(name, ())))
        rows.append(replace(row, flags=tuple(_flags(row, told, planned, date)), missing=missing))
    return tuple(rows)


def _row(
    name: str, project: Project, built: Built, told: Reported, was: Course | None, now: Course | None
) -> ProjectRow:
    stages = (_decision(told, was, now), *(_stage(built.stages, n, told, was, now) for n in range(len(built.stages))))
    planned, ready = (_date(course.ready) if course else None for course in (was, now))
    late = (ready - planned).days if ready and planned else None
    goods = sorted({(k.part, k.year) for k in told.told if k.measure == "product" and k.kind == "actual"})
    products = [(good, year, told.value("product", good, year)) for good, year in goods]
    return ProjectRow(
        name, project, stages, (), (), tuple(ProductRow(g, y, seen.value) for g, y, seen in products if seen),
        planned, ready, late, told.capacity, (), (),
        tuple(dict.fromkeys(seen.note for seen in told.told.values() if seen.note)),
    )  # fmt: skip


def _decision(told: Reported, was: Course | None, now: Course | None) -> StageRow:
    planned = _date(was.decided) if was else None
    expected = told.decided or (_date(now.decided) if now else None)
    state: State = "done" if told.decided else "cancelled" if told.cancelled else "not_begun"
    return StageRow(
        DECISION, None, state, planned, planned, None, told.decided, _estimate(told, DECISION), expected, expected,
        _late(planned, expected), _note(told, DECISION),
    )  # fmt: skip


def _stage(stages: Sequence[Stage], number: int, told: Reported, was: Course | None, now: Course | None) -> StageRow:
    stage = stages[number]
    planned = was.stages[number] if was else (NOT_YET, NOT_YET)
    coming = now.stages[number] if now else (NOT_YET, NOT_YET)
    begun, ended = told.started.get(stage.id), told.finished.get(stage.id)
    over = told.ended(stages, number)
    state: State = "done" if over else "cancelled" if told.cancelled else "under_way" if begun else "not_begun"
    begin, end = begun or _date(coming[0]), ended or _date(coming[1])
    return StageRow(
        stage.id, stage.label, state, _date(planned[0]), _date(planned[1]), begun, ended, _estimate(told, stage.id),
        begin, end, _late(_date(planned[1]), end), _note(told, stage.id),
    )  # fmt: skip


def _estimate(told: Reported, stage: str) -> datetime.date | None:
    seen = told.value("finished", stage, NO_YEAR, "estimate")
    return as_date(seen.value) if seen else None


def _note(told: Reported, stage: str) -> str:
    seen = [told.value(measure, stage, NO_YEAR, kind) for measure, kind in (
        ("finished", "actual"), ("started", "actual"), ("finished", "estimate"))]  # fmt: skip
    return next((one.note for one in seen if one is not None and one.note), "")


def _late(planned: datetime.date | None, end: datetime.date | None) -> int | None:
    return (end - planned).days if planned and end else None


def _date(date: datetime.date) -> datetime.date | None:
    return None if date == NOT_YET else date


def _money(told: Reported, planned: Mapping[str, Mapping[int, float]], date: datetime.date) -> Iterator[MoneyRow]:
    parts = {(k.part, k.year) for k in told.told if k.measure == "spending"}
    parts |= {(f, y) for f, years in planned.items() for y, value in years.items() if value and y <= date.year}
    order = {funder: n for n, funder in enumerate(planned)}
    for funder, year in sorted(parts, key=lambda part: (order.get(part[0], len(order)), part)):
        seen = [told.value("spending", funder, year, kind) for kind in ("plan", "actual", "estimate")]
        allotted, spent, estimate = (one.value if one else None for one in seen)
        yield MoneyRow(funder, year, planned.get(funder, {}).get(year, 0.0), allotted, spent, estimate)


def _intake(
    built: Built, was: Course | None, told: Reported, used: Mapping[int, float], date: datetime.date
) -> Iterator[IntakeRow]:
    """Yield what was taken in by year and, beside it, by month where months were reported."""
    for key, seen in sorted(told.told.items(), key=lambda one: (one[0].year, one[0].part)):
        if (key.measure, key.kind) == ("intake", "actual"):
            first, last, mass = span_of(key, seen)
            end = min(last, date)
            planned = expected_intake(built, was.steps, used, first, end) if was else None
            yield IntakeRow(first, end, planned, mass)


def _flags(
    row: ProjectRow, told: Reported, planned: Mapping[str, Mapping[int, float]], date: datetime.date
) -> Iterator[Flag]:
    if row.days_late is not None and row.days_late > 0:
        yield "late"
    if any(_sum(row, f, "spent") > sum(planned.get(f, {}).values()) * (1 + _SLACK) for f in _funders(row)) and planned:
        yield "overspent"
    if any(_is_short(row, funder, date) for funder in _funders(row)):
        yield "not_funded"
    spans = {(first, last) for first, last, _ in told.intake}  # years, and months of years without a total
    known = [one for one in row.intake if one.planned is not None and (one.first, one.last) in spans]
    if known and sum(one.taken for one in known) < SHORT * sum(one.planned or 0.0 for one in known):
        yield "below_intake"
    if row.capacity is not None and row.capacity < row.project.capacity:
        yield "smaller"
    if told.cancelled is not None:
        yield "cancelled"
    if not told.told:
        yield "not_reported"


def _funders(row: ProjectRow) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.funder for one in row.money))


def _sum(row: ProjectRow, funder: str, name: Literal["allotted", "spent"]) -> float:
    return sum(getattr(one, name) or 0.0 for one in row.money if one.funder == funder)


def _is_short(row: ProjectRow, funder: str, date: datetime.date) -> bool:
    """Tell whether a funder is known to have given less than was due by now.

    Funds are allotted for whole years; where only spending was reported, so much of this year's plan is due as has
    passed of the year.
    """
    told = [one for one in row.money if one.funder == funder and (one.allotted, one.spent) != (None, None)]
    given = max(_sum(row, funder, "allotted"), _sum(row, funder, "spent"))
    passed = date.timetuple().tm_yday / units.days_in(date.year)
    due = sum(
        one.planned * (passed if one.year == date.year and one.allotted is None else 1.0)
        for one in row.money
        if one.funder == funder
    )
    return bool(told) and given < due * (1 - _SLACK)


def _missing(row: ProjectRow, told: Reported, date: datetime.date, goods: Sequence[str]) -> Iterator[Missing]:
    if told.cancelled is not None:
        return
    for stage in row.stages:
        begin, end = stage.planned_begin, stage.planned_end
        if stage.state == "not_begun" and begin and begin <= date and stage.id != DECISION:
            yield Missing("begin", stage.id, begin)
        if stage.ended is None and end and end <= date and stage.estimate is None:
            yield Missing("end", stage.id, end)
    for money in row.money:
        if money.spent is None and money.allotted is None:
            yield Missing("money", f"{money.funder}:{money.year}")
    if row.is_over and row.ready and row.ready <= date:
        if date.year not in {one.last.year for one in row.intake}:
            yield Missing("intake", str(date.year))
        sold = {one.good for one in row.products if one.year == date.year}
        yield from (Missing("product", f"{good}:{date.year}") for good in goods if good not in sold)
    if row.days_late and row.days_late > 0 and not row.reasons:
        yield Missing("reason", "")
