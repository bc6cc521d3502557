"""A loop whose matter comes back the day after, against its geometric series; and nothing is lost on the way."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.simulation.town import BLOCKADE, OUTAGE, STORE, compile_system, simulate, town_model, town_scenario

from cemfa.results import Request

WHOLE = Request(flows="all")
BACK = {
    "rejects": {"from": "yard", "to": "household", "good": "reject", "share": "reject_share", "otherwise": None},
    "rejects_dumped": None,
    "food": {"season": None},
}
VALUES = {"yard_capacity.east": 100.0, "yard_capacity.west": 100.0, "store_limit": 200.0, "digester_capacity": 100.0}


def looped(**store: object) -> dict:
    return {"processes": {"yard": {"store": {"limit": "store_limit", **store}}}, "flows": BACK}


def thrown_in(changes: dict) -> np.ndarray:
    """What the households of the east sort in each year [t]."""
    system = compile_system(town_model(changes, VALUES))
    results = simulate(system, town_scenario(), option="as_now", replications=1, workers=1, request=WHOLE)
    fresh = results.cemfa.layer(results["flow_mass"])
    return fresh.isel(flow=np.flatnonzero(results["target"] == "household[east]"), sample=0).sum("flow").to_numpy()


def test_a_loop_comes_back_a_day_later() -> None:
    """h(d) = a + q·h(d − 1), q = the share sent to the yard × the share sent back: a geometric series."""
    arising, back = 10.0 + 3.0, 0.4 * 0.1
    days = np.arange(1096)  # 2023 to 2025
    each = arising * (1.0 - back ** (days + 1)) / (1.0 - back)
    expected = [each[:365].sum(), each[365:731].sum(), each[731:].sum()]
    found = thrown_in(looped(overnight=True))
    np.testing.assert_allclose(found, expected, rtol=1e-12)  # a thousand additions

    at_once = thrown_in(looped())
    np.testing.assert_allclose(at_once, [arising / (1.0 - back) * n for n in (365, 366, 365)], rtol=1e-12)
    late = arising / (1.0 - back) - each[:365]
    assert at_once[0] - found[0] == pytest.approx(late.sum(), rel=1e-9)


@pytest.mark.parametrize("replications", [1, 3])
def test_mass_in_is_mass_out_and_what_stays_overnight(replications: int) -> None:
    """1e-9 of what comes in over three years: some thousand additions."""
    changes = {"processes": {"yard": {"store": {**STORE, "overnight": True}, "outage": OUTAGE}}}
    system = compile_system(town_model(changes))
    results = simulate(
        system, town_scenario({"blockade": BLOCKADE}), option="small", replications=replications, workers=1,
        request=WHOLE,
    )  # fmt: skip
    fresh = results.cemfa.layer(results["flow_mass"])
    into = fresh.isel(flow=np.flatnonzero(results["target"] == "yard[east]")).sum("flow")
    out = fresh.isel(flow=np.flatnonzero(results["source"] == "yard[east]")).sum("flow")
    held = results["backlog"].sel(store="yard[east]")
    grown = held - held.shift(period=1, fill_value=0.0)
    assert float(held.max()) > 0.0
    np.testing.assert_allclose((into - out).to_numpy(), grown.transpose(*into.dims).to_numpy(), atol=1e-9 * 5000)
    assert results.attrs["residual"] < 1e-9
    assert (results["utilisation"].sel(group="yard[east]") <= 1.0 + 1e-9).all()


def test_a_history_that_is_cut_and_joined_keeps_what_stays_overnight() -> None:
    system = compile_system(town_model(looped(overnight=True), VALUES))
    whole = simulate(system, town_scenario(), option="small", replications=4, workers=1, request=WHOLE)
    parts = [
        simulate(system, town_scenario(), option="small", replications=2, first=first, workers=1, request=WHOLE)
        for first in (0, 2)
    ]
    for place, part in enumerate(parts):
        again = whole["flow_mass"].isel(sample=slice(2 * place, 2 * place + 2)).to_numpy()
        np.testing.assert_array_equal(part["flow_mass"].to_numpy(), again)
