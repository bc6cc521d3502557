"""Products that must find a buyer: stored until the season, given away where the store is full, counted strictly."""

import calendar

import numpy as np
import pytest
from tests.unit.simulation.town import LABEL, compile_system, simulate, town_model, town_scenario

from cemfa.indicators import evaluate
from cemfa.results import Request
from cemfa.simulation.supply import factors_of
from cemfa.system.solve import solve

WHOLE = Request(flows="all")


def market(limit: bool, season: str | None = "peak") -> dict:
    """Return changes: compost goes through a shop that sells a limited amount a day; the rest is given away."""
    capacity = {"parameter": "market_capacity", **({"season": season} if season else {})}
    shop = {"capacity": capacity, **({"store": {"limit": "store_limit"}} if limit else {})}
    return {
        "processes": {"shop": shop},
        "flows": {
            "compost": {"to": "shop", "otherwise": ["given_away"]},
            "given_away": {"from": "yard", "to": "dump", "good": "compost", "refused": True},
            "sold": {"from": "shop", "to": "farm", "good": "compost", "share": "remainder"},
        },
    }


VALUES = {"yard_capacity.east": 6.0, "yard_capacity.west": 6.0, "food_made.east": 20.5}


def run(changes: dict, **values: float):
    system = compile_system(town_model(changes, VALUES | values))
    return system, simulate(
        system, town_scenario(), option="as_now", replications=1, workers=1, request=WHOLE
    )  # fmt: skip


def test_the_factors_of_a_season_keep_the_mean_of_the_year() -> None:
    model = town_model()
    for year in (2023, 2024):
        days = [calendar.monthrange(year, month)[1] for month in range(1, 13)]
        factors = factors_of(year, "peak", model.seasons)
        assert np.dot(factors, days) / sum(days) == pytest.approx(1.0, rel=1e-14)
        assert factors[3] == pytest.approx(6 * factors[6], rel=1e-14)


def test_a_market_takes_a_day_what_its_season_allows() -> None:
    """It is always asked for more than it takes: what it sells in a year is its mean capacity, to 1e-12."""
    _, results = run(market(limit=False), market_capacity=0.3)
    sold = results.cemfa.select(flow_name="sold").cemfa.flows().sum("flow").isel(sample=0)
    np.testing.assert_allclose(sold, 0.3 * results["days"], rtol=1e-12)
    away = results.cemfa.select(flow_name="given_away").cemfa.flows().sum("flow")
    assert (away > 0).all()


def test_a_product_store_carries_compost_into_the_season() -> None:
    mean = 2.0
    sold = {}
    for name, changes in (("none", market(limit=False)), ("store", market(limit=True)), ("even", market(False, None))):
        _, results = run(changes, market_capacity=mean, store_limit=200.0)
        sold[name] = float(results.cemfa.select(flow_name="sold").cemfa.flows().sum())
        assert float(results.attrs["residual"]) < 1e-9
    assert sold["none"] < sold["store"]
    assert sold["none"] < sold["even"]


def test_the_annual_balance_sells_what_a_seasonal_market_cannot() -> None:
    changes = market(limit=False)
    system, results = run(changes, market_capacity=2.0)
    balance = solve(system, request=WHOLE)
    sold = [r.cemfa.select(flow_name="sold").cemfa.flows().sum("flow") for r in (results, balance)]
    assert (sold[0].values < sold[1].values).all()


def test_what_finds_no_buyer_is_not_recycled_strictly() -> None:
    waste = {name: {"label": LABEL, "status": "waste", "organic": True} for name in ("food", "leaves", "mix")}
    changes = market(limit=False) | {"goods": waste | {"compost": {"label": LABEL, "status": "product"}}}
    changes["processes"] |= {
        "yard": {"treatment": "composting", "circular_model": True}, "farm": {"treatment": "soil"},
        "digester": {"treatment": "digestion", "circular_model": True}, "landfill": {"treatment": "landfill"},
        "dump": {"treatment": "dumping"},
    }  # fmt: skip
    changes["flows"] |= {name: {"origin": "household"} for name in ("food", "leaves")}
    _, some = run(changes, market_capacity=0.5)
    _, all_of_it = run(changes, market_capacity=100.0)
    names = ["rate_strict", "rate_input_eu", "recycled_unsold"]
    some, all_of_it = (evaluate(results, names) for results in (some, all_of_it))
    np.testing.assert_allclose(some["rate_input_eu"], all_of_it["rate_input_eu"], rtol=1e-2)
    assert (some["rate_strict"] < all_of_it["rate_strict"]).all()
    assert (some["recycled_unsold"] > all_of_it["recycled_unsold"]).all()
