"""The choice between the options of a comparison: how sure it is, what it hangs on, what knowing more is worth.

Between `assemble`, which measures options, and the pure functions of `choice`, `dominance`, `criteria` and `turning`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from cemfa import locale
from cemfa.comparison.choice import best_on_average, expected_loss, partial_information, perfect_information
from cemfa.comparison.criteria import on_scale, promethee, rank_stability, topsis, weighted_sum
from cemfa.comparison.dominance import dominated_by, efficient
from cemfa.comparison.drawn import Drawn, drawn_numbers, drawn_parameters
from cemfa.comparison.drivers import FEWEST, rank_correlation, telling
from cemfa.comparison.outcome import (
    Aim,
    Decision,
    Donation,
    Information,
    OptionResult,
    ProgrammeResult,
    ProjectResult,
    Scored,
    Turn,
)
from cemfa.comparison.pairs import at, headline_of, probability_best
from cemfa.comparison.turning import switching_from_samples, tornado
from cemfa.definition.schema import Criterion, Model, Scenario
from cemfa.economics.cashflow import present_value
from cemfa.errors import CemfaError, Problem, ResultsError
from cemfa.indicators import ALL
from cemfa.indicators.spread import stat_of
from cemfa.indicators.view import Array

if TYPE_CHECKING:
    from cemfa.system.compile import System

_HARDLY: Final = 0.001
"""Share of all organics generated from which more is recycled: less has no cost per tonne worth telling."""
_MOST: Final = 8
"""Parameters shown beside a choice."""


def decide(
    scenario: Scenario, model: Model, system: System, seed: int, options: Sequence[OptionResult], base: OptionResult
) -> Decision:
    """Return the choice between options: by the headline rate, by money, and by weighted criteria where there are any.

    Parameters
    ----------
    options : baselines and options, without stress cases, the same samples
    base : the baseline that differences are taken to

    Raises
    ------
    ResultsError
        `criterion-value` where an option has no finite value of a criterion.
    """
    year = scenario.target_year
    rate = headline_of({option.id: option.indicators for option in options}, year)
    money = {option.id: option.economics.samples["npv"].to_numpy() for option in options}
    samples = len(next(iter(money.values())))
    parameters: tuple[Drawn, ...] = ()
    if samples >= FEWEST:
        held = [option.base_option for option in options]
        parameters = (*drawn_parameters(system, seed, samples, year), *drawn_numbers(scenario, held, seed, samples))
    scored = _scored(scenario, options, base)
    # doing nothing costs nothing: by money alone only what is done can be compared
    done = {option.id: money[option.id] for option in options if option.baseline is None} or money
    aims: dict[str, tuple[Mapping[str, Array], str]] = {"rate": (rate, "1")} if rate else {}
    aims["npv"] = (done, "VND")
    if scored is not None:
        aims["score"] = (scored.samples, "1")
    everywhere, middle = _efficient(money, rate)
    return Decision(
        aims=tuple(aim_of(key, values, unit, parameters, model) for key, (values, unit) in aims.items()),
        efficient=middle,
        efficient_share=everywhere,
        scored=scored,
        donations=tuple(_donations(scenario, options, base)),
    )


def _efficient(money: Mapping[str, Array], rate: Mapping[str, Array]) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return in which share of the samples each option is efficient in cost and rate, and which are so by medians."""
    if not rate:
        return {}, ()
    everywhere = efficient({key: [-money[key], rate[key]] for key in rate}, ["min", "max"])
    middle = {key: [-float(np.median(money[key])), float(np.median(rate[key]))] for key in rate}
    chosen = tuple(key for key, is_so in efficient(middle, ["min", "max"]).items() if is_so)
    return {key: float(found.mean()) for key, found in everywhere.items()}, chosen


