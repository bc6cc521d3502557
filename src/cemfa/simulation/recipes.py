"""Recipes: what a day's mix must be like for a plant to take it in, and what is left out where it is not.

Between the book, which says what meets at a plant, and the dispatch. A recipe is a bound on a ratio of layers, so it
is linear in what is let in: carbon − high · nitrogen ≤ 0, low · nitrogen − carbon ≤ 0, dry matter − share · fresh
mass ≤ 0. Where a bound does not hold, the goods that drive the mix over it are left out, the least wanted first, until
it holds exactly. Leaving something out for one bound may break another: that is repeated until all hold; as mass is
only ever left out, it comes to rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from cemfa import units
from cemfa.graph import expand
from cemfa.system.changes import Binding
from cemfa.system.layout import System
from cemfa.system.parameters import LITERALS
from cemfa.system.pattern import Pattern

if TYPE_CHECKING:
    from cemfa.simulation.dispatch import Day

Array = NDArray[np.float64]
Index = NDArray[np.intp]
LOW, HIGH, DRIEST = range(3)
PASSES: Final = 200
OVER: Final = 1e-12
"""How far a bound may be missed, relative to what it weighs, before something is left out: rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """What meets at a plant with a recipe.

    Parameters
    ----------
    recipe : row among the recipes
    stops, arriving, onward : shape (n,), rows of fractions: let in, arriving, and where the rest goes on
    layered, mass : shape (n,), rows of the masses of each lane in layers, and in the basis of the gate
    gates : shape (n,)
    ranks : positions among the stops, the least wanted first
    """

    recipe: int
    stops: Index
    arriving: Index
    onward: Index
    layered: Index
    mass: Index
    gates: Index
    ranks: tuple[Index, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RecipeBook:
    """The recipes of a system.

    Parameters
    ----------
    system : compiled
    groups : capacity group of every recipe
    bounds : per recipe, position among the values and factor of lowest and highest carbon to nitrogen, and of the
        largest share of dry matter; None where there is no bound
    layers : positions of carbon, nitrogen and dry matter; -1 where the model has no such layer
    """

    system: System
    groups: tuple[int, ...]
    bounds: tuple[tuple[tuple[int, float] | None, ...], ...]
    layers: tuple[int, int, int]

    def limits(self, draws: Array, binding: Binding, period: int) -> Array:
        """Return the bounds of a period, (recipes, 3, S); no bound is zero for the lowest and infinite for others."""
        found = np.full((len(self.groups), 3, draws.shape[1]), np.inf)
        found[:, LOW] = 0.0
        if not self.groups:
            return found
        values = binding.values(self.system.parameters, draws, period, self.system.years[period])
        for number, bounds in enumerate(self.bounds):
            for bound, stated in enumerate(bounds):
                if stated is not None:
                    found[number, bound] = values[stated[0]] * stated[1]
        return found


def recipe_book(system: System, groups: Sequence[int]) -> RecipeBook:
    """Return the recipes of some capacity groups; what they need has been checked with the definition."""
    if not groups:
        return RecipeBook(system, (), (), (-1, -1, -1))
    pattern, bounds = Pattern(system.model, expand(system.model)), []
    for group in (system.groups[number] for number in groups):
        recipe = system.model.processes[group.process].recipe
        if recipe is None:  # the caller asks for groups with recipes
            continue
        window = recipe.carbon_to_nitrogen or (None, None)
        driest = recipe.dry_matter.at_most if recipe.dry_matter is not None else None
        known = pattern.known_of_process(int(group.members[0]))
        bounds.append(tuple(_bound(system, name, known) for name in (*window, driest)))
    layers = list(system.layers)
    carbon, nitrogen, dry = (
        layers.index(name) if name in layers else -1 for name in ("carbon", "nitrogen", "dry_matter")
    )
    return RecipeBook(system, tuple(groups), tuple(bounds), (carbon, nitrogen, dry))


def _bound(system: System, name: str | None, known: Mapping[str, str]) -> tuple[int, float] | None:
    cell = None if name is None else system.parameters.find(name, known)
    if name is None or cell is None:
        return None
    return LITERALS + cell, units.parse(system.parameters.unit(name)).factor


def leave_out(day: Day, mixes: Sequence[Mix]) -> list[Array]:
    """Leave out of what arrives what no mix of the day has room for; return the parts left out, (n, S) each."""
    found = []
    for mix in mixes:
        arriving = day.fraction[mix.arriving]
        suited = _suited(day, mix, arriving)
        day.fraction[mix.arriving] = suited
        found.append(arriving - suited)
    return found


def send_on(day: Day, mixes: Sequence[Mix], left_out: Sequence[Array]) -> None:
    """Let what was left out go on; leave out more where priorities have changed the mix of what was let in."""
    for mix, out in zip(mixes, left_out, strict=True):
        accepted = day.fraction[mix.stops]
        suited = _suited(day, mix, accepted)
        mass = day.mass[mix.mass]
        day.fraction[mix.arriving] += out
        day.fraction[mix.stops] = suited
        day.fraction[mix.onward] += out + (accepted - suited)
        for row, gate in enumerate(mix.gates.tolist()):
            day.offered[gate] += out[row] * mass[row]
            day.taken[gate] -= (accepted[row] - suited[row]) * mass[row]


def _suited(day: Day, mix: Mix, fraction: Array) -> Array:
    """Return the fractions (n, S) of what arrives that make a mix within all bounds."""
    found = fraction.copy()
    forms = list(_forms(day, mix))
    for _ in range(PASSES):
        moved = False
        for form in forms:
            moved |= _cut(found, found * form, mix.ranks)
        if not moved:
            break
    return found


def _forms(day: Day, mix: Mix) -> Iterator[Array]:
    """Yield per bound what every lane adds to the side that must not be positive, (n, S)."""
    carbon, nitrogen, dry = day.mixed
    layers, (low, high, driest) = day.layered[mix.layered], day.recipe[mix.recipe]
    if np.isfinite(driest).all():
        yield layers[:, dry] - driest * day.weighed(layers, 0)
    if np.isfinite(high).all():
        yield layers[:, carbon] - high * layers[:, nitrogen]
        yield low * layers[:, nitrogen] - layers[:, carbon]


def _cut(fraction: Array, values: Array, ranks: Sequence[Index]) -> bool:
    """Leave out, the least wanted first, what drives a sum above zero; tell whether anything was."""
    over = _added(values)
    over = np.where(over > OVER * _added(np.abs(values)), over, 0.0)
    if not over.any():
        return False
    for rank in ranks:
        driving = np.maximum(values[rank], 0.0)
        total = _added(driving)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(total > 0.0, np.minimum(over / total, 1.0), 0.0)
        fraction[rank] = np.where(driving > 0.0, fraction[rank] * (1.0 - share), fraction[rank])
        over = np.maximum(over - share * total, 0.0)
    return True


def _added(rows: Array) -> Array:
    """Return the sum of rows (n, S), one after the other."""
    total = np.zeros(rows.shape[1])
    for row in rows:
        total += row
    return total
