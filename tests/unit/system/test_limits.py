"""Capacities, demands, absolute flows, ratios and stated moisture against what one computes by hand."""

import numpy as np
import pytest
from tests.unit.system.small import balance, layers_of, model

from cemfa.errors import BalanceError, ClosedLoopError, DefinitionError, SolveError
from cemfa.results import Request
from cemfa.system.balance import largest_residual
from cemfa.system.compile import compile_system
from cemfa.system.limits import settle
from cemfa.system.numbers import bind_plan, block_values
from cemfa.system.solve import solve

T = "t/year"
DAYS = 365
POOL = {"arising": {"from": "outside", "to": "pool", "amount": "arising"}}
WET = {"mass": ["dry", "water"]}


def per_day(tonnes: float) -> tuple[float, str]:
    return tonnes / DAYS, "t/d"


def codes(error: pytest.ExceptionInfo) -> list[str]:
    return [problem.code for problem in error.value.problems]


def town(capacity: float, **flows: dict) -> object:
    processes = {
        "pool": {}, "plant": {"capacity": {"parameter": "capacity"}}, "second": {"capacity": {"parameter": "other"}},
        "dump": {"sink": True}, "out": {"sink": True},
    }  # fmt: skip
    base = {
        "hauled": {"from": "pool", "to": "plant", "share": "hauled", "otherwise": ["to_second", "dumped"]},
        "to_second": {"from": "pool", "to": "second", "share": "second", "otherwise": ["dumped"]},
        "dumped": {"from": "pool", "to": "dump", "share": "remainder"},
        "made": {"from": "plant", "to": "out", "share": "remainder"},
        "made_second": {"from": "second", "to": "out", "share": "remainder"},
    }
    numbers = {"arising": (100.0, T), "hauled": 0.6, "second": 0.1, "capacity": per_day(capacity), "other": per_day(25)}
    return model(processes, {**POOL, **base, **flows}, numbers)


def test_refused_mass_follows_the_list_as_far_as_it_must() -> None:
    found = balance(town(40))
    # 60 offered, 40 taken; 20 + 10 offered to the second one, which takes 25 and sends a sixth of each on
    assert found["hauled"] == pytest.approx(40, rel=1e-12)
    assert found["to_second"] == pytest.approx(25, rel=1e-12)
    assert found["dumped"] == pytest.approx(35, rel=1e-12)


def test_no_limits_is_the_linear_solution() -> None:
    found = balance(town(40), limits=False)
    assert found == pytest.approx({
        "arising": 100, "hauled": 60, "to_second": 10, "dumped": 30, "made": 60, "made_second": 10,
    })  # fmt: skip


def test_a_large_capacity_changes_nothing() -> None:
    assert balance(town(1000)) == balance(town(1000), limits=False)


def test_a_capacity_of_nothing_takes_nothing_in() -> None:
    found = balance(town(0))
    assert found["hauled"] == 0
    assert found["made"] == 0


def shared(priority: list[str]) -> dict[str, float]:
    over = {"over": ["kind"]}
    small = model(
        {"pool": over, "plant": {**over, "capacity": {"parameter": "capacity", "over": [], "priority": priority}},
         "dump": {"sink": True}},
        {
            "arising": {"from": "outside", "to": "pool", "amount": "arising"},
            "first": {"from": "pool", "to": "plant", "share": "half", "otherwise": ["dumped"]},
            "second": {"from": "pool", "to": "plant", "share": "quarter", "otherwise": ["dumped"]},
            "dumped": {"from": "pool", "to": "dump", "share": "remainder"},
            "made": {"from": "plant", "to": "outside", "share": "remainder"},
        },
        {"arising": (100.0, T), "half": 0.5, "quarter": 0.25, "capacity": per_day(120)},
        dimensions={"kind": ["soft", "hard"]},
    )  # fmt: skip
    return balance(small)


