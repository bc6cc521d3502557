"""What single measures add when they are taken one after the other: an abatement cost curve with interactions.

Beside `choice` in `comparison`; pure functions. Measures share waste, capacity and markets, so that what they do
together is not the sum of what each does alone: every step is the difference to the step before, evaluated together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

Effect = tuple[float, float]
"""Extra cost [money] and effect [tCO2e, t] of a set of measures against none."""
FEW: Final = 4
"""Measures left whose sets are all asked for at once: fifteen questions in one instead of ten in four."""


@dataclass(frozen=True, slots=True)
class Step:
    """A measure in its place on the curve.

    Parameters
    ----------
    measure : its name
    cost, effect : what it adds to those before it [money], [unit of the effect]
    alone_cost, alone_effect : the same taken alone
    cumulative : effect of all up to it [unit of the effect]
    """

    measure: str
    cost: float
    effect: float
    alone_cost: float
    alone_effect: float
    cumulative: float

    @property
    def unit_cost(self) -> float:
        """Cost of a unit of effect in its place; NaN where it adds none."""
        return self.cost / self.effect if self.effect > 0 else float("nan")

    @property
    def interaction(self) -> float:
        """What its place takes from its effect alone (negative), or gives to it [unit of the effect]."""
        return self.effect - self.alone_effect


def cost_curve(measures: Collection[str], evaluate: Callable[[frozenset[str]], Effect]) -> tuple[Step, ...]:
    """Return measures in the order in which they are cheapest to add, each evaluated with those before it.

    At every step the measure with the lowest cost per unit of added effect comes next, negative costs (savings) with
    the largest saving first, since a saving divided by a small effect would rank high; those that add no effect come
    last.

    Parameters
    ----------
    measures : names
    evaluate : extra cost and effect of a set of measures together; called at most n (n + 1) / 2 times

    Returns
    -------
    tuple of Step
        the effects add up to that of all together

    Notes
    -----
    Step by step re-evaluation: Kesicki, F. & Ekins, P. (2012), Marginal abatement cost curves: a call for caution,
    Climate Policy 12(2), 219–236. Negative costs: Taylor, S. (2012), The ranking of negative-cost emissions reduction
    measures, Energy Policy 48, 430–438.

    Examples
    --------
    Two yards compete for the same waste:

    >>> known = {("a",): (10.0, 10.0), ("b",): (24.0, 12.0), ("a", "b"): (34.0, 16.0)}
    >>> steps = cost_curve(["a", "b"], lambda chosen: known[tuple(sorted(chosen))])
    >>> [(step.measure, step.unit_cost, step.interaction) for step in steps]
    [('a', 1.0, 0.0), ('b', 4.0, -6.0)]
    """
    (found,) = cost_curves({"": measures}, lambda asked: [evaluate(chosen) for _, chosen in asked], few=1).values()
    return found


def cost_curves(
    measures: Mapping[str, Collection[str]],
    evaluate: Callable[[Sequence[tuple[str, frozenset[str]]]], Sequence[Effect]],
    *,
    few: int = FEW,
) -> dict[str, tuple[Step, ...]]:
    """Return the curves of several options, as `cost_curve` has them, by few questions that ask much at a time.

    Parameters
    ----------
    measures : names by option
    evaluate : extra cost and effect of many sets of measures at once, each of an option; called once for every place
        on the longest curve but the last few
    few : number of measures left from which all their sets are asked for at once

    Examples
    --------
    >>> known = {("a",): (10.0, 10.0), ("b",): (24.0, 12.0), ("a", "b"): (34.0, 16.0)}
    >>> curves = cost_curves({"x": ["a", "b"]}, lambda asked: [known[tuple(sorted(sets))] for _, sets in asked])
    >>> [step.measure for step in curves["x"]]
    ['a', 'b']
    """
    known: dict[str, dict[frozenset[str], Effect]] = {key: {} for key in measures}
    while asked := [(key, chosen) for key in measures for chosen in _walked(measures[key], known[key], few)[1]]:
        for (key, chosen), effect in zip(asked, evaluate(asked), strict=True):
            known[key][chosen] = effect
    return {key: _walked(measures[key], known[key], few)[0] for key in measures}


def _walked(
    measures: Collection[str], known: Mapping[frozenset[str], Effect], few: int
) -> tuple[tuple[Step, ...], list[frozenset[str]]]:
    """Return the steps of a curve as far as effects are known, and the sets of measures to be known next."""
    chosen: frozenset[str] = frozenset()
    cost, effect = 0.0, 0.0
    steps: list[Step] = []
    while left := [name for name in measures if name not in chosen]:
        sizes = range(1, len(left) + 1) if len(left) <= few else (1,)
        sets = [chosen | {*names} for size in sizes for names in combinations(left, size)]
        if any(chosen | {name} not in known for name in left):
            return tuple(steps), [found for found in sets if found not in known]
        together = {name: known[chosen | {name}] for name in left}
        added = {name: (together[name][0] - cost, together[name][1] - effect) for name in left}
        best = min(left, key=lambda name: _rank(*added[name]))
        chosen = chosen | {best}
        cost, effect = together[best]
        steps.append(Step(best, *added[best], *known[frozenset({best})], effect))
    return tuple(steps), []


def put_together(steps: Sequence[Step]) -> tuple[tuple[tuple[Step, ...], float, float], ...]:
    """Return the blocks of a curve: what adds nothing on its own goes together with the step that it makes possible.

    Returns
    -------
    tuple
        per block its steps, its cost and its effect; steps that add nothing in the end make no block

    Examples
    --------
    Separating adds nothing until there is a yard that takes what is separated:

    >>> known = {("s",): (4.0, 0.0), ("y",): (9.0, 0.0), ("s", "y"): (13.0, 10.0)}
    >>> (block,) = put_together(cost_curve(["s", "y"], lambda chosen: known[tuple(sorted(chosen))]))
    >>> [step.measure for step in block[0]], block[1:]
    (['s', 'y'], (13.0, 10.0))
    """
    blocks: list[tuple[tuple[Step, ...], float, float]] = []
    waiting: list[Step] = []
    for step in steps:
        waiting.append(step)
        effect = sum(found.effect for found in waiting)
        if effect > 0:
            blocks.append((tuple(waiting), sum(found.cost for found in waiting), effect))
            waiting = []
    return tuple(blocks)


def _rank(cost: float, effect: float) -> tuple[int, float]:
    if effect <= 0:
        return 2, cost
    return (0, cost) if cost < 0 else (1, cost / effect)


def sum_of_single(steps: Mapping[str, Effect]) -> Effect:
    """Return cost and effect that single measures would have together if they did not touch each other.

    >>> sum_of_single({"a": (10.0, 10.0), "b": (24.0, 12.0)})
    (34.0, 22.0)
    """
    table = np.array(list(steps.values()), dtype=np.float64).reshape(-1, 2)
    cost, effect = table.sum(axis=0).tolist()
    return cost, effect
