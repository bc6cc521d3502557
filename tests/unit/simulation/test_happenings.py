"""Events that stop flows, change parameters, come with a load or by chance, and habits that spread."""

import datetime
import itertools
import math

import numpy as np
import pytest
from tests.unit.simulation.town import (
    DISEASE,
    LABEL,
    PIGS,
    PROJECT,
    SALINITY,
    UNREST,
    compile_system,
    everything,
    number,
    simulate,
    town_model,
    town_scenario,
)

from cemfa.definition.schema import Event
from cemfa.plan import adopted, plan_of
from cemfa.results import Request
from cemfa.simulation import event_table, simulate_history
from cemfa.simulation.effects import mean_factor
from cemfa.simulation.events import Calendar, uniforms
from cemfa.simulation.loads import Loads
from cemfa.simulation.occurrences import Odds, occurrences
from cemfa.system.capacity import closed_days
from cemfa.system.solve import solve

WHOLE = Request(flows="all")
CALENDAR = Calendar(2024)
LAST = 7 * 365.0 + 2
EVEN = {"food_made.east": 0.0, "food_made.west": 0.0, "leaves_made": 3.0, "reject_share": 0.1}


def run(events: dict, values: dict | None = None, option: str = "as_now", replications: int = 2, **how: object):
    system = compile_system(town_model(PIGS, EVEN if values is None else values))
    return simulate(
        system, town_scenario(events), option=option, replications=replications, workers=1, request=WHOLE, **how
    )


def mass(results, flow: str, year: int) -> np.ndarray:
    """Return the fresh mass of all copies of a flow, (S,) [t/year]."""
    chosen = results["flow_mass"].sel(period=year).where(results["flow_name"] == flow, drop=True)
    fresh = chosen.sel(layer="dry_matter") + chosen.sel(layer="water")
    return fresh.sum("flow").to_numpy()


def event(**fields: object) -> Event:
    return Event.model_validate({"label": LABEL, "kind": "other", "process": "landfill", "source": "x", **fields})


def spans(chosen: Event, odds: Odds, replication: int = 0) -> list[tuple[float, float, float]]:
    return list(occurrences(chosen, CALENDAR, uniforms(0, "events.e", replication), odds, LAST))


# what an event stops


def test_a_flow_stops_on_the_days_of_its_event_and_its_mass_goes_on() -> None:
    """Leaves arise evenly, 92 of 366 days are closed: that share of the feed goes back into collection."""
    free, closed = run({}), run({"disease": DISEASE})
    fed = mass(free, "to_pigs", 2024)
    assert mass(closed, "to_pigs", 2024) == pytest.approx(fed * (1 - 92 / 366), rel=1e-12)
    more = mass(closed, "put_back", 2024) - mass(free, "put_back", 2024)
    assert more == pytest.approx(fed * 92 / 366, rel=1e-9)
    assert mass(closed, "to_pigs", 2023) == pytest.approx(mass(free, "to_pigs", 2023), rel=1e-12)


def test_a_contract_that_ends_ends_for_good() -> None:
    results = run({"contract": {**DISEASE, "kind": "contract", "to": None, "for_good": True}})
    assert (mass(results, "to_pigs", 2023) > 0).all()
    assert mass(results, "to_pigs", 2024) == pytest.approx(mass(results, "to_pigs", 2023) / 365 * 60, rel=1e-12)
    assert (mass(results, "to_pigs", 2025) == 0).all()


def test_closing_a_process_also_closes_a_flow_into_it_that_another_event_stops() -> None:
    pigs = {**DISEASE, "flows": [], "process": "pigs", "from": "2025-01-01", "to": "2025-12-31"}
    results = run({"disease": DISEASE, "pigs": pigs})
    assert (mass(results, "to_pigs", 2025) == 0).all()


# when it happens


def test_a_yearly_event_comes_by_its_chance_with_its_delay_and_duration() -> None:
    """4 000 histories of seven years within four standard errors of 0.3, each 10 days after 1 February for 5 days."""
    chosen = event(
        **{"from": "2024-02-01"}, yearly=True, chance=number(0.3, "1"), delay=number(10.0, "d"),
        duration=number(5.0, "d"),
    )  # fmt: skip
    found = [one for replication in range(4000) for one in spans(chosen, Odds(chance=0.3), replication)]
    starts = {(CALENDAR.date_of(start).month, CALENDAR.date_of(start).day) for start, _, _ in found}
    assert starts == {(2, 11)}
    assert {end - start for start, end, _ in found} == {5.0}
    error = math.sqrt(0.3 * 0.7 / 28000)
    assert len(found) / 28000 == pytest.approx(0.3, abs=4 * error)
    assert closed_days(chosen, 2027) == pytest.approx(0.3 * 5.0)


