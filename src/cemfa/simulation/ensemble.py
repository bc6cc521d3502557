"""All replications of an option, or of many options that share one history: blocks, workers, results.

Last step of the simulation. Replications are independent, so a block may have any size and run anywhere: every
random stream is keyed by the replication, and no sum runs over replications before all of them are together.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from cemfa import locale
from cemfa.definition.schema import Scenario, Weather, When
from cemfa.errors import Problem, SimulationError
from cemfa.indicators import ALL, evaluate
from cemfa.plan import Plan, plan_of
from cemfa.results import NEVER, Request, join_samples, make_results
from cemfa.simulation.block import Block, Case, Lived
from cemfa.simulation.gathering import WIDTH, Gathered, Reduced, dealt, units
from cemfa.simulation.months import SAMPLED, Months, Watched, reduced_months, watched, without_months
from cemfa.simulation.network import Network, build_network, products
from cemfa.simulation.pieces import (
    History,
    Part,
    cut_lived,
    cut_state,
    joined_lived,
    joined_parts,
    joined_state,
    joined_years,
    thinned_lived,
)
from cemfa.simulation.policy import Deciders, deciders
from cemfa.simulation.refusals import REFUSALS, sent_on_by
from cemfa.simulation.stores import store_book
from cemfa.simulation.weather import under_weather
from cemfa.system.capacity import added_capacity
from cemfa.system.executors import KERNEL, compiled
from cemfa.system.footprint import Footprint, refuse_too_large, series
from cemfa.system.kept import Year, kept_flows
from cemfa.system.layout import System
from cemfa.system.numbers import bind_plan
from cemfa.system.reducing import Summary
from cemfa.workers import Workers, parts, pool_of, worker_count

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Progress = Callable[[int, int], None]

WORTH_PROCESSES: Final = 100_000_000
"""Products, of all years and replications, from which other processes regain the seconds it takes to start them."""
LEFT_BEHIND: Final = 1_000_000
"""Numbers of a year from which a block is cleared away at once: the activities of SimPy hold each other, and so the
arrays of the block, until Python looks for such circles, which may be after the next one."""


def simulate(
    system: System,
    scenario: Scenario,
    *,
    option: str,
    replications: int | None = None,
    seed: int = 0,
    workers: Workers = None,
    request: Request | None = None,
    stress: str | None = None,
    limits: bool = True,
    history: History | None = None,
    progress: Progress | None = None,
    first: int = 0,
    decide: Deciders | None = None,
    plan: Plan | None = None,
) -> xr.Dataset:
    """Return what really flows in every year of an option, day by day, as results of the one shape.

    Replication r uses the parameters of sample r of `solve` with the same seed; a single replication uses the
    central values, as a single sample does. Options share the luck of whatever they have in common.

    Parameters
    ----------
    system : the scenario's model, compiled
    option : id of an option of the scenario
    replications : how many; default: what the scenario says
    seed : of the random streams
    workers : processes at a time, or a pool of them; the results do not depend on it; default: one per core this
        process may use where there is work for seconds, else one
    request : what to keep; default: everything for one replication, mean and quantiles of every flow for more
    stress : id of a stress case
    limits : False lets every plant take in everything: no capacity, store, breakdown or closure
    history : the years before the first decision, from `simulate_history` with the same seed
    progress : called with blocks done and blocks in all
    first : number of the first replication, to add to those that are there; above zero none uses central values
    decide : functions that decide on projects whose rule measures a `function`, by project, or one for all of them;
        picklable, and with the same answer to the same `Situation`
    plan : what is built in place of what the option says, such as what of it stands so far; default: the option's own

    Raises
    ------
    SimulationError
        where an option or stress case does not exist, or matter has nowhere to go, naming gate and date.
    ResourceError
        where the replications do not fit the memory.

    Examples
    --------
    >>> from cemfa.definition.load import read_model, read_scenario
    >>> from cemfa.system.compile import compile_system
    >>> system = compile_system(read_model("first_steps"))
    >>> results = simulate(system, read_scenario("first_steps_2030"), option="south_yard", replications=1)
    >>> results.attrs["kind"], results.sizes["period"], results.attrs["residual"] < 1e-9
    ('simulate', 9, True)
    """
    count = _count(scenario, replications)
    run = _Run(system, scenario, option, stress, count, seed, limits, request or _default(count), first, decide, plan)
    run.check()
    refuse_too_large(_footprint(run), count)
    network = run.network()
    if workers is None and count * len(run.periods) * products(network) < WORTH_PROCESSES:
        workers = 1
    return next(_simulated([run], network, history, workers, progress))


def simulate_history(
    system: System,
    scenario: Scenario,
    *,
    replications: int | None = None,
    seed: int = 0,
    workers: Workers = None,
    limits: bool = True,
    first: int = 0,
    monthly: bool | tuple[str, ...] = False,
) -> History | None:
    """Return the years before the first decision, which all options share; None where there are none.

    Parameters
    ----------
    replications, seed, workers, limits, first : as in `simulate`
    monthly : whose months are kept, as a request may ask
    """
    count = _count(scenario, replications)
    wanted = replace(_default(count), monthly=monthly)
    run = _Run(system, scenario, next(iter(scenario.options)), None, count, seed, limits, wanted, first)
    if not run.past:
        return None
    chosen = dealt(units(count, first), worker_count(workers, count))
    found = list(parts(_HistoryTask(run), list(chain.from_iterable(chosen)), workers=workers, kind="processes"))
    lived = tuple(joined_lived([part.lived[n] for part in found]) for n in range(len(run.past)))
    state = joined_state([part.state for part in found if part.state is not None])
    return History(seed, limits, lived, state, tuple(h for part in found for h in part.happenings), first, monthly)


def simulate_options(
    system: System,
    scenario: Scenario,
    cases: Sequence[tuple[str, str | None]],
    *,
    replications: int | None = None,
    seed: int = 0,
    workers: Workers = None,
    request: Request | None = None,
    limits: bool = True,
    progress: Progress | None = None,
    first: int = 0,
    decide: Deciders | None = None,
) -> Iterator[xr.Dataset]:
    """Yield the results of many options in order, their common history simulated once.

    The same as calling `simulate` for each, bit by bit.

    Parameters
    ----------
    cases : pairs of option and stress case (None for none)
    progress : called with options done and options in all; the others as in `simulate`
    """
    count = _count(scenario, replications)
    wanted = request or _default(count)
    runs = [
        _Run(system, scenario, option, stress, count, seed, limits, wanted, first, decide) for option, stress in cases
    ]
    for run in runs:
        run.check()
    if not runs:
        return
    refuse_too_large(_footprint(runs[0], history=True), count)
    with pool_of(workers) as pool:
        history = simulate_history(
            system, scenario, replications=count, seed=seed, workers=pool, limits=limits, first=first,
            monthly=wanted.monthly,
        )  # fmt: skip
        for done, result in enumerate(_simulated(runs, runs[0].network(), history, pool), start=1):
            if progress:
                progress(done, len(cases))
            yield result


def _simulated(
    runs: Sequence[_Run],
    network: Network,
    history: History | None,
    workers: Workers,
    progress: Progress | None = None,
) -> Iterator[xr.Dataset]:
    """Yield the results of some runs of the same replications, in order; progress is told by blocks."""
    count, whole = runs[0].count, units(runs[0].count, runs[0].first)
    cut = dealt(whole * len(runs), worker_count(workers, count * len(runs)))
    jobs = [_Job(n // len(whole), block, whole=len(cuts) == 1) for n, cuts in enumerate(cut) for block in cuts]
    alone = len(whole) == 1
    used = history if history is not None and any(run.shares(history) for run in runs) else None  # it is large
    task = _Task(tuple(runs), used, network, alone)
    found = iter(parts(task, jobs, workers=workers, kind="processes"))
    done = 0

    def taken() -> Any:
        nonlocal done
        one = next(found)
        done += 1
        if progress:
            progress(done, len(jobs))
        return one

    for number, run in enumerate(runs):
        own = [len(cuts) for cuts in cut[number * len(whole) : (number + 1) * len(whole)]]
        yield run.results(taken() if n == 1 else run.unit([taken() for _ in range(n)], alone=alone) for n in own)


@dataclass(frozen=True, slots=True)
class _Job:
    """A block of replications of a run, by its position; `whole` where the block is a whole unit."""

    run: int
    block: range
    whole: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """What is kept of a block until its unit is whole, and what the functions of the request made of it, by name."""

    part: Part
    made: Mapping[str, xr.Dataset]


@dataclass(frozen=True, slots=True, eq=False)
class _Unit:
    """What is kept of a unit of replications.

    Parameters
    ----------
    part : what a block leaves, without its state, and without most flows unless all of them are asked for
    reduced : all flows in a few numbers; None where they are there
    months : series of the months of chosen plants, likewise; none unless asked for
    made : what the functions of the request made of it, by name
    """

    part: Part
    reduced: Reduced | None
    months: Mapping[str, Summary]
    made: Mapping[str, xr.Dataset]


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """One option to be simulated."""

    system: System
    scenario: Scenario
    option: str
    stress: str | None
    count: int
    seed: int
    limits: bool
    request: Request
    first: int = 0
    decide: Deciders | None = None
    stated: Plan | None = None

    @property
    def plan(self) -> Plan:
        """Return the option's plan, or the one stated in its place."""
        if self.stated is not None:
            return self.stated
        return plan_of(self.scenario, self.option, stress=self.stress)

    @property
    def periods(self) -> range:
        """Return the positions of all simulated years."""
        years = [n for n, year in enumerate(self.system.years) if year <= self.scenario.horizon]
        return range(len(years))

    @property
    def past(self) -> range:
        """Return the positions of the years before the first decision."""
        return range(sum(self.system.years[n] < self.scenario.decisions_from for n in self.periods))

    def check(self) -> None:
        """Raise where the option, the stress case or the seed cannot be simulated."""
        known: tuple[tuple[str, str | None, list[str]], ...] = (
            ("option", self.option, list(self.scenario.options)),
            ("stress", self.stress, list(self.scenario.stress)),
        )
        for what, name, among in known:
            if name is not None and name not in among:
                shown = {"name": name, "known": among}
                raise locale.error(SimulationError, Problem(f"{what}-unknown", parameters=shown))
        limited = sorted({group.process for group in self.system.groups})
        named = self.request.monthly if isinstance(self.request.monthly, tuple) else ()
        if unknown := [name for name in named if name not in limited]:
            shown = {"names": unknown, "known": limited}
            raise locale.error(SimulationError, Problem("monthly-unknown", parameters=shown))
        added_capacity(self.system, replace(self.plan, built=self.plan.projects))
        missing = [b.project for b in self.plan.ruled if b.when and b.when.measure == "function"]
        missing = [name for name in missing if name not in deciders(self.plan, self.decide)]
        if missing:
            shown = {"projects": missing}
            raise locale.error(SimulationError, Problem("rule-function", parameters=shown))

    def shares(self, history: History) -> bool:
        """Tell whether this option leaves the years before the first decision as they are in a history."""
        first, plan = self.scenario.decisions_from, self.plan
        early = any(b.decision.year < first for b in plan.projects) or any(
            c.years[0] < first for c in plan.changes if not c.event
        )
        theirs = (history.seed, history.limits, history.first, history.replications, history.monthly)
        same = theirs == (self.seed, self.limits, self.first, self.count, self.request.monthly)
        return same and not early and len(history.lived) == len(self.past)

    def network(self) -> Network:
        """Return the system prepared for daily decisions, the same for all options of a scenario."""
        system = under_weather(self.system, self._weather)
        return build_network(system, self.scenario.events if self.limits else {}, limits=self.limits)

    @property
    def _weather(self) -> Mapping[str, Weather]:
        return self.scenario.simulation.weather if self.limits else {}

    def case(self, network: Network | None = None) -> Case:
        """Return the option ready for any block."""
        plan, system = self.plan, self.system
        network = network or self.network()
        stores = store_book(system, network.places.stored, plan)
        crews = tuple(
            (crew.count, tuple(n for n, group in enumerate(system.groups) if group.process in crew.processes))
            for crew in self.scenario.simulation.crews.values()
        )
        return Case(
            network,
            plan,
            bind_plan(system, plan),
            stores,
            self.seed,
            self.first + self.count == 1,
            crews,
            self.watched,
            deciders(plan, self.decide),
            self._weather,
            self.gauge,
        )

    @property
    def watched(self) -> Watched | None:
        """Return whose months are kept; None for nobody's."""
        return watched(*self._working(), self.request.monthly)

    def gauge(self, block: Block, lived: Lived, period: int, when: When) -> Array:
        """Return the indicator of a rule in one year of a block (S,), by the function that targets are judged by."""
        width, projects = len(block.replications), len(self.plan.projects)
        undated = np.full((width, projects), NEVER)
        network = block.case.network
        part = Part(
            block.replications, (lived,), undated, undated, (), block.state,
            network.diverted.flows, network.spoiled_to, network.places.priced,
        )  # fmt: skip
        name = when.indicator or ""
        found = evaluate(self.dataset(part, periods=(period,)), [name], gwp=self.scenario.gwp)[name].isel(period=0)
        for dimension in set(found.dims) - {"sample"}:
            found = found.sel({dimension: when.where.get(str(dimension), ALL)})
        return found.to_numpy()

    def lived(self, case: Case, replications: range, history: History | None, periods: range | None = None) -> Part:
        """Return what a block leaves."""
        before = len(history.lived) if history else 0
        chosen = range(before, (periods or self.periods).stop)
        state = cut_state(history.state, replications, self.first) if history else None
        compiled(None, KERNEL, len(replications) * len(chosen) * products(case.network))
        block = Block(case, replications, chosen, state)
        own = block.live()
        past = [cut_lived(year, replications, self.first) for year in history.lived] if history else []
        told = [h for h in history.happenings if h.sample in replications] if history else []
        found = Part(
            replications, (*past, *own), block.commissioned(), block.decided(), (*told, *block.happenings), block.state,
            case.network.diverted.flows, case.network.spoiled_to, case.network.places.priced,
        )  # fmt: skip
        if len(replications) * series(self.system) >= LEFT_BEHIND:
            del block
            gc.collect()
        return found

    def results(self, found: Iterable[_Unit]) -> xr.Dataset:
        """Return the results of all units together, which come in their order; each is let go of as soon as may be."""
        gathered = None if self.request.flows == "all" else Gathered(self.request, len(units(self.count, self.first)))
        made: dict[str, list[xr.Dataset]] = {name: [] for name in self.request.functions}
        months = self._months()
        kept = []
        for unit in found:
            kept.append(unit.part)
            if gathered is not None and unit.reduced is not None:
                gathered.add(unit.reduced)
            if months is not None:
                months.add(unit.months)
            for name in made:
                made[name].append(unit.made[name])
        extra = [join_samples(made[name]) for name in made]
        whole = joined_parts(kept)
        kept.clear()  # what is joined is there a second time
        return self.dataset(whole, gathered, extra, months=months)

    def _months(self) -> Months | None:
        """Return what gathers the months of chosen processes; None where none are chosen."""
        chosen = self.watched if self.request.monthly is not True else None
        if chosen is None:
            return None
        groups, stores = self._working()
        return Months([groups[n] for n in chosen.groups], [stores[n] for n in chosen.stores], 12 * len(self.periods))

    def _working(self) -> tuple[Sequence[str], Sequence[str]]:
        """Return the ids of capacity groups and of processes with a store; none where nothing is limited."""
        groups = self.system.group_names if self.limits else ()
        return groups, [self.system.process_ids[place] for place in self._stored()]

    def piece(self, part: Part) -> _Piece:
        """Return what is kept of a block; the cube is built once for all functions of the request."""
        functions = self.request.functions
        block = self.dataset(part) if functions else xr.Dataset()
        made = {name: function(block) for name, function in functions.items()}
        for name, found in made.items():
            _known_samples(name, found)
        return _Piece(replace(part, state=None), made)

    def unit(self, pieces: Sequence[_Piece], *, alone: bool) -> _Unit:
        """Return what is kept of a unit, from its blocks; `alone` where there is no other unit."""
        blocks = [piece.part for piece in pieces]
        made = {name: join_samples([piece.made[name] for piece in pieces]) for name in self.request.functions}
        reduced: Reduced | None = None
        lived: list[Lived] = []
        if self.request.flows == "all":
            lived = list(joined_years(blocks))
        else:
            reduced = Reduced.of(self.request, self._thinned(joined_years(blocks), lived), alone=alone)
        months: Mapping[str, Summary] = {}
        if isinstance(self.request.monthly, tuple):
            months, lived = reduced_months(lived, alone=alone), list(without_months(lived))
        return _Unit(joined_parts(blocks, lived), reduced, months, made)

    def _thinned(self, years: Iterable[Lived], kept: list[Lived]) -> Iterator[Year]:
        """Yield the flows of years, one in memory at a time, and keep the rest of each."""
        chosen = np.asarray(kept_flows(self.system, self.request), dtype=np.intp)
        for lived in years:
            yield lived.year
            kept.append(thinned_lived(lived, chosen))

    def dataset(
        self,
        part: Part,
        gathered: Gathered | None = None,
        extra: Sequence[xr.Dataset] = (),
        periods: Sequence[int] | None = None,
        months: Months | None = None,
    ) -> xr.Dataset:
        """Return one Dataset of a block, or of all blocks together: with all flows, or what was gathered of them."""
        system, plan = self.system, self.plan
        years, (groups, stores) = [system.years[n] for n in periods or self.periods], self._working()
        variables, kept = self._flows(part, gathered)
        variables |= _operations(part, whole=gathered is None, monthly=self.request.monthly is True)
        if months is not None:
            variables |= months.variables()
            kept |= months.coords(_month_labels(years))
        coords: dict[str, Mapping[str, Any]] = {
            "cell": system.cell_coords,
            "stock_process": {"stock_process": np.array(system.stock_ids, dtype=np.str_)},
            "quantile": {"quantile": np.array(self.request.levels)},
            "group": {"group": np.array(groups, dtype=np.str_)},
            "store": {
                "store": np.array(stores, dtype=np.str_),
                "spoiled_to": np.array([system.flow_ids[f] if f >= 0 else "" for f in part.spoiled_to], dtype=np.str_),
            },
            "month": {"month": _month_labels(years if self.request.monthly is True else ())},
            "closing_event": {"closing_event": np.array(part.priced, dtype=np.str_)},
            "project": {"project": np.array([built.project for built in plan.projects], dtype=np.str_)},
            **kept,
        }
        if gathered is None:
            diverted = np.array(system.flow_ids, dtype=np.str_)[part.diverted_flows]
            names = system.flow_coords["flow_name"][part.diverted_flows]
            senders = np.array([" ".join(sent_on_by(system.model, str(name))) for name in names], dtype=np.str_)
            coords |= {"diverted_flow": {"diverted_flow": diverted, "diverted_from": senders}}
            coords |= {"refusal": {"refusal": np.array(REFUSALS)}}
        return make_results(
            system,
            variables,
            kind="simulate",
            seed=self.seed,
            residual=max(found.year.residual for found in part.lived),
            samples=np.array(part.replications),
            periods=years,
            coords=coords,
            attrs=self._attributes(),
            extra=extra,
        )

    def _attributes(self) -> Mapping[str, object]:
        inputs = {**self.system.model.inputs, **self.scenario.inputs}
        return MappingProxyType({
            "model": self.system.model.id, "scenario": self.scenario.id, "option": self.option,
            "stress": self.stress or "", "limits": self.limits, "inputs": json.dumps(inputs, sort_keys=True),
            "start": f"{self.system.years[0]}-01-01",
        })  # fmt: skip

    def _stored(self) -> list[int]:
        if not self.limits:
            return []
        stored = {g.process for g in self.system.groups if self.system.model.processes[g.process].store}
        return [int(m) for g in self.system.groups if g.process in stored for m in g.members]

    def _flows(self, part: Part, gathered: Gathered | None) -> tuple[dict[str, Array], dict[str, Mapping[str, Any]]]:
        """Return the annual arrays that are kept, and coordinates they need."""
        years = [found.year for found in part.lived]
        if gathered is None:
            whole = {
                "flow_mass": [y.flow for y in years], "throughput": [y.throughput for y in years],
                "stock": [y.stock for y in years],
            }  # fmt: skip
            found = {name: np.stack(values).transpose(3, 0, 2, 1) for name, values in whole.items()}
            return found | {"parameter": np.stack([y.parameter for y in years]).transpose(2, 0, 1)}, {}
        kept: dict[str, Mapping[str, Any]] = {}
        found = gathered.variables()
        if isinstance(self.request.flows, tuple):
            chosen = kept_flows(self.system, self.request)
            found["flow_kept"] = np.stack([y.flow for y in years]).transpose(3, 0, 2, 1)
            kept["kept_flow"] = {"kept_flow": np.array(self.system.flow_ids)[chosen]}
        return found, kept


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """The task of a worker that takes a unit of replications, and reduces it, or a block of one.

    `alone` where there is one unit.
    """

    runs: tuple[_Run, ...]
    history: History | None
    network: Network
    alone: bool

    def __call__(self, job: _Job) -> _Unit | _Piece:
        run, history = self.runs[job.run], self.history
        shared = history if history is not None and run.shares(history) else None
        piece = run.piece(run.lived(run.case(self.network), job.block, shared))
        return run.unit([piece], alone=self.alone) if job.whole else piece


