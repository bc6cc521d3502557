"""Targets of a plan against indicators: value, gap, probability, what is reachable, and the lever that helps most.

Stands above `indicators` and beside `economics`. Every target is listed; only those with a number, an
indicator that measures the same thing and a modelled year are judged, the others are recorded or stand as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from cemfa import units
from cemfa.errors import UnitError
from cemfa.indicators import ALL, REGISTRY
from cemfa.indicators.spread import Stat, stat_of
from cemfa.indicators.view import Array

if TYPE_CHECKING:
    import xarray as xr

    from cemfa.definition.schema import Target

Kind = Literal["judged", "recorded", "text"]

HOPELESS: Final = 0.01
"""Below this probability in every option a target as worded cannot be met, and options rank by their gap."""
_TEXT: Final = ("up", "down", "done")
_SLACK: Final = 1e-9  # rounding of a rate computed from flows that close to 1e-9


@dataclass(frozen=True, slots=True)
class Assessment:
    """One target, judged as far as it can be.

    Parameters
    ----------
    target : as written in the model
    kind : judged; recorded (a number that the model cannot judge); text (a direction or milestone)
    value : the indicator in the target's year, or the last modelled one, in the indicator's unit
    gap_points : what is missing, in percentage points; negative where there is more than asked
    gap_mass : what is missing [t/d]
    probability : share of samples that meet it
    reachable : if every plant stood in time and worked perfectly, in the indicator's unit
    lever : key of the cause that closes most of the gap (`comparison.lever.<key>`)
    met : whether the median meets it
    """

    target: Target
    kind: Kind
    value: Stat | None = None
    gap_points: Stat | None = None
    gap_mass: Stat | None = None
    probability: float | None = None
    reachable: float | None = None
    lever: str | None = None
    met: bool | None = None


def assess(
    values: xr.Dataset,
    targets: Sequence[Target],
    *,
    reachable: xr.Dataset | None = None,
    levers: Mapping[str, str] | None = None,
) -> tuple[Assessment, ...]:
    """Return one assessment per target, in their order.

    Parameters
    ----------
    values : indicators per sample and period, from `evaluate`
    targets : of the model
    reachable : the same indicators from a run in which plants stand in time and never fail
    levers : per target id the key of the cause that closes most of its gap

    Returns
    -------
    tuple of Assessment
        as many as there are targets; an indicator that the results could not support leaves its target recorded
    """
    return tuple(_assess_one(values, target, reachable, (levers or {}).get(target.id)) for target in targets)


def cannot_be_met(assessments: Sequence[Sequence[Assessment]], target: str) -> bool:
    """Return whether no option meets a judged target with more than 1 % probability.

    Parameters
    ----------
    assessments : those of every option
    target : its id
    """
    found = [a.probability for option in assessments for a in option if a.target.id == target]
    judged = [probability for probability in found if probability is not None]
    return bool(judged) and max(judged) <= HOPELESS


def by_remaining_gap(assessments: Mapping[str, Sequence[Assessment]], target: str) -> tuple[str, ...]:
    """Return the options by how much a target still misses, smallest median gap first; without a gap left out.

    Parameters
    ----------
    assessments : per option id
    target : its id
    """
    gaps = {
        option: gap.p50
        for option, found in assessments.items()
        for a in found
        if a.target.id == target and (gap := a.gap_points or a.gap_mass) is not None
    }
    return tuple(sorted(gaps, key=lambda option: gaps[option]))


def meets(values: Array, target: Target, factor: float) -> Array:
    """Return where values meet a target, (S,), 1 or 0; NaN stays NaN.

    ``= 100 %`` means at least that less the tolerance, ``= 0`` at most the tolerance.

    Parameters
    ----------
    values : (S,), in the indicator's unit
    factor : value of one of the target's units in the indicator's
    """
    shortfall = _shortfall(values, target, factor)
    slack = target.tolerance * factor + _SLACK
    strict = target.sense in (">", "<")
    return np.where(np.isnan(values), np.nan, (shortfall < 0) if strict else (shortfall <= slack))


def _shortfall(values: Array, target: Target, factor: float) -> Array:
    """Return how much is missing, negative where there is more than asked, in the indicator's unit."""
    wanted = (target.value or 0.0) * factor
    most = target.sense in ("<=", "<") or (target.sense == "=" and wanted == 0)
    return values - wanted if most else wanted - values


def _assess_one(values: xr.Dataset, target: Target, reachable: xr.Dataset | None, lever: str | None) -> Assessment:
    if target.sense in _TEXT:
        return Assessment(target, "text")
    samples, due = _samples(values, target)
    if samples is None:
        return Assessment(target, "recorded")
    value, factor = stat_of(samples), _factor(target)
    if target.value is None or target.sense == "~" or factor is None or not due or value is None:
        return Assessment(target, "recorded", value=value)
    gap = _shortfall(samples, target, factor)
    met = meets(samples, target, factor)
    best, _ = _samples(reachable, target) if reachable is not None else (None, False)
    top = stat_of(best) if best is not None else None
    probability = float(np.nanmean(met))
    missed = bool(meets(np.array([value.p50]), target, factor)[0] == 0)
    return Assessment(
        target,
        "judged",
        value=value,
        gap_points=stat_of(gap * 100.0) if REGISTRY[_id(target)].unit == "1" else None,
        gap_mass=_gap_mass(values, target, gap),
        probability=probability,
        reachable=top.p50 if top else None,
        lever=lever if missed else None,
        met=not missed,
    )


def _id(target: Target) -> str:
    return target.indicator or ""


def _samples(values: xr.Dataset, target: Target) -> tuple[Array | None, bool]:
    """Return the indicator's samples (S,) in the target's year or the last one, and whether it is that year.

    None where the indicator, or the part of the area that the target speaks of, is not among the values.
    """
    if _id(target) not in values.data_vars:
        return None, False
    array = values[_id(target)]
    if any(name not in array.dims or item not in array[name].to_numpy() for name, item in target.where.items()):
        return None, False
    return _in_year(values, _id(target), target)


def _in_year(values: xr.Dataset, name: str, target: Target) -> tuple[Array, bool]:
    array = values[name]
    due = target.year in array["period"].to_numpy()
    array = array.sel(period=target.year) if due else array.isel(period=-1)
    for dimension in set(array.dims) - {"sample"}:
        array = array.sel({dimension: target.where.get(str(dimension), ALL)})
    return array.to_numpy().astype(np.float64), bool(due)


def _factor(target: Target) -> float | None:
    """Return the target's unit in the indicator's, None where they measure different things."""
    try:
        wanted = units.parse(target.unit or "1")
    except UnitError:
        return None
    own = units.parse(REGISTRY[_id(target)].unit)
    if wanted.dimension == own.dimension:
        return wanted.factor / own.factor
    return None


def _gap_mass(values: xr.Dataset, target: Target, gap: Array) -> Stat | None:
    """Return a gap in t/d: of a mass as it is, of a rate times what it is a share of."""
    indicator = REGISTRY[_id(target)]
    days = units.days_in(int(target.year))
    if indicator.unit == "t/year":
        return stat_of(gap / days)
    if indicator.of and indicator.of in values.data_vars:
        whole, _ = _in_year(values, indicator.of, target)
        return stat_of(gap * whole / days)
    return None
