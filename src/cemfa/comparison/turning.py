"""What could turn the order round: tornado bars and the value of a parameter at which the first place changes.

Beside `choice` in `comparison`; pure functions of samples, or of what re-evaluation gave on a grid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from cemfa import locale
from cemfa.comparison.choice import expected_given, table_of
from cemfa.errors import Problem, ResultsError

_LOW, _HIGH = 0.05, 0.95
_HALVINGS: Final = 60
"""Steps of bisection: the grid's spacing divided by 2⁶⁰ is below a rounding."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What one parameter does to a result.

    Parameters
    ----------
    parameter : its name
    low, high : its P5 and P95 [its unit]
    at_low, at_high : the result expected there, everything else as uncertain as it is [unit of the result]
    """

    parameter: str
    low: float
    high: float
    at_low: float
    at_high: float

    @property
    def width(self) -> float:
        """By how much the result moves."""
        return abs(self.at_high - self.at_low)


def tornado(result: npt.ArrayLike, parameters: Mapping[str, npt.ArrayLike]) -> tuple[Bar, ...]:
    """Return per parameter the result to be expected at its P5 and its P95, the widest first.

    From the samples themselves: a polynomial of the third degree of each parameter, so that nothing is run again and
    correlated parameters move together as they do.

    Parameters
    ----------
    result : (S,)
    parameters : per name (S,)

    Raises
    ------
    ResultsError
        as `choice.table_of`.

    Examples
    --------
    >>> x = np.linspace(0.0, 1.0, 101)
    >>> [(bar.parameter, round(bar.at_low, 3), round(bar.at_high, 3)) for bar in tornado(4.0 * x, {"price": x})]
    [('price', 0.2, 3.8)]
    """
    found = []
    for name, values in parameters.items():
        _, (target, known) = table_of({"result": result, name: values})
        low, high = (float(end) for end in np.quantile(known, [_LOW, _HIGH]))
        order = np.argsort(known, kind="stable")
        # a polynomial of the parameter is a function of it: read it off between neighbours
        fitted = expected_given(target[None], known)[0][order]
        at_low, at_high = (float(end) for end in np.interp([low, high], known[order], fitted))
        found.append(Bar(name, low, high, at_low, at_high))
    return tuple(sorted(found, key=lambda bar: (-bar.width, bar.parameter)))


@dataclass(frozen=True, slots=True)
class Switch:
    """A value of a parameter at which the first place passes from one option to another.

    Parameters
    ----------
    value : of the parameter [its unit]
    below, above : who is first just below and just above it
    """

    value: float
    below: str
    above: str


def switching_values(grid: npt.ArrayLike, values: Mapping[str, npt.ArrayLike]) -> tuple[Switch, ...]:
    """Return where the first place changes along a parameter, values straight between the points of the grid.

    Parameters
    ----------
    grid : (N,), increasing values of the parameter [its unit]
    values : per option (N,), its value there, of a re-evaluation or of `expected_given`; the more the better

    Returns
    -------
    tuple of Switch
        in increasing order; empty where one option is first throughout

    Raises
    ------
    ResultsError
        as `choice.table_of`; `grid-order` where the grid does not increase.

    Examples
    --------
    Compost is worth 400 to 1 200 thousand đồng a tonne; the large yard is first from 800 on:

    >>> switching_values([400.0, 1200.0], {"large": [-100.0, 300.0], "small": [50.0, 150.0]})
    (Switch(value=800.0, below='small', above='large'),)
    """
    names, table = table_of(values)
    points = np.asarray(grid, dtype=np.float64)
    if points.shape != (table.shape[1],) or not (np.diff(points) > 0).all():
        raise locale.error(ResultsError, Problem("grid-order", parameters={"grid": points.tolist()[:6]}))
    found: list[tuple[float, int, int]] = []
    first: int | None = None
    for left in range(points.size - 1):
        start, slope = table[:, left], table[:, left + 1] - table[:, left]
        following = _leader(start, slope, first)
        if first is not None and following != first:  # they meet at the point itself
            found.append((points[left], first, following))
        here, first = _between(points[left], points[left + 1], start, slope, following)
        found += here
    return tuple(Switch(float(value), names[a], names[b]) for value, a, b in found)


def _between(
    left: float, right: float, start: npt.NDArray[np.float64], slope: npt.NDArray[np.float64], first: int
) -> tuple[list[tuple[float, int, int]], int]:
    """Return where the highest of several straight lines changes between two points, and which is the last of them."""
    at = 0.0
    found: list[tuple[float, int, int]] = []
    while True:
        gap, closing = start[first] - start, slope - slope[first]
        with np.errstate(divide="ignore", invalid="ignore"):
            meets = np.where(closing > 0, gap / closing, np.inf)
        meets = np.where(meets >= at, meets, np.inf)
        at = float(meets.min())
        if not at < 1.0:
            return found, first
        following = _leader(np.where(meets == at, 0.0, -np.inf), slope)
        found.append((left + at * (right - left), first, following))
        first = following


def _leader(height: npt.NDArray[np.float64], slope: npt.NDArray[np.float64], held: int | None = None) -> int:
    """Return the highest, of those as high as each other the one that rises fastest, among these the one before."""
    return max(range(height.size), key=lambda n: (height[n], slope[n], n == held))


def switching_from_samples(
    values: Mapping[str, npt.ArrayLike], parameter: npt.ArrayLike, points: int = 129
) -> tuple[Switch, ...]:
    """Return where the option to be expected best changes between the P5 and the P95 of a parameter.

    Parameters
    ----------
    values : per option (S,), the more the better
    parameter : (S,) [its unit]
    points : of the grid on which the fitted polynomials are compared

    Examples
    --------
    >>> x = np.linspace(0.0, 1.0, 101)
    >>> [round(s.value, 6) for s in switching_from_samples({"a": x, "b": np.full(101, 0.4)}, x)]
    [0.4]
    """
    names, table = table_of(values)
    known = table_of({"parameter": parameter, names[0]: table[0]})[1][0]
    low, high = np.quantile(known, [_LOW, _HIGH])
    if not high > low:
        return ()
    order = np.argsort(known, kind="stable")
    fitted = expected_given(table, known)[:, order]
    grid = np.linspace(low, high, points)
    return switching_values(
        grid, {name: np.interp(grid, known[order], row) for name, row in zip(names, fitted, strict=True)}
    )


def switching_by_evaluation(
    values: Callable[[float], Mapping[str, float]], low: float, high: float, steps: int = 33
) -> tuple[Switch, ...]:
    """Return where the first place changes, each option evaluated anew at values of a parameter.

    Parameters
    ----------
    values : gives every option's value at a value of the parameter; the more the better
    low, high : ends of what is looked at [unit of the parameter]
    steps : points of the first look; a place that is held for less than one step may be missed. Changes are then
        bisected to rounding

    Examples
    --------
    >>> [round(s.value, 9) for s in switching_by_evaluation(lambda p: {"a": p**2, "b": 2.0}, 0.0, 2.0)]
    [1.414213562]
    """
    grid = np.linspace(low, high, steps).tolist()
    leaders = [_first(values(point)) for point in grid]
    found = []
    for left, right, before, after in zip(grid, grid[1:], leaders, leaders[1:], strict=False):
        if before != after:
            found.append(_bisected(values, left, right, before))
    return tuple(found)


def _bisected(values: Callable[[float], Mapping[str, float]], left: float, right: float, before: str) -> Switch:
    for _ in range(_HALVINGS):
        middle = (left + right) / 2
        if middle in (left, right):
            break
        left, right = (middle, right) if _first(values(middle)) == before else (left, middle)
    return Switch(right, before, _first(values(right)))


def _first(values: Mapping[str, float]) -> str:
    return max(values, key=lambda name: values[name])
