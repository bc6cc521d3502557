"""The flows of a year, copies together: how sure each is, by place where asked, and the numbers the largest rest on.

Beside `first_order` in `sensitivity`. Only the year asked for is solved where no flow depends on what stocks release.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from cemfa import locale
from cemfa.allocation import allocate, mark
from cemfa.definition.schema import Label, Model
from cemfa.errors import Problem, ResultsError, SolveError
from cemfa.plan import Plan
from cemfa.sensitivity.first_order import propagate
from cemfa.sensitivity.points import POINTS, Balance
from cemfa.sensitivity.propagation import Contribution
from cemfa.sensitivity.quantities import FRESH, Quantity, usual_layer
from cemfa.system.layout import Array, System
from cemfa.workers import parts

LEVELS: Final = (0.05, 0.5, 0.95)
_NOWHERE: Final = ""
_NO_LABEL: Final = Label(vi="", en="")


@dataclass(frozen=True, slots=True)
class FlowSpread:
    """One flow of a year, all its copies or those of one place together.

    Parameters
    ----------
    flow, label : id and name
    place, place_label : where; blank where all places count together
    mean, p5, p50, p95 : fresh mass [t/year]; of central values they are the same
    rests_on : parameters by their share of the variance, to first order; empty where it was not asked for
    """

    flow: str
    label: Label
    place: str
    place_label: Label
    mean: float
    p5: float
    p50: float
    p95: float
    rests_on: tuple[Contribution, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowSpreads:
    """The flows of a year, largest first; those that carry nothing are left out.

    Parameters
    ----------
    year, samples : calendar year and number of draws; 1: central values
    alone : whether this year was solved without those before it
    residual : largest residual of all balances, relative to the throughput
    allocated : in words, where the places are those of an area; "" elsewhere
    """

    year: int
    samples: int
    alone: bool
    residual: float
    allocated: str
    rows: tuple[FlowSpread, ...]


def spread_of_flows(
    system: System,
    *,
    plan: Plan | None = None,
    period: int | None = None,
    samples: int = 1,
    seed: int = 0,
    by: str = "",
    rests: int = 0,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FlowSpreads:
    """Return the fresh mass of every flow in a year, largest first, with P5, P50 and P95.

    Parameters
    ----------
    period : calendar year; default: the last
    samples : 1: central values without a draw
    by : dimension of the flows (``district``) or area of the model (``commune``); "": all copies together
    rests : for how many of the largest flows to say which parameters they rest on

    Raises
    ------
    ResultsError
        where flows cannot be divided so.
    SolveError
        where a sample has no solution.

    Examples
    --------
    >>> from cemfa.definition.load import read_model
    >>> from cemfa.system.compile import compile_system
    >>> found = spread_of_flows(compile_system(read_model("first_steps")), period=2026, rests=1)
    >>> found.rows[0].flow, [c.parameter for c in found.rows[0].rests_on[:2]]
    ('organics_arising', ['organics_per_head', 'population'])
    """
    model = system.model
    year = system.years[-1] if period is None else period
    area = by if by in model.areas else ""
    quantities = _quantities(system, model.areas[area].of if area else by)
    balance = Balance.of(system, plan, system.years.index(year))
    alone = not balance.has_history(quantities, system.sampler.spread().mean)
    values, residual = _values(balance, quantities, samples, seed, alone=alone, workers=workers, progress=progress)
    rows = [
        FlowSpread(flow, _flow_label(model, flow), place, label, *_numbers(mass))
        for flow, place, label, mass in _placed(model, quantities, values, area)
    ]
    found = sorted((row for row in rows if row.mean), key=lambda row: -row.mean)
    if rests:
        found = _with_parameters(system, plan, year, found, rests)
    allocated = mark(model, model.areas[area]) if area else ""
    return FlowSpreads(year, samples, alone, residual, allocated, tuple(found))


def _quantities(system: System, dimension: str) -> list[Quantity]:
    """Return one quantity per flow and item of a dimension; its `item` is that item."""
    names = system.flow_coords["flow_name"].tolist()
    if dimension and dimension not in system.flow_coords:
        known = [name for name in system.model.dimensions if name in system.flow_coords]
        shown = {"name": dimension, "known": [*known, *system.model.areas] or ["–"]}
        raise locale.error(ResultsError, Problem("by-unknown", parameters=shown))
    items = system.flow_coords[dimension].tolist() if dimension else [_NOWHERE] * len(names)
    places: dict[tuple[str, str], list[int]] = {}
    for number, key in enumerate(zip(names, items, strict=True)):
        if key[1] or not dimension:
            places.setdefault(key, []).append(number)
    usual = usual_layer(system)
    weight = system.mass_weight() if usual == FRESH else np.ones(1)
    return [
        Quantity(flow, _NO_LABEL, "t/year", "flow", name=flow, item=item, places=tuple(numbers), weight=weight)
        for (flow, item), numbers in places.items()
    ]


def _values(
    balance: Balance,
    quantities: list[Quantity],
    samples: int,
    seed: int,
    *,
    alone: bool,
    workers: int | None,
    progress: Callable[[int, int], None] | None,
) -> tuple[Array, float]:
    """Return the values (Q, S) of all samples and the largest residual, block by block."""
    sampler = balance.system.sampler

    def block(first: int) -> tuple[Array, float]:
        count = min(POINTS, samples - first)
        draws = sampler.central()[:, None] if samples == 1 else sampler.samples(seed, first, count)
        try:
            year = balance.alone(draws, balance.nothing(count)) if alone else balance.through(draws)
        except SolveError as wrong:
            raise locale.error(type(wrong), [_counted(problem, first, seed) for problem in wrong.problems]) from None
        return np.stack([quantity.of_arrays(year.flow, year.throughput) for quantity in quantities]), year.residual

    blocks = range(0, samples, POINTS)
    found, residual = [], 0.0
    for done, (values, worst) in enumerate(parts(block, blocks, workers=workers), start=1):
        found.append(values)
        residual = max(residual, worst)
        if progress:
            progress(done, len(blocks))
    return np.concatenate(found, axis=1), residual


def _counted(problem: Problem, first: int, seed: int) -> Problem:
    """Return a problem of a block whose sample is counted from the first of all, with the seed it belongs to."""
    sample = problem.parameters.get("sample")
    if not isinstance(sample, int):
        return problem
    return replace(problem, parameters={**problem.parameters, "sample": first + sample, "seed": seed})


def _placed(
    model: Model, quantities: list[Quantity], values: Array, area: str
) -> Iterator[tuple[str, str, Label, Array]]:
    """Yield flow, place, its name and the mass (S,): as computed, or allocated to the places of an area."""
    if not area:
        labels = {item.id: item.label for name in model.dimensions for item in model.items(name) if item.label}
        for quantity, mass in zip(quantities, values, strict=True):
            yield (
                quantity.name,
                quantity.item,
                labels.get(quantity.item, Label(vi=quantity.item, en=quantity.item)),
                mass,
            )
        return
    import xarray as xr

    found = model.areas[area]
    names = {part.id: part.label for part in found.parts}
    for flow in dict.fromkeys(quantity.name for quantity in quantities):
        own = [number for number, quantity in enumerate(quantities) if quantity.name == flow]
        coords = {found.of: [quantities[number].item for number in own]}
        by_item = xr.DataArray(values[own], dims=(found.of, "sample"), coords=coords, attrs={"unit": "t/year"})
        for place, mass in zip(names, allocate(by_item, model, area).to_numpy(), strict=True):
            yield flow, place, names[place], mass


def _flow_label(model: Model, flow: str) -> Label:
    return Label(**{lang: model.name_of("flow", flow, lang) for lang in locale.LANGUAGES})


def _numbers(mass: Array) -> tuple[float, float, float, float]:
    p5, p50, p95 = np.quantile(mass, LEVELS).tolist()
    return float(mass.mean()), p5, p50, p95


def _with_parameters(
    system: System, plan: Plan | None, year: int, rows: list[FlowSpread], rests: int
) -> list[FlowSpread]:
    """Return the rows, the largest with the parameters they rest on."""
    flows = list(dict.fromkeys(row.flow for row in rows))[:rests]
    found = propagate(system, flows, plan=plan, period=year, samples=0)
    known = {quantity.id: quantity.contributions for quantity in found}
    return [replace(row, rests_on=known.get(row.flow, ())) for row in rows]
