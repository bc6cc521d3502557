"""Plans side by side: which years they share, what is returned, and whose fault an error is."""

import numpy as np
import pytest
from tests.property.test_same_bits import everything

from cemfa import compile_system, solve
from cemfa.errors import SolveError
from cemfa.plan import ParameterChange, Plan
from cemfa.results import Request
from cemfa.system import plans as module
from cemfa.system.containment import overfull_problems
from cemfa.system.layout import System
from cemfa.system.plans import Trunk, solve_plans


@pytest.fixture(scope="module")
def town() -> System:
    return compile_system(everything())


def more_waste(year: int, factor: float = 1.5) -> Plan:
    return Plan(changes=(ParameterChange("waste", (), (year,), (factor,), "1", "multiply", None),))


def test_years_of_a_trunk_are_not_solved_again(town: System, monkeypatch: pytest.MonkeyPatch) -> None:
    trunk, solved = Trunk.of(town, None, until=2023), []
    year_of = module._year
    monkeypatch.setattr(module, "_year", lambda *args: solved.append(town.years[args[2]]) or year_of(*args))
    solve_plans(town, [None, more_waste(2023)], trunk=trunk)
    assert solved == [2023]
    solve_plans(town, [None, more_waste(2022)], trunk=trunk)
    assert solved == [2023, 2022, 2023]


def test_only_the_years_asked_for_are_returned(town: System) -> None:
    found = solve_plans(town, [None, more_waste(2023)], trunk=Trunk.of(town, None, until=2023), since=2022)
    assert found["period"].values.tolist() == [2022, 2023]
    whole = solve(town, plan=more_waste(2023), request=Request(flows="all"))
    assert np.array_equal(found["flow_mass"].to_numpy()[1], whole["flow_mass"].to_numpy()[0, 1:])
    assert found.attrs["residual"] < 1e-9
    assert found.attrs["sampling"] == "central"


def test_an_error_names_the_plan_by_its_place(town: System) -> None:
    broken = Plan(changes=(ParameterChange("burnt", (), (2022,), (0.9,), "1", "set", None),))
    with pytest.raises(SolveError, match="shares-above-one") as wrong:
        solve_plans(town, [None, broken])
    assert wrong.value.problems[0].parameters["year"] == 2022


def test_what_is_overfull_in_any_plan_is_told(town: System) -> None:
    flow = solve(town, request=Request(flows="all"))["flow_mass"].to_numpy()[0, 0].T[:, :, None]
    assert overfull_problems(town, flow, 2021) == []
    worse = flow.copy()
    arising = town.flow_ids.index("arising")
    worse[arising, town.layers.index("carbon")] = 2.0 * worse[arising, town.layers.index("dry")]
    (problem,) = overfull_problems(town, np.concatenate([flow, worse], axis=2), 2021)
    assert problem.code == "contained-exceeds"
    assert problem.parameters["inner"] == 2.0 * problem.parameters["outer"]
