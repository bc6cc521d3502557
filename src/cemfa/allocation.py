"""Results of a dimension turned into those of another division of the land, for example the communes of today.

Above `results`, whose arrays it takes, and the definition, whose areas it reads; below everything that shows
results. Masses, money and other sums are shared out; rates are averaged. What comes out says that it was allocated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cemfa import locale
from cemfa.definition.schema import Area, Model
from cemfa.errors import Problem, ResultsError

if TYPE_CHECKING:
    import xarray as xr

WHOLE: Final = ("", "all")
"""Labels that stand for no item or for all of them; nothing of theirs is shared out."""
_RATES: Final = ("1", "%")


def area_of(model: Model, name: str) -> Area:
    """Return an area of a model.

    Raises
    ------
    ResultsError
        with the code ``area-unknown``.
    """
    if name not in model.areas:
        known = tuple(model.areas) or ("–",)
        raise locale.error(ResultsError, Problem("area-unknown", parameters={"name": name, "known": known}))
    return model.areas[name]


def allocate(values: xr.DataArray, model: Model, area: str = "commune") -> xr.DataArray:
    """Return values by an area's places instead of the items it divides, marked as allocated.

    A sum (a mass, money, people) is shared out by the area's shares, so that the places of an item together have
    what the item had; a rate (unit 1 or %) becomes the mean over the items a place lies in, by the weights of the
    shares. Valid as far as what is measured follows what the shares count: people, not fields or plants.

    Parameters
    ----------
    values : with the divided dimension (``district``) and the attribute ``unit``; a label that stands for all items
        (``all``) is kept, last; one that stands for none (``""``) likewise

    Returns
    -------
    xr.DataArray
        with the dimension `area` in its place, and the attributes ``allocated`` and ``allocated_vi``: the mark in words

    Raises
    ------
    ResultsError
        where the model has no such area, the values lack the dimension or the unit, or a label is no item of it.

    Examples
    --------
    >>> from cemfa import compile_system, read_model, solve
    >>> model = read_model("ben_tre")
    >>> waste = solve(compile_system(model)).cemfa.select(flow_name="household_waste").cemfa.totals("district")
    >>> by_commune = allocate(waste, model)
    >>> by_commune.sizes["commune"], bool(abs(by_commune.sum() / waste.sum() - 1) < 1e-12)
    (48, True)
    """
    found = area_of(model, area)
    labels = _labels(values, found)
    matrix = _matrix(found, labels, rates=_is_rate(values))
    axis = values.dims.index(found.of)
    moved = np.moveaxis(values.to_numpy(), axis, -1)
    shared = np.zeros((*moved.shape[:-1], matrix.shape[0]))
    for number, row in enumerate(matrix):  # in order, so that no bit depends on how wide the other axes are
        for position in np.flatnonzero(row).tolist():
            shared[..., number] += row[position] * moved[..., position]
    kept = [label for label in labels if label in WHOLE]
    coords: dict[Any, Any] = {k: v for k, v in values.coords.items() if found.of not in v.dims}
    coords[area] = [*(part.id for part in found.parts), *kept]
    dims = tuple(area if dim == found.of else dim for dim in values.dims)
    attrs = values.attrs | {"allocated": mark(model, found, "en"), "allocated_vi": mark(model, found, "vi")}
    made = type(values)(np.moveaxis(shared, -1, axis), coords, dims, values.name, attrs)
    return made.assign_coords(
        {f"{area}_label": (area, [*(part.label.of(locale.language()) for part in found.parts), *kept])}
    )


def mark(model: Model, area: Area, lang: str | None = None) -> str:
    """Return the words that tables and figures carry beside allocated results.

    Examples
    --------
    >>> from cemfa.definition.load import read_model
    >>> model = read_model("ben_tre")
    >>> mark(model, model.areas["commune"], "en")
    'allocated from 9 former districts by 2009 population; not observed'
    """
    lang = lang or locale.language()
    return locale.text("results.allocated", lang, count=len(model.items(area.of)), by=area.by.of(lang))


def _is_rate(values: xr.DataArray) -> bool:
    unit = values.attrs.get("unit")
    if unit is None:
        raise locale.error(ResultsError, Problem("allocate-unit", parameters={"name": str(values.name)}))
    return unit in _RATES


def _labels(values: xr.DataArray, area: Area) -> list[str]:
    if area.of not in values.dims:
        shown = {"dimension": area.of, "found": [str(dim) for dim in values.dims]}
        raise locale.error(ResultsError, Problem("allocate-dimension", parameters=shown))
    labels = [str(label) for label in values[area.of].to_numpy().tolist()]
    known = {share.item for share in area.shares}
    wrong = [label for label in labels if label not in known and label not in WHOLE]
    if wrong:
        shown = {"dimension": area.of, "labels": wrong, "known": sorted(known)}
        raise locale.error(ResultsError, Problem("allocate-label", parameters=shown))
    return labels


def _matrix(area: Area, labels: Sequence[str], *, rates: bool) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return what each place (P + kept, D) has of each label: its share, or its weight in the mean of a rate."""
    parts = {part.id: number for number, part in enumerate(area.parts)}
    positions = {label: number for number, label in enumerate(labels)}
    kept = [label for label in labels if label in WHOLE]
    matrix = np.zeros((len(parts) + len(kept), len(labels)))
    for row in area.shares:
        if row.item in positions:
            matrix[parts[row.part], positions[row.item]] = row.weight if rates else row.share
    whole = matrix[: len(parts)]
    totals = whole.sum(axis=1, keepdims=True) if rates else whole.sum(axis=0, keepdims=True)
    np.divide(whole, totals, out=whole, where=totals > 0)
    for number, label in enumerate(kept, start=len(parts)):
        matrix[number, positions[label]] = 1.0
    return matrix
