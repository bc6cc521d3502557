"""First-order propagation of uncertainty: the spread of a result without drawing it, parameter by parameter.

Front of `sensitivity`: lays out the points, has the balance computed at all of them at once, and reads the
derivatives off.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from cemfa import locale
from cemfa.errors import CemfaError, Problem, ResultsError, SolveError
from cemfa.plan import Plan
from cemfa.sensitivity import linear
from cemfa.sensitivity.origins import origin_of, parameter_of
from cemfa.sensitivity.points import Balance
from cemfa.sensitivity.propagation import Contribution, Propagated, Propagation
from cemfa.sensitivity.quantities import Quantity, quantities_of
from cemfa.system.layout import Array, System
from cemfa.system.moments import Spread

STEP: Final = 1e-3
"""Of a derivative, in standard deviations: a cubic term errs by 2e-7 of itself, rounding by 1e-12 of the value."""
_NOTHING: Final = 1e-9  # of the value, or of the variance: less is rounding
_STRAIGHT: Final = 1e-5  # of the value: limits settle to 1e-12, a second difference divides that by the step twice
_BASE: Final = 2  # points before the steps: central values, means


def propagate(
    system: System,
    quantities: Sequence[str] | str,
    *,
    plan: Plan | None = None,
    period: int | None = None,
    samples: int = 64,
    seed: int = 0,
) -> Propagation:
    """Return standard deviation and shares of variance of some quantities to first order.

    Valid where a quantity is nearly a linear function of the parameters within their spread; whether it is, is
    measured and said (`Propagated.nearly_linear`).

    Parameters
    ----------
    quantities : indicators (``rate_with_home:rural``), flows (``straw_fed``, ``straw_fed:carbon``) or processes,
        whose throughput is meant; one name or several
    plan : projects and changes; None: what stands today
    period : calendar year; default: the last
    samples : draws that check the first-order form; 0 leaves the check out
    seed : of these draws

    Raises
    ------
    ResultsError
        for a quantity that is not known, lacks what it needs or has no value.
    SolveError
        where the balance has no solution at one of the points, naming the point.
    CemfaError
        where the year is none of the model's.

    Notes
    -----
    ``var(y) = gᵀ Σ g`` with the derivatives g at the expectations of the parameters and their exact covariance Σ:
    JCGM 100:2008 (GUM), 5.1.2 and 5.2.2. The share of a stream is its part of the sum, the first-order index of a
    linear function (Saltelli et al. 2008, *Global Sensitivity Analysis*, 1.2). The standard deviation of the
    marginal is the scale, not a step of one normal score: for a lognormal or triangular parameter that enters
    linearly the variance is then exact, whatever its skewness. Flows and throughputs of a balance in which only
    shares decide take one adjoint solve; everything else the balance at two small steps per stream, which passes
    through limits, stocks and indicators.

    Examples
    --------
    >>> from cemfa.definition.load import read_model
    >>> from cemfa.system.compile import compile_system
    >>> found = propagate(compile_system(read_model("first_steps")), "landfilled_mass", period=2030)
    >>> [c.parameter for c in found["landfilled_mass"].contributions[:2]]
    ['organics_per_head', 'dumped']
    """
    names = (quantities,) if isinstance(quantities, str) else tuple(quantities)
    balance = Balance.of(system, plan, _position(system, period))
    asked = quantities_of(system, names)
    points = Points.of(system, samples, seed)
    history = balance.has_history(asked, points.spread.mean)
    settled = None
    if not history and all(quantity.kind != "indicator" for quantity in asked):
        settled = linear.only_shares_decide(balance, points.spread.mean)
    found = _values(balance, asked, points, history=history, steps=settled is None)
    effects, curvature = _derivatives(found, points)
    if settled is not None:
        steps = points.direction * points.step
        effects = linear.effects(balance, asked, points.spread.mean, steps, settled) / points.step
        curvature = np.full_like(effects, np.nan)
    method: Literal["adjoint", "points"] = "points" if settled is None else "adjoint"
    rows = [_propagated(system, *row, points) for row in zip(asked, found, effects, curvature, strict=True)]
    return Propagation(system.model.id, system.years[balance.period], method, history, points.streams, tuple(rows))


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Where the balance is computed: central values, means, a step up and down each stream, draws.

    Parameters
    ----------
    direction : shape (R, n), one standard deviation of each stream
    step : shape (n,), of each derivative, in standard deviations
    drawn : shape (R, S)
    """

    names: tuple[str, ...]
    spread: Spread
    central: Array
    direction: Array
    step: Array
    drawn: Array
    seed: int

    @classmethod
    def of(cls, system: System, samples: int, seed: int) -> Points:
        """Return the points of a system, with so many draws of a seed."""
        sampler = system.sampler
        names, spread = sampler.stream_names, sampler.spread()
        direction = spread.directions(len(names))
        drawn = sampler.samples(seed, 0, samples) if samples else direction[:, :0]
        step = np.minimum(STEP, _reach(system, spread, direction))
        return cls(names, spread, sampler.central(), direction, step, drawn, seed)

    @property
    def streams(self) -> int:
        """Return the number of streams."""
        return len(self.names)

    def draws(self, *, steps: bool) -> Array:
        """Return all points (R, …)."""
        mean = self.spread.mean[:, None]
        change = self.direction * self.step if steps else self.direction[:, :0]
        return np.hstack([self.central[:, None], mean, mean + change, mean - change, self.drawn])

    def problem(self, column: int, *, steps: bool) -> Problem:
        """Return the problem that says which point a column is."""
        streams = self.streams if steps else 0
        if column < _BASE:
            return Problem(("propagation-central", "propagation-mean")[column])
        if column < _BASE + 2 * streams:
            parameter = parameter_of(self.names[(column - _BASE) % streams])
            return Problem("propagation-step", parameters={"parameter": parameter})
        return Problem("propagation-draw", parameters={"number": column - _BASE - 2 * streams, "seed": self.seed})


