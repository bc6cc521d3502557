"""flodym at work: an MFASystem with one explicit equation per flow, and its inflow-driven stock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from flodym import (
    Dimension,
    DimensionSet,
    FlodymArray,
    FlowDefinition,
    InflowDrivenDSM,
    MFASystem,
    Parameter,
    StockArray,
    WeibullLifetime,
    make_empty_flows,
    make_processes,
)
from peer_protocol import serve

OUTSIDE = "sysenv"
CLOSE = 1e-10  # relative; flows then agree to 1e-9, and fewer sweeps favour flodym
MOST_SWEEPS = 1000


class Equations(MFASystem):
    """Equations process by process in downstream order: what enters, then every flow that leaves.

    A flow that goes backwards is read before it is known; sweeping again makes it good, until nothing changes.
    """

    def sweep(self) -> None:
        """Write every flow once."""
        for entering, leaving in self.equations:
            entered = entering[0]
            for flow in entering[1:]:
                entered = entered + flow
            for flow, share in leaving:
                flow[...] = entered * share

    def compute(self) -> None:
        """Sweep as often as it takes, which is known beforehand."""
        for _ in range(self.sweeps):
            self.sweep()


class Balance:
    """The graph over a dimension of samples."""

    def __init__(self, subject: Mapping[str, Any]) -> None:
        self.source, self.target = subject["source"].tolist(), subject["target"].tolist()
        self.shares, self.inputs = subject["shares"], subject["inputs"]
        self.width = self.shares.shape[1]
        self.system = self.made()
        self.system.sweeps = self.needed()

    def made(self) -> Equations:
        """Return the system with its parameters."""
        names = [f"process {p}" for p in range(len(self.inputs))]
        dims = DimensionSet(dim_list=[Dimension(name="Sample", letter="s", items=list(range(self.width)), dtype=int)])
        processes = make_processes([OUTSIDE, *names])
        fed = np.flatnonzero(self.inputs.any(axis=1)).tolist()
        ends = [(OUTSIDE, names[p]) for p in fed]
        ends += [(names[o], names[i] if i >= 0 else OUTSIDE) for o, i in zip(self.source, self.target, strict=True)]
        defined = [FlowDefinition(from_process_name=a, to_process_name=b, dim_letters=("s",)) for a, b in ends]
        flows = make_empty_flows(processes, defined, dims)
        whole = list(flows.values())
        for flow, p in zip(whole, fed, strict=False):
            flow.values[...] = self.inputs[p]
        self.flows = whole[len(fed) :]
        parameters = {
            f.name: Parameter(dims=dims, values=v.copy()) for f, v in zip(self.flows, self.shares, strict=True)
        }
        system = Equations(dims=dims, parameters=parameters, processes=processes, flows=flows)
        entering: list[list[FlodymArray]] = [[] for _ in names]
        leaving: list[list[tuple[FlodymArray, FlodymArray]]] = [[] for _ in names]
        for flow, p in zip(whole, fed, strict=False):
            entering[p].append(flow)
        for flow, out, into in zip(self.flows, self.source, self.target, strict=True):
            leaving[out].append((flow, parameters[flow.name]))
            if into >= 0:
                entering[into].append(flow)
        system.equations = list(zip(entering, leaving, strict=True))
        ends_of = zip(self.flows, self.source, self.target, strict=True)
        system.backwards = [flow for flow, out, into in ends_of if 0 <= into <= out]
        return system

    def needed(self) -> int:
        """Return how many sweeps it takes until no backward flow changes."""
        for sweeps in range(1, MOST_SWEEPS):
            before = [flow.values.copy() for flow in self.system.backwards]
            self.system.sweep()
            now = [flow.values for flow in self.system.backwards]
            if all(np.allclose(a, b, rtol=CLOSE, atol=0.0) for a, b in zip(before, now, strict=True)):
                return sweeps
        raise RuntimeError("the sweeps do not settle")

    def ready(self) -> None:
        """Forget the last run."""
        for flow in self.system.backwards:
            flow.values[...] = 0.0

    def __call__(self) -> None:
        """Compute the system from nothing."""
        self.system.compute()

    def result(self) -> np.ndarray[Any, Any]:
        """Return the flows, shape (F, S)."""
        return np.array([flow.values for flow in self.flows])


class Cohorts:
    """A stock driven by its inflow, over years and items, whose cohorts are counted at the end of their year."""

    def __init__(self, subject: Mapping[str, Any]) -> None:
        years, items = subject["inflow"].shape
        time = Dimension(name="Time", letter="t", items=list(range(years)), dtype=int)
        item = Dimension(name="Item", letter="i", items=list(range(items)), dtype=int)
        dims = DimensionSet(dim_list=[time, item])
        by_item = dims.get_subset(("i",))
        self.lifetime = WeibullLifetime(
            dims=dims,
            inflow_at="end",
            weibull_scale=FlodymArray(dims=by_item, values=subject["scale"]),
            weibull_shape=FlodymArray(dims=by_item, values=subject["shape"]),
        )
        inflow = StockArray(dims=dims, values=subject["inflow"])
        self.stock = InflowDrivenDSM(dims=dims, inflow=inflow, lifetime_model=self.lifetime)

    def ready(self) -> None:
        """Forget the survival computed before."""
        self.lifetime.reset_cached_arrays()

    def __call__(self) -> None:
        """Compute survival, content and outflow."""
        self.stock.compute()

    def result(self) -> np.ndarray[Any, Any]:
        """Return content and outflow, shape (2, years, items)."""
        return np.array([self.stock.stock.values, self.stock.outflow.values])


if __name__ == "__main__":
    serve("flodym", {"balance": Balance, "stock": Cohorts})
