"""Periods, samples, plans and stocks through `solve`."""

import datetime

import numpy as np
import pytest
from tests.unit.system.small import SOURCED, layers_of, model

from cemfa.definition.load import read_model, read_scenario
from cemfa.errors import DefinitionError, ResourceError, ResultsError, SolveError
from cemfa.plan import ParameterChange, Plan, plan_of
from cemfa.results import Request
from cemfa.system.capacity import added_capacity, open_share
from cemfa.system.compile import compile_system
from cemfa.system.numbers import bind_plan, block_values
from cemfa.system.solve import solve, solve_years
from cemfa.system.stocks import first_order

T = "t/year"
OUT = {"from": "pool", "to": "outside"}


@pytest.fixture(scope="module")
def town():
    return compile_system(read_model("first_steps"))


@pytest.fixture(scope="module")
def plan():
    return plan_of(read_scenario("first_steps_2030"), "south_yard")


def change(parameter, values, how="set", taken_from=None, unit="1", **place):
    where = tuple(sorted((k, (v,) if isinstance(v, str) else v) for k, v in place.items()))
    return ParameterChange(parameter, where, tuple(values), tuple(values.values()), unit, how, taken_from)


def codes(error):
    return [problem.code for problem in error.value.problems]


def test_central_values_by_hand(town) -> None:
    flows = solve(town)["flow_mass"].sel(sample=0, period=2024)
    fresh = flows.sel(layer="dry_matter") + flows.sel(layer="water")
    arising = 18000 * 0.5e-3 * 366  # 2024 has 366 days
    assert fresh.sel(flow="organics_arising[north,urban]").item() == pytest.approx(arising, rel=1e-12)
    assert fresh.sel(flow="organics_dumped[north,urban]").item() == pytest.approx(0.05 * arising, rel=1e-12)
    hauled = 0.15 * arising + 0.05 * 9000 * 0.35e-3 * 366
    assert fresh.sel(flow="rejects_to_landfill[north]").item() == pytest.approx(0.08 * hauled, rel=1e-12)
    carbon = flows.sel(layer="carbon", flow="compost_made[north]").item()
    assert carbon == pytest.approx(0.40 * 0.25 * 0.45 * hauled, rel=1e-12)  # kept · dry matter · carbon
    assert fresh.sel(flow="organics_to_yard[south,rural]").item() == 0  # nothing stands there


def test_a_capacity_counts_days_breakdowns_projects_and_closures(town, plan) -> None:
    year = 2029
    intake = solve(town, plan=plan)["throughput"].sel(period=year, process="composting_yard[south]")
    fresh = intake.sel(layer=["dry_matter", "water"]).values.sum()
    working = 90 / (90 + 4)
    opened = 1 - 0.5 * 6 / 365  # half a flood a year, six days each
    population = {"urban": 6000 + 600 * 5 / 8, "rural": 22000 - 500 * 5 / 8}
    asked = sum(
        share * population[where] * per_head * 365
        for share, where, per_head in ((0.3375, "urban", 0.5e-3), (0.3875, "rural", 0.35e-3))
    )
    assert fresh == pytest.approx(min(asked, 5 * working * opened * 365), rel=1e-12)


def test_a_project_works_from_its_trial_run_on(town, plan) -> None:
    added = added_capacity(town, plan)
    south = town.group_names.index("composting_yard[south]")
    by_year = dict(zip(town.years, added[:, south].tolist(), strict=True))
    assert by_year[2026] == 0
    assert 0 < by_year[2027] < 5  # decided in March 2026, twelve months, then half of it for three months
    assert by_year[2028] == 5


def test_dated_and_random_events_close_by_their_days(town, plan) -> None:
    opened = open_share(town, plan)
    south, north = (town.group_names.index(f"composting_yard[{d}]") for d in ("south", "north"))
    assert opened[0, south] == pytest.approx(1 - 3 / 366)
    assert opened[0, north] == 1


