"""What a user may write: frozen models of `model.yaml` and its tables; a field's docstring is its reference.

Second link of the chain: plain data validated here becomes a `Model`, from which the graph and the arrays
follow. Nothing here holds an array or opens a file.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
"""An identifier: ASCII snake_case."""

LARGEST = 1e30
"""No quantity of a province is larger; beyond it products of parameters overflow."""


def _bounded(value: float) -> float:
    """Refuse what overflows in products; a limit of `Field` here would replace the narrower one of a field."""
    if abs(value) > LARGEST:
        raise ValueError(value)
    return value


Number = Annotated[float, Field(strict=True, allow_inf_nan=False), AfterValidator(_bounded)]
"""A finite number; text and true/false are not taken for one."""

Whole = Annotated[int, Field(strict=True)]
"""A whole number, likewise."""

RESERVED_INDICES = ("layer", "good", "technology")
"""Columns that a parameter may have beside the model's own dimensions."""


class Frozen(BaseModel):
    """Base of everything a user writes: unknown keys are refused, nothing changes after reading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True, strict=False
    )


class Label(Frozen):
    """A name or sentence in both languages."""

    vi: str
    """In Vietnamese."""
    en: str
    """In English."""

    def of(self, lang: str) -> str:
        """Return the text in a language, `vi` or `en`."""
        return self.vi if lang == "vi" else self.en


class Periods(Frozen):
    """Modelled calendar years, first and last included."""

    first: Whole = Field(alias="from", ge=1900, le=2200)
    """First calendar year."""
    last: Whole = Field(alias="to", ge=1900, le=2200)
    """Last calendar year."""

    @property
    def years(self) -> tuple[int, ...]:
        """All years in order."""
        return tuple(range(self.first, self.last + 1))


class Layers(Frozen):
    """What is balanced."""

    mass: tuple[Id, ...] = ()
    """Layers that add up to fresh mass."""
    contained: dict[Id, Id] = {}
    """Layers inside another one: `carbon: dry_matter`."""
    elements: tuple[Id, ...] = ()
    """Layers that are neither: for a model of elements only."""

    @property
    def names(self) -> tuple[str, ...]:
        """All layers in the order they are written."""
        return (*self.mass, *self.contained, *self.elements)


class Item(Frozen):
    """One entry of a dimension, for example a district."""

    id: Id
    """Its id."""
    label: Label | None = None
    """Its name; the id stands in where none is given."""
    lat: Number | None = None
    """Latitude [degree north] of a representative point."""
    lon: Number | None = None
    """Longitude [degree east] of a representative point."""
    gso_code: str | None = None
    """Code of the General Statistics Office."""


def _items(value: object) -> object:
    if isinstance(value, list | tuple):
        return {"items": [{"id": v} if isinstance(v, str) else v for v in value]}
    return value


class Dimension(Frozen):
    """A list of items over which processes, flows and parameters are repeated."""

    items: tuple[Item, ...] = ()
    """Its entries; in YAML a plain list of ids, or the name of a table, is enough."""
    alias: Id | None = None
    """Another dimension with the same items (`destination: {alias: district}`)."""


DimensionWritten = Annotated[
    Dimension, BeforeValidator(_items, json_schema_input_type=Dimension | list[Id | Item] | str)
]
"""A dimension as it may be written: in full, as a list of items, or as the name of a table."""


class Part(Item):
    """One place of an area, for example a commune (a row of the table named by `parts`)."""

    label: Label
    """Its name in both languages."""
    kind: Id | None = None
    """What it is, for example `ward` or `commune`."""
    area: Number | None = Field(default=None, gt=0)
    """Its size [km²]."""


class AreaShare(Frozen):
    """How much of one item of the divided dimension lies in one place of the area (a row of the table of `shares`).

    In the table the columns are called by the area and by the dimension: `commune`, `district`.
    """

    part: Id
    """The place."""
    item: Id
    """The item of the dimension."""
    share: Number = Field(ge=0, le=1)
    """Share of the item [1]; the shares of an item sum to one."""
    weight: Number = Field(ge=0)
    """What the share is counted in, for example people: by it, rates are averaged over the items of a place."""
    basis: Literal["reported", "derived", "unverified"]
    """As for parameters."""
    source: str
    """Key of `sources.csv`."""
    note: str = ""
    """Anything a reader must know."""


class Area(Frozen):
    """Another division of the same land: results of a dimension are allocated to its places by given shares."""

    label: Label
    """What its places are called together."""
    of: Id
    """The dimension it divides anew, for example `district`."""
    by: Label
    """What the shares stand for, in words: `2009 population`."""
    parts: tuple[Part, ...]
    """Its places; in YAML the name of a table."""
    shares: tuple[AreaShare, ...]
    """How the items are shared out; in YAML the name of a table."""


Factor = Id | Literal[0, 1]
"""A parameter's name; 0 and 1 are the only literals, every other number is a row with a source."""