@dataclass(frozen=True, slots=True, eq=False)
class _HistoryTask:
    """The task of a worker that takes one block of the history."""

    run: _Run

    def __call__(self, block: range) -> Part:
        whole = self.run.plan  # what events do to parameters is the same in every option
        plan = Plan(events=whole.events, changes=tuple(c for c in whole.changes if c.event))
        case = replace(self.run.case(), plan=plan, binding=bind_plan(self.run.system, plan))
        return self.run.lived(case, block, None, self.run.past)


def _month_labels(years: Sequence[int]) -> NDArray[np.str_]:
    return np.array([f"{year}-{month:02}" for year in years for month in range(1, 13)], dtype=np.str_)


def _count(scenario: Scenario, replications: int | None) -> int:
    count = scenario.simulation.replications if replications is None else replications
    if count < 1:
        raise locale.error(SimulationError, Problem("replications-count", parameters={"replications": count}))
    return count


def _default(count: int) -> Request:
    return Request(flows="all") if count == 1 else Request()


def _footprint(run: _Run, *, history: bool = False) -> Footprint:
    """Return what a simulation needs: a unit of replications block by block and joined, or all of them where all are
    kept; and a history that options share.
    """
    a_year = 8 * (series(run.system) + len(run.system.cells))
    held = run.count if run.request.flows == "all" else min(run.count, WIDTH)
    past = len(run.past) * run.count if history else 0
    return Footprint(kept=a_year * (2 * len(run.periods) * held + past), functions=0, quantiles=0, working=0)


