"""Distances and dispatch by distance: which plant is nearest, how far flows are hauled, what that is worth."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from cemfa import model_from_dict
from cemfa.comparison.accounts import BlockAccounts
from cemfa.comparison.costing import Run
from cemfa.comparison.sales import haulage_cost
from cemfa.definition.distances import Distances
from cemfa.definition.load import read_model
from cemfa.definition.schema import Model
from cemfa.indicators import evaluate
from cemfa.indicators.view import cells_of
from cemfa.system.compile import compile_system
from cemfa.system.solve import solve

LABEL = {"vi": "Thử", "en": "Trial"}
DAYS = 366  # of 2024
KM = "mode,from,to,km,basis,source\nroad,east,middle,10,unverified,x\nroad,middle,west,10,unverified,x\n"
ROWS = (
    "parameter,district,value,unit,basis,source\narising,,4,t/d,unverified,x\nroom,east,8,t/d,unverified,x\n"
    "room,middle,0,t/d,unverified,x\nroom,west,4,t/d,unverified,x\n"
)
TRUCK = (
    "technology,parameter,value,unit,price_year,basis,source\ntruck,haul_cost,5000,VND/(t*km),2024,unverified,x\n"
    "truck,haul_emission_factor,0.2,kgCO2e/(t*km),,unverified,x\ntruck,handling_cost,60000,VND/t,2024,unverified,x\n"
)


def town(distances: str = KM + "road,east,west,30,unverified,x\n", **middle: Any) -> Model:
    """Return three places with 4 t/d each and a plant each, that in the middle closed."""
    to = {"from": "pool", "good": "waste", "refused": True, "transport": {"mode": "road", "vehicle": "truck"}}
    first = {**to, "to": "plant(district=middle)", "share": 1, "otherwise": ["to_east", "to_west", "dumped"]}
    data = {
        "format": 1, "id": "town", "label": LABEL, "periods": {"from": 2024, "to": 2024},
        "layers": {"mass": ["matter"]}, "dimensions": {"district": ["east", "middle", "west"]},
        "processes": {
            "pool": {"over": ["district"]},
            "plant": {"over": ["district"], "capacity": {"parameter": "room"}},
            "field": {"sink": True, "treatment": "soil"}, "dump": {"sink": True, "treatment": "dumping"},
        },
        "flows": {
            "arising": {"from": "outside", "to": "pool", "good": "waste", "amount": "arising", "origin": "household"},
            "to_middle": {k: v for k, v in first.items() if k != "refused"} | {"order": "distance"} | middle,
            "to_east": {**to, "to": "plant(district=east)"},
            "to_west": {**to, "to": "plant(district=west)"},
            "dumped": {"from": "pool", "to": "dump", "good": "waste", "refused": True},
            "used": {"from": "plant", "to": "field", "good": "waste", "share": "remainder"},
        },
        "goods": {"waste": {"label": LABEL, "status": "waste", "organic": True}},
    }  # fmt: skip
    sources = "id,title\nx,Round numbers\n"
    tables = {"parameters": ROWS, "technologies": TRUCK, "distances": distances, "sources": sources}
    return model_from_dict(data, tables)


def solved(model: Model) -> xr.Dataset:
    return solve(compile_system(model))


def masses(results: xr.Dataset) -> dict[str, float]:
    values = results["flow_mass"].isel(sample=0, period=0, layer=0).to_numpy() / DAYS
    return {str(name): round(float(value), 9) for name, value in zip(results["flow"].to_numpy(), values, strict=True)}


def test_each_place_has_its_nearest_plant_first_and_equals_stay_as_written() -> None:
    table = Distances(town())
    order = {place: table.order("to_middle", {"district": place}) for place in ("east", "middle", "west")}
    assert order["east"] == order["middle"] == ("to_east", "to_west", "dumped")
    assert order["west"] == ("to_west", "to_east", "dumped")
    assert table.between("road", "west", "east") == 30.0  # one row holds both ways
    assert table.between("road", "east", "east") == 0.0
    assert table.between("boat", "west", "east") is None


def test_refused_mass_goes_to_the_nearest_plant() -> None:
    found = masses(solved(town()))
    assert [found[f"to_east[{place}]"] for place in ("east", "middle", "west")] == [4.0, 4.0, 0.0]
    assert found["to_west[west]"] == 4.0
    assert found["dumped[west]"] == 0.0


def test_a_list_as_written_overrides_distance() -> None:
    found = masses(solved(town(order="as_written")))
    shares = [found[f"to_east[{place}]"] for place in ("east", "middle", "west")]
    assert shares == pytest.approx([8 / 3] * 3, abs=1e-9)  # all three ask the same plant first, and share its 8 t/d


def test_a_row_for_the_way_back_holds_for_that_way_only() -> None:
    table = Distances(town(KM + "road,east,west,30,unverified,x\nroad,west,east,32,unverified,x\n"))
    assert (table.between("road", "east", "west"), table.between("road", "west", "east")) == (30.0, 32.0)


def test_hauling_is_counted_in_tonne_kilometres_and_emits() -> None:
    found = evaluate(solved(town()), ["haulage", "ghg_transport"])
    assert float(found["haulage"].squeeze()) == pytest.approx(4 * 10 * DAYS, rel=1e-12)  # middle to east only
    assert float(found["ghg_transport"].squeeze()) == pytest.approx(4 * 10 * DAYS * 0.2e-3, rel=1e-12)


def test_hauling_costs_by_distance_and_for_every_tonne_handled() -> None:
    results = solved(town())
    now = results.assign(flow_mass=results["flow_mass"] * 0.25)
    accounts = [BlockAccounts(())(part) for part in (results, now)]
    scenario = SimpleNamespace(finance=SimpleNamespace(start=2024, price_year=2024), horizon=2024)
    run = Run(scenario, town(), "a", 0, accounts[0], accounts[1], cells_of(results))  # type: ignore[arg-type]
    hauled = 0.75 * 4 * DAYS  # t, more than now
    assert haulage_cost(run)[0, 0] == pytest.approx(hauled * (10 * 5000 + 60000), rel=1e-12)


def test_lists_of_ben_tre_come_out_of_its_distances_or_override_them() -> None:
    model = read_model("ben_tre")
    written = model.flows["separated_to_digestion"]
    sorted_ = model.model_copy(
        update={"flows": {**model.flows, "separated_to_digestion": written.model_copy(update={"order": "distance"})}}
    )
    rest = {"settlement": "urban", "waste_fraction": "food"}
    city, chau_thanh = (
        Distances(sorted_).order("separated_to_digestion", {"district": place, **rest})
        for place in ("ben_tre_city", "chau_thanh")
    )
    assert (
        city
        == written.otherwise
        == Distances(model).order("separated_to_digestion", {"district": "chau_thanh", **rest})
    )
    assert chau_thanh[1:3] == ("separated_to_giong_trom", "separated_to_binh_dai")  # 30 and 42 km; An Hiệp 48
    market = model.flows["city_market_to_insects"]
    assert market.order == "distance"
    for place in ("ben_tre_city", "chau_thanh"):
        assert Distances(model).order("city_market_to_insects", {"district": place, **rest}) == market.otherwise


def test_every_pair_of_districts_has_a_distance_by_road_and_by_boat() -> None:
    model = read_model("ben_tre")
    table = Distances(model)
    districts = [item.id for item in model.items("district")]
    pairs = [(mode, a, b) for mode in ("road", "boat") for a in districts for b in districts if a != b]
    assert [pair for pair in pairs if not table.between(*pair)] == []
    assert np.all([row.km > 0 for row in model.distances])
