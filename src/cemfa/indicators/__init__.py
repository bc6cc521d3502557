"""Measures of results: recycling rates, nutrients, greenhouse gases, energy, work.

Stands between `results` and `targets`: every indicator is a pure function of results with declared unit,
formula, source and labels in both languages.
"""

from cemfa.indicators.catalogue import REGISTRY, block_function, by_part, evaluate, parts_named, supported
from cemfa.indicators.registry import ALL, Indicator

__all__ = ["ALL", "REGISTRY", "Indicator", "block_function", "by_part", "evaluate", "parts_named", "supported"]
