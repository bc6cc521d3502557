"""What stands beside the numbers of a model: authorities, their duties, targets, technologies in words."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import Field

from cemfa.definition.schema.terms import Frozen, Id, Label, Number, Whole


class Department(Frozen):
    """An authority or body with duties (a row of `departments.csv`)."""

    id: Id
    """Its id."""
    label: Label
    """Name in both languages."""
    until: datetime.date | None = None
    """First day on which it no longer exists; blank: it exists."""
    successors: tuple[Id, ...] = ()
    """Who took over its work, separated by spaces."""
    basis: Literal["reported", "derived", "unverified"]
    """As for parameters."""
    source: str
    """Key of `sources.csv`."""
    note: str = ""
    """Anything a reader must know."""


class Duty(Frozen):
    """What a document asks of a department (a row of `duties.csv`)."""

    clause: str
    """Where it stands in the document."""
    department: Id
    """Who has it, as the document says."""
    label: Label
    """The duty in both languages."""
    serves: Label
    """What of a report answers it."""
    basis: Literal["reported", "derived", "unverified"]
    """As for parameters."""
    source: str
    """Key of `sources.csv`."""


class BenchmarkPlant(Frozen):
    """A plant elsewhere that projects are held against (a row of `benchmark_plants.csv`)."""

    id: Id
    """Its id."""
    label: Label
    """Name in both languages."""
    place: str
    """Where it stands."""
    technology: Label
    """What it does, in words."""
    year: Whole | None = None
    """Year that intake and utilisation speak of."""
    capacity: Number = Field(gt=0)
    """Design intake [t/d]."""
    capex: Number | None = Field(default=None, gt=0)
    """Investment, in `capex_unit`."""
    capex_unit: str = ""
    """Unit of the investment: `bn_VND`, `USD`."""
    cost_per_tonne: Number | None = Field(default=None, ge=0)
    """Cost, or what is paid for treatment, of a tonne taken in, in `cost_unit`."""
    cost_unit: str = ""
    """Unit of the cost: `VND/t`, `USD/t`."""
    price_year: Whole | None = None
    """Year of the prices."""
    land: Number | None = Field(default=None, gt=0)
    """Area [ha]."""
    intake: Number | None = Field(default=None, ge=0)
    """Really taken in [t/d]."""
    utilisation: Number | None = Field(default=None, ge=0, le=2)
    """Intake over design capacity; blank: follows from the intake."""
    basis: Literal["reported", "derived", "unverified"]
    """As for parameters."""
    source: str
    """Key of `sources.csv`."""
    note: str = ""
    """Anything a reader must know."""

    @property
    def used(self) -> float | None:
        """Utilisation as stated, or from intake and capacity; None where neither is known."""
        if self.utilisation is None and self.intake is not None:
            return self.intake / self.capacity
        return self.utilisation


class LastReported(Frozen):
    """What was last reported of a target."""

    year: Whole
    """Year it speaks of."""
    value: Number
    """The number, in the target's unit."""
    source: str
    """Where it was reported."""


class Target(Frozen):
    """One target of a plan. Targets of one document are a set; sets stand side by side."""

    id: str
    """Its number in the plan's list."""
    label: Label
    """Its words."""
    issuer: str
    """Who set it."""
    document: str
    """In which document."""
    clause: str
    """Where in the document."""
    status: Literal["in_force", "closed", "superseded"]
    """Whether it still binds."""
    area: str
    """Territory it speaks of."""
    year: Whole
    """Year by which it is due."""
    value: Number | None = None
    """Its number; none for a direction or a milestone."""
    unit: str = ""
    """Unit of the number."""
    sense: Literal[">=", ">", "<=", "<", "=", "~", "up", "down", "done"]
    """How value and target compare; `~` is recorded, not judged; up, down and done are text."""
    tolerance: Number = 0.0
    """`= 100 %` means at least 100 % − tolerance; `= 0` means at most the tolerance."""
    indicator: Id | None = None
    """Indicator that measures it; none: recorded only."""
    where: dict[Id, Id] = {}
    """Part of the indicator: `settlement: urban`."""
    department: Id | None = None
    """Who reports on it every year; its successors follow from `departments.csv`. None: it is not in yearly reports."""
    contribution: Id | None = None
    """Indicator whose value stands beside a target that is only recorded: what an option adds to it."""
    path: dict[Whole, Number] = {}
    """Year → value on the way to it, in its unit; years between are interpolated. None: a straight line from five
    years before."""
    reported: LastReported | None = None
    """What was last reported of it; none: no report is known."""
    note: Label | None = None
    """Why it is only recorded, or how it is read."""


class TechnologyProfile(Frozen):
    """What a technology is, beside its numbers: an entry of `technology_profiles.yaml`."""

    label: Label
    """Name in both languages."""
    takes: tuple[Id, ...] = Field(min_length=1)
    """Goods it can take."""
    products: tuple[Id, ...]
    """Goods it makes for a market; each has rows of `price` and `market_size`."""
    yields: tuple[Id, ...] = Field(min_length=1)
    """Parameters that hold what becomes product, layer by layer; `remainder` for what is left."""
    losses_to_air: tuple[Id, ...]
    """Parameters of what leaves as gas, or `remainder`; empty where nothing does."""
    losses_to_water: tuple[Id, ...]
    """Parameters of what leaves as waste water, or `remainder`; empty where nothing does."""
    rejects: tuple[Id, ...]
    """Parameters of what is sorted out before; empty where nothing is."""
    leachate_control: Label
    """How leachate and waste water are kept."""
    odour_control: Label
    """How odour, smoke and dust are kept."""
    buffer_clause: Label | None = None
    """Rule that sets the row `buffer_distance`; needed with it."""
    readiness: Whole = Field(ge=1, le=9)
    """Technology readiness level in Viet Nam: 1 an idea, 9 in ordinary use."""
    basis: Literal["reported", "derived", "unverified"]
    """As for parameters, of what is said here."""
    source: str
    """Key of `sources.csv`."""
