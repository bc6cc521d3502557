"""What changes from pass to pass of `limits`: accepted and drawn fractions, moisture, imports.

A `State` holds the fractions of one pass; an `Adjuster` turns them into coefficients and, from the throughputs
these give, into the fractions of the next pass. Fractions, not masses, so that nothing can become negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cemfa import locale
from cemfa.errors import BalanceError, Place, Problem, SolveError
from cemfa.system.dispatching import Admission, Intake, Offer
from cemfa.system.fractions import Fraction, Imported
from cemfa.system.layout import Array, Index, System
from cemfa.system.numbers import Numbers, per_basis
from cemfa.system.rows import RowGroups, compiled

Layers = slice | Index
SHORT: Final = 1e-9
"""Relative shortage that rounding may leave; more is an error."""


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Fractions of one pass; the last axis is the sample, layers are those that decide.

    Parameters
    ----------
    admission : what limited processes take in
    drawn : shape (A, D, S), share of the throughput that absolute flows take
    moist : shape (M, S), share of the throughput of a layer that stated moisture takes
    imports : shape (N, S), imports that fill demands or follow other flows [t/year]
    short : shape (A + M, S), share of an absolute flow or a moisture for which there is nothing
    """

    admission: Admission
    drawn: Fraction
    moist: Fraction
    imports: Imported
    short: Array

    def cut(self, kept: NDArray[Any]) -> State:
        """Return the state of some samples."""
        return State(
            self.admission.cut(kept), self.drawn.cut(kept), self.moist.cut(kept), self.imports.cut(kept),
            self.short[:, kept],
        )  # fmt: skip


