"""Write `administrative.docx` anew: the frame of the Word reports in the layout of Decree 30/2020/NĐ-CP.

Run it after changing the layout here: ``.venv/bin/python docs/make_word_template.py``. A department replaces the
file by its own with `--template`; what stands in double braces is filled in, the report goes where `{{body}}` stands.
"""

from __future__ import annotations

import datetime
from pathlib import Path

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from cemfa.definition.workbook.paper import without_time

FILE = Path(__file__).resolve().parents[1] / "src/cemfa/report/templates/administrative.docx"
FONT = "Times New Roman"
STYLES = {"Normal": (13, False), "Title": (14, True), "Heading 1": (14, True), "Heading 2": (13, True),
          "Heading 3": (13, True), "Caption": (12, True), "List Bullet": (13, False)}  # fmt: skip


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
    about.runs[0].bold = True
    document.add_paragraph("{{body}}")
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
    source = document.styles.add_style("Source", WD_STYLE_TYPE.PARAGRAPH)
    source.base_style, source.font.size, source.font.italic = document.styles["Normal"], Pt(11), True
    cells = document.styles.add_style("Cell", WD_STYLE_TYPE.PARAGRAPH)
    cells.base_style, cells.font.size = document.styles["Normal"], Pt(10)
    cells.paragraph_format.space_after = Pt(0)


def _head(document) -> None:  # type: ignore[no-untyped-def] - as above
    """Write the head: issuing body and number on the left, the country's name and motto, place and day on the right."""
    table = document.add_table(rows=2, cols=2)
    table.autofit = False
    for column, width in zip(table.columns, (58, 105), strict=True):
        column.width = Mm(width)
    texts = (
        (("{{superior}}", False, False), ("{{agency}}", True, False)),
        (("{{country}}", True, False), ("{{motto}}", True, False)),
        (("{{number}}", False, False),),
        (("{{place_date}}", False, True),),
    )
    for position, lines in enumerate(texts):
        cell = table.cell(position // 2, position % 2)
        cell.width = Mm(58) if position % 2 == 0 else Mm(105)
        for number, (text, bold, italic) in enumerate(lines):
            paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.space_after = Pt(2)
            run = paragraph.add_run(text)
            run.bold, run.italic, run.font.size = bold, italic, Pt(13 if text == "{{motto}}" else 12)


if __name__ == "__main__":
    FILE.write_bytes(written())