def test_a_project_without_a_capacity_to_add_to_is_refused(town, plan) -> None:
    lost = plan.built[0].__class__(**{
        **{f: getattr(plan.built[0], f) for f in plan.built[0].__dataclass_fields__}, "process": "landfill",
    })  # fmt: skip
    with pytest.raises(DefinitionError) as wrong:
        solve(town, plan=Plan(built=(lost,)))
    assert codes(wrong) == ["project-without-capacity"]


@pytest.mark.parametrize("workers", [1, 2])
def test_results_do_not_depend_on_the_workers(town, plan, workers) -> None:
    one = solve(town, plan=plan, samples=600, seed=5, workers=1)
    other = solve(town, plan=plan, samples=600, seed=5, workers=workers)
    assert one.identical(other)


def test_a_sample_of_a_block_is_that_sample_alone(town, plan) -> None:
    draws = town.sampler.block(7, 0)
    bound, added, opened = bind_plan(town, plan), added_capacity(town, plan), open_share(town, plan)
    together = list(solve_years(town, draws, bound, added, opened))
    for sample in (0, 100, 255):
        alone = solve_years(town, draws[:, sample : sample + 1], bound, added, opened)
        for whole, single in zip(together, alone, strict=True):
            assert (whole.flow[:, :, sample] == single.flow[:, :, 0]).all()
            assert (whole.stock[:, :, sample] == single.stock[:, :, 0]).all()


def test_more_samples_leave_the_first_ones_unchanged(town) -> None:
    few = solve(town, samples=10, seed=1, request=Request(flows="all"))
    more = solve(town, samples=300, seed=1, request=Request(flows="all"))
    assert (few["flow_mass"].values == more["flow_mass"].values[:10]).all()
    other = solve(town, samples=10, seed=2, request=Request(flows="all"))
    assert (few["flow_mass"].values != other["flow_mass"].values).any()


def test_reductions_are_those_of_the_samples(town) -> None:
    whole = solve(town, samples=100, seed=1, request=Request(flows="all"))["flow_mass"]
    reduced = solve(town, samples=100, seed=1, request=Request(flows=("compost_made",)))
    np.testing.assert_allclose(reduced["flow_mean"], whole.values.mean(axis=0), rtol=1e-12, atol=1e-12)
    low = np.quantile(whole.values, 0.05, axis=0)
    np.testing.assert_allclose(reduced["flow_quantile"][0], low, rtol=1e-12, atol=1e-12)
    kept = reduced["flow_kept"]
    assert kept["kept_flow"].values.tolist() == ["compost_made[north]", "compost_made[south]"]
    assert (kept.values == whole.sel(flow=kept["kept_flow"].values).values).all()


def test_unknown_flows_and_impossible_requests_are_refused(town, monkeypatch) -> None:
    with pytest.raises(ResultsError) as unknown:
        solve(town, samples=2, request=Request(flows=("nowhere",)))
    assert codes(unknown) == ["request-flow"]
    with pytest.raises(SolveError) as none:
        solve(town, samples=0)
    assert codes(none) == ["samples-count"]
    monkeypatch.setattr("cemfa.system.footprint.SHARE_OF_MEMORY", 1e-12)
    with pytest.raises(ResourceError) as large:
        solve(town, samples=1000, request=Request(flows="all"))
    assert codes(large) == ["samples-memory"]


def test_changes_act_by_place_and_year(town) -> None:
    ramp = Plan(changes=(change("separated", {2026: 0.2, 2030: 0.4}, settlement="urban", district="north"),))
    before, after = solve(town), solve(town, plan=ramp, limits=False)
    free = solve(town, limits=False)

    def ratio(results, flow, year):
        def fresh(name):
            return results["flow_mass"].sel(sample=0, period=year, flow=name).values[:2].sum()

        return fresh(f"organics_to_yard{flow}") / fresh(f"organics_arising{flow}")

    assert ratio(after, "[north,urban]", 2025) == pytest.approx(0.15)
    assert ratio(after, "[north,urban]", 2028) == pytest.approx(0.3)
    assert ratio(after, "[north,urban]", 2032) == pytest.approx(0.4)
    for untouched in ("[south,urban]", "[north,rural]"):
        assert ratio(after, untouched, 2030) == pytest.approx(ratio(free, untouched, 2030), rel=1e-14)
    assert before.attrs["limits"] == 1


