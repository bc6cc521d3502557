"""Targets of a plan against indicators: value, gap, probability, what is reachable, and the lever that helps most.

Stands above `indicators` and beside `economics`. Every target is listed; only those with a number, an
indicator that measures the same thing and a modelled year are judged, the others are recorded or stand as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from cemfa import units
from cemfa.errors import UnitError
from cemfa.indicators import ALL, REGISTRY, by_part
from cemfa.indicators.catalogue import chosen
from cemfa.indicators.spread import Stat, stat_of, stats_of
from cemfa.indicators.view import Array

if TYPE_CHECKING:
    import xarray as xr

    from cemfa.definition.schema import Target

Kind = Literal["judged", "recorded", "text"]

HOPELESS: Final = 0.01
"""Below this probability in every option a target as worded cannot be met, and options rank by their gap."""
PATH_YEARS: Final = 5
"""Years before a target is due from which its path runs straight, where the target states no path."""
_TEXT: Final = ("up", "down", "done")
_SLACK: Final = 1e-9  # rounding of a rate computed from flows that close to 1e-9


@dataclass(frozen=True, slots=True)
class Step:
    """One year on the way to a target.

    Parameters
    ----------
    year : calendar year
    value : the indicator in that year, in its unit
    wanted : what the path asks for in that year, in the indicator's unit; None before the path begins and after it
    on_path : share of samples that have what the path asks for
    probability : share of samples that meet the target as it is for its last year
    """

    year: int
    value: Stat
    wanted: float | None
    on_path: float | None
    probability: float


@dataclass(frozen=True, slots=True)
class TargetSet:
    """The targets of one document.

    Parameters
    ----------
    issuer, document : who set them, and where
    targets : in their order
    """

    issuer: str
    document: str
    targets: tuple[Target, ...]


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
    first_met : first modelled year whose median meets it; None where none does
    steps : every modelled year, with what the path to it asks for; none where it is not judged
    on_path : whether the median has what the path asks for in every year of the path that is modelled
    added : where the indicator's level says little (`Indicator.against_baseline`), what the option changes of it,
        sample by sample against the baseline, in the indicator's unit; None where no baseline was given
    gap_by_district : part of the gap of each district [t/d], adding up to `gap_mass` sample by sample: what the
        district would recycle at the target's rate less what it does; negative where it does more
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
    first_met: int | None = None
    steps: tuple[Step, ...] = ()
    on_path: bool | None = None
    added: Stat | None = None
    gap_by_district: Mapping[str, Stat] = field(default_factory=dict)

    @property
    def is_closed(self) -> bool:
        """Whether the target is no longer due: its last reported value stands instead of a judgement."""
        return self.target.status != "in_force"

    @property
    def share_of_gap(self) -> dict[str, float]:
        """Share of each district in the mean gap; empty where nothing is missing on the whole."""
        whole = sum(part.mean for part in self.gap_by_district.values())
        return {name: part.mean / whole for name, part in self.gap_by_district.items()} if whole > 0 else {}


def target_sets(targets: Sequence[Target]) -> tuple[TargetSet, ...]:
    """Return targets by the document that sets them, documents in the order of their first target.

    Parameters
    ----------
    targets : of a model
    """
    found: dict[tuple[str, str], list[Target]] = {}
    for target in targets:
        found.setdefault((target.issuer, target.document), []).append(target)
    return tuple(TargetSet(*names, tuple(members)) for names, members in found.items())


def path_of(target: Target, start: float | None = None) -> dict[int, float]:
    """Return what the path to a target asks for in each year, in the target's unit.

    Straight lines between the years that `target.path` states and the target itself; where it states none, from
    `start` five years before.

    Parameters
    ----------
    target : with a value
    start : the indicator five years before the target is due

    Examples
    --------
    >>> from cemfa.definition.schema import Label, Target
    >>> goal = Target(
    ...     id="T1", label=Label(vi="a", en="a"), issuer="b", document="c", clause="1", status="in_force", area="d",
    ...     year=2030, value=70.0, sense=">=",
    ... )
    >>> path_of(goal, 20.0)
    {2025: 20.0, 2026: 30.0, 2027: 40.0, 2028: 50.0, 2029: 60.0, 2030: 70.0}
    """
    last = int(target.year)
    points = {int(year): float(value) for year, value in target.path.items() if year < last}
    if not points and start is not None:
        points = {last - PATH_YEARS: start}
    points[last] = float(target.value or 0.0)
    years, values = sorted(points), [points[year] for year in sorted(points)]
    return {year: float(np.interp(year, years, values)) for year in range(years[0], last + 1)}


def assess(
    values: xr.Dataset,
    targets: Sequence[Target],
    *,
    reachable: xr.Dataset | None = None,
    levers: Mapping[str, str] | None = None,
    baseline: xr.Dataset | None = None,
) -> tuple[Assessment, ...]:
    """Return one assessment per target, in their order.

    Parameters
    ----------
    values : indicators per sample and period, from `evaluate`
    targets : of the model
    reachable : the same indicators from a run in which plants stand in time and never fail
    levers : per target id the key of the cause that closes most of its gap
    baseline : the same indicators of the option that the others are held against, the same samples

    Returns
    -------
    tuple of Assessment
        as many as there are targets; an indicator that the results could not support leaves its target recorded

    Raises
    ------
    ResultsError
        `unknown-indicator`, where a target names one that does not exist.
    """
    chosen([name for target in targets for name in (target.indicator, target.contribution) if name])
    found = (_assess_one(values, target, reachable, (levers or {}).get(target.id)) for target in targets)
    return tuple(a if baseline is None else replace(a, added=_added(a, values, baseline)) for a in found)


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
    return _missing(values, (target.value or 0.0) * factor, _at_most(target))


def _missing(values: Array, wanted: float, at_most: bool) -> Array:
    return values - wanted if at_most else wanted - values


def _at_most(target: Target) -> bool:
    return target.sense in ("<=", "<") or (target.sense == "=" and not target.value)


def _assess_one(values: xr.Dataset, target: Target, reachable: xr.Dataset | None, lever: str | None) -> Assessment:
    if target.sense in _TEXT:
        return Assessment(target, "text")
    samples, due = _samples(values, target)
    if samples is None:
        return Assessment(target, "recorded")
    value, factor = stat_of(samples), _factor(target)
    judged = target.indicator is not None and target.value is not None and target.sense != "~"
    if not judged or factor is None or not due or value is None:
        return Assessment(target, "recorded", value=value)
    gap = _shortfall(samples, target, factor)
    met = meets(samples, target, factor)
    best, _ = _samples(reachable, target) if reachable is not None else (None, False)
    top = stat_of(best) if best is not None else None
    probability = float(np.nanmean(met))
    missed = not _is_met(value.p50, target, factor)
    steps = _steps(values, target, factor)
    asked = [step for step in steps if step.wanted is not None]
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
        first_met=next((step.year for step in steps if _is_met(step.value.p50, target, factor)), None),
        steps=steps,
        on_path=all(_keeps(step, target) for step in asked) if asked else None,
        gap_by_district=_gap_by_district(values, target, factor),
    )


def _added(found: Assessment, values: xr.Dataset, baseline: xr.Dataset) -> Stat | None:
    if found.value is None or not REGISTRY[_id(found.target)].against_baseline:
        return None
    (own, _), (theirs, _) = (_samples(dataset, found.target) for dataset in (values, baseline))
    return None if own is None or theirs is None else stat_of(own - theirs)


def _is_met(value: float, target: Target, factor: float) -> bool:
    return bool(meets(np.array([value]), target, factor)[0] == 1)


def _keeps(step: Step, target: Target) -> bool:
    """Return whether the median of a year has what the path asks for."""
    wanted = step.wanted if step.wanted is not None else 0.0
    return bool(_missing(np.array([step.value.p50]), wanted, _at_most(target))[0] <= _SLACK)


def _steps(values: xr.Dataset, target: Target, factor: float) -> tuple[Step, ...]:
    """Return every modelled year; the path asks for something only up to the target's own."""
    years = [int(year) for year in values["period"].to_numpy()]
    samples = dict(zip(years, _by_year(values, _id(target), target), strict=True))
    told = zip(years, stats_of(list(samples.values())), strict=True)
    stats = {year: stat for year, stat in told if stat is not None}
    begin = stats.get(int(target.year) - PATH_YEARS)
    path = path_of(target, begin.p50 / factor if begin else None)
    found = []
    for year, stat in stats.items():
        wanted = path[year] * factor if year in path and year > min(path) - bool(target.path) else None
        met = meets(samples[year], target, factor)
        on_path = None
        if wanted is not None:
            slack = (target.tolerance * factor if year == target.year else 0.0) + _SLACK
            on_path = float(np.mean(_missing(samples[year], wanted, _at_most(target)) <= slack))
        found.append(Step(year, stat, wanted, on_path, float(np.nanmean(met))))
    return tuple(found)


