"""The two small models that the tutorials use: small, balanced, and near the totals that were published."""

import csv
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from cemfa.definition.load import read_model, read_scenario
from cemfa.graph import build_graph, loops
from cemfa.library import models
from cemfa.plan import plan_of
from cemfa.system.compile import compile_system
from cemfa.system.solve import solve

NAMES = ("rice_straw", "coconut_husk")
SCREEN = 12  # processes


def published(name: str) -> list[dict[str, str]]:
    with (models()[name] / "published_totals.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def central() -> dict[str, xr.Dataset]:
    return {name: solve(compile_system(read_model(name))).isel(sample=0) for name in NAMES}


def fresh(results: xr.Dataset, flow: str, year: int = 2030) -> float:
    mass = results["flow_mass"].sel(period=year, layer=["dry_matter", "water"]).sum("layer").to_numpy()
    return float(mass[results["flow_name"].to_numpy() == flow].sum())


@pytest.mark.parametrize("name", NAMES)
def test_it_fits_on_one_screen(name: str) -> None:
    model = read_model(name)
    assert len(model.processes) <= SCREEN
    assert len(compile_system(model).flow_ids) <= 30


@pytest.mark.parametrize("name", NAMES)
def test_samples_stay_possible(name: str) -> None:
    results = solve(compile_system(read_model(name)), samples=2000, seed=7)
    assert "overfull" not in results.attrs
    assert results.attrs["residual"] <= 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_published_totals_are_in_their_range(name: str, central: dict[str, xr.Dataset]) -> None:
    for row in published(name):
        layers = ["dry_matter", "water"] if row["layer"] == "fresh" else [row["layer"]]
        chosen = np.isin(central[name]["flow_name"].to_numpy(), row["flows"].split())
        mass = central[name]["flow_mass"].sel(period=int(row["year"]), layer=layers).to_numpy()[:, chosen].sum()
        assert float(row["low"]) <= mass <= float(row["high"]), row["id"]
        assert row["reason"], row["id"]


def test_straw_taken_from_cattle_is_bought_again_tonne_for_tonne(central: dict[str, xr.Dataset]) -> None:
    scenario, system = read_scenario("rice_straw_2030"), compile_system(read_model("rice_straw"))
    options = ("as_now", "mushrooms_from_feed", "mushrooms_from_burning", "compost_from_burning")
    found = {option: solve(system, plan=plan_of(scenario, option)).isel(sample=0) for option in options}
    bought = {option: fresh(results, "straw_imported") for option, results in found.items()}
    more = fresh(found["mushrooms_from_feed"], "straw_to_mushroom") - fresh(found["as_now"], "straw_to_mushroom")
    assert more > 0
    assert bought["mushrooms_from_feed"] - bought["as_now"] == pytest.approx(more, rel=1e-9)
    assert bought["mushrooms_from_burning"] == pytest.approx(bought["as_now"], rel=1e-12)
    assert bought["compost_from_burning"] == pytest.approx(bought["as_now"], rel=1e-12)
    assert fresh(found["compost_from_burning"], "straw_burnt") == pytest.approx(0, abs=1e-6)


def test_the_coarse_part_goes_round(central: dict[str, xr.Dataset]) -> None:
    assert loops(build_graph(read_model("rice_straw"))) == [("compost_heap", "sieve")]
    results = central["rice_straw"].sel(period=2030)
    heap = results["throughput"].sel(process="compost_heap")
    back = results["flow_mass"].sel(flow="coarse_back")
    gain = (heap / (heap - back)).sel(layer=["dry_matter", "carbon", "nitrogen"]).to_numpy()
    kept = np.array([0.5, 0.45, 0.7])  # of the tables: what the heap keeps
    assert gain == pytest.approx(1 / (1 - kept * (1 - 0.85)), rel=1e-12)


def test_washing_parts_the_layers(central: dict[str, xr.Dataset]) -> None:
    mass = central["coconut_husk"]["flow_mass"].sel(period=2023)
    kept = (mass.sel(flow="cocopeat") / mass.sel(flow="pith_to_cocopeat")).sel(layer=["dry_matter", "potassium"])
    assert kept.to_numpy() == pytest.approx([0.96, 0.3], rel=1e-12)


def test_the_fraction_of_the_association_does_not_close_with_the_coir_output() -> None:
    (row,) = (row for row in published("coconut_husk") if row["id"] == "D002")
    other = compile_system(read_model("coconut_husk"), assume={"husk_fraction": "local"})
    assert fresh(solve(other).isel(sample=0), "coir_fibre", 2023) > float(row["high"])


def test_the_model_folders_hold_nothing_else() -> None:
    for name in NAMES:
        assert {path.suffix for path in Path(models()[name]).iterdir()} == {".yaml", ".csv", ".md"}
