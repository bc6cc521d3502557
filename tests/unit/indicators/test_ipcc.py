"""The formulas of the IPCC against an independent count, published figures and what can never be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cemfa.indicators import ipcc

MASSES = st.lists(st.floats(0, 1e5), min_size=1, max_size=30)


def _by_pulses(masses, degradable, rate, start=13.0):
    """Follow every deposit on its own by the closed form of decay: an independent way to the same years."""
    years = len(masses)
    decayed = np.zeros(years)
    for born, mass in enumerate(masses):
        left_before = 1.0
        for age in range(years - born):
            left = np.exp(-rate * ((13.0 - start) / 12.0 + age))
            decayed[born + age] += mass * degradable * (left_before - left)
            left_before = left
    return decayed


@settings(deadline=None)
@given(MASSES, st.floats(0.01, 1.0), st.floats(1.0, 13.0))
def test_decay_is_the_sum_of_its_pulses_and_loses_no_carbon(masses, rate, start):
    found = ipcc.first_order_decay(masses, 0.2, 0.5, 0.8, rate, start_month=start)
    whole = float(np.sum(masses)) * 0.2 * 0.5 * 0.8
    assert found.decayed == pytest.approx(_by_pulses(masses, 0.2 * 0.5 * 0.8, rate, start), abs=1e-9 * max(whole, 1.0))
    assert found.stored[-1] + found.decayed.sum() == pytest.approx(whole, abs=1e-12 * max(whole, 1.0))
    assert (found.emitted <= found.decayed * ipcc.CH4_PER_C + 1e-12).all()


@settings(deadline=None)
@given(MASSES, st.floats(0.0, 10.0))
def test_twice_the_waste_twice_the_methane(masses, factor):
    once = ipcc.first_order_decay(masses, 0.15, 0.5, 0.8, 0.4).emitted
    often = ipcc.first_order_decay(np.array(masses) * factor, 0.15, 0.5, 0.8, 0.4).emitted
    assert often == pytest.approx(once * factor, rel=1e-12, abs=1e-9)


def test_pulse_of_food_in_the_wet_tropics_over_thirty_years():
    # IPCC 2006 vol. 5 ch. 3 eqs. 3.1–3.6: 1000 Gg, DOC 0.15, DOCf 0.5, MCF 0.8, k 0.4; stock and decay of each year
    found = ipcc.first_order_decay([1000.0, *[0.0] * 30], 0.15, 0.5, 0.8, 0.4)
    assert found.stored[:4] == pytest.approx([60.0, 40.219202762, 26.959737847, 18.071652715], abs=5e-10)
    assert found.decayed[:4] == pytest.approx([0.0, 19.780797238, 13.259464915, 8.888085132], abs=5e-10)
    assert found.emitted[:4] == pytest.approx([0.0, 13.187198159, 8.839643277, 5.925390088], abs=5e-10)
    assert found.emitted.sum() == pytest.approx(39.999754, abs=5e-7)


def test_goods_decay_side_by_side_and_gas_is_recovered_before_it_is_oxidised():
    two = ipcc.first_order_decay([[100.0, 0.0], [100.0, 0.0]], [0.15, 0.2], 0.5, 1.0, [0.4, 0.17])
    for row, (carbon, rate) in enumerate([(0.15, 0.4), (0.2, 0.17)]):
        one = ipcc.first_order_decay([100.0, 0.0], carbon, 0.5, 1.0, rate)
        assert two.emitted[row].tolist() == one.emitted.tolist()
    caught = ipcc.first_order_decay([100.0, 0.0], 0.15, 0.5, 1.0, 0.4, oxidation=0.1, recovered=[0.0, 1.0])
    assert caught.emitted[1] == pytest.approx((caught.generated[1] - 1.0) * 0.9, rel=1e-12)
    all_caught = ipcc.first_order_decay([100.0, 0.0], 0.15, 0.5, 1.0, 0.4, recovered=100.0)
    assert all_caught.emitted.tolist() == [0.0, 0.0]


def test_burning_water_fields_and_char_by_hand():
    # IPCC 2006 vol. 5 ch. 5: 60 t of plastics and 940 t of food in the open, oxidation 0.58
    burnt = ipcc.fossil_carbon_dioxide([60.0, 940.0], [1.0, 0.4], [0.75, 0.38], [1.0, 0.0], 0.58)
    assert float(burnt) == pytest.approx(60 * 0.75 * 0.58 * 44 / 12, rel=1e-12)
    # vol. 5 ch. 6: what is recovered cannot exceed what is made
    assert float(ipcc.wastewater_methane(10.0, 0.5, sludge=2.0)) == pytest.approx(1.0)
    assert float(ipcc.wastewater_methane(10.0, 0.5, recovered=9.0)) == 0.0
    # vol. 4 ch. 5: straw ploughed in shortly before the crop and long before it
    straw = ipcc.organic_scaling([[5.0], [5.0]], [[1.0], [0.19]])
    assert straw.tolist() == pytest.approx([6.0**0.59, 1.95**0.59], rel=1e-12)
    added = ipcc.rice_methane(1.0, 95.0, 1.22, organic=straw) - ipcc.rice_methane(1.0, 95.0, 1.22)
    assert added.tolist() == pytest.approx([0.1159 * (6.0**0.59 - 1), 0.1159 * (1.95**0.59 - 1)], rel=1e-12)
    # vol. 4 ch. 11, with what goes to the air and with water
    full = ipcc.soil_nitrous_oxide(1000.0, 0.01, gone_to_air=0.2, leached=0.3)
    assert float(full) == pytest.approx((10 + 2 + 2.25) * 44 / 28, rel=1e-12)


def test_a_contribution_to_the_intensity_adds_up_over_measures():
    # 278.7 Mt over 3 937.9 trillion VND in 2014
    reference = 278.7e6 / 3937.9e12
    measures = np.array([1e4, 2.5e4])
    parts = ipcc.intensity_contribution(measures, 60e12, reference)
    assert float(parts.sum()) == pytest.approx(float(ipcc.intensity_contribution(measures.sum(), 60e12, reference)))
    assert float(parts[0]) == pytest.approx(1e4 / (60e12 * reference), rel=1e-12)
