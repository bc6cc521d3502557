"""What blocks of replications leave, cut apart and joined again.

Between `block`, which lives them, and the ensemble, which deals them out. The last axis of all arrays is the
replication, so cutting and joining change no number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from cemfa.simulation.batches import Underway
from cemfa.simulation.block import Lived, State
from cemfa.simulation.events import Happening
from cemfa.simulation.gathering import thinned
from cemfa.system.holding import Holding
from cemfa.system.kept import Year

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The years before the first decision, simulated once for all options.

    Parameters
    ----------
    seed, limits : as it was simulated
    lived : its years, all replications together
    state : where it leaves each replication
    happenings : events of the first replications
    first : number of its first replication
    monthly : whose months it keeps, as a request says it
    """

    seed: int
    limits: bool
    lived: tuple[Lived, ...]
    state: State
    happenings: tuple[Happening, ...]
    first: int = 0
    monthly: bool | tuple[str, ...] = False

    @property
    def replications(self) -> int:
        """Return how many replications it holds."""
        return int(self.lived[0].year.flow.shape[-1])


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What a block of replications leaves: its years, its dates, its events, where it stands.

    `state` is what comes after a history goes on from; None where nothing does.
    """

    replications: range
    lived: tuple[Lived, ...]
    commissioned: Array
    decided: Array
    happenings: tuple[Happening, ...]
    state: State | None
    diverted_flows: Index
    spoiled_to: tuple[int, ...]
    priced: tuple[str, ...]


def thinned_lived(lived: Lived, chosen: Index) -> Lived:
    """Return a year without what only the functions of a request look at: most flows, and why each was diverted."""
    return replace(lived, year=thinned(lived.year, chosen), diverted=lived.diverted[:0].copy())


def joined_years(found: Sequence[Part]) -> Iterator[Lived]:
    """Yield the years of blocks as those of one block, in order; each is joined when it is asked for."""
    for years in zip(*(part.lived for part in found), strict=True):
        yield joined_lived(years)


def joined_parts(found: Sequence[Part], lived: Sequence[Lived] | None = None) -> Part:
    """Return what blocks leave as what one block leaves, in order; where it stands is the first one's.

    `lived` are the years of all of them, as far as they are kept; None: whole.
    """
    return Part(
        range(found[0].replications.start, found[-1].replications.stop),
        tuple(joined_years(found) if lived is None else lived),
        np.concatenate([part.commissioned for part in found]),
        np.concatenate([part.decided for part in found]),
        tuple(h for part in found for h in part.happenings),
        found[0].state,
        found[0].diverted_flows,
        found[0].spoiled_to,
        found[0].priced,
    )


def joined_lived(found: Sequence[Lived]) -> Lived:
    """Return a year of blocks as that of one block, in order."""
    if len(found) == 1:
        return found[0]

    def joined(values: Sequence[Array]) -> Array:
        return np.concatenate(values, axis=-1)

    years = [f.year for f in found]
    year = Year(
        joined([y.flow for y in years]),
        joined([y.throughput for y in years]),
        joined([y.stock for y in years]),
        joined([y.parameter for y in years]),
        max(y.residual for y in years),
    )
    names = [f.name for f in fields(Lived) if f.name != "year"]
    return Lived(year, *(joined([getattr(f, n) for f in found]) for n in names))


def cut_lived(lived: Lived, replications: range, first: int) -> Lived:
    """Return a year of some replications, views of it; `first` is the number of the first one it holds."""
    cut = slice(replications.start - first, replications.stop - first)
    y = lived.year
    year = Year(y.flow[..., cut], y.throughput[..., cut], y.stock[..., cut], y.parameter[..., cut], y.residual)
    return Lived(year, *(getattr(lived, f.name)[..., cut] for f in fields(Lived) if f.name != "year"))


def joined_state(found: Sequence[State]) -> State:
    """Return where blocks stand as where one block stands, in order."""

    def joined(arrays: Sequence[Array]) -> Array:
        return np.concatenate(arrays, axis=-1)

    holdings = [state.holding for state in found if state.holding is not None]
    holding = Holding.joined(holdings)
    rates = {
        year: (joined([s.rates[year][0] for s in found]), joined([s.rates[year][1] for s in found]))
        for year in found[0].rates
    }
    underway = Underway.joined(state.underway for state in found)
    recent = [state.recent for state in found if state.recent is not None]
    lasting = tuple(one for state in found for one in state.lasting)
    content = joined([state.content for state in found])
    skies = [state.weather for state in found if state.weather is not None]
    window, weather = (joined(parts) if parts else None for parts in (recent, skies))
    return State(content, holding, rates, underway, window, weather, lasting)


def cut_state(state: State, replications: range, first: int) -> State:
    """Return where some replications stand; `first` is the number of the first one it holds."""
    cut = slice(replications.start - first, replications.stop - first)
    held = state.holding
    holding = None if held is None else held.cut(cut)
    rates = {year: (between[:, cut], repair[:, cut]) for year, (between, repair) in state.rates.items()}
    underway = None if state.underway is None else state.underway.cut(replications, first)
    recent = None if state.recent is None else state.recent[..., cut]
    lasting = tuple(one for one in state.lasting if one[1] in replications)
    weather = None if state.weather is None else state.weather[..., cut]
    return State(state.content[..., cut], holding, rates, underway, recent, weather, lasting)
