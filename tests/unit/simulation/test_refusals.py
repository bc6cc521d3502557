"""Why gates turn matter away: divided by hand, and whole in the town."""

import numpy as np
import pytest
from tests.unit.simulation.town import (
    BLOCKADE,
    FLOOD,
    OUTAGE,
    STORE,
    compile_system,
    simulate,
    town_model,
    town_scenario,
)

from cemfa.results import Request
from cemfa.simulation.plant import Sites
from cemfa.simulation.refusals import ABSENT, DOWN, FULL, REFUSALS, UNBUILT, Refusals

EVENTS = {"blockade": BLOCKADE, "flood": FLOOD}
BROKEN = {"processes": {"yard": {"outage": OUTAGE}, "digester": {"outage": OUTAGE}}}
STORED = {"processes": {"yard": {"store": STORE, "outage": OUTAGE}}}
CIRCLE = {"flows": {"to_digester": {"otherwise": ["to_yard", "put_back"]}}}


class Day:
    """A day decided already: one gate in front of one plant."""

    def __init__(self, offered: float, taken: float, capacity: float, opening: float = 1.0) -> None:
        self.offered, self.taken = np.array([[offered]]), np.array([[taken]])
        self.capacity, self.opening = np.array([[capacity]]), np.array([[opening]])


def reasons(day: Day, standing: float, planned: float, *, store: int = -1, group: int = 0) -> dict[str, float]:
    sites = Sites(("plant",), ("plant",), np.array([group]), np.array([store]))
    refusals = Refusals(sites, 1)
    refusals.begin_year()
    refusals.add(day, np.array([[standing]]), np.array([[planned]]), same=False)
    found = dict(zip(REFUSALS, refusals.by_reason()[0, :, 0].tolist(), strict=True))
    assert sum(found.values()) == pytest.approx(day.offered.item() - day.taken.item(), rel=1e-15)  # nothing is lost
    return {reason: mass for reason, mass in found.items() if mass}


@pytest.mark.parametrize(
    ("day", "standing", "planned", "expected"),
    [
        # 10 t arrive: with everything up 6 would go in, with everything built 9
        (Day(10, 4, 4), 6, 9, {"down": 2.0, "unbuilt": 3.0, "full": 1.0}),
        (Day(10, 6, 6), 6, 6, {"full": 4.0}),
        (Day(10, 0, 0), 0, 20, {"unbuilt": 10.0}),
        (Day(10, 0, 0), 0, 0, {"absent": 10.0}),
        (Day(10, 0, 0), 20, 20, {"down": 10.0}),
        (Day(10, 10, 12), 20, 20, {}),
    ],
)
def test_a_plant_refuses_for_its_reasons(day: Day, standing: float, planned: float, expected: dict) -> None:
    assert reasons(day, standing, planned) == expected


def test_a_place_without_capacity_refuses_only_when_closed() -> None:
    assert reasons(Day(10, 4, 0), 0, 0, group=-1) == {"down": 6.0}


def test_a_store_refuses_what_a_closed_gate_and_a_broken_plant_keep_out() -> None:
    """A quarter of the day closed, and half of the capacity broken: 2.5 t, and half of the other 3.5 t."""
    assert reasons(Day(10, 4, 3, 0.75), 6, 6, store=0) == {"down": 2.5 + 1.75, "full": 1.75}
    assert reasons(Day(10, 4, 0), 0, 6, store=0) == {"unbuilt": 6.0}


@pytest.mark.parametrize("changes", [{}, BROKEN, STORED, CIRCLE], ids=["plain", "breakdowns", "stores", "circle"])
def test_the_reasons_add_up_to_what_refused_flows_carry(changes: dict) -> None:
    """1e-9 of the flow: the same fractions, added in another order. `put_back` carries nothing but refusals."""
    results = simulate(
        compile_system(town_model(changes)), town_scenario(EVENTS), option="small", replications=3, workers=1,
        request=Request(flows="all"),
    )  # fmt: skip
    names = np.unique([str(flow) for flow in results["diverted_flow"].to_numpy()])
    assert {name.partition("[")[0] for name in names} >= {"put_back", "dumped", "rejects_dumped"}
    carried = results["diverted"].sum("refusal")
    for flow in names:
        if flow.startswith(("put_back", "dumped", "rejects_dumped")):
            fresh = results.cemfa.layer(results["flow_mass"].sel(flow=flow))
            np.testing.assert_allclose(carried.sel(diverted_flow=flow), fresh, rtol=1e-9, atol=1e-9)
    assert float(results["diverted"].min()) >= 0.0


def test_a_plant_to_be_built_is_absent_until_decided_and_not_built_until_it_runs() -> None:
    results = simulate(
        compile_system(town_model()), town_scenario(), option="small", replications=1, workers=1,
        request=Request(flows="all"),
    )  # fmt: skip
    found = results["diverted"].sel(diverted_flow="put_back[west]").isel(sample=0)
    assert float(found.sel(period=2023, refusal="unbuilt")) == 0.0
    assert float(found.sel(period=2024, refusal="unbuilt")) > 0.0
    assert float(found.sel(period=2025, refusal="unbuilt")) == 0.0


def test_the_order_of_reasons_is_that_of_the_arrays() -> None:
    assert (REFUSALS[FULL], REFUSALS[DOWN], REFUSALS[UNBUILT], REFUSALS[ABSENT]) == REFUSALS
