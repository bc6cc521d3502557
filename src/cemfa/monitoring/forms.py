"""What all sheets to fill in share: how they look, and how their head and columns are found again.

Below `sheets` for targets and `project_sheets` for projects.
"""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cemfa import locale
from cemfa.definition.source import MAX_NUMBER
from cemfa.definition.tables import read_number
from cemfa.definition.workbook.archive import Sheet
from cemfa.definition.workbook.cells import Content, read_date
from cemfa.definition.workbook.paper import allowed_title, height_of, put
from cemfa.errors import Place, Problem

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

HEAD_ROW: Final = 7
_YEAR: Final = (4, 3)
_CUT_OFF: Final = (5, 3)

Days = tuple[int, datetime.date]
"""The year reported on and the cut-off."""
Known = Mapping[str, Content]
"""What stands in a row by column."""


@dataclass(frozen=True, slots=True)
class Form:
    """How one kind of sheet is laid out.

    Parameters
    ----------
    mark : first cell, by which a sheet is known again whatever its title
    columns : names of the columns with their widths
    inputs : those that are filled in
    needed : those without which a sheet cannot be read
    how : key of the sentence that says how to fill it in
    frozen : columns that stay in sight
    """

    mark: str
    columns: Mapping[str, int]
    inputs: tuple[str, ...]
    needed: tuple[str, ...]
    how: str
    frozen: str

    def heading(self, column: str, lang: str, days: Days) -> str:
        """Return the heading of a column."""
        year, cut_off = days
        return locale.text(f"monitoring.h_{column}", lang, year=year, before=year - 1, day=locale.day(cut_off, lang))


def title_of(number: int, label: str) -> str:
    """Return a title that a sheet may have."""
    return allowed_title(f"{number}. {label}")


def fill(
    sheet: Worksheet,
    form: Form,
    owner: tuple[str, str],
    days: Days,
    rows: Sequence[Known],
    lang: str,
    opened: Sequence[Collection[str]] = (),
) -> None:
    """Write head and rows of a sheet, input cells marked.

    Parameters
    ----------
    owner : id and name of who fills it in
    rows : what is known
    opened : per row the columns that are filled in; default: every input
    """
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties

    thin, wrapped = Side(style="thin", color="999999"), Alignment(wrap_text=True, vertical="top")
    _head(sheet, form, owner, days, lang)
    sheet.cell(2, 1).font, sheet.cell(1, 1).font = Font(bold=True, size=14), Font(size=8, color="999999")
    for number, (column, width) in enumerate(form.columns.items(), 1):
        top = sheet.cell(HEAD_ROW, number)
        put(top, form.heading(column, lang, days))
        top.font, top.border, top.alignment = Font(bold=True), Border(thin, thin, thin, thin), wrapped
        sheet.column_dimensions[get_column_letter(number)].width = width
        for place, row in enumerate(rows):
            cell, value = sheet.cell(HEAD_ROW + 1 + place, number), row.get(column)
            put(cell, value)
            if isinstance(value, datetime.date):
                cell.number_format = "dd/mm/yyyy"
            if column in form.inputs:
                is_open = not opened or column in opened[place]
                cell.fill = PatternFill("solid", fgColor="FFF6D5" if is_open else "D9D9D9")
            cell.border, cell.alignment = Border(thin, thin, thin, thin), wrapped
            if column == "id" and ":" in str(value):  # for cemfa, not for who fills it in: one line will do
                cell.font, cell.alignment = Font(size=8, color="999999"), Alignment(vertical="top")
                continue
            line = sheet.row_dimensions[HEAD_ROW + 1 + place]
            line.height = max(line.height or 0, height_of(str(value or ""), width))
        line = sheet.row_dimensions[HEAD_ROW]
        line.height = max(line.height or 0, height_of(str(top.value), width))
    sheet.freeze_panes = f"{form.frozen}{HEAD_ROW + 1}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"


def _head(sheet: Worksheet, form: Form, owner: tuple[str, str], days: Days, lang: str) -> None:
    year, cut_off = days
    put(sheet.cell(1, 1), form.mark)
    put(sheet.cell(1, 2), owner[0])
    put(sheet.cell(2, 1), locale.text("monitoring.title", lang, year=year))
    put(sheet.cell(3, 1), locale.text("monitoring.for", lang, department=owner[1]))
    put(sheet.cell(4, 1), locale.text("monitoring.year", lang))
    sheet.cell(*_YEAR, year)
    put(sheet.cell(5, 1), locale.text("monitoring.cut_off", lang))
    sheet.cell(*_CUT_OFF, cut_off).number_format = "dd/mm/yyyy"
    put(sheet.cell(6, 1), locale.text(f"monitoring.{form.how}", lang))


