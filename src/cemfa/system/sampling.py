"""Parameter rows -> draws, by fixed random blocks; between `compile`, which writes the rows, and `solve`.

A stream of random numbers belongs to a *name* (of a parameter, or of a Dirichlet group) and a *block* of 256
samples, so that other parameters, more samples or more workers leave it as it was. A draw is one normal score
per name; every row turns it into its own quantile, so one coefficient is equally wrong everywhere.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, gammaln, ndtr, ndtri

from cemfa import locale
from cemfa.errors import CemfaError, DefinitionError, Place, Problem
from cemfa.system.marginals import Fit, Marginal, fit
from cemfa.system.moments import Spread, of_dirichlets, of_marginals
from cemfa.system.quantiles import FAMILIES, Array, Quantiles

BLOCK: Final = 256
"""Samples per random block, a constant of the format: changing it changes every published draw."""
GROUP_TOLERANCE: Final = 1e-9  # rounding of shares typed with nine digits
_TINY: Final = 1e-200  # below this a gamma quantile is taken from its power-law tail, in logarithms

Index = tuple[tuple[str, str], ...]
Positions = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a parameter, in canonical units, as `compile` hands it over.

    Parameters
    ----------
    parameter : name of its random stream
    marginal : its numbers and physical range; `kind` is ``"dirichlet"`` in a group
    index : pairs of dimension and item; a blank cell is left out
    year : calendar year, None for every year
    group, concentration : Dirichlet group and the sum of its parameters
    varies_by : dimensions drawn independently
    place : where it was written
    """

    parameter: str
    marginal: Marginal
    index: Index = ()
    year: int | None = None
    group: str | None = None
    concentration: float | None = None
    varies_by: tuple[str, ...] = ()
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, eq=False)
class _Marginals:
    """Rows of one family: where they are written to, which score they read, and their cut."""

    rows: Positions
    streams: Positions
    quantiles: Quantiles
    below: Array
    kept: Array
    lower: Array
    upper: Array

    def values(self, scores: Array) -> Array:
        """Return the rows' values (n, S) for the scores of all streams."""
        return self.at(scores[self.streams])

    def at(self, z: Array) -> Array:
        """Return the rows' values (n, S) for scores of their own; a cut maps scores into the part that is left."""
        if np.any(self.kept < 1):
            inside = ndtri(np.minimum(self.below + self.kept * ndtr(z), 1 - 2.0**-53))
            z = np.where(self.kept < 1, inside, z)
        return np.clip(self.quantiles(z), self.lower, self.upper)  # against rounding at the cut

    def spread(self, count: int) -> Spread:
        """Return the moments of the rows, of `count` in all."""
        return of_marginals(self.rows, self.streams, self.at, count)


