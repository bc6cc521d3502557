"""Who pays, and when: funding shares by source and year, and the need nobody has promised to cover.

Stands above `costs`. Amounts are whole units of the currency (đồng), so that the rows of a budget sum to its
need to the last unit in every year and sample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from cemfa import locale
from cemfa.economics.cashflow import Array, floats
from cemfa.errors import CemfaError, Problem

UNFUNDED: Final = "unfunded"  # the row of a budget that no source covers
_SLACK: Final = 1e-9  # shares typed as decimals (0.3 + 0.6 + 0.1) miss 1 by rounding


@dataclass(frozen=True, slots=True)
class Budget:
    """A need and who covers it.

    Parameters
    ----------
    sources : names of the rows, `unfunded` last
    amounts : (S, R, T), whole units of currency; over R they sum to `need` exactly
    need : (S, T), whole units of currency
    """

    sources: tuple[str, ...]
    amounts: Array
    need: Array

    def of(self, source: str) -> Array:
        """Return the row of one source, (S, T); zeros for a source that is not in this budget."""
        if source not in self.sources:
            return np.zeros_like(self.need)
        return floats(self.amounts[:, self.sources.index(source), :])


def fund(need: npt.ArrayLike, shares: Mapping[str, Sequence[float]], years: Sequence[int]) -> Budget:
    """Return who pays what of a need, by source and year; what no source covers stands in the row `unfunded`.

    Each amount is the step between two rounded running shares, so rounding never adds or loses a unit.

    Parameters
    ----------
    need : (S, T) or (T,), [currency]; rounded to whole units
    shares : per source its share of the need of each year, 0 … 1; together at most 1. A donor that leaves
        has share 0 from then on
    years : (T,), calendar years, named in messages

    Raises
    ------
    CemfaError
        `funding-shape`, `funding-share-range`, `funding-above-need`, all that apply;
        `cashflow-not-finite` for a need that is no number, `funding-reserved` for a source that has the name of the
        need without one.

    Examples
    --------
    >>> budget = fund([100.0, 101.0], {"province": [0.5, 0.5], "donor": [0.5, 0.0]}, [2026, 2027])
    >>> budget.sources, budget.amounts[0].tolist()
    (('province', 'donor', 'unfunded'), [[50.0, 50.0], [50.0, 0.0], [0.0, 51.0]])
    """
    total = np.rint(np.atleast_2d(floats(need)))
    if not np.isfinite(total).all():
        raise locale.error(CemfaError, Problem("cashflow-not-finite"))
    if UNFUNDED in shares:
        raise locale.error(CemfaError, Problem("funding-reserved", parameters={"source": UNFUNDED}))
    _check(shares, years, total.shape[1])
    table = np.array([list(row) for row in shares.values()], dtype=np.float64).reshape(len(shares), total.shape[1])
    running = np.cumsum(table, axis=0)
    running = np.where(np.abs(running - 1.0) <= _SLACK, 1.0, running)
    levels = np.rint(total[:, None, :] * np.concatenate([running, np.ones((1, total.shape[1]))])[None])
    amounts = np.diff(levels, axis=1, prepend=0.0)
    return Budget((*shares, UNFUNDED), amounts, total)


def together(budgets: Sequence[Budget]) -> Budget:
    """Return several budgets as one: rows of the same source added, `unfunded` last.

    Parameters
    ----------
    budgets : at least one, all with the same samples and years
    """
    sources = [s for s in dict.fromkeys(name for budget in budgets for name in budget.sources) if s != UNFUNDED]
    rows = (*sources, UNFUNDED)
    amounts = np.stack([np.add.reduce([budget.of(name) for budget in budgets]) for name in rows], axis=1)
    return Budget(rows, amounts, np.add.reduce([budget.need for budget in budgets]))


def left_when_donors_leave(recurrent: Budget, donors: Sequence[str]) -> Array:
    """Return the recurrent need of each year that remains once no donor pays: all rows but those of `donors`.

    The question a department asks before it accepts a gift: what will this cost us every year afterwards?

    Returns
    -------
    (S, T), [currency]
    """
    given = [recurrent.of(name) for name in donors]
    return floats(recurrent.need - np.add.reduce([np.zeros_like(recurrent.need), *given]))


def _check(shares: Mapping[str, Sequence[float]], years: Sequence[int], wanted: int) -> None:
    lengths = {len(row) for row in shares.values()} | {len(years)}
    if lengths - {wanted}:
        parameters = {"got": min(lengths - {wanted}), "expected": wanted}
        raise locale.error(CemfaError, Problem("funding-shape", parameters=parameters))
    problems = [
        Problem("funding-share-range", parameters={"source": source, "year": int(year), "value": float(share)})
        for source, row in shares.items()
        for year, share in zip(years, row, strict=True)
        if not 0 <= share <= 1
    ]
    for position, year in enumerate(years):
        total = sum(row[position] for row in shares.values())
        if total > 1 + _SLACK:
            problems.append(Problem("funding-above-need", parameters={"year": int(year), "sum": float(total)}))
    if problems:
        raise locale.error(CemfaError, problems)
