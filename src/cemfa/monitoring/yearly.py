"""The yearly report on a plan: one row per target with what was planned, reported, estimated and simulated.

The four are never mixed: each has its own field, and what is absent stays absent.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from cemfa.definition.schema import Department, Model, Target
from cemfa.observations.schema import Kept, Key, Kind, Observation
from cemfa.targets import meets

Flag = Literal["missing", "overdue", "off_track", "no_reason", "no_plan"]

DEADLINE: Final = (11, 30)
"""Month and day by which departments report (clause VI.1 of Plan 6033/KH-UBND: before 30 November)."""

_JUDGED: Final = (">=", ">", "<=", "<", "=")


@dataclass(frozen=True, slots=True)
class YearlyRow:
    """One target in the yearly report; every number is in the target's own unit, None where nobody gave it.

    Parameters
    ----------
    target : as the plan states it
    departments : who reports on it today
    plan : value planned for the year; of a target due in that year its own value where no plan was reported
    planned : the plan as it was reported
    actual : last reported value up to the cut-off, with its source
    estimate : what the department expects for the whole year
    simulated : what cemfa reckons for the year
    achieved : actual over plan [1]
    last_year : last value reported of the year before
    flags : `missing` no value up to the cut-off; `overdue` missing after the deadline; `off_track` the estimate, or
        the actual value where there is none and the year is over, misses the plan; `no_reason` off track without a
        reason; `no_plan` nothing to measure by
    """

    target: Target
    departments: tuple[Department, ...]
    plan: float | None
    planned: Observation | None
    actual: Observation | None
    estimate: Observation | None
    simulated: float | None
    achieved: float | None
    last_year: Observation | None
    flags: tuple[Flag, ...]

    @property
    def reason(self) -> str:
        """Why it is off track, as reported."""
        return next((seen.note for seen in (self.estimate, self.actual) if seen is not None and seen.note), "")


def yearly_rows(
    model: Model,
    kept: Iterable[Kept],
    *,
    year: int,
    cut_off: datetime.date,
    today: datetime.date,
    simulated: Mapping[str, float] = {},
) -> tuple[YearlyRow, ...]:
    """Return one row per target of a model that is reported on in a year, in the order of its list.

    Where a model has departments, these are the targets that name one; else all. What no longer binds is left out
    unless somebody reported on it.

    Parameters
    ----------
    model : its targets and departments
    kept : what counts in the store up to the cut-off (`Store.current(until=cut_off)`)
    year : the year reported on
    cut_off : last day of which values are told
    today : day of the report; after `DEADLINE` what is missing is overdue
    simulated : per id of a target what cemfa reckons for the year, in the target's unit

    Examples
    --------
    >>> import datetime
    >>> from cemfa.definition.load import read_model
    >>> rows = yearly_rows(read_model("first_steps"), (), year=2030, cut_off=datetime.date(2030, 10, 31),
    ...                    today=datetime.date(2030, 12, 1))
    >>> rows[0].target.id, rows[0].plan, rows[0].flags
    ('S01', 40.0, ('missing', 'overdue'))
    """
    seen = {k.observation.key: k.observation for k in kept if k.observation.until <= cut_off}
    targets = [target for target in model.targets if target.department or not model.departments]
    rows = (_row(model, target, seen, year, cut_off, today, simulated.get(target.id)) for target in targets)
    return tuple(row for row in rows if _reported_on(row, year))


def _reported_on(row: YearlyRow, year: int) -> bool:
    """Return whether a target belongs in the report of a year: it still binds, or somebody reported on it."""
    told = (row.actual, row.estimate)
    return row.target.year >= year or row.target.status == "in_force" or any(seen is not None for seen in told)


def _row(
    model: Model,
    target: Target,
    seen: Mapping[Key, Observation],
    year: int,
    cut_off: datetime.date,
    today: datetime.date,
    simulated: float | None,
) -> YearlyRow:
    def of(kind: Kind, when: int = year) -> Observation | None:
        return seen.get(Key("target", target.id, "value", "", when, kind))

    planned, actual, estimate = of("plan"), of("actual"), of("estimate")
    plan = planned.value if planned else target.value if target.year == year else None
    achieved = actual.value / plan if actual and plan else None
    flags = tuple(_flags(target, plan, actual, estimate, (year, cut_off, today)))
    departments = model.in_charge(target.department) if target.department else ()
    last = of("actual", year - 1)
    return YearlyRow(target, departments, plan, planned, actual, estimate, simulated, achieved, last, flags)


def _flags(
    target: Target,
    plan: float | None,
    actual: Observation | None,
    estimate: Observation | None,
    days: tuple[int, datetime.date, datetime.date],
) -> Iterable[Flag]:
    year, cut_off, today = days
    if plan is None and target.sense in _JUDGED:
        yield "no_plan"
    if actual is None:
        yield "missing"
        if today > datetime.date(year, *DEADLINE):
            yield "overdue"
    over = cut_off >= datetime.date(year, 12, 31)
    judged = estimate if estimate is not None and not over else actual if over else None
    if judged is not None and plan is not None and target.sense in _JUDGED and not _met(judged.value, target, plan):
        yield "off_track"
        if not judged.note:
            yield "no_reason"


def _met(value: float, target: Target, plan: float) -> bool:
    return bool(meets(np.array([value]), target.model_copy(update={"value": plan}), 1.0)[0])


def missing_of(rows: Sequence[YearlyRow]) -> dict[str, tuple[str, ...]]:
    """Return per department the targets it has not reported on; "" holds those that nobody answers for."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if "missing" in row.flags:
            for department in row.departments or (None,):
                found.setdefault(department.id if department else "", []).append(row.target.id)
    return {department: tuple(targets) for department, targets in found.items()}
