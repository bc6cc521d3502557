"""Models as users write them, drawn at random: the answer is what the model states, and it closes."""

import re

import numpy as np
import pytest
import xarray as xr
from hypothesis import event, given, reject
from tests.property.answers import EXACT, exact, largest_error
from tests.property.sizes import drawn
from tests.property.statements import Stated, assert_obeyed, settled

from cemfa import compile_system, solve
from cemfa.testing import ModelCase, assert_results_balanced, models


@pytest.mark.parametrize("part", range(3))
@drawn(900 // 3)
@given(models(linear=True))
def test_linear_models_agree_with_fractions(part: int, case: ModelCase) -> None:
    results = solve(compile_system(case.model()))
    stated = Stated(case)
    for position, layer in enumerate(stated.layers):
        found = results["throughput"].sel(layer=layer, process=stated.processes).to_numpy().ravel()
        # shares and amounts are exact in double precision, so remainders and compositions are too; see EXACT
        assert largest_error(found, exact(stated.linear(), position)) <= EXACT
    assert_obeyed(case, results)
    assert_results_balanced(results)


@pytest.mark.parametrize("part", range(3))
@drawn(900 // 3)
@given(models())
def test_models_with_limits_do_what_they_state(part: int, case: ModelCase) -> None:
    results = settled(case)
    if results is None:
        event("unsettled")
        return
    assert_obeyed(case, results)
    assert_results_balanced(results)
    assert (results["flow_mass"].to_numpy() >= 0).all()
    assert np.isfinite(results["flow_mass"].to_numpy()).all()


def flows_of(case: ModelCase) -> xr.DataArray:
    """Flows of the only sample; a model whose limits do not settle says nothing here."""
    results = settled(case)
    return reject() if results is None else results["flow_mass"]


@drawn(200)
@given(models(layers={"elements": ["iron", "copper"]}, linear=True))
def test_a_layer_alone_is_that_layer_among_others(case: ModelCase) -> None:
    def only(part: object) -> object:
        return {"iron": part["iron"]} if isinstance(part, dict) and "iron" in part else part

    flows = {name: {key: only(part) for key, part in flow.items()} for name, flow in case.data["flows"].items()}
    data = {**case.data, "layers": {"elements": ["iron"]}, "flows": flows}
    used = set(re.findall(r"\w+", str(flows)))
    rows = [row for row in case.tables["parameters"] if row["parameter"] in used]
    alone = ModelCase(data, {**case.tables, "parameters": rows, "composition": []})
    one, among = flows_of(alone).sel(layer="iron"), flows_of(case).sel(layer="iron")
    assert (one.to_numpy() == among.to_numpy()).all()


@drawn(200)
@given(models(layers={"mass": ["dry", "water"], "contained": {"carbon": "dry"}}))
def test_half_the_carbon_is_half_of_every_flow_of_carbon_and_nothing_else(case: ModelCase) -> None:
    rows = [
        row | {"value": row["value"] / 2} if row["layer"] == "carbon" else row for row in case.tables["composition"]
    ]
    whole, half = flows_of(case), flows_of(ModelCase(case.data, {**case.tables, "composition": rows}))
    carbon, rest = {"layer": "carbon"}, {"layer": ["dry", "water"]}
    assert (half.sel(carbon).to_numpy() == whole.sel(carbon).to_numpy() / 2).all()
    assert (half.sel(rest).to_numpy() == whole.sel(rest).to_numpy()).all()


@drawn(200)
@given(models())
def test_years_without_stocks_know_nothing_of_each_other(case: ModelCase) -> None:
    def years(first: int, last: int) -> ModelCase:
        yearly = [row for row in case.tables["parameters"] if row["unit"] == "t/year"]
        rows = [row for row in case.tables["parameters"] if row["unit"] != "t/year"]
        for year in range(first, last + 1):
            rows += [{**row, "year": year, "value": (year - 2020) * row["value"]} for row in yearly]
        periods = {"from": first, "to": last}
        return ModelCase({**case.data, "periods": periods}, {**case.tables, "parameters": rows})

    three = flows_of(years(2023, 2025))
    for year in (2023, 2024, 2025):
        alone = flows_of(years(year, year))
        assert (three.sel(period=[year]).to_numpy() == alone.to_numpy()).all()


@drawn(200)
@given(models())
def test_a_system_beside_it_that_is_not_joined_changes_no_bit(case: ModelCase) -> None:
    beside = {
        "in_beside": {
            "from": "outside",
            "to": "beside",
            "good": "raw",
            "amount": "beside",
            "basis": Stated(case).basis,
        },
        "round": {"from": "beside", "to": "beside", "good": "mixed", "share": "beside_share"},
        "out_beside": {"from": "beside", "to": "outside", "good": "mixed", "share": "remainder"},
    }
    data = {
        **case.data,
        "processes": {"beside": {}, **case.data["processes"]},
        "flows": {**beside, **case.data["flows"]},
    }
    more = [("beside", 3.7, "t/year"), ("beside_share", 0.9, "1")]
    rows = [{"parameter": n, "value": v, "unit": u, "basis": "unverified", "source": "chance"} for n, v, u in more]
    both = ModelCase(data, {**case.tables, "parameters": [*rows, *case.tables["parameters"]]})
    one, other = flows_of(case), flows_of(both)
    assert (other.sel(flow=one["flow"]).to_numpy() == one.to_numpy()).all()
