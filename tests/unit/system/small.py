"""Small models in a few lines, and their balance by name."""

from collections.abc import Mapping, Sequence

import numpy as np

from cemfa.definition.load import model_from_dict
from cemfa.definition.schema import Model
from cemfa.plan import Plan
from cemfa.system.compile import compile_system
from cemfa.system.layout import System
from cemfa.system.solve import solve

SOURCED = {"basis": "unverified", "source": "s"}
LABEL = {"vi": "mẫu", "en": "sample"}
Number = float | tuple[float, str] | Sequence[Mapping[str, object]]


def model(
    processes: Mapping[str, Mapping[str, object]],
    flows: Mapping[str, Mapping[str, object]],
    numbers: Mapping[str, Number],
    *,
    layers: Mapping[str, object] | None = None,
    years: tuple[int, int] = (2021, 2021),
    goods: Mapping[str, Mapping[str, object]] | None = None,
    composition: Sequence[Mapping[str, object]] = (),
    tables: Mapping[str, Sequence[Mapping[str, object]]] | None = None,
    **more: object,
) -> Model:
    """Return a model whose flows carry the good `stuff` unless they say otherwise."""
    rows: list[Mapping[str, object]] = []
    for name, number in numbers.items():
        if isinstance(number, Sequence) and not isinstance(number, tuple):
            rows += [row(name, **given) for given in number]
        else:
            value, unit = number if isinstance(number, tuple) else (number, "1")
            rows.append(row(name, value=value, unit=unit))
    known = {"stuff": {}, **(goods or {})}
    return model_from_dict(
        {
            "format": 1, "id": "small", "label": LABEL, "periods": {"from": years[0], "to": years[1]},
            "layers": layers or {"mass": ["mass"]}, "processes": processes,
            "flows": {name: {"good": "stuff", **flow} for name, flow in flows.items()},
            **more,
        },
        {
            "goods": [{"id": k, "label_vi": k, "label_en": k, "status": "waste", **v} for k, v in known.items()],
            "parameters": rows,
            "composition": [{"per": "fresh", "unit": "1", **SOURCED, **c} for c in composition],
            "sources": [{"id": "s", "title": "made up"}],
            **(tables or {}),
        },
    )  # fmt: skip


def row(name: str, **given: object) -> dict[str, object]:
    """Return a row of parameters."""
    return {"parameter": name, "unit": "1", **SOURCED, **given}


def balance(small: Model | System, *, limits: bool = True, plan: Plan | None = None) -> dict[str, float]:
    """Return the flows of the only year in the first layer, by id, from central values."""
    return layers_of(small, limits=limits, plan=plan)["mass"]


def layers_of(
    small: Model | System, *, limits: bool = True, plan: Plan | None = None, year: int = 0
) -> dict[str, dict[str, float]]:
    """Return flows by layer and id; ``mass`` is the sum of all mass layers."""
    system = small if isinstance(small, System) else compile_system(small)
    results = solve(system, limits=limits, plan=plan)
    flows = results["flow_mass"].values[0, year]
    found = {layer: dict(zip(system.flow_ids, flows[n].tolist(), strict=True)) for n, layer in enumerate(system.layers)}
    fresh = np.tensordot(system.mass_weight(), flows, 1)
    return found | {"mass": dict(zip(system.flow_ids, fresh.tolist(), strict=True))}
