"""Tables (CSV today) as typed rows that remember line and column; beside `source`, before `load`.

A blank cell is an absent value; `NaN`, `inf` and the error values of spreadsheets are mistakes. A table is
a header and rows of cells, so another source of cells (a workbook) needs only its own reader.
"""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from cemfa.definition.schema import LARGEST
from cemfa.definition.source import MAX_NUMBER, nearest, read_text
from cemfa.errors import Place, Problem

Kind: TypeAlias = Literal["text", "number", "whole", "flag"]
Value: TypeAlias = str | float | int | bool | None

MAX_BYTES: Final = 50_000_000
MAX_CELL: Final = 20_000

_NOT_A_VALUE: Final = frozenset(
    (
        *("nan", "inf", "+inf", "-inf", "infinity", "-infinity", "n/a", "null", "none"),
        *("#n/a", "#na", "#ref!", "#value!", "#div/0!", "#name?", "#num!", "#null!"),
    )
)
FLAGS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_PLAIN: Final = re.compile(r"[-+]?\d+([eE][-+]?\d+)?")
_DECIMAL: Final = re.compile(r"[-+]?\d*([.,])\d+([eE][-+]?\d+)?")
_GROUPED: Final = re.compile(r"[-+]?[1-9]\d{0,2}(?:([.,])\d{3})(?:\1\d{3})*(?:([.,])\d+)?")
_UNCLEAR: Final = re.compile(r"[-+]?[1-9]\d{0,2}[.,]\d{3}")


@dataclass(frozen=True, slots=True)
class Column:
    """What a table may or must hold under one header.

    Attributes
    ----------
    kind : `whole` is an integer such as a year, `flag` true or false
    required : the column must be there
    filled : every row must have a value in it
    """

    name: str
    kind: Kind = "text"
    required: bool = False
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Values of one row by column, and where the row was written; an absent value has no key."""

    values: Mapping[str, Value]
    table: Table
    line: int

    def place(self, column: str = "") -> Place:
        """Return the place of one cell, or of the row."""
        return self.table.place(self.line, column)

    def text(self, column: str) -> str:
        """Return a cell as text, "" where it is absent."""
        value = self.values.get(column)
        return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows of cells as they were written.

    Attributes
    ----------
    file : the path as the user wrote it, or the name of a table from memory
    header : column names
    lines : line of each row (position, counted from 1, for a table from memory)
    cells : text, or numbers and flags of a table from memory; None where absent
    point : which mark is the decimal one where a number could be read two ways; "" where that is unknown
    """

    file: str
    header: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    cells: tuple[tuple[Value, ...], ...] = ()
    point: str = "."

    def place(self, line: int = 0, column: str = "") -> Place:
        """Return the place of a cell: the column is given by its position and by its name."""
        position = self.header.index(column) + 1 if column in self.header else 0
        return Place(self.file, line, position, column)


def read_table(path: str | Path) -> tuple[Table, list[Problem]]:
    """Return the table of a CSV file and the problems of its shape; never raises for what is in it.

    UTF-8 with or without byte order mark; separated by comma, semicolon or tab, whichever the header uses.
    """
    text, problems = read_text(path, MAX_BYTES)
    if problems:
        return Table(str(path)), list(problems)
    return parse_table(text, str(path))


def parse_table(text: str, file: str) -> tuple[Table, list[Problem]]:
    r"""Return the table of CSV text and the problems of its shape.

    >>> table, problems = parse_table("id;share\nstraw;0,35\n", "memory")
    >>> [row.values for row in typed_rows(table, [Column("id"), Column("share", "number")], problems)]
    [{'id': 'straw', 'share': 0.35}]
    """
    separator = _separator(text)
    raw, problems = _raw_rows(text, file, separator)
    if not raw:
        return Table(file), problems or [Problem("file-empty", Place(file))]
    header_line, header = raw[0]
    while header and not header[-1]:
        header.pop()
    table = Table(file, tuple(header), point="." if separator == "," else "")
    problems += _header_problems(table, header_line)
    lines: list[int] = []
    cells: list[tuple[Value, ...]] = []
    for line, row in raw[1:]:
        extra = [cell for cell in row[len(header) :] if cell]
        if extra:
            parameters = {"found": len(row), "expected": len(header), "value": extra[0][:40]}
            problems.append(Problem("row-long", Place(file, line, len(header) + 1), parameters))
            continue  # its cells stand under the wrong names
        padded = row[: len(header)] + [""] * (len(header) - len(row))
        lines.append(line)
        cells.append(tuple(cell or None for cell in padded))
    return Table(file, tuple(header), tuple(lines), tuple(cells), table.point), problems


