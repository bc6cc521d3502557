"""The headline rate by district and by the places of today: the same numbers, and the mark that they were allocated."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.example_comparison import example

from cemfa.comparison.words import Words
from cemfa.definition.schema import Area, AreaShare, Label, Part
from cemfa.report.places import places_table

SHARES = (("upper", "north", 0.7), ("lower", "north", 0.3), ("lower", "south", 1.0))


def divided():
    """Return the example comparison with two communes, of which the lower one lies in both districts."""
    comparison = example()
    area = Area(
        label=Label(vi="Xã, phường", en="Communes"), of="district", by=Label(vi="dân số", en="people"),
        parts=tuple(Part(id=i, label=Label(vi=f"Xã {i}", en=i)) for i in ("upper", "lower")),
        shares=tuple(
            AreaShare(part=p, item=d, share=s, weight=100 * s, basis="unverified", source="illustration")
            for p, d, s in SHARES
        ),
    )  # fmt: skip
    return replace(comparison, model=comparison.model.model_copy(update={"areas": {"commune": area}}))


def test_districts_and_communes_stand_below_each_other_and_say_what_they_are() -> None:
    comparison = divided()
    table = places_table(comparison, Words("vi", comparison.replications))
    assert [(row[0].value, row[1].value) for row in table.rows] == [
        ("Huyện, thành phố", "Khu Bắc"), ("Huyện, thành phố", "Khu Nam"),
        ("Xã, phường (phân bổ)", "Xã upper"), ("Xã, phường (phân bổ)", "Xã lower"),
    ]  # fmt: skip
    assert table.note == "phân bổ từ 2 huyện, thành phố cũ theo dân số; không phải số liệu quan sát"
    assert len(table.columns) == 2 + len(comparison.plain)


def test_a_commune_has_the_rate_of_its_district_or_the_mean_of_its_two() -> None:
    comparison = divided()
    north, south, upper, lower = (
        row[2:] for row in places_table(comparison, Words("en", comparison.replications)).rows
    )
    assert [cell.value for cell in upper] == [cell.value for cell in north]
    for option, mixed in zip(comparison.plain, lower, strict=True):
        rate = option.indicators["rate_with_home_by_district"].sel(period=comparison.scenario.target_year)
        mean = (30 * rate.sel(district="north") + 100 * rate.sel(district="south")) / 130
        assert mixed.value == pytest.approx(float(mean.median()), rel=1e-12)
    assert all(cell.value is not None for cell in (*north, *south))


def test_without_areas_only_districts_are_shown() -> None:
    comparison = example()
    assert len(places_table(comparison, Words("en", comparison.replications)).rows) == 2
