"""Stores day by day against closed forms: the reflected random walk, and decay."""

import numpy as np
import pytest
from tests.unit.simulation.town import case_of, compile_system, lived, town_model, town_scenario

from cemfa.simulation.block import Block
from cemfa.simulation.supply import months_of

STORE = {"limit": "store_limit"}
SPOILING = {"limit": "store_limit", "spoilage": "spoilage", "spoiled_to": "loss"}
BIG = {"store_limit": 1e6, "digester_capacity": 1000.0}


def arrivals(values: dict[str, float]) -> np.ndarray:
    """Return what comes to the yard in the east every day of 2023 [t]: 41 % of food by season and of leaves."""
    model = town_model({}, values)
    food, leaves = values["food_made.east"] * 365, values["leaves_made"] * 365
    days = [
        0.41 * (food * month.weight[1] + leaves * month.weight[0])
        for month in months_of(2023, 0, ["", "peak"], model.seasons)
        for _ in range(month.days)
    ]
    return np.array(days)


def test_a_store_is_a_reflected_random_walk() -> None:
    """Q' = max(0, Q + A − C), so Q after n days is max over k of Σ from k to n of (A − C); 1e-10: 365 additions."""
    values = {"food_made.east": 10.5, "leaves_made": 3.5, "yard_share": 0.41, "yard_capacity.east": 5.0, **BIG}
    system = compile_system(town_model({"processes": {"yard": {"store": STORE}}}, values))
    block = Block(case_of(system, town_scenario(), "as_now"), range(1), range(1))
    store = [system.process_ids[p] for p in block.case.network.places.stored].index("yard[east]")
    seen: list[float] = []
    record = block.clock._record
    block.clock._record = lambda: (seen.append(float(block.clock.content[store, :2, 0].sum())), record())[1]
    block.live()
    walk = np.concatenate(([0.0], np.cumsum(arrivals(values) - 5.0)))
    expected = [walk[n] - walk[: n + 1].min() for n in range(1, 366)]
    np.testing.assert_allclose(seen, expected, rtol=1e-10, atol=1e-10)
    assert max(expected) > 10
    assert min(expected) == 0.0


@pytest.mark.parametrize("rate", [0.01, 0.1])
def test_what_waits_decays_exponentially(rate: float) -> None:
    """With spoilage 1 − e^(−k) and no plant: Q = Σ over days of A·e^(−k·age), to the bit but for 365 roundings."""
    values = {
        "food_made.east": 10.5, "leaves_made": 3.5, "yard_share": 0.41, "yard_capacity.east": 0.0,
        "spoilage": 1.0 - np.exp(-rate), **BIG,
    }  # fmt: skip
    system = compile_system(town_model({"processes": {"yard": {"store": SPOILING}}}, values))
    case = case_of(system, town_scenario(), "as_now")
    store = [system.process_ids[p] for p in case.network.places.stored].index("yard[east]")
    year = lived(case, range(1), years=1)[0]
    came = arrivals(values)
    left = float((came * np.exp(-rate * np.arange(365, 0, -1))).sum())
    assert float(year.backlog[store, 0]) == pytest.approx(left, rel=1e-10)
    assert float(year.spoiled[store, 0]) == pytest.approx(came.sum() - left, rel=1e-10)