def table_from_rows(rows: Iterable[Mapping[str, object]], name: str) -> tuple[Table, list[Problem]]:
    """Return a table of rows from memory (a list of dicts) and the problems of its shape.

    Cells are text, numbers, flags or None; text is read as in a file with `.` as decimal mark.
    """
    given = list(rows)
    header = tuple(dict.fromkeys(str(key) for row in given for key in row))
    problems: list[Problem] = []
    cells: list[tuple[Value, ...]] = []
    for position, row in enumerate(given, start=1):
        named = {str(key): value for key, value in row.items()}
        found: list[Value] = []
        for column in header:
            value = named.get(column)
            if isinstance(value, str):
                value = unicodedata.normalize("NFC", value.strip()) or None
            elif hasattr(value, "item"):
                value = value.item()  # a numpy scalar
            if value is not None and not isinstance(value, (str, bool, int, float)):
                place = Place(name, position, 0, column)
                problems.append(Problem("cell-type", place, {"type": type(value).__name__}))
                value = None
            found.append(value)
        cells.append(tuple(found))
    return Table(name, header, tuple(range(1, len(given) + 1)), tuple(cells)), problems


def typed_rows(table: Table, columns: Sequence[Column], problems: list[Problem]) -> list[Row]:
    """Return the rows of a table with values of the wanted kinds; what is wrong is appended to `problems`.

    A cell that cannot be read is reported and left absent, so that the other cells are still looked at.
    """
    if not table.header:
        return []
    wanted = {column.name: column for column in columns}
    problems += _column_problems(table, wanted)
    point = _decimal_point(table, wanted)
    rows: list[Row] = []
    for line, cells in zip(table.lines, table.cells, strict=True):
        values: dict[str, Value] = {}
        for name, cell in zip(table.header, cells, strict=True):
            if cell is None or name not in wanted:
                continue
            value, code = _READERS[wanted[name].kind](cell, point)
            if code:
                parameters = {"value": str(cell)[:40], "column": name, "limit": MAX_NUMBER}
                problems.append(Problem(code, table.place(line, name), parameters))
            elif value is not None:
                values.setdefault(name, value)
        blank = [name for name, cell in zip(table.header, cells, strict=True) if cell is None]
        for name in blank:
            if name in wanted and wanted[name].filled:
                problems.append(Problem("cell-blank", table.place(line, name), {"column": name}))
        rows.append(Row(values, table, line))
    return rows


