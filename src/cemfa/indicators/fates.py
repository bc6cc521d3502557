"""Which flows are organic waste, where they are first treated, and what becomes of what a plant takes in.

Stands between `view` and the indicator families: the definitions that several of them share.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from cemfa import locale
from cemfa.errors import Problem, ResultsError
from cemfa.indicators.following import RECYCLING, Shares, final, followed, over
from cemfa.indicators.sums import added
from cemfa.indicators.view import FRESH, Array, Mask, Names, Positions, View, truth

STREAM: Final = frozenset({"household", "market"})
"""Origins of the household-waste stream."""
BURIED: Final = ("landfill", "incineration")
SCATTERED: Final = ("open_burning", "burial", "dumping")
DISPOSAL: Final = (*BURIED, *SCATTERED)
"""Ends that never count as recycled."""
USES: Final = ("soil", "feed", "material")
"""Ends at which the matter of a product is put to use."""

_SOUND: Final = ("product", "by_product", "resource")  # status of what is made to be used


def stream(view: View, *, organic: bool = True) -> Mask:
    """Return which flows carry the household-waste stream and nothing else, (F,); its organic part by default."""
    origins, which = np.unique(view.flows["origin"], return_inverse=True)
    within = [bool(origin) and set(str(origin).split("+")) <= STREAM for origin in origins]
    ours = np.array(within, dtype=np.bool_)[which]
    return np.asarray(ours & truth(view.flows["organic"])) if organic else ours


def generated(view: View, *, organic: bool = True) -> Positions:
    """Return the arisings of the household-waste stream, positions of flows."""
    return np.flatnonzero(stream(view, organic=organic) & (view.source < 0))


def entries(view: View, treatments: tuple[str, ...], *, organic: bool = True) -> Positions:
    """Return the flows by which the stream first enters some treatments: not from one plant to the next."""
    enters = np.isin(view.flows["treatment"], treatments)
    again = np.isin(view.at_source("treatment"), treatments)
    return np.flatnonzero(stream(view, organic=organic) & enters & ~again)


def items(view: View, dimension: str) -> tuple[str, ...]:
    """Return the items of a dimension over which the stream arises, in the order of the model."""
    if dimension not in view.flows:
        return ()
    arising = view.flows[dimension][generated(view, organic=False)]
    return tuple(dict.fromkeys(str(item) for item in arising if item))


def to_recycling_plants(view: View) -> Mask:
    """Return which flows enter recycling plants of a circular model, (F,)."""
    return np.asarray(truth(view.at_target("circular_model")) & np.isin(view.flows["treatment"], RECYCLING))


def collected_apart(view: View) -> Positions:
    """Return the flows of organics collected apart for recycling, taken in by a plant or refused, positions.

    They leave collection points that serve nothing but recycling plants of a circular model (what these refuse
    goes back into the mixed waste), or enter such a plant from elsewhere. Mixed waste brought to a plant is
    none of it.
    """
    plant = to_recycling_plants(view)
    served = np.flatnonzero(stream(view) & plant & (view.source >= 0))
    first = served[~np.isin(view.at_source("treatment")[served], RECYCLING)]
    names, senders = view.at_source("name"), set(view.at_source("name")[first].tolist())
    elsewhere = (view.flows["treatment"] != "") & ~plant
    mixed = set(names[elsewhere | (view.target < 0)].tolist())
    apart = np.isin(names, sorted(senders - mixed)) & stream(view)
    return np.union1d(np.flatnonzero(apart), first)


def untreated(view: View, ends: tuple[str, ...], *, organic: bool = True) -> Positions:
    """Return the flows by which the stream reaches some ends without any treatment before, positions of flows."""
    found = entries(view, ends, organic=organic)
    return np.asarray(found[view.at_source("treatment")[found] == ""])


def by_item(view: View, chosen: Positions, values: Array, dimension: str, indicator: str) -> Array:
    """Return values of some flows added up by item of a dimension, the sum of all last: (S, T, items + 1).

    Raises
    ------
    ResultsError
        `place-lost`, where the stream arises by item but a flow no longer says which.
    """
    names = items(view, dimension)
    total = added(values)
    if not names:
        return np.asarray(total[..., None])
    place = good_of(view, chosen, names) if dimension == "good" else view.flows[dimension][chosen]
    lost = np.unique(view.flows["flow_name"][chosen][(place == "") & (values > 0).any(axis=(0, 1))])
    if lost.size:
        parameters = {"indicator": indicator, "dimension": dimension, "flows": [str(name) for name in lost]}
        raise locale.error(ResultsError, Problem("place-lost", parameters=parameters))
    return np.stack([*(added(values[..., place == name]) for name in names), total], axis=-1)


def good_of(view: View, chosen: Positions, names: tuple[str, ...]) -> Names:
    """Return which good of the stream each of some flows comes from, (n,), "" where nothing tells.

    What a flow carries; where that is none of the stream (ash, rejects), the label of the process it enters or
    leaves that is expanded by these goods.
    """
    found = view.flows["good"][chosen].astype(np.str_)
    for ends in (view.target, view.source):
        for labels in view.processes.values():
            if labels.dtype != np.bool_ and np.isin(labels, names).any():
                at = np.append(labels, "")[ends[chosen]]
                found = np.where(~np.isin(found, names) & np.isin(at, names), at, found)
    return np.where(np.isin(found, names), found, "")


def reject_share(view: View) -> Shares:
    """Return the share of what each process takes in that ends in disposal as rejects, fresh mass.

    Rejects are shared over all that entered a process pro rata; a plant expanded by input good has them by good.
    """
    return followed(view, FRESH, _disposed(view))


def spoiled_share(view: View, *, disposed: bool = True) -> Shares:
    """Return the share of what each process takes in that spoils in the store in front of it, fresh mass.

    Parameters
    ----------
    disposed : False leaves out what ends in disposal, which `reject_share` counts already
    """
    ends = np.append(_disposed(view), False)  # position -1: no flow
    found: Shares = {}
    for place, (process, flow) in enumerate(zip(view.spoiled_at.tolist(), view.spoiled_by.tolist(), strict=True)):
        if disposed or not ends[flow]:
            found[process] = over(view.spoiled[..., place], view.total(np.flatnonzero(view.target == process)))
    return {process: np.minimum(share, 1.0) for process, share in found.items()}


def used_share(view: View, layer: str, uses: tuple[str, ...] = USES) -> Shares:
    """Return the share of each process's matter that ends in use, followed through plants and stores.

    A flow ends in use where it enters a process with one of the treatments `uses`, or is sold: a product or
    by-product into a sink or out of the area. Gases, disposal and what stays in a stock are no use.

    Parameters
    ----------
    layer : a layer, or `fresh`
    uses : treatments that count as use
    """
    return followed(view, layer, _useful(view, uses))


def sold_share(view: View) -> Shares:
    """Return, of what a plant makes besides gas and rejects, the share that is a product put to use.

    Residues and wastes put on land (compost that fails its standard) are made and not sold; so is what stays
    in a stock.
    """
    product = np.isin(view.flows["status"], _SOUND)
    sold = followed(view, FRESH, _useful(view, USES) & product)
    gone = followed(view, FRESH, _disposed(view) | (view.flows["status"] == "gas"))
    return {process: np.minimum(over(sold[process], np.maximum(1.0 - gone[process], 0.0)), 1.0) for process in sold}


def at_plants(view: View, chosen: Positions, shares: Shares) -> Array:
    """Return a share by process at the process each flow enters, (S, T, n); zero where it is not followed."""
    found = np.zeros((*view.shape, len(chosen)))
    for column, process in enumerate(view.target[chosen].tolist()):
        if process in shares:
            found[:, :, column] = shares[process]
    return found


def _useful(view: View, uses: tuple[str, ...]) -> Mask:
    """Return the flows by which matter comes into use, (F,)."""
    treatment, status = view.flows["treatment"], view.flows["status"]
    sold = (treatment == "") & final(view) & np.isin(status, _SOUND)
    burnt_as_gas = (treatment == "energy") & ("energy" in uses)
    return np.asarray((np.isin(treatment, uses) & (status != "gas")) | sold | burnt_as_gas)


def _disposed(view: View) -> Mask:
    """Return the flows by which matter other than gas and products ends in disposal, (F,).

    A product that is thrown away for want of a buyer was made all the same: it is unsold, no reject.
    """
    return np.asarray(np.isin(view.flows["treatment"], DISPOSAL) & ~np.isin(view.flows["status"], ["gas", "product"]))
