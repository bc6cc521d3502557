"""Gases against closed forms and published cases; methane carbon never above the carbon that went in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.indicators.builder import flow, process, results
from tests.unit.indicators.test_recycling import EVIDENCE, FLOWS, PROCESSES

from cemfa.errors import ResultsError
from cemfa.indicators import evaluate, ipcc


def row(parameter, value, **where):
    return {"parameter": parameter, "value": value, **where}


PARAMETERS = [
    *EVIDENCE,
    row("ch4_share_of_carbon_loss", 0.02, technology="yard"),
    row("n2o_share_of_nitrogen_loss", 0.05, technology="yard"),
    row("ch4_share_of_carbon_loss", 0.01, technology="worms"),
    row("n2o_share_of_nitrogen_loss", 0.01, technology="worms"),
    row("ch4_share_of_carbon_loss", 0.03, technology="bin"),
    row("n2o_share_of_nitrogen_loss", 0.02, technology="bin"),
    row("open_burning_ch4_share_of_carbon", 0.005),
    row("open_burning_n2o_share_of_nitrogen", 0.007),
    row("degradable_share", 0.6),
    row("degradable_share", 0.0, good="plastics"),
    row("decay_rate", 0.1),
    row("methane_correction_factor", 0.8),
    row("methane_fraction", 0.5),
    row("methane_oxidation", 0.1),
    row("grid_emission_factor", 0.68 / 3600),
    row("electricity_use", 36.0, technology="yard"),  # 10 kWh/t in MJ/t
    row("fertiliser_emission_factor", 5.0, layer="nitrogen"),
    row("fertiliser_replacement", 0.4, layer="nitrogen"),
]
GHG = ["ghg_direct", "ghg_avoided", "ghg_net", "ghg_biogenic", "ghg_landfill_committed"]


def test_direct_and_avoided_by_hand():
    found = evaluate(results(PROCESSES, FLOWS, PARAMETERS, scales=(1.0, 2.0)), GHG)
    ch4_c = 20 * 0.02 + 4 * 0.01 + 8 * 0.03 + 12 * 0.005  # yard, worms, bins, fire
    n2o_n = 0.6 * 0.05 + 0.1 * 0.01 + 0.2 * 0.02 + 0.6 * 0.007
    buried = (12 + 6) * 0.6 * (1 - np.exp(-10.0))  # organics and rejects; plastics do not decay
    landfill = buried * 0.8 * 0.5 * 0.9 * 16 / 12
    direct = 28 * (ch4_c * 16 / 12 + landfill) + 265 * n2o_n * 44 / 28 + (200 + 100 + 10) * 36 * 0.68 / 3600
    avoided = (0.9 + 0.3 + 0.6) * 5.0 * 0.4
    assert found["ghg_direct"].values[:, 0] == pytest.approx([direct, 2 * direct], rel=1e-12)
    assert float(found["ghg_avoided"][0, 0]) == pytest.approx(avoided, rel=1e-12)
    assert float(found["ghg_net"][0, 0]) == pytest.approx(direct - avoided, rel=1e-12)
    assert float(found["ghg_landfill_committed"][0, 0]) == pytest.approx(28 * landfill, rel=1e-12)
    # all carbon in gas flows and in the fire, without what left as methane
    assert float(found["ghg_biogenic"][0, 0]) == pytest.approx((20 + 4 + 8 + 12 - ch4_c) * 44 / 12, rel=1e-12)


def test_gas_led_to_a_flare_is_not_emitted_by_the_landfill():
    processes = [p | ({"sink": False} if p["id"] == "landfill" else {}) for p in PROCESSES]
    processes.append(process("flare", "incineration", technology="flare"))
    gas = {"good": "gas", "status": "gas", "organic": False}
    flows = [
        *FLOWS,
        flow("vented", "landfill", "air", [6, 0, 6, 0], **gas),
        flow("collected", "landfill", "flare", [2, 0, 2, 0], **gas),
        flow("flared", "flare", "air", [2, 0, 2, 0], **gas),
    ]
    slip = row("ch4_share_of_carbon_loss", 0.1, technology="flare")
    names = ["ghg_landfill_committed", "ghg_landfill_emitted", "ghg_direct"]
    found = evaluate(results(processes, flows, [*PARAMETERS, slip]), names)
    before = evaluate(results(PROCESSES, FLOWS, PARAMETERS), ["ghg_landfill_committed", "ghg_direct"])
    committed = float(before["ghg_landfill_committed"][0, 0])
    assert float(found["ghg_landfill_committed"][0, 0]) == pytest.approx(0.75 * committed, rel=1e-12)
    assert float(found["ghg_landfill_emitted"][0, 0]) == pytest.approx(28 * 6 * 0.8 * 0.5 * 0.9 * 16 / 12, rel=1e-12)
    direct = float(before["ghg_direct"][0, 0]) - 0.25 * committed + 28 * 2 * 0.1 * 16 / 12
    assert float(found["ghg_direct"][0, 0]) == pytest.approx(direct, rel=1e-12)


def test_fossil_carbon_counts_where_its_share_is_given():
    plastic_fire = [f | ({"target": "fire"} if f["id"] == "plastics_to_landfill" else {}) for f in FLOWS]
    fossil = [*PARAMETERS, row("fossil_share_of_carbon", 1.0, good="plastics")]
    bare = evaluate(results(PROCESSES, plastic_fire, PARAMETERS), GHG)
    full = evaluate(results(PROCESSES, plastic_fire, fossil), GHG)
    assert float((full - bare)["ghg_direct"][0, 0]) == pytest.approx(24 * 44 / 12, rel=1e-12)
    assert float((full - bare)["ghg_biogenic"][0, 0]) == pytest.approx(-24 * 44 / 12, rel=1e-12)


def test_fossil_carbon_that_a_fire_leaves_in_ash_is_not_burnt():
    """Of 36 t carbon in the fire 27 leave as smoke: three quarters of the 24 t of plastics are oxidised."""
    processes = [p | ({"sink": False} if p["id"] == "fire" else {}) for p in PROCESSES]
    plastic_fire = [f | ({"target": "fire"} if f["id"] == "plastics_to_landfill" else {}) for f in FLOWS]
    plastic_fire += [
        flow("smoke", "fire", "air", [40, 90, 27, 0.5], good="smoke", status="gas", organic=False),
        flow("ash", "fire", "dump", [30, 0, 9, 0.1], good="ash", status="residue", organic=False),
    ]
    fossil = [*PARAMETERS, row("fossil_share_of_carbon", 1.0, good="plastics")]
    found = evaluate(results(processes, plastic_fire, fossil), ["ghg_fossil"])
    assert float(found["ghg_fossil"][0, 0]) == pytest.approx(24 * 0.75 * 44 / 12, rel=1e-12)


def test_what_slips_through_a_biogas_engine_is_of_digestion():
    gas = {"good": "biogas", "status": "gas", "organic": False}
    processes = [
        *PROCESSES, process("digester", "digestion", technology="tank"),
        process("engine", "energy", technology="engine"), process("boiler", "energy", technology="engine"),
    ]  # fmt: skip
    flows = [
        *FLOWS,
        flow("leaked", "digester", "air", [1, 0, 1, 0], **gas),
        flow("biogas", "digester", "engine", [9, 0, 9, 0], **gas),
        flow("exhaust", "engine", "air", [9, 0, 9, 0], **gas),
        flow("co_fired", "digester", "boiler", [2, 0, 2, 0], **gas),
        flow("husk_burnt", "outside", "boiler", [8, 2, 4, 0.1], good="husk", status="by_product", origin="crop"),
        flow("smoke", "boiler", "air", [10, 2, 6, 0.1], **gas),
    ]  # fmt: skip
    shares = [
        row("ch4_share_of_carbon_loss", 0.6, technology="tank"),
        row("n2o_share_of_nitrogen_loss", 0.0, technology="tank"),
        row("ch4_share_of_carbon_loss", 0.03, technology="engine"),
    ]  # fmt: skip
    found = evaluate(results(processes, flows, [*PARAMETERS, *shares]), ["ghg_digestion", "ghg_plants", "ghg_direct"])
    bare = evaluate(results(PROCESSES, FLOWS, PARAMETERS), ["ghg_direct"])
    assert float(found["ghg_digestion"][0, 0]) == pytest.approx(28 * (1 * 0.6 + 9 * 0.03) * 16 / 12, rel=1e-12)
    assert float(found["ghg_plants"][0, 0]) == pytest.approx(28 * 6 * 0.03 * 16 / 12, rel=1e-12)  # burns husk as well
    more = float((found["ghg_direct"] - bare["ghg_direct"])[0, 0])
    assert more == pytest.approx(28 * (0.6 + 0.27 + 0.18) * 16 / 12, rel=1e-9)


def test_missing_loss_shares_are_listed_by_technology():
    with pytest.raises(ResultsError, match=r"ch4_share_of_carbon_loss \(bin\).*indicator-needs"):
        evaluate(results(PROCESSES, FLOWS, [p for p in PARAMETERS if p.get("technology") != "bin"]), ["ghg_direct"])


def test_pits_emit_only_with_a_correction_factor_of_their_own():
    deep = [p | ({"technology": "pit"} if p["id"] == "dump" else {}) for p in PROCESSES]
    pit = [*PARAMETERS, row("methane_correction_factor", 0.4, technology="pit")]
    name = "ghg_landfill_committed"
    extra = evaluate(results(deep, FLOWS, pit), [name]) - evaluate(results(PROCESSES, FLOWS, PARAMETERS), [name])
    wanted = 28 * 8 * 0.6 * (1 - np.exp(-10.0)) * 0.4 * 0.5 * 0.9 * 16 / 12
    assert float(extra[name][0, 0]) == pytest.approx(wanted, rel=1e-12)


@settings(deadline=None)
@given(st.floats(0, 1e6), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 5))
def test_methane_carbon_never_exceeds_carbon_buried(carbon, degradable, correction, fraction, capture, rate):
    decayed = carbon * degradable * ipcc.committed_share(rate)
    methane = ipcc.landfill_methane(decayed, correction, fraction, capture)
    assert 0 <= float(methane) / ipcc.CH4_PER_C <= carbon * (1 + 1e-12)


def test_decay_commits_everything_in_the_end_and_nothing_at_once():
    assert float(ipcc.committed_share(0.4, 0)) == 0.0
    assert float(ipcc.committed_share(0.4)) == pytest.approx(1.0, abs=1e-15)
    yearly = np.diff([float(ipcc.committed_share(0.4, t)) for t in range(101)])
    assert yearly.sum() == pytest.approx(float(ipcc.committed_share(0.4)), rel=1e-14)
