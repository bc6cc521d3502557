"""A workbook's file as sheets of plain cells, opened with care: bombs, entities, formulas and hidden sheets.

First step of reading; what the cells mean is asked in `read`.
"""

from __future__ import annotations

import datetime
import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cemfa.definition.workbook.cells import Content
from cemfa.errors import Place, Problem

SUFFIX: Final = ".xlsx"
OTHER_SUFFIXES: Final = (".xls", ".xlsm", ".xlsb", ".ods")
MAX_BYTES: Final = 30_000_000
MAX_UNPACKED: Final = 128 * 1024 * 1024
MAX_MEMBERS: Final = 2048
_OLE: Final = b"\xd0\xcf\x11\xe0"  # the container of old workbooks, and of those with a password
_DECLARATIONS: Final = tuple(
    (word, word.encode(encoding))
    for word in ("<!DOCTYPE", "<!ENTITY")
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
)
_UNREADABLE: Final = (
    *(AttributeError, ArithmeticError, EOFError, ImportError, LookupError, NotImplementedError, OSError),
    *(RecursionError, SyntaxError, TypeError, ValueError, zipfile.BadZipFile, zlib.error),
)
"""What openpyxl and its parsers raise for a file that is no workbook, or a broken one."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: what its cells hold by row and column, counted from 1; blank cells are left out.

    Attributes
    ----------
    wrong : code of the problem of cells that cannot be taken, such as a formula whose value was never computed
    merged : ranges of merged cells: first row, first column, last row, last column
    """

    title: str
    is_hidden: bool = False
    cells: Mapping[tuple[int, int], Content] = field(default_factory=dict)
    wrong: Mapping[tuple[int, int], str] = field(default_factory=dict)
    merged: tuple[tuple[int, int, int, int], ...] = ()


def read_sheets(path: str | Path) -> tuple[list[Sheet], list[Problem]]:
    """Return the sheets of a workbook, or none and what kept it from being opened; never raises for what is in it."""
    content, problem = _content(Path(path))
    if problem is None:
        problem = _refused(content, str(path))
    if problem is not None:
        return [], [problem]
    try:
        return list(_sheets(content)), []
    except _UNREADABLE as error:
        return [], [Problem("workbook-broken", Place(str(path)), {"reason": type(error).__name__})]


def _content(path: Path) -> tuple[bytes, Problem | None]:
    place = Place(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return b"", Problem("file-missing", place)
    except OSError as error:
        return b"", Problem("file-unreadable", place, {"reason": type(error).__name__})
    if len(content) > MAX_BYTES:
        return b"", Problem("file-large", place, {"limit": MAX_BYTES})
    return content, None


def _refused(content: bytes, file: str) -> Problem | None:
    """Return why an archive is not even unpacked: no archive, too large inside, or declaring entities."""
    place = Place(file)
    if content.startswith(_OLE):
        return Problem("workbook-old", place)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if any(member.flag_bits & 1 for member in members):
                return Problem("workbook-old", place)
            unpacked = sum(member.file_size for member in members)
            if unpacked > MAX_UNPACKED or len(members) > MAX_MEMBERS:
                parameters = {"size": unpacked, "limit": MAX_UNPACKED, "members": len(members), "most": MAX_MEMBERS}
                return Problem("workbook-bomb", place, parameters)
            for member in members:
                held = archive.read(member)
                declared = next((word for word, mark in _DECLARATIONS if mark in held), None)
                if declared is not None:
                    return Problem("workbook-entity", place, {"member": member.filename, "mark": declared})
    except _UNREADABLE as error:
        return Problem("workbook-broken", place, {"reason": type(error).__name__})
    return None


def _sheets(content: bytes) -> Iterator[Sheet]:
    book = _opened(content, values=False)
    has_formulas = any(cell.data_type == "f" for sheet in book.worksheets for cell in _written(sheet).values())
    values = _opened(content, values=True) if has_formulas else book
    for sheet, computed in zip(book.worksheets, values.worksheets, strict=True):
        cells: dict[tuple[int, int], Content] = {}
        wrong: dict[tuple[int, int], str] = {}
        for at, cell in _written(sheet).items():
            found = _written(computed).get(at, cell) if cell.data_type == "f" else cell
            if cell.data_type == "f" and found.value is None:
                wrong[at] = "cell-formula"
            elif found.data_type == "e" or isinstance(found.value, datetime.time | datetime.timedelta):
                wrong[at] = "cell-not-a-value"
            elif found.value is None:
                continue
            cells[at] = found.value if at not in wrong else str(cell.value)
        ranges = tuple((r.min_row, r.min_col, r.max_row, r.max_col) for r in sheet.merged_cells.ranges)
        yield Sheet(sheet.title, sheet.sheet_state != "visible", cells, wrong, ranges)


def _opened(content: bytes, *, values: bool) -> Any:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what openpyxl does not keep, such as styles of a newer spreadsheet
        return openpyxl.load_workbook(io.BytesIO(content), data_only=values, keep_links=False)


def _written(sheet: Any) -> Mapping[tuple[int, int], Any]:
    """Return the cells that the file names: a sheet's corners may lie millions of blank cells apart."""
    found: Mapping[tuple[int, int], Any] = sheet._cells
    return found
