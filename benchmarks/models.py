"""The frozen graphs as models, as a user would write them, with shares that are uncertain in one of two ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

import numpy as np

from benchmarks.subjects import Graph
from cemfa import model_from_dict
from cemfa.definition.schema import Model
from cemfa.system.elimination import OUTSIDE

Spread = Literal["dirichlet", "beta"]
FIRST_YEAR: Final = 2021
CONCENTRATION: Final = 50.0
WIDTH: Final = 0.08
"""P5 and P95 of a beta share lie so far below and above its mean, relative to it and to what is left to one."""
LABEL: Final = {"vi": "mẫu", "en": "sample"}
SOURCED: Final = {"basis": "unverified", "source": "frozen"}


def model(graph: Graph, spread: Spread = "dirichlet", years: int = 1) -> Model:
    """Return a graph as a model of one layer with all shares uncertain.

    Parameters
    ----------
    spread : ``"dirichlet"``: the shares of a process are one group, so that as many numbers are drawn as there are
        flows; ``"beta"``: each is drawn by itself but one per process, which is the remainder
    years : more than one: a row per year for every share; by the rules of the format the rows of a parameter
        share their draw, so as many numbers are drawn as for one year
    """
    rest = set(_last_of_each(graph)) if spread == "beta" else set()
    flows = dict(_imports(graph)) | dict(_flows(graph, rest))
    rows = [_row("import_amount", 100.0, unit="t/year")]
    calendar = range(FIRST_YEAR, FIRST_YEAR + years)
    for flow, (share, source) in enumerate(zip(graph.central.tolist(), graph.source.tolist(), strict=True)):
        for year in (None,) if years == 1 else calendar:
            dated = {} if year is None else {"year": year}
            if spread == "dirichlet":
                group = {"distribution": "dirichlet", "group": f"g{source}", "concentration": CONCENTRATION}
                rows.append(_row(f"share_{flow}", share, **group, **dated))
            elif flow not in rest:
                off = WIDTH * share * (1 - share)
                rows.append(
                    _row(f"share_{flow}", share, distribution="beta", low=share - off, high=share + off, **dated)
                )
    return model_from_dict(
        {
            "format": 1, "id": "graph", "label": LABEL, "layers": {"mass": ["mass"]},
            "periods": {"from": FIRST_YEAR, "to": FIRST_YEAR + years - 1},
            "processes": {f"p{number}": {} for number in range(graph.processes)}, "flows": flows,
        },
        {
            "goods": [{"id": "stuff", "label_vi": "mẫu", "label_en": "sample", "status": "waste"}],
            "parameters": rows,
            "composition": [
                {"good": "stuff", "layer": "mass", "value": 1.0, "per": "fresh", "unit": "1", **SOURCED}
            ],
            "sources": [{"id": "frozen", "title": "drawn once, see subjects.py"}],
        },
    )  # fmt: skip


def _imports(graph: Graph) -> Iterator[tuple[str, dict[str, Any]]]:
    for process in np.flatnonzero(graph.inputs.any(axis=1)).tolist():
        yield f"i{process}", {"from": "outside", "to": f"p{process}", "good": "stuff", "amount": "import_amount"}


def _flows(graph: Graph, rest: set[int]) -> Iterator[tuple[str, dict[str, Any]]]:
    for flow, (out, into) in enumerate(zip(graph.source.tolist(), graph.target.tolist(), strict=True)):
        target = "outside" if into == OUTSIDE else f"p{into}"
        share = "remainder" if flow in rest else f"share_{flow}"
        yield f"f{flow}", {"from": f"p{out}", "to": target, "good": "stuff", "share": share}


def _last_of_each(graph: Graph) -> list[int]:
    """Return the largest flow of each process: what is left after the others is then never negative."""
    order = np.lexsort((graph.central, graph.source))
    last = np.flatnonzero(np.diff(graph.source[order], append=-2))
    return [int(flow) for flow in order[last]]


def _row(name: str, value: float, unit: str = "1", **given: object) -> dict[str, object]:
    return {"parameter": name, "value": value, "unit": unit, **SOURCED, **given}