def _product(value: object) -> object:
    return [value] if isinstance(value, str | int | float) and not isinstance(value, bool) else value


Product = Annotated[
    tuple[Factor, ...],
    BeforeValidator(_product, json_schema_input_type=Factor | list[Factor]),
    Field(min_length=1),
]
"""A product of parameters."""


class Capacity(Frozen):
    """A limit on the intake of a process."""

    parameter: Id
    """Parameter that holds what stands today [t/d or t/year]; a plan adds to it."""
    over: tuple[Id, ...] | None = None
    """Dimensions with one capacity each; default: those of the process. Fewer: copies share it."""
    basis: Id = "fresh"
    """`fresh` (sum of the mass layers) or a layer."""
    priority: tuple[Id, ...] = ()
    """Flows admitted first, in order; the rest share what is left pro rata."""
    season: Id | None = None
    """Monthly profile of `seasons.csv` that the daily capacity follows (simulation): a market that buys before
    planting; the year's mean stays. Default: even."""


class Demand(Frozen):
    """What a process needs in a year."""

    amount: Product
    """Product of parameters [mass per time]."""
    basis: Id = "fresh"
    """`fresh` or a layer."""


def _demand(value: object) -> object:
    return {"amount": value} if isinstance(value, list | tuple | str) else value


DemandWritten = Annotated[Demand, BeforeValidator(_demand, json_schema_input_type=Demand | Product)]
"""A demand as it may be written: in full, or as the product alone."""


LIFETIME_PARAMETERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "fixed": ("mean",),
        "normal": ("mean", "sd"),
        "folded_normal": ("mean", "sd"),
        "lognormal": ("mean", "sd"),
        "weibull": ("shape", "scale"),
        "gamma": ("shape", "scale"),
    }
)
"""Parameters that each law of the lifetime needs, in the order in which survival curves take them."""


class Stock(Frozen):
    """A stock: everything that enters the process enters it; its shares divide the release.

    What enters stays for ever, or leaves by `decay`, or by `lifetime`; one of the two.
    """

    decay: Literal["none", "first_order"] = "none"
    """`none`: all that enters stays; `first_order`: a degradable part leaves, from the year after deposit."""
    lifetime: Literal["fixed", "normal", "folded_normal", "lognormal", "weibull", "gamma"] | None = None
    """Law of the lifetime; each year's inflow leaves by it, with the composition it came with."""
    mean: Id | None = None
    """Parameter of `fixed`, `normal`, `folded_normal` and `lognormal`: mean lifetime [year]; of `folded_normal`
    that of the normal law before it is folded."""
    sd: Id | None = None
    """Parameter of `normal`, `folded_normal` and `lognormal`: standard deviation of the lifetime [year]."""
    shape: Id | None = None
    """Parameter of `weibull` and `gamma`: shape [1]."""
    scale: Id | None = None
    """Parameter of `weibull` and `gamma`: scale [year]."""
    timing: Literal["end_of_year", "mid_year", "start_of_year", "through_year"] = "end_of_year"
    """When a year's inflow enters. `end_of_year`: survival at whole ages, 0 in the year of entry (ODYM);
    `mid_year`, `start_of_year`: at ages half a year and a year older; `through_year`: spread evenly over the year."""
    content: Product | None = None
    """Content at the end of each year, a product of parameters [mass]; one import with `fills: stock` holds it."""
    basis: Id = "fresh"
    """Basis of `content`: `fresh` or a layer."""
    surplus: Literal["refuse", "retire"] = "refuse"
    """Where `content` shrinks faster than things leave by their lifetime: `refuse` is an error; `retire` makes all
    cohorts leave early by the same share."""
    layer: Id | None = None
    """Layer that decays."""
    rate: Id | None = None
    """Parameter: decay rate [1/year]."""
    degradable: Id | None = None
    """Parameter: share of the layer that can decay; the rest accumulates."""
    history: str | None = None
    """Table of deposits before the first period; without it the yearly release is refused as `no-history`."""
    history_states: Literal["entered", "left"] = "entered"
    """With `lifetime`: the table says what `entered` in each year [mass per time], or what is `left` of it at the
    end of the year before the first period [mass]."""
    starts: Literal["empty"] | None = None
    """With `lifetime` and without `history`: the stock is known to be empty before the first period."""