def aim_of(key: str, values: Mapping[str, Array], unit: str, parameters: Sequence[Drawn], model: Model) -> Aim:
    """Return how options stand by one aim.

    Parameters
    ----------
    key : name of the aim
    values : per option (S,) [unit], the more the better
    parameters : as drawn; those with a bearing on the choice are named
    """
    leader = best_on_average(values)
    matter = _that_matter(values, leader, parameters)
    everything = perfect_information(values)
    information = sorted((_information(values, drawn, model) for drawn in matter), key=lambda found: -found.value)
    bars = tornado(values[leader], {drawn.parameter: drawn.values for drawn in _bearing(values[leader], parameters)})
    named = {drawn.parameter: drawn for drawn in parameters}
    return Aim(
        key=key, unit=unit, leader=leader,
        expected={name: float(np.mean(row)) for name, row in values.items()},
        probability=probability_best(values),
        loss=expected_loss(values),
        perfect_information=everything,
        information=tuple(information),
        dominated={order: dominated_by(values, order) for order in (1, 2)},
        bars=bars[:_MOST],
        labels={bar.parameter: named[bar.parameter].origin_in(model).label for bar in bars[:_MOST]},
        units={bar.parameter: named[bar.parameter].unit for bar in bars[:_MOST]},
        turns=tuple(turn for drawn in matter for turn in _turns(values, leader, drawn, model)),
    )  # fmt: skip


def _bearing(result: Array, parameters: Sequence[Drawn]) -> list[Drawn]:
    """Return the parameters whose rank correlation with a result chance would hardly give, closest first."""
    if not parameters or not np.ptp(result) > 0:
        return []
    found = np.abs(rank_correlation(np.stack([drawn.values for drawn in parameters]), result))
    least = telling(result.size, len(parameters))
    order = np.argsort(-found, kind="stable")
    return [parameters[n] for n in order if found[n] > least][:_MOST]


def _that_matter(values: Mapping[str, Array], leader: str, parameters: Sequence[Drawn]) -> list[Drawn]:
    """Return the parameters on which the lead over any other option hangs."""
    named: dict[str, Drawn] = {}
    for name, row in values.items():
        if name != leader:
            named |= {drawn.parameter: drawn for drawn in _bearing(values[leader] - row, parameters)}
    return list(named.values())


def _information(values: Mapping[str, Array], drawn: Drawn, model: Model) -> Information:
    origin = drawn.origin_in(model)
    return Information(drawn.parameter, origin.label, partial_information(values, drawn.values), origin.basis)


def _turns(values: Mapping[str, Array], leader: str, drawn: Drawn, model: Model) -> Iterator[Turn]:
    """Yield the values of a parameter at which the leader loses its place."""
    low, middle, high = (float(part) for part in np.quantile(drawn.values, [0.05, 0.5, 0.95]))
    for switch in switching_from_samples(values, drawn.values):
        if leader in (switch.below, switch.above):
            label = drawn.origin_in(model).label
            yield Turn(drawn.parameter, label, drawn.unit, switch.value, switch.below, switch.above, low, middle, high)


def criterion_values(option: OptionResult, criterion: Criterion, year: int, base: OptionResult) -> Array:
    """Return what an option has of a criterion, (S,), in canonical units.

    Raises
    ------
    ResultsError
        `criterion-value` where a value is missing or not finite.
    """
    found = _values(option, criterion.indicator, year)
    if criterion.of == "difference" and found is not None:
        other = _values(base, criterion.indicator, year)
        found = None if other is None else found - other
    if found is None or not np.isfinite(found).all():
        parameters = {"name": criterion.indicator, "option": option.id, "year": year}
        raise locale.error(ResultsError, Problem("criterion-value", parameters=parameters))
    return found


def _values(option: OptionResult, name: str, year: int) -> Array | None:
    key, _, item = name.partition(".")
    money = option.economics.samples
    if key == "opex":
        return np.asarray(money["running"].sel(year=year).to_numpy())
    if key in money:
        return np.asarray(money[key].to_numpy())
    if key not in option.indicators:
        return None
    parts = [dimension for dimension in option.indicators[key].dims if dimension not in ("sample", "period")]
    if item and item not in [str(known) for part in parts for known in option.indicators[key][part].to_numpy()]:
        return None
    return at(option.indicators, key, year, item or ALL)


