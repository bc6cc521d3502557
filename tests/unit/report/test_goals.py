"""Targets in the report: a table per document, closed ones with their last report, the way there, gaps by district."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
import xarray as xr
from tests.example_comparison import example

from cemfa.comparison.words import Words
from cemfa.definition.schema import Label, LastReported, Target
from cemfa.report.context import page, workbook_tables
from cemfa.report.goals import courses_table, gaps_table, goals, gwp_sentence, targets_table
from cemfa.targets import assess

EN, VI = Words("en", 40), Words("vi", 40)
YEARS = list(range(2025, 2032))


def target(key="S02", **more):
    fields = {
        "id": key, "label": Label(vi="Tái chế", en="Recycled"), "issuer": "town", "document": "plan", "clause": "1",
        "status": "in_force", "area": "town", "year": 2030, "value": 50.0, "unit": "%", "sense": ">=",
        "indicator": "rate_with_home",
    }  # fmt: skip
    return Target.model_validate(fields | more)


def values():
    """Rates rise by ten points a year from 10 % in 2025 in two samples; two districts, one does all the work."""
    rate = np.array([[0.1 * n for n in range(1, 8)]] * 2)
    generated = np.full((2, 7, 3), 100.0) * [1, 1, 2]
    recycled = np.stack([2 * rate * 100, 0 * rate, 2 * rate * 100], axis=-1)
    return xr.Dataset(
        {
            "rate_with_home": (("sample", "period"), rate),
            "organics_generated_by_district": (("sample", "period", "district"), generated * 365),
            "organics_recycled_by_district": (("sample", "period", "district"), recycled * 365),
        },
        {"sample": [0, 1], "period": YEARS, "district": ["north", "south", "all"]},
    )


def with_targets(*targets):
    held = example()
    model = held.model.model_copy(update={"targets": targets})
    options = tuple(dataclasses.replace(o, targets=assess(values(), targets)) for o in held.options)
    return dataclasses.replace(held, model=model, options=options, headline=(targets[0].id,), hopeless=())


def shown(table, label):
    column = next(n for n, c in enumerate(table.columns) if c.label == label)
    return [row[column].words or row[column].value for row in table.rows]


def test_sets_stand_side_by_side_by_document():
    held = with_targets(target(), target("N1", document="decision", issuer="minister"), target("S03"))
    found = goals(held, EN)
    assert [table.caption for table in found.sets] == ["plan (town)", "decision (minister)"]
    assert [len(table.rows) for table in found.sets] == [2, 1]
    assert [table.rows[0][0].value for table in found.sets] == ["S02", "N1"]


def test_closed_ones_have_their_last_report_or_none_known_and_no_judgement():
    last = LastReported(year=2024, value=41.5, source="report 12/BC")
    held = with_targets(target(), target("C1", status="closed", year=2025, reported=last),
                        target("C2", status="superseded", year=2025))  # fmt: skip
    table = targets_table(held, EN)
    assert shown(table, "Status") == ["in force", "closed", "superseded"]
    assert shown(table, "Last reported") == ["none known", "41.5 % in 2024 (report 12/BC)", "none known"]
    assert shown(targets_table(held, VI), "Số báo cáo gần nhất")[2] == "chưa có số liệu"
    assert shown(table, "Judgement")[1].startswith("no longer due")
    assert [shown(table, "A")[n] for n in (1, 2)] == ["10%", "10%"]  # what is reckoned, without “met”
    assert "C1" not in courses_table(held, EN).keys


def test_the_way_shows_each_year_what_is_asked_and_had_and_when_it_is_first_met():
    table = courses_table(with_targets(target()), EN)
    assert [column.label for column in table.columns if re.fullmatch(r"20\d\d", column.label)] == [
        str(year) for year in range(2026, 2031)
    ]
    assert shown(table, "2028")[:2] == [pytest.approx(10 + 40 * 3 / 5), pytest.approx(40.0)]
    assert shown(table, "First met")[1:] == ["2029"] * 4
    assert shown(table, "On the path")[1:] == ["yes"] * 4
    assert {row[4].tone for row in table.rows[1:]} == {"good"}


def test_one_that_is_never_met_says_so_and_what_is_missing():
    table = courses_table(with_targets(target(value=99.0)), EN)
    assert shown(table, "First met")[1] == "not in the years modelled"
    assert shown(table, "On the path")[1] == "no"
    assert shown(table, "Missing when due, points")[1] == pytest.approx(39.0)


def test_the_gap_of_districts_adds_up_and_carries_its_share():
    held = with_targets(target(value=80.0))
    table = gaps_table(held, EN)
    option = held.plain[0].target("S02")
    assert [row[3].value for row in table.rows] == pytest.approx(
        [option.gap_by_district[d].p50 for d in ("north", "south")]
    )
    assert [row[3].words for row in table.rows] == ["−40.0 (−100%)", "80.0 (200%)"]


def test_page_and_workbook_hold_them_in_both_languages():
    held = with_targets(target(), target("S03"))
    assert len(page(held, "vi").goals.courses) == 1
    assert len(page(held, "en").goals.others) == 1
    names = [table.name for table in workbook_tables(held, "en")]
    assert names[1:4] == ["Targets", "Way to the targets", "Gap by district"]


def test_the_edition_of_the_warming_potentials_is_named():
    held = example()
    assert "AR5: methane 28, nitrous oxide 265" in gwp_sentence(held, EN)
    assert gwp_sentence(held, VI) in page(held, "vi").how
