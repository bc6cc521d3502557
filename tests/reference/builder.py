"""Models of reference cases, in memory and as files on disk, so that both doors are tried."""

import csv
import json
from pathlib import Path

import yaml

from cemfa import model_from_dict, read_model

SOURCES = [{"id": "case", "title": "Made up for this test"}]


def row(parameter, value, unit="1", **more):
    """A row of parameters.csv; further columns by name, dimensions too."""
    return {"parameter": parameter, "value": value, "unit": unit, "basis": "unverified", "source": "case", **more}


def part(good, layer, value, per="fresh", unit="1"):
    """A row of composition.csv."""
    return {"good": good, "layer": layer, "per": per, "value": value, "unit": unit,
            "basis": "unverified", "source": "case"}  # fmt: skip


def written(layers, processes, flows, rows, years=(2020, 2020), goods=("stuff",), dimensions=None, **tables):
    """Data of model.yaml and its tables; goods are resources unless given as rows."""
    data = {
        "format": 1, "id": "case", "label": {"vi": "Ca kiểm", "en": "Case"},
        "periods": {"from": years[0], "to": years[-1]}, "layers": layers,
        "processes": processes, "flows": {name: {"good": "stuff", **flow} for name, flow in flows.items()},
    }  # fmt: skip
    if dimensions:
        data["dimensions"] = dimensions
    kinds = [{"id": g, "label_vi": g, "label_en": g, "status": "product"} if isinstance(g, str) else g for g in goods]
    return data, {"goods": kinds, "parameters": rows, "sources": SOURCES, **tables}


def from_memory(case, folder):
    """The model from data and tables in memory."""
    return model_from_dict(*case)


def from_files(case, folder: Path):
    """The same model written as YAML and CSV, and read."""
    data, tables = case
    plain = json.loads(json.dumps(data))  # without shared lists, which would be written as anchors
    (folder / "model.yaml").write_text(yaml.safe_dump(plain, allow_unicode=True, sort_keys=False), encoding="utf-8")
    for name, rows in tables.items():
        columns = list(dict.fromkeys(key for r in rows for key in r))
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
    return read_model(folder)


DOORS = {"memory": from_memory, "files": from_files}
