"""The coconut chain of Ben Tre against arithmetic on published figures, done here by hand.

The figures below are typed from their sources (keys of `sources.csv`); nothing is read from the tables of the model.
"""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cemfa.definition.load import read_model
from cemfa.definition.schema import Model, Periods
from cemfa.plan import ParameterChange, Plan
from cemfa.results import Request
from cemfa.system.compile import compile_system
from cemfa.system.layout import System
from cemfa.system.solve import solve

HARVESTED = {
    "giong_trom": 18685, "mo_cay_nam": 16189, "mo_cay_bac": 8627, "binh_dai": 7488, "chau_thanh": 7430,
    "thanh_phu": 7356, "ba_tri": 3000, "ben_tre_city": 2650, "cho_lach": 1447,
}  # fmt: skip
"""Harvested area of 2022 [ha], production-A040 to A048; the last three share what the six leave of the total."""
PROVINCE = 72872  # ha harvested in 2022, production-A011
NUTS = {2018: 622e6, 2019: 648e6, 2020: 653e6, 2021: 681e6, 2022: 700e6, 2023: 706e6, 2024: 708e6}
"""Nuts of the year, production-A014 to A030: official tonnes over 0.98 kg, counted nuts in 2024."""
NUT_MASS = 1.1e-3  # t, coefficients-B002
FRACTIONS = {"coconut_husk": 0.35, "coconut_shell": 0.13, "coconut_kernel": 0.29, "nut_water": 0.23}
NEEDED = 749.2e6  # nuts, consistency_checks-H010
TYPED = 1e-6  # nuts per hectare are typed with three decimals, areas by year with six
SAMPLES = 128


@pytest.fixture(scope="module")
def model() -> Model:
    return read_model("ben_tre")


@pytest.fixture(scope="module")
def system(model: Model) -> System:
    return compile_system(model.model_copy(update={"periods": Periods(first=2018, last=2024)}))


@pytest.fixture(scope="module")
def central(system: System) -> xr.Dataset:
    return solve(system)


@pytest.fixture(scope="module")
def drawn(model: Model) -> xr.Dataset:
    """The first year with every flow of every sample."""
    short = model.model_copy(update={"periods": Periods(first=2018, last=2018)})
    return solve(compile_system(short), samples=SAMPLES, seed=7, request=Request(flows="all"))


def mass(results: xr.Dataset, names: str, year: int, layer: str = "fresh", **where: str) -> np.ndarray:
    """Return the mass of flows of some names and places, (S,) [t/yr]."""
    chosen = np.isin(results["flow_name"].to_numpy(), names.split())
    for dimension, item in where.items():
        chosen &= results[dimension].to_numpy() == item
    assert chosen.any(), (names, where)
    layers = ["dry_matter", "water"] if layer == "fresh" else [layer]
    return results["flow_mass"].sel(period=year, layer=layers).to_numpy()[..., chosen].sum(axis=(-2, -1))


def one(results: xr.Dataset, names: str, year: int, layer: str = "fresh", **where: str) -> float:
    return float(mass(results, names, year, layer, **where)[0])


def test_the_districts_make_up_the_province() -> None:
    assert sum(HARVESTED.values()) == PROVINCE


@pytest.mark.parametrize("part", FRACTIONS)
@pytest.mark.parametrize("district", HARVESTED)
def test_nuts_times_mass_times_fraction_by_district(central: xr.Dataset, district: str, part: str) -> None:
    nuts = NUTS[2022] * HARVESTED[district] / PROVINCE
    expected = nuts * NUT_MASS * FRACTIONS[part]
    assert one(central, "nuts_harvested", 2022, district=district, nut_part=part) == pytest.approx(expected, rel=TYPED)


@pytest.mark.parametrize("year", NUTS)
def test_every_observed_year_has_its_nuts(central: xr.Dataset, year: int) -> None:
    assert one(central, "nuts_harvested", year) == pytest.approx(NUTS[year] * NUT_MASS, rel=TYPED)


def test_with_the_mass_of_the_statistics_the_harvest_is_the_official_one(model: Model) -> None:
    short = model.model_copy(update={"periods": Periods(first=2018, last=2022)})
    results = solve(compile_system(short, assume={"nut_mass": "statistic"}))
    # 700 million nuts are 686 279 t over 0.98 kg, rounded to the million
    assert one(results, "nuts_harvested", 2022) == pytest.approx(686279, rel=1e-3)


