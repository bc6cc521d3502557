"""What a drawn model states, read again from its data: its answer where it is linear, and whether results obey it.

Nothing of the compiler or the solver is used in the judgement: only names, rows and results.
"""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from cemfa import compile_system, solve
from cemfa.errors import SolveError
from cemfa.testing import LinearCase, ModelCase


class Stated:
    """The statements of a model by flow and layer."""

    def __init__(self, case: ModelCase) -> None:
        self.data, self.numbers = case.data, case.values()
        written = self.data["layers"]
        self.mass, self.inside = written.get("mass", []), written.get("contained", {})
        self.layers = [*self.mass, *self.inside, *written.get("elements", [])]
        self.composition = {good: self._composition(case, good) for good in ("raw", "wet")}
        self.basis = "fresh" if self.mass else self.layers[0]
        self.processes = list(self.data["processes"])
        self.flows = self.data["flows"]

    def product(self, factors: Sequence[object]) -> float:
        return float(np.prod([self.numbers[f] if isinstance(f, str) else f for f in factors]))

    def weight(self, basis: str) -> np.ndarray:
        return np.array([float(layer in (self.mass if basis == "fresh" else [basis])) for layer in self.layers])

    def entering(self, flow: dict) -> np.ndarray:
        """Return what a flow from outside brings, by layer."""
        if isinstance(flow["amount"], dict):
            return np.array([self.product(flow["amount"][layer]) for layer in self.layers])
        return self.composition[flow["good"]] * self.product(flow["amount"])

    def shares(self, process: str) -> dict[str, np.ndarray]:
        """Return the shares of all flows out of a process that have one, remainders and what follows them too."""
        own = {name: f for name, f in self.flows.items() if f["from"] == process}
        found = {name: np.zeros(len(self.layers)) for name, f in own.items() if "share" in f or "ratio" in f}
        for position, layer in enumerate(self.layers):
            words = {name: f["share"][layer] for name, f in own.items() if "share" in f}
            given = {name: self.product(word) for name, word in words.items() if word != "remainder"}
            following = {name: f["ratio"]["of"] for name, f in own.items() if "ratio" in f}  # times one
            given |= {name: given[of] for name, of in following.items() if of in given}
            left = [name for name in found if name not in given]
            given |= dict.fromkeys(left, (1 - sum(given.values())) / max(1, len(left)))
            for name, share in given.items():
                found[name][position] = share
        return found

    def linear(self) -> LinearCase:
        """Return the same system as positions and numbers, layers as samples; only for models without limits."""
        place = {name: position for position, name in enumerate(self.processes)} | {"outside": -1}
        source, target = (np.array([place[f[end]] for f in self.flows.values()]) for end in ("from", "to"))
        shares, inputs = (np.zeros((len(rows), len(self.layers))) for rows in (self.flows, self.processes))
        stated = {name: share for process in self.processes for name, share in self.shares(process).items()}
        for position, (name, flow) in enumerate(self.flows.items()):
            if flow["from"] == "outside":
                inputs[place[flow["to"]]] += self.entering(flow)
            else:
                shares[position] = stated[name]
        return LinearCase(len(self.processes), source, target, shares, inputs)

    def _composition(self, case: ModelCase, good: str) -> np.ndarray:
        rows = {r["layer"]: r["value"] for r in case.tables["composition"] if r["good"] == good}
        found = np.array([float(rows.get(layer, 0)) for layer in self.layers])
        if self.mass:
            found[len(self.mass) - 1] = 1 - sum(found[: len(self.mass) - 1])
            for inner, outer in self.inside.items():
                found[self.layers.index(inner)] *= found[self.layers.index(outer)]
        else:
            found[0] = 1.0
        return found


def settled(case: ModelCase) -> xr.Dataset | None:
    """Return central results; None where limits chase each other round a loop and are given up, by name."""
    try:
        return solve(compile_system(case.model()))
    except SolveError as error:
        (problem,) = error.problems
        if problem.code != "limits-unsettled" or not problem.parameters["processes"]:
            raise
        return None


