"""Decisions in the course of a simulation: rules that say when it is time to build, under yearly funds.

Beside the clock; looked at when a month or a year has ended, history by history. A project that is decided then
goes through its stages with the luck it has in every option.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np
import simpy
from numpy.typing import NDArray

from cemfa import locale, units
from cemfa.courses import NOT_YET, Built, Ledger, course_after
from cemfa.errors import Problem, SimulationError
from cemfa.plan import Plan
from cemfa.results import NEVER
from cemfa.simulation import events
from cemfa.simulation.clock import fresh
from cemfa.system.capacity import group_of

if TYPE_CHECKING:
    from cemfa.definition.schema import When
    from cemfa.simulation.block import Block, Lived

Array = NDArray[np.float64]
Note = Callable[[int, str, str, float, float], None]


class Gauge(Protocol):
    """Reads an indicator off a year of a block."""

    def __call__(self, block: Block, lived: Lived, period: int, when: When) -> Array:
        """Return the indicator of a rule in the year at a position, per replication (S,); NaN where it has no value."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a function that decides on a project can look at: one history on the last day of a month.

    Parameters
    ----------
    date : the day after
    replication : which history
    utilisation : of the month, by capacity group, such as ``yard[east]`` [1]
    refused : turned away in the month, by capacity group [t/d]
    backlog : what waits, by store [t]
    decided : projects decided on by rules so far
    """

    date: datetime.date
    replication: int
    utilisation: Mapping[str, float]
    refused: Mapping[str, float]
    backlog: Mapping[str, float]
    decided: frozenset[str]


Decide = Callable[[Situation], bool]
"""A user's own rule: tells whether it is time to build; the same answer to the same situation."""
Deciders = Mapping[str, Decide] | Decide
"""Functions by project, or one for every project whose rule measures a function."""


def deciders(plan: Plan, decide: Deciders | None) -> Mapping[str, Decide]:
    """Return the functions by project."""
    asked = [b.project for b in plan.ruled if b.when is not None and b.when.measure == "function"]
    return dict.fromkeys(asked, decide) if callable(decide) else decide or {}


