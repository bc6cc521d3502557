"""How much organic household waste is recycled, under six definitions, and what else becomes of the stream.

"Recycled" has no legal definition for the plan's 70 % and 100 %; the six are computed side by side. They
share one denominator, the organic waste generated, home-treated mass included. Crop and aquaculture
by-products are no part of any of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from cemfa.indicators.fates import (
    at_plants,
    by_item,
    collected_apart,
    entries,
    generated,
    sold_share,
    spoiled_share,
    stream,
    untreated,
    used_share,
)
from cemfa.indicators.following import BIOLOGICAL, RECYCLING, Shares, behind, followed, over
from cemfa.indicators.losses import CAUSES, account, evidenced, recycled_at_plants
from cemfa.indicators.registry import Indicator
from cemfa.indicators.sums import added
from cemfa.indicators.view import FRESH, Array, Mask, Positions, View, truth

_OWN: Final = "cemfa, after Implementing Decision (EU) 2019/1004"
_NATIONAL: Final = "Decision 222/QD-TTg of 23 January 2025"
_DECISION: Final = "Decision 687/QD-TTg of 7 June 2022"
_PLAN: Final = "Ben Tre plan implementing Decision 687/QD-TTg"


def rate(part: Array, whole: Array) -> Array:
    """Return ``part / whole``; NaN where nothing is generated."""
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def organics_generated(view: View, by: str, layer: str = FRESH) -> Array:
    """Return organic waste of households and markets as generated, (S, T, items + all) [t/yr]."""
    chosen = generated(view)
    return by_item(view, chosen, view.mass(chosen, layer), by, "organics_generated")


def collected(view: View, by: str) -> Array:
    """Return what is collected apart for recycling, whether plants take it in or not [t/yr].

    What a full or closed plant refuses was still collected apart, and is what departments report.
    """
    chosen = collected_apart(view)
    return by_item(view, chosen, view.mass(chosen), by, "rate_collected")


def entered(view: View, by: str) -> Array:
    """Return what first enters composting, digestion, insects or vermicompost, less rejects and what spoils [t/yr]."""
    chosen, kept = recycled_at_plants(view)
    return by_item(view, chosen, kept, by, "rate_input_eu")


def composted_at_home(view: View, by: str) -> Array:
    """Return what is composted at home, as far as it is evidenced [t/yr]."""
    chosen, shown = evidenced(view, "rate_with_home")
    return by_item(view, chosen, shown, by, "rate_with_home")


def fed(view: View, by: str) -> Array:
    """Return what is fed to animals [t/yr]."""
    chosen = entries(view, ("feed",))
    return by_item(view, chosen, view.mass(chosen), by, "rate_with_home_and_feed")


def recycled(view: View, by: str) -> Array:
    """Return the mass recycled under the headline definition [t/yr]."""
    return entered(view, by) + composted_at_home(view, by)


def recycled_and_fed(view: View, by: str) -> Array:
    """Return the mass recycled under the headline definition, feed to animals included [t/yr]."""
    return recycled(view, by) + fed(view, by)


def strict(view: View, by: str) -> Array:
    """Return intake less rejects and what spoils, as far as its products are sound and sold or used [t/yr]."""
    chosen, kept = recycled_at_plants(view)
    return by_item(view, chosen, kept * at_plants(view, chosen, sold_share(view)), by, "rate_strict")


def put_to_use(view: View, by: str, layer: str, uses: tuple[str, ...], indicator: str) -> Array:
    """Return the matter of a layer that comes back into use through plants, home composting or feed [t/yr]."""
    chosen = entries(view, BIOLOGICAL)
    through = view.mass(chosen, layer) * at_plants(view, chosen, used_share(view, layer, uses))
    feed = entries(view, ("feed",))
    return by_item(view, chosen, through, by, indicator) + by_item(view, feed, view.mass(feed, layer), by, indicator)


def dry_output(view: View, by: str) -> Array:
    """Return dry mass of compost, digestate and feed put to use [t/yr]."""
    return put_to_use(view, by, "dry_matter", ("soil", "feed", "material"), "rate_output_dry")


def carbon_output(view: View, by: str) -> Array:
    """Return organic carbon returned to soil or feed, or burnt as biogas [t/yr]."""
    return put_to_use(view, by, "carbon", ("soil", "feed", "energy"), "rate_carbon")


def _as_rate(part: Callable[[View, str], Array], by: str, layer: str, view: View) -> Array:
    return rate(part(view, by), organics_generated(view, by, layer))


def _mass_by(mass: Callable[[View, str], Array], by: str, view: View) -> Array:
    return mass(view, by)


def generated_in(settlement: str, view: View) -> Array:
    """Return organic waste generated in one settlement, by district, (S, T, districts + 1) [t/yr]."""
    chosen = generated(view)
    return _in_settlement(view, settlement, chosen, view.mass(chosen))


def recycled_in(settlement: str, view: View) -> Array:
    """Return organic waste of one settlement recycled under the headline definition, by district [t/yr]."""
    (plants, kept), (homes, shown) = recycled_at_plants(view), evidenced(view, "rate_with_home")
    return _in_settlement(view, settlement, plants, kept) + _in_settlement(view, settlement, homes, shown)


def _in_settlement(view: View, settlement: str, chosen: Positions, mass: Array) -> Array:
    inside = (
        view.flows["settlement"][chosen] == settlement if "settlement" in view.flows else np.zeros(len(chosen), bool)
    )
    return by_item(view, chosen[inside], mass[..., inside], "district", f"organics_recycled_{settlement}_by_district")


def not_recycled(cause: str, view: View) -> Array:
    """Return the organic waste that does not count as recycled for one cause of `CAUSES`, by settlement [t/yr].

    The causes together are what is generated less what the headline rate counts, see `cemfa.indicators.losses`.
    """
    return account(view).total(cause)


def unsold(view: View) -> Array:
    """Return recycled mass whose products are made and not put to use, by settlement [t/yr]."""
    return account(view).total("unsold")


def landfilled(view: View) -> Array:
    """Return fresh mass entering landfills, residues of plants included, (S, T) [t/yr]."""
    return view.total(np.flatnonzero(view.flows["treatment"] == "landfill"))


def burnt_or_dumped(view: View) -> Array:
    """Return household waste burnt in the open or dumped, by settlement, (S, T, items + all) [t/yr]."""
    chosen = untreated(view, ("open_burning", "dumping"), organic=False)
    return by_item(view, chosen, view.mass(chosen), "settlement", "open_burnt_or_dumped")


def treated_circular_urban(view: View) -> Array:
    """Return the share of urban household waste that first enters a plant of a circular model, (S, T)."""
    whole = view.total(_urban(view, generated(view, organic=False)))
    return rate(view.total(_circular_urban(view)), whole)


def landfilled_directly_circular_urban(view: View) -> Array:
    """Return urban organics meant for plants of circular models and landfilled without treatment, (S, T) [t/yr].

    Collected apart and turned away by a plant that is full or down, or spoiled in the store in front of it. Rejects
    are residues of treatment and none of it; nor is what no plant within reach was ever meant to take.
    """
    return _turned_away_urban(view) + _leaving_urban(view, _spoiled_and_buried(view))


def landfilled_circular_urban(view: View) -> Array:
    """Return urban waste of circular models that is landfilled, directly or as residue of their plants [t/yr]."""
    return _turned_away_urban(view) + _leaving_urban(view, followed(view, FRESH, view.flows["treatment"] == "landfill"))


def _turned_away_urban(view: View) -> Array:
    """Return urban organics that plants turn away for want of room or because they stand still, and that are buried."""
    told = account(view)
    if "urban" not in told.settlements:
        return np.zeros(view.shape)
    ends = (untreated(view, ("landfill",)), untreated(view, ("landfill", "incineration")))
    buried, disposed = (view.total(_urban(view, chosen)) for chosen in ends)
    refused = (told.total("full") + told.total("down"))[..., told.settlements.index("urban")]
    return np.asarray(refused * over(buried, disposed))


def _leaving_urban(view: View, shares: Shares) -> Array:
    """Return the part of urban waste taken in by plants of circular models that leaves them in some way."""
    chosen = _circular_urban(view)
    return added(view.mass(chosen) * at_plants(view, chosen, shares))


def _spoiled_and_buried(view: View) -> Shares:
    buried = np.append(view.flows["treatment"] == "landfill", False)  # position -1: no flow
    places = {p for p, flow in zip(view.spoiled_at.tolist(), view.spoiled_by.tolist(), strict=True) if buried[flow]}
    return {process: share for process, share in spoiled_share(view).items() if process in places}


def waste_generated(view: View, by: str) -> Array:
    """Return household waste of all kinds as generated, by item [t/yr]."""
    chosen = generated(view, organic=False)
    return by_item(view, chosen, view.mass(chosen), by, "waste_generated")


def plastics_generated(view: View) -> Array:
    """Return plastics in household waste as generated, (S, T) [t/yr]."""
    return view.total(np.flatnonzero(_plastic(view) & (view.source < 0)))


def collected_and_treated(view: View, by: str) -> Array:
    """Return household waste that reaches a plant or a landfill, by item [t/yr]; treatment at home is none of it."""
    found = entries(view, _TREATED, organic=False)
    chosen = found[(view.source[found] >= 0) & ~behind(view)[view.source[found]]]  # not from plants and their stores
    return by_item(view, chosen, view.mass(chosen), by, "waste_collected_treated")


def treated_share(view: View) -> Array:
    """Return the share of household waste that reaches a plant or a landfill, by settlement."""
    return rate(collected_and_treated(view, "settlement"), waste_generated(view, "settlement"))


def direct_landfilling(view: View) -> Array:
    """Return the share of household waste collected that is landfilled without any treatment, by settlement."""
    buried = untreated(view, ("landfill",), organic=False)
    part = by_item(view, buried, view.mass(buried), "settlement", "landfilled_directly")
    return rate(part, collected_and_treated(view, "settlement"))


def plastics_recovered(view: View) -> Array:
    """Return the share of plastic waste reused, recycled or burnt in a plant, (S, T); landfilling is none of it."""
    ends = np.isin(view.flows["treatment"], ["material", "energy", "incineration"])
    return rate(view.total(np.flatnonzero(_plastic(view) & ends)), plastics_generated(view))


def _plastic(view: View) -> Mask:
    return np.asarray(np.char.startswith(view.flows["good"], "plastic") & stream(view, organic=False))


def _urban(view: View, chosen: Positions) -> Positions:
    return chosen[view.flows["settlement"][chosen] == "urban"] if "settlement" in view.flows else chosen[:0]


def _circular_urban(view: View) -> Positions:
    first = truth(view.at_target("circular_model")) & ~truth(view.at_source("circular_model"))
    return _urban(view, np.flatnonzero(stream(view, organic=False) & first))


_TREATED: Final = (*RECYCLING, "material", "energy", "incineration", "landfill")

_RATES: Final[tuple[tuple[str, Callable[[View, str], Array], str, tuple[str, ...]], ...]] = (
    ("rate_with_home", recycled, FRESH, ()),
    ("rate_with_home_and_feed", recycled_and_fed, FRESH, ()),
    ("rate_collected", collected, FRESH, ()),
    ("rate_input_eu", entered, FRESH, ()),
    ("rate_output_dry", dry_output, "dry_matter", ("dry_matter",)),
    ("rate_carbon", carbon_output, "carbon", ("carbon",)),
    ("rate_strict", strict, FRESH, ()),
)

INDICATORS: Final[tuple[Indicator, ...]] = (
    *(
        Indicator(
            name if by == "settlement" else f"{name}_by_{by}",
            "1",
            _OWN,
            partial(_as_rate, part, by, layer),
            by=by,
            layers=layers,
            rate=True,
            of="organics_generated" if by == "settlement" and layer == FRESH else "",
        )
        for by in ("settlement", "district", "good")
        for name, part, layer, layers in _RATES
    ),
    *(
        Indicator(name if by == "settlement" else f"{name}_by_{by}", "t/year", _OWN, partial(_mass_by, mass, by), by=by)
        for by in ("settlement", "district", "good")
        for name, mass in (("organics_generated", organics_generated), ("organics_recycled", recycled))
    ),
    *(
        Indicator(f"{name}_{settlement}_by_district", "t/year", _OWN, partial(mass, settlement), by="district")
        for settlement in ("urban", "rural")
        for name, mass in (("organics_generated", generated_in), ("organics_recycled", recycled_in))
    ),
    *(
        Indicator(f"not_recycled_{cause}", "t/year", _OWN, partial(not_recycled, cause), by="settlement")
        for cause in CAUSES
    ),
    Indicator("recycled_unsold", "t/year", _OWN, unsold, by="settlement"),
    Indicator("landfilled_mass", "t/year", _OWN, landfilled),
    Indicator("open_burnt_or_dumped", "t/year", _OWN, burnt_or_dumped, by="settlement"),
    Indicator("waste_generated", "t/year", _OWN, partial(_mass_by, waste_generated, "settlement"), by="settlement"),
    Indicator(
        "waste_collected", "t/year", _OWN, partial(_mass_by, collected_and_treated, "settlement"), by="settlement"
    ),
    Indicator("plastics_generated", "t/year", _OWN, plastics_generated),
    Indicator(
        "waste_treated_circular_urban",
        "1",
        f"{_PLAN}, II.2b",
        treated_circular_urban,
        rate=True,
        of="waste_generated",
        of_item="urban",
    ),
    Indicator("direct_landfilling_circular_urban", "t/year", f"{_PLAN}, II.2b", landfilled_directly_circular_urban),
    Indicator("landfilling_circular_urban", "t/year", _DECISION, landfilled_circular_urban),
    Indicator(
        "waste_collected_treated", "1", _NATIONAL, treated_share, by="settlement", rate=True, of="waste_generated"
    ),
    Indicator(
        "landfilled_directly", "1", _NATIONAL, direct_landfilling, by="settlement", rate=True, of="waste_collected"
    ),
    Indicator("plastics_recovered", "1", f"{_PLAN}, II.2a", plastics_recovered, rate=True, of="plastics_generated"),
)