class Batches(Frozen):
    """Batches that a process works on for weeks, one per line: windrows, tunnels, sealed digesters.

    What comes in waits in the store until there is enough for a batch and a line is free. The process gives off
    everything a batch was made of on the day it is finished.
    """

    lines: Product
    """How many batches are worked on at a time [1]."""
    size: Product
    """Mass of a batch [t], or its size in days of the capacity that stands [d]."""
    residence: Product
    """Mean time a batch occupies its line [d]."""
    variation: Product | None = None
    """Coefficient of variation of that time, gamma distributed [1]; 1 is exponential; default: always the mean."""


class Store(Frozen):
    """A store in front of a process, seen by the simulation only."""

    limit: Product
    """Largest content [t], or as days of the capacity that stands [d]; batches on their lines are not in it."""
    over: tuple[Id, ...] | None = None
    """Dimensions with one limit each: those of the process (default), or those of its capacity: copies share it."""
    batches: Batches | None = None
    """What the process works on for longer than a day; default: what is drawn is processed the same day."""
    spoilage: Product | None = None
    """Share of the content lost per day [1/d]; left out, it follows from the shortest storage life τ [d] of the goods
    that enter, 1 − exp(−1/τ), if `spoiled_to` is given."""
    spoiled_to: Id | None = None
    """Flow out of the same process that carries what spoils; needed with `spoilage`."""


class Outage(Frozen):
    """Breakdowns of a process with a capacity."""

    mean_time_between: Id
    """Parameter: mean time between failures [d]."""
    mean_time_to_repair: Id
    """Parameter: mean time to repair [d]."""


Treatment = Literal[
    "composting",
    "home_composting",
    "vermicompost",
    "digestion",
    "insects",
    "feed",
    "energy",
    "incineration",
    "open_burning",
    "burial",
    "dumping",
    "landfill",
    "material",
    "soil",
]
"""What a process does to matter, for indicators: which mass counts as recycled and where gases come from."""


class Process(Frozen):
    """Transformation, transport or storage of matter: a box with a balance."""

    label: Label | None = None
    """Name in both languages."""
    over: tuple[Id, ...] = ()
    """Dimensions over which it is repeated."""
    sink: bool = False
    """A final process: what enters stays."""
    capacity: Capacity | None = None
    """Limit on the intake; a process without one is unlimited."""
    demand: DemandWritten | None = None
    """What it needs; one import flow fills the gap (`fills: demand`)."""
    stock: Stock | None = None
    """A stock inside it."""
    store: Store | None = None
    """A store in front of it (simulation)."""
    outage: Outage | None = None
    """Breakdowns: mean availability in the annual balance, random in the simulation."""
    treatment: Treatment | None = None
    """What it does to matter, read by the indicators."""
    circular_model: bool = False
    """Counts as treatment through a circular-economy model."""
    technology: Id | None = None
    """Row key of `technologies.csv` for its costs, labour and emissions."""
    site: dict[Id, Id] = {}
    """Where it stands, for maps, if it is one plant for several places: `district: thanh_phu`."""


def _share(value: object) -> object:
    """Bring every written form of a share to one: a mapping of layer (or `other`) to a product or a word."""
    return value if value is None or isinstance(value, Mapping) else {"other": value}


ShareOfLayer = Literal["remainder", "by_moisture"] | Product
AmountWritten = Annotated[
    dict[Id, Product], BeforeValidator(_share, json_schema_input_type=Product | dict[Id, Product])
]
"""An amount as it may be written: one product, or one per layer."""
ShareWritten = Annotated[
    dict[Id, ShareOfLayer], BeforeValidator(_share, json_schema_input_type=ShareOfLayer | dict[Id, ShareOfLayer])
]
"""A share as it may be written: for all layers, or one per layer."""


class Ratio(Frozen):
    """A flow proportional to another flow that enters or leaves the same process."""

    of: Id
    """That other flow."""
    times: Product
    """Factor, a product of parameters."""


