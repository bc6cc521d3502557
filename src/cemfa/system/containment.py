"""Whether a layer fits into the layer that contains it: no more carbon than dry matter in anything but gas.

After `limits`, beside `balance`: an error in central values, a count per good in samples.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cemfa.errors import Place, Problem
from cemfa.system.layout import Array, System
from cemfa.system.rows import compiled

ROUNDING: Final = 1e-9


def overfull(system: System, flow: Array) -> dict[str, NDArray[Any]]:
    """Return per contained layer where it exceeds its container, flags (F, S).

    Gases are exempt: what leaves the modelled layers has no container.

    Parameters
    ----------
    flow : shape (F, L, S) [t/year]
    """
    solid, found = _solid(system), {}
    for inner, outer in system.model.layers.contained.items():
        place = system.layers.index(inner), system.layers.index(outer)
        if kernel := compiled():
            found[inner] = np.zeros((len(flow), flow.shape[2]), dtype=bool)
            kernel.overfull(*place, 1 + ROUNDING, ROUNDING, solid, flow, found[inner])
            continue
        held, holder = (flow[:, layer] for layer in place)
        found[inner] = (held > holder * (1 + ROUNDING) + ROUNDING) & solid[:, None]
    return found


@lru_cache(maxsize=8)
def _solid(system: System) -> NDArray[np.bool_]:
    """Return which flows (F,) are no gases."""
    goods = system.model.goods
    solid = [good not in goods or goods[good].status != "gas" for good in system.flow_coords["good"].tolist()]
    return np.array(solid, dtype=bool)


def overfull_problems(system: System, flow: Array, year: int) -> list[Problem]:
    """Return a problem for every flow (F, L, S) of central values that holds more of a layer than its container."""
    found = []
    for inner, wrong in overfull(system, flow).items():
        outer = system.model.layers.contained[inner]
        for number in np.flatnonzero(np.logical_or.reduce(wrong, axis=1)).tolist():
            sample = int(np.argmax(wrong[number]))
            shown = {
                "good": str(system.flow_coords["good"][number]), "flow": system.flow_ids[number], "year": year,
                "layer": inner, "inner": float(flow[number, system.layers.index(inner), sample]),
                "container": outer, "outer": float(flow[number, system.layers.index(outer), sample]),
            }  # fmt: skip
            place = Place(path=f"flows.{system.flow_coords['flow_name'][number]}")
            found.append(Problem("contained-exceeds", place, shown))
    return found


def by_good(system: System, wrong: NDArray[Any]) -> dict[str, int]:
    """Return per good the number of samples in which some flow of it is flagged, from flags (F, S)."""
    goods = system.flow_coords["good"]
    found = {}
    for good in np.unique(goods[np.logical_or.reduce(wrong, axis=1)]).tolist():
        found[good] = int(np.count_nonzero(np.logical_or.reduce(wrong[goods == good], axis=0)))
    return found
