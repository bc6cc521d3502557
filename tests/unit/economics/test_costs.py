"""Projects in time: each rule against a number worked out by hand, and against the closed form as a whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cemfa.economics import cashflow, costs
from cemfa.errors import CemfaError

HORIZON = costs.Horizon(2026, 2035)


def outlays(**changed):
    given_ = {
        "capex": 100.0, "start": 2026.0, "ready": 2027.0, "life": 20.0, "opex_fixed": 3.0, "opex_per_tonne": 0.5,
        "tonnes": np.full((2, 10), 4.0),
    }  # fmt: skip
    return costs.project_outlays(HORIZON, 0.08, **(given_ | changed))


def test_investment_is_paid_at_the_beginning_of_the_years_of_construction():
    spent = costs.construction_spending(120.0, [2026.5, 2025.0], [2028.5, 2027.0], HORIZON)
    assert spent[0, :4].tolist() == pytest.approx([30.0, 60.0, 30.0, 0.0])
    assert spent[1, :2].tolist() == pytest.approx([120.0, 0.0])  # half of it before the horizon falls on its start
    assert spent.sum(axis=1).tolist() == pytest.approx([120.0, 120.0])


def test_a_plant_that_is_never_built_costs_nothing_and_one_half_built_keeps_its_worth():
    never = outlays(ready=np.inf, tonnes=np.zeros((2, 10)))
    assert float(np.abs(never.net).sum()) == 0.0
    half = outlays(start=2035.0, ready=2037.0, tonnes=np.zeros((2, 10)))
    assert half.capex[0].sum() == pytest.approx(50.0)
    assert half.salvage[0, -1] == pytest.approx(50.0)
    assert half.opex_fixed.sum() == 0.0


def test_a_plant_built_in_no_time_is_paid_in_its_year():
    at_once = costs.construction_spending([7.0, 7.0, 7.0], [2027.2, 2025.0, 2036.0], [2027.2, 2025.0, 2036.0], HORIZON)
    assert at_once[0].tolist() == [0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    assert at_once[1].tolist() == [7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    assert at_once[2].sum() == 0.0


def test_a_short_life_is_replaced_and_the_last_plant_has_a_salvage_value():
    spent = costs.construction_spending(100.0, 2026.0, 2026.0, HORIZON)
    replaced, salvage = costs.replacement_and_salvage(100.0, 2026.0, 4.0, 0.0, HORIZON, spent)
    assert replaced[0].tolist() == [0, 0, 0, 0, 100, 0, 0, 0, 100, 0, 0]
    assert salvage[0, -1] == pytest.approx(50.0)  # two of four years used


def test_land_is_paid_with_the_investment_once_and_is_worth_nothing_at_the_end():
    plant, land = outlays(life=4.0), outlays(life=4.0, land=30.0)
    assert (land.capex - plant.capex)[0].tolist() == [30.0] + [0.0] * 10
    assert (land.salvage == plant.salvage).all()


def test_fixed_cost_runs_with_time_and_variable_cost_with_tonnes():
    money = outlays(ready=2027.5, start=2026.5)
    assert money.opex_fixed[0, :4].tolist() == pytest.approx([0.0, 0.0, 1.5, 3.0])
    assert money.opex_variable[0, 1:].tolist() == pytest.approx([2.0] * 10)
    assert money.net.shape == (2, HORIZON.points)


@settings(deadline=None)
@given(st.floats(0.0, 0.2), st.integers(3, 30), st.floats(1.0, 1e6))
def test_present_value_is_the_annuity_of_capital_plus_running(rate, life, capex):
    # a plant built in no time on day one costs its annuity in every year of the horizon, replaced or not:
    # exact as long as replacements fall on whole years
    spent = costs.construction_spending(capex, 2026.0, 2026.0, HORIZON)
    replaced, salvage = costs.replacement_and_salvage(capex, 2026.0, life, rate, HORIZON, spent)
    found = cashflow.npv(spent + replaced - salvage, rate)
    annuity = capex / cashflow.annuity_factor(rate, life)
    assert float(found[0]) == pytest.approx(float(annuity * cashflow.annuity_factor(rate, 10)), rel=1e-10)


def test_projects_add_up():
    both = outlays() + outlays(capex=50.0)
    np.testing.assert_allclose(both.net, outlays().net + outlays(capex=50.0).net, rtol=1e-12)
    np.testing.assert_array_equal((costs.nothing(2, HORIZON) + outlays()).net, outlays().net)
    assert both.opex[0, 2] == pytest.approx(10.0)


@given(st.floats(1, 1e9), st.floats(1, 1e3), st.floats(0, 1.5))
def test_scaling_there_and_back_returns_the_cost(cost, size, exponent):
    there = costs.scaled_cost(cost, 10.0, size, exponent)
    assert float(costs.scaled_cost(there, size, 10.0, exponent)) == pytest.approx(cost, rel=1e-12)


def test_scale_exponent_six_tenths_doubles_to_1_52():
    assert float(costs.scaled_cost(1.0, 1.0, 2.0, 0.6)) == pytest.approx(2**0.6, rel=1e-15)


def test_prices_move_by_the_index_and_a_missing_year_is_named():
    assert float(costs.in_price_year(10.0, 2023, 2023, {})) == 10.0
    with pytest.raises(CemfaError, match=r"2019.*price-year-missing"):
        costs.in_price_year(10.0, 2019, 2023, {2023: 1.0})


@pytest.mark.parametrize(
    "wrong", [{"size": 0.0}, {"new_size": -1.0}, {"exponent": 2.0}], ids=["size", "new size", "exponent"]
)
def test_costs_out_of_range_are_refused(wrong):
    with pytest.raises(CemfaError, match="cost-range"):
        costs.scaled_cost(**({"cost": 1.0, "size": 1.0, "new_size": 1.0, "exponent": 0.6} | wrong))
    with pytest.raises(CemfaError, match=r"life.*cost-range"):
        outlays(life=0.0)
    with pytest.raises(CemfaError, match=r"lead_time.*cost-range"):
        outlays(start=2028.0)
