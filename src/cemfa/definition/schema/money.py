"""Who pays in a scenario, and how its money is reckoned."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cemfa.definition.schema.rows import NumberRow
from cemfa.definition.schema.terms import Frozen, Id, Label, Number, Whole


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


class Funder(Frozen):
    """A source of money."""

    label: Label
    """Name in both languages."""
    kind: Literal["budget", "donor", "enterprise", "loan", "household"]
    """What it is."""


class Finance(Frozen):
    """Settings of the economic account."""

    price_year: Whole
    """All money is in VND of this year."""
    discount_rate: NumberRow
    """Real discount rate."""
    start: Whole
    """First decision year; everything is discounted to its 1 January."""
