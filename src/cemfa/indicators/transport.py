"""Work of hauling between places, and what it emits. One family of `indicators`; climate adds it to the direct."""

from __future__ import annotations

from typing import Final

import numpy as np

from cemfa import units
from cemfa.indicators.registry import Indicator, require
from cemfa.indicators.sums import added, together
from cemfa.indicators.view import Array, Positions, View

_KM: Final = units.parse("km").factor


def vehicles(view: View) -> tuple[str, ...]:
    """Return the vehicles (or modes) by which any flow is hauled, sorted."""
    named = view.flows.get("vehicle", np.empty(0, dtype=np.str_))
    return tuple(sorted({str(name) for name in named} - {""}))


def hauled_by(view: View, vehicle: str) -> Positions:
    """Return the flows that a vehicle brings to another place, positions of flows."""
    return np.flatnonzero((view.flows["vehicle"] == vehicle) & (_distance(view) > 0))


def work_of(view: View, vehicle: str) -> Array:
    """Return the work of one vehicle, ``Σ fresh mass · distance``, (S, T) [t*km/yr]; the way back is in its cost."""
    chosen = hauled_by(view, vehicle)
    return added(view.mass(chosen) * _distance(view)[chosen])


def haulage(view: View) -> Array:
    """Return the work of all vehicles, (S, T) [t*km/yr]; of flows whose `transport` is stated."""
    works = (work_of(view, vehicle) for vehicle in vehicles(view))
    return together([np.zeros(view.shape), *works])


def transport_co2e(view: View) -> Array:
    """Return what hauling emits, ``Σ work · haul_emission_factor`` of each vehicle, (S, T) [tCO2e/yr]."""
    total = np.zeros(view.shape)
    lacking = []
    for vehicle in vehicles(view):
        factor = view.parameter("haul_emission_factor", {"technology": vehicle})
        if factor is None:
            lacking.append(f"haul_emission_factor ({vehicle})")
        else:
            total = total + work_of(view, vehicle) * _KM * factor
    require("ghg_transport", lacking)
    return total


def _distance(view: View) -> Array:
    return view.flows["haul"].astype(np.float64)


INDICATORS: Final[tuple[Indicator, ...]] = (
    Indicator("haulage", "t*km/year", "cemfa: fresh mass × distance between places", haulage),
    Indicator("ghg_transport", "tCO2e/year", "cemfa: work of hauling × emission factor of the vehicle", transport_co2e),
)
