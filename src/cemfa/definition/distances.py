"""How far flows are hauled, and which plant is nearest: the table of distances read with the model's places.

Beside `expansion`; read by the rules of meaning and by the compilation. Places are the items of one dimension,
as a rule the districts; a process that is not repeated over it stands where its `site` says.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from cemfa.definition.expansion import OUTSIDE, Element, Endpoint, end_element, route
from cemfa.definition.schema import Model


class Distances:
    """The distances of a model.

    Parameters
    ----------
    model : as read, its references valid

    Attributes
    ----------
    dimension : whose items the places are, "" where the model has no distances
    modes : modes of transport

    Examples
    --------
    >>> from cemfa.definition.load import read_model
    >>> Distances(read_model("ben_tre")).between("road", "giong_trom", "ben_tre_city")
    18.0
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self.dimension = dimension_of_places(model)
        self.modes = tuple(dict.fromkeys(row.mode for row in model.distances))
        self._km: dict[tuple[str, str, str], float] = {}
        for row in model.distances:
            self._km.setdefault((row.mode, row.destination, row.origin), row.km)
        self._km |= {(row.mode, row.origin, row.destination): row.km for row in model.distances}

    def between(self, mode: str, origin: str, destination: str) -> float | None:
        """Return the distance [km] of two places by a mode, None where no row says it.

        A row holds both ways unless the way back has its own. Within one place nothing is hauled unless a row says.
        """
        known = self._km.get((mode, origin, destination))
        return 0.0 if known is None and origin == destination else known

    def place(self, end: Endpoint, element: Element) -> str | None:
        """Return the place of one end of a flow's element, None where it has none."""
        if end.process == OUTSIDE:
            return None
        process = self._model.processes[end.process]
        for dimension, item in end_element(self._model, end, element).items():
            if self._base(dimension) == self.dimension:
                return item
        return process.site.get(self.dimension)

    def haul(self, name: str, element: Element) -> float | None:
        """Return how far an element of a flow is hauled [km], None where it is not, or where no row says it."""
        transport = self._model.flows[name].transport
        return None if transport is None else self._from(name, name, transport.mode, element)

    def order(self, name: str, element: Element) -> tuple[str, ...]:
        """Return the `otherwise` list of an element of a flow in its order: as written, or the nearest first.

        Equally far ones stay as written, and so does the last, which takes what nobody takes.
        """
        flow = self._model.flows[name]
        if flow.order == "as_written" or flow.transport is None:
            return flow.otherwise
        mode = flow.transport.mode
        far = {other: self._from(name, other, mode, element) for other in flow.otherwise[:-1]}
        near = sorted(far, key=lambda other: math.inf if (km := far[other]) is None else km)
        return (*near, *flow.otherwise[-1:])

    def _from(self, name: str, other: str, mode: str, element: Element) -> float | None:
        """Return the distance from where an element of a flow starts to where another flow from there ends."""
        start = self.place(route(self._model, name).source, element)
        end = self.place(route(self._model, other).target, element)
        return None if start is None or end is None else self.between(mode, start, end)

    def _base(self, dimension: str) -> str:
        return self._model.dimensions[dimension].alias or dimension


def dimension_of_places(model: Model) -> str:
    """Return the dimension that holds most of the places in `distances.csv`, the first of equals; "" without rows."""
    places = {place for row in model.distances for place in (row.origin, row.destination)}
    held: Mapping[str, int] = {
        name: len(places & {item.id for item in dimension.items})
        for name, dimension in model.dimensions.items()
        if dimension.alias is None
    }
    return max(held, key=lambda name: held[name]) if places and held else ""
