"""Whether what was computed balances: per process, layer, sample and at the boundary; checked in every solve.

After `limits`, before results. A residual is a fault of cemfa or of numbers beyond double precision, never of
the user, so there is no switch that turns this off.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from cemfa import locale
from cemfa.errors import BalanceError, Place, Problem
from cemfa.system.elimination import OUTSIDE
from cemfa.system.layout import Array, System
from cemfa.system.numbers import inflows, leaving, outflows, stock_outflows
from cemfa.system.releasing import released_inputs
from cemfa.system.rows import WIDE, Positions, RowGroups, addresses, compiled, in_rows

TOLERANCE: Final = 1e-9
"""Largest residual relative to the throughput."""


def largest_residual(
    system: System, flows: Array, release: Array | None = None, *, year: int, entering: Array | None = None
) -> float:
    """Return the largest residual of one period, relative to the throughput [1].

    In a process what enters leaves; out of a stock leaves what it releases; sinks keep what enters. At the
    boundary what comes from outside and out of stocks equals what goes outside, into sinks and into stocks.

    Parameters
    ----------
    flows : shape (F, L, S) [t/year]
    release : shape (K, L, S), what each stock releases [t/year]
    year : for messages
    entering : shape (P, L, S), sums of the same flows by the process they enter, where they are known

    Raises
    ------
    BalanceError
        where a flow is negative or not finite, or the residual exceeds 1e-9, naming process, layer and sample.
    """
    worst = _of_processes(system, flows, year, entering)
    if system.stocks:
        worst = max(worst, _of_stocks(system, flows, release), key=lambda gap: gap.size)
    if worst.size > TOLERANCE:
        raise _error(system, system.process_ids[worst.process], worst.layer, year, worst.sample, worst.size)
    return max(worst.size, _boundary(system, flows, release, year))


@dataclass(frozen=True, slots=True)
class _Gap:
    """A difference between what enters and what leaves, relative to the larger, and where it is."""

    size: float
    process: int
    layer: int
    sample: int

    @classmethod
    def largest(cls, entering: Array, leaving: Array, processes: Positions) -> _Gap:
        """Return the largest gap between masses (n, L, S) of some processes."""
        scale, gap = np.maximum(entering, leaving), np.subtract(entering, leaving)
        np.abs(gap, out=gap)
        np.divide(gap, scale, out=gap, where=scale > 0)
        if not gap.size:
            return cls(0.0, -1, -1, -1)
        row, layer, sample = (int(i) for i in np.unravel_index(int(gap.argmax()), gap.shape))
        return cls(float(gap[row, layer, sample]), int(processes[row]), layer, sample)


def _of_processes(system: System, flows: Array, year: int, entering: Array | None) -> _Gap:
    """Return the largest gap of processes without a stock, after a look at every flow."""
    out = outflows(system)
    entering = inflows(system).add(flows) if entering is None else entering
    counted = system.decides.copy()
    counted[[stock.process for stock in system.stocks]] = False
    if (kernel := compiled()) and flows[:1].size > WIDE:
        held, came = in_rows(flows), in_rows(entering)
        size, process, column, sound = kernel.gap(
            out.start, leaving(system), counted, addresses(came), addresses(held), held[:1].size
        )
        if not sound:
            _refuse_impossible(system, flows, year)
        return _Gap(size, process, *divmod(column, flows.shape[2]))
    _refuse_impossible(system, flows, year)
    left = out.add(flows)
    if counted.all():
        return _Gap.largest(entering, left, np.arange(len(counted)))
    processes = np.flatnonzero(counted)
    return _Gap.largest(entering[processes], left[processes], processes)


def _of_stocks(system: System, flows: Array, release: Array | None) -> _Gap:
    """Return the largest gap between what stocks release and what leaves them."""
    left = stock_outflows(system).add(flows)
    released = np.zeros_like(left) if release is None else release
    counted = np.array([system.decides[stock.process] for stock in system.stocks])
    processes = np.array([stock.process for stock in system.stocks])[counted]
    return _Gap.largest(released[counted], left[counted], processes)


def _boundary(system: System, flows: Array, release: Array | None, year: int) -> float:
    """Return the residual of the whole system, relative to what enters it."""
    into, out = (side.add(flows)[0] for side in _across(system))
    if release is not None:
        into = into + released_inputs(system, release)
    gap = np.abs(into - out) / np.where(into > 0, into, 1.0)
    largest = float(gap.max(initial=0.0))
    if largest > TOLERANCE:
        layer, sample = (int(i) for i in np.unravel_index(int(gap.argmax()), gap.shape))
        raise _error(system, "outside", layer, year, sample, largest)
    return largest


@lru_cache(maxsize=8)
def _across(system: System) -> tuple[RowGroups, RowGroups]:
    """Return the flows into the system, and those out of it, each as one group."""
    ends = [p for p in range(len(system.process_ids)) if not system.decides[p]]
    ends += [stock.process for stock in system.stocks]
    away = (system.target == OUTSIDE) | np.isin(system.target, ends)
    into, out = (RowGroups.of(np.where(rows, 0, OUTSIDE).tolist(), 1) for rows in (system.given, away))
    return into, out


def _refuse_impossible(system: System, flows: Array, year: int) -> None:
    if float(flows.min(initial=0.0)) >= 0.0 and np.isfinite(flows).all():
        return
    flow, layer, sample = (int(i[0]) for i in np.nonzero(~(np.isfinite(flows) & (flows >= 0))))
    shown = {
        "flow": system.flow_ids[flow], "layer": system.layers[layer], "year": year, "sample": sample,
        "value": float(flows[flow, layer, sample]),
    }  # fmt: skip
    raise locale.error(BalanceError, Problem("flow-impossible", Place(), shown))


def _error(system: System, process: str, layer: int, year: int, sample: int, gap: float) -> BalanceError:
    shown = {"process": process, "layer": system.layers[layer], "year": year, "sample": sample, "gap": gap}
    return locale.error(BalanceError, Problem("balance-open", Place(), shown))
