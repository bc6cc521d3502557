"""What was drawn for the samples of a comparison, by the name people know it by: of the model and of the scenario.

Between `costing`, which draws the scenario's numbers for its account, and `decision`, which asks what the choice
hangs on.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cemfa import locale, units
from cemfa.comparison.words import Words
from cemfa.definition.schema import Label, Model, NumberRow, Scenario
from cemfa.definition.technologies import chain_of
from cemfa.indicators.view import Array
from cemfa.plan import numbers_of
from cemfa.sensitivity.origins import Origin, origin_of, parameter_of
from cemfa.simulation.events import samples_of

if TYPE_CHECKING:
    from cemfa.system.compile import System

_SHARED: Final = ("finance", "funders")
"""Kinds of numbers of a scenario that every option shares, of which every sample has one."""
_OF_CONTENT: Final = ("projects", "programmes")
"""The same, of a project or programme."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A number as it was drawn.

    Parameters
    ----------
    parameter : its id, or the name of its random stream
    unit : as its table has it
    values : (S,) [unit]; the mean over its places where they are drawn apart
    origin : name, basis and source of a number of the scenario; None: the model knows them
    """

    parameter: str
    unit: str
    values: Array
    origin: Origin | None = None

    def origin_in(self, model: Model) -> Origin:
        """Return its name, basis and source."""
        return self.origin or origin_of(self.parameter, model)


def drawn_parameters(system: System, seed: int, samples: int, year: int) -> tuple[Drawn, ...]:
    """Return every parameter of the model that varies, as it was drawn for a year.

    Of several rows those of the year nearest to `year` are taken, and of several places their mean.

    Parameters
    ----------
    system : compiled model
    seed, samples : of the run
    year : calendar year
    """
    draws = system.sampler.samples(seed, 0, samples)
    varies = np.ptp(draws, axis=1) > 0
    rows: dict[str, list[int]] = {}
    for position, row in enumerate(system.parameters.rows):
        if varies[position]:
            rows.setdefault(parameter_of(row.parameter), []).append(position)
    return tuple(_drawn(system, name, found, draws, year) for name, found in rows.items())


def _drawn(system: System, name: str, positions: Sequence[int], draws: Array, year: int) -> Drawn:
    years = {position: system.parameters.rows[position].year for position in positions}
    nearest = min(abs((found if found is not None else year) - year) for found in years.values())
    taken = [p for p, found in years.items() if abs((found if found is not None else year) - year) == nearest]
    written = next((row for row in system.model.parameters if row.parameter == name), None)
    unit = units.parse(written.unit) if written else None
    values = draws[taken].mean(axis=0) / (unit.factor if unit else 1.0)
    return Drawn(name, written.unit if written else "", np.asarray(values))


def drawn_numbers(scenario: Scenario, options: Sequence[str], seed: int, samples: int) -> tuple[Drawn, ...]:
    """Return every number of the scenario that varies and of which every sample has one, as it was drawn.

    Money and its terms (discount rate, inflation, fees, loans, cost of projects and programmes), and how long each
    stage of each project takes.

    Parameters
    ----------
    options : ids, those whose projects and programmes count
    seed, samples : of the run
    """
    found = []
    for stream, row, label in _stated(scenario, options):
        values = samples_of(row, seed, stream, range(samples))
        if np.ptp(values) > 0:
            found.append(Drawn(stream, row.unit, values, Origin(stream, label, row.basis, (row.source,))))
    return tuple(found)


def _stated(scenario: Scenario, options: Sequence[str]) -> Iterator[tuple[str, NumberRow, Label]]:
    """Yield random stream, row and name of the numbers of options."""
    projects = {key: project for name in options for key, project in scenario.options[name].projects.items()}
    held = {*projects, *(key for name in options for key in scenario.options[name].programmes)}
    for stream, row in numbers_of(scenario).items():
        kind, subject, *_ = stream.split(".")
        if kind in _SHARED or (kind in _OF_CONTENT and subject in held):
            yield stream, row, _label(scenario, stream)
    for key, project in projects.items():
        for stage in scenario.simulation.stages.get(chain_of(project), ()):
            yield f"stages.{key}.{stage.id}", stage.duration, _duration(stage.label, project.label)


def _label(scenario: Scenario, stream: str) -> Label:
    """Return the name of a number with what it is about in brackets."""
    names = {}
    for lang in locale.LANGUAGES:
        name, subject = number_name(scenario, stream, Words(lang))
        names[lang] = name if stream.startswith("finance.") else f"{name} ({subject})"
    return Label(**names)


def _duration(stage: Label, project: Label) -> Label:
    return Label(**{
        lang: f"{Words(lang).text('n_duration_of', label=stage.of(lang))} ({project.of(lang)})"
        for lang in locale.LANGUAGES
    })  # fmt: skip


def any_name(model: Model, scenario: Scenario, key: str, words: Words) -> str:
    """Return the name of a parameter of the model or of a number of the scenario."""
    return words.label(_label(scenario, key)) if "." in key else model.name_of("parameter", key, words.lang)


def number_name(scenario: Scenario, key: str, words: Words) -> tuple[str, str]:
    """Return name and subject of a number of the scenario, from the name of its random stream."""
    kind, *rest = key.split(".")
    if kind == "finance":
        return words.text(f"n_{'_'.join(rest)}"), words.text("all_places")
    if kind == "funders":
        return words.text(f"n_{rest[-1]}"), words.label(scenario.funders[rest[0]].label)
    subject, quantity = rest
    if kind == "stages":
        stage = next(stage for stage in scenario.simulation.stages[subject] if stage.id == quantity)
        known = subject in ("site_secured", "site_open")
        where = words.text("c_site") + ": " + words.text(subject) if known else subject
        return words.text("n_duration_of", label=words.label(stage.label)), where
    label: Label | None = None
    if kind == "events":
        label = scenario.events[subject].label
    if kind == "weather":
        label = scenario.simulation.weather[subject].label
    for option in scenario.options.values():
        held: Mapping[str, Label] = {
            **({k: p.label for k, p in option.projects.items()} if kind == "projects" else {}),
            **({k: p.label for k, p in option.programmes.items()} if kind == "programmes" else {}),
        }
        label = held.get(subject, label)
    return words.text(f"n_{quantity.rstrip(string.digits)}"), words.label(label, subject)
