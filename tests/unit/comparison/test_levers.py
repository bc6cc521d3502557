"""Levers: the cause that closes most of a target's gap, of those that touch the target."""

from __future__ import annotations

import pytest
import xarray as xr

from cemfa.comparison.assemble import levers
from cemfa.definition.schema import Label, Target

NAME = Label(vi="mục tiêu", en="target")
MASS = {  # urban, rural, all [t/yr]
    "uncollected": (10.0, 900.0, 910.0), "mixed": (500.0, 50.0, 550.0), "full": (40.0, 0.0, 40.0),
    "down": (60.0, 0.0, 60.0), "rejected": (80.0, 5.0, 85.0), "fed": (2000.0, 0.0, 2000.0),
}  # fmt: skip
WASTE = {"waste_generated": (5000.0, 3000.0, 8000.0), "waste_collected": (5000.0, 1000.0, 6000.0)}
VALUES = xr.Dataset(
    {
        name: (("sample", "period", "settlement"), [[list(mass)]])
        for name, mass in ({f"not_recycled_{c}": m for c, m in MASS.items()} | WASTE).items()
    },
    {"sample": [0], "period": [2030], "settlement": ["urban", "rural", "all"]},
)


def lever(indicator, **where):
    target = Target(
        id="T1", label=NAME, issuer="a", document="b", clause="1", status="in_force", area="d", year=2030, value=50.0,
        unit="%", sense=">=", indicator=indicator, where=where,
    )  # fmt: skip
    return levers(VALUES, [target], 2030).get("T1")


@pytest.mark.parametrize(
    ("indicator", "where", "wanted"),
    [
        ("rate_with_home", {"settlement": "rural"}, "uncollected"),
        ("rate_with_home", {"settlement": "urban"}, "mixed"),  # what is fed to animals is no lever
        ("waste_treated_circular_urban", {}, "mixed"),
        ("landfilled_directly", {}, "mixed"),  # what nobody collects is not landfilled
        ("direct_landfilling_circular_urban", {}, "down"),
        ("landfilling_circular_urban", {}, "rejected"),
        ("landfilled_directly", {"settlement": "suburban"}, None),
        ("waste_collected_treated", {"settlement": "rural"}, "collection"),
        ("waste_collected_treated", {"settlement": "urban"}, None),  # all of it is collected
        ("waste_collected_treated", {"settlement": "suburban"}, None),
        ("plastics_recovered", {}, None),  # the causes are those of organic waste
    ],
)
def test_the_lever_is_the_largest_cause_that_touches_the_target(indicator, where, wanted):
    assert lever(indicator, **where) == wanted


def test_where_nothing_is_held_back_there_is_no_lever():
    none = {name: values * 0 for name, values in VALUES.data_vars.items()}
    target = Target(
        id="T1", label=NAME, issuer="a", document="b", clause="1", status="in_force", area="d", year=2030, value=50.0,
        unit="%", sense=">=", indicator="rate_with_home",
    )  # fmt: skip
    assert levers(VALUES.assign(none), [target], 2030) == {}