def test_fractions_add_up_to_the_nut_in_every_sample(drawn: xr.Dataset) -> None:
    parts = [mass(drawn, "nuts_harvested", 2018, nut_part=part) for part in FRACTIONS]
    whole = np.add.reduce(parts)
    cells = drawn["cell_parameter"].to_numpy() == "nut_fraction"
    fractions = drawn["parameter"].sel(period=2018).to_numpy()[:, cells]
    assert fractions.shape == (SAMPLES, len(FRACTIONS))
    assert np.abs(fractions.sum(axis=1) - 1.0).max() < 1e-12  # a Dirichlet draw is divided by its own sum
    assert np.sort(np.array(parts) / whole, axis=0) == pytest.approx(np.sort(fractions.T, axis=0), rel=1e-9)


@pytest.mark.parametrize("layer", ["dry_matter", "water", "carbon", "nitrogen", "phosphorus", "potassium"])
def test_the_nut_leaves_whole_or_husked_and_nothing_of_it_is_lost(drawn: xr.Dataset, layer: str) -> None:
    harvest = mass(drawn, "nuts_harvested", 2018, layer)
    leaving = mass(drawn, "husk_leaving nuts_sold_whole nuts_exported_husked nuts_processed", 2018, layer)
    husk = mass(drawn, "husk_of_processed husk_of_exported", 2018, layer)
    assert leaving + husk == pytest.approx(harvest, rel=1e-9)  # sums of some hundred products


def test_a_nut_sold_whole_takes_all_its_parts_along(drawn: xr.Dataset) -> None:
    husk = mass(drawn, "husk_leaving", 2018) / mass(drawn, "husk_arising", 2018)
    for part in ("coconut_shell", "coconut_kernel", "nut_water"):
        sold = mass(drawn, "nuts_sold_whole", 2018, nut_part=part)
        cores = mass(drawn, "nut_cores", 2018, nut_part=part)
        assert sold / cores == pytest.approx(husk, rel=1e-9)


def test_imported_nuts_fill_what_processors_lack(central: xr.Dataset) -> None:
    local = 0.85 * NUTS[2022]
    core = NUT_MASS * (1 - FRACTIONS["coconut_husk"])
    assert one(central, "nuts_processed", 2022) == pytest.approx(local * core, rel=TYPED)
    assert one(central, "nuts_imported", 2022) == pytest.approx((NEEDED - local) * core, rel=1e-5)


def test_imported_nuts_come_with_all_their_parts(drawn: xr.Dataset) -> None:
    per_part = [
        mass(drawn, "nuts_imported", 2018, nut_part=part) / mass(drawn, "nuts_processed", 2018, nut_part=part)
        for part in ("coconut_shell", "coconut_kernel", "nut_water")
    ]
    # what is lacking is a difference of two numbers five times as large
    assert per_part[0] == pytest.approx(per_part[1], rel=1e-8, abs=1e-9)
    assert per_part[0] == pytest.approx(per_part[2], rel=1e-8, abs=1e-9)


def test_shell_for_activated_carbon_balances_with_imports(central: xr.Dataset) -> None:
    # 12 700 t, 0.33 of the charcoal, which is 0.275 of the shell; both typed as reciprocals with three digits
    wanted = 12700 / 0.33 / 0.275
    own = 0.7 * NEEDED * NUT_MASS * FRACTIONS["coconut_shell"]
    assert one(central, "shell_to_carbon", 2022) == pytest.approx(own, rel=1e-5)
    assert one(central, "shell_to_carbon shell_imported", 2022) == pytest.approx(wanted, rel=2e-3)
    assert one(central, "shell_imported", 2022) == pytest.approx(wanted - own, rel=5e-3)


def test_coir_output_by_hand_lies_in_its_published_range(central: xr.Dataset, system: System) -> None:
    husk = NUTS[2023] * NUT_MASS * FRACTIONS["coconut_husk"]
    milled = husk * (0.85 + 0.02) * 0.66
    fibre = milled * (0.70 * 0.306 + 0.30 * 0.107)
    assert one(central, "coir_fibre", 2023) == pytest.approx(fibre, rel=TYPED)
    assert 30000 < fibre < 45000  # production-A052: 39 000 t
    kept = solve(system, samples=SAMPLES, seed=7, request=Request(flows=("coir_fibre",)))["flow_kept"]
    outputs = kept.sel(period=2023, layer=["dry_matter", "water"]).sum(["layer", "kept_flow"]).to_numpy()
    low, high = np.percentile(outputs, [5, 95])
    assert low < 39000 < high


