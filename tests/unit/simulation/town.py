"""A town for tests: two districts, two seasons, and gates behind gates on the way to yards and a landfill."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import xarray as xr

from cemfa.definition.load import model_from_dict
from cemfa.definition.schema import Model, Scenario
from cemfa.plan import plan_of
from cemfa.simulation import simulate
from cemfa.simulation.block import Block, Case
from cemfa.simulation.network import build_network
from cemfa.simulation.stores import store_book
from cemfa.simulation.weather import under_weather
from cemfa.system.compile import compile_system
from cemfa.system.layout import System
from cemfa.system.numbers import bind_plan

LABEL = {"vi": "x", "en": "x"}

MODEL: dict[str, Any] = {
    "format": 1,
    "id": "town",
    "label": LABEL,
    "periods": {"from": 2023, "to": 2025},
    "layers": {"mass": ["dry_matter", "water"], "contained": {"carbon": "dry_matter"}},
    "dimensions": {"district": ["east", "west"]},
    "processes": {
        "household": {"over": ["district"]},
        "collection": {"over": ["district"]},
        "yard": {"over": ["district"], "capacity": {"parameter": "yard_capacity"}},
        "digester": {"over": ["district"], "capacity": {"parameter": "digester_capacity", "over": []}},
        "landfill": {"sink": True, "capacity": {"parameter": "landfill_capacity"}},
        "dump": {"sink": True},
        "farm": {"sink": True},
        "air": {"sink": True},
    },
    "flows": {
        "food": {"from": "outside", "to": "household", "good": "food", "amount": "food_made", "season": "peak"},
        "leaves": {"from": "outside", "to": "household", "good": "leaves", "amount": "leaves_made"},
        "to_yard": {
            "from": "household", "to": "yard", "good": "mix", "share": "yard_share",
            "otherwise": ["to_digester", "put_back"],
        },
        "to_digester": {
            "from": "household", "to": "digester", "good": "mix", "share": "digester_share", "otherwise": ["put_back"],
        },
        "put_back": {"from": "household", "to": "collection", "good": "mix", "refused": True},
        "to_collection": {"from": "household", "to": "collection", "good": "mix", "share": "remainder"},
        "to_landfill": {
            "from": "collection", "to": "landfill", "good": "mix", "share": "remainder", "otherwise": ["dumped"],
        },
        "dumped": {"from": "collection", "to": "dump", "good": "mix", "refused": True},
        "rejects": {
            "from": "yard", "to": "landfill", "good": "reject", "share": "reject_share",
            "otherwise": ["rejects_dumped"],
        },
        "rejects_dumped": {"from": "yard", "to": "dump", "good": "reject", "refused": True},
        "compost": {
            "from": "yard", "to": "farm", "good": "compost",
            "share": {"dry_matter": "kept", "water": "kept_water", "carbon": "kept_carbon"},
        },
        "loss": {"from": "yard", "to": "air", "good": "gas", "share": "remainder"},
        "digestate": {"from": "digester", "to": "farm", "good": "digestate", "share": "remainder"},
    },
    "goods": {
        name: {"label": LABEL, "status": "gas" if name == "gas" else "waste"}
        for name in ("food", "leaves", "mix", "reject", "compost", "gas", "digestate")
    },
}  # fmt: skip

PARAMETERS: dict[str, list[tuple[str, float, str, float | None, float | None]]] = {
    "food_made": [("east", 10.0, "t/d", 8.0, 12.0), ("west", 6.0, "t/d", 5.0, 7.5)],
    "leaves_made": [("", 3.0, "t/d", 2.0, 4.0)],
    "yard_share": [("", 0.4, "1", 0.3, 0.5)],
    "digester_share": [("", 0.2, "1", 0.15, 0.25)],
    "reject_share": [("", 0.1, "1", 0.05, 0.15)],
    "kept": [("", 0.5, "1", 0.4, 0.55)],
    "kept_water": [("", 0.3, "1", 0.2, 0.4)],
    "kept_carbon": [("", 0.4, "1", 0.3, 0.45)],
    "yard_capacity": [("east", 4.0, "t/d", None, None), ("west", 0.0, "t/d", None, None)],
    "digester_capacity": [("", 3.0, "t/d", None, None)],
    "landfill_capacity": [("", 1000.0, "t/d", None, None)],
    "store_limit": [("", 20.0, "t", None, None)],
    "spoilage": [("", 0.02, "1/d", None, None)],
    "stay_shape": [("", 1.6, "1", 1.2, 2.0)],
    "stay_scale": [("", 1.5, "year", 1.0, 2.5)],
    "wanted": [("", 20000.0, "t", 18000.0, 22000.0)],
    "market_capacity": [("", 1.0, "t/d", None, None)],
    "lines": [("", 2.0, "1", None, None)],
    "size": [("", 30.0, "t", None, None)],
    "size_in_days": [("", 5.0, "d", None, None)],
    "residence": [("", 21.0, "d", None, None)],
    "variation": [("", 0.5, "1", None, None)],
    "store_days": [("", 6.0, "d", None, None)],
    "time_between": [("", 60.0, "d", None, None)],
    "time_to_repair": [("", 5.0, "d", None, None)],
}
COMPOSITION = [
    ("food", "water", "fresh", 0.75), ("food", "carbon", "dry_matter", 0.45),
    ("leaves", "water", "fresh", 0.4), ("leaves", "carbon", "dry_matter", 0.5),
]  # fmt: skip
SEASONS = dict(enumerate([1, 1, 2, 3, 1, 1, 0.5, 0.5, 1, 1, 1, 2], start=1))

OUTAGE = {"mean_time_between": "time_between", "mean_time_to_repair": "time_to_repair"}
BATCHES = {"lines": "lines", "size": "size", "residence": "residence", "variation": "variation"}
STORE = {"limit": "store_limit", "spoilage": "spoilage", "spoiled_to": "loss"}


def town_model(changes: dict[str, Any] | None = None, values: dict[str, float] | None = None) -> Model:
    """Return the town; `changes` are merged into the model (None drops a key), `values` replace central values."""
    data = copy.deepcopy(MODEL)
    _merge(data, changes or {})
    used = str(data)
    parameters = []
    for name, lines in PARAMETERS.items():
        if f"'{name}'" not in used:
            continue
        for district, value, unit, low, high in lines:
            central = (values or {}).get(f"{name}.{district}" if district else name, value)
            spread = low is not None and high is not None and central == value
            parameters.append({
                "parameter": name, "district": district, "value": central, "unit": unit,
                "distribution": "triangular" if spread else "constant", "low": low if spread else "",
                "high": high if spread else "", "basis": "unverified", "source": "x",
            })  # fmt: skip
    composition = [
        {"good": g, "layer": la, "per": per, "value": v, "unit": "1", "basis": "unverified", "source": "x"}
        for g, la, per, v in COMPOSITION
    ]
    seasons = [
        {"profile": "peak", "month": m, "value": v, "basis": "unverified", "source": "x"} for m, v in SEASONS.items()
    ]
    sources = [{"id": "x", "title": "x"}]
    tables = {"parameters": parameters, "composition": composition, "seasons": seasons, "sources": sources}
    return model_from_dict(data, tables)


def _merge(data: dict[str, Any], changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        if value is None:
            data.pop(key, None)
        elif isinstance(value, dict) and isinstance(data.get(key), dict):
            _merge(data[key], value)
        else:
            data[key] = copy.deepcopy(value)


def number(value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {"value": value, "unit": unit, "basis": "unverified", "source": "x", **more}


PROJECT: dict[str, Any] = {
    "label": LABEL, "process": "yard", "place": {"district": "west"}, "capacity": 2.0, "owner": LABEL,
    "operator": LABEL, "form": "public", "site_secured": True, "decision": "2024-02-01",
    "funding": [{"source": "budget", "share": 1.0}],
}  # fmt: skip
RULE: dict[str, Any] = {"measure": "refused", "place": {"district": "west"}, "above": 0.5, "months": 3}
BLOCKADE = {
    "label": LABEL, "kind": "blockade", "process": "landfill", "from": "2024-06-24", "to": "2024-06-27", "source": "x",
}  # fmt: skip
FLOOD = {
    "label": LABEL, "kind": "flood", "process": "yard", "place": {"district": "east"}, "months": [9, 10, 11],
    "rate": number(3.0, "1/year"), "source": "x",
    "duration": number(4.0, "d", distribution="triangular", low=1, high=9),
}  # fmt: skip

PIGS: dict[str, Any] = {
    "processes": {"pigs": {"sink": True}},
    "flows": {"to_pigs": {
        "from": "household", "to": "pigs", "good": "mix", "share": "reject_share", "otherwise": ["put_back"],
    }},
}  # fmt: skip
DISEASE = {
    "label": LABEL, "kind": "disease", "flows": ["to_pigs"], "from": "2024-03-01", "to": "2024-05-31", "source": "x",
}  # fmt: skip
SALINITY = {
    "label": LABEL, "kind": "salinity", "from": "2023-02-01", "yearly": True, "chance": number(0.7, "1"),
    "delay": number(20.0, "d", distribution="triangular", low=0, high=60), "duration": number(70.0, "d"),
    "changes": [{"parameter": "leaves_made", "factor": number(0.6, "1")}], "source": "x",
}  # fmt: skip
UNREST = {
    "label": LABEL, "kind": "blockade", "process": "landfill", "rate": number(1.0, "1/year"), "source": "x",
    "duration": number(20.0, "d", distribution="triangular", low=5, high=40),
    "load": {"process": "landfill", "above": number(8.0, "t/d"), "times": number(6.0, "1")},
}  # fmt: skip


def town_scenario(events: dict[str, Any] | None = None, **changes: Any) -> Scenario:
    """Return a scenario with the baselines, one yard built in 2024, and the same yard built larger."""
    months = {"distribution": "triangular", "low": 2, "high": 6}
    data: dict[str, Any] = {
        "format": 1, "id": "town_2025", "label": LABEL, "model": "town", "decisions_from": 2024, "horizon": 2025,
        "target_year": 2025,
        "options": {
            "as_now": {"label": LABEL, "baseline": "as_now"},
            "as_committed": {"label": LABEL, "baseline": "as_committed"},
            "small": {"label": LABEL, "projects": {"west_yard": PROJECT}},
            "small_again": {"label": LABEL, "projects": {"west_yard": PROJECT}},
            "large": {"label": LABEL, "projects": {"west_yard": {**PROJECT, "capacity": 5.0}}},
            "ruled": {"label": LABEL, "projects": {"west_yard": {**PROJECT, "when": RULE, "decision": "2024-01-01"}}},
            "separated": {"label": LABEL, "policy": [
                {"parameter": "yard_share", "values": {2024: 0.5, 2025: 0.6}, "unit": "1", "from": "remainder"}
            ]},
        },
        "stress": {
            "half": {"label": LABEL, "options": ["large"], "intake_share": 0.5, "basis": "unverified", "source": "x"}
        },
        "events": events or {},
        "funders": {"budget": {"label": LABEL, "kind": "budget"}},
        "simulation": {"replications": 8, "stages": {
            key: [
                {"id": "construction", "label": LABEL, "duration": number(4, "month", **months)},
                {"id": "trial_run", "label": LABEL, "duration": number(2, "month"), "operates": True},
            ] for key in ("site_secured", "site_open")
        }},
        "finance": {"price_year": 2023, "start": 2024, "discount_rate": number(0.08, "1")},
    }  # fmt: skip
    data = copy.deepcopy(data)
    _merge(data, changes)
    return Scenario.model_validate(data)


WEATHER: dict[str, Any] = {
    "rain": {
        "label": LABEL, "flows": ["food", "leaves"], "by": "district", "spread": number(0.4, "1"),
        "persistence": number(5.0, "d"),
    }
}  # fmt: skip


def case_of(system: System, scenario: Scenario, option: str, *, seed: int = 0, **how: bool) -> Case:
    """Return an option ready for blocks, decided in the quick or in one of the general ways."""
    plan, weather = plan_of(scenario, option), scenario.simulation.weather
    system = under_weather(system, weather)
    network = build_network(system, dict(plan.events), **how)
    stores = store_book(system, network.places.stored, plan)
    return Case(network, plan, bind_plan(system, plan), stores, seed, False, weather=weather)


def lived(case: Case, replications: range, *, years: int = 3) -> list[Any]:
    """Return the first years of a block."""
    return Block(case, replications, range(years)).live()


def everything(results: xr.Dataset) -> dict[str, np.ndarray]:
    """Return all arrays of numbers of results."""
    return {str(name): array.to_numpy() for name, array in results.data_vars.items() if array.dtype.kind in "fi"}


__all__ = [
    "BATCHES",
    "BLOCKADE",
    "DISEASE",
    "FLOOD",
    "OUTAGE",
    "PIGS",
    "SALINITY",
    "STORE",
    "UNREST",
    "WEATHER",
    "case_of",
    "compile_system",
    "everything",
    "lived",
    "simulate",
]