@dataclass(frozen=True, eq=False)
class _Dirichlets:
    """Rows of all Dirichlet parts, part by part: gamma quantiles divided by their sum within a part."""

    rows: Positions
    streams: Positions
    alpha: Array
    starts: Positions
    part: Positions

    def values(self, scores: Array) -> Array:
        """Return the rows' shares (n, S)."""
        u = ndtr(scores[self.streams])
        alpha = np.where(self.alpha > 0, self.alpha, 1.0)
        gamma = gammaincinv(alpha, u)
        # x -> 0: P(a, x) = x^a / Γ(a + 1), so the smallest quantiles are known where they underflow
        tail = (np.log(u) + gammaln(alpha + 1)) / alpha
        logs = np.where(gamma > _TINY, np.log(np.maximum(gamma, _TINY)), tail)
        logs = np.where(self.alpha > 0, logs, -np.inf)
        weights = np.exp(logs - np.maximum.reduceat(logs, self.starts)[self.part])
        found: Array = weights / np.add.reduceat(weights, self.starts)[self.part]
        return found

    def spread(self, count: int) -> Spread:
        """Return the moments of the rows, of `count` in all."""
        return of_dirichlets(self.rows, self.streams, self.alpha[:, 0], self.starts, count)


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
    _parts: tuple[_Marginals | _Dirichlets, ...]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Sampler:
        """Return the sampler of rows.

        Raises
        ------
        DefinitionError
            with every row that has no valid distribution, and every group whose values do not sum to one.

        Examples
        --------
        >>> sampler = Sampler.of([Row("yield", Marginal("uniform", 2.0, 1.0, 4.0))])
        >>> sampler.central().tolist(), sampler.block(seed=0, index=0).shape
        ([2.0], (1, 256))
        """
        streams: dict[str, int] = {}
        problems = list(_row_problems(rows))
        single = [i for i, row in enumerate(rows) if row.group is None and not _misplaced(row)]
        fits = {i: fit(rows[i].marginal, _shown(rows[i]), rows[i].place) for i in single}
        problems += [problem for found in fits.values() for problem in found.problems]
        parts: list[_Marginals | _Dirichlets] = list(_marginals(rows, fits, streams))
        groups, group_problems = _dirichlets(rows, streams)
        problems += group_problems
        if any(p.severity == "error" for p in problems):
            raise locale.error(DefinitionError, [p for p in problems if p.severity == "error"])
        central = np.array([row.marginal.value for row in rows], dtype=np.float64)
        return cls(tuple(streams), tuple(problems), central, (*parts, *groups))

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
        return Spread.of(self._central, [part.spread(len(self._central)) for part in self._parts])

    def scores(self, seed: int, index: int) -> Array:
        """Return the normal scores (stream, 256) of one block: what is random, before any distribution."""
        if not self.stream_names:
            return np.empty((0, BLOCK))
        return np.stack([normal_scores(seed, name, index) for name in self.stream_names])

    def block(self, seed: int, index: int) -> Array:
        """Return the draws (R, 256) of one random block.

        Parameters
        ----------
        seed : integer from 0 to 2**63 - 1, which a file can hold
        index : number of the block; it holds the samples 256·index to 256·index + 255
        """
        values = np.repeat(self._central[:, None], BLOCK, axis=1)
        scores = self.scores(seed, index)
        for part in self._parts:
            values[part.rows] = part.values(scores)
        return values

    def samples(self, seed: int, first: int, count: int) -> Array:
        """Return the draws (R, count) of the samples from `first` on; blocks are drawn whole, then cut."""
        blocks = range(first // BLOCK, -(-(first + count) // BLOCK))
        start = first - blocks.start * BLOCK
        drawn = [self.block(seed, index) for index in blocks]
        return np.concatenate(drawn, axis=1)[:, start : start + count]


def stream(seed: int, name: str, *counters: int) -> np.random.SeedSequence:
    """Return the seed sequence of a named stream: words of the name's SHA-256, then the counters.

    Parameters
    ----------
    seed : integer from 0 to 2**63 - 1, which a file can hold
    name : of a parameter, an outage, an event
    counters : block or replication

    Raises
    ------
    CemfaError
        if the seed is out of range.
    """
    if not 0 <= seed < 2**63:
        raise locale.error(CemfaError, Problem("seed-invalid", parameters={"seed": seed}))
    words = np.frombuffer(hashlib.sha256(name.encode()).digest(), dtype="<u4")
    return np.random.SeedSequence(seed, spawn_key=(*words.tolist(), *counters))


def normal_scores(seed: int, name: str, block: int) -> Array:
    """Return the 256 normal scores of a named stream in one block.

    By inversion of 52 random bits of PCG64 (O'Neill 2014), not by numpy's normal generator: the bit stream is
    guaranteed across numpy's versions, its distributions are not (NEP 19); a score is never infinite.
    """
    bits = np.random.PCG64(stream(seed, name, block)).random_raw(BLOCK) >> np.uint64(12)
    found: Array = ndtri((bits.astype(np.float64) + 0.5) * 2.0**-52)
    return found


def physical_range(value: float, high: float | None, *, share: bool, signed: bool = False) -> tuple[float, float]:
    """Return the range in which a number makes sense: shares [0, 1], quantities and ratios above 1 [0, inf).

    Parameters
    ----------
    value, high : as written, in canonical units
    share : True for a dimensionless number
    signed : True where negative values have a meaning, as for prices

    Examples
    --------
    >>> physical_range(0.3, 0.5, share=True), physical_range(1.2, None, share=True)
    ((0.0, 1.0), (0.0, inf))
    """
    if signed:
        return -math.inf, math.inf
    return 0.0, 1.0 if share and max(value, high or 0.0) <= 1 else math.inf


def _shown(row: Row) -> str:
    cells = ",".join(item for _, item in row.index)
    return row.parameter + (f"[{cells}]" if cells else "")


def _misplaced(row: Row) -> bool:
    """Tell whether a row says Dirichlet without a group."""
    return row.group is None and row.marginal.kind == "dirichlet"


def _row_problems(rows: Sequence[Row]) -> Iterator[Problem]:
    for row in rows:
        given = {dimension for dimension, _ in row.index}
        shown = {"parameter": _shown(row)}
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


def _marginals(rows: Sequence[Row], fits: dict[int, Fit], streams: dict[str, int]) -> Iterator[_Marginals]:
    """Yield the rows of each family together; constants need no draw and are left out."""
    for family in FAMILIES:
        members = [i for i, found in fits.items() if found.family == family]
        if family == "constant" or not members:
            continue
        found = [fits[i] for i in members]
        yield _Marginals(
            rows=np.array(members, dtype=np.intp),
            streams=np.array([streams.setdefault(_stream_of(rows[i]), len(streams)) for i in members], dtype=np.intp),
            quantiles=Quantiles.of(family, np.array([f.parameters for f in found])),
            below=_column(f.below for f in found),
            kept=_column(1 - f.below - f.above for f in found),
            lower=_column(rows[i].marginal.lower for i in members),
            upper=_column(rows[i].marginal.upper for i in members),
        )


def _column(values: Iterator[float]) -> Array:
    return np.array(list(values), dtype=np.float64)[:, None]


def _dirichlets(rows: Sequence[Row], streams: dict[str, int]) -> tuple[list[_Dirichlets], list[Problem]]:
    members: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        if row.group is not None:
            members[row.group].append(i)
    problems: list[Problem] = []
    order: list[int] = []
    reads: list[int] = []
    alpha: list[float] = []
    starts: list[int] = []
    for group, positions in members.items():
        found = list(_group_problems(group, [rows[i] for i in positions]))
        split = None if found else _split(rows, positions)
        if split is None:
            problems += found or [_sum_problem(group, [rows[i] for i in positions])]
            continue
        for part in _parts(rows, positions, split).values():
            concentration = _concentration([rows[i] for i in part])
            if concentration is None:
                problems.append(_concentration_problem(group, [rows[i] for i in part]))
                continue
            starts.append(len(order))
            order += part
            alpha += [concentration * rows[i].marginal.value for i in part]
            names = [_component(group, rows[i], split) for i in part]
            reads += [streams.setdefault(name, len(streams)) for name in names]
    if not order:
        return [], problems
    sizes = np.diff([*starts, len(order)])
    return [
        _Dirichlets(
            rows=np.array(order, dtype=np.intp),
            streams=np.array(reads, dtype=np.intp),
            alpha=np.array(alpha)[:, None],
            starts=np.array(starts, dtype=np.intp),
            part=np.repeat(np.arange(len(starts)), sizes),
        )
    ], problems


def _group_problems(group: str, rows: Sequence[Row]) -> Iterator[Problem]:
    if len({row.varies_by for row in rows}) > 1:
        yield Problem("group-varies-by", rows[0].place, {"group": group})
    for row in rows:
        value = row.marginal.value
        if not 0 <= value <= 1:
            yield Problem(
                "distribution-range",
                row.place,
                {
                    "parameter": _shown(row),
                    "kind": "dirichlet",
                    "value": value,
                    "lower": 0.0,
                    "upper": 1.0,
                },
            )


def _split(rows: Sequence[Row], positions: Sequence[int]) -> tuple[str, ...] | None:
    """Return the fewest dimensions that part a group into vectors which each sum to one, None if none do.

    A composition by district is one Dirichlet per district without the user writing nine group names;
    dimensions of `varies_by` always part it, years too.
    """
    varies = rows[positions[0]].varies_by
    others = sorted({dimension for i in positions for dimension, _ in rows[i].index} - set(varies))
    for size in range(len(others) + 1):
        for chosen in itertools.combinations(others, size):
            split = (*varies, *chosen)
            parts = _parts(rows, positions, split).values()
            sums = [math.fsum(rows[i].marginal.value for i in part) for part in parts]
            if all(abs(total - 1) <= GROUP_TOLERANCE for total in sums):
                return split
    return None


def _concentration(rows: Sequence[Row]) -> float | None:
    """Return the one concentration that the rows of a part give, on one row or on all; else None."""
    given = {row.concentration for row in rows if row.concentration is not None}
    only = given.pop() if len(given) == 1 else None
    return only if only is not None and 0 < only < math.inf else None


def _concentration_problem(group: str, rows: Sequence[Row]) -> Problem:
    given = sorted({row.concentration for row in rows if row.concentration is not None})
    shown = {"group": group, "parameter": _shown(rows[0]), "count": len(given), "found": given}
    return Problem("group-concentration", rows[0].place, shown)


def _parts(rows: Sequence[Row], positions: Sequence[int], split: Sequence[str]) -> dict[object, list[int]]:
    parts: dict[object, list[int]] = defaultdict(list)
    for i in positions:
        items = dict(rows[i].index)
        parts[(rows[i].year, *(items.get(dimension, "") for dimension in split))].append(i)
    return parts


def _component(group: str, row: Row, split: Sequence[str]) -> str:
    """Return the stream's name of a component: the same in every part, but for what varies independently."""
    own = ",".join(item for dimension, item in row.index if dimension not in split)
    varied = dict(row.index)
    free = ",".join(varied[dimension] for dimension in row.varies_by if dimension in varied)
    return f"{group}:{row.parameter}[{own}]" + (f"[{free}]" if free else "")


def _sum_problem(group: str, rows: Sequence[Row]) -> Problem:
    values = [row.marginal.value for row in rows if row.year == rows[0].year]
    total = math.fsum(values)
    shown = {"group": group, "sum": total, "excess": total - 1, "count": len(values)}
    return Problem("group-sum", rows[0].place, shown)