def test_palms_shed_fronds_and_are_replanted(central: xr.Dataset) -> None:
    palms = PROVINCE * 200
    fronds = one(central, "litter_arising", 2022, "dry_matter", litter="frond")
    assert fronds == pytest.approx(palms * 12 * 3.2e-3, rel=TYPED)
    assert one(central, "stems_felled", 2022, "dry_matter") == pytest.approx(palms * 0.0125 * 0.25, rel=TYPED)


def test_kernel_becomes_what_is_published(central: xr.Dataset) -> None:
    # 45 000 t of desiccated coconut and 85 million litres of milk; yields are typed with three digits
    assert one(central, "desiccated", 2023) == pytest.approx(45000, rel=5e-3)
    assert one(central, "coconut_milk", 2023) == pytest.approx(85000, rel=1e-2)
    entering = one(central, "kernel_arising milk_water_added", 2023)
    made = "desiccated desiccated_wash desiccated_vapour coconut_milk kernel_residue_feed kernel_residue_discarded"
    assert one(central, f"{made} coconut_oil oil_cake oil_vapour", 2023) == pytest.approx(entering, rel=1e-9)


def change(parameter: str, value: float, unit: str, how: str = "set", **place: str) -> Plan:
    where = tuple((dimension, (item,)) for dimension, item in place.items())
    return Plan(changes=(ParameterChange(parameter, where, (2018,), (value,), unit, how, None),))


@pytest.mark.parametrize("driver", ["coconut_area_index", "nuts_per_area"])
def test_the_drivers_of_the_outlook_move_the_harvest(system: System, central: xr.Dataset, driver: str) -> None:
    more = solve(system, plan=change(driver, 1.1, "1", "multiply"))
    before = one(central, "nuts_harvested", 2024)
    assert one(more, "nuts_harvested", 2024) == pytest.approx(1.1 * before, rel=1e-9)


def test_a_higher_share_of_processing_lowers_imports_not_output(system: System, central: xr.Dataset) -> None:
    more = solve(system, plan=change("nut_processed_share", 0.05, "1", "add"))
    own = one(more, "nuts_processed", 2023) - one(central, "nuts_processed", 2023)
    bought = one(more, "nuts_imported", 2023) - one(central, "nuts_imported", 2023)
    assert own > 0
    assert bought == pytest.approx(-own, rel=1e-6)
    assert one(more, "desiccated", 2023) == pytest.approx(one(central, "desiccated", 2023), rel=1e-9)


def test_a_kiln_takes_what_was_burnt_in_its_district_only(system: System, central: xr.Dataset) -> None:
    built = solve(system, plan=change("biochar_kiln_capacity", 1e4, "t/d", district="giong_trom"))
    burnt = one(central, "litter_burnt", 2023, district="giong_trom")
    assert one(built, "litter_burnt", 2023, district="giong_trom") == pytest.approx(0.0, abs=1e-6 * burnt)
    assert one(built, "litter_to_biochar", 2023, district="giong_trom") == pytest.approx(burnt, rel=1e-9)
    elsewhere = one(central, "litter_burnt", 2023, district="mo_cay_nam")
    assert one(built, "litter_burnt", 2023, district="mo_cay_nam") == pytest.approx(elsewhere, rel=1e-12)
    carbon = one(built, "litter_to_biochar husk_to_biochar", 2023, "carbon")
    assert one(built, "biochar", 2023, "carbon") == pytest.approx(0.27 * 1.56 * carbon, rel=1e-9)


def test_a_new_coir_mill_takes_no_more_than_it_can(system: System) -> None:
    built = solve(system, plan=change("coir_mill_capacity", 10.0, "t/d"))
    # availability 0.85 (technologies-E128), typed as days between failures and to repair
    assert one(built, "husk_to_new_mill", 2023) == pytest.approx(10 * 365 * 0.85, rel=5e-3)


def test_treated_nata_effluent_is_taken_off_the_canals(system: System, central: xr.Dataset) -> None:
    treated = solve(system, plan=change("nata_treated", 20.0, "t/d"))
    assert one(treated, "nata_effluent_to_treatment", 2023) == pytest.approx(20 * 365, rel=1e-9)
    spared = one(central, "nata_effluent_discharged", 2023) - one(treated, "nata_effluent_discharged", 2023)
    assert spared == pytest.approx(20 * 365, rel=1e-9)
