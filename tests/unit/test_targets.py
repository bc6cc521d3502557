"""Targets: every sense, every way of not being judged, gaps in points and tonnes per day."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cemfa.definition.schema import Label, Target
from cemfa.targets import assess, by_remaining_gap, cannot_be_met

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
