"""The tables behind the report: one row per option and thing, for the page's sections and the workbook's sheets.

Between `comparison` and `context`; picks and names, reckons nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import xarray as xr

from cemfa import locale
from cemfa.comparison import pictures
from cemfa.comparison.losses import loss_rows
from cemfa.comparison.words import BILLION, Words
from cemfa.figures.material import flow_table
from cemfa.figures.sankey_flows import OUTSIDE, read_flows
from cemfa.indicators import ALL, REGISTRY
from cemfa.indicators.spread import stat_of
from cemfa.report.finance import finance_tables
from cemfa.report.happened import happened_table
from cemfa.report.latest import latest_table
from cemfa.report.operation import month_by_month, year_by_month
from cemfa.report.overview import cell
from cemfa.report.tables import Cell, Column, Table
from cemfa.units import decimal_year

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison, OptionResult, ProjectResult, Reason
    from cemfa.definition.schema import Funding
    from cemfa.indicators.spread import Stat

MAIN_DIFFERENCES: Final = (
    "rate_with_home.rural", "rate_with_home.urban", "rate_collected.rural", "rate_collected.urban",
    "organics_recycled.all", "landfilled_mass", "open_burnt_or_dumped", "ghg_net", "ghg_direct", "ghg_avoided",
    "nutrients_returned_nitrogen", "nutrients_returned_phosphorus", "energy_from_byproducts", "jobs", "npv",
)  # fmt: skip
"""Differences shown on the page; the workbook holds all."""

RATES: Final = (
    "rate_with_home", "rate_with_home_and_feed", "rate_input_eu", "rate_collected", "rate_output_dry", "rate_carbon",
    "rate_strict",
)  # fmt: skip
MEGAJOULES: Final = 3600.0
"""In a megawatt-hour."""

Rows = Iterator[tuple[str, tuple[Cell, ...]]]


def page_tables(comparison: Comparison, words: Words) -> dict[str, Table]:
    """Return the tables with rows per option that the page shows, by name."""
    builders = {
        "reasons": _reasons, "payers": _payers, "projects": _projects, "programmes": _programmes, "drivers": _drivers,
    }  # fmt: skip
    tables = {name: build(comparison, words) for name, build in builders.items()}
    tables |= finance_tables(comparison, words)
    tables |= {"latest": latest_table(comparison, words), "happened": happened_table(comparison, words)}
    tables |= {"months": year_by_month(comparison, words)}
    return {**tables, "differences": differences(comparison, words, MAIN_DIFFERENCES)}


def long_tables(comparison: Comparison, words: Words) -> tuple[Table, ...]:
    """Return the tables with rows per option that only the workbook holds: every difference, year and flow."""
    return (
        differences(comparison, words), _rates(comparison, words), _losses(comparison, words),
        *([months] if (months := month_by_month(comparison, words)) else []), _flows(comparison, words),
    )  # fmt: skip


def cause(comparison: Comparison, reason: Reason, words: Words) -> str:
    """Return why waste is not recycled, with its settlement."""
    place = settlement(comparison, reason.settlement, words)
    return f"{locale.text(f'comparison.cause.{reason.cause}', words.lang)} ({place})"


def settlement(comparison: Comparison, key: str, words: Words) -> str:
    """Return the name of urban, rural or all."""
    items = comparison.model.items("settlement") if "settlement" in comparison.model.dimensions else ()
    found = next((item for item in items if item.id == key), None)
    return words.label(found.label, key).lower() if found else words.text("place_all")


def _reasons(comparison: Comparison, words: Words) -> Table:
    """One row per cause, one column per settlement: rural first, where most of the waste is."""
    named = {reason.settlement for option in comparison.options for reason in option.reasons}
    places = sorted(named - {ALL} or named, key=lambda place: (place != "rural", place))
    unit = words.text("unit_tonnes_per_day")
    heads = [settlement(comparison, place, words) for place in places]
    columns = (
        Column(words.text("c_option")), Column(words.text("c_cause")),
        *(Column(head[:1].upper() + head[1:], unit, "number", 1, spread=True) for head in heads),
    )  # fmt: skip

    def rows() -> Rows:
        for option in comparison.options:
            held = {(reason.cause, reason.settlement): reason.mass for reason in option.reasons}
            weight = {c: sum(m.p50 for (k, p), m in held.items() if k == c and p in places) for c, _ in held}
            for key in sorted(weight, key=lambda k: (-weight[k], k)):
                masses = [held.get((key, place)) for place in places]
                if any(mass and mass.p95 > 0 for mass in masses):
                    name = locale.text(f"comparison.cause.{key}", words.lang)
                    yield option.id, (_name(option, words), Cell(name[:1].upper() + name[1:]), *map(cell, masses))

    caption = words.text("reasons_caption", year=comparison.scenario.target_year)
    return _table(words.text("t_reasons"), caption, columns, rows())


def _payers(comparison: Comparison, words: Words) -> Table:
    years = comparison.options[0].economics.years
    money = words.text("unit_money", price_year=comparison.scenario.finance.price_year)
    columns = (
        Column(words.text("c_option")), Column(words.text("c_funder")),
        Column(words.text("c_total", first=years[0], last=years[-1]), money, "number", 1),
        Column(words.text("c_part"), "%", "percent", 0),
        *(Column(str(year), money, "number", 2, narrow=False) for year in years),
    )  # fmt: skip

    def rows() -> Rows:
        for option in comparison.options:
            paid = pictures.payments(option)
            total = sum(map(sum, paid.values()))
            for funder, amounts in sorted(paid.items(), key=lambda item: (item[0] == "unfunded", -sum(item[1]))):
                name = Cell(pictures.funder_name(comparison, funder, words))
                mine = sum(amounts)
                yield option.id, (_name(option, words), name, Cell(mine), Cell(mine / total), *map(Cell, amounts))

    return _table(words.text("t_payers"), words.text("payers_caption"), columns, rows())


def _projects(comparison: Comparison, words: Words) -> Table:
    year = comparison.scenario.target_year
    money = words.text("unit_money", price_year=comparison.scenario.finance.price_year)
    columns = (
        Column(words.text("c_option")), Column(words.text("c_project")), Column(words.text("c_place"), narrow=False),
        Column(words.text("c_capacity"), words.text("unit_tonnes_per_day"), "number", 0),
        Column(words.text("c_owner")), Column(words.text("c_site")),
        Column(words.text("c_decision"), kind="month"),
        Column(words.text("c_running"), kind="month", spread=True),
        Column(words.text("c_latest_even", year=year), kind="month", narrow=False),
        Column(words.text("c_latest_sure", year=year), kind="month", narrow=False),
        Column(words.text("c_capex"), money, "number", 1, spread=True),
        Column(words.text("c_utilisation", year=year), "%", "percent", 0, spread=True),
        Column(words.text("c_funders")),
    )  # fmt: skip

    def rows() -> Rows:
        for option in comparison.options:
            for project in option.projects:
                yield option.id, (_name(option, words), *_project(comparison, project, words))

    return _table(words.text("t_projects"), words.text("t_projects"), columns, rows())


def _project(comparison: Comparison, project: ProjectResult, words: Words) -> tuple[Cell, ...]:
    owner, operator = words.label(project.owner), words.label(project.operator)
    form = words.text(f"form_{project.form}")
    key = "same_owner" if owner == operator else "owner_operator"
    place = next((_item(comparison, d, i, words) for d, i in project.place.items()), "")
    return (
        Cell(words.label(project.label)), Cell(place), Cell(project.capacity),
        Cell(words.text(key, owner=owner, operator=operator, form=form)),
        Cell(words.text("site_secured" if project.site_secured else "site_open")),
        Cell(decimal_year(project.decision)),
        cell(project.commissioning), *(Cell(date) for date in project.latest or (None, None)),
        cell(project.capex, 1 / BILLION), cell(project.utilisation),
        Cell(_funding(comparison, project.funding, words)),
    )  # fmt: skip


def _programmes(comparison: Comparison, words: Words) -> Table:
    year = comparison.scenario.target_year
    money = words.text("unit_money", price_year=comparison.scenario.finance.price_year)
    columns = (
        Column(words.text("c_option")), Column(words.text("c_programme")), Column(words.text("c_department")),
        Column(words.text("c_reached", year=year), "", "number", 0), Column(words.text("c_reached_unit")),
        Column(words.text("c_start_up"), money, "number", 1, spread=True),
        Column(words.text("c_running_cost", year=year), money, "number", 1, spread=True),
        Column(words.text("c_funders")),
    )  # fmt: skip

    def rows() -> Rows:
        for option in comparison.options:
            for programme in option.programmes:
                yield option.id, (
                    _name(option, words), Cell(words.label(programme.label)), Cell(words.label(programme.owner)),
                    Cell(programme.reached), Cell(words.unit(programme.unit)), cell(programme.start_up, 1 / BILLION),
                    cell(programme.running, 1 / BILLION), Cell(_funding(comparison, programme.funding, words)),
                )  # fmt: skip

    return _table(words.text("t_programmes"), words.text("programmes_title"), columns, rows())


def _drivers(comparison: Comparison, words: Words) -> Table:
    columns = (
        Column(words.text("c_option")), Column(words.text("c_parameter")),
        Column(words.text("c_share"), "%", "percent", 0), Column(words.text("c_basis")), Column(words.text("c_source")),
    )  # fmt: skip

    def rows() -> Rows:
        for option in comparison.options:
            for driver in option.drivers:
                yield option.id, (
                    _name(option, words), Cell(words.label(driver.label, driver.parameter)), Cell(driver.share),
                    Cell(words.text(f"basis_{driver.basis}"), tone="unsure" if driver.basis == "unverified" else ""),
                    Cell(", ".join(driver.source)),
                )  # fmt: skip

    return _table(words.text("t_drivers"), words.text("assumptions_matter"), columns, rows())


def differences(comparison: Comparison, words: Words, keys: Sequence[str] = ()) -> Table:
    """Return the paired differences to the baseline; all of them, or those of some keys in that order."""
    columns = (
        Column(words.text("c_option")), Column(words.text("c_indicator")), Column(words.text("c_unit")),
        Column(words.text("c_difference"), "", "number", spread=True),
        Column(words.text("c_error"), "", "number", narrow=False),
        Column(words.text("c_ratio"), "", "number", 0, narrow=False),
    )  # fmt: skip

    def rows() -> Rows:
        for option in comparison.options:
            if option.id == comparison.baseline:
                continue
            for key in keys or option.paired:
                if key not in option.paired:
                    continue
                stat = option.paired[key]
                name, unit, scale = _measure(comparison, key, words)
                error = Cell(stat.sd_error * scale if np.isfinite(stat.sd_error) else None)
                ratio = option.variance_ratios.get(key, float("nan"))
                gain = Cell(ratio if np.isfinite(ratio) else None)
                yield option.id, (_name(option, words), Cell(name), Cell(unit), cell(stat, scale), error, gain)

    year = comparison.scenario.target_year
    caption = words.text(
        "differences_caption", baseline=words.label(comparison.option(comparison.baseline).label), year=year
    )
    return _table(words.text("t_differences"), caption, columns, rows(), words.text("differences_note"))


def _measure(comparison: Comparison, key: str, words: Words) -> tuple[str, str, float]:
    """Return name, unit and scale of a paired difference: indicators by their registry, the rest is money."""
    name, _, part = key.partition(".")
    if name not in REGISTRY:
        return words.text(f"m_{name}"), words.text("unit_money_short"), 1 / BILLION
    label = REGISTRY[name].label(words.lang)
    if part:
        label += f" ({settlement(comparison, part, words)})"
    unit = REGISTRY[name].unit
    if unit == "1":
        return label, words.text("unit_points"), 100.0
    return (label, words.unit("MWh/year"), 1 / MEGAJOULES) if unit == "MJ/year" else (label, words.unit(unit), 1.0)


def _rates(comparison: Comparison, words: Words) -> Table:
    columns = (
        Column(words.text("c_option")), Column(words.text("c_indicator")), Column(words.text("c_place")),
        Column(words.text("c_year"), kind="year"), Column(words.text("c_number"), "%", "percent", 1, spread=True),
    )  # fmt: skip

    def rows() -> Rows:
        for option in comparison.options:
            for name in RATES:
                if name in option.indicators:
                    label = Cell(REGISTRY[name].label(words.lang))
                    for place, year, stat in _courses(option.indicators[name]):
                        where = Cell(settlement(comparison, place, words))
                        yield option.id, (_name(option, words), label, where, Cell(float(year)), cell(stat))

    return _table(words.text("t_rates"), words.text("s_rates"), columns, rows())


def _losses(comparison: Comparison, words: Words) -> Table:
    columns = (
        Column(words.text("c_option")), Column(words.text("c_year"), kind="year"), Column(words.text("c_place")),
        Column(words.text("c_good")), Column(words.text("c_part_of_account")),
        Column(words.text("c_mass"), words.text("unit_tonnes_per_day"), "number", 3, spread=True),
    )  # fmt: skip
    model, year = comparison.model, comparison.scenario.target_year

    def rows() -> Rows:
        for option in comparison.options:
            for _, when, place, good, part, mean, p5, _, p95 in loss_rows(option, (year,)):
                kind = words.text("all_goods") if good == ALL else model.name_of("good", good, words.lang)
                key = (Cell(settlement(comparison, place, words)), Cell(kind))
                name = locale.text(f"comparison.loss.{part}", words.lang)
                mass = Cell(mean, low=p5, high=p95)
                yield option.id, (_name(option, words), Cell(float(when)), *key, Cell(name), mass)

    return _table(words.text("t_losses"), words.text("losses_caption", year=year), columns, rows())


def _courses(values: xr.DataArray) -> Iterator[tuple[str, int, Stat | None]]:
    """Yield settlement, year and summary of an indicator; on the bare array, because labels cost more than numbers."""
    samples = values.transpose("settlement", "period", "sample").to_numpy()
    for row, place in enumerate(values["settlement"].to_numpy()):
        for column, year in enumerate(values["period"].to_numpy()):
            yield str(place), int(year), stat_of(samples[row, column])


def _flows(comparison: Comparison, words: Words) -> Table:
    model, lang = comparison.model, words.lang
    columns = (
        Column(words.text("c_option")), Column(words.text("c_year"), kind="year"), Column(words.text("c_from")),
        Column(words.text("c_to")), Column(words.text("c_good")),
        Column(words.text("c_mass"), words.text("unit_tonnes_per_day"), "number", 2),
        Column(words.text("c_mass"), words.text("unit_tonnes_per_year"), "number", 0),
    )  # fmt: skip
    outside = locale.text("figures.outside", lang)

    def end(name: str) -> Cell:
        return Cell(outside if name == OUTSIDE else model.name_of("process", name, lang))

    def rows() -> Rows:
        for option in comparison.options:
            for year in (pictures.base_year(comparison), comparison.scenario.target_year):
                days = float(option.flows["days"].sel(period=year))
                for (source, target, good), mass in read_flows(flow_table(option.flows, year)).items():
                    ends = (end(source), end(target), Cell(model.name_of("good", good, lang)))
                    yield option.id, (_name(option, words), Cell(float(year)), *ends, Cell(mass / days), Cell(mass))

    return _table(words.text("t_flows"), words.text("s_today"), columns, rows())


def _name(option: OptionResult, words: Words) -> Cell:
    return Cell(pictures.full_name(option, words))


def _item(comparison: Comparison, dimension: str, item: str, words: Words) -> str:
    found = next((i for i in comparison.model.items(dimension) if i.id == item), None)
    return words.label(found.label, item) if found else item


def _funding(comparison: Comparison, funding: tuple[Funding, ...], words: Words) -> str:
    parts = []
    for row in funding:
        name = pictures.funder_name(comparison, row.source, words)
        until = f", {words.text('until', year=row.until)}" if row.until else ""
        parts.append(f"{name} {words.percent(row.share)} ({words.text(f'of_{row.of}')}{until})")
    return "; ".join(parts)


def _table(name: str, caption: str, columns: tuple[Column, ...], rows: Rows, note: str = "") -> Table:
    held = list(rows)
    return Table(name, caption, columns, tuple(row for _, row in held), tuple(key for key, _ in held), note)
