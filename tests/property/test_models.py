"""Properties of whole models: what cannot matter does not, and every box closes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.property.sizes import drawn

from cemfa import compile_system, model_from_dict, solve
from cemfa.results import Request
from cemfa.sensitivity import linear
from cemfa.sensitivity.first_order import Points
from cemfa.sensitivity.points import Balance
from cemfa.sensitivity.quantities import quantities_of

FEW = drawn(200)
DISTRIBUTIONS = ("constant", "uniform", "triangular", "lognormal", "beta")
GOODS = [{"id": "matter", "label_vi": "Vật chất", "label_en": "Matter", "status": "resource"}]


def share_row(name, value, distribution):
    """A share with some spread that stays well inside 0 and 1."""
    row = {"parameter": name, "value": value, "unit": "1", "distribution": distribution}
    return row if distribution == "constant" else row | {"low": 0.8 * value, "high": min(1.2 * value, 0.999)}


@st.composite
def definitions(draw):
    """Process names, flows and rows of a random model: a chain with shares ahead and back, remainders to a sink."""
    count = draw(st.integers(2, 5))
    names = [f"p{i}" for i in range(count)]
    flows, rows = {}, []
    for name in names:
        flows[f"in_{name}"] = {"from": "outside", "to": name, "amount": f"amount_{name}"}
        spread = draw(st.sampled_from(("constant", "lognormal", "normal")))
        value = draw(st.floats(0.01, 1e5))
        row = {"parameter": f"amount_{name}", "value": value, "unit": "t/year", "distribution": spread}
        rows.append(row if spread == "constant" else row | {"low": 0.7 * value, "high": 1.3 * value})
        targets = draw(st.lists(st.sampled_from([n for n in names if n != name]), max_size=2, unique=True))
        for target in targets:
            flow = f"{name}_{target}"
            flows[flow] = {"from": name, "to": target, "share": f"share_{flow}"}
            rows.append(share_row(f"share_{flow}", draw(st.floats(0.05, 0.4)), draw(st.sampled_from(DISTRIBUTIONS))))
        flows[f"out_{name}"] = {"from": name, "to": "rest", "share": "remainder"}
    return names, flows, rows


def system_of(definition, **changes):
    """A random model, compiled."""
    names, flows, rows = definition
    data = {
        "format": 1, "id": "random", "label": {"vi": "Ngẫu nhiên", "en": "Random"},
        "periods": {"from": 2024, "to": 2024}, "layers": {"elements": ["matter"]},
        "processes": {name: {} for name in names} | {"rest": {"sink": True}} | changes,
        "flows": {k: f | {"good": "matter"} | ({"basis": "matter"} if "amount" in f else {}) for k, f in flows.items()},
    }  # fmt: skip
    complete = [{"basis": "unverified", "source": "chance", "low": "", "high": "", **row} for row in rows]
    tables = {"goods": GOODS, "parameters": complete, "sources": [{"id": "chance", "title": "Chance"}]}
    return compile_system(model_from_dict(data, tables))


def results(definition, samples=5, **changes):
    """Flows (flow, sample) by id of one year."""
    system = system_of(definition, **changes)
    return solve(system, samples=samples, seed=4, request=Request(flows="all"), workers=1)


def by_id(found):
    return {key: found["flow_mass"].sel(flow=key).to_numpy().ravel() for key in found["flow"].to_numpy().tolist()}


def assert_same(one, other, factor=1.0):
    assert one.keys() == other.keys()
    for key, values in one.items():
        # orders of elimination differ, so do the last digits; masses span seven decades
        np.testing.assert_allclose(other[key], factor * values, rtol=1e-11, atol=1e-12, err_msg=key)


@FEW
@given(definitions())
def test_every_process_closes_in_every_sample(definition):
    found = results(definition)
    flows = found["flow_mass"].isel(period=0, layer=0)
    for process in definition[0]:
        into = flows.isel(flow=np.flatnonzero(found["target"] == process)).sum("flow")
        out = flows.isel(flow=np.flatnonzero(found["source"] == process)).sum("flow")
        np.testing.assert_allclose(into, out, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(found["throughput"].sel(process=process).to_numpy().ravel(), into, rtol=1e-12)
    entered = flows.isel(flow=np.flatnonzero(found["source"] == "outside")).sum("flow")
    np.testing.assert_allclose(found["throughput"].sel(process="rest").to_numpy().ravel(), entered, rtol=1e-12)
    assert (flows >= 0).all()
    assert found.attrs["residual"] < 1e-12


@FEW
@given(definitions(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_flows_is_irrelevant(definition, random):
    names, flows, rows = definition
    shuffled = [random.sample(list(part), len(part)) for part in (names, flows.items(), rows)]
    assert_same(by_id(results(definition)), by_id(results((shuffled[0], dict(shuffled[1]), shuffled[2]))))


@FEW
@given(definitions())
def test_names_of_processes_and_flows_are_irrelevant(definition):
    names, flows, rows = definition
    new = {name: f"z{len(names) - i}" for i, name in enumerate(names)} | {"outside": "outside", "rest": "rest"}
    renamed = {f"y_{key}": flow | {"from": new[flow["from"]], "to": new[flow["to"]]} for key, flow in flows.items()}
    found = by_id(results(([new[name] for name in names], renamed, rows)))
    assert_same(by_id(results(definition)), {key.removeprefix("y_"): values for key, values in found.items()})


@FEW
@given(definitions())
def test_kilograms_or_tonnes_are_irrelevant(definition):
    names, flows, rows = definition

    def scaled(row):
        if row["unit"] != "t/year":
            return row
        numbers = {key: 1000 * row[key] for key in ("value", "low", "high") if key in row}
        return row | numbers | {"unit": "kg/year"}

    assert_same(by_id(results(definition)), by_id(results((names, flows, [scaled(row) for row in rows]))))


@FEW
@given(definitions())
def test_twice_the_input_is_twice_every_flow(definition):
    names, flows, rows = definition
    doubled = [
        row | {key: 2 * row[key] for key in ("value", "low", "high") if key in row} if row["unit"] == "t/year" else row
        for row in rows
    ]
    assert_same(by_id(results(definition)), by_id(results((names, flows, doubled))), factor=2.0)


@FEW
@given(definitions())
def test_a_sample_is_the_same_alone_and_in_a_batch(definition):
    few, many = by_id(results(definition, samples=2)), by_id(results(definition, samples=300))
    for key, values in few.items():
        assert np.array_equal(values, many[key][:2]), key  # to the bit


@FEW
@given(definitions())
def test_a_capacity_that_is_never_reached_changes_nothing(definition):
    names, flows, rows = definition
    # a plant in front of the sink, large enough for all that can come, with a way out for what it would refuse
    wide = {k: f | {"to": "plant"} if f["to"] == "rest" else f for k, f in flows.items()}
    for name in names:
        wide[f"out_{name}"] = wide[f"out_{name}"] | {"otherwise": [f"refused_{name}"]}
        wide[f"refused_{name}"] = {"from": name, "to": "rest", "refused": True}
    wide["through"] = {"from": "plant", "to": "rest", "share": 1}
    capacity = {"parameter": "plant_capacity", "value": 1e9, "unit": "t/year", "distribution": "constant"}
    plant = {"capacity": {"parameter": "plant_capacity", "basis": "matter"}}
    found = by_id(results((names, wide, [*rows, capacity]), plant=plant))
    assert_same(by_id(results(definition)), {key: found[key] for key in flows})
    for name in names:
        assert not found[f"refused_{name}"].any()


@FEW
@given(definitions())
def test_effects_by_adjoint_and_by_small_steps_agree(definition):
    system = system_of(definition)
    names = [*system.flow_ids, *system.process_ids]
    balance, points = Balance.of(system, None, 0), Points.of(system, 0, 0)
    asked, mean = quantities_of(system, names), points.spread.mean
    settled = linear.only_shares_decide(balance, mean)
    adjoint = linear.effects(balance, asked, mean, points.direction * points.step, settled) / points.step
    values = balance.at(asked, points.draws(steps=True), history=False)
    up, down = values[:, 2 : 2 + points.streams], values[:, 2 + points.streams :]
    # a step of 1e-3 standard deviations: 1e-6 of cubic term, and rounding of a difference of two values
    noise = 1e-12 * np.abs(values[:, 1:2]) + 1e-300
    assert (np.abs(adjoint - (up - down) / (2 * points.step)) <= 1e-6 * np.abs(adjoint) + noise).all()
