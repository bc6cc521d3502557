"""What the rows of a model's tables may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from cemfa.definition.schema.terms import Frozen, Id, Number, Whole

Distribution = Literal[
    "constant",
    "uniform",
    "triangular",
    "pert",
    "normal",
    "lognormal",
    "beta",
    "gamma",
    "weibull",
    "empirical",
    "dirichlet",
]


class NumberRow(Frozen):
    """Fields that every uncertain number has, in any table or in a scenario."""

    value: Number
    """Mode (triangular, PERT), mean (normal, beta, gamma, Weibull) or median (lognormal); of an empirical one the
    number that runs without draws use, best its mean or median."""
    unit: str
    """Unit as the field writes it: `kg/person/d`, `t/d`, `VND/t`, `%`, `1`."""
    distribution: Distribution = "constant"
    """Its shape."""
    low: Number | None = None
    """Limit (uniform, triangular, PERT) or P5 (normal, lognormal, beta, gamma, Weibull); blank if empirical."""
    high: Number | None = None
    """Limit or P95, likewise."""
    meaning: Literal["limits", "p5_p95"] | None = None
    """Overrides what `low` and `high` mean."""
    points: str | None = None
    """Of an empirical distribution: observed values, each equally likely (`1.2; 1.9; 3.4`), or levels from 0 to 1 with
    the value at each (`0:1.2; 0.5:2.0; 1:3.4`); straight lines between them. Written with a decimal point."""
    price_year: Whole | None = None
    """Year of the prices, for every number in money."""
    basis: Literal["reported", "derived", "unverified"]
    """Read in the source, arithmetic on such numbers (the note says how), or literature not opened and judgement."""
    source: str
    """Key of `sources.csv`."""
    note: str = ""
    """Anything a reader must know."""


class ParameterRow(NumberRow):
    """One row of `parameters.csv` or `technologies.csv`."""

    parameter: Id
    """Its name."""
    index: Mapping[str, str] = {}
    """Item per dimension (or layer, good, technology) column; a blank cell means all and is left out."""
    year: Whole | None = None
    """Calendar year; blank: every year. Linear between years, constant within one."""
    hold: bool = False
    """The series goes on unchanged before its first and after its last year; with `growth` before its first only."""
    growth: tuple[Id, ...] = ()
    """On the row of the last year: drivers, parameters [%/yr] by which the number grows from then on. In a later year
    it is the last given one times (1 + g) for every driver and every year since; a driver may differ by place and
    year, is drawn like any other parameter, and can be changed by a plan."""
    group: Id | None = None
    """Rows of one Dirichlet group."""
    concentration: Number | None = Field(default=None, gt=0)
    """Sum of the Dirichlet parameters of the group."""
    varies_by: tuple[Id, ...] = ()
    """Dimensions drawn independently; without them all rows share one draw."""
    correlated_with: str | None = None
    """Other parameters with their rank correlation (Spearman), such as `rainfall:0.6; price:-0.2`; on one row of one
    of the two. Both vary by the same dimensions; then items are paired. Neither is constant or in a group."""
    alternative: Id | None = None
    """Name of a set of conflicting numbers; used where the scenario assumes it. Blank: the default set."""


class CompositionRow(NumberRow):
    """One row of `composition.csv`: how much of a layer a good holds when it crosses the boundary."""

    good: Id
    """The good."""
    layer: Id
    """The layer."""
    per: Id = "fresh"
    """`fresh` or the layer it is a share of. One mass layer may be left out: it is the rest."""


class SeasonRow(Frozen):
    """One row of `seasons.csv`."""

    profile: Id
    """Name of the profile."""
    month: Whole = Field(ge=1, le=12)
    """Month 1–12."""
    value: Number = Field(ge=0)
    """Weight; a profile is scaled so that a year's days sum to one."""
    basis: Literal["reported", "derived", "unverified"]
    """As for parameters."""
    source: str
    """Key of `sources.csv`."""


class DistanceRow(Frozen):
    """One row of `distances.csv`: how far two places lie apart by one mode, there and back unless both are given."""

    mode: Id
    """Mode of transport."""
    origin: Id = Field(alias="from")
    """Item of the dimension of places, such as a district."""
    destination: Id = Field(alias="to")
    """Another one, or the same for the haul within a place."""
    km: Number = Field(ge=0)
    """Distance [km]."""
    basis: Literal["reported", "derived", "unverified"]
    """As for parameters."""
    source: str
    """Key of `sources.csv`."""
    note: str = ""
    """Anything a reader must know."""


class HistoryRow(Frozen):
    """One row of a table of deposits before the first period."""

    process: Id
    """Process with the stock."""
    index: Mapping[str, str] = {}
    """Item per dimension column of that process."""
    year: Whole
    """Calendar year."""
    layer: Id
    """Layer."""
    value: Number = Field(ge=0)
    """Mass deposited [unit]."""
    unit: str
    """Mass per year; mass where the stock's history states what is left."""
    basis: Literal["reported", "derived", "unverified"]
    """As for parameters."""
    source: str
    """Key of `sources.csv`."""


class Source(Frozen):
    """One row of `sources.csv`."""

    id: str
    """Citation key."""
    title: str
    """Title, author and place as one cites it."""
    year: Whole | None = None
    """Year published."""
    address: str = ""
    """Where it was read."""
    note: str = ""
    """Anything a reader must know."""
