"""The latest date on which an option can still be decided and meet a target, found by simulating it again.

Beside `run`. All projects of an option are shifted together by whole months; every try uses the same random numbers,
so that the probability falls with the delay as it does for the same histories. A try lives only through the years
that can matter, from the first decision year to that of the target: those before are simulated once for all tries.
"""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from cemfa import locale
from cemfa.comparison.outcome import Comparison, Latest
from cemfa.comparison.run import Progress, read_both
from cemfa.definition.schema import Model, Project, Scenario, Target
from cemfa.errors import Problem, ResultsError
from cemfa.indicators import block_function, parts_named
from cemfa.results import Request
from cemfa.simulation import History, simulate, simulate_history
from cemfa.simulation.policy import Deciders
from cemfa.system.compile import System, compile_system
from cemfa.targets import assess
from cemfa.workers import Pool, Workers, pool_of

ODDS: Final = (0.5, 0.9)
"""Probabilities asked for unless others are."""
MONTHS: Final = 12


def latest_decision(
    scenario: Scenario | str | Path,
    option: str,
    target: str,
    *,
    odds: Sequence[float] = ODDS,
    replications: int | None = None,
    seed: int = 0,
    workers: Workers = None,
    decide: Deciders | None = None,
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
    decide : functions that decide on projects whose rule measures a `function`, as in `simulate`

    Raises
    ------
    ResultsError
        `latest-nothing` where the option has nothing to shift, `latest-target` where the target cannot be judged.
    """
    scenario, model = read_both(scenario)
    if not _dates(scenario, option):
        raise locale.error(ResultsError, Problem("latest-nothing", parameters={"option": option}))
    wanted = next((t for t in model.targets if t.id == target), None)
    if wanted is None or wanted.indicator is None or wanted.year is None:
        raise _not_judged(model, target)
    system = compile_system(model, assume=scenario.assume)
    with pool_of(workers) as pool:
        history = simulate_history(system, scenario, replications=replications, seed=seed, workers=pool)
        tries = Tries(system, model, scenario, option, (wanted,), replications, seed, pool, decide, history)
        return tries.latest(wanted, odds)


def with_latest(
    comparison: Comparison,
    *,
    workers: Workers = None,
    decide: Deciders | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Return a comparison with the latest decision of every option with projects, for every headline target.

    Each option is simulated a few times more, with the comparison's own seed and replications: once where even the
    earliest decision is too late, some ten times for a date. What the comparison found without a shift is one of the
    tries. An interruption (Ctrl-C) keeps the options that are finished; the others are named in
    `Comparison.unfinished`.

    Parameters
    ----------
    comparison : of `compare`
    decide : the functions it was made with
    progress : called with options done, options in all and the name of the option just done
    """
    scenario, model = comparison.scenario, comparison.model
    system = compile_system(model, assume=scenario.assume)
    targets = [target for target in model.targets if target.id in comparison.headline]
    asked = [option for option in comparison.plain if _dates(scenario, option.id)]
    found: dict[str, dict[str, tuple[Latest, ...]]] = {}
    count, seed = comparison.replications, comparison.seed
    with pool_of(workers) as pool:
        history = simulate_history(system, scenario, replications=count, seed=seed, workers=pool) if asked else None
        for number, option in enumerate(asked, 1):
            tries = Tries(system, model, scenario, option.id, targets, count, seed, pool, decide, history)
            tries.found[0] = {judged.target.id: judged.probability for judged in option.targets}
            try:
                found[option.id] = {target.id: tries.latest(target, ODDS) for target in targets}
            except KeyboardInterrupt:
                break
            if progress:
                progress(number, len(asked), option.label)
    left = tuple(option.id for option in asked if option.id not in found)
    return replace(comparison, latest=found, unfinished=(*comparison.unfinished, *left))


@dataclass(frozen=True, slots=True, eq=False)
class Tries:
    """Shifts of one option simulated so far, shared by all targets and probabilities.

    Parameters
    ----------
    targets : judged in every try
    replications, seed, workers, decide : of every try
    history : the years before the first decision, the same in every try
    found : per shift [months] and target the probability of meeting it; None where it cannot be judged
    """

    system: System
    model: Model
    scenario: Scenario
    option: str
    targets: Sequence[Target]
    replications: int | None
    seed: int
    workers: Pool
    decide: Deciders | None
    history: History | None = None
    found: dict[int, dict[str, float | None]] = field(default_factory=dict)

    def latest(self, target: Target, odds: Sequence[float]) -> tuple[Latest, ...]:
        """Return the latest decision for a target, one answer per probability."""
        dates = _dates(self.scenario, self.option)
        first, last = min(dates), max(dates)
        low = (self.scenario.decisions_from - first.year) * MONTHS - (first.month - 1)
        end = min(target.year or self.scenario.horizon, self.scenario.horizon)
        high = (end - last.year) * MONTHS + MONTHS - last.month
        return tuple(self._bisected(target, odd, low, high, first) for odd in odds)

    def _bisected(self, target: Target, odds: float, low: int, high: int, first: datetime.date) -> Latest:
        """Return the latest decision for one probability, between the earliest and the latest shift there is.

        What has been tried so far, whatever for, narrows the search before it begins.
        """

        def enough(months: int) -> bool:
            return self.probability(months, target) >= odds

        tried = [months for months in sorted(self.found) if low <= months <= high]
        late = next((months for months in tried if not enough(months)), None)
        early = max((months for months in tried if (late is None or months < late) and enough(months)), default=None)
        if late == low or (early is None and not enough(low)):
            return Latest(odds, None, None, self.probability(low, target))
        if late is None and enough(high):
            return Latest(odds, high, months_after(first, high), self.probability(high, target), open_end=True)
        low, high = low if early is None else early, high if late is None else late
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if enough(middle) else (low, middle)
        return Latest(odds, low, months_after(first, low), self.probability(low, target))

    def probability(self, months: int, target: Target) -> float:
        """Return the probability of meeting a target with all decided so many months later."""
        if months not in self.found:
            self.found[months] = self._tried(months)
        judged = self.found[months][target.id]
        if judged is None:
            raise _not_judged(self.model, target.id)
        return judged

    def _tried(self, months: int) -> dict[str, float | None]:
        names = list(dict.fromkeys(target.indicator for target in self.targets if target.indicator))
        functions = {"indicators": block_function(names, gwp=self.scenario.gwp)}
        due = max(target.year or self.scenario.horizon for target in self.targets)
        scenario = shifted(self.scenario, self.option, months)
        scenario = scenario.model_copy(update={"horizon": max(min(due, scenario.horizon), scenario.decisions_from)})
        results = simulate(
            self.system, scenario, option=self.option, replications=self.replications, seed=self.seed,
            workers=self.workers, decide=self.decide, history=self.history,
            request=Request(reducers=("mean",), functions=functions),
        )  # fmt: skip
        judged = assess(parts_named(results, names), list(self.targets))
        return {found.target.id: found.probability for found in judged}


def _dates(scenario: Scenario, option: str) -> list[datetime.date]:
    """Return when the projects of an option are decided that can be moved; none for an option that does not exist."""
    content = scenario.options.get(option)
    return [p.decision for p in content.projects.values() if not p.committed] if content else []


def _not_judged(model: Model, target: str) -> ResultsError:
    parameters = {"target": target, "known": [t.id for t in model.targets]}
    return locale.error(ResultsError, Problem("latest-target", parameters=parameters))


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
