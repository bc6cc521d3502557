"""Months of chosen plants: means and percentiles of what single replications show, whatever the units and workers."""

import numpy as np
import pytest
from tests.unit.simulation.test_batches import PLAIN as BATCHED
from tests.unit.simulation.test_simulate import EVENTS, STORED, same
from tests.unit.simulation.town import town_model, town_scenario

from cemfa.comparison.adding import joined
from cemfa.errors import SimulationError
from cemfa.results import Request
from cemfa.simulation import ensemble, gathering, simulate, simulate_history
from cemfa.simulation.months import SAMPLED
from cemfa.system.compile import compile_system

YARD = ("yard",)


def run(model: dict, replications: int, monthly, workers: int = 1, **more):
    system, request = compile_system(town_model(model, {"size": 8.0})), Request(reducers=("mean",), monthly=monthly)
    scenario = town_scenario(EVENTS)
    found = {"option": "small", "replications": replications, "workers": workers, "request": request, **more}
    return simulate(system, scenario, **found)


@pytest.mark.parametrize("model", [STORED, BATCHED])
def test_means_and_percentiles_are_those_of_the_replications(model: dict) -> None:
    """1e-12: sums of the same numbers in another order; percentiles to 1e-9 of a tonne, interpolated alike."""
    single, found = run(model, 9, True), run(model, 9, YARD)
    groups, stores = ["yard[east]", "yard[west]"], ["yard[east]", "yard[west]"]
    assert found["month_group"].values.tolist() == groups
    assert found["month_store"].values.tolist() == stores
    intake, able = (single[f"monthly_{name}"].sel(group=groups).to_numpy() for name in ("intake", "available"))
    samples = {
        "use": np.divide(intake, able, out=np.zeros_like(intake), where=able > 0.0), "intake": intake,
        "refused": single["monthly_refused"].sel(group=groups).to_numpy(),
        "backlog": single["monthly_backlog"].sel(store=stores).to_numpy(),
        "storage": single["monthly_storage"].sel(store=stores).to_numpy(),
    }  # fmt: skip
    assert samples["use"].max() > 0.0
    assert samples["storage"].max() > 0.0
    for name, values in samples.items():
        np.testing.assert_allclose(found[f"month_{name}_mean"], values.mean(axis=0), rtol=1e-12, atol=1e-12)
        wanted = np.quantile(values, [0.05, 0.5, 0.95], axis=0)
        np.testing.assert_allclose(found[f"month_{name}_quantile"], wanted, rtol=0.0, atol=1e-9, err_msg=name)
    assert not [name for name in found if str(name).startswith("monthly_")]


def test_storage_is_what_waits_with_what_is_being_worked_on() -> None:
    found = run(BATCHED, 3, True)
    assert (found["monthly_storage"] >= found["monthly_backlog"] - 1e-9).all()
    assert float((found["monthly_storage"] - found["monthly_backlog"]).max()) > 1.0
    last = found["monthly_storage"].sel(month="2025-12").drop_vars("month")
    np.testing.assert_array_equal(last, found["backlog"].sel(period=2025).drop_vars("period"))


def test_units_and_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """1e-12: means of units joined in another order of additions. Percentiles of units are averaged."""
    whole = run(STORED, 12, YARD)
    monkeypatch.setattr(gathering, "WIDTH", 4)
    one, two = (run(STORED, 12, YARD, workers) for workers in (1, 2))
    same(one, two)
    np.testing.assert_allclose(one["month_use_mean"], whole["month_use_mean"], rtol=1e-12, atol=1e-12)
    low, _, high = one["month_storage_quantile"].transpose("month_quantile", ...).to_numpy()
    assert (low <= one["month_storage_mean"].to_numpy() + 1e-9).all()
    assert (high >= one["month_storage_mean"].to_numpy() - 1e-9).all()


def test_parts_of_the_replications_are_joined_by_their_weight() -> None:
    """1e-12: the mean of all is the mean of parts, weighed, in another order of additions."""
    parts = [run(STORED, count, YARD, first=first) for first, count in ((0, 5), (5, 3))]
    whole, found = run(STORED, 8, YARD), joined(parts)
    np.testing.assert_allclose(found["month_intake_mean"], whole["month_intake_mean"], rtol=1e-12, atol=1e-12)
    wanted = (5 * parts[0]["month_use_quantile"] + 3 * parts[1]["month_use_quantile"]) / 8
    np.testing.assert_allclose(found["month_use_quantile"], wanted, rtol=1e-12, atol=1e-12)


def test_a_shared_history_keeps_the_same_months() -> None:
    system, scenario = compile_system(town_model(STORED)), town_scenario(EVENTS)
    request = Request(reducers=("mean",), monthly=YARD)
    history = simulate_history(system, scenario, replications=3, workers=1, monthly=YARD)
    settings = {"option": "small", "replications": 3, "workers": 1, "request": request}
    same(simulate(system, scenario, history=history, **settings), simulate(system, scenario, **settings))


def test_without_limits_there_are_no_months_of_plants() -> None:
    assert run(STORED, 2, YARD, limits=False)["month_use_mean"].shape == (36, 0)


def test_memory_does_not_grow_with_the_replications(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept of a unit holds no month of a replication, and what is made of all has one size."""
    monkeypatch.setattr(gathering, "WIDTH", 3)
    kept, unit = [], ensemble._Run.unit

    def spied(*given, **named):
        kept.append(unit(*given, **named))
        return kept[-1]

    monkeypatch.setattr(ensemble._Run, "unit", spied)
    found = {count: run(STORED, count, YARD) for count in (3, 12)}
    assert len(kept) == 5
    assert not any(getattr(year, name).nbytes for one in kept for year in one.part.lived for name in SAMPLED)
    small, large = ([v for k, v in one.data_vars.items() if str(k).startswith("month")] for one in found.values())
    assert [v.nbytes for v in small] == [v.nbytes for v in large]
    assert len(small) == 10


def test_only_plants_have_months() -> None:
    with pytest.raises(SimulationError) as caught:
        run(STORED, 2, ("household", "yard"))
    assert [problem.code for problem in caught.value.problems] == ["monthly-unknown"]
    assert "household" in str(caught.value)
    assert "yard" in str(caught.value)
