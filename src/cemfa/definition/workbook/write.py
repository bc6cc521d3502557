"""A scenario with its model as a workbook to be edited: sheets by `layout`, drop-downs, marked cells, meanings.

The way back is `read`; what is written here reads as the same scenario and model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, NamedStyle, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from cemfa import locale
from cemfa.definition.schema import Model, Scenario
from cemfa.definition.workbook.cells import DATE, FLAG_WORDS, encoded
from cemfa.definition.workbook.choices import choices_of, keys_of
from cemfa.definition.workbook.layout import Column, Table, all_tables, holder_of, records, value_of
from cemfa.definition.workbook.names import GUIDE, LISTS, column_words, group_words, sheet_title, unit_of, word_text
from cemfa.definition.workbook.paper import height_of, put, safe_text, saved
from cemfa.definition.workbook.read import KEY, VALUE
from cemfa.errors import DefinitionError, Place, Problem

_REACH: Final = 500
"""Rows below the last one that drop-downs still serve."""
_LONGEST_LIST: Final = 250  # characters of a drop-down written in place
_NARROWEST, _WIDEST = 9, 48
_HEAD, _GROUP, _NAME, _FIRST = 4, 3, 5, 6
_STYLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "title": {"font": Font(bold=True, size=14, color="1B6E53")},
    "about": {"font": Font(italic=True, color="555555"), "alignment": Alignment(wrap_text=True, vertical="top")},
    "group": {"font": Font(bold=True, color="FFFFFF"), "fill": PatternFill("solid", fgColor="4C8C77")},
    "head": {
        "font": Font(bold=True, color="FFFFFF"),
        "fill": PatternFill("solid", fgColor="1B6E53"),
        "alignment": Alignment(wrap_text=True, vertical="center"),
    },
    "name": {"font": Font(size=8, color="888888")},
    "id": {"fill": PatternFill("solid", fgColor="E3ECE9"), "number_format": "@"},
    "input": {"fill": PatternFill("solid", fgColor="FFF8DC")},
    "text": {"fill": PatternFill("solid", fgColor="FFF8DC"), "number_format": "@"},
    "date": {"fill": PatternFill("solid", fgColor="FFF8DC"), "number_format": DATE},
    "plain": {"alignment": Alignment(wrap_text=True, vertical="top")},
}


def workbook_of(scenario: Scenario, model: Model, lang: str, version: str = "") -> bytes:
    """Return the file of a workbook that holds a scenario and its model, the same bytes for the same content.

    Parameters
    ----------
    scenario, model : as written, without what follows from both
    lang : of headings, meanings and the first sheet; the ids and the words of lists are the same in both languages
    version : of cemfa, named on the first sheet

    Raises
    ------
    DefinitionError
        `export-text`, where a text holds characters that a cell cannot keep, or too many.
    """
    writing = _Writing(scenario, model, lang)
    for table in all_tables():
        writing.table(table)
    writing.lists()
    writing.guide(version)
    if writing.problems:
        raise locale.error(DefinitionError, writing.problems)
    return saved(writing.book, scenario.label.of(lang))


@dataclass(slots=True)
class _Choices:
    """Lists of words for drop-downs, by what they are; each a column of the sheet of lists."""

    found: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def reference(self, name: str, words: Sequence[str], lang: str) -> str:
        self.found.setdefault(name, tuple(words))
        letter = get_column_letter(list(self.found).index(name) + 1)
        return f"'{sheet_title(LISTS, lang)}'!${letter}$2:${letter}${len(self.found[name]) + 1}"


class _Writing:
    """Writes one workbook; one use each."""

    def __init__(self, scenario: Scenario, model: Model, lang: str) -> None:
        self.scenario, self.model, self.lang = scenario, model, lang
        self.book = Workbook()
        self.book.remove(self.book.worksheets[0])
        for name, parts in _STYLES.items():
            self.book.add_named_style(_style(name, parts))
        self.choices = _Choices()
        self.counts: dict[str, int] = {}
        self.problems: list[Problem] = []

    def table(self, table: Table) -> None:
        """Write the sheet of a table."""
        sheet = self.book.create_sheet(sheet_title(table.key, self.lang))
        whole = self.scenario if table.root == "scenario" else self.model
        self._cell(sheet, 1, 1, f"{sheet.title} [{table.key}]", "title")
        about = self._cell(sheet, 2, 1, self._about(table), "about")
        about.alignment = Alignment(vertical="top")  # runs on over the blank cells beside it
        if table.steps:
            rows = list(records(table, whole))
            self._rows(sheet, table, rows)
            self.counts[table.key] = len(rows)
        else:
            self._values(sheet, table, whole)
        sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9

    def _about(self, table: Table) -> str:
        known = locale.texts("workbook", self.lang)
        return known.get(f"about-{table.key}") or (table.meaning if self.lang == "en" else "")

    def _rows(self, sheet: Worksheet, table: Table, rows: Sequence[Any]) -> None:
        columns = [*self._expanded(table, [row.content for row in rows])]
        width = len(table.keys)
        for at, name in enumerate(table.keys, 1):
            self._key_head(sheet, table, at, name)
        for at, (column, key) in enumerate(columns, width + 1):
            self._head(sheet, at, column, key)
        self._groups(sheet, width, [column for column, _ in columns])
        for at_row, row in enumerate(rows, _FIRST):
            for at, key in enumerate(row.keys, 1):
                self._cell(sheet, at_row, at, str(key), "id")
            for at, (column, key) in enumerate(columns, width + 1):
                held = self._held(sheet, at_row, at, column, key, row.content)
                if held is not None:  # blank cells have the style of their column
                    self._cell(sheet, at_row, at, held, _style_of(column))
        for at, (column, key) in enumerate(columns, width + 1):
            self._drop_down(sheet, column, key, f"{_letters(at)}{_FIRST}:{_letters(at)}{_FIRST + len(rows) + _REACH}")
        for at in range(1, width + len(columns) + 1):
            style = "id" if at <= width else _style_of(columns[at - width - 1][0])
            for part, value in _STYLES[style].items():
                setattr(sheet.column_dimensions[_letters(at)], part, value)
            for row in (1, 2, _GROUP):
                if sheet.cell(row, at).style == "Normal":
                    sheet.cell(row, at).style = "name"
        sheet.freeze_panes = f"{_letters(width + 1 if width else 2)}{_FIRST}"
        sheet.auto_filter.ref = f"A{_NAME}:{_letters(width + len(columns))}{_NAME + max(len(rows), 1)}"
        sheet.row_dimensions[_HEAD].height = 45

    def _values(self, sheet: Worksheet, table: Table, whole: Any) -> None:
        heads = (KEY, locale.text("workbook.head-name", self.lang), VALUE, locale.text("workbook.head-unit", self.lang))
        for at, head in enumerate((*heads, locale.text("workbook.head-meaning", self.lang)), 1):
            self._cell(sheet, _HEAD, at, head, "head")
        row = _HEAD
        for column, key in self._expanded(table, [whole]):
            row += 1
            heading, meaning = column_words(column, self.lang)
            groups = [group_words(part, self.lang) for part in column.path[len(table.base) : -1]]
            self._cell(sheet, row, 1, column.key if key is None else f"{column.key}.{key}", "name")
            self._cell(sheet, row, 2, ": ".join([*groups, heading, *([] if key is None else [str(key)])]), "plain")
            self._cell(sheet, row, 3, self._held(sheet, row, 3, column, key, whole), _style_of(column))
            self._cell(sheet, row, 4, unit_of(column) or (DATE if "date" in column.form.kinds else ""), "plain")
            self._cell(sheet, row, 5, meaning, "plain")
            self._drop_down(sheet, column, key, f"C{row}")
        for letter, wide in zip("ABCDE", (26, 34, 40, 10, 90), strict=True):
            sheet.column_dimensions[letter].width = wide
        sheet.freeze_panes = "C5"

    def _expanded(self, table: Table, contents: Sequence[Any]) -> Iterator[tuple[Column, str | int | None]]:
        """Yield the columns, those of mappings once per key that is used or may be."""
        for column in table.columns:
            if column.keys is None:
                yield column, None
                continue
            used = {key: None for content in contents for key in value_of(column, content) or ()}
            likely = keys_of(column, self.scenario, self.model) if table.steps else ()
            yield from ((column, key) for key in dict.fromkeys((*likely, *used)))

    def _key_head(self, sheet: Worksheet, table: Table, at: int, name: str) -> None:
        words = locale.text("workbook.head-id", self.lang) if name == "id" else _key_title(table, at, self.lang)
        self._cell(sheet, _HEAD, at, words, "head")
        self._cell(sheet, _NAME, at, name, "name")
        sheet.column_dimensions[_letters(at)].width = 24
        sheet.cell(_HEAD, at).comment = _comment(locale.text("workbook.key-meaning", self.lang))
        holder = holder_of(table, at)
        if holder not in (None, table) and name != "id":
            title, letter = words, _letters(at)
            rule = DataValidation("list", formula1=f"'{title}'!${letter}${_FIRST}:${letter}${_FIRST + _REACH}")
            self._validate(sheet, rule, f"{letter}{_FIRST}:{letter}{_FIRST + _REACH}", "warning")

    def _head(self, sheet: Worksheet, at: int, column: Column, key: str | int | None) -> None:
        heading, meaning = column_words(column, self.lang)
        heading = " – ".join([*(group_words(part, self.lang) for part in column.path[1:-1]), heading])
        unit = unit_of(column) or (DATE if "date" in column.form.kinds else "")
        words = heading if key is None else (f"{heading}: {key}" if column.path else str(key))
        cell = self._cell(sheet, _HEAD, at, f"{words} [{unit}]" if unit else words, "head")
        self._cell(sheet, _NAME, at, column.key if key is None else ".".join((*column.path, str(key))), "name")
        extra = locale.text("workbook.must", self.lang) if column.required else ""
        allowed = ", ".join(self._words(column))
        if text := "\n".join(part for part in (meaning, allowed, extra) if part):
            cell.comment = _comment(text)
        wide = max(len(words) // 2 + 4, 26 if column.form.kinds == ("text",) and column.name in _WIDE else 0)
        sheet.column_dimensions[_letters(at)].width = min(max(wide, _NARROWEST + 3), _WIDEST)

    def _groups(self, sheet: Worksheet, width: int, columns: Sequence[Column]) -> None:
        """Write what several columns have in common over them, in one merged cell."""
        start = 0
        while start < len(columns):
            end = start
            while end + 1 < len(columns) and columns[end + 1].path[:1] == columns[start].path[:1]:
                end += 1
            if end > start or len(columns[start].path) > 1:
                words = group_words(columns[start].path[0], self.lang) if columns[start].path else ""
                self._cell(sheet, _GROUP, width + start + 1, words, "group")
                if end > start:
                    sheet.merge_cells(None, _GROUP, width + start + 1, _GROUP, width + end + 1)
            start = end + 1

    def _held(self, sheet: Worksheet, row: int, at: int, column: Column, key: str | int | None, content: Any) -> Any:
        value = value_of(column, content)
        if key is not None:
            value = None if value is None else value.get(key)
        held = encoded(column, value, self.lang)
        if isinstance(held, str) and safe_text(held) != held:
            place = Place(sheet=sheet.title, cell=f"{_letters(at)}{row}")
            self.problems.append(Problem("export-text", place, {"column": column.key, "count": len(held)}))
        return held

    def _drop_down(self, sheet: Worksheet, column: Column, key: str | int | None, cells: str) -> None:
        form = column.form
        if form.kinds == ("flag",):
            self._validate(sheet, DataValidation("list", formula1=_quoted(FLAG_WORDS[self.lang])), cells, "stop")
        elif form.is_choice:
            rule = DataValidation("list", formula1=self._list(f"{column.owner}.{column.name}", self._words(column)))
            self._validate(sheet, rule, cells, "stop")
        elif choice := choices_of(column, key, self.scenario, self.model):
            rule = DataValidation("list", formula1=self._list(choice.name, choice.words, in_place=False))
            self._validate(sheet, rule, cells, "warning")

    def _words(self, column: Column) -> list[str]:
        """Return what a cell of a column may say."""
        form = column.form
        return [word_text(word, self.lang) if form.is_choice else str(word) for word in form.words]

    def _list(self, name: str, words: Iterable[str | int], *, in_place: bool = True) -> str:
        texts = [str(word) for word in words]
        if in_place and len(",".join(texts)) <= _LONGEST_LIST:
            return _quoted(texts)
        return self.choices.reference(name, texts, self.lang)

    def _validate(self, sheet: Worksheet, rule: DataValidation, cells: str, style: Literal["stop", "warning"]) -> None:
        rule.allow_blank, rule.errorStyle = True, style
        rule.showErrorMessage = True
        rule.error = locale.text("workbook.not-in-list", self.lang)
        rule.add(cells)
        sheet.add_data_validation(rule)

    def lists(self) -> None:
        """Write the sheet of lists that drop-downs look at."""
        sheet = self.book.create_sheet(sheet_title(LISTS, self.lang))
        for at, (name, words) in enumerate(self.choices.found.items(), 1):
            self._cell(sheet, 1, at, name, "head")
            for row, word in enumerate(words, 2):
                self._cell(sheet, row, at, word, "plain")
            sheet.column_dimensions[_letters(at)].width = 24

    def guide(self, version: str) -> None:
        """Write the first sheet, which explains the others."""
        sheet = self.book.create_sheet(sheet_title(GUIDE, self.lang), 0)
        names = {
            "label": self.scenario.label.of(self.lang),
            "model": self.model.label.of(self.lang),
            "version": version,
        }
        known, widths = locale.texts("workbook", self.lang), (34, 90, 22, 20)
        self._cell(sheet, 1, 1, locale.text("workbook.guide-title", self.lang, **names), "title")
        row = 2
        while f"guide-{row - 1}" in known:
            self._cell(sheet, row, 1, locale.text(f"workbook.guide-{row - 1}", self.lang, **names), "about")
            sheet.merge_cells(None, row, 1, row, 4)
            sheet.row_dimensions[row].height = height_of(str(sheet.cell(row, 1).value), sum(widths))
            row += 1
        for at, style in enumerate(("input", "id", "name"), 1):
            self._cell(sheet, row, at, known[f"legend-{style}"], style)
        row += 2
        for at, head in enumerate(("head-sheet", "head-holds", "head-rows"), 1):
            self._cell(sheet, row, at, known[head], "head")
        for table in all_tables():
            row += 1
            title = sheet_title(table.key, self.lang)
            self._cell(sheet, row, 1, title, "plain").hyperlink = f"#'{title}'!A1"
            self._cell(sheet, row, 2, self._about(table), "plain")
            sheet.row_dimensions[row].height = height_of(self._about(table), widths[1])
            self._cell(sheet, row, 3, self.counts.get(table.key), "plain")
        for letter, wide in zip("ABCD", widths, strict=True):
            sheet.column_dimensions[letter].width = wide

    def _cell(self, sheet: Worksheet, row: int, column: int, value: Any, style: str) -> Cell:
        cell: Any = sheet.cell(row, column)
        cell.style = style
        put(cell, value)
        if style == "date":
            cell.number_format = DATE
        found: Cell = cell
        return found


_WIDE: Final = ("vi", "en", "note", "title")


def _style(name: str, parts: Mapping[str, Any]) -> NamedStyle:
    style = NamedStyle(name=name)
    for part, value in parts.items():
        setattr(style, part, value)
    return style


def _style_of(column: Column) -> str:
    if "date" in column.form.kinds:
        return "date"
    return "input" if {"number", "whole"} & {*column.form.kinds} else "text"


def _key_title(table: Table, at: int, lang: str) -> str:
    return sheet_title((holder_of(table, at) or table).key, lang)


def _quoted(words: Iterable[str]) -> str:
    return '"' + ",".join(words) + '"'


def _letters(at: int) -> str:
    return get_column_letter(at)


def _comment(text: str) -> Comment:
    comment = Comment(text, "cemfa")
    comment.width, comment.height = 320, 40 + 18 * (len(text) // 45 + text.count("\n"))
    return comment