def test_copies_share_a_capacity_pro_rata() -> None:
    found = shared([])
    for kind in ("soft", "hard"):  # 150 offered, 120 taken
        assert found[f"first[{kind}]"] == pytest.approx(40, rel=1e-12)
        assert found[f"second[{kind}]"] == pytest.approx(20, rel=1e-12)


def test_priority_is_admitted_first() -> None:
    found = shared(["first"])
    assert found["first[soft]"] == pytest.approx(50, rel=1e-12)
    assert found["second[hard]"] == pytest.approx(10, rel=1e-12)


def with_import(imported: float, capacity: float) -> object:
    extra = {"bought": {"from": "outside", "to": "plant", "amount": "bought"}}
    small = {
        "processes": {"pool": {}, "plant": {"capacity": {"parameter": "capacity"}}, "dump": {"sink": True}},
        "flows": {
            **POOL, **extra,
            "hauled": {"from": "pool", "to": "plant", "share": "half", "otherwise": ["dumped"]},
            "dumped": {"from": "pool", "to": "dump", "share": "remainder"},
            "made": {"from": "plant", "to": "outside", "share": "remainder"},
        },
    }  # fmt: skip
    numbers = {"arising": (100.0, T), "half": 0.5, "bought": (imported, T), "capacity": per_day(capacity)}
    return model(small["processes"], small["flows"], numbers)


def test_what_cannot_be_refused_comes_first() -> None:
    found = balance(with_import(30, 60))
    assert found["bought"] == 30
    assert found["hauled"] == pytest.approx(30, rel=1e-12)


def test_what_cannot_be_refused_may_not_exceed_the_capacity() -> None:
    with pytest.raises(SolveError) as wrong:
        balance(with_import(70, 60))
    assert codes(wrong) == ["capacity-exceeded"]
    assert wrong.value.problems[0].parameters["group"] == "plant"


