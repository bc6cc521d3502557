"""One block of replications from year to year: a SimPy environment, a clock, plants, and what each year leaves.

Between the clock, which knows days, and the ensemble, which knows workers. A block starts from a `State`: nothing
on the first day of the model, or what a history shared by several options left behind.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Final

import numpy as np
import simpy
from numpy.typing import NDArray

from cemfa import locale
from cemfa.courses import NOT_YET
from cemfa.definition.schema import Event, Weather
from cemfa.errors import Problem, SimulationError
from cemfa.plan import Plan
from cemfa.results import NEVER
from cemfa.simulation import events
from cemfa.simulation.batches import Underway, Yards
from cemfa.simulation.clock import Able, Clock, fresh
from cemfa.simulation.closures import Closures
from cemfa.simulation.crews import Plant, mended_times
from cemfa.simulation.effects import Effects, odds_of
from cemfa.simulation.events import Activity, Calendar, Happening
from cemfa.simulation.loads import Loads
from cemfa.simulation.months import Watched
from cemfa.simulation.network import Network
from cemfa.simulation.occurrences import Odds, occurrences
from cemfa.simulation.plant import Plants
from cemfa.simulation.policy import Decide, Gauge, Policy
from cemfa.simulation.recipes import recipe_book
from cemfa.simulation.stores import StoreBook
from cemfa.simulation.supply import Month, factors_of, months_of
from cemfa.simulation.weather import Skies
from cemfa.simulation.year import Offer, assemble, offer_of, shares_of
from cemfa.system.balance import largest_residual
from cemfa.system.capacity import group_of
from cemfa.system.changes import Binding
from cemfa.system.holding import Holding, Releasing, closing, opening, releasing
from cemfa.system.kept import Year
from cemfa.system.layout import System
from cemfa.system.limits import Settled, settle
from cemfa.system.numbers import Numbers, block_values, inflows
from cemfa.system.parameters import LITERALS, ZERO

Array = NDArray[np.float64]

PASSES: Final = 60
MOVED: Final = 1e-12
"""Largest relative change of what is offered that counts as none when a year is repeated."""


@dataclass(frozen=True, eq=False)
class Case:
    """What is simulated: one option, ready for any block of replications.

    Parameters
    ----------
    network : the system prepared for daily decisions
    plan, binding : the option's projects and closures, and its changes bound to the system
    stores : what stores can hold
    seed : of the random streams
    central : whether parameters take their central values
    crews : repair crews: how many, and the capacity groups whose plants they mend
    monthly : whose months are kept too
    decide : functions that decide on projects, by project
    weather : the noise of arisings by key
    gauge : reads indicators off a year, for rules that look at them
    """

    network: Network
    plan: Plan
    binding: Binding
    stores: StoreBook
    seed: int
    central: bool
    crews: tuple[tuple[int, tuple[int, ...]], ...] = ()
    monthly: Watched | None = None
    decide: Mapping[str, Decide] = field(default_factory=dict)
    weather: Mapping[str, Weather] = field(default_factory=dict)
    gauge: Gauge | None = None

    @property
    def system(self) -> System:
        """Return the compiled system."""
        return self.network.system

    @cached_property
    def empty_today(self) -> tuple[bool, ...]:
        """Return for which capacity groups nothing stands in any year without projects, whatever is drawn."""
        parameters, uses = self.system.parameters, self.system.uses
        found = []
        for use in self.system.capacities.use.tolist():
            position = int(self.binding.position[use])
            rows = parameters.cells[position - LITERALS].rows if position >= LITERALS else ()
            same = position == int(uses.position[use])  # not changed by the plan
            zero = all(
                parameters.rows[row].marginal.kind == "constant" and parameters.rows[row].marginal.value == 0.0
                for row in rows
            )
            found.append(same and (zero if rows else position == ZERO))
        return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Where a block stands at the end of a year.

    Parameters
    ----------
    content : shape (stores, L, S) [t]
    holding : what the stocks hold
    rates : calendar year → mean times between failures and to repair, (groups, S) [d]
    underway : batches on their lines; None where no process works on batches
    recent : what entered on the last days where a load makes events likelier, (days, events, S) [t]
    weather : what the noise of the last day was, (streams, S)
    lasting : events under a load that have not ended: name, replication, end [d]
    """

    content: Array
    holding: Holding | None
    rates: dict[int, tuple[Array, Array]]
    underway: Underway | None = None
    recent: Array | None = None
    weather: Array | None = None
    lasting: tuple[tuple[str, int, float], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Lived:
    """One simulated year of a block; the last axis is the replication.

    Parameters
    ----------
    year : flows and what else the annual balance knows of a year too
    utilisation, refused, available : shape (groups, S) [1, t/year, t/d]
    backlog, spoiled : shape (stores, S), content at the end, batches included, and what spoiled, fresh [t, t/year]
    diverted : shape (R, 4, S), what flows carry because gates refused it, by reason, fresh mass [t/year]
    turned_away : shape (events, S), what the events turned away that state its cost [t/year]
    monthly_intake, monthly_refused, monthly_available : shape (12, groups, S), by month [t]; no months unless asked
    monthly_backlog, monthly_storage : shape (12, stores, S), what waits at the end of each month, and what lies there
        with the batches under way, fresh mass [t]; likewise
    """

    year: Year
    utilisation: Array
    refused: Array
    available: Array
    backlog: Array
    spoiled: Array
    diverted: Array
    turned_away: Array
    monthly_intake: Array
    monthly_refused: Array
    monthly_available: Array
    monthly_backlog: Array
    monthly_storage: Array


class Block:
    """A block of replications of one case on its way through the years.

    Parameters
    ----------
    case : what is simulated
    replications : numbers of the replications
    periods : positions of the years to live through
    state : where it starts; None on the first day of the model

    Attributes
    ----------
    state : where it stands after the last year
    happenings : events of the first replications
    """

    def __init__(self, case: Case, replications: range, periods: range, state: State | None = None) -> None:
        system, sites = case.system, case.network.places.sites
        self.case, self.replications, self.periods = case, replications, periods
        self.calendar = Calendar(system.years[0])
        self.begin = self.calendar.day_of(datetime.date(system.years[periods.start], 1, 1))
        width, stores = len(replications), len(case.network.places.stored)
        empty = np.zeros((stores, len(system.layers), width))
        self.state = state or State(empty, None, {})
        self.rates = dict(self.state.rates)
        self.clock = Clock(
            case.network, self.state.content.copy(), self.calendar, replications.start, monthly=case.monthly
        )
        self.clock.held = self.held
        self.closures = Closures(case.network.places.priced, width)
        self.recipes = recipe_book(system, case.network.places.recipes)
        self.clock.day.mixed = self.recipes.layers
        self.yards: Yards | None = None
        self.happenings: list[Happening] = []
        self.groups = [group_of(system.groups, built) for built in case.plan.built] if sites.groups else []
        self.courses, ledgers = events.courses(case.plan, case.seed, replications)
        self.policy = Policy(self, ledgers, self._note, case.decide) if case.plan.ruled and sites.groups else None
        self.plants = Plants(sites, width, float(self.begin))
        self.steps = [
            [events.in_days(own[number], self.calendar) for own in self.courses]
            for number in range(len(case.plan.built))
        ]
        self._draws = _draws(case, replications)
        self._breaking: set[int] = set()
        self._seasonal = _seasonal(system) if sites.groups else ()
        seasons, years = system.model.seasons, system.years
        self._last = float(self.calendar.day_of(datetime.date(years[-1] + 1, 1, 1)))
        self.effects = Effects(
            case.plan, self.calendar, seasons, case.seed, replications,
            central=case.central, limits=bool(case.network.places.closed_by), last=self._last,
        )  # fmt: skip
        self._lasting = list(self.state.lasting)
        profiles = case.network.profiles
        self.skies = Skies(profiles, case.weather, case.seed, replications, self.state.weather)
        self.loads = self._loads()
        self._mended = _mended(self) if case.crews and sites.groups else {}

    def live(self) -> list[Lived]:
        """Return the years lived through, in order."""
        env = simpy.Environment(initial_time=self.begin)
        lived: list[Lived] = []
        if self.case.network.places.batches.any():
            seed, before = self.case.seed, self.state.underway
            self.yards = Yards(env, self.clock, self.plants, seed, self.replications, before)
        ticking = env.process(self._tick(env, lived))
        self._schedule(env)
        env.run(ticking)
        return lived

    def commissioned(self) -> Array:
        """Return when each project is in full operation (S, projects), as a decimal calendar year."""
        ready = [[self._year(course.steps[-1][0]) for course in own] for own in self.courses]
        fixed = np.array(ready).reshape(len(self.replications), -1)
        return np.concatenate((fixed, self._ruled(decided=False)), axis=1)

    def decided(self) -> Array:
        """Return when each project is decided (S, projects), as a decimal calendar year; `NEVER` for never."""
        fixed = np.array([[self._year(course.decided) for course in own] for own in self.courses])
        ruled = self._ruled(decided=True)
        return np.concatenate((fixed.reshape(len(self.replications), -1), ruled), axis=1)

    def _year(self, date: datetime.date) -> float:
        """Return a date as a decimal calendar year, `NEVER` where it never comes."""
        return NEVER if date == NOT_YET else self.calendar.decimal_year(self.calendar.day_of(date))

    def _ruled(self, *, decided: bool) -> Array:
        if self.policy is None:
            return np.full((len(self.replications), len(self.case.plan.ruled)), NEVER)
        return (self.policy.decided if decided else self.policy.ready).T

    def _tick(self, env: simpy.Environment, lived: list[Lived]) -> Activity:
        """Live through day after day: the activity that everything else happens around."""
        network = self.case.network
        holding = self.state.holding
        for period in self.periods:
            year = self.case.system.years[period]
            numbers = self.numbers(period)
            holding = holding or opening(self.case.system, numbers)
            leaving = releasing(self.case.system, holding, numbers)
            self._begin_year(env, year, numbers)
            months = months_of(year, int(env.now), network.profiles, self.case.system.model.seasons)
            course = _YearCourse(self, leaving, months, period, self.skies.year(months))
            for _ in range(int(self.case.system.days[period])):
                yield env.timeout(1)
                course.day(self._able(env.now))
                self.loads.add(self.clock.day.taken)
                if self.yards:
                    self.yards.wake()
                if self.policy and self.calendar.date_of(env.now).day == 1:
                    self.policy.month(env)
            found, holding = course.ended(holding)
            if self.policy:
                self.policy.year(env, found, period)
            lived.append(found)
        underway = self.yards.underway() if self.yards else None
        lasting = tuple(one for one in self._lasting if one[2] > env.now)
        self.state = State(
            self.clock.content, holding, self.rates, underway, self.loads.recent(), self.skies.state, lasting
        )

    def numbers(self, period: int) -> Numbers:
        """Return the numbers of a year, with what events and adoptions make of them."""
        drawn = self.effects.of(self.case.system.years[period])
        return block_values(self.case.system, self._draws, self.case.binding, period, drawn)

    def _able(self, now: float) -> Able:
        """Return what plants can do on the day that ends now."""
        closing = self.closures.day(now)
        able = Able(*self.plants.day(now), self.plants.standing(), self.plants.planned(), closing)
        if not self._seasonal:
            return able
        date = self.calendar.date_of(now - 1)
        factor = np.ones((len(able.capacity), 1))
        for group, profile in self._seasonal:
            factor[group] = factors_of(date.year, profile, self.case.system.model.seasons)[date.month - 1]
        return Able(able.capacity * factor, able.opening, able.standing * factor, able.planned * factor, closing)

    def held(self) -> Array:
        """Return what stores hold and what is being worked on in batches, (stores, L, S) [t]."""
        return self.clock.content + self.yards.on_lines() if self.yards else self.clock.content

    def _coming(self, year: int) -> Array:
        """Return what the projects decided by the end of a year add to each capacity group in the end (groups,)."""
        found = np.zeros(len(self.case.network.places.sites.groups))
        for built, group in zip(self.case.plan.built, self.groups, strict=False):
            if group is not None and built.decision.year <= year:
                found[group] += built.capacity * built.usable
        return found

    def _begin_year(self, env: simpy.Environment, year: int, numbers: Numbers) -> None:
        if not self.case.network.places.sites.groups:
            return
        self.rates[year] = numbers.between, numbers.repair
        self.plants.begin_year(numbers.capacity_today, self._coming(year))
        built = {group for group in self.groups if group is not None}
        built |= set(self.policy.groups) if self.policy else set()
        for group in range(len(self.case.system.groups)):
            needed = group in built or bool(np.any(numbers.capacity_today[group] > 0.0))
            if needed and group not in self._breaking and bool(np.any(numbers.repair[group] > 0.0)):
                self._breaking.add(group)
                self._schedule_outages(env, group)

    def _schedule(self, env: simpy.Environment) -> None:
        """Start the activities of closures and projects."""
        case, plants = self.case, self.plants
        for name, event in case.plan.events:
            if name in case.network.places.closed_by:
                self._schedule_event(env, name, event)
        for built, group, steps in zip(case.plan.built, self.groups, self.steps, strict=False):
            if group is not None:
                for place, replication in enumerate(self.replications):
                    note = partial(self._note, replication, "commissioned", built.project)
                    usable = built.capacity * built.usable
                    env.process(events.commissioning(env, plants, group, place, usable, steps[place], note))

    def _schedule_event(self, env: simpy.Environment, name: str, event: Event) -> None:
        gates, seed = self.case.network.places.closed_by[name], self.case.seed
        for place, (replication, odds) in enumerate(
            zip(self.replications, odds_of(name, event, seed, self.replications), strict=True)
        ):
            uniform = events.uniforms(seed, f"events.{name}", replication)
            times = occurrences(event, self.calendar, uniform, odds, self._last)
            note = self.closures.noted(name, place, partial(self._note, replication, event.kind, name))
            likely = None
            if event.load is not None:
                likely, note = partial(self._likely, name, place, odds), partial(self._begun, name, place, note)
            env.process(events.closure(env, self.plants, gates, place, times, note, likely))
        for key, replication, end in self.state.lasting:
            if key == name:
                place = replication - self.replications.start
                for gate in gates:
                    self.plants.closure(gate, place, env.now, closed=True)
                self.closures.begin(name, place, env.now, end)
                env.process(events.reopening(env, self.plants, gates, place, end))

    def _likely(self, name: str, place: int, odds: Odds, mark: float) -> bool:
        return self.loads.above(name, place) or mark * max(odds.times, 1.0) < 1.0

    def _begun(self, name: str, place: int, note: Callable[[float, float], None], start: float, lasting: float) -> None:
        self._lasting.append((name, self.replications[place], start + lasting))
        note(start, lasting)

    def _loads(self) -> Loads:
        gates, planned = self.case.network.places.loads, dict(self.case.plan.events)
        rows = {name: load.above for name in gates if (load := planned[name].load) is not None}
        design = {
            name: events.samples_of(row, self.case.seed, f"events.{name}.load_above", self.replications)
            for name, row in rows.items()
        }
        return Loads(gates, design, self.state.recent, len(self.replications))

    def _schedule_outages(self, env: simpy.Environment, group: int) -> None:
        seed, name = self.case.seed, f"outage.{self.case.system.groups[group].name}"
        repair = next(reversed(self.rates.values()))[1][group]
        for place, replication in enumerate(self.replications):
            if (group, place) in self._mended:
                self._start_outage(env, group, place, iter(self._mended[group, place]))
            elif repair[place] > 0.0:
                times = events.outage_times(
                    events.exponentials(seed, name, replication),
                    next(events.uniforms(seed, f"{name}.start", replication)),
                    events.year_rates(self.rates, self.calendar, group, place),
                )
                self._start_outage(env, group, place, times)

    def _start_outage(
        self, env: simpy.Environment, group: int, place: int, times: Iterator[tuple[float, float]]
    ) -> None:
        note = partial(self._note, self.replications[place], "breakdown", self.case.system.groups[group].name)
        env.process(events.outage(env, self.plants, group, place, times, self._since(group, place), note))

    def _since(self, group: int, place: int) -> float:
        """Return the instant before which nothing stands in a group: its first project, or the first day."""
        if not self.case.empty_today[group]:
            return 0.0
        found = [steps[place][0][0] for steps, g in zip(self.steps, self.groups, strict=True) if g == group]
        return float(min(found, default=0))

    def _note(self, replication: int, kind: str, subject: str, day: float, value: float) -> None:
        if replication < events.SHOWN and day >= self.begin:
            self.happenings.append(Happening(replication, day, kind, subject, value))


class _YearCourse:
    """One year of a block: its offer, its days, and how it ends."""

    def __init__(
        self, block: Block, leaving: Releasing, months: Sequence[Month], period: int, daily: Array | None
    ) -> None:
        self.block, self.leaving, self.months, self.period, self.daily = block, leaving, months, period, daily
        self.numbers, self.release = leaving.numbers, leaving.release
        self.case, self.clock = block.case, block.clock
        self.year = self.case.system.years[period]
        self.opening_content, self.opening_held = self.clock.content, block.held()
        self.store_limits = self.case.stores.limits(block._draws, self.case.binding, period)
        self.days: list[Able] = []
        self.offer = self._first_offer()
        self.recipe = block.recipes.limits(block._draws, self.case.binding, period)
        self.clock.begin_year(months, self.offer, self.store_limits, self.recipe, daily)
        if block.yards:
            block.yards.begin_year(self.store_limits)

    def day(self, able: Able) -> None:
        """Live through a day; where the year may be repeated, remember what plants could do."""
        if self.case.network.volatile:
            self.days.append(Able(*(array.copy() for array in able)))
        self.clock.live(able)

    def ended(self, holding: Holding) -> tuple[Lived, Holding]:
        """Return the year with all its flows, and what the stocks hold at its end."""
        settled, flows = self._settled()
        system, clock, tally = self.case.system, self.clock, self.clock.tally
        entering = inflows(system).add(flows)
        release = self.release.whole(system, entering)
        residual = self._residual(flows, release)
        after = closing(system, holding, self.leaving, release, flows, entering)
        year = Year(flows, settled.throughput, after.content, self.numbers.cells, residual)
        days = float(system.days[self.period])
        with np.errstate(divide="ignore", invalid="ignore"):
            used = np.where(tally.available > 0.0, tally.used / tally.available, 0.0)
        network = self.case.network
        backlog, spoiled = fresh(network, self.block.held()), fresh(network, clock.spoiled)
        plants = (used, tally.refused, tally.available / days, backlog, spoiled)
        operations = (*plants, self._diverted(), clock.turned_away, *self._monthly())
        return Lived(year, *operations), after

    def _monthly(self) -> tuple[Array, ...]:
        """Return what plants did and what waited by month, (12, …, S) each; no months unless asked."""
        clock = self.clock
        clock.end_month()
        if not clock.months:
            groups, stores = clock.tally.used.shape, (len(clock.content), clock.content.shape[2])
            return tuple(np.zeros((0, *shape)) for shape in (groups, groups, groups, stores, stores))
        *sums, waiting, held = (np.stack(values) for values in zip(*clock.months, strict=True))
        return (*(np.diff(values, axis=0, prepend=0.0) for values in sums), waiting, held)

    def _diverted(self) -> Array:
        """Return what flows carry because gates refused it, by reason (R, 4, S), fresh mass [t/year]."""
        network, refusals = self.case.network, self.clock.refusals
        there = refusals.there(self.block.plants.planned())
        return network.diverted.by_reason(fresh(network, self.ends), refusals.weights(), there)

    def _first_offer(self) -> Offer:
        system, numbers = self.case.system, self.numbers
        if self.case.network.volatile:
            settled = settle(system, numbers, None, self.release)
            return offer_of(self.case.network, *shares_of(self.case.network, numbers, settled), self.release)
        mass = self.release.masses(system, numbers.coefficient)
        return offer_of(self.case.network, numbers.coefficient, mass, self.release)

    def _settled(self) -> tuple[Settled, Array]:
        """Return the balance of the year; where shares depend on it, repeat the year until they stand still."""
        settled, flows = self._assembled()
        if not self.case.network.volatile:
            return settled, flows
        for _ in range(PASSES):
            shares = shares_of(self.case.network, self.numbers, settled)
            offer = offer_of(self.case.network, *shares, self.release)
            if _change(offer, self.offer) <= MOVED:
                return settled, flows
            self.offer, self.clock.content = offer, self.opening_content
            self.clock.begin_year(self.months, offer, self.store_limits, self.recipe, self.daily)
            for able in self.days:
                self.clock.live(able)
            settled, flows = self._assembled()
        raise locale.error(SimulationError, Problem("year-unsettled", parameters={"year": self.year, "passes": PASSES}))

    def _assembled(self) -> tuple[Settled, Array]:
        clock = self.clock
        self.ends = clock.desk.realised()
        realised = self.case.network.behind.brought(self.ends)
        return assemble(self.case.network, self.numbers, realised, clock.drawn, clock.spoiled, self.release)

    def _residual(self, flows: Array, release: Array) -> float:
        """Return the largest residual of the year; stores give their opening content and keep their closing one."""
        stored = self.case.network.places.stored
        if not stored:
            return largest_residual(self.case.system, flows, release, year=self.year)
        checked = self.case.stores.with_content(self.case.system)
        widened = np.concatenate((flows, self.opening_held, self.block.held()))
        return largest_residual(checked, widened, release, year=self.year)


def _change(new: Offer, old: Offer) -> float:
    """Return the largest change of what is offered, relative to the largest offer of its layer and replication."""
    if not new.free.size:
        return 0.0
    size = np.maximum(np.max(np.abs(new.free), axis=0), np.finfo(float).tiny)
    change = float(np.max(np.abs(new.free - old.free) / size, initial=0.0))
    return max(change, float(np.max(np.abs(new.answer - old.answer), initial=0.0)))


def _seasonal(system: System) -> tuple[tuple[int, str], ...]:
    """Return the capacity groups whose daily capacity follows a profile, with its name."""
    found = []
    for number, group in enumerate(system.groups):
        capacity = system.model.processes[group.process].capacity
        if capacity is not None and capacity.season is not None:
            found.append((number, capacity.season))
    return tuple(found)


def _mended(block: Block) -> dict[tuple[int, int], list[tuple[float, float]]]:
    """Return failure and repair instants of the plants that share crews, by capacity group and place in the block.

    Who is mended when depends on breakdowns and not on matter, so it is settled for the whole horizon beforehand, and
    a block that begins with a history sees the same instants.
    """
    case, system = block.case, block.case.system
    rates: dict[int, tuple[Array, Array]] = {}
    today = []
    for period, year in enumerate(system.years):
        numbers = block.numbers(period)
        rates[year] = numbers.between, numbers.repair
        today.append(numbers.capacity_today > 0.0)
    starts = [float(block.calendar.day_of(datetime.date(year, 1, 1))) for year in (*system.years, system.years[-1] + 1)]

    def plant(group: int, place: int) -> Plant:
        stood = [start for start, there in zip(starts, today, strict=False) if there[group, place]]
        built = [steps[place][0][0] for steps, g in zip(block.steps, block.groups, strict=True) if g == group]
        rate = events.year_rates(rates, block.calendar, group, place)
        return f"outage.{system.groups[group].name}", float(min([*stood[:1], *built], default=math.inf)), rate

    found: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for count, groups in case.crews:
        for place, replication in enumerate(block.replications):
            breaking = [g for g in groups if float(rates[system.years[0]][1][g, place]) > 0.0]
            plants = {group: plant(group, place) for group in breaking}
            times = mended_times(count, plants, case.seed, replication, starts[-1])
            found |= {(group, place): own for group, own in times.items()}
    return found


def _draws(case: Case, replications: range) -> Array:
    sampler = case.system.sampler
    if case.central:
        return sampler.central()[:, None]
    return sampler.samples(case.seed, replications.start, len(replications))