def test_a_dated_event_may_last_for_a_duration_or_for_good() -> None:
    short = event(**{"from": "2024-03-01"}, duration=number(10.0, "d"))
    assert spans(short, Odds()) == [(60.0, 70.0, 0.0)]
    lasting = event(**{"from": "2024-03-01"}, for_good=True)
    assert spans(lasting, Odds()) == [(60.0, LAST, 0.0)]
    assert [closed_days(lasting, year) for year in (2023, 2024, 2025)] == [0.0, 306.0, 365.0]


def test_random_steps_for_good_are_counted_by_their_expectation() -> None:
    """P(it has happened by t) = 1 − exp(−t/2); its mean over the first year is 1 − 2 (1 − e^{−1/2})."""
    step = event(rate=number(0.5, "1/year"), for_good=True, **{"from": "2024-01-01"})
    assert closed_days(step, 2024) == pytest.approx(366 * (1 - 2 * (1 - math.exp(-0.5))))
    assert closed_days(step, 2023) == 0.0


def test_random_steps_for_good_last_to_the_end() -> None:
    step = event(rate=number(1.0, "1/year"), for_good=True)
    found = [one for replication in range(20) for one in spans(step, Odds(rate=1.0), replication)]
    assert len(found) > 100
    assert {end for _, end, _ in found} == {LAST}


@pytest.mark.parametrize(("loaded", "expected"), [(True, 6.0), (False, 1.0)])
def test_a_load_makes_an_event_so_many_times_as_likely(loaded: bool, expected: float) -> None:
    """Thinned candidates of 600 histories of seven years: within four standard errors of the rate."""
    chosen = Event.model_validate(UNREST)
    kept = [
        mark
        for replication in range(600)
        for _, _, mark in spans(chosen, Odds(rate=1.0, times=6.0), replication)
        if loaded or mark * 6.0 < 1.0
    ]
    assert len(kept) / 4200 == pytest.approx(expected, abs=4 * math.sqrt(expected / 4200))


def test_a_load_is_the_mean_of_the_last_thirty_days() -> None:
    loads = Loads({"unrest": (1, 2)}, {"unrest": np.array([10.0, 10.0])}, None, 2)
    assert not loads.above("unrest", 0)
    for day in range(40):
        loads.add(np.array([[99.0, 99.0], [5.0, 5.0], [6.0 if day >= 10 else 0.0, 4.9]]))
    assert [loads.above("unrest", place) for place in (0, 1)] == [True, False]
    assert loads.recent().shape == (30, 1, 2)


def test_less_on_a_landfill_means_no_more_blockades_and_the_same_instants() -> None:
    busy = run({"unrest": UNREST}, {"yard_capacity.east": 0.0}, replications=3)
    idle = run({"unrest": {**UNREST, "load": {**UNREST["load"], "above": number(1e6, "t/d")}}}, {}, replications=3)
    when = [set(map(tuple, event_table(found)[["replication", "date"]].to_numpy())) for found in (busy, idle)]
    assert when[1] < when[0]


# what it changes


@pytest.mark.parametrize(("spans", "expected"), [
    ([], 1.0),
    ([(0.0, 365.0)], 0.5),
    ([(100.0, 110.0), (105.0, 115.0)], 1 - 0.5 * 10 / 365 - 0.75 * 5 / 365),
])  # fmt: skip
def test_a_factor_holds_for_its_share_of_the_year(spans: list, expected: float) -> None:
    assert mean_factor(spans, 0.5, [0.0, 365.0], [0.0, 1.0]) == pytest.approx(expected, abs=1e-15)


def test_an_event_halves_what_arises_on_its_days() -> None:
    drought = {
        "label": LABEL, "kind": "salinity", "from": "2024-07-01", "for_good": True, "source": "x",
        "changes": [{"parameter": "leaves_made", "place": {"district": "east"}, "factor": number(0.5, "1")}],
    }  # fmt: skip
    results, free = run({"drought": drought}), run({})
    year = {y: mass(results, "leaves", y) / mass(free, "leaves", y) for y in (2023, 2024, 2025)}
    assert year[2023] == pytest.approx(1.0)
    assert year[2024] == pytest.approx(1 - 0.25 * 184 / 366)  # one of two equal districts
    assert year[2025] == pytest.approx(0.75)


