"""What stands in one cell: values of the schema to cells and back, whatever a spreadsheet did to them in between.

Numbers may have become text and the other way round, dates may have become times of day, text may be decomposed.
"""

from __future__ import annotations

import datetime
import json
import re
import unicodedata
from typing import Any, Final, TypeAlias

from cemfa.definition.tables import FLAGS, read_number, read_whole
from cemfa.definition.workbook.layout import Column, Form, Kind
from cemfa.definition.workbook.names import word_of, word_text

Content: TypeAlias = str | float | int | bool | datetime.datetime | datetime.date | None

DATE: Final = "dd/mm/yyyy"
FLAG_WORDS: Final = {"vi": ("có", "không"), "en": ("yes", "no")}
EMPTY_LIST: Final = "[]"
_GUARD: Final = "\\"
_FLAGS: Final = {**FLAGS, "có": True, "đúng": True, "x": True, "không": False, "sai": False}
_BETWEEN: Final = re.compile(r"[;,\s]+")
_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_DAY_ZERO: Final = datetime.date(1899, 12, 30)
_LAST_DAY: Final = 109_574
"""Spreadsheets count days from 30 December 1899; beyond the year 2199 a number is no date of a plan."""


def encoded(column: Column, value: Any, lang: str) -> Content:
    """Return what a cell holds for a value; None for a blank one.

    Text that a cell could not keep (empty, with blanks at its ends) is guarded: a backslash, then quoted.
    """
    if value is None or (value == column.default and value in ("", False, (), {})):
        return None
    if isinstance(value, bool):
        return FLAG_WORDS[lang][0 if value else 1]
    if isinstance(value, tuple):
        return _listed(column.form, value)
    if column.form.is_choice and value in column.form.words:
        return word_text(value, lang) if isinstance(value, str) else value
    return _guarded(value) if isinstance(value, str) else value


def _listed(form: Form, value: tuple[Any, ...]) -> str:
    if not value:
        return EMPTY_LIST
    text = "; ".join(str(entry) for entry in value)
    alone = len(value) == 1 and (bool(form.kinds) or value[0] in form.words)
    return f"{text};" if alone else text


def _guarded(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    needs = not text or text != text.strip() or text.startswith(_GUARD) or text == EMPTY_LIST
    return _GUARD + json.dumps(text, ensure_ascii=False) if needs else text


def is_blank(content: Content) -> bool:
    """Tell whether a cell holds nothing, or nothing but blanks."""
    return content is None or (isinstance(content, str) and not content.strip())


def decoded(form: Form, content: Content, point: str) -> tuple[Any, str]:
    """Return the value of a cell that is not blank and "", or None and the code of what is wrong with it.

    Parameters
    ----------
    form : what the cell may hold
    content : what it holds
    point : decimal mark of numbers written as text, "" where that is unknown
    """
    if isinstance(content, str):
        content = unicodedata.normalize("NFC", content.strip())
    if form.listed:
        return _read_list(form, content)
    if form.is_choice:
        return word_of(form.words, _shown(content)), ""
    return _read(next((kind for kind in form.kinds if kind != "text"), "text"), content, point)


def _read(kind: Kind, content: Content, point: str) -> tuple[Any, str]:
    if kind == "text":
        return _text(content), ""
    if kind == "date":
        return read_date(content)
    if isinstance(content, datetime.datetime | datetime.date):
        return None, "number-format"
    if kind == "flag":
        value = _FLAGS.get(_shown(content).lower())
        return value, "" if value is not None else "flag-format"
    return read_whole(content, point) if kind == "whole" else read_number(content, point)


def _read_list(form: Form, content: Content) -> tuple[Any, str]:
    text = _shown(content)
    if text == EMPTY_LIST:
        return [], ""
    parts = [part for part in _BETWEEN.split(text) if part]
    if parts == [text] and (form.kinds or text in form.words):  # `a;` is a list of one where `a` is something else
        return text, ""
    return [_entry(form, part) for part in parts], ""


_NUMBER: Final = re.compile(r"-?[0-9]{1,17}(\.[0-9]{1,17})?(e[+-]?[0-9]{1,3})?")


def _entry(form: Form, text: str) -> str | int | float:
    """Return an entry of a list: a number where the schema has one, else a name."""
    if "number" in form.members and _NUMBER.fullmatch(text):  # written with a point, as a comma parts entries
        return float(text)
    whole = text.isascii() and text.isdigit() and len(text) <= 15
    if whole and ("whole" in form.members or int(text) in form.member_words):
        return int(text)
    return text


def _text(content: Content) -> str:
    text = _shown(content)
    if text.startswith(_GUARD + '"'):
        try:
            return str(json.loads(text[1:]))
        except ValueError:
            return text
    return text


def _shown(content: Content) -> str:
    """Return a cell as text, as a reader sees it: a whole number without decimals, a date without its hours."""
    if isinstance(content, datetime.datetime):
        content = content.date()
    if isinstance(content, float) and content.is_integer():
        content = int(content)
    return str(content)


def read_date(content: Content) -> tuple[datetime.date | None, str]:
    """Return a date and "", or None and the code of what is wrong with it.

    >>> read_date("31/10/2026")[0] == read_date("2026-10-31")[0] == datetime.date(2026, 10, 31)
    True
    """
    if isinstance(content, datetime.datetime):
        return content.date(), ""
    if isinstance(content, datetime.date):
        return content, ""
    if isinstance(content, int | float) and not isinstance(content, bool):  # its format got lost on the way
        whole = 1 <= content <= _LAST_DAY and float(content).is_integer()
        return (_DAY_ZERO + datetime.timedelta(days=int(content)), "") if whole else (None, "cell-date")
    text = str(content)
    if match := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in match.groups())
    elif match := _DAY_FIRST.fullmatch(text):
        day, month, year = (int(part) for part in match.groups())
    else:
        return None, "cell-date"
    try:
        return datetime.date(year, month, day), ""
    except ValueError:
        return None, "cell-date"
