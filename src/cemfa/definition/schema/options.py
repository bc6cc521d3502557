"""What an option is made of: projects, programmes, ramps, and the rules that decide."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import Field

from cemfa.definition.schema.money import Funding
from cemfa.definition.schema.rows import NumberRow
from cemfa.definition.schema.terms import Frozen, Id, Label, Number, Whole

Share = Annotated[Number, Field(ge=0, le=1)]


class Stage(Frozen):
    """One stage between a decision and full operation."""

    id: Id
    """approval, licence, land, tender, construction, trial_run …"""
    label: Label
    """Name in both languages."""
    duration: NumberRow
    """How long it takes [month]."""
    operates: bool = False
    """The plant already takes waste in this stage (trial run), at `operating_share` of its capacity."""
    operating_share: Number = Field(default=0.5, ge=0, le=1)
    """Share of the capacity in such a stage."""
    ramp_to: Number | None = Field(default=None, ge=0, le=1)
    """Share at the end of such a stage; it grows evenly from `operating_share`, month by month. Default: does not
    grow."""
    ramp: tuple[Share, ...] = ()
    """Shares of the capacity in equal parts of such a stage, instead of `operating_share`: three in a stage of three
    months are one a month."""
    pays: Number = Field(default=0.0, ge=0, le=1)
    """Share of the investment that must be there before the stage begins, where the scenario limits `funds`; what no
    stage names is due at the decision."""
    department: Id | None = None
    """Who decides on it or carries it out, an id of the model's `departments.csv`; its successors follow from there.
    Default: nobody is named."""


class When(Frozen):
    """A rule that decides on a project in the course of a simulation, history by history.

    It is looked at on the last day of every month (`share` and `indicator`: of every year) from the project's
    `decision` on.
    """

    measure: Literal["utilisation", "refused", "backlog", "share", "indicator", "function"]
    """`utilisation`: taken in over what was possible in the month [1]; `refused`: turned away [t/d]; `backlog`: what
    waits in stores [t]; `share`: mass of the flows `of` over that of the flows `per` in the year [1];
    `indicator`: an indicator of the year in its own unit, such as the recycling rate that a target asks for [1];
    `function`: a function handed to `simulate`."""
    process: Id | None = None
    """Process whose plants are looked at; default: the project's own."""
    place: dict[Id, Id] = {}
    """Item per dimension; only plants there are looked at, together. Default: all."""
    of: tuple[Id, ...] = ()
    """Flows over …"""
    per: tuple[Id, ...] = ()
    """… flows, for `share`."""
    indicator: Id | None = None
    """Indicator that is looked at, for `indicator`: `rate_with_home`."""
    where: dict[Id, Id] = {}
    """Part of the indicator: `settlement: rural`. Default: the whole."""
    above: Number | None = None
    """It is time to build when the measure is above this …"""
    below: Number | None = None
    """… or below this."""
    months: Whole = Field(default=1, ge=1)
    """For how many months in a row (`share` and `indicator`: years)."""

    @property
    def yearly(self) -> bool:
        """Whether it is looked at once a year."""
        return self.measure in ("share", "indicator")


class Project(Frozen):
    """A thing built: a plant, with owner and site."""

    label: Label
    """Name in both languages."""
    process: Id
    """Process whose capacity grows."""
    place: dict[Id, Id] = {}
    """Item per dimension of that capacity: `district: ba_tri`."""
    technology: Id | None = None
    """Row key of `technologies.csv`; default: the process's."""
    capacity: Number = Field(gt=0)
    """Design intake [t/d, basis of the process's capacity]."""
    owner: Label
    """Who owns it."""
    operator: Label
    """Who runs it."""
    form: Literal["public", "ppp", "enterprise", "cooperative"]
    """Form of investment."""
    land: Number | None = Field(default=None, ge=0)
    """Land [ha]."""
    site_secured: bool
    """Whether the site is secured; chooses the chain of stages."""
    decision: datetime.date
    """Date of the investment decision; with `when` the day from which it can be decided."""
    when: When | None = None
    """Rule that decides on it (simulation); the annual balance leaves such projects out. Default: decided on its
    date."""
    stages: Id | None = None
    """Chain of stages; default: `site_secured` or `site_open`."""
    capex: NumberRow | None = None
    """Investment [VND] where it differs from the technology's."""
    funding: tuple[Funding, ...]
    """Who pays; the shares of each kind sum to one."""
    priority: Whole = 1
    """Which of the projects that need the same funds on the same day gets them, the smallest first; then as
    written."""
    minimum_delivery: Number | None = Field(default=None, ge=0)
    """Contracted delivery [t/d] that is paid for even when not delivered."""
    haul_distance: Number | None = Field(default=None, gt=0)
    """Distance [km] within which supply is counted by `check`."""
    committed: bool = False
    """Already committed: also part of the baseline `as_committed`."""


class Adoption(Frozen):
    """How a new habit spreads: slowly, then fast, then slowly again, along a logistic curve."""

    start: Whole
    """Year on whose first day it begins; no change before."""
    begin: Number = Field(alias="from")
    """Value on that day, in the unit of the change."""
    end: Number = Field(alias="to")
    """Value it comes near to in the end."""
    midpoint: NumberRow
    """When it spreads fastest, counted from the start [year]."""
    speed: NumberRow
    """How fast it spreads [1/year]: 4.4 divided by the years from a tenth of the way to nine tenths of it."""


class Change(Frozen):
    """A dated change of a parameter: a ramp or rule; by `values` or by `adoption`."""

    parameter: Id
    """Parameter changed."""
    place: dict[Id, Id | tuple[Id, ...]] = {}
    """Item or items per dimension; blank: everywhere."""
    values: dict[Whole, Number] = {}
    """Year → value; linear between, held after the last, no change before the first."""
    adoption: Adoption | None = None
    """A curve of adoption instead of values; its uncertain speed is drawn for every simulated history."""
    unit: str
    """Unit of the values."""
    how: Literal["set", "add", "multiply", "at_least"] = "set"
    """How the value joins the sampled one."""
    taken_from: tuple[Id, ...] | Literal["proportional", "remainder"] | None = Field(None, alias="from")
    """For a share: parameters that give way, in order; `proportional`; or `remainder` if its process has one."""


class Programme(Frozen):
    """Recurrent spending such as bins and training."""

    label: Label
    """Name in both languages."""
    changes: tuple[Change, ...]
    """What it changes, by place and year."""
    start_up_cost: NumberRow | None = None
    """Cost per unit newly reached [VND per unit of the first change]."""
    running_cost: NumberRow | None = None
    """Cost per unit and year."""
    owner: Label
    """Department in charge."""
    funding: tuple[Funding, ...]
    """Who pays."""
    committed: bool = False
    """Already committed: also part of the baseline `as_committed`."""


class Option(Frozen):
    """A dated list of projects and programmes (phương án)."""

    label: Label
    """Name in both languages."""
    summary: Label | None = None
    """One sentence."""
    baseline: Literal["as_now", "as_committed"] | None = None
    """Set for the two baselines; they have no projects of their own."""
    projects: dict[Id, Project] = {}
    """Plants by id; an id used by two options must mean the same plant."""
    programmes: dict[Id, Programme] = {}
    """Programmes by id."""
    policy: tuple[Change, ...] = ()
    """Ramps and rules that cost nothing by themselves."""