class Adjuster:
    """All rules of a system that correct coefficients; built once per system, read-only.

    Attributes
    ----------
    layers : shape (D,), layers that decide: those in which a rule weighs something. The others only follow
    others : the rest of the layers
    deciding, following : the same to index with, slices where they stand side by side
    touched : flows whose coefficients some rule corrects
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.layers = _deciding(system)
        self.others: Index = np.setdiff1d(np.arange(len(system.layers)), self.layers).astype(np.int32)
        self.deciding, self.following = _together(self.layers), _together(self.others)
        self.intake = Intake(system, self.layers)
        out, ratios = system.amounts_out, system.ratios_out
        self.drawn_flow: Index = np.concatenate([out.flow, ratios.flow])
        self.drawn_from: Index = system.source[self.drawn_flow]
        slots = {int(p): n for n, p in enumerate(np.unique(self.drawn_from))}
        self.drawn_slot: Index = np.array([slots[int(p)] for p in self.drawn_from], dtype=np.int32)
        self.takers = RowGroups.of(self.drawn_slot, len(slots))
        drawn = set(self.drawn_flow.tolist())
        left = [(f, slots[p]) for f, p in enumerate(system.source.tolist()) if p in slots and f not in drawn]
        self.sharing_flow = np.array([f for f, _ in left], dtype=np.intp)
        self.sharing_slot = np.array([slot for _, slot in left], dtype=np.intp)
        self.import_flow: Index = np.concatenate([system.demands.flow, system.ratios_in.flow])
        self.import_good: Index = np.concatenate([system.demands.good, system.ratios_in.good])
        self.import_basis: Index = np.concatenate([system.demands.basis, system.ratios_in.basis])
        looped = system.elimination.looped
        self.import_looped = looped[system.target[self.import_flow]][:, None]
        self.drawn_looped = looped[self.drawn_from][:, None, None]
        self.moist_looped = looped[system.source[system.moistures.flow]][:, None]
        local = {int(layer): n for n, layer in enumerate(self.layers)}
        self.mass = system.mass_weight()[self.layers]
        unit = np.eye(len(system.layers))[:, self.layers]
        self.drawn_layer: Index = np.array([local.get(k, -1) for k in out.layer.tolist()], dtype=np.int32)
        bases = [unit[basis] if basis >= 0 else self.mass for basis in out.basis.tolist()]
        self.drawn_weight = np.array(bases).reshape(len(bases), len(self.layers))
        self.followed = [unit[basis] if basis >= 0 else self.mass for basis in system.ratios_in.basis.tolist()]
        self.moist_layer: Index = np.array([local[k] for k in system.moistures.layer.tolist()], dtype=np.int32)
        self.moist_from: Index = system.source[system.moistures.flow]
        self.moist_place = np.array([self.intake.place.get(f, -1) for f in system.moistures.flow.tolist()], np.int32)
        self.moist_weight = system.moistures.weight[:, self.layers]
        self.demand_weight = system.demands.weight[:, self.layers]
        corrected = (self.drawn_flow, self.sharing_flow, system.moistures.flow, system.moistures.remainder)
        self.touched = np.unique(np.concatenate([*corrected, self.import_flow, self.intake.touched]))

    def start(self, samples: int) -> State:
        """Return the state before the first pass: everything accepted, nothing absolute taken yet."""
        absolute, moist = len(self.drawn_flow), len(self.system.moistures.flow)
        return State(
            admission=self.intake.open(samples),
            drawn=Fraction.start(np.zeros((absolute, len(self.layers), samples))),
            moist=Fraction.start(np.zeros((moist, samples))),
            imports=Imported.start(len(self.import_flow), samples),
            short=np.zeros((absolute + moist, samples)),
        )

    def offer(self, found: Array, composition: Array, state: State) -> Offer:
        """Turn shares (F, D, S) of the layers that decide into the coefficients that the fractions of a state make."""
        self._draw_off(found, state.drawn.value)
        moist = self.system.moistures
        for entry, (flow, rest) in enumerate(zip(moist.flow.tolist(), moist.remainder.tolist(), strict=True)):
            layer = self.moist_layer[entry]
            taken = np.minimum(state.moist.value[entry], found[rest, layer])
            found[flow, layer] = taken
            found[rest, layer] -= taken
        return self._let_in(found, composition[:, self.layers], composition, state)

    def follow(self, found: Array, composition: Array, state: State) -> None:
        """Turn shares (F, L - D, S) of the layers that only follow into coefficients."""
        whole = (self.system.amounts_out.layer < 0)[:, None, None]  # ratios out of processes make all layers decide
        self._draw_off(found, state.drawn.value[:, :1] * whole * np.ones((1, found.shape[1], 1)))
        self._let_in(found, composition[:, self.others], composition, state)

    def corrected(self, offer: Offer, x: Array, numbers: Numbers, state: State, limits: Array) -> State:
        """Return the fractions that the throughputs (P, D, S) of a pass ask for."""
        drawn, short_drawn = self._drawn(offer, x, numbers)
        moist, short_moist = self._moist(offer, x, numbers)
        return State(
            admission=self.intake.admit(offer, x, state.admission, limits),
            drawn=state.drawn.after(drawn, self.drawn_looped),
            moist=state.moist.after(moist, self.moist_looped),
            imports=state.imports.after(self._imports(offer, x, numbers), self.import_looped),
            short=np.vstack([short_drawn, short_moist]),
        )

    def change(self, after: State, numbers: Numbers) -> Array:
        """Return the largest relative change that any fraction still asks for, per sample."""
        largest: Array = np.zeros(after.short.shape[1])
        floor = np.zeros_like(after.imports.value)
        floor[: len(numbers.demand)] = numbers.demand
        imports = (after.imports.tried, np.maximum(0.0, after.imports.wanted))
        for old, new in (*_pairs(after), imports):
            if new.size:
                least = floor if new is imports[1] else 0.0
                scale = np.maximum(np.maximum(np.abs(old), np.abs(new)), least)
                moved = np.abs(new - old) / np.where(scale > 0, scale, 1.0)
                largest = np.maximum(largest, moved.reshape(-1, moved.shape[-1]).max(axis=0))
        return largest

    def moving(self, after: State, settled: float) -> list[int]:
        """Return the processes whose fractions still change."""
        ends = (self.system.target[self.intake.flow], self.drawn_from, self.system.source[self.system.moistures.flow])
        found: set[int] = set()
        for processes, (old, new) in zip(ends, _pairs(after), strict=True):
            moved = np.abs(new - old) > settled * np.maximum(np.abs(new), np.abs(old))
            found |= set(processes[np.unique(np.nonzero(moved)[0])].tolist())
        wanted = np.maximum(0.0, after.imports.wanted)
        unfilled = np.abs(wanted - after.imports.tried) > settled * wanted
        found |= {int(self.system.target[f]) for f in self.import_flow[np.unique(np.nonzero(unfilled)[0])]}
        return sorted(found)

    def dry(self, state: State) -> NDArray[np.bool_]:
        """Return where a stated moisture (M, S) asks for more water than there is."""
        found: NDArray[np.bool_] = state.short[len(self.drawn_flow) :] > SHORT
        return found

    def check(
        self, after: State, limits: Array, done: NDArray[Any], live: NDArray[Any], year: int, *, central: bool
    ) -> None:
        """Raise where settled samples lack what an absolute flow needs, overfill a capacity, or leave one idle."""
        short = after.short[:, done] if central else after.short[: len(self.drawn_flow), done]
        if (short > SHORT).any():
            entry, column = (int(i[0]) for i in np.nonzero(short > SHORT))
            flows = np.concatenate([self.drawn_flow, self.system.moistures.flow])
            flow = int(flows[entry])
            code = "amount-short" if entry < len(self.drawn_flow) else "moisture-short"
            raise self._error(
                code, flow, self._layers_of(entry), year, int(live[done[column]]), float(short[entry, column])
            )
        admission, most = after.admission, limits[:, done]
        over = admission.intake[:, done] > most * (1 + SHORT)
        if over.any():
            group, column = (int(i[0]) for i in np.nonzero(over))
            shown = {
                "group": self.system.groups[group].name, "year": year, "sample": int(live[done[column]]),
                "intake": float(admission.intake[group, done[column]]), "capacity": float(most[group, column]),
                "layers": [n for n, w in zip(self.system.layers, self.system.groups[group].weight, strict=True) if w],
            }  # fmt: skip
            place = Place(path=f"processes.{self.system.groups[group].process}.capacity")
            raise locale.error(SolveError, Problem("capacity-exceeded", place, shown))
        idle = (admission.refused[:, done] > SHORT * most) & (admission.intake[:, done] < most * (1 - SHORT))
        if idle.any():
            group, column = (int(i[0]) for i in np.nonzero(idle))
            shown = {"group": self.system.groups[group].name, "year": year, "sample": int(live[done[column]])}
            raise locale.error(BalanceError, Problem("capacity-idle", Place(), shown))

    def _draw_off(self, found: Array, drawn: Array) -> None:
        """Let absolute flows take their part first."""
        if len(self.drawn_flow):
            free = np.maximum(0.0, self.takers.what_is_left(drawn))
            found[self.sharing_flow] *= free[self.sharing_slot]
            found[self.drawn_flow] = drawn

    def _let_in(self, found: Array, shares: Array, composition: Array, state: State) -> Offer:
        """Return coefficients with imports, after limited processes have refused what they cannot take."""
        if len(self.import_flow):
            per = per_basis(shares, composition, self.import_good, self.import_basis)
            found[self.import_flow] = per * state.imports.value[:, None, :]
        return self.intake.dispatch(found, state.admission.accept.value)

    def _layers_of(self, entry: int) -> list[str]:
        """Return the layers in which an absolute flow, a ratio or a moisture is stated."""
        names, amounts, moist = self.system.layers, self.system.amounts_out, entry - len(self.drawn_flow)
        if moist >= 0:
            return [names[int(self.system.moistures.layer[moist])]]
        if entry >= len(amounts.flow):
            return list(names)
        layer, basis = int(amounts.layer[entry]), int(amounts.basis[entry])
        whole = self.system.model.layers.mass if basis < 0 else [names[basis]]
        return [names[layer]] if layer >= 0 else list(whole)

    def _error(self, code: str, flow: int, layers: list[str], year: int, sample: int, short: float) -> SolveError:
        shown = {
            "flow": self.system.flow_ids[flow], "process": self.system.process_ids[self.system.source[flow]],
            "layers": layers, "year": year, "sample": sample, "percent": 100.0 * short,
        }  # fmt: skip
        place = Place(path=f"flows.{self.system.flow_coords['flow_name'][flow]}")
        return locale.error(SolveError, Problem(code, place, shown))

    def _mass_of(self, offer: Offer, x: Array, flow: int) -> Array:
        """Return one flow (L, S) of a pass."""
        source = int(self.system.source[flow])
        share: Array = offer.coefficient[flow]
        return share if self.system.given[flow] else share * x[source]

    def _drawn(self, offer: Offer, x: Array, numbers: Numbers) -> tuple[Array, Array]:
        """Return shares of the throughput that absolute flows take, in order, and what they lack."""
        layers, samples = x.shape[1:]
        amounts = self.system.amounts_out
        found = np.zeros((len(self.drawn_flow), layers, samples))
        short = np.zeros((len(self.drawn_flow), samples))
        room = np.ones((self.takers.size, layers, samples))
        first = 0
        if kernel := compiled():
            first = len(amounts.flow)
            kernel.amounts(
                self.drawn_from[:first], self.drawn_slot[:first], self.drawn_layer, self.drawn_weight,
                amounts.at_most, numbers.amounts_out, x, room, found, short,
            )  # fmt: skip
        for entry in range(first, len(self.drawn_flow)):
            process, slot, number = int(self.drawn_from[entry]), self.drawn_slot[entry], entry - len(amounts.flow)
            if number >= 0:
                ratio = self.system.ratios_out
                of = _added([self._mass_of(offer, x, f) for f in ratio.of[number].tolist()])
                asked = _share(numbers.ratios_out[number] * of, x[process])
                at_most = False
            else:
                asked = self._asked(entry, x[process], numbers.amounts_out[entry])
                at_most = bool(amounts.at_most[entry])
            found[entry] = np.minimum(asked, room[slot])
            room[slot] -= found[entry]
            if not at_most:
                lacking = (asked - found[entry]) / np.where(asked > 0, asked, 1.0)
                short[entry] = lacking.max(axis=0)
        return found, short

    def _asked(self, entry: int, x: Array, amount: Array) -> Array:
        layer = int(self.drawn_layer[entry])
        asked = np.zeros_like(x)
        if layer >= 0:
            asked[layer] = _share(amount, x[layer])
        else:
            asked[:] = _share(amount, _weighted(self.drawn_weight[entry], x))
        return asked

    def _moist(self, offer: Offer, x: Array, numbers: Numbers) -> tuple[Array, Array]:
        """Return shares of the throughput of a layer that stated moisture asks for, and what is lacking."""
        moist = self.system.moistures
        found = np.zeros((len(moist.flow), x.shape[2]))
        short = np.zeros_like(found)
        if kernel := compiled():
            kernel.moistures(
                moist.flow, self.moist_place, self.moist_from, self.moist_layer, self.moist_weight, moist.remainder,
                numbers.moisture, offer.own, offer.coefficient, x, found, short,
            )  # fmt: skip
            return found, short
        for entry, flow in enumerate(moist.flow.tolist()):
            layer, process, place = (
                int(self.moist_layer[entry]),
                int(self.moist_from[entry]),
                int(self.moist_place[entry]),
            )
            shares = offer.coefficient[flow] if place < 0 else offer.own[place]
            held = _weighted(self.moist_weight[entry], shares * x[process])
            asked = _share(numbers.moisture[entry] * held, x[process, layer])
            room = shares[layer] + offer.coefficient[moist.remainder[entry], layer]
            found[entry] = np.minimum(asked, 1.0)
            short[entry] = np.maximum(0.0, asked - room) / np.where(asked > 0, asked, 1.0)
        return found, short

    def _imports(self, offer: Offer, x: Array, numbers: Numbers) -> Array:
        """Return the imports (N, S) that demands lack and that follow other flows [t/year]."""
        demands, ratios = self.system.demands, self.system.ratios_in
        found = np.zeros((len(self.import_flow), x.shape[2]))
        for entry, others in enumerate(demands.others):
            had = np.zeros(x.shape[2])
            for flow in others.tolist():
                had += _weighted(self.demand_weight[entry], self._mass_of(offer, x, flow))
            found[entry] = numbers.demand[entry] - had
        for number, of in enumerate(ratios.of):
            followed = _added([self._mass_of(offer, x, f) for f in of.tolist()])
            found[len(demands.flow) + number] = numbers.ratios_in[number] * _weighted(self.followed[number], followed)
        return found


def _together(layers: Index) -> Layers:
    """Return layers that stand side by side as a slice, which needs no copies."""
    if len(layers) and len(layers) == layers[-1] - layers[0] + 1:
        return slice(int(layers[0]), int(layers[-1]) + 1)
    return layers


def joined(pieces: list[tuple[NDArray[Any], State]]) -> State:
    """Return the states of all samples from those of some samples each, given by their numbers."""
    if len(pieces) == 1:
        return pieces[0][1]
    order = np.argsort(np.concatenate([live for live, _ in pieces]))
    states = [state for _, state in pieces]

    def whole(parts: Sequence[Array]) -> Array:
        return np.concatenate(parts, axis=-1)[..., order]

    def fractions(parts: Sequence[Fraction]) -> Fraction:
        return Fraction(*(whole([getattr(p, f.name) for p in parts]) for f in fields(Fraction)))

    admissions = [state.admission for state in states]
    return State(
        Admission(
            fractions([a.accept for a in admissions]),
            whole([a.refused for a in admissions]),
            whole([a.intake for a in admissions]),
        ),
        fractions([s.drawn for s in states]),
        fractions([s.moist for s in states]),
        Imported(*(whole([getattr(s.imports, f.name) for s in states]) for f in fields(Imported))),
        whole([s.short for s in states]),
    )


@lru_cache(maxsize=8)
def adjuster(system: System) -> Adjuster:
    """Return the adjuster of a system; remembered, as it depends on nothing else."""
    return Adjuster(system)


def _deciding(system: System) -> Index:
    """Return the layers in which some rule weighs something; all where none does or flows follow layer by layer."""
    layers = len(system.layers)
    if len(system.ratios_out.flow):
        return np.arange(layers, dtype=np.int32)
    weights = [g.weight for g in system.groups] + [*system.moistures.weight, *system.demands.weight]
    if len(system.amounts_out.flow) or len(system.ratios_in.flow):
        weights.append(system.mass_weight())
    counted = np.logical_or.reduce(np.array([*weights, np.zeros(layers)]) > 0.0, axis=0)
    stated = [*system.moistures.layer, *system.amounts_out.layer, *system.amounts_out.basis, *system.ratios_in.basis]
    counted[[layer for layer in stated if layer >= 0]] = True
    return np.flatnonzero(counted | ~counted.any()).astype(np.int32)


def _pairs(after: State) -> list[tuple[Array, Array]]:
    """Return what was tried in a pass and what came out of it."""
    return [(f.tried, np.minimum(1.0, f.wanted)) for f in (after.admission.accept, after.drawn, after.moist)]


def _share(mass: Array, x: Array) -> Array:
    """Return mass as a share of a throughput; of nothing, all or nothing."""
    return np.where(x > 0, mass / np.where(x > 0, x, 1.0), (mass > 0).astype(np.float64))


def _weighted(weight: Array, values: Array) -> Array:
    """Return the sum (S,) of layers (L, S) that count, one after the other."""
    total = np.zeros(values.shape[1])
    for layer in np.flatnonzero(weight).tolist():
        total += weight[layer] * values[layer]
    return total


def _added(rows: list[Array]) -> Array:
    total = rows[0].copy()
    for row in rows[1:]:
        total += row
    return total
