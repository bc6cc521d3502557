"""Stocks in models: what the balance makes of lifetimes, contents given, loops, layers and the past."""

import numpy as np
import pytest
from tests.unit.system.small import SOURCED, model

from cemfa.errors import CemfaError
from cemfa.results import Request
from cemfa.system.cohorts import by_content, by_lifetime
from cemfa.system.compile import compile_system
from cemfa.system.lifetimes import survival_curve
from cemfa.system.solve import solve

YEARS = (2020, 2027)
INFLOW = [3.0, 4.5, 2.0, 0.0, 7.25, 1.0, 1.5, 6.0]
LAWS = {
    "fixed": {"mean": 2.5}, "normal": {"mean": 3.0, "sd": 1.5}, "folded_normal": {"mean": 3.0, "sd": 2.0},
    "lognormal": {"mean": 4.0, "sd": 2.0}, "weibull": {"shape": 1.7, "scale": 4.5},
    "gamma": {"shape": 2.0, "scale": 2.0},
}  # fmt: skip
TIMINGS = ("end_of_year", "mid_year", "start_of_year", "through_year")
UNITS = {"mean": "year", "sd": "year", "shape": "1", "scale": "year"}


def yearly(values, unit="t/year", first=YEARS[0]):
    return [{"year": first + n, "value": value, "unit": unit} for n, value in enumerate(values)]


def in_use(law, timing="end_of_year", *, flows=(), numbers=(), tables=None, years=YEARS, layers=None, **stock):
    """A process `use` between outside and a dump; its stock keeps the parameters of a law."""
    own = {key: (value, UNITS[key]) for key, value in LAWS[law].items()}
    past = {} if stock.get("history") else {"starts": "empty"}
    made = {"lifetime": law, "timing": timing, **{key: key for key in own}, **past, **stock}
    return model(
        {"use": {"stock": made}, "dump": {"sink": True}, "works": {}},
        {
            "bought": {"from": "outside", "to": "use", "amount": "bought"},
            "discarded": {"from": "use", "to": "works", "share": 1},
            "dumped": {"from": "works", "to": "dump", "share": "remainder"},
            **dict(flows),
        },
        {"bought": yearly(INFLOW), **own, **dict(numbers)},
        years=years,
        layers=layers,
        tables=tables,
    )


def solved(made, samples=1, **more):
    found = solve(compile_system(made), samples=samples, seed=5, request=Request(flows="all"), **more)
    assert found.attrs["residual"] < 1e-9
    return found


def flow(found, name, layer=0):
    return found["flow_mass"].sel(flow=name).isel(layer=layer).to_numpy()


def stock(found, layer=0, process="use"):
    return found["stock"].sel(stock_process=process).isel(layer=layer).to_numpy()


@pytest.mark.parametrize("timing", TIMINGS)
@pytest.mark.parametrize("law", LAWS)
def test_a_model_gives_what_the_pure_functions_give(law, timing):
    found = solved(in_use(law, timing))
    expected = by_lifetime(INFLOW, survival_curve(law, list(LAWS[law].values()), len(INFLOW), timing))
    # eight years of the same sums in another order
    np.testing.assert_allclose(stock(found)[0], expected.content, rtol=1e-12)
    np.testing.assert_allclose(flow(found, "discarded")[0], expected.outflow, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found["throughput"].sel(process="use").to_numpy().ravel(), expected.outflow, atol=1e-12)


