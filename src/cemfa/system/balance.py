"""Whether what was computed balances: per process, layer, sample and at the boundary; checked in every solve.

After `limits`, before results. A residual is a fault of cemfa or of numbers beyond double precision, never of
the user, so there is no switch that turns this off.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from cemfa import locale
from cemfa.errors import BalanceError, Place, Problem
from cemfa.system.elimination import OUTSIDE
from cemfa.system.layout import Array, System
from cemfa.system.numbers import inflows, outflows
from cemfa.system.releasing import released_inputs

TOLERANCE: Final = 1e-9
"""Largest residual relative to the throughput."""


def largest_residual(system: System, flows: Array, release: Array | None = None, *, year: int) -> float:
    """Return the largest residual of one period, relative to the throughput [1].

    In a process what enters leaves; out of a stock leaves what it releases; sinks keep what enters. At the
    boundary what comes from outside and out of stocks equals what goes outside, into sinks and into stocks.

    Parameters
    ----------
    flows : shape (F, L, S) [t/year]
    release : shape (K, L, S), what each stock releases [t/year]
    year : for messages

    Raises
    ------
    BalanceError
        where a flow is negative or not finite, or the residual exceeds 1e-9, naming process, layer and sample.
    """
    _refuse_impossible(system, flows, year)
    entering, leaving = inflows(system).add(flows), outflows(system).add(flows)
    for number, stock in enumerate(system.stocks):
        entering[stock.process] = 0.0 if release is None else release[number]
        if not system.decides[stock.process]:
            entering[stock.process] = leaving[stock.process]
    entering[~system.decides] = leaving[~system.decides] = 0.0
    scale = np.maximum(entering, leaving)
    gap = np.abs(entering - leaving) / np.where(scale > 0, scale, 1.0)
    largest = float(gap.max(initial=0.0))
    if largest > TOLERANCE:
        process, layer, sample = (int(i) for i in np.unravel_index(int(gap.argmax()), gap.shape))
        raise _error(system, system.process_ids[process], layer, year, sample, largest)
    return max(largest, _boundary(system, flows, release, year))


def _boundary(system: System, flows: Array, release: Array | None, year: int) -> float:
    """Return the residual of the whole system, relative to what enters it."""
    ends = [p for p in range(len(system.process_ids)) if not system.decides[p]]
    ends += [stock.process for stock in system.stocks]
    into = _total(flows[system.given])
    if release is not None:
        into = into + released_inputs(system, release)
    out = _total(flows[(system.target == OUTSIDE) | np.isin(system.target, ends)])
    gap = np.abs(into - out) / np.where(into > 0, into, 1.0)
    largest = float(gap.max(initial=0.0))
    if largest > TOLERANCE:
        layer, sample = (int(i) for i in np.unravel_index(int(gap.argmax()), gap.shape))
        raise _error(system, "outside", layer, year, sample, largest)
    return largest


def _total(rows: Array) -> Array:
    return np.add.reduceat(rows, [0], axis=0)[0] if len(rows) else np.zeros(rows.shape[1:])


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
