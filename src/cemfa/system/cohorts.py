"""Stocks by cohort: what a survival curve makes of inflows, what a given content needs, what older cohorts leave.

Pure functions beside `stocks`, which has accumulation and decay. Time is the first axis; every further axis (items,
layers, samples) is carried along, so a cohort keeps the layers it came with. Cohort ages are added one after the
other, so the bits of a column never depend on how many columns there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cemfa import locale
from cemfa.errors import Place, Problem, SolveError
from cemfa.system.executors import Executor, compiled
from cemfa.system.stocks import StockYears

Array = NDArray[np.float64]
CHUNK: Final = 256
"""Columns worked on at a time: a century of so many fits the cache."""
ROUNDING: Final = 1e-12
"""Share of the largest content so far by which an inflow may be negative: rounding of sums over a century."""


@dataclass(frozen=True, eq=False)
class DrivenYears:
    """What holds a given content.

    Parameters
    ----------
    inflow : (T, …) what must enter [t/year]
    content : (T, …) content at the end of each year [t]; the one given, unless that needed a negative inflow
    outflow : (T, …) what leaves within each year, retired surplus included [t/year]
    """

    inflow: Array
    content: Array
    outflow: Array


def by_lifetime(
    inflow: ArrayLike, survival: ArrayLike, older: StockYears | None = None, *, executor: Executor | None = None
) -> StockYears:
    """Return content and outflow of a stock whose cohorts leave by a survival curve.

    content(t) = Σ_c inflow(c)·S(t - c) and outflow(t) = Σ_c inflow(c)·(S(t - c - 1) - S(t - c)) with S(-1) = 1: the
    share that does not survive the year of entry leaves in it (ODYM, Pauliuk & Heeren 2020,
    doi:10.1111/jiec.12952). inflow - outflow is the change of the content.

    Parameters
    ----------
    inflow : (T, …) what enters [t/year]
    survival : (A, …) share still there at the end of the year of entry and of the years after it, from
        `survival_curve`; broadcast against the further axes; A of at least T
    older : what is left of cohorts that entered before the first year, from `of_older`; None is nothing
    executor : ``"numpy"`` or ``"numba"`` computes, with the same bits; None takes numba where it is loaded, or
        installed and the work is worth its import

    Examples
    --------
    >>> stock = by_lifetime([1.0, 2.0, 3.0], [1.0, 1.0, 0.0])
    >>> stock.content.tolist(), stock.outflow.tolist()
    ([1.0, 3.0, 5.0], [0.0, 0.0, 1.0])
    """
    entered, kept = _aligned(inflow, survival)
    lost = _losses(kept)
    kernel = compiled(executor, "cemfa.system.aging", len(entered) * entered.size)
    if kernel is not None and len(entered) >= kernel.YEARS and entered[0].size >= kernel.LANES:
        content, outflow = _compiled(entered, kept, lost, kernel)
    else:
        content, outflow = np.empty_like(entered), np.empty_like(entered)
        for part in _chunks(entered.shape[-1]):
            born = np.ascontiguousarray(entered[..., part])
            content[..., part] = _convolved(born, _part(kept, part))
            outflow[..., part] = _convolved(born, _part(lost, part))
    content, outflow = (found.reshape(np.shape(inflow)) for found in (content, outflow))
    return (
        StockYears(content, outflow) if older is None else StockYears(content + older.content, outflow + older.outflow)
    )


def by_content(
    content: ArrayLike,
    survival: ArrayLike,
    older: StockYears | None = None,
    *,
    retire: bool = False,
    name: str = "",
    first: int = 0,
    place: Place | None = None,
) -> DrivenYears:
    """Return the inflow that holds a given content, and what leaves.

    inflow(t) = (content(t) - what is left of all cohorts before)/S(0), year after year (ODYM's stock-driven model).

    Parameters
    ----------
    content : (T, …) content wanted at the end of each year [t]
    survival : (A, …) as for `by_lifetime`
    older : what is left of cohorts that entered before the first year; None is nothing
    retire : where cohorts leave more slowly than the content shrinks, retire the same share of each before its
        time, as ODYM does with ``NegativeInflowCorrect``; False makes that an error
    name, first, place : process and first calendar year, for the message

    Raises
    ------
    SolveError
        with `stock-inflow-negative` where a content needs a negative inflow; with `stock-never-fills` where nothing
        survives the year of entry; with `stock-content-value` where a content is negative or no number.

    Examples
    --------
    >>> by_content([1.0, 3.0, 5.0], [1.0, 1.0, 0.0]).inflow.tolist()
    [1.0, 2.0, 3.0]
    """
    wanted, kept = _aligned(content, survival)
    _refuse(~(np.isfinite(wanted) & (wanted >= 0.0)), "stock-content-value", name, first, place, value=wanted)
    never = np.broadcast_to(kept[0] <= 0.0, wanted.shape) & (wanted > 0.0)
    _refuse(never, "stock-never-fills", name, first, place, value=wanted)
    past, gone = (
        np.broadcast_to(found, np.shape(content)).reshape(wanted.shape)
        for found in ((older.content, older.outflow) if older else (0.0, 0.0))
    )
    inflow, held, outflow = np.zeros_like(wanted), np.zeros_like(wanted), np.zeros_like(wanted)
    born = np.zeros_like(wanted)  # inflows less what was retired of them
    lost, still = _losses(kept), np.ones(wanted.shape[1:])
    largest = np.maximum.accumulate(wanted)  # a small content after a large one has the rounding of the large one
    for t in range(len(wanted)):
        remains, leaves = still * past[t], still * gone[t]
        for cohort in range(t):
            remains = remains + born[cohort] * kept[t - cohort]
            leaves = leaves + born[cohort] * lost[t - cohort]
        lacks = wanted[t] - remains
        if not retire:
            short = lacks < -ROUNDING * np.maximum(remains, largest[t])
            _refuse(short[None], "stock-inflow-negative", name, first + t, place, value=lacks[None], left=remains[None])
        surplus = np.maximum(0.0, -lacks) if retire else np.zeros_like(lacks)
        stay = 1.0 - surplus / np.where(remains > 0.0, remains, 1.0)
        still, born[:t] = still * stay, born[:t] * stay
        inflow[t] = born[t] = np.maximum(0.0, lacks) / np.where(kept[0] > 0.0, kept[0], 1.0)
        held[t] = remains * stay + born[t] * kept[0]
        outflow[t] = leaves + surplus + born[t] * lost[0]
    return DrivenYears(*(found.reshape(np.shape(content)) for found in (inflow, held, outflow)))


def of_older(
    left: ArrayLike, survival: ArrayLike, years: int, *, name: str = "", place: Place | None = None
) -> StockYears:
    """Return what older cohorts still hold and release, given what is left of each before the first year.

    What is left of a cohort of age h leaves by the same curve, on the condition that it has come so far:
    left·S(h + t)/S(h) (ODYM, ``compute_evolution_initialstock``).

    Parameters
    ----------
    left : (H, …) what is left at the end of the year before the first one [t], by year of entry: the last row
        entered in that year, the one above it a year earlier, …
    survival : (A, …) as for `by_lifetime`; A of at least H + years
    years : T, how many years to follow

    Returns
    -------
    content and outflow (T, …) of these cohorts alone

    Raises
    ------
    SolveError
        with `stock-outlived` where something is left of a cohort of which the lifetime leaves nothing.

    Examples
    --------
    >>> of_older([4.0, 8.0], [1.0, 0.5, 0.25, 0.125], 2).content.tolist()
    [6.0, 3.0]
    """
    rows, kept = _aligned(left, survival)
    count = len(rows)
    content, outflow = (np.zeros((years, *rows.shape[1:])) for _ in range(2))
    for row in range(count):
        age = count - 1 - row
        alive = np.broadcast_to(kept[age] > 0.0, rows.shape[1:])
        dead = ~alive & (rows[row] > 0.0)
        _refuse(dead[None], "stock-outlived", name, 0, place, value=rows[row][None], age=age)
        entered = rows[row] / np.where(alive, kept[age], 1.0)
        for t in range(years):
            content[t] += entered * kept[age + 1 + t]
            outflow[t] += entered * (kept[age + t] - kept[age + 1 + t])
    shape = (years, *np.shape(left)[1:])
    return StockYears(content.reshape(shape), outflow.reshape(shape))


def content_by_cohort(inflow: ArrayLike, survival: ArrayLike) -> Array:
    """Return what each year's inflow still holds at the end of each year (T, T, …): year, cohort [t].

    Examples
    --------
    >>> content_by_cohort([1.0, 2.0], [1.0, 0.5]).tolist()
    [[1.0, 0.0], [0.5, 2.0]]
    """
    entered, kept = _aligned(inflow, survival)
    return _by_cohort(entered, kept).reshape(len(entered), *np.shape(inflow))


def outflow_by_cohort(inflow: ArrayLike, survival: ArrayLike) -> Array:
    """Return what leaves of each year's inflow within each year (T, T, …): year, cohort [t/year].

    Examples
    --------
    >>> outflow_by_cohort([1.0, 2.0], [1.0, 0.5]).tolist()
    [[0.0, 0.0], [0.5, 0.0]]
    """
    entered, kept = _aligned(inflow, survival)
    return _by_cohort(entered, _losses(kept)).reshape(len(entered), *np.shape(inflow))


def _compiled(entered: Array, kept: Array, lost: Array, kernel: ModuleType) -> tuple[Array, Array]:
    """Return content and outflow (T, …) by the compiled kernel, which knows one axis beside time."""
    years, columns = len(entered), entered.shape[1:]
    rows = [np.ascontiguousarray(entered).reshape(years, -1)]
    rows += [np.ascontiguousarray(np.broadcast_to(c[:years], entered.shape)).reshape(years, -1) for c in (kept, lost)]
    content, outflow = np.empty_like(rows[0]), np.empty_like(rows[0])
    kernel.by_lifetime(*rows, content, outflow)
    return content.reshape(years, *columns), outflow.reshape(years, *columns)


def _convolved(born: Array, share: Array) -> Array:
    """Return Σ_c born(c)·share(t - c), one age after the other."""
    total: Array = born * share[0]
    spare = np.empty_like(born)
    for age in range(1, len(born)):
        total[age:] += np.multiply(born[: len(born) - age], share[age], out=spare[: len(born) - age])
    return total


def _by_cohort(entered: Array, share: Array) -> Array:
    found = np.zeros((len(entered), *entered.shape))
    for cohort in range(len(entered)):
        found[cohort:, cohort] = entered[cohort] * share[: len(entered) - cohort]
    return found


def _aligned(values: ArrayLike, survival: ArrayLike) -> tuple[Array, Array]:
    """Return values (T, …) and a curve (A, …) with as many axes, of which there is at least one beside time."""
    found, curve = np.asarray(values, dtype=np.float64), np.asarray(survival, dtype=np.float64)
    axes = max(2, found.ndim)
    return found.reshape(*found.shape, *[1] * (axes - found.ndim)), curve.reshape(
        *curve.shape, *[1] * (axes - curve.ndim)
    )


def _losses(kept: Array) -> Array:
    """Return the share that leaves in each year: 1 - S(0), S(0) - S(1), …"""
    lost = np.empty_like(kept)
    lost[0] = 1.0 - kept[0]
    np.subtract(kept[:-1], kept[1:], out=lost[1:])
    return lost


def _chunks(width: int) -> Iterator[slice]:
    for first in range(0, width, CHUNK):
        yield slice(first, min(width, first + CHUNK))


def _part(curve: Array, part: slice) -> Array:
    return curve if curve.shape[-1] == 1 else np.ascontiguousarray(curve[..., part])


def _refuse(
    wrong: NDArray[np.bool_], code: str, name: str, first: int, place: Place | None, *, value: Array, **shown: object
) -> None:
    """Raise where something is wrong in some year and column, with the values there."""
    if not wrong.any():
        return
    position = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
    values = {key: float(v[position]) if isinstance(v, np.ndarray) else v for key, v in shown.items()}
    found = {
        "process": name, "year": first + int(position[0]), "sample": int(position[-1]),
        "value": float(value[position]), **values,
    }  # fmt: skip
    raise locale.error(SolveError, Problem(code, place or Place(), found))
