"""Circularity: published formulas, what they can never exceed, and how by-products end in results."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.indicators.builder import flow, process, results

from cemfa.errors import ResultsError
from cemfa.indicators import circularity, evaluate

SHARE = st.floats(0, 1)


@given(st.floats(0, 1e9), st.floats(1, 1e9), st.floats(0.001, 1000))
def test_circular_use_is_a_share_that_does_not_depend_on_the_unit(recovered, consumption, factor):
    rate = float(circularity.circular_use_rate(recovered, consumption))
    assert 0 <= rate <= 1
    assert float(circularity.circular_use_rate(recovered * factor, consumption * factor)) == pytest.approx(rate)


def test_waste_brought_in_for_recovery_is_not_the_areas_own():
    # Eurostat env_ac_cur: U = RCV_R − IMPw + EXPw
    assert float(circularity.circular_use_rate(30.0, 80.0, imported=15.0, exported=5.0)) == pytest.approx(0.2)
    assert np.isnan(circularity.circular_use_rate(0.0, 0.0))


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({}, 0.1),  # virgin, to the landfill, average use
        ({"utility": 2.0}, 0.55),  # used twice as long
        ({"utility": 0.5}, 0.0),  # used half as long: never below zero
        ({"reused": 1.0, "to_reuse": 1.0}, 1.0),
        ({"recycled": 1.0, "to_recycling": 1.0}, 1.0),  # without loss in recycling
        ({"sustained": 1.0, "to_composting": 1.0}, 1.0),  # a biological cycle
        # recycled half at 80 %: V 0.5, W0 0.5, Wf 0.125, Wc 0.1, W 0.6125, LFI 1.1125 / 2.0125
        (
            {"recycled": 0.5, "to_recycling": 0.5, "feedstock_efficiency": 0.8, "recycling_efficiency": 0.8},
            1 - 0.9 * 1.1125 / 2.0125,
        ),
    ],
)
def test_material_circularity_by_hand(shares, expected):
    assert float(circularity.product_circularity(7.0, **shares)) == pytest.approx(expected, abs=1e-12)


@given(SHARE, SHARE, st.floats(0.1, 1), st.floats(0.1, 10))
def test_material_circularity_stays_between_none_and_full(feedstock, end, efficiency, mass):
    shares = {"recycled": feedstock, "to_recycling": end}
    rates = {"feedstock_efficiency": efficiency, "recycling_efficiency": efficiency}
    found = float(circularity.product_circularity(mass, **shares, **rates))
    assert -1e-12 <= found <= 1 + 1e-12
    assert found == pytest.approx(float(circularity.product_circularity(1.0, **shares, **rates)), abs=1e-12)


PROCESSES = [
    process("yard"),
    process("mill", "material"),
    process("pith_yard"),
    process("soil", "soil", sink=True),
    process("fire", "open_burning", sink=True),
    process("boiler", "energy", sink=True),
]
HUSK = {"good": "husk", "status": "by_product", "organic": True, "origin": "crop"}
FLOWS = [
    flow("arises", "outside", "yard", [100, 0, 0, 0], **HUSK),
    flow("to_mill", "yard", "mill", [60, 0, 0, 0], **HUSK),
    flow("burnt", "yard", "fire", [15, 0, 0, 0], **HUSK),
    flow("to_boiler", "yard", "boiler", [25, 0, 0, 0], **HUSK),
    flow("pith", "mill", "pith_yard", [60, 0, 0, 0], **HUSK | {"good": "pith"}),
    flow("spread", "pith_yard", "soil", [60, 0, 0, 0], **HUSK | {"good": "pith"}),
]
OUTFLOWS = ["outflow_recirculated", "outflow_to_energy", "outflow_lost"]


def test_each_tonne_counts_at_the_first_treatment_it_meets():
    consumption = {"parameter": "domestic_material_consumption", "value": 240.0}
    names = [*OUTFLOWS, "circular_material_use", "material_circularity"]
    found = evaluate(results(PROCESSES, FLOWS, [consumption]), names)
    assert [float(found[name][0, 0]) for name in OUTFLOWS] == pytest.approx([0.6, 0.25, 0.15])
    assert float(found["circular_material_use"][0, 0]) == pytest.approx(60 / 300)
    assert float(found["material_circularity"][0, 0]) == pytest.approx(1 - 0.9 * (100 + 40) / 200)


def test_the_shares_are_one_together_and_do_not_scale():
    found = evaluate(results(PROCESSES, FLOWS, scales=(1.0, 3.0)), OUTFLOWS)
    assert sum(found[name].values for name in OUTFLOWS) == pytest.approx(np.ones((2, 1)))
    assert found["outflow_lost"].values[0] == pytest.approx(found["outflow_lost"].values[1])


def test_grown_again_counts_as_no_virgin_matter():
    grown = {"parameter": "sustained_production_share", "value": 1.0}
    found = evaluate(results(PROCESSES, FLOWS, [grown]), ["material_circularity"])
    assert float(found["material_circularity"][0, 0]) == pytest.approx(1 - 0.9 * 40 / 200)


def test_what_the_area_uses_in_all_must_be_stated():
    with pytest.raises(ResultsError, match=r"domestic_material_consumption.*indicator-needs"):
        evaluate(results(PROCESSES, FLOWS), ["circular_material_use"])
