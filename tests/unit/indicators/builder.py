"""Results of the one shape, written down by hand: a few processes and flows with their masses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from cemfa.results import make_results

LAYERS = ("dry_matter", "water", "carbon", "nitrogen")


@dataclass(frozen=True)
class Frame:
    years: tuple[int, ...]
    layers: tuple[str, ...]
    mass_layers: tuple[str, ...]
    process_ids: tuple[str, ...]
    flow_ids: tuple[str, ...]
    process_coords: Mapping[str, np.ndarray] = field(default_factory=dict)
    flow_coords: Mapping[str, np.ndarray] = field(default_factory=dict)


def process(name: str, treatment: str = "", **more: object) -> dict[str, object]:
    return {
        "id": name,
        "name": name,
        "treatment": treatment,
        "technology": "",
        "circular_model": False,
        "sink": False,
    } | more


def flow(name: str, source: str, target: str, masses: Sequence[float], **more: object) -> dict[str, object]:
    """One flow; `masses` in the order of LAYERS [t/yr]."""
    roles = {"good": "food", "status": "waste", "organic": True, "origin": "household"}
    places = {"district": "", "destination": "", "settlement": ""}
    return {"id": name, "flow_name": name, "source": source, "target": target, "masses": masses} | roles | places | more


def results(
    processes: Sequence[Mapping[str, object]],
    flows: Sequence[Mapping[str, object]],
    parameters: Sequence[Mapping[str, object]] = (),
    *,
    scales: Sequence[float] = (1.0,),
    years: Sequence[int] = (2030,),
) -> xr.Dataset:
    """Return results whose sample s holds the masses times `scales[s]`, the same in every year."""
    treatment = {str(p["id"]): str(p["treatment"]) for p in processes}
    flows = [f | {"treatment": treatment.get(str(f["target"]), "")} for f in flows]
    frame = Frame(
        tuple(years), LAYERS, LAYERS[:2], tuple(str(p["id"]) for p in processes), tuple(str(f["id"]) for f in flows),
        _coords(processes, ("id",)), _coords(flows, ("id", "masses")),
    )  # fmt: skip
    one = np.array([f["masses"] for f in flows], dtype=float).T  # (L, F)
    cube = np.array(scales)[:, None, None, None] * np.broadcast_to(one, (len(years), *one.shape))[None]
    variables: dict[str, np.ndarray] = {"flow_mass": cube}
    coords = {}
    if parameters:
        values = np.array([float(p["value"]) for p in parameters])
        variables["parameter"] = np.broadcast_to(values, (len(scales), len(years), len(values))).copy()
        names = [f"cell{i}" for i in range(len(parameters))]
        blank = {
            "parameter": "",
            "unit": "1",
            "technology": "",
            "good": "",
            "layer": "",
            "district": "",
            "settlement": "",
        }
        rows = [blank | {k: v for k, v in p.items() if k != "value"} for p in parameters]
        coords["cell"] = {"cell": names} | _coords(rows, ())
    return make_results(
        frame, variables, kind="solve", seed=0, residual=0.0, samples=list(range(len(scales))), coords=coords
    )


def _coords(rows: Sequence[Mapping[str, object]], without: Sequence[str]) -> dict[str, np.ndarray]:
    names = [name for name in rows[0] if name not in without]
    return {name: np.array([row[name] for row in rows]) for name in names}
