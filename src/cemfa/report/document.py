"""The report of a comparison as a Word document, `report.docx`, in the administrative layout.

Stands beside `html` and `workbook`; writes the outline of the same page, reckons nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from cemfa.comparison.words import Words
from cemfa.report.outline import Part, Section, outline
from cemfa.report.word import Word, frame

if TYPE_CHECKING:
    from cemfa.report.context import Page
    from cemfa.report.option import Block

SUMMARY: Final = "summary"
_STYLES: Final = {"notes": "Note", "cases": "List Bullet"}


def document(page: Page, *, template: Path | None = None) -> bytes:
    """Return a report as a Word document: summary, contents, then every section; the same page gives the same bytes.

    A page lies down for blocks whose tables or figures could not be read on a standing one.

    Parameters
    ----------
    page : one language of the report, from `context.page`, with its pictures
    template : a department's own template; None: the one that comes with cemfa

    Raises
    ------
    CemfaError
        as in `cemfa.report.word.Word`.
    """
    words = Words(page.lang)
    word = Word(page.lang, frame(page.lang, words.text("word_title"), f"{page.title}\n{page.subtitle}"), template)
    word.paragraph(page.meta, "Meta")
    for section in outline(page):
        _section(word, section, page.origin)
        if section.key == SUMMARY:
            word.turn(lying=False)
            word.new_page()
            word.contents(page.contents)
            word.new_page()
    return word.content()


def _section(word: Word, section: Section, source: str) -> None:
    """Write a section; blocks that belong under one title lie or stand together."""
    titled = False
    for part in section.parts:
        word.turn(lying=_lies(word, part.block))
        if not titled:
            word.heading(section.heading)
            titled = True
        _part(word, part, source)


def _lies(word: Word, block: Block) -> bool:
    if block.key == SUMMARY:  # the first two pages stand, with smaller letters if need be
        return False
    if any(map(word.needs_lying, block.tables)):
        return True
    return any(figure.picture is not None and word.needs_lying_for(figure.picture) for figure in block.figures)


def _part(word: Word, part: Part, source: str) -> None:
    block = part.block
    style = _STYLES.get(block.key, "Body Text")
    if part.level:
        word.heading(block.title, part.level)
    elif block.title:
        word.paragraph(block.title, "Lead")
    for sentence in block.sentences:
        word.paragraph(sentence, style)
    for table in block.tables:
        word.table(table, source=source)
    for figure in block.figures:
        if figure.picture is not None:
            word.figure(figure.picture, " ".join(filter(None, (figure.caption, figure.note))), source=source)
