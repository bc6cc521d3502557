"""Jobs at plants, by skill and by formality. One family of `indicators`; programmes are counted by `economics`."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np

from cemfa.indicators.registry import Indicator, require
from cemfa.indicators.sums import added
from cemfa.indicators.view import Array, View

SKILLS: Final = ("unskilled", "skilled", "technical")
"""Skills whose shares of the labour of a technology sum to one."""
_FORMAL: Final = "formal_share_of_labour"


def jobs(view: View) -> Array:
    """Return full-time jobs at plants for the mass they really handle, (S, T) [person].

    ``Σ intake [t/d] · labour [person/(t/d)]`` over processes whose technology has a labour row. Staff of a
    plant that stands half empty beyond this is a cost, not a job created by recycling.
    """
    return _jobs_of(view, "jobs", "")


def jobs_of_skill(skill: str, view: View) -> Array:
    """Return the jobs at plants of one skill of `SKILLS`, (S, T) [person]; together they are `jobs`."""
    return _jobs_of(view, f"jobs_{skill}", f"{skill}_share_of_labour")


def formal_jobs(view: View) -> Array:
    """Return the jobs at plants with a contract and social insurance, (S, T) [person].

    Source: International Labour Organization, 17th ICLS 2003, guidelines on informal employment.
    """
    return _jobs_of(view, "jobs_formal", _FORMAL)


def informal_jobs(view: View) -> Array:
    """Return the jobs at plants without contract or social insurance: ``jobs − formal jobs``, (S, T) [person]."""
    return jobs(view) - formal_jobs(view)


def _jobs_of(view: View, indicator: str, share: str) -> Array:
    chosen = np.flatnonzero(view.at_target("technology") != "")
    labour, _ = view.along_flows("labour", chosen, default=0.0)
    busy = (labour > 0).any(axis=(0, 1))
    chosen, labour = chosen[busy], labour[..., busy]
    if share:
        part, absent = view.along_processes(share, view.target[chosen])
        require(indicator, absent)
        labour = labour * part
    per_day = view.mass(chosen) / view.days[None, :, None]
    return added(per_day * labour)


_OWN: Final = "cemfa: intake of plants × labour per t/d"
_ILO: Final = "ILO, 17th ICLS 2003, guidelines on a statistical definition of informal employment"

INDICATORS: Final[tuple[Indicator, ...]] = (
    Indicator("jobs", "person", _OWN, jobs),
    *(
        Indicator(f"jobs_{skill}", "person", _OWN, partial(jobs_of_skill, skill), parameters=(share,))
        for skill, share in ((skill, f"{skill}_share_of_labour") for skill in SKILLS)
    ),
    Indicator("jobs_formal", "person", _ILO, formal_jobs, parameters=(_FORMAL,)),
    Indicator("jobs_informal", "person", _ILO, informal_jobs, parameters=(_FORMAL,)),
)
