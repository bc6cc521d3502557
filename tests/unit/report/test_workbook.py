from __future__ import annotations

import datetime
import io
import zipfile

import pytest
from openpyxl import load_workbook
from tests.example_comparison import example

from cemfa.comparison.pictures import decimal_year
from cemfa.comparison.words import Words
from cemfa.report.context import workbook_tables
from cemfa.report.tables import Cell, Column, Table, shown
from cemfa.report.workbook import workbook_bytes

TRAPS = ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "a\x00b", "$x$", "Hộ gia đình")


def opened(content):
    return load_workbook(io.BytesIO(content))


@pytest.fixture(scope="module")
def book():
    return opened(workbook_bytes(workbook_tables(example(), "vi"), "Báo cáo"))


def table(**more):
    columns = (
        Column("Tên"),
        Column("Khối lượng", "tấn/ngày", "number", 1, spread=True),
        Column("Tỷ lệ", "%", "percent", 0),
    )
    rows = ((Cell("a"), Cell(1234.5, 1000.0, 1500.0), Cell(0.7)), (Cell("b"), Cell(None), Cell(float("nan"))))
    return Table(**({"name": "Bảng", "caption": "c", "columns": columns, "rows": rows} | more))


def test_numbers_are_numeric_cells_with_a_format_and_units_stand_in_the_header():
    sheet = opened(workbook_bytes([table()], "t"))["Bảng"]
    assert [cell.value for cell in sheet[1]] == [
        "Tên", "Khối lượng (tấn/ngày)", "Khối lượng, P5 (tấn/ngày)", "Khối lượng, P95 (tấn/ngày)", "Tỷ lệ (%)",
    ]  # fmt: skip
    assert [cell.value for cell in sheet[2]] == ["a", 1234.5, 1000.0, 1500.0, 0.7]
    assert [cell.number_format for cell in sheet[2]][1:] == ["#,##0.0"] * 3 + ["0%"]
    assert [cell.value for cell in sheet[3]] == ["b", None, None, None, None]  # absent is not zero


def test_labels_are_never_formulas():
    columns = (Column("=1+1"),)
    sheet = opened(workbook_bytes([table(columns=columns, rows=tuple((Cell(trap),) for trap in TRAPS))], "t"))["Bảng"]
    for row, trap in zip(sheet.iter_rows(min_row=2), TRAPS, strict=True):
        assert row[0].data_type == "s"
        assert row[0].value.strip() == trap.replace("\x00", "").strip()
    assert sheet["A1"].data_type == "s"
    assert sheet["A2"].quotePrefix
    assert not sheet["A9"].quotePrefix


def test_sheets_have_frozen_headers_filters_and_legal_names():
    names = ["Bảng", "bảng", "a/b:c*?[d]", "x" * 40, "x" * 40, ""]
    book = opened(workbook_bytes([table(name=name) for name in names], "t"))
    assert len({name.casefold() for name in book.sheetnames}) == len(names)
    assert all(0 < len(name) <= 31 for name in book.sheetnames)
    for sheet in book:
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref == "A1:E3"
        assert sheet.column_dimensions["A"].width >= 11


def test_the_workbook_carries_no_time():
    content = workbook_bytes([table()], "t")
    assert content == workbook_bytes([table()], "t")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}


def test_the_report_s_workbook_holds_its_tables(book):
    assert {"Tổng quan", "Mục tiêu", "Dự án", "Giả định", "Nguồn", "Lần tính", "Dòng vật chất"} <= set(book.sheetnames)
    flows = book["Dòng vật chất"]
    header = [cell.value for cell in flows[1]]
    per_day = next(n for n, name in enumerate(header) if "tấn/ngày" in name)
    per_year = next(n for n, name in enumerate(header) if "tấn/năm" in name)
    assert per_day < per_year  # wet tonnes per day come first
    for row in flows.iter_rows(min_row=2, values_only=True):
        days = 366 if row[1] % 4 == 0 else 365
        assert row[per_year] == pytest.approx(row[per_day] * days)


def test_assumptions_say_how_they_are_known(book):
    sheet = book["Giả định"]
    header = [cell.value for cell in sheet[1]]
    known = {row[header.index("Căn cứ")] for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert known <= {"có nguồn", "suy ra", "chưa kiểm chứng"}
    assert all(row[header.index("Nguồn")] for row in sheet.iter_rows(min_row=2, values_only=True))


def test_cells_are_shown_in_the_language():
    column = Column("Khối lượng", "tấn/ngày", "number", 1, spread=True)
    seen = shown(Cell(1234.56, -2.0, 1500.0), column, "vi")
    assert (seen.text, seen.spread) == ("1.234,6", "−2,0 – 1.500,0")
    assert shown(Cell(1234.56), column, "en").text == "1,234.6"
    assert shown(Cell(None), column, "vi").text == "–"
    assert shown(Cell(0.0, words="dưới 1%"), column, "vi").text == "dưới 1%"


@pytest.mark.parametrize("date", [datetime.date(2026, 1, 1), datetime.date(2026, 7, 1), datetime.date(2028, 12, 31)])
def test_dates_come_back_as_the_month_they_were_written_in(date):
    column = Column("Decision", kind="month")
    assert shown(Cell(decimal_year(date)), column, "vi").text == f"{date.month}/{date.year}"
    assert shown(Cell(decimal_year(date)), column, "en").text == f"{date.year}-{date.month:02d}"
    sheet = opened(workbook_bytes([table(columns=(column,), rows=((Cell(decimal_year(date)),),))], "t"))["Bảng"]
    assert sheet["A2"].value.date() == date
    assert sheet["A2"].number_format == "mm/yyyy"


def test_sentences_round_by_their_own_uncertainty():
    from cemfa.indicators.spread import Stat

    words = Words("vi", 100)
    assert words.spread(Stat(11.0, 8.03, 11.04, 14.0, 0.1)) == "11,0 (8,0 – 14,0)"
    assert words.spread(Stat(5.0, 5.0, 5.0, 5.0, 0.0)) == "5,00"
    assert words.probability(0.0) == "dưới 1%"
    assert words.probability(1.0) == "trên 99%"
    assert words.probability(0.5) == "50%"
