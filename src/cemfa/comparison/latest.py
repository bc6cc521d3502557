"""The latest date on which an option can still be decided and meet a target, found by simulating it again.

Beside `run`. All projects of an option are shifted together by whole months; every try uses the same random numbers,
so that the probability falls with the delay as it does for the same histories.
"""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cemfa import locale
from cemfa.comparison.run import read_both
from cemfa.definition.schema import Project, Scenario
from cemfa.errors import Problem, ResultsError
from cemfa.indicators import block_function, parts_named
from cemfa.results import Request
from cemfa.simulation import simulate
from cemfa.system.compile import compile_system
from cemfa.targets import assess

ODDS: Final = (0.5, 0.9)
"""Probabilities asked for unless others are."""
MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest decision for one probability.

    Parameters
    ----------
    odds : the probability with which the target has to be met
    months : by how many months the decisions can move, negative where they would have to be earlier; None where the
        target is missed even if all is decided on the first day of the first decision year
    date : of the option's first decision then
    probability : with which the target is met then, in the same histories
    open_end : the target is met however late the option is decided, as far as it was tried
    """

    odds: float
    months: int | None
    date: datetime.date | None
    probability: float
    open_end: bool = False


def latest_decision(
    scenario: Scenario | str | Path,
    option: str,
    target: str,
    *,
    odds: Sequence[float] = ODDS,
    replications: int | None = None,
    seed: int = 0,
    workers: int | None = None,
) -> tuple[Latest, ...]:
    """Return how late the projects of an option can be decided so that a target is met, one answer per probability.

    Bisection over shifts by whole months of all projects that are not committed, from the start of the first decision
    year to the end of the target's, each simulated with the same random numbers. It holds where a later decision never
    raises the probability.

    Parameters
    ----------
    scenario : as read, or its id in the library, or a path
    option : id of an option with projects of its own
    target : id of a target of the model that can be judged
    odds : probabilities in (0, 1]
    replications : histories per try; default: the scenario's

    Raises
    ------
    ResultsError
        `latest-nothing` where the option has nothing to shift, `latest-target` where the target cannot be judged.
    """
    scenario, model = read_both(scenario)
    content = scenario.options.get(option)
    dates = [p.decision for p in content.projects.values() if not p.committed] if content else []
    if not dates:
        raise locale.error(ResultsError, Problem("latest-nothing", parameters={"option": option}))
    wanted = next((t for t in model.targets if t.id == target), None)
    if wanted is None or wanted.indicator is None or wanted.year is None:
        known = [t.id for t in model.targets]
        raise locale.error(ResultsError, Problem("latest-target", parameters={"target": target, "known": known}))
    system = compile_system(model, assume=scenario.assume)
    request = Request(reducers=("mean",), functions={"indicators": block_function([wanted.indicator])})
    found: dict[int, float] = {}

    def probability(months: int) -> float:
        if months not in found:
            results = simulate(
                system, shifted(scenario, option, months), option=option, replications=replications, seed=seed,
                workers=workers, request=request,
            )  # fmt: skip
            judged = assess(parts_named(results, [wanted.indicator or ""]), [wanted])[0].probability
            if judged is None:
                parameters = {"target": target, "known": [t.id for t in model.targets]}
                raise locale.error(ResultsError, Problem("latest-target", parameters=parameters))
            found[months] = judged
        return found[months]

    first, last = min(dates), max(dates)
    low = (scenario.decisions_from - first.year) * MONTHS - (first.month - 1)
    high = (min(wanted.year, scenario.horizon) - last.year) * MONTHS + MONTHS - last.month
    return tuple(_bisected(probability, odd, low, high, first) for odd in odds)


def _bisected(probability: Callable[[int], float], odds: float, low: int, high: int, first: datetime.date) -> Latest:
    if probability(low) < odds:
        return Latest(odds, None, None, probability(low))
    if probability(high) >= odds:
        return Latest(odds, high, months_after(first, high), probability(high), open_end=True)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if probability(middle) >= odds else (low, middle)
    return Latest(odds, low, months_after(first, low), probability(low))


def shifted(scenario: Scenario, option: str, months: int) -> Scenario:
    """Return a scenario in which the projects of an option are decided so many months later.

    Committed projects stay where they are, as do programmes and ramps.
    """
    content = scenario.options[option]
    moved = {
        key: project if project.committed else _moved(project, months) for key, project in content.projects.items()
    }
    options = {**scenario.options, option: content.model_copy(update={"projects": moved})}
    return scenario.model_copy(update={"options": options})


def _moved(project: Project, months: int) -> Project:
    return project.model_copy(update={"decision": months_after(project.decision, months)})


def months_after(date: datetime.date, months: int) -> datetime.date:
    """Return a date some months later; the last day of a month that is too short.

    >>> months_after(datetime.date(2026, 8, 31), 6)
    datetime.date(2027, 2, 28)
    """
    years, month = divmod(date.month - 1 + months, MONTHS)
    day = min(date.day, calendar.monthrange(date.year + years, month + 1)[1])
    return datetime.date(date.year + years, month + 1, day)
