"""The workbook `tables.xlsx`: every table of the report as an appendix that prints on A4, with numeric cells.

Stands beside `html`; reads the same tables. Totals and cash flows are formulas that hold their values too. Text is
never a formula, whatever it begins with; the same tables give the same bytes.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.utils.indexed_list import IndexedList
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from cemfa import locale
from cemfa.definition.workbook.paper import Values, allowed_title, height_of, put, put_formula, saved
from cemfa.report.tables import Cell, Column, Table, date_of

Value = float | str | datetime.date | None

HEAD: Final = 5
"""Row of the headers; above it stand number and title of the appendix."""

_WIDEST: Final = 44
_NARROW: Final = 13
_FONT: Final = "Times New Roman"
_A4: Final = 9
_MARGINS: Final = {"left": 30, "right": 15, "top": 20, "bottom": 20, "header": 10, "footer": 10}
"""Margins of administrative documents [mm]: Decree 30/2020/ND-CP, appendix I."""
_UPRIGHT, _ACROSS, _SMALLEST = 88, 132, 0.65
"""Characters of 11 points that fit on a page upright and across, and how far they may be shrunk to fit."""
_REPEATED: Final = 60
"""Characters that columns repeated on every page may take."""
_HEAD_FILL: Final = PatternFill("solid", fgColor="E3ECE9")
_THIN: Final = Side(style="thin", color="999999")
_BOX: Final = Border(_THIN, _THIN, _THIN, _THIN)
_TOP: Final = Alignment(wrap_text=True, vertical="top")
_UP: Final = Alignment(vertical="top")
_WRAPPED: Final = {side: Alignment(wrap_text=True, vertical="top", horizontal=side) for side in ("left", "right")}
_MIDDLE: Final = Alignment(wrap_text=True, vertical="center", horizontal="center")


def workbook_bytes(tables: Sequence[Table], title: str, *, lang: str | None = None, source: str = "") -> bytes:
    """Return an xlsx file with a list of appendices and one sheet per table.

    A table's columns with a spread become three: the middle, P5 and P95. Shares are stored as fractions with a
    percent format, everything else in the unit of the header.

    Parameters
    ----------
    tables : in the order of the appendices
    title : of the whole
    lang : of the words around the tables; None is the language in force
    source : what stands as their source below every table; "" without
    """
    book: Any = Workbook()
    book.remove(book.worksheets[0])
    book._fonts = IndexedList([Font(name=_FONT, size=11)])  # what cells have without a font: openpyxl offers no name
    contents = book.create_sheet(_title(locale.text("report.annex_contents", lang)))
    values: Values = {}
    sheets = []
    for number, table in enumerate(tables, 1):
        name = locale.text("report.annex", lang, number=number)
        sheets.append(book.create_sheet(_title(f"{name} - {table.name}")))
        _Sheet(sheets[-1], table, name, lang, source, values).write()
    _contents(contents, tables, sheets, title, lang, source)
    return saved(book, title, values)


def _contents(
    sheet: Worksheet, tables: Sequence[Table], sheets: Sequence[Worksheet], title: str, lang: str | None, source: str
) -> None:
    """Write the list of appendices, each with a link to its sheet."""
    put(sheet.cell(1, 1), title)
    sheet.cell(1, 1).font = Font(name=_FONT, bold=True, size=14)
    put(sheet.cell(2, 1), locale.text("report.annex_contents", lang))
    sheet.cell(2, 1).font = Font(name=_FONT, bold=True, size=12)
    for row, (table, of) in enumerate(zip(tables, sheets, strict=True), HEAD):
        put(sheet.cell(row, 1), locale.text("report.annex", lang, number=row - HEAD + 1))
        put(sheet.cell(row, 2), table.name)
        put(sheet.cell(row, 3), table.caption if table.caption != table.name else "")
        for column in (1, 2, 3):
            sheet.cell(row, column).alignment = _TOP
        sheet.row_dimensions[row].height = height_of(table.caption, 45)
        sheet.cell(row, 1).hyperlink = Hyperlink(ref=f"A{row}", location=f"'{of.title}'!A1")
        sheet.cell(row, 1).font = Font(name=_FONT, size=11, color="0563C1", underline="single")
    if source:
        put(sheet.cell(HEAD + len(tables) + 1, 1), locale.text("report.annex_sources", lang, source=source))
        sheet.cell(HEAD + len(tables) + 1, 1).font = Font(name=_FONT, size=10, italic=True)
        sheet.cell(HEAD + len(tables) + 1, 1).alignment = _TOP
        sheet.merge_cells(None, HEAD + len(tables) + 1, 1, HEAD + len(tables) + 1, 3)
        sheet.row_dimensions[HEAD + len(tables) + 1].height = 45
    widths = (12, 30, 45)
    for letter, width in zip("ABC", widths, strict=True):
        sheet.column_dimensions[letter].width = width
    _page(sheet, widths, 0, lang)


@dataclass(slots=True)
class _Sheet:
    """Writes one appendix; one use each."""

    sheet: Worksheet
    table: Table
    name: str
    lang: str | None
    source: str
    values: Values
    widths: list[int] = field(default_factory=list)
    texts: list[tuple[int, int, str, str]] = field(default_factory=list)

    def write(self) -> None:
        """Write heading, table, note and source, and lay out the page."""
        heads = list(_expanded(self.table.columns))
        self._heads(heads)
        last = self._rows()
        self._wrap()
        for number, width in enumerate(self.widths, 1):
            self.sheet.column_dimensions[get_column_letter(number)].width = width
        span = self._span()
        self._around(1, self.name, span, Font(name=_FONT, bold=True, size=14), _MIDDLE)
        self._around(2, self.table.caption or self.table.name, span, Font(name=_FONT, bold=True, size=13), _MIDDLE)
        self._around(3, self._text("annex_with"), span, Font(name=_FONT, italic=True, size=12), _MIDDLE)
        below = last + 2
        for text in (self.table.note, self._text("annex_sources", source=self.source) if self.source else ""):
            if text:
                self._around(below, text, span, Font(name=_FONT, italic=True, size=10), _TOP)
                below += 1
        self.sheet.freeze_panes = f"B{HEAD + 1}"
        if self.table.rows:
            self.sheet.auto_filter.ref = f"A{HEAD}:{get_column_letter(len(heads))}{last}"
        self.sheet.print_title_rows = f"{HEAD}:{HEAD}"
        _page(self.sheet, self.widths, self._repeated(), self.lang)

    def _text(self, key: str, **parameters: object) -> str:
        return locale.text(f"report.{key}", self.lang, **parameters)

    def _heads(self, heads: Sequence[tuple[Column, str]]) -> None:
        for number, (_, label) in enumerate(heads, 1):
            cell = self.sheet.cell(HEAD, number)
            put(cell, label)
            cell.font, cell.fill = Font(name=_FONT, bold=True, size=11), _HEAD_FILL
            cell.alignment, cell.border = _MIDDLE, _BOX
            longest = max((len(word) for word in label.split()), default=0)
            self.widths.append(max(longest + 2, _NARROW if len(label) > _NARROW else 9))
        labels = zip((label for _, label in heads), self.widths, strict=True)
        self.sheet.row_dimensions[HEAD].height = 3 + max((height_of(*pair, most=8) for pair in labels), default=0)

    def _rows(self) -> int:
        """Write the rows; return the number of the last."""
        keys = {key: HEAD + 1 + place for place, key in enumerate(self.table.keys)}
        letters = {f"c{n}": get_column_letter(at) for n, at in enumerate(_places(self.table.columns))}
        for place, row in enumerate(self.table.rows, HEAD + 1):
            names: Mapping[str, object] = {**keys, **letters, "r": place}
            for number, (column, value, formula) in enumerate(_values(self.table.columns, row), 1):
                self._cell(place, number, value, column, formula, names)
        return HEAD + len(self.table.rows)

    def _cell(
        self, row: int, number: int, value: Value, column: Column, formula: str, names: Mapping[str, object]
    ) -> None:
        cell = self.sheet.cell(row, number)
        cell.border, cell.alignment = _BOX, _UP
        if formula:
            around = {"c": get_column_letter(number), "p": get_column_letter(max(number - 1, 1))}
            put_formula(cell, formula.format_map({**names, **around}), _plain(value), self.values)
            cell.number_format = _format(column)
        else:
            put(cell, value)
        width = 0
        if isinstance(value, int | float | datetime.date):
            cell.number_format = _format(column)
            width = len(_shown(value, column)) + 3
        elif value:
            width = len(value) + 2
            self.texts.append((row, number, value, "left" if column.kind == "text" else "right"))
        self.widths[number - 1] = min(max(self.widths[number - 1], width), _WIDEST)

    def _wrap(self) -> None:
        """Break texts that are longer than their column, and give their rows the height: nothing else will."""
        for row, number, text, side in self.texts:
            width = self.widths[number - 1]
            is_long = len(text) >= width
            if is_long or side == "right":
                self.sheet.cell(row, number).alignment = _WRAPPED[side]
            if is_long:
                line = self.sheet.row_dimensions[row]
                line.height = max(line.height or 0, height_of(text, width))

    def _repeated(self) -> int:
        """Return how many columns every page repeats: those that name a row, as far as there is room."""
        names = [*(column.kind == "text" and not column.spread for column in self.table.columns), False]
        count = max(names.index(False), 1)
        while count > 1 and sum(self.widths[:count]) > _REPEATED:
            count -= 1
        return count

    def _span(self) -> int:
        """Return over how many columns heading and notes go: as many as the first page shows."""
        total = 0
        for number, width in enumerate(self.widths, 1):
            total += width
            if total > _ACROSS / _SMALLEST:
                return max(number - 1, 1)
        return len(self.widths)

    def _around(self, row: int, text: str, span: int, font: Font, alignment: Alignment) -> None:
        cell = self.sheet.cell(row, 1)
        put(cell, text)
        cell.font, cell.alignment = font, alignment
        if span > 1:
            self.sheet.merge_cells(None, row, 1, row, span)
        room = max(sum(self.widths[:span]), 20)
        size = float(font.sz or 11)
        self.sheet.row_dimensions[row].height = 1.35 * size * ceil(len(text) * size / 11 / room) + 2


def _page(sheet: Worksheet, widths: Sequence[int], repeated: int, lang: str | None) -> None:
    """Lay a sheet out on A4: upright where it fits, else across, on several pages side by side where it is wide."""
    total = sum(widths)
    wide = total > _UPRIGHT
    setup = sheet.page_setup
    setup.orientation, setup.paperSize = ("landscape" if wide else "portrait"), _A4
    if total * _SMALLEST <= _ACROSS:
        setup.fitToHeight, setup.fitToWidth = 0, 1
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    else:
        setup.scale = round(100 * _SMALLEST)
        sheet.print_title_cols = f"A:{get_column_letter(repeated)}"
    for side, millimetres in _MARGINS.items():
        setattr(sheet.page_margins, side, millimetres / 25.4)
    sheet.print_options.horizontalCentered = True
    footer: Any = sheet.oddFooter
    footer.center.text = f"{locale.text('report.annex_page', lang)} &P/&N"
    footer.center.font = f"{_FONT},Regular"


def _expanded(columns: Iterable[Column]) -> Iterator[tuple[Column, str]]:
    for column in columns:
        yield column, column.header
        if column.spread:
            for end in ("P5", "P95"):
                yield column, f"{column.label}, {end}" + (f" ({column.unit})" if column.unit else "")


def _places(columns: Iterable[Column]) -> Iterator[int]:
    """Yield the number of the sheet's column in which each column of a table stands."""
    at = 1
    for column in columns:
        yield at
        at += 3 if column.spread else 1


