"""Every broken workbook gets exactly its expected messages, with sheet and cell, in both languages.

Each is made from a good one by one small mistake; the table of messages is `tests/golden/bad_workbooks.yaml`.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import openpyxl
import pytest
import yaml
from tests.workbooks import FIRST, NAMES, cell_of, changed, sheet_of

from cemfa import check, locale

GOLDEN: Final = Path(__file__).parents[1] / "golden" / "bad_workbooks.yaml"
Book = openpyxl.Workbook
PROJECTS, FUNDING, POLICY, PARAMETERS = "options.projects", "options.projects.funding", "options.policy", "parameters"


def put(key: str, column: str, value: Any, row: int = FIRST) -> Callable[[Book], None]:
    def change(book: Book) -> None:
        cell_of(sheet_of(book, key), column, row).value = value

    return change


def name_of_column(key: str, column: str, name: str | None) -> Callable[[Book], None]:
    def change(book: Book) -> None:
        cell_of(sheet_of(book, key), column, NAMES).value = name

    return change


def sheet_deleted(key: str) -> Callable[[Book], None]:
    return lambda book: book.remove(sheet_of(book, key))


def hidden(state: str) -> Callable[[Book], None]:
    def change(book: Book) -> None:
        sheet_of(book, "finance").sheet_state = state

    return change


def names_of_columns_deleted(book: Book) -> None:
    sheet_of(book, PROJECTS).delete_rows(NAMES)


def head_of_values_deleted(book: Book) -> None:
    sheet_of(book, "finance").delete_rows(4)


def sheet_copied(book: Book) -> None:
    book.copy_worksheet(sheet_of(book, "funders"))


def sheet_added(book: Book) -> None:
    book.create_sheet("Tính thử")["A1"] = 12


def row_repeated(book: Book) -> None:
    sheet = sheet_of(book, "funders")
    end = sheet.max_row + 1
    for column in range(1, 5):
        sheet.cell(end, column).value = sheet.cell(FIRST, column).value


def value_repeated(book: Book) -> None:
    sheet = sheet_of(book, "finance")
    sheet.cell(30, 1).value, sheet.cell(30, 3).value = "finance.start", 2031


def value_unknown(book: Book) -> None:
    sheet = sheet_of(book, "finance")
    sheet.cell(30, 1).value, sheet.cell(30, 3).value = "finance.begin", 2031


def remark_beside(book: Book) -> None:
    sheet = sheet_of(book, "funders")
    sheet.cell(FIRST, sheet.max_column + 2).value = "hỏi lại Sở Tài chính"


def two_forms(book: Book) -> None:
    cell_of(sheet_of(book, "flows"), "good.by").value = "district"


def two_marks(book: Book) -> None:
    """One number proves the comma, another the point: what can be read two ways is not guessed."""
    sheet = sheet_of(book, PARAMETERS)
    for row, text in zip((FIRST, FIRST + 1, FIRST + 2), ("0,5", "0.25", "1.234"), strict=True):
        cell_of(sheet, "value", row).value = text


MISTAKES: Final[dict[str, Callable[[Book], object]]] = {
    "label_blank": put("scenario", "label.vi", None),
    "capacity_blank": put(PROJECTS, "capacity", None),
    "capacity_in_words": put(PROJECTS, "capacity", "hai mươi"),
    "capacity_is_a_date": put(PROJECTS, "capacity", datetime.date(2026, 5, 20)),
    "capacity_is_an_error": put(PROJECTS, "capacity", "#REF!"),
    "capacity_negative": put(PROJECTS, "capacity", -20),
    "capacity_with_its_unit": put(PROJECTS, "capacity", "20 t/d"),
    "capacity_without_computed_value": put(PROJECTS, "capacity", "=4*5"),
    "column_deleted": name_of_column(PROJECTS, "owner.vi", None),
    "column_misspelt": name_of_column(PROJECTS, "haul_distance", "haul_distances"),
    "column_twice": name_of_column(PROJECTS, "haul_distance", "capacity"),
    "date_in_another_order": put(PROJECTS, "decision", "12/31/2026"),
    "date_in_words": put(PROJECTS, "decision", "quý I năm 2027"),
    "date_too_far": put(PROJECTS, "decision", 9_999_999),
    "finance_without_discount_rate": put("finance", "finance.discount_rate.value", None),
    "flag_in_words": put(PROJECTS, "site_secured", "chưa rõ"),
    "flow_with_two_goods": two_forms,
    "form_unknown": put(PROJECTS, "form", "tư nhân"),
    "funder_not_there": put(FUNDING, "source", "ngan_hang"),
    "funding_of_no_project": put(FUNDING, "projects", "yard_souht"),
    "funding_shares_not_one": put(FUNDING, "share", 0.9),
    "good_not_there": put("flows", "good", "rom_ra"),
    "head_of_values_deleted": head_of_values_deleted,
    "id_blank": put(PROJECTS, "id", None),
    "id_not_ascii": put(PROJECTS, "id", "sân_ủ"),
    "id_twice": row_repeated,
    "names_of_columns_deleted": names_of_columns_deleted,
    "number_read_two_ways": two_marks,
    "parameter_not_there": put(PARAMETERS, "parameter", "dan_so"),
    "parent_blank": put(PROJECTS, "options", None),
    "parent_not_there": put(PROJECTS, "options", "south_yrad"),
    "place_not_there": put(PROJECTS, "place.district", "tinh_khac"),
    "remark_beside_the_table": remark_beside,
    "sheet_added": sheet_added,
    "sheet_copied": sheet_copied,
    "sheet_deleted": sheet_deleted("funders"),
    "sheet_hidden": hidden("hidden"),
    "sheet_very_hidden": hidden("veryHidden"),
    "sheet_of_flows_deleted": sheet_deleted("flows"),
    "source_not_there": put(PARAMETERS, "source", "nghe_noi"),
    "unit_unknown": put(PARAMETERS, "unit", "tạ"),
    "value_named_twice": value_repeated,
    "value_unknown": value_unknown,
    "year_not_whole": put("scenario", "target_year", 2030.5),
    "year_of_prices_in_words": put("finance", "finance.price_year", "năm 2023"),
}


def messages(change: Callable[[Book], object], folder: Path) -> dict[str, list[str]]:
    file = changed("first_steps_2030", folder / "x.xlsx", change)
    found = check(file)
    texts = {lang: [locale.problem_text(problem, lang) for problem in found] for lang in ("en", "vi")}
    return {lang: [text.replace(str(file), "x.xlsx") for text in each] for lang, each in texts.items()}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gets_its_message(name: str, tmp_path: Path) -> None:
    expected = yaml.safe_load(GOLDEN.read_text(encoding="utf-8"))[name]
    assert messages(MISTAKES[name], tmp_path) == expected


def test_the_table_holds_forty_workbooks_and_each_names_a_sheet() -> None:
    table = yaml.safe_load(GOLDEN.read_text(encoding="utf-8"))
    assert sorted(table) == sorted(MISTAKES)
    assert len(table) >= 40
    for name, texts in table.items():
        assert texts["en"], name
        assert all(text.startswith("x.xlsx") for text in (*texts["en"], *texts["vi"])), name
        assert any("x.xlsx[" in text for text in texts["vi"]) or "deleted" in name, name
