"""Published cases through the public way: model in memory, compile, solve, results."""

import math
from functools import cache

import numpy as np
import pytest

from cemfa import compile_system, solve
from cemfa.definition.schema import LIFETIME_PARAMETERS
from cemfa.errors import DefinitionError
from tests.reference import cases


@cache
def loop_results():
    model, table = cases.recycling_loop()
    return solve(compile_system(model)), table


def flow(results, name):
    """Values (sample, period) of one flow of the only layer."""
    return results["flow_mass"].sel(flow=name, layer="matter").to_numpy()


@pytest.mark.parametrize("name", ["arising", "made", "discarded", "returned"])
def test_recycling_loop_is_exact(name):
    results, table = loop_results()
    # the table holds the closed form in double precision; elimination adds a few roundings per flow
    np.testing.assert_allclose(flow(results, name)[0], table[name], rtol=1e-12, atol=1e-12)


def test_recycling_loop_follows_its_closed_form():
    results, table = loop_results()
    demand, alpha = table["arising"], table["alpha"]
    np.testing.assert_allclose(flow(results, "made")[0], demand / (1 - alpha), rtol=1e-12)
    np.testing.assert_allclose(flow(results, "returned")[0], alpha * demand / (1 - alpha), rtol=1e-12, atol=1e-12)
    assert results.attrs["residual"] < 1e-12


def test_feed_example_is_exact():
    model, given = cases.feed()
    results = solve(compile_system(model))
    for compartment, mass in given["throughput"].items():
        found = results["throughput"].sel(process=compartment, layer="matter").item()
        assert found == pytest.approx(mass, rel=1e-12), compartment


def test_feed_example_with_its_spreads():
    model, given = cases.feed(spread=True)
    system = compile_system(model)
    assert {p.code for p in system.sampler.reports} == {"distribution-cut"}  # two triangles reach below zero
    samples = 4096
    results = solve(system, samples=samples, seed=5, request=cases.everything())
    arising = sum(flow(results, f"into_{c}")[:, 0] for c in given["arising"])
    final = results["throughput"].sel(process="c5", layer="matter").to_numpy()[:, 0]
    np.testing.assert_allclose(final, arising, rtol=1e-12)  # all that arises ends there, in every sample
    first = flow(results, "into_c1")[:, 0]
    width = 15030 * given["spread"]["arising"]["c1"]
    assert first.mean() == pytest.approx(15030, abs=4 * width / math.sqrt(6 * samples))
    assert first.std() == pytest.approx(width / math.sqrt(6), rel=0.03)
    shared = flow(results, "c1_to_c3")[:, 0] / first
    assert abs(np.corrcoef(first, shared)[0, 1]) < 4 / math.sqrt(samples)  # drawn independently


def test_one_deposit_decays_through_the_model():
    model, table = cases.decaying_pulse(history=True)
    results = solve(compile_system(model))
    # the table has nine decimals
    np.testing.assert_allclose(flow(results, "gas")[0], table["decomposed"], rtol=1e-6, atol=1e-9)
    stock = results["stock"].sel(stock_process="landfill", layer="matter").to_numpy()[0]
    np.testing.assert_allclose(stock, table["left"], rtol=1e-6, atol=1e-9)


def test_a_release_without_a_past_is_refused():
    with pytest.raises(DefinitionError, match="no-history"):
        cases.decaying_pulse(history=False)


@pytest.mark.parametrize("law", ["fixed", "normal", "weibull"])
def test_lifetimes_of_odym_through_the_model(law):
    case = cases.case("lifetimes.json")
    model = cases.lasting(law, [case[law][key] for key in LIFETIME_PARAMETERS[law]], case["inflow"], "end_of_year")
    found = solve(compile_system(model))
    # their test prints nine significant digits of numbers up to 41
    np.testing.assert_allclose(found["stock"].to_numpy().ravel(), case[law]["stock"], atol=5e-8)
    discarded = found["flow_mass"].sel(flow="discarded").to_numpy().ravel()
    np.testing.assert_allclose(discarded, case[law]["outflow"], atol=5e-8)
    assert found.attrs["residual"] < 1e-9


@pytest.mark.parametrize("number", range(0, 19, 2))
def test_timings_of_flodym_through_the_model(number):
    published = cases.case("flodym_stocks.json")
    one = published["cases"][number]
    parameters = [one["parameters"][key] for key in LIFETIME_PARAMETERS[one["lifetime"]]]
    driven = cases.lasting(one["lifetime"], parameters, published["inflow"], one["timing"])
    found = solve(compile_system(driven))
    np.testing.assert_allclose(found["stock"].to_numpy().ravel(), one["content"], rtol=1e-12)
    held = cases.lasting(one["lifetime"], parameters, published["content_wanted"], one["timing"], content=True)
    bought = solve(compile_system(held))["flow_mass"].sel(flow="bought").to_numpy().ravel()
    np.testing.assert_allclose(bought, one["inflow_for_content"], rtol=1e-10)  # twelve divisions by S(0)