def _gap_by_district(values: xr.Dataset, target: Target, factor: float) -> Mapping[str, Stat]:
    """Return the part of each district in the gap of the headline rate of a settlement, or of all [t/d]."""
    place = f"_{target.where['settlement']}" if "settlement" in target.where else ""
    names = [f"{mass}{place}_by_district" for mass in ("organics_generated", "organics_recycled")]
    if _id(target) != "rate_with_home" or any(name not in values for name in names):
        return {}
    generated, recycled = (values[name].sel(period=target.year) for name in names)
    parts = (generated * ((target.value or 0.0) * factor) - recycled) / units.days_in(int(target.year))
    districts = [str(name) for name in values["district"].to_numpy() if name != ALL]
    stats = stats_of(parts.sel(district=districts).transpose("district", "sample").to_numpy())
    return {name: stat for name, stat in zip(districts, stats, strict=True) if stat is not None}


def _id(target: Target) -> str:
    return target.indicator or target.contribution or ""


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


def _in_year(
    values: xr.Dataset, name: str, target: Target, where: Mapping[str, str] | None = None
) -> tuple[Array, bool]:
    """Return an indicator's samples (S,) in the target's year or the last one, and whether it is that year."""
    due = np.flatnonzero(values["period"].to_numpy() == int(target.year))
    return _by_year(values, name, target, where)[due[0] if due.size else -1], bool(due.size)


def _by_year(values: xr.Dataset, name: str, target: Target, where: Mapping[str, str] | None = None) -> Array:
    """Return an indicator (T, S) of the part of the area that a target speaks of, or of another."""
    dimension, parts, rows = by_part(values, name)
    asked = target.where if where is None else where
    found: Array = rows[parts.index(asked.get(dimension, ALL)) if dimension else 0]
    return found


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
        item = {REGISTRY[indicator.of].by: indicator.of_item} if indicator.of_item else target.where
        whole, _ = _in_year(values, indicator.of, target, where=item)
        return stat_of(gap * whole / days)
    return None
