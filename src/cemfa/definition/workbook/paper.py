"""How anything of cemfa gets into a workbook: text never as a formula, the same content as the same bytes.

Shared by the workbooks of inputs and of results. openpyxl, which reading needs anyway, writes a formula without the
value that a spreadsheet shows before it reckons, and that every reader without an engine of its own takes; so the
values are put into the finished file, rather than a second library for writing beside the first.
"""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from openpyxl import Workbook

Values: TypeAlias = dict[tuple[str, str], float | str | None]
"""What formulas have reckoned, by title of the sheet and cell."""

_FORMULA_MARKS: Final = ("=", "+", "-", "@", "\t", "\r")
_NOT_IN_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
LONGEST_TEXT: Final = 32_767
LONGEST_TITLE: Final = 31
_NOT_IN_TITLE: Final = re.compile(r"[\\/*?:\[\]]")
_FORMULA: Final = re.compile(rb'<c r="([A-Z]+[0-9]+)"([^>]*)>(<f>[^<]*</f>)<v ?(?:/>|></v>)')
_EPOCH: Final = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 - the file format knows no zones; any fixed time will do
_ZIP_EPOCH: Final = (2000, 1, 1, 0, 0, 0)


def safe_text(text: str) -> str:
    """Return text as a cell may hold it: control characters gone, no longer than a cell holds.

    Text that begins like a formula is kept as it is but stored as text (see `put`), with the mark that makes
    spreadsheets show it as text.

    >>> safe_text("a" + chr(0) + "b")
    'ab'
    """
    return _NOT_IN_XML.sub("", text)[:LONGEST_TEXT]


def put(cell: Any, value: object) -> None:
    """Put a value into a cell; text goes in as text, so that a label such as ``=1+1`` stays a label."""
    if isinstance(value, str):
        cell.value = safe_text(value)
        cell.data_type = "s"
        if value.startswith(_FORMULA_MARKS):
            cell.quotePrefix = True
    else:
        cell.value = value
        if isinstance(value, float) and float(f"{value:.16g}") != value:
            cell._value = repr(float(value))  # openpyxl would write sixteen digits of it


def allowed_title(text: str) -> str:
    """Return a text as a sheet may be called: short, and without the marks that addresses are made of.

    >>> allowed_title("1. Sở: A/B"), len(allowed_title("x" * 50))
    ('1. Sở  A B', 31)
    """
    return _NOT_IN_TITLE.sub(" ", text)[:LONGEST_TITLE]


def height_of(text: str, width: float, *, most: int = 26) -> float:
    """Return the height of a row [points] for a text of 11 points in a column of so many characters.

    Spreadsheets find it on their own only after an edit, and never for merged cells. Breaks between words leave
    some room at the ends of lines.

    >>> height_of("Mã", 9), height_of("x" * 100, 60)
    (15.0, 30.0)
    """
    return 15.0 * min(max(ceil(1.12 * len(text) / width), 1), most)


def put_formula(cell: Any, formula: str, value: float | str | None, values: Values) -> None:
    """Put a formula of our own into a cell, written without its sign, and note the value it has for `saved`."""
    cell.value = f"={formula}"
    values[cell.parent.title, cell.coordinate] = value


def saved(book: Workbook, title: str, values: Values | None = None) -> bytes:
    """Return a workbook as the bytes of its file, the same for the same content.

    Parameters
    ----------
    book, title : what is written
    values : of the formulas, by sheet and cell, as `put_formula` noted them
    """
    book.properties.title = title
    book.properties.creator = "cemfa"
    book.properties.created = book.properties.modified = _EPOCH
    stream = io.BytesIO()
    book.save(stream)
    held = values or {}
    by_member = {
        f"xl/worksheets/sheet{number}.xml": {cell: value for (of, cell), value in held.items() if of == sheet.title}
        for number, sheet in enumerate(book.worksheets, 1)
    }
    return without_time(stream.getvalue(), by_member)


def without_time(content: bytes, values: Mapping[str, Mapping[str, float | str | None]] | None = None) -> bytes:
    """Return the same office file with fixed times: writers stamp every member, and the moment of saving inside.

    `values` are those of formulas, by member and cell.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            held = old.read(entry)
            if entry.filename == "docProps/core.xml":
                held = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", held)
            elif values and values.get(entry.filename):
                held = _with_values(held, values[entry.filename])
            info = zipfile.ZipInfo(entry.filename, _ZIP_EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, entry.external_attr
            new.writestr(info, held)
    return stream.getvalue()


def _with_values(sheet: bytes, values: Mapping[str, float | str | None]) -> bytes:
    """Return a sheet with the values of its formulas beside them."""

    def filled(match: re.Match[bytes]) -> bytes:
        name, style, formula = match.groups()
        value = values.get(name.decode())
        if isinstance(value, float | int):
            return b'<c r="%s"%s>%s<v>%s</v>' % (name, style, formula, repr(float(value)).encode())
        text = escape(safe_text(value or "")).encode()
        return b'<c r="%s"%s t="str">%s<v>%s</v>' % (name, style, formula, text)

    return _FORMULA.sub(filled, sheet)
