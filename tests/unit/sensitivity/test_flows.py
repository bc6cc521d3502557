"""The largest flows: the same numbers as the whole run, by place and by area, and the parameters of `propagate`."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.system.small import model as small

from cemfa import Request, allocate, compile_system, propagate, read_model, solve
from cemfa.errors import ResultsError
from cemfa.sensitivity import spread_of_flows

EXACT = 1e-12  # relative: sums of a few hundred copies, in another order
YEAR = 2026


@pytest.fixture(scope="module")
def town():
    return compile_system(read_model("first_steps"))


@pytest.fixture(scope="module")
def whole(town):
    return solve(town, samples=300, seed=2, request=Request(flows="all"))


def test_masses_and_percentiles_are_those_of_the_whole_run(town, whole) -> None:
    found = spread_of_flows(town, period=YEAR, samples=300, seed=2)
    assert found.alone
    masses = whole.cemfa.totals("flow_name").sel(period=YEAR)
    for row in found.rows:
        mass = masses.sel(flow_name=row.flow)
        expected = [float(mass.mean()), *mass.quantile([0.05, 0.5, 0.95]).values.tolist()]
        assert [row.mean, row.p5, row.p50, row.p95] == pytest.approx(expected, rel=EXACT), row.flow
    assert [row.mean for row in found.rows] == sorted((row.mean for row in found.rows), reverse=True)
    assert {row.flow for row in found.rows} == {
        str(n) for n in masses["flow_name"].values if masses.sel(flow_name=n).any()
    }


def test_places_add_up_to_the_whole(town) -> None:
    together = {row.flow: row.mean for row in spread_of_flows(town, period=YEAR).rows}
    by_place = spread_of_flows(town, period=YEAR, by="district").rows
    arising = [row for row in by_place if row.flow == "organics_arising"]
    assert {row.place for row in arising} == {"north", "south"}
    assert sum(row.mean for row in arising) == pytest.approx(together["organics_arising"], rel=EXACT)
    assert arising[0].place_label.vi == "Khu Bắc"


def test_an_area_is_what_allocate_makes_of_the_districts() -> None:
    model = read_model("ben_tre")
    system = compile_system(model)
    found = spread_of_flows(system, period=2023, by="commune")
    assert found.allocated.startswith("allocated from 9 former districts")
    waste = solve(system).cemfa.select(flow_name="household_waste").cemfa.totals("district")
    expected = allocate(waste, model).sel(period=2023, sample=0)
    for row in found.rows:
        if row.flow == "household_waste":
            assert row.mean == pytest.approx(float(expected.sel(commune=row.place)), rel=EXACT)


def test_what_the_largest_rest_on_is_what_propagation_finds(town) -> None:
    rows = spread_of_flows(town, period=YEAR, rests=2).rows
    found = propagate(town, [rows[0].flow, rows[1].flow], period=YEAR, samples=0)
    assert [row.rests_on for row in rows[:2]] == [quantity.contributions for quantity in found]
    assert all(row.rests_on == () for row in rows[2:])


def test_flows_that_stocks_feed_are_solved_with_their_past() -> None:
    stock = {"lifetime": "fixed", "mean": "years", "starts": "empty"}
    model = small(
        {"use": {"stock": stock}, "dump": {"sink": True}},
        {
            "bought": {"from": "outside", "to": "use", "amount": "bought_mass"},
            "scrapped": {"from": "use", "to": "dump", "share": "remainder"},
        },
        {"bought_mass": (10.0, "t/year"), "years": (2.0, "year")},
        years=(2021, 2025),
    )
    found = spread_of_flows(compile_system(model), period=2024)
    assert not found.alone
    assert {row.flow: row.mean for row in found.rows} == pytest.approx({"bought": 10.0, "scrapped": 10.0}, rel=EXACT)
    early = spread_of_flows(compile_system(model), period=2022)
    assert [row.flow for row in early.rows] == ["bought"]


def test_what_flows_cannot_be_divided_by_is_refused(town) -> None:
    with pytest.raises(ResultsError) as caught:
        spread_of_flows(town, by="commune")
    assert [problem.code for problem in caught.value.problems] == ["by-unknown"]


def test_the_number_of_workers_changes_no_bit(town) -> None:
    one, two = (spread_of_flows(town, period=YEAR, samples=600, workers=workers) for workers in (1, 2))
    assert np.array_equal([row.p95 for row in one.rows], [row.p95 for row in two.rows])
