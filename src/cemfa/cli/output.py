"""What a verb prints and where it writes: tables for people or JSON to stdout, notes to stderr, never over a file."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from cemfa import locale
from cemfa.errors import OutputError, Place, Problem

if TYPE_CHECKING:
    from rich.table import Table

_PLAIN_WIDTH: Final = 140  # in a pipe, where nobody says how wide the paper is
_WIDEST: Final = 40  # a cell's text is wrapped beyond
_NARROW: Final = 28
_HEADING_LINES: Final = 4
_GAP: Final = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its name in JSON, its heading for people, and how many decimals its numbers show."""

    key: str
    heading: str
    decimals: int | None = None


Row = Mapping[str, Any]


def show(title: str, columns: Sequence[Column], rows: Sequence[Row], *, as_json: bool, lead: int = 1) -> None:
    """Print rows as a table in the language in force, or as a JSON list of objects with full precision.

    A table too wide for the terminal is continued below, each part beginning with the `lead` first columns.
    In JSON an absent or infinite number is null.
    """
    if as_json:
        show_json([{column.key: row.get(column.key) for column in columns} for row in rows])
        return
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(highlight=False, width=_PLAIN_WIDTH)
    drawn = [_Drawn.of(column, rows) for column in columns]
    for number, part in enumerate(_parts(drawn, lead, console.width)):
        console.print(_table(part, title if number == 0 else ""))


def show_json(data: object) -> None:
    """Print data as JSON on stdout, with letters as they are and no NaN."""
    click.echo(json.dumps(_finite(data), ensure_ascii=False, indent=2, allow_nan=False))


def note(key: str, **parameters: object) -> None:
    """Say something on stderr: the text `cli.<key>`."""
    click.echo(locale.text(f"cli.{key}", **parameters), err=True)


def warn(problem: Problem) -> None:
    """Say a warning on stderr."""
    note("warning", text=locale.problem_text(problem))


def new_file(path: str | Path, suffixes: Sequence[str] = ()) -> Path:
    """Return a path that may be written: not there yet, with one of the suffixes.

    Raises
    ------
    OutputError
        with the code ``output-exists`` or ``output-suffix``.
    """
    file = Path(path)
    if suffixes and file.suffix.lower() not in suffixes:
        parameters = {"file": str(file), "known": tuple(suffixes)}
        raise locale.error(OutputError, Problem("output-suffix", parameters=parameters))
    if file.exists():
        raise _exists(file)
    return file


def new_folder(path: str | Path | None, name: str) -> Path:
    """Return a folder that now exists and is empty: the one asked for, or ``./<name>-<n>`` with the next free n.

    Raises
    ------
    OutputError
        with the code ``output-exists`` if the folder asked for holds something.
    """
    if path is not None:
        folder = Path(path)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise _exists(folder)
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    number = 1
    while True:
        folder = Path(f"{name}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:  # also when another run took this number a moment ago
            number += 1
        else:
            return folder


def _exists(path: Path) -> OutputError:
    return locale.error(OutputError, Problem("output-exists", Place(), {"file": str(path)}))


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A column as text, and the width in which its heading takes few lines and its words stay whole."""

    heading: str
    cells: tuple[str, ...]
    is_number: bool
    width: int

    @property
    def least(self) -> int:
        """Width below which the column goes to another part: words may be wrapped, numbers not."""
        return self.width if self.is_number else min(self.width, _NARROW)

    @classmethod
    def of(cls, column: Column, rows: Sequence[Row]) -> _Drawn:
        values = [row.get(column.key) for row in rows]
        cells = tuple(_cell(value, column.decimals) for value in values)
        is_number = any(isinstance(value, float | int) for value in values)
        words = [len(word) for text in (column.heading, *cells) for word in text.split()]
        longest = max(map(len, cells), default=0)
        width = max([*words, min(longest, _WIDEST), -(-len(column.heading) // _HEADING_LINES)])
        return cls(column.heading, cells, is_number, width)


def _parts(columns: Sequence[_Drawn], lead: int, room: int) -> list[Sequence[_Drawn]]:
    """Return the columns in as few parts as fit the room, of about the same width, each after the leading ones."""
    parts = _filled(columns, lead, room)
    while room > 0 and len(narrower := _filled(columns, lead, room - 1)) == len(parts) > 1:
        parts, room = narrower, room - 1
    return parts


def _filled(columns: Sequence[_Drawn], lead: int, room: int) -> list[Sequence[_Drawn]]:
    """Return the columns in parts, each filled as far as the room allows."""
    first, found, part = list(columns[:lead]), [], list[_Drawn]()
    for column in columns[lead:]:
        if part and sum(each.least + _GAP for each in (*first, *part, column)) > room:
            found.append([*first, *part])
            part = []
        part.append(column)
    return [*found, [*first, *part]]


def _table(columns: Sequence[_Drawn], title: str) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title) if title else None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        side: Literal["left", "right"] = "right" if column.is_number else "left"
        table.add_column(Text(column.heading), justify=side, overflow="fold", max_width=max(column.width, 1))
    for cells in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*map(Text, cells))
    return table


def _cell(value: object, decimals: int | None) -> str:
    if value is None:
        return locale.number(math.nan)
    return locale.number(value, decimals=decimals) if isinstance(value, float) else str(value)


def _finite(data: object) -> object:
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {str(key): _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return data
