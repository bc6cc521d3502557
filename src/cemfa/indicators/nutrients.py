"""Carbon and nutrients returned to soil. One family of `indicators`."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np

from cemfa.indicators.registry import Indicator
from cemfa.indicators.view import Array, Positions, View

ELEMENTS: Final = ("carbon", "nitrogen", "phosphorus", "potassium")


def returned(layer: str, view: View) -> Array:
    """Return the mass of an element that comes back to soil from waste and by-products, (S, T) [t/yr].

    Every good counts that is put on soil: composts, digestates, residues left on the field. What reaches
    plants of it is a matter of the emission and replacement factors, not of this figure.
    """
    return view.total(to_soil(view), layer)


def to_soil(view: View) -> Positions:
    """Return the flows that enter soil, positions of flows."""
    return np.flatnonzero(view.flows["treatment"] == "soil")


INDICATORS: Final[tuple[Indicator, ...]] = tuple(
    Indicator(
        f"nutrients_returned_{layer}",
        "t/year",
        "Brunner & Rechberger 2016, Handbook of Material Flow Analysis",
        partial(returned, layer),
        layers=(layer,),
    )
    for layer in ELEMENTS
)
