"""Short lists in one cell: ``other_parameter:0.6; third:-0.2`` and ``0:1.2; 0.5:2.0; 1:3.4``; beside `columns`.

Numbers are written with a point. A cell that cannot be read says which of its parts is wrong.
"""

from __future__ import annotations

import math
import re
from typing import Final

_NUMBER: Final = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?")
_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LARGEST: Final = 1e30


class PairsError(ValueError):
    """A part of a cell that cannot be read, as its only argument."""

    @property
    def part(self) -> str:
        """Return the part as it was written, shortened."""
        return str(self.args[0])[:40]


def correlations(text: str) -> tuple[tuple[str, float], ...]:
    """Return the parameters of a cell `correlated_with` and their rank correlations.

    Raises
    ------
    PairsError
        with the first part that is not ``parameter:number``.

    Examples
    --------
    >>> correlations("rainfall:0.6; price:-0.2")
    (('rainfall', 0.6), ('price', -0.2))
    """
    found = []
    for part in _parts(text):
        name, colon, number = (piece.strip() for piece in part.partition(":"))
        if not colon or not _ID.fullmatch(name):
            raise PairsError(part)
        found.append((name, _number(number, part)))
    return tuple(found)


def points(text: str) -> tuple[tuple[float, float], ...]:
    """Return the levels and values of a cell `points`; observed values get the levels 0, 1/(n − 1), …, 1 in order.

    Raises
    ------
    PairsError
        with the first part that is neither a number nor ``level:value``, or stands among parts of the other kind.

    Examples
    --------
    >>> points("0:1.2; 0.5:2; 1:3.4")
    ((0.0, 1.2), (0.5, 2.0), (1.0, 3.4))
    >>> points("3; 1; 2")
    ((0.0, 1.0), (0.5, 2.0), (1.0, 3.0))
    """
    parts = _parts(text)
    with_levels = ":" in parts[0]
    for part in parts:
        if (":" in part) is not with_levels:
            raise PairsError(part)
    if with_levels:
        split = [(part.partition(":"), part) for part in parts]
        return tuple((_number(a.strip(), part), _number(b.strip(), part)) for (a, _, b), part in split)
    values = sorted(_number(part, part) for part in parts)
    return tuple((n / max(len(values) - 1, 1), value) for n, value in enumerate(values))


def _parts(text: str) -> list[str]:
    found = [part.strip() for part in text.split(";")]
    if len(found) > 1 and not found[-1]:
        found.pop()  # a closing semicolon
    return found


def _number(text: str, part: str) -> float:
    if not _NUMBER.fullmatch(text) or len(text) > 40:
        raise PairsError(part)
    value = float(text)
    if not math.isfinite(value) or abs(value) > _LARGEST:
        raise PairsError(part)
    return value