def _separator(text: str) -> str:
    """Return the separator of the header line: the most frequent of the three outside quotes."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(",;\t", key=bare.count)


def _raw_rows(text: str, file: str, separator: str) -> tuple[list[tuple[int, list[str]]], list[Problem]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for row in reader:
            cells = [unicodedata.normalize("NFC", cell.strip()) for cell in row]
            long = next((n for n, cell in enumerate(cells, start=1) if len(cell) > MAX_CELL), 0)
            if long:
                return rows, [Problem("cell-long", Place(file, line, long), {"limit": MAX_CELL})]
            if any(cells):
                rows.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        if "field larger" in str(error):
            return rows, [Problem("cell-long", Place(file, line), {"limit": MAX_CELL})]
        return rows, [Problem("table-quote", Place(file, line))]
    return rows, []


def _header_problems(table: Table, line: int) -> list[Problem]:
    problems: list[Problem] = []
    for position, name in enumerate(table.header, start=1):
        place = Place(table.file, line, position)
        if not name:
            problems.append(Problem("column-unnamed", place, {"position": position}))
        elif name in table.header[: position - 1]:
            first = table.header.index(name) + 1
            problems.append(Problem("column-duplicate", place, {"column": name, "first": first}))
    return problems


def _column_problems(table: Table, wanted: Mapping[str, Column]) -> list[Problem]:
    problems: list[Problem] = []
    for column in wanted.values():
        if column.required and column.name not in table.header:
            parameters = {"column": column.name, "found": nearest(column.name, table.header, 12)}
            problems.append(Problem("column-missing", Place(table.file, 1), parameters))
    for name in dict.fromkeys(table.header):
        if name and name not in wanted:
            parameters = {"column": name, "known": nearest(name, wanted)}
            problems.append(Problem("column-unknown", table.place(1, name), parameters))
    return problems


def _decimal_point(table: Table, wanted: Mapping[str, Column]) -> str:
    numbers = [n for n, name in enumerate(table.header) if name in wanted and wanted[name].kind == "number"]
    return decimal_mark((cells[n] for n in numbers for cells in table.cells), table.point)


def decimal_mark(cells: Iterable[object], likely: str) -> str:
    """Return the decimal mark that unmistakable numbers among cells prove; where none does, the likely one.

    >>> decimal_mark(["1.234", "0,5"], ""), decimal_mark(["1.234"], "")
    (',', '')
    """
    proven: set[str] = set()
    for cell in cells:
        if isinstance(cell, str) and not _UNCLEAR.fullmatch(cell):
            proven |= _proof(cell)
    if len(proven) == 1:
        return proven.pop()
    return "" if proven else likely


def _proof(cell: str) -> set[str]:
    if match := _DECIMAL.fullmatch(cell):
        return {match[1]}
    match = _GROUPED.fullmatch(cell)
    if match and match[2] != match[1]:
        return {"," if match[1] == "." else "."}
    return set()


def read_number(cell: object, point: str) -> tuple[float | None, str]:
    """Return a number and "", or None and the code of what is wrong with it."""
    if isinstance(cell, bool):
        return None, "number-format"
    if isinstance(cell, (int, float)):
        # a whole number may be too large to become a float
        return _in_range(float(cell)) if isinstance(cell, float) or abs(cell) <= LARGEST else (None, "number-large")
    text = str(cell).replace("\N{MINUS SIGN}", "-")
    if text.lower() in _NOT_A_VALUE:
        return None, "cell-not-a-value"
    if len(text) > MAX_NUMBER:
        return None, "number-long"
    if _UNCLEAR.fullmatch(text):
        if not point:
            return None, "number-ambiguous"
        text = text.replace("," if point == "." else ".", "").replace(",", ".")
    elif _PLAIN.fullmatch(text) or _DECIMAL.fullmatch(text):
        text = text.replace(",", ".")
    elif (match := _GROUPED.fullmatch(text)) and match[2] != match[1]:
        text = text.replace(match[1], "").replace(",", ".")
    else:
        return None, "number-format"
    return _in_range(float(text))


def _in_range(value: float) -> tuple[float | None, str]:
    if not math.isfinite(value):
        return None, "cell-not-a-value"
    return (value, "") if abs(value) <= LARGEST else (None, "number-large")


def read_whole(cell: object, point: str) -> tuple[int | None, str]:
    """Return a whole number and "", or None and the code of what is wrong with it."""
    if isinstance(cell, str) and re.fullmatch(r"[-+]?\d{1,15}", cell):
        return int(cell), ""
    value, code = read_number(cell, point)
    if code in ("cell-not-a-value", "number-long", "number-large"):
        return None, code
    if value is None or value != int(value) or isinstance(cell, str):
        return None, "whole-format"
    return int(value), ""


def _read_text(cell: Value, _point: str) -> tuple[str | None, str]:
    if isinstance(cell, float) and not math.isfinite(cell):
        return None, "cell-not-a-value"
    if isinstance(cell, str) and cell.lower() in _NOT_A_VALUE:
        return None, "cell-not-a-value"
    return str(cell), ""


def _read_flag(cell: Value, _point: str) -> tuple[bool | None, str]:
    value = FLAGS.get(str(cell).lower())
    return value, "" if value is not None else "flag-format"


_READERS: Final[Mapping[Kind, Callable[[Value, str], tuple[Value, str]]]] = {
    "text": _read_text,
    "number": read_number,
    "whole": read_whole,
    "flag": _read_flag,
}
