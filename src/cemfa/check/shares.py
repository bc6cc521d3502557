"""Rules on sums of shares: with central values in every year, then with draws, and with what options change."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from cemfa.definition.load import Places
from cemfa.errors import Place, Problem
from cemfa.system.numbers import bind_plan, outflows
from cemfa.system.sampling import BLOCK

if TYPE_CHECKING:
    from cemfa.plan import Plan
    from cemfa.system.changes import Binding
    from cemfa.system.layout import System

Array = NDArray[np.float64]

SAMPLES: Final = 1024
"""Draws by which it is judged whether the shares of a model could exceed one."""
OPTION_SAMPLES: Final = 256
"""Draws by which the same is judged for every option."""
TOLERANCE: Final = 1e-9  # of shares typed with nine digits


def share_sums(
    system: System, places: Places, plan: Plan | None = None, option: Place | None = None
) -> Iterator[Problem]:
    """Yield processes whose shares sum to more than one, or to less where nothing takes the rest.

    First with central values in every year; where these fit, with draws in the years for which numbers (or
    changes of the option) are given: there it is said how probable it is.

    Parameters
    ----------
    plan, option : changes of an option, and where it is written
    """
    binding = bind_plan(system, plan)
    central = system.sampler.central()[:, None]
    first: dict[tuple[int, int], tuple[int, Array]] = {}
    for t in range(len(system.years)):
        shares, rest = _rests(system, central, binding, t)
        for process, layer in np.argwhere(_wrong(system, rest)[:, :, 0]).tolist():
            leaving = np.flatnonzero((system.source == process) & (shares[:, layer, 0] > 0))
            first.setdefault((process, layer), (t, shares[leaving, layer, 0]))
    if first:
        yield from _central_sums(system, places, first, option)
    else:
        given = {year for change in plan.changes for year in change.years} if plan is not None else set()
        years = given or {row.year for row in system.model.parameters if row.year is not None}
        yield from _drawn_sums(system, places, binding, years, option)


def _rests(system: System, draws: Array, binding: Binding, period: int) -> tuple[Array, Array]:
    """Return the shares (F, L, S), remainders as zero, and what they leave of each process (P, L, S)."""
    values = binding.rows(system.parameters, draws, period, system.years[period])
    shares = system.products.values(values, binding.position)[system.share]
    return shares, outflows(system).what_is_left(shares)


def _wrong(system: System, rest: Array) -> NDArray[np.bool_]:
    """Return where shares sum to more than one, or to less and neither remainder nor amount takes the rest."""
    exact = np.zeros(rest.shape[:2], dtype=bool)
    flow, layer = np.nonzero(system.share)  # product 0 is nothing: a layer that no flow states does not enter
    exact[system.source[flow], layer] = True
    exact[system.source[system.remainders.flow], system.remainders.layer] = False
    exact[system.source[system.ratios_out.flow]] = False
    found: NDArray[np.bool_] = (rest < -TOLERANCE) | (exact[:, :, None] & (rest > TOLERANCE))
    return found


def _central_sums(
    system: System,
    places: Places,
    first: Mapping[tuple[int, int], tuple[int, Array]],
    option: Place | None,
) -> Iterator[Problem]:
    reported: set[tuple[object, ...]] = set()
    for (process, layer), (period, shares) in first.items():
        name = str(system.process_coords["process_name"][process])
        if {(name, layer), (name, *shares.tolist())} & reported:
            continue  # one copy stands for all, and one layer for those with the same shares
        reported |= {(name, layer), (name, *shares.tolist())}
        total = math.fsum(shares.tolist())
        parameters = {
            "process": system.process_ids[process],
            "layer": system.layers[layer],
            "sum": total,
            "shares": shares.tolist(),
            "year": system.years[period],
        }
        code = "share-sum" if total > 1 else "share-sum-below"
        if option is not None:
            code = "share-sum-option"
        yield Problem(code, option or _last_share(system, places, process), parameters)


def _drawn_sums(
    system: System, places: Places, binding: Binding, years: Collection[int], option: Place | None
) -> Iterator[Problem]:
    samples = SAMPLES if option is None else OPTION_SAMPLES
    last = len(system.years) - 1
    periods = [t for t, year in enumerate(system.years) if year in years or t in (0, last)]
    counts = np.zeros((last + 1, len(system.process_ids), len(system.layers)))
    for start in range(0, samples, BLOCK):
        draws = system.sampler.samples(0, start, BLOCK)
        for t in periods:
            counts[t] += np.count_nonzero(_wrong(system, _rests(system, draws, binding, t)[1]), axis=2)
    reported: set[str] = set()
    worst = counts.max(axis=0)
    for process, layer in np.argwhere(worst > 0).tolist():
        name = str(system.process_coords["process_name"][process])
        if name not in reported:
            reported.add(name)
            parameters = {
                "process": system.process_ids[process],
                "layer": system.layers[layer],
                "percent": 100 * float(worst[process, layer]) / samples,
                "year": system.years[int(counts[:, process, layer].argmax())],
            }
            code = "share-sum-drawn" if option is None else "share-sum-option-drawn"
            yield Problem(code, option or _last_share(system, places, process), parameters)


def _last_share(system: System, places: Places, process: int) -> Place:
    """Return where the last share out of a process is written."""
    names = [str(n) for n in system.flow_coords["flow_name"][system.source == process]]
    shared = [name for name in names if system.model.flows[name].share is not None]
    return places.of("flows", shared[-1], "share")
