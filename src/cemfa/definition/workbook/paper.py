"""How anything of cemfa gets into a workbook: text never as a formula, the same content as the same bytes.

Shared by the workbooks of inputs and of results.
"""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from openpyxl import Workbook

_FORMULA_MARKS: Final = ("=", "+", "-", "@", "\t", "\r")
_NOT_IN_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
LONGEST_TEXT: Final = 32_767
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
            cell._value = repr(value)  # openpyxl would write sixteen digits of it


def saved(book: Workbook, title: str) -> bytes:
    """Return a workbook as the bytes of its file, the same for the same content."""
    book.properties.title = title
    book.properties.creator = "cemfa"
    book.properties.created = book.properties.modified = _EPOCH
    stream = io.BytesIO()
    book.save(stream)
    return without_time(stream.getvalue())


def without_time(content: bytes) -> bytes:
    """Return the same office file with fixed times: writers stamp every member, and the moment of saving inside."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            held = old.read(entry)
            if entry.filename == "docProps/core.xml":
                held = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", held)
            info = zipfile.ZipInfo(entry.filename, _ZIP_EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, entry.external_attr
            new.writestr(info, held)
    return stream.getvalue()