def _position(system: System, period: int | None) -> int:
    year = system.years[-1] if period is None else period
    if year not in system.years:
        shown = {"year": year, "first": system.years[0], "last": system.years[-1]}
        raise locale.error(CemfaError, Problem("year-unknown", parameters=shown))
    return system.years.index(year)


def _reach(system: System, spread: Spread, direction: Array) -> Array:
    """Return half the largest step (n,) of each stream, in standard deviations, within the range of its rows."""
    lower = np.array([row.marginal.lower for row in system.parameters.rows]).reshape(-1, 1)
    upper = np.array([row.marginal.upper for row in system.parameters.rows]).reshape(-1, 1)
    room = np.minimum(spread.mean[:, None] - lower, upper - spread.mean[:, None])
    size = np.abs(direction)
    found = np.where(size > 0.0, room / np.where(size > 0.0, size, 1.0), np.inf)
    return np.asarray(0.5 * found.min(axis=0, initial=np.inf))


def _values(balance: Balance, asked: Sequence[Quantity], points: Points, *, history: bool, steps: bool) -> Array:
    """Return the values (Q, …) of all quantities at all points."""
    try:
        found = balance.at(asked, points.draws(steps=steps), history=history)
    except SolveError as wrong:
        columns = [p.parameters["sample"] for p in wrong.problems if isinstance(p.parameters.get("sample"), int)]
        where = [points.problem(int(str(column)), steps=steps) for column in columns[:1]]
        raise locale.error(type(wrong), [*where, *wrong.problems]) from wrong
    year = balance.system.years[balance.period]
    absent = [
        Problem("quantity-absent", parameters={"quantity": quantity.id, "year": year})
        for quantity, values in zip(asked, found, strict=True)
        if not np.isfinite(values).all()
    ]
    if absent:
        raise locale.error(ResultsError, absent)
    return found


def _derivatives(found: Array, points: Points) -> tuple[Array, Array]:
    """Return first and half second derivatives (Q, n), per standard deviation, from the steps up and down."""
    streams = (found.shape[1] - _BASE - points.drawn.shape[1]) // 2
    middle = found[:, 1:_BASE]
    up, down = found[:, _BASE : _BASE + streams], found[:, _BASE + streams : _BASE + 2 * streams]
    step = points.step[:streams]
    return (up - down) / (2.0 * step), (up - 2.0 * middle + down) / (2.0 * step**2)


def _propagated(
    system: System, quantity: Quantity, values: Array, effects: Array, curvature: Array, points: Points
) -> Propagated:
    effects = np.where(np.abs(effects) > _NOTHING * abs(values[1]), effects, 0.0)
    curvature = np.where(np.abs(curvature) > _STRAIGHT * abs(values[1]), curvature, 0.0 * curvature)
    parts = points.spread.parts(effects)
    variance = float(parts.sum())
    bent = 2.0 * float((curvature**2).sum())  # variance of ½y″z² for a normal z: y″²/2
    return Propagated(
        id=quantity.id,
        label=quantity.label,
        unit=quantity.unit,
        central=float(values[0]),
        mean=float(values[1]),
        sd=float(np.sqrt(variance)),
        contributions=_contributions(system, effects, curvature, parts, points.names),
        second_order=bent / (variance + bent) if variance + bent != 0.0 else 0.0,
        explained=_explained(values, effects, points),
    )


def _explained(values: Array, effects: Array, points: Points) -> float:
    """Return the part of the variance of the draws that the first-order form accounts for."""
    count = points.drawn.shape[1]
    if count < 2:
        return float("nan")
    drawn = values[len(values) - count :]
    coordinates = points.spread.coordinates(points.drawn, points.streams)
    predicted = values[1] + (effects[:, None] * coordinates).sum(axis=0)
    whole = float(((drawn - drawn.mean()) ** 2).sum())
    left = float(((drawn - predicted) ** 2).sum())
    if whole <= (_NOTHING * abs(values[1])) ** 2:
        return 1.0
    return 1.0 - left / whole


def _contributions(
    system: System, effects: Array, curvature: Array, parts: Array, names: Sequence[str]
) -> tuple[Contribution, ...]:
    """Return the parameters by their share, largest first; streams of one parameter together."""
    variance = float(parts.sum())
    members: dict[str, list[int]] = defaultdict(list)
    for stream, name in enumerate(names):
        if abs(parts[stream]) > _NOTHING * variance > 0.0:
            members[parameter_of(name)].append(stream)
    found = []
    for parameter, streams in members.items():
        origin = origin_of(parameter, system.model)
        own = effects[streams]
        sign = float(np.sign(own[np.argmax(np.abs(own))]))
        found.append(
            Contribution(
                parameter=parameter,
                label=origin.label,
                share=float(parts[streams].sum()) / variance,
                effect=sign * float(np.sqrt((own**2).sum())),
                curvature=float(curvature[streams].sum()),
                basis=origin.basis,
                source=origin.source,
                streams={names[s]: float(parts[s]) / variance for s in streams},
            )
        )
    return tuple(sorted(found, key=lambda c: (-c.share, c.parameter)))
