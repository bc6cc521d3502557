"""What can happen to plants in a scenario: closures, dated and random, and named bad cases."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from cemfa.definition.schema.options import Change
from cemfa.definition.schema.rows import NumberRow
from cemfa.definition.schema.terms import Frozen, Id, Label, Number, Whole


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


Month = Annotated[Whole, Field(ge=1, le=12)]
"""A month of the year, 1 to 12."""


class Weather(Frozen):
    """Noise of what arises from day to day: better days and worse ones, for some time and for a whole place.

    It is multiplied onto the season (simulation); the annual amount stays what the parameters say.
    """

    label: Label
    """Name in both languages."""
    flows: tuple[Id, ...] = Field(min_length=1)
    """Arisings that share it: flows from outside with an `amount`."""
    by: Id | None = None
    """Dimension whose items have a weather each, such as `district`; default: one for all."""
    spread: NumberRow
    """Coefficient of variation of a day's amount around its season [1]."""
    persistence: NumberRow
    """How long it lasts [d]: time after which the correlation with today has fallen to 1/e; 0: every day anew."""


class Load(Frozen):
    """How heavily a place is used, where that makes an event likelier."""

    process: Id
    """Process whose intake is looked at: one with a capacity, or that an event closes."""
    place: dict[Id, Id] = {}
    """Item per dimension; only what enters there is counted. Default: all."""
    above: NumberRow
    """Its design load [t/d]; looked at is the mean intake of the last 30 days."""
    times: NumberRow
    """How many times as likely the event is to start while the load is above it [1], at least 1."""


class EventChange(Frozen):
    """A parameter that is higher or lower while an event lasts.

    Parameters hold for a year: the year's value is the mean over its days, those of the event with the factor.
    """

    parameter: Id
    """Parameter changed: a yield, a price, a participation."""
    place: dict[Id, Id | tuple[Id, ...]] = {}
    """Item or items per dimension; blank: everywhere."""
    factor: NumberRow
    """What it is multiplied by [1]; drawn once per simulated history."""
    season: Id | None = None
    """Monthly profile of `seasons.csv` by which the days of the year weigh: what arises on the event's days is
    changed and nothing else. Default: all days alike."""
    taken_from: tuple[Id, ...] | Literal["proportional", "remainder"] | None = Field(None, alias="from")
    """For a share: as in the changes of options."""


class Event(Frozen):
    """Something that happens between two dates: it closes a process or flows, or changes parameters, or both.

    It is dated (`from` with `to`, `duration` or `for_good`), or random (`rate` with `duration` or `for_good`).
    """

    label: Label
    """Name in both languages."""
    kind: Literal["blockade", "flood", "maintenance", "salinity", "disease", "price", "contract", "other"]
    """What it is called in the log and in figures; nothing depends on it."""
    process: Id | None = None
    """Process whose intake stops; what it would have taken in follows the `otherwise` of the flows into it."""
    flows: tuple[Id, ...] = ()
    """Flows that stop, each by its own `otherwise`: feed to animals, what a contract takes."""
    place: dict[Id, Id] = {}
    """Item per dimension, of the process or the flows."""
    changes: tuple[EventChange, ...] = ()
    """Parameters that are higher or lower while it lasts; the annual balance does not know them."""
    first: datetime.date | None = Field(default=None, alias="from")
    """First day of a dated event; for a random one the day from which it can happen."""
    last: datetime.date | None = Field(default=None, alias="to")
    """Last day (included)."""
    rate: NumberRow | None = None
    """Random: mean number per year [1/year]."""
    duration: NumberRow | None = None
    """How long it lasts [d]: of a random event, or of a dated one instead of `to`."""
    for_good: bool = False
    """It never ends: a contract that is not renewed, a step of a price."""
    months: tuple[Month, ...] = ()
    """Random: months in which it can start; blank: all."""
    weights: dict[Month, Annotated[Number, Field(ge=0)]] = {}
    """Random: how likely it is to start on a day of a month, relative to other months: `{9: 3, 10: 3}` with the rest
    left out is three times as likely in September and October as on other days. The mean of the year stays."""
    load: Load | None = None
    """Random: it is likelier to start while a place is used more heavily than it was designed for."""
    yearly: bool = False
    """Dated: again every year on the same days, such as planned maintenance; from the year of `from` on."""
    chance: NumberRow | None = None
    """Dated: how probable it is that it happens, each year anew if it is `yearly` [1]; default: it does."""
    delay: NumberRow | None = None
    """Dated, without `to`: how long after `from` it starts [d], each year anew; default: not at all."""
    refused_cost: NumberRow | None = None
    """What a tonne that it turns away costs the province [VND/t], beyond what the plants cost that take it in instead:
    storing it, hauling it further, clearing it later. Per tonne in the basis of the capacity that it closes."""
    basis: Literal["reported", "derived", "unverified"] = "unverified"
    """As for parameters."""
    source: str
    """Key of `sources.csv`."""

    def numbers(self) -> Iterator[tuple[str, NumberRow]]:
        """Yield its uncertain numbers by the last word of their random streams."""
        for name in ("rate", "duration", "chance", "delay", "refused_cost"):
            if (row := getattr(self, name)) is not None:
                yield name, row
        if self.load is not None:
            yield "load_above", self.load.above
            yield "load_times", self.load.times
        yield from ((name, change.factor) for name, change in self.factors())

    def factors(self) -> Iterator[tuple[str, EventChange]]:
        """Yield its changes by the last word of the random stream of their factor."""
        for number, change in enumerate(self.changes):
            yield f"factor{number or ''}", change
