"""The summary of a comparison as a table: one row per option, columns with units, for screen, page and JSON alike.

Top of `comparison`, beside `run`: looks numbers up and changes their unit, nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from cemfa import locale, units
from cemfa.comparison.outcome import Comparison, Latest, OptionResult
from cemfa.definition.show import Cell, Figure, html_table
from cemfa.indicators.spread import Stat

_SHORT: Final = frozenset(
    {"letter", "option", "rate", "spread", "probability", "ghg", "capex", "levelised_cost", "best"}
)
"""Columns that a notebook shows unasked."""
_BILLION: Final = 1e-9
_THOUSAND: Final = 1e-3

Value = str | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in JSON, its heading with the unit, its unit, and the decimals its numbers show."""

    key: str
    heading: str
    unit: str = ""
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table of values: numbers are numbers in the column's unit; None is absent, which is not zero."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, Value], ...]
    lang: str

    def as_html(self) -> str:
        """Return the table as HTML, numbers as people of its language write them."""
        return html_table(self.title, [column.heading for column in self.columns], map(self._cells, self.rows))

    def _cells(self, row: Mapping[str, Value]) -> list[Cell]:
        return [_cell(row.get(column.key), column.decimals, self.lang) for column in self.columns]


def _cell(value: Value, decimals: int | None, lang: str) -> Cell:
    if isinstance(value, str):
        return value
    return Figure(locale.number(float("nan") if value is None else value, lang, decimals))


def summary_table(comparison: Comparison, lang: str | None = None) -> Table:
    """Return one row per option: rates with P5 and P95, probability and gap per headline target, money, climate.

    Middle values are medians; differences are paired, to the baseline as now.

    Parameters
    ----------
    comparison : of `compare`
    lang : `vi` or `en`; default: the language in force
    """
    lang = lang or locale.language()
    columns = tuple(_columns(comparison, lang))
    rows = tuple(_row(comparison, option, lang) for option in comparison.options)
    title = locale.text(
        "comparison.title", lang, scenario=comparison.scenario.label.of(lang), year=comparison.scenario.target_year
    )
    return Table(title, columns, rows, lang)


def short_html(comparison: Comparison, lang: str | None = None) -> str:
    """Return what a notebook shows of a comparison: options without stress cases in few columns, and what else to ask.

    Parameters
    ----------
    comparison : of `compare`
    lang : `vi` or `en`; default: the language in force
    """
    from cemfa.comparison.plot import FIGURES

    whole = summary_table(comparison, lang)
    columns = tuple(column for column in whole.columns if column.key.partition(".")[0] in _SHORT)
    plain = {option.id for option in comparison.plain}
    rows = tuple(row for row, o in zip(whole.rows, comparison.options, strict=True) if o.id in plain)
    table = Table(whole.title, columns, rows, whole.lang).as_html()
    counted = {"replications": comparison.replications, "seed": comparison.seed, "figures": ", ".join(FIGURES)}
    return f"{table}<p>{escape(locale.text('comparison.more', whole.lang, **counted))}</p>"


def _columns(comparison: Comparison, lang: str) -> Iterator[Column]:
    def column(key: str, unit: str = "", decimals: int | None = None, **parameters: object) -> Column:
        name = key.split(".")[0]
        heading = locale.text(f"comparison.column.{name}", lang, **parameters)
        shown = locale.text(f"comparison.unit.{unit}", lang) if unit else ""
        return Column(key, f"{heading} ({shown})" if shown else heading, shown, decimals)

    yield column("letter")
    yield column("option")
    for target in comparison.headline:
        place = locale.text(f"comparison.place.{_place(comparison, target)}", lang)
        yield column(f"rate.{target}", "percent", 1, place=place)
        yield column(f"spread.{target}", "percent", place=place)
        yield column(f"probability.{target}", "percent", 0, place=place, id=target)
        yield column(f"gap.{target}", "tpd", 0, place=place)
        if comparison.latest:
            yield column(f"latest_even.{target}", place=place)
            yield column(f"latest_sure.{target}", place=place)
    yield column("landfilled", "tpd", 0)
    yield column("ghg", "ktpa", 1)
    yield column("capex", "bn", 1)
    yield column("opex", "bnpa", 1)
    yield column("npv", "bn", 1)
    yield column("levelised_cost", "kpt", 0)
    yield column("jobs", "jobs", 0)
    yield column("best", "percent", 0)


def _place(comparison: Comparison, target: str) -> str:
    return comparison.options[0].target(target).target.where.get("settlement", "all")


def _row(comparison: Comparison, option: OptionResult, lang: str) -> dict[str, Value]:
    days = units.days_in(comparison.scenario.target_year)
    money = option.economics
    row: dict[str, Value] = {"letter": option.letter, "option": option.label.of(lang)}
    for key in comparison.headline:
        found = option.target(key)
        row[f"rate.{key}"] = _middle(found.value, 100.0)
        row[f"spread.{key}"] = _range(found.value, 100.0, lang)
        row[f"probability.{key}"] = None if found.probability is None else 100.0 * found.probability
        row[f"gap.{key}"] = _middle(found.gap_mass)
        if comparison.latest:
            answers = () if option.stress else comparison.latest.get(option.id, {}).get(key, ())
            told = [month_of(answer, lang) for answer in answers]
            row[f"latest_even.{key}"], row[f"latest_sure.{key}"] = told or (None, None)
    return row | {
        "landfilled": _middle(option.paired.get("landfilled_mass"), 1 / days),
        "ghg": _middle(option.paired.get("ghg_net"), _THOUSAND),
        "capex": _middle(money.capex, _BILLION),
        "opex": _middle(money.opex, _BILLION),
        "npv": _middle(money.npv, _BILLION),
        "levelised_cost": _middle(money.levelised_cost, _THOUSAND),
        "jobs": _middle(money.jobs),
        "best": None if option.probability_best is None else 100.0 * option.probability_best,
    }


def month_of(latest: Latest, lang: str) -> str:
    """Return the month of a latest decision, or in words that there is none, or no end to them.

    >>> month_of(Latest(0.5, None, None, 0.1), "en")
    'cannot be met'
    """
    if latest.date is None:
        return locale.text("comparison.latest-never", lang)
    if latest.open_end:
        return locale.text("comparison.latest-any", lang)
    return f"{latest.date.month}/{latest.date.year}" if lang == "vi" else f"{latest.date:%Y-%m}"


def _middle(stat: Stat | None, factor: float = 1.0) -> float | None:
    return None if stat is None else stat.p50 * factor


def _range(stat: Stat | None, factor: float, lang: str) -> str:
    if stat is None:
        return locale.text("numbers.absent", lang)
    return f"{locale.number(stat.p5 * factor, lang, 1)} – {locale.number(stat.p95 * factor, lang, 1)}"
