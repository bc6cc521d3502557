"""Indicators told in parts: by good, by skill, by cause of warming; each part by hand, and all parts the whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.indicators.builder import flow, process, results
from tests.unit.indicators.test_climate import PARAMETERS, row
from tests.unit.indicators.test_recycling import EVIDENCE, FLOWS, PROCESSES

from cemfa.errors import ResultsError
from cemfa.indicators import REGISTRY, block_function, evaluate
from cemfa.indicators.avoided import AVOIDED
from cemfa.indicators.climate import DIRECT
from cemfa.indicators.ipcc import GWP

GARDEN = {"settlement": "urban", "district": "north", "good": "garden"}
WITH_GARDEN = [
    *FLOWS,
    flow("garden", "outside", "household", [40, 40, 18, 0.4], **GARDEN),
    flow("garden_to_worms", "household", "yard_two", [10, 10, 4.5, 0.1], **GARDEN),
    flow("garden_to_landfill", "household", "landfill", [30, 30, 13.5, 0.3], **GARDEN),
]
BY_GOOD = [name for name in REGISTRY if name.endswith("_by_good") and name.startswith("rate")]


def value(found, name, *place):
    return float(found[name].values[(0, 0, *place)])


def test_rates_by_good_by_hand():
    found = evaluate(
        results(PROCESSES, WITH_GARDEN, EVIDENCE), ["rate_collected_by_good", "organics_generated_by_good"]
    )
    assert found["good"].values.tolist() == ["food", "plastics", "garden", "all"]
    assert found["organics_generated_by_good"].values[0, 0].tolist() == pytest.approx([800, 0, 80, 880])
    assert value(found, "rate_collected_by_good", 0) == pytest.approx(280 / 800)
    assert np.isnan(value(found, "rate_collected_by_good", 1))  # plastics are no organic waste
    assert value(found, "rate_collected_by_good", 2) == pytest.approx(20 / 80)
    assert value(found, "rate_collected_by_good", 3) == pytest.approx(300 / 880)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=3))
def test_goods_are_the_whole_and_rates_do_not_scale(scales):
    names = [*BY_GOOD, "organics_generated_by_good", "organics_recycled_by_good", "organics_recycled"]
    found = evaluate(results(PROCESSES, WITH_GARDEN, EVIDENCE, scales=scales), names)
    for name in ("organics_generated_by_good", "organics_recycled_by_good"):
        parts = found[name].values
        assert parts[..., :-1].sum(axis=-1) == pytest.approx(parts[..., -1], rel=1e-12)
    assert found["organics_recycled_by_good"].values[..., -1] == pytest.approx(
        found["organics_recycled"].values[..., -1]
    )
    for name in BY_GOOD:
        rate = found[name].values
        assert np.nanmax(rate) <= 1 + 1e-9
        np.testing.assert_allclose(rate, np.broadcast_to(rate[:1], rate.shape), rtol=1e-12)


def test_landfill_methane_by_good_is_the_whole():
    names = ["ghg_landfill_committed", "ghg_landfill_committed_by_good"]
    sieved = [f | ({"good": "food"} if f["id"] == "rejects" else {}) for f in WITH_GARDEN]
    found = evaluate(results(PROCESSES, sieved, PARAMETERS), names)
    parts = found["ghg_landfill_committed_by_good"].values[0, 0]
    assert parts[1] == 0.0  # plastics do not decay
    assert parts[:-1].sum() == pytest.approx(value(found, names[0]), rel=1e-12)
    assert parts[2] == pytest.approx(28 * 13.5 * 0.6 * (1 - np.exp(-10.0)) * 0.8 * 0.5 * 0.9 * 16 / 12, rel=1e-12)


def test_what_carries_no_good_of_the_stream_is_found_by_the_landfill_it_enters_or_refused():
    with pytest.raises(ResultsError, match=r"by good.*rejects.*place-lost"):
        evaluate(results(PROCESSES, WITH_GARDEN, PARAMETERS), ["ghg_landfill_committed_by_good"])
    assert "ghg_landfill_committed_by_good" not in evaluate(results(PROCESSES, WITH_GARDEN, PARAMETERS))
    cells = [p | {"waste_fraction": "food" if p["id"] == "landfill" else ""} for p in PROCESSES]
    found = evaluate(results(cells, WITH_GARDEN, PARAMETERS), ["ghg_landfill_committed_by_good"])
    parts = found["ghg_landfill_committed_by_good"].values[0, 0]
    assert parts[:-1].sum() == pytest.approx(parts[-1])


FUEL = {"good": "pellet", "status": "product", "organic": True, "origin": "crop"}
MORE = [
    *FLOWS,
    flow("discharged", "household", "canal", [5, 95, 2, 0.1], good="effluent"),
    flow("stubble", "paddy", "field", [80, 20, 32, 0.5], good="straw", status="by_product", origin="crop"),
    flow("char", "paddy", "field", [10, 0, 7, 0], good="char", status="product", origin="crop"),
    flow("pellets", "paddy", "market", [20, 2, 9, 0.1], **FUEL),
    flow("cocopeat", "paddy", "market", [10, 5, 5, 0.1], **FUEL | {"good": "pith"}),
    flow("gas_burnt", "yard", "engine", [6, 0, 4, 0], good="gas", status="gas", organic=False),
]
PLACES = [
    *PROCESSES,
    process("canal", "dumping", sink=True),
    process("paddy", technology="paddy"),
    process("market", "material", sink=True),
    process("engine", "energy", sink=True, technology="engine"),
]
ROWS = [
    *PARAMETERS,
    row("effluent_methane_correction", 0.11, good="effluent"),
    row("straw_methane_per_dry_matter", 0.02, technology="paddy"),
    row("permanent_share_of_carbon", 0.8, good="char"),
    row("fuel_replacement", 0.5, good="pellet"),
    row("heating_value", 17000.0),
    row("fuel_emission_factor", 1e-4),
    row("peat_emission_factor", 0.9, good="pith"),
    row("electricity_yield", 7200.0, technology="engine"),
    row("capacity_factor", 0.5, technology="engine"),
    row("fossil_share_of_carbon", 0.25, good="gas"),
]


def test_parts_of_the_balance_by_hand():
    found = evaluate(results(PLACES, MORE, ROWS), [*DIRECT, *AVOIDED, "ghg_stored_biochar", "renewable_capacity"])
    assert value(found, "ghg_effluent") == pytest.approx(28 * 2 * 32 / 12 * 0.25 * 0.11, rel=1e-12)
    # everything that leaves the paddy for soil: stubble and char
    assert value(found, "ghg_straw_in_field") == pytest.approx(28 * 90 * 0.02, rel=1e-12)
    assert value(found, "ghg_stored_biochar") == pytest.approx(7 * 0.8 * 44 / 12, rel=1e-12)
    assert value(found, "ghg_avoided_fuel") == pytest.approx(20 * 17000 * 0.5 * 1e-4, rel=1e-12)
    assert value(found, "ghg_avoided_peat") == pytest.approx(9.0, rel=1e-12)
    assert value(found, "ghg_avoided_grid") == pytest.approx(6 * 7200 * 0.68 / 3600, rel=1e-12)
    assert value(found, "ghg_fossil") == pytest.approx(4 * 0.25 * 44 / 12, rel=1e-12)
    seconds = 365 * 86400
    assert value(found, "renewable_capacity") == pytest.approx(6 * 7200 * 0.75 / seconds / 0.5, rel=1e-12)


@pytest.mark.parametrize("edition", sorted(GWP))
def test_parts_are_the_whole_in_every_edition(edition):
    data = results(PLACES, MORE, ROWS, scales=(1.0, 2.5))
    names = [*DIRECT, *AVOIDED, "ghg_direct", "ghg_avoided", "ghg_net", "ghg_net_per_tonne", "outflow_lost"]
    found = evaluate(data, names, gwp=edition)
    assert found.attrs["gwp"] == edition
    assert sum(found[name].values for name in DIRECT) == pytest.approx(found["ghg_direct"].values, rel=1e-12)
    assert sum(found[name].values for name in AVOIDED) == pytest.approx(found["ghg_avoided"].values, rel=1e-12)
    assert (found["ghg_direct"] - found["ghg_avoided"]).values == pytest.approx(found["ghg_net"].values, rel=1e-12)
    assert found["ghg_direct"].values[1] == pytest.approx(2.5 * found["ghg_direct"].values[0], rel=1e-12)
    assert found["ghg_net_per_tonne"].values[1] == pytest.approx(found["ghg_net_per_tonne"].values[0], rel=1e-12)
    methane = 28 * 2 * 32 / 12 * 0.25 * 0.11 / 28 * GWP[edition].ch4
    assert value(found, "ghg_effluent") == pytest.approx(methane, rel=1e-12)


def test_an_edition_that_nobody_published_is_refused_at_once():
    with pytest.raises(ResultsError, match=r"AR7.*AR4.*unknown-gwp"):
        block_function(["ghg_net"], gwp="AR7")


STAFF = [
    *EVIDENCE,
    row("labour", 0.5, technology="yard"),
    row("labour", 2.0, technology="worms"),
    row("unskilled_share_of_labour", 0.7),
    row("skilled_share_of_labour", 0.2),
    row("technical_share_of_labour", 0.1),
    row("formal_share_of_labour", 0.8),
    row("formal_share_of_labour", 0.25, technology="worms"),
]


def test_jobs_by_skill_and_formality():
    skills = ["jobs_unskilled", "jobs_skilled", "jobs_technical"]
    found = evaluate(results(PROCESSES, FLOWS, STAFF), ["jobs", *skills, "jobs_formal", "jobs_informal"])
    yard, worms = 310 / 365 * 0.5, 80 / 365 * 2.0
    assert value(found, "jobs") == pytest.approx(yard + worms, rel=1e-12)
    assert sum(value(found, name) for name in skills) == pytest.approx(yard + worms, rel=1e-12)
    assert value(found, "jobs_technical") == pytest.approx(0.1 * (yard + worms), rel=1e-12)
    assert value(found, "jobs_formal") == pytest.approx(0.8 * yard + 0.25 * worms, rel=1e-12)
    assert value(found, "jobs_informal") == pytest.approx(0.2 * yard + 0.75 * worms, rel=1e-12)


def test_nitrogen_on_soil_and_in_feed_and_the_urea_it_replaces():
    names = ["nutrients_returned_nitrogen", "nutrients_fed_nitrogen", "fertiliser_replaced_urea"]
    found = evaluate(results(PROCESSES, FLOWS, PARAMETERS), names)
    assert value(found, names[0]) == pytest.approx(0.9 + 0.3 + 0.6)
    assert value(found, names[1]) == pytest.approx(0.2)
    assert value(found, names[2]) == pytest.approx(1.8 * 0.4 / 0.46, rel=1e-12)


@pytest.mark.parametrize(
    ("indicator", "missing"),
    [
        ("renewable_capacity", "capacity_factor"),
        ("jobs_formal", "formal_share_of_labour"),
        ("fertiliser_replaced_urea", "fertiliser_replacement"),
        ("fertiliser_replaced_potassium_chloride", "potassium"),
        ("ghg_intensity", "gross_product"),
        ("circular_material_use", "domestic_material_consumption"),
        ("nutrients_fed_phosphorus", "phosphorus"),
    ],
)
def test_a_model_that_lacks_what_an_indicator_needs_is_told_so(indicator, missing):
    with pytest.raises(ResultsError, match=rf"{missing}.*indicator-needs"):
        evaluate(results(PROCESSES, FLOWS, EVIDENCE), [indicator])


def test_collected_and_treated_and_what_of_it_goes_straight_to_the_landfill():
    found = evaluate(results(PROCESSES, FLOWS, EVIDENCE), ["waste_collected_treated", "landfilled_directly"])
    urban = 200 + 80 + 120 + 10 + 40  # yard, worms, landfill; plastics to both
    assert found["waste_collected_treated"].values[0, 0].tolist() == pytest.approx([urban / 450, 0.0, urban / 850])
    assert value(found, "landfilled_directly", 0) == pytest.approx(160 / urban)
    assert np.isnan(value(found, "landfilled_directly", 1))  # nothing is collected there


def test_districts_of_a_settlement_are_the_settlement():
    names = [
        f"organics_{what}_{place}_by_district" for what in ("generated", "recycled") for place in ("urban", "rural")
    ]
    found = evaluate(results(PROCESSES, FLOWS, EVIDENCE), [*names, "organics_generated", "organics_recycled"])
    for what in ("generated", "recycled"):
        for column, place in enumerate(("urban", "rural")):
            parts = found[f"organics_{what}_{place}_by_district"].values[0, 0]
            assert parts[:-1].sum() == pytest.approx(parts[-1])
            assert parts[-1] == pytest.approx(float(found[f"organics_{what}"][0, 0, column]))
