"""How a table gets onto paper: its cells as shown, the width of its columns, and how large its letters can be.

Below `word`; measures texts, reckons nothing of what they say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from cemfa.report.tables import Shown, Table, shown

SIZES: Final = (10.0, 9.0, 8.0, 7.5)
"""Letters of a table [pt], the largest that fits first; the decree has 13 to 14 for text and leaves tables open."""

_STANDING: Final = 200.0  # mm; a text less wide stands on a page that can be turned
_LEAST_STANDING: Final = 9.0  # letters [pt]; smaller ones are a reason to turn it
_LETTER: Final = 0.19  # mm per point that a letter takes, on average, in Times New Roman
_BOLD: Final = 1.1
_PADDING: Final = 2.6  # mm a cell leaves free beside its text
_LONGEST_WORD: Final = 24  # letters; what is longer, such as a checksum, is torn
_LONGEST_LINE: Final = 60  # letters; a longer text takes more lines, not more width
_FEW_LETTERS: Final = 35  # of a text that may take several lines where numbers shall take one
_MOST_LINES: Final = 7  # of the fullest cell, or else letters are too large for the page
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Fit:
    """The widths of the columns [mm] and the letters [pt] with which a table fits; or the best that can be done."""

    widths: tuple[float, ...]
    points: float
    fits: bool


def common_unit(table: Table) -> str:
    """Return the unit of all numbers of a table where it has several columns of them and all share it, else nothing."""
    units = [column.unit for column in table.columns if column.narrow and column.kind != "text"]
    return units[0] if len(units) > 1 and len(set(units)) == 1 else ""


def laid_out(table: Table, lang: str, width: float) -> tuple[list[list[Shown]], Fit]:
    """Return the cells of a table as they are shown, and how they fit into a width [mm].

    The spread of a cell stands beside its middle where there is room for all of them, else below it, there in one
    line if that can be.
    """
    cells = _views(table, lang)
    if not any(view.spread for row in cells for view in row):
        return cells, fit_of(cells, width)
    beside = [cells[0], *([_joined(view) for view in row] for row in cells[1:])]
    if sum(_wishes(beside, SIZES[0], _FEW_LETTERS)) <= width:
        return beside, fit_of(beside, width)
    whole = [[replace(view, spread=view.spread.replace(" ", _NO_BREAK)) for view in row] for row in cells]
    fit = fit_of(whole, width)
    if fit.fits:
        return whole, fit
    torn = fit_of(cells, width)
    return cells, replace(torn, fits=torn.fits and width > _STANDING)


def fit_of(cells: list[list[Shown]], width: float) -> Fit:
    """Return how a table fits into a width [mm]: with the largest letters with which no word is torn.

    >>> fit = fit_of([[Shown("Rate")], [Shown("5")]], 160.0)
    >>> fit.points, fit.fits, fit.widths
    (10.0, True, (160.0,))
    """
    for points in SIZES:
        fit = _fitted(cells, width, points)
        if fit.fits:
            break
    return replace(fit, fits=fit.fits and (fit.points >= _LEAST_STANDING or width > _STANDING))


def _views(table: Table, lang: str) -> list[list[Shown]]:
    """Return the cells as shown, without the unit that stands above and without columns that hold nothing or stand in
    the workbook alone.
    """
    once = common_unit(table)
    columns = []
    for place, column in enumerate(table.columns):
        cells = [shown(row[place], column, lang) for row in table.rows]
        if column.narrow and any(view.text for view in cells):
            columns.append([Shown(column.label if once else column.header), *cells])
    return [list(row) for row in zip(*columns, strict=True)]


def _joined(view: Shown) -> Shown:
    return replace(view, text=f"{view.text} ({view.spread})", spread="") if view.spread else view


def _wishes(cells: list[list[Shown]], points: float, most: int = _LONGEST_LINE) -> list[float]:
    """Return how wide columns would like to be [mm], none wider than a line of so many letters."""
    return [_LETTER * points * min(_line(column), most) + _PADDING for column in zip(*cells, strict=True)]


def _fitted(cells: list[list[Shown]], width: float, points: float) -> Fit:
    columns = list(zip(*cells, strict=True))
    letter = _LETTER * points
    least = [letter * _longest_word(column) + _PADDING for column in columns]
    wanted = [max(want, need) for want, need in zip(_wishes(cells, points), least, strict=True)]
    free = width - sum(least)
    if free < 0 or sum(wanted) <= width:
        asked = least if free < 0 else wanted
        widths = [width * part / sum(asked) for part in asked]
    else:
        share = free / (sum(wanted) - sum(least))
        widths = [need + (want - need) * share for need, want in zip(least, wanted, strict=True)]
    fits = free >= 0 and _lines(columns, widths, letter) <= _MOST_LINES
    return Fit(tuple(round(part, 1) for part in widths), points, fits)


def _longest_word(column: tuple[Shown, ...]) -> float:
    head, *rest = column
    words = [len(word) for view in rest for text in (view.text, view.spread) for word in text.split(" ")]
    return min(max([*(len(word) * _BOLD for word in head.text.split()), *words], default=1), _LONGEST_WORD)


def _line(column: tuple[Shown, ...]) -> float:
    """Return the letters of the line that a column would like to have room for: a sixth of its heading, its cells."""
    head, *rest = column
    cells = [max(len(view.text), len(view.spread)) for view in rest]
    return max([len(head.text) / 6, *cells])


def _lines(columns: list[tuple[Shown, ...]], widths: list[float], letter: float) -> float:
    """Return the lines of the fullest cell, roughly; a heading may take as many again."""
    most = 0.0
    for column, width in zip(columns, widths, strict=True):
        room = max(width - _PADDING, letter)
        head, *rest = (len(view.text) * letter / room + (1 if view.spread else 0) for view in column)
        most = max(most, head / 2, *rest)
    return most
