"""Simulate every option with the same luck, and put all that decides side by side.

Top of `comparison`: scenario in, `Comparison` out.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import xarray as xr

from cemfa import locale
from cemfa.check.targets import target_rules
from cemfa.comparison.accounts import BlockAccounts
from cemfa.comparison.adding import PART, Rule, joined
from cemfa.comparison.assemble import Case, Outcome, baselines_of, label_of, side_by_side
from cemfa.comparison.curve import curves_where_possible
from cemfa.comparison.months import watched_processes
from cemfa.comparison.outcome import Comparison
from cemfa.comparison.pairs import HEADLINE
from cemfa.comparison.parameters import ParameterRecord
from cemfa.definition.load import read_model, read_scenario_and_model
from cemfa.definition.schema import MONEY_CRITERIA, Label, Model, Scenario
from cemfa.errors import DefinitionError, Problem
from cemfa.indicators import block_function, evaluate, parts_named, supported
from cemfa.indicators.losses import block_losses
from cemfa.plan import ParameterChange, Plan, plan_of
from cemfa.results import BlockFunction, Request
from cemfa.simulation import simulate_options
from cemfa.simulation.gathering import WIDTH, units
from cemfa.simulation.policy import Deciders
from cemfa.system.compile import System, compile_system
from cemfa.system.executors import KERNEL, compiled
from cemfa.system.plans import solve_plans
from cemfa.system.solve import products
from cemfa.workers import Pool, Workers, pool_of

Progress = Callable[[int, int, Label], None]
"""Called with cases done, cases in all, and the name of the case just done."""


def compare(
    scenario: Scenario | str | Path,
    *,
    model: Model | None = None,
    replications: int | None = None,
    seed: int = 0,
    workers: Workers = None,
    options: Sequence[str] | None = None,
    progress: Progress | None = None,
    until: Rule | None = None,
    decide: Deciders | None = None,
) -> Comparison:
    """Return the options of a scenario side by side: baselines first, then options, then stress cases.

    Every case is simulated with common random numbers, so that options differ by what they change and by
    nothing else. Differences are taken to the baseline as already committed, replication by replication: what
    an option adds to what happens anyway. Its money is counted in full, against things as they are now.

    Parameters
    ----------
    scenario : as read, or its id in the library, or a path
    model : as read, where the scenario is; default: the one it names
    replications : simulated histories per case; default: the scenario's
    seed : from 0; the same seed and inputs give the same numbers, with any number of workers
    workers : processes, or a pool of them; default: as many as the machine has
    options : ids to compare, with their stress cases; the baselines are always there; default: all
    progress : called with cases done, cases in all and the name of the case just done
    until : add replications until a rule is content (`Precision`, `Settled`), at most `replications`; default: all of
        them at once
    decide : functions that decide on projects whose rule measures a `function`, as in `simulate`

    The options that lead get their abatement cost curve (`cemfa.comparison.curve.leading`). An interruption (Ctrl-C)
    keeps the cases that are finished once the baselines are; the others are named in `Comparison.unfinished`.

    Raises
    ------
    DefinitionError
        if scenario or model are wrong, or an option does not exist (`unknown-option`).
    ResultsError
        if an indicator lacks what it needs.
    """
    scenario, model = read_both(scenario, model)
    most = replications or scenario.simulation.replications
    with pool_of(workers) as pool:
        rounds = _Rounds.of(scenario, model, options, most, seed, pool, decide)
        left = rounds.simulate(most, until, progress)
    outcomes = [rounds.outcome(case) for case in rounds.cases if case not in left]
    samples = outcomes[0].results.sizes["sample"]
    unfinished = tuple(case.id for case in left)
    found = side_by_side(rounds.scenario, rounds.model, rounds.system, seed, samples, outcomes, unfinished=unfinished)
    return found if left else curves_where_possible(found, rounds.system)


@dataclass(frozen=True, slots=True, eq=False)
class _Rounds:
    """The cases of a comparison, simulated round by round: in each the next few replications of all of them.

    Parameters
    ----------
    names : of the indicators
    request : what is kept of every round
    pool, decide : of every simulation
    kept : per case what is left of each round
    perfect : per option the indicators of plants that never fail; none before they are worked out
    """

    scenario: Scenario
    model: Model
    system: System
    cases: tuple[Case, ...]
    names: tuple[str, ...]
    request: Request
    seed: int
    pool: Pool
    decide: Deciders | None
    kept: dict[Case, list[_Kept]]
    perfect: dict[str, xr.Dataset]

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        model: Model,
        options: Sequence[str] | None,
        most: int,
        seed: int,
        pool: Pool,
        decide: Deciders | None,
    ) -> _Rounds:
        """Return the cases of a scenario, none of them simulated yet, but at most so many times each."""
        cases = tuple(_cases(scenario, options))
        _refuse_targets(model)
        system = compile_system(model, assume=scenario.assume)
        compiled(None, KERNEL, products(system, most * len(cases)))  # this process balances, too
        names = _supported(system, scenario)
        _refuse_unsupported(scenario, names)
        functions: dict[str, BlockFunction] = {
            "indicators": block_function(names, gwp=scenario.gwp),
            "accounts": BlockAccounts.of(scenario),
            "losses": block_losses,
        }
        request = Request(reducers=("mean",), functions=functions, monthly=watched_processes(scenario, model))
        return cls(scenario, model, system, cases, names, request, seed, pool, decide, {c: [] for c in cases}, {})

    def simulate(self, most: int, until: Rule | None, progress: Progress | None) -> list[Case]:
        """Simulate round after round, up to some replications; return the cases an interruption left out."""
        base = list(baselines_of(self.scenario).values())[-1]
        done = 0
        more = min(most, PART) if until else len(units(most, 0)[0])  # the memory of a few, however many are asked for
        try:
            while more:
                self._round(done, more, progress)
                done += more
                wanted = until.more(self._indicators(), base, self.scenario.target_year) if until else more
                more = min(wanted, most - done, WIDTH)
        except KeyboardInterrupt:
            self._keep_what_is_finished(done)
        return [case for case in self.cases if not self.kept[case]]

    def outcome(self, case: Case) -> Outcome:
        """Return a case with the replications of all rounds, which are let go of."""
        self._find_perfect()
        rounds = self.kept.pop(case)
        whole = joined([found.results for found in rounds])
        parameters = ParameterRecord.joined([found.parameters for found in rounds])
        return Outcome(case, whole, parameters, parts_named(whole, self.names), self.perfect[case.option])

    def _round(self, first: int, more: int, progress: Progress | None) -> None:
        runs = simulate_options(
            self.system, self.scenario, [(case.option, case.stress) for case in self.cases], replications=more,
            seed=self.seed, workers=self.pool, request=self.request, first=first, decide=self.decide,
        )  # fmt: skip
        for number, case in enumerate(self.cases, 1):
            if number == len(self.cases):  # the last case leaves other workers, and so this one, nothing else to do
                self._find_perfect()
            results = next(runs)
            record = ParameterRecord.of(results, self.scenario.finance.start)
            self.kept[case].append(_Kept(results.drop_dims("cell", errors="ignore"), record))
            if progress:
                progress(number, len(self.cases), label_of(self.scenario, case))

    def _find_perfect(self) -> None:
        """Work out, once, what targets look at with central values and plants that never fail, for every option."""
        if self.perfect:
            return
        wanted = {target.indicator for target in self.model.targets}
        options = list(dict.fromkeys(case.option for case in self.cases))
        plans = [never_failing(plan_of(self.scenario, option), self.scenario, self.model) for option in options]
        names = [name for name in self.names if name in wanted]
        found = evaluate(solve_plans(self.system, plans), names, gwp=self.scenario.gwp)
        self.perfect.update({option: found.isel(sample=[number]) for number, option in enumerate(options)})

    def _indicators(self) -> dict[str, xr.Dataset]:
        plain = [case for case in self.cases if case.stress is None]
        return {c.id: joined([parts_named(found.results, self.names) for found in self.kept[c]]) for c in plain}

    def _keep_what_is_finished(self, done: int) -> None:
        """Drop what an interruption left half done; go on being interrupted where the baselines are not finished.

        Cases are kept as far as all of them have the same replications: whole rounds, or the cases of the first round.
        """
        rounds = min(len(found) for found in self.kept.values())
        if rounds:
            for found in self.kept.values():
                del found[rounds:]
        elif sum(bool(found) for found in self.kept.values()) < max(len(baselines_of(self.scenario)), 1) or done:
            raise KeyboardInterrupt


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What is left of one round of one case."""

    results: xr.Dataset
    parameters: ParameterRecord


