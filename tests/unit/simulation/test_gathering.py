"""What is kept of many replications: unit after unit, whatever the workers, in the memory of one unit."""

import tracemalloc

import numpy as np
import pytest
from tests.unit.simulation.test_simulate import BROKEN, EVENTS, half_of_flows, same
from tests.unit.simulation.town import everything, town_model, town_scenario

from cemfa.results import Request
from cemfa.simulation import ensemble, gathering, simulate
from cemfa.system.compile import compile_system

FUNCTIONS = {"half": half_of_flows}


def run(replications: int, workers: int = 1, **asked: object):
    system, request = compile_system(town_model(BROKEN)), Request(functions=FUNCTIONS, **asked)
    scenario = town_scenario(EVENTS)
    return simulate(system, scenario, option="small", replications=replications, workers=workers, request=request)


@pytest.mark.parametrize("count", [1, 127, 128, 129, 300, 1000])
@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_blocks_fill_units_which_do_not_depend_on_workers(count: int, workers: int) -> None:
    units = gathering.units(count, 5)
    dealt = gathering.dealt(units, workers)
    blocks = [block for cut in dealt for block in cut]
    assert [cut[0].start for cut in dealt] == [unit.start for unit in units]
    for found in (units, blocks):
        assert [n for one in found for n in one] == list(range(5, 5 + count))
        assert max(map(len, found)) <= gathering.WIDTH
    assert {unit.stop for unit in units} <= {block.stop for block in blocks}
    assert max(map(len, units)) - min(map(len, units)) < len(units)
    rounds = sum(max(map(len, blocks[n : n + workers])) for n in range(0, len(blocks), workers))
    assert rounds * workers <= 2 * count + workers * len(units)  # at least half of the workers have something to do


def test_units_change_no_sample_and_workers_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(7, reducers=("mean", "sd", "p50"), flows=("to_yard",))
    monkeypatch.setattr(gathering, "WIDTH", 3)
    one, two = (run(7, workers, reducers=("mean", "sd", "p50"), flows=("to_yard",)) for workers in (1, 2))
    same(one, two)
    ours, theirs = everything(whole), everything(one)
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        if "quantile" not in name:  # several units average theirs; means are joined in another order of additions
            np.testing.assert_allclose(theirs[name], values, rtol=1e-12, atol=1e-9, err_msg=name)


def test_memory_does_not_grow_with_the_replications(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "WIDTH", 32)
    monkeypatch.setattr(ensemble, "LEFT_BEHIND", 0)
    system, scenario, most = compile_system(town_model()), town_scenario(), {}
    for count in (64, 256):
        tracemalloc.start()
        simulate(system, scenario, option="as_now", replications=count, workers=1, request=Request(), limits=False)
        most[count] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # flows and throughputs of a replication are three thousand bytes; a unit leaves objects that hold none of them
    assert most[256] < most[64] + 192 * 1500


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_is_told_to_the_end(monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    monkeypatch.setattr(gathering, "WIDTH", 2)
    told: list[tuple[int, int]] = []
    system, scenario = compile_system(town_model()), town_scenario()
    simulate(
        system, scenario, option="as_now", replications=6, workers=workers, request=Request(),
        progress=lambda done, whole: told.append((done, whole)),
    )  # fmt: skip
    assert told == [(n, len(told)) for n in range(1, len(told) + 1)]
    assert len(told) == {1: 3, 2: 4}[workers]
