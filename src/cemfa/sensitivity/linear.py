"""Effects of all streams on flows and throughputs by one adjoint solve: the quick way where only shares decide.

Beside `points` in `sensitivity`, which needs no such condition. Capacities may be there as long as none of them
turns anything away at the means: nearby they are not felt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from cemfa.sensitivity.points import Balance
from cemfa.sensitivity.quantities import Quantity
from cemfa.system.adjoint import transposed
from cemfa.system.executors import factorise
from cemfa.system.layout import Array
from cemfa.system.limits import Settled

_STREAMS: Final = 64  # at a time, to spare memory


def only_shares_decide(balance: Balance, mean: Array) -> Settled | None:
    """Return the balance at the means (R,) where it is linear in inputs for given shares, None where it is not."""
    system = balance.system
    rules = (system.amounts_out, system.ratios_in, system.ratios_out, system.moistures, system.demands)
    if balance.releases() or any(len(rule.flow) for rule in rules):
        return None
    found = balance.settled(balance.numbers(mean[:, None]), balance.nothing(1))
    return None if found.refused.any() else found


def gradient(balance: Balance, quantity: Quantity, mean: Array, settled: Settled) -> Array:
    """Return the derivative (F, L) of a flow or throughput by every coefficient: a share [t/year] or a mass [1].

    Parameters
    ----------
    mean : shape (R,), the point
    settled : the balance there, from `only_shares_decide`
    """
    system = balance.system
    coefficient = balance.numbers(mean[:, None]).coefficient[:, :, 0]
    asked = np.zeros_like(coefficient)  # derivative of the quantity by the flows themselves
    weights = np.zeros((len(system.process_ids), len(system.layers)))
    for place in quantity.places:
        (asked if quantity.kind == "flow" else weights)[place] += quantity.weight
    stocks = [stock.process for stock in system.stocks]  # these release nothing, whatever enters
    weights[stocks] = 0.0
    inside = np.flatnonzero(~system.given)
    np.add.at(weights, system.source[inside], asked[inside] * coefficient[inside])
    reached = transposed(factorise(system.elimination, coefficient), weights)
    found = asked + np.where(system.target[:, None] >= 0, reached[system.target], 0.0)
    through = np.where(system.given[:, None], 1.0, settled.throughput[system.source, :, 0])
    found *= through
    found[np.isin(system.source, stocks)] = 0.0
    return found


def effects(balance: Balance, quantities: Sequence[Quantity], mean: Array, steps: Array, settled: Settled) -> Array:
    """Return the change (Q, n) of flows and throughputs per standard deviation of every stream.

    Parameters
    ----------
    steps : shape (R, n), small changes of the parameters, a stream each; effects are per step
    """
    gradients = [gradient(balance, quantity, mean, settled) for quantity in quantities]
    found = np.empty((len(quantities), steps.shape[1]))
    for first in range(0, steps.shape[1], _STREAMS):
        part = slice(first, first + _STREAMS)
        up, down = (balance.numbers(mean[:, None] + sign * steps[:, part]).coefficient for sign in (1.0, -1.0))
        change = ((up - down) / 2.0).reshape(-1, up.shape[2])
        for number, each in enumerate(gradients):
            found[number, part] = (each.reshape(-1, 1) * change).sum(axis=0)
    return found