def never_failing(plan: Plan, scenario: Scenario, model: Model) -> Plan:
    """Return a plan whose plants stand from the first decision year on, take in all they are built for and never fail.

    What is reachable with these plants if everything goes well, for the annual balance.
    """
    first = datetime.date(scenario.decisions_from, 1, 1)
    built = tuple(replace(b, stages=(), usable=1.0, decision=min(b.decision, first), when=None) for b in plan.projects)
    years = (scenario.decisions_from,)
    repairs = sorted({p.outage.mean_time_to_repair for p in model.processes.values() if p.outage is not None})
    repaired = [ParameterChange(name, (), years, (0.0,), "1", "multiply", None) for name in repairs]
    return Plan(built, (*plan.changes, *repaired), ())


def read_both(scenario: Scenario | str | Path, model: Model | None = None) -> tuple[Scenario, Model]:
    """Return a scenario and its model, read where they are not."""
    if isinstance(scenario, Scenario):
        return scenario, model or read_model(scenario.model)
    return read_scenario_and_model(scenario)


def _cases(scenario: Scenario, options: Sequence[str] | None) -> Iterator[Case]:
    unknown = [name for name in options or () if name not in scenario.options]
    if unknown:
        known = tuple(scenario.options)
        problems = [Problem("unknown-option", parameters={"option": name, "known": known}) for name in unknown]
        raise locale.error(DefinitionError, problems)
    baselines = list(baselines_of(scenario).values())
    yield from (Case(name) for name in baselines)
    plain = [n for n in scenario.options if n not in baselines and (options is None or n in options)]
    yield from (Case(name) for name in plain)
    for stress, content in scenario.stress.items():
        yield from (Case(name, stress) for name in plain if name in content.options)