def _known_samples(name: str, found: xr.Dataset) -> None:
    if "sample" not in found.dims:
        raise locale.error(SimulationError, Problem("function-samples", parameters={"function": name}))


def _operations(part: Part, *, whole: bool, monthly: bool) -> dict[str, Array]:
    """Return what only the simulation knows: utilisation, stores, dates, events; of a whole cube what was diverted."""
    names = ("utilisation", "refused", "available", "backlog", "spoiled", "turned_away")
    found: dict[str, Any] = {
        name: np.stack([getattr(year, name) for year in part.lived]).transpose(2, 0, 1) for name in names
    }
    for name in SAMPLED if monthly else ():
        found[name] = np.concatenate([getattr(year, name) for year in part.lived]).transpose(2, 0, 1)
    if whole:
        found["diverted"] = np.stack([year.diverted for year in part.lived]).transpose(3, 0, 1, 2)
    found["commissioning"], found["decided"] = part.commissioned, part.decided
    told = sorted(part.happenings, key=lambda h: (h.sample, h.day, h.kind, h.subject))
    found["event_sample"] = np.array([h.sample for h in told], dtype=np.int64)
    found["event_day"] = np.array([h.day for h in told], dtype=np.float64)
    found["event_kind"] = np.array([h.kind for h in told], dtype=np.str_)
    found["event_subject"] = np.array([h.subject for h in told], dtype=np.str_)
    found["event_value"] = np.array([h.value for h in told], dtype=np.float64)
    return found
