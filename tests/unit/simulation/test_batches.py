"""Batches in the town: they occupy their yard for weeks, exactly as long as stated, and lose nothing."""

import numpy as np
import pytest
from tests.unit.simulation.town import (
    BATCHES,
    BLOCKADE,
    FLOOD,
    OUTAGE,
    STORE,
    case_of,
    compile_system,
    everything,
    lived,
    simulate,
    town_model,
    town_scenario,
)

from cemfa.errors import SimulationError
from cemfa.results import Request
from cemfa.simulation import simulate_history
from cemfa.simulation.block import Block

WHOLE = Request(flows="all")
EVENTS = {"blockade": BLOCKADE, "flood": FLOOD}


def batched(**store: object) -> dict:
    return {"processes": {"yard": {"store": {**STORE, "batches": BATCHES, **store}, "outage": OUTAGE}}}


FIXED = {"lines": "lines", "size": "size", "residence": "residence"}
PLAIN = {"processes": {"yard": {"store": {"limit": "store_limit", "batches": FIXED}}}}


def test_a_batch_leaves_on_the_day_its_time_is_up() -> None:
    """4 t a day fill a batch of 12 t every third day; each gives its 12 t on the 21st day after it began."""
    values = {
        "yard_capacity.east": 4.0, "size": 12.0, "lines": 50.0, "residence": 21.0, "store_limit": 100.0,
        "food_made.east": 30.0,
    }  # fmt: skip
    system = compile_system(town_model(PLAIN, values))
    block = Block(case_of(system, town_scenario(), "as_now"), range(1), range(1))
    store = [system.process_ids[p] for p in block.case.network.places.stored].index("yard[east]")
    drawn: list[float] = []
    record = block.clock.desk.record
    block.clock.desk.record = lambda: (drawn.append(float(block.clock.day.drawn[store, :2, 0].sum())), record())[1]
    block.live()
    given = [day for day, mass in enumerate(drawn) if mass > 0]
    # filled at the end of days 2, 5, 8 … (counted from 0), finished before day 23, 26, … is lived
    assert given == list(range(2 + 21, 365, 3))
    np.testing.assert_allclose([drawn[day] for day in given], 12.0, rtol=1e-12)


def test_a_yard_takes_in_what_its_lines_can_work_on() -> None:
    """Two lines of 30 t for 21 days: 60/21 t a day, less than the capacity of 4; the store only delays that."""
    values = {"food_made.east": 30.0, "store_limit": 40.0}
    results = simulate(
        compile_system(town_model(PLAIN, values)), town_scenario(), option="as_now", replications=1, workers=1,
        request=WHOLE,
    )  # fmt: skip
    intake = results.cemfa.layer(results["flow_mass"]).sel(flow="to_yard[east]").isel(sample=0)
    assert float(intake.sel(period=2025)) / 365 == pytest.approx(60 / 21, rel=0.02)  # whole batches: 30 t in 1 043
    assert (results["utilisation"].sel(group="yard[east]") < 0.75).all()
    assert float(results["backlog"].sel(store="yard[east]").max()) <= 40.0 + 60.0 + 1e-9


@pytest.mark.parametrize("changes", [batched(), PLAIN, batched(limit="store_days")], ids=["all", "fixed", "days"])
def test_mass_in_is_mass_out_and_what_stores_and_batches_hold(changes: dict) -> None:
    """1e-9 of what comes in over three years: some thousand additions."""
    system = compile_system(town_model(changes, {"size": 15.0}))
    results = simulate(
        system, town_scenario(EVENTS), option="small", replications=3, workers=1, request=WHOLE
    )  # fmt: skip
    fresh = results.cemfa.layer(results["flow_mass"])
    for yard in ("yard[east]", "yard[west]"):
        into = fresh.isel(flow=np.flatnonzero(results["target"] == yard)).sum("flow")
        out = fresh.isel(flow=np.flatnonzero(results["source"] == yard)).sum("flow")
        held = results["backlog"].sel(store=yard)
        gap = into - out - (held - held.shift(period=1, fill_value=0.0))
        assert float(abs(gap).max()) <= 1e-9 * float(into.max())
    assert float(results.attrs["residual"]) < 1e-9
    assert float(results["backlog"].sel(store="yard[east]").min()) > 0


def test_blocks_and_histories_change_no_bit() -> None:
    system, scenario = compile_system(town_model(batched())), town_scenario(EVENTS)
    case = case_of(system, scenario, "small")
    whole = lived(case, range(4))
    for all_of, some in zip(whole, lived(case, range(2, 4)), strict=True):
        assert np.array_equal(all_of.year.flow[..., 2:], some.year.flow)
        assert np.array_equal(all_of.backlog[..., 2:], some.backlog)
    how = {"option": "large", "replications": 4, "request": WHOLE, "workers": 1}
    history = simulate_history(system, scenario, replications=4, workers=1)
    shared, alone = (everything(simulate(system, scenario, history=h, **how)) for h in (history, None))
    assert all(np.array_equal(values, alone[name]) for name, values in shared.items())


def test_residence_varies_as_stated() -> None:
    """Mean and variation of 3 000 draws within four standard errors: a gamma law has a kurtosis below nine."""
    system = compile_system(town_model(batched()))
    block = Block(case_of(system, town_scenario(), "as_now"), range(1), range(1))
    block.live()
    drawn = np.array([block.yards._residence(0, 0) for _ in range(3000)])
    assert drawn.mean() == pytest.approx(21.0, abs=4 * 10.5 / np.sqrt(3000))
    assert drawn.std() == pytest.approx(10.5, rel=4 * np.sqrt((9 - 1) / 4 / 3000))


def test_days_of_capacity_grow_with_the_plant() -> None:
    """West has no yard until 2024, and then one of 2 t/d, whose store of six days holds 12 t."""
    system = compile_system(town_model(batched(limit="store_days", batches={**BATCHES, "size": "size_in_days"})))
    results = simulate(system, town_scenario(), option="small", replications=2, workers=1, request=WHOLE)
    held = results["backlog"].sel(store="yard[west]")
    assert float(held.sel(period=2023).max()) == 0.0
    assert 0.0 < float(held.sel(period=2025).max()) <= 12.0 + 2 * 10.0 + 1e-9


def test_copies_of_a_capacity_share_a_yard() -> None:
    changes = {
        "processes": {"digester": {"store": {"limit": "store_limit", "over": []}}},
    }
    system = compile_system(town_model(changes, {"food_made.east": 40.0, "digester_capacity": 1.0}))
    results = simulate(system, town_scenario(), option="as_now", replications=2, workers=1, request=WHOLE)
    held = results["backlog"]
    assert float(held.sum("store").max()) == pytest.approx(20.0, rel=1e-9)
    assert (held > 0).all()
    assert float(results.attrs["residual"]) < 1e-9


def test_batches_cannot_be_repeated() -> None:
    changes = {
        "flows": {
            "burnt": {"from": "household", "to": "air", "good": "gas", "amount": "leaves_made", "at_most": True},
        },
        **PLAIN,
    }  # fmt: skip
    with pytest.raises(SimulationError, match=r"\[batches-volatile\]"):
        lived(case_of(compile_system(town_model(changes)), town_scenario(), "as_now"), range(1))