def _refuse_targets(model: Model) -> None:
    """Raise where a target cannot mean what it says, before anything is simulated for it."""
    wrong = [problem for problem in target_rules(model) if problem.severity == "error"]
    if wrong:
        raise locale.error(DefinitionError, wrong)


def _refuse_unsupported(scenario: Scenario, names: Sequence[str]) -> None:
    """Raise where a criterion cannot be computed, before anything is simulated for it."""
    wrong = [c.indicator for c in scenario.criteria if c.indicator.partition(".")[0] not in (*names, *MONEY_CRITERIA)]
    if wrong:
        shown = [Problem("criterion-unsupported", parameters={"name": name, "model": scenario.model}) for name in wrong]
        raise locale.error(DefinitionError, shown)


def _supported(system: System, scenario: Scenario) -> tuple[str, ...]:
    able = supported(solve_plans(system, [plan_of(scenario, baselines_of(scenario)["as_now"])]))
    apart = ("_by_district", "_by_good")  # a scenario decides on the whole; districts are told of the headline alone
    told = (
        f"{HEADLINE}_by_district",
        *(f"organics_{m}{place}_by_district" for m in ("generated", "recycled") for place in ("", "_urban", "_rural")),
    )
    return tuple(name for name in able if not name.endswith(apart) or name in told)
