"""Greenhouse gases: direct, avoided and biogenic apart, from the carbon and nitrogen that really leave.

One family of `indicators`. Methane and nitrous oxide of a treatment are shares of that plant's own carbon and
nitrogen losses, so they can never exceed what went in. Landfill methane is counted as *committed*: what a
tonne buried now will emit over a hundred years, which is what a decision taken now can change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

import numpy as np

from cemfa.indicators.avoided import AVOIDED, avoided, grid_factor
from cemfa.indicators.circularity import ENERGY, LOST, RECIRCULATED, ending
from cemfa.indicators.energy import electricity
from cemfa.indicators.fates import by_item
from cemfa.indicators.following import BIOLOGICAL, over
from cemfa.indicators.ipcc import (
    CH4_PER_C,
    CO2_PER_C,
    COD_PER_C,
    GWP,
    METHANE_PER_COD,
    N2O_PER_N,
    Gwp,
    biochar_storage,
    committed_share,
    intensity_contribution,
    landfill_methane,
    wastewater_methane,
)
from cemfa.indicators.registry import Indicator, once, require
from cemfa.indicators.sums import added, together
from cemfa.indicators.transport import transport_co2e
from cemfa.indicators.view import Array, Mask, Positions, View

AEROBIC: Final = ("composting", "insects", "vermicompost", "home_composting")
"""Biological treatments with air."""


def treatment_gases(view: View, treatments: tuple[str, ...] = BIOLOGICAL) -> tuple[Array, Array]:
    """Return methane and nitrous oxide of biological treatments, (S, T) each [t/yr].

    From each plant's own losses: ``C lost to air · share as CH4-C · 16/12``, ``N lost to air · share as
    N2O-N · 44/28``. Biogas led to an engine is no loss; what leaks is.
    """
    chosen = _losses(view, treatments)
    carbon, no_carbon = _loss_share(view, "ch4_share_of_carbon_loss", chosen)
    nitrogen, no_nitrogen = _loss_share(view, "n2o_share_of_nitrogen_loss", chosen)
    require("ghg_direct", [*no_carbon, *no_nitrogen])
    return _gases(view, chosen, carbon, nitrogen)


def digestion_gases(view: View) -> tuple[Array, Array]:
    """Return methane and nitrous oxide of digestion, its stoves, engines and flares included, (S, T) each [t/yr]."""
    (leaked, own), (slipped, theirs) = treatment_gases(view, ("digestion",)), _burning_gases(view, on_biogas=True)
    return leaked + slipped, own + theirs


def plant_gases(view: View) -> tuple[Array, Array]:
    """Return methane and nitrous oxide of engines, incinerators and kilns, (S, T) each [t/yr]; none without a row.

    What burns the gas of digesters and nothing else belongs to `digestion_gases`.
    """
    return _burning_gases(view, on_biogas=False)


def _burning_gases(view: View, *, on_biogas: bool) -> tuple[Array, Array]:
    chosen = _losses(view, ("energy", "incineration", "material"))
    chosen = chosen[_burns_biogas(view)[view.source[chosen]] == on_biogas]
    carbon, _ = _loss_share(view, "ch4_share_of_carbon_loss", chosen, default=0.0)
    nitrogen, _ = _loss_share(view, "n2o_share_of_nitrogen_loss", chosen, default=0.0)
    return _gases(view, chosen, carbon, nitrogen)


def _burns_biogas(view: View) -> Mask:
    """Return which processes take in gas of digesters and nothing else, (P,)."""
    biogas = (view.at_source("treatment") == "digestion") & (view.flows["status"] == "gas")
    fed = np.zeros(len(view.processes["treatment"]), dtype=np.bool_)
    fed[view.target[biogas & (view.target >= 0)]] = True
    fed[view.target[~biogas & (view.target >= 0)]] = False
    return fed


def _gases(view: View, losses: Positions, carbon: Array, nitrogen: Array) -> tuple[Array, Array]:
    return (
        np.asarray(added(view.mass(losses, "carbon") * carbon) * CH4_PER_C),
        np.asarray(added(view.mass(losses, "nitrogen") * nitrogen) * N2O_PER_N),
    )


def open_burning_gases(view: View) -> tuple[Array, Array]:
    """Return methane and nitrous oxide of open burning, (S, T) each [t/yr], as shares of the C and N burnt."""
    chosen = np.flatnonzero(view.flows["treatment"] == "open_burning")
    carbon, no_carbon = view.along_flows("open_burning_ch4_share_of_carbon", chosen)
    nitrogen, no_nitrogen = view.along_flows("open_burning_n2o_share_of_nitrogen", chosen)
    require("ghg_direct", [*no_carbon, *no_nitrogen])
    return (
        np.asarray(added(view.mass(chosen, "carbon") * carbon) * CH4_PER_C),
        np.asarray(added(view.mass(chosen, "nitrogen") * nitrogen) * N2O_PER_N),
    )


def effluent_methane(view: View) -> Array:
    """Return methane of organics discharged with waste water, (S, T) [t/yr].

    ``carbon discharged · 32/12 · B0 · MCF`` (IPCC 2006, vol. 5 ch. 6): the oxygen that the carbon of
    carbohydrates takes stands for the chemical oxygen demand. Counts goods with an
    `effluent_methane_correction` where they are dumped; B0 is `effluent_methane_capacity`, 0.25 t/t unless stated.
    """
    chosen = np.flatnonzero(view.flows["treatment"] == "dumping")
    correction, _ = view.along_flows("effluent_methane_correction", chosen, default=0.0)
    stated = view.parameter("effluent_methane_capacity")
    capacity = np.full(view.shape, METHANE_PER_COD) if stated is None else stated
    load = view.mass(chosen, "carbon") * COD_PER_C
    return added(wastewater_methane(load, correction, capacity[..., None]))


def straw_methane(view: View) -> Array:
    """Return methane that straw left in flooded fields adds, (S, T) [t/yr].

    ``dry straw left · methane per dry straw``, for what enters soil out of processes whose technology has a row of
    `straw_methane_per_dry_matter` (the slope of `rice_methane` over what is ploughed in).
    """
    if not view.has("straw_methane_per_dry_matter"):
        return np.zeros(view.shape)
    chosen = np.flatnonzero((view.flows["treatment"] == "soil") & (view.source >= 0))
    per_tonne, _ = view.along_processes("straw_methane_per_dry_matter", view.source[chosen], default=0.0)
    return added(view.mass(chosen, "dry_matter") * per_tonne)


def landfill_committed(view: View) -> Array:
    """Return methane that this year's deposits will emit over a hundred years, (S, T) [t]."""
    return added(_committed(view)[1])


