"""Greenhouse gases: direct, avoided and biogenic apart, from the carbon and nitrogen that really leave.

One family of `indicators`. Methane and nitrous oxide of a treatment are shares of that plant's own carbon and
nitrogen losses, so they can never exceed what went in. Landfill methane is counted as *committed*: what a
tonne buried now will emit over a hundred years, which is what a decision taken now can change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from cemfa.indicators.energy import electricity
from cemfa.indicators.following import BIOLOGICAL, over
from cemfa.indicators.nutrients import returned
from cemfa.indicators.registry import Indicator, require
from cemfa.indicators.transport import transport_co2e
from cemfa.indicators.view import Array, Positions, View

CH4_PER_C: Final = 16.0 / 12.0
"""Mass of methane per mass of its carbon."""
CO2_PER_C: Final = 44.0 / 12.0
"""Mass of carbon dioxide per mass of its carbon."""
N2O_PER_N: Final = 44.0 / 28.0
"""Mass of nitrous oxide per mass of its nitrogen."""
COMMITTED_YEARS: Final = 100
"""Years over which buried carbon is followed."""


@dataclass(frozen=True, slots=True)
class Gwp:
    """Warming potentials over 100 years [tCO2e/t] of one IPCC assessment report, biogenic methane."""

    edition: str
    ch4: float
    n2o: float

    def co2e(self, ch4: npt.ArrayLike, n2o: npt.ArrayLike = 0.0) -> Array:
        """Return masses of methane and nitrous oxide as CO2-equivalent.

        Examples
        --------
        >>> round(float(GWP["AR5"].co2e(4.0, 0.24)), 2)
        175.6
        """
        return np.asarray(np.asarray(ch4) * self.ch4 + np.asarray(n2o) * self.n2o, dtype=np.float64)


GWP: Final = {
    "AR4": Gwp("AR4", 25.0, 298.0),  # IPCC 2007, table 2.14
    "AR5": Gwp("AR5", 28.0, 265.0),  # IPCC 2013, table 8.A.1, without feedbacks; Viet Nam's reports use it
    "AR6": Gwp("AR6", 27.0, 273.0),  # IPCC 2021, table 7.15, non-fossil methane
}
EDITION: Final = "AR5"
"""Edition used where none is named."""


def committed_share(rate: npt.ArrayLike, years: float = COMMITTED_YEARS) -> Array:
    """Return the share of degradable carbon that decays within some years: ``1 − exp(−rate · years)``.

    Valid for first-order decay; decay starts in the year after deposit (IPCC 2006, vol. 5 ch. 3, eq. 3.5).

    Parameters
    ----------
    rate : (...), decay rate [1/yr]
    years : horizon [yr]

    Examples
    --------
    >>> round(float(committed_share(0.4, 1)), 6)
    0.32968
    """
    return np.asarray(-np.expm1(-np.asarray(rate, dtype=np.float64) * years), dtype=np.float64)


def landfill_methane(
    decayed: npt.ArrayLike, correction: npt.ArrayLike, fraction: npt.ArrayLike, capture: npt.ArrayLike = 0.0,
    oxidation: npt.ArrayLike = 0.0,
) -> Array:  # fmt: skip
    """Return methane emitted when degradable carbon has decayed in a landfill.

    ``decayed · correction · fraction · 16/12 · (1 − capture) · (1 − oxidation)`` (IPCC 2006, vol. 5 ch. 3,
    eqs. 3.1 and 3.6). With factors in 0 … 1 its carbon never exceeds the carbon that decayed.

    Parameters
    ----------
    decayed : (...), carbon decayed [t]
    correction : methane correction factor of the site [-]
    fraction : volume share of methane in the gas [-]
    capture, oxidation : shares recovered, and oxidised in the cover [-]

    Returns
    -------
    (...) [t CH4]

    Examples
    --------
    >>> round(float(landfill_methane(60.0, 0.8, 0.5)), 6)
    32.0
    """
    parts = (np.asarray(part, dtype=np.float64) for part in (decayed, correction, fraction))
    carbon, sites, share = parts
    kept = (1.0 - np.asarray(capture, dtype=np.float64)) * (1.0 - np.asarray(oxidation, dtype=np.float64))
    return np.asarray(carbon * sites * share * kept * CH4_PER_C, dtype=np.float64)


def gas_of_mass(mass: npt.ArrayLike, grams_per_kilogram: npt.ArrayLike, share: npt.ArrayLike = 1.0) -> Array:
    """Return a gas emitted per mass treated or burnt, the tier-1 form of the IPCC: a check beside our balance.

    Parameters
    ----------
    mass : (...), treated (wet) or exposed to fire (dry) [t]
    grams_per_kilogram : emission factor [g/kg = kg/t]
    share : of the mass that takes part, such as the combustion factor [-]

    Returns
    -------
    (...) [t]

    Examples
    --------
    >>> float(gas_of_mass(1000.0, 4.0))
    4.0
    """
    return np.asarray(np.asarray(mass) * np.asarray(grams_per_kilogram) * np.asarray(share) * 1e-3, dtype=np.float64)


def treatment_gases(view: View) -> tuple[Array, Array]:
    """Return methane and nitrous oxide of biological treatments, (S, T) each [t/yr].

    From each plant's own losses: ``C lost to air · share as CH4-C · 16/12``, ``N lost to air · share as
    N2O-N · 44/28``. Biogas led to an engine is no loss; what leaks is.
    """
    chosen = _losses(view, BIOLOGICAL)
    carbon, no_carbon = _loss_share(view, "ch4_share_of_carbon_loss", chosen)
    nitrogen, no_nitrogen = _loss_share(view, "n2o_share_of_nitrogen_loss", chosen)
    require("ghg_direct", [*no_carbon, *no_nitrogen])
    return (
        np.asarray((view.mass(chosen, "carbon") * carbon).sum(axis=-1) * CH4_PER_C),
        np.asarray((view.mass(chosen, "nitrogen") * nitrogen).sum(axis=-1) * N2O_PER_N),
    )


def plant_gases(view: View) -> tuple[Array, Array]:
    """Return methane and nitrous oxide of engines, incinerators and kilns, (S, T) each [t/yr]; none without a row."""
    chosen = _losses(view, ("energy", "incineration", "material"))
    carbon, _ = _loss_share(view, "ch4_share_of_carbon_loss", chosen, default=0.0)
    nitrogen, _ = _loss_share(view, "n2o_share_of_nitrogen_loss", chosen, default=0.0)
    return (
        np.asarray((view.mass(chosen, "carbon") * carbon).sum(axis=-1) * CH4_PER_C),
        np.asarray((view.mass(chosen, "nitrogen") * nitrogen).sum(axis=-1) * N2O_PER_N),
    )


def open_burning_gases(view: View) -> tuple[Array, Array]:
    """Return methane and nitrous oxide of open burning, (S, T) each [t/yr], as shares of the C and N burnt."""
    chosen = np.flatnonzero(view.flows["treatment"] == "open_burning")
    carbon, no_carbon = view.along_flows("open_burning_ch4_share_of_carbon", chosen)
    nitrogen, no_nitrogen = view.along_flows("open_burning_n2o_share_of_nitrogen", chosen)
    require("ghg_direct", [*no_carbon, *no_nitrogen])
    return (
        np.asarray((view.mass(chosen, "carbon") * carbon).sum(axis=-1) * CH4_PER_C),
        np.asarray((view.mass(chosen, "nitrogen") * nitrogen).sum(axis=-1) * N2O_PER_N),
    )


def landfill_committed(view: View) -> Array:
    """Return methane that this year's deposits will emit over a hundred years, (S, T) [t].

    Open dumps and pits count too where their technology has a methane correction factor of its own. Where flows
    lead gas of a landfill to a flare or engine, the deposit is taken to lose the same share of its gas to them as
    the landfill does in the year.
    """
    chosen = _buried(view)
    names = ("degradable_share", "decay_rate", "methane_correction_factor", "methane_fraction")
    found = {name: view.along_flows(name, chosen) for name in names}
    require("ghg_direct", [name for _, absent in found.values() for name in absent])
    degradable, decay, correction, fraction = (found[name][0] for name in names)
    stated, _ = view.along_flows("methane_capture", chosen, default=0.0)
    capture = 1.0 - (1.0 - stated) * (1.0 - gas_led_away(view, chosen))
    oxidation, _ = view.along_flows("methane_oxidation", chosen, default=0.0)
    decayed = view.mass(chosen, "carbon") * degradable * committed_share(decay)
    return np.asarray(landfill_methane(decayed, correction, fraction, capture, oxidation).sum(axis=-1))


def landfill_emitted(view: View) -> Array:
    """Return methane that landfills emit in the year from all that was ever buried, (S, T) [t/yr].

    Needs landfills whose stock decays in the balance (with their history); their gas holds the carbon decayed.
    """
    chosen = _losses(view, ("landfill",))
    require("ghg_landfill_emitted", [] if chosen.size else ["stock.decay"])
    places = view.source[chosen]
    correction, no_correction = view.along_processes("methane_correction_factor", places)
    fraction, no_fraction = view.along_processes("methane_fraction", places)
    require("ghg_landfill_emitted", [*no_correction, *no_fraction])
    capture, _ = view.along_processes("methane_capture", places, default=0.0)
    oxidation, _ = view.along_processes("methane_oxidation", places, default=0.0)
    gas = landfill_methane(view.mass(chosen, "carbon"), correction, fraction, capture, oxidation)
    return np.asarray(gas.sum(axis=-1))


def gas_led_away(view: View, deposits: Positions) -> Array:
    """Return the share of its gas that flows lead from the landfill each deposit enters to a plant, (S, T, n).

    Carbon of gas flows into other processes over carbon of all its gas; 0 where it gives none.
    """
    gas = (view.flows["status"] == "gas") & (view.at_source("treatment") == "landfill")
    air = np.zeros(len(gas), dtype=np.bool_)
    air[_losses(view, ("landfill",))] = True
    found = np.zeros((*view.shape, len(deposits)))
    for place in np.unique(view.target[deposits]):
        own = gas & (view.source == place)
        if (own & ~air).any():
            led = over(view.total(own & ~air, "carbon"), view.total(own, "carbon"))
            found[:, :, view.target[deposits] == place] = led[:, :, None]
    return found


def committed_co2e(view: View, gwp: Gwp = GWP[EDITION]) -> Array:
    """Return what this year's burials will emit over a hundred years, (S, T) [tCO2e]."""
    return gwp.co2e(landfill_committed(view))


