"""Capacities and where refused mass goes: what limits processes, as rows of integers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from cemfa import units
from cemfa.definition.expansion import element_id
from cemfa.definition.schema import Capacity, Process, Stock
from cemfa.errors import Place, Problem
from cemfa.system.changes import UseBook
from cemfa.system.elimination import OUTSIDE
from cemfa.system.layout import Capacities, CapacityGroup, Dispatch, Flags
from cemfa.system.lifetimes import leaves_at_once
from cemfa.system.parameters import ONE, ZERO
from cemfa.system.pattern import Pattern
from cemfa.system.tables import index


class PlantBook:
    """Reads capacities and `otherwise` lists of a model."""

    def __init__(self, pattern: Pattern, uses: UseBook) -> None:
        self.pattern, self.uses = pattern, uses
        self.years = pattern.model.periods.years
        self.problems: list[Problem] = []

    def groups(self) -> tuple[tuple[CapacityGroup, ...], Capacities]:
        """Return the capacity groups, and the uses of what stands today and how often it works."""
        groups: list[CapacityGroup] = []
        use: list[int] = []
        factor: list[list[float]] = []
        outage: list[tuple[int, int]] = []
        for name, process in self.pattern.model.processes.items():
            capacity = process.capacity
            if capacity is None:
                continue
            place = Place(path=f"processes.{name}.capacity")
            per_day = self._per_day(capacity, place)
            for group in self._groups_of(name, process, capacity):
                known = self.pattern.known_of_process(int(group.members[0]), group.place)
                groups.append(group)
                use.append(self.uses.of(capacity.parameter, known, place))
                factor.append(per_day)
                outage.append(self._outage(process, known, place))
        return tuple(groups), Capacities(
            use=index(use),
            factor=np.array(factor, dtype=np.float64).reshape(-1, len(self.years)).T,
            between=index(between for between, _ in outage),
            repair=index(repair for _, repair in outage),
        )

    def dispatch(self, groups: tuple[CapacityGroup, ...]) -> Dispatch:
        """Return where refused mass of flows into limited processes goes, in order."""
        limited = {int(flow) for group in groups for flow in group.inflows}
        found: list[tuple[int, list[int]]] = []
        for flow in sorted(limited):
            names = self.pattern.otherwise(flow)
            if not names:
                continue
            then = [self._alternative(flow, name) for name in names]
            kept = [f for f in then if f is not None]
            if not kept or then[-1] is None:
                self._problem(flow, "otherwise-missing", otherwise=names[-1])
            elif kept[-1] in limited:
                target = self.pattern.process_ids[int(self.pattern.target[kept[-1]])]
                self._problem(flow, "otherwise-last", otherwise=self.pattern.flow_ids[kept[-1]], process=target)
            else:
                found.append((flow, kept))
        starts = itertools.accumulate((len(then) for _, then in found), initial=0)
        return Dispatch(index(flow for flow, _ in found), index(starts), index(f for _, then in found for f in then))

    def _per_day(self, capacity: Capacity, place: Place) -> list[float]:
        if capacity.parameter not in self.uses.parameters.by_parameter:
            return [1.0] * len(self.years)  # reported as a missing cell
        unit = self.uses.parameters.unit(capacity.parameter)
        return [units.per_year_factor(unit, year, place) / units.days_in(year) for year in self.years]

    def _groups_of(self, name: str, process: Process, capacity: Capacity) -> Iterator[CapacityGroup]:
        over = process.over if capacity.over is None else capacity.over
        members: dict[tuple[str, ...], list[int]] = {}
        for copy in self.pattern.copies[name]:
            items = self.pattern.elements.processes[copy].items
            members.setdefault(tuple(items[d] for d in over), []).append(copy)
        for items_of, copies in members.items():
            inflows = [f for p in copies for f in self.pattern.arriving[p] if self.pattern.source[f] not in copies]
            rank = {flow: turn for turn, flow in enumerate(capacity.priority)}
            names = [self.pattern.elements.flows[f].name for f in inflows]
            yield CapacityGroup(
                name=element_id(name, list(items_of)),
                process=name,
                place=dict(zip(over, items_of, strict=True)),
                members=index(copies),
                inflows=index(inflows),
                weight=self.pattern.weight(capacity.basis),
                priority=index(rank.get(n, len(rank)) for n in names),
                refusable=np.array([bool(self.pattern.flow(f).otherwise) for f in inflows], dtype=bool),
            )

    def _outage(self, process: Process, known: dict[str, str], place: Place) -> tuple[int, int]:
        if process.outage is None:
            return ONE, ZERO
        stated = process.outage
        return (
            self.uses.of(stated.mean_time_between, known, place),
            self.uses.of(stated.mean_time_to_repair, known, place),
        )

    def _alternative(self, flow: int, name: str) -> int | None:
        found = self.pattern.beside(flow, name)
        if len(found) > 1:
            self._problem(flow, "otherwise-ambiguous", otherwise=name, found=[self.pattern.flow_ids[f] for f in found])
        return found[0] if found else None

    def _problem(self, flow: int, code: str, **shown: object) -> None:
        parameters = {"flow": self.pattern.flow_ids[flow], **shown}
        self.problems.append(Problem(code, self.pattern.flow_place(flow, "otherwise"), parameters))


def undecided(pattern: Pattern) -> list[Problem]:
    """Return a problem for every process that takes matter in but neither keeps it nor sends it on."""
    found = []
    for process, name in enumerate(pattern.process_ids):
        stated = pattern.process(process)
        if not (stated.sink or stated.stock or pattern.leaving[process]) and pattern.arriving[process]:
            place = Place(path=f"processes.{pattern.elements.processes[process].name}")
            found.append(Problem("process-outlet", place, {"process": name}))
    return found


def decides(pattern: Pattern) -> Flags:
    """Return the processes whose outflows must add up to what they hold."""
    return np.array([bool(pattern.leaving[p]) for p in range(len(pattern.process_ids))], dtype=bool)


def given(pattern: Pattern) -> Flags:
    """Return the flows whose coefficient is a mass: from outside, or out of a stock that only older matter leaves."""
    sources = pattern.source.tolist()
    return np.array([s == OUTSIDE or _gives(pattern.process(s).stock) for s in sources], dtype=bool)


def _gives(stock: Stock | None) -> bool:
    return stock is not None and not (stock.lifetime and leaves_at_once(stock.lifetime, stock.timing))
