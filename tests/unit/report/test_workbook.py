from __future__ import annotations

import datetime
import io
import zipfile

import numpy as np
import pytest
from openpyxl import load_workbook
from tests.example_comparison import example

from cemfa.comparison.words import Words
from cemfa.report.context import workbook_tables
from cemfa.report.tables import Cell, Column, Table, shown
from cemfa.report.workbook import HEAD, workbook_bytes
from cemfa.units import decimal_year

TRAPS = ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "a\x00b", "$x$", "Hộ gia đình")


FIRST = HEAD + 1


def opened(content, *, values=False):
    return load_workbook(io.BytesIO(content), data_only=values)


def appendix(book, name):
    """Return the sheet of a table by its name, whatever its number."""
    return next(sheet for sheet in book if sheet.title.endswith(f" - {name}"))


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
    sheet = appendix(opened(workbook_bytes([table()], "t")), "Bảng")
    assert [cell.value for cell in sheet[HEAD]] == [
        "Tên", "Khối lượng (tấn/ngày)", "Khối lượng, P5 (tấn/ngày)", "Khối lượng, P95 (tấn/ngày)", "Tỷ lệ (%)",
    ]  # fmt: skip
    assert [cell.value for cell in sheet[FIRST]] == ["a", 1234.5, 1000.0, 1500.0, 0.7]
    assert [cell.number_format for cell in sheet[FIRST]][1:] == ["#,##0.0"] * 3 + ["0%"]
    assert [cell.value for cell in sheet[FIRST + 1]] == ["b", None, None, None, None]  # absent is not zero


def test_labels_are_never_formulas():
    columns = (Column("=1+1"),)
    rows = tuple((Cell(trap),) for trap in TRAPS)
    book = opened(workbook_bytes([table(columns=columns, rows=rows, caption="=1+1", note="=2")], "=3", source="=4"))
    sheet = appendix(book, "Bảng")
    assert not [cell for page in book for row in page.iter_rows() for cell in row if cell.data_type == "f"]
    for row, trap in zip(sheet.iter_rows(min_row=FIRST, max_row=HEAD + len(TRAPS)), TRAPS, strict=True):
        assert row[0].data_type == "s"
        assert row[0].value.strip() == trap.replace("\x00", "").strip()
    assert sheet.cell(HEAD, 1).data_type == "s"
    assert sheet.cell(FIRST, 1).quotePrefix
    assert not sheet.cell(HEAD + len(TRAPS), 1).quotePrefix


def test_sheets_are_numbered_appendices_with_legal_names_frozen_headers_and_filters():
    names = ["Bảng", "bảng", "a/b:c*?[d]", "x" * 40, "x" * 40, ""]
    book = opened(workbook_bytes([table(name=name) for name in names], "t", lang="vi"))
    assert book.sheetnames[0] == "Danh mục phụ lục"
    assert book.sheetnames[1] == "Phụ lục 1 - Bảng"
    assert len({name.casefold() for name in book.sheetnames}) == len(names) + 1
    assert all(0 < len(name) <= 31 for name in book.sheetnames)
    for number, sheet in enumerate(book.worksheets[1:], 1):
        assert sheet["A1"].value == f"Phụ lục {number}"
        assert sheet.freeze_panes == f"B{FIRST}"
        assert sheet.auto_filter.ref == f"A{HEAD}:E{FIRST + 1}"
        assert sheet.column_dimensions["A"].width >= 9
        linked = book.worksheets[0].cell(HEAD + number - 1, 1)
        assert linked.hyperlink.location == f"'{sheet.title}'!A1"
    english = opened(workbook_bytes([table()], "t", lang="en"))
    assert english.sheetnames == ["List of appendices", "Appendix 1 - Bảng"]


