"""The town's yard: everything that only the simulation sees happens in it, and is seen in its results."""

import numpy as np
import pytest
import xarray as xr

from cemfa.definition.load import read_scenario_and_model
from cemfa.definition.schema import Model, Scenario
from cemfa.indicators.losses import CAUSES, block_losses
from cemfa.results import Request
from cemfa.simulation import event_table, simulate
from cemfa.system.compile import System, compile_system

YEARS = slice(2028, 2032)


@pytest.fixture(scope="module")
def both() -> tuple[Scenario, Model]:
    return read_scenario_and_model("town_yard_2030")


@pytest.fixture(scope="module")
def system(both: tuple[Scenario, Model]) -> System:
    return compile_system(both[1])


@pytest.fixture(scope="module")
def results(both: tuple[Scenario, Model], system: System) -> xr.Dataset:
    return simulate(
        system, both[0], option="yards_when_needed", replications=3, workers=1, request=Request(flows="all")
    )  # fmt: skip


def fresh(results: xr.Dataset, name: str) -> xr.DataArray:
    """Return the fresh mass of a flow over its places [t/year]."""
    return results.cemfa.select(flow_name=name).cemfa.flows().sum("flow").sel(period=YEARS)


def test_every_cause_of_the_loss_account_is_at_work(results: xr.Dataset) -> None:
    losses = block_losses(results)["loss"].sel(loss_settlement="all", loss_good="all")
    seen = [part for part in (*CAUSES, "unsold") if float(losses.sel(loss_part=part).max()) > 0]
    assert seen == [
        "uncollected", "mixed", "too_far", "unbuilt", "full", "down", "spoiled", "rejected", "unsold",
    ]  # fmt: skip
    whole = losses.sel(loss_part=list(CAUSES)).sum("loss_part") + losses.sel(loss_part="recycled")
    np.testing.assert_allclose(whole, losses.sel(loss_part="generated"), rtol=1e-12)


def test_what_comes_in_is_within_the_recipe_of_its_history(results: xr.Dataset) -> None:
    """Every day is between the bounds, so the mean of a year is: food and straw as they were taken in."""
    masses = {}
    for layer in ("carbon", "nitrogen", "dry_matter", "water"):
        parts = [
            results["flow_mass"].isel(flow=np.flatnonzero(results["flow_name"] == name)).sel(layer=layer).sum("flow")
            for name in ("organics_to_yard", "straw_to_yard")
        ]
        masses[layer] = (parts[0] + parts[1]).sel(period=YEARS)
    bound = {
        name: results["parameter"].isel(cell=np.flatnonzero(results["cell_parameter"] == name)[0]).sel(period=YEARS)
        for name in ("lowest_ratio", "highest_ratio", "driest_mix")
    }
    ratio = masses["carbon"] / masses["nitrogen"]
    assert (ratio >= bound["lowest_ratio"] * (1 - 1e-9)).all()
    assert (ratio <= bound["highest_ratio"] * (1 + 1e-9)).all()
    dry = masses["dry_matter"] / (masses["dry_matter"] + masses["water"])
    assert (dry <= bound["driest_mix"] * (1 + 1e-9)).all()
    assert (fresh(results, "straw_returned") > 0).all()


def test_straw_waits_and_rots_and_compost_waits_for_its_season(results: xr.Dataset) -> None:
    for name in ("straw_rotten", "rotten", "compost_sold", "compost_given"):
        assert float(fresh(results, name).sum()) > 0, name
    assert set(results["store"].to_numpy().tolist()) == {
        "straw_shed[north]", "straw_shed[south]", "composting_yard[north]", "composting_yard[south]", "compost_shop",
    }  # fmt: skip
    assert float(results.attrs["residual"]) < 1e-9


def test_rules_funds_and_events_happen(results: xr.Dataset) -> None:
    happened = set().union(*(event_table(results, n)["kind"].tolist() for n in range(3)))
    assert {"decided", "commissioned", "breakdown", "maintenance", "flood"} <= happened
    assert (results["decided"] >= 2026.0).all()


def test_a_habit_spreads_at_a_speed_of_its_own_in_every_history(results: xr.Dataset) -> None:
    """Participation grows from year to year, and histories differ in how far it has come half-way."""
    cells = np.flatnonzero((results["cell_parameter"] == "participation") & (results["cell_settlement"] == "rural"))
    share = results["parameter"].isel(cell=int(cells[0])).sel(period=slice(2026, 2032))
    assert (share.diff("period") >= 0).all()
    assert len(np.unique(share.sel(period=2028).to_numpy().round(6))) == 3
    assert (share.sel(period=2032) > 0.3).all()
