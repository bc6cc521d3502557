"""What the state of the projects does to the targets: the option simulated as planned and as it stands, same luck.

Between `standing`, which says what is built, and the report. Both plans know what happened up to the day and share
every draw, so that their difference is what came otherwise than planned and nothing else.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from cemfa.comparison.pairs import HEADLINE, at
from cemfa.courses import Built, full_days
from cemfa.definition.schema import Model, Scenario, Target
from cemfa.indicators import ALL, block_function, parts_named
from cemfa.indicators.catalogue import supported
from cemfa.indicators.spread import Stat, stat_of
from cemfa.monitoring.reported import Reported
from cemfa.monitoring.standing import as_it_stands, kept_to_plan
from cemfa.plan import Plan, plan_of
from cemfa.results import Request
from cemfa.simulation import History, simulate, simulate_history
from cemfa.system.capacity import group_of
from cemfa.system.compile import System
from cemfa.system.solve import solve
from cemfa.targets import Assessment, assess
from cemfa.workers import Workers, parts, pool_of

Progress = Callable[[int], None]
"""Called with the number of plans simulated so far."""
_ONE_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TargetOutlook:
    """One judged target as planned and as things stand.

    Parameters
    ----------
    planned, standing : its assessments
    difference : as it stands less as planned, paired sample by sample, in the indicator's unit
    """

    target: Target
    planned: Assessment
    standing: Assessment
    difference: Stat


@dataclass(frozen=True, slots=True)
class Alone:
    """What one project that is not as planned does on its own, all others as planned.

    Parameters
    ----------
    project : its id
    differences : per id of a target the paired difference to the plan, in the indicator's unit
    """

    project: str
    differences: Mapping[str, Stat]


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """The option as planned and as it stands.

    Parameters
    ----------
    plan : the plan as it stands
    targets : those that can be judged in their year and are not over
    alone : the projects that are not as planned
    planned, standing : indicators per sample and period
    utilisation : per project of the plan and year the mean share of its capacity that the plan takes in [1]
    replications, seed : of the simulations
    """

    plan: Plan
    targets: tuple[TargetOutlook, ...]
    alone: tuple[Alone, ...]
    planned: xr.Dataset
    standing: xr.Dataset
    utilisation: Mapping[str, Mapping[int, float]]
    replications: int
    seed: int

    @property
    def headline(self) -> tuple[TargetOutlook, ...]:
        """The targets that decide: of the first document, on the headline rate."""
        document = self.targets[0].target.document if self.targets else ""
        return tuple(t for t in self.targets if (t.target.indicator, t.target.document) == (HEADLINE, document))


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """The task that simulates one plan; picklable, for worker processes."""

    system: System
    scenario: Scenario
    option: str
    names: Sequence[str]
    count: int
    seed: int
    history: History | None
    workers: Workers = 1

    def __call__(self, plan: Plan) -> xr.Dataset:
        functions = {"indicators": block_function(self.names, gwp=self.scenario.gwp)}
        return simulate(
            self.system, self.scenario, option=self.option, replications=self.count, seed=self.seed,
            workers=self.workers, request=Request(reducers=("mean",), functions=functions), history=self.history,
            plan=plan,
        )  # fmt: skip

    def each(self, plans: Sequence[Plan], workers: Workers) -> Iterator[xr.Dataset]:
        """Yield what plans give: several at a time, or the blocks of a single one."""
        if len(plans) == 1:
            yield replace(self, workers=workers)(plans[0])
        elif plans:
            yield from parts(self, plans, workers=workers, kind="processes")


def outlook(
    system: System,
    scenario: Scenario,
    model: Model,
    option: str,
    reported: Mapping[str, Reported],
    date: datetime.date,
    *,
    replications: int | None = None,
    seed: int = 0,
    workers: Workers = None,
    progress: Progress | None = None,
) -> Outlook:
    """Return what the state of an option's projects does to the targets.

    Parameters
    ----------
    system : the scenario's model, compiled with what it assumes
    option : id of an option
    reported : per project what was reported up to the day
    date : the day
    replications : histories of each plan; default: the scenario's
    progress : called after every simulated plan

    Raises
    ------
    SimulationError, ResourceError
        as `simulate`.
    """
    count = replications or scenario.simulation.replications
    written = plan_of(scenario, option)
    able = set(supported(solve(system, plan=written)))
    judged = [t for t in model.targets if t.indicator in able and t.value is not None and t.year >= date.year]
    names = list(dict.fromkeys([str(t.indicator) for t in judged] + ([HEADLINE] if HEADLINE in able else [])))
    kept = kept_to_plan(written, date)
    planned = as_it_stands(written, kept, date)
    done: list[tuple[Plan, xr.Dataset]] = []

    def take(plan: Plan, results: xr.Dataset) -> None:
        done.append((plan, parts_named(results, names)))
        if progress:
            progress(len(done))

    def of(plan: Plan) -> xr.Dataset:
        return next(values for other, values in done if other == plan)

    with pool_of(workers) as pool:
        history = simulate_history(system, scenario, replications=count, seed=seed, workers=pool)
        run = _Run(system, scenario, option, names, count, seed, history)
        (first,) = run.each([planned], pool)
        take(planned, first)
        used = _utilisation(system, planned, first)
        expected = _expected(planned, reported, date, used)
        stands = as_it_stands(written, reported, date, expected=expected)
        apart = {
            name: as_it_stands(written, {**kept, name: reported.get(name, Reported())}, date, expected=expected)
            for name in _deviating(planned, stands)
        }
        others = _different([stands, *apart.values()], planned)
        for plan, results in zip(others, run.each(others, pool), strict=True):
            take(plan, results)
    targets = tuple(_targets(judged, of(planned), of(stands)))
    alone = tuple(Alone(name, _differences(targets, of(planned), of(plan))) for name, plan in apart.items())
    return Outlook(stands, targets, alone, of(planned), of(stands), used, count, seed)


def _different(plans: Sequence[Plan], known: Plan) -> list[Plan]:
    """Return plans once each, without the one that is known: the same plan with the same luck gives the same."""
    found: list[Plan] = []
    for plan in plans:
        if plan != known and plan not in found:
            found.append(plan)
    return found


def _deviating(planned: Plan, stands: Plan) -> tuple[str, ...]:
    """Return the projects that do not stand as they were planned to by now."""
    now = {built.project: built for built in stands.projects}
    was = {built.project: built for built in planned.projects}
    return tuple(name for name in {**was, **now} if now.get(name) != was.get(name))


def _targets(judged: Sequence[Target], planned: xr.Dataset, standing: xr.Dataset) -> list[TargetOutlook]:
    found = []
    for one, other in zip(assess(planned, judged), assess(standing, judged), strict=True):
        if one.kind == "judged" and other.kind == "judged":
            difference = _difference(one.target, planned, standing)
            if difference is not None:
                found.append(TargetOutlook(one.target, one, other, difference))
    return found


def _differences(targets: Sequence[TargetOutlook], planned: xr.Dataset, other: xr.Dataset) -> dict[str, Stat]:
    found = {one.target.id: _difference(one.target, planned, other) for one in targets}
    return {name: stat for name, stat in found.items() if stat is not None}


def _difference(target: Target, planned: xr.Dataset, other: xr.Dataset) -> Stat | None:
    name, year = str(target.indicator), int(target.year)
    item = next(iter(target.where.values()), ALL)
    return stat_of(at(other, name, year, item) - at(planned, name, year, item))


def _utilisation(system: System, plan: Plan, results: xr.Dataset) -> dict[str, dict[int, float]]:
    """Return per project and year the mean share of its capacity that is taken in; years without capacity left out."""
    used = results["utilisation"].transpose("period", "group", "sample").to_numpy()
    there = results["available"].transpose("period", "group", "sample").to_numpy()
    years = [int(year) for year in results["period"].to_numpy()]
    taken, whole = (used * there).mean(axis=2), there.mean(axis=2)
    found: dict[str, dict[int, float]] = {}
    for built in plan.projects:
        group = group_of(system.groups, built)
        if group is not None:
            found[built.project] = {
                year: float(np.clip(taken[n, group] / whole[n, group], 0.0, 1.0))
                for n, year in enumerate(years)
                if whole[n, group] > 0.0
            }
    return found


def _expected(
    plan: Plan, reported: Mapping[str, Reported], date: datetime.date, used: Mapping[str, Mapping[int, float]]
) -> dict[str, float]:
    """Return per project the share of its capacity that the plan takes in over the days that intake was reported of."""
    stands = as_it_stands(plan, reported, date)
    found = {}
    for built, course in zip(stands.built, stands.central_courses(), strict=True):
        told = reported.get(built.project)
        spans = [(first, min(last, date) + _ONE_DAY) for first, last, _ in told.intake] if told else []
        days = [full_days(course.steps, first, end) for first, end in spans]
        if sum(days) > 0.0:
            shares = [used.get(built.project, {}).get(first.year, 0.0) for first, _ in spans]
            found[built.project] = sum(s * d for s, d in zip(shares, days, strict=True)) / sum(days)
    return found


def expected_intake(built: Built, steps: tuple[tuple[datetime.date, float], ...], used: Mapping[int, float],
                    first: datetime.date, last: datetime.date) -> float | None:  # fmt: skip
    """Return what a plan takes in between two days of one year [t]; None where it says nothing of that year.

    Parameters
    ----------
    built, steps : the project as planned, and its planned course
    used : per year the share of the capacity that the plan takes in
    first, last : days of one calendar year, both included
    """
    share = used.get(first.year)
    return None if share is None else share * built.capacity * full_days(steps, first, last + _ONE_DAY)
