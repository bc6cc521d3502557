"""Tables as plain data, read by the page and the workbook alike: columns with units, cells with their spread.

Between `context`, which fills them, and `html` and `workbook`, which show them; a number is formatted only here.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, replace
from math import floor
from typing import Literal

from cemfa import locale
from cemfa.comparison.words import decimals_for

Kind = Literal["text", "number", "percent", "year", "month"]
Tone = Literal["", "good", "bad", "unsure"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: numbers share the unit in its header; `percent` holds fractions (0.7 is shown as 70 %),
    `month` decimal calendar years.

    `spread` says that cells carry P5 and P95 beside the middle; the workbook gives them columns of their own.
    `narrow` columns are shown on a page, the others only in the workbook.
    """

    label: str
    unit: str = ""
    kind: Kind = "text"
    decimals: int | None = None
    spread: bool = False
    narrow: bool = True

    @property
    def header(self) -> str:
        """Label with unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


@dataclass(frozen=True, slots=True)
class Cell:
    """One value; None is absent, which is not zero. `words` replace the number on the page (“under 1 %”).

    `formula` is how a workbook reckons the value from other cells, with names in braces: `c` and `p` are the letters
    of the own column and the one before, `r` the own row, `c0`, `c1` … the letters of the table's columns, and the
    `keys` of the table the numbers of their rows. `column` says how the value is shown where that is not the
    column's own way.
    """

    value: float | str | None = None
    low: float | None = None
    high: float | None = None
    words: str = ""
    tone: Tone = ""
    link: str = ""
    formula: str = ""
    column: Column | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `keys` names for every row what it belongs to (an option), so that a page can show a part, or what it
    is, so that formulas find it.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    keys: tuple[str, ...] = ()
    note: str = ""

    def only(self, key: str, *, drop: int = 1, caption: str = "") -> Table:
        """Return the rows of one key without the first `drop` columns, which name it."""
        rows = tuple(row[drop:] for row, of in zip(self.rows, self.keys, strict=True) if of == key)
        return replace(
            self, columns=self.columns[drop:], rows=rows, keys=(key,) * len(rows), caption=caption or self.caption
        )

    def __bool__(self) -> bool:
        return bool(self.rows)


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell as the page shows it."""

    text: str
    spread: str = ""
    tone: str = ""
    link: str = ""
    number: bool = field(default=False)


def shown(cell: Cell, column: Column, lang: str) -> Shown:
    """Return a cell in the words and number format of a language.

    Examples
    --------
    >>> shown(Cell(0.35, 0.28, 0.41), Column("Rate", "%", "percent", 0, spread=True), "vi")
    Shown(text='35', spread='28 – 41', tone='', link='', number=True)
    >>> shown(Cell(None), Column("Rate", "%", "percent", 0), "vi").text
    '–'
    """
    if isinstance(cell.value, str) or column.kind == "text":
        return Shown(cell.words or str(cell.value if cell.value is not None else ""), "", cell.tone, cell.link)
    if cell.value is None and not cell.words:
        return Shown(locale.text("numbers.absent", lang), "", cell.tone, cell.link, True)
    if column.decimals is None and column.spread:
        largest = max(abs(part or 0.0) for part in (cell.value, cell.low, cell.high))
        column = replace(column, decimals=decimals_for(largest))
    text = cell.words or number(cell.value or 0.0, column, lang)
    ends = [number(end, column, lang) for end in (cell.low, cell.high) if end is not None]
    spread = " – ".join(ends) if len(set(ends)) == 2 else ""
    return Shown(text, spread, cell.tone, cell.link, True)


def number(value: float, column: Column, lang: str) -> str:
    """Return a number as its column shows it, without the unit.

    >>> number(1234.5, Column("Mass", "t/d", "number", 0), "vi"), number(2026.5, Column("Decision", kind="month"), "vi")
    ('1.234', '7/2026')
    """
    if column.kind == "year":
        return f"{value:.0f}"
    if column.kind == "month":
        date = date_of(value)
        return f"{date.month}/{date.year}" if lang == "vi" else f"{date:%Y-%m}"
    shown_value = 100 * value if column.kind == "percent" else value
    return locale.number(shown_value, lang, column.decimals).replace("-", "−")


def date_of(year: float) -> datetime.date:
    """Return a decimal calendar year as a date, to the nearest day: the first of July is day 181 of 365.

    >>> date_of(2026 + 181 / 365)
    datetime.date(2026, 7, 1)
    """
    first = datetime.date(floor(year), 1, 1)
    days = (first.replace(year=first.year + 1) - first).days
    return first + datetime.timedelta(days=min(round((year % 1) * days), days - 1))
