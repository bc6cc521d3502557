"""Carbon and nutrients returned to soil or feed, and the fertiliser they stand for. One family of `indicators`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from cemfa.indicators.registry import Indicator, require
from cemfa.indicators.view import Array, Positions, View

ELEMENTS: Final = ("carbon", "nitrogen", "phosphorus", "potassium")
P_PER_P2O5: Final = 2 * 30.974 / 141.943
"""Mass of phosphorus per mass of its oxide, in which fertilisers state it."""
K_PER_K2O: Final = 2 * 39.098 / 94.195
"""Mass of potassium per mass of its oxide."""
FERTILISERS: Final = {
    "urea": ("nitrogen", 0.46),  # 46 % N
    "superphosphate": ("phosphorus", 0.16 * P_PER_P2O5),  # single superphosphate, 16 % P2O5
    "potassium_chloride": ("potassium", 0.60 * K_PER_K2O),  # 60 % K2O
}
"""Nutrient and its content in each fertiliser, grades of the International Fertilizer Association."""


def fertiliser_equivalent(nutrient: npt.ArrayLike, content: npt.ArrayLike, replaced: npt.ArrayLike = 1.0) -> Array:
    """Return the mineral fertiliser that a nutrient put on soil stands for: ``nutrient · replaced / content``.

    Source: mineral fertiliser equivalent, Gutser et al. 2005, J. Plant Nutr. Soil Sci. 168, 439–446.

    Parameters
    ----------
    nutrient : (...), put on soil [t/yr]
    content : of the fertiliser: urea 0.46 N, see `FERTILISERS` [-], positive
    replaced : share of the nutrient that works as the fertiliser's does [-]

    Returns
    -------
    (...), fertiliser [t/yr]

    Examples
    --------
    >>> float(fertiliser_equivalent(46.0, 0.46, 0.25))
    25.0
    """
    mass, share, works = (np.asarray(part, dtype=np.float64) for part in (nutrient, content, replaced))
    return np.asarray(mass * works / share, dtype=np.float64)


def returned(layer: str, view: View) -> Array:
    """Return the mass of an element that comes back to soil from waste and by-products, (S, T) [t/yr].

    Every good counts that is put on soil: composts, digestates, residues left on the field. What reaches
    plants of it is a matter of the emission and replacement factors, not of this figure.
    """
    return view.total(to_soil(view), layer)


def fed(layer: str, view: View) -> Array:
    """Return the mass of an element in by-products and wastes that enter feed, (S, T) [t/yr].

    Bought feed and forage are resources and do not count; neither does meal made for the market from them.
    """
    back = np.isin(view.flows["status"], ["by_product", "waste", "residue", "product"]) & (view.source >= 0)
    return view.total(np.flatnonzero((view.flows["treatment"] == "feed") & back), layer)


def to_soil(view: View) -> Positions:
    """Return the flows that enter soil, positions of flows."""
    return np.flatnonzero(view.flows["treatment"] == "soil")


def replaced_fertiliser(name: str, view: View) -> Array:
    """Return the fertiliser that nutrients put on soil replace, (S, T) [t/yr].

    Raises
    ------
    ResultsError
        `indicator-needs`, where `fertiliser_replacement` has no row for the nutrient.
    """
    layer, content = FERTILISERS[name]
    replaced = view.parameter("fertiliser_replacement", {"layer": layer})
    require(f"fertiliser_replaced_{name}", [f"fertiliser_replacement ({layer})"] if replaced is None else [])
    return fertiliser_equivalent(returned(layer, view), content, np.asarray(replaced))


def _of_elements(name: str, mass: Callable[[str, View], Array]) -> tuple[Indicator, ...]:
    source = "Brunner & Rechberger 2016, Handbook of Material Flow Analysis"
    return tuple(
        Indicator(f"{name}_{layer}", "t/year", source, partial(mass, layer), layers=(layer,)) for layer in ELEMENTS
    )


INDICATORS: Final[tuple[Indicator, ...]] = (
    *_of_elements("nutrients_returned", returned),
    *_of_elements("nutrients_fed", fed),
    *(
        Indicator(
            f"fertiliser_replaced_{name}", "t/year", "Gutser et al. 2005, J. Plant Nutr. Soil Sci. 168, 439–446",
            partial(replaced_fertiliser, name), layers=(layer,), parameters=("fertiliser_replacement",),
        )
        for name, (layer, _) in FERTILISERS.items()
    ),
)  # fmt: skip
