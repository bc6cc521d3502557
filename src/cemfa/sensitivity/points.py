"""The balance of one year at many points of the parameters at once, a point per sample.

Core of `sensitivity`: the solver does not care whether its samples were drawn or laid out, so limits, loops and
stocks act in a derivative exactly as in a result. What stocks release is computed only where something asked for
depends on it; the years before are left out otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from cemfa.errors import Problem, SolveError
from cemfa.plan import Plan
from cemfa.results import make_results
from cemfa.sensitivity.quantities import Quantity, values_of
from cemfa.system.balance import largest_residual
from cemfa.system.capacity import added_capacity, open_share, yearly_capacity
from cemfa.system.changes import Binding
from cemfa.system.kept import Year
from cemfa.system.layout import Array, System
from cemfa.system.limits import Settled, settle
from cemfa.system.numbers import Numbers, bind_plan, block_values
from cemfa.system.releasing import Release
from cemfa.system.solve import solve_years
from cemfa.workers import parts

if TYPE_CHECKING:
    import xarray as xr

POINTS: Final = 256
"""Points of one block of work; what comes out does not depend on it."""
_PROBES: Final = (0.0, 0.01, 0.05)
"""Releases tried, as shares of all that enters the system: what does not change with them has no history."""
_SAME: Final = 1e-12  # rounding


@dataclass(frozen=True, slots=True, eq=False)
class Balance:
    """The balance of a year as a function of draws.

    Parameters
    ----------
    added, opened : shape (T, G), from `added_capacity` and `open_share`
    period : position of the year
    """

    system: System
    binding: Binding
    added: Array
    opened: Array
    period: int

    @classmethod
    def of(cls, system: System, plan: Plan | None, period: int) -> Balance:
        """Return the balance of a system with a plan in the year at a position."""
        return cls(system, bind_plan(system, plan), added_capacity(system, plan), open_share(system, plan), period)

    def numbers(self, draws: Array) -> Numbers:
        """Return the numbers of the year for draws (R, S)."""
        return block_values(self.system, draws, self.binding, self.period)

    def settled(self, numbers: Numbers, release: Array) -> Settled:
        """Return the balance for given releases (K, L, S) [t/year]."""
        t = self.period
        limits = yearly_capacity(numbers, self.added[t], self.opened[t], int(self.system.days[t]))
        kept = np.ones((len(self.system.stocks), release.shape[2]))
        return settle(self.system, numbers, limits, Release(release, kept))

    def releases(self) -> bool:
        """Return whether any stock of the system lets anything out."""
        return bool(np.isin(self.system.source, [stock.process for stock in self.system.stocks]).any())

    def alone(self, draws: Array, release: Array) -> Year:
        """Return the year without those before it."""
        numbers = self.numbers(draws)
        found = self.settled(numbers, release)
        residual = largest_residual(self.system, found.flows, release, year=self.system.years[self.period])
        return Year(found.flows, found.throughput, np.empty((0, 0, 0)), numbers.cells, residual)

    def through(self, draws: Array) -> Year:
        """Return the year after all years before it."""
        years = solve_years(self.system, draws, self.binding, self.added, self.opened)
        return next(year for period, year in enumerate(years) if period == self.period)

    def nothing(self, samples: int) -> Array:
        """Return releases (K, L, S) of zero."""
        return np.zeros((len(self.system.stocks), len(self.system.layers), samples))

    def results(self, year: Year) -> xr.Dataset:
        """Return a year in the one shape of results, as the indicators read it."""
        variables = {
            "flow_mass": year.flow.transpose(2, 1, 0)[:, None],
            "throughput": year.throughput.transpose(2, 1, 0)[:, None],
            "parameter": year.parameter.T[:, None],
        }
        return make_results(
            self.system, variables, kind="solve", seed=0, residual=year.residual,
            samples=np.arange(year.flow.shape[2]), periods=[self.system.years[self.period]],
            coords={"cell": self.system.cell_coords},
        )  # fmt: skip

    def values(self, quantities: Sequence[Quantity], year: Year) -> Array:
        """Return the values (Q, S) of quantities in a year."""
        return values_of(quantities, year.flow, year.throughput, partial(self.results, year))

    def has_history(self, quantities: Sequence[Quantity], point: Array) -> bool:
        """Return whether a quantity depends on what stocks release, at a point (R,).

        Every stock is given other releases, small and large; a quantity that does not move at all does not read
        them. A stock that lets matter pass within the year, or whose content is given, acts through more than its
        release, so then the years before always count.
        """
        if not self.releases():
            return False
        if any(stock.passes or stock.demand >= 0 for stock in self.system.stocks):
            return True
        draws = np.repeat(point[:, None], len(_PROBES), axis=1)
        release = self.nothing(len(_PROBES))
        entering = self._entering(point)
        for number, stock in enumerate(self.system.stocks):
            for layer in [stock.layer] if stock.layer >= 0 else range(len(entering)):
                release[number, layer] = np.array(_PROBES) * (1.0 + number) * max(1.0, entering[layer])
        found = self.values(quantities, self.alone(draws, release))
        moved = np.abs(found - found[:, :1]) > _SAME * np.abs(found[:, :1])
        return bool(moved.any())

    def at(self, quantities: Sequence[Quantity], draws: Array, *, history: bool) -> Array:
        """Return the values (Q, S) of quantities at points (R, S), block by block.

        Parameters
        ----------
        history : whether the years before matter
        """
        blocks = range(0, draws.shape[1], POINTS)

        def task(first: int) -> Array:
            return self._block(quantities, draws[:, first : first + POINTS], first, history=history)

        return np.concatenate(list(parts(task, blocks)), axis=1)

    def _block(self, quantities: Sequence[Quantity], draws: Array, first: int, *, history: bool) -> Array:
        try:
            year = self.through(draws) if history else self.alone(draws, self.nothing(draws.shape[1]))
        except SolveError as wrong:
            raise type(wrong)([_moved(problem, first) for problem in wrong.problems], str(wrong)) from wrong
        return self.values(quantities, year)

    def _entering(self, point: Array) -> Array:
        """Return what enters all processes by stated masses (L,) [t/year]."""
        coefficient = self.numbers(point[:, None]).coefficient[:, :, 0]
        return np.asarray(coefficient[self.system.given].sum(axis=0))


def _moved(problem: Problem, first: int) -> Problem:
    """Return a problem of a block whose sample is counted from the first of all points."""
    sample = problem.parameters.get("sample")
    if not isinstance(sample, int):
        return problem
    return replace(problem, parameters={**problem.parameters, "sample": first + sample})
