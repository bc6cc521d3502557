"""What a plant turns away from households without a collection point of its own: told apart from mixed waste."""

import numpy as np
import pytest
import xarray as xr

from cemfa.definition.load import read_model, read_scenario
from cemfa.indicators.losses import CAUSES, block_losses
from cemfa.results import Request
from cemfa.simulation import simulate
from cemfa.system.compile import compile_system

REFUSED = ("too_far", "unbuilt", "full", "down")


@pytest.fixture(scope="module", params=["as_now", "south_yard"])
def account(request: pytest.FixtureRequest) -> tuple[xr.Dataset, xr.DataArray]:
    """Return a central history of the sample town with all its flows, and its loss account."""
    results = simulate(
        compile_system(read_model("first_steps")), read_scenario("first_steps_2030"), option=request.param,
        replications=1, request=Request(flows="all"),
    )  # fmt: skip
    return results, block_losses(results)["loss"].isel(sample=0)


def fresh(results: xr.Dataset, name: str, **place: str) -> xr.DataArray:
    """Return the fresh mass of a flow, together over the places that are not named [t/year]."""
    chosen = results["flow_name"].to_numpy() == name
    for dimension, item in place.items():
        chosen = chosen & (results[dimension].to_numpy() == item)
    return (
        results["flow_mass"]
        .isel(sample=0, flow=np.flatnonzero(chosen))
        .sel(layer=["dry_matter", "water"])
        .sum(["flow", "layer"])
    )


@pytest.mark.parametrize(("settlement", "share"), [("urban", 0.15), ("rural", 0.05)])
def test_what_was_separated_and_not_taken_in_is_refused(account, settlement: str, share: float) -> None:
    """Separated × arising − taken in, before anybody separates more: the four reasons together, to rounding."""
    results, losses = account
    refused = losses.sel(loss_settlement=settlement, loss_good="all", loss_part=list(REFUSED)).sum("loss_part")
    arising, taken = (fresh(results, n, settlement=settlement) for n in ("organics_arising", "organics_to_yard"))
    now = refused.sel(period=[2024, 2025])
    np.testing.assert_allclose(now, (share * arising - taken).sel(period=[2024, 2025]), rtol=1e-12)
    assert (now > 0).all()


def test_where_no_yard_stands_the_way_is_too_far(account) -> None:
    """In the south of 2024, before any decision, all that is separated has no plant to go to; in the north none."""
    results, losses = account
    far = losses.sel(loss_part="too_far", loss_good="all", period=2024)
    for settlement, share in (("urban", 0.15), ("rural", 0.05)):
        south = fresh(results, "organics_arising", settlement=settlement, district="south").sel(period=2024)
        np.testing.assert_allclose(far.sel(loss_settlement=settlement), share * south, rtol=1e-12)


def test_the_account_still_adds_up_and_nothing_is_negative(account) -> None:
    _, losses = account
    parts = losses.sel(loss_part=list(CAUSES))
    whole = losses.sel(loss_part="generated") - losses.sel(loss_part="recycled")
    np.testing.assert_allclose(parts.sum("loss_part"), whole, rtol=1e-12)
    assert (losses >= 0).all()
    assert float(losses.sel(loss_part="elsewhere").sum()) == 0.0
