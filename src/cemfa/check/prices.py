"""Rules on prices that an indicator divides by each other: money of one year only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cemfa.definition.load import Places
from cemfa.definition.schema import Model
from cemfa.errors import Problem

_INTENSITY: Final = ("gross_product", "emission_intensity_2014")


def mixed_prices(model: Model, places: Places) -> Iterator[Problem]:
    """Yield rows of the gross product in prices of another year than those of the emission intensity.

    `ghg_intensity` multiplies the two; no price index stands between them.
    """
    rows = {name: [n for n, row in enumerate(model.parameters) if row.parameter == name] for name in _INTENSITY}
    wanted = {model.parameters[n].price_year for n in rows["emission_intensity_2014"]}
    for n in rows["gross_product"]:
        stated = model.parameters[n].price_year
        if wanted and {stated} != wanted:
            parameters: dict[str, object] = {"stated": stated, "wanted": sorted(filter(None, wanted))}
            yield Problem("intensity-prices", places.of("parameters", n, "price_year"), parameters)
