"""Labels that travel with the numbers: names, goods, places, origins of flows, processes and cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cemfa.definition.expansion import OUTSIDE as OUTSIDE_NAME
from cemfa.definition.schema import RESERVED_INDICES
from cemfa.system.elimination import OUTSIDE
from cemfa.system.parameters import Cell, shown_cell
from cemfa.system.pattern import Pattern

Coordinates = dict[str, NDArray[Any]]
ALWAYS = ("district", "destination", "settlement")
"""Dimensions that every flow shows, "" where the model has none."""


def flow_coords(pattern: Pattern) -> Coordinates:
    """Return what is known of every flow; "" where it has none; `haul` is the distance it is hauled [km]."""
    flows = pattern.elements.flows
    goods = [pattern.model.goods[f.good] for f in flows]
    treatment = [pattern.process(t).treatment or "" if t != OUTSIDE else "" for t in pattern.target.tolist()]
    found: dict[str, Sequence[str]] = {
        "flow_name": [f.name for f in flows],
        "source": [f.source for f in flows],
        "target": [f.target for f in flows],
        "source_name": [_name(pattern, p) for p in pattern.source.tolist()],
        "target_name": [_name(pattern, p) for p in pattern.target.tolist()],
        "good": [f.good for f in flows],
        "origin": _origins(pattern),
        "treatment": treatment,
        "vehicle": [transport.key if (transport := pattern.model.flows[f.name].transport) else "" for f in flows],
    }
    found |= {d: [f.known.get(d, "") for f in flows] for d in _dimensions(pattern)}
    texts: Coordinates = {name: _text(values) for name, values in found.items()}
    return texts | {
        "status": _text([good.status for good in goods]),
        "organic": np.array([good.organic for good in goods], dtype=bool),
        "haul": np.array([pattern.distances.haul(f.name, f.items) or 0.0 for f in flows], dtype=np.float64),
    }


def process_coords(pattern: Pattern) -> Coordinates:
    """Return what is known of every process."""
    processes = pattern.elements.processes
    stated = [pattern.process(p) for p in range(len(processes))]
    found: Coordinates = {
        "process_name": _text([p.name for p in processes]),
        "treatment": _text([s.treatment or "" for s in stated]),
        "technology": _text([s.technology or "" for s in stated]),
        "circular_model": np.array([s.circular_model for s in stated], dtype=bool),
        "sink": np.array([s.sink for s in stated], dtype=bool),
    }
    return found | {d: _text([p.items.get(d, "") for p in processes]) for d in _dimensions(pattern)}


def cell_coords(pattern: Pattern, cells: Sequence[Cell]) -> Coordinates:
    """Return what is known of every parameter cell."""

    def texts(of: Callable[[Cell], str]) -> NDArray[np.str_]:
        return _text([of(cell) for cell in cells])

    found: Coordinates = {
        "cell": texts(lambda c: shown_cell(c.parameter, c.index)),
        "parameter": texts(lambda c: c.parameter),
        "cell_unit": texts(lambda c: c.unit),
        "price_year": np.array([cell.price_year for cell in cells], dtype=np.int64),
    }
    indices: list[Mapping[str, str]] = [dict(cell.index) for cell in cells]
    names = (*_dimensions(pattern), *RESERVED_INDICES)
    return found | {name: _text([i.get(name, "") for i in indices]) for name in names}


def _dimensions(pattern: Pattern) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*ALWAYS, *pattern.model.dimensions)))


def _text(values: Sequence[str]) -> NDArray[np.str_]:
    return np.array(values, dtype=np.str_) if len(values) else np.empty(0, dtype="<U1")


def _name(pattern: Pattern, process: int) -> str:
    return pattern.elements.processes[process].name if process != OUTSIDE else OUTSIDE_NAME


def _origins(pattern: Pattern) -> list[str]:
    """Return the origins of every flow: its own, or those of all that enters the process it leaves."""
    own = [pattern.flow(f).origin for f in range(len(pattern.flow_ids))]
    of_process: list[set[str]] = [set() for _ in pattern.process_ids]
    of_flow = [{origin} if origin else set() for origin in own]
    waiting = list(range(len(own)))
    while waiting:
        flow = waiting.pop()
        source, target = int(pattern.source[flow]), int(pattern.target[flow])
        if own[flow] is None and source != OUTSIDE:
            of_flow[flow] = set(of_process[source])
        if target != OUTSIDE and not of_flow[flow] <= of_process[target]:
            of_process[target] |= of_flow[flow]
            waiting += pattern.leaving[target]
    return ["+".join(sorted(found)) for found in of_flow]