def emitted_co2e(view: View, gwp: Gwp = GWP[EDITION]) -> Array:
    """Return what landfills emit in the year from all deposits since they opened, (S, T) [tCO2e/yr]."""
    return gwp.co2e(landfill_emitted(view))


def fossil_co2(view: View) -> Array:
    """Return carbon dioxide from fossil carbon burnt, (S, T) [t/yr]; `fossil_share_of_carbon` by good, else none."""
    chosen = np.flatnonzero(np.isin(view.flows["treatment"], ["incineration", "open_burning", "energy"]))
    share, _ = view.along_flows("fossil_share_of_carbon", chosen, default=0.0)
    return np.asarray((view.mass(chosen, "carbon") * share).sum(axis=-1) * CO2_PER_C)


def direct(view: View, gwp: Gwp = GWP[EDITION]) -> Array:
    """Return emissions of treatment, burning, burial, power used and hauling, (S, T) [tCO2e/yr].

    Burial as committed. Hauling counts where flows state their `transport` (collection is in none).
    """
    gases = [treatment_gases(view), plant_gases(view), open_burning_gases(view)]
    ch4 = np.add.reduce([landfill_committed(view), *(gas[0] for gas in gases)])
    n2o = np.add.reduce([gas[1] for gas in gases])
    power = electricity(view, "electricity_use")
    return gwp.co2e(ch4, n2o) + fossil_co2(view) + power * _grid(view, "ghg_direct", power) + transport_co2e(view)


