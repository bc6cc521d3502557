"""Targets: every sense, every way of not being judged, gaps in points and tonnes per day."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cemfa.definition.schema import Label, Target
from cemfa.errors import ResultsError
from cemfa.targets import assess, by_remaining_gap, cannot_be_met, path_of, target_sets

NAME = Label(vi="mục tiêu", en="target")


def target(value=70.0, sense=">=", **more):
    fields = {
        "id": "T18", "label": NAME, "issuer": "province", "document": "plan", "clause": "1", "status": "in_force",
        "area": "province", "year": 2030, "value": value, "unit": "%", "sense": sense, "indicator": "rate_with_home",
        "where": {"settlement": "rural"},
    }  # fmt: skip
    return Target.model_validate(fields | more)


def values(rural, generated=36500.0):
    """One rural rate per sample in 2030; half of it in 2029; urban twice as many tonnes."""
    rates = np.array([[[0.0, r / 2, r / 2], [0.1, r, r]] for r in rural])
    mass = np.broadcast_to([2 * generated, generated, 3 * generated], rates.shape)
    dims = ("sample", "period", "settlement")
    return xr.Dataset(
        {
            "rate_with_home": (dims, rates),
            "organics_generated": (dims, mass),
            "direct_landfilling_circular_urban": (("sample", "period"), rates[:, :, 1] * 365.0),
        },
        {"sample": np.arange(len(rural)), "period": [2029, 2030], "settlement": ["urban", "rural", "all"]},
    )


def one(data, wanted, **more):
    (found,) = assess(data, [wanted], **more)
    return found


def test_gap_probability_and_reach_by_hand():
    found = one(values([0.5, 0.6, 0.7, 0.8]), target(), reachable=values([0.9, 0.9]), levers={"T18": "separate"})
    assert found.kind == "judged"
    assert found.value.p50 == pytest.approx(0.65)
    assert found.gap_points.mean == pytest.approx(5.0)
    assert found.gap_mass.mean == pytest.approx(0.05 * 100.0)  # 36 500 t/yr are 100 t/d
    assert found.probability == 0.5
    assert found.reachable == pytest.approx(0.9)
    assert found.met is False
    assert found.lever == "separate"


@pytest.mark.parametrize(
    ("sense", "value", "tolerance", "rates", "probability"),
    [
        (">=", 70.0, 0.0, [0.7, 0.69], 0.5),
        (">", 50.0, 0.0, [0.5, 0.51], 0.5),
        ("<=", 30.0, 0.0, [0.3, 0.31], 0.5),
        ("<", 30.0, 0.0, [0.3, 0.29], 0.5),
        ("=", 100.0, 1.0, [0.99, 0.98], 0.5),  # at least 100 % less the tolerance
        ("=", 0.0, 2.0, [0.02, 0.03], 0.5),  # at most the tolerance
        (">=", 70.0, 0.0, [0.8, 0.9], 1.0),
    ],
)
def test_senses(sense, value, tolerance, rates, probability):
    found = one(values(rates), target(value, sense, tolerance=tolerance))
    assert found.probability == probability
    assert (found.lever is None) == (found.met is True) or found.lever is None


def test_a_met_target_has_a_negative_gap_and_needs_no_lever():
    found = one(values([0.8, 0.9]), target(), levers={"T18": "separate"})
    assert found.met
    assert found.gap_points.p50 == pytest.approx(-15.0)
    assert found.lever is None


def test_a_mass_has_a_gap_in_tonnes_only():
    wanted = target(0.0, "=", unit="t/yr", indicator="direct_landfilling_circular_urban", where={})
    found = one(values([0.5]), wanted)
    assert found.gap_points is None
    assert found.gap_mass.mean == pytest.approx(0.5)
    assert found.probability == 0.0


def test_a_share_of_all_waste_has_a_gap_in_tonnes_of_that_waste():
    """Urban rate 10 % of 73 000 t/yr, without a settlement of its own: 40 points are 80 t/d."""
    data = values([0.5, 0.6])
    data["waste_treated_circular_urban"] = data["rate_with_home"].sel(settlement="urban", drop=True)
    data["waste_generated"] = data["organics_generated"]
    found = one(data, target(50.0, indicator="waste_treated_circular_urban", where={}))
    assert found.gap_points.mean == pytest.approx(40.0)
    assert found.gap_mass.mean == pytest.approx(0.4 * 200.0)


@pytest.mark.parametrize(
    ("change", "kind", "has_value"),
    [
        ({"sense": "up", "value": None, "unit": "", "indicator": None}, "text", False),
        ({"sense": "done", "value": None, "unit": ""}, "text", False),
        ({"indicator": None}, "recorded", False),
        ({"indicator": "plastics_recovered"}, "recorded", False),  # not among the values
        ({"sense": "~"}, "recorded", True),
        ({"year": 2050}, "recorded", True),  # beyond the horizon: the last year's value stands beside it
        ({"unit": "MW"}, "recorded", True),  # not what the indicator measures
        ({"unit": "% GRDP"}, "recorded", True),
        ({"where": {"settlement": "suburban"}}, "recorded", False),  # no such part
        ({"where": {"district": "ba_tri"}}, "recorded", False),  # the indicator has no districts
    ],
)
def test_what_cannot_be_judged_is_recorded(change, kind, has_value):
    found = one(values([0.5, 0.6]), target(**change))
    assert found.kind == kind
    assert (found.value is not None) == has_value
    assert found.probability is None
    assert found.met is None


def test_where_nothing_helps_options_rank_by_what_is_missing():
    wanted = target(100.0, "=", tolerance=1.0)
    found = {name: assess(values([rate] * 200), [wanted]) for name, rate in {"a": 0.3, "b": 0.6, "c": 0.5}.items()}
    assert cannot_be_met(list(found.values()), "T18")
    assert by_remaining_gap(found, "T18") == ("b", "c", "a")
    assert not cannot_be_met([assess(values([0.995]), [wanted])], "T18")
    assert not cannot_be_met([assess(values([0.5]), [target(sense="~")])], "T18")


def test_without_settlement_named_the_whole_area_counts():
    assert one(values([0.5]), target(where={})).value.p50 == pytest.approx(0.5)
    assert one(values([0.5]), target(where={"settlement": "urban"})).value.p50 == pytest.approx(0.1)


def through(rates, generated=36500.0):
    """One rural rate per sample and year from 2025 on."""
    array = np.array(rates, dtype=float)
    years = [2025 + n for n in range(array.shape[1])]
    data = xr.Dataset(
        {"rate_with_home": (("sample", "period", "settlement"), array[..., None])},
        {"sample": np.arange(len(array)), "period": years, "settlement": ["rural"]},
    )
    shares = np.array([0.75, 0.25, 1.0])  # north and south generate, all of it is recycled in the south
    whole = np.broadcast_to(generated * shares, (*array.shape, 3))
    done = generated * array[..., None] * np.array([0.0, 1.0, 1.0])
    data["organics_generated_rural_by_district"] = (("sample", "period", "district"), whole)
    data["organics_recycled_rural_by_district"] = (("sample", "period", "district"), done)
    data["organics_generated"] = (("sample", "period", "settlement"), np.full((*array.shape, 1), generated))
    return data.assign_coords(district=["north", "south", "all"])


def test_the_path_runs_straight_from_five_years_before():
    rates = [[0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [0.2, 0.2, 0.2, 0.5, 0.6, 0.8, 0.8]]
    found = one(through(rates), target())
    assert [step.year for step in found.steps] == list(range(2025, 2032))
    assert [step.wanted for step in found.steps] == [None, *(pytest.approx(w) for w in (0.3, 0.4, 0.5, 0.6, 0.7)), None]
    assert [step.on_path for step in found.steps] == [None, 0.5, 0.5, 1.0, 1.0, 1.0, None]
    assert [step.probability for step in found.steps] == [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]
    assert found.on_path is False  # the median is behind in 2026
    assert found.first_met == 2030


def test_stated_waypoints_are_the_path():
    stated = target(path={2026: 10.0, 2028: 30.0})
    wanted = {2026: 10.0, 2027: 20.0, 2028: 30.0, 2029: 50.0, 2030: 70.0}
    assert path_of(stated) == pytest.approx(wanted)
    found = one(through([[0.05, 0.1, 0.2, 0.3, 0.5, 0.7]]), stated)
    assert {s.year: s.wanted for s in found.steps if s.wanted is not None} == pytest.approx(
        {year: value / 100 for year, value in wanted.items()}
    )
    assert found.on_path is True


def test_a_path_down_and_a_target_that_is_never_met():
    less = target(0.0, "=", unit="t/yr", indicator="direct_landfilling_circular_urban", where={}, path={2029: 100.0})
    found = one(values([0.5]), less)
    assert [(s.year, s.wanted, s.on_path) for s in found.steps] == [(2029, 100.0, 1.0), (2030, 0.0, 0.0)]
    assert found.first_met is None
    assert found.on_path is False


def test_the_gap_of_districts_is_the_gap():
    found = one(through([[0.2] * 6, [0.3] * 6]), target())
    parts = found.gap_by_district
    assert parts["north"].mean == pytest.approx(0.7 * 75.0)  # t/d: nothing is recycled there
    assert parts["south"].mean == pytest.approx(0.7 * 25.0 - 25.0)
    assert sum(part.mean for part in parts.values()) == pytest.approx(found.gap_mass.mean)
    assert sum(found.share_of_gap.values()) == pytest.approx(1.0)
    assert one(through([[0.9] * 6]), target()).share_of_gap == {}  # nothing is missing
    assert one(values([0.5]), target()).gap_by_district == {}  # not told by district


def test_sets_stand_side_by_side():
    here, there = target(), target(document="decision", issuer="government", id="N1")
    sets = target_sets([here, there, target(id="T19")])
    assert [(found.issuer, [t.id for t in found.targets]) for found in sets] == [
        ("province", ["T18", "T19"]), ("government", ["N1"]),
    ]  # fmt: skip


def test_what_is_only_recorded_shows_what_is_added_to_it():
    found = one(values([0.5, 0.6]), target(indicator=None, contribution="rate_with_home", reported=None))
    assert found.kind == "recorded"
    assert found.value.p50 == pytest.approx(0.55)
    assert found.probability is None
    assert found.target.reported is None


def test_what_an_option_changes_stands_beside_a_level_that_says_little():
    """A part of the intensity of 2014 is no cut of it: only the paired difference to the baseline is."""
    wanted = target(15.0, indicator=None, contribution="ghg_intensity", where={})
    data, base = (
        xr.Dataset({"ghg_intensity": (("sample", "period"), [[level] for level in levels])}, {"period": [2030]})
        for levels in ([0.15, 0.16], [0.17, 0.19])
    )
    assert one(data, wanted, baseline=base).added.mean == pytest.approx(-0.025)
    assert one(data, wanted).added is None
    rate = target(indicator=None, contribution="rate_with_home")
    assert one(values([0.5]), rate, baseline=values([0.4])).added is None  # a rate is told as it is


def test_a_closed_target_keeps_what_was_last_reported():
    last = {"year": 2024, "value": 42.0, "source": "report of the department"}
    found = one(values([0.5]), target(status="closed", reported=last))
    assert found.is_closed
    assert (found.target.reported.year, found.target.reported.value) == (2024, 42.0)


def test_an_indicator_that_does_not_exist_is_an_error():
    with pytest.raises(ResultsError, match=r"rate_of_luck.*unknown-indicator"):
        one(values([0.5]), target(indicator="rate_of_luck"))
