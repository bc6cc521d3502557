"""The cash flow of every option as an appendix that reckons: one history, its rows, and formulas down to the measures.

Between `comparison.ledger`, which holds the numbers, and `workbook`; formulas only say again what the ledger did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from cemfa.comparison.ledger import PAID, RECEIVED, Ledger, ledger_of
from cemfa.comparison.pictures import full_name, funder_name
from cemfa.comparison.words import BILLION, Words
from cemfa.report.tables import Cell, Column, Table

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison, OptionResult

_SHOWN_BEFORE: Final = 3  # columns before the first time point: what, unit, total
_WHOLE, _RATE, _FACTOR = (
    Column("", kind="number", decimals=0),
    Column("", kind="percent"),
    Column("", kind="number", decimals=4),
)
_MONEY, _YEARS = Column("", kind="number", decimals=3), Column("", kind="number", decimals=2)


@dataclass(frozen=True, slots=True)
class _Line:
    """A row: its key, unit, values at the points, their formula, the total, its formula, and how both are shown.

    `skip` points at the beginning have no formula: nothing comes before the first one.
    """

    key: str
    unit: str = ""
    values: Sequence[float | None] = ()
    formula: str = ""
    total: float | str | None = None
    total_formula: str = ""
    shown: Column = _MONEY
    skip: int = 0
    label: str = ""


def cash_flow_tables(comparison: Comparison, words: Words) -> tuple[Table, ...]:
    """Return an appendix for every option, without stress cases, in which money moves."""
    found = ((option, ledger_of(option)) for option in comparison.plain)
    return tuple(_table(comparison, option, ledger, words) for option, ledger in found if ledger is not None)


def _table(comparison: Comparison, option: OptionResult, ledger: Ledger, words: Words) -> Table:
    years = option.economics.years
    heads = [words.text("point_first", year=years[0]), *(words.text("point_end", year=year) for year in years)]
    columns = (
        Column(words.text("c_item")), Column(words.text("c_unit")), Column(words.text("c_sum"), kind="number"),
        *(Column(head, kind="number") for head in heads),
    )  # fmt: skip
    sheet = _Sheet(comparison, ledger, words, len(heads))
    lines = list(sheet.lines())
    parameters = {"option": full_name(option, words), "number": ledger.sample + 1, "count": comparison.replications}
    return Table(
        words.text("t_cash_flow", letter=option.letter or words.text("baseline_short")),
        words.text("cash_flow_caption", **parameters),
        columns,
        tuple(sheet.row(line) for line in lines),
        tuple(line.key for line in lines),
        words.text("cash_flow_note", **parameters),
    )


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What the lines of one appendix share."""

    comparison: Comparison
    ledger: Ledger
    words: Words
    points: int

    def row(self, line: _Line) -> tuple[Cell, ...]:
        """Return the cells of a line."""
        label = line.label or self.words.text(f"cash_{line.key}")
        values = [*line.values, *[None] * (self.points - len(line.values))]
        cells = (
            Cell(_known(value), column=line.shown, formula=line.formula if place >= line.skip else "")
            for place, value in enumerate(values)
        )
        total = _known(line.total)
        text = total if isinstance(total, str) else ""
        whole = Cell(None if text else total, words=text, column=line.shown, formula=line.total_formula)
        return (Cell(label), Cell(line.unit), whole, *cells)

    def lines(self) -> Iterator[_Line]:
        """Yield the lines from top to bottom."""
        yield from self._flows()
        yield from self._measures()
        yield from self._debt()
        yield from self._need()

    @property
    def _money(self) -> str:
        return self.words.text("unit_money", price_year=self.comparison.scenario.finance.price_year)

    @property
    def _across(self) -> tuple[str, str]:
        """Letters of the first and the last point, as names for formulas."""
        return f"{{c{_SHOWN_BEFORE}}}", f"{{c{_SHOWN_BEFORE + self.points - 1}}}"

    def _range(self, key: str) -> str:
        first, last = self._across
        return f"{first}{{{key}}}:{last}{{{key}}}"

    def _amounts(self, key: str, values: np.ndarray, *, formula: str = "", skip: int = 0, label: str = "") -> _Line:
        """Return a line of money with its sum."""
        scaled = (values / BILLION).tolist()
        return _Line(
            key, self._money, scaled, formula, float(np.add.reduce(scaled)), f"SUM({self._range(key)})",
            skip=skip, label=label,
        )  # fmt: skip

    def _flows(self) -> Iterator[_Line]:
        ledger, first = self.ledger, self._across[0]
        net, factors = ledger.net, ledger.factors
        yield _Line("point", "", list(map(float, range(self.points))), shown=_WHOLE)
        yield _Line("rate", "%", [ledger.rate], shown=_RATE)
        yield _Line("factor", "", factors.tolist(), f"1/(1+${first}${{rate}})^{{c}}{{point}}", shown=_FACTOR)
        for key in (*RECEIVED, *PAID):
            yield self._amounts(key, ledger.flows[key])
        signs = "+".join(f"{{c}}{{{key}}}" for key in RECEIVED) + "".join(f"-{{c}}{{{key}}}" for key in PAID)
        yield self._amounts("net", net, formula=signs)
        yield self._amounts("discounted", net * factors, formula="{c}{net}*{c}{factor}")
        for key, flows in (("cumulative", net), ("cumulative_discounted", net * factors)):
            of = "net" if key == "cumulative" else "discounted"
            running = (np.cumsum(flows) / BILLION).tolist()
            yield _Line(key, self._money, running, f"SUM(${first}{{{of}}}:{{c}}{{{of}}})")
            yield _Line(
                f"back_{key}", self.words.text("unit_years"), _crossings(running),
                f'IF(AND({{p}}{{{key}}}<0,{{c}}{{{key}}}>=0),{{p}}{{point}}-{{p}}{{{key}}}/({{c}}{{{key}}}-{{p}}{{{key}}}),"")',
                shown=_YEARS, skip=1,
            )  # fmt: skip
        yield self._amounts("fees", ledger.flows["fees"])
        tonnes = ledger.flows["tonnes"]
        total = float(np.add.reduce(tonnes))
        yield _Line("tonnes", self.words.unit("t"), tonnes.tolist(), "", total, f"SUM({self._range('tonnes')})", _WHOLE)

    def _measures(self) -> Iterator[_Line]:
        found = self.ledger.measures
        worth = {key: f"SUMPRODUCT({self._range(key)},{self._range('factor')})" for key in self.ledger.flows}
        per_tonne = self.words.text("unit_vnd_per_tonne")
        spent = f"{worth['investment']}+{worth['running']}-{worth['salvage']}"
        per = f'IF({{c}}{{present_tonnes}}>0,{{cost}}*{BILLION:.0f}/{{c}}{{present_tonnes}},"")'
        for key, formula in (
            ("npv", f"SUM({self._range('discounted')})"), ("npv_operator", f"{{c}}{{npv}}+{worth['fees']}"),
            ("present_cost", spent),
        ):  # fmt: skip
            yield _Line(key, self._money, (), "", found[key] / BILLION, formula)
        yield _Line(
            "present_tonnes", self.words.unit("t"), (), "", found["present_tonnes"], worth["tonnes"], shown=_WHOLE
        )
        for key, cost in (
            ("levelised_cost", "{c}{present_cost}"),
            ("levelised_cost_net", f"({{c}}{{present_cost}}-{worth['revenue']})"),
        ):
            yield _Line(key, per_tonne, (), "", found[key], per.replace("{cost}", cost), shown=_WHOLE)
        never = self.words.text("never_paid_back")
        quoted = never.replace('"', '""')
        for key, of in (("payback", "cumulative"), ("payback_discounted", "cumulative_discounted")):
            back = self._range(f"back_{of}")
            formula = f'IF(COUNT({back})>0,MIN({back}),IF(MIN({self._range(of)})<0,"{quoted}",0))'
            value = found[key] if isfinite(found[key]) else never
            yield _Line(key, self.words.text("unit_years"), (), "", value, formula, shown=_YEARS)

    def _debt(self) -> Iterator[_Line]:
        debt, first = self.ledger.debt, self._across[0]
        if not debt:
            return
        yield _Line("inflation", "%", [self.ledger.inflation], shown=_RATE)
        for key in ("drawn", "interest", "subsidy", "principal"):
            yield self._amounts(key, debt[key], label=self.words.text(f"debt_{key}"))
        service = debt["interest"] - debt["subsidy"] + debt["principal"]
        yield self._amounts("service", service, formula="{c}{interest}-{c}{subsidy}+{c}{principal}")
        yield _Line(
            "balance", self._money, (debt["balance"] / BILLION).tolist(),
            f"({{p}}{{balance}}+{{p}}{{drawn}})/(1+${first}${{inflation}})-{{c}}{{principal}}",
            skip=1, label=self.words.text("debt_balance"),
        )  # fmt: skip

    def _need(self) -> Iterator[_Line]:
        need: Mapping[str, np.ndarray] = {key: paid for key, paid in self.ledger.need.items() if paid.any()}
        if not need:
            return
        for number, (key, paid) in enumerate(need.items()):
            yield self._amounts(f"funder_{number}", paid, label=funder_name(self.comparison, key, self.words))
        last = f"{{c}}{{funder_{len(need) - 1}}}"
        total = np.add.reduce(list(need.values()))
        yield self._amounts("need", total, formula=f"SUM({{c}}{{funder_0}}:{last})")


def _known(value: float | str | None) -> float | str | None:
    return None if isinstance(value, float) and not isfinite(value) else value


def _crossings(running: Sequence[float]) -> list[float | None]:
    """Return at each point the years until a running sum came back to zero just before it, nothing elsewhere."""
    found: list[float | None] = [None]
    for place, (before, here) in enumerate(pairwise(running)):
        found.append(place - before / (here - before) if before < 0 <= here else None)
    return found
