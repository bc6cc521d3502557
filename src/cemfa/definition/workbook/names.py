"""What sheets and columns are called in each language, and by which of it a sheet is known again.

Words are in the room `workbook` of the locale; a field without any is called by its own name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from cemfa import locale
from cemfa.definition.workbook.layout import Column, all_tables
from cemfa.definition.workbook.paper import LONGEST_TITLE

GUIDE: Final = "guide"
LISTS: Final = "lists"
_UNIT: Final = re.compile(r"\[([^\],]{1,30})[\],]")


def sheet_title(key: str, lang: str) -> str:
    """Return what the sheet of a table, of the guide or of the lists is called.

    >>> sheet_title("options.projects", "vi"), sheet_title("options.projects", "en")
    ('Dự án', 'Projects')
    """
    known = locale.texts("workbook", lang)
    return known.get(f"sheet-{key}", key)[:LONGEST_TITLE]


@cache
def key_of_title(title: str) -> str:
    """Return the key of the sheet that is called so in any language, "" where none is."""
    keys = [*(table.key for table in all_tables()), GUIDE, LISTS]
    for key in keys:
        if title.casefold() in {key, *(sheet_title(key, lang).casefold() for lang in locale.LANGUAGES)}:
            return key
    return ""


def column_words(column: Column, lang: str) -> tuple[str, str]:
    """Return the heading of a column without its unit, and its meaning.

    In Vietnamese both stand in the locale, heading and meaning parted by a colon; in English the meaning is the
    docstring of the field.
    """
    known = locale.texts("workbook", lang)
    name = column.name
    said = (
        known.get(f"field-{column.owner}-{name}") or known.get(f"field-{name}") or name.replace("_", " ").capitalize()
    )
    heading, _, meaning = said.partition(": ")
    return heading, meaning or (column.meaning if lang == "en" else "")


def word_text(word: str | int, lang: str) -> str:
    """Return how a word of the schema is written in cells and their drop-downs; one without words as it is.

    >>> word_text("central_budget", "vi"), word_text("AR5", "vi")
    ('ngân sách trung ương', 'AR5')
    """
    return locale.texts("workbook", lang).get(f"word-{word}", str(word))


def word_of(words: tuple[str | int, ...], text: str) -> str | int:
    """Return the word of the schema that a text means, in any language or as the files have it; else the text.

    >>> word_of(("reported", "derived"), "Theo báo cáo"), word_of(("reported", "derived"), "guessed")
    ('reported', 'guessed')
    """
    return _meant(words).get(text.casefold(), text)


@cache
def _meant(words: tuple[str | int, ...]) -> Mapping[str, str | int]:
    """Return words by all their spellings, in small letters; the files' own win."""
    by_words = {word_text(word, lang).casefold(): word for lang in locale.LANGUAGES for word in words}
    return by_words | {str(word).casefold(): word for word in words}


def unit_of(column: Column) -> str:
    """Return the unit that the docstring of a field states, "" where the number's own unit column says it."""
    found = _UNIT.search(column.meaning) if {"number", "whole"} & {*column.form.kinds} else None
    return found[1] if found and found[1] != "unit" else ""


def group_words(part: str, lang: str) -> str:
    """Return what several columns have in common, such as the investment whose value, unit and bounds they are."""
    return locale.texts("workbook", lang).get(f"group-{part}") or part.replace("_", " ").capitalize()
