"""The compiled day decides as numpy does, to the bit."""

import numpy as np
import pytest
from tests.unit.simulation.test_recipes import BARE, heap
from tests.unit.simulation.test_simulate import AMOUNT, BROKEN, EVENTS, PRIORITY, STORED_LAST
from tests.unit.simulation.town import case_of, lived, town_model, town_scenario

from cemfa.errors import SimulationError
from cemfa.simulation import program
from cemfa.simulation.block import Case
from cemfa.simulation.desk import StrandDesk, desk_of
from cemfa.system.compile import compile_system

pytest.importorskip("numba")


@pytest.fixture(params=[True, False], ids=["compiled", "numpy"])
def compiled(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(program, "compiled", lambda: object() if request.param else None)
    return bool(request.param)


def town(changes: dict, values: dict | None = None) -> Case:
    return case_of(compile_system(town_model(changes, values)), town_scenario(EVENTS), "small")


@pytest.mark.parametrize("changes", [{}, BROKEN, PRIORITY, AMOUNT], ids=["plain", "breakdowns", "priority", "amounts"])
def test_the_compiled_day_has_the_bits_of_numpy(changes: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    case, found = town(changes), []
    for kernel in (object(), None):
        monkeypatch.setattr(program, "compiled", lambda kernel=kernel: kernel)
        found.append(lived(case, range(5)))
    for one, other in zip(*found, strict=True):
        assert np.array_equal(one.year.flow, other.year.flow)
        assert np.array_equal(one.refused, other.refused)
        assert np.array_equal(one.diverted, other.diverted)


def test_it_is_used_where_no_store_lies_in_the_way(compiled: bool) -> None:
    for changes, able in (({}, True), (STORED_LAST, False)):
        desk = desk_of(town(changes).network, 3, 2)
        assert isinstance(desk, StrandDesk)
        assert (desk.program is not None) == (compiled and able)


def test_plants_that_look_at_their_mix_are_decided_by_numpy_whatever_is_loaded(compiled: bool) -> None:
    case = case_of(compile_system(heap()), town_scenario(**BARE), "as_now")
    desk = desk_of(case.network, len(case.system.layers), 2)
    assert isinstance(desk, StrandDesk)
    assert desk.program is None
    plain = case_of(compile_system(heap({"recipe": None})), town_scenario(**BARE), "as_now")
    assert (desk_of(plain.network, len(plain.system.layers), 2).program is not None) == compiled


def test_what_does_not_fit_is_named_all_the_same(compiled: bool) -> None:
    changes = {"flows": {"rejects": {"otherwise": None}, "rejects_dumped": None}}
    with pytest.raises(SimulationError, match=r"on 2023-01-01, replication 0: .*'landfill'.*\[gate-overfull\]"):
        lived(town(changes, {"landfill_capacity": 0.1}), range(2))
