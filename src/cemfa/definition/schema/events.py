"""What can happen to plants in a scenario: closures, dated and random, and named bad cases."""

from __future__ import annotations

import datetime
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
