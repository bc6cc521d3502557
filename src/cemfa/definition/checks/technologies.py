"""Rules on technologies: profiles name what exists, their numbers are complete, shares of one thing sum to one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

from cemfa import units
from cemfa.definition.checks.context import Context
from cemfa.definition.checks.references import unknown
from cemfa.definition.schema import ParameterRow
from cemfa.definition.technologies import MARKET, NUMBERS, SHARES, named_parameters, rows_of
from cemfa.errors import Problem, UnitError

_ROUNDING: Final = 1e-9  # of shares typed with nine digits


def profile_names(c: Context) -> Iterator[Problem]:
    """Check that a profile has rows in `technologies.csv`, and names goods, parameters and a source that exist."""
    known = sorted({row.index["technology"] for row in c.model.parameters if "technology" in row.index})
    for technology, profile in c.model.technology_profiles.items():
        where = ("technology_profiles", technology)
        if technology not in known:
            yield unknown("technology-unknown", c.at(*where, key=True), technology, known)
        for listed in ("takes", "products"):
            for position, good in enumerate(getattr(profile, listed)):
                if good not in c.model.goods:
                    yield unknown("good-unknown", c.at(*where, listed, position), good, c.model.goods)
        if profile.source not in c.model.sources:
            yield unknown("source-unknown", c.at(*where, "source"), profile.source, c.model.sources)
    for technology, listed, position, name in named_parameters(c.model):
        if name not in c.rows:
            place = c.at("technology_profiles", technology, listed, position)
            yield unknown("parameter-unknown", place, name, c.rows)


def profile_numbers(c: Context) -> Iterator[Problem]:
    """Check that a technology with a profile has every number, and a buffer distance its clause."""
    if _unreadable(c):
        return
    rows = rows_of(c.model)
    for technology, profile in c.model.technology_profiles.items():
        own, place = rows.get(technology, {}), c.at("technology_profiles", technology, key=True)
        missing = [name for name in NUMBERS if name not in own]
        if own and missing:
            yield Problem("technology-incomplete", place, {"technology": technology, "missing": missing})
        if own and ("buffer_distance" in own) != (profile.buffer_clause is not None):
            yield Problem("buffer-clause", place, {"technology": technology})


def number_units(c: Context) -> Iterator[Problem]:
    """Check that the numbers of a technology have the unit that their reader expects."""
    expected = {**NUMBERS, "buffer_distance": "m"}
    for position, row in enumerate(c.model.parameters):
        if "technology" in row.index and row.parameter in expected:
            wanted = expected[row.parameter]
            try:
                fits = units.parse(row.unit).dimension == units.parse(wanted).dimension
            except UnitError:
                continue  # reported with its place
            if not fits:
                place = c.at("parameters", position, "unit")
                yield Problem("unit-field", place, {"unit": row.unit, "expected": wanted})


def number_shares(c: Context) -> Iterator[Problem]:
    """Check that the shares of capex by item, and of labour by skill, sum to one."""
    for technology, own in rows_of(c.model).items():
        for whole, names in SHARES.items():
            if all(name in own for name in names):
                yield from _sum(c, technology, whole, {name: own[name] for name in names})


def _sum(c: Context, technology: str, whole: str, rows: Mapping[str, ParameterRow]) -> Iterator[Problem]:
    total = math.fsum(_value(row) for row in rows.values())
    if abs(total - 1.0) > _ROUNDING:
        last = max(c.model.parameters.index(row) for row in rows.values())
        parameters = {"technology": technology, "whole": whole, "names": list(rows), "sum": total}
        yield Problem("technology-shares", c.at("parameters", last, "value"), parameters)


def markets(c: Context) -> Iterator[Problem]:
    """Check that every product of a technology has a price and a size of its market."""
    if _unreadable(c):
        return
    given = {(row.parameter, row.index.get("good")) for row in c.model.parameters}
    for technology, profile in c.model.technology_profiles.items():
        for position, good in enumerate(profile.products):
            missing = [name for name in MARKET if (name, good) not in given]
            if missing and good in c.model.goods:
                place = c.at("technology_profiles", technology, "products", position)
                yield Problem("product-market", place, {"good": good, "missing": missing})


def unprofiled(c: Context) -> Iterator[Problem]:
    """Warn of a plant whose technology has no profile, in a model that has profiles."""
    if not c.model.technology_profiles or "technology_profiles" in c.failed:
        return
    for name, process in c.model.processes.items():
        technology = process.technology
        if process.capacity is not None and technology and technology not in c.model.technology_profiles:
            place = c.at("processes", name, "technology")
            yield Problem("technology-unprofiled", place, {"technology": technology, "process": name}, "warning")


def _unreadable(c: Context) -> bool:
    return bool({"parameters", "technologies", "technology_profiles"} & set(c.failed))


def _value(row: ParameterRow) -> float:
    try:
        return row.value * units.parse(row.unit).factor
    except UnitError:
        return math.nan  # reported with its place; compares as no mistake


RULES = (profile_names, profile_numbers, number_units, number_shares, markets, unprofiled)
