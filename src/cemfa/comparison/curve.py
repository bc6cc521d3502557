"""The abatement cost curve of an option: what each of its projects and programmes adds to those before it.

Last step of `run`: `measures.cost_curves` asks what sets of measures do together, and here the annual balance
answers, on central values, all sets of a question in one solve. Stores, seasons and breakdowns therefore have no say;
compare with the simulated results of the option as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import xarray as xr

from cemfa import locale
from cemfa.comparison.accounts import BlockAccounts
from cemfa.comparison.costing import Run
from cemfa.comparison.measures import Effect, cost_curves
from cemfa.comparison.money import net_value
from cemfa.comparison.outcome import Comparison, Curve
from cemfa.definition.schema import Model, Scenario
from cemfa.errors import BalanceError, Problem, ResultsError, SolveError
from cemfa.indicators import ALL, block_function
from cemfa.indicators.view import cells_of
from cemfa.plan import content_of, plan_of
from cemfa.system.compile import System, compile_system
from cemfa.system.plans import Trunk, solve_plans

Sets = Sequence[tuple[str, frozenset[str]]]
"""Measures taken together, each set of an option."""


EFFECTS: Final = ("ghg_net", "organics_recycled")
"""Indicators whose change is the effect of a measure: the first that the model has."""


@dataclass(frozen=True, slots=True, eq=False)
class _Balances:
    """Answers what sets of measures cost and do, all of them by one solve.

    Parameters
    ----------
    effect : indicator
    now : id of the baseline as now, to which money is counted
    trunk : the years before any decision
    """

    system: System
    scenario: Scenario
    model: Model
    effect: str
    now: str
    trunk: Trunk

    @classmethod
    def of(cls, comparison: Comparison, system: System) -> _Balances:
        scenario, (first, *_) = comparison.scenario, comparison.options
        effect = next((name for name in EFFECTS if name in first.indicators), EFFECTS[-1])
        trunk = Trunk.of(system, plan_of(scenario, first.base_option), until=scenario.finance.start)
        return cls(system, scenario, comparison.model, effect, first.base_option, trunk)

    def __call__(self, sets: Sets) -> list[Effect]:
        """Return net present cost [VND] and the indicator over the decision years, of every set."""
        held = [only(self.scenario, option, measures) for option, measures in sets]
        plans = [plan_of(scenario, option) for scenario, (option, _) in zip(held, sets, strict=True)]
        start = self.scenario.finance.start
        results = solve_plans(
            self.system, [plan_of(self.scenario, self.now), *plans], trunk=self.trunk, since=start
        )  # fmt: skip
        values = block_function((self.effect,), gwp=self.scenario.gwp)(results)[self.effect]
        for dimension in set(values.dims) - {"sample", "period"}:
            values = values.sel({dimension: ALL})
        masses = values.sel(period=slice(start, self.scenario.horizon)).sum("period").to_numpy()[1:].tolist()
        return list(zip(self._costs(held, sets, BlockAccounts.of(self.scenario)(results)), masses, strict=True))

    def _costs(self, held: Sequence[Scenario], sets: Sets, accounts: xr.Dataset) -> Iterator[float]:
        """Yield the net present cost of every set [VND], from accounts whose first sample is the baseline as now."""
        now, finance = accounts.isel(sample=[0]), self.scenario.finance
        cells = cells_of(accounts[["parameter"]].sel(period=slice(finance.start, self.scenario.horizon)))
        for position, (scenario, (option, _)) in enumerate(zip(held, sets, strict=True), 1):
            own = accounts.isel(sample=[position]).assign_coords(sample=now["sample"])
            alone = replace(cells, values=cells.values[position : position + 1])
            yield -float(net_value(Run(scenario, self.model, option, None, own, now, alone))[0])


def with_curves(
    comparison: Comparison, options: Sequence[str] | None = None, *, system: System | None = None
) -> Comparison:
    """Return the comparison with abatement cost curves of some options; `compare` has given it those of the leaders.

    Parameters
    ----------
    comparison : of `compare`
    options : ids; default: the options that lead, see `leading`
    system : the comparison's model, compiled; default: compiled anew

    Raises
    ------
    ResultsError
        `unknown-option`, or `curve-nothing` for an option without measures of its own.
    SolveError
        where some of the measures cannot do without the others.
    """
    wanted = leading(comparison) if options is None else tuple(dict.fromkeys(options))
    for key in wanted:
        _refuse(comparison, key)
    if not wanted:
        return comparison
    balances = _Balances.of(comparison, system or compile_system(comparison.model, assume=comparison.scenario.assume))
    sign = -1.0 if balances.effect == "ghg_net" else 1.0  # emissions are to fall, recycling is to rise
    bare: dict[str, Effect] = {}

    def evaluate(asked: Sets) -> list[Effect]:
        first = [(key, frozenset[str]()) for key in wanted if key not in bare]
        found = balances([*first, *asked])
        bare.update(zip((key for key, _ in first), found, strict=False))
        more = zip(asked, found[len(first) :], strict=True)
        return [(cost - bare[key][0], sign * (mass - bare[key][1])) for (key, _), (cost, mass) in more]

    steps = cost_curves({key: measures_of(comparison.scenario, key) for key in wanted}, evaluate)
    curves = {key: Curve(key, balances.effect, found) for key, found in steps.items()}
    return replace(comparison, curves={**comparison.curves, **curves})


def curves_where_possible(comparison: Comparison, system: System) -> Comparison:
    """Return the comparison with the curves of the options that lead, or with the reason why there are none.

    An interruption (Ctrl-C) leaves them out; the options are named in `Comparison.unfinished`.
    """
    try:
        return with_curves(comparison, system=system)
    except BalanceError:
        raise
    except SolveError as wrong:
        return replace(comparison, without_curve=wrong.problems)
    except KeyboardInterrupt:
        return replace(comparison, unfinished=(*comparison.unfinished, *leading(comparison)))


def leading(comparison: Comparison) -> tuple[str, ...]:
    """Return the options whose curve tells something of the choice: those that lead by some aim, by score first.

    Of an option with a single measure there is nothing to tell; where all that lead have one, the option stands for
    them that leaves the smallest gap to a target among those with more. None where the model has none of `EFFECTS`.
    """
    if not any(name in comparison.options[0].indicators for name in EFFECTS):
        return ()
    several = [option.id for option in comparison.plain if len(measures_of(comparison.scenario, option.id)) > 1]
    aims = comparison.decision.aims if comparison.decision else ()
    leaders = dict.fromkeys(aim.leader for aim in reversed(aims))
    ranked = (key for order in comparison.ranking.values() for key in order)
    return (
        tuple(key for key in leaders if key in several)
        or tuple(key for key in (*ranked, *several) if key in several)[:1]
    )


def measures_of(scenario: Scenario, option: str) -> tuple[str, ...]:
    """Return the projects and programmes of an option that are not committed anyway.

    Projects that a rule decides on are none: the annual balance, which runs no history, never builds them.
    """
    projects, programmes = content_of(scenario, option)
    own: tuple[tuple[str, bool], ...] = (
        *((key, project.committed or project.when is not None) for key, project in projects.items()),
        *((key, programme.committed) for key, programme in programmes.items()),
    )
    return tuple(key for key, apart in own if not apart)


def only(scenario: Scenario, option: str, measures: frozenset[str]) -> Scenario:
    """Return a scenario whose option holds, of its own, only some measures; what is committed stays."""
    written = scenario.options[option]
    kept = {
        "projects": {k: p for k, p in written.projects.items() if p.committed or k in measures},
        "programmes": {k: p for k, p in written.programmes.items() if p.committed or k in measures},
    }
    return scenario.model_copy(update={"options": {**scenario.options, option: written.model_copy(update=kept)}})


def _refuse(comparison: Comparison, key: str) -> None:
    known = tuple(option.id for option in comparison.plain)
    if key not in known:
        raise locale.error(ResultsError, Problem("unknown-option", parameters={"option": key, "known": known}))
    if not measures_of(comparison.scenario, key):
        raise locale.error(ResultsError, Problem("curve-nothing", parameters={"option": key}))
