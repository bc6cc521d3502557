"""Ben Tre as delivered: published totals that are inputs are met, those that are checks lie in their range."""

import csv
import unicodedata
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import xarray as xr

from cemfa.definition.load import read_model
from cemfa.definition.schema import Model, Periods
from cemfa.graph import build_graph
from cemfa.indicators import evaluate
from cemfa.plan import ParameterChange, Plan
from cemfa.results import Request
from cemfa.system.compile import compile_system
from cemfa.system.layout import System
from cemfa.system.solve import solve
from cemfa.targets import target_sets
from cemfa.units import days_in

FOLDER = Path(__file__).parents[3] / "models" / "ben_tre"
SAMPLES = 128


def published() -> list[dict[str, str]]:
    with (FOLDER / "published_totals.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def explained() -> set[str]:
    """Return the totals whose disagreement has a sentence."""
    with (FOLDER / "disagreements.csv").open(encoding="utf-8") as file:
        return {row["id"] for row in csv.DictReader(file)}


def of_role(role: str) -> list[dict[str, str]]:
    return [row for row in published() if row["role"] == role]


@pytest.fixture(scope="module")
def model() -> Model:
    return read_model(FOLDER)


@pytest.fixture(scope="module")
def system(model: Model) -> System:
    """No later years than those for which totals are published: what comes after does not change them."""
    return compile_system(model.model_copy(update={"periods": Periods(first=2018, last=2024)}))


@pytest.fixture(scope="module")
def central(system: System) -> xr.Dataset:
    return solve(system)


@pytest.fixture(scope="module")
def drawn(system: System) -> xr.Dataset:
    flows = {name for row in published() for name in f"{row['flows']} {row['per_flows']}".split()}
    found = solve(system, samples=SAMPLES, seed=2023, request=Request(flows=tuple(sorted(flows))))
    kept = found["flow_kept"].rename(kept_flow="flow")
    return (
        found[["flow_name", "settlement", "district", "waste_fraction", "litter", "nut_part", "shrimp_system"]]
        .sel(flow=kept["flow"].to_numpy())
        .assign(flow_mass=kept)
    )


def total(results: xr.Dataset, row: dict[str, str], flows: str, where: str) -> np.ndarray:
    """Return the mass of some flows in the year of a row, (S,) [t/yr]."""
    layers = ["dry_matter", "water"] if row["layer"] == "fresh" else [row["layer"]]
    chosen = np.isin(results["flow_name"].to_numpy(), flows.split())
    for dimension, item in (part.split("=") for part in where.split()):
        chosen &= results[dimension].to_numpy() == item
    assert chosen.any(), row["id"]
    mass = results["flow_mass"].sel(period=int(row["year"]), layer=layers).to_numpy()
    return mass[..., chosen].sum(axis=(-2, -1))


def modelled(results: xr.Dataset, row: dict[str, str]) -> np.ndarray:
    """Return what the model says to a published total, (S,), in the row's unit."""
    found = total(results, row, row["flows"], row["where"])
    if row["per_flows"]:
        found = found / total(results, row, row["per_flows"], "")
    return found / days_in(int(row["year"])) if row["unit"] == "t/d" else found


@pytest.mark.parametrize("row", of_role("input"), ids=lambda row: row["id"])
def test_central_values_meet_the_inputs(central: xr.Dataset, row: dict[str, str]) -> None:
    # parameters are written with nine digits
    assert modelled(central, row)[0] == pytest.approx(float(row["value"]), rel=1e-7)


@pytest.mark.parametrize("row", of_role("input"), ids=lambda row: row["id"])
def test_inputs_stay_within_their_spread(drawn: xr.Dataset, row: dict[str, str]) -> None:
    low, high = np.percentile(modelled(drawn, row), [5, 95])
    assert low < float(row["value"]) < high


@pytest.mark.parametrize("row", of_role("check"), ids=lambda row: row["id"])
def test_medians_lie_in_the_published_range(drawn: xr.Dataset, row: dict[str, str]) -> None:
    if row["id"] in explained():
        return  # the page of validation says why
    median = float(np.median(modelled(drawn, row)))
    assert float(row["low"]) <= median <= float(row["high"])


def test_every_consistency_row_is_held_or_has_a_reason() -> None:
    rows = {row["id"]: row for row in published()}
    assert {f"H{n:03d}" for n in range(1, 29)} <= set(rows)
    for row in rows.values():
        assert row["role"] in ("input", "check", "not_held", "hypothetical")
        if row["role"] in ("not_held", "hypothetical"):
            assert row["reason"]
            assert not row["flows"]
    assert {row["id"] for row in of_role("hypothetical")} == {"H026", "H028"}


def test_published_totals_cite_known_sources(model: Model) -> None:
    assert {row["source"] for row in published()} <= set(model.sources)


def test_every_number_names_a_source_with_a_title(model: Model) -> None:
    cited = {row.source for row in (*model.parameters, *model.composition, *model.seasons, *model.history)}
    assert cited <= set(model.sources)
    assert all(model.sources[key].title for key in cited)


def test_judgement_is_never_more_than_unverified(model: Model) -> None:
    rows = [row for row in (*model.parameters, *model.composition) if row.source == "judgement"]
    assert rows
    assert {row.basis for row in rows} == {"unverified"}


def test_derived_numbers_say_how(model: Model) -> None:
    silent = [row.parameter for row in model.parameters if row.basis == "derived" and not row.note]
    assert silent == []


def test_everything_has_a_name_in_both_languages(model: Model) -> None:
    things = {**model.processes, **model.flows, **model.goods}
    unnamed = [key for key, thing in things.items() if thing.label is None]
    unnamed += [row.parameter for row in model.parameters if row.parameter not in model.parameter_labels]
    unnamed += [i.id for d in model.dimensions.values() for i in d.items if i.label is None]
    assert unnamed == []
    labels = [thing.label for thing in things.values() if thing.label] + list(model.parameter_labels.values())
    assert all(label.vi.strip() and label.en.strip() for label in labels)
    assert all(unicodedata.is_normalized("NFC", label.vi) for label in labels)


def test_every_product_and_by_product_says_how_long_it_keeps(model: Model) -> None:
    keeps = {key: good.storage_life for key, good in model.goods.items() if good.status in ("product", "by_product")}
    assert [key for key, days in keeps.items() if days is None] == []
    assert min(keeps, key=lambda key: keeps[key] or 0) in ("shrimp_by_product", "pangasius_by_product")


def test_process_and_flow_names_are_distinct(model: Model) -> None:
    for things in (model.processes, model.flows):
        for lang in ("vi", "en"):
            names = [thing.label.of(lang) for thing in things.values() if thing.label]
            assert sorted(set(names)) == sorted(names)


def test_parameters_are_sorted(model: Model) -> None:
    with (FOLDER / "parameters.csv").open(encoding="utf-8") as file:
        names = [row["parameter"] for row in csv.DictReader(file)]
    assert names == sorted(names)


def test_only_thanh_phu_and_an_hiep_take_waste_today(central: xr.Dataset, system: System) -> None:
    mass = central["flow_mass"].isel(sample=0).sel(layer=["dry_matter", "water"], period=2023).sum("layer").to_numpy()
    busy = {group.name for group in system.groups if mass[list(group.inflows)].sum() > 0}
    assert busy == {"mixed_plant", "an_hiep_landfill"}


def test_the_system_stays_small(system: System) -> None:
    # coconuts by former district and part take 425 of them, rice and aquaculture by crop, pond and district some 1 000
    assert len(system.flow_ids) <= 3500


def test_recycling_loops_are_there(model: Model) -> None:
    graph = nx.DiGraph(build_graph(model))
    names = [{str(process).split("[")[0] for process in loop} for loop in nx.strongly_connected_components(graph)]
    loops = [members for members in names if len(members) > 1]
    assert {"windrow", "screening"} in loops
    assert {"mixed_windrow", "mixed_screening"} in loops
    assert {"digester", "digestate_separator", "liquor_tank"} in loops


NEW_PLANTS = ("in_vessel", "dry_digestion", "worm")
NEW_INTAKE = ("separated_to_in_vessel", "city_market_to_in_vessel", "separated_to_dry_digestion", "market_to_worms")
NEW_REJECTS = ("in_vessel_rejects", "dry_digestion_rejects", "worm_rejects")
SIX = ("rate_with_home", "rate_with_home_and_feed", "rate_collected", "rate_input_eu", "rate_output_dry", "rate_carbon")


def built(separated: float, *plants: str) -> Plan:
    """Return a plan under which a share of households and markets separates, with room for all of it in some plants."""
    shares = [
        ParameterChange(name, (), (2022,), (separated,), "1", "set", "remainder")
        for name in ("separating_households", "separating_markets")
    ]
    rooms = [ParameterChange(f"{name}_capacity", (), (2022,), (1e4,), "t/d", "set", None) for name in plants]
    return Plan(changes=(*shares, *rooms))


def test_the_six_rates_count_the_new_plants_as_they_count_the_old(system: System) -> None:
    runs = [solve(system, plan=built(0.5, *plants)) for plants in ((), NEW_PLANTS)]
    without, with_them = (
        evaluate(run, [*SIX, "organics_generated"]).sel(period=2023, settlement="all").isel(sample=0) for run in runs
    )
    for name in SIX:
        before, after = float(without[name]), float(with_them[name])
        assert 0.0 <= before <= after <= 1.0, name
        assert name == "rate_collected" or before < after, name  # what is collected apart counts wherever it goes
    fresh = runs[1]["flow_mass"].sel(period=2023, layer=["dry_matter", "water"]).sum("layer").isel(sample=0).to_numpy()
    names, organic = runs[1]["flow_name"].to_numpy(), runs[1]["organic"].to_numpy()
    taken, rejected = (fresh[organic & np.isin(names, flows)].sum() for flows in (NEW_INTAKE, NEW_REJECTS))
    gained = float(with_them["rate_input_eu"] - without["rate_input_eu"]) * float(with_them["organics_generated"])
    assert taken > rejected > 0
    assert gained == pytest.approx(taken - rejected, rel=1e-9)


def test_gas_that_is_flared_leaves_the_account_of_landfills(system: System) -> None:
    flare = Plan(changes=(ParameterChange("gas_flare_capacity", (), (2022,), (1e4,), "t/d", "set", None),))
    names = ["ghg_landfill_emitted", "ghg_landfill_committed"]
    now, flared = (evaluate(solve(system, plan=plan), names).sel(period=2023) for plan in (Plan(), flare))
    results = solve(system, plan=flare)
    carbon = results["flow_mass"].sel(period=2023, layer="carbon").isel(sample=0).to_numpy()
    led = carbon[results["flow_name"].to_numpy() == "gas_to_flare"].sum()
    gas = carbon[np.isin(results["flow_name"].to_numpy(), ["gas_to_flare", "an_hiep_gas", "gas_not_flared"])].sum()
    assert led == pytest.approx(0.5 * gas, rel=1e-9)  # the central share that wells reach
    saved = float(now["ghg_landfill_emitted"].squeeze() - flared["ghg_landfill_emitted"].squeeze())
    assert saved == pytest.approx(led * 0.8 * 0.5 * 16 / 12 * 28, rel=1e-9)  # correction, half methane, GWP
    assert float(flared["ghg_landfill_committed"].squeeze()) < float(now["ghg_landfill_committed"].squeeze())


def test_a_programme_counts_only_what_is_newly_diverted(system: System, central: xr.Dataset) -> None:
    def households(number: float) -> xr.Dataset:
        place = (("district", ("giong_trom",)), ("settlement", ("rural",)))
        change = ParameterChange("composting_households", place, (2022,), (number,), "household", "set", None)
        return solve(system, plan=Plan(changes=(change,)))

    def mass(results: xr.Dataset, name: str) -> float:
        fresh = results["flow_mass"].isel(sample=0).sel(layer=["dry_matter", "water"], period=2023).sum("layer")
        return float(fresh.to_numpy()[results["flow_name"].to_numpy() == name].sum()) / days_in(2023)

    some = households(1000.0)
    assert mass(some, "programme_composted") == pytest.approx(0.72, rel=1e-9)
    assert mass(some, "self_composted") == pytest.approx(mass(central, "self_composted"), rel=1e-12)
    lost = sum(mass(central, n) - mass(some, n) for n in ("unrecycled_burnt", "unrecycled_buried", "unrecycled_dumped"))
    assert lost == pytest.approx(0.72, rel=1e-9)
    everyone = households(1e6)
    assert mass(everyone, "programme_composted") < 100  # no more than there is, however many households
    assert mass(everyone, "self_composted") == pytest.approx(mass(central, "self_composted"), rel=1e-12)


@pytest.mark.parametrize(
    "assume",
    [
        {"nut_mass": "statistic"},
        {"nut_mass": "salinity"},
        {"nut_fraction": "local"},
        {"nuts_needed": "capacity"},
        {"waste_per_head": "surveys"},
        {"shrimp_yield": "quoted"},
        {f"shrimp_nitrogen_{part}": "analyses" for part in ("harvested", "settled", "in_water")},
        {"husk_ash": "analysis"},
        {"price": "agricultural"},
        {"capex": "agricultural"},
        {"capex": "announced"},
    ],
    ids=lambda assume: "+".join(f"{key}={value}" for key, value in assume.items())[:40],
)
def test_conflicting_numbers_can_be_switched(model: Model, assume: dict[str, str]) -> None:
    short = model.model_copy(update={"periods": Periods(first=2018, last=2018)})
    other, usual = solve(compile_system(short, assume=assume)), solve(compile_system(short))
    names = sorted(assume)
    if names[0] in ("price", "capex"):
        changed = other["parameter"].to_numpy() != usual["parameter"].to_numpy()
        assert set(usual["cell_parameter"].to_numpy()[changed.any(axis=(0, 1))].tolist()) == set(names)
    else:
        assert not np.array_equal(other["flow_mass"].to_numpy(), usual["flow_mass"].to_numpy())


def test_everything_that_arises_has_a_season(model: Model) -> None:
    arising = {key: flow for key, flow in model.flows.items() if flow.source == "outside" and flow.origin}
    assert len(arising) >= 16
    assert [key for key, flow in arising.items() if flow.season is None] == []
    assert model.flows["forage"].season == "forage"  # feed of no origin, but it grows by the rains


def test_everything_that_arises_or_is_lost_has_a_heating_value(central: xr.Dataset) -> None:
    found = evaluate(central, ["energy_content", "energy_content_unused"]).sel(sample=0)
    arises, lost = found["energy_content"].to_numpy(), found["energy_content_unused"].to_numpy()
    assert (arises > lost).all()
    arising = (central["origin"] != "") & (central["source"] == "outside")
    dry = central["flow_mass"].sel(sample=0, layer="dry_matter").where(arising, 0.0).sum("flow").to_numpy()
    held = arises / dry / 1000  # MJ per kg of dry matter
    assert ((held > 8) & (held < 18)).all()  # between waste with sand, sludges of soil, and dry wood


def test_the_plan_has_its_twenty_one_targets(model: Model) -> None:
    plan = target_sets(model.targets)[0]
    assert [target.id for target in plan.targets] == [f"T{n:02d}" for n in range(1, 22)]
    numbered = [target for target in plan.targets if target.value is not None]
    assert len(numbered) == 18
    assert {t.id: t.sense for t in plan.targets if t.value is None} == {"T07": "down", "T08": "up", "T21": "done"}
    assert {t.id for t in plan.targets if t.sense == "~"} == {"T05", "T13"}
    measured = {t.id: (t.indicator, t.value, dict(t.where)) for t in plan.targets if t.indicator}
    assert measured["T17"] == ("rate_with_home", 100, {"settlement": "urban"})
    assert measured["T18"] == ("rate_with_home", 70, {"settlement": "rural"})
    assert set(measured) == {"T06", "T16", "T17", "T18", "T19"}
    assert all(t.note for t in plan.targets if not t.indicator)


def test_decisions_of_the_prime_minister_stand_beside_the_plan(model: Model) -> None:
    plan, of_2022, of_2025 = target_sets(model.targets)
    assert plan.issuer == "UBND tỉnh Bến Tre"
    assert "687" in of_2022.document
    assert "222" in of_2025.document
    plastics = [next(t.value for t in one.targets if t.indicator == "plastics_recovered") for one in (plan, of_2022)]
    assert plastics == [50, 85]  # the province asks less than the country: both are kept
    assert {t.id: t.contribution for t in model.targets if t.contribution} == {
        "T14": "ghg_intensity", "T15": "ghg_net", "T20": "renewable_capacity", "N02": "ghg_intensity",
        "M04": "renewable_capacity",
    }  # fmt: skip
    assert all(t.status == "closed" for t in model.targets if t.year <= 2025)
    assert all(t.reported is None for t in model.targets)  # no report is known
    assert all(t.note for t in model.targets if not t.indicator)