@pytest.mark.parametrize("timing", TIMINGS)
@pytest.mark.parametrize("law", LAWS)
def test_the_content_given_is_held(law, timing):
    content = np.array([8.0, 9.0, 10.0, 12.0, 12.0, 13.0, 15.0, 18.0])
    bought = {"from": "outside", "to": "use", "fills": "stock"}
    made = in_use(law, timing, content="wanted", flows={"bought": bought}, numbers={"wanted": yearly(content, "t")})
    curve = survival_curve(law, list(LAWS[law].values()), len(content), timing)
    expected = by_content(content, curve)
    found = solved(made)
    np.testing.assert_allclose(stock(found)[0], content, rtol=1e-12)
    np.testing.assert_allclose(flow(found, "bought")[0], expected.inflow, rtol=1e-10)
    np.testing.assert_allclose(flow(found, "discarded")[0], expected.outflow, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("timing", TIMINGS)
def test_a_loop_through_a_stock_closes_within_the_year(timing):
    returned = {"from": "works", "to": "use", "share": "returned"}
    found = solved(in_use("weibull", timing, flows={"back": returned}, numbers={"returned": 0.6}))
    curve = survival_curve("weibull", (1.7, 4.5), len(INFLOW), timing)
    entered, released = [], []
    for year, bought in enumerate(INFLOW):  # release = older + (1 - S(0))·(bought + 0.6·release)
        older = sum(entered[c] * (curve[year - c - 1] - curve[year - c]) for c in range(year))
        released.append((older + (1 - curve[0]) * bought) / (1 - 0.6 * (1 - curve[0])))
        entered.append(bought + 0.6 * released[-1])
    np.testing.assert_allclose(flow(found, "discarded")[0], released, rtol=1e-12)
    np.testing.assert_allclose(flow(found, "back")[0], 0.6 * np.array(released), rtol=1e-12)
    content = [sum(entered[c] * curve[year - c] for c in range(year + 1)) for year in range(len(INFLOW))]
    np.testing.assert_allclose(stock(found)[0], content, rtol=1e-12)


@pytest.mark.parametrize("timing", TIMINGS)
def test_a_content_is_held_in_a_loop(timing):
    content = np.linspace(10.0, 24.0, len(INFLOW))
    flows = {
        "bought": {"from": "outside", "to": "use", "fills": "stock"},
        "back": {"from": "works", "to": "use", "share": "returned"},
    }
    numbers = {"wanted": yearly(content, "t"), "returned": 0.6}
    found = solved(in_use("weibull", timing, content="wanted", flows=flows, numbers=numbers))
    curve = survival_curve("weibull", (1.7, 4.5), len(INFLOW), timing)
    entering = by_content(content, curve).inflow  # whatever its source
    np.testing.assert_allclose(stock(found)[0], content, rtol=1e-10)
    np.testing.assert_allclose(flow(found, "bought")[0] + flow(found, "back")[0], entering, rtol=1e-9)
    np.testing.assert_allclose(flow(found, "back")[0], 0.6 * flow(found, "discarded")[0], rtol=1e-12)


def test_a_stock_may_return_to_itself():
    again = {"from": "use", "to": "use", "share": "again"}
    out = {"from": "use", "to": "works", "share": "remainder"}
    found = solved(in_use("normal", "mid_year", flows={"again": again, "discarded": out}, numbers={"again": 0.3}))
    whole = flow(found, "again")[0] + flow(found, "discarded")[0]
    np.testing.assert_allclose(flow(found, "again")[0], 0.3 * whole, rtol=1e-12)
    change = np.diff(stock(found)[0], prepend=0)
    np.testing.assert_allclose(np.array(INFLOW) - flow(found, "discarded")[0], change, atol=1e-12)


@pytest.mark.parametrize("timing", TIMINGS)
def test_cohorts_keep_their_layers(timing):
    layers = {"mass": ["dry", "water"]}
    wet = [{"good": "stuff", "layer": "water", "value": 0.25}]
    lasting = {"lifetime": "fixed", "mean": "mean", "starts": "empty", "timing": timing}
    made = model(
        {"use": {"stock": lasting}, "dump": {"sink": True}},
        {
            "wet": {"from": "outside", "to": "use", "amount": "first"},
            "dry": {"from": "outside", "to": "use", "amount": "second", "good": "chaff"},
            "gone": {"from": "use", "to": "dump", "share": 1, "good": "mix"},
        },
        {"first": yearly([8.0, 0, 0, 0, 0]), "second": yearly([0, 4.0, 0, 0, 0]), "mean": (2.0, "year")},
        years=(2020, 2024),
        layers=layers,
        goods={"chaff": {}, "mix": {}},
        composition=[*wet, {"good": "chaff", "layer": "water", "value": 0.5}],
    )  # fmt: skip
    found = solved(made)
    late = {"end_of_year": 2, "mid_year": 2, "start_of_year": 1, "through_year": 1}[timing]
    dry, water = flow(found, "gone", 0)[0], flow(found, "gone", 1)[0]
    expected_dry, expected_water = np.zeros(5), np.zeros(5)
    expected_dry[late], expected_dry[late + 1] = 6.0, 2.0
    expected_water[late], expected_water[late + 1] = 2.0, 2.0
    if timing != "through_year":
        np.testing.assert_allclose((dry, water), (expected_dry, expected_water), atol=1e-12)
    np.testing.assert_allclose((dry.sum(), water.sum()), (8.0, 4.0), rtol=1e-12)


def past_table(values, unit="t/year", layer="mass"):
    rows = [
        {"process": "use", "year": YEARS[0] - len(values) + n, "layer": layer, "value": v, "unit": unit, **SOURCED}
        for n, v in enumerate(values)
    ]
    return {"before": rows}


@pytest.mark.parametrize("timing", TIMINGS)
@pytest.mark.parametrize("law", LAWS)
def test_a_past_is_the_same_as_starting_earlier(law, timing):
    before = [2.0, 5.0, 1.0]
    later = solved(in_use(law, timing, history="before.csv", tables=past_table(before)))
    early = in_use(law, timing, years=(2017, 2027), numbers={"bought": yearly([*before, *INFLOW], first=2017)})
    whole = solved(early)
    np.testing.assert_allclose(stock(later)[0], stock(whole)[0, 3:], rtol=1e-12)
    np.testing.assert_allclose(flow(later, "discarded")[0], flow(whole, "discarded")[0, 3:], rtol=1e-11, atol=1e-13)


def test_what_is_left_of_the_past_may_be_given_instead():
    curve = survival_curve("weibull", (1.7, 4.5), 12, "mid_year")
    before = np.array([2.0, 5.0, 1.0])
    left = (before * curve[2::-1]).tolist()
    entered = solved(in_use("weibull", "mid_year", history="before.csv", tables=past_table(before.tolist())))
    remains = in_use("weibull", "mid_year", history="before.csv", history_states="left", tables=past_table(left, "t"))
    np.testing.assert_allclose(stock(solved(remains)), stock(entered), rtol=1e-12)


def test_a_past_longer_than_a_lifetime_is_gone():
    tables = past_table([7.0, 0.0, 0.0, 0.0, 1.0])
    found = solved(in_use("fixed", history="before.csv", tables=tables))
    assert stock(found)[0, 0] == pytest.approx(1.0 + INFLOW[0])
    left = in_use("fixed", history="before.csv", history_states="left", tables=past_table([7.0, 0, 0, 0, 1.0], "t"))
    with pytest.raises(CemfaError, match="stock-outlived"):
        solved(left)


def test_every_sample_has_its_own_lifetime():
    spread = {"value": 4.5, "unit": "year", "distribution": "lognormal", "low": 3.0, "high": 7.0}
    made = in_use("weibull", "mid_year", numbers={"scale": [spread]})
    found = solved(made, samples=300)
    scale = found["parameter"].isel(period=0).sel(cell="scale").to_numpy()
    curve = survival_curve("weibull", (np.full(300, 1.7), scale), len(INFLOW), "mid_year")
    expected = by_lifetime(np.repeat(np.array(INFLOW)[:, None], 300, axis=1), curve)
    np.testing.assert_allclose(stock(found), expected.content.T, rtol=1e-12)
    few = solved(made, samples=2)
    assert np.array_equal(stock(few), stock(found)[:2])  # to the bit
    assert np.array_equal(stock(solved(made, samples=300, workers=2)), stock(found))


def test_lifetimes_may_change_with_the_years():
    means = [2.0, 2.0, 4.0, 4.0, 1.0, 1.0, 3.0, 3.0]
    found = solved(in_use("fixed", numbers={"mean": yearly(means, "year")}))
    left = np.zeros(30)
    for year, (entered, mean) in enumerate(zip(INFLOW, means, strict=True)):
        left[year + int(mean)] += entered  # each cohort leaves by the lifetime of the year it entered in
    np.testing.assert_allclose(flow(found, "discarded")[0], left[: len(INFLOW)], atol=1e-12)


def test_lifetimes_in_months_are_lifetimes_in_years():
    found = solved(in_use("fixed", numbers={"mean": (2.5, "year")}))
    with pytest.raises(CemfaError, match="product-dimension"):
        in_use("fixed", numbers={"mean": (900.0, "day")})
    assert stock(found)[0, 1] == pytest.approx(7.5)


def test_a_content_in_a_layer_is_held_in_that_layer():
    made = model(
        {
            "use": {"stock": {"lifetime": "fixed", "mean": "mean", "starts": "empty", "content": ["places", "each"],
                              "basis": "dry"}},
            "dump": {"sink": True},
        },
        {
            "bought": {"from": "outside", "to": "use", "fills": "stock"},
            "gone": {"from": "use", "to": "dump", "share": 1},
        },
        {"places": (50.0, "person"), "each": (0.2, "t/person"), "mean": (3.0, "year")},
        years=(2020, 2025),
        layers={"mass": ["dry", "water"]},
        composition=[{"good": "stuff", "layer": "water", "value": 0.2}],
    )  # fmt: skip
    found = solved(made)
    np.testing.assert_allclose(stock(found, 0)[0], 10.0)
    np.testing.assert_allclose(stock(found, 1)[0], 2.5)
    np.testing.assert_allclose(flow(found, "bought")[0], [10, 0, 0, 10, 0, 0], atol=1e-12)


def test_a_content_that_shrinks_too_fast_is_refused_or_retired():
    content = [10.0, 10.0, 4.0, 5.0, 5.0, 5.0, 5.0, 5.0]
    bought = {"from": "outside", "to": "use", "fills": "stock"}
    given = {"content": "wanted", "flows": {"bought": bought}, "numbers": {"wanted": yearly(content, "t")}}
    with pytest.raises(CemfaError, match="stock-inflow-negative") as error:
        solved(in_use("fixed", **given))
    shown = error.value.problems[0].parameters
    assert (shown["process"], shown["year"], shown["sample"], shown["left"]) == ("use", 2022, 0, 10.0)
    found = solved(in_use("fixed", surplus="retire", **given))
    np.testing.assert_allclose(stock(found)[0], content, rtol=1e-12)
    expected = by_content(content, survival_curve("fixed", (2.5,), 8), retire=True)
    np.testing.assert_allclose(flow(found, "bought")[0], expected.inflow, atol=1e-12)
    np.testing.assert_allclose(flow(found, "discarded")[0], expected.outflow, atol=1e-12)


def test_other_inflows_may_not_overfill_a_content():
    flows = {
        "bought": {"from": "outside", "to": "use", "fills": "stock"},
        "given": {"from": "outside", "to": "use", "amount": "gift"},
    }
    numbers = {"wanted": yearly([5.0] * 8, "t"), "gift": (2.0, "t/year")}
    with pytest.raises(CemfaError, match="stock-overfull"):
        solved(in_use("weibull", content="wanted", flows=flows, numbers=numbers | {"gift": (6.0, "t/year")}))
    found = solved(in_use("weibull", content="wanted", flows=flows, numbers=numbers | {"gift": (0.2, "t/year")}))
    np.testing.assert_allclose(stock(found)[0], 5.0)
    assert flow(found, "bought")[0, 0] == pytest.approx(4.8)  # what a gift brings is bought less


def test_what_never_stays_cannot_hold_a_content():
    bought = {"from": "outside", "to": "use", "fills": "stock"}
    numbers = {"wanted": yearly([5.0] * 8, "t"), "mean": (0.4, "year")}
    made = in_use("fixed", "mid_year", content="wanted", flows={"bought": bought}, numbers=numbers)
    with pytest.raises(CemfaError, match="stock-never-fills"):
        solved(made)


def test_absolute_flows_and_delayed_release_mix():
    """A works that takes a fixed tonnage out of what is discarded, the rest to the dump."""
    flows = {
        "taken": {"from": "works", "to": "use", "amount": "taken", "at_most": True},
        "lost": {"from": "use", "to": "dump", "share": "lost"},
        "discarded": {"from": "use", "to": "works", "share": "remainder"},
    }
    numbers = {"taken": (0.5, "t/year"), "lost": 0.1}
    found = solved(in_use("lognormal", "mid_year", flows=flows, numbers=numbers))
    released = flow(found, "lost")[0] + flow(found, "discarded")[0]
    np.testing.assert_allclose(flow(found, "lost")[0], 0.1 * released, rtol=1e-12)
    np.testing.assert_allclose(flow(found, "taken")[0], np.minimum(0.5, flow(found, "discarded")[0]), rtol=1e-10)
    curve = survival_curve("lognormal", (4.0, 2.0), 8, "mid_year")
    expected = by_lifetime(np.array(INFLOW) + flow(found, "taken")[0], curve)
    np.testing.assert_allclose(released, expected.outflow, rtol=1e-9)
    np.testing.assert_allclose(stock(found)[0], expected.content, rtol=1e-12)


def test_lifetimes_may_differ_by_item():
    lasting = {"lifetime": "fixed", "mean": "mean", "starts": "empty"}
    made = model(
        {"use": {"over": ["kind"], "stock": lasting}, "dump": {"sink": True}},
        {
            "bought": {"from": "outside", "to": "use", "amount": "bought"},
            "gone": {"from": "use", "to": "dump", "share": 1},
        },
        {
            "bought": (1.0, "t/year"),
            "mean": [
                {"kind": "short", "value": 2, "unit": "year"}, {"kind": "long", "value": 4, "unit": "year"},
            ],
        },
        years=(2020, 2025),
        dimensions={"kind": ["short", "long"]},
    )  # fmt: skip
    found = solved(made)
    assert stock(found, process="use[short]")[0].tolist() == [1, 2, 2, 2, 2, 2]
    assert stock(found, process="use[long]")[0].tolist() == [1, 2, 3, 4, 4, 4]
