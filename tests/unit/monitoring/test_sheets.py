"""Sheets go out, come back filled in by many hands, and every mistake is named with its sheet and cell."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cemfa.definition.load import read_model
from cemfa.definition.schema import Model
from cemfa.errors import DefinitionError
from cemfa.monitoring.sheets import Filled, read_filled, sheets_to_fill
from cemfa.monitoring.yearly import yearly_rows

OCTOBER = datetime.date(2026, 10, 31)


@pytest.fixture(scope="module")
def model() -> Model:
    return read_model("ben_tre")


def handed_out(model: Model, folder: Path, lang: str = "vi") -> Path:
    rows = yearly_rows(model, (), year=2026, cut_off=OCTOBER, today=OCTOBER)
    path = folder / "bieu.xlsx"
    path.write_bytes(sheets_to_fill(model, rows, year=2026, cut_off=OCTOBER, lang=lang))
    return path


def row_of(book: Any, target: str) -> tuple[Any, int]:
    return next(
        (sheet, row)
        for sheet in book.worksheets
        for row in range(8, sheet.max_row + 1)
        if sheet.cell(row, 1).value == target
    )


def changed(path: Path, change: Callable[[Any], None]) -> Path:
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    return path


Change = Callable[[Any], None]


def fill(actual: object = 31.5, estimate: object = 36, source: object = "BC 12") -> Change:
    def change(book: Any) -> None:
        sheet, row = row_of(book, "T18")
        sheet.cell(row, 7).value, sheet.cell(row, 8).value, sheet.cell(row, 9).value = actual, estimate, source

    return change


def told(filled: Filled) -> dict[tuple[str, str], float]:
    return {(o.key.item, o.key.kind): o.value for o in filled.observations}


def test_every_department_has_a_sheet_with_its_targets(model: Model, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(handed_out(model, tmp_path))
    assert [sheet.cell(1, 2).value for sheet in book.worksheets] == [
        "science_technology", "industry_trade", "finance", "agriculture_environment",
    ]  # fmt: skip
    sheet, row = row_of(book, "T18")
    assert sheet.cell(3, 1).value == "Cơ quan điền: Sở Nông nghiệp và Môi trường"
    assert sheet.cell(7, 7).value == "Thực hiện đến ngày 31/10/2026"
    assert sheet.cell(row, 4).value == "%"


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_what_is_filled_in_comes_back(model: Model, tmp_path: Path, lang: str) -> None:
    path = changed(handed_out(model, tmp_path, lang), fill())
    filled = read_filled(path, model)
    assert (filled.year, filled.cut_off) == (2026, OCTOBER)
    assert told(filled) == {("T18", "actual"): 31.5, ("T18", "estimate"): 36.0}
    assert {(o.source, o.unit) for o in filled.observations} == {("BC 12", "%")}
    assert {o.department for o in filled.observations} == {"agriculture_environment"}


def test_what_clerks_do_to_a_sheet_is_survived(model: Model, tmp_path: Path) -> None:
    def change(book: Any) -> None:
        fill(actual="31,5", estimate="1.036,25")(book)
        sheet, row = row_of(book, "T18")
        sheet.title = "Gui Sở TC"
        sheet["C5"] = "31/10/2026"
        sheet.cell(7, 9).value = "Nguồn số liệu "  # decomposed letters and a blank
        sheet.insert_cols(3)
        sheet.insert_rows(1 + row)
        book.move_sheet(sheet, -2)
        book.create_sheet("Ghi chú")["A1"] = "tự thêm"

    path = handed_out(model, tmp_path)
    with pytest.raises(DefinitionError, match="yearly-year"):  # a column inserted before the head moves it: said so
        read_filled(changed(path, change), model)

    def mend(book: Any) -> None:
        book["Gui Sở TC"].delete_cols(3)

    assert told(read_filled(changed(path, mend), model)) == {("T18", "actual"): 31.5, ("T18", "estimate"): 1036.25}


def put(value: object, row: int | None, column: int) -> Change:
    """Fill in a value and spoil another cell: of the head, or of the row of the target."""

    def change(book: Any) -> None:
        fill()(book)
        sheet, own = row_of(book, "T18")
        sheet.cell(row or own, column).value = value

    return change


BROKEN: dict[str, tuple[Change, str]] = {
    "yearly-source": (fill(source=None), "I"),
    "number-format": (fill(actual="khoảng 30"), "G"),
    "yearly-target": (put("T99", None, 1), "A"),
    "yearly-unit": (put("tấn", None, 4), "D"),
    "yearly-day": (put("cuối tháng 10", 5, 3), "C5"),
    "yearly-year": (put("năm nay", 4, 3), "C4"),
    "cell-formula": (fill(actual="=1+1"), "G"),
}


@pytest.mark.parametrize("code", BROKEN)
def test_a_mistake_is_named_with_its_cell(model: Model, tmp_path: Path, code: str) -> None:
    change, column = BROKEN[code]
    with pytest.raises(DefinitionError) as error:
        read_filled(changed(handed_out(model, tmp_path), change), model)
    found = {problem.code: problem.place for problem in error.value.problems}
    assert code in found
    assert found[code].cell.startswith(column)
    assert found[code].sheet


def test_sheets_of_different_days_and_values_are_refused(model: Model, tmp_path: Path) -> None:
    def change(book: Any) -> None:
        fill()(book)
        book.worksheets[0]["C5"] = datetime.date(2026, 9, 30)
        row_of(book, "T18")[0].title = "Sở NN&MT"
        copy = book.copy_worksheet(row_of(book, "T18")[0])
        copy.cell(row_of(book, "T18")[1], 7).value = 33

    with pytest.raises(DefinitionError) as error:
        read_filled(changed(handed_out(model, tmp_path), change), model)
    assert {problem.code for problem in error.value.problems} == {"yearly-years", "yearly-differs"}


def test_an_empty_or_foreign_workbook_is_refused(model: Model, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="observations-none"):
        read_filled(handed_out(model, tmp_path), model)
    other = tmp_path / "other.xlsx"
    openpyxl.Workbook().save(other)
    with pytest.raises(DefinitionError, match="yearly-no-sheet"):
        read_filled(other, model)


def test_the_same_value_from_two_departments_counts_once(model: Model, tmp_path: Path) -> None:
    def change(book: Any) -> None:
        fill()(book)
        sheet, _ = row_of(book, "T18")
        sheet.title = "Sở NN&MT"
        book.copy_worksheet(sheet)

    filled = read_filled(changed(handed_out(model, tmp_path), change), model)
    assert told(filled) == {("T18", "actual"): 31.5, ("T18", "estimate"): 36.0}
    assert len(filled.observations) == 2
