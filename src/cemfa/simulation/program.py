"""A day of decisions as lists of numbers, for the compiled day of `daykernel`.

Between the desk and its kernel. Used where numba is installed and the kernel of the balance has been loaded already,
and where no store lies in the way: what stores mix is followed in layers by numpy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cemfa.simulation.book import Book, Round
from cemfa.simulation.dispatch import Day
from cemfa.simulation.strands import Spread, Strands
from cemfa.system.rows import compiled

Array = NDArray[np.float64]
Index = NDArray[np.intp]


class Program:
    """The decisions of a book in one list, with scratch rows for a block of replications.

    Parameters
    ----------
    book : written with `merged`, without stores
    strands : spun from it
    replications : S
    kernel : the compiled day
    """

    def __init__(self, book: Book, strands: Strands, replications: int, kernel: Any) -> None:
        rounds = [round_ for level in book.levels for round_ in level.rounds]
        self.kernel = kernel
        self._spread = _spread(strands.spreads, strands.part_activity)
        self._rounds = _rounds(rounds)
        spreads = strands.spreads
        self._bounds = (
            _starts(len(spread.activities) for spread in spreads),
            _starts(len(spread.parts) for spread in spreads),
            _starts(len(level.rounds) for level in book.levels),
        )
        self._flags = tuple(
            np.array([getattr(r, name) for r in rounds], dtype=bool) for name in ("closes", "forced", "last")
        )
        widest = max((len(round_.gates) for round_ in rounds), default=0)
        self._spare = (np.empty((widest, replications)), np.empty((widest, replications)))

    def decide(self, day: Day, activity: Array, part_mass: Array) -> bool:
        """Decide a day, `left`, `offered` and `taken` being set; tell whether everything found its place."""
        state = (day.left, day.opening, day.offered, day.taken)
        decided = self.kernel.decide(
            self._spread, self._rounds, self._bounds, *self._flags, day.fraction, activity, part_mass, day.mass,
            state, self._spare,
        )  # fmt: skip
        return bool(decided)


def program_of(book: Book, strands: Strands, replications: int) -> Program | None:
    """Return the program of a book, None where numpy is to decide."""
    if compiled() is None or any(level.storage is not None for level in book.levels) or book.layered:
        return None
    from cemfa.simulation import daykernel

    return Program(book, strands, replications, daykernel)


def _spread(spreads: Sequence[Spread], follows: Index) -> tuple[Index, ...]:
    """Return activities, the stop each passed and the one before; parts, their activities, lanes and turns."""
    parts = _joined(spread.parts for spread in spreads)
    lanes = _joined(spread.lanes[:count] for spread in spreads for count in spread.turns)
    turns = [turn for spread in spreads for turn, count in enumerate(spread.turns) for _ in range(count)]
    return (
        _joined(spread.activities for spread in spreads),
        _joined(spread.stops for spread in spreads),
        _joined(spread.before for spread in spreads),
        parts,
        follows[parts],
        lanes,
        np.array(turns, dtype=np.intp),
    )


def _rounds(rounds: Sequence[Round]) -> tuple[Index, ...]:
    """Return first stop and first gate of every round; of every stop its rows; all gates; whether a stop is a first."""
    onward = []
    for round_ in rounds:
        next_row = np.full(len(round_.stops), -1, dtype=np.intp)
        next_row[round_.onward] = round_.next_row
        onward.append(next_row)
    return (
        _starts(len(round_.stops) for round_ in rounds),
        _starts(len(round_.gates) for round_ in rounds),
        _joined(round_.stops for round_ in rounds),
        _joined(round_.arriving for round_ in rounds),
        _joined(round_.gate_of for round_ in rounds),
        _joined(round_.mass for round_ in rounds),
        _joined(onward),
        _joined(round_.gates for round_ in rounds),
        _joined(np.arange(len(round_.stops)) < len(round_.gates) for round_ in rounds),
    )


def _joined(parts: Iterable[NDArray[Any]]) -> Index:
    return np.concatenate([np.zeros(0, dtype=np.intp), *parts]).astype(np.intp)


def _starts(counts: Iterable[int]) -> Index:
    return np.cumsum([0, *counts]).astype(np.intp)
