"""Who is taken in when a capacity binds, and where the rest goes.

Read by `adjusting` in every pass of the annual balance. Refused mass moves in the same fraction for all layers to
the flows of `otherwise` in order; the last one leads where nothing is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cemfa.system.fractions import Fraction
from cemfa.system.layout import Array, Index, System
from cemfa.system.rows import compiled

PLENTY: Final = 1e9
"""Capacity per mass offered above which it no longer matters how much there is."""


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """Coefficients of one pass, and what they offer to limited processes.

    Parameters
    ----------
    coefficient : shape (F, L, S)
    own : shape (I, L, S), coefficients of inflows of limited processes before anything is refused
    sent : shape (I, L, S), what others' refusals add to them
    """

    coefficient: Array
    own: Array
    sent: Array


@dataclass(frozen=True, slots=True, eq=False)
class Admission:
    """What limited processes take in after a pass.

    Parameters
    ----------
    accept : shape (I, S), share of what is offered to each inflow that is taken in
    refused : shape (G, S), mass turned away [t/year]
    intake : shape (G, S), mass taken in [t/year]
    """

    accept: Fraction
    refused: Array
    intake: Array

    def cut(self, kept: NDArray[Any]) -> Admission:
        """Return the admission of some samples."""
        return Admission(self.accept.cut(kept), self.refused[:, kept], self.intake[:, kept])


class Intake:
    """Inflows of all limited processes, one after the other; built once per system, read-only.

    Attributes
    ----------
    flow, group : shape (I,), position and capacity group of each inflow
    refusable : shape (I,), whether its own mass has somewhere else to go
    looped : shape (I, 1), whether what it takes in can come back to it
    touched : flows that some refusal changes
    """

    def __init__(self, system: System, layers: Index) -> None:
        self.system = system
        groups = system.groups
        self.flow: Index = _joined([g.inflows for g in groups], np.int32)
        self.group: Index = _joined([np.full(len(g.inflows), n) for n, g in enumerate(groups)], np.int32)
        self.refusable = _joined([g.refusable for g in groups], bool)
        weight = np.array([g.weight for g in groups]).reshape(len(groups), len(system.layers))
        self.weight = weight[self.group][:, layers]
        self.place = {int(f): n for n, f in enumerate(self.flow)}
        component, source, target = system.elimination.component, system.source[self.flow], system.target[self.flow]
        self.looped = ((source >= 0) & (component[source] == component[target]))[:, None]
        self._source = np.maximum(source, 0)
        self._from_outside = system.given[self.flow]
        self._given = np.flatnonzero(self._from_outside)
        rank = _joined([g.priority for g in groups], np.int32)
        self._queues = [self._queue(number, rank) for number in range(len(groups))]
        ranks = [members for fixed, then in self._queues for members in (fixed, *then)]
        self._member, self._member_start = _listed(ranks)
        self._rank_start = np.cumsum([0, *(1 + len(then) for _, then in self._queues)], dtype=np.int32)
        self._lists = [
            (self.place[flow], [(f, self.place.get(f, -1)) for f in then]) for flow, then in system.dispatch.lists()
        ]
        self._then, self._then_start = _listed([[flow for flow, _ in then] for _, then in self._lists])
        self._then_place, _ = _listed([[place for _, place in then] for _, then in self._lists])
        self._list_of: Index = np.array([inflow for inflow, _ in self._lists], dtype=np.int32)
        sent = {flow for _, then in self._lists for flow, _ in then}
        self.touched: Index = np.array(sorted({*self.flow.tolist(), *sent}), dtype=np.int32)

    def open(self, samples: int) -> Admission:
        """Return the admission before the first pass: everything is taken in."""
        nothing = np.zeros((len(self.system.groups), samples))
        return Admission(Fraction.start(np.ones((len(self.flow), samples))), nothing, nothing)

    def dispatch(self, coefficient: Array, accept: Array) -> Offer:
        """Return the offer, after moving refused shares to their alternatives inside `coefficient`."""
        own = coefficient[self.flow]
        sent = np.zeros_like(own)
        refused = 1.0 - accept
        if not refused.any():
            return Offer(coefficient, own, sent)
        if kernel := compiled():
            kernel.dispatch(
                self._list_of, self._then_start, self._then, self._then_place, self.flow, self.refusable, accept, own,
                coefficient, sent,
            )  # fmt: skip
            return Offer(coefficient, own, sent)
        taken = np.where(self.refusable[:, None], accept, 1.0)
        coefficient[self.flow] = own * taken[:, None, :]
        turning: list[bool] = np.logical_or.reduce(refused > 0.0, axis=1).tolist()
        for inflow, then in self._lists:
            if not turning[inflow]:
                continue
            rest = own[inflow] * refused[inflow]
            for flow, other in then:
                if other < 0:
                    coefficient[flow] += rest
                    break
                sent[other] += rest
                coefficient[flow] += rest * accept[other]
                rest = rest * refused[other]
        return Offer(coefficient, own, sent)

    def admit(self, offer: Offer, x: Array, before: Admission, limits: Array) -> Admission:
        """Return what each limited process takes in, given what is offered to it.

        Flows that have nowhere else to go come first, then ranks in order; within a rank all are cut alike.

        Parameters
        ----------
        x : shape (P, L, S), throughputs of the pass
        before : admission the pass was made with
        limits : shape (G, S), largest intake [t/year]
        """
        own, sent = self._mass(offer.own, x), self._mass(offer.sent, x)
        movable = np.where(self.refusable[:, None], own, 0.0) + sent
        wanted = np.ones_like(movable)
        refused, intake = np.zeros_like(limits), np.zeros_like(limits)
        if kernel := compiled():
            kernel.admit(
                self._member_start, self._member, self._rank_start, limits, own, movable, before.accept.value, PLENTY,
                wanted, refused, intake,
            )  # fmt: skip
            return Admission(before.accept.after(wanted, self.looped), refused, intake)
        taken_in = movable * before.accept.value
        for number, (fixed, ranks) in enumerate(self._queues):
            for inflow in fixed:
                intake[number] += own[inflow]
            left = np.maximum(0.0, limits[number] - intake[number])
            for peers in ranks:
                asked = np.zeros_like(left)
                for inflow in peers:
                    asked += movable[inflow]
                    intake[number] += taken_in[inflow]
                    refused[number] += movable[inflow] - taken_in[inflow]
                wanted[peers] = np.where(asked > 0, np.minimum(left / np.where(asked > 0, asked, 1.0), PLENTY), 1.0)
                left = np.maximum(0.0, left - asked)
        return Admission(before.accept.after(wanted, self.looped), refused, intake)

    def _queue(self, number: int, rank: Index) -> tuple[list[int], list[list[int]]]:
        """Return the inflows of a group that cannot be refused, and all of them rank by rank."""
        members = np.flatnonzero(self.group == number)
        fixed = members[~self.refusable[members]].tolist()
        return fixed, [members[rank[members] == r].tolist() for r in np.unique(rank[members])]

    def _mass(self, coefficient: Array, x: Array) -> Array:
        """Return masses (I, S) in the basis of each inflow's capacity."""
        total = np.zeros((len(self.flow), x.shape[2]))
        if kernel := compiled():
            kernel.masses(self.weight, self._source, self._from_outside, coefficient, x, total)
            return total
        for layer in np.flatnonzero(self.weight.any(axis=0)).tolist():
            held = x[self._source, layer]
            held[self._given] = 1.0
            total += self.weight[:, layer, None] * coefficient[:, layer] * held
        return total


def _listed(lists: Sequence[Sequence[int]]) -> tuple[Index, Index]:
    """Return the entries of all lists, one list after the other, and where each list starts."""
    start = np.cumsum([0, *map(len, lists)], dtype=np.int32)
    return np.array([entry for entries in lists for entry in entries], dtype=np.int32), start


def _joined(parts: Sequence[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate([*parts, np.empty(0, dtype=kind)]).astype(kind)
