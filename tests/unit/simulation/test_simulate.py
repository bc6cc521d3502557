"""The simulation whole: against the annual balance, against a day-by-day reference, and against itself."""

import math

import numpy as np
import pytest
import xarray as xr
from tests.unit.simulation.town import (
    BLOCKADE,
    FLOOD,
    OUTAGE,
    STORE,
    case_of,
    everything,
    lived,
    town_model,
    town_scenario,
)

from cemfa.errors import DefinitionError, SimulationError
from cemfa.plan import plan_of
from cemfa.results import Request
from cemfa.simulation import simulate, simulate_history, simulate_options
from cemfa.simulation.supply import months_of
from cemfa.system.compile import compile_system
from cemfa.system.layout import System
from cemfa.system.numbers import block_values
from cemfa.system.solve import solve

WHOLE = Request(flows="all")
EVENTS = {"blockade": BLOCKADE, "flood": FLOOD}
BROKEN = {"processes": {"yard": {"outage": OUTAGE}, "digester": {"outage": OUTAGE}}}
STORED = {"processes": {"yard": {"store": STORE}}}
STORED_LAST = {"processes": {"digester": {"store": {"limit": "store_limit"}, "outage": OUTAGE}}}
CIRCLE = {"flows": {"to_digester": {"otherwise": ["to_yard", "put_back"]}}}
EVEN = {"flows": {"food": {"season": None}}}
PRIORITY = {"processes": {"landfill": {"capacity": {"priority": ["rejects"]}}}}
AMOUNT = {
    "flows": {
        "burnt": {"from": "household", "to": "air", "good": "gas", "amount": "leaves_made", "at_most": True},
        "made_up": {
            "from": "outside", "to": "household", "good": "leaves", "ratio": {"of": "food", "times": "reject_share"},
        },
    }
}  # fmt: skip


def run(system: System, option: str = "small", events: dict | None = None, **how: object) -> xr.Dataset:
    settings = {"replications": 4, "workers": 1, "request": WHOLE} | how
    return simulate(system, town_scenario(events), option=option, **settings)


def same(first: xr.Dataset, second: xr.Dataset) -> None:
    ours, theirs = everything(first), everything(second)
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(values, theirs[name]) for name, values in ours.items())


