"""Tables of an option's finances: payers by year, items of the investment, plants, actors, debt and fees.

Beside `detail`; picks and names, reckons nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from cemfa.comparison import pictures
from cemfa.comparison.finances import DEBTORS, ECONOMY
from cemfa.comparison.words import BILLION, Words
from cemfa.economics.investment import ITEMS
from cemfa.indicators.spread import stat_of
from cemfa.report.overview import cell
from cemfa.report.tables import Cell, Column, Table

if TYPE_CHECKING:
    from cemfa.comparison.finances import Finances
    from cemfa.comparison.outcome import Comparison, OptionResult

Rows = Iterator[tuple[str, tuple[Cell, ...]]]
Builder = Callable[["Comparison", Words], Table]

_SMALLEST: Final = 0.5  # VND; what is less is rounding

FEES: Final = {
    "full_cost_per_tonne": ("unit_vnd_per_tonne", 1.0), "full_cost": ("unit_billion_per_year", 1 / BILLION),
    "covering_fee": ("unit_vnd_per_household", 1.0), "today": ("unit_vnd_per_household", 1.0),
    "subsidy": ("unit_billion_per_year", 1 / BILLION), "late_loss": ("unit_money_short", 1 / BILLION),
    "late_gap": ("unit_money_short", 1 / BILLION), "frozen_loss": ("unit_money_short", 1 / BILLION),
    "frozen_level": ("unit_percent", 100.0),
}  # fmt: skip
"""Measures of fees in the order shown, each with its unit and scale."""


def finance_tables(comparison: Comparison, words: Words) -> dict[str, Table]:
    """Return the tables of finances with rows per option, by name; a table is empty where nothing is to be said."""
    builders: dict[str, Builder] = {
        "funding": _funding, "investment": _investment, "plants": _plants, "actors": _actors, "debt": _debt,
        "fees": _fees,
    }  # fmt: skip
    return {name: build(comparison, words) for name, build in builders.items()}


def _held(comparison: Comparison) -> Iterator[tuple[OptionResult, Finances]]:
    for option in comparison.options:
        if option.economics.finances is not None:
            yield option, option.economics.finances


def _name(option: OptionResult, words: Words) -> Cell:
    return Cell(pictures.full_name(option, words))


def _money(comparison: Comparison, words: Words) -> str:
    return words.text("unit_money", price_year=comparison.scenario.finance.price_year)


def _table(name: str, words: Words, columns: tuple[Column, ...], rows: Rows, **parameters: object) -> Table:
    held, note = list(rows), words.text(f"{name}_note", **parameters)
    title = words.text(f"t_{name}")
    return Table(
        title, words.text(f"{name}_caption"), columns, tuple(r for _, r in held), tuple(k for k, _ in held), note
    )


def _project_name(option: OptionResult, key: str, words: Words) -> Cell:
    found = next((project for project in option.projects if project.id == key), None)
    return Cell(words.label(found.label, key) if found else key)


def _funding(comparison: Comparison, words: Words) -> Table:
    years, money = comparison.options[0].economics.years, _money(comparison, words)
    columns = (
        Column(words.text("c_option")), Column(words.text("c_funder")), Column(words.text("c_purpose")),
        *(Column(str(year), money, "number", 1) for year in years),
        Column(words.text("c_total", first=years[0], last=years[-1]), money, "number", 1),
    )  # fmt: skip

    whole = f"SUM({{c3}}{{r}}:{{c{len(years) + 2}}}{{r}})"

    def rows() -> Rows:
        for option, finances in _held(comparison):
            means = finances.funding.mean("sample").transpose("purpose", "funder", "year")
            for purpose in means["purpose"].to_numpy():
                for funder in means["funder"].to_numpy():
                    paid = means.sel(purpose=purpose, funder=funder).to_numpy() / BILLION
                    if paid.sum() * BILLION > _SMALLEST:
                        who = Cell(pictures.funder_name(comparison, str(funder), words))
                        what = Cell(words.text(f"of_{purpose}"))
                        cells = (who, what, *map(Cell, paid.tolist()), Cell(paid.sum(), formula=whole))
                        yield option.id, (_name(option, words), *cells)
            after = option.economics.after_donors.mean("sample").to_numpy() / BILLION
            if after.sum() * BILLION > _SMALLEST:
                line = (Cell(words.text("after_donors")), Cell(words.text("of_running")))
                cells = (*map(Cell, after.tolist()), Cell(after.sum(), formula=whole))
                yield option.id, (_name(option, words), *line, *cells)
            for debtor, kind, due in _service(finances):
                line = (Cell(words.text(f"service_{debtor}")), Cell(words.text(f"of_{kind}")))
                cells = (*map(Cell, due.tolist()), Cell(due.sum(), formula=whole))
                yield option.id, (_name(option, words), *line, *cells)

    return _table("funding", words, columns, rows())


def _service(finances: Finances) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield debtor, kind and means by year of what is paid for loans [bn VND/yr]."""
    for debtor in DEBTORS:
        yield from ((debtor, kind, due.mean("sample").to_numpy() / BILLION) for kind, due in finances.owed_by(debtor))


