"""Options side by side: simulated with common random numbers, measured, judged, priced.

Stands between `simulation`, `targets`, `economics` below and `report` above.
"""

from cemfa.comparison.choice import (
    best_on_average,
    expected_loss,
    partial_information,
    perfect_information,
    ranks,
)
from cemfa.comparison.criteria import (
    on_scale,
    promethee,
    rank_stability,
    topsis,
    weighted_sum,
    weights_on_simplex,
)
from cemfa.comparison.curve import with_curves
from cemfa.comparison.dominance import dominated_by, dominates, efficient
from cemfa.comparison.latest import latest_decision, with_latest
from cemfa.comparison.measures import cost_curve
from cemfa.comparison.outcome import (
    Comparison,
    Driver,
    Economics,
    Latest,
    OptionResult,
    ProgrammeResult,
    ProjectResult,
    Reason,
)
from cemfa.comparison.pairs import probability_best
from cemfa.comparison.run import compare
from cemfa.comparison.table import Column, Table, summary_table
from cemfa.comparison.turning import (
    switching_by_evaluation,
    switching_from_samples,
    switching_values,
    tornado,
)
from cemfa.indicators.spread import Stat, stat_of
from cemfa.sensitivity.origins import layer_name
from cemfa.targets import Assessment

__all__ = [
    "Assessment",
    "Column",
    "Comparison",
    "Driver",
    "Economics",
    "Latest",
    "OptionResult",
    "ProgrammeResult",
    "ProjectResult",
    "Reason",
    "Stat",
    "Table",
    "best_on_average",
    "compare",
    "cost_curve",
    "dominated_by",
    "dominates",
    "efficient",
    "expected_loss",
    "latest_decision",
    "layer_name",
    "on_scale",
    "partial_information",
    "perfect_information",
    "probability_best",
    "promethee",
    "rank_stability",
    "ranks",
    "stat_of",
    "summary_table",
    "switching_by_evaluation",
    "switching_from_samples",
    "switching_values",
    "topsis",
    "tornado",
    "weighted_sum",
    "weights_on_simplex",
    "with_curves",
    "with_latest",
]
