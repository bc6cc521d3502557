"""Workbooks for tests: exported, opened again to be changed, saved, and the cells found by table and column."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from cemfa.definition.load import LoadedScenario, load_scenario
from cemfa.definition.schema import Model, Scenario
from cemfa.definition.workbook.names import sheet_title
from cemfa.definition.workbook.write import workbook_of

NAMES, FIRST = 5, 6  # rows of the names of columns and of the first entry


@cache
def exported(name: str, lang: str = "vi") -> bytes:
    loaded = load_scenario(name)
    return workbook_of(loaded.written, loaded.model.model, lang)


def opened(name: str, lang: str = "vi") -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(exported(name, lang)))


def changed(name: str, file: Path, change: Callable[[openpyxl.Workbook], object], lang: str = "vi") -> Path:
    """Write an exported workbook after a change to it."""
    book = opened(name, lang)
    change(book)
    book.save(file)
    return file


def sheet_of(book: openpyxl.Workbook, key: str, lang: str = "vi") -> Worksheet:
    return book[sheet_title(key, lang)]


def cell_of(sheet: Worksheet, column: str, row: int = FIRST) -> Any:
    """Return the cell below the name of a column, or, on a sheet of single values, beside the name of a value."""
    for found in sheet[NAMES] if sheet.cell(NAMES - 1, 1).value != "key" else ():
        if found.value == column:
            return sheet.cell(row, found.column)
    return next(sheet.cell(row[0].row, 3) for row in sheet.iter_rows(min_row=5) if row[0].value == column)


def without_inputs(read: Scenario | Model | None) -> Scenario | Model:
    assert read is not None
    return read.model_copy(update={"inputs": {}})


def same(first: LoadedScenario, second: LoadedScenario) -> bool:
    """Tell whether two scenarios say the same, and their models too."""
    pairs = ((first.written, second.written), (first.model.model, second.model.model))
    return all(without_inputs(a) == without_inputs(b) for a, b in pairs)
