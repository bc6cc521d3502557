"""Projects beside plants elsewhere: what a tonne per day of design costs, cost per tonne, land, how much is used.

Between `comparison` and `context`; divides what is stated by the capacity, reckons nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from cemfa import units
from cemfa.comparison.pictures import full_name
from cemfa.comparison.words import Words
from cemfa.definition.currency import factor_of, is_adjusted
from cemfa.indicators.spread import stat_of
from cemfa.report.overview import cell
from cemfa.report.tables import Cell, Column, Table

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison, OptionResult, ProjectResult
    from cemfa.definition.schema import BenchmarkPlant

MILLION: Final = 1e6
SQUARE_METRES: Final = units.parse("ha").factor
"""In a hectare."""


def benchmarks_table(comparison: Comparison, words: Words) -> Table:
    """Return the projects of the options beside plants elsewhere; empty where the model names no such plants."""
    price_year, year = comparison.scenario.finance.price_year, comparison.scenario.target_year
    columns = (
        Column(words.text("c_plant")), Column(words.text("c_place"), narrow=False),
        Column(words.text("c_technology"), narrow=False), Column(words.text("c_year"), kind="year"),
        Column(words.text("c_capacity"), words.text("unit_tonnes_per_day"), "number", 0),
        Column(words.text("c_capex_per"), words.text("unit_million_per", price_year=price_year), "number", 0,
               spread=True),
        Column(words.text("c_stated")),
        Column(words.text("c_levelised"), words.text("unit_money_per_tonne", price_year=price_year), "number", 0,
               spread=True),
        Column(words.text("c_land_per"), words.text("unit_land_per"), "number", 0),
        Column(words.text("c_used"), "%", "percent", 0, spread=True),
        Column(words.text("c_basis"), narrow=False), Column(words.text("c_source")),
        Column(words.text("c_note"), narrow=False),
    )  # fmt: skip
    plants = comparison.model.benchmark_plants.values()
    rows = [*(_plant(comparison, plant, words) for plant in plants), *_projects(comparison, words)] if plants else []
    note = words.text("benchmarks_note", year=year)
    return Table(words.text("t_benchmarks"), words.text("benchmarks_caption"), columns, tuple(rows), note=note)


def _plant(comparison: Comparison, plant: BenchmarkPlant, words: Words) -> tuple[Cell, ...]:
    capex = _at_home(comparison, plant.capex, plant.capex_unit, plant.price_year)
    cost = _at_home(comparison, plant.cost_per_tonne, plant.cost_unit, plant.price_year)
    land = None if plant.land is None else plant.land * SQUARE_METRES / plant.capacity
    return (
        Cell(f"{words.label(plant.label)} ({plant.place}): {words.label(plant.technology).lower()}"),
        Cell(plant.place), Cell(words.label(plant.technology)),
        Cell(float(plant.year) if plant.year else None), Cell(plant.capacity),
        Cell(None if capex is None else capex / plant.capacity / MILLION), Cell(_stated(plant, words)),
        Cell(cost), Cell(land), Cell(plant.used), Cell(words.text(f"basis_{plant.basis}")), Cell(plant.source),
        Cell(plant.note),
    )  # fmt: skip


def _at_home(comparison: Comparison, value: float | None, unit: str, year: int | None) -> float | None:
    """Return money in the account's; None where the scenario cannot bring it there."""
    finance = comparison.scenario.finance
    if value is None or not is_adjusted(finance, year):
        return None
    factor = factor_of(finance, unit, year)
    return None if factor is None else value * factor


def _stated(plant: BenchmarkPlant, words: Words) -> str:
    """Return the money as its source has it: investment per tonne and day, cost per tonne, year of the prices."""
    parts = []
    if plant.capex is not None:
        amount = words.number(plant.capex / plant.capacity)
        parts.append(words.text("stated_capex", value=f"{amount} {words.unit(plant.capex_unit)}"))
    if plant.cost_per_tonne is not None:
        parts.append(f"{words.number(plant.cost_per_tonne)} {words.unit(plant.cost_unit)}")
    return f"{'; '.join(parts)} ({plant.price_year})" if parts else ""


def _projects(comparison: Comparison, words: Words) -> Iterator[tuple[Cell, ...]]:
    seen = set()
    for option in comparison.plain:
        for project in option.projects:
            if project.id not in seen and project.capacity > 0:
                seen.add(project.id)
                yield _project(comparison, option, project, words)


def _project(comparison: Comparison, option: OptionResult, project: ProjectResult, words: Words) -> tuple[Cell, ...]:
    technology = comparison.model.name_of("process", project.process, words.lang)
    levelised = None
    finances = option.economics.finances
    if finances is not None and project.id in finances.project_ids:
        levelised = stat_of(finances.projects["levelised_cost"].sel(project=project.id).to_numpy())
    land = None if project.land is None else project.land * SQUARE_METRES / project.capacity
    own = words.text("project_of", project=words.label(project.label), option=full_name(option, words))
    return (
        Cell(own), Cell(""), Cell(technology), Cell(float(comparison.scenario.target_year)), Cell(project.capacity),
        cell(project.capex, 1 / project.capacity / MILLION), Cell(""), cell(levelised), Cell(land),
        cell(project.utilisation), Cell(""), Cell(words.text("this_run")), Cell(""),
    )  # fmt: skip