@pytest.mark.parametrize("option", ["as_now", "small", "separated"])
@pytest.mark.parametrize("changes", [{}, AMOUNT], ids=["shares", "amounts"])
def test_with_everything_off_it_is_the_annual_balance(option: str, changes: dict) -> None:
    system = compile_system(town_model(changes))
    simulated = run(system, option, limits=False)
    balance = solve(system, plan=plan_of(town_scenario(), option), samples=4, request=WHOLE, limits=False)
    for name in ("flow_mass", "throughput", "stock", "parameter"):
        np.testing.assert_allclose(simulated[name], balance[name], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("changes", [{}, AMOUNT, PRIORITY], ids=["plain", "amounts", "priority"])
def test_without_seasons_and_events_every_day_is_the_annual_balance(changes: dict) -> None:
    """All days are alike, so limits act on a day as they do on a year."""
    changes = {**changes, "flows": {**EVEN["flows"], **changes.get("flows", {})}}
    system = compile_system(town_model(changes, {"landfill_capacity": 8.0}))
    simulated = run(system, "as_now")
    balance = solve(system, samples=4, request=WHOLE)
    np.testing.assert_allclose(simulated["flow_mass"], balance["flow_mass"], rtol=1e-9, atol=1e-7)


def test_seasons_let_a_plant_take_less_than_the_annual_balance_says() -> None:
    system = compile_system(town_model())
    name = "to_yard"
    simulated = run(system, "as_now").cemfa.select(flow_name=name)["flow_mass"].sum(["layer", "flow"])
    balance = solve(system, samples=4, request=WHOLE).cemfa.select(flow_name=name)["flow_mass"].sum(["layer", "flow"])
    assert (simulated < balance).all()


class Reference:
    """Every day solved whole, in all layers, with dense algebra and plain loops: nothing shared with the product."""

    def __init__(self, system: System, sample: int = 0) -> None:
        self.system = system
        draws = system.sampler.samples(0, sample, 1)
        numbers = block_values(system, draws, None, 0)
        self.share = numbers.coefficient[:, :, 0]
        self.capacity = numbers.capacity_today[:, 0]
        self.lists = dict(system.dispatch.lists())
        self.ranks = {
            (g, int(f)): int(r)
            for g, group in enumerate(system.groups)
            for f, r in zip(group.inflows, group.priority, strict=True)
        }
        self.group = {int(f): g for g, group in enumerate(system.groups) for f in group.inflows}

    def day(self, weights: dict[str, float]) -> np.ndarray:
        """Return the flows (F, L) of one day."""
        accept = dict.fromkeys(self.group, 1.0)
        for _ in range(200):
            flows = self._flows(weights, accept)
            asked = self._asked(flows, accept)
            new = {f: min(1.0, self.capacity[g] / asked[g]) if asked[g] > 0 else 1.0 for f, g in self.group.items()}
            if max(abs(new[f] - accept[f]) for f in new) < 1e-15:
                break
            accept = new
        return flows

    def _coefficients(self, accept: dict[int, float]) -> np.ndarray:
        share = self.share.copy()
        for flow, then in self.lists.items():
            rest = self.share[flow] * (1 - accept[flow])
            share[flow] = share[flow] - rest
            for other in then:
                share[other] = share[other] + rest * accept.get(other, 1.0)
                rest = rest * (1 - accept.get(other, 1.0))
        return share

    def _flows(self, weights: dict[str, float], accept: dict[int, float]) -> np.ndarray:
        system, share = self.system, self._coefficients(accept)
        count = len(system.process_ids)
        flows = np.zeros_like(share)
        for layer in range(share.shape[1]):
            matrix, inputs = np.eye(count), np.zeros(count)
            for f, (s, t) in enumerate(zip(system.source, system.target, strict=True)):
                if s < 0:
                    inputs[t] += share[f, layer] * weights[system.season[f]]
                elif t >= 0:
                    matrix[t, s] -= share[f, layer]
            x = np.linalg.solve(matrix, inputs)
            for f, s in enumerate(system.source):
                flows[f, layer] = share[f, layer] * (weights[system.season[f]] if s < 0 else x[s])
        return flows

    def _asked(self, flows: np.ndarray, accept: dict[int, float]) -> np.ndarray:
        """Return what arrives at each capacity, taken in or not."""
        asked = np.zeros(len(self.capacity))
        x = np.zeros((len(self.system.process_ids), flows.shape[1]))
        for f, t in enumerate(self.system.target):
            if t >= 0:
                x[t] += flows[f]
        for flow, then in self.lists.items():
            rest = float((self.share[flow] * x[self.system.source[flow]])[:2].sum())
            for stop in (flow, *then):
                if stop in self.group:
                    asked[self.group[stop]] += rest
                    rest *= 1 - accept[stop]
        return asked


@pytest.mark.parametrize("changes", [{}, CIRCLE], ids=["in order", "in a circle"])
def test_a_year_is_the_sum_of_days_solved_one_by_one(changes: dict) -> None:
    model = town_model(changes, {"yard_capacity.west": 1.0, "landfill_capacity": 8.0})
    system = compile_system(model)
    reference = Reference(system)
    total = np.zeros_like(reference.share)
    for month in months_of(2023, 0, ["", "peak"], model.seasons):
        total += month.days * reference.day(dict(zip(["", "peak"], month.weight, strict=True)))
    case = case_of(system, town_scenario(), "as_now")
    assert (case.network.strands is None) == bool(changes)
    flows = lived(case, range(1))[0].year.flow[:, :, 0]
    np.testing.assert_allclose(flows, total, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("changes", [{}, BROKEN, AMOUNT, STORED_LAST], ids=["plain", "breakdowns", "amounts", "stores"])
def test_the_quick_way_decides_as_the_general_ways(changes: dict) -> None:
    system, scenario = compile_system(town_model(changes)), town_scenario(EVENTS)
    quick = lived(case_of(system, scenario, "small"), range(3))
    layered = lived(case_of(system, scenario, "small", layered=True), range(3))
    general = lived(case_of(system, scenario, "small", layered=True, ordered=False), range(3))
    assert case_of(system, scenario, "small").network.strands is not None
    for one, two, three in zip(quick, layered, general, strict=True):
        for other in (two, three):
            np.testing.assert_allclose(other.year.flow, one.year.flow, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(other.refused, one.refused, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(other.utilisation, one.utilisation, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "changes", [BROKEN, {**BROKEN, **CIRCLE}, {"processes": {"yard": {"store": STORE, "outage": OUTAGE}}}, AMOUNT],
    ids=["breakdowns", "circle", "stores", "amounts"],
)  # fmt: skip
def test_batches_equal_single_replications_bit_by_bit(changes: dict) -> None:
    system, scenario = compile_system(town_model(changes)), town_scenario(EVENTS)
    case = case_of(system, scenario, "small")
    whole = lived(case, range(5))
    for block in (range(2), range(2, 5), range(3, 4)):
        for all_of, some in zip(whole, lived(case, block), strict=True):
            cut = slice(block.start, block.stop)
            assert np.array_equal(all_of.year.flow[..., cut], some.year.flow)
            assert np.array_equal(all_of.refused[..., cut], some.refused)
            assert np.array_equal(all_of.backlog[..., cut], some.backlog)


def test_results_do_not_depend_on_the_number_of_workers() -> None:
    system = compile_system(town_model(BROKEN))
    same(run(system, events=EVENTS, workers=1), run(system, events=EVENTS, workers=2))


def test_a_shared_history_changes_nothing() -> None:
    system, scenario = compile_system(town_model(BROKEN)), town_scenario(EVENTS)
    history = simulate_history(system, scenario, replications=4, workers=1)
    assert history is not None
    with_it = simulate(system, scenario, option="large", replications=4, request=WHOLE, workers=1, history=history)
    same(with_it, run(system, "large", EVENTS))


def test_many_options_at_once_are_the_options_one_by_one() -> None:
    system, scenario = compile_system(town_model(BROKEN)), town_scenario(EVENTS)
    cases = [("as_now", None), ("large", None), ("large", "half"), ("separated", None)]
    found = simulate_options(system, scenario, cases, replications=4, request=WHOLE, workers=1)
    for (option, stress), results in zip(cases, found, strict=True):
        assert (results.attrs["option"], results.attrs["stress"]) == (option, stress or "")
        same(results, run(system, option, EVENTS, stress=stress))


def test_options_that_differ_in_nothing_differ_by_exactly_zero() -> None:
    system = compile_system(town_model(BROKEN))
    same(run(system, "small", EVENTS), run(system, "small_again", EVENTS))


def test_options_are_alike_until_they_differ() -> None:
    system = compile_system(town_model(BROKEN))
    now, large = run(system, "as_now", EVENTS), run(system, "large", EVENTS)
    first = {"period": 2023}
    assert np.array_equal(now["flow_mass"].sel(first), large["flow_mass"].sel(first))
    assert not np.array_equal(now["flow_mass"].sel(period=2025), large["flow_mass"].sel(period=2025))
    assert np.array_equal(now["available"].sel(group="digester"), large["available"].sel(group="digester"))


def test_stores_keep_what_a_plant_cannot_use_the_same_day() -> None:
    plain, stored = (run(compile_system(town_model(c)), "as_now") for c in ({}, STORED))
    limit = stored["backlog"].sel(store="yard[east]")
    assert float(limit.max()) <= 20.0 * (1 + 1e-12)
    assert float(stored["spoiled"].sum()) > 0
    used = [r["utilisation"].sel(group="yard[east]") for r in (plain, stored)]
    assert (used[1] >= used[0]).all()
    assert (used[1] > used[0]).any()


def test_a_store_balances_over_the_years() -> None:
    """Opening + inflow = closing + throughput + spoiled, summed over the mass layers."""
    results = run(compile_system(town_model(STORED)), "as_now")
    fresh = results.cemfa.layer(results["flow_mass"])
    into = fresh.isel(flow=np.flatnonzero(results["target"] == "yard[east]")).sum("flow")
    used = results.cemfa.layer(results["throughput"]).sel(process="yard[east]")
    content = results["backlog"].sel(store="yard[east]")
    change = content - content.shift(period=1, fill_value=0.0)
    gap = into - used - results["spoiled"].sel(store="yard[east]") - change
    assert float(abs(gap).max()) < 1e-9 * float(into.max())


def test_a_stress_case_halves_what_the_project_takes_in() -> None:
    system = compile_system(town_model())
    whole, half = run(system, "large"), run(system, "large", stress="half")
    west = {"group": "yard[west]", "period": 2025}
    np.testing.assert_allclose(half["available"].sel(west), 0.5 * whole["available"].sel(west), rtol=1e-12)
    np.testing.assert_array_equal(whole["commissioning"], half["commissioning"])


def test_mean_capacity_follows_availability_and_commissioning() -> None:
    """Mean of 200 replications within 4 standard errors of MTBF / (MTBF + MTTR)."""
    system = compile_system(town_model(BROKEN))
    results = run(system, "as_now", replications=200)
    share = results["available"].sel(group="yard[east]") / 4.0
    error = float(share.mean("period").std()) / np.sqrt(200)
    assert float(share.mean()) == pytest.approx(60 / 65, abs=4 * error)


def test_a_blockade_sends_everything_on() -> None:
    system = compile_system(town_model())
    results = run(system, "as_now", {"blockade": BLOCKADE})
    dumped = results.cemfa.select(flow_name=["dumped", "rejects_dumped"])["flow_mass"].sum(["flow", "layer"])
    assert (dumped.sel(period=[2023, 2025]) == 0).all()
    assert (dumped.sel(period=2024) > 0).all()
    refused = results["refused"].sel(group="landfill", period=2024)
    fresh = results.cemfa.select(flow_name=["dumped", "rejects_dumped"]).cemfa.flows().sum("flow").sel(period=2024)
    np.testing.assert_allclose(refused, fresh, rtol=1e-9)


def test_the_event_log_tells_what_happened() -> None:
    results = run(compile_system(town_model(BROKEN)), "small", EVENTS)
    kinds = set(results["event_kind"].to_numpy().tolist())
    assert kinds == {"breakdown", "blockade", "flood", "commissioned"}
    dated = results["event_day"][results["event_kind"] == "blockade"]
    assert set(dated.to_numpy().tolist()) == {365.0 + 175.0}
    assert set(results["event_sample"].to_numpy().tolist()) == {0, 1, 2}


def test_one_replication_uses_central_values() -> None:
    system = compile_system(town_model())
    results = run(system, "as_now", replications=1)
    balance = solve(system, request=WHOLE)
    np.testing.assert_array_equal(results["parameter"], balance["parameter"])


def test_requests_are_served_as_solve_serves_them() -> None:
    system = compile_system(town_model())
    request = Request(flows=("to_yard",), reducers=("mean", "p50"), functions={"half": half_of_flows})
    kept, whole = run(system, request=request), run(system)
    assert kept["flow_quantile"].dims == ("quantile", "period", "layer", "flow")
    np.testing.assert_allclose(kept["flow_mean"], whole["flow_mass"].mean("sample"), rtol=1e-12)
    chosen = np.flatnonzero(whole["flow_name"] == "to_yard")
    np.testing.assert_array_equal(kept["flow_kept"], whole["flow_mass"].isel(flow=chosen))
    np.testing.assert_array_equal(kept["half"], half_of_flows(whole)["half"])


def half_of_flows(results: xr.Dataset) -> xr.Dataset:
    return xr.Dataset({"half": results["flow_mass"].isel(layer=0, flow=0, drop=True) / 2})


def test_what_has_no_other_way_and_does_not_fit_is_an_error() -> None:
    changes = {"flows": {"rejects": {"otherwise": None}, "rejects_dumped": None}}
    system = compile_system(town_model(changes, {"landfill_capacity": 0.1}))
    with pytest.raises(SimulationError, match=r"on 2023-01-01, replication 0: .*'landfill'.*\[gate-overfull\]"):
        run(system, "as_now")


@pytest.mark.parametrize(
    ("how", "code"),
    [({"option": "none"}, "option-unknown"), ({"stress": "none"}, "stress-unknown"),
     ({"replications": 0}, "replications-count")],
)  # fmt: skip
def test_what_does_not_exist_cannot_be_simulated(how: dict, code: str) -> None:
    with pytest.raises(SimulationError, match=rf"\[{code}\]"):
        run(compile_system(town_model()), **how)


def test_a_store_that_states_no_spoilage_spoils_by_the_storage_life_of_what_enters() -> None:
    stated = run(compile_system(town_model({"processes": {"yard": {"store": STORE}}})), "as_now")
    keeps = -1 / math.log(1 - 0.02)  # days: 1 - exp(-1/life) is the 2 % that `STORE` loses in a day
    store = {"limit": "store_limit", "spoiled_to": "loss"}
    changes = {"processes": {"yard": {"store": store}}, "goods": {"mix": {"storage_life": keeps}}}
    found = run(compile_system(town_model(changes)), "as_now")
    assert float(found["spoiled"].sum()) > 0
    np.testing.assert_allclose(found["spoiled"], stated["spoiled"], rtol=1e-9)


def test_spoiled_matter_must_not_need_a_decision() -> None:
    """Neither at the end of its flow, which the definition refuses, nor further on."""
    store = {**STORE, "spoiled_to": "rejects"}
    with pytest.raises(DefinitionError, match=r"\[store-spoils-into\]"):
        town_model({"processes": {"yard": {"store": store}}})
    changes = {
        "processes": {"yard": {"store": {**STORE, "spoiled_to": "put_with_the_rest"}}},
        "flows": {"put_with_the_rest": {"from": "yard", "to": "collection", "good": "mix", "share": 0}},
    }
    with pytest.raises(SimulationError, match=r"\[spoiled-limited\]"):
        run(compile_system(town_model(changes)), "as_now")


def test_months_add_up_to_their_year() -> None:
    """1e-12: differences of sums of the same days."""
    monthly = Request(flows="all", monthly=True)
    system, scenario = compile_system(town_model({**STORED, "flows": AMOUNT["flows"]})), town_scenario(EVENTS)
    results = simulate(system, scenario, option="small", replications=3, workers=1, request=monthly)
    assert results["month"].values[[0, -1]].tolist() == ["2023-01", "2025-12"]
    years = results["month"].str.slice(0, 4).astype(int)
    used = results["utilisation"] * results["available"] * results["days"]
    for name, whole in (("monthly_refused", results["refused"]), ("monthly_intake", used)):
        summed = results[name].groupby(years.rename("period")).sum().transpose(*whole.dims)
        np.testing.assert_allclose(summed, whole, rtol=1e-12, atol=1e-9)
    last = results["monthly_backlog"].sel(month="2025-12")
    np.testing.assert_array_equal(last, results["backlog"].sel(period=2025))
    history = simulate_history(system, scenario, replications=3, workers=1, monthly=True)
    with_it = simulate(system, scenario, option="small", replications=3, workers=1, request=monthly, history=history)
    same(with_it, results)
