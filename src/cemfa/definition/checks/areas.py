"""Rules on the place as it is today: areas that divide a dimension anew, departments, their successors and duties."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from cemfa.definition.checks.context import Context
from cemfa.definition.checks.references import unknown
from cemfa.definition.schema import Area
from cemfa.errors import Problem

SHARES_TYPED: Final = 1e-5  # of some fifty shares typed with six digits


def areas(c: Context) -> Iterator[Problem]:
    """Check that an area divides a dimension, whole: the shares of each item sum to one."""
    for name, area in c.model.areas.items():
        if name in c.model.dimensions:
            yield Problem("area-name", c.at("areas", name, key=True), {"name": name})
        if area.of not in c.model.dimensions:
            yield unknown("dimension-unknown", c.at("areas", name, "of"), area.of, c.model.dimensions)
        elif area.of in c.dimensions:
            yield from _parts(c, name, area)
            yield from _shares(c, name, area)


def _parts(c: Context, name: str, area: Area) -> Iterator[Problem]:
    ids = [part.id for part in area.parts]
    shared = {share.part for share in area.shares}
    for position, part in enumerate(ids):
        place = c.at("areas", name, "parts", position, "id")
        if part in ids[:position]:
            yield Problem("item-duplicate", place, {"name": part, "dimension": name})
        elif part not in shared:
            yield Problem("area-part-empty", place, {"name": part, "area": name})


def _shares(c: Context, name: str, area: Area) -> Iterator[Problem]:
    parts, items = [*dict.fromkeys(part.id for part in area.parts)], [item.id for item in c.model.items(area.of)]
    sums: dict[str, list[float]] = defaultdict(list)
    seen: dict[tuple[str, str], int] = {}
    for position, row in enumerate(area.shares):
        where = ("areas", name, "shares", position)
        if row.part not in parts:
            yield unknown("item-unknown", c.at(*where, name), row.part, parts, dimension=name)
        if row.item not in items:
            yield unknown("item-unknown", c.at(*where, area.of), row.item, items, dimension=area.of)
        first = seen.setdefault((row.part, row.item), position)
        if first != position:
            twice = {"parameter": f"{row.part}, {row.item}", "line": c.at("areas", name, "shares", first).line}
            yield Problem("row-duplicate", c.at(*where), twice)
        sums[row.item].append(row.share)
    if any(row.item not in items for row in area.shares):
        return  # a misspelt item lacks its share elsewhere
    for item in items:
        total = math.fsum(sums.get(item, ()))
        if abs(total - 1.0) > SHARES_TYPED:
            code = "area-sum" if item in sums else "area-item-missing"
            yield Problem(code, c.at("areas", name, "shares"), {"area": name, "name": item, "sum": total})


def departments(c: Context) -> Iterator[Problem]:
    """Check that departments hand their work on to others that exist, and duties and targets belong to one."""
    if "departments" in c.failed:
        return
    known = c.model.departments
    for name, department in known.items():
        place = c.at("departments", name, "successors")
        for heir in department.successors:
            if heir not in known:
                yield unknown("department-unknown", place, heir, known)
        if _returns(c, name):
            yield Problem("department-loop", place, {"name": name})
    for position, duty in enumerate(c.model.duties):
        if duty.department not in known:
            yield unknown("department-unknown", c.at("duties", position, "department"), duty.department, known)
    for position, target in enumerate(c.model.targets):
        if target.department is not None and target.department not in known:
            yield unknown("department-unknown", c.at("targets", position, "department"), target.department, known)


def _returns(c: Context, name: str) -> bool:
    """Tell whether the work of a department comes back to it."""
    seen: set[str] = set()
    waiting = [*c.model.departments[name].successors]
    while waiting:
        heir = waiting.pop()
        if heir == name:
            return True
        if heir not in seen and heir in c.model.departments:
            seen.add(heir)
            waiting += c.model.departments[heir].successors
    return False


RULES = (areas, departments)