def test_days_weigh_by_the_season_of_what_arises() -> None:
    """All of April, whose weight is three where the mean month has 16 / 12."""
    april = {
        "label": LABEL, "kind": "salinity", "from": "2023-04-01", "to": "2023-04-30", "source": "x",
        "changes": [{"parameter": "food_made", "factor": number(0.0, "1"), "season": "peak"}],
    }  # fmt: skip
    values = {"food_made.east": 10.0, "food_made.west": 6.0}
    lost = 1 - mass(run({"april": april}, values), "food", 2023) / mass(run({}, values), "food", 2023)
    weights = [1, 1, 2, 3, 1, 1, 0.5, 0.5, 1, 1, 1, 2]
    lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    expected = 3 * 30 / math.fsum(w * n for w, n in zip(weights, lengths, strict=True))
    assert lost == pytest.approx(expected, rel=1e-12)


def test_without_limits_no_event_changes_anything() -> None:
    free = run({"salinity": SALINITY, "unrest": UNREST, "disease": DISEASE}, {}, limits=False)
    bare = run({}, {}, limits=False)
    assert np.array_equal(free["flow_mass"].to_numpy(), bare["flow_mass"].to_numpy())


# habits that spread


def test_adoption_starts_at_nothing_is_half_way_at_its_midpoint_and_ends_whole() -> None:
    assert adopted(0, 4.0, 0.0) == 0.0
    fine = [adopted(year, 4.0, 1.2) for year in range(12)]
    assert all(a < b for a, b in itertools.pairwise(fine))

    # an independent mean over the year, by Simpson's rule
    def level(t: float) -> float:
        at = [1 / (1 + math.exp(-1.2 * (x - 4.0))) for x in (t, 0.0)]
        return (at[0] - at[1]) / (1 - at[1])

    points = np.linspace(3, 4, 101)
    weights = np.array([1.0, *[4.0, 2.0] * 49, 4.0, 1.0]) / 300
    assert fine[3] == pytest.approx(float(weights @ [level(t) for t in points]), abs=1e-10)
    assert adopted(200, 4.0, 1.2) == pytest.approx(1.0)


def test_a_simulation_draws_the_speed_and_the_annual_balance_takes_the_central_one() -> None:
    curve = {
        "start": 2024, "from": 0.3, "to": 0.7, "midpoint": number(1.0, "year"),
        "speed": number(2.0, "1/year", distribution="triangular", low=1.0, high=4.0),
    }  # fmt: skip
    change = {"parameter": "yard_share", "adoption": curve, "unit": "1", "from": "remainder"}
    scenario = town_scenario(options={"spreading": {"label": LABEL, "policy": [change]}})
    system = compile_system(town_model())
    how = {"option": "spreading", "workers": 1, "request": WHOLE, "limits": False}
    one = simulate(system, scenario, replications=1, **how)
    balance = solve(system, plan=plan_of(scenario, "spreading"), samples=1, request=WHOLE, limits=False)
    assert np.allclose(
        one["flow_mass"].to_numpy(), balance["flow_mass"].sel(period=one["period"]).to_numpy(), rtol=1e-9
    )
    many = simulate(system, scenario, replications=40, **how)
    share = mass(many, "to_yard", 2025) / (mass(many, "food", 2025) + mass(many, "leaves", 2025))
    assert len(set(share.round(6))) > 30
    assert (share > 0.3).all()
    assert (share < 0.7).all()


# the same bits, whoever works


EVERYTHING = {"disease": DISEASE, "salinity": SALINITY, "unrest": UNREST}


def test_replications_do_not_know_their_neighbours_or_the_history_they_share() -> None:
    system = compile_system(town_model(PIGS))
    scenario = town_scenario(EVERYTHING)
    how = {"option": "large", "workers": 1, "request": WHOLE}
    whole = everything(simulate(system, scenario, replications=4, **how))
    history = simulate_history(system, scenario, replications=4, workers=1)
    continued = everything(simulate(system, scenario, replications=4, history=history, **how))
    for name, values in whole.items():
        assert np.array_equal(values, continued[name], equal_nan=True), name
    later = simulate(system, scenario, replications=2, first=2, **how)
    assert np.array_equal(later["flow_mass"].to_numpy(), whole["flow_mass"][2:])
    assert PROJECT["process"] == "yard"


def test_options_share_the_luck_of_events() -> None:
    tables = [
        event_table(run({"salinity": SALINITY, "disease": DISEASE}, {}, option, replications=3))
        for option in ("small", "large")
    ]
    told = [table[table["kind"].isin(["salinity", "disease"])].reset_index(drop=True) for table in tables]
    assert told[0].equals(told[1])
    assert datetime.date(2024, 3, 1) in set(told[0]["date"])
