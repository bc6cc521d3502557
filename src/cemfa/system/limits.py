"""The balance of one period when something limits it: capacities, demands, absolute flows, stated moisture.

After `numbers`, before `stocks`. All that depends on the flows themselves is a fraction of the throughput that is
corrected until it no longer changes: a fixed point on the one eliminated pattern. Without loops between limited
processes it is reached after as many passes as limits follow each other; inside loops secants speed it up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cemfa import locale
from cemfa.errors import Place, Problem, SolveError
from cemfa.system.adjusting import Adjuster, Layers, State, adjuster, joined
from cemfa.system.executors import Executor, flows, throughputs
from cemfa.system.findings import named, refuse_wrong_numbers
from cemfa.system.layout import Array, System
from cemfa.system.numbers import Numbers, given_inflows, inflows, stock_outflows
from cemfa.system.refusing import ClosedColumn, WrongColumn
from cemfa.system.releasing import Release, passing
from cemfa.system.rows import compiled, spread

PASSES: Final = 100
SETTLED: Final = 1e-12
"""Largest relative change of any fraction between two passes."""


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """The balance of one period.

    Parameters
    ----------
    flows : shape (F, L, S) [t/year]
    throughput : shape (P, L, S), what enters; of a stock what leaves it [t/year]
    entering : shape (P, L, S), what enters, stocks included [t/year]
    refused : shape (G, S), mass turned away in the basis of the capacity [t/year]
    dry : shape (M, S), whether a product that states its moisture took all water there was, and is drier
    passes : number of passes needed
    """

    flows: Array
    throughput: Array
    entering: Array
    refused: Array
    dry: NDArray[np.bool_]
    passes: int


def settle(
    system: System,
    numbers: Numbers,
    capacity: Array | None = None,
    release: Release | None = None,
    *,
    central: bool = False,
    executor: Executor | None = None,
    checked: bool = False,
) -> Settled:
    """Return the balance of one period.

    Parameters
    ----------
    capacity : shape (G, S), largest intake [t/year, basis of the group]; None removes all limits
    release : what leaves the stocks this year; None is nothing
    central : whether these are central values, in which a product that lacks water is an error; in samples it
        leaves as dry as it must and is counted
    executor : what runs the eliminated system; None chooses. The bits do not depend on it
    checked : whether the coefficients are as `block_values` made and checked them

    Raises
    ------
    ClosedLoopError
        naming the processes of a loop without outlet, the layer, the year and the sample.
    SolveError
        where an amount is more than there is, a product lacks water, a capacity is exceeded by flows that have
        nowhere else to go, or the passes do not settle.

    Examples
    --------
    >>> from cemfa.definition.load import read_model
    >>> from cemfa.system.compile import compile_system
    >>> from cemfa.system.numbers import block_values
    >>> system = compile_system(read_model("first_steps"))
    >>> numbers = block_values(system, system.sampler.central()[:, None], None, 0)
    >>> settle(system, numbers).flows.shape
    (22, 4, 1)
    """
    refuse_wrong_numbers(system, numbers, capacity)
    rules, samples = adjuster(system), numbers.coefficient.shape[2]
    leaving = release or Release.nothing(system, samples)
    limits = np.full((len(system.groups), samples), np.inf) if capacity is None else capacity
    core = _Core(system, leaving, system.years[numbers.period], executor, checked)
    flows = np.empty_like(numbers.coefficient)
    if len(rules.touched):
        shares = leaving.masses(system, numbers.coefficient, rules.deciding)
        settled, refused, turn = _decided(core, rules, numbers, shares, limits, flows, central=central)
        which, part = rules.others, rules.following
    else:  # nothing to correct
        settled, refused, turn = rules.start(samples), np.zeros_like(limits), 1
        which, part = np.arange(len(system.layers), dtype=np.int32), slice(None)
    if len(which):
        changes = len(rules.touched) or system.stocks
        shares = leaving.masses(system, numbers.coefficient, part) if changes else numbers.coefficient
        if len(rules.touched):
            rules.follow(shares, numbers.composition, settled)
        core.flows(shares, which, flows, part)
    entering = throughput = inflows(system).add(flows)
    if system.stocks:
        throughput = entering.copy()
        throughput[[stock.process for stock in system.stocks]] = stock_outflows(system).add(flows)
    return Settled(flows, throughput, entering, refused, rules.dry(settled), turn)


@dataclass(frozen=True, slots=True)
class _Core:
    """The eliminated system of a year, what its stocks release, and what runs it."""

    system: System
    release: Release
    year: int
    executor: Executor | None
    checked: bool

    def throughputs(self, coefficient: Array, which: NDArray[Any], live: NDArray[Any], *, checked: bool) -> Array:
        """Return the throughputs (P, L, S) that shares, inputs and releases give."""
        of = self.release.of_layers(which, live) if passing(self.system) else self.release
        shares, leak = of.shares(self.system, coefficient)
        entering = of.inputs(self.system, given_inflows(self.system).add(coefficient))
        kept = None if leak is None else _columns(leak)
        try:
            x = throughputs(
                self.system.elimination, _columns(shares), _columns(entering), kept, executor=self.executor,
                checked=checked,
            )  # fmt: skip
        except (ClosedColumn, WrongColumn) as found:
            raise named(self.system, found, which, self.year, live) from None
        return x.reshape(-1, *coefficient.shape[1:])

    def flows(self, coefficient: Array, which: NDArray[Any], found: Array, layers: Layers) -> None:
        """Write the flows (F, L, S) of some layers and all samples that shares, inputs and releases give."""
        live = np.arange(coefficient.shape[2])
        if passing(self.system):
            x = self.throughputs(coefficient, which, live, checked=self.checked)
            _write(self.system, coefficient, x, None, live, found, layers)
            return
        entering = given_inflows(self.system).add(coefficient)
        part = found[:, layers]  # a copy where the layers are no slice
        out = part.reshape(len(part), -1)
        try:
            flows(
                self.system.elimination, _columns(coefficient), _columns(entering), out=out, executor=self.executor,
                checked=self.checked,
            )  # fmt: skip
        except (ClosedColumn, WrongColumn) as wrong:
            raise named(self.system, wrong, which, self.year, live) from None
        if not np.may_share_memory(out, found):
            found[:, layers] = out.reshape(coefficient.shape)


def _columns(values: Array) -> Array:
    """Return layers, each with its samples, as columns."""
    return values.reshape(len(values), -1)


def _decided(
    core: _Core, rules: Adjuster, numbers: Numbers, shares: Array, limits: Array, found: Array, *, central: bool
) -> tuple[State, Array, int]:
    """Write the flows of the layers that decide; return the fractions they settle on, refused mass and passes.

    `shares` (F, D, S) are overwritten.
    """
    system, year, samples = core.system, core.year, shares.shape[2]
    refused, given = np.zeros_like(limits), shares[rules.touched]
    live, pending, work = np.arange(samples), np.ones(samples, dtype=bool), numbers
    state = rules.start(samples)
    pieces: list[tuple[NDArray[Any], State]] = []
    for turn in range(1, PASSES + 1):
        shares[rules.touched] = given
        offer = rules.offer(shares, work.composition, state)
        checked = core.checked or turn > 1  # passes keep shares right
        x = core.throughputs(offer.coefficient, rules.layers, live, checked=checked)
        after = rules.corrected(offer, x, work, state, limits)
        done = pending & (rules.change(after, work) <= SETTLED)
        if done.any():
            rules.check(after, limits, np.flatnonzero(done), live, year, central=central)
            first = not pieces  # the columns of those still pending are written again later
            _write(system, offer.coefficient, x, None if first else done, live[done], found, rules.deciding)
            refused[:, live[done]] = after.admission.refused[:, done]
            pieces.append((live[done], replace(state, short=after.short).cut(done)))
            pending &= ~done
        if not pending.any():
            return joined(pieces), refused, turn
        state = after
        if 2 * np.count_nonzero(pending) <= len(live):
            shares, given = (np.ascontiguousarray(rows[:, :, pending]) for rows in (shares, given))
            work = _cut(work, pending)
            limits, state, live = limits[:, pending], state.cut(pending), live[pending]
            pending = pending[pending]
    raise _unsettled(system, rules.moving(state, SETTLED), year, int(live[pending][0]))


def _write(
    system: System, coefficient: Array, x: Array, done: NDArray[Any] | None, to: NDArray[Any], found: Array,
    layers: Layers,
) -> None:  # fmt: skip
    """Write the flows of samples that are done, None for all: share times throughput, or the mass itself."""
    part, source = found[:, layers], system.elimination.source  # a copy where the layers are no slice
    if done is None:
        spread(source, coefficient, x, part)
    elif kernel := compiled():
        kernel.spread_some(source, coefficient, x, np.flatnonzero(done), part, to)
    else:
        made = np.empty((*coefficient.shape[:2], len(to)))
        spread(source, coefficient[:, :, done], x[:, :, done], made)
        part[:, :, to] = made
    if not np.may_share_memory(part, found):
        found[:, layers] = part


def _cut(numbers: Numbers, kept: NDArray[Any]) -> Numbers:
    """Return the numbers that passes read, for some samples."""
    return replace(
        numbers,
        composition=numbers.composition[:, :, kept],
        amounts_out=numbers.amounts_out[:, kept],
        ratios_in=numbers.ratios_in[:, kept],
        ratios_out=numbers.ratios_out[:, kept],
        demand=numbers.demand[:, kept],
        moisture=numbers.moisture[:, kept],
    )


def _unsettled(system: System, moving: list[int], year: int, sample: int) -> SolveError:
    """Return the error that names the processes whose limits keep changing."""
    names = [system.process_ids[p] for p in moving]
    shown = {"processes": names, "passes": PASSES, "year": year, "sample": sample}
    return locale.error(SolveError, Problem("limits-unsettled", Place(), shown))
