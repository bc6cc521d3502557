"""The rural recycling rate of Ben Tre in 2023 under all six definitions, by hand from the model's own rows.

Nothing of cemfa computes the expected side: rows are read from the tables, and every step is written out.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cemfa import library
from cemfa.definition.load import read_model
from cemfa.indicators import evaluate
from cemfa.system.compile import compile_system
from cemfa.system.solve import solve

YEAR, DAYS = 2023, 365
ORGANIC = ("food", "garden")
FRACTIONS = (*ORGANIC, "plastics", "other_waste")
RATES = ("rate_collected", "rate_input_eu", "rate_output_dry", "rate_with_home", "rate_carbon", "rate_strict")


class Rows:
    """Central values as the tables of a model hold them."""

    def __init__(self, folder: Path) -> None:
        self.parameters = _read(folder / "parameters.csv")
        self.technologies = _read(folder / "technologies.csv")
        self.composition = _read(folder / "composition.csv")
        self.goods = {row["id"]: row for row in _read(folder / "goods.csv")}
        self.districts = [row["id"] for row in _read(folder / "districts.csv")]

    def __call__(self, parameter: str, **where: str) -> float:
        """Return the value of a row in 2023: the row of that year, else the one without a year."""
        rows = [r for r in self.parameters if r["parameter"] == parameter and not r["alternative"] and _fits(r, where)]
        dated = [r for r in rows if r["year"] == str(YEAR)]
        best = max(dated or [r for r in rows if not r["year"]], key=lambda r: sum(bool(r[k]) for k in where))
        return float(best["value"])

    def share(self, good: str, layer: str) -> float:
        """Return how much of a layer a tonne of fresh matter holds."""
        (row,) = [r for r in self.composition if (r["good"], r["layer"]) == (good, layer)]
        return float(row["value"]) * (1.0 if row["per"] == "fresh" else 1.0 - self.share(good, "water"))

    def technology(self, name: str, quantity: str) -> float:
        (row,) = [r for r in self.technologies if (r["technology"], r["parameter"]) == (name, quantity)]
        return float(row["value"])


def _read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _fits(row: dict[str, str], where: dict[str, str]) -> bool:
    return all(not row[column] or row[column] == item for column, item in where.items())


@pytest.fixture(scope="module")
def rows() -> Rows:
    return Rows(library.find_model("ben_tre"))


@pytest.fixture(scope="module")
def computed() -> dict[str, float]:
    model = read_model("ben_tre")
    values = evaluate(solve(compile_system(model)), RATES)
    return {name: float(values[name].sel(sample=0, period=YEAR, settlement="rural")) for name in RATES}


def household(rows: Rows, district: str, settlement: str, fraction: str) -> float:
    """Return household waste of a place and fraction [t/d]."""
    people = rows("population", district=district, settlement=settlement)
    return (
        people
        * rows("waste_per_head", settlement=settlement)
        / 1000
        * rows("household_fraction", waste_fraction=fraction)
    )


def thanh_phu_intake_share(rows: Rows) -> float:
    """Return the share of the mixed waste brought to the Thạnh Phú plant that it can take in."""
    offered = 0.0
    for fraction in FRACTIONS:
        for settlement in ("urban", "rural"):
            rate = rows("collection_rate", district="thanh_phu", settlement=settlement)
            collected = household(rows, "thanh_phu", settlement, fraction) * rate
            offered += collected * (1 - rows("plastics_recovery") if fraction == "plastics" else 1)
        market = rows("market_waste_amount", district="thanh_phu") * rows("market_fraction", waste_fraction=fraction)
        offered += market * rows("collection_rate", district="thanh_phu", settlement="urban")
    between = rows.technology("mixed_composting", "mean_time_between_failures")
    repair = rows.technology("mixed_composting", "mean_time_to_repair")
    capacity = rows("mixed_plant_capacity", district="thanh_phu") * between / (between + repair)
    return min(1.0, capacity / offered)


def sold_of_windrow(rows: Rows, kept: float) -> float:
    """Return what leaves the screen per tonne put into the windrow, the coarse part going round."""
    passing = rows("mixed_screen_passing")
    return passing * kept / (1 - (1 - passing) * kept)


def by_hand(rows: Rows) -> dict[str, float]:
    """Return the six rates; sums over districts and the two organic fractions, fresh unless said."""
    taken_in = thanh_phu_intake_share(rows)
    dry_sold = sold_of_windrow(rows, rows("compost_dry_matter_kept"))
    carbon_sold = sold_of_windrow(rows, rows("compost_carbon_kept"))
    total = dict.fromkeys(("generated", "apart", "plant", "home", "dry", "dry_out", "carbon", "carbon_out"), 0.0)
    for district in rows.districts:
        collection = rows("collection_rate", district=district, settlement="rural")
        separating = rows("separating_households", district=district, settlement="rural")
        participation = rows("participation", district=district)
        to_plant = rows("mixed_plant_share", district=district) if district in ("thanh_phu", "mo_cay_nam") else 0.0
        for fraction in ORGANIC:
            waste = household(rows, district, "rural", fraction)
            own = waste * rows("self_treatment_rate", settlement="rural")
            home, fed = own * rows("self_composted_share"), own * rows("self_fed_share")
            apart = waste * collection * separating * participation * rows("capture", waste_fraction=fraction)
            # no plant takes separated organics yet: all collected waste ends in the mixed waste
            plant = waste * collection * to_plant * taken_in
            plant *= 1 - rows("mixed_plant_reject_share", waste_fraction=fraction)
            dry, carbon = 1 - rows.share(fraction, "water"), rows.share(fraction, "carbon")
            total["generated"] += waste
            total["apart"] += apart
            total["plant"] += plant
            total["home"] += home
            total["dry"] += waste * dry
            total["carbon"] += waste * carbon
            total["dry_out"] += dry * (home * rows("home_compost_dry_matter_kept") + fed + plant * dry_sold)
            total["carbon_out"] += carbon * (home * rows("home_compost_carbon_kept") + fed + plant * carbon_sold)
    certified = rows.goods["mixed_compost"]["status"] == "product"  # compost that fails its standard is no product
    return {
        "rate_collected": total["apart"] / total["generated"],
        "rate_input_eu": total["plant"] / total["generated"],
        "rate_output_dry": total["dry_out"] / total["dry"],
        "rate_with_home": (total["plant"] + total["home"] * rows("home_composting_evidence_factor"))
        / total["generated"],
        "rate_carbon": total["carbon_out"] / total["carbon"],
        "rate_strict": total["plant"] / total["generated"] if certified else 0.0,
    }


def test_the_denominator_is_the_published_810_tonnes_a_day(rows):
    total = sum(household(rows, d, "rural", f) for d in rows.districts for f in FRACTIONS)
    assert total == pytest.approx(810.0, rel=1e-6)  # rates per head are typed with nine digits


@pytest.mark.parametrize("name", RATES)
def test_rural_baseline_of_2023(rows, computed, name):
    # both sides are sums of some hundred products of doubles
    assert computed[name] == pytest.approx(by_hand(rows)[name], rel=1e-9, abs=1e-12)


def test_definitions_stand_in_the_order_they_must(computed):
    assert computed["rate_strict"] <= computed["rate_input_eu"] <= computed["rate_with_home"]
