"""The measures of money by name: unit, source, and in words of both languages what they are and how they are reckoned.

Beside the functions of `economics`, which compute them; `compare` gives them for every option.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cemfa import locale

_ADB: Final = "Asian Development Bank 2017, Guidelines for the economic analysis of projects"
_DISCOUNTING: Final = "Brealey, Myers and Allen, Principles of corporate finance"
_EPA: Final = "US EPA 1997, Full cost accounting for municipal solid waste management"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of money.

    Parameters
    ----------
    id : its key
    unit : canonical unit; money is real VND of the scenario's price year
    by : what it is reckoned for: `option`, `project` or `account`
    source : where the definition comes from
    """

    id: str
    unit: str
    by: str
    source: str

    def label(self, lang: str | None = None) -> str:
        """Return its name in a language."""
        return locale.text(f"economics.{self.id}", lang)

    def formula(self, lang: str | None = None) -> str:
        """Return its formula in words of a language."""
        return locale.text(f"economics.{self.id}.formula", lang)


MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        measure.id: measure
        for measure in (
            Measure("value_added_per_tonne", "VND/t", "option", "System of National Accounts 2008, 6.8"),
            Measure("npv", "VND", "option", _DISCOUNTING),
            Measure("levelised_cost", "VND/t", "option", _ADB),
            Measure("levelised_cost_net", "VND/t", "option", _ADB),
            Measure("abatement_cost", "VND/tCO2e", "option", "Kesicki and Ekins 2012, Climate Policy 12(2)"),
            Measure("full_cost_per_tonne", "VND/t", "option", _EPA),
            Measure("covering_fee", "VND/household/month", "option", _EPA),
            Measure("irr", "1/year", "project, account", _DISCOUNTING),
            Measure("mirr", "1/year", "project, account", _DISCOUNTING),
            Measure("simple_payback", "year", "project, account", _DISCOUNTING),
            Measure("discounted_payback", "year", "project, account", _DISCOUNTING),
            Measure("benefit_cost_ratio", "1", "project, account", _ADB),
            Measure("break_even_fee", "VND/t", "project", _ADB),
            Measure("lowest_cover", "1", "project", "Yescombe 2014, Principles of project finance"),
        )
    }
)
"""Every measure by id, in the order of reports."""