class FlowGood(Frozen):
    """The good of a flow taken from a dimension of goods."""

    by: Id
    """Dimension whose item is the good's id."""


class FlowSeason(Frozen):
    """The monthly profile of a flow taken from a dimension: crops with calendars of their own."""

    by: Id
    """Dimension whose item is the profile's name."""


class Transport(Frozen):
    """How a flow is hauled from the place of one process to that of another."""

    mode: Id
    """Mode of `distances.csv`: road, boat …"""
    vehicle: Id | None = None
    """Row key of `technologies.csv` for `haul_cost`, `haul_emission_factor` and `handling_cost`; default: the mode."""

    @property
    def key(self) -> str:
        """Row key of its costs and emissions."""
        return self.vehicle or self.mode


def _transport(value: object) -> object:
    return {"mode": value} if isinstance(value, str) else value


TransportWritten = Annotated[Transport, BeforeValidator(_transport, json_schema_input_type=Transport | Id)]
"""A transport as it may be written: in full, or as the mode alone."""


class Flow(Frozen):
    """Mass per time from one process to another, carrying one good.

    It states exactly one of `amount`, `share`, `ratio`, `fills`, `refused`.
    """

    source: str = Field(alias="from")
    """`outside`, a process, or a process with fixed or mapped dimensions: `plant(district=destination)`."""
    target: str = Field(alias="to")
    """As `from`."""
    label: Label | None = None
    """Name in both languages; default: the good's."""
    good: Id | FlowGood
    """What it carries."""
    over: tuple[Id, ...] | None = None
    """Dimensions over which it is repeated; default: those of `from`, or of `to` if it comes from outside."""
    only: dict[Id, tuple[Id, ...]] = {}
    """Restrict dimensions to some items: `destination: [ba_tri, thanh_phu]`."""
    amount: AmountWritten | None = None
    """Absolute: a product of parameters [mass per time] in `basis`, or one per layer."""
    at_most: bool = False
    """With `amount` out of a process: take what there is when there is less."""
    share: ShareWritten | None = None
    """Transfer coefficient: a product for all layers, `remainder`, or a mapping of every layer (or `other`)."""
    ratio: Ratio | None = None
    """Proportional to another flow that enters or leaves the same process."""
    fills: Literal["demand", "stock"] | None = None
    """On one import: `demand`, what the other inflows of a process with a demand lack; `stock`, what holds the
    content given of its stock."""
    refused: bool = False
    """Carries only what other flows' `otherwise` lists send it."""
    otherwise: tuple[Id, ...] = ()
    """Where refused mass goes next, in order; the last leads to a process without capacity."""
    order: Literal["as_written", "distance"] = "as_written"
    """Order of `otherwise`: `as_written`; or by `distance`: for each place of origin the nearest first by the mode of
    `transport`, equals as written, and the last stays last. Flows that do not start there are passed over."""
    transport: TransportWritten | None = None
    """Hauled between the places of its two ends: by a mode of `distances.csv`; then its t·km cost and emit."""
    basis: Id = "fresh"
    """Basis of `amount`, and of a `ratio` from outside: `fresh` or a layer."""
    origin: Id | None = None
    """On an arising: household, market, crop, livestock, aquaculture, industry."""
    season: Id | FlowSeason | None = None
    """Monthly profile of `seasons.csv` (simulation), or `{by: dimension}` for one per item; default: even."""


class Good(Frozen):
    """Matter with positive or negative value (a row of `goods.csv`)."""

    id: Id
    """Its id."""
    label: Label
    """Name in both languages."""
    status: Literal["product", "by_product", "residue", "waste", "resource", "gas"]
    """Legal status; gases are exempt from the check that contained ≤ container."""
    organic: bool = False
    """Counts as organic waste where its stream is household waste."""
    cannot_carry: tuple[Id, ...] = ()
    """Layers it cannot hold."""
    colour: str | None = None
    """Colour of its flows in figures, `#rrggbb`."""
    storage_life: Number | None = Field(default=None, gt=0)
    """Mean time it keeps before it spoils [d]; a store that states no `spoilage` spoils by it."""


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


class Target(Frozen):
    """One target of a plan."""

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


