"""Stores in front of processes: what they can hold and how fast it spoils, from the parameters of the model.

Read by the simulation only; the annual balance knows no stores.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cemfa import locale, units
from cemfa.definition.schema import Factor
from cemfa.errors import Place, Problem, SimulationError
from cemfa.graph import expand
from cemfa.plan import Plan
from cemfa.simulation.clock import Stores
from cemfa.system.changes import Binding
from cemfa.system.elimination import OUTSIDE
from cemfa.system.layout import System
from cemfa.system.parameters import LITERALS, ONE, ZERO
from cemfa.system.pattern import Pattern

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class StoreBook:
    """The parameters of all stores of a system.

    Parameters
    ----------
    system : compiled
    stored : processes behind the stores
    limit, spoilage : per store, positions of the factors among the values, and the factor of their unit
    """

    system: System
    stored: tuple[int, ...]
    limit: tuple[tuple[tuple[int, ...], float], ...]
    spoilage: tuple[tuple[tuple[int, ...], float], ...]

    def limits(self, draws: Array, binding: Binding, period: int) -> Stores:
        """Return what stores can hold [t] and what spoils [1/d] in a period, both (stores, S)."""
        width = draws.shape[1]
        if not self.stored:
            return Stores(np.zeros((0, width)), np.zeros((0, width)))
        values = binding.values(self.system.parameters, draws, period, self.system.years[period])
        spoilage = np.minimum(_products(values, self.spoilage), 1.0)
        return Stores(_products(values, self.limit), spoilage)

    def with_content(self, system: System) -> System:
        """Return the system with two flows more per store: its opening content from, its closing content to outside."""
        stored, count = list(self.stored), len(self.stored)
        outside = [OUTSIDE] * count
        source = np.concatenate((system.source, outside, stored)).astype(np.int32)
        target = np.concatenate((system.target, stored, outside)).astype(np.int32)
        given = np.concatenate((system.given, np.ones(count, dtype=bool), np.zeros(count, dtype=bool)))
        ids = tuple(f"{end} content {n}" for end in ("opening", "closing") for n in range(count))
        return replace(system, flow_ids=(*system.flow_ids, *ids), source=source, target=target, given=given)


def store_book(system: System, stored: Sequence[int], plan: Plan) -> StoreBook:
    """Return the stores of a system.

    Raises
    ------
    SimulationError
        where a parameter is missing, has the wrong unit, or is changed by the plan
    """
    pattern = Pattern(system.model, expand(system.model))
    limit: list[tuple[tuple[int, ...], float]] = []
    spoilage: list[tuple[tuple[int, ...], float]] = []
    problems: list[Problem] = []
    changed = {change.parameter for change in plan.changes}
    for process in stored:
        store = pattern.process(process).store
        place = Place(path=f"processes.{pattern.elements.processes[process].name}.store")
        known = pattern.known_of_process(process)
        stated = (store.spoilage if store else None) or (0,)
        if store and store.spoilage is None and store.spoiled_to is not None:
            spoilage.append(((), _lost_a_day(pattern, process)))
            stated = ()
        for factors, wanted, found in ((store.limit if store else (0,), "t", limit), (stated, "1/day", spoilage)):
            if not factors:
                continue
            names = [f for f in factors if isinstance(f, str)]
            problems += [
                Problem("store-changed", place, {"parameter": n, "process": system.process_ids[process]})
                for n in names
                if n in changed
            ]
            positions = [_position(system, factor, known) for factor in factors]
            problems += [
                Problem("store-parameter", place, {"parameter": str(f), "process": system.process_ids[process]})
                for f, p in zip(factors, positions, strict=True)
                if p is None
            ]
            known_names = [n for n in names if n in system.parameters.by_parameter]
            unit = units.product([system.parameters.unit(n) for n in known_names])
            if known_names and len(known_names) == len(names):
                units.expect(unit, units.parse(wanted).dimension, place)
            found.append((tuple(p for p in positions if p is not None), unit.factor))
    if problems:
        raise locale.error(SimulationError, problems)
    return StoreBook(system, tuple(stored), tuple(limit), tuple(spoilage))


def _lost_a_day(pattern: Pattern, process: int) -> float:
    """Return the share that spoils in a day, 1 − exp(−1/τ), with the shortest storage life τ [d] of what enters."""
    goods = {pattern.elements.flows[flow].good for flow in pattern.arriving[process]}
    lives = [pattern.model.goods[good].storage_life for good in goods if good in pattern.model.goods]
    return 1.0 - math.exp(-1.0 / min(life for life in lives if life is not None))


def _position(system: System, factor: Factor, known: Mapping[str, str]) -> int | None:
    if isinstance(factor, int):
        return ONE if factor else ZERO
    cell = system.parameters.find(factor, known)
    return None if cell is None else LITERALS + cell


def _products(values: Array, factors: Sequence[tuple[tuple[int, ...], float]]) -> Array:
    found = np.empty((len(factors), values.shape[1]))
    for row, (positions, factor) in enumerate(factors):
        found[row] = factor
        for position in positions:
            found[row] *= values[position]
    return found