def test_appendices_print_on_a4_with_headers_page_numbers_notes_and_sources():
    wide = tuple(Column(f"Cột số {n}", "tấn", "number") for n in range(40))
    long = table(columns=(Column("Tên"), *wide), rows=((Cell("a"), *(Cell(1.0) for _ in wide)),), note="Ghi chú")
    book = opened(workbook_bytes([table(), long], "t", lang="vi", source="ai đó"))
    assert [sheet.page_setup.orientation for sheet in book] == ["portrait", "portrait", "landscape"]
    for sheet in book:
        assert sheet.page_setup.paperSize == 9
        assert "&P/&N" in sheet.oddFooter.center.text
        assert sheet.page_margins.left == pytest.approx(30 / 25.4)
    for sheet in book.worksheets[1:]:
        assert sheet.print_title_rows == f"${HEAD}:${HEAD}"
        texts = [cell.value for cell in sheet["A"] if cell.value]
        assert texts[-1] == "Nguồn: ai đó."
    small, large = book.worksheets[1:]
    assert small.sheet_properties.pageSetUpPr.fitToPage
    assert (small.page_setup.fitToWidth, small.page_setup.fitToHeight) == (1, 0)
    assert (large.page_setup.scale, large.print_title_cols) == (65, "$A:$A")  # shrunk no further than one can read
    assert "Ghi chú" in [cell.value for cell in large["A"]]


def test_formulas_hold_their_values_and_text_of_theirs_is_text():
    columns = (Column("Tên"), *(Column(name, kind="number") for name in "xyz"))
    rows = (
        (Cell("a"), Cell(np.float64(0.1) + 0.2), Cell(0.2), Cell(0.5, formula="SUM({c1}{r}:{c2}{r})")),
        (Cell("b"), Cell(None), Cell(None), Cell(None, words="<không>", formula='IF({p}{c}>0,1,"<không>")')),
        (Cell("d"), Cell(None), Cell(None), Cell(None, formula='IF({c}{a}>0,"",1)')),
    )
    content = workbook_bytes([table(columns=columns, rows=rows, keys=("a", "c", "d"))], "t")
    written, held = (appendix(opened(content, values=values), "Bảng") for values in (False, True))
    assert written.cell(FIRST, 4).value == f"=SUM(B{FIRST}:C{FIRST})"
    assert held.cell(FIRST, 4).value == 0.5
    assert held.cell(FIRST, 2).value == 0.1 + 0.2
    assert held.cell(FIRST + 1, 4).value == "<không>"
    assert held.cell(FIRST + 2, 4).value in (None, "")


def test_the_workbook_carries_no_time():
    content = workbook_bytes([table()], "t")
    assert content == workbook_bytes([table()], "t")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}


def test_the_report_s_workbook_holds_its_tables(book):
    names = ("Tổng quan", "Mục tiêu", "Dự án", "Giả định", "Nguồn", "Lần tính", "Dòng vật chất")
    assert set(names) <= {sheet.title.partition(" - ")[2] for sheet in book}
    flows = appendix(book, "Dòng vật chất")
    header = [cell.value for cell in flows[HEAD]]
    per_day = next(n for n, name in enumerate(header) if "tấn/ngày" in name)
    per_year = next(n for n, name in enumerate(header) if "tấn/năm" in name)
    assert per_day < per_year  # wet tonnes per day come first
    for row in flows.iter_rows(min_row=FIRST, max_row=flows.max_row, values_only=True):
        if not isinstance(row[1], int):
            break  # notes
        days = 366 if row[1] % 4 == 0 else 365
        assert row[per_year] == pytest.approx(row[per_day] * days)


def test_assumptions_say_how_they_are_known(book):
    sheet = appendix(book, "Giả định")
    header = [cell.value for cell in sheet[HEAD]]
    rows = [row for row in sheet.iter_rows(min_row=FIRST, values_only=True) if row[1]]
    assert {row[header.index("Căn cứ")] for row in rows} <= {"có nguồn", "suy ra", "chưa kiểm chứng"}
    assert all(row[header.index("Nguồn")] for row in rows)


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
    book = opened(workbook_bytes([table(columns=(column,), rows=((Cell(decimal_year(date)),),))], "t"))
    cell = appendix(book, "Bảng").cell(FIRST, 1)
    assert cell.value.date() == date
    assert cell.number_format == "mm/yyyy"


def test_sentences_round_by_their_own_uncertainty():
    from cemfa.indicators.spread import Stat

    words = Words("vi", 100)
    assert words.spread(Stat(11.0, 8.03, 11.04, 14.0, 0.1)) == "11,0 (8,0 – 14,0)"
    assert words.spread(Stat(5.0, 5.0, 5.0, 5.0, 0.0)) == "5,00"
    assert words.probability(0.0) == "dưới 1%"
    assert words.probability(1.0) == "trên 99%"
    assert words.probability(0.5) == "50%"
