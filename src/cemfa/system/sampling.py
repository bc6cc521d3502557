"""Parameter rows -> draws, by fixed random blocks; between `compile`, which writes the rows, and `solve`.

A draw is one uniform number per stream, laid out by `designs`, and its normal score; every row turns it into its own
quantile (`evaluators`), so one coefficient is equally wrong everywhere. A stream belongs to a name and a block of
256 samples (`streams`): other parameters, more samples or more workers leave it as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cemfa import locale
from cemfa.errors import DefinitionError, Problem
from cemfa.system.correlation import Link, links
from cemfa.system.designs import Layout, Method, names_in_order
from cemfa.system.evaluators import Evaluator, Formula, Interpolation, Pieces, pieces_of
from cemfa.system.executors import Executor, compiled
from cemfa.system.groups import Dirichlets, Part, in_turn, parts_of
from cemfa.system.marginals import Fit, Marginal, fit
from cemfa.system.moments import Spread, of_dirichlets, of_marginals
from cemfa.system.scores import drawn_scores, normal_scores, uniform_numbers
from cemfa.system.scratch import Scratch, scratch_of_thread
from cemfa.system.streams import BLOCK, Words, name_words, states
from cemfa.system.uncertain import Row, shown_row

__all__ = ["BLOCK", "Marginal", "Method", "Row", "Sampler"]

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

_ROWS: Final = 128
"""Rows evaluated at a time: their numbers of one block stay in the cache."""
_FORMULAS: Final = ("uniform", "triangular", "normal", "lognormal", "weibull")


@dataclass(frozen=True, eq=False)
class _Batch:
    """Rows of one family drawn together.

    Parameters
    ----------
    rows : (n,), where they are written to
    streams : distinct streams they read
    local : (n,), position of each row's stream among these; None where each row has its own
    linked : positions among these of streams drawn together with others, and their rows among all such streams
    """

    rows: Positions
    streams: Positions
    local: Positions | None
    linked: tuple[Positions, Positions]
    evaluator: Evaluator | Dirichlets

    def write(
        self, values: Array, layout: Layout, correlated: Array, scratch: Scratch, kernel: ModuleType | None
    ) -> None:
        """Write the rows' values in a block where they belong among all values (R, 256)."""
        own = self.local is None and not len(self.linked[0]) and layout.method == "random"
        own &= values.strides[1] == values.itemsize
        if kernel and own and isinstance(self.evaluator, Pieces) and not self.evaluator.logarithmic:
            self.evaluator.write(layout.start[self.streams], values, self.rows, kernel)
            return
        reads_scores = self.evaluator.reads_scores
        if reads_scores:
            read = drawn_scores(layout, self.streams, scratch, kernel)
        else:
            read = layout.uniforms(self.streams, scratch)
        if len(self.linked[0]):
            uniform = correlated[self.linked[1]]
            read[self.linked[0]] = normal_scores(uniform) if reads_scores else uniform
        values[self.rows] = self.evaluator(read if self.local is None else read[self.local], scratch, kernel)

    def spread(self, count: int) -> Spread:
        """Return the moments of the rows, of `count` in all."""
        streams = self.streams if self.local is None else self.streams[self.local]
        if isinstance(self.evaluator, Dirichlets):
            by_part, alpha = self.evaluator.order, self.evaluator.alpha
            return of_dirichlets(self.rows[by_part], streams[by_part], alpha[by_part], self.evaluator.starts, count)
        return of_marginals(self.rows, streams, self._at, count)

    def _at(self, scores: Array) -> Array:
        """Return the rows' values (n, S) at normal scores of their own."""
        return self.evaluator(scores if self.evaluator.reads_scores else uniform_numbers(scores))


