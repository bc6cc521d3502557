"""A Word document in the administrative layout: headings, sentences, numbered tables and figures with their sources.

Beside `html` and `workbook`; shows the same tables and figures and reckons nothing. The frame is a template that a
department can replace by its own.
"""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cemfa import locale
from cemfa.definition.workbook.paper import without_time
from cemfa.errors import CemfaError, OutputError, Place, Problem
from cemfa.figures.svg import figure_bytes
from cemfa.report.tables import Shown, Table
from cemfa.report.wordtables import Fit, common_unit, laid_out

if TYPE_CHECKING:
    from docx.document import Document as Document_
    from docx.text.paragraph import Paragraph

    from cemfa.figures.picture import Picture

BODY: Final = "{{body}}"
TEMPLATE: Final = "administrative.docx"
LEGIBLE: Final = 0.65  # a figure drawn smaller than this part of its size needs the page turned
_NOT_IN_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_MARK: Final = re.compile(r"\{\{(\w+)\}\}")
_LARGEST: Final = 20_000_000  # bytes of a template, unpacked
_INCH: Final = 25.4  # mm
_CAPTION: Final = 30.0  # mm that a figure leaves for its caption and source
_DPI: Final = 200.0  # of figures, on paper
_CELL_MARGIN: Final = 1.0  # mm
_LETTERS: Final = {"vi": "abcdđeghiklmnopqrstuvxy", "en": "abcdefghijklmnopqrstuvwxyz"}
_ROMAN: Final = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


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
    >>> from cemfa.report.tables import Cell, Column, Table
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
    _section: Any = field(init=False, repr=False)
    _styles: dict[str, str] = field(init=False, repr=False)
    _numbers: dict[str, int] = field(init=False, default_factory=dict, repr=False)
    _headings: list[tuple[int, str, str]] = field(init=False, default_factory=list, repr=False)
    _levels: list[int] = field(init=False, default_factory=lambda: [0, 0, 0], repr=False)
    _contents: Any = field(init=False, default=None, repr=False)
    _turned: bool = field(init=False, default=False, repr=False)
    _first: bool = field(init=False, default=True, repr=False)
    _new_page: bool = field(init=False, default=False, repr=False)

    def __post_init__(self) -> None:
        from cemfa.report.wordparts import say_language, section_of

        self._document = opened(self.template)
        body = next((p for p in self._document.paragraphs if p.text.strip() == BODY), None)
        if body is None:
            raise _unusable(self.template, locale.text("report.word_no_body"))
        for run in body.runs:
            run.text = ""  # it stays as the last paragraph, which a document needs after a table
        _fill(self._document, {key: _clean(text) for key, text in self.fields.items()})
        self._end, self._section = body._p, section_of(body._p)
        self._styles = {style.name or "": style.style_id for style in self._document.styles}
        say_language(self._document, self.lang)

    def heading(self, text: str, level: int = 1) -> None:
        """Add a heading, numbered as administrative documents are: I., 1., a)."""
        from cemfa.report.wordparts import bookmark

        self._levels[level - 1 :] = [self._levels[level - 1] + 1, *[0] * (3 - level)]
        written = f"{_number(level, self._levels[level - 1], self.lang)} {_clean(text)}"
        name = f"_Toc{len(self._headings) + 1:08d}"
        bookmark(self._add(written, f"Heading {level}"), name, len(self._headings) + 1)
        self._headings.append((level, written, name))

    def paragraph(self, text: str, style: str = "Body Text") -> None:
        """Add a paragraph."""
        self._add(text, style)

    def bullets(self, sentences: Sequence[str], style: str = "List Bullet") -> None:
        """Add a list."""
        for sentence in sentences:
            self._add(sentence, style)

    def contents(self, title: str) -> None:
        """Add a table of contents down to the second level; Word fills in the pages when it opens the file."""
        self._add(title, "Contents")
        self._contents = self._add("", "toc 1")
        self._add("", "Cell")  # a section that ended within the contents would lose the numbers of its pages

    def new_page(self) -> None:
        """Let what comes next begin a page."""
        self._new_page = True

    def turn(self, *, lying: bool) -> None:
        """Turn the page for what comes next, on a new page; nothing where it lies or stands as it shall already."""
        from cemfa.report.wordparts import ended_section, plain_first_page

        if lying == self._turned:
            return
        ended = ended_section(self._section, turned=self._turned, first=self._first)
        last = self._end.getprevious()
        if last is None or not last.tag.endswith("}p") or last.xpath("./w:pPr/w:sectPr"):
            last = self._add("", "Cell")._p
        last.get_or_add_pPr().append(ended)
        plain_first_page(self._section)
        self._turned, self._first, self._new_page = lying, False, False

    def needs_lying(self, table: Table) -> bool:
        """Return whether a table is too wide for the page as it stands."""
        return not laid_out(table, self.lang, self._room(turned=False)[0])[1].fits

    def needs_lying_for(self, picture: Picture) -> bool:
        """Return whether a figure can be read only on a turned page."""
        return self._room(turned=False)[0] < LEGIBLE * picture.get_figwidth() * _INCH

    def table(self, table: Table, *, source: str) -> None:
        """Add a table with its number and caption above and its source below; an empty one is left out.

        The heading row repeats on every page and a row is not torn; a cell's P5 and P95 stand below its middle. The
        letters are as large as the width allows, up to ten points.
        """
        if not table:
            return
        from cemfa.report.wordparts import framed, narrow_margins, rows_stay_whole

        self._caption("table", table.caption)
        if unit := common_unit(table):
            self._add(locale.text("report.word_unit", self.lang, unit=unit), "Unit")
        shown, fit = laid_out(table, self.lang, self._room(turned=self._turned)[0])
        drawn = self._document.add_table(rows=len(shown), cols=len(shown[0]))
        framed(drawn)
        narrow_margins(drawn, _CELL_MARGIN)
        self._fill_table(drawn, shown, fit)
        rows_stay_whole(drawn)
        self._end.addprevious(drawn._tbl)
        for note in filter(None, (table.note, source and locale.text("report.word_source", self.lang, source=source))):
            self._add(note, "Source")

    def figure(self, picture: Picture, caption: str, *, source: str) -> None:
        """Add a figure with its number and caption below, then its source; never larger than drawn or than the page.

        Its title and description are what is read to somebody who does not see it.
        """
        from docx.shared import Mm

        width = self._width_of(picture)
        dots = figure_bytes(picture, "png", dpi=_DPI * width / picture.get_figwidth())
        paragraph = self._add("", "Figure")
        drawn = paragraph.add_run().add_picture(io.BytesIO(dots), width=Mm(round(width * _INCH, 1)))
        drawn._inline.docPr.set("descr", _clean(". ".join(filter(None, (picture.title, picture.description)))))
        paragraph.paragraph_format.keep_with_next = True
        self._caption("figure", caption, keep=bool(source))
        if source:
            self._add(locale.text("report.word_source", self.lang, source=source), "Source")

    def content(self) -> bytes:
        """Return the file; the same content gives the same bytes."""
        self.turn(lying=False)
        self._list_headings()
        properties = self._document.core_properties
        properties.author, properties.title = "cemfa", _clean(self.fields.get("title", ""))[:255]
        properties.created = properties.modified = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 - the format knows no zones
        stream = io.BytesIO()
        self._document.save(stream)
        return without_time(stream.getvalue())

    def _width_of(self, picture: Picture) -> float:
        """Return how wide a figure is on the page [inch]."""
        wide, high = self._room(turned=self._turned)
        drawn, tall = picture.get_figwidth(), picture.get_figheight()
        return min(wide / _INCH, drawn, (high - _CAPTION) / _INCH * drawn / tall)

    def _room(self, *, turned: bool) -> tuple[float, float]:
        from cemfa.report.wordparts import room_in

        return room_in(self._section, turned=turned)

    def _caption(self, kind: str, text: str, *, keep: bool = True) -> None:
        from cemfa.report.wordparts import field as add_field

        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        name = locale.text(f"report.word_{kind}", self.lang)
        paragraph = self._add(f"{name} ", "Caption")
        add_field(paragraph, f"SEQ {name} \\* ARABIC", str(self._numbers[kind]))
        paragraph.add_run(f". {_clean(text)}")
        paragraph.paragraph_format.keep_with_next = keep

    def _fill_table(self, drawn: Any, shown: list[list[Shown]], fit: Fit) -> None:
        from docx.shared import Mm
        from docx.table import _Cell

        drawn.autofit = False
        for column, width in zip(drawn.columns, fit.widths, strict=True):
            column.width = Mm(width)
        for number, (row, cells) in enumerate(zip(drawn._tbl.tr_lst, shown, strict=True)):
            for place, (element, view) in enumerate(zip(row.tc_lst, cells, strict=True)):
                cell = _Cell(element, drawn)
                cell.width = Mm(fit.widths[place])
                self._write(cell, view, fit.points, head=number == 0)

    def _write(self, cell: Any, view: Shown, points: float, *, head: bool) -> None:
        """Write into a cell: numbers to the right, the spread below."""
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Pt

        paragraph = cell.paragraphs[0]
        paragraph._p.style = self._known("Cell")
        runs = [paragraph.add_run(_clean(view.text))]
        if view.number:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if head:
            runs[0].bold = True
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.keep_with_next = True
        if view.spread:
            paragraph.add_run().add_break()
            runs.append(paragraph.add_run(_clean(view.spread)))
            runs[1].italic = True
        for run in runs:
            run.font.size = Pt(points)

    def _list_headings(self) -> None:
        from cemfa.report.wordparts import begin_field, end_field, reference

        if self._contents is None:
            return
        paragraph = self._contents
        begin_field(paragraph, 'TOC \\o "1-2" \\h \\z \\u', stale=True)
        listed = [(level, text, name) for level, text, name in self._headings if level <= 2]
        for number, (level, text, name) in enumerate(listed):
            if number:
                following = self._document.add_paragraph()
                following._p.style = self._known(f"toc {level}")
                paragraph._p.addnext(following._p)
                paragraph = following
            reference(paragraph, text, name)
        end_field(paragraph)

    def _add(self, text: str, style: str) -> Paragraph:
        paragraph = self._document.add_paragraph(_clean(text))
        paragraph._p.style = self._known(style)
        self._end.addprevious(paragraph._p)
        if self._new_page:
            paragraph.paragraph_format.page_break_before, self._new_page = True, False
        return paragraph

    def _known(self, style: str) -> str | None:
        """Return the id of a style, or of the plain one; a department's own template may lack some."""
        return self._styles.get(style, self._styles.get("Normal"))