class Policy:
    """The rules of a block.

    Parameters
    ----------
    block : whose projects are decided on
    ledgers : what is left of the funds, by replication
    note : writes down what happens
    decide : functions by project

    Attributes
    ----------
    decided, ready : shape (rules, S), decimal calendar year of decision and of full operation; `NEVER` for never
    groups : capacity groups of the projects
    """

    def __init__(self, block: Block, ledgers: Sequence[Ledger], note: Note, decide: Mapping[str, Decide]) -> None:
        self.block, self.ledgers, self.note, self.decide = block, ledgers, note, decide
        self.rules = block.case.plan.ruled
        width = len(block.replications)
        system = block.case.system
        self.groups = [group for built in self.rules if (group := group_of(system.groups, built)) is not None]
        self.months = [events.stage_months(built, block.case.seed, block.replications) for built in self.rules]
        self.decided = np.full((len(self.rules), width), NEVER)
        self.ready = np.full((len(self.rules), width), NEVER)
        self._held = np.zeros((len(self.rules), width), dtype=np.int64)
        self._before: tuple[Array, Array, Array] | None = None

    def month(self, env: simpy.Environment) -> None:
        """Look at the month that has just ended."""
        tally = self.block.clock.tally
        sums = tally.used.copy(), tally.refused.copy(), tally.available.copy()
        first = self._before is None or bool((sums[2] < self._before[2]).any())  # a new year has begun to be added up
        used, refused, available = (
            now if first or self._before is None else now - before
            for now, before in zip(sums, self._before or sums, strict=True)
        )
        date = self._date(env)
        self._before = None if date.month == 1 else sums
        days = float((date - (date - datetime.timedelta(days=1)).replace(day=1)).days)
        for number, built in enumerate(self.rules):
            when = built.when
            if when is None or when.yearly:
                continue
            if when.measure == "function":
                holds = self._asked(built, date, used, refused / days, available)
            else:
                holds = _holds(when, self._measured(built, when, used, refused / days, available))
            self._look(env, number, holds, days)

    def year(self, env: simpy.Environment, lived: Lived, period: int) -> None:
        """Look at the year that has just ended, given what it leaves and its position among the years."""
        days, gauge = units.days_in(self._date(env).year - 1), self.block.case.gauge
        for number, built in enumerate(self.rules):
            when = built.when
            if when is None or not when.yearly:
                continue
            if when.measure == "share":
                self._look(env, number, _holds(when, self._share(when, lived.year.flow)), days)
            elif gauge is not None:
                self._look(env, number, _holds(when, gauge(self.block, lived, period, when)), days)

    def _share(self, when: When, flow: Array) -> Array:
        """Return the mass of some flows over that of others (S,), given all flows (F, L, S)."""
        system = self.block.case.system
        names, parts = system.flow_coords["flow_name"], []
        for wanted in (when.of, when.per):
            total = np.zeros(flow.shape[2])
            for position in np.flatnonzero(np.isin(names, wanted)).tolist():
                for layer, weight in enumerate(system.mass_weight().tolist()):
                    total += weight * flow[position, layer]
            parts.append(total)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(parts[0] / parts[1], dtype=np.float64)

    def _date(self, env: simpy.Environment) -> datetime.date:
        return self.block.calendar.date_of(env.now)

    def _look(self, env: simpy.Environment, number: int, holds: NDArray[np.bool_], days: float) -> None:
        """Count for how long a rule has held, and decide where that is long enough.

        Parameters
        ----------
        days : since when it was looked at; what began before the project can be decided does not count
        """
        built = self.rules[number]
        open_ = env.now - days >= self.block.calendar.day_of(built.decision)
        self._held[number] = np.where(holds & open_, self._held[number] + 1, 0)
        needed = built.when.months if built.when else 1
        for place in np.flatnonzero((self._held[number] >= needed) & (self.decided[number] == NEVER)).tolist():
            if self.ledgers[place].give(built.paid(built.due_at_once), self._date(env).year):
                self._build(env, number, place)

    def _build(self, env: simpy.Environment, number: int, place: int) -> None:
        block, built = self.block, self.rules[number]
        date = self._date(env)
        months = [float(stage[place]) for stage in self.months[number]]
        course = course_after(replace(built, decision=date), months, self.ledgers[place])
        steps = events.in_days(course, block.calendar)
        self.decided[number, place] = block.calendar.decimal_year(env.now)
        if course.steps[-1][0] < NOT_YET:
            self.ready[number, place] = block.calendar.decimal_year(steps[-1][0])
        replication = block.replications[place]
        self.note(replication, "decided", built.project, env.now, built.capacity)
        group = group_of(block.case.system.groups, built)
        if group is not None:
            capacity = built.capacity * built.usable
            block.plants.plan(group, place, capacity)
            note = partial(self.note, replication, "commissioned", built.project)
            env.process(events.commissioning(env, block.plants, group, place, capacity, steps, note))

    def _measured(self, built: Built, when: When, used: Array, refused: Array, available: Array) -> Array:
        """Return the measure of a rule (S,)."""
        process = when.process or built.process
        system, clock = self.block.case.system, self.block.clock
        total, possible = np.zeros(used.shape[1]), np.zeros(used.shape[1])
        if when.measure == "backlog":
            content = fresh(clock.network, clock.content)
            for store, position in enumerate(clock.network.places.stored):
                coords = {d: str(system.process_coords[d][position]) for d in when.place}
                named = str(system.process_coords["process_name"][position]) == process
                if named and coords == when.place:
                    total += content[store]
            return total
        for number, group in enumerate(system.groups):
            if group.process == process and all(group.place.get(d, i) == i for d, i in when.place.items()):
                total += used[number] if when.measure == "utilisation" else refused[number]
                possible += available[number]
        if when.measure == "refused":
            return total
        return np.divide(total, possible, out=np.zeros_like(total), where=possible > 0.0)

    def _asked(
        self, built: Built, date: datetime.date, used: Array, refused: Array, available: Array
    ) -> NDArray[np.bool_]:
        """Ask a user's function in every replication."""
        block = self.block
        groups, clock = block.case.network.places.sites.groups, block.clock
        content = fresh(clock.network, clock.content)
        stores = [block.case.system.process_ids[p] for p in clock.network.places.stored]
        share = np.divide(used, available, out=np.zeros_like(used), where=available > 0.0)
        found = np.zeros(used.shape[1], dtype=bool)
        for place, replication in enumerate(block.replications):
            decided = frozenset(b.project for n, b in enumerate(self.rules) if self.decided[n, place] < NEVER)
            situation = Situation(
                date, replication, dict(zip(groups, share[:, place].tolist(), strict=True)),
                dict(zip(groups, refused[:, place].tolist(), strict=True)),
                dict(zip(stores, content[:, place].tolist(), strict=True)), decided,
            )  # fmt: skip
            found[place] = _answer(self.decide[built.project], built.project, situation)
        return found


def _answer(decide: Decide, project: str, situation: Situation) -> bool:
    """Return what a user's function says, or which project, history and date it failed for."""
    try:
        return bool(decide(situation))
    except SimulationError:
        raise
    except Exception as error:
        shown = {
            "project": project, "sample": situation.replication, "date": situation.date,
            "error": f"{type(error).__name__}: {error}",
        }  # fmt: skip
        raise locale.error(SimulationError, Problem("decide-raised", parameters=shown)) from error


def _holds(when: When, measured: Array) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        above = measured > when.above if when.above is not None else np.ones(len(measured), dtype=bool)
        below = measured < when.below if when.below is not None else np.ones(len(measured), dtype=bool)
    found: NDArray[np.bool_] = above & below
    return found
