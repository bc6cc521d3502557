"""Rules on batches: one that is larger than its store never begins, one that lasts beyond the model never ends.

Beside `processes`; looks at central values, of all places and years, and says only what holds for each of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from cemfa import units
from cemfa.definition.checks.context import Context
from cemfa.errors import Problem, UnitError

Range = tuple[float, float]


def batches(c: Context) -> Iterator[Problem]:
    """Check that a batch fits its store and ends within the years of the model."""
    whole = sum(units.days_in(year) for year in range(c.model.periods.first, c.model.periods.last + 1))
    for name, process in c.model.processes.items():
        if process.store is None or process.store.batches is None:
            continue
        if process.store.overnight:
            yield Problem("overnight-batches", c.at("processes", name, "store", "overnight"), {"process": name})
        where, own = ("processes", name, "store", "batches"), process.store.batches
        for unit in ("t", "d"):  # both as mass, or both in days of the capacity that stands
            size, limit = (central_range(c, product, unit) for product in (own.size, process.store.limit))
            if size is not None and limit is not None and size[0] > limit[1]:
                shown = {"process": name, "size": size[0], "limit": limit[1], "unit": unit}
                yield Problem("batch-never-begins", c.at(*where, "size"), shown, "warning")
        residence = central_range(c, own.residence, "d")
        if residence is not None and residence[0] > whole:
            shown = {"process": name, "days": residence[0], "last": c.model.periods.last}
            yield Problem("batch-never-ends", c.at(*where, "residence"), shown, "warning")


def central_range(c: Context, product: str | int | float | tuple[str | int, ...], unit: str) -> Range | None:
    """Return the smallest and the largest central value of a product; None unless it is in a unit and known."""
    low = high = 1.0
    names = product if isinstance(product, tuple) else (product,)
    dimensions = []
    for factor in names:
        if not isinstance(factor, str):
            low, high = low * float(factor), high * float(factor)
            continue
        try:
            read = [(row.value, units.parse(row.unit)) for _, row in c.rows.get(factor, ())]
        except UnitError:
            return None  # said elsewhere
        values = [value * of.factor for value, of in read]
        if not values or not all(map(math.isfinite, values)):
            return None
        low, high = low * min(values), high * max(values)
        dimensions += sorted({of.canonical for _, of in read} - {"1"})
    return (low, high) if dimensions == [units.parse(unit).canonical] else None
