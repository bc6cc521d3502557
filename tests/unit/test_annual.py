"""The simulation beside the annual balance."""

import numpy as np
import pytest

from cemfa.comparison.annual import WAYS, against_annual, effective_capacity
from cemfa.comparison.pairs import at
from cemfa.definition.load import read_model, read_scenario
from cemfa.results import Request
from cemfa.simulation import simulate
from cemfa.system.compile import compile_system

YEAR = 2030


@pytest.fixture(scope="module")
def town():
    scenario = read_scenario("first_steps_2030")
    return compile_system(read_model(scenario.model)), scenario


@pytest.fixture(scope="module")
def found(town):
    system, scenario = town
    return against_annual(system, scenario, "south_yard", replications=20, seed=3, workers=1)


def test_all_ways_speak_of_the_same_samples(found, town) -> None:
    assert found["way"].values.tolist() == list(WAYS)
    assert found.sizes["sample"] == 20
    generated = against_annual(
        town[0], town[1], "as_now", replications=3, workers=1, indicators=["organics_generated"]
    )["organics_generated"]  # fmt: skip
    np.testing.assert_allclose(generated.sel(way="annual"), generated.sel(way="simulated"), rtol=1e-9)


def test_an_annual_model_promises_more_and_effective_capacities_take_most_of_that_back(found) -> None:
    rate = {way: at(found.sel(way=way), "rate_with_home", YEAR).mean() for way in WAYS}
    assert rate["annual"] > rate["simulated"]
    assert abs(rate["effective"] - rate["simulated"]) < 0.5 * (rate["annual"] - rate["simulated"])


def test_a_plant_that_turns_nothing_away_has_no_limit(town) -> None:
    system, scenario = town
    results = simulate(
        system, scenario, option="south_yard", replications=2, workers=1, request=Request(flows="all")
    )  # fmt: skip
    capacity = effective_capacity(results)
    free = results["refused"] <= 0.0
    assert np.isinf(capacity.where(free)).where(free, True).all()
    limited = np.isfinite(capacity)
    most = results["available"] * results["days"] * (1 + 1e-12)
    assert (capacity.where(limited, 0.0) <= most).all()
