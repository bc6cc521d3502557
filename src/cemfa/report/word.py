"""A Word document in the administrative layout: headings, sentences, numbered tables and figures with their sources.

Beside `html` and `workbook`; shows the same tables and figures and reckons nothing. The frame is a template that a
department can replace by its own.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cemfa import locale
from cemfa.definition.workbook.paper import without_time
from cemfa.errors import CemfaError, OutputError, Place, Problem
from cemfa.report.tables import Cell, Column, Shown, Table, shown

if TYPE_CHECKING:
    from docx.document import Document as Document_
    from docx.text.paragraph import Paragraph

BODY: Final = "{{body}}"
TEMPLATE: Final = "administrative.docx"
_NOT_IN_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LARGEST: Final = 20_000_000  # bytes of a template, unpacked
_LONGEST_LINE: Final = 60  # letters; a longer text takes more lines, not more width
_LETTER, _PADDING = 2.15, 4.0  # mm a letter of ten points takes, and what a cell leaves free beside its text
_TABLE_WIDTH: Final = 163  # mm between the margins of A4 in the layout of the decree


@dataclass
class Word:
    """A document being written, from its template on; `content` gives the file.

    Parameters
    ----------
    lang : language of captions
    fields : what stands in the template's double braces: `agency`, `title`, `place_date` …
    template : a .docx file with a paragraph `{{body}}`; None: the one that comes with cemfa

    Raises
    ------
    CemfaError
        if the template cannot be used [word-template] or python-docx is not installed [word-missing].

    Examples
    --------
    >>> word = Word("vi", {"title": "BÁO CÁO"})
    >>> word.heading("Mục tiêu")
    >>> word.table(Table("t", "Kết quả", (Column("Chỉ tiêu"), Column("Tỷ lệ", "%", "percent", 1)),
    ...                  ((Cell("Nông thôn"), Cell(0.705)),)), source="cemfa")
    >>> word.content()[:2]
    b'PK'
    """

    lang: str
    fields: Mapping[str, str]
    template: Path | None = None
    _document: Document_ = field(init=False, repr=False)
    _end: Any = field(init=False, repr=False)
    _numbers: dict[str, int] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._document = _opened(self.template)
        _fill(self._document, {f"{{{{{key}}}}}": _clean(text) for key, text in self.fields.items()})
        body = next((p for p in self._document.paragraphs if p.text.strip() == BODY), None)
        if body is None:
            raise _unusable(self.template, locale.text("report.word_no_body"))
        for run in body.runs:
            run.text = ""  # it stays as the last paragraph, which a document needs after a table
        self._end = body._p

    def heading(self, text: str, level: int = 1) -> None:
        """Add a heading."""
        self._add(text, f"Heading {level}")

    def paragraph(self, text: str, style: str = "Normal") -> None:
        """Add a paragraph."""
        self._add(text, style)

    def bullets(self, sentences: tuple[str, ...] | list[str]) -> None:
        """Add a list."""
        for sentence in sentences:
            self._add(sentence, "List Bullet")

    def table(self, table: Table, *, source: str) -> None:
        """Add a table with its number and caption above and its source below; an empty one is left out.

        The heading row repeats on every page and a row is not torn; a cell's P5 and P95 stand below its middle.
        """
        if not table:
            return
        self._caption("table", table.caption)
        columns = [(place, column) for place, column in enumerate(table.columns) if column.narrow]
        drawn = self._document.add_table(rows=1 + len(table.rows), cols=len(columns), style="Table Grid")
        for number, (_, column) in enumerate(columns):
            self._write(drawn.rows[0].cells[number], Shown(column.header)).bold = True
        for row, cells in zip(list(drawn.rows)[1:], table.rows, strict=True):
            for (place, column), cell in zip(columns, row.cells, strict=True):
                self._write(cell, shown(cells[place], column, self.lang))
        _widths(drawn, [(column, [row[place] for row in table.rows]) for place, column in columns], self.lang)
        _marks(drawn)
        self._end.addprevious(drawn._tbl)
        for note in filter(None, (table.note, source and locale.text("report.word_source", self.lang, source=source))):
            self._add(note, "Source")

    def figure(self, picture: bytes, caption: str, *, source: str, alternative: str = "") -> None:
        """Add a picture (PNG) as wide as the text with its number and caption below, then its source.

        `alternative` is what is read to somebody who does not see it.
        """
        from docx.shared import Mm

        paragraph = self._add("", "Normal")
        drawn = paragraph.add_run().add_picture(io.BytesIO(picture), width=Mm(_TABLE_WIDTH))
        drawn._inline.docPr.set("descr", _clean(alternative or caption))
        paragraph.paragraph_format.keep_with_next = True
        self._caption("figure", caption)
        if source:
            self._add(locale.text("report.word_source", self.lang, source=source), "Source")

    def content(self) -> bytes:
        """Return the file; the same content gives the same bytes."""
        import datetime

        properties = self._document.core_properties
        properties.author, properties.title = "cemfa", _clean(self.fields.get("title", ""))
        properties.created = properties.modified = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 - the format knows no zones
        stream = io.BytesIO()
        self._document.save(stream)
        return without_time(stream.getvalue())

    def _caption(self, kind: str, text: str) -> None:
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        words = locale.text(f"report.word_{kind}", self.lang, number=self._numbers[kind], caption=text)
        self._add(words, "Caption")

    def _write(self, cell: Any, view: Shown) -> Any:
        """Write into a cell and return the run of its text: numbers to the right, the spread below."""
        from docx.enum.text import WD_ALIGN_PARAGRAPH

        paragraph = cell.paragraphs[0]
        paragraph.style = _known(self._document, "Cell")
        run = paragraph.add_run(_clean(view.text))
        if view.number:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if view.spread:
            paragraph.add_run().add_break()
            paragraph.add_run(_clean(view.spread)).italic = True
        return run

    def _add(self, text: str, style: str) -> Paragraph:
        paragraph = self._document.add_paragraph(_clean(text), style=_known(self._document, style))
        self._end.addprevious(paragraph._p)
        return paragraph


def _opened(template: Path | None) -> Document_:
    try:
        import docx
        from docx.opc.exceptions import PackageNotFoundError
    except ModuleNotFoundError as reason:
        raise locale.error(OutputError, Problem("word-missing")) from reason
    content = _read(template)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
                raise _unusable(template, locale.text("report.word_too_large"))
        return docx.Document(io.BytesIO(content))
    except (ValueError, KeyError, zipfile.BadZipFile, PackageNotFoundError) as reason:
        raise _unusable(template, str(reason)) from reason


def _read(template: Path | None) -> bytes:
    if template is None:
        return (resources.files("cemfa.report") / "templates" / TEMPLATE).read_bytes()
    try:
        return template.read_bytes()
    except OSError as reason:
        raise _unusable(template, reason.strerror or str(reason)) from reason


def _unusable(template: Path | None, reason: str) -> CemfaError:
    problem = Problem("word-template", Place(str(template or TEMPLATE)), {"reason": reason})
    return locale.error(CemfaError, problem)


def _fill(document: Document_, fields: Mapping[str, str]) -> None:
    """Fill in what stands in double braces, in paragraphs and the cells of tables; the first run keeps its form."""
    cells = [cell for table in document.tables for row in table.rows for cell in row.cells]
    for paragraph in (*document.paragraphs, *(p for cell in cells for p in cell.paragraphs)):
        text = paragraph.text
        if text.strip() == BODY or "{{" not in text:
            continue
        for mark, value in fields.items():
            text = text.replace(mark, value)
        text = re.sub(r"\{\{\w+\}\}", "", text)
        for run in paragraph.runs[1:]:
            run.text = ""
        paragraph.runs[0].text = text


def _known(document: Document_, style: str) -> str:
    """Return a style if the template has it; a department's own template may lack some."""
    return style if any(found.name == style for found in document.styles) else "Normal"


