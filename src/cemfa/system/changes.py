"""Which numbers stand where a parameter is used, and how a plan changes them by date and place.

Between `parameters` (cells) and `numbers` (a period's arrays). Most uses share the cell of their parameter;
only where a plan changes a parameter does a place get a value of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from cemfa import locale, units
from cemfa.errors import DefinitionError, Place, Problem, SolveError
from cemfa.plan import ParameterChange, Plan
from cemfa.system.parameters import LITERALS, ONE, ZERO, Coordinates, Parameters, shown_cell
from cemfa.system.rows import Scattered

Array = NDArray[np.float64]
Index = NDArray[np.int32]
UNTAKEN: Final = 1e-9  # what may stay untaken when a share gives way: rounding of ramps written with nine digits


@dataclass(frozen=True, slots=True, eq=False)
class Uses:
    """Every place where a parameter is used; the first two are the literals one and zero.

    Parameters
    ----------
    parameter, known : of each use, what and where
    position : shape (U,), position of its number among the values
    """

    parameter: tuple[str, ...]
    known: tuple[Mapping[str, str], ...]
    position: Index


class UseBook:
    """Collects uses while a system is compiled; remembers what could not be found."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.problems: dict[str, Problem] = {}
        self._parameter: list[str] = ["", ""]
        self._known: list[Mapping[str, str]] = [{}, {}]
        self._position: list[int] = [ONE, ZERO]
        self._uses: dict[tuple[str, Coordinates], int] = {}
        self._cells: dict[tuple[str, tuple[str | None, ...]], int | None] = {}

    def of(self, parameter: str | int, known: Mapping[str, str], place: Place) -> int:
        """Return the use of a parameter (or of the literals 0 and 1) at a place."""
        if isinstance(parameter, int):
            return ONE if parameter else ZERO
        key = (parameter, tuple(sorted(known.items())))
        if key not in self._uses:
            cell = self._cell(parameter, known)
            if cell is None:
                shown = shown_cell(parameter, tuple((d, i) for d, i in key[1] if i))
                self.problems.setdefault(
                    shown, Problem("parameter-cell", place, {"parameter": parameter, "cell": shown})
                )
                return ZERO
            self._uses[key] = len(self._position)
            self._parameter.append(parameter)
            self._known.append(dict(known))
            self._position.append(LITERALS + cell)
        return self._uses[key]

    def frozen(self) -> Uses:
        """Return the uses collected so far."""
        return Uses(tuple(self._parameter), tuple(self._known), np.array(self._position, dtype=np.int32))

    def _cell(self, parameter: str, known: Mapping[str, str]) -> int | None:
        columns = self.parameters.columns.get(parameter, frozenset())
        key = (parameter, tuple(known.get(column) for column in sorted(columns)))
        if key not in self._cells:
            self._cells[key] = self.parameters.find(parameter, known)
        return self._cells[key]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One change of a plan, at the places it reaches.

    Parameters
    ----------
    change : as planned
    factor : of its unit, to the canonical one; 1 where it multiplies
    targets : positions changed
    taken : per target, positions that give way, in order
    siblings : per target, positions scaled so that their sum with the target stays
    shown : per target, how messages call it
    """

    change: ParameterChange
    factor: float
    targets: tuple[int, ...]
    taken: tuple[tuple[int, ...], ...]
    siblings: tuple[tuple[int, ...], ...]
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Driven:
    """A driver of growth under a plan.

    Parameters
    ----------
    changes : in the order they act, with the factor to the canonical unit
    """

    changes: tuple[tuple[ParameterChange, float], ...]

    def __call__(self, rate: Array, year: int) -> Array:
        """Return the driver (S,) as the plan changes it in a calendar year."""
        for change, factor in self.changes:
            given = change.value_in(year)
            if given is not None:
                rate = _changed(change.how, rate, given * factor)
        return rate


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """A plan bound to a system: where each use finds its number, and the steps that change some.

    Parameters
    ----------
    position : shape (U,), position of each use among the values
    copies : cells that are copied behind the cells, for places with a value of their own
    steps : changes in the order they act
    drivers : what the changes make of drivers of growth, by cell
    """

    position: Index
    copies: Index
    steps: tuple[Step, ...]
    drivers: Mapping[int, Driven]

    def values(
        self, parameters: Parameters, draws: Array, period: int, year: int, drawn: Mapping[str, Array] | None = None
    ) -> Array:
        """Return all values (V, S) in a calendar year in one array; see `rows`."""
        return self.rows(parameters, draws, period, year, drawn)[:]

    def rows(
        self, parameters: Parameters, draws: Array, period: int, year: int, drawn: Mapping[str, Array] | None = None
    ) -> Scattered:
        """Return all values (V, S) in a calendar year: literals, cells, changed copies; draws are not written again.

        Parameters
        ----------
        parameters : whose cells these are
        draws : shape (R, S), from the sampler
        period : position of the year
        drawn : by stream, what changes by events and adoptions are in this year in every sample (S,)

        Raises
        ------
        SolveError
            where a share grows by more than the shares that give way can spare.
        """
        cells, made = parameters.values(draws, period, self.drivers)
        literals = np.empty((LITERALS, draws.shape[1]))
        literals[ONE], literals[ZERO] = 1.0, 0.0
        copies = Scattered.of((draws, made), cells[self.copies])[:]
        for step in self.steps:
            given: float | Array | None = step.change.value_in(year)
            if drawn and step.change.stream in drawn:
                given = drawn[step.change.stream]
            if given is not None:
                _apply(step, given * step.factor, copies, year)
        own = LITERALS + len(draws) + len(made) + np.arange(len(copies))
        where = np.concatenate((np.arange(LITERALS), LITERALS + cells, own))
        return Scattered.of((literals, draws, made, copies), where)


def bind(parameters: Parameters, uses: Uses, plan: Plan | None) -> Binding:
    """Return a plan's changes bound to the uses of a system; without changes every use keeps its cell.

    Raises
    ------
    DefinitionError
        with every change that reaches no place or has the wrong unit.
    """
    changes = plan.changes if plan else ()
    places = _Places(parameters, uses)
    problems: list[Problem] = []
    linked = _linked(parameters, changes)
    for members in linked:
        places.open(members, [c for c in changes if c.parameter in members])
    steps = []
    driven: dict[int, list[tuple[ParameterChange, float]]] = {}
    for change in changes:
        place = Place(path=f"policy.{change.parameter}")
        if change.parameter not in parameters.by_parameter:
            problems.append(Problem("change-parameter", place, {"parameter": change.parameter}))
            continue
        expected = units.parse(parameters.unit(change.parameter))
        unit = units.expect(change.unit, expected.dimension if change.how != "multiply" else (), place)
        step = places.step(change, unit.factor if change.how != "multiply" else 1.0)
        reached = _driven(parameters, change)
        for cell in reached:
            driven.setdefault(cell, []).append((change, step.factor))
        if not step.targets and not reached:
            where = ", ".join(f"{d}={'|'.join(items)}" for d, items in change.place)
            problems.append(Problem("change-place", place, {"parameter": change.parameter, "where": where}))
        steps.append(step)
    if problems:
        raise locale.error(DefinitionError, problems)
    drivers = {cell: Driven(tuple(found)) for cell, found in driven.items()}
    return Binding(places.position, np.array(places.copies, dtype=np.int32), tuple(steps), drivers)


def _driven(parameters: Parameters, change: ParameterChange) -> list[int]:
    """Return the cells of a changed parameter by which others grow."""
    drivers = dict.fromkeys(driver.cell for driver in parameters.growth.drivers)
    cells = [cell for cell in drivers if parameters.cells[cell].parameter == change.parameter]
    return [cell for cell in cells if _matches(change.place, dict(parameters.cells[cell].index))]


def _linked(parameters: Parameters, changes: Sequence[ParameterChange]) -> list[set[str]]:
    """Return sets of parameters that change together: one gives way to the other."""
    found: list[set[str]] = []
    for change in changes:
        members = {change.parameter}
        if isinstance(change.taken_from, tuple):
            members |= set(change.taken_from)
        elif change.taken_from == "proportional":
            members |= _group_members(parameters, change.parameter)
        for other in [o for o in found if o & members]:
            members |= other
            found.remove(other)
        found.append(members)
    return found


def _group_members(parameters: Parameters, parameter: str) -> set[str]:
    groups = {parameters.cells[n].group for n in parameters.by_parameter.get(parameter, ())} - {""}
    return {cell.parameter for cell in parameters.cells if cell.group in groups}


class _Places:
    """Gives places whose number a plan changes a value of their own."""

    def __init__(self, parameters: Parameters, uses: Uses) -> None:
        self.parameters, self.uses = parameters, uses
        self.position = uses.position.copy()
        self.copies: list[int] = []
        self._slots: dict[tuple[str, Coordinates], int] = {}
        self._by_parameter: dict[str, list[Coordinates]] = defaultdict(list)

    def open(self, members: set[str], changes: Sequence[ParameterChange]) -> None:
        """Give every use of some parameters a value of its own, as fine as their columns and the changes' places."""
        relevant = {d for name in members for d in self.parameters.columns.get(name, ())}
        relevant |= {d for change in changes for d, _ in change.place}
        for use, name in enumerate(self.uses.parameter):
            if name in members:
                known = self.uses.known[use]
                where = tuple((d, known[d]) for d in sorted(relevant) if d in known)
                for member in sorted(members):
                    self._slot(member, where)
                self.position[use] = LITERALS + len(self.parameters.cells) + self._slots[name, where]

    def step(self, change: ParameterChange, factor: float) -> Step:
        """Return a change with the copies it reaches."""
        wheres = [w for w in self._by_parameter[change.parameter] if _matches(change.place, dict(w))]
        taken_from = change.taken_from if isinstance(change.taken_from, tuple) else ()
        siblings = [self._siblings(change, where) for where in wheres]
        return Step(
            change=change,
            factor=factor,
            targets=tuple(self._slots[change.parameter, w] for w in wheres),
            taken=tuple(tuple(self._slots[b, w] for b in taken_from if (b, w) in self._slots) for w in wheres),
            siblings=tuple(siblings),
            shown=tuple(shown_cell(change.parameter, w) for w in wheres),
        )

    def _slot(self, parameter: str, where: Coordinates) -> None:
        if (parameter, where) in self._slots:
            return
        cell = self.parameters.find(parameter, dict(where))
        if cell is not None:
            self._slots[parameter, where] = len(self.copies)
            self._by_parameter[parameter].append(where)
            self.copies.append(cell)

    def _siblings(self, change: ParameterChange, where: Coordinates) -> tuple[int, ...]:
        """Return the other members of the same Dirichlet group at a place."""
        if change.taken_from != "proportional":
            return ()
        own = self.parameters.find(change.parameter, dict(where))
        if own is None or not self.parameters.cells[own].group:
            return ()
        part = _group_part(self.parameters, own)
        known = dict(where)
        found = []
        for (name, other), position in self._slots.items():
            cell = self.parameters.find(name, dict(other))
            differing = {d for d, i in self.parameters.cells[cell].index if known.get(d) != i} if cell in part else None
            rest = {d: i for d, i in other if differing is None or d not in differing}
            if cell in part and cell != own and all(known.get(d) == i for d, i in rest.items()):
                found.append(position)
        return tuple(found)