def avoided(view: View) -> Array:
    """Return emissions that others no longer cause: mineral fertiliser and grid power replaced, (S, T) [tCO2e/yr].

    ``Σ nutrient to soil · share replaced · emission factor + power given · grid factor``; only nutrients with
    both rows count.
    """
    power = electricity(view, "electricity_yield")
    saved = power * _grid(view, "ghg_avoided", power)
    for layer in ("nitrogen", "phosphorus", "potassium"):
        factor = view.parameter("fertiliser_emission_factor", {"layer": layer})
        replaced = view.parameter("fertiliser_replacement", {"layer": layer})
        if layer in view.layers and factor is not None and replaced is not None:
            saved = saved + returned(layer, view) * factor * replaced
    return saved


def net(view: View, gwp: Gwp = GWP[EDITION]) -> Array:
    """Return direct less avoided emissions, (S, T) [tCO2e/yr]; biogenic carbon dioxide is outside of it."""
    return direct(view, gwp) - avoided(view)


def biogenic(view: View) -> Array:
    """Return carbon dioxide of biogenic carbon that leaves to the air as gas or by fire, (S, T) [tCO2/yr]."""
    gas = np.flatnonzero((view.flows["status"] == "gas") & view.sinks()[view.target])
    fire = np.flatnonzero(
        np.isin(view.flows["treatment"], ["open_burning", "incineration", "energy"]) & view.sinks()[view.target]
    )
    burnt = np.setdiff1d(fire, gas)
    carbon = view.total(gas, "carbon") + view.total(burnt, "carbon")
    methane = np.add.reduce([gases(view)[0] for gases in (treatment_gases, plant_gases, open_burning_gases)])
    if _losses(view, ("landfill",)).size:
        methane = methane + landfill_emitted(view)
    return np.asarray(np.maximum((carbon - methane / CH4_PER_C) * CO2_PER_C - fossil_co2(view), 0.0))