@dataclass(frozen=True, eq=False)
class Sampler:
    """Draws of all R rows; built once per system by `Sampler.of`, picklable, without state.

    Parameters
    ----------
    stream_names : names of the random streams, in order of first use
    reports : warnings about fits: missed bounds, cut probability
    """

    stream_names: tuple[str, ...]
    reports: tuple[Problem, ...]
    _central: Array
    _constant: Positions
    _words: Words
    _dimension: Positions
    _links: tuple[Link, ...]
    _batches: tuple[_Batch, ...]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Sampler:
        """Return the sampler of rows.

        Raises
        ------
        DefinitionError
            with every row that has no valid distribution, every group whose values do not sum to one, and every
            rank correlation that cannot be.

        Examples
        --------
        >>> sampler = Sampler.of([Row("yield", Marginal("uniform", 2.0, 1.0, 4.0))])
        >>> sampler.central().tolist(), sampler.block(seed=0, index=0).shape
        ([2.0], (1, 256))
        """
        problems = list(_row_problems(rows))
        single = [i for i, row in enumerate(rows) if row.group is None and not _misplaced(row)]
        fits = {i: fit(rows[i].marginal, shown_row(rows[i]), rows[i].place) for i in single}
        problems += [problem for found in fits.values() for problem in found.problems]
        drawn = {i: _stream_of(rows[i]) for i, found in fits.items() if found.family != "constant"}
        parts, group_problems = parts_of(rows)
        linked, link_problems = links(rows, drawn)
        problems += [*group_problems, *link_problems]
        if errors := [p for p in problems if p.severity == "error"]:
            raise locale.error(DefinitionError, errors)
        names = (*drawn.values(), *(stream for part in parts for stream in part.streams))
        streams = {name: n for n, name in enumerate(dict.fromkeys(names))}
        joined = tuple(Link.of(_positions(streams[n] for n in found), matrix) for found, matrix in linked)
        shared = {int(stream): n for n, stream in enumerate(s for link in joined for s in link.streams)}
        batches = (*_marginals(rows, fits, drawn, streams, shared), *_dirichlets(parts, streams))
        random = {row for batch in batches for row in batch.rows.tolist()}
        return cls(
            stream_names=tuple(streams),
            reports=tuple(problems),
            _central=np.array([row.marginal.value for row in rows], dtype=np.float64),
            _constant=_positions(i for i in range(len(rows)) if i not in random),
            _words=name_words(tuple(streams)),
            _dimension=names_in_order(tuple(streams)),
            _links=joined,
            _batches=batches,
        )

    def central(self) -> Array:
        """Return the central values (R,): the `value` column as written, whether mode, mean or median."""
        return self._central.copy()

    def spread(self) -> Spread:
        """Return mean and spread of all rows, as they are drawn.

        Examples
        --------
        >>> sampler = Sampler.of([Row("yield", Marginal("uniform", 2.0, 1.0, 3.0))])
        >>> sampler.spread().mean.round(6).tolist(), sampler.spread().size.round(6).tolist()
        ([2.0], [0.57735])
        """
        linked = tuple((link.streams, link.correlation) for link in self._links)
        return Spread.of(self._central, [batch.spread(len(self._central)) for batch in self._batches], linked)

    def scores(self, seed: int, index: int, method: Method = "random") -> Array:
        """Return the normal scores (stream, 256) of one block: what is random, before any distribution."""
        layout = self._layout(seed, index, method)
        found = layout.uniforms(np.arange(len(self.stream_names)))
        for link in self._links:
            found[link.streams] = link.uniforms(found[link.streams], method)
        return normal_scores(found)

    def block(
        self, seed: int, index: int, method: Method = "random", *, out: Array | None = None,
        executor: Executor | None = None,
    ) -> Array:  # fmt: skip
        """Return the draws (R, 256) of one random block.

        Parameters
        ----------
        seed : integer from 0 to 2**63 - 1, which a file can hold
        index : number of the block; it holds the samples 256·index to 256·index + 255
        method : how samples are laid out, see `designs.Method`
        out : (R, 256), overwritten and returned; None: a new array
        executor : ``"numpy"`` or ``"numba"`` draws, with the same bits; None takes numba where a balance has used it

        Raises
        ------
        CemfaError
            if the seed is out of range, or the method or the executor cannot be used.
        """
        layout = self._layout(seed, index, method)
        correlated = [link.uniforms(layout.uniforms(link.streams), method) for link in self._links]
        together = np.concatenate(correlated) if correlated else np.empty((0, BLOCK))
        values = np.empty((len(self._central), BLOCK)) if out is None else out
        values[self._constant] = self._central[self._constant, None]
        scratch, kernel = scratch_of_thread(), compiled(executor, "cemfa.system.drawing")
        for batch in self._batches:
            batch.write(values, layout, together, scratch, kernel)
        return values

    def samples(self, seed: int, first: int, count: int, method: Method = "random") -> Array:
        """Return the draws (R, count) of the samples from `first` on; blocks are drawn whole, then cut."""
        blocks = range(first // BLOCK, -(-(first + count) // BLOCK))
        start = first - blocks.start * BLOCK
        drawn = [self.block(seed, index, method) for index in blocks]
        return np.concatenate(drawn, axis=1)[:, start : start + count]

    def _layout(self, seed: int, index: int, method: Method) -> Layout:
        return Layout.of(method, _begun(self, seed), index, self._dimension)


@lru_cache(maxsize=8)
def _begun(sampler: Sampler, seed: int) -> Words:
    """Return the states of the streams before any block is taken in."""
    return states(seed, sampler._words)


def _misplaced(row: Row) -> bool:
    """Tell whether a row says Dirichlet without a group."""
    return row.group is None and row.marginal.kind == "dirichlet"


def _row_problems(rows: Sequence[Row]) -> Iterator[Problem]:
    for row in rows:
        given = {dimension for dimension, _ in row.index}
        shown = {"parameter": shown_row(row)}
        for dimension in row.varies_by:
            if dimension not in given:
                yield Problem("varies-by-blank", row.place, shown | {"dimension": dimension})
        if _misplaced(row):
            yield Problem("dirichlet-without-group", row.place, shown)
        if row.group is not None and row.marginal.kind not in ("dirichlet", "constant"):
            clash = {"group": row.group, "kind": row.marginal.kind}
            yield Problem("group-distribution", row.place, shown | clash)


def _stream_of(row: Row) -> str:
    """Return the stream's name: the parameter's, with the items of the dimensions it varies by."""
    items = dict(row.index)
    cells = ",".join(items.get(dimension, "") for dimension in row.varies_by)
    return row.parameter + (f"[{cells}]" if cells else "")


def _marginals(
    rows: Sequence[Row],
    fits: Mapping[int, Fit],
    drawn: Mapping[int, str],
    streams: Mapping[str, int],
    shared: Mapping[int, int],
) -> Iterator[_Batch]:
    """Yield the batches of rows with a marginal of their own; rows of one stream stand together."""
    kinds: dict[str, list[int]] = {}
    for i in sorted(drawn, key=lambda i: streams[drawn[i]]):
        family, cut = fits[i].family, fits[i].below + fits[i].above > 0
        formula = family in _FORMULAS and not cut
        kinds.setdefault(f"{family}{'' if formula else ' pieces'}{' cut' if cut else ''}", []).append(i)
    for members in kinds.values():
        for first in range(0, len(members), _ROWS):
            some = members[first : first + _ROWS]
            evaluator = _evaluator([fits[i] for i in some], [rows[i].marginal for i in some])
            yield _batch(some, [streams[drawn[i]] for i in some], shared, evaluator)


def _evaluator(fits: Sequence[Fit], marginals: Sequence[Marginal]) -> Evaluator:
    family = fits[0].family
    if family == "empirical":
        return Interpolation.of([found.parameters for found in fits])
    parameters = np.array([found.parameters for found in fits])
    below, above = _column(f.below for f in fits), _column(f.above for f in fits)
    if family in _FORMULAS and not np.any(below + above):
        return Formula.of(family, parameters)
    lower, upper = _column(m.lower for m in marginals), _column(m.upper for m in marginals)
    return pieces_of(family, parameters, below, above, lower, upper)


def _dirichlets(parts: Sequence[Part], streams: Mapping[str, int]) -> Iterator[_Batch]:
    """Yield the batches of groups; a part is never torn."""
    waiting: list[Part] = []
    for part in [*sorted(parts, key=_alike), None]:
        if waiting and (part is None or not _stand_together(waiting, part)):
            turns = in_turn(waiting)
            rows = [waiting[p].rows[member] for p, member in turns]
            reads = [streams[waiting[p].streams[member]] for p, member in turns]
            yield _batch(rows, reads, {}, Dirichlets.of(waiting))
            waiting = []
        if part is not None:
            waiting.append(part)


def _alike(part: Part) -> tuple[bool, int]:
    """Return what parts that are drawn together should have in common."""
    return part.is_far_from_zero, len(part.rows)


def _stand_together(waiting: Sequence[Part], part: Part) -> bool:
    """Tell whether a part may join others: drawn as they are, and not too many rows."""
    rows = sum(len(p.rows) for p in (*waiting, part))
    return rows <= _ROWS and part.is_far_from_zero == waiting[0].is_far_from_zero


def _batch(
    rows: Sequence[int], reads: Sequence[int], shared: Mapping[int, int], evaluator: Evaluator | Dirichlets
) -> _Batch:
    distinct, local = np.unique(np.array(reads, dtype=np.intp), return_inverse=True)
    own = len(distinct) == len(rows)
    if own:
        distinct = _positions(reads)
    linked = [(n, shared[stream]) for n, stream in enumerate(distinct.tolist()) if stream in shared]
    return _Batch(
        rows=_positions(rows),
        streams=distinct,
        local=None if own else local.reshape(-1),
        linked=(_positions(n for n, _ in linked), _positions(n for _, n in linked)),
        evaluator=evaluator,
    )


def _positions(values: Iterator[int] | Sequence[int]) -> Positions:
    return np.array(list(values), dtype=np.intp)


def _column(values: Iterator[float]) -> Array:
    return np.array(list(values), dtype=np.float64)[:, None]