@pytest.mark.parametrize("gain", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("part", [0.05, 0.5, 0.95])
def test_a_plant_that_gets_its_rejects_back_stays_at_its_capacity(gain: float, part: float) -> None:
    # pool x = 100 + gain · intake, all of it offered; without limit the intake is 100 / (1 - gain)
    capacity = part * 100 / (1 - gain)
    small = model(
        {"pool": {}, "plant": {"capacity": {"parameter": "capacity"}}, "dump": {"sink": True}},
        {
            **POOL,
            "hauled": {"from": "pool", "to": "plant", "share": 1, "otherwise": ["dumped"]},
            "dumped": {"from": "pool", "to": "dump", "refused": True},
            "back": {"from": "plant", "to": "pool", "share": "gain"},
            "made": {"from": "plant", "to": "outside", "share": "remainder"},
        },
        {"arising": (100.0, T), "gain": gain, "capacity": per_day(capacity)},
    )
    found = balance(small)
    assert found["hauled"] == pytest.approx(capacity, rel=1e-9)
    assert found["dumped"] == pytest.approx(100 + gain * capacity - capacity, rel=1e-9)


@pytest.mark.parametrize("gain", [0.1, 0.5, 0.6, 0.9, 0.99])
def test_a_demand_in_a_loop_counts_what_comes_back(gain: float) -> None:
    small = model(
        {"stall": {"demand": "needed"}},
        {
            "own": {"from": "outside", "to": "stall", "amount": "own"},
            "bought": {"from": "outside", "to": "stall", "fills": "demand"},
            "again": {"from": "stall", "to": "stall", "share": "gain"},
            "used": {"from": "stall", "to": "outside", "share": "remainder"},
        },
        {"own": (0.5, T), "needed": (100.0, T), "gain": gain},
    )
    found = balance(small)
    assert found["again"] == pytest.approx(100 * gain, rel=1e-12)
    assert found["bought"] == pytest.approx(100 * (1 - gain) - 0.5, rel=1e-11)


def store(at_most: bool, amount: float) -> object:
    return model(
        {"pool": {}, "dump": {"sink": True}},
        {
            "arising": {"from": "outside", "to": "pool", "amount": "arising", "good": "wet"},
            "sold": {"from": "pool", "to": "outside", "amount": "sold", "at_most": at_most, "good": "wet"},
            "first": {"from": "pool", "to": "dump", "share": {"dry": "most", "water": "least"}, "good": "wet"},
            "rest": {"from": "pool", "to": "dump", "share": "remainder", "good": "wet"},
        },
        {"arising": (100.0, T), "sold": (amount, T), "most": 0.75, "least": 0.25},
        layers=WET, goods={"wet": {}}, composition=[{"good": "wet", "layer": "water", "value": 0.8}],
    )  # fmt: skip


def test_an_amount_leaves_first_with_the_composition_of_the_throughput() -> None:
    found = layers_of(store(at_most=False, amount=40))
    assert found["mass"]["sold"] == pytest.approx(40, rel=1e-12)
    assert found["water"]["sold"] == pytest.approx(32, rel=1e-12)
    assert found["dry"]["first"] == pytest.approx(0.75 * 12, rel=1e-12)
    assert found["water"]["rest"] == pytest.approx(0.75 * 48, rel=1e-12)


def test_more_than_there_is_names_process_year_and_sample() -> None:
    with pytest.raises(SolveError) as wrong:
        balance(store(at_most=False, amount=140))
    assert codes(wrong) == ["amount-short"]
    shown = wrong.value.problems[0].parameters
    assert (shown["process"], shown["year"], shown["sample"]) == ("pool", 2021, 0)
    assert shown["percent"] == pytest.approx(100 * 40 / 140)


def test_at_most_takes_what_there_is() -> None:
    found = layers_of(store(at_most=True, amount=140))["mass"]
    assert found["sold"] == pytest.approx(100, rel=1e-12)
    assert found["first"] == found["rest"] == 0


def test_an_amount_inside_a_loop_settles() -> None:
    small = model(
        {"pool": {}, "plant": {}},
        {
            **POOL,
            "sold": {"from": "pool", "to": "outside", "amount": "sold"},
            "worked": {"from": "pool", "to": "plant", "share": "remainder"},
            "back": {"from": "plant", "to": "pool", "share": "gain"},
            "made": {"from": "plant", "to": "outside", "share": "remainder"},
        },
        {"arising": (100.0, T), "sold": (95.0, T), "gain": 0.99},
    )
    found = balance(small)
    # worked = pool - sold, pool = 100 + 0.99 · worked
    assert found["worked"] == pytest.approx((100 - 95) / (1 - 0.99), rel=1e-9)
    assert found["sold"] == pytest.approx(95, rel=1e-9)


def herd(straw: float) -> dict[str, dict[str, float]]:
    return layers_of(model(
        {"field": {}, "cattle": {"demand": ["demand"]}, "sold": {"sink": True}},
        {
            "arising": {"from": "outside", "to": "field", "amount": "arising"},
            "fed": {"from": "field", "to": "cattle", "share": "fed"},
            "other": {"from": "field", "to": "sold", "share": "remainder"},
            "bought": {"from": "outside", "to": "cattle", "fills": "demand", "good": "hay"},
            "gone": {"from": "cattle", "to": "outside", "share": "remainder", "good": "dung"},
        },
        {"arising": (straw, T), "fed": 0.5, "demand": per_day(60)},
        layers=WET, goods={"hay": {}, "dung": {"status": "product"}},
        composition=[{"good": g, "layer": "water", "value": w} for g, w in (("stuff", 0.5), ("hay", 0.1))],
    ))  # fmt: skip


def test_an_import_fills_what_a_demand_lacks() -> None:
    found = herd(80)
    assert found["mass"]["bought"] == pytest.approx(20, rel=1e-12)
    assert found["water"]["bought"] == pytest.approx(2, rel=1e-12)
    assert found["mass"]["gone"] == pytest.approx(60, rel=1e-12)


def test_a_demand_that_is_met_imports_nothing() -> None:
    assert herd(200)["mass"]["bought"] == 0


def ratios(**flows: dict) -> dict[str, float]:
    numbers = {"arising": (100.0, T), "share": 0.4, "times": 0.5}
    extra = {"rest": {"from": "pool", "to": "outside", "share": "remainder"}}
    return balance(model({"pool": {}}, {**POOL, **extra, **flows}, numbers))


def test_a_ratio_follows_a_share_a_remainder_an_amount_or_an_inflow() -> None:
    out = {"from": "pool", "to": "outside"}
    share = ratios(one={**out, "share": "share"}, two={**out, "ratio": {"of": "one", "times": "times"}})
    assert (share["one"], share["two"], share["rest"]) == pytest.approx((40, 20, 40))
    rest = ratios(two={**out, "ratio": {"of": "rest", "times": "times"}})
    assert (rest["two"], rest["rest"]) == pytest.approx((100 / 3, 200 / 3))
    inflow = ratios(two={**out, "ratio": {"of": "arising", "times": "times"}})
    assert (inflow["two"], inflow["rest"]) == pytest.approx((50, 50))


def test_an_import_follows_an_inflow() -> None:
    added = ratios(added={"from": "outside", "to": "pool", "ratio": {"of": "arising", "times": "times"}})
    assert (added["added"], added["rest"]) == pytest.approx((50, 150))


def compost(moisture: float, water: float) -> dict[str, dict[str, float]]:
    return layers_of(model(
        {"windrow": {}},
        {
            "fed": {"from": "outside", "to": "windrow", "amount": "fed"},
            "made": {"from": "windrow", "to": "outside", "share": {"dry": "kept", "water": "by_moisture"},
                     "good": "compost"},
            "lost": {"from": "windrow", "to": "outside", "share": "remainder"},
        },
        {"fed": (100.0, T), "kept": 0.5},
        layers=WET, goods={"compost": {}},
        composition=[{"good": "stuff", "layer": "water", "value": water},
                     {"good": "compost", "layer": "water", "value": moisture}],
    ))  # fmt: skip


def test_a_product_holds_the_water_its_moisture_states() -> None:
    found = compost(0.4, 0.7)
    assert found["dry"]["made"] == pytest.approx(15, rel=1e-12)
    assert found["water"]["made"] == pytest.approx(10, rel=1e-12)  # 10 of 25 is 40 %
    assert found["water"]["lost"] == pytest.approx(60, rel=1e-12)


def test_missing_water_is_asked_for() -> None:
    with pytest.raises(SolveError) as wrong:
        compost(0.9, 0.5)
    assert codes(wrong) == ["moisture-short"]


def test_in_samples_a_product_without_enough_water_is_drier_and_counted() -> None:
    numbers = {"fed": (100.0, T), "kept": [{"value": 0.5, "distribution": "uniform", "low": 0.4, "high": 0.6}]}
    small = model(
        {"windrow": {}},
        {
            "fed": {"from": "outside", "to": "windrow", "amount": "fed"},
            "made": {"from": "windrow", "to": "outside", "share": {"dry": "kept", "water": "by_moisture"},
                     "good": "compost"},
            "lost": {"from": "windrow", "to": "outside", "share": "remainder"},
        },
        numbers, layers=WET, goods={"compost": {}},
        composition=[{"good": "stuff", "layer": "water", "value": 0.5},
                     {"good": "compost", "layer": "water", "value": 0.66}],
    )  # fmt: skip
    found = solve(compile_system(small), samples=100, seed=3, request=Request(flows="all"))
    made, lost = (found["flow_mass"].sel(flow=name, period=2021) for name in ("made", "lost"))
    dry = made.sel(layer="dry").values * 0.66 / 0.34 > 50.0
    assert 0 < dry.sum() < 100
    np.testing.assert_allclose(made.sel(layer="water").values[dry], 50.0, rtol=1e-12)
    assert (lost.sel(layer="water").values[dry] == 0).all()
    assert found.attrs["short_of_water"] == f'{{"compost": {dry.sum()}}}'


def test_a_loop_without_outlet_is_named() -> None:
    small = model(
        {"a": {}, "b": {}, "c": {}},
        {
            "in": {"from": "outside", "to": "a", "amount": "x"},
            "ab": {"from": "a", "to": "b", "share": 1},
            "bc": {"from": "b", "to": "c", "share": {"dry": 1, "water": "half"}},
            "cb": {"from": "c", "to": "b", "share": 1},
            "bo": {"from": "b", "to": "outside", "share": "remainder"},
        },
        {"x": (1.0, T), "half": 0.5},
        layers=WET, composition=[{"good": "stuff", "layer": "water", "value": 0.5}],
    )  # fmt: skip
    with pytest.raises(ClosedLoopError) as wrong:
        balance(small)
    shown = wrong.value.problems[0].parameters
    assert (shown["processes"], shown["layer"], shown["year"]) == (["b", "c"], "dry", 2021)


@pytest.mark.parametrize(("first", "second", "code"), [(0.7, 0.4, "shares-above-one"), (0.3, 0.4, "shares-below-one")])
def test_shares_that_do_not_add_up_are_refused(first: float, second: float, code: str) -> None:
    out = {"from": "pool", "to": "outside"}
    small = model(
        {"pool": {}}, {**POOL, "one": {**out, "share": "one"}, "two": {**out, "share": "two"}},
        {"arising": (1.0, T), "one": first, "two": second},
    )  # fmt: skip
    with pytest.raises(SolveError) as wrong:
        balance(small)
    assert codes(wrong) == [code]
    assert wrong.value.problems[0].parameters["sum"] == pytest.approx(first + second)


def test_a_remainder_below_zero_is_refused() -> None:
    out = {"from": "pool", "to": "outside"}
    flows = {**POOL, "one": {**out, "share": "one"}, "two": {**out, "share": "one"}, "r": {**out, "share": "remainder"}}
    with pytest.raises(SolveError) as wrong:
        balance(model({"pool": {}}, flows, {"arising": (1.0, T), "one": 0.6}))
    assert codes(wrong) == ["shares-above-one"]


def test_limits_that_chase_each_other_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cemfa.system.limits.PASSES", 2)
    with pytest.raises(SolveError) as wrong:
        balance(town(40))
    assert codes(wrong) == ["limits-unsettled"]
    assert wrong.value.problems[0].parameters["processes"] == ["second"]


def test_a_balance_that_is_broken_is_noticed() -> None:
    system = compile_system(town(40))
    numbers = block_values(system, system.sampler.central()[:, None], bind_plan(system, None), 0)
    flows = settle(system, numbers).flows
    assert largest_residual(system, flows, year=2021) < 1e-12
    flows[system.flow_ids.index("made")] *= 1 + 1e-6
    with pytest.raises(BalanceError, match="plant"):
        largest_residual(system, flows, year=2021)
    flows[0] = -1.0
    with pytest.raises(BalanceError) as negative:
        largest_residual(system, flows, year=2021)
    assert codes(negative) == ["flow-impossible"]


def test_everything_that_cannot_be_resolved_is_listed_at_once() -> None:
    small = model(
        {"pool": {}, "out": {"sink": True}},
        {
            **POOL,
            "one": {"from": "pool", "to": "out", "share": "remainder"},
            "two": {"from": "pool", "to": "out", "share": "two"},
        },
        {"arising": (1.0, T), "two": 0.5},
    )
    broken = small.model_copy(update={
        "parameters": tuple(r for r in small.parameters if r.parameter != "two"),
        "processes": {**small.processes, "out": small.processes["pool"]},
    })  # fmt: skip
    with pytest.raises(DefinitionError) as wrong:
        compile_system(broken)
    assert sorted(codes(wrong)) == ["parameter-cell", "process-outlet"]


def test_a_solve_reports_its_residual_and_days() -> None:
    results = solve(compile_system(town(40)))
    assert 0 <= results.attrs["residual"] < 1e-12
    assert results["days"].values.tolist() == [DAYS]