def _losses(view: View, treatments: tuple[str, ...]) -> Positions:
    """Return the gas flows by which some treatments lose matter to the air, positions of flows."""
    to_air = (view.flows["treatment"] == "") & ((view.target < 0) | view.sinks()[view.target])
    gas = view.flows["status"] == "gas"
    return np.flatnonzero(gas & to_air & np.isin(view.at_source("treatment"), treatments))


def _loss_share(view: View, parameter: str, losses: Positions, default: float | None = None) -> tuple[Array, list[str]]:
    return view.along_processes(parameter, view.source[losses], default)


def _buried(view: View) -> Positions:
    landfill = view.flows["treatment"] == "landfill"
    rows = view.cells.coords["parameter"] == "methane_correction_factor"
    own = {str(name) for name in view.cells.coords["technology"][rows]} if rows.any() else set()
    pit = np.isin(view.flows["treatment"], ["dumping", "burial"]) & np.isin(
        view.at_target("technology"), sorted(own - {""})
    )
    return np.flatnonzero(landfill | pit)


def _grid(view: View, indicator: str, power: Array) -> Array:
    factor = view.parameter("grid_emission_factor")
    if factor is None:
        require(indicator, ["grid_emission_factor"] if np.any(power > 0) else [])
        return np.zeros_like(power)
    return factor


_IPCC: Final = "IPCC 2006 Guidelines, vol. 5, ch. 3–5, as shares of the plant's own losses; GWP100 of "
_OWN: Final = "cemfa: replaced mineral fertiliser and grid power"


def _needs(name: str, source: str, compute: Callable[[View], Array], layers: tuple[str, ...]) -> Indicator:
    return Indicator(name, "tCO2e/year", source, compute, layers=layers)


INDICATORS: Final[tuple[Indicator, ...]] = (
    _needs("ghg_direct", _IPCC + EDITION, direct, ("carbon", "nitrogen")),
    _needs("ghg_avoided", _OWN, avoided, ()),
    _needs("ghg_net", _IPCC + EDITION, net, ("carbon", "nitrogen")),
    _needs("ghg_biogenic", "cemfa: carbon balance", biogenic, ("carbon", "nitrogen")),
    _needs("ghg_landfill_committed", _IPCC + EDITION, committed_co2e, ("carbon",)),
    _needs("ghg_landfill_emitted", _IPCC + EDITION, emitted_co2e, ("carbon",)),
)
