"""The workbook `tables.xlsx`: every table of the report with numeric cells, their formats, units in the header.

Stands beside `html`; reads the same tables. Text is never a formula, whatever it begins with; the same tables
give the same bytes.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from typing import Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from cemfa.definition.workbook.paper import put, saved
from cemfa.report.tables import Cell, Column, Table, date_of

Value = float | str | datetime.date | None
_NOT_IN_TITLE: Final = re.compile(r"[\\/*?:\[\]]")
_LONGEST_TITLE: Final = 31
_WIDEST: Final = 60
_HEAD: Final = PatternFill("solid", fgColor="1B6E53")
_WRAPPED: Final = Alignment(wrap_text=True, vertical="top")


def workbook_bytes(tables: Sequence[Table], title: str) -> bytes:
    """Return an xlsx file with one sheet per table.

    A table's columns with a spread become three: the middle, P5 and P95. Shares are stored as fractions with a
    percent format, everything else in the unit of the header. The first row is frozen and has a filter.
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    used: set[str] = set()
    for table in tables:
        _write(book.create_sheet(_title(table.name, used)), table)
    return saved(book, title)


def _write(sheet: Worksheet, table: Table) -> None:
    heads = list(_expanded(table.columns))
    for number, (column, label) in enumerate(heads, 1):
        cell = sheet.cell(1, number)
        put(cell, label)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _HEAD
        cell.alignment = Alignment(
            wrap_text=True, vertical="center", horizontal=None if column.kind == "text" else "right"
        )
    widths = [len(label) for _, label in heads]
    for place, row in enumerate(table.rows, 2):
        for number, (column, value) in enumerate(_values(table.columns, row), 1):
            cell = sheet.cell(place, number)
            put(cell, value)
            if isinstance(value, int | float | datetime.date):
                cell.number_format = _format(column)
            elif value:
                widths[number - 1] = max(widths[number - 1], len(value))
                if len(value) > _WIDEST:
                    cell.alignment = _WRAPPED
    for number, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(number)].width = min(max(width + 2, 11), _WIDEST)
    sheet.freeze_panes = "B2"
    if table.rows:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{len(table.rows) + 1}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def _expanded(columns: Iterable[Column]) -> Iterable[tuple[Column, str]]:
    for column in columns:
        yield column, column.header
        if column.spread:
            for end in ("P5", "P95"):
                yield column, f"{column.label}, {end}" + (f" ({column.unit})" if column.unit else "")


def _values(columns: Iterable[Column], row: Iterable[Cell]) -> Iterable[tuple[Column, Value]]:
    for column, cell in zip(columns, row, strict=True):
        value = cell.value
        if value is None and cell.words:
            value = cell.words
        if isinstance(value, float) and value != value:
            value = None
        yield column, _stored(value, column)
        if column.spread:
            yield column, _stored(cell.low, column)
            yield column, _stored(cell.high, column)


def _stored(value: float | str | None, column: Column) -> Value:
    """Return a value as a cell holds it: decimal years become dates, which spreadsheets can reckon with."""
    return date_of(value) if column.kind == "month" and isinstance(value, float) else value


def _format(column: Column) -> str:
    if column.kind in ("year", "month"):
        return "0" if column.kind == "year" else "mm/yyyy"
    decimals = 1 if column.decimals is None else column.decimals
    tail = "." + "0" * decimals if decimals else ""
    return f"0{tail}%" if column.kind == "percent" else f"#,##0{tail}"


def _title(name: str, used: set[str]) -> str:
    base = _NOT_IN_TITLE.sub(" ", name)[:_LONGEST_TITLE].strip("' ") or "1"
    title, number = base, 1
    while title.casefold() in used:
        number += 1
        title = f"{base[: _LONGEST_TITLE - 3]} {number}"
    used.add(title.casefold())
    return title