def _committed(view: View) -> tuple[Positions, Array]:
    """Return deposits and the methane each will emit over a hundred years, (S, T, n) [t].

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
    return chosen, landfill_methane(decayed, correction, fraction, capture, oxidation)


def landfill_emitted(view: View) -> Array:
    """Return methane that landfills emit in the year from all that was ever buried, (S, T) [t/yr]."""
    return added(_emitted(view)[1])


def _emitted(view: View) -> tuple[Positions, Array]:
    """Return gas flows of landfills and the methane in each, (S, T, n) [t/yr].

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
    return chosen, landfill_methane(view.mass(chosen, "carbon"), correction, fraction, capture, oxidation)


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


def committed_co2e(view: View) -> Array:
    """Return what this year's burials will emit over a hundred years, (S, T) [tCO2e]."""
    return _gwp(view).co2e(landfill_committed(view))


def emitted_co2e(view: View) -> Array:
    """Return what landfills emit in the year from all deposits since they opened, (S, T) [tCO2e/yr]."""
    return _gwp(view).co2e(landfill_emitted(view))


def landfill_by_good(kind: Callable[[View], tuple[Positions, Array]], indicator: str, view: View) -> Array:
    """Return methane of landfills by the good of the stream that it comes from, (S, T, goods + 1) [tCO2e/yr]."""
    chosen, methane = kind(view)
    return by_item(view, chosen, _gwp(view).co2e(methane), "good", indicator)


