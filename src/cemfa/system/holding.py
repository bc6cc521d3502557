"""What stocks hold from one period to the next, for every stock of a system at once.

Between `limits`, which says what entered, and the next period, which needs what is released; read by `solve` and
`simulate`. The laws of single stocks are in `stocks`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cemfa.errors import Place
from cemfa.system.layout import Array, StockProcess, System
from cemfa.system.numbers import Numbers
from cemfa.system.stocks import decay, opening_content


@dataclass(frozen=True, slots=True, eq=False)
class Holding:
    """Content of all stocks at one moment.

    Parameters
    ----------
    content : shape (K, L, S) [t]
    decaying : shape (K, S), the part of its layer that can still decay [t]
    """

    content: Array
    decaying: Array


def opening(system: System, numbers: Numbers) -> Holding:
    """Return what the stocks hold before the first period, from their histories of deposits.

    Parameters
    ----------
    numbers : of the first period: past deposits decayed at its rate
    """
    samples = numbers.coefficient.shape[2]
    content = np.zeros((len(system.stocks), len(system.layers), samples))
    decaying = np.zeros((len(system.stocks), samples))
    for number, stock in enumerate(system.stocks):
        for deposit in stock.history:
            content[number] += deposit[:, None]
        if _releases(system, stock) and stock.history_years:
            share = numbers.past_degradable[number]
            deposits = stock.history[:, stock.layer, None] * share
            name, first = system.process_ids[stock.process], system.years[0]
            place = Place(path=f"processes.{system.process_coords['process_name'][stock.process]}.stock")
            left = opening_content(stock.history_years, deposits, numbers.rates[number], first, name=name, place=place)
            gone = np.maximum(0.0, _added(deposits) - left)
            content[number, stock.layer] -= gone
            decaying[number] = left
    return Holding(content, decaying)


def released(system: System, holding: Holding, numbers: Numbers) -> Array:
    """Return what each stock releases in a period (K, L, S) [t/year]: first-order decay of what was there before."""
    found = np.zeros_like(holding.content)
    for number, stock in enumerate(system.stocks):
        if _releases(system, stock):
            found[number, stock.layer] = decay(holding.decaying[number], numbers.rates[number])[0]
    return found


def closing(
    system: System, holding: Holding, numbers: Numbers, release: Array, flows: Array, entering: Array
) -> Holding:
    """Return what the stocks hold at the end of a period.

    Parameters
    ----------
    release : shape (K, L, S), of this period [t/year]
    flows : shape (F, L, S) and entering : shape (P, L, S), of this period [t/year]
    """
    content, decaying = holding.content.copy(), holding.decaying.copy()
    for number, stock in enumerate(system.stocks):
        content[number] += entering[stock.process] - release[number]
        if _releases(system, stock):
            decaying[number] -= release[number, stock.layer]
            for flow, share in zip(stock.inflows.tolist(), numbers.degradable[number], strict=True):
                decaying[number] += share * flows[flow, stock.layer]
    return Holding(content, decaying)


def _releases(system: System, stock: StockProcess) -> bool:
    return stock.layer >= 0 and bool(system.decides[stock.process])


def _added(rows: Array) -> Array:
    total = np.zeros(rows.shape[1:])
    for row in rows:
        total += row
    return total
