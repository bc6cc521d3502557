"""Simulated cases put side by side: judged, priced, paired, explained.

Between `run`, which simulates, and `outcome`, which holds the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np
import xarray as xr

from cemfa import __version__, locale, units
from cemfa.comparison.costing import Run
from cemfa.comparison.decision import decide
from cemfa.comparison.drivers import drivers
from cemfa.comparison.losses import losses_of
from cemfa.comparison.money import account
from cemfa.comparison.outcome import (
    Comparison,
    Economics,
    OptionResult,
    ProgrammeResult,
    ProjectResult,
    Reason,
)
from cemfa.comparison.pairs import HEADLINE, at, headline_of, paired, probability_best, variance_ratios
from cemfa.comparison.parameters import ParameterRecord
from cemfa.comparison.settling import Item
from cemfa.definition.schema import Label, Model, Scenario, Target
from cemfa.indicators import ALL
from cemfa.indicators.losses import CAUSES
from cemfa.indicators.spread import stat_of
from cemfa.indicators.view import Array
from cemfa.system.compile import System
from cemfa.targets import Assessment, assess, by_remaining_gap, cannot_be_met

_LEVERS: Final = tuple(cause for cause in CAUSES if cause not in ("fed", "elsewhere"))
_SEPARATED: Final = ("mixed", "too_far", "unbuilt", "full", "down")
_LEVERS_OF: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "waste_treated_circular_urban": ("urban", ("uncollected", *_SEPARATED)),
        "landfilled_directly": ("", _SEPARATED),
        "direct_landfilling_circular_urban": ("urban", ("full", "down", "spoiled")),
        "landfilling_circular_urban": ("urban", ("full", "down", "spoiled", "rejected")),
    }
)
"""Settlement and causes that keep waste from targets other than recycling rates."""
_COLLECTED: Final = "waste_collected_treated"


@dataclass(frozen=True, slots=True)
class Case:
    """One run: an option, or an option under a stress case."""

    option: str
    stress: str | None = None

    @property
    def id(self) -> str:
        """Its id in the comparison."""
        return f"{self.option}.{self.stress}" if self.stress else self.option


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A case with what was simulated for it.

    Parameters
    ----------
    results : what was kept of the flows, of what plants did, and the accounts
    parameters : accounting parameters in the decision years
    indicators, perfect : its indicators, and those of plants that never fail
    """

    case: Case
    results: xr.Dataset
    parameters: ParameterRecord
    indicators: xr.Dataset
    perfect: xr.Dataset


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """What all cases of a comparison share.

    Parameters
    ----------
    now, base : outcomes of the baselines as now and as already committed (the same one where there is one only)
    value_of_base : (S,), net present value of the latter
    best : per case the probability of having the highest headline rate
    letters : per option
    """

    scenario: Scenario
    model: Model
    system: System
    seed: int
    now: Outcome
    base: Outcome
    value_of_base: Array
    best: Mapping[str, float]
    letters: Mapping[str, str]


def baselines_of(scenario: Scenario) -> dict[str, str]:
    """Return the ids of the baselines by kind, `as_now` first."""
    found = {option.baseline: name for name, option in scenario.options.items() if option.baseline}
    return {kind: found[kind] for kind in ("as_now", "as_committed") if kind in found}


