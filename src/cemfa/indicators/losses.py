"""The loss account: from the organic waste generated to what is recycled, cause by cause, adding up exactly.

Between `fates` and `recycling`, whose `not_recycled_…` indicators are its totals; `comparison` keeps the whole of
it by settlement and good. What plants refused is told apart by the reasons that the simulation found at their
gates; results of the annual balance know only whether a plant took in anything from the same place, and was full.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import xarray as xr

from cemfa.indicators.fates import (
    BURIED,
    DISPOSAL,
    SCATTERED,
    at_plants,
    by_item,
    collected_apart,
    entries,
    generated,
    items,
    reject_share,
    sold_share,
    spoiled_share,
    to_recycling_plants,
    untreated,
)
from cemfa.indicators.following import RECYCLING
from cemfa.indicators.registry import ALL, require
from cemfa.indicators.sums import added, together
from cemfa.indicators.view import Array, Positions, View, view_of

CAUSES: Final = (
    "uncollected", "mixed", "too_far", "unbuilt", "full", "down", "spoiled", "rejected", "fed", "unevidenced",
    "elsewhere",
)  # fmt: skip
"""Why organic waste does not count as recycled, in the order of the chain, see `account`."""
PARTS: Final = ("generated", *CAUSES, "recycled", "unsold")
"""Parts of an account; generated − causes = recycled, and recycled − unsold is what is also put to use."""
EVIDENCE: Final = "home_composting_evidence_factor"
_OF_REFUSAL: Final = {"too_far": "absent", "unbuilt": "unbuilt", "full": "full", "down": "down"}


@dataclass(frozen=True, slots=True, eq=False)
class Account:
    """A loss account.

    Parameters
    ----------
    settlements, goods : items of the axes, without the total that stands last
    parts : part → (S, T, settlements + 1, goods + 1), fresh mass [t/year]
    """

    settlements: tuple[str, ...]
    goods: tuple[str, ...]
    parts: Mapping[str, Array]

    def total(self, part: str) -> Array:
        """Return a part over all goods, (S, T, settlements + 1) [t/year]."""
        return np.asarray(self.parts[part][..., -1])


_known: WeakKeyDictionary[View, Account] = WeakKeyDictionary()  # one view serves a dozen indicators


def account(view: View) -> Account:
    """Return how the organic waste generated becomes what is recycled.

    ``generated − Σ causes = recycled`` in every sample, year, settlement and good. The causes:

    - `uncollected` burnt in the open, buried or dumped untreated
    - `mixed` landfilled or burnt in a plant without having been collected apart
    - `too_far` collected apart, and no plant within reach stands or is decided on
    - `unbuilt`, `full`, `down` collected apart, and turned away by a plant that is not finished, has no room, or is
      broken or closed
    - `spoiled` in the store of a plant, `rejected` by plants into disposal
    - `fed` to animals, `unevidenced` home composting that nobody can show
    - `elsewhere` left the area or went to other uses without treatment

    Raises
    ------
    ResultsError
        `place-lost`, where a flow no longer says from which settlement it comes; `indicator-needs` without the
        evidence factor of home composting.
    """
    if view not in _known:
        _known[view] = _Keeper(view).account()
    return _known[view]


def recycled_at_plants(view: View) -> tuple[Positions, Array]:
    """Return the flows by which organics first enter recycling, and their mass less rejects and spoilage (S, T, n)."""
    chosen = entries(view, RECYCLING)
    lost = at_plants(view, chosen, reject_share(view)) + at_plants(view, chosen, spoiled_share(view, disposed=False))
    return chosen, view.mass(chosen) * np.maximum(1.0 - lost, 0.0)


def evidenced(view: View, indicator: str) -> tuple[Positions, Array]:
    """Return the flows into home composting, and their mass as far as it is evidenced (S, T, n).

    Raises
    ------
    ResultsError
        `indicator-needs`, where there is no evidence factor.
    """
    chosen = entries(view, ("home_composting",))
    factor, absent = view.along_flows(EVIDENCE, chosen)
    require(indicator, absent)
    return chosen, view.mass(chosen) * factor


class _Keeper:
    """Fills the cells of an account, settlement by good."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.settlements = items(view, "settlement")
        arising = generated(view)
        goods = tuple(dict.fromkeys(str(good) for good in view.flows["good"][arising]))
        self.goods = goods if len(goods) > 1 and self._named(goods) else ()

    def account(self) -> Account:
        view = self.view
        buried, scattered = (self._cells(untreated(view, ends)) for ends in (BURIED, SCATTERED))
        refused, back = self._refused(), {ends: self._turned_back(ends) for ends in (BURIED, SCATTERED)}
        buried, scattered = (
            np.maximum(mass - together(back[ends].values()), 0.0)
            for mass, ends in ((buried, BURIED), (scattered, SCATTERED))
        )
        whole = together(refused.values())
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(whole > buried, buried / whole, 1.0)  # refused, and then treated all the same
        parts = {c: mass * share + back[BURIED][c] + back[SCATTERED][c] for c, mass in refused.items()}
        parts["mixed"] = np.maximum(buried - whole * share, 0.0)
        parts["uncollected"] = scattered
        parts["fed"] = self._cells(entries(view, ("feed",)))
        parts |= self._treated()
        parts["generated"] = self._cells(generated(view))
        told = [parts[cause] for cause in CAUSES if cause != "elsewhere"]
        rest = parts["generated"] - together([*told, parts["recycled"]])
        parts["elsewhere"] = np.where(np.abs(rest) > 1e-9 * parts["generated"], rest, 0.0)
        return Account(self.settlements, self.goods, parts)

    def _treated(self) -> dict[str, Array]:
        """Return what plants and homes take in, by what becomes of it."""
        view = self.view
        chosen, kept = recycled_at_plants(view)
        home, shown = evidenced(view, "organics_recycled")
        spoiled = at_plants(view, chosen, spoiled_share(view))
        entering = view.mass(chosen)
        sold = at_plants(view, chosen, sold_share(view))
        return {
            "spoiled": self._cells(chosen, entering * spoiled),
            "rejected": self._cells(chosen, entering - kept - entering * spoiled),
            "unevidenced": self._cells(home, view.mass(home) - shown),
            "recycled": self._cells(chosen, kept) + self._cells(home, shown),
            "unsold": self._cells(chosen, kept * (1.0 - sold)),
        }

    def _refused(self) -> dict[str, Array]:
        """Return what was collected apart and reached no plant that recycles, by reason."""
        view, chosen = self.view, collected_apart(self.view)
        chosen = chosen[~to_recycling_plants(view)[chosen]]
        mass, weight = view.mass(chosen), self._reasons(chosen)
        return {cause: self._cells(chosen, mass * weight[reason]) for cause, reason in _OF_REFUSAL.items()}

    def _turned_back(self, ends: tuple[str, ...]) -> dict[str, Array]:
        """Return what recycling plants turned away and goes from households straight to some ends, by reason.

        Where there is no collection point of its own, it shares a flow with what was never collected apart.
        """
        view, refusals = self.view, self.view.refusals
        none = {cause: np.zeros(1) for cause in _OF_REFUSAL}
        if refusals is None:
            return none
        served = frozenset(view.flows["flow_name"][to_recycling_plants(view)].tolist())
        straight = np.setdiff1d(untreated(view, ends), collected_apart(view)).tolist()
        rows = [n for n, flow in enumerate(refusals.flows.tolist()) if flow in straight]
        rows = [n for n in rows if refusals.senders[n] <= served]
        if not rows:
            return none
        flows, mass = refusals.flows[rows], refusals.mass[:, :, rows]
        return {
            cause: self._cells(flows, mass[..., refusals.reasons.index(reason)])
            for cause, reason in _OF_REFUSAL.items()
        }

    def _reasons(self, chosen: Positions) -> dict[str, Array]:
        """Return the share of every reason at some flows, (S, T, n) each; what nobody refused had nowhere to go."""
        view, refusals = self.view, self.view.refusals
        shares = {reason: np.zeros((*view.shape, len(chosen))) for reason in _OF_REFUSAL.values()}
        if refusals is None:
            served = self._served(chosen)
            return shares | {"full": served, "absent": 1.0 - served}
        shares["absent"][...] = 1.0
        row = {int(flow): n for n, flow in enumerate(refusals.flows.tolist())}
        for column, flow in enumerate(chosen.tolist()):
            if flow in row:
                found = refusals.mass[:, :, row[flow]]
                total = added(found)
                for reason, share in shares.items():
                    part = found[..., refusals.reasons.index(reason)]
                    default = 1.0 if reason == "absent" else 0.0
                    share[..., column] = np.where(total > 0, part / np.where(total > 0, total, 1.0), default)
        return shares

    def _served(self, chosen: Positions) -> Array:
        """Return where the process that some flows leave also brings something to a plant, (S, T, n), 1 or 0."""
        view = self.view
        plant = to_recycling_plants(view)
        brought = {
            int(p): view.total(np.flatnonzero(plant & (view.source == p))) for p in np.unique(view.source[chosen])
        }
        columns = [brought[int(p)] > 0 for p in view.source[chosen]]
        return np.stack(columns, axis=-1).astype(np.float64) if columns else np.zeros((*view.shape, 0))

    def _named(self, goods: tuple[str, ...]) -> bool:
        """Tell whether every flow of the stream that the account looks at still carries a good that arises."""
        ends = (*DISPOSAL, "feed", "home_composting", *RECYCLING)
        view = self.view
        chosen = np.union1d(entries(view, ends), collected_apart(view))
        lost = ~np.isin(view.flows["good"][chosen], goods)
        return not bool((view.mass(chosen[lost]) > 0).any())

    def _cells(self, chosen: Positions, values: Array | None = None) -> Array:
        view = self.view
        mass = view.mass(chosen) if values is None else values
        goods = view.flows["good"][chosen]
        columns = [by_item(view, chosen[goods == g], mass[..., goods == g], "settlement", "loss") for g in self.goods]
        return np.stack([*columns, by_item(view, chosen, mass, "settlement", "loss")], axis=-1)


def block_losses(block: xr.Dataset) -> xr.Dataset:
    """Return the loss account of one block of results, to be kept per sample [t/year]."""
    view = view_of(block)
    found = account(view)
    values = np.stack([found.parts[part] for part in PARTS], axis=-1)
    dims = ("sample", "period", "loss_settlement", "loss_good", "loss_part")
    coords = {
        "sample": block["sample"].to_numpy(), "period": view.years, "loss_settlement": [*found.settlements, ALL],
        "loss_good": [*found.goods, ALL], "loss_part": list(PARTS),
    }  # fmt: skip
    return xr.Dataset({"loss": (dims, values)}, coords)
