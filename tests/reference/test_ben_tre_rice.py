"""Rice and livestock of Ben Tre, worked by hand from published areas, yields, ratios and herds.

Nothing is read from the model's tables: the facts stand here as they were published or chosen, so that a table
that changes by mistake is noticed.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.reference.chains import DAYS, building, central, drawn, mass, one, system

AREA = {"winter_spring": 822, "summer_autumn": 8510, "autumn_winter": 9500, "rice_shrimp": 5005}  # ha, 2022
YIELD = {"winter_spring": 5.0, "summer_autumn": 4.691, "autumn_winter": 4.6, "rice_shrimp": 4.07}  # t/ha
UPLAND = {"ba_tri": 0.76, "giong_trom": 0.16, "binh_dai": 0.05, "thanh_phu": 0.03}
"""Where paddy is grown that does not rotate with shrimp; all that does is in Thạnh Phú."""
CATTLE, RATION = 240_450, 0.003  # head, t of straw a day
CUT, FED, MUSHROOM, MULCH, PLOUGHED, BURNT = 0.72, 0.62, 0.06, 0.04, 0.20, 0.08  # of the straw that is cut
EXACT = 1e-9  # products of some ten doubles, summed over districts


def place(crop: str, district: str) -> float:
    return float(district == "thanh_phu") if crop == "rice_shrimp" else UPLAND[district]


def paddy(district: str) -> float:
    return sum(AREA[crop] * YIELD[crop] * place(crop, district) for crop in AREA)


@pytest.mark.parametrize("district", UPLAND)
@pytest.mark.parametrize("crop", AREA)
def test_straw_is_area_times_yield_times_ratio(crop: str, district: str) -> None:
    expected = AREA[crop] * YIELD[crop] * place(crop, district) * 1.0
    assert one("straw_arising", 2022, crop_season=crop, district=district) == pytest.approx(expected, rel=EXACT)


def test_districts_and_crops_add_up_to_the_province() -> None:
    assert one("straw_arising", 2022) == pytest.approx(sum(AREA[c] * YIELD[c] for c in AREA), rel=EXACT)
    assert 100_000 < one("straw_arising", 2022) < 122_000  # t of paddy in 2022, one tonne of straw for each


@pytest.mark.parametrize(("year", "low", "high"), [(2018, 195e3, 245e3), (2019, 160e3, 215e3), (2020, 55e3, 120e3),
                                                  (2021, 112e3, 134e3), (2023, 95e3, 120e3)])  # fmt: skip
def test_the_paddy_of_every_year_lies_in_its_published_range(year: int, low: float, high: float) -> None:
    assert low < one("straw_arising", year) < high


def test_no_autumn_winter_crop_was_grown_in_2020() -> None:
    assert one("straw_arising", 2020, crop_season="autumn_winter") == 0


@pytest.mark.parametrize("district", UPLAND)
def test_every_use_of_the_straw_that_is_cut(district: str) -> None:
    cut = paddy(district) * CUT
    uses = {"straw_cut": 1.0, "straw_fed": FED, "straw_to_mushroom": MUSHROOM, "straw_mulched": MULCH,
            "straw_incorporated": PLOUGHED, "straw_burnt": BURNT}  # fmt: skip
    for name, share in uses.items():
        # the split of what is left over is typed with three digits: 0.714 of 0.28 is 0.2 less a ten-thousandth
        assert one(name, 2022, district=district) == pytest.approx(share * cut, rel=2e-3), name
    assert one("straw_arising", 2022, district=district) == pytest.approx(
        one("straw_cut stubble_left", 2022, district=district), rel=EXACT
    )


def test_burning_stays_far_below_the_rates_of_the_delta() -> None:
    assert one("straw_burnt", 2022) < 0.1 * one("straw_cut", 2022)  # 36–49 % elsewhere


def test_cattle_buy_what_they_lack() -> None:
    demand = CATTLE * RATION * DAYS
    bought = demand - sum(paddy(district) for district in UPLAND) * CUT * FED
    assert one("straw_eaten", 2022) == pytest.approx(demand, rel=EXACT)
    assert one("straw_imported", 2022) == pytest.approx(bought, rel=EXACT)


def test_imports_fill_every_district_and_are_never_negative() -> None:
    names = ("straw_imported", "straw_fed", "bales_fed", "treated_straw_fed", "straw_eaten")
    found = drawn(*names)
    districts = np.unique(found["district"].to_numpy()[found["flow_name"].to_numpy() == "straw_imported"])
    assert len(districts) == 9
    for year in (2018, 2020, 2023):
        for district in districts.tolist():
            bought = mass(found, "straw_imported", year, district=district)
            own = mass(found, "straw_fed bales_fed treated_straw_fed", year, district=district)
            eaten = mass(found, "straw_eaten", year, district=district)
            assert (bought >= 0).all()
            np.testing.assert_allclose(bought + own, eaten, rtol=1e-9)  # what passes settle on


def test_crops_keep_their_calendars() -> None:
    names, crops = central()["flow_name"].to_numpy(), central()["crop_season"].to_numpy()
    followed = {(str(names[f]), str(crops[f]), system(2035).season[f]) for f in range(len(names)) if crops[f]}
    assert {season for _, crop, season in followed if crop != season} == set()
    assert len(followed) == 3 * len(AREA)  # straw, husk and bran
    harvest = {
        crop: {row.month for row in system().model.seasons if row.profile == crop and row.value} for crop in AREA
    }
    assert harvest["winter_spring"] == {3, 4}
    assert harvest["summer_autumn"] == {8, 9}
    assert harvest["autumn_winter"] == {11, 12, 1}
    assert harvest["rice_shrimp"] == {12, 1}


def test_husk_and_bran_follow_the_paddy() -> None:
    total = sum(AREA[crop] * YIELD[crop] for crop in AREA)
    assert one("rice_husk_arising", 2022) == pytest.approx(0.2 * total, rel=EXACT)
    assert one("rice_bran_arising", 2022) == pytest.approx(0.1 * total, rel=EXACT)
    assert one("rice_bran_fed rice_bran_leaving", 2022) == pytest.approx(0.1 * total, rel=EXACT)
    assert one("rice_bran_fed", 2022) == pytest.approx(0.05 * total, rel=EXACT)  # half is milled in the province
    ash = one("husk_ash_spread", 2022, "dry_matter") / one("rice_husk_fuel", 2022, "dry_matter")
    assert ash == pytest.approx(0.18, rel=EXACT)


def test_manure_is_what_the_herds_leave() -> None:
    straw, grass = CATTLE * RATION * DAYS * (1 - 0.1376), CATTLE * 0.020 * DAYS * (1 - 0.8)  # dry matter
    assert one("manure", 2022, "dry_matter") == pytest.approx(0.43 * (straw + grass), rel=EXACT)
    assert 0.78 < one("manure", 2022, "water") / one("manure", 2022) < 0.86  # moisture of fresh cattle manure
    assert one("pig_manure_arising", 2022) == pytest.approx(463_188 * 0.002 * DAYS, rel=EXACT)
    uses = "pig_manure_to_fields pig_manure_digested pig_manure_to_added pig_manure_discharged"
    assert one(uses, 2022) == pytest.approx(one("pig_manure_arising", 2022), rel=EXACT)


@pytest.mark.parametrize("name", ["straw_baler", "straw_feed_unit", "mushroom_plant", "briquette_press", "husk_boiler",
                                  "farm_digestion"])  # fmt: skip
def test_what_an_option_may_build_takes_nothing_today(name: str) -> None:
    groups = [group for group in system(2035).groups if group.process == name]
    assert groups
    taken = central()["flow_mass"].isel(sample=0).sum("layer").to_numpy()
    assert all(taken[:, list(group.inflows)].sum() == 0 for group in groups)


def test_a_bale_that_is_made_replaces_bought_straw() -> None:
    """Balers for more than there is: three quarters of what was left over is gathered, and no more is burnt."""
    built = building(straw_baling_capacity=500.0, district="ba_tri")
    left = paddy("ba_tri") * CUT * (PLOUGHED + BURNT)
    where = {"district": "ba_tri"}
    assert float(mass(built, "bales_fed", 2022, **where)[0]) == pytest.approx(0.75 * left, rel=EXACT)
    less = one("straw_imported", 2022, **where) - float(mass(built, "straw_imported", 2022, **where)[0])
    assert less == pytest.approx(0.75 * left, rel=EXACT)
    assert float(mass(built, "straw_burnt", 2022, **where)[0]) == 0
    elsewhere = float(mass(built, "straw_burnt", 2022)[0])
    assert elsewhere == pytest.approx(one("straw_burnt", 2022) - one("straw_burnt", 2022, **where), rel=EXACT)


def test_added_digesters_take_the_pig_manure_that_is_discharged() -> None:
    built = building(farm_digestion_capacity=40.0, district="mo_cay_nam")
    taken = float(mass(built, "pig_manure_to_added", 2022)[0])
    less = one("pig_manure_discharged", 2022) - float(mass(built, "pig_manure_discharged", 2022)[0])
    assert taken == pytest.approx(less, rel=EXACT)
    assert 0.8 < taken / (40 * DAYS) < 0.9  # availability of 0.85
