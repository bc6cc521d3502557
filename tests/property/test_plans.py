"""Plans side by side are what each of them is alone, bit by bit, whatever years they share."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.sizes import drawn
from tests.property.test_same_bits import everything
from tests.unit.system.test_stock_models import in_use

from cemfa import compile_system, read_model, read_scenario, solve
from cemfa.plan import ParameterChange, Plan, plan_of
from cemfa.system.plans import Trunk, solve_plans

SPREAD = ("flow_mass", "throughput", "stock", "parameter")
CHANGED = {
    "everything": ("waste", "back", "capacity", "needed", "rate", "sold"),
    "lifetimes": ("bought", "shape", "scale"),
}


@cache
def system(name: str):
    """Return a small system: one with all that limits, one whose stock lives for a time."""
    return compile_system(everything() if name == "everything" else in_use("weibull"))


def assert_each_is_alone(made, plans, trunk) -> None:
    together = solve_plans(made, plans, trunk=trunk)
    for number, plan in enumerate(plans):
        alone = solve(made, plan=plan)
        for variable in SPREAD:
            both = together[variable].to_numpy()[number], alone[variable].to_numpy()[0]
            assert np.array_equal(*both), (number, variable)
        assert together.attrs["residual"] >= alone.attrs["residual"] or together.attrs["residual"] < 1e-12


def plans_of(name: str):
    years = st.integers(system(name).years[0], system(name).years[-1])
    change = st.builds(
        lambda parameter, year, factor: ParameterChange(parameter, (), (year,), (factor,), "1", "multiply", None),
        st.sampled_from(CHANGED[name]), years, st.sampled_from([0.5, 0.9, 1.1]),
    )  # fmt: skip
    return st.lists(st.builds(lambda found: Plan(changes=tuple(found)), st.lists(change, max_size=3)), min_size=1,
                    max_size=5)  # fmt: skip


@pytest.mark.parametrize("name", sorted(CHANGED))
@drawn(300)
@given(data=st.data())
def test_a_plan_among_others_has_the_bits_it_has_alone(name: str, data: st.DataObject) -> None:
    plans, made = data.draw(plans_of(name)), system(name)
    until = data.draw(st.integers(made.years[0], made.years[-1] + 1))
    trunk = data.draw(st.sampled_from([None, Trunk.of(made, plans[0], until=until), Trunk.of(made, None, until=until)]))
    assert_each_is_alone(made, plans, trunk)


@pytest.mark.parametrize(
    ("scenario", "options"),
    [("first_steps_2030", ("as_committed", "south_yard", "two_yards")), ("organics_2030", ("phased_mix", "digester"))],
)
def test_options_side_by_side_have_the_bits_they_have_alone(scenario: str, options: tuple[str, ...]) -> None:
    read = read_scenario(scenario)
    made = compile_system(read_model(read.model), assume=read.assume)
    now, *plans = (plan_of(read, option) for option in ("as_now", *options))
    assert_each_is_alone(made, [now, *plans], Trunk.of(made, now, until=read.finance.start))
