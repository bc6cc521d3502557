"""Stocks in the simulation: the same release as in the annual balance, older cohorts evenly over the days."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from tests.unit.simulation.town import FLOOD, STORE, case_of, lived, town_model, town_scenario

from cemfa.plan import plan_of
from cemfa.results import Request
from cemfa.simulation import simulate
from cemfa.system.compile import compile_system
from cemfa.system.solve import solve

WHOLE = Request(flows="all")
TIMINGS = ("end_of_year", "mid_year")


def stays(timing: str, **more: Any) -> dict[str, Any]:
    """A stock out of which things come after a year or two."""
    return {"lifetime": "weibull", "shape": "stay_shape", "scale": "stay_scale", "timing": timing, "starts": "empty",
            **more}  # fmt: skip


def town(timing: str, kind: str) -> dict[str, Any]:
    """The town with a stock in front of the landfill's gate, in a loop, or with a content that is given."""
    if kind == "upstream":  # what households hand over stays before it is brought to the landfill
        return {"processes": {"collection": {"stock": stays(timing)}}}
    back = {"from": "farm", "to": "household", "good": "reject", "over": ["district"], "share": "kept"}
    if kind == "loop":  # compost goods stay on the farm, half of what comes out of each district's is handed in again
        return {
            "processes": {
                "farm": {"sink": False, "over": ["district"], "stock": stays(timing)}, "field": {"sink": True},
            },
            "flows": {
                "compost": {"to": "farm"},
                "digestate": {"to": "farm"},
                "back": back,
                "worn": {"from": "farm", "to": "field", "good": "mix", "share": "remainder"},
            },
        }  # fmt: skip
    return {
        "processes": {"farm": {"sink": False, "stock": stays(timing, content="wanted")}, "field": {"sink": True}},
        "flows": {
            "bought": {"from": "outside", "to": "farm", "good": "leaves", "fills": "stock"},
            "worn": {"from": "farm", "to": "field", "good": "gas", "share": "remainder"},
        },
    }


def run(system: Any, *, limits: bool = True, workers: int | None = None, replications: int = 4) -> xr.Dataset:
    return simulate(
        system, town_scenario(), option="small", replications=replications, seed=0, request=WHOLE, limits=limits,
        workers=workers,
    )  # fmt: skip


@pytest.mark.parametrize("timing", TIMINGS)
@pytest.mark.parametrize("kind", ["upstream", "loop", "content"])
def test_with_everything_off_it_is_the_annual_balance(kind: str, timing: str) -> None:
    system = compile_system(town_model(town(timing, kind)))
    simulated = run(system, limits=False)
    balance = solve(system, plan=plan_of(town_scenario(), "small"), samples=4, request=WHOLE, limits=False)
    assert (balance["stock"].isel(period=-1) > 0).any()
    for name in ("flow_mass", "throughput", "stock"):
        np.testing.assert_allclose(simulated[name], balance[name], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("timing", TIMINGS)
def test_a_stock_in_front_of_a_gate_meets_it_day_by_day(timing: str) -> None:
    """Without seasons all days are alike, so the gate acts on a day as on a year."""
    changes = town(timing, "upstream") | {"flows": {"food": {"season": None}}}
    system = compile_system(town_model(changes, {"landfill_capacity": 3.0}))
    simulated = run(system)
    balance = solve(system, plan=plan_of(town_scenario(), "as_now"), samples=4, request=WHOLE)
    first = {"period": 0}  # no project stands yet
    assert (simulated["refused"].isel(first) > 0).any()
    np.testing.assert_allclose(
        simulated["flow_mass"].isel(first), balance["flow_mass"].isel(first), rtol=1e-9, atol=1e-7
    )


@pytest.mark.parametrize(
    ("kind", "timing"), [("upstream", "end_of_year"), ("upstream", "mid_year"), ("loop", "mid_year")]
)
def test_years_close_with_limits_stores_and_events(kind: str, timing: str) -> None:
    changes = town(timing, kind)
    changes["processes"]["yard"] = {"store": STORE}
    system = compile_system(town_model(changes))
    for year in lived(case_of(system, town_scenario({"flood": FLOOD}), "small"), range(2), years=2):
        assert year.year.residual < 1e-9
        assert (year.year.stock >= 0).all()


def test_what_stocks_hold_is_handed_from_the_shared_history_to_every_option() -> None:
    system = compile_system(town_model(town("mid_year", "upstream")))
    whole = run(system, replications=3)
    again = run(system, workers=2, replications=3)
    np.testing.assert_array_equal(again["stock"], whole["stock"])
    few = run(system, replications=2)
    np.testing.assert_array_equal(few["stock"], whole["stock"][:2])