def assert_obeyed(case: ModelCase, results: xr.Dataset) -> None:
    """Raise where a flow of the only period and sample is not what the model states."""
    stated = Stated(case)
    flows = {n: results["flow_mass"].sel(flow=n).to_numpy()[0, 0] for n in stated.flows}
    for process, about in stated.data["processes"].items():
        into = {name: flows[name] for name, f in stated.flows.items() if f["to"] == process}
        held = np.sum([*into.values(), np.zeros(len(stated.layers))], axis=0)
        _assert_leaving(stated, process, flows, held)
        for name in into:
            flow = stated.flows[name]
            if flow["from"] == "outside":
                _assert_import(stated, name, about, flows)
        if "capacity" in about:
            _assert_capacity(stated, process, flows)


def _assert_leaving(stated: Stated, process: str, flows: dict, held: np.ndarray) -> None:
    """Absolute flows leave first, with the composition of what is there; shares divide the rest."""
    # what passes settle on changes by no more than 1e-12, a thousand times that through steep loops
    close = {"rtol": 1e-9, "atol": 1e-12 * held.max(initial=0.0) + 1e-280}
    rest = held
    taken = {name: f for name, f in stated.flows.items() if f["from"] == process and "amount" in f}
    for name, flow in taken.items():
        weight = stated.weight(flow["basis"])
        there = float((weight * held).sum())
        asked = stated.product(flow["amount"])
        # where nothing is there to weigh, all is taken, as where next to nothing is there
        part = min(1.0, asked / there) if there else float(asked > 0)
        np.testing.assert_allclose(flows[name], part * held, err_msg=name, **close)
        rest = rest - flows[name]
    for name, share in stated.shares(process).items():
        moved = flows.get(f"refused_{name}", np.zeros_like(held))
        np.testing.assert_allclose(flows[name] + moved, share * rest, err_msg=name, **close)


def _assert_import(stated: Stated, name: str, about: dict, flows: dict) -> None:
    """Imports bring what is stated, what a demand lacks, or follow another import."""
    flow = stated.flows[name]
    if "amount" in flow:
        expected = stated.entering(flow)
    elif "fills" in flow:
        weight, demand = stated.weight(about["demand"]["basis"]), stated.product(about["demand"]["amount"])
        others = [flows[n] for n, f in stated.flows.items() if f["to"] == flow["to"] and n != name]
        lacking = demand - float(sum((weight * other).sum() for other in others))
        part = stated.composition[flow["good"]]
        expected = part / (weight * part).sum() * max(0.0, lacking)
        np.testing.assert_allclose(flows[name], expected, rtol=1e-9, atol=1e-11 * demand, err_msg=name)
        return
    else:
        of = (stated.weight("fresh") * flows[flow["ratio"]["of"]]).sum()
        expected = stated.composition[flow["good"]] * of * stated.product(flow["ratio"]["times"])
    np.testing.assert_allclose(flows[name], expected, rtol=1e-12, err_msg=name)


def _assert_capacity(stated: Stated, process: str, flows: dict) -> None:
    """No more is taken in than fits, no less while anything is refused, and all layers are refused alike."""
    capacity = stated.data["processes"][process]["capacity"]
    weight, most = stated.weight(capacity["basis"]), stated.numbers[capacity["parameter"]]
    limited = [n for n, f in stated.flows.items() if f["to"] == process and f["from"] != process]
    intake = float(sum((weight * flows[name]).sum() for name in limited))
    refused = float(sum((weight * flows[f"refused_{name}"]).sum() for name in limited))
    assert intake <= most * (1 + 1e-9)
    assert refused <= 1e-9 * most or intake >= most * (1 - 1e-9)
    for name in limited:
        offered = flows[name] + flows[f"refused_{name}"]
        part = flows[name] / np.where(offered > 0, offered, 1.0)
        accepted = part[offered > 0]
        assert np.ptp(accepted) <= 1e-9 if accepted.size else True
