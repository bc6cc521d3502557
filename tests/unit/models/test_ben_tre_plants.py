"""Plants of the coconut chain that an option can build: what they take comes from what nobody uses today."""

from pathlib import Path

import pytest
import xarray as xr

from cemfa.definition.load import read_model, read_scenario
from cemfa.definition.schema import Change, Option, Programme, Project, Scenario
from cemfa.plan import plan_of
from cemfa.system.compile import compile_system
from cemfa.system.solve import solve

ROOT = Path(__file__).parents[3]
PLANTS = {
    "kiln": ("biochar_kiln", {"district": "giong_trom"}, 20.0),
    "mill": ("coir_mill_expansion", {}, 10.0),
    "pellets": ("husk_pellet_press", {}, 15.0),
    "pith": ("pith_composting_plant", {}, 12.0),
}
"""Process, place and design intake [t/d]; less than is offered."""


def built(process: str, place: dict[str, str], capacity: float, like: Project) -> Project:
    wanted = {"process": process, "place": place, "capacity": capacity, "technology": None}
    return like.model_copy(update={**wanted, "minimum_delivery": None, "haul_distance": None})


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """The shipped scenario with one option more."""
    shipped = read_scenario(ROOT / "scenarios" / "organics_2030.yaml")
    yards = shipped.options["yards"]
    like, paid = next(iter(yards.projects.values())), next(iter(yards.programmes.values()))
    pellets = Change(
        parameter="husk_to_pellets_share", values={2027: 0.0, 2028: 0.06}, unit="1",
        **{"from": ("husk_fuel_share", "husk_mulched_share")},
    )  # fmt: skip
    treated = Change(parameter="nata_treated", values={2028: 20.0}, unit="t/d")
    programme: Programme = paid.model_copy(update={"changes": (treated,)})
    projects = {key: built(*plant, like) for key, plant in PLANTS.items()}
    option = Option(label=yards.label, projects=projects, programmes={"effluent": programme}, policy=(pellets,))
    return shipped.model_copy(update={"options": {**shipped.options, "coconut": option}})


@pytest.fixture(scope="module")
def results(scenario: Scenario) -> dict[str, xr.Dataset]:
    system = compile_system(read_model(ROOT / "models" / "ben_tre"))
    return {option: solve(system, plan=plan_of(scenario, option)) for option in ("as_now", "coconut")}


def fresh(results: xr.Dataset, *names: str) -> float:
    chosen = results["flow_name"].isin(names).to_numpy()
    assert chosen.any(), names
    mass = results["flow_mass"].isel(sample=0, flow=chosen).sel(period=2035, layer=["dry_matter", "water"])
    return float(mass.sum())


@pytest.mark.parametrize(
    ("plant", "inflows"),
    [
        ("kiln", ("litter_to_biochar", "husk_to_biochar")),
        ("mill", ("husk_to_new_mill",)),
        ("pellets", ("husk_to_pellets",)),
        ("pith", ("pith_to_plant",)),
    ],
)
def test_a_plant_runs_on_what_is_there(results: dict[str, xr.Dataset], plant: str, inflows: tuple[str, ...]) -> None:
    _, _, capacity = PLANTS[plant]
    taken = fresh(results["coconut"], *inflows) / 365
    assert fresh(results["as_now"], *inflows) == 0
    assert 0.7 * capacity < taken <= capacity  # it breaks down now and then


def test_what_the_plants_take_is_what_was_burnt_dumped_or_discharged(results: dict[str, xr.Dataset]) -> None:
    now, then = results["as_now"], results["coconut"]
    lost = ("litter_burnt", "husk_dumped", "husk_fuel", "nata_effluent_discharged")
    husk = ("husk_to_biochar", "husk_to_new_mill", "husk_to_pellets")
    taken = fresh(then, "litter_to_biochar", *husk, "nata_effluent_to_treatment")
    assert fresh(now, *lost) - fresh(then, *lost) == pytest.approx(taken, rel=1e-9)


def test_a_new_mill_makes_more_fibre_and_pith_of_the_same_harvest(results: dict[str, xr.Dataset]) -> None:
    now, then = results["as_now"], results["coconut"]
    assert fresh(then, "nuts_harvested") == fresh(now, "nuts_harvested")
    more = fresh(then, "husk_to_mill", "husk_milled_anew") / fresh(now, "husk_to_mill")
    for product in ("coir_fibre", "coir_pith"):
        assert fresh(then, product) / fresh(now, product) == pytest.approx(more, rel=1e-9)