def fossil_co2(view: View) -> Array:
    """Return carbon dioxide from fossil carbon burnt, (S, T) [t/yr]; `fossil_share_of_carbon` by good, else none.

    ``carbon burnt · fossil share · share that leaves as gas · 44/12`` (IPCC 2006, vol. 5 ch. 5, eqs. 5.1 and 5.2):
    carbon that a fire leaves in ash or char is not oxidised; a fire without any outlet in the model oxidises all.
    """
    chosen = np.flatnonzero(np.isin(view.flows["treatment"], ["incineration", "open_burning", "energy"]))
    share, _ = view.along_flows("fossil_share_of_carbon", chosen, default=0.0)
    burnt = view.mass(chosen, "carbon") * share * _oxidised(view, chosen)
    return np.asarray(added(burnt) * CO2_PER_C)


def _oxidised(view: View, fires: Positions) -> Array:
    """Return the share of carbon that leaves each fire as gas, (S, T, n): its gas over all that leaves it."""
    found = np.ones((*view.shape, len(fires)))
    for place in np.unique(view.target[fires]):
        out = view.source == place
        if out.any():
            whole = view.total(out, "carbon")
            gone = over(view.total(out & (view.flows["status"] == "gas"), "carbon"), whole)
            found[:, :, view.target[fires] == place] = np.where(whole > 0, gone, 1.0)[..., None]
    return found


def power_co2(view: View) -> Array:
    """Return emissions of the grid power that plants use, (S, T) [tCO2e/yr]."""
    power = electricity(view, "electricity_use")
    return np.asarray(power * grid_factor(view, "ghg_direct", power))


def _of_gases(gases: Callable[[View], tuple[Array, Array]], view: View) -> Array:
    return _gwp(view).co2e(*gases(view))


def _of_methane(methane: Callable[[View], Array], view: View) -> Array:
    return _gwp(view).co2e(methane(view))


DIRECT: Final[Mapping[str, Callable[[View], Array]]] = MappingProxyType(
    {
        "ghg_composting": partial(_of_gases, partial(treatment_gases, treatments=AEROBIC)),
        "ghg_digestion": partial(_of_gases, digestion_gases),
        "ghg_plants": partial(_of_gases, plant_gases),
        "ghg_open_burning": partial(_of_gases, open_burning_gases),
        "ghg_fossil": fossil_co2,
        "ghg_effluent": partial(_of_methane, effluent_methane),
        "ghg_straw_in_field": partial(_of_methane, straw_methane),
        "ghg_electricity": power_co2,
        "ghg_landfill_committed": committed_co2e,
        "ghg_transport": transport_co2e,
    }
)
"""Parts of the direct emissions by indicator, (S, T) [tCO2e/yr] each; together they are `direct`."""


@once
def direct(view: View) -> Array:
    """Return emissions of treatment, burning, burial, fields, waste water, power and hauling, (S, T) [tCO2e/yr].

    Burial as committed. Hauling counts where flows state their `transport` (collection is in none).
    """
    return together(part(view) for part in DIRECT.values())


def net(view: View) -> Array:
    """Return direct less avoided emissions, (S, T) [tCO2e/yr]; biogenic carbon dioxide and storage are outside."""
    return direct(view) - avoided(view)


def per_tonne(emissions: Callable[[View], Array], view: View) -> Array:
    """Return emissions per tonne of by-products and waste that meet a treatment, (S, T) [kgCO2e/t].

    Each tonne counts once, at the first treatment it meets; in kg, as plans state them.
    """
    return 1e3 * over(emissions(view), ending((*RECIRCULATED, *ENERGY, *LOST), view))


def stored_biochar(view: View) -> Array:
    """Return carbon dioxide kept out of the air over 100 years by char put on soil, (S, T) [tCO2/yr].

    ``carbon put on soil · permanent share · 44/12`` over goods with `permanent_share_of_carbon`, see
    `cemfa.indicators.ipcc.biochar_storage`. No part of the net emissions.
    """
    chosen = np.flatnonzero(view.flows["treatment"] == "soil")
    permanent, _ = view.along_flows("permanent_share_of_carbon", chosen, default=0.0)
    return added(biochar_storage(view.mass(chosen, "carbon"), 1.0, permanent))


def intensity_share(view: View) -> Array:
    """Return net emissions per gross product of the area, as a share of the intensity of 2014, (S, T).

    The difference between two options is what one adds to the target for emission intensity. Needs
    `gross_product` and `emission_intensity_2014`.
    """
    product, reference = view.parameter("gross_product"), view.parameter("emission_intensity_2014")
    return intensity_contribution(net(view), np.asarray(product), np.asarray(reference))


