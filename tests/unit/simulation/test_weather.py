"""Noise of arisings: autocorrelated, common to a place, kept within the annual amount, the same on a date for all."""

import math

import numpy as np
import pytest
from tests.unit.simulation.town import (
    STORE,
    WEATHER,
    case_of,
    compile_system,
    everything,
    lived,
    number,
    simulate,
    town_model,
    town_scenario,
)

from cemfa.definition.schema import Weather
from cemfa.results import Request
from cemfa.simulation import simulate_history
from cemfa.simulation.supply import months_of
from cemfa.simulation.weather import Skies

WHOLE = Request(flows="all")
WINDY = {"simulation": {"weather": WEATHER}}
PROFILES = ("", "peak|rain|east", "|rain|east", "|rain|west")
RAIN = {"rain": Weather.model_validate(WEATHER["rain"])}


def months(year: int, first: int):
    seasons = town_model().seasons
    return months_of(year, first, PROFILES, seasons)


def years(replications: range, count: int = 1) -> list[np.ndarray]:
    """Return the daily shares of some years, (days, profiles, S)."""
    skies = Skies(PROFILES, RAIN, 0, replications, None)
    found, first = [], 0
    for year in range(2023, 2023 + count):
        days = skies.year(months(year, first))
        assert days is not None
        found.append(days)
        first += len(days)
    return found


def test_the_days_of_a_year_sum_to_one_in_every_history() -> None:
    for days in years(range(5), 2):
        assert np.add.reduce(days, axis=0) == pytest.approx(1.0, abs=1e-12)
        assert (days > 0).all()


def test_noise_has_the_spread_and_persistence_stated() -> None:
    """Logarithms of 300 years: variance ln(1 + cv²) and autocorrelation exp(−1/τ), less what scaling takes out.

    A mean over n days of an AR(1) process has the variance σ² (1 + φ) / (1 − φ) / n, which the sum of the year
    being one takes out of each day, to first order; 4 standard errors of 300 independent years.
    """
    days = years(range(300))[0][:, 3]
    logs = np.log(days) - np.log(days).mean(axis=0)
    variance, phi = math.log1p(0.4**2), math.exp(-1 / 5)
    taken = (1 + phi) / (1 - phi) / 365
    assert logs.var(axis=0).mean() == pytest.approx(variance * (1 - taken), rel=4 * math.sqrt(2 * 10 / 365 / 300))
    lagged = (logs[1:] * logs[:-1]).mean(axis=0).mean() / logs.var(axis=0).mean()
    assert lagged == pytest.approx((phi - taken) / (1 - taken), abs=0.01)


def test_a_place_shares_its_weather_and_another_does_not() -> None:
    days = years(range(200))[0]
    east, west = np.log(days[:, 2]), np.log(days[:, 3])
    one = [float(np.corrcoef(east[:, s], west[:, s])[0, 1]) for s in range(200)]
    # 365 days of AR(1) noise hold 365 (1 − φ²) / (1 + φ²) independent ones, about 72
    assert np.mean(one) == pytest.approx(0.0, abs=4 / math.sqrt(72 * 200))
    season = np.repeat([m.weight[1] for m in months(2023, 0)], [m.days for m in months(2023, 0)])
    same = days[:, 1] / season[:, None]
    assert same / same[0] == pytest.approx(days[:, 2] / days[0, 2], rel=1e-12)


def test_weather_moves_nothing_between_years() -> None:
    """With plants that take in everything the annual flows are those without weather."""
    big = {"yard_capacity.east": 1e4, "yard_capacity.west": 1e4, "digester_capacity": 1e4}
    system = compile_system(town_model({}, big))
    how = {"option": "as_now", "replications": 3, "workers": 1, "request": WHOLE}
    windy, calm = (simulate(system, town_scenario(**more), **how) for more in (WINDY, {}))
    np.testing.assert_allclose(windy["flow_mass"].to_numpy(), calm["flow_mass"].to_numpy(), rtol=1e-9, atol=1e-9)


def test_a_plant_takes_in_the_sum_of_what_fits_day_by_day() -> None:
    """Leaves only: Σ min(capacity, share · amount · weight(day)) in closed form, in every history."""
    values = {
        "food_made.east": 0.0, "food_made.west": 0.0, "leaves_made": 10.0, "yard_share": 0.4, "yard_capacity.east": 4.0,
    }  # fmt: skip
    # fixed values leave no spread; at the mean of four tonnes a day the yard is full on half of the days
    system = compile_system(town_model({}, {**values, "leaves_made": 10.0, "yard_share": 0.4000001}))
    results = simulate(system, town_scenario(**WINDY), option="as_now", replications=3, workers=1, request=WHOLE)
    intake = results["utilisation"].sel(group="yard[east]", period=2023).to_numpy() * 4.0 * 365
    weights = years(range(3))[0][:, 2]
    expected = np.minimum(4.0, 0.4000001 * 10.0 * 365 * weights).sum(axis=0)
    assert intake == pytest.approx(expected, rel=1e-9)
    assert (intake < 0.95 * 4.0 * 365).all()


@pytest.mark.parametrize("changes", [{}, {"processes": {"yard": {"store": STORE}}}])
def test_the_quick_way_and_the_layered_way_agree_under_weather(changes: dict) -> None:
    system, scenario = compile_system(town_model(changes)), town_scenario(**WINDY)
    ways = [lived(case_of(system, scenario, "small", **how), range(2), years=1) for how in ({}, {"layered": True})]
    for quick, slow in zip(*ways, strict=True):
        np.testing.assert_allclose(quick.year.flow, slow.year.flow, rtol=1e-9, atol=1e-9)


def test_a_history_has_its_weather_whatever_stands_beside_it() -> None:
    system, scenario = compile_system(town_model()), town_scenario(**WINDY)
    how = {"option": "large", "workers": 1, "request": WHOLE}
    whole = everything(simulate(system, scenario, replications=4, **how))
    history = simulate_history(system, scenario, replications=4, workers=1)
    continued = everything(simulate(system, scenario, replications=4, history=history, **how))
    for name, values in whole.items():
        assert np.array_equal(values, continued[name], equal_nan=True), name
    for r in (1, 3):
        alone = simulate(system, scenario, replications=1, first=r, **how)
        assert np.array_equal(alone["flow_mass"].to_numpy()[0], whole["flow_mass"][r])


def test_without_persistence_every_day_is_new() -> None:
    calm = {"rain": Weather.model_validate({**WEATHER["rain"], "persistence": number(0.0, "d")})}
    days = Skies(PROFILES, calm, 0, range(100), None).year(months(2023, 0))
    assert days is not None
    logs = np.log(days[:, 3]) - np.log(days[:, 3]).mean(axis=0)
    lagged = (logs[1:] * logs[:-1]).mean() / logs.var()
    assert lagged == pytest.approx(0.0, abs=4 / math.sqrt(36500))
