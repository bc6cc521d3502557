"""Sheets that departments fill in for the yearly report, and what they hold when they come back.

One workbook with one sheet per department: what is known stands there, input cells are marked. Sheets may be renamed,
moved or left blank; a cell that cannot be read is named with its sheet.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cemfa import locale
from cemfa.definition.schema import Model, Target
from cemfa.definition.source import MAX_NUMBER
from cemfa.definition.tables import read_number
from cemfa.definition.workbook.archive import Sheet, read_sheets
from cemfa.definition.workbook.cells import Content, read_date
from cemfa.definition.workbook.paper import put, saved
from cemfa.errors import DefinitionError, Place, Problem
from cemfa.monitoring.yearly import YearlyRow
from cemfa.observations.schema import Key, Kind, Observation

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

MARK: Final = "cemfa-yearly-1"
"""First cell of every sheet to fill in, by which it is known again whatever its title."""

_KINDS: Final[Mapping[str, Kind]] = {"plan": "plan", "actual": "actual", "estimate": "estimate"}
_COLUMNS: Final = ("id", "clause", "target", "unit", "last", "plan", "actual", "estimate", "source", "reason")
_INPUTS: Final = ("plan", "actual", "estimate", "source", "reason")
_WIDTHS: Final = (8, 8, 44, 12, 12, 14, 14, 14, 30, 36)
_HEAD_ROW: Final = 7
_NOT_IN_TITLE: Final = re.compile(r"[\\/*?:\[\]]")
_LONGEST_TITLE: Final = 31


@dataclass(frozen=True, slots=True)
class Filled:
    """What a filled-in workbook holds.

    Parameters
    ----------
    year : the year reported on
    cut_off : last day that the actual values cover
    observations : every value that was filled in, once where two departments report the same
    """

    year: int
    cut_off: datetime.date
    observations: tuple[Observation, ...]


def sheets_to_fill(model: Model, rows: Sequence[YearlyRow], *, year: int, cut_off: datetime.date, lang: str) -> bytes:
    """Return a workbook with one sheet per department that reports on targets, ready to be filled in.

    Parameters
    ----------
    model : of the targets
    rows : `yearly_rows` of that year; what was reported already stands in the sheets
    year, cut_off : the year reported on, and the last day that actual values shall cover
    lang : language of the sheets
    """
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    by_department: dict[str, list[YearlyRow]] = {}
    for row in rows:
        for department in row.departments or (None,):
            by_department.setdefault(department.id if department else "", []).append(row)
    for number, (key, own) in enumerate(by_department.items(), 1):
        label = model.departments[key].label.of(lang) if key else locale.text("monitoring.nobody", lang)
        sheet = book.create_sheet(f"{number}. {_NOT_IN_TITLE.sub(' ', label)}"[:_LONGEST_TITLE])
        _fill(sheet, own, (key, label), (year, cut_off), lang)
    return saved(book, locale.text("monitoring.title", lang, year=year))


def _fill(
    sheet: Worksheet,
    rows: Sequence[YearlyRow],
    department: tuple[str, str],
    days: tuple[int, datetime.date],
    lang: str,
) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties

    year, cut_off = days
    thin, wrapped = Side(style="thin", color="999999"), Alignment(wrap_text=True, vertical="top")
    put(sheet.cell(1, 1), MARK)
    put(sheet.cell(1, 2), department[0])
    put(sheet.cell(2, 1), locale.text("monitoring.title", lang, year=year))
    put(sheet.cell(3, 1), locale.text("monitoring.for", lang, department=department[1]))
    put(sheet.cell(4, 1), locale.text("monitoring.year", lang))
    sheet.cell(4, 3, year)
    put(sheet.cell(5, 1), locale.text("monitoring.cut_off", lang))
    sheet.cell(5, 3, cut_off).number_format = "dd/mm/yyyy"
    put(sheet.cell(6, 1), locale.text("monitoring.how", lang))
    sheet.cell(2, 1).font, sheet.cell(1, 1).font = Font(bold=True, size=14), Font(size=8, color="999999")
    for number, (column, width) in enumerate(zip(_COLUMNS, _WIDTHS, strict=True), 1):
        put(sheet.cell(_HEAD_ROW, number), _heading(column, lang, days))
        sheet.cell(_HEAD_ROW, number).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(number)].width = width
        for place, row in enumerate(rows, _HEAD_ROW + 1):
            cell = sheet.cell(place, number)
            put(cell, _known(row, column, lang))
            if column in _INPUTS:
                cell.fill = PatternFill("solid", fgColor="FFF6D5")
            cell.border = Border(thin, thin, thin, thin)
            cell.alignment = wrapped
        sheet.cell(_HEAD_ROW, number).border = Border(thin, thin, thin, thin)
        sheet.cell(_HEAD_ROW, number).alignment = wrapped
    sheet.freeze_panes = f"D{_HEAD_ROW + 1}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = f"{_HEAD_ROW}:{_HEAD_ROW}"


def _heading(column: str, lang: str, days: tuple[int, datetime.date]) -> str:
    year, cut_off = days
    day = f"{cut_off.day}/{cut_off.month}/{cut_off.year}" if lang == "vi" else cut_off.isoformat()
    return locale.text(f"monitoring.h_{column}", lang, year=year, before=year - 1, day=day)


def _known(row: YearlyRow, column: str, lang: str) -> float | str | None:
    seen = {"plan": row.planned, "actual": row.actual, "estimate": row.estimate, "last": row.last_year}
    match column:
        case "id":
            return row.target.id
        case "clause":
            return row.target.clause
        case "target":
            return row.target.label.of(lang)
        case "unit":
            return row.target.unit
        case "source":
            told = row.estimate or row.actual or row.planned
            return told.source if told else None
        case "reason":
            return row.reason or None
        case _:
            found = seen[column]
            return found.value if found else None


def read_filled(path: str | Path, model: Model) -> Filled:
    """Return what a filled-in workbook holds.

    Parameters
    ----------
    path : the file that came back, an .xlsx
    model : whose targets they are

    Raises
    ------
    DefinitionError
        with every problem and its sheet and cell: cells that are no numbers, values without a source, unknown or
        twice reported targets, changed units, sheets of different years, a file without such sheets.
    """
    sheets, problems = read_sheets(path)
    known = {target.id: target for target in model.targets}
    found: list[Observation] = []
    heads: dict[tuple[int, datetime.date], Place] = {}
    ours = [sheet for sheet in sheets if sheet.cells.get((1, 1)) == MARK]
    if not problems and not ours:
        problems.append(Problem("yearly-no-sheet", Place(str(path))))
    for sheet in ours:
        reading = _Reading(sheet, str(path), known, problems)
        head = reading.head()
        if head is not None:
            heads.setdefault(head, reading.at(4, 3))
            found += reading.observations(*head)
    if len(heads) > 1:
        shown = [f"{year}, {day.isoformat()}" for year, day in heads]
        problems.append(Problem("yearly-years", list(heads.values())[1], {"found": shown}))
    problems += _twice(found, str(path))
    if not problems and not found:
        problems.append(Problem("observations-none", Place(str(path))))
    if problems:
        raise locale.error(DefinitionError, problems)
    (year, cut_off) = next(iter(heads))
    return Filled(year, cut_off, tuple({seen.key: seen for seen in reversed(found)}.values())[::-1])


@dataclass(frozen=True, slots=True)
class _Reading:
    """One sheet being read; what is wrong is added to `problems`."""

    sheet: Sheet
    file: str
    known: Mapping[str, Target]
    problems: list[Problem]

    def at(self, row: int, column: int) -> Place:
        from openpyxl.utils import get_column_letter

        return Place(self.file, sheet=self.sheet.title, cell=f"{get_column_letter(column)}{row}")

    def head(self) -> tuple[int, datetime.date] | None:
        """Return the year and cut-off of a sheet."""
        year, day = self.sheet.cells.get((4, 3)), read_date(_composed(self.sheet.cells.get((5, 3))))[0]
        number, _ = read_number(year, ",") if year is not None else (None, "")
        if number is None or number != int(number) or not 1900 <= number <= 2200:
            self.problems.append(Problem("yearly-year", self.at(4, 3), {"value": str(year or "")}))
            return None
        if day is None:
            shown = str(self.sheet.cells.get((5, 3), ""))
            self.problems.append(Problem("yearly-day", self.at(5, 3), {"value": shown}))
            return None
        return int(number), day

    def observations(self, year: int, cut_off: datetime.date) -> Iterator[Observation]:
        """Yield what is filled in, row by row."""
        head, columns = self._columns()
        missing = [column for column in ("id", "actual", "source") if column not in columns]
        if missing:
            shown = {"missing": [_words(column, locale.language()) for column in missing]}
            self.problems.append(Problem("yearly-columns", Place(self.file, sheet=self.sheet.title), shown))
            return
        rows = sorted({row for row, _ in self.sheet.cells if row > head})
        for row in rows:
            yield from self._row(row, columns, year, cut_off)

    def _row(self, row: int, columns: Mapping[str, int], year: int, cut_off: datetime.date) -> Iterator[Observation]:
        values = {name: self.sheet.cells.get((row, column)) for name, column in columns.items()}
        given = {name: values[name] for name in _KINDS if values.get(name) not in (None, "")}
        if not given:
            return
        target = self.known.get(str(values["id"] or "").strip())
        if target is None:
            shown = {"value": str(values["id"] or ""), "known": tuple(self.known)}
            self.problems.append(Problem("yearly-target", self.at(row, columns["id"]), shown))
            return
        unit = str(values.get("unit") or target.unit).strip()
        if unit != target.unit:
            shown = {"value": unit, "expected": target.unit}
            self.problems.append(Problem("yearly-unit", self.at(row, columns["unit"]), shown))
        source = str(values.get("source") or "").strip()
        if not source:
            self.problems.append(Problem("yearly-source", self.at(row, columns["source"]), {"item": target.id}))
        for name, cell in given.items():
            place = self.at(row, columns[name])
            code = self.sheet.wrong.get((row, columns[name]), "")
            number, code = (None, code) if code else read_number(_composed(cell), ",")
            if number is None:
                words = _words(name, locale.language())
                told = {"value": str(cell)[:40], "column": words, "limit": MAX_NUMBER}
                self.problems.append(Problem(code, place, told))
                continue
            note = str(values.get("reason") or "").strip() if name != "plan" else ""
            key = Key("target", target.id, "value", "", year, _KINDS[name])
            department = str(self.sheet.cells.get((1, 2), ""))
            yield Observation(key, number, target.unit, cut_off, source, department, note)

    def _columns(self) -> tuple[int, dict[str, int]]:
        """Return the row of the headings and the column of each, whichever language they are in."""
        words = {_plain(_words(column, lang)): column for column in _COLUMNS for lang in locale.LANGUAGES}
        best: tuple[int, dict[str, int]] = (0, {})
        for head in sorted({row for row, _ in self.sheet.cells}):
            found: dict[str, int] = {}
            for (row, column), cell in self.sheet.cells.items():
                name = _named(_plain(str(cell)), words) if row == head else None
                if name:
                    found.setdefault(name, column)
            if len(found) > len(best[1]):
                best = (head, found)
        return best


def _words(column: str, lang: str) -> str:
    """Return the heading of a column up to what changes with the year."""
    return locale.text(f"monitoring.h_{column}", lang, year="", before="", day="").strip()


def _named(cell: str, words: Mapping[str, str]) -> str | None:
    """Return the column that a heading names: the longest whose words it begins with."""
    fitting = [plain for plain in words if cell == plain or cell.startswith(plain + " ")]
    return words[max(fitting, key=len)] if fitting else None


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _composed(cell: Content) -> Content:
    return unicodedata.normalize("NFC", cell).strip() if isinstance(cell, str) else cell


def _twice(found: Iterable[Observation], file: str) -> Iterator[Problem]:
    """Yield targets that two departments report on with different values."""
    seen: dict[Key, Observation] = {}
    for row in found:
        other = seen.setdefault(row.key, row)
        if other.value != row.value:
            parameters = {"item": row.key.item, "kind": row.key.kind, "values": [other.value, row.value]}
            yield Problem("yearly-differs", Place(file), parameters)