def _investment(comparison: Comparison, words: Words) -> Table:
    money = _money(comparison, words)
    heads = [*ITEMS[:-1], "real", ITEMS[-1], "total", "vat"]
    columns = (
        Column(words.text("c_option")), Column(words.text("c_project")),
        *(Column(words.text(f"item_{name}"), money, "number", 2) for name in heads),
    )  # fmt: skip

    real = 2 + len(ITEMS) - 1
    sums = {"real": f"SUM({{c2}}{{r}}:{{c{real - 1}}}{{r}})", "total": f"{{c{real}}}{{r}}+{{c{real + 1}}}{{r}}"}

    def rows() -> Rows:
        for option, finances in _held(comparison):
            means, taxes = finances.investment.mean("sample"), finances.vat.mean("sample")
            for key in finances.project_ids:
                held = {name: float(means.sel(project=key, item=name)) / BILLION for name in ITEMS}
                held["real"] = sum(held[name] for name in ITEMS[:-1])
                held["total"] = held["real"] + held[ITEMS[-1]]
                tax = float(taxes.sel(project=key)) / BILLION
                amounts = [Cell(held[name], formula=sums.get(name, "")) for name in heads[:-1]]
                vat = Cell(tax if np.isfinite(tax) else None)
                yield option.id, (_name(option, words), _project_name(option, key, words), *amounts, vat)

    stated = comparison.options[-1].economics.finances
    key = {None: "vat_unknown", True: "vat_included", False: "vat_excluded"}[stated.vat_included if stated else None]
    return _table("investment", words, columns, rows(), vat=words.text(key))


def _plants(comparison: Comparison, words: Words) -> Table:
    money, per_tonne = _money(comparison, words), words.text("unit_vnd_per_tonne")
    columns = (
        Column(words.text("c_option")), Column(words.text("c_project")),
        Column(words.text("m_npv"), money, "number", 1, spread=True),
        Column(words.text("c_irr"), "%", "percent", 1, spread=True),
        Column(words.text("c_mirr"), "%", "percent", 1, spread=True, narrow=False),
        Column(words.text("c_payback"), words.text("unit_years"), "number", 1, spread=True),
        Column(words.text("c_payback_discounted"), words.text("unit_years"), "number", 1, spread=True, narrow=False),
        Column(words.text("c_ratio_benefit"), "", "number", 2, spread=True),
        Column(words.text("c_levelised"), per_tonne, "number", 0, spread=True),
        Column(words.text("c_gate_fee"), per_tonne, "number", 0, spread=True),
        Column(words.text("c_break_even"), per_tonne, "number", 0, spread=True),
        Column(words.text("c_cover"), "", "number", 2, spread=True),
        Column(words.text("c_late", months=_months(comparison, words)), money, "number", 1, spread=True),
        Column(words.text("c_frozen", years=comparison.scenario.finance.frozen_years), money, "number", 1, spread=True),
    )  # fmt: skip

    def rows() -> Rows:
        for option, finances in _held(comparison):
            for key in finances.project_ids:
                held = {str(n): v.sel(project=key).to_numpy() for n, v in finances.projects.data_vars.items()}
                cells = (
                    _of(held["npv"], 1 / BILLION), rate_cell(held["irr"], held["irr_count"], words), _of(held["mirr"]),
                    _years(held["simple_payback"], words), _years(held["discounted_payback"], words),
                    _of(held["benefit_cost_ratio"]), _of(held["levelised_cost"]), _of(held["gate_fee"]),
                    _of(held["break_even_fee"]), _of(held["lowest_cover"]), _of(held["npv_late"], 1 / BILLION),
                    _of(held["npv_frozen"], 1 / BILLION),
                )  # fmt: skip
                yield option.id, (_name(option, words), _project_name(option, key, words), *cells)

    return _table("plants", words, columns, rows())


