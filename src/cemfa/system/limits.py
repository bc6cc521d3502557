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
from cemfa.errors import ClosedLoopError, Place, Problem, SolveError
from cemfa.system.adjusting import Adjuster, State, adjuster, joined
from cemfa.system.executors import ClosedColumn, throughputs
from cemfa.system.layout import Array, System
from cemfa.system.numbers import Numbers, given_inflows, inflows, outflows
from cemfa.system.releasing import Release, passing

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
) -> Settled:
    """Return the balance of one period.

    Parameters
    ----------
    capacity : shape (G, S), largest intake [t/year, basis of the group]; None removes all limits
    release : what leaves the stocks this year; None is nothing
    central : whether these are central values, in which a product that lacks water is an error; in samples it
        leaves as dry as it must and is counted

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
    rules, year = adjuster(system), system.years[numbers.period]
    samples = numbers.coefficient.shape[2]
    leaving = release or Release.nothing(system, samples)
    base = leaving.masses(system, numbers.coefficient)
    limits = np.full((len(system.groups), samples), np.inf) if capacity is None else capacity
    deciding, settled, refused, turn = _decided(
        system, rules, numbers, base[:, rules.layers], limits, leaving, central=central
    )
    flows = np.empty_like(base)
    flows[:, rules.layers] = deciding
    if len(rules.others):
        shares = rules.following(base[:, rules.others], numbers.composition, settled)
        x = _throughputs(system, shares, rules.others, year, np.arange(samples), leaving)
        flows[:, rules.others] = _flows(system, shares, x)
    entering = inflows(system).add(flows)
    throughput = entering.copy()
    stocks = [stock.process for stock in system.stocks]
    throughput[stocks] = outflows(system).add(flows)[stocks]
    return Settled(flows, throughput, entering, refused, rules.dry(settled), turn)


def _decided(
    system: System, rules: Adjuster, numbers: Numbers, base: Array, limits: Array, release: Release, *, central: bool
) -> tuple[Array, State, Array, int]:
    """Return the flows of the layers that decide, the fractions they settle on, refused mass and passes."""
    year, samples = system.years[numbers.period], base.shape[2]
    flows, refused = np.empty_like(base), np.zeros_like(limits)
    live, pending, work = np.arange(samples), np.ones(samples, dtype=bool), numbers
    state = rules.start(samples)
    pieces: list[tuple[NDArray[Any], State]] = []
    for turn in range(1, PASSES + 1):
        offer = rules.offer(base, work.composition, state)
        x = _throughputs(system, offer.coefficient, rules.layers, year, live, release)
        after = rules.corrected(offer, x, work, state, limits)
        done = pending & (rules.change(state, after, work) <= SETTLED)
        if done.any():
            rules.check(after, limits, np.flatnonzero(done), live, year, central=central)
            flows[:, :, live[done]] = _flows(system, offer.coefficient, x)[:, :, done]
            refused[:, live[done]] = after.admission.refused[:, done]
            pieces.append((live[done], replace(state, short=after.short).cut(done)))
            pending &= ~done
        if not pending.any():
            return flows, joined(pieces), refused, turn
        before, state = state, after
        if 2 * np.count_nonzero(pending) <= len(live):
            base, work, limits = base[:, :, pending], _cut(work, pending), limits[:, pending]
            state, before, live = state.cut(pending), before.cut(pending), live[pending]
            pending = pending[pending]
    raise _unsettled(system, rules.moving(before, state, SETTLED), year, int(live[pending][0]))


def _throughputs(
    system: System, coefficient: Array, which: NDArray[Any], year: int, live: NDArray[Any], release: Release
) -> Array:
    """Return the throughputs (P, L, S) that shares, inputs and releases give."""
    flows, layers, samples = coefficient.shape
    of = release.of_layers(which, live) if passing(system) else release
    shares, leak = of.shares(system, coefficient)
    entering = of.inputs(system, given_inflows(system).add(coefficient)).reshape(-1, layers * samples)
    kept = None if leak is None else leak.reshape(-1, layers * samples)
    try:
        x = throughputs(system.elimination, shares.reshape(flows, -1), entering, kept)
    except ClosedColumn as closed:
        layer, column = divmod(closed.column, samples)
        names = [system.process_ids[p] for p in closed.processes]
        shown = {"processes": names, "layer": system.layers[which[layer]], "year": year, "sample": int(live[column])}
        raise locale.error(ClosedLoopError, Problem("closed-loop", Place(), shown)) from None
    return x.reshape(-1, layers, samples)


def _flows(system: System, coefficient: Array, x: Array) -> Array:
    """Return the flows (F, L, S): share times throughput, or the mass itself."""
    found = np.empty_like(coefficient)
    for flow, (source, given) in enumerate(zip(system.source.tolist(), system.given.tolist(), strict=True)):
        if given:
            found[flow] = coefficient[flow]
        else:
            np.multiply(coefficient[flow], x[source], out=found[flow])
    return found


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
