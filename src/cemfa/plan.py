"""An investment plan as plain data: what is built where and when, and which parameters change.

Between definition and numbers: a scenario's option becomes a `Plan`, which `solve` and `simulate` both read.
A plan changes capacities and parameter values by date and place, never topology.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from cemfa.courses import Built, Course, Ledger, courses_of
from cemfa.definition.checks.finance import rows_of_finance, rows_of_loans
from cemfa.definition.currency import factor_of
from cemfa.definition.schema import (
    Adoption,
    Change,
    Event,
    NumberRow,
    Option,
    Programme,
    Project,
    Scenario,
    Stress,
)
from cemfa.definition.technologies import chain_of


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
        months = [built.central_months() for built in self.built]
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
            stream=f"events.{key}.{name}", event=key,
        )
        for key, event in scenario.events.items()
        for name, change in event.factors()
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
        costs=_costs(scenario, project),
        priority=project.priority,
    )


def _costs(scenario: Scenario, project: Project) -> tuple[tuple[str, float], ...]:
    """Return what every funder pays of the investment [VND]; nothing where the project states no cost."""
    if project.capex is None:
        return ()
    whole = project.capex.value * (factor_of(scenario.finance, project.capex.unit, project.capex.price_year) or 0.0)
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
