"""Whether plants can count on their supply: the median that would reach each of them, within its haul distance."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from cemfa.courses import available_share
from cemfa.definition.load import Places
from cemfa.errors import Problem
from cemfa.plan import plan_of
from cemfa.system.limits import settle
from cemfa.system.numbers import bind_plan, block_values

if TYPE_CHECKING:
    from cemfa.courses import Built
    from cemfa.definition.schema import Scenario
    from cemfa.plan import Plan
    from cemfa.system.layout import CapacityGroup, System

SUPPLY_SAMPLES: Final = 64
"""Draws whose median is the supply that a plant can count on."""


def supply_warnings(scenario: Scenario, option: str, system: System, places: Places) -> Iterator[Problem]:
    """Yield plants of an option whose design intake exceeds the median supply they can count on.

    Supply is what would reach the plant in the target year (or the horizon, where it is built later) if it took
    in everything, the other plants of the option as planned, from districts within its haul distance.
    """
    plan = plan_of(scenario, option)
    for built, course in zip(plan.built, plan.central_courses(), strict=True):
        project = scenario.options[option].projects.get(built.project)
        group = next((n for n, g in enumerate(system.groups) if _is_place(g, built)), None)
        if project is None or group is None:
            continue  # committed elsewhere, and reported there
        running = available_share(course.steps, scenario.target_year) > 0
        year = scenario.target_year if running else scenario.horizon
        supply = _supply(system, plan, group, year, project.haul_distance)
        if supply < project.capacity:
            where = ("options", option, "projects", built.project, "capacity")
            shown: dict[str, object] = {"option": option, "project": built.project, "year": year}
            shown |= {"capacity": project.capacity, "supply": float(f"{supply:.3g}")}
            code = "supply-short"
            if project.haul_distance is not None:
                code, shown["distance"] = "supply-short-near", project.haul_distance
            yield Problem(code, places.of(*where), shown, "warning")


def _is_place(group: CapacityGroup, built: Built) -> bool:
    return group.process == built.process and tuple(sorted(group.place.items())) == built.place


def _supply(system: System, plan: Plan, group: int, year: int, distance: float | None) -> float:
    """Return the median mass that reaches a plant without limit [t/d, basis of its capacity]."""
    period = system.years.index(year)
    numbers = block_values(system, system.sampler.samples(0, 0, SUPPLY_SAMPLES), bind_plan(system, plan), period)
    capacity = numbers.capacity_today.copy()
    for built, course in zip(plan.built, plan.central_courses(), strict=True):
        mine = next((n for n, g in enumerate(system.groups) if _is_place(g, built)), None)
        if mine is not None:
            capacity[mine] += built.capacity * built.usable * available_share(course.steps, year)
    capacity *= numbers.working * float(system.days[period])
    capacity[group] = np.inf
    flows = settle(system, numbers, capacity).flows
    place = system.groups[group]
    near = [f for f in place.inflows.tolist() if _within(system, place, f, distance)]
    offered = flows[near] * place.weight[:, None]
    return float(np.median(np.add.reduce(offered, axis=(0, 1)))) / float(system.days[period])


def _within(system: System, place: CapacityGroup, flow: int, distance: float | None) -> bool:
    """Tell whether a flow starts within a distance of a plant: by its haul, else as the crow flies; yes if unknown."""
    if distance is not None and (hauled := float(system.flow_coords["haul"][flow])) > 0:
        return hauled <= distance
    spots = {i.id: (i.lat, i.lon) for d in system.model.dimensions for i in system.model.items(d) if i.lat is not None}
    here = next((spots[item] for item in place.place.values() if item in spots), None)
    there = spots.get(str(system.flow_coords["district"][flow]))
    return distance is None or here is None or there is None or _kilometres(here, there) <= distance


def _kilometres(here: tuple[float | None, float | None], there: tuple[float | None, float | None]) -> float:
    """Return the great-circle distance of two points on a sphere of 6 371 km (haversine formula)."""
    (lat, lon), (other_lat, other_lon) = ([math.radians(x or 0.0) for x in point] for point in (here, there))
    chord = math.sin((other_lat - lat) / 2) ** 2
    chord += math.cos(lat) * math.cos(other_lat) * math.sin((other_lon - lon) / 2) ** 2
    return 2 * 6371.0 * math.asin(math.sqrt(chord))
