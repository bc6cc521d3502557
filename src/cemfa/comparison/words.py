"""Numbers inside sentences: one voice per language for rates, masses, money, probabilities and their spread.

For the figures of a comparison and for its report; formats, never reckons.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isfinite, log10
from typing import TYPE_CHECKING, Final

from cemfa import locale

if TYPE_CHECKING:
    from cemfa.definition.schema import Label, Target
    from cemfa.indicators.spread import Stat

BILLION: Final = 1e9
_SENSES: Final = {">=": "≥", ">": ">", "<=": "≤", "<": "<", "=": "=", "~": "≈"}


@dataclass(frozen=True, slots=True)
class Words:
    """The language of one copy of the report, and how many histories stand behind its numbers."""

    lang: str
    replications: int = 1

    def text(self, key: str, **parameters: object) -> str:
        """Return a text of the report by its key."""
        return locale.text(f"report.{key}", self.lang, **parameters)

    def label(self, label: Label | None, otherwise: str = "") -> str:
        """Return a label in the language, or what stands in for it."""
        return label.of(self.lang) if label else otherwise

    def number(self, value: float, figures: int = 3) -> str:
        """Return a number with as many significant figures as its uncertainty deserves.

        >>> Words("vi").number(12345.6), Words("en").number(0.01234)
        ('12.300', '0.0123')
        """
        return locale.number(significant(value, figures), self.lang)

    def spread(self, stat: Stat, scale: float = 1.0, figures: int = 3) -> str:
        """Return the median with P5 and P95: ``12 (8 – 17)``; without a spread only the median."""
        parts = [part * scale for part in (stat.p50, stat.p5, stat.p95)]
        decimals = decimals_for(max(map(abs, parts)), figures)
        shown = [locale.number(significant(part, figures), self.lang, decimals).replace("-", "−") for part in parts]
        middle, low, high = shown
        return middle if low == high else self.text("spread", middle=middle, low=low, high=high)

    def percent(self, share: float, decimals: int = 0) -> str:
        """Return a share as percent."""
        return locale.percent(share, self.lang, decimals)

    def rate(self, stat: Stat, decimals: int = 0) -> str:
        """Return a rate (fraction) as percent with its spread: ``36% (23 – 42%)``."""
        middle, low, high = (self.percent(part, decimals) for part in (stat.p50, stat.p5, stat.p95))
        return middle if low == high else self.text("spread", middle=middle, low=low.removesuffix("%"), high=high)

    def probability(self, value: float) -> str:
        """Return a probability as percent; never 0 % or 100 %, because the histories are counted, not infinite.

        >>> Words("en", 100).probability(0.0), Words("en", 100).probability(0.42)
        ('under 1%', '42%')
        """
        least = max(1.0 / max(self.replications, 1), 0.001)
        if value < least:
            return self.text("less_than", value=self.percent(least, _digits(least)))
        if value > 1 - least:
            return self.text("more_than", value=self.percent(1 - least, _digits(least)))
        return self.percent(value)

    def unit(self, unit: str) -> str:
        """Return a unit as the language writes it, or as it is where both write it alike.

        >>> Words("vi").unit("t/year"), Words("vi").unit("MW")
        ('tấn/năm', 'MW')
        """
        return locale.texts("report", self.lang).get(f"u_{unit}", unit)

    def target(self, target: Target, place: str) -> str:
        """Return a target in short: ``rural ≥ 70%``."""
        value = locale.number(target.value, self.lang) if target.value is not None else ""
        sign = "" if target.sense == "=" else f"{sense(target)} "
        return self.text("target_words", sense=sign, value=value, unit=target.unit, label=place)


def significant(value: float, figures: int = 3) -> float:
    """Return a number rounded to so many significant figures.

    >>> significant(123456.0), significant(0.0), significant(-0.0012345, 2)
    (123000.0, 0.0, -0.0012)
    """
    if value == 0 or not isfinite(value):
        return value
    return round(value, figures - 1 - floor(log10(abs(value))))


def decimals_for(largest: float, figures: int = 3) -> int:
    """Return the decimals that give the largest of several numbers so many significant figures.

    >>> decimals_for(14.2), decimals_for(1850.0), decimals_for(0.031, 2)
    (1, 0, 3)
    """
    if largest == 0 or not isfinite(largest):
        return 0
    return max(0, figures - 1 - floor(log10(largest)))


def sense(target: Target) -> str:
    """Return the sign of comparison as people write it."""
    return _SENSES.get(target.sense, "")


def _digits(share: float) -> int:
    return 0 if abs(100 * share - round(100 * share)) < 1e-9 else 1
