"""What events turn away and what it costs: by hand, in the town, whatever the workers, and in the account."""

from types import SimpleNamespace

import numpy as np
import pytest
from tests.unit.simulation.test_simulate import STORED, same
from tests.unit.simulation.town import BLOCKADE, FLOOD, number, town_model, town_scenario

from cemfa.comparison import compare
from cemfa.definition.load import read_scenario
from cemfa.definition.schema import Event
from cemfa.results import Request
from cemfa.simulation import simulate, simulate_history
from cemfa.simulation.closures import Closures, turned_away
from cemfa.simulation.plant import Sites
from cemfa.system.compile import compile_system

COST = number(250_000.0, "VND/t", price_year=2023)
PRICED = {
    "blockade": {**BLOCKADE, "refused_cost": COST}, "flood": {**FLOOD, "refused_cost": COST},
    "free": {**BLOCKADE, "process": "yard", "from": "2025-03-01", "to": "2025-03-02"},
}  # fmt: skip
WHOLE = Request(flows="all")


def run(events: dict, replications: int = 4, workers: int = 1, model: dict | None = None, **more):
    settings = {"option": "small", "replications": replications, "workers": workers, "request": WHOLE, **more}
    return simulate(compile_system(town_model(model or {})), town_scenario(events), **settings)


@pytest.mark.parametrize(
    ("offered", "taken", "standing", "closing", "expected"),
    [
        (8.0, 0.0, 10.0, 1.0, 8.0),  # a whole day: all of it
        (12.0, 0.0, 10.0, 1.0, 10.0),  # what is beyond its size would have been turned away anyhow
        (8.0, 5.0, 10.0, 0.5, 3.0),  # half a day: what did not fit in the other half
        (8.0, 8.0, 10.0, 0.25, 0.0),  # all fitted in the rest of the day
        (8.0, 0.0, 10.0, 0.25, 2.0),  # a breakdown kept out the rest
        (8.0, 0.0, 10.0, 0.0, 0.0),
    ],
)
def test_a_day_by_hand(offered: float, taken: float, standing: float, closing: float, expected: float) -> None:
    day = SimpleNamespace(offered=np.array([[offered]]), taken=np.array([[taken]]))
    sites = Sites(("tip",), ("tip",), np.array([0]), np.array([-1]))
    found = turned_away(day, sites, np.array([[standing]]), np.array([[closing]]), {0: (0,)})
    assert found.item() == expected


def test_gates_that_share_a_capacity_are_turned_away_what_fits_it_together() -> None:
    day = SimpleNamespace(offered=np.array([[9.0], [3.0]]), taken=np.zeros((2, 1)))
    sites = Sites(("tip",), ("a", "b"), np.array([0, 0]), np.array([-1, -1]))
    found = turned_away(day, sites, np.array([[8.0]]), np.array([[1.0]]), {0: (0,), 1: (0,)})
    assert found.item() == pytest.approx(8.0, rel=1e-15)


def test_events_that_overlap_share_what_is_turned_away() -> None:
    day = SimpleNamespace(offered=np.array([[8.0]]), taken=np.array([[0.0]]))
    sites = Sites(("tip",), ("tip",), np.array([0]), np.array([-1]))
    found = turned_away(day, sites, np.array([[10.0]]), np.array([[1.0], [0.5]]), {0: (0, 1)})
    np.testing.assert_allclose(found[:, 0], [16.0 / 3.0, 8.0 / 3.0], rtol=1e-15)


def test_days_of_an_occurrence() -> None:
    closures = Closures(("blockade",), 1)
    closures.begin("blockade", 0, 0.75, 2.5)
    closures.begin("another", 0, 0.0, 9.0)
    assert [closures.day(end).item() for end in (1.0, 2.0, 3.0, 4.0)] == [0.25, 1.0, 0.5, 0.0]


def test_what_a_closed_place_turns_away_is_what_it_refused_in_those_days() -> None:
    """1e-12: the same days added up. The landfill is never full, so it refuses for the blockade alone."""
    found = run(PRICED)
    assert found["closing_event"].values.tolist() == ["blockade", "flood"]
    refused = found["refused"].sel(group="landfill").to_numpy()
    blockade = found["turned_away"].sel(closing_event="blockade").to_numpy()
    np.testing.assert_allclose(blockade, refused, rtol=1e-12, atol=1e-12)
    assert (blockade[:, 1] > 10.0).all()  # four days of 2024
    assert not blockade[:, [0, 2]].any()
    assert (found["turned_away"].sel(closing_event="flood") <= found["refused"].sel(group="yard[east]") + 1e-9).all()


@pytest.mark.parametrize("model", [{}, STORED])
def test_workers_blocks_and_history_change_no_bit(model: dict) -> None:
    whole = run(PRICED, model=model)
    same(whole, run(PRICED, workers=2, model=model))
    system, scenario = compile_system(town_model(model)), town_scenario(PRICED)
    history = simulate_history(system, scenario, replications=4, workers=1)
    same(whole, run(PRICED, model=model, history=history))


def test_a_price_changes_no_flow() -> None:
    free = {key: {k: v for k, v in event.items() if k != "refused_cost"} for key, event in PRICED.items()}
    np.testing.assert_array_equal(run(PRICED)["flow_mass"], run(free)["flow_mass"])
    assert run(free)["turned_away"].shape[-1] == 0


def test_the_account_charges_the_tonnes_turned_away_more_than_now() -> None:
    """1e-9: tonnes times the price, in another order; the province alone bears it, and so does the net value."""
    scenario = read_scenario("first_steps_2030")
    event = {**FLOOD, "process": "composting_yard", "place": {}, "rate": number(4.0, "1/year"), "source": "x"}
    value = {}
    for price in (0.0, 250_000.0):
        priced = Event.model_validate({**event, "refused_cost": number(price, "VND/t", price_year=2024)})
        changed = scenario.model_copy(update={"events": {"storm": priced}})
        value[price] = (
            compare(changed, replications=3, options=["south_yard"], workers=1).option("south_yard").economics
        )
    free, paid = (value[price].samples for price in (0.0, 250_000.0))
    assert not free["refused"].to_numpy().any()
    cost = paid["refused"].to_numpy()
    assert (np.abs(cost).sum(axis=1) > 0.0).all()
    rate, years = paid["discount_rate"].to_numpy(), 1.0 + np.arange(cost.shape[1])
    discounted = (cost / (1.0 + rate[:, None]) ** years).sum(axis=1)
    np.testing.assert_allclose(free["npv"] - paid["npv"], discounted, rtol=1e-9)
