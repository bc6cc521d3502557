"""Plants that look at the mix of a day: what is left out, in closed form for two goods."""

import copy
from typing import Any

import numpy as np
import pytest
from tests.unit.simulation.town import LABEL, case_of, compile_system, everything, lived, simulate, town_scenario

from cemfa.definition.load import model_from_dict
from cemfa.definition.schema import Model
from cemfa.errors import DefinitionError
from cemfa.results import Request

WHOLE = Request(flows="all")
FOOD = {"water": 0.75, "carbon": 0.45, "nitrogen": 0.03}
STRAW = {"water": 0.15, "carbon": 0.42, "nitrogen": 0.006}
RECIPE: dict[str, Any] = {"carbon_to_nitrogen": ["lowest", "highest"]}
MODEL: dict[str, Any] = {
    "format": 1, "id": "heap", "label": LABEL, "periods": {"from": 2023, "to": 2025},
    "layers": {"mass": ["dry_matter", "water"], "contained": {"carbon": "dry_matter", "nitrogen": "dry_matter"}},
    "dimensions": {"district": ["east"]},
    "processes": {
        "kitchen": {}, "field": {},
        "yard": {"over": ["district"], "capacity": {"parameter": "yard_capacity"}, "recipe": RECIPE},
        "dump": {"sink": True}, "farm": {"sink": True},
    },
    "flows": {
        "food": {"from": "outside", "to": "kitchen", "good": "food", "amount": "food_made"},
        "straw": {"from": "outside", "to": "field", "good": "straw", "amount": "straw_made"},
        "food_in": {"from": "kitchen", "to": "yard(district=east)", "good": "food", "share": "all",
                    "otherwise": ["food_left"]},
        "straw_in": {"from": "field", "to": "yard(district=east)", "good": "straw", "share": "all",
                     "otherwise": ["straw_left"]},
        "food_left": {"from": "kitchen", "to": "dump", "good": "food", "share": "remainder"},
        "straw_left": {"from": "field", "to": "dump", "good": "straw", "share": "remainder"},
        "compost": {"from": "yard", "to": "farm", "good": "compost", "share": "remainder"},
    },
    "goods": {name: {"label": LABEL, "status": "waste"} for name in ("food", "straw", "compost")},
}  # fmt: skip
VALUES = {
    "food_made": (10.0, "t/d"), "straw_made": (4.0, "t/d"), "all": (1.0, "1"), "yard_capacity": (100.0, "t/d"),
    "lowest": (20.0, "1"), "highest": (30.0, "1"), "wettest": (0.3, "1"), "store_limit": (50.0, "t"),
}  # fmt: skip


def heap(process: dict[str, Any] | None = None, **values: float) -> Model:
    """Return a yard for food waste and straw; `process` changes the yard, `values` the numbers."""
    data = copy.deepcopy(MODEL)
    data["processes"]["yard"] |= process or {}
    used = str(data)
    parameters = [
        {"parameter": name, "value": values.get(name, value), "unit": unit, "distribution": "constant",
         "basis": "unverified", "source": "x"}
        for name, (value, unit) in VALUES.items() if f"'{name}'" in used
    ]  # fmt: skip
    composition = [
        {"good": good, "layer": layer, "per": "fresh" if layer == "water" else "dry_matter", "value": value,
         "unit": "1", "basis": "unverified", "source": "x"}
        for good, own in (("food", FOOD), ("straw", STRAW)) for layer, value in own.items()
    ]  # fmt: skip
    tables = {"parameters": parameters, "composition": composition, "sources": [{"id": "x", "title": "x"}]}
    return model_from_dict(data, tables)


