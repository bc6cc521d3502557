"""The structure of the uncertainty of Ben Tre: conflicts can be switched, thin numbers are wide, priors say so.

A rule that a row cannot keep has its reason beside it in the model's own tables or in a list here.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

import pytest
from scipy.stats import spearmanr

from cemfa import library
from cemfa.definition import pairs
from cemfa.definition.load import read_model
from cemfa.definition.schema import Model, ParameterRow
from cemfa.system.compile import compile_system

FOLDER = library.find_model("ben_tre")
NARROW = 0.03
"""Relative width from P5 to P95 below which a number claims to be known."""
CONFLICTS = {
    "nut_mass": {"statistic"},
    "nut_fraction": {"local"},
    "husk_ash": {"analysis"},
    "shrimp_yield": {"quoted"},
    "shrimp_nitrogen_settled": {"analyses"},
    "waste_per_head": {"surveys", "wards_2025"},
    "population": {"wards_2025"},
    "price": {"agricultural"},
    "capex": {"agricultural", "announced"},
}
"""Parameters on which the sources disagree, and the sets of numbers that the default must be switchable to."""
FINEST = 90
"""Largest concentration of a prior: a share of 0.3 then still spans 0.22 to 0.38 from P5 to P95."""
SOUND_GROUPS = {"nut_fractions": "two tables of analyses, carried as alternatives"}


@pytest.fixture(scope="module")
def model() -> Model:
    return read_model(FOLDER)


def in_force(model: Model) -> list[ParameterRow]:
    """Return the rows of the default numbers."""
    return [row for row in model.parameters if row.alternative is None]


def test_conflicts_are_carried_and_can_be_switched(model: Model) -> None:
    sets: dict[str, set[str]] = defaultdict(set)
    for row in model.parameters:
        if row.alternative is not None:
            sets[row.parameter].add(row.alternative)
    assert {name: wanted - sets[name] for name, wanted in CONFLICTS.items() if wanted - sets[name]} == {}


@pytest.mark.parametrize("name", ["surveys", "wards_2025", "local", "agricultural", "analyses", "quoted"])
def test_every_set_that_is_assumed_whole_compiles(model: Model, name: str) -> None:
    assume = {row.parameter: name for row in model.parameters if row.alternative == name}
    assert compile_system(model, assume=assume).layers


def test_what_is_unverified_is_not_narrow(model: Model) -> None:
    """A thin number claims little: wide, or constant because it is a setting (nothing, all) or a technical life."""
    wrong = [
        (row.parameter, dict(row.index), row.year)
        for row in in_force(model)
        if row.basis == "unverified" and row.low is not None and row.high is not None and row.value
        and (row.high - row.low) / abs(row.value) < NARROW
    ]  # fmt: skip
    assert wrong == []


def groups(model: Model) -> dict[str, list[ParameterRow]]:
    found: dict[str, list[ParameterRow]] = defaultdict(list)
    for row in in_force(model):
        if row.group is not None:
            found[row.group].append(row)
    return found


def test_priors_are_called_priors_and_are_wide(model: Model) -> None:
    for group, rows in groups(model).items():
        assert {row.basis for row in rows} <= {"unverified", "derived"}, group
        if group not in SOUND_GROUPS:
            assert max(row.concentration or 0.0 for row in rows) <= FINEST, group
            assert all("prior" in row.note.lower() for row in rows), f"{group}: say in the note that it is a prior"


def shared(model: Model) -> Iterator[tuple[str, list[str]]]:
    """Yield each source with the drawn parameters it feeds, where there are several.

    Rows by technology are left out: a parameter has one draw there for all technologies, so its correlation with
    another cannot be that of one source.
    """
    fed: dict[str, set[str]] = defaultdict(set)
    for row in in_force(model):
        if row.distribution != "constant" and row.group is None and "technology" not in row.index:
            fed[row.source].add(row.parameter)
    for source, parameters in fed.items():
        if len(parameters) > 1 and source != "judgement":
            yield source, sorted(parameters)


def test_numbers_of_one_source_are_correlated_or_say_why_not(model: Model) -> None:
    """One evidence row that feeds two parameters is one error, not two."""
    with (FOLDER / "shared_sources.csv").open(encoding="utf-8", newline="") as file:
        reasons = {row["source"]: row["reason"] for row in csv.DictReader(file)}
    linked = {
        frozenset((row.parameter, other))
        for row in in_force(model)
        for other, _ in (pairs.correlations(row.correlated_with) if row.correlated_with else ())
    }
    wrong = {
        source: parameters
        for source, parameters in shared(model)
        if not reasons.get(source) and any(frozenset(pair) not in linked for pair in combinations(parameters, 2))
    }
    assert wrong == {}, "write correlated_with on one row of each pair, or the reason in shared_sources.csv"


def test_correlated_numbers_are_drawn_so(model: Model) -> None:
    system = compile_system(model)
    names = [row.parameter for row in system.parameters.rows]
    draws = system.sampler.samples(3, 0, 4096)
    stated = [
        (row.parameter, other, rank)
        for row in in_force(model)
        if row.correlated_with
        for other, rank in pairs.correlations(row.correlated_with)
    ]
    assert len(stated) >= 5
    for name, other, rank in stated:
        found = spearmanr(*(draws[names.index(each)] for each in (name, other))).statistic
        assert found == pytest.approx(rank, abs=0.05), (name, other)  # at least three standard errors of 4 096 draws


def test_reasons_are_given_for_sources_that_exist(model: Model) -> None:
    with (FOLDER / "shared_sources.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["source"] for row in rows if row["source"] not in model.sources or not row["reason"]] == []