class Model(Frozen):
    """A model as read: plain data, complete, every reference still by name."""

    format: Literal[1]
    """Version of the grammar."""
    id: Id
    """Its id, the name of its folder."""
    label: Label
    """Its name."""
    area: Label | None = None
    """The territory as it stands in titles of reports."""
    periods: Periods
    """Calendar years."""
    base_year: Whole | None = None
    """Year of the latest complete observations; default: the first period."""
    layers: Layers
    """What is balanced."""
    dimensions: dict[Id, DimensionWritten] = {}
    """Dimensions by name."""
    areas: dict[Id, Area] = {}
    """Other divisions of the land, for example the communes of today, by name."""
    processes: dict[Id, Process]
    """Processes by name."""
    flows: dict[Id, Flow]
    """Flows by name."""
    goods: dict[Id, Good] = {}
    """Goods by id, from `goods.csv`."""
    parameter_labels: dict[Id, Label] = {}
    """Names of parameters, from `parameter_labels.csv`."""
    parameters: tuple[ParameterRow, ...] = ()
    """Rows of `parameters.csv` and `technologies.csv`."""
    composition: tuple[CompositionRow, ...] = ()
    """Rows of `composition.csv`."""
    seasons: tuple[SeasonRow, ...] = ()
    """Rows of `seasons.csv`."""
    history: tuple[HistoryRow, ...] = ()
    """Rows of the tables named by `stock.history`."""
    targets: tuple[Target, ...] = ()
    """Targets, from `targets.yaml`."""
    distances: tuple[DistanceRow, ...] = ()
    """Rows of `distances.csv`."""
    technology_profiles: dict[Id, TechnologyProfile] = {}
    """Technologies in words, from `technology_profiles.yaml`."""
    departments: dict[Id, Department] = {}
    """Authorities and their successors by id, from `departments.csv`."""
    duties: tuple[Duty, ...] = ()
    """What a plan asks of them, from `duties.csv`."""
    sources: dict[str, Source] = {}
    """Sources by citation key, from `sources.csv`."""
    inputs: dict[str, str] = {}
    """SHA-256 of every file read, by name relative to the model; set by the reader."""

    def in_charge(self, department: str) -> tuple[Department, ...]:
        """Return who does the work of a department today: itself, or those that took it over, step by step.

        Examples
        --------
        >>> from cemfa.definition.load import read_model
        >>> [d.label.en for d in read_model("ben_tre").in_charge("planning_investment")]
        ['Department of Finance']
        """
        found = self.departments[department]
        if not found.successors:
            return (found,)
        return tuple(dict.fromkeys(last for heir in found.successors for last in self.in_charge(heir)))

    def items(self, dimension: str) -> tuple[Item, ...]:
        """Return the items of a dimension, following an alias."""
        found = self.dimensions[dimension]
        return self.items(found.alias) if found.alias else found.items

    def name_of(self, kind: Literal["process", "flow", "good", "parameter"], key: str, lang: str) -> str:
        """Return the label of a process, flow, good or parameter in a language; its id where it has none."""
        found: Any
        if kind == "parameter":
            found = self.parameter_labels.get(key)
        else:
            tables: dict[str, Mapping[str, Any]]
            tables = {"process": self.processes, "flow": self.flows, "good": self.goods}
            found = tables[kind][key].label if key in tables[kind] else None
        return found.of(lang) if found else key

    def __repr__(self) -> str:
        years = f"{self.periods.first}-{self.periods.last}"
        return f"<Model {self.id}: {len(self.processes)} processes, {len(self.flows)} flows, {years}>"

    def _repr_html_(self) -> str:
        from cemfa.definition.show import model_html

        return model_html(self)


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


class Funding(Frozen):
    """One source of money of a project or programme."""

    source: Id
    """Key of the scenario's `funders`."""
    share: Number = Field(ge=0, le=1)
    """Share of the investment (or of the running cost, with `of: running`)."""
    of: Literal["investment", "running"] = "investment"
    """What it pays for."""
    until: Whole | None = None
    """Last year it pays; afterwards the need stands as a line of its own."""


