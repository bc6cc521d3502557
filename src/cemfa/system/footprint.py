"""How much memory a run needs, from its sizes alone, so that what does not fit is refused before it begins.

Read by `solve` and `simulate` before anything is allocated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cemfa import locale
from cemfa.errors import Problem, ResourceError
from cemfa.results import Request
from cemfa.system.kept import kept_flows
from cemfa.system.layout import System
from cemfa.system.sampling import BLOCK
from cemfa.workers import AHEAD, memory

SHARE_OF_MEMORY: Final = 0.7
"""Largest share of the memory there is that a run may take; the rest is for writing and reading its results."""
EXACT_BYTES: Final = 2**28
"""Samples that fit into so many bytes are sorted together; of more, quantiles are means over blocks."""
COPIES: Final = 12
"""Arrays of the size of all flows that the balance of one period has in use at a time, at most (measured)."""

NAMES: Final = 2**23
"""Labels, coordinates and everything else whose size hardly depends on the run."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes by what they are for.

    Parameters
    ----------
    kept : samples that results hold
    functions : all flows of the blocks that functions are computed from
    quantiles : samples that wait to be sorted, and running reductions
    working : the balance of the blocks that are computed at a time
    """

    kept: int
    functions: int
    quantiles: int
    working: int

    @property
    def bytes(self) -> int:
        """All together."""
        return self.kept + self.functions + self.quantiles + self.working


def series(system: System) -> int:
    """Return how many numbers a sample of one period has: flows, throughputs and stocks in all layers."""
    return (len(system.flow_ids) + len(system.process_ids) + len(system.stocks)) * len(system.layers)


def sorts_together(system: System, request: Request, samples: int) -> bool:
    """Tell whether the samples of all blocks are kept until they are sorted together, so that quantiles are exact.

    A matter of sizes only, never of the machine: else the same run would give other numbers elsewhere.
    """
    fits = 8 * series(system) * len(system.years) * samples <= EXACT_BYTES
    return bool(request.levels) and request.flows != "all" and fits


def footprint(system: System, request: Request, samples: int, *, width: int, workers: int) -> Footprint:
    """Return what a run needs.

    Parameters
    ----------
    samples : how many
    width : samples of a unit of work
    workers : units computed at a time; as many again may wait to be joined

    Examples
    --------
    >>> from cemfa.definition.load import read_model
    >>> from cemfa.system.compile import compile_system
    >>> system = compile_system(read_model("first_steps"))
    >>> footprint(system, Request(flows="all"), 1000, width=256, workers=1).kept
    21894912
    """
    years, numbers = len(system.years), series(system)
    held = AHEAD * workers if workers > 1 else 1
    whole = numbers * years + len(system.cells) * years
    wide = min(width, samples)
    per_sample = whole if request.flows == "all" else len(kept_flows(system, request)) * len(system.layers) * years
    reductions = 0 if request.flows == "all" else (2 + 3 * len(request.levels)) * numbers * years
    waiting = numbers * years * samples if sorts_together(system, request, samples) else 0
    return Footprint(
        kept=8 * per_sample * (samples + (held + 2 * workers) * wide),
        functions=8 * 2 * whole * wide * workers if request.functions else 0,
        quantiles=8 * (waiting + reductions * (1 + held * -(-wide // BLOCK))),
        working=NAMES + 8 * wide * workers * (COPIES * numbers + len(system.parameters.rows)),
    )


def refuse_too_large(needed: Footprint, samples: int) -> None:
    """Raise where a run would not fit the memory there is.

    Raises
    ------
    ResourceError
        with its size, what takes it, and what to ask for instead.
    """
    most = SHARE_OF_MEMORY * memory()
    if needed.bytes > most:
        parts = {name: getattr(needed, name) / 1e9 for name in ("kept", "functions", "quantiles", "working")}
        shown = {"samples": samples, "gigabytes": needed.bytes / 1e9, "most": most / 1e9, **parts}
        raise locale.error(ResourceError, Problem("samples-memory", parameters=shown))
