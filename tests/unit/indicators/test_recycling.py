"""The six recycling rates on a system small enough to work out by hand."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from tests.unit.indicators.builder import flow, process, results

from cemfa.errors import ResultsError
from cemfa.indicators import REGISTRY, block_function, evaluate, parts_named
from cemfa.indicators.losses import CAUSES

PROCESSES = [
    process("household"),
    process("yard", "composting", technology="yard", circular_model=True),
    process("yard_two", "vermicompost", technology="worms", circular_model=True),
    process("home", "home_composting", technology="bin"),
    process("compost_store"),
    process("field", "soil", sink=True),
    process("pigs", "feed", sink=True),
    process("landfill", "landfill", sink=True),
    process("dump", "dumping", sink=True),
    process("fire", "open_burning", sink=True),
    process("air", sink=True),
]
URBAN, RURAL = {"settlement": "urban", "district": "north"}, {"settlement": "rural", "district": "south"}
COMPOST = {"good": "compost", "status": "product", "organic": False}
GAS = {"good": "gas", "status": "gas", "organic": False}
# masses: dry matter, water, carbon, nitrogen; food is a quarter dry, 40 % of that carbon, 2 % nitrogen
FLOWS = [
    flow("urban", "outside", "household", [100, 300, 40, 2], **URBAN),
    flow("rural", "outside", "household", [100, 300, 40, 2], **RURAL),
    flow("plastics", "outside", "household", [50, 0, 30, 0], good="plastics", organic=False, **URBAN),
    flow("husk", "outside", "yard", [50, 50, 20, 1], good="husk", status="by_product", origin="crop"),
    flow("urban_to_yard", "household", "yard", [50, 150, 20, 1], **URBAN),
    flow("urban_to_worms", "household", "yard_two", [20, 60, 8, 0.4], **URBAN),
    flow("urban_to_landfill", "household", "landfill", [30, 90, 12, 0.6], **URBAN),
    flow("plastics_to_yard", "household", "yard", [10, 0, 6, 0], good="plastics", organic=False, **URBAN),
    flow("plastics_to_landfill", "household", "landfill", [40, 0, 24, 0], good="plastics", organic=False, **URBAN),
    flow("rural_home", "household", "home", [40, 120, 16, 0.8], **RURAL),
    flow("rural_fed", "household", "pigs", [10, 30, 4, 0.2], **RURAL),
    flow("rural_dumped", "household", "dump", [20, 60, 8, 0.4], **RURAL),
    flow("rural_burnt", "household", "fire", [30, 90, 12, 0.6], **RURAL),
    # the yard: 110 dry, 200 water in; 31 t of rejects = one tenth of its 310 t
    flow("rejects", "yard", "landfill", [11, 20, 6, 0.2], good="reject", status="residue", organic=False),
    flow("compost", "yard", "compost_store", [44, 40, 20, 1.2], **COMPOST),
    flow("yard_air", "yard", "air", [55, 140, 20, 0.6], **GAS),
    flow("compost_sold", "compost_store", "field", [33, 30, 15, 0.9], **COMPOST),  # a quarter stays unsold
    flow("castings", "yard_two", "field", [10, 10, 4, 0.3], **COMPOST),
    flow("worms_air", "yard_two", "air", [10, 50, 4, 0.1], **GAS),
    flow("home_compost", "home", "field", [20, 20, 8, 0.6], **COMPOST),
    flow("home_air", "home", "air", [20, 100, 8, 0.2], **GAS),
]
EVIDENCE = [
    {"parameter": "home_composting_evidence_factor", "value": 0.5, "unit": "1"},
    {"parameter": "home_composting_evidence_factor", "value": 0.75, "unit": "1", "district": "south"},
]
CASES = results(PROCESSES, FLOWS, EVIDENCE, scales=(1.0, 3.0), years=(2029, 2030))


def rates(name: str) -> list[float]:
    """Urban, rural and all of the first sample and year; sample and year change nothing here."""
    found = evaluate(CASES, [name])[name]
    np.testing.assert_allclose(found.values, np.broadcast_to(found.values[0, 0], found.shape), rtol=1e-14)
    return found.values[0, 0].tolist()


@pytest.mark.parametrize(
    ("name", "urban", "rural"),
    [
        # taken in, nothing deducted: yard 200 + worms 80 of 400
        ("rate_collected", 280 / 400, 0.0),
        # the yard rejects one tenth of everything: 180 + 80
        ("rate_input_eu", 260 / 400, 0.0),
        # home composting 160 t times the district's evidence 0.75
        ("rate_with_home", 260 / 400, 120 / 400),
        ("rate_with_home_and_feed", 260 / 400, 160 / 400),
        # yard: 33 of 110 dry is put to use, of 50 taken in; worms 10 of 20; at home 20; feed 10
        ("rate_output_dry", (50 * 33 / 110 + 10) / 100, (20 + 10) / 100),
        # yard: 15 of 46 carbon, of 20; worms 4; home 8; feed 4
        ("rate_carbon", (20 * 15 / 46 + 4) / 40, (8 + 4) / 40),
        # yard: 180 kept, three quarters of the compost sold; worms 80, all sold
        ("rate_strict", (180 * 0.75 + 80) / 400, 0.0),
    ],
)
def test_each_definition_by_hand(name, urban, rural):
    assert rates(name) == pytest.approx([urban, rural, (urban + rural) / 2], rel=1e-12)
    by_district = evaluate(CASES, [f"{name}_by_district"])[f"{name}_by_district"]
    assert by_district.district.values.tolist() == ["north", "south", "all"]
    assert by_district.values[0, 0].tolist() == pytest.approx([urban, rural, (urban + rural) / 2], rel=1e-12)


def test_masses_and_other_rates_by_hand():
    found = evaluate(CASES).isel(sample=0, period=0)
    assert found["organics_generated"].values.tolist() == [400.0, 400.0, 800.0]
    assert found["organics_recycled"].values.tolist() == pytest.approx([260.0, 120.0, 380.0])
    assert float(found["landfilled_mass"]) == pytest.approx(120 + 40 + 31)
    assert found["open_burnt_or_dumped"].values.tolist() == pytest.approx([0.0, 200.0, 200.0])
    # of 450 t urban waste the circular yards take 210 and 80; a tenth of what the first takes is landfilled as rejects
    assert float(found["waste_treated_circular_urban"]) == pytest.approx(290 / 450)
    assert float(found["landfilling_circular_urban"]) == pytest.approx(21.0)
    assert float(found["direct_landfilling_circular_urban"]) == 0.0  # rejects are residues of treatment
    assert found["waste_generated"].values.tolist() == [450.0, 400.0, 850.0]
    assert found["waste_collected"].values.tolist() == pytest.approx([450.0, 0.0, 450.0])
    assert float(found["plastics_generated"]) == 50.0
    assert float(found["plastics_recovered"]) == 0.0


def causes(data):
    found = evaluate(data)
    names = [f"not_recycled_{cause}" for cause in CAUSES]
    total = sum(found[name] for name in names)
    np.testing.assert_allclose(total, found["organics_generated"] - found["organics_recycled"], rtol=1e-12)
    values = {name.removeprefix("not_recycled_"): found[name].values[0, 0].tolist() for name in names}
    return {cause: mass for cause, mass in values.items() if any(mass)}


def test_the_causes_add_up_to_what_is_not_recycled():
    assert causes(CASES) == {
        "uncollected": [0.0, 200.0, 200.0],
        "mixed": [120.0, 0.0, 120.0],
        "rejected": pytest.approx([20.0, 0.0, 20.0]),
        "fed": [0.0, 40.0, 40.0],
        "unevidenced": pytest.approx([0.0, 40.0, 40.0]),
    }


def test_what_a_full_plant_refuses_was_collected_all_the_same():
    bins, mixed = process("bins"), process("mixed")
    rerouted = [
        *(f for f in FLOWS if f["id"] not in ("urban_to_yard", "urban_to_landfill")),
        flow("urban_apart", "household", "bins", [60, 180, 24, 1.2], **URBAN),
        flow("urban_rest", "household", "mixed", [20, 60, 8, 0.4], **URBAN),
        flow("urban_to_yard", "bins", "yard", [50, 150, 20, 1], **URBAN),
        flow("urban_refused", "bins", "mixed", [10, 30, 4, 0.2], **URBAN),
        flow("urban_to_landfill", "mixed", "landfill", [30, 90, 12, 0.6], **URBAN),
    ]
    data = results([*PROCESSES, bins, mixed], rerouted, EVIDENCE)
    assert evaluate(data, ["rate_collected"])["rate_collected"].values[0, 0, 0] == pytest.approx((240 + 80) / 400)
    found = causes(data)
    assert found["full"][0] == pytest.approx(40.0)
    assert found["mixed"][0] == pytest.approx(80.0)
    # what it turns away is landfilled untreated; with the residues of what it takes in, a tenth of 210 t
    landfilled = evaluate(data, ["direct_landfilling_circular_urban", "landfilling_circular_urban"])
    assert float(landfilled["direct_landfilling_circular_urban"][0, 0]) == pytest.approx(40.0)
    assert float(landfilled["landfilling_circular_urban"][0, 0]) == pytest.approx(61.0)


def test_what_is_separated_without_any_plant_is_refused_by_none():
    bins, mixed = process("bins"), process("mixed")
    lonely = [
        *(f for f in FLOWS if f["id"] not in ("urban_to_yard", "urban_to_landfill")),
        flow("urban_apart", "household", "bins", [60, 180, 24, 1.2], **URBAN),
        flow("urban_rest", "household", "mixed", [20, 60, 8, 0.4], **URBAN),
        flow("urban_to_yard", "bins", "yard", [0, 0, 0, 0], **URBAN),
        flow("urban_refused", "bins", "mixed", [60, 180, 24, 1.2], **URBAN),
        flow("urban_to_landfill", "mixed", "landfill", [80, 240, 32, 1.6], **URBAN),
    ]
    data = results([*PROCESSES, bins, mixed], lonely, EVIDENCE)
    found = causes(data)
    assert found["too_far"][0] == pytest.approx(240.0)
    assert "full" not in found
    assert float(evaluate(data)["direct_landfilling_circular_urban"][0, 0]) == 0.0


def test_compost_of_mixed_waste_is_neither_collected_apart_nor_strictly_recycled():
    mixed_plant = [p | ({"circular_model": False} if p["id"] == "yard" else {}) for p in PROCESSES]
    failing = [f | ({"status": "residue"} if f["id"] in ("compost", "compost_sold") else {}) for f in FLOWS]
    found = evaluate(results(mixed_plant, failing, EVIDENCE)).isel(sample=0, period=0, settlement=0)
    assert float(found["rate_collected"]) == pytest.approx(80 / 400)
    assert float(found["rate_strict"]) == pytest.approx(80 / 400)
    assert float(found["rate_input_eu"]) == pytest.approx(260 / 400)


def test_matter_that_circles_in_a_plant_is_followed_to_its_end():
    sieve = process("sieve")
    looping = [
        *(f for f in FLOWS if f["id"] not in ("compost", "compost_sold", "yard_air")),
        flow("raw", "yard", "sieve", [88, 80, 40, 2.4], **COMPOST),
        flow("overs", "sieve", "yard", [44, 40, 20, 1.2], good="overs", status="residue", organic=False),
        flow("sieved", "sieve", "field", [44, 40, 20, 1.2], **COMPOST),
        flow("yard_air", "yard", "air", [55, 140, 20, 0.6], **GAS),
    ]
    found = evaluate(results([*PROCESSES, sieve], looping, EVIDENCE)).isel(sample=0, period=0, settlement=0)
    # of 154 dry (110 and 44 back) half of 88 leaves; with the loop closed 44 of 110 is used
    assert float(found["rate_output_dry"]) == pytest.approx((50 * 44 / 110 + 10) / 100, rel=1e-12)


def test_by_products_of_crops_are_outside_of_every_rate():
    without = [f if f["id"] != "husk" else f | {"masses": [0, 0, 0, 0]} for f in FLOWS]
    bare = evaluate(results(PROCESSES, without, EVIDENCE), ["rate_collected", "organics_generated"])
    assert bare["rate_collected"].values[0, 0].tolist() == rates("rate_collected")


def test_matter_passing_from_plant_to_plant_counts_once():
    onward = [*FLOWS, flow("pre_compost", "yard", "yard_two", [5, 5, 2, 0.1], **URBAN)]
    assert evaluate(results(PROCESSES, onward, EVIDENCE), ["rate_collected"])["rate_collected"].values[0, 0, 0] == 0.7


def test_a_rate_above_one_is_an_error_that_names_the_year():
    twice = [*FLOWS, flow("again", "household", "yard_two", [100, 300, 40, 2], **URBAN)]
    with pytest.raises(ResultsError, match=r"2030.*rate-above-one"):
        evaluate(results(PROCESSES, twice, EVIDENCE), ["rate_input_eu"])


def test_lost_settlement_is_an_error_that_names_the_flow():
    mixed = [f if f["id"] != "urban_to_yard" else f | {"settlement": ""} for f in FLOWS]
    with pytest.raises(ResultsError, match=r"urban_to_yard.*place-lost"):
        evaluate(results(PROCESSES, mixed, EVIDENCE), ["rate_input_eu"])


def test_a_model_without_settlements_has_the_whole_area_only():
    plain = [f | {"settlement": "", "district": ""} for f in FLOWS]
    found = evaluate(results(PROCESSES, plain, EVIDENCE[:1]), ["rate_input_eu"])["rate_input_eu"]
    assert found.settlement.values.tolist() == ["all"]
    assert float(found[0, 0, 0]) == pytest.approx(260 / 800)


def test_what_an_indicator_lacks_is_listed():
    with pytest.raises(ResultsError, match=r"home_composting_evidence_factor.*indicator-needs"):
        evaluate(results(PROCESSES, FLOWS), ["rate_with_home"])
    able = evaluate(results(PROCESSES, FLOWS))
    assert "rate_with_home" not in able
    assert "rate_input_eu" in able


def test_unknown_indicators_are_all_named():
    with pytest.raises(ResultsError) as caught:
        block_function(["rate_with_home", "nonsense", "more_nonsense"])
    assert [p.code for p in caught.value.problems] == ["unknown-indicator"] * 2


def test_reduced_results_are_refused_with_the_remedy():
    with pytest.raises(ResultsError, match=r"request.*indicators-need-cube"):
        evaluate(CASES.drop_vars("flow_mass"))


def test_results_that_do_not_say_what_their_goods_are_are_refused():
    for name in ("organic", "status"):
        with pytest.raises(ResultsError, match=rf"{name}.*indicators-need-roles"):
            evaluate(CASES.drop_vars(name), ["rate_strict"])


def test_a_block_function_survives_pickling():
    sent = pickle.loads(pickle.dumps(block_function(["rate_strict"])))
    given = evaluate(CASES, ["rate_strict"])["rate_strict"]
    np.testing.assert_array_equal(sent(CASES)["rate_strict"].values, given.values)


def test_a_block_gives_the_same_as_the_whole():
    function = block_function(["rate_with_home", "landfilled_mass"])
    whole = evaluate(CASES, ["rate_with_home", "landfilled_mass"])
    parts = [parts_named(CASES.merge(function(CASES)).isel(sample=[s]), function.indicators) for s in range(2)]
    assert parts[0]["rate_with_home"].dims == ("sample", "period", "settlement")
    for name in whole:
        np.testing.assert_array_equal(np.concatenate([p[name].values for p in parts]), whole[name].values)


def test_every_indicator_has_its_words_unit_and_source():
    for indicator in REGISTRY.values():
        for lang in ("vi", "en"):
            assert indicator.label(lang).strip()
            assert indicator.formula(lang).strip()
        assert indicator.unit
        assert indicator.source