def side_by_side(
    scenario: Scenario,
    model: Model,
    system: System,
    seed: int,
    count: int,
    outcomes: Sequence[Outcome],
    *,
    unfinished: tuple[str, ...] = (),
) -> Comparison:
    """Return the comparison of simulated cases, the baselines first.

    Parameters
    ----------
    outcomes : baselines, options, stress cases, all with the same samples
    """
    plain = {o.case.id: o.indicators for o in outcomes if not o.case.stress}
    best = probability_best(headline_of(plain, scenario.target_year))
    now, base = outcomes[0], outcomes[len(baselines_of(scenario)) - 1]
    nothing = np.zeros(count)
    setting = Setting(scenario, model, system, seed, now, base, nothing, best, letters_of(scenario))
    setting = replace(setting, value_of_base=_money(setting, base)[0].samples["npv"].to_numpy())
    found = tuple(_option(setting, outcome) for outcome in outcomes)
    judged = {o.id: o.targets for o in found}
    targets = [a.target for a in found[0].targets if any(_judged(o.targets, a.target) for o in found)]
    plan = model.targets[0].document if model.targets else ""  # the plan decides; other documents stand beside it
    due = [t for t in targets if t.document == plan and t.year == scenario.target_year]
    headline = tuple(t.id for t in due if t.indicator == HEADLINE)
    return Comparison(
        scenario=scenario,
        model=model,
        seed=seed,
        replications=count,
        baseline=base.case.id,
        options=found,
        headline=headline,
        hopeless=tuple(t.id for t in targets if cannot_be_met([o.targets for o in found], t.id)),
        ranking={t: by_remaining_gap({o.id: judged[o.id] for o in found if not o.stress}, t) for t in headline},
        inputs={**model.inputs, **scenario.inputs},
        residual=max(float(o.results.attrs["residual"]) for o in outcomes),
        version=__version__,
        unfinished=unfinished,
        decision=decide(scenario, model, system, seed, [o for o in found if not o.stress], _of(found, base.case.id)),
    )


def _of(options: Sequence[OptionResult], key: str) -> OptionResult:
    return next(option for option in options if option.id == key)


def _judged(assessments: Sequence[Assessment], target: Target) -> bool:
    return any(a.target.id == target.id and a.kind == "judged" for a in assessments)


def _option(setting: Setting, outcome: Outcome) -> OptionResult:
    scenario, case, values = setting.scenario, outcome.case, outcome.indicators
    option, year = scenario.options[case.option], scenario.target_year
    economics, items = _money(setting, outcome)
    extra = {"npv": economics.samples["npv"].to_numpy() - setting.value_of_base}
    money = {name: stat_of(samples) for name, samples in extra.items()}
    rural = "rural" if "rural" in values["settlement"].to_numpy() else ALL
    sure, unverified = drivers(at(values, HEADLINE, year, rural), setting.system.sampler, setting.seed, setting.model)
    shown = [item.shown for item in items]
    helps = levers(values, setting.model.targets, year)
    return OptionResult(
        id=case.id,
        base_option=case.option,
        stress=case.stress,
        baseline=option.baseline,
        label=label_of(scenario, case),
        letter=setting.letters.get(case.option, "") + ("′" if case.stress else ""),
        summary=option.summary,
        indicators=values,
        flows=_reduced(outcome.results),
        targets=assess(
            values, setting.model.targets, reachable=outcome.perfect, levers=helps, baseline=setting.base.indicators
        ),
        economics=economics,
        paired=paired(values, setting.base.indicators, year) | {k: stat for k, stat in money.items() if stat},
        variance_ratios=variance_ratios(values, setting.base.indicators, year),
        probability_best=setting.best.get(case.id),
        drivers=sure,
        unverified_share=unverified,
        reasons=tuple(_reasons(values, year)),
        losses=losses_of(outcome.results),
        projects=tuple(item for item in shown if isinstance(item, ProjectResult)),
        programmes=tuple(item for item in shown if isinstance(item, ProgrammeResult)),
    )


def _money(setting: Setting, outcome: Outcome) -> tuple[Economics, tuple[Item, ...]]:
    scenario, values, base = setting.scenario, outcome.indicators, setting.base.indicators
    run = Run(
        scenario, setting.model, outcome.case.option, setting.seed, outcome.results, setting.now.results,
        outcome.parameters.cells(),
    )  # fmt: skip
    jobs = None
    if "jobs" in values:
        jobs = at(values, "jobs", scenario.target_year) - at(base, "jobs", scenario.target_year)
    return account(run, avoided=_avoided(run, values, base), jobs=jobs, value_of_base=setting.value_of_base)