def _values(columns: Iterable[Column], row: Iterable[Cell]) -> Iterator[tuple[Column, Value, str]]:
    for column, cell in zip(columns, row, strict=True):
        value = cell.value
        if value is None and cell.words:
            value = cell.words
        if isinstance(value, float) and value != value:
            value = None
        shown = cell.column or column
        yield shown, _stored(value, column), cell.formula
        if column.spread:
            yield shown, _stored(cell.low, column), ""
            yield shown, _stored(cell.high, column), ""


def _stored(value: float | str | None, column: Column) -> Value:
    """Return a value as a cell holds it: decimal years become dates, which spreadsheets can reckon with."""
    return date_of(value) if column.kind == "month" and isinstance(value, float) else value


def _plain(value: Value) -> float | str | None:
    return None if isinstance(value, datetime.date) else value


def _format(column: Column) -> str:
    if column.kind in ("year", "month"):
        return "0" if column.kind == "year" else "mm/yyyy"
    decimals = 1 if column.decimals is None else column.decimals
    tail = "." + "0" * decimals if decimals else ""
    return f"0{tail}%" if column.kind == "percent" else f"#,##0{tail}"


def _shown(value: float | datetime.date, column: Column) -> str:
    """Return about what a spreadsheet shows of a number, to know how much room it takes."""
    if isinstance(value, datetime.date):
        return "00/0000"
    return f"{value:,.{1 if column.decimals is None else column.decimals}f}"


def _title(name: str) -> str:
    return allowed_title(name).strip("' -") or "1"
