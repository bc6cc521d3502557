"""Projects beside plants elsewhere: money, land and use per tonne a day, as stated and in the account's money."""

from __future__ import annotations

import dataclasses

import pytest
from tests.example_comparison import example

from cemfa.comparison.words import Words
from cemfa.definition.load import read_model
from cemfa.definition.schema import BenchmarkPlant
from cemfa.report.benchmarks import benchmarks_table
from cemfa.report.context import page, workbook_tables


def plant(key, **more):
    names = {"label": {"vi": "Nhà máy", "en": "Plant"}, "technology": {"vi": "Ủ", "en": "Composting"}}
    fields = {"id": key, "place": "Elsewhere", "capacity": 200.0, "basis": "reported", "source": "s", **names}
    return BenchmarkPlant.model_validate(fields | more)


def beside(*plants):
    held = example()
    model = held.model.model_copy(update={"benchmark_plants": {p.id: p for p in plants}})
    return dataclasses.replace(held, model=model)


def column(table, label):
    return next(n for n, c in enumerate(table.columns) if c.label == label)


def test_nothing_is_shown_where_the_model_names_none():
    assert not benchmarks_table(example(), Words("en"))
    assert "benchmarks" not in page(example(), "en").headings


def test_money_and_land_per_tonne_a_day():
    held = beside(plant("a", capex=500.0, capex_unit="bn_VND", price_year=example().scenario.finance.price_year,
                        land=8.0, intake=50.0),
                  plant("b", capex=6_400_000.0, capex_unit="EUR", price_year=2011, utilisation=0.15))  # fmt: skip
    table = benchmarks_table(held, Words("en"))
    first, second = table.rows[:2]
    assert first[column(table, "Investment per t/d")].value == pytest.approx(2500.0)  # million VND
    assert first[column(table, "Land per t/d")].value == pytest.approx(400.0)  # m²
    assert first[column(table, "Utilisation")].value == pytest.approx(0.25)
    assert second[column(table, "Investment per t/d")].value is None  # no exchange rate of that year
    assert second[column(table, "As stated")].value == "32,000 EUR per t/d (2011)"
    assert second[column(table, "Utilisation")].value == 0.15


def test_projects_of_the_options_stand_below():
    table = benchmarks_table(beside(plant("a")), Words("vi"))
    assert len(table.rows) > 1
    assert "(phương án" in table.rows[1][0].value
    project = next(p for option in example().plain for p in option.projects)
    assert table.rows[1][column(table, "Suất vốn đầu tư cho 1 tấn/ngày")].value == pytest.approx(
        project.capex.p50 / project.capacity / 1e6
    )


def test_the_sheet_and_the_section_are_there():
    held = beside(plant("a"))
    assert "Plants elsewhere" in [table.name for table in workbook_tables(held, "en")]
    assert page(held, "vi").headings["benchmarks"] == "Đối chiếu với các cơ sở ở nơi khác"


def test_ben_tre_names_plants_with_their_sources():
    model = read_model("ben_tre")
    found = model.benchmark_plants
    assert found["long_my"].used == 0.15
    assert found["hoa_phu"].capex / found["hoa_phu"].capacity == 1.0  # bn VND per t/d
    assert all(p.source in model.sources for p in found.values())
