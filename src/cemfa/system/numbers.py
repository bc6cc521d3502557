"""The numbers of one period and block: coefficients, compositions, demands, capacities of today.

Between draws and the balance, read by `solve` and `simulate` alike. Pure: the same draws give the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from cemfa import locale
from cemfa.definition.expansion import OUTSIDE as OUTSIDE_NAME
from cemfa.errors import Place, Problem, SolveError
from cemfa.plan import Plan
from cemfa.system.boundary import compositions
from cemfa.system.changes import Binding, bind
from cemfa.system.elimination import OUTSIDE
from cemfa.system.layout import Array, Flags, Index, System
from cemfa.system.rows import WIDE, Positions, RowGroups, Scattered, addresses, compiled

SHARE_TOLERANCE: Final = 1e-12  # rounding of a few dozen shares that were meant to sum to one


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """What the balance of one period needs, for S samples.

    Parameters
    ----------
    period : position of the year
    coefficient : shape (F, L, S): the share of its source's throughput [1]; for a flow from outside its mass
        [t/year]; for a flow out of a stock its share of the release [1]; zero where only the balance tells
    amounts_out : shape (N, S), absolute amounts out of processes [t/year]
    ratios_in, ratios_out : shape (N, S), factors [1]
    demand : shape (N, S) [t/year]
    composition : shape (G, L, S), goods at the boundary, per unit of fresh mass (or of their basis) [1]
    moisture : shape (N, S), mass of the stated layer per mass of those it is counted from [1]
    capacity_today : shape (G, S), without projects [t/d]
    working : shape (G, S), share of the time without breakdown [1]
    between, repair : shape (G, S), mean times between failures and to repair [d]; repair 0 without breakdowns
    rates : per stock, decay rate [1/year]
    degradable : per stock, share of each inflow that can decay
    past_degradable : per stock, share of past deposits that can decay
    lifetimes : per stock, parameters of its lifetime in the order of the law [year; shapes 1]
    contents : per stock, content given [t]; zero where none is
    shown : shape (C, S), values of the parameters that results show, where they stand
    """

    period: int
    coefficient: Array
    amounts_out: Array
    ratios_in: Array
    ratios_out: Array
    demand: Array
    composition: Array
    moisture: Array
    capacity_today: Array
    working: Array
    between: Array
    repair: Array
    rates: tuple[Array, ...]
    degradable: tuple[Array, ...]
    past_degradable: tuple[Array, ...]
    lifetimes: tuple[Array, ...]
    contents: tuple[Array, ...]
    shown: Scattered

    @property
    def cells(self) -> Array:
        """Values (C, S) of the parameters that results show."""
        return self.shown[:]


def bind_plan(system: System, plan: Plan | None) -> Binding:
    """Return the changes of a plan bound to a system; do this once per plan.

    Raises
    ------
    DefinitionError
        with every change that reaches no place.
    """
    return bind(system.parameters, system.uses, plan)


def block_values(
    system: System, draws: Array, plan: Plan | Binding | None, period: int, drawn: Mapping[str, Array] | None = None
) -> Numbers:
    """Return the numbers of one period.

    Parameters
    ----------
    draws : shape (R, S), from the system's sampler
    plan : its parameter changes act here; a `Binding` saves binding it anew. Its projects do not act here
    period : position of the year
    drawn : by stream, what the plan's changes by events and adoptions are in this year in every sample (S,)

    Raises
    ------
    SolveError
        where a share is negative, or shares of a process do not sum to one, naming process, layer and sample.

    Examples
    --------
    >>> from cemfa.definition.load import read_model
    >>> from cemfa.system.compile import compile_system
    >>> system = compile_system(read_model("first_steps"))
    >>> block_values(system, system.sampler.central()[:, None], None, 0).capacity_today.ravel().tolist()
    [2.0, 0.0]
    """
    binding = plan if isinstance(plan, Binding) else bind_plan(system, plan)
    year = system.years[period]
    values = binding.rows(system.parameters, draws, period, year, drawn)
    with np.errstate(over="ignore", invalid="ignore"):  # products beyond any number are refused below, by name
        products = system.products.values(values, binding.position)
    mass = system.mass_weight()
    composition = compositions(system.boundary, values, binding.position, mass, {"year": year})
    coefficient = _shares(system, products, year)
    _refuse_absent(system, composition, year)
    with np.errstate(over="ignore", invalid="ignore"):  # likewise; of a layer a good lacks even no number at all
        _add_amounts(system, coefficient, products, composition, period)
    position = binding.position
    between, repair = (values[position[use]] for use in (system.capacities.between, system.capacities.repair))
    demands, out = system.demands, system.amounts_out
    found = Numbers(
        period=period,
        coefficient=coefficient,
        amounts_out=products[out.product] * out.factor[period][:, None],
        ratios_in=products[system.ratios_in.product],
        ratios_out=products[system.ratios_out.product],
        demand=products[demands.product] * demands.factor[period][:, None],
        composition=composition,
        moisture=_moisture(system, values, position, year),
        capacity_today=values[position[system.capacities.use]] * system.capacities.factor[period][:, None],
        working=between / (between + repair),
        between=between,
        repair=repair,
        rates=tuple(values[position[s.rate]] * s.rate_factor[period] for s in system.stocks),
        degradable=tuple(values[position[s.degradable]] for s in system.stocks),
        past_degradable=tuple(values[position[s.history_degradable]] for s in system.stocks),
        lifetimes=tuple(values[position[s.parameters]] * s.parameter_factor[:, None] for s in system.stocks),
        contents=tuple(products[s.content] * s.content_factor for s in system.stocks),
        shown=values.part(position[system.cells]),
    )
    _refuse_infinite(system, found)
    return found


@lru_cache(maxsize=8)
def outflows(system: System) -> RowGroups:
    """Return flows grouped by the process they leave."""
    return RowGroups.of(system.source.tolist(), len(system.process_ids))


@lru_cache(maxsize=8)
def leaving(system: System) -> Positions:
    """Return the flows as `outflows` groups them, and those from outside last."""
    return np.concatenate((outflows(system).rows, np.flatnonzero(system.source < 0)))


@lru_cache(maxsize=8)
def inflows(system: System) -> RowGroups:
    """Return flows grouped by the process they enter."""
    return RowGroups.of(system.target.tolist(), len(system.process_ids))


@lru_cache(maxsize=8)
def given_inflows(system: System) -> RowGroups:
    """Return flows whose coefficient is a mass, grouped by the process they enter."""
    targets = np.where(system.given, system.target, OUTSIDE)
    return RowGroups.of(targets.tolist(), len(system.process_ids))


@lru_cache(maxsize=8)
def _with_remainder(system: System) -> Flags:
    """Return the processes (P,) with a remainder, whose digits matter; sums of the others are only checked."""
    found = np.zeros(len(system.process_ids), dtype=bool)
    found[system.source[system.remainders.flow]] = True
    return found


@lru_cache(maxsize=8)
def stock_outflows(system: System) -> RowGroups:
    """Return flows grouped by the stock they leave, in the order of the stocks."""
    number = {stock.process: n for n, stock in enumerate(system.stocks)}
    return RowGroups.of([number.get(p, OUTSIDE) for p in system.source.tolist()], len(number))


def _shares(system: System, products: Scattered, year: int) -> Array:
    """Return the shares (F, L, S), checked, with the remainders and what is tied to them."""
    rest, exact = system.remainders, _with_remainder(system)
    if not len(rest.tied_to) and products.width > WIDE and (kernel := compiled()):
        coefficient = np.empty((*system.share.shape, products.width))
        _held, stated = products.addresses()
        sound = kernel.shares(
            outflows(system).start, leaving(system), exact, _whole(system), _rest(system), SHARE_TOLERANCE,
            stated[system.share], coefficient,
        )  # fmt: skip
        if sound:
            return coefficient
    coefficient = products[system.share]
    _refuse_negative(system, coefficient, year)
    left = outflows(system).what_is_left(coefficient, exact)
    _refuse_excess(system, coefficient, left, year)
    if not len(rest.flow):
        return coefficient
    free = np.maximum(0.0, left[system.source[rest.flow], rest.layer])
    times = products[rest.tied_product]
    if len(times):
        free /= 1.0 + RowGroups.of(rest.tied_to.tolist(), len(rest.flow)).add(times)
    coefficient[rest.flow, rest.layer] = free
    coefficient[rest.tied_flow, rest.layer[rest.tied_to]] = times * free[rest.tied_to]
    return coefficient


@lru_cache(maxsize=8)
def _written_late(system: System) -> Index:
    """Return the flows whose coefficients are computed from checked shares: masses, remainders and what follows."""
    rest = system.remainders
    return np.unique(np.concatenate((system.amounts_in.flow, rest.flow, rest.tied_flow)))


@lru_cache(maxsize=8)
def _rest(system: System) -> Index:
    """Return the flow (P, L) that takes what the shares leave of a process and layer, -1 where none does."""
    found = np.full((len(system.process_ids), len(system.layers)), -1, dtype=np.int32)
    found[system.source[system.remainders.flow], system.remainders.layer] = system.remainders.flow
    return found


@lru_cache(maxsize=8)
def _whole(system: System) -> Flags:
    """Return of which processes and layers (P, L) the shares have to sum to one."""
    found = np.repeat(system.decides[:, None], len(system.layers), axis=1)
    found[system.source[system.remainders.flow], system.remainders.layer] = False
    return found


def _refuse_negative(system: System, coefficient: Array, year: int) -> None:
    if float(coefficient.min(initial=0.0)) >= 0.0 and np.isfinite(coefficient).all():
        return
    wrong = ~(np.isfinite(coefficient) & (coefficient >= 0.0))
    flow, layer, sample = (int(i[0]) for i in np.nonzero(wrong))
    raise locale.error(
        SolveError,
        Problem(
            "share-negative",
            Place(path=f"flows.{system.flow_coords['flow_name'][flow]}"),
            {
                "flow": system.flow_ids[flow], "process": ends(system, flow)["source"],
                "layer": system.layers[layer], "year": year, "sample": sample,
                "value": float(coefficient[flow, layer, sample]),
            },
        ),
    )  # fmt: skip


def _refuse_infinite(system: System, numbers: Numbers) -> None:
    """Raise where a product of parameters is larger than any number."""
    coefficient, late = numbers.coefficient, _written_late(system)
    if coefficient[:1].size > WIDE and (kernel := compiled()):
        if kernel.are_finite(addresses(coefficient, late), coefficient[:1].size):
            late = late[:0]
        coefficient = coefficient[late]
    else:
        late = np.arange(len(coefficient), dtype=np.int32)
    stated = (
        (late, coefficient),
        (system.amounts_out.flow, numbers.amounts_out),
        (system.ratios_in.flow, numbers.ratios_in),
        (system.ratios_out.flow, numbers.ratios_out),
        (system.demands.flow, numbers.demand),
    )
    for flows, values in stated:
        if not np.isfinite(values).all():
            entry, *_, sample = (int(i[0]) for i in np.nonzero(~np.isfinite(values)))
            flow, year = int(flows[entry]), system.years[numbers.period]
            place = Place(path=f"flows.{system.flow_coords['flow_name'][flow]}")
            shown = {"flow": system.flow_ids[flow], **ends(system, flow), "year": year, "sample": sample}
            raise locale.error(SolveError, Problem("amount-infinite", place, shown))


def ends(system: System, flow: int) -> dict[str, str]:
    """Return the ends of a flow, for messages."""
    names = (*system.process_ids, OUTSIDE_NAME)  # position -1 is outside
    return {"source": names[system.source[flow]], "target": names[system.target[flow]]}


def _refuse_excess(system: System, coefficient: Array, left: Array, year: int) -> None:
    """Raise where shares sum to more than one, or to less without a remainder."""
    wrong = left < -SHARE_TOLERANCE
    wrong |= _whole(system)[:, :, None] & (left > SHARE_TOLERANCE)
    if not wrong.any():
        return
    problems = []
    for process, layer in np.argwhere(wrong.any(axis=2))[:20].tolist():
        sample = int(np.argmax(wrong[process, layer]))
        leaving = np.flatnonzero(system.source == process)
        shares = [f"{system.flow_ids[f]} {coefficient[f, layer, sample]:.6g}" for f in leaving]
        shown = {
            "process": system.process_ids[process], "layer": system.layers[layer], "year": year, "sample": sample,
            "sum": 1.0 - float(left[process, layer, sample]), "flows": shares,
        }  # fmt: skip
        place = Place(path=f"processes.{system.process_coords['process_name'][process]}")
        code = "shares-above-one" if shown["sum"] > 1 else "shares-below-one"
        problems.append(Problem(code, place, shown))
    raise locale.error(SolveError, problems)


def _add_amounts(system: System, coefficient: Array, products: Scattered, composition: Array, period: int) -> None:
    """Write the masses of flows from outside into their coefficients."""
    amounts = system.amounts_in
    mass = products[amounts.product] * amounts.factor[period][:, None]
    whole = np.flatnonzero(amounts.layer < 0)
    shares = per_basis(composition, composition, amounts.good[whole], amounts.basis[whole])
    coefficient[amounts.flow[whole]] = shares * mass[whole][:, None, :]
    single = np.flatnonzero(amounts.layer >= 0)
    coefficient[amounts.flow[single], amounts.layer[single]] = mass[single]


def per_basis(shares: Array, composition: Array, good: Index, basis: Index) -> Array:
    """Return some layers (n, l, S) of goods per unit of the basis their mass is stated in.

    Parameters
    ----------
    shares : shape (G, l, S), the layers wanted
    composition : shape (G, L, S), all layers; above zero in the layer of a basis
    """
    found = shares[good]
    for number, layer in enumerate(basis.tolist()):
        if layer >= 0:
            found[number] /= composition[good[number], layer]
    return found


def _refuse_absent(system: System, composition: Array, year: int) -> None:
    """Raise where a good holds nothing of the layer in which its mass is stated."""
    amounts, demands, ratios = system.amounts_in, system.demands, system.ratios_in
    whole = amounts.layer < 0
    stated = [(amounts.flow[whole], amounts.good[whole], amounts.basis[whole])]
    stated += [(part.flow, part.good, part.basis) for part in (demands, ratios)]
    for flow, good, basis in zip(*(np.concatenate(part).tolist() for part in zip(*stated, strict=True)), strict=True):
        if basis >= 0 and (composition[good, basis] <= 0.0).any():
            sample = int(np.argmax(composition[good, basis] <= 0.0))
            shown = {"good": system.boundary.goods[good], "layer": system.layers[basis]}
            shown |= {"flow": system.flow_ids[flow], **ends(system, flow), "year": year, "sample": sample}
            place = Place(path=f"flows.{system.flow_coords['flow_name'][flow]}")
            raise locale.error(SolveError, Problem("basis-absent", place, shown))


def _moisture(system: System, values: Scattered, position: Index, year: int) -> Array:
    """Return the mass of a stated layer per mass of the layers it is counted from."""
    stated = values[position[system.moistures.use]]
    fresh = system.moistures.fresh[:, None]
    if (fresh & (stated >= 1.0)).any():
        entry, sample = (int(i[0]) for i in np.nonzero(fresh & (stated >= 1.0)))
        flow = int(system.moistures.flow[entry])
        place = Place(path=f"flows.{system.flow_coords['flow_name'][flow]}")
        shown = {
            "flow": system.flow_ids[flow], "process": ends(system, flow)["source"], "year": year, "sample": sample,
            "layer": system.layers[int(system.moistures.layer[entry])], "value": float(stated[entry, sample]),
        }  # fmt: skip
        raise locale.error(SolveError, Problem("moisture-whole", place, shown))
    return np.where(fresh, stated / np.where(fresh, 1.0 - stated, 1.0), stated)
