"""Published cases as models in memory, and their expected numbers."""

import csv
import json
from pathlib import Path

import numpy as np

from cemfa import model_from_dict
from cemfa.definition.schema import LIFETIME_PARAMETERS

DATA = Path(__file__).parent / "data"
HEADER = ["parameter", "year", "value", "unit", "distribution", "low", "high", "basis", "source"]
SOURCES = [{"id": "case", "title": "A published case"}]


def columns(name):
    """Columns of a table whose first lines, after #, say where it is from."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}


def case(name):
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def label(text):
    return {"vi": text, "en": text}


def row(parameter, value, unit="1", year="", half_width=None):
    """A parameter row; with a half-width (relative) it is triangular."""
    spread = {"distribution": "constant", "low": "", "high": ""}
    if half_width is not None:
        low, high = value * (1 - half_width), value * (1 + half_width)
        spread = {"distribution": "triangular", "low": low, "high": high}
    return {"parameter": parameter, "year": year, "value": value, "unit": unit, **spread,
            "basis": "reported", "source": "case"}  # fmt: skip


def everything():
    """Request of the full cube."""
    from cemfa.results import Request

    return Request(flows="all")


def model(name, years, processes, flows, rows, **tables):
    """A model of one layer and one good."""
    for flow in flows.values():
        flow.setdefault("good", "matter")
        if "amount" in flow:
            flow["basis"] = "matter"
    data = {
        "format": 1, "id": name, "label": label(name), "periods": {"from": years[0], "to": years[-1]},
        "layers": {"elements": ["matter"]}, "processes": processes, "flows": flows,
    }  # fmt: skip
    goods = [{"id": "matter", "label_vi": "Vật chất", "label_en": "Matter", "status": "resource"}]
    return model_from_dict(data, {"goods": goods, "parameters": rows, "sources": SOURCES, **tables})


def recycling_loop():
    """Manufacture and use, with a share of what is used coming back; 31 years."""
    table = columns("recycling_loop.csv")
    years = [int(year) for year in table["year"]]
    flows = {
        "arising": {"from": "outside", "to": "manufacture", "amount": "demand"},
        "made": {"from": "manufacture", "to": "use", "share": 1},
        "returned": {"from": "use", "to": "manufacture", "share": "return_share"},
        "discarded": {"from": "use", "to": "dump", "share": "remainder"},
    }
    rows = [
        made
        for year, demand, alpha in zip(years, table["arising"], table["alpha"], strict=True)
        for made in (row("demand", demand, "t/year", year), row("return_share", alpha, "1", year))
    ]
    processes = {"manufacture": {}, "use": {}, "dump": {"sink": True}}
    return model("recycling_loop", years, processes, flows, rows), table


def feed(spread=False):
    """Five compartments in a row, remainders, triangular spreads."""
    given = case("feed.json")
    widths = given["spread"] if spread else {"arising": {}, "share": {}}
    rows = [row(f"arising_{c}", v, "t/year", half_width=widths["arising"].get(c)) for c, v in given["arising"].items()]
    flows = {f"into_{c}": {"from": "outside", "to": c, "amount": f"arising_{c}"} for c in given["arising"]}
    for source, shares in given["share"].items():
        for target, share in shares.items():
            name = f"{source}_to_{target}"
            flows[name] = {"from": source, "to": target, "share": "remainder" if share is None else f"share_{name}"}
            if share is not None:
                width = widths["share"].get(f"{source[1]}:{target[1]}")
                rows.append(row(f"share_{name}", share, half_width=width))
    processes = {c: {} for c in given["share"]} | {"c5": {"sink": True}}
    return model("feed", [2020, 2020], processes, flows, rows), given


def decaying_pulse(history):
    """One deposit into a landfill whose content decays, 31 years; the past is a year without deposit."""
    table = columns("decay_pulse.csv")
    years = [2000 + int(year) for year in table["year"]]
    flows = {
        "buried": {"from": "outside", "to": "landfill", "amount": "deposit"},
        "gas": {"from": "landfill", "to": "atmosphere", "share": 1},
    }
    rows = [row("deposit", v, "t/year", y) for y, v in zip(years, table["deposited"], strict=True)]
    rows += [row("decay_rate", 0.4, "1/year"), row("degradable_share", 1.0)]
    stock = {"decay": "first_order", "layer": "matter", "rate": "decay_rate", "degradable": "degradable_share"}
    past = {}
    if history:
        stock["history"] = "before.csv"
        entry = {"process": "landfill", "year": years[0] - 1, "layer": "matter", "value": 0, "unit": "t/year"}
        past = {"before": [entry | {"basis": "reported", "source": "case"}]}
    processes = {"landfill": {"stock": stock}, "atmosphere": {"sink": True}}
    return model("decaying_pulse", years, processes, flows, rows, **past), table


def lasting(law, parameters, series, timing, *, content=False):
    """Goods in use with a lifetime: a series of what is bought, or of the content that must be there."""
    years = [2000 + n for n in range(len(series))]
    named = dict(zip(LIFETIME_PARAMETERS[law], parameters, strict=True))
    stock = {"lifetime": law, "timing": timing, "starts": "empty", **{key: f"life_{key}" for key in named}}
    if content:
        stock |= {"content": "series", "basis": "matter"}
    bought = {"fills": "stock"} if content else {"amount": "series"}
    flows = {
        "bought": {"from": "outside", "to": "use", **bought},
        "discarded": {"from": "use", "to": "dump", "share": 1},
    }
    rows = [row("series", value, "t" if content else "t/year", year) for year, value in zip(years, series, strict=True)]
    rows += [row(f"life_{key}", value, "1" if key == "shape" else "year") for key, value in named.items()]
    return model("lasting", years, {"use": {"stock": stock}, "dump": {"sink": True}}, flows, rows)
