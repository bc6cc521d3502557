"""Greenhouse gases of waste, fields and fires: the formulas of the IPCC Guidelines as functions of arrays.

First step of `climate`, and of use alone: nothing here knows a model. Masses in tonnes give gases in tonnes.
Volumes and equations are those of the 2006 IPCC Guidelines for National Greenhouse Gas Inventories with their
2019 Refinement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from cemfa.indicators.sums import added
from cemfa.indicators.view import Array

CH4_PER_C: Final = 16.0 / 12.0
"""Mass of methane per mass of its carbon."""
CO2_PER_C: Final = 44.0 / 12.0
"""Mass of carbon dioxide per mass of its carbon."""
N2O_PER_N: Final = 44.0 / 28.0
"""Mass of nitrous oxide per mass of its nitrogen."""
COD_PER_C: Final = 32.0 / 12.0
"""Chemical oxygen demand per mass of carbon in carbohydrates."""
METHANE_PER_COD: Final = 0.25
"""Most methane that a chemical oxygen demand can give [t/t], IPCC 2006, vol. 5 ch. 6, table 6.2."""
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


@dataclass(frozen=True, slots=True)
class Decay:
    """A landfill followed through the years, (..., T) each.

    Parameters
    ----------
    deposited : degradable carbon that decays without air, deposited in the year [t]
    stored : of it, what lies in the landfill at the end of the year [t]
    decayed : carbon decayed in the year [t]
    generated : methane made in the year [t]
    emitted : methane that escapes in the year, after recovery and oxidation [t]
    """

    deposited: Array
    stored: Array
    decayed: Array
    generated: Array
    emitted: Array


def first_order_decay(
    mass: npt.ArrayLike, carbon: npt.ArrayLike, dissimilable: npt.ArrayLike, correction: npt.ArrayLike,
    rate: npt.ArrayLike, fraction: npt.ArrayLike = 0.5, oxidation: npt.ArrayLike = 0.0,
    recovered: npt.ArrayLike = 0.0, start_month: float = 13.0,
) -> Decay:  # fmt: skip
    """Return carbon and methane of a landfill year by year from what was buried each year.

    ``DDOCm = W · DOC · DOCf · MCF``; ``DDOCma_T = DDOCma_(T−1) · e^(−k) + DDOCm_T · e^(−k(13−M)/12)``;
    what is lost of both decays; ``CH4 generated = decayed · F · 16/12``;
    ``CH4 emitted = (generated − R) · (1 − OX)``, never below zero (IPCC 2006, vol. 5 ch. 3, eqs. 3.1–3.6 and
    annex 3A.1). With the default start in month 13 a deposit begins to decay in the year after.

    Parameters
    ----------
    mass : (..., T), buried, wet [t/yr]
    carbon : DOC, degradable carbon per wet mass [-]
    dissimilable : DOCf, share of it that decays [-]
    correction : MCF, of the site [-]
    rate : k, decay rate [1/yr]
    fraction : F, volume share of methane in the gas [-]
    oxidation : OX, share oxidised in the cover [-]
    recovered : R, (..., T) or one number [t/yr]
    start_month : M, month counted from January of the deposit in which decay starts, 1 … 13

    Returns
    -------
    Decay

    Examples
    --------
    >>> pulse = first_order_decay([1000.0, 0.0, 0.0], 0.15, 0.5, 0.8, 0.4)  # food waste, wet tropics
    >>> pulse.emitted.round(6).tolist()
    [0.0, 13.187198, 8.839643]
    """
    one = [np.asarray(part, dtype=np.float64)[..., None] for part in (carbon, dissimilable, correction)]
    deposited = np.asarray(mass, dtype=np.float64) * one[0] * one[1] * one[2]
    kept = np.exp(-np.asarray(rate, dtype=np.float64))
    first = np.exp(-np.asarray(rate, dtype=np.float64) * (13.0 - start_month) / 12.0)
    deposited = np.broadcast_to(deposited, np.broadcast_shapes(deposited.shape, (*kept.shape, 1))).copy()
    stored, decayed = np.zeros_like(deposited), np.zeros_like(deposited)
    lying = np.zeros(deposited.shape[:-1])
    for year in range(deposited.shape[-1]):
        fresh = deposited[..., year] * first
        decayed[..., year] = lying * (1.0 - kept) + deposited[..., year] - fresh
        lying = lying * kept + fresh
        stored[..., year] = lying
    share, cover = (np.asarray(part, dtype=np.float64)[..., None] for part in (fraction, oxidation))
    generated = np.asarray(decayed * share * CH4_PER_C)
    escaping = np.maximum(generated - np.asarray(recovered, dtype=np.float64), 0.0) * (1.0 - cover)
    return Decay(deposited, stored, decayed, generated, np.asarray(escaping))


def fossil_carbon_dioxide(
    mass: npt.ArrayLike, dry: npt.ArrayLike, carbon: npt.ArrayLike, fossil: npt.ArrayLike,
    oxidised: npt.ArrayLike = 1.0,
) -> Array:  # fmt: skip
    """Return carbon dioxide of fossil carbon when wastes are burnt in a plant or in the open, fractions added up.

    ``Σ SW · dm · CF · FCF · OF · 44/12`` (IPCC 2006, vol. 5 ch. 5, eqs. 5.1 and 5.2).

    Parameters
    ----------
    mass : (..., n), burnt by fraction, wet [t]
    dry : (n,), dry matter per wet mass [-]
    carbon : (n,), carbon per dry matter [-]
    fossil : (n,), fossil share of the carbon [-]
    oxidised : oxidation factor: 1 in a plant, about 0.58 (2006) or 0.71 (2019) in the open [-]

    Returns
    -------
    (...) [t CO2]

    Examples
    --------
    >>> float(fossil_carbon_dioxide([100.0, 900.0], [1.0, 0.4], [0.75, 0.38], [1.0, 0.0]))  # plastics, food
    275.0
    """
    parts = (np.asarray(part, dtype=np.float64) for part in (mass, dry, carbon, fossil, oxidised))
    wet, solid, share, old, burnt = parts
    return np.asarray(added(wet * solid * share * old * burnt) * CO2_PER_C, dtype=np.float64)


def wastewater_methane(
    load: npt.ArrayLike, correction: npt.ArrayLike, capacity: npt.ArrayLike = 0.25, sludge: npt.ArrayLike = 0.0,
    recovered: npt.ArrayLike = 0.0,
) -> Array:  # fmt: skip
    """Return methane of waste water treated or discharged: ``(TOW − S) · B0 · MCF − R``, never below zero.

    IPCC 2006, vol. 5 ch. 6, eqs. 6.4 and 6.5; MCF of table 6.8 (2019: 0.11 for rivers, 0.19 for lakes).

    Parameters
    ----------
    load : (...), organics in the water as chemical oxygen demand [t COD]
    correction : MCF of the treatment or the water discharged into [-]
    capacity : B0, most methane that the load can give [t CH4/t COD]
    sludge : organics removed with sludge [t COD]
    recovered : methane burnt or used [t]

    Returns
    -------
    (...) [t CH4]

    Examples
    --------
    >>> round(float(wastewater_methane(1000.0, 0.11)), 6)
    27.5
    """
    parts = (np.asarray(part, dtype=np.float64) for part in (load, sludge, capacity, correction, recovered))
    organics, removed, most, site, burnt = parts
    return np.asarray(np.maximum((organics - removed) * most * site - burnt, 0.0), dtype=np.float64)


def organic_scaling(applied: npt.ArrayLike, conversion: npt.ArrayLike) -> Array:
    """Return by how much organic matter ploughed in raises the methane of a rice field, amendments added up.

    ``SFo = (1 + Σ ROA · CFOA)^0.59`` (IPCC 2019, vol. 4 ch. 5, eq. 5.3). CFOA of table 5.14: straw less than
    30 days before the crop 1.00, longer 0.19 (2006: 0.29), compost 0.17 (2006: 0.05), manure 0.21 (2006: 0.14).

    Parameters
    ----------
    applied : (..., n), ROA of each amendment, dry for straw, fresh for others [t/ha]
    conversion : (n,), CFOA [-]

    Returns
    -------
    (...) [-], one where nothing is applied

    Examples
    --------
    >>> round(float(organic_scaling([5.0], [1.0])), 4)
    2.8781
    """
    total = added(np.asarray(applied, dtype=np.float64) * np.asarray(conversion, dtype=np.float64))
    return np.asarray((1.0 + total) ** 0.59, dtype=np.float64)


def rice_methane(
    area: npt.ArrayLike, days: npt.ArrayLike, daily: npt.ArrayLike, water: npt.ArrayLike = 1.0,
    before: npt.ArrayLike = 1.0, organic: npt.ArrayLike = 1.0,
) -> Array:  # fmt: skip
    """Return methane of flooded rice over one crop: ``A · t · EFc · SFw · SFp · SFo``.

    IPCC 2006 and 2019, vol. 4 ch. 5, eqs. 5.1 and 5.2. What ploughing in straw adds is the difference between
    `organic` with the straw and with one.

    Parameters
    ----------
    area : (...), harvested [ha]
    days : length of the crop [d]
    daily : EFc, emission of a field always flooded and without organic matter [kg CH4/(ha d)]
    water, before : SFw and SFp, scaling of the water regime in and before the crop [-]
    organic : SFo, see `organic_scaling` [-]

    Returns
    -------
    (...) [t CH4]

    Examples
    --------
    >>> float(rice_methane(1000.0, 100.0, 1.22, water=0.5))
    61.0
    """
    found = np.asarray(1e-3, dtype=np.float64)
    for part in (area, days, daily, water, before, organic):
        found = found * np.asarray(part, dtype=np.float64)
    return np.asarray(found, dtype=np.float64)


def soil_nitrous_oxide(
    nitrogen: npt.ArrayLike, direct: npt.ArrayLike, gone_to_air: npt.ArrayLike = 0.0,
    from_air: npt.ArrayLike = 0.01, leached: npt.ArrayLike = 0.0, from_leached: npt.ArrayLike = 0.0075,
) -> Array:  # fmt: skip
    """Return nitrous oxide of nitrogen put on soil, direct and indirect.

    ``N · (EF1 + FracGAS · EF4 + FracLEACH · EF5) · 44/28`` (IPCC 2006, vol. 4 ch. 11, eqs. 11.1, 11.9, 11.10).

    Parameters
    ----------
    nitrogen : (...), put on soil [t N]
    direct : EF1 [t N2O-N/t N]
    gone_to_air, leached : shares that leave as ammonia and with water [-]; nothing by default
    from_air, from_leached : EF4 and EF5, their emission factors [t N2O-N/t N]

    Returns
    -------
    (...) [t N2O]

    Examples
    --------
    >>> round(float(soil_nitrous_oxide(100.0, 0.01)), 6)
    1.571429
    """
    parts = (np.asarray(p, dtype=np.float64) for p in (nitrogen, direct, gone_to_air, from_air, leached, from_leached))
    applied, own, air, of_air, water, of_water = parts
    return np.asarray(applied * (own + air * of_air + water * of_water) * N2O_PER_N, dtype=np.float64)


def biochar_storage(mass: npt.ArrayLike, carbon: npt.ArrayLike, permanent: npt.ArrayLike) -> Array:
    """Return carbon dioxide kept out of the air over 100 years by biochar in soil: ``BC · Fc · Fperm · 44/12``.

    IPCC 2019, vol. 4, appendix 4, eq. 4Ap.1. Counted apart: it is storage, no reduction of emissions.

    Parameters
    ----------
    mass : (...), biochar put on soil, dry [t]
    carbon : Fc, organic carbon per dry mass [-]
    permanent : Fperm, share left after 100 years [-]; 0.65 made at 350–450 °C, 0.80 at 450–600, 0.89 above

    Returns
    -------
    (...) [tCO2]

    Examples
    --------
    >>> float(biochar_storage(100.0, 0.75, 0.8))
    220.0
    """
    parts = (np.asarray(part, dtype=np.float64) for part in (mass, carbon, permanent))
    char, share, left = parts
    return np.asarray(char * share * left * CO2_PER_C, dtype=np.float64)


def intensity_contribution(saved: npt.ArrayLike, product: npt.ArrayLike, intensity: npt.ArrayLike) -> Array:
    """Return what emissions saved add to a target for emissions per product: ``saved / (product · intensity)``.

    Source: definition of emission intensity in Decision 687/QĐ-TTg (emissions per GDP against 2014); linear, so
    contributions of several measures add up.

    Parameters
    ----------
    saved : (...), emissions saved in the year [tCO2e/yr]
    product : gross domestic product of the year, at prices of the intensity [VND/yr]
    intensity : emissions per product of the reference year [tCO2e/VND]

    Returns
    -------
    (...), share of the reference intensity [-]

    Examples
    --------
    >>> float(intensity_contribution(35.5, 1e9, 71e-9))
    0.5
    """
    parts = (np.asarray(part, dtype=np.float64) for part in (saved, product, intensity))
    less, made, per = parts
    return np.asarray(less / (made * per), dtype=np.float64)