def _group_part(parameters: Parameters, own: int) -> set[int]:
    """Return the cells of a Dirichlet group that sum to one together with a cell: the fewest dimensions in common."""
    cells = parameters.cells
    group = [n for n, cell in enumerate(cells) if cell.group == cells[own].group]
    index = dict(cells[own].index)
    central = {n: parameters.rows[cells[n].rows[0]].marginal.value for n in group}
    for common in _subsets(sorted(index)):
        part = {n for n in group if all(dict(cells[n].index).get(d) == index[d] for d in common)}
        if abs(sum(central[n] for n in sorted(part)) - 1) < UNTAKEN:
            return part
    return set(group)


def _subsets(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    from itertools import combinations

    for size in range(len(names) + 1):
        yield from combinations(names, size)


def _matches(place: tuple[tuple[str, tuple[str, ...]], ...], known: Mapping[str, str]) -> bool:
    return all(known.get(dimension) in items for dimension, items in place)


def _apply(step: Step, given: float | Array, values: Array, year: int) -> None:
    for target, taken, siblings, shown in zip(step.targets, step.taken, step.siblings, step.shown, strict=True):
        old = values[target].copy()
        new = _changed(step.change.how, old, given)
        values[target] = new
        if taken:
            _take(new - old, taken, values, shown, year)
        elif siblings:
            _scale(old, new, siblings, values, shown, year)


def _changed(how: Literal["set", "add", "multiply", "at_least"], old: Array, given: float | Array) -> Array:
    """Return what a change makes of values."""
    match how:
        case "set":
            return np.full_like(old, given)
        case "add":
            return old + given
        case "multiply":
            return old * given
        case "at_least":
            return np.maximum(old, given)


def _take(rise: Array, taken: Sequence[int], values: Array, shown: str, year: int) -> None:
    """Let shares give way in order; where the share falls instead, the first one takes what is freed."""
    rest = np.maximum(rise, 0.0)
    for position in taken:
        part = np.minimum(rest, values[position])
        values[position] -= part
        rest -= part
    values[taken[0]] += np.maximum(-rise, 0.0)
    if float(rest.max()) > UNTAKEN:
        sample = int(rest.argmax())
        raise locale.error(
            SolveError,
            Problem(
                "change-taken",
                Place(path=f"policy.{shown}"),
                {"cell": shown, "year": year, "sample": sample, "missing": float(rest[sample])},
            ),
        )


def _scale(old: Array, new: Array, siblings: Sequence[int], values: Array, shown: str, year: int) -> None:
    """Scale the rest of a group so that the whole keeps its sum."""
    stuck = (old >= 1.0) & (new < 1.0)
    if stuck.any() or (new > 1.0).any():
        sample = int(np.argmax(stuck | (new > 1.0)))
        parameters = {"cell": shown, "year": year, "sample": sample, "value": float(new[sample])}
        raise locale.error(SolveError, Problem("change-scale", Place(path=f"policy.{shown}"), parameters))
    factor = np.where(old < 1.0, (1.0 - new) / np.where(old < 1.0, 1.0 - old, 1.0), 1.0)
    for position in siblings:
        values[position] *= factor
