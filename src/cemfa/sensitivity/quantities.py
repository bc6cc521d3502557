"""What can be asked for: an indicator, a flow or a throughput, by name; its value in every sample of one year.

Beside `points` in `sensitivity`: there the balance is computed at many points at once, here it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from cemfa import locale
from cemfa.definition.schema import Label
from cemfa.errors import Problem, ResultsError
from cemfa.indicators import ALL, REGISTRY, evaluate
from cemfa.sensitivity.origins import layer_name
from cemfa.system.layout import Array, System

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

FRESH: Final = "fresh"


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """One number of a year.

    Parameters
    ----------
    id : as it was asked for
    label, unit : its name and unit
    kind : ``indicator``, ``flow`` or ``throughput``
    name, item : indicator and the part of it
    places : positions of the flows or processes that are added
    weight : shape (L,), weights that add their layers
    """

    id: str
    label: Label
    unit: str
    kind: Literal["indicator", "flow", "throughput"]
    name: str = ""
    item: str = ""
    places: tuple[int, ...] = ()
    weight: Array | None = None

    def of_arrays(self, flows: Array, throughput: Array) -> Array:
        """Return a flow or throughput (S,) from those of a year (F, L, S) and (P, L, S)."""
        values = flows if self.kind == "flow" else throughput
        total = np.zeros(values.shape[2])
        for place in self.places:
            for layer in np.flatnonzero(self.weight if self.weight is not None else ()).tolist():
                total += values[place, layer]
        return total


def quantities_of(system: System, names: Sequence[str]) -> tuple[Quantity, ...]:
    """Return the quantities asked for.

    Parameters
    ----------
    names : ``rate_with_home`` or ``rate_with_home:rural``, an indicator or one part of it; ``straw_fed``,
        ``straw_fed[ba_tri]`` or ``straw_fed:carbon``, a flow (all its copies together), one copy, one layer
        (default: fresh mass, or the only layer); ``landfill`` or ``landfill:carbon``, what passes a process

    Raises
    ------
    ResultsError
        every name that is none of these, with what is known.
    """
    found, problems = [], []
    for asked in names:
        name, _, part = asked.partition(":")
        quantity = _indicator(system, asked, name, part or ALL) or _mass(
            system, asked, name, part or usual_layer(system)
        )
        found.append(quantity)
        problems += [quantity] if isinstance(quantity, Problem) else []
    if not names:
        problems.append(Problem("quantities-none"))
    if problems:
        raise locale.error(ResultsError, problems)
    return tuple(quantity for quantity in found if isinstance(quantity, Quantity))


def values_of(
    quantities: Sequence[Quantity],
    flows: Array,
    throughput: Array,
    results: Callable[[], xr.Dataset],
) -> Array:
    """Return the values (Q, S) of quantities in one year.

    Parameters
    ----------
    flows, throughput : shape (F, L, S) and (P, L, S) [t/year]
    results : gives the year as results, of which the indicators are computed; called only where there are any
    """
    asked = list(dict.fromkeys(q.name for q in quantities if q.kind == "indicator"))
    measured = evaluate(results(), asked) if asked else None
    found = np.empty((len(quantities), flows.shape[2]))
    for number, quantity in enumerate(quantities):
        if measured is None or quantity.kind != "indicator":
            found[number] = quantity.of_arrays(flows, throughput)
            continue
        values = measured[quantity.name].isel(period=0)
        by = REGISTRY[quantity.name].by
        found[number] = values.sel({by: quantity.item}) if by else values
    return found


def _indicator(system: System, asked: str, name: str, item: str) -> Quantity | Problem | None:
    if name not in REGISTRY:
        return None
    indicator = REGISTRY[name]
    known = (ALL, *_items(system.flow_coords.get(indicator.by))) if indicator.by else (ALL,)
    if item not in known:
        return Problem("quantity-part", parameters={"name": name, "part": item, "known": known})
    shown = "" if item == ALL else f" [{item}]"
    label = Label(**{lang: indicator.label(lang) + shown for lang in locale.LANGUAGES})
    return Quantity(asked, label, indicator.unit, "indicator", name=name, item=item)


def _mass(system: System, asked: str, name: str, layer: str) -> Quantity | Problem:
    kinds: tuple[tuple[Literal["flow", "throughput"], Any, Any], ...] = (
        ("flow", system.flow_ids, system.flow_coords["flow_name"]),
        ("throughput", system.process_ids, system.process_coords["process_name"]),
    )
    for kind, ids, named in kinds:
        places = np.flatnonzero((np.array(ids) == name) | (named == name))
        if len(places):
            layers = (FRESH, *system.layers) if system.mass_layers else system.layers
            if layer not in layers:
                return Problem("quantity-part", parameters={"name": name, "part": layer, "known": layers})
            weight = system.mass_weight() if layer == FRESH else (np.array(system.layers) == layer).astype(float)
            label = _label(system, kind, name, layer)
            return Quantity(asked, label, "t/year", kind, places=tuple(places.tolist()), weight=weight)
    return Problem("quantity-unknown", parameters={"name": name, "near": _near(system, name)})


def _label(system: System, kind: Literal["flow", "throughput"], name: str, layer: str) -> Label:
    plain, bracket, items = name.partition("[")
    parts = {}
    for lang in locale.LANGUAGES:
        words = system.model.name_of("flow" if kind == "flow" else "process", plain, lang)
        parts[lang] = f"{words} [{items}" if bracket else words
        if layer != usual_layer(system):
            parts[lang] += f", {layer_name(layer, lang)}"
    return Label(**parts)


def usual_layer(system: System) -> str:
    """Return the layer meant where none is named: fresh mass, or the only layer of a model without masses."""
    return FRESH if system.mass_layers or len(system.layers) > 1 else system.layers[0]


def _items(values: NDArray[Any] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(v) for v in values if v)) if values is not None else ()


def _near(system: System, name: str) -> tuple[str, ...]:
    """Return the names that look most like the one asked for, all indicators where none does."""
    import difflib

    known = [*REGISTRY, *system.model.flows, *system.model.processes]
    return tuple(difflib.get_close_matches(name, known, n=3, cutoff=0.5)) or tuple(REGISTRY)