@pytest.mark.parametrize(
    ("how", "value", "expected"), [("set", 0.5, 0.5), ("add", 0.2, 0.5), ("multiply", 2, 0.6), ("at_least", 0.1, 0.3)]
)
def test_how_a_change_joins_the_sampled_value(how, value, expected) -> None:
    flows = {
        "arising": {"from": "outside", "to": "pool", "amount": "a"},
        "one": {**OUT, "share": "one"}, "two": {**OUT, "share": "remainder"},
    }  # fmt: skip
    small = model({"pool": {}}, flows, {"a": (100.0, T), "one": 0.3})
    found = layers_of(small, plan=Plan(changes=(change("one", {2020: value}, how=how),)))["mass"]
    assert found["one"] == pytest.approx(100 * expected)


def shares_after(taken_from, value=0.5, group=None):
    rows = {"one": 0.2, "two": 0.1, "three": 0.7}
    numbers = {"a": (100.0, T), **{
        k: [{"value": v, "group": group or "", "concentration": 50 if group else "",
             "distribution": "dirichlet" if group else "constant"}] for k, v in rows.items()
    }}  # fmt: skip
    flows = {"arising": {"from": "outside", "to": "pool", "amount": "a"}, **{k: {**OUT, "share": k} for k in rows}}
    plan = Plan(changes=(change("one", {2020: value}, taken_from=taken_from),))
    found = layers_of(model({"pool": {}}, flows, numbers), plan=plan)["mass"]
    return [found[k] for k in rows]


def test_a_share_is_taken_from_others_in_order() -> None:
    assert shares_after(("two", "three")) == pytest.approx([50, 0, 50])
    assert shares_after(("three", "two")) == pytest.approx([50, 10, 40])
    assert shares_after(("two", "three"), value=0.1) == pytest.approx([10, 20, 70])  # what is freed goes to the first


def test_a_share_that_cannot_be_taken_is_refused() -> None:
    with pytest.raises(SolveError) as wrong:
        shares_after(("two",))
    assert codes(wrong) == ["change-taken"]
    assert wrong.value.problems[0].parameters["missing"] == pytest.approx(0.2)


def test_a_group_is_scaled_in_proportion() -> None:
    assert shares_after("proportional", group="split") == pytest.approx([50, 6.25, 43.75])


def test_a_change_that_reaches_nothing_is_refused(town) -> None:
    lost = (change("separated", {2026: 0.2}, district="east"), change("nothing", {2026: 1.0}))
    with pytest.raises(DefinitionError) as wrong:
        solve(town, plan=Plan(changes=lost))
    assert codes(wrong) == ["change-place", "change-parameter"]


def landfill(history):
    return model(
        {"tip": {"stock": {"decay": "first_order", "layer": "carbon", "rate": "rate", "degradable": "part",
                           "history": "before.csv"}}},
        {
            "arising": {"from": "outside", "to": "tip", "amount": "a"},
            "gas": {"from": "tip", "to": "outside", "share": "remainder", "good": "gas"},
        },
        {"a": (100.0, T), "rate": (0.4, "1/year"), "part": 0.6},
        layers={"mass": ["dry"], "contained": {"carbon": "dry"}}, years=(2021, 2025),
        goods={"gas": {"status": "gas"}},
        composition=[{"good": "stuff", "layer": "carbon", "value": 0.5, "per": "dry"}],
        tables={"before": [{"process": "tip", "layer": "carbon", "unit": T, **SOURCED, **h} for h in history]},
    )  # fmt: skip


def test_a_landfill_releases_by_first_order_decay_from_the_year_after() -> None:
    past = [30.0, 20.0]
    system = compile_system(landfill([{"year": 2019 + i, "value": v} for i, v in enumerate(past)]))
    results = solve(system)
    expected = first_order([0.6 * d for d in (*past, *[50.0] * 5)], 0.4)
    released = results["flow_mass"].sel(sample=0, layer="carbon", flow="gas").values
    np.testing.assert_allclose(released, expected.outflow[2:], rtol=1e-12)
    kept = results["stock"].sel(sample=0, layer="carbon", stock_process="tip").values
    np.testing.assert_allclose(kept, np.cumsum([*past, *[50.0] * 5])[2:] - np.cumsum(expected.outflow)[2:], rtol=1e-12)
    assert results["throughput"].sel(sample=0, layer="carbon", process="tip").values.tolist() == released.tolist()


