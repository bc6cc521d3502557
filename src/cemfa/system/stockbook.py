"""Stocks as a model states them: decay, lifetimes, contents given and the past, as rows of integers.

Read while compiling, after the statements of the flows; numbers come later (`numbers`, `holding`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cemfa import units
from cemfa.definition.schema import LIFETIME_PARAMETERS, Factor, Stock
from cemfa.errors import Place, Problem
from cemfa.system.changes import UseBook
from cemfa.system.layout import Array, Demands, StockProcess
from cemfa.system.lifetimes import leaves_at_once
from cemfa.system.parameters import ZERO
from cemfa.system.pattern import Pattern
from cemfa.system.statements import NOTHING, StatementBook
from cemfa.system.stocks import history_problem
from cemfa.system.tables import index


class StockBook:
    """Reads the stocks of a model; `read` returns them, `problems` holds what could not be."""

    def __init__(self, pattern: Pattern, uses: UseBook, statements: StatementBook) -> None:
        self.pattern, self.uses, self.statements = pattern, uses, statements
        self.years = pattern.model.periods.years
        self.problems: list[Problem] = []

    def read(self, demands: Demands) -> tuple[StockProcess, ...]:
        """Return the processes with a stock; `demands` holds those that a content given becomes."""
        entry = {int(process): number for number, process in enumerate(demands.process)}
        found = []
        for process in range(len(self.pattern.process_ids)):
            stock = self.pattern.process(process).stock
            if stock is None:
                continue
            plain = self._plain(process)
            if stock.lifetime is not None:
                found.append(self._lasting(plain, stock, entry.get(process, -1)))
            elif stock.decay == "first_order":
                found.append(self._decaying(plain, stock))
            else:
                found.append(plain)
        return tuple(found)

    def _plain(self, process: int) -> StockProcess:
        """Return a stock that nothing leaves."""
        years, deposits = self._history(process)
        return StockProcess(
            process=process,
            layer=-1,
            rate=ZERO,
            rate_factor=np.zeros(len(self.years)),
            inflows=index(self.pattern.arriving[process]),
            degradable=index([]),
            history_years=years,
            history=deposits,
            history_degradable=ZERO,
            history_left=False,
            lifetime="",
            timing="",
            parameters=index([]),
            parameter_factor=np.zeros(0),
            passes=False,
            content=NOTHING,
            content_factor=1.0,
            content_weight=np.zeros(len(self.pattern.layers)),
            demand=-1,
            retires=False,
        )

    def _decaying(self, plain: StockProcess, stock: Stock) -> StockProcess:
        process, years = plain.process, plain.history_years
        name, place = self.pattern.process_ids[process], self._place(process)
        if stock.layer is None or stock.rate is None or stock.degradable is None:
            self.problems.append(Problem("stock-decay", place, {"process": name}))
            return plain
        self._check_past(plain, needed=bool(self.pattern.leaving[process]))
        known = self.pattern.known_of_process(process)
        rate = self.uses.of(stock.rate, known, place)
        unit = self.uses.parameters.unit(stock.rate) if rate != ZERO else "1/year"
        inflows = plain.inflows.tolist()
        goods = [self.pattern.elements.flows[f].good for f in inflows]
        return replace(
            plain,
            layer=self.pattern.layer(stock.layer),
            rate=rate,
            rate_factor=np.array([units.per_year_factor(unit, year, place) for year in self.years]),
            degradable=index(
                self.uses.of(stock.degradable, {**self.pattern.elements.flows[f].known, **known, "good": g}, place)
                for f, g in zip(inflows, goods, strict=True)
            ),
            history_degradable=self._history_degradable(stock.degradable, known, set(goods), years, place),
        )

    def _lasting(self, plain: StockProcess, stock: Stock, demand: int) -> StockProcess:
        """Return a stock whose cohorts leave by a lifetime."""
        process, lifetime = plain.process, stock.lifetime or ""
        name, place = self.pattern.process_ids[process], self._place(process)
        known = self.pattern.known_of_process(process)
        named = [getattr(stock, key) for key in LIFETIME_PARAMETERS[lifetime]]
        if None in named or not self.pattern.leaving[process]:
            self.problems.append(Problem("stock-lifetime", place, {"process": name, "lifetime": lifetime}))
            return plain
        self._check_past(plain, needed=stock.starts is None)
        content: tuple[Factor, ...] = stock.content or (0,)
        return replace(
            plain,
            history_left=stock.history_states == "left",
            lifetime=lifetime,
            timing=stock.timing,
            parameters=index(self.uses.of(parameter, known, place) for parameter in named),
            parameter_factor=np.array([self._factor((parameter,)) for parameter in named]),
            passes=leaves_at_once(lifetime, stock.timing),
            content=self.statements.product([self.uses.of(factor, known, place) for factor in content]),
            content_factor=self._factor(content),
            content_weight=self.pattern.weight(stock.basis),
            demand=demand,
            retires=stock.surplus == "retire",
        )

    def _factor(self, factors: tuple[Factor, ...]) -> float:
        """Return what makes a product of parameters canonical; their units are checked with the definition."""
        known = self.uses.parameters.by_parameter
        found = [self.uses.parameters.unit(f) for f in factors if isinstance(f, str) and f in known]
        return float(units.product(found).factor)

    def _check_past(self, stock: StockProcess, *, needed: bool) -> None:
        name, place = self.pattern.process_ids[stock.process], self._place(stock.process)
        wrong = None
        if needed or stock.history_years:
            wrong = history_problem(stock.history_years, self.years[0], name, place)
        if wrong:
            self.problems.append(wrong)

    def _place(self, process: int) -> Place:
        return Place(path=f"processes.{self.pattern.elements.processes[process].name}.stock")

    def _history_degradable(
        self, degradable: str, known: dict[str, str], goods: set[str], years: tuple[int, ...], place: Place
    ) -> int:
        """Return the use of the share of past deposits that can decay: of the only good, or of any."""
        if not years:
            return ZERO
        (good,) = goods if len(goods) == 1 else ("",)
        return self.uses.of(degradable, {**known, "good": good} if good else known, place)

    def _history(self, process: int) -> tuple[tuple[int, ...], Array]:
        element = self.pattern.elements.processes[process]
        rows = [
            row
            for row in self.pattern.model.history
            if row.process == element.name and all(element.items.get(d) == item for d, item in row.index.items())
        ]
        years = tuple(sorted({row.year for row in rows}))
        deposits = np.zeros((len(years), len(self.pattern.layers)))
        for row in rows:
            place = Place(path=f"history.{row.process}")
            mass = row.value * self._mass_factor(element.name, row.unit, row.year, place)
            deposits[years.index(row.year), self.pattern.layer(row.layer)] += mass
        return years, deposits

    def _mass_factor(self, process: str, unit: str, year: int, place: Place) -> float:
        stock = self.pattern.model.processes[process].stock
        if stock is not None and stock.history_states == "left":
            return float(units.parse(unit, place).factor)
        return units.per_year_factor(unit, year, place)
