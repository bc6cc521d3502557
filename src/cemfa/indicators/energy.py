"""Energy: electricity that plants use and give, and the heat held by what arises. One family of `indicators`.

Small, since power is not what decides here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from cemfa.indicators.following import RECYCLING
from cemfa.indicators.registry import Indicator, require
from cemfa.indicators.sums import added
from cemfa.indicators.view import Array, Mask, View

_PLANTS: Final = (*RECYCLING, "energy", "incineration", "material", "landfill")
_LOST: Final = ("open_burning", "dumping", "burial")


def electricity(view: View, quantity: str, treatments: tuple[str, ...] = _PLANTS) -> Array:
    """Return electricity used or given by plants, from their intake and a technology row, (S, T) [MJ/yr].

    Parameters
    ----------
    quantity : `electricity_use` or `electricity_yield`; a technology without that row uses or gives none
    """
    chosen = np.flatnonzero(np.isin(view.flows["treatment"], treatments))
    per_tonne, _ = view.along_flows(quantity, chosen, default=0.0)
    return added(view.mass(chosen) * per_tonne)


def from_by_products(view: View) -> Array:
    """Return electricity made from waste and by-products, (S, T) [MJ/yr]."""
    return electricity(view, "electricity_yield")


def installed_capacity(energy: npt.ArrayLike, factor: npt.ArrayLike, days: npt.ArrayLike = 365.0) -> Array:
    """Return the electrical capacity that gives an energy in a year: ``energy / (days · 86 400 s · factor)``.

    Source: definition of the capacity factor, IRENA 2023, Renewable Power Generation Costs, annex I.

    Parameters
    ----------
    energy : (...), electricity given in the year [MJ/yr]
    factor : capacity factor: energy given over energy at full load all year [-], positive
    days : of the year [d]

    Returns
    -------
    (...) [MW]

    Examples
    --------
    >>> float(installed_capacity(31_536_000.0, 0.5))
    2.0
    """
    given, load = np.asarray(energy, dtype=np.float64), np.asarray(factor, dtype=np.float64)
    return np.asarray(given / (np.asarray(days, dtype=np.float64) * 86_400.0 * load), dtype=np.float64)


def renewable_capacity(view: View) -> Array:
    """Return the electrical capacity that the power made from waste and by-products needs, (S, T) [MW].

    The biogenic part only: intake by good × electricity yield × (1 − fossil share of its carbon), through
    `installed_capacity` with the technology's `capacity_factor`.

    Raises
    ------
    ResultsError
        `indicator-needs`, where a technology gives power and has no `capacity_factor`.
    """
    chosen = np.flatnonzero(np.isin(view.flows["treatment"], _PLANTS))
    per_tonne, _ = view.along_flows("electricity_yield", chosen, default=0.0)
    gives = (per_tonne > 0).any(axis=(0, 1))
    chosen, per_tonne = chosen[gives], per_tonne[..., gives]
    factor, absent = view.along_processes("capacity_factor", view.target[chosen])
    require("renewable_capacity", absent)
    fossil, _ = view.along_flows("fossil_share_of_carbon", chosen, default=0.0)
    given = view.mass(chosen) * per_tonne * (1.0 - fossil)
    return added(installed_capacity(given, factor, view.days[None, :, None]))


def heat(dry_matter: npt.ArrayLike, heating_value: npt.ArrayLike) -> Array:
    """Return the energy that several masses hold together: ``Σ dry matter · lower heating value of dry matter``.

    The heat that complete burning of the dry matter gives, with the water formed by burning as vapour. The water
    that the good carries is no part of it: drying or evaporating it takes heat (about 2.4 MJ/kg), so a wet good
    yields less in a boiler, and a very wet one nothing. Source: van Loo & Koppejan 2008, Handbook of Biomass
    Combustion and Co-firing, ch. 2.

    Parameters
    ----------
    dry_matter : (..., n) [t/yr]
    heating_value : (..., n), lower heating values per dry matter [MJ/t]

    Returns
    -------
    (...) [MJ/yr]

    Examples
    --------
    >>> float(heat([100.0, 10.0], [16800.0, 19000.0]))  # 100 t of straw and 10 t of shell, dry
    1870000.0
    """
    return added(np.asarray(dry_matter) * np.asarray(heating_value))


def content(view: View) -> Array:
    """Return the energy content of what arises: waste and by-products from outside with an origin, (S, T) [MJ/yr].

    Raises
    ------
    ResultsError
        `indicator-needs`, where a good that arises has no `heating_value`.
    """
    return _heat_of(view, "energy_content", (view.source < 0) & (view.flows["origin"] != ""))


def unused(view: View) -> Array:
    """Return the energy content of what is burnt in the open, buried or dumped, (S, T) [MJ/yr].

    By the good in its state there: ash that is dumped after burning holds none. What is landfilled is not part.

    Raises
    ------
    ResultsError
        `indicator-needs`, where a good that ends so has no `heating_value`.
    """
    return _heat_of(view, "energy_content_unused", np.isin(view.flows["treatment"], _LOST))


def _heat_of(view: View, indicator: str, flows: Mask) -> Array:
    chosen = np.flatnonzero(flows)
    heating_value, absent = view.along_flows("heating_value", chosen)
    require(indicator, absent)
    return heat(view.mass(chosen, "dry_matter"), heating_value)


def _held(name: str, compute: Callable[[View], Array]) -> Indicator:
    source = "van Loo & Koppejan 2008, Handbook of Biomass Combustion and Co-firing, ch. 2"
    return Indicator(name, "MJ/year", source, compute, layers=("dry_matter",), parameters=("heating_value",))


INDICATORS: Final[tuple[Indicator, ...]] = (
    Indicator("energy_from_byproducts", "MJ/year", "cemfa: intake of plants × electricity yield", from_by_products),
    Indicator(
        "renewable_capacity", "MW", "IRENA 2023, Renewable Power Generation Costs, annex I", renewable_capacity,
        parameters=("capacity_factor",),
    ),
    _held("energy_content", content),
    _held("energy_content_unused", unused),
)  # fmt: skip
