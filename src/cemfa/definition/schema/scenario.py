"""A scenario as read."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cemfa.definition.schema.choice import Criterion
from cemfa.definition.schema.events import Event, Stress, Weather
from cemfa.definition.schema.money import GIFTS, Finance, Funder
from cemfa.definition.schema.options import Option, Stage
from cemfa.definition.schema.rows import Source
from cemfa.definition.schema.terms import Frozen, Id, Label, Number, Whole


class Crew(Frozen):
    """Repair crews that several plants share; a plant that breaks down while all are busy waits its turn."""

    label: Label
    """Name in both languages."""
    count: Whole = Field(ge=1)
    """How many plants they can mend at a time."""
    processes: tuple[Id, ...] = Field(min_length=1)
    """Processes whose plants they mend."""


class Simulation(Frozen):
    """Settings of the simulation."""

    replications: Whole = Field(default=100, ge=1)
    """Simulated histories per option."""
    crews: dict[Id, Crew] = {}
    """Repair crews by name; a process in none is mended at once."""
    weather: dict[Id, Weather] = {}
    """Noise of what arises, by name; default: every day of a month alike."""
    stages: dict[Id, tuple[Stage, ...]]
    """Chains of stages by name; `site_secured` and `site_open` are the defaults."""


class Scenario(Frozen):
    """A scenario as read: options for one model."""

    format: Literal[1]
    """Version of the grammar."""
    id: Id
    """Its id, the name of its file."""
    label: Label
    """Its name."""
    model: str
    """Model: id in the library, or a path relative to this file."""
    decisions_from: Whole
    """First decision year; before it all options share one history."""
    horizon: Whole
    """Last simulated year."""
    target_year: Whole
    """Year the headline targets are due."""
    gwp: Literal["AR4", "AR5", "AR6"] = "AR5"
    """Assessment report of the IPCC whose warming potentials over 100 years are used."""
    assume: dict[Id, Id] = {}
    """Parameter → alternative set to use."""
    options: dict[Id, Option]
    """Options in the order of the report; the two baselines are always there."""
    stress: dict[Id, Stress] = {}
    """Named bad cases."""
    events: dict[Id, Event] = {}
    """Closures, dated and random."""
    funders: dict[Id, Funder]
    """Sources of money."""
    funds: dict[Id, dict[Whole, Number]] = {}
    """Funder → year → VND of investment that it can give in that year, to projects decided on their date first, then
    to those decided by rules; a stage whose money is not there waits for a year that has it. A funder that is not
    named can give any amount."""
    funds_carried: tuple[Id, ...] = ()
    """Funders whose unspent funds stay for later years; those of others lapse."""
    simulation: Simulation
    """Settings of the simulation."""
    finance: Finance
    """Settings of the economic account."""
    criteria: tuple[Criterion, ...] = ()
    """What counts in the choice, with weights that sum to one; none: options are not scored."""
    sources: dict[str, Source] = {}
    """Sources beside the model's."""
    inputs: dict[str, str] = {}
    """SHA-256 of every file read; set by the reader."""

    @property
    def donors(self) -> tuple[str, ...]:
        """Keys of the funders that give and leave."""
        return tuple(key for key, funder in self.funders.items() if funder.kind in GIFTS)

    def __repr__(self) -> str:
        return f"<Scenario {self.id}: {len(self.options)} options for the model {self.model}>"

    def _repr_html_(self) -> str:
        from cemfa.definition.show import scenario_html

        return scenario_html(self)