def _actors(comparison: Comparison, words: Words) -> Table:
    money = _money(comparison, words)
    columns = (
        Column(words.text("c_option")), Column(words.text("c_actor")),
        Column(words.text("c_received"), money, "number", 1), Column(words.text("c_paid"), money, "number", 1),
        Column(words.text("m_npv"), money, "number", 1, spread=True),
        Column(words.text("c_irr"), "%", "percent", 1, spread=True),
        Column(words.text("c_payback"), words.text("unit_years"), "number", 1, spread=True, narrow=False),
        Column(words.text("c_ratio_benefit"), "", "number", 2, spread=True, narrow=False),
    )  # fmt: skip

    def rows() -> Rows:
        for option, finances in _held(comparison):
            sums = finances.actors.mean("sample").sum("point") / BILLION
            for account in map(str, finances.accounts["account"].to_numpy()):
                held = {str(n): v.sel(account=account).to_numpy() for n, v in finances.accounts.data_vars.items()}
                own = account != ECONOMY
                both = [float(sums[n].sel(actor=account)) if own else None for n in ("received", "paid")]
                if not held["npv"].any() and not any(both):
                    continue
                cells = (
                    *map(Cell, both), _of(held["npv"], 1 / BILLION),
                    rate_cell(held["irr"], held["irr_count"], words), _years(held["simple_payback"], words),
                    _of(held["benefit_cost_ratio"]),
                )  # fmt: skip
                yield option.id, (_name(option, words), Cell(words.text(f"actor_{account}")), *cells)

    return _table("actors", words, columns, rows())


def _debt(comparison: Comparison, words: Words) -> Table:
    money, kinds = _money(comparison, words), ("drawn", "interest", "subsidy", "principal", "balance")
    columns = (
        Column(words.text("c_option")), Column(words.text("c_year"), kind="year"),
        *(Column(words.text(f"debt_{kind}"), money, "number", 2) for kind in kinds),
    )  # fmt: skip

    def rows() -> Rows:
        for option, finances in _held(comparison):
            if not finances.debt["drawn"].to_numpy().any():
                continue
            means = {kind: finances.debt[kind].mean("sample").to_numpy() / BILLION for kind in kinds}
            for place, year in enumerate(option.economics.years):
                yield option.id, (_name(option, words), Cell(float(year)), *(Cell(means[k][place]) for k in kinds))

    return _table("debt", words, columns, rows())


def _fees(comparison: Comparison, words: Words) -> Table:
    finance = comparison.scenario.finance
    columns = (
        Column(words.text("c_option")), Column(words.text("c_indicator")), Column(words.text("c_unit")),
        Column(words.text("c_number"), "", "number", spread=True),
    )  # fmt: skip

    def rows() -> Rows:
        for option, finances in _held(comparison):
            if not finances.fees["full_cost"].to_numpy().any():
                continue
            gate = bool(finances.fees["late_gap"].to_numpy().any())
            for name, (unit, scale) in FEES.items():
                if name not in finances.fees or (not gate and name.startswith(("late", "frozen"))):
                    continue
                label = words.text(f"fee_{name}", months=_months(comparison, words), years=finance.frozen_years)
                value = cell(stat_of(finances.fees[name].to_numpy()), scale)
                yield option.id, (_name(option, words), Cell(label), Cell(words.text(unit)), value)

    return _table("fees", words, columns, rows(), price_year=finance.price_year)


def _months(comparison: Comparison, words: Words) -> str:
    return words.number(comparison.scenario.finance.late_months)


def _of(values: np.ndarray, scale: float = 1.0) -> Cell:
    return cell(stat_of(values), scale)


def rate_cell(rates: np.ndarray, counts: np.ndarray, words: Words) -> Cell:
    """Return an internal rate; words where most samples have none, or more than one, which ranks nothing."""
    if np.median(counts) == 0:
        return Cell(None, words=words.text("irr_none"))
    if np.median(counts) > 1:
        return Cell(None, words=words.text("irr_several"))
    return _of(rates)


def _years(values: np.ndarray, words: Words) -> Cell:
    """Return a payback; words where it is never paid back in most samples."""
    stat = stat_of(values)
    if stat is None or not np.isfinite(stat.p50):
        return Cell(None, words=words.text("never_paid_back"))
    high = stat.p95 if np.isfinite(stat.p95) else None
    return Cell(stat.p50, stat.p5, high)