def intake(model: Model, **scenario: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the daily intake of food and straw in the first year [t/d], (S,) each, the recipe being checked."""
    results = simulate(
        compile_system(model), town_scenario(**(BARE | scenario)), option="as_now", replications=2, workers=1,
        request=WHOLE,
    )  # fmt: skip
    assert results.attrs["residual"] < 1e-9
    year = results["flow_mass"].sel(period=2023)
    fresh = (year.sel(layer="dry_matter") + year.sel(layer="water")) / 365
    named = {str(n): fresh.isel(flow=k).to_numpy() for k, n in enumerate(results["flow_name"].to_numpy())}
    return named["food_in"], named["straw_in"]


OPTIONS = ("small", "small_again", "large", "ruled", "separated", "half")
BARE: dict[str, Any] = {"options": dict.fromkeys(OPTIONS), "stress": {"half": None}}


def layers(good: dict[str, float]) -> tuple[float, float, float]:
    """Return dry matter, carbon and nitrogen per tonne."""
    dry = 1 - good["water"]
    return dry, dry * good["carbon"], dry * good["nitrogen"]


def most_straw(food: float, ratio: float) -> float:
    """Return the straw [t] with which some food has a ratio of carbon to nitrogen: (C + s c) / (N + s n) = ratio."""
    (_, c, n), (_, more_c, more_n) = layers(FOOD), layers(STRAW)
    return food * (ratio * n - c) / (more_c - ratio * more_n)


def test_of_too_much_straw_as_much_is_taken_in_as_the_window_allows() -> None:
    food, straw = intake(heap(straw_made=20.0))
    assert food == pytest.approx(10.0, rel=1e-12)
    assert straw == pytest.approx(most_straw(10.0, 30.0), rel=1e-9)


def test_without_straw_food_alone_does_not_suit() -> None:
    """C:N of food is 15, of the mix at least 20: so much food as the straw there is can carry."""
    food, straw = intake(heap(straw_made=1.0))
    assert straw == pytest.approx(1.0, rel=1e-12)
    assert food == pytest.approx(1.0 / most_straw(1.0, 20.0), rel=1e-9)
    assert (food < 10).all()


def test_what_suits_is_taken_in_whole() -> None:
    amount = most_straw(10.0, 25.0)
    food, straw = intake(heap(straw_made=amount))
    assert (food, straw) == (pytest.approx(10.0, rel=1e-12), pytest.approx(amount, rel=1e-12))


def test_a_full_yard_keeps_the_mix() -> None:
    food, straw = intake(heap(straw_made=20.0, yard_capacity=5.0))
    wanted = most_straw(10.0, 30.0)
    assert food + straw == pytest.approx(5.0, rel=1e-9)
    assert straw / food == pytest.approx(wanted / 10.0, rel=1e-9)


@pytest.mark.parametrize("first", ["food_in", "straw_in"])
def test_a_priority_that_upsets_the_mix_gives_way_to_it(first: str) -> None:
    """Capacity 12: the first good has all it wants, and the window leaves out what the other one cannot carry."""
    capacity = {"parameter": "yard_capacity", "priority": [first]}
    food, straw = intake(heap({"capacity": capacity}, straw_made=20.0, yard_capacity=12.0))
    if first == "food_in":  # 10 of food, then 2 of straw: less than the most, more than the least
        least = most_straw(10.0, 20.0)
        assert straw == pytest.approx(2.0, rel=1e-9)
        assert food == pytest.approx(10.0 if least <= 2.0 else 10.0 * 2.0 / least, rel=1e-9)
    else:
        assert food == pytest.approx(12.0 - most_straw(10.0, 30.0), rel=1e-9)
        assert straw == pytest.approx(most_straw(1.0, 30.0) * food, rel=1e-9)


def test_a_wet_digester_takes_dry_matter_up_to_its_limit() -> None:
    """(0.25 · 10 + 0.85 s) / (10 + s) = 0.3 at s = 0.5 / 0.55."""
    food, straw = intake(heap({"recipe": {"dry_matter": {"at_most": "wettest"}}}))
    assert food == pytest.approx(10.0, rel=1e-12)
    assert straw == pytest.approx(0.5 / 0.55, rel=1e-9)


def test_two_bounds_that_cannot_both_hold_leave_nothing() -> None:
    """A C:N of at least 20 wants more straw than 26 % of dry matter allows: ever smaller mixes, in the end none."""
    recipe = {**RECIPE, "dry_matter": {"at_most": "wettest"}}
    food, straw = intake(heap({"recipe": recipe}, wettest=0.26))
    assert food == pytest.approx(0.0, abs=1e-6)
    assert straw == pytest.approx(0.0, abs=1e-6)


def test_what_does_not_suit_goes_along_otherwise_and_counts_as_refused() -> None:
    results = simulate(
        compile_system(heap(straw_made=20.0)), town_scenario(**BARE), option="as_now", replications=1, workers=1,
        request=WHOLE,
    )  # fmt: skip
    left = 20.0 - most_straw(10.0, 30.0)
    assert float(results["refused"].sel(group="yard[east]", period=2023)[0]) == pytest.approx(365 * left, rel=1e-9)


@pytest.mark.parametrize(
    "process",
    [
        {},
        {"store": {"limit": "store_limit"}},
        {"capacity": {"parameter": "yard_capacity", "priority": ["food_in"]}},
    ],
)
def test_the_quick_way_and_the_layered_way_agree(process: dict[str, Any]) -> None:
    system, scenario = compile_system(heap(process, straw_made=20.0, yard_capacity=9.0)), town_scenario(**BARE)
    ways = [lived(case_of(system, scenario, "as_now", **how), range(2), years=2) for how in ({}, {"layered": True})]
    for quick, slow in zip(*ways, strict=True):
        np.testing.assert_allclose(quick.year.flow, slow.year.flow, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(quick.refused, slow.refused, rtol=1e-9, atol=1e-9)
        assert quick.year.residual < 1e-9
        assert (quick.utilisation <= 1 + 1e-9).all()


def test_replications_do_not_know_their_neighbours() -> None:
    weather = {
        "sun": {"label": LABEL, "flows": ["straw"], "spread": number(0.6), "persistence": {**number(4.0), "unit": "d"}}
    }  # fmt: skip
    system, scenario = compile_system(heap(yard_capacity=9.0)), town_scenario(**BARE, simulation={"weather": weather})
    how = {"option": "as_now", "workers": 1, "request": WHOLE}
    whole = everything(simulate(system, scenario, replications=5, **how))["flow_mass"]
    for r in (1, 4):
        one = simulate(system, scenario, replications=1, first=r, **how)
        assert np.array_equal(one["flow_mass"].to_numpy()[0], whole[r])


def number(value: float) -> dict[str, Any]:
    return {"value": value, "unit": "1", "basis": "unverified", "source": "x"}


@pytest.mark.parametrize(("process", "code"), [
    ({"capacity": None}, "recipe-capacity"),
    ({"recipe": {}}, "recipe-empty"),
    ({"recipe": {"carbon_to_nitrogen": ["highest", "lowest"]}}, "recipe-window"),
])  # fmt: skip
def test_recipes_that_cannot_be_are_refused(process: dict[str, Any], code: str) -> None:
    with pytest.raises(DefinitionError, match=code):
        heap(process)
