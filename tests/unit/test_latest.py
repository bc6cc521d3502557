"""The latest decision: found where it can be worked out by hand, and what cannot be asked."""

import datetime
import shutil
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

import cemfa
from cemfa import library
from cemfa.comparison.latest import Tries, latest_decision, shifted, with_latest
from cemfa.definition.schema import NumberRow, Scenario
from cemfa.errors import ResultsError
from cemfa.simulation import simulate, simulate_history
from cemfa.system.compile import compile_system
from cemfa.workers import pool_of

YEAR = NumberRow(value=12, unit="month", basis="unverified", source="illustration")


def toy(folder: Path, percent: float) -> Scenario:
    """Return the sample town with one yard that takes a year to build, nothing that closes it, and a target."""
    model = folder / "model"
    shutil.copytree(library.find_model("first_steps"), model)
    targets = model / "targets.yaml"
    targets.write_text(targets.read_text(encoding="utf-8").replace("value: 40", f"value: {percent}"), encoding="utf-8")
    scenario = cemfa.read_scenario("first_steps_2030")
    chain = scenario.simulation.stages["site_secured"][1].model_copy(update={"duration": YEAR})
    simulation = scenario.simulation.model_copy(update={"stages": {"site_secured": (chain,), "site_open": (chain,)}})
    return scenario.model_copy(update={"model": str(model), "events": {}, "simulation": simulation})


def full_rate(folder: Path) -> float:
    """Return the rural rate in percent where the yard runs for the whole of the target year."""
    found = cemfa.compare(toy(folder, 40.0), replications=1, options=["south_yard"], workers=1)
    option = next(o for o in found.options if o.id == "south_yard")
    return float(option.indicators["rate_with_home"].sel(period=2030, settlement="rural").item()) * 100


def test_the_latest_decision_is_the_one_that_is_finished_on_new_year(tmp_path: Path) -> None:
    """A target that asks for the whole of 2030, and a year to build: 1 January 2029, and no month later."""
    scenario = toy(tmp_path / "toy", full_rate(tmp_path / "full") - 1e-6)
    found = latest_decision(scenario, "south_yard", "S01", replications=1, workers=1)
    assert [(latest.date, latest.probability) for latest in found] == [(datetime.date(2029, 1, 1), 1.0)] * 2
    assert found[0].months == 34  # from 1 March 2026
    assert not found[0].open_end


def test_a_target_out_of_reach_and_one_that_needs_nothing(tmp_path: Path) -> None:
    (never,) = latest_decision(toy(tmp_path / "a", 99.0), "south_yard", "S01", odds=(0.5,), replications=1, workers=1)
    assert (never.months, never.date, never.probability) == (None, None, 0.0)
    (always,) = latest_decision(toy(tmp_path / "b", 0.1), "south_yard", "S01", odds=(0.5,), replications=1, workers=1)
    assert always.open_end
    assert always.date == datetime.date(2030, 12, 1)


def test_what_cannot_be_asked() -> None:
    with pytest.raises(ResultsError, match=r"\[latest-nothing\]"):
        latest_decision("first_steps_2030", "as_now", "S01")
    with pytest.raises(ResultsError, match=r"S01, S02.*\[latest-target\]"):
        latest_decision("first_steps_2030", "south_yard", "S99")


def test_projects_move_together_and_those_of_other_options_stay() -> None:
    scenario = cemfa.read_scenario("first_steps_2030")
    moved = shifted(scenario, "two_yards", 7)
    dates = [p.decision.isoformat() for p in moved.options["two_yards"].projects.values()]
    assert dates == ["2026-10-01", "2027-01-01"]
    assert moved.options["south_yard"] == scenario.options["south_yard"]


def test_a_comparison_is_told_its_latest_decisions(tmp_path: Path) -> None:
    scenario = toy(tmp_path / "toy", full_rate(tmp_path / "full") - 1e-6)
    before = cemfa.compare(scenario, replications=1, options=["south_yard"], workers=1)
    found = with_latest(before, workers=1)
    assert list(found.latest) == ["south_yard"]
    assert not found.unfinished
    for target in found.headline:
        alone = latest_decision(scenario, "south_yard", target, replications=1, workers=1)
        assert found.latest["south_yard"][target] == alone
    assert not any(key.startswith("latest") for row in before.table("en").rows for key in row)
    rows = {str(row["option"]): row for row in found.table("vi").rows}
    yard = rows[scenario.options["south_yard"].label.of("vi")]
    assert (yard["latest_even.S01"], yard["latest_sure.S01"]) == ("1/2029", "1/2029")
    assert rows[scenario.options["as_now"].label.of("vi")]["latest_even.S01"] is None


def test_a_try_lives_through_the_years_that_matter_and_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comparison simulates to the horizon, a try from the first decision to the target: the probability is one."""
    scenario = cemfa.read_scenario("first_steps_2030").model_copy(update={"decisions_from": 2025})
    compared = cemfa.compare(scenario, replications=20, options=["two_yards"], workers=1)
    option = next(o for o in compared.options if o.id == "two_yards")
    headline = [target for target in compared.model.targets if target.id in compared.headline]
    lived: list[tuple[int, ...]] = []

    def noted(*args: Any, **named: Any) -> xr.Dataset:
        history = named["history"]
        assert len(history.lived) == 1  # 2024, before the first decision
        results = simulate(*args, **named)
        lived.append(tuple(results["period"].to_numpy().tolist()))
        return results

    monkeypatch.setattr("cemfa.comparison.latest.simulate", noted)
    system = compile_system(compared.model, assume=scenario.assume)
    history = simulate_history(system, scenario, replications=20, workers=1)
    with pool_of(1) as pool:
        tries = Tries(system, compared.model, scenario, "two_yards", headline, 20, 0, pool, None, history)
        for target in headline:
            assert tries.probability(0, target) == option.target(target.id).probability
    assert lived == [tuple(range(2024, 2031))]


def test_no_more_tries_than_a_search_needs(tmp_path: Path) -> None:
    """58 months between January 2026 and December 2030: both ends and six halvings, once for both probabilities.

    Where the first day is too late that is all there is to try, and what the comparison found is not tried again.
    """
    scenario = toy(tmp_path / "toy", full_rate(tmp_path / "full") - 1e-6)
    model = cemfa.read_model(scenario.model)
    (wanted,) = (target for target in model.targets if target.id == "S01")
    system = compile_system(model)
    with pool_of(1) as pool:
        tries = Tries(system, model, scenario, "south_yard", (wanted,), 1, 0, pool, None)
        tries.latest(wanted, (0.5, 0.9))
        assert len(tries.found) <= 8
        hopeless = Tries(system, model, scenario, "south_yard", (wanted,), 1, 0, pool, None)
        hopeless.found.update({0: {"S01": 0.0}, -2: {"S01": 0.0}})
        (never, _) = hopeless.latest(wanted, (0.5, 0.9))
    assert never.date is None
    assert len(hopeless.found) == 2


def test_an_interruption_keeps_the_comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    before = cemfa.compare(toy(tmp_path / "toy", 40.0), replications=1, options=["south_yard"], workers=1)
    monkeypatch.setattr(Tries, "latest", interrupted)
    found = with_latest(before, workers=1)
    assert (found.latest, found.unfinished) == ({}, ("south_yard",))
