"""Composition of goods where they cross the boundary: shares of layers from rows of fresh mass or of one layer.

Compiled once into an order of layers per good; evaluated per period on the values of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from cemfa import locale
from cemfa.definition.schema import Model
from cemfa.errors import Place, Problem, SolveError
from cemfa.system.changes import UseBook
from cemfa.system.layout import Array, Boundary, Index
from cemfa.system.parameters import composition_name
from cemfa.system.pattern import Pattern
from cemfa.system.rows import Scattered
from cemfa.system.tables import index

ROUNDING: Final = 1e-12


class BoundaryBook:
    """Collects the goods whose composition is needed, while a system is compiled."""

    def __init__(self, pattern: Pattern, uses: UseBook) -> None:
        self.pattern, self.uses = pattern, uses
        self.model: Model = pattern.model
        self.problems: list[Problem] = []
        self._rows: dict[tuple[str, str], str] = {(r.good, r.layer): r.per for r in self.model.composition}
        self._goods: dict[tuple[str, int], int] = {}
        self._lines: list[tuple[list[int], list[int], tuple[int, ...], int]] = []

    def of(self, good: str, basis: int) -> int:
        """Return the position of a good whose amounts are stated in a basis (a layer, or -1 for fresh mass)."""
        key = (good, basis)
        if key not in self._goods:
            self._goods[key] = len(self._lines)
            self._lines.append(self._line(good, basis))
        return self._goods[key]

    def use(self, good: str, layer: str) -> tuple[int, int] | None:
        """Return the use of one stated share and the layer it is of (-1 fresh), None where it is not stated."""
        if (good, layer) not in self._rows:
            return None
        name = composition_name(good, layer)
        use = self.uses.of(name, {}, Place(path=name))
        return use, self.pattern.layer(self._rows[good, layer])

    def frozen(self) -> Boundary:
        """Return the compositions collected."""
        width = len(self.pattern.layers)
        return Boundary(
            goods=tuple(good for good, _ in self._goods),
            use=np.array([use for use, _, _, _ in self._lines], dtype=np.int32).reshape(-1, width),
            per=np.array([per for _, per, _, _ in self._lines], dtype=np.int32).reshape(-1, width),
            order=tuple(order for _, _, order, _ in self._lines),
            rest=index(rest for _, _, _, rest in self._lines),
        )

    def _line(self, good: str, basis: int) -> tuple[list[int], list[int], tuple[int, ...], int]:
        layers, mass = self.pattern.layers, self.model.layers.mass
        stated = {layer: self.use(good, layer) for layer in layers}
        absent = [layer for layer in mass if stated[layer] is None]
        anchor = layers[basis] if basis >= 0 and not mass else ""
        unable = self.model.goods[good].cannot_carry if good in self.model.goods else ()
        rest = self.pattern.layer(absent[0]) if len(absent) == 1 else -1
        missing = [
            layer
            for layer in layers
            if stated[layer] is None and layer not in (*unable, anchor) and not (layer in mass and len(absent) == 1)
        ]
        if missing:
            shown = {"good": good, "layers": missing}
            self.problems.append(Problem("composition-missing", Place(path=f"composition.{good}"), shown))
        use = [found[0] if (found := stated[layer]) else 0 for layer in layers]
        per = [found[1] if (found := stated[layer]) else -1 for layer in layers]
        order = self._order(good, per, [p for p, layer in enumerate(layers) if stated[layer] is not None])
        if anchor:
            rest = -2 - basis  # without mass layers the layer of the basis is the whole
        return use, per, order, rest

    def _order(self, good: str, per: list[int], stated: list[int]) -> tuple[int, ...]:
        """Return the stated layers, those of fresh mass first and each after the layer it is a share of."""
        order = [p for p in stated if per[p] < 0]
        waiting = [p for p in stated if per[p] >= 0]
        while ready := [p for p in waiting if per[p] not in waiting]:
            order += ready
            waiting = [p for p in waiting if p not in ready]
        if waiting:
            shown = {"good": good, "layers": [self.pattern.layers[p] for p in waiting]}
            self.problems.append(Problem("composition-circle", Place(path=f"composition.{good}"), shown))
        return tuple(order)


def compositions(
    boundary: Boundary, values: Scattered, position: Index, mass: Array, shown: Mapping[str, object]
) -> Array:
    """Return the shares of fresh mass (or of the layer of the basis) of every good, shape (G, L, S).

    Parameters
    ----------
    values, position : values of a period and where each use finds its own
    mass : shape (L,), weights of the mass layers
    shown : what error messages say beside the good: period

    Raises
    ------
    SolveError
        where stated mass layers sum to more than one.
    """
    found = np.zeros((len(boundary.goods), len(mass), values.width))
    for number, order in enumerate(boundary.order):
        rest = int(boundary.rest[number])
        if rest < -1:
            found[number, -2 - rest] = 1.0
        for layer in (p for p in order if boundary.per[number, p] < 0):
            found[number, layer] = values[position[boundary.use[number, layer]]]
        total = np.add.reduceat(found[number] * mass[:, None], [0], axis=0)[0]
        if float(total.max(initial=0.0)) > 1 + ROUNDING:
            sample = int(total.argmax())
            parameters = {"good": boundary.goods[number], "sum": float(total[sample]), "sample": sample, **shown}
            raise locale.error(SolveError, Problem("composition-sum", Place(path="composition"), parameters))
        if rest >= 0:
            found[number, rest] = np.maximum(0.0, 1.0 - total)
        for layer in (p for p in order if boundary.per[number, p] >= 0):
            share = values[position[boundary.use[number, layer]]]
            found[number, layer] = share * found[number, boundary.per[number, layer]]
    return found
