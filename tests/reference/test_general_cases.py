"""Cases as other tools state them, through memory and files, against numpy on the equations written out here."""

import math

import numpy as np
import pytest

from cemfa import compile_system, solve
from cemfa.errors import DefinitionError, SolveError
from cemfa.testing import assert_results_balanced
from tests.reference.builder import DOORS, part, row, written

EXACT = 1e-12  # a dense solution of a dozen well-conditioned equations against some tens of roundings


@pytest.fixture(params=sorted(DOORS))
def solved(request, tmp_path):
    """Solve a case read through one of the doors, and see that it closes."""

    def run(case):
        results = solve(compile_system(DOORS[request.param](case, tmp_path)))
        assert_results_balanced(results)
        return results

    return run


def flow(results, name, layer):
    """Values (T,) of a flow in a layer."""
    return results["flow_mass"].sel(flow=name, layer=layer).to_numpy()[0]


ELEMENTS = ("iron", "copper", "manganese")
YIELDS = {"iron": (0.95, 0.80, 0.9), "copper": (0.97, 0.60, 0.3), "manganese": (0.70, 0.50, 0.6)}


def steel_case():
    """Scrap goes round from use through sorting to the furnace; every element has coefficients of its own."""
    flows = {
        "ore": {"from": "outside", "to": "furnace", "amount": {e: [f"ore_{e}"] for e in ELEMENTS}},
        "steel": {"from": "furnace", "to": "use", "share": "furnace_yield"},
        "slag": {"from": "furnace", "to": "slag_heap", "share": "remainder"},
        "scrap": {"from": "use", "to": "sorting", "share": "collected"},
        "lost": {"from": "use", "to": "outside", "share": "remainder"},
        "returned": {"from": "sorting", "to": "furnace", "share": "sorted_out"},
        "shredded": {"from": "sorting", "to": "slag_heap", "share": "remainder"},
    }
    amounts = {"iron": 1000.0, "copper": 5.0, "manganese": 12.0}
    rows = [row(f"ore_{e}", amounts[e], "kt/year") for e in ELEMENTS]
    for number, name in enumerate(("furnace_yield", "collected", "sorted_out")):
        rows += [row(name, YIELDS[e][number], layer=e) for e in ELEMENTS]
    processes = {"furnace": {}, "use": {}, "sorting": {}, "slag_heap": {"sink": True}}
    return written({"elements": list(ELEMENTS)}, processes, flows, rows), amounts


def test_elements_with_their_own_coefficients_in_a_loop(solved):
    case, amounts = steel_case()
    results = solved(case)
    for element in ELEMENTS:
        made, collected, sorted_out = YIELDS[element]
        # furnace = ore + sorted_out · sorting; use = made · furnace; sorting = collected · use
        matrix = np.array([[1, 0, -sorted_out], [-made, 1, 0], [0, -collected, 1]])
        furnace, use, sorting = np.linalg.solve(matrix, [1000 * amounts[element], 0, 0])
        np.testing.assert_allclose(flow(results, "steel", element), made * furnace, rtol=EXACT)
        np.testing.assert_allclose(flow(results, "scrap", element), collected * use, rtol=EXACT)
        np.testing.assert_allclose(flow(results, "returned", element), sorted_out * sorting, rtol=EXACT)
        np.testing.assert_allclose(flow(results, "slag", element), (1 - made) * furnace, rtol=EXACT)


def mixed_case():
    """Wood: what is stated in absolute terms beside shares, a ratio, an import that follows and one that fills."""
    flows = {
        "felled": {"from": "outside", "to": "sawmill", "amount": "felled"},
        "boards": {"from": "sawmill", "to": "builders", "share": "board_yield"},
        "chips": {"from": "sawmill", "to": "pulp_mill", "share": "remainder"},
        "fuel": {"from": "sawmill", "to": "outside", "amount": "fuel"},
        "bought": {"from": "outside", "to": "pulp_mill", "fills": "demand"},
        "filler": {"from": "outside", "to": "pulp_mill", "ratio": {"of": "chips", "times": "filler_per_chip"}},
        "pulp": {"from": "pulp_mill", "to": "paper", "share": "pulp_yield"},
        "liquor": {"from": "pulp_mill", "to": "outside", "ratio": {"of": "pulp", "times": "liquor_per_pulp"}},
        "bark": {"from": "pulp_mill", "to": "outside", "share": "remainder"},
    }
    rows = [
        row("felled", 900.0, "kg/d"), row("board_yield", 55, "%"), row("fuel", 30.0, "t/year"),
        row("filler_per_chip", 0.1), row("pulp_yield", 0.4), row("liquor_per_pulp", 0.75), row("need", 0.5, "t/d"),
    ]  # fmt: skip
    processes = {"sawmill": {}, "builders": {"sink": True}, "pulp_mill": {"demand": "need"}, "paper": {"sink": True}}
    return written({"mass": ["mass"]}, processes, flows, rows)


