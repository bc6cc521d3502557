"""Who gains and who pays: an account per actor, in which what one gives another cancels for the economy as a whole.

Stands above `cashflow`. Resources (labour, material, goods sold to the outside) enter an actor's account from
nowhere; transfers (grants, fees, loans, taxes) leave one account and enter another. Transfers are whole units of
the currency, so that they cancel to the last unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cemfa import locale
from cemfa.economics.cashflow import Array, floats
from cemfa.errors import CemfaError, Problem


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money from one actor to another.

    Parameters
    ----------
    payer, receiver : actors; the same one twice is no transfer
    amount : (S, T), at the time points [money]
    """

    payer: str
    receiver: str
    amount: npt.ArrayLike


@dataclass(frozen=True, slots=True)
class Accounts:
    """Accounts of all actors at the time points.

    Parameters
    ----------
    actors : their names
    received, paid : (S, A, T), both positive, whole units of currency
    """

    actors: tuple[str, ...]
    received: Array
    paid: Array

    @property
    def net(self) -> Array:
        """Received − paid, (S, A, T)."""
        return floats(self.received - self.paid)

    @property
    def economy(self) -> Array:
        """Net of all actors together, (S, T): transfers have cancelled, resources are left."""
        return floats(np.add.reduce(self.net, axis=1))

    def of(self, actor: str) -> Array:
        """Return the net account of one actor, (S, T)."""
        return floats(self.net[:, self.actors.index(actor)])


def accounts(
    resources: Mapping[str, npt.ArrayLike], transfers: Sequence[Transfer], actors: Sequence[str], shape: tuple[int, int]
) -> Accounts:
    """Return the account of every actor from resources and transfers.

    Parameters
    ----------
    resources : per actor its net resource flow (worth received − used up), (S, T) [money]
    transfers : between actors; negative amounts are read as paid the other way
    actors : all of them, in order
    shape : samples S and time points T

    Returns
    -------
    Accounts

    Raises
    ------
    CemfaError
        `actor-unknown` where a resource or transfer names an actor that has no account.

    Examples
    --------
    >>> held = accounts({"operator": [[-100.0, 30.0]]}, [Transfer("province", "operator", [[80.0, 0.0]])],
    ...                 ["province", "operator"], (1, 2))
    >>> held.of("operator").tolist(), held.of("province").tolist(), held.economy.tolist()
    ([[-20.0, 30.0]], [[-80.0, 0.0]], [[-100.0, 30.0]])
    """
    names = tuple(actors)
    for name in [*resources, *(end for t in transfers for end in (t.payer, t.receiver))]:
        if name not in names:
            raise locale.error(CemfaError, Problem("actor-unknown", parameters={"name": name, "known": list(names)}))
    received, paid = (np.zeros((shape[0], len(names), shape[1])) for _ in range(2))

    def enter(name: str, amount: Array) -> None:
        at = names.index(name)
        received[:, at] += np.maximum(amount, 0.0)
        paid[:, at] += np.maximum(-amount, 0.0)

    for name, flow in resources.items():
        enter(name, np.rint(floats(flow)))
    for transfer in transfers:
        if transfer.payer != transfer.receiver:
            amount = np.rint(floats(transfer.amount))
            enter(transfer.payer, -amount)
            enter(transfer.receiver, amount)
    return Accounts(names, received, paid)
