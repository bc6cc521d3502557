"""Help for tests of cemfa and of code built on it: the balance as an assertion, random systems as strategies.

Beside the chain: nothing of cemfa imports this module. The strategies need `hypothesis`, which is no dependency
of cemfa itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from cemfa.system.elimination import OUTSIDE, eliminate
from cemfa.system.executors import throughputs

if TYPE_CHECKING:
    import xarray as xr
    from hypothesis.strategies import DrawFn, SearchStrategy

    from cemfa.definition.schema import Model

Array = NDArray[np.float64]

GRAIN: Final = 2**20
"""Drawn shares are whole multiples of one part in so many: exact in double precision, and so are their sums."""
DECADES: Final = 20
"""Drawn inputs are whole numbers times powers of two from -20 to 20: twelve decades, exact in double precision."""


def assert_balanced(
    flows: Array, source: NDArray[Any], target: NDArray[Any], processes: int, *, tolerance: float = 1e-9
) -> None:
    """Raise AssertionError where what enters a process or the whole system differs from what leaves it.

    A process without outflow is a sink: what enters it has left the system.

    Parameters
    ----------
    flows : shape (F, ...), mass per time [any one unit]
    source, target : shape (F,), positions of processes, -1 outside
    processes : number of processes
    tolerance : largest difference relative to the throughput, or to what enters the system [1]

    Raises
    ------
    AssertionError
        naming a flow that is negative or not finite, or the first process that does not balance

    Examples
    --------
    >>> source, target = np.array([-1, 0]), np.array([0, -1])
    >>> assert_balanced(np.array([1.0, 1.0]), source, target, 1)
    >>> assert_balanced(np.array([1.0, 0.9]), source, target, 1)
    Traceback (most recent call last):
    AssertionError: process 0 does not balance: relative difference 0.1
    """
    impossible = np.argwhere(~(np.isfinite(flows) & (flows >= 0)))
    if len(impossible):
        raise AssertionError(f"flow {impossible[0][0]} is {flows[tuple(impossible[0])]}")
    tail, head = np.asarray(source), np.asarray(target)
    kept = {OUTSIDE, *range(processes)} - set(tail.tolist())
    for process in sorted(set(range(processes)) - kept):
        _assert_equal(flows[head == process], flows[tail == process], f"process {process}", tolerance)
    ends = np.isin(head, [OUTSIDE, *kept])
    _assert_equal(flows[tail == OUTSIDE], flows[ends], "the whole", tolerance)


def assert_results_balanced(results: xr.Dataset, *, tolerance: float = 1e-9) -> None:
    """Raise AssertionError where results of `solve` or `simulate` do not close, judged from the results alone.

    Every process that is neither a sink nor a stock sends on what enters it; what enters a stock and does not
    leave it is the change of its content; the whole system closes; per layer, period and sample.

    Parameters
    ----------
    results : with `flow_mass`, so of a request that keeps all flows
    tolerance : largest difference relative to what enters [1]

    Examples
    --------
    >>> from cemfa import compile_system, read_model, solve
    >>> assert_results_balanced(solve(compile_system(read_model("first_steps"))))
    """
    flows = results["flow_mass"].transpose("flow", "period", "layer", "sample").to_numpy()
    names = [*results["process"].to_numpy().tolist()]
    place = {name: position for position, name in enumerate(names)} | {"outside": OUTSIDE}
    source, target = (np.array([place[n] for n in results[end].to_numpy().tolist()]) for end in ("source", "target"))
    stocks = [place[name] for name in results["stock_process"].to_numpy().tolist()]
    for process, content in zip(stocks, _contents(results), strict=True):
        into, out = flows[target == process], flows[source == process]
        grown = content[1:] - content[:-1]
        _assert_equal(into[:, 1:], [*out[:, 1:], grown], f"stock {names[process]}", tolerance)
    # a stock is an end for what enters it and a beginning for what it releases, as the boundary is
    assert_balanced(
        flows, np.where(np.isin(source, stocks), OUTSIDE, source), target, len(names), tolerance=tolerance
    )  # fmt: skip


def _contents(results: xr.Dataset) -> Array:
    found: Array = results["stock"].transpose("stock_process", "period", "layer", "sample").to_numpy()
    return found


def _assert_equal(into: Sequence[Array] | Array, out: Sequence[Array] | Array, name: str, tolerance: float) -> None:
    """Raise where the sums of two lists of rows differ."""
    entering, leaving = (np.add.reduce(np.asarray(rows), axis=0) for rows in (into, out))
    scale = np.maximum(np.abs(entering), np.abs(leaving))
    gap = float(np.max(np.abs(entering - leaving) / np.where(scale > 0, scale, 1.0), initial=0.0))
    if gap > tolerance:
        raise AssertionError(f"{name} does not balance: relative difference {gap:.3g}")


@dataclass(frozen=True, slots=True, eq=False)
class LinearCase:
    """A system of flows with numbers.

    Parameters
    ----------
    processes : P
    source, target : shape (F,), positions, -1 outside
    shares : shape (F, S), shares of the source's throughput [1]; of a flow from outside 0
    inputs : shape (P, S), what enters each process from outside

    Examples
    --------
    >>> loop = LinearCase(1, np.array([-1, 0, 0]), np.array([0, 0, -1]),
    ...                   np.array([[0.0], [0.75], [0.25]]), np.array([[1.0]]))
    >>> loop.throughput().tolist(), loop.flows().ravel().tolist()
    ([[4.0]], [1.0, 3.0, 1.0])
    """

    processes: int
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    shares: Array
    inputs: Array

    def throughput(self, *, dense_from: int | None = None) -> Array:
        """Return what enters every process (P, S); `dense_from` as in `eliminate`."""
        more = {} if dense_from is None else {"dense_from": dense_from}
        made = eliminate(self.processes, self.source, self.target, **more)
        return throughputs(made, self.shares, self.inputs)

    def flows(self) -> Array:
        """Return all flows (F, S); those from outside carry the inputs, one flow per process."""
        inside = self.shares * self.throughput()[np.maximum(self.source, 0)]
        return np.where((self.source >= 0)[:, None], inside, self.inputs[np.maximum(self.target, 0)])

    def reordered(self, order: NDArray[np.intp]) -> LinearCase:
        """Return the same system with its flows in another order."""
        return replace(self, source=self.source[order], target=self.target[order], shares=self.shares[order])

    def renumbered(self, new: NDArray[np.intp]) -> LinearCase:
        """Return the same system with process p under the number ``new[p]``."""
        place = np.append(np.asarray(new, dtype=np.int32), np.int32(OUTSIDE))  # position -1 is outside
        inputs = np.empty_like(self.inputs)
        inputs[new] = self.inputs
        return replace(self, source=place[self.source], target=place[self.target], inputs=inputs)

    def sample(self, number: int) -> LinearCase:
        """Return the system of one sample."""
        cut = slice(number, number + 1)
        return replace(self, shares=self.shares[:, cut], inputs=self.inputs[:, cut])


def linear_cases(
    *, largest: int = 8, samples: int = 3, smallest_leak: float = 1 / GRAIN, exits: bool = False
) -> SearchStrategy[LinearCase]:
    """Return a hypothesis strategy of systems that have a solution, each loop with an outlet in every sample.

    Drawn are, number by number, so that a failing system shrinks to a small one with round numbers: processes,
    sinks, flows ahead and back, to itself and beside each other, shares down to zero and outlets down to a
    millionth (so loops of gain 0.999999 and more), inputs of zero and over twelve decades. Shares are multiples of
    ``1/GRAIN`` that sum to one exactly, so exact fractions have nothing to argue about.

    Parameters
    ----------
    largest : largest number of processes
    samples : columns of every case, with numbers of their own
    smallest_leak : smallest share of the way out of each process that is not a sink
    exits : whether the way out of every process leads beyond the boundary, not to a later process

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=20, derandomize=True, database=None, deadline=None)
    ... @given(linear_cases(largest=4))
    ... def mass_is_conserved(case: LinearCase) -> None:
    ...     assert_balanced(case.flows(), case.source, case.target, case.processes)
    >>> mass_is_conserved()
    """
    from hypothesis import strategies as st

    @st.composite
    def build(draw: DrawFn) -> LinearCase:
        processes = draw(st.integers(1, largest))
        sinks = draw(st.sets(st.integers(0, processes - 1), max_size=processes - 1))
        least = max(1, round(smallest_leak * GRAIN))
        inner = [p for p in range(processes) if p not in sinks]
        ends = st.tuples(st.sampled_from(inner), st.integers(0, processes - 1))
        fewest = draw(st.integers(0, 2 * processes))
        pairs = draw(st.lists(ends, min_size=fewest, max_size=3 * processes))
        # the way out of each process: beyond the boundary or to a later one, so no loop is closed
        outlets = [processes if exits else draw(st.integers(p + 1, processes)) for p in inner]
        tails = [OUTSIDE] * processes + [s for s, _ in pairs] + inner
        heads = [*range(processes), *[t for _, t in pairs], *[t if t < processes else OUTSIDE for t in outlets]]
        source, target = np.array(tails, dtype=np.int32), np.array(heads, dtype=np.int32)
        shares = np.zeros((len(source), samples))
        for process in inner:
            leaving = np.flatnonzero(source == process)
            for sample in range(samples):
                shares[leaving, sample] = _parts(draw, len(leaving), least)
        number = st.builds(lambda m, e: m * 2.0**e, st.integers(0, 1000), st.integers(-DECADES, DECADES))
        inputs = np.array([[draw(number) for _ in range(samples)] for _ in range(processes)])
        return LinearCase(processes, source, target, shares, inputs)

    return build()


def _parts(draw: DrawFn, count: int, least: int = 1) -> Array:
    """Draw shares that sum to one: the last, the way out, is at least so many grains; others may be zero."""
    from hypothesis import strategies as st

    if count == 1:
        return np.ones(1)
    outlet = draw(st.one_of(st.integers(least, GRAIN), st.sampled_from([least, 2 * least])))
    weights = draw(st.lists(st.integers(0, 1000), min_size=count - 1, max_size=count - 1))
    rest, total = GRAIN - outlet, max(1, sum(weights))
    parts = [rest * weight // total for weight in weights]
    parts[0] += rest - sum(parts)
    return np.array([*parts, outlet]) / GRAIN


@dataclass(frozen=True, slots=True, eq=False)
class ModelCase:
    """What a user would write: the data of `model.yaml` and its tables.

    Parameters
    ----------
    data : of `model.yaml`
    tables : rows by table
    """

    data: Mapping[str, Any]
    tables: Mapping[str, Sequence[Mapping[str, object]]]

    def model(self) -> Model:
        """Return the model as read from memory."""
        from cemfa.definition.load import model_from_dict

        return model_from_dict(self.data, self.tables)

    def values(self) -> dict[str, float]:
        """Return the value of every parameter."""
        return {str(row["parameter"]): float(str(row["value"])) for row in self.tables["parameters"]}


def models(
    *, largest: int = 5, linear: bool = False, layers: Mapping[str, Any] | None = None
) -> SearchStrategy[ModelCase]:
    """Return a hypothesis strategy of small models as a user would write them, all with a solution.

    Drawn are layers of mass, contained ones and elements; raw goods of different composition; amounts by layer or
    whole; shares that differ by layer, zeros and ones as literals; remainders that take another flow in each
    layer; ratios; loops. Unless `linear`, also amounts out of processes, demands filled by imports, imports that
    follow other flows, and capacities with somewhere else to go.

    Parameters
    ----------
    largest : largest number of processes beside the sink
    linear : whether nothing limits anything, so that the flows are linear in the amounts
    layers : what `layers` of the model says, with at most one layer inside another; None: drawn

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from cemfa import compile_system, solve
    >>> @settings(max_examples=5, derandomize=True, database=None, deadline=None)
    ... @given(models(largest=3))
    ... def every_process_closes(case: ModelCase) -> None:
    ...     assert_results_balanced(solve(compile_system(case.model())))
    >>> every_process_closes()
    """
    from hypothesis import strategies as st

    @st.composite
    def build(draw: DrawFn) -> ModelCase:
        written = draw(st.sampled_from(_LAYERS)) if layers is None else layers
        drawn = _Written(draw, draw(st.integers(1, largest)), written)
        for process in range(drawn.count):
            drawn.leaving(process)
        for process in range(drawn.count):
            drawn.arising(process)
        for process in range(0 if linear else drawn.count):
            drawn.limits(process)
        return drawn.case()

    return build()


_LAYERS: Final[tuple[Mapping[str, Any], ...]] = (
    {"elements": ["matter"]},
    {"elements": ["iron", "copper"]},
    {"mass": ["dry", "water"]},
    {"mass": ["dry", "water"], "contained": {"carbon": "dry"}},
    {"mass": ["dry"], "contained": {"carbon": "dry"}, "elements": ["zinc"]},
)
_SOURCED: Final = {"basis": "unverified", "source": "chance"}


class _Written:
    """A model being drawn: what stands in `model.yaml` and its tables so far."""

    def __init__(self, draw: DrawFn, count: int, layers: Mapping[str, Any]) -> None:
        self.draw, self.count, self.written = draw, count, layers
        mass, elements = layers.get("mass", []), layers.get("elements", [])
        self.layers: list[str] = [*mass, *layers.get("contained", {}), *elements]
        self.basis = "fresh" if mass else self.layers[0]
        self.names = [f"p{number}" for number in range(count)]
        self.processes: dict[str, dict[str, Any]] = {name: {} for name in self.names} | {"end": {"sink": True}}
        self.flows: dict[str, dict[str, Any]] = {}
        self.rows: list[dict[str, object]] = []
        self.composition = [row for good in ("raw", "wet") for row in self._composed(good, mass)]

    def case(self) -> ModelCase:
        """Return what was written."""
        label = {"vi": "Ngẫu nhiên", "en": "Random"}
        data = {
            "format": 1, "id": "random", "label": label, "periods": {"from": 2024, "to": 2024},
            "layers": self.written, "processes": self._used(), "flows": self.flows,
        }  # fmt: skip
        goods = [{"id": g, "label_vi": g, "label_en": g, "status": "product"} for g in ("raw", "wet", "mixed")]
        sources = [{"id": "chance", "title": "Drawn at random"}]
        tables: dict[str, Sequence[Mapping[str, object]]]
        tables = {"goods": goods, "parameters": self.rows, "composition": self.composition, "sources": sources}
        return ModelCase(data, tables)

    def arising(self, process: int) -> None:
        """Draw what enters a process from outside: an amount, an amount in each layer, or nothing where all else is."""
        fed = any(f["to"] == self.names[process] and f["from"] != f["to"] for f in self.flows.values())
        form = self.draw(_of(*["nothing"] * fed, "whole", "layers"))
        if form == "nothing":
            return
        flow: dict[str, Any] = {"from": "outside", "to": self.names[process], "good": self.draw(_of("raw", "wet"))}
        if form == "whole" or "contained" in self.written:
            flow |= {"amount": self._number(f"amount_{process}", self._mass(), "t/year"), "basis": self.basis}
        else:
            numbers = {
                layer: self._number(f"amount_{process}_{layer}", self._mass(), "t/year") for layer in self.layers
            }
            flow["amount"] = numbers
        self.flows[f"in_{process}"] = flow

    def leaving(self, process: int) -> None:
        """Draw the flows out of a process; the last is a way out of every loop."""
        others = self.draw(_lists(self.names, 3))
        targets = [*others, self.draw(_of(*self.names[process + 1 :], "end", "outside"))]
        whole = {layer: _parts(self.draw, len(targets)) for layer in self.layers}
        if self.draw(_flags()):
            whole = dict.fromkeys(self.layers, whole[self.layers[0]])
        whole |= {inner: whole[outer] for inner, outer in self.written.get("contained", {}).items()}
        rest = {layer: self.draw(_of(None, *range(len(targets)))) for layer in self.layers}
        if "contained" in self.written:
            rest = dict.fromkeys(self.layers, rest[self.layers[0]])
        followed = self.draw(_flags())
        for number, target in enumerate(targets):
            name = f"flow_{process}_{number}"
            shares: dict[str, Any] = {}
            for layer in self.layers:
                share = float(whole[layer][number]) / (2 if followed and not number else 1)
                shares[layer] = "remainder" if rest[layer] == number else self._share(f"share_{name}_{layer}", share)
            self.flows[name] = {"from": self.names[process], "to": target, "good": "mixed", "share": shares}
        if followed:  # the first flow and one like it share what the first alone had
            ratio = {"of": f"flow_{process}_0", "times": 1}
            self.flows[f"ratio_{process}"] = {
                "from": self.names[process],
                "to": targets[0],
                "good": "mixed",
                "ratio": ratio,
            }

    def limits(self, process: int) -> None:
        """Draw what limits a process, or what leaves or enters it without a share of its own."""
        name, kind = self.names[process], self.draw(_of("none", "amount", "demand", "import", "capacity"))
        if kind == "amount":
            amount = self._number(f"taken_{process}", self._mass(), "t/year")
            taken = {"from": name, "to": self.draw(_of("end", "outside")), "good": "mixed", "amount": amount}
            self.flows[f"taken_{process}"] = taken | {"basis": self.basis, "at_most": True}
        elif kind == "demand":
            amount = self._number(f"demand_{process}", self._mass(), "t/year")
            self.processes[name]["demand"] = {"amount": amount, "basis": self.basis}
            self.flows[f"fills_{process}"] = {"from": "outside", "to": name, "good": "wet", "fills": "demand"}
        elif kind == "import" and f"in_{process}" in self.flows and "mass" in self.written:
            times = self._number(f"times_{process}", self.draw(_whole(0, 8)) / 4, "1")
            ratio = {"of": f"in_{process}", "times": times}
            self.flows[f"follows_{process}"] = {"from": "outside", "to": name, "good": "wet", "ratio": ratio}
        elif kind == "capacity":
            self._capacity(process)

    def _capacity(self, process: int) -> None:
        """Draw a capacity where every inflow can go elsewhere."""
        name = self.names[process]
        into = [n for n, f in self.flows.items() if f["to"] == name and f["from"] != name]
        if not into or any("share" not in self.flows[n] for n in into):
            return
        for flow in into:
            self.flows[flow]["otherwise"] = [f"refused_{flow}"]
            self.flows[f"refused_{flow}"] = {
                "from": self.flows[flow]["from"],
                "to": "end",
                "good": "mixed",
                "refused": True,
            }
        parameter = f"capacity_{process}"
        self._number(parameter, self._mass(), "t/year")
        self.processes[name]["capacity"] = {"parameter": parameter, "basis": self.basis}

    def _composed(self, good: str, mass: Sequence[str]) -> list[dict[str, object]]:
        """Return rows of a composition: all mass layers but the last, which is the rest, and every other layer."""
        inside = self.written.get("contained", {})
        stated = [layer for layer in self.layers if layer not in (mass[-1:] or self.layers[:1])]
        return [
            {"good": good, "layer": layer, "per": inside.get(layer, "fresh"), "unit": "1", **_SOURCED}
            | {"value": self.draw(_whole(1, 8)) / 8}
            for layer in stated
        ]

    def _used(self) -> dict[str, dict[str, Any]]:
        """Return the processes, the sink only where something ends in it."""
        ends = {flow["to"] for flow in self.flows.values()}
        return {name: stated for name, stated in self.processes.items() if name != "end" or name in ends}

    def _number(self, name: str, value: float, unit: str) -> list[str]:
        self.rows.append({"parameter": name, "value": value, "unit": unit, **_SOURCED})
        return [name]

    def _share(self, name: str, value: float) -> list[object]:
        return [int(value)] if value in (0.0, 1.0) else [*self._number(name, value, "1")]

    def _mass(self) -> float:
        return float(self.draw(_whole(0, 1000)) * 2.0 ** self.draw(_whole(-DECADES, DECADES)))


def _of(*choices: Any) -> SearchStrategy[Any]:
    from hypothesis import strategies as st

    return st.sampled_from(choices)


def _lists(choices: Sequence[str], most: int) -> SearchStrategy[list[str]]:
    from hypothesis import strategies as st

    return st.lists(st.sampled_from(choices), max_size=most)


def _flags() -> SearchStrategy[bool]:
    from hypothesis import strategies as st

    return st.booleans()


def _whole(least: int, most: int) -> SearchStrategy[int]:
    from hypothesis import strategies as st

    return st.integers(least, most)
