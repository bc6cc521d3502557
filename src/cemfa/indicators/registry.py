"""What an indicator is: a pure function of results with declared unit, dimension, needs and source.

Stands below the families (`recycling`, `nutrients`, `climate`, …), which declare their indicators here, and
below `catalogue`, which evaluates them. Names and formulas in words live in `locale` under `indicators.<id>`
and `indicators.<id>.formula`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Final
from weakref import WeakKeyDictionary

from cemfa import locale
from cemfa.errors import Problem, ResultsError
from cemfa.indicators.view import Array, View

ALL: Final = "all"
"""Item of `settlement` and `district` that stands for the whole area."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator.

    Parameters
    ----------
    id : its key
    unit : canonical unit of its values; ``1`` is a fraction
    source : where the definition comes from
    compute : View -> (S, T) or, with `by`, (S, T, items)
    by : dimension of the last axis, "" for none; its items are those of the model, then `all`
    layers : layers it reads beside fresh mass
    parameters : accounting parameters it cannot do without, whatever the technology
    rate : whether it is a share that may not exceed one
    of : indicator that is its denominator, so that a gap can be told in tonnes
    of_item : item of the denominator's dimension, where the share itself has none
    against_baseline : whether its level says little, and what an option changes says what is meant
    """

    id: str
    unit: str
    source: str
    compute: Callable[[View], Array]
    by: str = ""
    layers: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    rate: bool = False
    of: str = ""
    of_item: str = ""
    against_baseline: bool = False

    def label(self, lang: str | None = None) -> str:
        """Return its name in a language."""
        return locale.text(f"indicators.{self.id}", lang)

    def formula(self, lang: str | None = None) -> str:
        """Return its formula in words of a language."""
        return locale.text(f"indicators.{self.id}.formula", lang)

    def missing(self, view: View) -> tuple[str, ...]:
        """Return the layers and parameters it needs and the results lack."""
        layers = [layer for layer in self.layers if layer not in view.layers]
        return (*layers, *(name for name in self.parameters if not view.has(name)))


def once(compute: Callable[[View], Array]) -> Callable[[View], Array]:
    """Return a function of a view that computes once for each view, for what several indicators share."""
    known: WeakKeyDictionary[View, Array] = WeakKeyDictionary()

    @wraps(compute)
    def found(view: View) -> Array:
        if view not in known:
            known[view] = compute(view)
        return known[view]

    return found


def require(indicator: str, missing: Iterable[str]) -> None:
    """Raise the one error that lists everything an indicator lacks.

    Raises
    ------
    ResultsError
        `indicator-needs`, where `missing` is not empty.
    """
    names = tuple(dict.fromkeys(missing))
    if names:
        parameters = {"indicator": locale.text(f"indicators.{indicator}"), "id": indicator, "missing": names}
        raise locale.error(ResultsError, Problem("indicator-needs", parameters=parameters))