def test_absolute_relative_and_following_flows_together(solved):
    results = solved(mixed_case())
    days = 366  # 2020
    left = 0.9 * days - 30.0
    chips = 0.45 * left
    pulp_mill = 0.5 * days  # the demand, whatever mix fills it
    expected = {
        "felled": 0.9 * days, "fuel": 30.0, "boards": 0.55 * left, "chips": chips, "filler": 0.1 * chips,
        "bought": pulp_mill - 1.1 * chips, "pulp": 0.4 * pulp_mill, "liquor": 0.3 * pulp_mill, "bark": 0.3 * pulp_mill,
    }  # fmt: skip
    for name, mass in expected.items():
        np.testing.assert_allclose(flow(results, name, "mass"), mass, rtol=EXACT, err_msg=name)


def test_imports_of_elements_follow_and_fill_in_an_element(solved):
    flows = {
        "pig": {"from": "outside", "to": "melt", "amount": {"iron": "pig_iron", "carbon": "pig_carbon"}},
        "alloy": {"from": "outside", "to": "melt", "good": "alloy", "basis": "iron",
                  "ratio": {"of": "pig", "times": "alloy_per_iron"}},
        "topped_up": {"from": "outside", "to": "melt", "good": "alloy", "fills": "demand"},
        "cast": {"from": "melt", "to": "outside", "share": 1},
    }  # fmt: skip
    rows = [row("pig_iron", 94.0, "t/year"), row("pig_carbon", 4.0, "t/year"), row("alloy_per_iron", 0.05),
            row("iron_needed", 120.0, "t/year")]  # fmt: skip
    processes = {"melt": {"demand": {"amount": "iron_needed", "basis": "iron"}}}
    composition = [part("alloy", "carbon", 0.25)]  # per iron, the basis
    case = written({"elements": ["iron", "carbon"]}, processes, flows, rows, goods=("stuff", "alloy"),
                   composition=composition)  # fmt: skip
    results = solved(case)
    np.testing.assert_allclose(flow(results, "alloy", "iron"), 0.05 * 94, rtol=EXACT)
    np.testing.assert_allclose(flow(results, "topped_up", "iron"), 120 - 1.05 * 94, rtol=EXACT)
    np.testing.assert_allclose(flow(results, "cast", "carbon"), 4 + 0.25 * (120 - 94), rtol=EXACT)


CENTURY = range(2001, 2101)


def century_case():
    """Timber enters buildings every year and is released by first-order decay; half of that comes back."""
    stock = {
        "decay": "first_order",
        "layer": "carbon",
        "rate": "rate",
        "degradable": "degradable",
        "history": "before.csv",
    }
    flows = {
        "new": {"from": "outside", "to": "carpenter", "amount": "new"},
        "built": {"from": "carpenter", "to": "buildings", "share": 1},
        "reused": {"from": "buildings", "to": "carpenter", "share": "reuse"},
        "burnt": {"from": "buildings", "to": "outside", "share": "remainder"},
    }
    rows = [row("new", 10.0, "t/year", year=2001), row("new", 30.0, "t/year", year=2051),
            row("new", 20.0, "t/year", year=2100), row("rate", math.log(2) / 35, "1/year"),
            row("degradable", 0.9), row("reuse", 0.5)]  # fmt: skip
    past = [{"process": "buildings", "year": 2000, "layer": "carbon", "value": 50.0, "unit": "t/year",
             "basis": "unverified", "source": "case"}]  # fmt: skip
    processes = {"carpenter": {}, "buildings": {"stock": stock}}
    return written({"elements": ["carbon"]}, processes, {n: f | {"basis": "carbon"} for n, f in flows.items()}, rows,
                   years=(2001, 2100), before=past)  # fmt: skip


def test_delayed_release_over_a_century_with_a_way_back(solved):
    results = solved(century_case())
    entered = np.interp(CENTURY, [2001, 2051, 2100], [10.0, 30.0, 20.0])
    kept, decaying, held = math.exp(-math.log(2) / 35), 0.9 * 50.0, 50.0
    released, content = [], []
    for new in entered:
        out = decaying * (1 - kept)
        put_in = new + 0.5 * out
        decaying += 0.9 * put_in - out
        held += put_in - out
        released.append(out)
        content.append(held)
    # a hundred years of additions
    np.testing.assert_allclose(flow(results, "burnt", "carbon"), 0.5 * np.array(released), rtol=1e-11)
    np.testing.assert_allclose(results["stock"].to_numpy().ravel(), content, rtol=1e-11)


REGIONS = [f"r{n}" for n in range(9)]
GOODS = ("grain", "meal")


