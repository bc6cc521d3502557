"""How options are weighed against each other: the criteria of a choice, as data."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from cemfa.definition.schema.terms import Frozen, Number

MONEY_CRITERIA: Final = {
    "npv": "VND", "npv_operator": "VND", "capex": "VND", "opex": "VND/year", "levelised_cost": "VND/t",
    "levelised_cost_net": "VND/t", "abatement_cost": "VND/t",
}  # fmt: skip
"""What a criterion may name beside the indicators, with its canonical unit."""


class Criterion(Frozen):
    """One thing that counts in a choice; the weights of all criteria sum to one."""

    indicator: str
    """An indicator (`rate_with_home`, of one settlement `rate_with_home.rural`), or money: npv, npv_operator, capex,
    opex, levelised_cost, levelised_cost_net, abatement_cost."""
    weight: Number = Field(ge=0)
    """Its share of the decision, 0 … 1."""
    sense: Literal["max", "min"]
    """Whether more or less of it is better."""
    scale: tuple[Number, Number]
    """The worst and the best value, in the canonical unit: 0 and 1 on the scale; fixed, so that an option that is
    added or left out changes nothing between the others."""
    of: Literal["value", "difference"] = "value"
    """Whether the value itself counts, or its difference to the baseline."""