class When(Frozen):
    """A rule that decides on a project in the course of a simulation, history by history.

    It is looked at on the last day of every month (`share`: of every year) from the project's `decision` on.
    """

    measure: Literal["utilisation", "refused", "backlog", "share", "function"]
    """`utilisation`: taken in over what was possible in the month [1]; `refused`: turned away [t/d]; `backlog`: what
    waits in stores [t]; `share`: mass of the flows `of` over that of the flows `per` in the year [1]; `function`: a
    function handed to `simulate`."""
    process: Id | None = None
    """Process whose plants are looked at; default: the project's own."""
    place: dict[Id, Id] = {}
    """Item per dimension; only plants there are looked at, together. Default: all."""
    of: tuple[Id, ...] = ()
    """Flows over …"""
    per: tuple[Id, ...] = ()
    """… flows, for `share`."""
    above: Number | None = None
    """It is time to build when the measure is above this …"""
    below: Number | None = None
    """… or below this."""
    months: Whole = Field(default=1, ge=1)
    """For how many months in a row (`share`: years)."""


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
    minimum_delivery: Number | None = Field(default=None, ge=0)
    """Contracted delivery [t/d] that is paid for even when not delivered."""
    haul_distance: Number | None = Field(default=None, gt=0)
    """Distance [km] within which supply is counted by `check`."""
    committed: bool = False
    """Already committed: also part of the baseline `as_committed`."""


class Change(Frozen):
    """A dated change of a parameter: a ramp or rule."""

    parameter: Id
    """Parameter changed."""
    place: dict[Id, Id | tuple[Id, ...]] = {}
    """Item or items per dimension; blank: everywhere."""
    values: dict[Whole, Number] = Field(min_length=1)
    """Year → value; linear between, held after the last, no change before the first."""
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


class Stress(Frozen):
    """A named bad case applied to the plants of options."""

    label: Label
    """Name in both languages."""
    options: tuple[Id, ...]
    """Options it is run for."""
    intake_share: Number = Field(gt=0, le=1)
    """Largest share of the design intake that the projects' plants take in."""
    changes: tuple[Change, ...] = ()
    """Parameters it changes."""
    basis: Literal["reported", "derived", "unverified"]
    """As for parameters."""
    source: str
    """Key of `sources.csv`."""
    note: str = ""
    """Anything a reader must know."""


class Event(Frozen):
    """Something that closes a process: dated, or random with a rate."""

    label: Label
    """Name in both languages."""
    kind: Literal["blockade", "flood", "maintenance"]
    """What it is."""
    process: Id
    """Process whose intake stops."""
    place: dict[Id, Id] = {}
    """Item per dimension."""
    first: datetime.date | None = Field(default=None, alias="from")
    """First day of a dated event; for a random one the day from which it can happen."""
    last: datetime.date | None = Field(default=None, alias="to")
    """Last day (included)."""
    rate: NumberRow | None = None
    """Random: mean number per year [1/year]."""
    duration: NumberRow | None = None
    """Random: how long [d]."""
    months: tuple[Annotated[Whole, Field(ge=1, le=12)], ...] = ()
    """Random: months in which it can start; blank: all."""
    weights: dict[Annotated[Whole, Field(ge=1, le=12)], Annotated[Number, Field(ge=0)]] = {}
    """Random: how likely it is to start on a day of a month, relative to other months: `{9: 3, 10: 3}` with the rest
    left out is three times as likely in September and October as on other days. The mean of the year stays."""
    yearly: bool = False
    """Dated: again every year on the same days, such as planned maintenance; from the year of `from` on."""
    basis: Literal["reported", "derived", "unverified"] = "unverified"
    """As for parameters."""
    source: str
    """Key of `sources.csv`."""


class Funder(Frozen):
    """A source of money."""

    label: Label
    """Name in both languages."""
    kind: Literal["budget", "donor", "enterprise", "loan", "household"]
    """What it is."""


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
    stages: dict[Id, tuple[Stage, ...]]
    """Chains of stages by name; `site_secured` and `site_open` are the defaults."""


class Finance(Frozen):
    """Settings of the economic account."""

    price_year: Whole
    """All money is in VND of this year."""
    discount_rate: NumberRow
    """Real discount rate."""
    start: Whole
    """First decision year; everything is discounted to its 1 January."""


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
    """Funder → year → VND that it can give in that year to projects decided by rules; a funder that is not named
    can give any amount. What is not given lapses."""
    simulation: Simulation
    """Settings of the simulation."""
    finance: Finance
    """Settings of the economic account."""
    sources: dict[str, Source] = {}
    """Sources beside the model's."""
    inputs: dict[str, str] = {}
    """SHA-256 of every file read; set by the reader."""

    def __repr__(self) -> str:
        return f"<Scenario {self.id}: {len(self.options)} options for the model {self.model}>"

    def _repr_html_(self) -> str:
        from cemfa.definition.show import scenario_html

        return scenario_html(self)