def frame(lang: str, title: str, subtitle: str, *, day: datetime.date | None = None) -> dict[str, str]:
    """Return what stands in the frame of a document: head, title, recipients, signature; open where only people know.

    Parameters
    ----------
    day : date of the document; None leaves it to be written by hand when it is signed
    """

    def text(key: str, **parameters: object) -> str:
        return locale.text(f"report.word_{key}", lang, **parameters)

    dated = text("place_date_open")
    if day is not None:  # the decree writes days below 10 and the months January and February with a zero
        month = f"{day.month:02d}" if day.month <= 2 else day.month
        dated = text("place_date", day=f"{day.day:02d}", month=month, year=day.year)
    keys = ("country", "motto", "superior", "agency", "number", "recipients_title", "recipients", "signer")
    return {key: text(key) for key in keys} | {"place_date": dated, "title": title, "subtitle": subtitle}


def opened(template: Path | None) -> Document_:
    """Return a template as a document; see `Word` for what is raised."""
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
    """Fill in what stands in double braces, in paragraphs, cells, headers and footers; the first run keeps its form."""
    kinds = ("header", "footer", "first_page_header", "first_page_footer")
    found = (getattr(section, kind) for section in document.sections for kind in kinds)
    bands = [band for band in found if not band.is_linked_to_previous]
    tables = [table for part in (document, *bands) for table in part.tables]
    cells = [cell for table in tables for row in table.rows for cell in row.cells]
    for part in (document, *bands, *cells):
        for paragraph in part.paragraphs:
            if not _MARK.search(paragraph.text):
                continue
            text = _MARK.sub(lambda found: fields.get(found[1], ""), paragraph.text)
            for run in paragraph.runs[1:]:
                run.text = ""
            paragraph.runs[0].text = text


def _number(level: int, number: int, lang: str) -> str:
    """Return the number of a heading as administrative documents write it.

    >>> _number(1, 4, "vi"), _number(2, 3, "vi"), _number(3, 5, "vi")
    ('IV.', '3.', 'đ)')
    """
    if level == 1:
        text = ""
        for value, letters in _ROMAN:
            text, number = text + letters * (number // value), number % value
        return f"{text}."
    if level == 2:
        return f"{number}."
    letters = _LETTERS[lang]
    return f"{letters[(number - 1) % len(letters)]})"


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("", text)
