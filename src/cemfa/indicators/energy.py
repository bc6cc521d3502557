"""Electricity that plants use and give. One family of `indicators`; small, since power is not what decides here."""

from __future__ import annotations

from typing import Final

import numpy as np

from cemfa.indicators.following import RECYCLING
from cemfa.indicators.registry import Indicator
from cemfa.indicators.view import Array, View

_PLANTS: Final = (*RECYCLING, "energy", "incineration", "material", "landfill")


def electricity(view: View, quantity: str, treatments: tuple[str, ...] = _PLANTS) -> Array:
    """Return electricity used or given by plants, from their intake and a technology row, (S, T) [MJ/yr].

    Parameters
    ----------
    quantity : `electricity_use` or `electricity_yield`; a technology without that row uses or gives none
    """
    chosen = np.flatnonzero(np.isin(view.flows["treatment"], treatments))
    per_tonne, _ = view.along_flows(quantity, chosen, default=0.0)
    return np.asarray((view.mass(chosen) * per_tonne).sum(axis=-1), dtype=np.float64)


def from_by_products(view: View) -> Array:
    """Return electricity made from waste and by-products, (S, T) [MJ/yr]."""
    return electricity(view, "electricity_yield")


INDICATORS: Final[tuple[Indicator, ...]] = (
    Indicator("energy_from_byproducts", "MJ/year", "cemfa: intake of plants × electricity yield", from_by_products),
)
