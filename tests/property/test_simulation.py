"""Random towns: whatever limits, stores, events and circles there are, mass is conserved and limits hold."""

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.simulation.town import (
    BATCHES,
    BLOCKADE,
    DISEASE,
    FLOOD,
    OUTAGE,
    PIGS,
    SALINITY,
    STORE,
    UNREST,
    WEATHER,
    case_of,
    lived,
    town_model,
    town_scenario,
)

from cemfa.simulation.block import Lived
from cemfa.system.compile import compile_system
from cemfa.system.layout import System

REPLICATIONS = range(2)
SKIES = {"simulation": {"weather": WEATHER}}


@st.composite
def towns(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, float], dict[str, Any], bool]:
    """Return changes to the town's model, its numbers, and the events of its scenario."""
    processes: dict[str, dict[str, Any]] = {"yard": {}, "digester": {}, "landfill": {}}
    flows: dict[str, dict[str, Any]] = {}
    circle = draw(st.booleans())  # a circle with stores takes hundreds of passes a day: minutes per example
    if not circle and draw(st.booleans()):
        processes["yard"]["store"] = draw(
            st.sampled_from([STORE, {**STORE, "batches": BATCHES}, {**STORE, "overnight": True}])
        )
    if not circle and draw(st.booleans()):
        processes["digester"]["store"] = {"limit": "store_limit", "overnight": draw(st.booleans())}
    for name in ("yard", "digester"):
        if draw(st.booleans()):
            processes[name]["outage"] = OUTAGE
    if circle:
        flows["to_digester"] = {"otherwise": ["to_yard", "put_back"]}
    if draw(st.booleans()):
        processes["landfill"]["capacity"] = {"priority": ["rejects"]}
    sizes = st.sampled_from([0.0, 0.5, 2.0, 5.0, 100.0])
    values = {name: draw(sizes) for name in ("yard_capacity.east", "yard_capacity.west", "digester_capacity")}
    values["landfill_capacity"] = draw(st.sampled_from([3.0, 9.0, 1000.0]))
    values["store_limit"] = draw(st.sampled_from([0.0, 1.0, 40.0]))
    values["size"] = draw(st.sampled_from([0.3, 8.0, 35.0]))
    values["residence"] = draw(st.sampled_from([0.5, 3.0, 40.0]))
    values["variation"] = draw(st.sampled_from([0.0, 0.5, 1.0]))
    values["spoilage"] = draw(st.sampled_from([0.0, 0.05, 1.0]))
    events = {"blockade": BLOCKADE, "flood": FLOOD, "disease": DISEASE, "salinity": SALINITY, "unrest": UNREST}
    chosen = draw(st.sets(st.sampled_from(sorted(events))))
    processes |= PIGS["processes"]
    flows |= PIGS["flows"]
    happening = {name: events[name] for name in sorted(chosen)}
    return {"processes": processes, "flows": flows}, values, happening, draw(st.booleans())


def gaps(system: System, years: list[Lived], stored: dict[int, int]) -> np.ndarray:
    """Return inflow minus outflow minus what stays in stores, (T, P, S), in fresh mass relative to the inflow."""
    weight = system.mass_weight()[None, :, None]
    found = []
    before = np.zeros_like(years[0].backlog)
    for year in years:
        fresh = (year.year.flow * weight).sum(axis=1)
        gap = np.zeros((len(system.process_ids), fresh.shape[1]))
        into = np.zeros_like(gap)
        np.add.at(into, system.target[system.target >= 0], fresh[system.target >= 0])
        np.subtract.at(gap, system.source[system.source >= 0], fresh[system.source >= 0])
        gap += into
        for process, store in stored.items():
            gap[process] -= year.backlog[store] - before[store]
        before = year.backlog
        gap[~system.decides] = 0.0
        found.append(gap / np.maximum(into, 1.0))
    return np.array(found)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(towns())
def test_mass_is_conserved_and_limits_hold(town: tuple[dict[str, Any], dict[str, float], dict[str, Any], bool]) -> None:
    changes, values, events, windy = town
    system = compile_system(town_model(changes, values))
    case = case_of(system, town_scenario(events, **(SKIES if windy else {})), "small")
    years = lived(case, REPLICATIONS, years=2)
    stored = {process: n for n, process in enumerate(case.network.places.stored)}
    assert np.abs(gaps(system, years, stored)).max() < 1e-9
    for year in years:
        assert year.year.residual < 1e-9
        assert (year.year.flow >= 0).all()
        assert (year.utilisation <= 1 + 1e-9).all()
        most = values["store_limit"] + 2.0 * values["size"] * case.network.places.batches.any()
        assert (year.backlog <= most * (1 + 1e-9) + 1e-12).all()
        assert (year.refused >= -1e-9).all()


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(towns())
def test_twice_the_waste_and_twice_the_plants_are_twice_the_flows(
    town: tuple[dict[str, Any], dict[str, float], dict[str, Any], bool],
) -> None:
    changes, values, events, windy = town
    events = {name: event for name, event in events.items() if "load" not in event}  # a design load does not double
    amounts = {"food_made.east": 11.0, "food_made.west": 5.0, "leaves_made": 3.5}
    sizes = {name: v for name, v in values.items() if "capacity" in name or name in ("store_limit", "size")}
    scenario = town_scenario(events, **(SKIES if windy else {}))
    found = []
    for factor in (1.0, 2.0):
        scaled = {name: factor * v for name, v in (sizes | amounts).items()}
        system = compile_system(town_model(changes, values | scaled))
        found.append(lived(case_of(system, scenario, "as_now"), range(1), years=1))
    for once, twice in zip(*found, strict=True):
        np.testing.assert_allclose(twice.year.flow, 2 * once.year.flow, rtol=1e-9, atol=1e-9)
