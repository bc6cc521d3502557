"""Batches that never begin or end, and events that wait beyond the horizon, are said so beforehand."""

import pytest
from tests.unit.simulation.town import number, town_model, town_scenario

from cemfa.definition.checks import model_problems, scenario_problems
from cemfa.errors import DefinitionError, Place

BATCHED = {"lines": "lines", "size": "size", "residence": "residence"}
STORED = {"processes": {"yard": {"store": {"limit": "store_limit", "batches": BATCHED}}}}
BY_DAYS = {"processes": {"yard": {"store": {"limit": "store_days", "batches": {**BATCHED, "size": "size_in_days"}}}}}
CODES = ("batch-never-begins", "batch-never-ends", "event-delayed-out")


def at(*path: object, key: bool = False) -> Place:
    return Place("model.yaml", path=".".join(map(str, path)))


def told(problems: list) -> list[tuple[str, str, str]]:
    return [(p.code, p.place.path, p.severity) for p in problems if p.code in CODES]


@pytest.mark.parametrize(
    ("model", "values", "expected"),
    [
        (STORED, {"size": 30.0, "store_limit": 20.0}, [("batch-never-begins", "size")]),
        (STORED, {"size": 20.0, "store_limit": 20.0}, []),
        (STORED, {"size": 20.0, "store_limit": 20.0, "residence": 1097.0}, [("batch-never-ends", "residence")]),
        (STORED, {"size": 20.0, "store_limit": 20.0, "residence": 1096.0}, []),  # three years, one of them leap
        (BY_DAYS, {"size_in_days": 9.0, "store_days": 6.0}, [("batch-never-begins", "size")]),
        (BY_DAYS, {"size_in_days": 6.0, "store_days": 6.0}, []),
    ],
)
def test_batches_that_never_begin_or_end(model: dict, values: dict, expected: list) -> None:
    found = told(model_problems(town_model(model, values), at))
    assert found == [(code, f"processes.yard.store.batches.{key}", "warning") for code, key in expected]


def test_a_store_has_batches_or_waits_overnight() -> None:
    both = {"processes": {"yard": {"store": {"limit": "store_limit", "batches": BATCHED, "overnight": True}}}}
    with pytest.raises(DefinitionError, match="overnight-batches") as error:
        town_model(both, {"size": 20.0})
    assert [p.place.path for p in error.value.problems] == ["processes.yard.store.overnight"]


@pytest.mark.parametrize(("delay", "late"), [(364.0, False), (365.0, True)])
def test_a_delay_that_leads_beyond_the_horizon(delay: float, late: bool) -> None:
    event = {
        "label": {"vi": "x", "en": "x"}, "kind": "flood", "process": "yard", "from": "2025-01-01", "source": "x",
        "delay": number(delay, "d"), "duration": number(3.0, "d"),
    }  # fmt: skip
    found = told(scenario_problems(town_scenario({"late": event}), None, at))
    assert found == ([("event-delayed-out", "events.late.delay", "warning")] if late else [])