def _widths(drawn: Any, columns: list[tuple[Column, list[Cell]]], lang: str) -> None:
    """Share the width of the page out by what columns hold, no column narrower than its longest word."""
    from docx.shared import Mm

    least, wanted = [], []
    for column, cells in columns:
        texts = [shown(cell, column, lang) for cell in cells]
        words = [word for text in (column.header, *(view.text for view in texts)) for word in text.split()]
        narrow = max(*map(len, words), *(len(view.spread) for view in texts), 1)
        least.append(_LETTER * narrow + _PADDING)
        wanted.append(max(0, min(max(len(view.text) for view in texts), _LONGEST_LINE) - narrow))
    left = max(0.0, _TABLE_WIDTH - sum(least)) / max(1, sum(wanted))
    widths = [narrow + left * more for narrow, more in zip(least, wanted, strict=True)]
    drawn.autofit = False
    for column, share in zip(drawn.columns, widths, strict=True):
        column.width = Mm(round(_TABLE_WIDTH * share / sum(widths), 1))
        for cell in column.cells:
            cell.width = column.width


def _marks(drawn: Any) -> None:
    """Repeat the first row on every page, and keep rows whole."""
    from docx.oxml import OxmlElement

    for number, row in enumerate(drawn.rows):
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if number == 0:
            properties.append(OxmlElement("w:tblHeader"))


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("", text)
