"""Everything that monitoring tells of an option on a day: its register of projects and what their state does.

Top of `monitoring`: scenario, option, observations and day in, `ProjectProgress` out.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cemfa import locale
from cemfa.definition.schema import Model, Scenario
from cemfa.definition.technologies import products_of
from cemfa.errors import DefinitionError, Problem
from cemfa.monitoring.invested import planned_spending
from cemfa.monitoring.outlook import Outlook, outlook
from cemfa.monitoring.outlook import Progress as Step
from cemfa.monitoring.register import ProjectRow, Spending, register
from cemfa.monitoring.reported import Reported, faults, reported
from cemfa.monitoring.standing import as_it_stands
from cemfa.observations.schema import Kept
from cemfa.plan import content_of, plan_of
from cemfa.system.compile import System


@dataclass(frozen=True, slots=True, eq=False)
class ProjectProgress:
    """The projects of an option on a day.

    Parameters
    ----------
    rows : the register
    reported : per project what was reported
    spending : planned investment per project, funder and year [VND]
    outlook : what the state of the projects does to the targets; None where nothing was simulated
    """

    scenario: Scenario
    model: Model
    option: str
    date: datetime.date
    rows: tuple[ProjectRow, ...]
    reported: Mapping[str, Reported]
    spending: Spending
    outlook: Outlook | None = None

    @property
    def late(self) -> tuple[ProjectRow, ...]:
        """Projects that come later than planned."""
        return tuple(row for row in self.rows if "late" in row.flags)


def progress_of(
    system: System,
    scenario: Scenario,
    model: Model,
    option: str,
    kept: Iterable[Kept],
    date: datetime.date,
    *,
    simulated: bool = True,
    replications: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    step: Step | None = None,
) -> ProjectProgress:
    """Return the register of an option's projects and, unless it is not asked for, what their state does.

    Parameters
    ----------
    system : the scenario's model, compiled with what it assumes
    option : id of an option with projects
    kept : what counts in the store
    date : the day; what covers a later day is left out
    simulated : whether the option is simulated as planned and as it stands
    replications, seed, workers : of the simulations
    step : called after every simulated plan

    Raises
    ------
    DefinitionError
        `project-none` where the option has no projects; where reports cannot be used, all of `project-unknown`,
        `project-date-after` and `project-date-order`.
    """
    projects = content_of(scenario, option)[0]
    if not projects:
        known = [key for key in scenario.options if content_of(scenario, key)[0]]
        raise locale.error(DefinitionError, Problem("project-none", parameters={"option": option, "known": known}))
    plan, current = plan_of(scenario, option), [one for one in kept if one.observation.until <= date]
    problems = faults(scenario, current, {built.project: built.stages for built in plan.projects})
    if problems:
        raise locale.error(DefinitionError, problems)
    told = reported(current, until=date)
    spending = planned_spending(system, scenario, model, option)
    found = None
    if simulated:
        found = outlook(
            system, scenario, model, option, told, date, replications=replications, seed=seed, workers=workers,
            progress=step,
        )  # fmt: skip
    stands = found.plan if found else as_it_stands(plan, told, date)
    used = found.utilisation if found else None
    goods = {name: products_of(project, model) for name, project in projects.items()}
    rows = register(scenario, option, told, stands, date, spending=spending, utilisation=used, goods=goods)
    return ProjectProgress(scenario, model, option, date, rows, told, spending, found)


def option_of(scenario: Scenario, kept: Sequence[Kept]) -> str | None:
    """Return the option that has most of the projects that were reported on; None where none was."""
    told = {one.observation.key.item for one in kept if one.observation.key.subject == "project"}
    counts = {key: len(told & set(option.projects)) for key, option in scenario.options.items()}
    best = max(counts, key=lambda key: counts[key])
    return best if counts[best] else None
