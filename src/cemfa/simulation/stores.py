"""Stores in front of processes: what they can hold and how fast it spoils, from the parameters of the model.

Read by the simulation only; the annual balance knows no stores.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cemfa import locale, units
from cemfa.definition.schema import Factor, Product
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
BATCHES: Final = ("lines", "size", "residence", "variation")
"""What is stated of batches, in the order of the schema."""


@dataclass(frozen=True, slots=True, eq=False)
class Stated:
    """A quantity of every store: positions of its factors among the values, the factor of its unit, and its kind.

    Parameters
    ----------
    factors : per store, positions and factor; no positions and zero where it is not stated
    by_day : per store, whether it is stated as days of the capacity that stands
    """

    factors: tuple[tuple[tuple[int, ...], float], ...]
    by_day: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class StoreBook:
    """The parameters of all stores of a system.

    Parameters
    ----------
    system : compiled
    stored : processes behind the stores
    stated : by name, what is stated of the stores: `limit`, `spoilage` and those of `BATCHES`
    """

    system: System
    stored: tuple[int, ...]
    stated: Mapping[str, Stated]

    def limits(self, draws: Array, binding: Binding, period: int) -> Stores:
        """Return what stores can hold and what spoils in a period, and how their batches are, all (stores, S)."""
        width = draws.shape[1]
        none = np.zeros((0, width))
        limit, size = self.stated["limit"], self.stated["size"]
        if not self.stored:
            return Stores(none, none, limit.by_day, none, size.by_day, none, none, none)
        values = binding.values(self.system.parameters, draws, period, self.system.years[period])
        found = {name: _products(values, stated.factors) for name, stated in self.stated.items()}
        return Stores(
            found["limit"], np.minimum(found["spoilage"], 1.0), limit.by_day, found["size"], size.by_day,
            found["lines"], found["residence"], found["variation"],
        )  # fmt: skip

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
        where a parameter is missing, or is changed by the plan; where days of a capacity are not fresh mass
    """
    reader = _Reader(system, {change.parameter for change in plan.changes})
    rows = [reader.store(process) for process in stored]
    if reader.problems:
        raise locale.error(SimulationError, reader.problems)
    stated = {
        name: Stated(tuple(row[name][:2] for row in rows), np.array([row[name][2] for row in rows], dtype=bool))
        for name in ("limit", "spoilage", *BATCHES)
    }
    return StoreBook(system, tuple(stored), MappingProxyType(stated))


class _Reader:
    """Reads what is stated of stores, and gathers what is wrong with it."""

    def __init__(self, system: System, changed: set[str]) -> None:
        self.system, self.changed = system, changed
        self.pattern = Pattern(system.model, expand(system.model))
        self.problems: list[Problem] = []

    def store(self, process: int) -> dict[str, tuple[tuple[int, ...], float, bool]]:
        """Return positions, factor and whether it is in days of capacity, for everything stated of a store."""
        written = self.pattern.process(process)
        store = written.store
        if store is None:  # the caller asks for processes with stores
            return {}
        products: dict[str, Product | None] = {"limit": store.limit, "spoilage": store.spoilage}
        products |= {name: getattr(store.batches, name, None) for name in BATCHES}
        found = {name: self._product(process, product) for name, product in products.items()}
        if store.spoilage is None and store.spoiled_to is not None:
            found["spoilage"] = (), _lost_a_day(self.pattern, process), False
        basis = written.capacity.basis if written.capacity else "fresh"
        if basis != "fresh" and any(by_day for _, _, by_day in found.values()):
            shown = {"process": self.system.process_ids[process], "basis": basis}
            self.problems.append(Problem("store-days-basis", self._place(process), shown))
        return found

    def _place(self, process: int) -> Place:
        return Place(path=f"processes.{self.pattern.elements.processes[process].name}.store")

    def _product(self, process: int, product: Product | None) -> tuple[tuple[int, ...], float, bool]:
        known, name = self.pattern.known_of_process(process), self.system.process_ids[process]
        factors = product or (0,)
        names = [factor for factor in factors if isinstance(factor, str)]
        self.problems += [
            Problem("store-changed", self._place(process), {"parameter": n, "process": name})
            for n in names
            if n in self.changed
        ]
        positions = [_position(self.system, factor, known) for factor in factors]
        self.problems += [
            Problem("store-parameter", self._place(process), {"parameter": str(f), "process": name})
            for f, position in zip(factors, positions, strict=True)
            if position is None
        ]
        there = [n for n in names if n in self.system.parameters.by_parameter]
        unit = units.product([self.system.parameters.unit(n) for n in there])
        by_day = unit.dimension == units.parse("d").dimension and product is not None
        return tuple(p for p in positions if p is not None), unit.factor, by_day


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
