"""The same plants written the usual way, with a `simpy.Container` per process and an activity per flow, as reference.

A row of districts, each with waste that arises by season, a plant with a store in front of it that works on what it
can a day, makes a product and loses gas, and a landfill for what it turns away. One layer and one history; every flow
moves once a day, in the order in which matter passes: get from one container, put into the next. Annual masses agree
with cemfa to 1e-9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
import simpy

from benchmarks.models import LABEL, SOURCED
from benchmarks.subjects import Array
from cemfa import compile_system, model_from_dict
from cemfa.definition.schema import Model
from cemfa.results import Request
from cemfa.simulation import simulate
from cemfa.simulation.supply import months_of
from cemfa.system.layout import System

YEAR: Final = 2025
SEASON: Final = (1.0, 1.0, 2.0, 3.0, 1.0, 1.0, 0.5, 0.5, 1.0, 1.0, 1.0, 2.0)
KEPT: Final = 0.4
"""Share of its intake that a plant makes into product."""
LIMIT: Final = 30.0
"""What fits into the store in front of a plant [t]; what waits there makes every day another."""
EACH: Final = 5
"""Flows of a district."""
_NEVER_FULL: Final = float("inf")


def districts(count: int) -> list[tuple[float, float]]:
    """Return (tonnes a day, capacity a day) of every district; some plants are always full, some never."""
    return [(10.0 + n % 7, 4.0 + 1.5 * (n % 9)) for n in range(count)]


def model(count: int) -> Model:
    """Return the districts as a model of one layer."""
    names = [f"d{n}" for n in range(count)]
    plain = {"over": ["district"]}
    data: dict[str, Any] = {
        "format": 1, "id": "containers", "label": LABEL, "periods": {"from": YEAR, "to": YEAR},
        "layers": {"mass": ["matter"]}, "dimensions": {"district": names},
        "processes": {
            "household": plain,
            "plant": {**plain, "capacity": {"parameter": "capacity"}, "store": {"limit": "limit"}},
            "landfill": {**plain, "sink": True}, "market": {**plain, "sink": True}, "air": {**plain, "sink": True},
        },
        "flows": {
            "waste": {
                "from": "outside", "to": "household", "good": "waste", "amount": "amount", "season": "peak",
            },
            "taken": {"from": "household", "to": "plant", "good": "waste", "share": "remainder", "otherwise": ["left"]},
            "left": {"from": "household", "to": "landfill", "good": "waste", "refused": True},
            "made": {"from": "plant", "to": "market", "good": "product", "share": "kept"},
            "lost": {"from": "plant", "to": "air", "good": "gas", "share": "remainder"},
        },
        "goods": {n: {"label": LABEL, "status": "gas" if n == "gas" else "waste"} for n in ("waste", "product", "gas")},
    }  # fmt: skip
    rows = [{"parameter": "kept", "district": "", "value": KEPT, "unit": "1"}]
    rows += [{"parameter": "limit", "district": "", "value": LIMIT, "unit": "t"}]
    for name, (amount, capacity) in zip(names, districts(count), strict=True):
        rows.append({"parameter": "amount", "district": name, "value": amount, "unit": "t/d"})
        rows.append({"parameter": "capacity", "district": name, "value": capacity, "unit": "t/d"})
    seasons = [{"profile": "peak", "month": m, "value": v} for m, v in enumerate(SEASON, 1)]
    tables: dict[str, list[dict[str, Any]]] = {
        "parameters": [row | SOURCED for row in rows],
        "seasons": [row | {"basis": "unverified", "source": "frozen"} for row in seasons],
        "sources": [{"id": "frozen", "title": "Frozen subject of the benchmarks"}],
    }
    return model_from_dict(data, tables)


class Contained:
    """One year of the districts with a container per process and an activity per flow."""

    def __init__(self, count: int) -> None:
        self.count, self.moved = count, np.zeros((EACH, count))
        months = months_of(YEAR, 0, ["peak"], model(1).seasons)
        self.weights = [float(month.weight[0]) for month in months for _ in range(month.days)]

    def __call__(self) -> None:
        """Live through the year."""
        env = simpy.Environment()
        self.moved[...] = 0.0
        for district, (amount, capacity) in enumerate(districts(self.count)):
            household, plant, landfill, market, air = (simpy.Container(env, _NEVER_FULL) for _ in range(EACH))

            def carried(flow: int, district: int = district) -> Callable[[float], None]:
                def add(mass: float) -> None:
                    self.moved[flow, district] += mass

                return add

            env.process(self._arise(env, household, amount * len(self.weights), carried(0)))
            work = _Work(plant, capacity)
            env.process(_move(env, 0.1, household, plant, work.room, carried(1)))
            env.process(_move(env, 0.2, household, landfill, lambda level: level, carried(2)))
            env.process(_move(env, 0.3, plant, market, work.made, carried(3)))
            env.process(_move(env, 0.4, plant, air, work.lost, carried(4)))
        env.run(until=len(self.weights))

    def result(self) -> Array:
        """Return the annual flows, kind by kind [t/year]."""
        return self.moved.reshape(-1, 1)

    def _arise(
        self, env: simpy.Environment, into: simpy.Container, year: float, add: Callable[[float], None]
    ) -> Iterator[simpy.Event]:
        for weight in self.weights:
            yield into.put(year * weight)
            add(year * weight)
            yield env.timeout(1)


class _Work:
    """What a plant does in a day: it works on what waits and comes, and lets in what then fits its store."""

    def __init__(self, plant: simpy.Container, capacity: float) -> None:
        self.plant, self.capacity, self.today = plant, capacity, 0.0

    def room(self, offered: float) -> float:
        """Return what it lets in."""
        held = float(self.plant.level)
        self.today = min(held + offered, self.capacity)
        return max(0.0, min(offered, LIMIT + self.today - held))

    def made(self, level: float) -> float:
        """Return the product of the day."""
        self.today = min(level, self.capacity)
        return KEPT * self.today

    def lost(self, level: float) -> float:
        """Return what is lost as gas: the rest of what was worked on."""
        return min(level, (1.0 - KEPT) * self.today)


def _move(
    env: simpy.Environment, after: float, source: simpy.Container, target: simpy.Container,
    wanted: Callable[[float], float], add: Callable[[float], None],
) -> Iterator[simpy.Event]:  # fmt: skip
    yield env.timeout(after)
    while True:
        mass = wanted(float(source.level))
        if mass > 0.0:
            yield source.get(mass)
            yield target.put(mass)
            add(mass)
        yield env.timeout(1)


class Arrays:
    """The same by cemfa, for some replications at a time."""

    def __init__(self, count: int, replications: int) -> None:
        self.replications = replications
        self.system: System = compile_system(model(count))
        self.flows: Array = np.zeros((0, 0))

    def __call__(self) -> None:
        """Live through the year."""
        results = simulate(
            self.system, scenario(), option="as_now", replications=self.replications, workers=1,
            request=Request(flows="all"),
        )  # fmt: skip
        self.flows = results["flow_mass"].isel(period=0, layer=0).transpose("flow", "sample").to_numpy()

    def result(self) -> Array:
        """Return the annual flows, kind by kind [t/year]."""
        names = self.system.flow_coords["flow_name"]
        return np.concatenate([self.flows[names == kind] for kind in ("waste", "taken", "left", "made", "lost")])


def scenario() -> Any:
    """Return a scenario in which nothing is built."""
    from cemfa.definition.schema import Scenario

    stage = {"id": "x", "label": LABEL, "duration": {"value": 1, "unit": "month", **SOURCED}}
    return Scenario.model_validate({
        "format": 1, "id": "containers", "label": LABEL, "model": "containers", "decisions_from": YEAR,
        "horizon": YEAR, "target_year": YEAR, "funders": {},
        "options": {n: {"label": LABEL, "baseline": n} for n in ("as_now", "as_committed")},
        "simulation": {"stages": {"site_secured": [stage], "site_open": [stage]}},
        "finance": {"price_year": YEAR, "start": YEAR, "discount_rate": {"value": 0.1, "unit": "1", **SOURCED}},
    })  # fmt: skip
