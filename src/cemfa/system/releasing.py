"""What stocks release within one period, as the balance of that period needs it.

Between `holding`, which works it out, and `limits`, which solves with it. What older cohorts release is an input.
What of this year's inflow does not stay until the year's end is a coefficient: the stock lets that share of its
intake pass and keeps the rest, so that a loop through a stock closes within the year.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cemfa.system.layout import Array, System
from cemfa.system.rows import RowGroups


@dataclass(frozen=True, slots=True, eq=False)
class Release:
    """What the stocks of a system release in a period.

    Parameters
    ----------
    older : shape (K, L, S), out of what was there before [t/year]
    kept : shape (K, S), share of this year's inflow that is still there at the year's end [1]
    """

    older: Array
    kept: Array

    @classmethod
    def nothing(cls, system: System, samples: int) -> Release:
        """Return the release of stocks that keep everything."""
        stocks = len(system.stocks)
        return cls(np.zeros((stocks, len(system.layers), samples)), np.ones((stocks, samples)))

    def of_layers(self, layers: NDArray[np.intp], samples: NDArray[np.intp]) -> Release:
        """Return the release of some layers and samples."""
        return Release(self.older[:, layers][:, :, samples], self.kept[:, samples])

    def whole(self, system: System, entering: Array) -> Array:
        """Return everything that stocks release (K, L, S) [t/year], given what enters processes (P, L, S)."""
        found = self.older.copy()
        for number in passing(system):
            found[number] += entering[system.stocks[number].process] * (1.0 - self.kept[number])
        return found

    def shares(self, system: System, share: Array) -> tuple[Array, Array | None]:
        """Return the shares (F, L, S) of which only what passes a stock arrives, and what leaks into stocks (P, L, S).

        Where no stock lets anything pass within the year, the shares as they are, and None.
        """
        stocks = passing(system)
        if not stocks:
            return share, None
        found, leak = share.copy(), np.zeros((len(system.process_ids), *share.shape[1:]))
        for number in stocks:
            kept = self.kept[number]
            for flow in np.flatnonzero((system.target == system.stocks[number].process) & ~system.given).tolist():
                leak[system.source[flow]] += share[flow] * kept
                found[flow] *= 1.0 - kept
        return found, leak

    def inputs(self, system: System, entering: Array, *, older: bool = True) -> Array:
        """Return what given masses (P, L, S) put through processes: of those into a stock what passes, and older."""
        stocks = passing(system)
        if not stocks:
            return entering
        found = entering.copy()
        for number in stocks:
            process = system.stocks[number].process
            found[process] *= 1.0 - self.kept[number]
            if older:
                found[process] += self.older[number]
        return found

    def masses(self, system: System, coefficient: Array, layers: slice | NDArray[np.int32] = slice(None)) -> Array:
        """Return coefficients (F, L, S) of some layers, copied, shares of releases that are inputs made masses."""
        found = np.array(coefficient[:, layers])
        for flow, number in _given_by(system):
            found[flow] *= self.older[number, layers]
        return found


def passing(system: System) -> tuple[int, ...]:
    """Return the numbers of the stocks of which some of an inflow may leave within its year."""
    return tuple(number for number, stock in enumerate(system.stocks) if stock.passes)


def released_inputs(system: System, release: Array) -> Array:
    """Return what stocks that let matter pass put into the balance (L, S), given all they release (K, L, S)."""
    chosen = passing(system)
    groups = RowGroups.of([0 if number in chosen else -1 for number in range(len(release))], 1)
    total: Array = groups.add(release)[0]
    return total


@lru_cache(maxsize=8)
def _given_by(system: System) -> tuple[tuple[int, int], ...]:
    """Return the flows whose mass is a share of what a stock releases, with the number of that stock."""
    number = {stock.process: n for n, stock in enumerate(system.stocks) if not stock.passes}
    return tuple((flow, number[p]) for flow, p in enumerate(system.source.tolist()) if p in number)
