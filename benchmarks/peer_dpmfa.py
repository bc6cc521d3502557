"""dpmfa at work: its Simulator over as many runs as there are samples, one period each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from dpmfa import components
from dpmfa.model import Model
from dpmfa.simulator import Simulator
from peer_protocol import serve

TWICE = 2  # dpmfa samples a coefficient at the start of a run and again at the start of a period


class Balance:
    """The graph as compartments, one sink for all that leaves; coefficients and inflows hand out given samples."""

    def __init__(self, subject: Mapping[str, Any]) -> None:
        self.source, self.target = subject["source"].tolist(), subject["target"].tolist()
        self.shares, self.inputs = subject["shares"], subject["inputs"]
        self.runs = self.shares.shape[1]
        self.draws = [np.repeat(row, TWICE).tolist() for row in self.shares]
        self.names = [f"process {p}" for p in range(len(self.inputs))]
        self.ready()

    def prepared(self) -> Simulator:
        """Return a simulator that has not run yet."""
        compartments = [components.FlowCompartment(n, transfers=[], logOutflows=True) for n in self.names]
        beyond = components.Sink("outside")
        for out, into, drawn in zip(self.source, self.target, self.draws, strict=True):
            to = compartments[into] if into >= 0 else beyond
            compartments[out].transfers.append(components.StochasticTransfer(next, [iter(drawn)], to))
        inflows = [
            components.ExternalListInflow(
                compartments[p], [components.StochasticFunctionInflow(next, [iter(self.inputs[p].tolist())])]
            )
            for p in np.flatnonzero(self.inputs.any(axis=1)).tolist()
        ]
        simulator = Simulator(self.runs, 1, seed=1, useGlobalTCSettings=True, normalizeTCs=True)
        simulator.setModel(Model("graph", [*compartments, beyond], inflows))
        return simulator

    def ready(self) -> None:
        """Wind back what it draws from."""
        self.simulator = self.prepared()

    def __call__(self) -> None:
        """Run all samples."""
        self.simulator.runSimulation()

    def result(self) -> np.ndarray[Any, Any]:
        """Return the flows, shape (F, S)."""
        logged = self.simulator.getLoggedFlows()
        ends = [*self.names, "outside"]
        return np.array([logged[self.names[o]][ends[i]][:, 0] for o, i in zip(self.source, self.target, strict=True)])


if __name__ == "__main__":
    serve("dpmfa", {"balance": Balance})
