"""Simulate every option with the same luck, and put all that decides side by side.

Top of `comparison`: scenario in, `Comparison` out.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import xarray as xr

from cemfa import locale
from cemfa.comparison.accounts import BlockAccounts, plant_of
from cemfa.comparison.adding import PART, Rule, joined
from cemfa.comparison.assemble import Case, Outcome, baselines_of, label_of, side_by_side
from cemfa.comparison.outcome import Comparison
from cemfa.comparison.pairs import HEADLINE
from cemfa.definition.load import read_model, read_scenario_and_model
from cemfa.definition.schema import Label, Model, Scenario
from cemfa.errors import DefinitionError, Problem
from cemfa.indicators import block_function, evaluate, parts_named, supported
from cemfa.indicators.losses import block_losses
from cemfa.plan import ParameterChange, Plan, content_of, plan_of
from cemfa.results import BlockFunction, Request
from cemfa.simulation import simulate_options
from cemfa.simulation.gathering import WIDTH, units
from cemfa.simulation.policy import Deciders
from cemfa.system.compile import System, compile_system
from cemfa.system.solve import solve

Progress = Callable[[int, int, Label], None]
"""Called with cases done, cases in all, and the name of the case just done."""


def compare(
    scenario: Scenario | str | Path,
    *,
    replications: int | None = None,
    seed: int = 0,
    workers: int | None = None,
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
    replications : simulated histories per case; default: the scenario's
    seed : from 0; the same seed and inputs give the same numbers, with any number of workers
    workers : processes; default: as many as the machine has
    options : ids to compare, with their stress cases; the baselines are always there; default: all
    progress : called with cases done, cases in all and the name of the case just done
    until : add replications until a rule is content (`Precision`, `Settled`), at most `replications`; default: all of
        them at once
    decide : functions that decide on projects whose rule measures a `function`, as in `simulate`

    An interruption (Ctrl-C) keeps the cases that are finished once the baselines are; the others are named in
    `Comparison.unfinished`.

    Raises
    ------
    DefinitionError
        if scenario or model are wrong, or an option does not exist (`unknown-option`).
    ResultsError
        if an indicator lacks what it needs.
    """
    scenario, model = read_both(scenario)
    cases = tuple(_cases(scenario, options))
    system = compile_system(model, assume=scenario.assume)
    names = _supported(system, scenario)
    count = replications or scenario.simulation.replications
    plants = dict.fromkeys(plant_of(p) for option in scenario.options for p in content_of(scenario, option)[0].values())
    functions: dict[str, BlockFunction] = {
        "indicators": block_function(names, gwp=scenario.gwp),
        "accounts": BlockAccounts(tuple(plants)),
        "losses": block_losses,
    }
    request = Request(reducers=("mean",), functions=functions)
    baselines = baselines_of(scenario)
    base = list(baselines.values())[-1]
    perfect: dict[str, xr.Dataset] = {}
    parts: dict[Case, list[xr.Dataset]] = {case: [] for case in cases}

    def take(case: Case, results: xr.Dataset) -> None:
        if case.option not in perfect:  # here, while the next cases are simulated elsewhere
            perfect[case.option] = _perfect(system, scenario, model, case.option, names)
        parts[case].append(results)

    def simulated(first: int, more: int) -> None:
        runs = simulate_options(
            system, scenario, [(case.option, case.stress) for case in cases], replications=more, seed=seed,
            workers=workers, request=request, first=first, decide=decide,
        )  # fmt: skip
        for number, (case, results) in enumerate(zip(cases, runs, strict=True), 1):
            take(case, results)
            if progress:
                progress(number, len(cases), label_of(scenario, case))

    def indicators() -> dict[str, xr.Dataset]:
        return {case.id: parts_named(joined(parts[case]), names) for case in cases if case.stress is None}

    done = 0
    more = min(count, PART) if until else len(units(count, 0)[0])  # the memory of a few, however many are asked for
    try:
        while more:
            simulated(done, more)
            done += more
            wanted = until.more(indicators(), base, scenario.target_year) if until else more
            more = min(wanted, count - done, WIDTH)
    except KeyboardInterrupt:
        _keep_what_is_finished(cases, parts, len(baselines), done)
    finished = [case for case in cases if parts[case]]
    whole = {case: joined(parts[case]) for case in finished}
    outcomes = [Outcome(c, whole[c], parts_named(whole[c], names), perfect[c.option]) for c in finished]
    samples = whole[finished[0]].sizes["sample"]
    left = tuple(case.id for case in cases if case not in finished)
    return side_by_side(scenario, model, system, seed, samples, outcomes, unfinished=left)


def _keep_what_is_finished(
    cases: Sequence[Case], parts: dict[Case, list[xr.Dataset]], baselines: int, done: int
) -> None:
    """Drop what an interruption left half done; go on being interrupted where the baselines are not finished.

    Cases are kept as far as all of them have the same replications: whole rounds, or the cases of the first round.
    """
    rounds = min(len(parts[case]) for case in cases)
    if rounds:
        for found in parts.values():
            del found[rounds:]
    elif sum(bool(parts[case]) for case in cases) < max(baselines, 1) or done:
        raise KeyboardInterrupt


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


def _perfect(system: System, scenario: Scenario, model: Model, option: str, names: Sequence[str]) -> xr.Dataset:
    """Return the indicators that targets look at, with central values and plants that never fail."""
    wanted = {target.indicator for target in model.targets}
    plan = never_failing(plan_of(scenario, option), scenario, model)
    return evaluate(solve(system, plan=plan), [n for n in names if n in wanted], gwp=scenario.gwp)


def read_both(scenario: Scenario | str | Path) -> tuple[Scenario, Model]:
    """Return a scenario and its model, read where they are not."""
    if isinstance(scenario, Scenario):
        return scenario, read_model(scenario.model)
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


def _supported(system: System, scenario: Scenario) -> tuple[str, ...]:
    central = solve(system, plan=plan_of(scenario, baselines_of(scenario)["as_now"]))
    able = supported(central)
    apart = ("_by_district", "_by_good")  # a scenario decides on the whole; districts are told of the headline alone
    told = (
        f"{HEADLINE}_by_district",
        *(f"organics_{m}{place}_by_district" for m in ("generated", "recycled") for place in ("", "_urban", "_rural")),
    )
    return tuple(name for name in able if not name.endswith(apart) or name in told)
