"""Emissions that others no longer cause because of what is recycled: grid power, fertiliser, fuel, peat.

Part of the climate family: `climate` takes them off the direct emissions, never the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from cemfa.indicators.energy import electricity
from cemfa.indicators.following import final
from cemfa.indicators.nutrients import returned
from cemfa.indicators.registry import once, require
from cemfa.indicators.sums import added, together
from cemfa.indicators.view import Array, Positions, View


def avoided_grid(view: View) -> Array:
    """Return emissions of grid power replaced by what plants give: ``power · grid factor``, (S, T) [tCO2e/yr]."""
    power = electricity(view, "electricity_yield")
    return np.asarray(power * grid_factor(view, "ghg_avoided", power))


def avoided_fertiliser(view: View) -> Array:
    """Return emissions of making the mineral fertiliser replaced, (S, T) [tCO2e/yr].

    ``Σ nutrient to soil · share replaced · emission factor``; only nutrients with both rows count.
    """
    saved = np.zeros(view.shape)
    for layer in ("nitrogen", "phosphorus", "potassium"):
        factor = view.parameter("fertiliser_emission_factor", {"layer": layer})
        replaced = view.parameter("fertiliser_replacement", {"layer": layer})
        if layer in view.layers and factor is not None and replaced is not None:
            saved = saved + returned(layer, view) * factor * replaced
    return saved


def avoided_fuel(view: View) -> Array:
    """Return emissions of fuels replaced by what is sold or burnt in their place, (S, T) [tCO2e/yr].

    ``Σ dry matter · heating value · share that replaces · fuel_emission_factor`` over goods with a row of
    `fuel_replacement` where they are sold or burnt in plants; their own emissions are direct or biogenic.
    """
    chosen, replaced = _sold_with(view, "fuel_replacement")
    value, absent = view.along_flows("heating_value", chosen)
    factor = view.parameter("fuel_emission_factor")
    lacking = ["fuel_emission_factor"] if factor is None and chosen.size else []
    require("ghg_avoided_fuel", [*absent, *lacking])
    energy = added(view.mass(chosen, "dry_matter") * value * replaced) if chosen.size else np.zeros(view.shape)
    return np.asarray(energy if factor is None else energy * factor)


def avoided_peat(view: View) -> Array:
    """Return emissions of peat replaced by growing media sold, (S, T) [tCO2e/yr].

    ``Σ dry matter sold · peat_emission_factor`` over goods with that row.
    """
    chosen, factor = _sold_with(view, "peat_emission_factor")
    return added(view.mass(chosen, "dry_matter") * factor) if chosen.size else np.zeros(view.shape)


AVOIDED: Final[Mapping[str, Callable[[View], Array]]] = MappingProxyType(
    {
        "ghg_avoided_grid": avoided_grid,
        "ghg_avoided_fertiliser": avoided_fertiliser,
        "ghg_avoided_fuel": avoided_fuel,
        "ghg_avoided_peat": avoided_peat,
    }
)
"""Parts of the avoided emissions by indicator, (S, T) [tCO2e/yr] each; together they are `avoided`."""


@once
def avoided(view: View) -> Array:
    """Return emissions that others no longer cause: grid power, fertiliser, fuel, peat, (S, T) [tCO2e/yr]."""
    return together(part(view) for part in AVOIDED.values())


def grid_factor(view: View, indicator: str, power: Array) -> Array:
    """Return the emission factor of grid power, (S, T) [tCO2e/MJ]; needed only where there is power."""
    factor = view.parameter("grid_emission_factor")
    if factor is None:
        require(indicator, ["grid_emission_factor"] if np.any(power > 0) else [])
        return np.zeros_like(power)
    return factor


def _sold_with(view: View, parameter: str) -> tuple[Positions, Array]:
    """Return the flows of goods with a row of a parameter that are sold or burnt in plants, and its values."""
    if not view.has(parameter) or "dry_matter" not in view.layers:
        return np.empty(0, dtype=np.intp), np.zeros((*view.shape, 0))
    market = np.isin(view.flows["treatment"], ["", "material"]) & final(view)
    chosen = np.flatnonzero((market | (view.flows["treatment"] == "energy")) & (view.source >= 0))
    values, _ = view.along_flows(parameter, chosen, default=0.0)
    named = (values > 0).any(axis=(0, 1))
    return chosen[named], values[..., named]
