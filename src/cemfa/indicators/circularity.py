"""Circularity: of material use in an area, of a product, and of the by-products and wastes of the area.

One family of `indicators`. The two published indices are pure functions; what the model can say of them is how
its by-products and wastes end. In the terms of ISO 59020:2024 these are outflows: recirculated, burnt for
energy, or lost.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from cemfa.indicators.following import BIOLOGICAL, behind
from cemfa.indicators.registry import Indicator, require
from cemfa.indicators.sums import together
from cemfa.indicators.view import Array, Mask, View

RECIRCULATED: Final = (*BIOLOGICAL, "soil", "feed", "material")
"""Ends that bring matter back into use."""
ENERGY: Final = ("energy", "incineration")
"""Ends that burn matter in a plant."""
LOST: Final = ("landfill", "open_burning", "burial", "dumping")
"""Ends from which nothing comes back."""

_WASTES: Final = ("by_product", "residue", "waste")
_CONSUMPTION: Final = "domestic_material_consumption"
_SUSTAINED: Final = "sustained_production_share"


def circular_use_rate(
    recovered: npt.ArrayLike, consumption: npt.ArrayLike, imported: npt.ArrayLike = 0.0, exported: npt.ArrayLike = 0.0
) -> Array:
    """Return the circular material use rate: ``U / (DMC + U)`` with ``U = RCV − IMPw + EXPw``.

    Source: Eurostat, reference metadata of env_ac_cur (2018): RCV is waste that enters recovery operations R2–R11
    (energy recovery and backfilling are none), IMPw and EXPw waste brought in and sent out for recovery. For a
    province, trade with other provinces counts as trade.

    Parameters
    ----------
    recovered : (...), waste and by-products entering recovery in the area [t/yr]
    consumption : DMC, domestic extraction + imports − exports [t/yr]
    imported, exported : wastes traded for recovery [t/yr]

    Returns
    -------
    (...) [-], 0 … 1; NaN where nothing is used

    Examples
    --------
    >>> float(circular_use_rate(25.0, 75.0))
    0.25
    """
    parts = (np.asarray(part, dtype=np.float64) for part in (recovered, consumption, imported, exported))
    entering, used, brought, sent = np.broadcast_arrays(*parts)
    circular = entering - brought + sent
    whole = used + circular
    return np.asarray(np.divide(circular, whole, out=np.full(whole.shape, np.nan), where=whole > 0))


def linear_flow_index(
    mass: npt.ArrayLike, virgin: npt.ArrayLike, lost: npt.ArrayLike, lost_in_feedstock: npt.ArrayLike = 0.0,
    lost_in_recycling: npt.ArrayLike = 0.0,
) -> Array:  # fmt: skip
    """Return the linear flow index: ``(V + W) / (2 M + (Wf − Wc) / 2)``.

    Source: Ellen MacArthur Foundation & Granta Design, Circularity Indicators: Methodology (2015, revised 2019).

    Parameters
    ----------
    mass : M, mass of the product [t]
    virgin : V, of it from virgin matter [t]
    lost : W, waste that nobody recovers, `lost_in_…` included by half each [t]
    lost_in_feedstock : Wf, waste from making the recycled feedstock [t]
    lost_in_recycling : Wc, waste from recycling the product at its end [t]

    Returns
    -------
    (...) [-], 0 circular … 1 linear

    Examples
    --------
    >>> float(linear_flow_index(100.0, 100.0, 100.0)), float(linear_flow_index(100.0, 0.0, 0.0))
    (1.0, 0.0)
    """
    parts = (np.asarray(part, dtype=np.float64) for part in (mass, virgin, lost, lost_in_feedstock, lost_in_recycling))
    whole, new, gone, feedstock, recycling = np.broadcast_arrays(*parts)
    base = 2.0 * whole + (feedstock - recycling) / 2.0
    return np.asarray(np.divide(new + gone, base, out=np.full(base.shape, np.nan), where=base > 0))


def material_circularity(linear: npt.ArrayLike, utility: npt.ArrayLike = 1.0) -> Array:
    """Return the material circularity indicator: ``max(0, 1 − LFI · 0.9 / X)``.

    Source: Ellen MacArthur Foundation & Granta Design, Circularity Indicators: Methodology (2015, revised 2019).

    Parameters
    ----------
    linear : LFI, see `linear_flow_index` [-]
    utility : X, lifetime and intensity of use against the average product of its kind [-]

    Returns
    -------
    (...) [-]; a linear product of average use has 0.1

    Examples
    --------
    >>> round(float(material_circularity(1.0)), 6), float(material_circularity(0.0))
    (0.1, 1.0)
    """
    index, use = np.asarray(linear, dtype=np.float64), np.asarray(utility, dtype=np.float64)
    return np.asarray(np.maximum(1.0 - index * 0.9 / use, 0.0), dtype=np.float64)


def product_circularity(
    mass: npt.ArrayLike = 1.0, *, recycled: npt.ArrayLike = 0.0, reused: npt.ArrayLike = 0.0,
    sustained: npt.ArrayLike = 0.0, to_recycling: npt.ArrayLike = 0.0, to_reuse: npt.ArrayLike = 0.0,
    to_composting: npt.ArrayLike = 0.0, to_energy: npt.ArrayLike = 0.0, feedstock_efficiency: npt.ArrayLike = 1.0,
    recycling_efficiency: npt.ArrayLike = 1.0, utility: npt.ArrayLike = 1.0,
) -> Array:  # fmt: skip
    """Return the material circularity of a product from the shares of its feedstock and of its end.

    ``V = M (1 − F_R − F_U − F_S)``, ``W0 = M (1 − C_R − C_U − C_C − C_E)``, ``Wc = M (1 − E_C) C_R``,
    ``Wf = M (1 − E_F) F_R / E_F``, ``W = W0 + (Wf + Wc) / 2``; then `linear_flow_index` and
    `material_circularity`. Source: Ellen MacArthur Foundation & Granta Design, Circularity Indicators:
    Methodology (2015; F_S, C_C and C_E of the revision of 2019).

    Parameters
    ----------
    mass : M [t]; the indicator does not depend on it
    recycled, reused, sustained : F_R, F_U, F_S: shares of the feedstock that are recycled, reused, or grown
        where what is taken grows again [-]
    to_recycling, to_reuse, to_composting, to_energy : C_R, C_U, C_C, C_E: shares collected at the end [-]
    feedstock_efficiency, recycling_efficiency : E_F, E_C, of the recycling before and after [-], positive
    utility : X [-]

    Returns
    -------
    (...) [-]

    Examples
    --------
    >>> round(float(product_circularity(recycled=0.5, to_recycling=0.5)), 6)
    0.55
    """
    whole = np.asarray(mass, dtype=np.float64)
    old, again, grown = (np.asarray(part, dtype=np.float64) for part in (recycled, reused, sustained))
    ends = [np.asarray(part, dtype=np.float64) for part in (to_recycling, to_reuse, to_composting, to_energy)]
    before, after = (np.asarray(part, dtype=np.float64) for part in (feedstock_efficiency, recycling_efficiency))
    virgin = whole * (1.0 - old - again - grown)
    in_feedstock = whole * (1.0 - before) * old / before
    in_recycling = whole * (1.0 - after) * ends[0]
    lost = whole * (1.0 - together(ends)) + (in_feedstock + in_recycling) / 2.0
    return material_circularity(linear_flow_index(whole, virgin, lost, in_feedstock, in_recycling), utility)


def first_ends(view: View, treatments: tuple[str, ...]) -> Mask:
    """Return the flows by which by-products and wastes first meet one of some treatments, (F,).

    First: none of what the matter came through before, stores and pools included, was a treatment. So a tonne of
    husk counts where the mill takes it in, and its pith not again; manure of animals that ate straw counts as
    straw eaten.
    """
    wasted = np.isin(view.flows["status"], _WASTES) & (view.source >= 0)
    return np.asarray(wasted & np.isin(view.flows["treatment"], treatments) & ~behind(view)[view.source])


def ending(treatments: tuple[str, ...], view: View) -> Array:
    """Return by-products and wastes that first meet some treatments, (S, T), fresh mass [t/yr]."""
    return view.total(np.flatnonzero(first_ends(view, treatments)))


def share_ending(treatments: tuple[str, ...], view: View) -> Array:
    """Return by-products and wastes that first meet some treatments, as a share of all that meet any, (S, T)."""
    whole = ending((*RECIRCULATED, *ENERGY, *LOST), view)
    part = ending(treatments, view)
    return np.asarray(np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0))


def circular_use(view: View) -> Array:
    """Return the circular material use rate of the area, (S, T).

    Recovered is what is first recirculated in the area; wastes traded for recovery cross the border untreated
    and are not in it, so U needs no correction.

    Raises
    ------
    ResultsError
        `indicator-needs`, where the model does not state its `domestic_material_consumption`.
    """
    consumption = view.parameter(_CONSUMPTION)
    require("circular_material_use", [_CONSUMPTION] if consumption is None else [])
    return circular_use_rate(ending(RECIRCULATED, view), np.asarray(consumption))


def by_product_circularity(view: View) -> Array:
    """Return the material circularity of all by-products and wastes together, taken as one product, (S, T).

    M is all that meets a treatment; W what is lost or burnt in plants (energy counts as recovery only under
    conditions that the model cannot see); V is M less what `sustained_production_share` says was grown where what
    is taken grows again, nothing where the model has no such row. X = 1.
    """
    whole = ending((*RECIRCULATED, *ENERGY, *LOST), view)
    grown = view.parameter(_SUSTAINED)
    virgin = whole * (1.0 - (np.zeros(view.shape) if grown is None else grown))
    return material_circularity(linear_flow_index(whole, virgin, ending((*ENERGY, *LOST), view)))


_ISO: Final = "ISO 59020:2024, outflows of an area; first treatment met"
_MCI: Final = "Ellen MacArthur Foundation & Granta 2019, Circularity Indicators, for the by-products of an area"

INDICATORS: Final[tuple[Indicator, ...]] = (
    *(
        Indicator(f"outflow_{name}", "1", _ISO, partial(share_ending, ends), rate=True)
        for name, ends in (("recirculated", RECIRCULATED), ("to_energy", ENERGY), ("lost", LOST))
    ),
    Indicator(
        "circular_material_use", "1", "Eurostat, reference metadata of env_ac_cur", circular_use,
        parameters=(_CONSUMPTION,), rate=True,
    ),
    Indicator("material_circularity", "1", _MCI, by_product_circularity, rate=True),
)  # fmt: skip
