"""Repair crews: alone like a plant that is mended at once, together as the closed form of machines and repairers."""

import math
from itertools import islice, takewhile

import numpy as np
import pytest
from tests.unit.simulation.town import OUTAGE, compile_system, everything, simulate, town_model, town_scenario

from cemfa.results import Request
from cemfa.simulation import simulate_history
from cemfa.simulation.crews import mended_times
from cemfa.simulation.events import exponentials, outage_times, uniforms

BETWEEN, REPAIR, LAST = 30.0, 10.0, 20_000.0


def plants(count: int, since: float = 0.0) -> dict:
    return {n: (f"plant {n}", since, lambda _: (BETWEEN, REPAIR)) for n in range(count)}


def test_with_a_crew_for_everyone_plants_are_mended_at_once() -> None:
    found = mended_times(3, plants(3), 0, 5, LAST)
    for n in range(3):
        state = next(uniforms(0, f"plant {n}.start", 5))
        alone = outage_times(exponentials(0, f"plant {n}", 5), state, lambda _: (BETWEEN, REPAIR))
        expected = list(islice(takewhile(lambda t: t[1] < LAST, alone), 500))
        assert found[n][: len(expected)] == expected


def machines_down(count: int, crews: int) -> float:
    """Return the mean number of machines out of order: the finite-source queue M/M/c//N, state by state."""
    ratio, weight, weights = REPAIR / BETWEEN, 1.0, [1.0]
    for n in range(1, count + 1):
        weight *= (count - n + 1) * ratio / min(n, crews)
        weights.append(weight)
    return sum(n * w for n, w in enumerate(weights)) / sum(weights)


@pytest.mark.parametrize(("count", "crews"), [(1, 1), (4, 1), (6, 2)])
def test_machines_and_repairers(count: int, crews: int) -> None:
    """Four standard errors of 30 independent histories; with one machine it is MTBF / (MTBF + MTTR)."""
    down = []
    for replication in range(30):
        found = mended_times(crews, plants(count), 0, replication, LAST)
        down.append(sum(end - start for times in found.values() for start, end in times) / LAST)
    error = np.std(down, ddof=1) / math.sqrt(30)
    assert np.mean(down) == pytest.approx(machines_down(count, crews), abs=4 * error)
    if count == 1:
        assert machines_down(1, 1) == pytest.approx(REPAIR / (BETWEEN + REPAIR), rel=1e-15)


def test_what_does_not_stand_yet_keeps_no_crew_busy() -> None:
    both = mended_times(1, plants(1) | {1: ("late", 5000.0, lambda _: (BETWEEN, REPAIR))}, 0, 0, LAST)
    alone = mended_times(1, plants(1), 0, 0, LAST)
    early = [times for times in both[0] if times[1] < 5000.0]
    assert early == alone[0][: len(early)]
    assert both[0] != alone[0]


def test_a_shared_crew_keeps_plants_down_for_longer() -> None:
    changes = {"processes": {"yard": {"outage": OUTAGE}, "digester": {"outage": OUTAGE}}}
    values = {"time_to_repair": 30.0}
    system = compile_system(town_model(changes, values))
    crews = {"crews": {"one": {"label": {"vi": "x", "en": "x"}, "count": 1, "processes": ["yard", "digester"]}}}
    how = {"option": "small", "replications": 20, "workers": 1, "request": Request(flows="all")}
    free, shared = (simulate(system, town_scenario(simulation=c), **how) for c in ({}, crews))
    last = {"period": 2025}
    assert float(shared["available"].sel(last).sum("group").mean()) < float(
        free["available"].sel(last).sum("group").mean()
    )
    history = simulate_history(system, town_scenario(simulation=crews), replications=20, workers=1)
    again = everything(simulate(system, town_scenario(simulation=crews), history=history, **how))
    assert all(np.array_equal(values, again[name]) for name, values in everything(shared).items())
