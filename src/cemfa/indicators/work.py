"""Jobs at plants. One family of `indicators`; what programmes employ is counted by `economics`."""

from __future__ import annotations

from typing import Final

import numpy as np

from cemfa.indicators.registry import Indicator
from cemfa.indicators.view import Array, View


def jobs(view: View) -> Array:
    """Return full-time jobs at plants for the mass they really handle, (S, T) [person].

    ``Σ intake [t/d] · labour [person/(t/d)]`` over processes whose technology has a labour row. Staff of a
    plant that stands half empty beyond this is a cost, not a job created by recycling.
    """
    chosen = np.flatnonzero(view.at_target("technology") != "")
    labour, _ = view.along_flows("labour", chosen, default=0.0)
    per_day = view.mass(chosen) / view.days[None, :, None]
    return np.asarray((per_day * labour).sum(axis=-1), dtype=np.float64)


INDICATORS: Final[tuple[Indicator, ...]] = (
    Indicator("jobs", "person", "cemfa: intake of plants × labour per t/d", jobs),
)