def label_of(scenario: Scenario, case: Case) -> Label:
    """Return the name of a case: the option's, with the stress case's where there is one."""
    label = scenario.options[case.option].label
    if case.stress is None:
        return label
    under = scenario.stress[case.stress].label
    return Label(
        **{
            lang: locale.text("comparison.under-stress", lang, option=label.of(lang), stress=under.of(lang))
            for lang in locale.LANGUAGES
        }
    )


def letters_of(scenario: Scenario) -> dict[str, str]:
    """Return a letter per option that is no baseline; sizes of one option (`plant_650`, `plant_300`) share theirs."""
    stems: dict[str, list[str]] = {}
    for name, option in scenario.options.items():
        if not option.baseline:
            head, _, tail = name.rpartition("_")
            stems.setdefault(head if head and tail.isdigit() else name, []).append(name)
    found: dict[str, str] = {}
    for position, members in enumerate(stems.values()):
        letter = chr(ord("A") + position % 26) * (1 + position // 26)
        for number, name in enumerate(members, 1):
            found[name] = f"{letter}{number}" if len(members) > 1 else letter
    return found


def levers(values: xr.Dataset, targets: Sequence[Target], year: int) -> dict[str, str]:
    """Return per target the cause whose removal closes most of its gap, by median tonnes.

    Of recycling rates every cause counts, of other targets on organic waste those of `_LEVERS_OF`, of a share that is
    collected and treated what is not collected; a target that they do not touch, or a settlement where none of them
    holds anything back, has no lever.
    """
    found = {}
    for target in targets:
        name = target.indicator or ""
        if name == _COLLECTED and _is_left(values, target.where.get("settlement", ALL), year):
            found[target.id] = "collection"
        place, causes = _LEVERS_OF.get(name, ("", _LEVERS if name.startswith("rate_") else ()))
        item = place or target.where.get("settlement", ALL)
        known = [c for c in causes if f"not_recycled_{c}" in values and item in values["settlement"].to_numpy()]
        mass = {c: float(np.median(at(values, f"not_recycled_{c}", year, item))) for c in known}
        if mass and max(mass.values()) > 0:
            found[target.id] = max(known, key=lambda cause: mass[cause])
    return found


def _is_left(values: xr.Dataset, item: str, year: int) -> bool:
    """Tell whether some household waste of a settlement is not collected, by median tonnes."""
    masses = ("waste_generated", "waste_collected")
    if any(name not in values for name in masses) or item not in values["settlement"].to_numpy():
        return False
    made, collected = (at(values, name, year, item) for name in masses)
    return float(np.median(made - collected)) > 0


def _reasons(values: xr.Dataset, year: int) -> Iterator[Reason]:
    days = units.days_in(year)
    for cause in CAUSES:
        name = f"not_recycled_{cause}"
        if name not in values:
            continue
        for item in values["settlement"].to_numpy():
            stat = stat_of(at(values, name, year, str(item)) / days)
            if stat is not None:
                yield Reason(cause, str(item), stat)


def _avoided(run: Run, values: xr.Dataset, base: xr.Dataset) -> Array | None:
    if "ghg_net" not in values:
        return None
    less = (base["ghg_net"] - values["ghg_net"]).sel(period=run.years)
    return np.asarray(less.sum("period").to_numpy(), dtype=np.float64)


def _reduced(results: xr.Dataset) -> xr.Dataset:
    """Return what figures need of the results: means of flows, how plants ran by month, and what happened to them."""
    told = tuple(str(name) for name in results.data_vars if str(name).startswith(("event_", "month_")))
    wanted = (
        "flow_mean",
        "throughput_mean",
        "utilisation",
        "refused",
        "available",
        "backlog",
        "commissioning",
        *told,
    )
    return results[[name for name in wanted if name in results]]