@dataclass(frozen=True, slots=True)
class Reading:
    """One sheet being read; what is wrong is added to `problems`."""

    sheet: Sheet
    file: str
    form: Form
    problems: list[Problem]

    def at(self, row: int, column: int) -> Place:
        """Return the place of a cell."""
        from openpyxl.utils import get_column_letter

        return Place(self.file, sheet=self.sheet.title, cell=f"{get_column_letter(column)}{row}")

    @property
    def year_place(self) -> Place:
        """Return the place of the year reported on."""
        return self.at(*_YEAR)

    def head(self) -> Days | None:
        """Return the year and cut-off of a sheet."""
        year, day = self.sheet.cells.get(_YEAR), read_date(composed(self.sheet.cells.get(_CUT_OFF)))[0]
        number, _ = read_number(year, ",") if year is not None else (None, "")
        if number is None or number != int(number) or not 1900 <= number <= 2200:
            self.problems.append(Problem("yearly-year", self.at(*_YEAR), {"value": str(year or "")}))
            return None
        if day is None:
            shown = str(self.sheet.cells.get(_CUT_OFF, ""))
            self.problems.append(Problem("yearly-day", self.at(*_CUT_OFF), {"value": shown}))
            return None
        return int(number), day

    def rows(self) -> tuple[list[int], dict[str, int]]:
        """Return the rows below the headings and where columns are; none where a needed column is missing."""
        head, columns = self._columns()
        missing = [column for column in self.form.needed if column not in columns]
        if missing:
            shown = {"missing": [words_of(column, locale.language()) for column in missing]}
            self.problems.append(Problem("yearly-columns", Place(self.file, sheet=self.sheet.title), shown))
            return [], {}
        return sorted({row for row, _ in self.sheet.cells if row > head}), columns

    def values(self, row: int, columns: Mapping[str, int]) -> dict[str, Content]:
        """Return what stands in a row by column."""
        return {name: self.sheet.cells.get((row, column)) for name, column in columns.items()}

    def number(self, row: int, columns: Mapping[str, int], name: str) -> float | None:
        """Return the number in a cell; None and a problem where it is none."""
        cell, code = self.sheet.cells.get((row, columns[name])), self.sheet.wrong.get((row, columns[name]), "")
        number, code = (None, code) if code else read_number(composed(cell), ",")
        if number is None:
            told = {"value": str(cell)[:40], "column": words_of(name, locale.language()), "limit": MAX_NUMBER}
            self.problems.append(Problem(code, self.at(row, columns[name]), told))
        return number

    def _columns(self) -> tuple[int, dict[str, int]]:
        """Return the row of the headings and the column of each, whichever language they are in."""
        words = {plain(words_of(column, lang)): column for column in self.form.columns for lang in locale.LANGUAGES}
        best: tuple[int, dict[str, int]] = (0, {})
        for head in sorted({row for row, _ in self.sheet.cells}):
            found: dict[str, int] = {}
            for (row, column), cell in self.sheet.cells.items():
                name = _named(plain(str(cell)), words) if row == head else None
                if name:
                    found.setdefault(name, column)
            if len(found) > len(best[1]):
                best = (head, found)
        return best


def words_of(column: str, lang: str) -> str:
    """Return the heading of a column up to what changes with the year."""
    return locale.text(f"monitoring.h_{column}", lang, year="", before="", day="").strip()


def plain(text: str) -> str:
    """Return text as it is compared: composed, in small letters, blanks single."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def composed(cell: Content) -> Content:
    """Return a cell with its letters composed and without blanks at its ends."""
    return unicodedata.normalize("NFC", cell).strip() if isinstance(cell, str) else cell


def _named(cell: str, words: Mapping[str, str]) -> str | None:
    """Return the column that a heading names: the longest whose words it begins with."""
    fitting = [word for word in words if cell == word or cell.startswith(word + " ")]
    return words[max(fitting, key=len)] if fitting else None
