"""The abatement cost curve of an option: what each of its projects and programmes adds to those before it.

Beside `latest`, found when it is asked for: `measures.cost_curve` asks what sets of measures do together, and here the
annual balance answers, on central values. Stores, seasons and breakdowns therefore have no say; compare with
the simulated results of the option as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from cemfa import locale
from cemfa.comparison.accounts import BlockAccounts
from cemfa.comparison.costing import Run
from cemfa.comparison.measures import Effect, cost_curve
from cemfa.comparison.money import account
from cemfa.comparison.outcome import Comparison, Curve
from cemfa.definition.schema import Model, Scenario
from cemfa.errors import Problem, ResultsError
from cemfa.indicators import ALL, block_function
from cemfa.indicators.view import cells_of
from cemfa.plan import Plan, content_of, plan_of
from cemfa.results import BlockFunction, Request
from cemfa.system.compile import System, compile_system
from cemfa.system.solve import solve

Progress = Callable[[int, int, str], None]
"""Called with balances done, the most that there can be, and the id of the option."""


@dataclass(frozen=True, slots=True, eq=False)
class _Evaluator:
    """Answers what a set of measures of an option costs and does, against the option without any of them."""

    system: System
    scenario: Scenario
    model: Model
    option: str
    effect: str
    now: xr.Dataset
    none: tuple[float, float]

    def __call__(self, measures: frozenset[str]) -> Effect:
        cost, mass = self.of(measures)
        sign = -1.0 if self.effect == "ghg_net" else 1.0  # emissions are to fall, recycling is to rise
        return cost - self.none[0], sign * (mass - self.none[1])

    def of(self, measures: frozenset[str]) -> tuple[float, float]:
        """Return the net present cost [VND] and the indicator over the decision years."""
        scenario = only(self.scenario, self.option, measures)
        results = _balance(self.system, scenario, plan_of(scenario, self.option), self.effect)
        years = list(range(scenario.finance.start, scenario.horizon + 1))
        cells = cells_of(results[["parameter"]].sel(period=years))
        run = Run(scenario, self.model, self.option, None, results, self.now, cells)
        economics, _ = account(run, avoided=None, jobs=None, value_of_base=np.zeros(1))
        values = results[self.effect].sel(period=run.years)
        for dimension in set(values.dims) - {"sample", "period"}:
            values = values.sel({dimension: ALL})
        return -float(economics.samples["npv"][0]), float(values.sum())


def with_curves(
    comparison: Comparison, options: Sequence[str] | None = None, *, progress: Progress | None = None
) -> Comparison:
    """Return the comparison with abatement cost curves of its options.

    Parameters
    ----------
    comparison : of `compare`
    options : ids; default: those with at least two measures of their own
    progress : called after every balance

    Raises
    ------
    ResultsError
        `unknown-option`, or `curve-nothing` for an option without measures of its own.
    """
    scenario = comparison.scenario
    wanted = options if options is not None else [
        option.id for option in comparison.plain if len(measures_of(scenario, option.id)) > 1
    ]  # fmt: skip
    for key in wanted:
        _refuse(comparison, key)
    system = compile_system(comparison.model, assume=scenario.assume)
    now = comparison.options[0].base_option
    found = {key: _curve(comparison, system, key, now, progress) for key in wanted}
    return replace(comparison, curves={**comparison.curves, **found})


def measures_of(scenario: Scenario, option: str) -> tuple[str, ...]:
    """Return the projects and programmes of an option that are not committed anyway."""
    projects, programmes = content_of(scenario, option)
    own: tuple[tuple[str, bool], ...] = (
        *((key, project.committed) for key, project in projects.items()),
        *((key, programme.committed) for key, programme in programmes.items()),
    )
    return tuple(key for key, committed in own if not committed)


def only(scenario: Scenario, option: str, measures: frozenset[str]) -> Scenario:
    """Return a scenario whose option holds, of its own, only some measures; what is committed stays."""
    written = scenario.options[option]
    kept = {
        "projects": {k: p for k, p in written.projects.items() if p.committed or k in measures},
        "programmes": {k: p for k, p in written.programmes.items() if p.committed or k in measures},
    }
    return scenario.model_copy(update={"options": {**scenario.options, option: written.model_copy(update=kept)}})


def _refuse(comparison: Comparison, key: str) -> None:
    known = tuple(option.id for option in comparison.plain)
    if key not in known:
        raise locale.error(ResultsError, Problem("unknown-option", parameters={"option": key, "known": known}))
    if not measures_of(comparison.scenario, key):
        raise locale.error(ResultsError, Problem("curve-nothing", parameters={"option": key}))


def _curve(comparison: Comparison, system: System, key: str, now: str, progress: Progress | None) -> Curve:
    scenario, model = comparison.scenario, comparison.model
    effect = "ghg_net" if "ghg_net" in comparison.options[0].indicators else "organics_recycled"
    measures = measures_of(scenario, key)
    most = len(measures) * (len(measures) + 1) // 2 + 1
    start = _balance(system, scenario, plan_of(scenario, now), effect)
    evaluator = _Evaluator(system, scenario, model, key, effect, start, (0.0, 0.0))
    evaluator = replace(evaluator, none=evaluator.of(frozenset()))
    done = 1

    def evaluate(chosen: frozenset[str]) -> Effect:
        nonlocal done
        found = evaluator(chosen)
        done += 1
        if progress:
            progress(done, most, key)
        return found

    return Curve(key, effect, cost_curve(measures, evaluate))


def _balance(system: System, scenario: Scenario, plan: Plan, effect: str) -> xr.Dataset:
    functions: dict[str, BlockFunction] = {
        "indicators": block_function((effect,), gwp=scenario.gwp),
        "accounts": BlockAccounts.of(scenario),
    }
    return solve(system, plan=plan, request=Request(reducers=("mean",), functions=functions))