def trade_case():
    """Nine regions send two goods to each other: shares by origin, destination and good."""
    rng = np.random.default_rng(20)
    shares = rng.dirichlet(np.ones(9), (9, 2)).round(6) * 0.6  # shares[origin, good, destination]
    amounts = rng.uniform(1e2, 1e6, (9, 2)).round(3)
    over = ["region", "kind"]
    flows = {
        "grown": {"from": "outside", "to": "market", "good": {"by": "kind"}, "over": over, "amount": "grown"},
        "traded": {"from": "market", "to": "market(region=destination)", "good": {"by": "kind"},
                   "over": [*over, "destination"], "share": "traded"},
        "eaten": {"from": "market", "to": "outside", "good": {"by": "kind"}, "share": "remainder"},
    }  # fmt: skip
    rows = [
        row("grown", amounts[r, g], "kg/year", region=REGIONS[r], kind=GOODS[g]) for r in range(9) for g in range(2)
    ]
    rows += [
        row("traded", float(shares[r, g, d]), region=REGIONS[r], kind=GOODS[g], destination=REGIONS[d])
        for r in range(9) for g in range(2) for d in range(9)
    ]  # fmt: skip
    dimensions = {"region": REGIONS, "destination": {"alias": "region"}, "kind": list(GOODS)}
    case = written({"mass": ["mass"]}, {"market": {"over": over}}, flows, rows, goods=GOODS, dimensions=dimensions)
    for stated in case[0]["flows"].values():
        stated.setdefault("good", {"by": "kind"})
    return case, shares, amounts


def test_nine_regions_trade_two_goods(solved):
    case, shares, amounts = trade_case()
    results = solved(case)
    for g, good in enumerate(GOODS):
        x = np.linalg.solve(np.eye(9) - shares[:, g].T, amounts[:, g] / 1000)  # kg in, t out
        for r, region in enumerate(REGIONS):
            found = results["throughput"].sel(process=f"market[{region},{good}]", layer="mass").item()
            assert found == pytest.approx(x[r], rel=EXACT)
            sent = flow(results, f"traded[{region},{good},r4]", "mass")
            np.testing.assert_allclose(sent, shares[r, g, 4] * x[r], rtol=EXACT)
            eaten = flow(results, f"eaten[{region},{good}]", "mass")
            np.testing.assert_allclose(eaten, (1 - shares[r, g].sum()) * x[r], rtol=1e-11)


def test_layers_inside_layers_follow_a_change_of_water(solved):
    composition = [part("stuff", "water", 70, unit="%"), part("stuff", "carbon", 0.45, per="dry"),
                   part("compost", "water", 0.4)]  # fmt: skip
    flows = {
        "waste": {"from": "outside", "to": "pile", "amount": "waste"},
        "compost": {"from": "pile", "to": "field", "good": "compost",
                    "share": {"dry": "kept", "carbon": "carbon_kept", "water": "by_moisture"}},
        "gas": {"from": "pile", "to": "outside", "good": "gas", "share": "remainder"},
    }  # fmt: skip
    goods = ["stuff", "compost", {"id": "gas", "label_vi": "Khí", "label_en": "Gas", "status": "gas"}]
    rows = [row("waste", 1000.0, "kg/d"), row("kept", 0.5), row("carbon_kept", 0.4)]
    layers = {"mass": ["dry", "water"], "contained": {"carbon": "dry"}}
    results = solved(written(layers, {"pile": {}, "field": {"sink": True}}, flows, rows, goods=goods,
                             composition=composition))  # fmt: skip
    dry = 0.3 * 366
    np.testing.assert_allclose(flow(results, "compost", "dry"), 0.5 * dry, rtol=EXACT)
    np.testing.assert_allclose(flow(results, "compost", "water"), 0.5 * dry * 0.4 / 0.6, rtol=EXACT)
    np.testing.assert_allclose(flow(results, "compost", "carbon"), 0.4 * 0.45 * dry, rtol=EXACT)
    np.testing.assert_allclose(flow(results, "gas", "water"), 0.7 * 366 - 0.5 * dry * 0.4 / 0.6, rtol=EXACT)


WRONG = {
    "a coefficient above one for one element": ("furnace_yield", "copper", 1.2, "distribution-range|shares-above-one"),
    "a negative coefficient": ("collected", "iron", -0.1, "distribution-range"),
    "a closed loop for one element": ("all", "manganese", 1.0, "closed-loop"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("door", DOORS)
def test_wrong_coefficients_are_refused_with_element_and_place(name, door, tmp_path):
    parameter, layer, value, codes = WRONG[name]
    (data, tables), _ = steel_case()
    for entry in tables["parameters"]:
        if entry.get("layer") == layer and parameter in (entry["parameter"], "all"):
            entry["value"] = value
    with pytest.raises((DefinitionError, SolveError), match=codes) as wrong:
        solve(compile_system(DOORS[door]((data, tables), tmp_path)))
    shown = wrong.value.problems[0].parameters
    assert layer in str(shown) or parameter in str(shown)
