"""What python-docx has no words for: fields, bookmarks, sections that turn the page, rows that repeat.

Below `word`, which says what a document holds; here stands how the file format says it.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from docx.oxml import OxmlElement
from docx.oxml.ns import qn

if TYPE_CHECKING:
    from docx.text.paragraph import Paragraph

TWIPS: Final = 56.692913  # in a mm


def field(paragraph: Paragraph, code: str, shown: str, *, stale: bool = False) -> None:
    """Append a field to a paragraph, with the text that stands until it is updated; `stale` asks for that at once."""
    begin_field(paragraph, code, stale=stale)
    paragraph.add_run(shown)
    end_field(paragraph)


def begin_field(paragraph: Paragraph, code: str, *, stale: bool = False) -> None:
    """Append the beginning of a field; its result may run over several paragraphs."""
    start = _mark("begin")
    if stale:
        start.set(qn("w:dirty"), "true")
    text = OxmlElement("w:instrText")
    text.set(qn("xml:space"), "preserve")
    text.text = f" {code} "
    for element in (start, text, _mark("separate")):
        paragraph.add_run()._r.append(element)


def end_field(paragraph: Paragraph) -> None:
    """Append the end of a field."""
    paragraph.add_run()._r.append(_mark("end"))


def bookmark(paragraph: Paragraph, name: str, number: int) -> None:
    """Put a bookmark around what a paragraph holds."""
    start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    start.set(qn("w:id"), str(number))
    start.set(qn("w:name"), name)
    end.set(qn("w:id"), str(number))
    place = 1 if paragraph._p.pPr is not None else 0
    paragraph._p.insert(place, start)
    paragraph._p.append(end)


def reference(paragraph: Paragraph, text: str, name: str) -> None:
    """Append a text that leads to a bookmark, and the number of its page."""
    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), name)
    start = len(paragraph._p)
    paragraph.add_run(text)
    paragraph.add_run("\t")
    field(paragraph, f"PAGEREF {name} \\h", "")
    for run in list(paragraph._p)[start:]:
        link.append(run)
    paragraph._p.append(link)


def section_of(body: Any) -> Any:
    """Return the properties of the section that a paragraph stands in."""
    after = body.getnext()
    while after is not None and after.tag != qn("w:sectPr"):
        found = after.find(f"{qn('w:pPr')}/{qn('w:sectPr')}")
        if found is not None:
            return found
        after = after.getnext()
    return after


def room_in(section: Any, *, turned: bool) -> tuple[float, float]:
    """Return width and height between the margins of a section [mm], of the page as it is or turned by 90°."""
    size, margins = section.find(qn("w:pgSz")), section.find(qn("w:pgMar"))
    wide, high = (int(size.get(qn(f"w:{side}"))) for side in ("w", "h"))
    if turned:
        wide, high = high, wide
    beside, above = (
        sum(int(margins.get(qn(f"w:{side}"))) for side in sides) for sides in (("left", "right"), ("top", "bottom"))
    )
    return (wide - beside) / TWIPS, (high - above) / TWIPS


def ended_section(section: Any, *, turned: bool, first: bool) -> Any:
    """Return the properties of a section that ends: those of the document, lying or standing.

    Only the first section may have a first page of its own; later ones would lose the number of theirs.
    """
    ended = copy.deepcopy(section)
    if turned:
        size = ended.find(qn("w:pgSz"))
        wide, high = size.get(qn("w:w")), size.get(qn("w:h"))
        size.set(qn("w:w"), high)
        size.set(qn("w:h"), wide)
        size.set(qn("w:orient"), "landscape")
    if not first:
        plain_first_page(ended)
    return ended


def plain_first_page(section: Any) -> None:
    """Let the first page of a section be like the others."""
    for own in section.findall(qn("w:titlePg")):
        section.remove(own)


def framed(drawn: Any) -> None:
    """Draw lines around all cells of a table; not by a style, which a template may lack."""
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", "808080")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    _into_table(drawn, borders)


def rows_stay_whole(drawn: Any) -> None:
    """Repeat the first row of a table on every page, keep it with the next, and do not tear rows."""
    for number, row in enumerate(drawn._tbl.tr_lst):
        properties = row.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if number == 0:
            properties.append(OxmlElement("w:tblHeader"))


def narrow_margins(drawn: Any, mm: float) -> None:
    """Set what a cell leaves free on its left and right."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        element = OxmlElement(f"w:{side}")
        element.set(qn("w:w"), str(round(mm * TWIPS)))
        element.set(qn("w:type"), "dxa")
        margins.append(element)
    _into_table(drawn, margins)


def say_language(document: Any, lang: str) -> None:
    """Say in which language the text is, so that it is not marked as misspelt."""
    name = {"vi": "vi-VN", "en": "en-GB"}.get(lang, lang)
    document.core_properties.language = name
    path = f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}"
    defaults = document.styles.element.find(path)
    if defaults is None:
        return
    found = defaults.find(qn("w:lang"))
    if found is None:
        found = OxmlElement("w:lang")
        defaults.append(found)
    found.set(qn("w:val"), name)


def _into_table(drawn: Any, element: Any) -> None:
    """Add to the properties of a table, whose order the format prescribes: borders, layout, margins, look."""
    order = [qn(f"w:{name}") for name in ("tblBorders", "shd", "tblLayout", "tblCellMar", "tblLook")]
    after = order[order.index(element.tag) + 1 :]
    properties = drawn._tbl.tblPr
    following = next((child for child in properties if child.tag in after), None)
    if following is None:
        properties.append(element)
    else:
        following.addprevious(element)


def _mark(kind: str) -> Any:
    mark = OxmlElement("w:fldChar")
    mark.set(qn("w:fldCharType"), kind)
    return mark
