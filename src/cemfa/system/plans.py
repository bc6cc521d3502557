"""The annual balance of several plans side by side: plans are the samples of one solve, on central values.

Beside `solve`, whose balance of a year it runs. Plans of one model differ by capacities and by parameters from some
year on; what is the same is computed once: the years before any of them differs, the numbers of plans that change the
same parameters, and every call of the eliminated system. Many plans so cost little more than one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

import numpy as np
import xarray as xr

from cemfa.plan import ParameterChange, Plan
from cemfa.results import make_results
from cemfa.system.capacity import added_capacity, open_share, yearly_capacity
from cemfa.system.changes import Binding
from cemfa.system.executors import KERNEL, compiled
from cemfa.system.holding import Holding
from cemfa.system.kept import Year
from cemfa.system.layout import Array, System
from cemfa.system.numbers import Numbers, bind_plan, block_values
from cemfa.system.rows import Scattered
from cemfa.system.solve import products, solve_year


@dataclass(frozen=True, slots=True, eq=False)
class Trunk:
    """The first years of a plan, for others that begin in the same way.

    Parameters
    ----------
    plan : whose years these are; None: what stands today
    years : its first years, one sample each
    holdings : what stocks hold at the end of each
    """

    plan: Plan | None
    years: tuple[Year, ...]
    holdings: tuple[Holding, ...]

    @classmethod
    def of(cls, system: System, plan: Plan | None, *, until: int) -> Trunk:
        """Return the years of a plan before a calendar year."""
        sides, holding = _sides(system, [plan]), None
        years: list[Year] = []
        holdings: list[Holding] = []
        for period in range(bisect_left(system.years, until)):
            year, holding = _year(system, sides, period, holding)
            years.append(year)
            holdings.append(holding)
        return cls(plan, tuple(years), tuple(holdings))


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """A plan as the balance reads it: `added` and `opened` have the shape (T, G)."""

    changes: tuple[ParameterChange, ...]
    binding: Binding
    added: Array
    opened: Array

    def acting(self, year: int) -> tuple[ParameterChange, ...]:
        """Return the changes that change anything in a calendar year."""
        return tuple(change for change in self.changes if change.value_in(year) is not None)

    def same(self, other: _Side, period: int, year: int) -> bool:
        """Tell whether two plans do the same in a period."""
        alike = np.array_equal(self.added[period], other.added[period])
        alike = alike and np.array_equal(self.opened[period], other.opened[period])
        return alike and self.acting(year) == other.acting(year)


def solve_plans(
    system: System, plans: Sequence[Plan | None], *, trunk: Trunk | None = None, since: int | None = None
) -> xr.Dataset:
    """Return the annual balances of some plans on central values, as results whose samples are the plans.

    Sample n is what ``solve(system, plan=plans[n])`` gives.

    Parameters
    ----------
    plans : in the order of the samples; None: what stands today
    trunk : years known already; used as far as all plans do what its plan does
    since : first calendar year to return; default: all

    Raises
    ------
    DefinitionError, SolveError
        as `solve`; the sample of a message is the position of the plan.

    Examples
    --------
    >>> from cemfa.definition.load import read_model
    >>> from cemfa.system.compile import compile_system
    >>> from cemfa.system.solve import solve
    >>> system = compile_system(read_model("first_steps"))
    >>> both = solve_plans(system, [None, None], since=2026)
    >>> both.sizes["sample"], both.sizes["period"]
    (2, 7)
    >>> bool((both["flow_mass"] == solve(system)["flow_mass"].sel(period=both["period"])).all())
    True
    """
    compiled(None, KERNEL, products(system, len(plans)))
    sides = _sides(system, plans)
    known = trunk or Trunk(None, (), ())
    shared = _shared(system, known, sides)
    first = 0 if since is None else bisect_left(system.years, since)
    holding = Holding.joined([known.holdings[shared - 1]] * len(sides)) if shared else None
    kept = [_repeated(year, len(sides)) for year in known.years[first:shared]]
    residual = max((year.residual for year in known.years[:shared]), default=0.0)
    for period in range(shared, len(system.years)):
        year, holding = _year(system, sides, period, holding)
        residual = max(residual, year.residual)
        if period >= first:
            kept.append(year)
    return _results(system, kept, first, residual)


def _sides(system: System, plans: Sequence[Plan | None]) -> list[_Side]:
    """Return plans as the balance reads them; events that several have in common are looked up once."""
    sides: list[_Side] = []
    before: Plan | None = None
    for plan in plans:
        same = sides and (plan.events if plan else ()) == (before.events if before else ())
        opened = sides[-1].opened if same else open_share(system, plan)
        changes = plan.changes if plan else ()
        sides.append(_Side(changes, _bound(system, changes), added_capacity(system, plan), opened))
        before = plan
    return sides


@lru_cache(maxsize=64)
def _bound(system: System, changes: tuple[ParameterChange, ...]) -> Binding:
    """Return changes bound to a system; remembered, as the next plans are likely to share them."""
    return bind_plan(system, Plan(changes=changes))


def _shared(system: System, trunk: Trunk, sides: Sequence[_Side]) -> int:
    """Return for how many periods all plans do what the plan of a trunk does."""
    (base,) = _sides(system, [trunk.plan])
    for period in range(len(trunk.years)):
        if not all(base.same(side, period, system.years[period]) for side in sides):
            return period
    return len(trunk.years)


def _year(system: System, sides: Sequence[_Side], period: int, holding: Holding | None) -> tuple[Year, Holding]:
    """Return one period of all plans, and what the stocks hold at its end."""
    kinds: dict[tuple[ParameterChange, ...], int] = {}
    which = [kinds.setdefault(side.acting(system.years[period]), len(kinds)) for side in sides]
    central = system.sampler.central()[:, None]
    found = [block_values(system, central, sides[which.index(kind)].binding, period) for kind in range(len(kinds))]
    days = int(system.days[period])
    limits = [
        yearly_capacity(found[kind], side.added[period], side.opened[period], days)
        for kind, side in zip(which, sides, strict=True)
    ]
    return solve_year(
        system, _side_by_side([found[kind] for kind in which]), np.concatenate(limits, axis=-1), holding, central=True
    )


def _side_by_side(parts: Sequence[Numbers]) -> Numbers:
    """Return the numbers of a period of several plans as samples of one."""

    def whole(name: str) -> Any:
        values = [getattr(part, name) for part in parts]
        if isinstance(values[0], tuple):
            return tuple(np.concatenate(same, axis=-1) for same in zip(*values, strict=True))
        return np.concatenate(values, axis=-1)

    cells = np.concatenate([part.cells for part in parts], axis=-1)
    arrays = {field.name: whole(field.name) for field in fields(Numbers) if field.name not in ("period", "shown")}
    return replace(parts[0], **arrays, shown=Scattered.of((cells,), np.arange(len(cells))))


def _repeated(year: Year, count: int) -> Year:
    """Return a year of one sample as that of several."""

    def wide(values: Array) -> Array:
        return np.broadcast_to(values, (*values.shape[:-1], count))

    return Year(wide(year.flow), wide(year.throughput), wide(year.stock), wide(year.parameter), year.residual)


def _results(system: System, years: Sequence[Year], first: int, residual: float) -> xr.Dataset:
    """Return years in the one shape of results, from the period at a position."""

    def of(name: str) -> Array:
        whole = np.stack([getattr(year, name) for year in years])
        return whole.transpose(2, 0, 1) if whole.ndim == 3 else whole.transpose(3, 0, 2, 1)

    names = {"flow_mass": "flow", "throughput": "throughput", "stock": "stock", "parameter": "parameter"}
    return make_results(
        system, {name: of(kept) for name, kept in names.items()}, kind="solve", seed=0, residual=residual,
        samples=np.arange(years[0].flow.shape[-1]), periods=system.years[first:],
        coords={
            "cell": system.cell_coords,
            "stock_process": {"stock_process": np.array(system.stock_ids, dtype=np.str_)},
        },
        attrs={"model": system.model.id, "scenario": "", "option": "", "limits": True, "sampling": "central"},
    )  # fmt: skip
