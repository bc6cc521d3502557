"""What a verb works on: a model, or an option of a scenario, named by id or path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cemfa import library, locale
from cemfa.errors import CemfaError, DefinitionError, Problem

if TYPE_CHECKING:
    from cemfa.definition.schema import Model, Scenario
    from cemfa.plan import Plan
    from cemfa.system.compile import System


@dataclass(frozen=True, slots=True)
class Subject:
    """A model, with the scenario and option where one is meant."""

    model: Model
    scenario: Scenario | None = None
    option: str = ""
    assumed: Mapping[str, str] = field(default_factory=dict)

    def assuming(self, words: Sequence[str]) -> Subject:
        """Return the subject with alternative sets of numbers, each written ``parameter=set``.

        Raises
        ------
        CemfaError
            with one ``assume-form``, ``assume-parameter`` or ``assume-set`` for each that cannot be.
        """
        found, problems = dict(self.assumed), []
        for word in words:
            name, equals, chosen = (part.strip() for part in word.partition("="))
            sets = sorted({r.alternative for r in self.model.parameters if r.parameter == name and r.alternative})
            if not (name and equals and chosen):
                problems.append(Problem("assume-form", parameters={"text": word}))
            elif not sets:
                problems.append(Problem("assume-parameter", parameters={"name": name}))
            elif chosen not in sets:
                problems.append(Problem("assume-set", parameters={"name": name, "set": chosen, "known": sets}))
            found[name] = chosen
        if problems:
            raise locale.error(CemfaError, problems)
        return replace(self, assumed=found)

    @property
    def plan(self) -> Plan | None:
        """What the option changes; None for a model alone."""
        from cemfa.plan import plan_of

        return plan_of(self.scenario, self.option) if self.scenario is not None else None

    def system(self) -> System:
        """Return the model compiled with the numbers that the scenario, or who asks, assumes."""
        from cemfa.system.compile import compile_system

        stated = self.scenario.assume if self.scenario is not None else {}
        return compile_system(self.model, assume={**stated, **self.assumed})

    @property
    def inputs(self) -> dict[str, str]:
        """SHA-256 of every file read."""
        return inputs_of(self.model, self.scenario)

    @property
    def target_year(self) -> int:
        """The year the headline targets are due, or the last of a model."""
        return self.scenario.target_year if self.scenario is not None else self.model.periods.last

    def label(self, lang: str) -> str:
        """Return the name of the model or option."""
        label = self.scenario.options[self.option].label if self.scenario is not None else self.model.label
        return label.of(lang)

    def year(self, asked: int | None) -> int:
        """Return the year asked for, or the default one.

        Raises
        ------
        CemfaError
            with the code ``year-unknown``.
        """
        years = self.model.periods.years
        if asked is not None and asked not in years:
            parameters = {"year": asked, "first": years[0], "last": years[-1]}
            raise locale.error(CemfaError, Problem("year-unknown", parameters=parameters))
        return self.target_year if asked is None else asked


def read_subject(name: str, option: str | None) -> Subject:
    """Return the model, or the scenario with its model and the option asked for (default: its first).

    Raises
    ------
    DefinitionError
        with all that is wrong with them, or ``option-unknown``, ``option-needs-scenario``.
    """
    if library.kind_of(name) == "scenario":
        from cemfa.definition.load import read_scenario_and_model

        scenario, model = read_scenario_and_model(name)
        return Subject(model, scenario, choose(scenario, option))
    from cemfa.definition.load import read_model

    if option is not None:
        raise locale.error(DefinitionError, Problem("option-needs-scenario", parameters={"name": name}))
    return Subject(read_model(name))


def inputs_of(model: Model, scenario: Scenario | None = None) -> dict[str, str]:
    """Return the SHA-256 of every file read, by ``scenario/<file>`` and ``model/<file>``."""
    found = _named("scenario", scenario.inputs) if scenario is not None else {}
    return found | _named("model", model.inputs)


def choose(scenario: Scenario, option: str | None) -> str:
    """Return the option asked for, or the scenario's first.

    Raises
    ------
    DefinitionError
        with the code ``option-unknown``.
    """
    require_options(scenario, [option] if option is not None else [])
    return option or next(iter(scenario.options))


def require_options(scenario: Scenario, names: list[str]) -> None:
    """Refuse options that the scenario does not have.

    Raises
    ------
    DefinitionError
        with one ``option-unknown`` for each.
    """
    known = tuple(scenario.options)
    wrong = [Problem("option-unknown", parameters={"name": n, "known": known}) for n in names if n not in known]
    if wrong:
        raise locale.error(DefinitionError, wrong)


def _named(kind: str, hashes: Mapping[str, str]) -> dict[str, str]:
    return {f"{kind}/{name}": digest for name, digest in hashes.items()}
