"""What stocks hold from one period to the next, for every stock of a system at once.

Between `limits`, which says what entered, and the next period, which needs what is released; read by `solve` and
`simulate`. The laws of single stocks are in `stocks`, `lifetimes` and `cohorts`, what a period needs in `releasing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cemfa import locale
from cemfa.errors import BalanceError, Place, Problem, SolveError
from cemfa.system.layout import Array, StockProcess, System
from cemfa.system.lifetimes import survival_curve
from cemfa.system.numbers import Numbers
from cemfa.system.releasing import Release
from cemfa.system.stocks import decay, opening_content

ROUNDING: Final = 1e-9
"""Share by which a content may differ from what was wanted, and a stock from its own balance."""


@dataclass(frozen=True, slots=True, eq=False)
class Cohorts:
    """The cohorts of one stock, oldest first.

    Parameters
    ----------
    entered : shape (C, L, S), what entered [t]; less where some was retired before its time
    ages : shape (C,), whole years since the year of entry at the end of the last year
    curve : shape (C,), which survival curve each cohort follows
    curves : survival curves (A, S); cohorts of equal lifetime share one
    """

    entered: Array
    ages: NDArray[np.intp]
    curve: NDArray[np.intp]
    curves: tuple[Array, ...]

    def held(self, after: int = 0) -> Array:
        """Return what all cohorts hold (L, S) some years after the last one [t]."""
        return _added(self.entered * self._alive(after)[:, None])

    def left(self) -> Array:
        """Return what leaves all cohorts (L, S) within the next year [t/year]."""
        return _added(self.entered * (self._alive(0) - self._alive(1))[:, None])

    def next(self, born: Array, curve: Array, stay: Array) -> Cohorts:
        """Return the cohorts a year later, some of them retired, with a new one."""
        curves = self.curves if self.curves and curve is self.curves[-1] else (*self.curves, curve)
        return Cohorts(
            np.concatenate((self.entered * stay, born[None])),
            np.append(self.ages + 1, 0),
            np.append(self.curve, len(curves) - 1),
            curves,
        )

    def cut(self, kept: slice) -> Cohorts:
        """Return the cohorts of some samples."""
        return replace(self, entered=self.entered[..., kept], curves=tuple(c[..., kept] for c in self.curves))

    def _alive(self, after: int) -> Array:
        found = np.empty((len(self.ages), self.entered.shape[2]))
        for number, curve in enumerate(self.curves):
            chosen = self.curve == number
            found[chosen] = curve[self.ages[chosen] + after]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Holding:
    """Content of all stocks at one moment.

    Parameters
    ----------
    content : shape (K, L, S) [t]
    decaying : shape (K, S), the part of its layer that can still decay [t]
    cohorts : per stock, its cohorts where it has a lifetime
    """

    content: Array
    decaying: Array
    cohorts: tuple[Cohorts | None, ...]

    def cut(self, kept: slice) -> Holding:
        """Return what is held in some samples."""
        cohorts = tuple(c and c.cut(kept) for c in self.cohorts)
        return Holding(self.content[..., kept], self.decaying[..., kept], cohorts)

    @classmethod
    def joined(cls, parts: Sequence[Holding]) -> Holding:
        """Return what is held in all samples, from those of some samples each, in order."""

        def whole(arrays: Sequence[Array]) -> Array:
            return np.concatenate(arrays, axis=-1)

        def of_stock(found: tuple[Cohorts | None, ...]) -> Cohorts | None:
            if found[0] is None:
                return None
            kept = [c for c in found if c is not None]
            curves = tuple(whole(same) for same in zip(*(c.curves for c in kept), strict=True))
            return replace(kept[0], entered=whole([c.entered for c in kept]), curves=curves)

        cohorts = tuple(of_stock(found) for found in zip(*(p.cohorts for p in parts), strict=True))
        return cls(whole([p.content for p in parts]), whole([p.decaying for p in parts]), cohorts)


@dataclass(frozen=True, slots=True, eq=False)
class Releasing:
    """What a period's balance needs of the stocks, and what its end needs to know again.

    Parameters
    ----------
    release : what leaves
    numbers : those of the period, with the demands of stocks whose content is given
    curves : per stock, survival of what enters in this period
    stay : shape (K, S), share of older cohorts that is not retired before its time [1]
    """

    release: Release
    numbers: Numbers
    curves: tuple[Array | None, ...]
    stay: Array


def opening(system: System, numbers: Numbers) -> Holding:
    """Return what the stocks hold before the first period, from their histories of deposits.

    Parameters
    ----------
    numbers : of the first period: past deposits decayed at its rate, past cohorts lived by its lifetime
    """
    samples = numbers.coefficient.shape[2]
    content = np.zeros((len(system.stocks), len(system.layers), samples))
    decaying = np.zeros((len(system.stocks), samples))
    cohorts: list[Cohorts | None] = []
    for number, stock in enumerate(system.stocks):
        cohorts.append(_past(system, numbers, number) if stock.lifetime else None)
        if stock.lifetime:
            content[number] = _of(cohorts[-1]).held()
            continue
        for deposit in stock.history:
            content[number] += deposit[:, None]
        if _decays(system, stock) and stock.history_years:
            share = numbers.past_degradable[number]
            deposits = stock.history[:, stock.layer, None] * share
            name, first = system.process_ids[stock.process], system.years[0]
            left = opening_content(
                stock.history_years, deposits, numbers.rates[number], first, name=name, place=_place(system, stock)
            )
            gone = np.maximum(0.0, _added(deposits) - left)
            content[number, stock.layer] -= gone
            decaying[number] = left
    return Holding(content, decaying, tuple(cohorts))


def releasing(system: System, holding: Holding, numbers: Numbers) -> Releasing:
    """Return what stocks release in a period, and what those whose content is given ask for.

    Decay and older cohorts release what was there before; stocks whose content is given lack
    (content - what older cohorts keep)/S(0).

    Raises
    ------
    SolveError
        with `stock-inflow-negative` where older cohorts keep more than the content given and none may be retired,
        with `stock-never-fills` where nothing that enters stays until the year's end.
    """
    samples = holding.content.shape[2]
    older, kept = np.zeros_like(holding.content), np.ones((len(system.stocks), samples))
    stay, demand = np.ones_like(kept), numbers.demand.copy()
    curves: list[Array | None] = [None] * len(system.stocks)
    for number, stock in enumerate(system.stocks):
        if stock.lifetime:
            cohorts = _of(holding.cohorts[number])
            curve = curves[number] = _curve(system, numbers, number, cohorts)
            kept[number] = curve[0]
            older[number] = cohorts.left()
            if stock.demand >= 0:
                left = cohorts.held(1)
                stay[number], demand[stock.demand] = _asked(system, numbers, number, left, curve[0])
                older[number] += left * (1.0 - stay[number])
        elif _decays(system, stock):
            older[number, stock.layer] = decay(holding.decaying[number], numbers.rates[number])[0]
    return Releasing(Release(older, kept), replace(numbers, demand=demand), tuple(curves), stay)


def closing(
    system: System, holding: Holding, period: Releasing, release: Array, flows: Array, entering: Array
) -> Holding:
    """Return what the stocks hold at the end of a period.

    Parameters
    ----------
    period : what was released in it, from `releasing`
    release : shape (K, L, S), all of it [t/year]
    flows : shape (F, L, S) and entering : shape (P, L, S), of this period [t/year]

    Raises
    ------
    BalanceError
        where a content and what entered and left do not agree to 1e-9.
    SolveError
        with `stock-overfull` where more enters than the content that is given can take.
    """
    content, decaying, cohorts = holding.content.copy(), holding.decaying.copy(), list(holding.cohorts)
    for number, stock in enumerate(system.stocks):
        content[number] += entering[stock.process] - release[number]
        if stock.lifetime:
            curve, before = period.curves[number], _of(cohorts[number])
            born = entering[stock.process]
            after = before.next(born, curve if curve is not None else np.ones((1, 1)), period.stay[number])
            cohorts[number] = after
            content[number] = _agreed(system, stock, period.numbers, after.held(), content[number], born)
        elif _decays(system, stock):
            decaying[number] -= release[number, stock.layer]
            for flow, share in zip(stock.inflows.tolist(), period.numbers.degradable[number], strict=True):
                decaying[number] += share * flows[flow, stock.layer]
    return Holding(content, decaying, tuple(cohorts))


def _past(system: System, numbers: Numbers, number: int) -> Cohorts:
    """Return the cohorts that entered before the first period."""
    stock, samples = system.stocks[number], numbers.coefficient.shape[2]
    count = len(stock.history_years)
    ages = np.array([system.years[0] - 1 - year for year in stock.history_years], dtype=np.intp)
    curve = _survival(system, numbers, number, count + len(system.years))
    entered = np.broadcast_to(stock.history[:, :, None], (count, len(system.layers), samples)).copy()
    if stock.history_left:
        alive = curve[ages][:, None] if count else np.ones((0, 1, samples))
        outlived = np.broadcast_to(alive <= 0.0, entered.shape) & (entered > 0.0)
        if outlived.any():
            row, layer, sample = (int(i[0]) for i in np.nonzero(outlived))
            shown = {"value": float(entered[row, layer, sample]), "age": int(ages[row])}
            raise _error(system, stock, "stock-outlived", system.years[0], sample, shown)
        entered = entered / np.where(alive > 0.0, alive, 1.0)
    return Cohorts(entered, ages, np.zeros(count, dtype=np.intp), (curve,))


def _survival(system: System, numbers: Numbers, number: int, years: int) -> Array:
    stock = system.stocks[number]
    return survival_curve(
        stock.lifetime, list(numbers.lifetimes[number]), years, stock.timing,
        name=system.process_ids[stock.process], year=system.years[numbers.period], place=_place(system, stock),
    )  # fmt: skip


def _curve(system: System, numbers: Numbers, number: int, cohorts: Cohorts) -> Array:
    """Return the survival of what enters in a period; the curve of the period before where nothing has changed."""
    found = _survival(system, numbers, number, len(system.years) - numbers.period)
    last = cohorts.curves[-1]
    return last if np.array_equal(last[: len(found)], found) else found


def _asked(system: System, numbers: Numbers, number: int, left: Array, survives: Array) -> tuple[Array, Array]:
    """Return the share of older cohorts that stays, and what a stock of given content lacks [t/year]."""
    stock, year = system.stocks[number], system.years[numbers.period]
    wanted, there = numbers.contents[number], _weighted(stock.content_weight, left)
    surplus = there - wanted
    over = surplus > ROUNDING * np.maximum(there, wanted)
    if over.any() and not stock.retires:
        sample = int(np.argmax(over))
        shown = {"value": float(-surplus[sample]), "left": float(there[sample]), "wanted": float(wanted[sample])}
        raise _error(system, stock, "stock-inflow-negative", year, sample, shown)
    never = (survives <= 0.0) & (surplus < 0.0)
    if never.any():
        sample = int(np.argmax(never))
        raise _error(system, stock, "stock-never-fills", year, sample, {"value": float(wanted[sample])})
    stay = np.where(over, wanted / np.where(over, there, 1.0), 1.0)
    return stay, np.maximum(0.0, -surplus) / np.where(survives > 0.0, survives, 1.0)


def _agreed(system: System, stock: StockProcess, numbers: Numbers, held: Array, booked: Array, entered: Array) -> Array:
    """Return what cohorts hold (L, S) after checking it against the books, and against the content given."""
    year = system.years[numbers.period]
    scale = np.maximum(np.maximum(held, np.abs(booked)), entered)
    gap = np.abs(held - booked) / np.where(scale > 0.0, scale, 1.0)
    if float(gap.max(initial=0.0)) > ROUNDING:
        layer, sample = (int(i) for i in np.unravel_index(int(gap.argmax()), gap.shape))
        shown = {
            "process": system.process_ids[stock.process], "layer": system.layers[layer], "year": year,
            "sample": sample, "gap": float(gap[layer, sample]),
        }  # fmt: skip
        raise locale.error(BalanceError, Problem("balance-open", Place(), shown))
    if stock.demand >= 0:
        wanted = numbers.contents[system.stocks.index(stock)]
        found = _weighted(stock.content_weight, held)
        over = found > wanted * (1.0 + ROUNDING) + ROUNDING * _weighted(stock.content_weight, entered)
        if over.any():
            sample = int(np.argmax(over))
            shown = {"value": float(found[sample]), "wanted": float(wanted[sample])}
            raise _error(system, stock, "stock-overfull", year, sample, shown)
    return held


def _decays(system: System, stock: StockProcess) -> bool:
    return stock.layer >= 0 and bool(system.decides[stock.process])


def _of(cohorts: Cohorts | None) -> Cohorts:
    if cohorts is None:
        raise TypeError("a stock with a lifetime has cohorts")
    return cohorts


def _place(system: System, stock: StockProcess) -> Place:
    return Place(path=f"processes.{system.process_coords['process_name'][stock.process]}.stock")


def _error(system: System, stock: StockProcess, code: str, year: int, sample: int, shown: dict[str, Any]) -> SolveError:
    known = {"process": system.process_ids[stock.process], "year": year, "sample": sample}
    return locale.error(SolveError, Problem(code, _place(system, stock), {**known, **shown}))


def _weighted(weight: Array, values: Array) -> Array:
    """Return the sum (S,) of the layers (L, S) of a basis, one after the other."""
    total = np.zeros(values.shape[1])
    for layer in np.flatnonzero(weight).tolist():
        total += weight[layer] * values[layer]
    return total


def _added(rows: Array) -> Array:
    total = np.zeros(rows.shape[1:])
    for row in rows:
        total += row
    return total
