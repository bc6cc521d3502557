"""Rules on plants elsewhere: money has a unit of money and a price year."""

from __future__ import annotations

from collections.abc import Iterator

from cemfa import units
from cemfa.definition.checks.context import Context
from cemfa.definition.currency import at_home
from cemfa.definition.schema import BenchmarkPlant
from cemfa.errors import Problem, UnitError


def benchmarks(c: Context) -> Iterator[Problem]:
    """Check the numbers in money of plants elsewhere."""
    for name, plant in c.model.benchmark_plants.items():
        yield from _money(c, name, plant)


def _money(c: Context, key: str, plant: BenchmarkPlant) -> Iterator[Problem]:
    for value, name, expected in (
        (plant.capex, "capex_unit", "VND"),
        (plant.cost_per_tonne, "cost_unit", "VND/t"),
    ):
        if value is None:
            continue
        unit, place = str(getattr(plant, name)), c.at("benchmark_plants", key, name)
        try:
            found = at_home(units.parse(unit, place))
        except UnitError as error:
            yield from error.problems
            continue
        if found.dimension != units.parse(expected).dimension:
            yield Problem("unit-field", place, {"unit": unit, "expected": expected})
        elif plant.price_year is None:
            yield Problem("price-year", c.at("benchmark_plants", key, "price_year"), {"unit": unit})


RULES = (benchmarks,)
