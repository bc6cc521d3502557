"""The months of a run: whose are kept, and their series as means and percentiles, unit after unit of replications.

Beside `gathering`, for months instead of flows: what is kept does not grow with the replications. A unit is a fixed
range of them, whatever the workers, so the bits do not depend on workers either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from cemfa.system.reducing import Interpolation, Running, Summary, summarised, with_errors

if TYPE_CHECKING:
    from cemfa.simulation.block import Lived

Array = NDArray[np.float64]
Index = NDArray[np.intp]
LEVELS: Final = (0.05, 0.5, 0.95)
"""Percentiles of every month."""
OF_GROUPS: Final = ("use", "intake", "refused")
OF_STORES: Final = ("backlog", "storage")
SAMPLED: Final = ("monthly_intake", "monthly_refused", "monthly_available", "monthly_backlog", "monthly_storage")
"""What a year holds of its months, sample by sample."""


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """Capacity groups and stores whose months are kept, by their positions.

    Parameters
    ----------
    groups, stores : in rising order
    """

    groups: Index
    stores: Index


def watched(groups: Sequence[str], stores: Sequence[str], wanted: bool | tuple[str, ...]) -> Watched | None:
    """Return whose months a request keeps; None where it keeps none.

    Parameters
    ----------
    groups, stores : ids of capacity groups and of processes with a store, such as ``composting_plant[ba_tri]``
    wanted : True for all, False for none, or names of processes

    Examples
    --------
    >>> watched(["yard[north]", "digester[south]"], ["yard[north]"], ("digester",)).groups.tolist()
    [1]
    """

    def among(ids: Sequence[str]) -> Index:
        kept = [n for n, key in enumerate(ids) if wanted is True or (wanted and key.partition("[")[0] in wanted)]
        return np.array(kept, dtype=np.intp)

    return Watched(among(groups), among(stores)) if wanted else None


def reduced_months(lived: Sequence[Lived], *, alone: bool) -> Mapping[str, Summary]:
    """Return the series of the months of a unit in a few numbers each.

    Parameters
    ----------
    alone : whether there is no other unit, so that its percentiles are those of all replications
    """
    method: Interpolation = "linear" if alone else "hazen"
    rows = {name: values.reshape(-1, values.shape[-1]) for name, values in _series(lived).items()}
    return {name: summarised(values, LEVELS, squares=False, method=method) for name, values in rows.items()}


class Months:
    """Series of all months of the watched plants so far.

    Parameters
    ----------
    groups, stores : ids of the watched ones
    count : of months
    """

    def __init__(self, groups: Sequence[str], stores: Sequence[str], count: int) -> None:
        self.groups, self.stores, self.count = groups, stores, count
        self._running = {name: Running() for name in (*OF_GROUPS, *OF_STORES)}

    def add(self, unit: Mapping[str, Summary]) -> None:
        """Take in the next unit."""
        for name, running in self._running.items():
            running.add(unit[name])

    def variables(self) -> dict[str, Array]:
        """Return means (months, …) and percentiles (levels, months, …) by name in results."""
        found: dict[str, Array] = {}
        for name, running in self._running.items():
            shape = (self.count, len(self.stores if name in OF_STORES else self.groups))
            middle, _ = with_errors(running.summary.quantiles)
            found[f"month_{name}_mean"] = running.summary.mean.reshape(shape)
            found[f"month_{name}_quantile"] = middle.reshape(len(LEVELS), *shape)
        return found

    def coords(self, months: NDArray[np.str_]) -> dict[str, dict[str, Any]]:
        """Return the coordinates of the variables."""
        return {
            "month": {"month": months}, "month_quantile": {"month_quantile": np.array(LEVELS)},
            "month_group": {"month_group": np.array(self.groups, dtype=np.str_)},
            "month_store": {"month_store": np.array(self.stores, dtype=np.str_)},
        }  # fmt: skip


def without_months(lived: Sequence[Lived]) -> tuple[Lived, ...]:
    """Return years that no longer hold their months."""
    nothing: dict[str, Any] = {name: np.empty((0, *getattr(lived[0], name).shape[1:])) for name in SAMPLED}
    return tuple(replace(year, **nothing) for year in lived)


def _series(lived: Sequence[Lived]) -> dict[str, Array]:
    """Return every series (months, …, S); of what cannot stand yet nothing is used."""
    intake, refused, available, backlog, storage = (
        np.concatenate([getattr(year, name) for year in lived]) for name in SAMPLED
    )
    use = np.divide(intake, available, out=np.zeros_like(intake), where=available > 0.0)
    return {"use": use, "intake": intake, "refused": refused, "backlog": backlog, "storage": storage}
