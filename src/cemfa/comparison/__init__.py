"""Options side by side: simulated with common random numbers, measured, judged, priced.

Stands between `simulation`, `targets`, `economics` below and `report` above.
"""

from cemfa.comparison.outcome import (
    Comparison,
    Driver,
    Economics,
    OptionResult,
    ProgrammeResult,
    ProjectResult,
    Reason,
)
from cemfa.comparison.run import compare
from cemfa.comparison.table import Column, Table, summary_table
from cemfa.indicators.spread import Stat, stat_of
from cemfa.sensitivity.origins import layer_name
from cemfa.targets import Assessment

__all__ = [
    "Assessment",
    "Column",
    "Comparison",
    "Driver",
    "Economics",
    "OptionResult",
    "ProgrammeResult",
    "ProjectResult",
    "Reason",
    "Stat",
    "Table",
    "compare",
    "layer_name",
    "stat_of",
    "summary_table",
]
