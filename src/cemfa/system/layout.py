"""The frozen System: a model as integer positions, what `compile` makes and every solver reads.

Positions are those of `process_ids`, `flow_ids`, `layers` and `years`; -1 is outside. No numbers of a model
stand here but those without spread: factors of units and deposits before the first period.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cemfa.definition.schema import Model
from cemfa.system.changes import Uses
from cemfa.system.elimination import Elimination
from cemfa.system.parameters import Parameters
from cemfa.system.rows import Scattered
from cemfa.system.sampling import Sampler

Array = NDArray[np.float64]
Index = NDArray[np.int32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Products:
    """Products of parameters, each once.

    Parameters
    ----------
    factors : shape (N, M), uses multiplied; the use of the literal one fills shorter products.
        Product 0 is zero, product 1 is one.
    """

    factors: Index

    def values(self, values: Scattered, position: Index) -> Scattered:
        """Return all products, factors multiplied in the order they were written; one factor is not written again.

        Parameters
        ----------
        values : shape (V, S), values of a period
        position : shape (U,), position of each use among them
        """
        place = position[self.factors]
        where = values.where[place[:, 0]]
        several = np.flatnonzero(self.factors[:, 1:].any(axis=1))
        made = values[place[several, 0]]
        for turn in range(1, place.shape[1]):
            longer = np.flatnonzero(self.factors[several, turn])
            made[longer] *= values[place[several[longer], turn]]
        where[several] = values.rows + np.arange(len(several))
        return Scattered((*values.banks, made), where)


@dataclass(frozen=True, slots=True, eq=False)
class Boundary:
    """Composition of goods where they cross the boundary.

    Parameters
    ----------
    goods : goods with a composition
    use : shape (G, L), use of the stated share, 0 where none
    per : shape (G, L), layer the share is of, -1 fresh mass
    order : per good, layers in the order they can be resolved
    rest : shape (G,), mass layer that is what remains, -1 none
    """

    goods: tuple[str, ...]
    use: Index
    per: Index
    order: tuple[tuple[int, ...], ...]
    rest: Index


@dataclass(frozen=True, slots=True, eq=False)
class Amounts:
    """Absolute amounts, one entry per flow and, where stated by layer, per layer.

    Parameters
    ----------
    flow : shape (N,)
    layer : shape (N,), the layer stated, -1 where the amount is in a basis
    product : shape (N,)
    factor : shape (T, N), to t/year
    basis : shape (N,), layer of the basis, -1 fresh mass
    good : shape (N,), position in the boundary's goods, -1 where no composition is needed
    at_most : shape (N,), out of a process: take what there is where there is less
    """

    flow: Index
    layer: Index
    product: Index
    factor: Array
    basis: Index
    good: Index
    at_most: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Ratios:
    """Flows proportional to others whose size is only known while solving.

    Parameters
    ----------
    flow, product : shape (N,)
    of : per entry, positions of the flows it follows
    good : shape (N,), composition of an import; -1 where the flow leaves a process, layer by layer
    basis : shape (N,), layer in which an import is proportional, -1 for fresh mass
    """

    flow: Index
    product: Index
    of: tuple[Index, ...]
    good: Index
    basis: Index


@dataclass(frozen=True, slots=True, eq=False)
class Remainders:
    """What is left of a process, per layer: one minus the other shares.

    Parameters
    ----------
    flow, layer : shape (N,)
    tied_flow, tied_to, tied_product : flows proportional to a remainder: flow, entry above, factor
    """

    flow: Index
    layer: Index
    tied_flow: Index
    tied_to: Index
    tied_product: Index


@dataclass(frozen=True, slots=True, eq=False)
class Moistures:
    """Products that state the share of one layer they hold; that layer's amount follows from the others.

    Parameters
    ----------
    flow, layer : shape (N,), flow and the layer stated
    use : shape (N,), use of the stated share
    weight : shape (N, L), layers the share is counted from
    fresh : shape (N,), whether the share is of fresh mass (the layer itself included)
    remainder : shape (N,), flow of the same process that gives way
    """

    flow: Index
    layer: Index
    use: Index
    weight: Array
    fresh: Flags
    remainder: Index


@dataclass(frozen=True, slots=True, eq=False)
class Demands:
    """Demands and the imports that fill them.

    Parameters
    ----------
    process, flow, product : shape (N,); flow is the import, -1 where nothing fills the demand
    factor : shape (T, N), to t/year
    weight : shape (N, L), of the basis
    basis, good : shape (N,), layer of the basis (-1 fresh) and composition of the import
    others : per entry, the other inflows
    """

    process: Index
    flow: Index
    product: Index
    factor: Array
    weight: Array
    basis: Index
    good: Index
    others: tuple[Index, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CapacityGroup:
    """One capacity: of a process, or of copies that share it.

    Parameters
    ----------
    name : ``composting_yard[north]``
    process, place : name and item per dimension of the capacity
    members : positions of the processes
    inflows : positions of the flows into them from elsewhere
    weight : shape (L,), of the basis
    priority : per inflow, rank of admission; the largest rank shares pro rata
    refusable : per inflow, whether its own mass has somewhere else to go
    """

    name: str
    process: str
    place: Mapping[str, str]
    members: Index
    inflows: Index
    weight: Array
    priority: Index
    refusable: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Capacities:
    """What stands today and how often it works, per group.

    Parameters
    ----------
    use : shape (G,), use of the capacity
    factor : shape (T, G), to t/day
    between, repair : shape (G,), uses of the mean times between failures and to repair; between is 0 (one) and
        repair 1 (zero) where breakdowns are not modelled
    """

    use: Index
    factor: Array
    between: Index
    repair: Index


@dataclass(frozen=True, slots=True, eq=False)
class Dispatch:
    """Where refused mass goes: per flow with an `otherwise` list into a limited process, the flows in order.

    Parameters
    ----------
    flow : shape (N,), primary flows
    start : shape (N + 1,), flow n owns ``then[start[n]:start[n + 1]]``
    then : alternatives in order
    """

    flow: Index
    start: Index
    then: Index

    def lists(self) -> list[tuple[int, list[int]]]:
        """Return (primary, alternatives) pairs."""
        then, start = self.then.tolist(), self.start.tolist()
        return [(f, then[start[n] : start[n + 1]]) for n, f in enumerate(self.flow.tolist())]


@dataclass(frozen=True, slots=True, eq=False)
class StockProcess:
    """A process with a stock.

    Parameters
    ----------
    process : position
    layer : layer that decays, -1 where nothing leaves
    rate : use of the decay rate
    rate_factor : shape (T,), of its unit, to 1/year
    inflows, degradable : positions of the inflows and uses of the share of each that can decay
    history_years : calendar years of deposits before the first period
    history : shape (H, L), deposits [t/year], or what is left of them [t]
    history_degradable : use of the share of those deposits that can decay
    history_left : whether the history says what is left, not what entered
    lifetime, timing : law of the lifetime and timing of the inflow; "" where there is no lifetime
    parameters, parameter_factor : uses of the parameters of the law in its order, and what makes them years
    passes : whether some of an inflow may leave within its year
    content, content_factor : product that is the content given, and what makes it tonnes
    content_weight : shape (L,), of the basis of the content given
    demand : entry of the demands that keeps the content given, -1 where none is given
    retires : whether older cohorts leave early where a content given shrinks faster than they do
    """

    process: int
    layer: int
    rate: int
    rate_factor: Array
    inflows: Index
    degradable: Index
    history_years: tuple[int, ...]
    history: Array
    history_degradable: int
    history_left: bool
    lifetime: str
    timing: str
    parameters: Index
    parameter_factor: Array
    passes: bool
    content: int
    content_factor: float
    content_weight: Array
    demand: int
    retires: bool


@dataclass(frozen=True, eq=False, repr=False)
class System:
    """A model compiled: names as positions, the pattern eliminated, every reference resolved.

    Parameters
    ----------
    source, target : shape (F,), -1 outside
    given : shape (F,), flows whose coefficient is a mass, not a share: from outside, or out of a stock that lets
        nothing pass within the year
    share : shape (F, L), product that is the share of a flow in a layer (0 none)
    decides : shape (P,), processes whose outflows must add up
    season : per flow, profile name or ""
    cells : uses of the parameters that results show, in the order of `cell_coords`
    """

    model: Model
    years: tuple[int, ...]
    days: Index
    layers: tuple[str, ...]
    mass_layers: tuple[str, ...]
    process_ids: tuple[str, ...]
    flow_ids: tuple[str, ...]
    process_coords: Mapping[str, NDArray[Any]]
    flow_coords: Mapping[str, NDArray[Any]]
    cell_coords: Mapping[str, NDArray[Any]]
    source: Index
    target: Index
    given: Flags
    season: tuple[str, ...]
    elimination: Elimination
    parameters: Parameters
    uses: Uses
    sampler: Sampler
    products: Products
    boundary: Boundary
    share: Index
    amounts_in: Amounts
    amounts_out: Amounts
    ratios_in: Ratios
    ratios_out: Ratios
    remainders: Remainders
    moistures: Moistures
    demands: Demands
    groups: tuple[CapacityGroup, ...]
    capacities: Capacities
    dispatch: Dispatch
    stocks: tuple[StockProcess, ...]
    decides: Flags
    cells: Index

    @property
    def group_names(self) -> tuple[str, ...]:
        """Return the names of the capacity groups."""
        return tuple(group.name for group in self.groups)

    @property
    def stock_ids(self) -> tuple[str, ...]:
        """Return the ids of the processes with a stock."""
        return tuple(self.process_ids[stock.process] for stock in self.stocks)

    def mass_weight(self) -> Array:
        """Return the weights (L,) that add layers up to fresh mass."""
        return np.array([float(layer in self.mass_layers) for layer in self.layers])

    def __repr__(self) -> str:
        sizes = f"{len(self.process_ids)} processes, {len(self.flow_ids)} flows, {len(self.layers)} layers"
        return f"<System {self.model.id}: {sizes}, {len(self.years)} periods>"

    def _repr_html_(self) -> str:
        from html import escape

        shown = f"{len(self.process_ids)} × {len(self.flow_ids)} × {len(self.layers)} × {len(self.years)}"
        return f"<p><b>{escape(self.model.id)}</b>: processes × flows × layers × periods = {shown}</p>"