def test_a_year_between_two_rows_is_interpolated_and_held() -> None:
    flows = {"in": {"from": "outside", "to": "pool", "amount": "a"}, "out": {**OUT, "share": "remainder"}}
    rows = [{"value": v, "unit": T, "year": y, "hold": "yes"} for y, v in ((2021, 10.0), (2025, 30.0))]
    system = compile_system(model({"pool": {}}, flows, {"a": rows}, years=(2020, 2026)))
    found = solve(system)["flow_mass"].sel(sample=0, flow="in").values.ravel()
    np.testing.assert_allclose(found, [10, 10, 15, 20, 25, 30, 30], rtol=1e-14)


def test_years_without_a_value_are_named() -> None:
    flows = {"in": {"from": "outside", "to": "pool", "amount": "a"}, "out": {**OUT, "share": "remainder"}}
    good = model({"pool": {}}, flows, {"a": [{"value": 1.0, "unit": T, "year": 2021}]})
    longer = good.model_copy(update={"periods": good.periods.model_copy(update={"last": 2022})})
    with pytest.raises(DefinitionError) as wrong:
        compile_system(longer)
    assert codes(wrong) == ["year-missing"]


def test_alternatives_are_used_where_they_are_assumed() -> None:
    flows = {"in": {"from": "outside", "to": "pool", "amount": "a"}, "out": {**OUT, "share": "remainder"}}
    rows = [{"value": 1.0, "unit": T}, {"value": 2.0, "unit": T, "alternative": "local"}]
    small = model({"pool": {}}, flows, {"a": rows})
    for assume, expected in (({}, 1.0), ({"a": "local"}, 2.0)):
        system = compile_system(small, assume=assume)
        assert solve(system)["flow_mass"].sel(flow="in").item() == expected


def test_remainders_keep_their_digits(town) -> None:
    numbers = block_values(town, town.sampler.central()[:, None], None, 0)
    rest = town.flow_ids.index("organics_to_landfill[north,urban]")
    assert numbers.coefficient[rest].ravel().tolist() == [0.8] * 4  # plain subtraction leaves 0.7999999999999999


def test_dates_of_a_plan_are_calendar_days(plan) -> None:
    assert plan.central_courses()[0].steps[0][0] == datetime.date(2027, 3, 1)


def crowded(spread):
    wide = {"distribution": "uniform", "low": 0.5, "high": 0.9} if spread else {}
    return compile_system(model(
        {"pool": {}},
        {
            "in": {"from": "outside", "to": "pool", "amount": "a"},
            "made": {**OUT, "share": {"dry": "dry", "carbon": "carbon"}, "good": "char"},
            "gas": {**OUT, "share": "remainder", "good": "gas"},
        },
        {"a": (100.0, T), "dry": 0.35, "carbon": [{"value": 0.7 if spread else 0.9, **wide}]},
        layers={"mass": ["dry"], "contained": {"carbon": "dry"}},
        goods={"char": {"status": "product"}, "gas": {"status": "gas"}},
        composition=[{"good": "stuff", "layer": "carbon", "value": 0.5, "per": "dry"}],
    ))  # fmt: skip


def test_more_carbon_than_dry_matter_is_an_error_in_central_values_but_not_in_gas() -> None:
    with pytest.raises(SolveError) as wrong:
        solve(crowded(spread=False))
    assert codes(wrong) == ["contained-exceeds"]
    assert wrong.value.problems[0].parameters["good"] == "char"


def test_in_samples_it_is_counted_per_good() -> None:
    system = crowded(spread=True)
    results = solve(system, samples=300, seed=2, request=Request(flows="all"))
    flows = results["flow_mass"].sel(flow="made")
    expected = int((flows.sel(layer="carbon") > flows.sel(layer="dry")).sum())
    assert 0 < expected < 300
    assert results.attrs["overfull"] == f'{{"char": {expected}}}'