def _scored(scenario: Scenario, options: Sequence[OptionResult], base: OptionResult) -> Scored | None:
    if not scenario.criteria:
        return None
    year, criteria = scenario.target_year, scenario.criteria
    raw = {
        option.id: np.stack([criterion_values(option, criterion, year, base) for criterion in criteria], axis=-1)
        for option in options
    }
    weights = [criterion.weight for criterion in criteria]
    senses = [criterion.sense for criterion in criteria]
    scales = [criterion.scale for criterion in criteria]
    scores = {key: on_scale(values, scales) for key, values in raw.items()}
    middle = np.stack([values.mean(axis=0) for values in raw.values()])
    try:
        others = {"topsis": topsis(middle, weights, senses), "promethee": promethee(middle, weights, senses)}
    except CemfaError as error:
        if {problem.code for problem in error.problems} != {"extra-missing"}:
            raise
        others = {}
    return Scored(
        criteria=criteria,
        means={key: tuple(values.mean(axis=0).tolist()) for key, values in raw.items()},
        scores={key: tuple(values.mean(axis=0).tolist()) for key, values in scores.items()},
        samples={key: weighted_sum(values, weights) for key, values in scores.items()},
        stability=rank_stability({key: values.mean(axis=0) for key, values in scores.items()}),
        others={name: dict(zip(raw, found.tolist(), strict=True)) for name, found in others.items()},
    )


def _donations(scenario: Scenario, options: Sequence[OptionResult], base: OptionResult) -> Iterator[Donation]:
    for option in options:
        if option.baseline is None:
            yield _donation(option, base, scenario.donors)


def _donation(option: OptionResult, base: OptionResult, donors: Sequence[str]) -> Donation:
    """Return what a donor asks of an option: what it costs per tonne more, and what the grant is for."""
    economics, money = option.economics, option.economics.samples
    years = list(economics.years)
    rate = money["discount_rate"].to_numpy()
    extra = base.economics.samples["npv"].to_numpy() - money["npv"].to_numpy()
    more = _more_recycled(option, base, years)
    tonnes = present_value(np.concatenate([np.zeros((len(rate), 1)), more], axis=1), rate)
    enough = bool(np.median(more.sum(axis=1)) > _HARDLY * _generated(base, years))
    with np.errstate(divide="ignore", invalid="ignore"):
        per_tonne = np.where((tonnes > 0) & enough, extra / tonnes, np.nan)
    given = [name for name in economics.funders if name in donors]
    budget = economics.budget
    grant = budget.sel(funder=given).sum(["funder", "year"]).to_numpy() if given else np.zeros(len(rate))
    need = budget.sum(["funder", "year"]).to_numpy()
    everything: tuple[ProjectResult | ProgrammeResult, ...] = (*option.projects, *option.programmes)
    helped = [item for item in everything if any(f.source in donors and f.share > 0 for f in item.funding)]
    lost = [item.intake.p50 for item in helped if isinstance(item, ProjectResult) and item.intake is not None]
    per_year = economics.after_donors.transpose("sample", "year").to_numpy()[:, -1]
    return Donation(
        option=option.id,
        per_tonne=stat_of(per_tonne),
        per_tonne_co2e=economics.abatement_cost,
        grant=stat_of(grant),
        share=float(grant.mean() / need.mean()) if need.mean() > 0 else 0.0,
        after=stat_of(per_year),
        projects=tuple(p.id for p in helped),
        intake=float(sum(lost)),
    )


def _more_recycled(option: OptionResult, base: OptionResult, years: Sequence[int]) -> Array:
    """Return the organics recycled more than in the baseline, (S, T) [t/yr]; NaN where they are not modelled."""
    return _whole(option, "organics_recycled", years) - _whole(base, "organics_recycled", years)


def _generated(base: OptionResult, years: Sequence[int]) -> float:
    return float(np.median(_whole(base, "organics_generated", years).sum(axis=1)))


def _whole(option: OptionResult, name: str, years: Sequence[int]) -> Array:
    """Return an indicator of the whole area, (S, T) [t/yr]; NaN where it is not modelled."""
    if name not in option.indicators:
        return np.full((option.indicators.sizes["sample"], len(years)), np.nan)
    array = option.indicators[name].sel(period=list(years))
    for dimension in set(array.dims) - {"sample", "period"}:
        array = array.sel({dimension: ALL})
    return np.asarray(array.transpose("sample", "period").to_numpy(), dtype=np.float64)
