"""Rules on what flows hold: no layer beyond its container, none that a good cannot carry, none left behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from cemfa.check.places import written_place
from cemfa.definition.load import Places
from cemfa.errors import CemfaError, Place, Problem
from cemfa.system.containment import overfull_problems
from cemfa.system.limits import settle
from cemfa.system.numbers import block_values, inflows, outflows

if TYPE_CHECKING:
    from cemfa.system.layout import System

Array = NDArray[np.float64]

TOLERANCE: Final = 1e-9  # relative, and in t/year: what the balance itself leaves open


def central_flows(system: System, places: Places) -> Iterator[Problem]:
    """Yield goods that would hold more of a layer than of what contains it, or a layer they cannot carry.

    With central values and without capacities; gases are exempt from the first. A layer for which no flow out
    of a process states anything must not enter it.
    """
    central = system.sampler.central()[:, None]
    reported: set[tuple[str, str, str]] = set()
    for t, year in enumerate(system.years):
        try:
            settled = settle(system, block_values(system, central, None, t))
        except CemfaError as error:
            yield from (replace(p, place=written_place(p.place, system.model, places)) for p in error.problems)
            return
        flows = settled.flows[:, :, 0]
        yield from _unstated(system, places, flows, year, reported)
        for problem in [*overfull_problems(system, settled.flows, year), *_uncarried(system, flows, year)]:
            key = (problem.code, str(problem.parameters["good"]), str(problem.parameters["layer"]))
            if key not in reported:  # one flow of a good stands for all
                reported.add(key)
                name = problem.place.path.split(".")[1]
                yield replace(problem, place=places.of("flows", name, key=True))


def _unstated(
    system: System, places: Places, flows: Array, year: int, reported: set[tuple[str, str, str]]
) -> Iterator[Problem]:
    """Yield layers that enter a process and that nothing which leaves it states."""
    enters, leaves = inflows(system).add(flows), outflows(system).add(flows)
    stays = np.array([not system.decides[p] for p in range(len(system.process_ids))])
    stays[[stock.process for stock in system.stocks]] = True
    for process, layer in np.argwhere(~stays[:, None] & (enters > TOLERANCE) & (leaves == 0)).tolist():
        name = str(system.process_coords["process_name"][process])
        key = ("share-sum-below", name, system.layers[layer])
        if key not in reported:
            reported.add(key)
            shown = {"process": system.process_ids[process], "layer": system.layers[layer], "year": year}
            yield Problem(key[0], places.of("processes", name, key=True), {**shown, "sum": 0.0, "shares": []})


def _uncarried(system: System, flows: Array, year: int) -> Iterator[Problem]:
    """Yield flows that hold a layer which their good cannot carry."""
    for flow, good in enumerate(system.flow_coords["good"].tolist()):
        for layer in system.model.goods[good].cannot_carry:
            mass = float(flows[flow, system.layers.index(layer)])
            if mass > TOLERANCE:
                place = Place(path=f"flows.{system.flow_coords['flow_name'][flow]}")
                shown = {"flow": system.flow_ids[flow], "good": good, "layer": layer, "mass": mass, "year": year}
                yield Problem("cannot-carry", place, shown)
