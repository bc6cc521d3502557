"""The place as it is now: where the shares of the communes come from, two settlements, departments and duties."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from cemfa import library
from cemfa.definition.load import read_model
from cemfa.system.compile import compile_system
from cemfa.system.solve import solve

FOLDER: Path = library.find_model("ben_tre")
ASSUMED = dict.fromkeys(("population", "waste_per_head", "collection_rate", "self_treatment_rate"), "wards_2025")
TYPED = 1e-6  # shares are typed with six digits, rates per head with nine
MIXED = {"phuong_an_hoi", "phuong_ben_tre", "phuong_phu_tan", "phuong_son_dong", "xa_hung_khanh_trung"}


@pytest.fixture(scope="module")
def model():
    return read_model("ben_tre")


def former() -> list[dict[str, str]]:
    with (FOLDER / "former_communes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_shares_are_the_people_of_former_communes_over_those_of_the_district(model) -> None:
    of_pair: dict[tuple[str, str], float] = defaultdict(float)
    of_district: dict[str, float] = defaultdict(float)
    for row in former():
        of_pair[row["commune"], row["district"]] += float(row["people"])
        of_district[row["district"]] += float(row["people"])
    expected = {pair: people / of_district[pair[1]] for pair, people in of_pair.items()}
    given = {(row.part, row.item): row.share for row in model.areas["commune"].shares}
    assert given.keys() == expected.keys()
    assert given == pytest.approx(expected, abs=TYPED)
    assert {(row.part, row.item): row.weight for row in model.areas["commune"].shares} == of_pair


def test_forty_eight_communes_of_which_five_mix_two_districts(model) -> None:
    area = model.areas["commune"]
    assert [part.kind for part in area.parts].count("ward") == 5
    assert len(area.parts) == 48
    districts: dict[str, set[str]] = defaultdict(set)
    for row in area.shares:
        districts[row.part].add(row.item)
    assert {part for part, found in districts.items() if len(found) > 1} == MIXED
    assert len(former()) == 164


def flows(model, assume: dict[str, str]) -> dict[str, float]:
    """Return masses of 2023 [t/d]."""
    results = solve(compile_system(model, assume=assume))
    named = results.cemfa.totals("flow_name").sel(period=2023, sample=0) / 365
    arising = results.cemfa.select(flow_name=["household_waste", "market_waste"])
    settled = arising.cemfa.totals("settlement").sel(period=2023, sample=0) / 365
    placed = arising.cemfa.totals("district").sel(period=2023, sample=0) / 365
    return {
        **{str(s): float(settled.sel(settlement=s)) for s in ("urban", "rural")},
        **{str(d): float(placed.sel(district=d)) for d in placed["district"].values},
        "collected": float(named.sel(flow_name=["household_collected", "market_collected"]).sum()),
        "self_treated": float(named.sel(flow_name="household_self_treated")),
    }


def test_the_two_settlements_share_out_the_same_waste(model) -> None:
    reported, wards = flows(model, {}), flows(model, ASSUMED)
    assert (reported["urban"], reported["rural"]) == pytest.approx((340.0, 810.0), rel=TYPED)
    assert wards["urban"] + wards["rural"] == pytest.approx(1150.0, rel=TYPED)
    assert wards["urban"] < reported["urban"]
    for name in ("collected", "self_treated", *(d.id for d in model.items("district"))):
        assert wards[name] == pytest.approx(reported[name], rel=TYPED), name


def test_wards_are_the_urban_people_of_2025(model) -> None:
    kinds = {part.id: part.kind for part in model.areas["commune"].parts}
    rows = [r for r in model.parameters if r.parameter == "population" and r.year == 2023]
    people: dict[tuple[str | None, str, str], float] = {
        (r.alternative, r.index["district"], r.index["settlement"]): r.value for r in rows
    }
    for district in (item.id for item in model.items("district")):
        total = people[None, district, "urban"] + people.get((None, district, "rural"), 0.0)
        ward = sum(s.share for s in model.areas["commune"].shares if s.item == district and kinds[s.part] == "ward")
        urban, rural = (people["wards_2025", district, s] for s in ("urban", "rural"))
        assert urban + rural == total
        assert urban == pytest.approx(ward * total, abs=0.5 + TYPED * total)  # whole persons


def test_history_and_outlook_of_both_settlements_hold_the_same_waste(model) -> None:
    totals = [
        solve(compile_system(model, assume=assume)).cemfa.select(flow_name="household_waste").cemfa.flows().sum("flow")
        for assume in ({}, ASSUMED)
    ]
    np.testing.assert_allclose(totals[0], totals[1], rtol=TYPED)


def test_every_duty_has_somebody_who_has_it_today(model) -> None:
    assert len(model.duties) == 24
    for duty in model.duties:
        today = model.in_charge(duty.department)
        assert today
        assert all(department.until is None for department in today), duty.clause
    assert [d.id for d in model.in_charge("natural_resources")] == ["agriculture_environment"]
