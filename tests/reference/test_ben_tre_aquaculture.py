"""Shrimp, pangasius and clams of Ben Tre, worked by hand from published areas, outputs and ratios.

Nothing is read from the model's tables: the facts stand here as they were published or chosen. What ponds discharge
is feed less harvest; the published surveys of it are compared with and were not used.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.reference.chains import assuming, building, central, drawn, mass, one, system

AREA = {"white_leg": 12_000, "tiger_intensive": 500, "shrimp_rice": 5_000, "tiger_extensive": 19_000}  # ha, 2022
YIELD = {"white_leg": 74_000 / 12_000, "tiger_intensive": 6.2, "shrimp_rice": 0.25, "tiger_extensive": 0.25}  # t/ha
FEED = {"white_leg": 1.15, "tiger_intensive": 1.6}  # t per t of shrimp
WHITE_LEG = {"binh_dai": 0.417, "thanh_phu": 0.366, "ba_tri": 0.192, "giong_trom": 0.025}
PANGASIUS = 192_000  # t, 2022
FISH = {"cho_lach": 0.32, "chau_thanh": 0.30, "giong_trom": 0.12, "mo_cay_nam": 0.10, "mo_cay_bac": 0.08,
        "binh_dai": 0.06, "ben_tre_city": 0.02}  # fmt: skip
TYPED = 1e-6  # a yield is typed with seven digits
EXACT = 1e-9


def test_areas_and_effective_yields_give_the_official_output() -> None:
    assert sum(AREA[s] * YIELD[s] for s in AREA) == pytest.approx(83_100, rel=1e-12)
    # heads and shells are 40 % of the three quarters that are processed, in every way of farming
    for kind in AREA:
        arising = one("shrimp_by_product", 2022, shrimp_system=kind)
        assert arising == pytest.approx(AREA[kind] * YIELD[kind] * 0.75 * 0.4, rel=TYPED)
    assert one("shrimp_by_product", 2022) == pytest.approx(83_100 * 0.3, rel=TYPED)
    assert one("shrimp_by_product", 2018) == pytest.approx(53_000 * 0.3, rel=1e-4)  # a yield of five digits


def test_the_harvest_of_fed_ponds_is_their_output() -> None:
    """Water and dry matter that leave with the shrimp are stated apart, and come to one tonne per tonne."""
    for kind in FEED:
        harvested = one("shrimp_harvested", 2022, shrimp_system=kind)
        assert harvested == pytest.approx(AREA[kind] * YIELD[kind], rel=1e-3)  # shares typed with four digits
    assert one("pangasius_harvested", 2022) == pytest.approx(PANGASIUS, rel=1e-3)


def test_quoted_yields_give_twice_the_statistic() -> None:
    quoted = assuming(shrimp_yield="quoted")
    output = float(mass(quoted, "shrimp_by_product", 2022)[0]) / 0.3
    assert output == pytest.approx(12_000 * 13.5 + 500 * 7 + 24_000 * 0.25, rel=EXACT)  # 171 500 t, P5–P95 158–185


@pytest.mark.parametrize("district", WHITE_LEG)
def test_feed_and_soil_by_district(district: str) -> None:
    output = AREA["white_leg"] * YIELD["white_leg"] * WHITE_LEG[district]
    where = {"district": district, "shrimp_system": "white_leg"}
    assert one("shrimp_feed", 2022, **where) == pytest.approx(1.15 * output, rel=TYPED)
    assert one("shrimp_sludge", 2022, "dry_matter", **where) == pytest.approx(0.34 * output, rel=TYPED)


def test_sludge_of_white_leg_ponds_is_soil_and_what_settles() -> None:
    found = one("shrimp_sludge shrimp_settled", 2022, "dry_matter", shrimp_system="white_leg")
    assert found / 74_000 == pytest.approx(0.34 + 0.25 * 1.15 * 0.9, rel=TYPED)
    assert 0.25 < found / 74_000 < 1.2  # t of dry matter per t of shrimp, as published


@pytest.mark.parametrize(("names", "harvested", "settled", "in_water"), [
    ("shrimp", "shrimp_harvested", "shrimp_settled", "shrimp_effluent"),
    ("pangasius", "pangasius_harvested", "pangasius_settled", "pangasius_effluent"),
])  # fmt: skip
@pytest.mark.parametrize("layer", ["nitrogen", "phosphorus", "potassium"])
def test_what_is_discharged_is_feed_less_harvest_and_sludge(
    names: str, harvested: str, settled: str, in_water: str, layer: str
) -> None:
    found = drawn(f"{names}_feed", harvested, settled, in_water)
    for year in (2018, 2022):
        left = mass(found, f"{names}_feed", year, layer) - mass(found, f"{harvested} {settled}", year, layer)
        np.testing.assert_allclose(mass(found, in_water, year, layer), left, rtol=1e-9)
        assert (left > 0).all()


def test_nutrients_of_pangasius_against_surveys_of_ponds() -> None:
    """De Silva and others (2010): 46 kg of nitrogen and 14.4 kg of phosphorus per tonne, medians of farms."""
    nitrogen = 1.6 * 0.28 / 6.25 * 1000  # kg in the feed of a tonne of fish
    assert nitrogen * (1 - 0.335) == pytest.approx(46, rel=0.05)  # this model's feed and fish against their ponds
    kept = one("pangasius_harvested", 2022, "nitrogen") / one("pangasius_feed", 2022, "nitrogen")
    assert kept == pytest.approx(0.335, rel=EXACT)
    out = one("pangasius_effluent pangasius_settled", 2022, "nitrogen")
    assert out / PANGASIUS * 1000 == pytest.approx(nitrogen * (1 - 0.335), rel=1e-3)  # a composition of three digits


@pytest.mark.parametrize("district", FISH)
def test_pangasius_by_district(district: str) -> None:
    output = PANGASIUS * FISH[district]
    assert one("pangasius_feed", 2022, district=district) == pytest.approx(1.6 * output, rel=EXACT)
    assert one("pangasius_sludge", 2022, district=district) == pytest.approx(19.7 * 1.05 * output, rel=EXACT)
    assert one("dead_fish", 2022, district=district) == pytest.approx(0.05 * output, rel=EXACT)


def test_districts_add_up_in_every_sample() -> None:
    found = drawn("pangasius_by_product", "pangasius_feed", "dead_fish", "clam_shell_arising")
    ratio = mass(found, "dead_fish", 2022) / mass(found, "pangasius_feed", 2022)
    places = found.isel(flow=found["flow_name"].to_numpy() == "dead_fish")["district"].to_numpy().tolist()
    assert sorted(places) == sorted(FISH)
    for district in places:  # the same two coefficients in every district of a sample
        own = mass(found, "dead_fish", 2022, district=district) / mass(found, "pangasius_feed", 2022, district=district)
        np.testing.assert_allclose(own, ratio, rtol=1e-9)


def test_clam_shell_leaves_with_the_clams() -> None:
    arising = 14_900 * 0.74 * 0.62
    assert one("clam_shell_arising", 2022) == pytest.approx(arising, rel=EXACT)
    assert one("clam_shell_leaving", 2022) == pytest.approx(0.9 * arising, rel=EXACT)
    beds = {"binh_dai": 5_400, "ba_tri": 5_000, "thanh_phu": 3_700}  # ha of natural beds
    for district, area in beds.items():
        share = one("clam_shell_arising", 2022, district=district) / arising
        assert share == pytest.approx(area / sum(beds.values()), abs=1e-3)  # shares typed with three digits


def test_by_products_inside_the_province() -> None:
    assert one("shrimp_inside", 2022) == pytest.approx(83_100 * 0.3 * 0.087, rel=TYPED)
    inside = PANGASIUS * 0.625 * 0.5
    assert one("pangasius_to_meal", 2022) == pytest.approx(0.9 * inside, rel=EXACT)
    meal = one("fishmeal", 2022) / one("pangasius_to_meal", 2022)
    assert 0.22 < meal < 0.32  # kg of meal per kg of by-product, as published
    fat = one("fish_oil", 2022) / one("pangasius_to_meal", 2022)
    assert 0.15 <= fat < 0.22
    shrimp_meal = one("shrimp_meal", 2022) / one("shrimp_to_meal", 2022)
    assert shrimp_meal == pytest.approx(0.22, rel=5e-3)
    assert one("chitin", 2022, "dry_matter") / one("shrimp_chitin", 2022, "dry_matter") == pytest.approx(0.152)


def test_the_conflict_about_nitrogen_in_sludge_can_be_switched() -> None:
    parts = ("harvested", "settled", "in_water")
    other = assuming(**{f"shrimp_nitrogen_{part}": "analyses" for part in parts})
    where = {"shrimp_system": "white_leg"}
    flows = "shrimp_sludge shrimp_settled"
    usual = one(flows, 2022, "nitrogen", **where) / one(flows, 2022, "dry_matter", **where)
    lower = float(mass(other, flows, 2022, "nitrogen", **where)[0] / mass(other, flows, 2022, "dry_matter", **where)[0])
    assert usual == pytest.approx(0.047, rel=0.02)  # 28 kg in 600 kg: the feed balance
    assert lower == pytest.approx(0.016, rel=0.03)  # analyses of sludge


@pytest.mark.parametrize("name", ["chitin_plant", "silage_plant", "sludge_composting"])
def test_what_an_option_may_build_takes_nothing_today(name: str) -> None:
    groups = [group for group in system(2035).groups if group.process == name]
    assert groups
    taken = central()["flow_mass"].isel(sample=0).sum("layer").to_numpy()
    assert all(taken[:, list(group.inflows)].sum() == 0 for group in groups)


def test_silage_takes_what_was_buried_and_thrown_away() -> None:
    built = building(silage_capacity=100.0)
    gone = "dead_fish_buried dead_shrimp_buried shrimp_discarded pangasius_discarded"
    assert float(mass(built, gone, 2022)[0]) == pytest.approx(0, abs=1e-9)
    assert float(mass(built, "silage", 2022)[0]) == pytest.approx(one(gone, 2022), rel=EXACT)


def test_sludge_of_basins_can_be_composted() -> None:
    built = building(sludge_composting_capacity=1000.0, district="binh_dai")
    kept = float(mass(built, "basin_kept", 2022, district="binh_dai")[0])
    assert kept == pytest.approx(0, abs=1e-9)
    compost = float(mass(built, "sludge_compost", 2022, "dry_matter")[0])
    assert compost == pytest.approx(0.85 * one("basin_kept", 2022, "dry_matter", district="binh_dai"), rel=EXACT)
