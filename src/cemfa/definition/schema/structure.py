"""What a model is made of: years, layers, dimensions, areas, goods, processes, flows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from cemfa.definition.schema.terms import Frozen, Id, Label, Number, Product, Whole


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
    overnight: bool = False
    """Whether what comes in is worked on the day after: so that what goes round a loop comes back a day later."""
    spoilage: Product | None = None
    """Share of the content lost per day [1/d]; left out, it follows from the shortest storage life τ [d] of the goods
    that enter, 1 − exp(−1/τ), if `spoiled_to` is given."""
    spoiled_to: Id | None = None
    """Flow out of the same process that carries what spoils; needed with `spoilage`."""


class DryMatter(Frozen):
    """A bound on the share of dry matter."""

    at_most: Id
    """Parameter: largest share of dry matter in fresh mass [1]: a wet digester must be pumped."""


class Recipe(Frozen):
    """What the mix of a day must be like for a plant to take it in (simulation).

    What does not fit is refused by the goods that drive the mix over a bound, those that come last in `priority`
    first, those of one rank alike; it follows `otherwise`.
    """

    carbon_to_nitrogen: tuple[Id, Id] | None = None
    """Parameters: lowest and highest mass of carbon per mass of nitrogen [1]; composting works between."""
    dry_matter: DryMatter | None = None
    """Bound on dry matter."""


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
    recipe: Recipe | None = None
    """What the mix of a day must be like (simulation)."""
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
