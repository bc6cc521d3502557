"""Write `administrative.docx` anew: the frame of the Word reports in the layout of Decree 30/2020/NĐ-CP.

Run it after changing the layout here: ``.venv/bin/python docs/make_word_template.py``. A department replaces the
file by its own with `--template`; what stands in double braces is filled in, the report goes where `{{body}}` stands.
"""

from __future__ import annotations

import datetime
from pathlib import Path

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from cemfa.definition.workbook.paper import without_time

FILE = Path(__file__).resolve().parents[1] / "src/cemfa/report/templates/administrative.docx"
FONT = "Times New Roman"
STYLES = {"Normal": (13, False), "Title": (14, True), "Heading 1": (14, True), "Heading 2": (13, True),
          "Heading 3": (13, True), "Caption": (12, True), "List Bullet": (13, False),
          "Body Text": (13, False)}  # fmt: skip
OWN = {"Source": (11, False, True), "Cell": (10, False, False), "Note": (10, False, False), "Meta": (11, False, True),
       "Lead": (11, True, False), "Contents": (14, True, False), "Figure": (13, False, False),
       "Unit": (11, False, True),
       "toc 1": (12, False, False), "toc 2": (12, False, False)}  # fmt: skip
"""Styles of the reports that Word does not have by itself: size, bold, italic."""
TEXT_WIDTH = 163  # mm
THIRTEEN = ("{{motto}}", "{{number}}", "{{place_date}}")


def written() -> bytes:
    """Return the template."""
    document = Document()
    _page(document)
    _styles(document)
    _head(document)
    title = document.add_paragraph("{{title}}", style="Title")
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    about = document.add_paragraph("{{subtitle}}")
    about.alignment = WD_ALIGN_PARAGRAPH.CENTER
    about.paragraph_format.space_after = Pt(0)
    about.runs[0].bold = True
    _line(document.add_paragraph(), 60, TEXT_WIDTH)
    document.add_paragraph("{{body}}")
    _foot(document)
    relations = document.part.package.rels
    for key in [key for key, found in relations.items() if found.reltype.endswith("/thumbnail")]:
        relations.pop(key)  # a picture of another document
    document.core_properties.author = "cemfa"
    document.core_properties.created = document.core_properties.modified = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 - the file format knows no zones
    return without_time(_saved(document))


def _saved(document: Document) -> bytes:  # type: ignore[valid-type] - a factory, not a class
    import io

    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _page(document) -> None:  # type: ignore[no-untyped-def] - python-docx has no types
    """A4 with the margins of the decree (left 30, right 15 to 20, top and bottom 20 to 25 mm), number from page two."""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(30), Mm(17)
    section.top_margin = section.bottom_margin = Mm(20)
    section.header_distance = Mm(10)
    section.different_first_page_header_footer = True
    section.first_page_header.is_linked_to_previous = False  # it is there, and holds nothing
    paragraph = section.header.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = paragraph.add_run()
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.text = text
        run._r.append(mark)


def _styles(document) -> None:  # type: ignore[no-untyped-def] - as above
    for name, (size, bold) in STYLES.items():
        style = document.styles[name]
        style.font.name, style.font.size, style.font.bold = FONT, Pt(size), bold
        style.font.italic, style.font.color.rgb = False, RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for script in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
            fonts.set(qn(script), FONT)
        for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(theme), None)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(6 if bold else 0), Pt(6)
        style.paragraph_format.keep_with_next = name.startswith(("Heading", "Caption"))
    border = document.styles["Title"].element.pPr.find(qn("w:pBdr"))
    if border is not None:
        document.styles["Title"].element.pPr.remove(border)
    for name, (size, bold, italic) in OWN.items():
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style, style.font.size = document.styles["Normal"], Pt(size)
        style.font.bold, style.font.italic = bold, italic
        style.paragraph_format.space_after = Pt({"Cell": 0, "toc 1": 2, "toc 2": 2, "Note": 3}.get(name, 6))
    for name in ("Contents", "Meta", "Figure"):
        document.styles[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for name in ("Body Text", "Note", "List Bullet"):
        document.styles[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    document.styles["Body Text"].paragraph_format.first_line_indent = Mm(10)
    document.styles["Source"].paragraph_format.space_before = Pt(3)
    for name in ("Lead", "Unit"):
        document.styles[name].paragraph_format.keep_with_next = True
    document.styles["Unit"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    document.styles["Caption"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for number, name in enumerate(("toc 1", "toc 2")):
        form = document.styles[name].paragraph_format
        form.left_indent = Mm(6 * number)
        form.tab_stops.add_tab_stop(Mm(TEXT_WIDTH), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)


def _head(document) -> None:  # type: ignore[no-untyped-def] - as above
    """Write the head: issuing body and number on the left, the country's name and motto, place and day on the right."""
    table = document.add_table(rows=2, cols=2)
    texts = (
        (("{{superior}}", False, False), ("{{agency}}", True, False)),
        (("{{country}}", True, False), ("{{motto}}", True, False)),
        (("{{number}}", False, False),),
        (("{{place_date}}", False, True),),
    )
    for position, lines in enumerate(texts):
        cell = table.cell(position // 2, position % 2)
        for number, (text, bold, italic) in enumerate(lines):
            paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.space_after = Pt(0)
            run = paragraph.add_run(text)
            run.bold, run.italic, run.font.size = bold, italic, Pt(13 if text in THIRTEEN else 12)
    widths = _widths(table, (68, 95))
    for place, length in enumerate((24, 56)):  # lines below the issuing body and the motto
        _line(table.cell(0, place).add_paragraph(), length, widths[place] - 4)
    document.add_paragraph().paragraph_format.space_after = Pt(0)


def _foot(document) -> None:  # type: ignore[no-untyped-def] - as above
    """Write who gets the document on the left, and who signs it on the right."""
    table = document.add_table(rows=1, cols=2)
    _widths(table, (80, 83))
    left, right = table.rows[0].cells
    for paragraph, text, size, bold, italic in (
        (left.paragraphs[0], "{{recipients_title}}", 12, True, True),
        (left.add_paragraph(), "{{recipients}}", 11, False, False),
        (right.paragraphs[0], "{{signer}}", 13, True, False),
    ):
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if bold and not italic else WD_ALIGN_PARAGRAPH.LEFT
        paragraph.paragraph_format.space_after = Pt(0)
        run = paragraph.add_run(text)
        run.bold, run.italic, run.font.size = bold, italic, Pt(size)
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _widths(table, widths):  # type: ignore[no-untyped-def] - as above
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)
    return widths


def _line(paragraph, length: float, width: float) -> None:  # type: ignore[no-untyped-def] - as above
    """Draw a line of some length [mm] in the middle of a width [mm], above a paragraph that holds nothing."""
    form = paragraph.paragraph_format
    form.left_indent = form.right_indent = Mm((width - length) / 2)
    form.space_before, form.space_after, form.line_spacing = Pt(2), Pt(4), Pt(4)
    border, line = OxmlElement("w:pBdr"), OxmlElement("w:top")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        line.set(qn(f"w:{name}"), value)
    border.append(line)
    properties = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(
        border, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


if __name__ == "__main__":
    FILE.write_bytes(written())
