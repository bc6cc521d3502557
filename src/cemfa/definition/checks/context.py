"""What every rule of meaning reads: the model, where it was written, and the flows whose references hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from cemfa.definition.expansion import OUTSIDE, Route
from cemfa.definition.schema import Flow, Model, ParameterRow
from cemfa.errors import Place

At = Callable[..., Place]
"""Gives the place of a path: `at("flows", "straw_fed", "share")`, with `key=True` that of the key."""


@dataclass(frozen=True, slots=True)
class Context:
    """A model under examination.

    Attributes
    ----------
    at : gives places
    failed : tables that could not be read whole; what seems missing from them may only be unreadable
    dimensions : dimensions that have items
    routes : flows whose ends, dimensions, items and goods all exist; other rules look at these only
    ends_known : whether both processes of every flow exist, so that a process without flows really has none
    complete : whether every flow could be read at all
    rows : rows of each parameter with their position in `model.parameters`
    """

    model: Model
    at: At
    failed: Collection[str] = ()
    dimensions: Collection[str] = ()
    routes: Mapping[str, Route] = field(default_factory=dict)
    ends_known: bool = True
    complete: bool = True
    rows: Mapping[str, tuple[tuple[int, ParameterRow], ...]] = field(default_factory=dict)

    def leaving(self, process: str) -> list[tuple[str, Route, Flow]]:
        """Return the flows out of a process."""
        found = self.routes.items()
        return [(n, r, self.model.flows[n]) for n, r in found if r.source.process == process]

    def entering(self, process: str) -> list[tuple[str, Route, Flow]]:
        """Return the flows into a process."""
        found = self.routes.items()
        return [(n, r, self.model.flows[n]) for n, r in found if r.target.process == process]

    def whole(self, process: str) -> bool:
        """Tell whether every flow that names the process as an end could be resolved."""
        broken = (flow for name, flow in self.model.flows.items() if name not in self.routes)
        return self.complete and not any(process in (_head(f.source), _head(f.target)) for f in broken)


def rows_by_parameter(model: Model) -> dict[str, tuple[tuple[int, ParameterRow], ...]]:
    """Return the rows of each parameter with their positions."""
    found: dict[str, list[tuple[int, ParameterRow]]] = {}
    for position, row in enumerate(model.parameters):
        found.setdefault(row.parameter, []).append((position, row))
    return {name: tuple(rows) for name, rows in found.items()}


def crosses_in(way: Route) -> bool:
    """Tell whether a flow comes from outside."""
    return way.source.process == OUTSIDE


def kind_of(flow: Flow) -> str:
    """Return how a flow is stated: amount, share, ratio, fills or refused; "" where it is not exactly one."""
    stated = forms_of(flow)
    return stated[0] if len(stated) == 1 else ""


def forms_of(flow: Flow) -> list[str]:
    """Return every form in which a flow is stated."""
    given = {
        "amount": flow.amount is not None,
        "share": flow.share is not None,
        "ratio": flow.ratio is not None,
        "fills": flow.fills is not None,
        "refused": flow.refused,
    }
    return [name for name, is_given in given.items() if is_given]


def _head(end: str) -> str:
    return end.split("(", 1)[0].strip()
