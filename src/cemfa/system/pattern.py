"""Elements of a model by position: who flows where, and which copy of another flow belongs to which.

Shared by everything that compiles: positions follow the order of the model, so they are the same for people,
for arrays and for results.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from cemfa.definition.distances import Distances
from cemfa.definition.expansion import OUTSIDE as OUTSIDE_NAME
from cemfa.definition.expansion import good_held
from cemfa.definition.schema import Flow, FlowSeason, Model, Process
from cemfa.errors import Place
from cemfa.graph import Elements
from cemfa.system.elimination import OUTSIDE
from cemfa.system.layout import Array
from cemfa.system.tables import Index, index


class Pattern:
    """Processes and flows by position, read-only.

    Attributes
    ----------
    source, target : positions of processes per flow, -1 outside
    leaving, arriving : positions of flows per process, in order
    named : positions of the copies of a flow or of a process, by name
    """

    def __init__(self, model: Model, elements: Elements) -> None:
        self.model, self.elements = model, elements
        self.layers = model.layers.names
        self.process_ids = tuple(p.id for p in elements.processes)
        self.flow_ids = tuple(f.id for f in elements.flows)
        place = {name: position for position, name in enumerate(self.process_ids)} | {OUTSIDE_NAME: OUTSIDE}
        self.source: Index = index(place[f.source] for f in elements.flows)
        self.target: Index = index(place[f.target] for f in elements.flows)
        self.leaving: dict[int, list[int]] = defaultdict(list)
        self.arriving: dict[int, list[int]] = defaultdict(list)
        self.named: dict[str, list[int]] = defaultdict(list)
        self.copies: dict[str, list[int]] = defaultdict(list)
        for flow, element in enumerate(elements.flows):
            self.leaving[int(self.source[flow])].append(flow)
            self.arriving[int(self.target[flow])].append(flow)
            self.named[element.name].append(flow)
        for process, copy in enumerate(elements.processes):
            self.copies[copy.name].append(process)
        self.distances = Distances(model)
        self._layer = {name: position for position, name in enumerate(self.layers)}

    def flow(self, position: int) -> Flow:
        """Return what was written about the flow at a position."""
        return self.model.flows[self.elements.flows[position].name]

    def season(self, position: int) -> str:
        """Return the monthly profile that the flow at a position follows, "" if it is even."""
        season = self.flow(position).season
        return self.elements.flows[position].known[season.by] if isinstance(season, FlowSeason) else season or ""

    def process(self, position: int) -> Process:
        """Return what was written about the process at a position."""
        return self.model.processes[self.elements.processes[position].name]

    def flow_place(self, position: int, key: str = "") -> Place:
        """Return where a flow was written."""
        path = f"flows.{self.elements.flows[position].name}"
        return Place(path=f"{path}.{key}" if key else path)

    def known_of_flow(self, position: int) -> dict[str, str]:
        """Return what decides which row of a parameter a flow takes: items, good, technology of its source."""
        element = self.elements.flows[position]
        known = {**element.known, "good": element.good}
        source = int(self.source[position])
        if source != OUTSIDE and (technology := self.process(source).technology):
            known["technology"] = technology
        return known

    def known_of_process(self, position: int, items: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the same for a process, or for a place of it; repeated over goods, it knows which one it holds."""
        known = dict(self.elements.processes[position].items if items is None else items)
        known |= good_held(self.model, known)
        if technology := self.process(position).technology:
            known["technology"] = technology
        return known

    def layer(self, name: str) -> int:
        """Return the position of a layer, -1 for fresh mass."""
        return self._layer[name] if name != "fresh" else -1

    def weight(self, basis: str) -> Array:
        """Return the weights (L,) that add layers up to a basis."""
        counted = self.model.layers.mass if basis == "fresh" else (basis,)
        return np.array([float(layer in counted) for layer in self.layers])

    def beside(self, flow: int, name: str) -> list[int]:
        """Return the copies of another flow with the same source and equal items in all shared dimensions."""
        return [f for f in self._agreeing(flow, name) if self.source[f] == self.source[flow]]

    def touching(self, flow: int, name: str, process: int) -> list[int]:
        """Return the copies of another flow that enter or leave a process and agree in all shared dimensions."""
        return [f for f in self._agreeing(flow, name) if process in (self.source[f], self.target[f])]

    def otherwise(self, flow: int) -> tuple[str, ...]:
        """Return the flows that take what this one is refused, in order, by distance where it says so."""
        element = self.elements.flows[flow]
        return self.distances.order(element.name, element.items)

    def names(self, processes: Sequence[int]) -> list[str]:
        """Return ids of processes."""
        return [self.process_ids[p] for p in processes]

    def _agreeing(self, flow: int, name: str) -> list[int]:
        items = self.elements.flows[flow].items
        return [
            f for f in self.named[name] if all(items.get(d, i) == i for d, i in self.elements.flows[f].items.items())
        ]
