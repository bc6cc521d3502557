"""The sheets of a workbook as the plain data of a scenario and its model, with the cell of every value.

After `archive`; the data then go the way of those of files: `shape`, `checks`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cemfa import locale
from cemfa.definition.source import MAX_NUMBER, KeyPath, dotted, nearest
from cemfa.definition.tables import decimal_mark
from cemfa.definition.workbook.archive import Sheet, read_sheets
from cemfa.definition.workbook.cells import Content, decoded, is_blank
from cemfa.definition.workbook.layout import Column, Root, Table, all_tables, holder_of
from cemfa.definition.workbook.names import GUIDE, LISTS, key_of_title, sheet_title
from cemfa.errors import Place, Problem

KEY: Final = "key"
VALUE: Final = "value"
_MARK: Final = re.compile(r"\[([a-z_.]+)\]\s*$")
_HEAD_ROWS: Final = 20


@dataclass(slots=True)
class Part:
    """Plain data of a scenario or model, and the cell of every value, row and blank by path."""

    data: dict[str, Any] = field(default_factory=dict)
    cells: dict[KeyPath, Place] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Book:
    """What a workbook holds, and what is wrong with its form."""

    file: str
    parts: Mapping[Root, Part]
    problems: list[Problem]


def read_workbook(path: str | Path) -> Book:
    """Return the data of a workbook, as far as its sheets can be read; never raises for what is in it."""
    sheets, problems = read_sheets(path)
    book = Book(str(path), {"scenario": Part(), "model": Part()}, problems)
    if problems:
        return book
    found = _by_table(sheets, book)
    titles = {table.key: sheet_title(table.key, locale.language()) for table in all_tables()}
    titles |= {key: sheet.title for key, sheet in found.items()}
    for table in all_tables():
        part = book.parts[table.root]
        sheet = found.get(table.key)
        if sheet is None:
            book.problems.append(Problem("sheet-missing", Place(book.file), _names_of(table.key)))
            part.failed.add(table.key)
            part.cells.setdefault((), Place(book.file))
            continue
        if table.key == table.root:
            part.cells[()] = Place(book.file, sheet=sheet.title)
        before = len(book.problems)
        _Reading(book, table, sheet, titles).read()
        if len(book.problems) > before:
            part.failed.add(table.key)
    return book


def _names_of(key: str) -> dict[str, object]:
    return {"sheet": " / ".join(dict.fromkeys(sheet_title(key, lang) for lang in ("vi", "en"))), "key": key}


def _by_table(sheets: Sequence[Sheet], book: Book) -> dict[str, Sheet]:
    """Return the sheets by the table they hold: the mark in their first row says it, else their name."""
    known = {table.key for table in all_tables()}
    found: dict[str, Sheet] = {}
    for sheet in sheets:
        key = _marked(sheet) or key_of_title(unicodedata.normalize("NFC", sheet.title.strip()))
        place = Place(book.file, sheet=sheet.title)
        if key in found:
            book.problems.append(Problem("sheet-twice", place, {"first": found[key].title, "key": key}))
        elif key in known and sheet.is_hidden:
            book.problems.append(Problem("sheet-hidden", place))
        if key in known:
            found.setdefault(key, sheet)
        elif key not in (GUIDE, LISTS) and sheet.cells:
            titles = [sheet_title(name, "vi") for name in sorted(known)]
            book.problems.append(Problem("sheet-unknown", place, {"known": nearest(sheet.title, titles, 3)}, "warning"))
    return found


def _marked(sheet: Sheet) -> str:
    for row in (1, 2, 3):
        match = _MARK.search(str(sheet.cells.get((row, 1), "")))
        if match:
            return match[1]
    return ""


class _Reading:
    """Reads one sheet into the data of its part; one use per sheet."""

    def __init__(self, book: Book, table: Table, sheet: Sheet, titles: Mapping[str, str]) -> None:
        self.book, self.table, self.sheet, self.titles = book, table, sheet, titles
        self.part = book.parts[table.root]
        self.cells = _filled_down(sheet)
        self.point = ""

    def read(self) -> None:
        if self.table.steps:
            self._rows()
        else:
            self._values()

    def _values(self) -> None:
        """Read single values, one below the other: a key, and somewhere to its right the value."""
        head = next((at for at, cell in sorted(self.cells.items()) if cell == KEY and at[0] <= _HEAD_ROWS), None)
        column = next((c for (r, c), cell in sorted(self.cells.items()) if head and r == head[0] and cell == VALUE), 0)
        if head is None or not column:
            self._note("sheet-header", (1, 1), keys=[KEY, VALUE])
            return
        self.part.data |= {self.table.base[0]: {}} if self.table.base else {}
        rows = sorted(row for row, at in self.cells if at == head[1] and row > head[0])
        found = {row: self._column(str(self.cells[row, head[1]]).strip()) for row in rows}
        numbers = (self.cells.get((row, column)) for row, pair in found.items() if pair and _is_number(pair[0]))
        self.point = decimal_mark(numbers, "")
        seen: dict[str, int] = {}
        for row, pair in found.items():
            name = str(self.cells[row, head[1]]).strip()
            if pair is None:
                known = nearest(name, [each.key for each in self.table.columns])
                self._note("key-unknown", (row, head[1]), key=name, known=known)
            elif name in seen:
                self._note("key-duplicate", (row, head[1]), key=name, line=seen[name])
            else:
                seen[name] = row
                self._set(self.part.data, (), pair[0], pair[1], (row, column))

    def _rows(self) -> None:
        head = self._head_row()
        if not head:
            self._note("sheet-header", (1, 1), keys=[*self.table.keys, *(c.key for c in self.table.columns)][:4])
            return
        keys, columns = self._columns(head)
        wanted = [*self.table.keys, *(c.key for c in self.table.columns if c.required and c.keys is None)]
        here = [*keys, *(column.key for column, _ in columns.values())]
        if missing := [name for name in wanted if name not in here]:
            for name in missing:
                self._note("column-missing", (head, 1), column=name, found=nearest(name, here, 12))
            return
        numbers = [c for c, (column, _) in columns.items() if _is_number(column)]
        self.point = decimal_mark((cell for (r, c), cell in self.cells.items() if r > head and c in numbers), "")
        self._root_collection()
        read = {*keys.values(), *columns}
        for row in sorted({r for (r, c), cell in self.cells.items() if r > head and c in read and not is_blank(cell)}):
            self._row(row, keys, columns)

    def _root_collection(self) -> None:
        """Make the collection: an empty sheet means an empty one, not an absent one."""
        step = self.table.steps[0]
        if len(self.table.steps) == 1 or holder_of(self.table, 1) is None:
            _container(self.part.data, step.path, [] if not step.keyed else {})

    def _head_row(self) -> int:
        """Return the row that holds the most names of columns, 0 where none holds any."""
        counts: dict[int, int] = {}
        for (row, _), cell in self.cells.items():
            if row <= _HEAD_ROWS and isinstance(cell, str | int | float):
                name = _name(cell)
                counts[row] = counts.get(row, 0) + (name in self.table.keys or self._column(name) is not None)
        best = max(counts, key=lambda row: (counts[row], row), default=0)
        return best if best and counts[best] else 0

    def _columns(self, head: int) -> tuple[dict[str, int], dict[int, tuple[Column, str | int | None]]]:
        keys: dict[str, int] = {}
        columns: dict[int, tuple[Column, str | int | None]] = {}
        names: dict[str, int] = {}
        for at in sorted(c for r, c in self.cells if r == head):
            name = _name(self.cells[head, at])
            if name in names:
                self._note("column-duplicate", (head, at), column=name, first=names[name])
                continue
            names[name] = at
            pair = self._column(name)
            if name in self.table.keys:
                keys[name] = at
            elif pair is not None:
                columns[at] = pair
            else:
                known = [*self.table.keys, *(column.key for column in self.table.columns)]
                self._note("column-unknown", (head, at), column=name, known=nearest(name, known))
        width = max(names.values(), default=0)
        strays = {
            c for (r, c), cell in self.cells.items() if r > head and c not in names.values() and not is_blank(cell)
        }
        for at in sorted(c for c in strays if c <= width):
            self._note("column-unnamed", (head, at), position=at)
        for at in sorted(c for c in strays if c > width):  # remarks beside the table
            self.book.problems.append(Problem("column-ignored", self._place((head, at)), {"position": at}, "warning"))
        return keys, columns

    def _column(self, name: str) -> tuple[Column, str | int | None] | None:
        """Return the column of a name, with the key where it is one of a mapping's."""
        for column in self.table.columns:
            if column.keys is None and name == column.key:
                return column, None
        for column in self.table.columns:
            head = ".".join((*column.path, ""))
            if column.keys is None or not name.startswith(head) or name == head:
                continue
            key = name.removeprefix(head) if column.path else name
            if "whole" not in column.keys.kinds:
                return column, key
            if key.isascii() and key.isdigit() and len(key) <= 15:
                return column, int(key)
        return None

    def _row(self, row: int, keys: Mapping[str, int], columns: Mapping[int, tuple[Column, str | int | None]]) -> None:
        given: dict[str, str] = {}
        for name, at in keys.items():
            cell = self.cells.get((row, at))
            if is_blank(cell) or (row, at) in self.sheet.wrong:
                code = self.sheet.wrong.get((row, at), "cell-blank")
                self._note(code, (row, at), column=name, value=str(cell)[:40])
                return
            given[name] = _name(cell)
        content, path = self._entry(row, given, keys)
        if content is None:
            return
        first = next(iter(keys.values()), None) or next(iter(columns), 1)
        self.part.cells[path] = self._place((row, first if len(keys) < 2 else keys[self.table.keys[-1]]))
        for at, (column, key) in columns.items():
            self._set(content, path, column, key, (row, at))
        self._required(content)

    def _entry(
        self, row: int, given: Mapping[str, str], keys: Mapping[str, int]
    ) -> tuple[dict[str, Any] | None, KeyPath]:
        """Return the new entry in the collections for a row, and its path; None where it has no place there."""
        data: Any = self.part.data
        path: KeyPath = ()
        names = iter(self.table.keys)
        for number, step in enumerate(self.table.steps):
            is_last = number == len(self.table.steps) - 1
            data, path = _container(data, step.path, {} if step.keyed else []), (*path, *step.path)
            if not step.keyed:
                path = (*path, len(data))
                data.append({})
                data = data[-1]
                continue
            name = next(names)
            key, at = given[name], (row, keys[name])
            path = (*path, key)
            if is_last and key in data:
                line = re.sub(r"\D", "", self.part.cells[path].cell) if path in self.part.cells else row
                self._note("id-duplicate", at, id=key, line=int(line))
                return None, path
            if not is_last and key not in data:
                holder = holder_of(self.table, number + 1)
                if holder is not None:
                    if holder.key not in self.part.failed:  # else what is wrong is said there
                        known = nearest(key, data)
                        self._note("row-parent", at, id=key, sheet=self.titles[holder.key], known=known)
                    return None, path
                follows = self.table.steps[number + 1]
                data[key] = [] if not follows.path and not follows.keyed else {}
            if is_last:
                data[key] = {"id": key} if self.table.names_itself else {}
            data = data[key]
        return data, path

    def _required(self, content: dict[str, Any]) -> None:
        """Give a row the empty lists that it has where other sheets name no rows of it."""
        depth = len(self.table.steps)
        for table in all_tables():
            if table.root == self.table.root and table.steps[:-1] == self.table.steps and len(table.steps) == depth + 1:
                step = table.steps[-1]
                if len(step.path) == 1:
                    content.setdefault(step.path[0], {} if step.keyed else [])

    def _set(
        self, data: dict[str, Any], path: KeyPath, column: Column, key: str | int | None, at: tuple[int, int]
    ) -> None:
        """Put the value of a cell where it belongs, or note what is wrong with it."""
        steps: tuple[str | int, ...] = column.path if key is None else (*column.path, key)
        where = (*path, *steps)
        self.part.cells[where] = self._place(at)
        content = self.cells.get(at)
        if is_blank(content):
            return
        value, code = decoded(column.form, content, self.point)
        code = self.sheet.wrong.get(at, code)
        if code:
            self._note(code, at, where, value=str(content)[:40], column=dotted(steps), limit=MAX_NUMBER)
            return
        inner: Any = data
        for step in steps[:-1]:
            inner = inner.setdefault(step, {})
            if not isinstance(inner, dict):
                self._note("cell-two-forms", at, where, column=dotted(steps), other=str(step))
                return
        inner[steps[-1]] = value

    def _place(self, at: tuple[int, int], path: KeyPath = ()) -> Place:
        from openpyxl.utils import get_column_letter

        return Place(
            self.book.file, path=dotted(path), sheet=self.sheet.title, cell=f"{get_column_letter(at[1])}{at[0]}"
        )

    def _note(self, code: str, at: tuple[int, int], path: KeyPath = (), **parameters: object) -> None:
        self.book.problems.append(Problem(code, self._place(at, path), parameters))


def _filled_down(sheet: Sheet) -> dict[tuple[int, int], Content]:
    """Return the cells with those of vertically merged ones filled: a reader sees them in every row."""
    found = dict(sheet.cells)
    for first_row, column, last_row, _ in sheet.merged:
        content = found.get((first_row, column))
        if content is not None and last_row - first_row < len(sheet.cells) + _HEAD_ROWS:
            for row in range(first_row + 1, last_row + 1):
                found.setdefault((row, column), content)
    return found


def _container(data: dict[str, Any], path: Iterable[str], empty: Any) -> Any:
    """Return the collection at a path, made where it is not there yet."""
    *above, last = path or ("",)
    if not last:
        return data
    for part in above:
        data = data.setdefault(part, {})
    return data.setdefault(last, empty)


def _is_number(column: Column) -> bool:
    return "number" in column.form.kinds


def _name(cell: Content) -> str:
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
    return unicodedata.normalize("NFC", text.strip())