_WITH_METHANE: Final = (partial(treatment_gases, treatments=AEROBIC), digestion_gases, plant_gases, open_burning_gases)


def biogenic(view: View) -> Array:
    """Return carbon dioxide of biogenic carbon that leaves to the air as gas or by fire, (S, T) [tCO2/yr]."""
    gas = np.flatnonzero((view.flows["status"] == "gas") & view.sinks()[view.target])
    fire = np.flatnonzero(
        np.isin(view.flows["treatment"], ["open_burning", "incineration", "energy"]) & view.sinks()[view.target]
    )
    burnt = np.setdiff1d(fire, gas)
    carbon = view.total(gas, "carbon") + view.total(burnt, "carbon")
    methane = together(gases(view)[0] for gases in _WITH_METHANE)
    if _losses(view, ("landfill",)).size:
        methane = methane + landfill_emitted(view)
    return np.asarray(np.maximum((carbon - methane / CH4_PER_C) * CO2_PER_C - fossil_co2(view), 0.0))


def _gwp(view: View) -> Gwp:
    return GWP[view.gwp]


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


_IPCC: Final = "IPCC 2006 Guidelines and 2019 Refinement, vol. 5, ch. 3–5, as shares of the plant's own losses"
_WATER: Final = "IPCC 2006 Guidelines, vol. 5, ch. 6"
_FIELD: Final = "IPCC 2019 Refinement, vol. 4, ch. 5"
_CHAR: Final = "IPCC 2019 Refinement, vol. 4, appendix 4"
_OWN: Final = "cemfa: what is replaced × its emission factor"
_C: Final = ("carbon",)
_CN: Final = ("carbon", "nitrogen")
_PART_OF_DIRECT: Final = {
    "ghg_composting": (_IPCC, _CN), "ghg_digestion": (_IPCC, _CN), "ghg_plants": (_IPCC, _CN),
    "ghg_open_burning": (_IPCC, _CN), "ghg_fossil": ("IPCC 2006 Guidelines, vol. 5, ch. 5", _C),
    "ghg_effluent": (_WATER, _C), "ghg_straw_in_field": (_FIELD, ("dry_matter",)),
    "ghg_electricity": ("cemfa: power used × grid factor", ()),
}  # fmt: skip


def _needs(name: str, source: str, compute: Callable[[View], Array], layers: tuple[str, ...]) -> Indicator:
    return Indicator(name, "kgCO2e/t" if name.endswith("per_tonne") else "tCO2e/year", source, compute, layers=layers)


INDICATORS: Final[tuple[Indicator, ...]] = (
    _needs("ghg_direct", _IPCC, direct, _CN),
    _needs("ghg_avoided", _OWN, avoided, ()),
    _needs("ghg_net", _IPCC, net, _CN),
    _needs("ghg_direct_per_tonne", _IPCC, partial(per_tonne, direct), _CN),
    _needs("ghg_net_per_tonne", _IPCC, partial(per_tonne, net), _CN),
    _needs("ghg_biogenic", "cemfa: carbon balance", biogenic, _CN),
    _needs("ghg_stored_biochar", _CHAR, stored_biochar, _C),
    _needs("ghg_landfill_committed", _IPCC, committed_co2e, _C),
    _needs("ghg_landfill_emitted", _IPCC, emitted_co2e, _C),
    *(_needs(name, source, DIRECT[name], layers) for name, (source, layers) in _PART_OF_DIRECT.items()),
    *(_needs(name, _OWN, part, ()) for name, part in AVOIDED.items()),
    *(
        Indicator(
            f"ghg_landfill_{name}_by_good", "tCO2e/year", _IPCC,
            partial(landfill_by_good, kind, f"ghg_landfill_{name}_by_good"), by="good", layers=_C,
        )
        for name, kind in (("committed", _committed), ("emitted", _emitted))
    ),
    Indicator(
        "ghg_intensity", "1", "Decision 687/QD-TTg: emissions per GDP against 2014", intensity_share,
        layers=_CN, parameters=("gross_product", "emission_intensity_2014"), against_baseline=True,
    ),
)  # fmt: skip
