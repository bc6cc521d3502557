"""Replications added until enough is known, common random numbers, and what an interruption leaves."""

import datetime

import numpy as np
import pytest
import xarray as xr

from cemfa.comparison import compare
from cemfa.comparison.adding import Precision, Settled, half_width, joined
from cemfa.comparison.pairs import at, variance_ratios
from cemfa.definition.load import read_model, read_scenario
from cemfa.definition.schema import Scenario
from cemfa.errors import ResultsError
from cemfa.indicators import block_function, parts_named
from cemfa.results import Request
from cemfa.simulation import simulate_options
from cemfa.system.compile import compile_system

YEAR = 2030


def values(mean: float, count: int, spread: float = 1.0) -> xr.Dataset:
    """Return one indicator with a mean and a spread that are exactly those asked for."""
    draws = np.linspace(-1, 1, count)
    draws = mean + spread * draws / draws.std(ddof=1)
    coords = {"sample": range(count), "period": [YEAR], "settlement": ["all"]}
    return xr.Dataset({"rate_with_home": (tuple(coords), draws.reshape(count, 1, 1))}, coords)


def test_precision_asks_for_as_many_as_its_square() -> None:
    """Half the half-width needs four times as many, of which at most as many as there are come at once."""
    found = {"base": values(0.0, 40, 0.0), "one": values(1.0, 40)}
    now = half_width(at(found["one"], "rate_with_home", YEAR), 0.95)
    assert Precision("rate_with_home", now * 1.001).more(found, "base", YEAR) == 0
    assert Precision("rate_with_home", now / 1.5).more(found, "base", YEAR) == 40
    assert Precision("rate_with_home.all", now / 1.25).more(found, "base", YEAR) == int(np.ceil(40 * (1.25**2 - 1)))


def test_what_is_no_indicator_is_refused() -> None:
    with pytest.raises(ResultsError, match=r"\[precision-unknown\]"):
        Precision("rate", 0.1).more({"base": values(0.0, 4)}, "base", YEAR)


def test_an_order_is_settled_when_neighbours_surely_differ_or_are_the_same() -> None:
    apart = {"a": values(0.0, 40), "b": values(3.0, 40)}
    apart["b"] = apart["a"] + 3.0 + 0.1 * (apart["a"] - apart["a"].mean())
    assert Settled().more(apart, "a", YEAR) == 0
    close = {"a": values(0.0, 40), "b": -values(0.0, 40)}
    assert Settled().more(close, "a", YEAR) == 20
    assert Settled().more({"a": values(0.0, 40), "b": values(0.0, 40)}, "a", YEAR) == 0


@pytest.fixture(scope="module")
def added():
    return compare(
        "first_steps_2030", replications=60, seed=3, workers=1, until=Precision("rate_with_home.rural", 1e-9)
    )


def test_parts_are_the_replications_of_one_run(added) -> None:
    """To the bit where they are kept one by one; means of flows to 1e-12, as they are weighed together."""
    whole = compare("first_steps_2030", replications=60, seed=3, workers=1)
    assert added.replications == whole.replications == 60
    for one, two in zip(added.options, whole.options, strict=True):
        assert one.indicators.identical(two.indicators)
        assert one.losses.identical(two.losses)
        np.testing.assert_allclose(one.flows["flow_mean"], two.flows["flow_mean"], rtol=1e-12, atol=1e-12)


def test_it_stops_when_enough_is_known() -> None:
    few = compare("first_steps_2030", replications=60, seed=3, workers=1, until=Precision("rate_with_home.rural", 10.0))
    assert few.replications == 32
    for option in few.plain:
        assert option.indicators.sizes["sample"] == 32


def resized(scenario: Scenario, capacity: float, decision: datetime.date) -> Scenario:
    """Return a scenario with an option `other`: `south_yard`, its yard in another size or decided at another date."""
    option = scenario.options["south_yard"]
    (name, yard), *_ = option.projects.items()
    changed = yard.model_copy(update={"capacity": capacity, "decision": decision})
    other = option.model_copy(update={"projects": {**option.projects, name: changed}})
    return scenario.model_copy(update={"options": {**scenario.options, "other": other}})


@pytest.mark.parametrize(
    ("capacity", "decision"), [(4.0, None), (5.0, datetime.date(2026, 7, 1))], ids=["size", "date"]
)
def test_common_random_numbers_save_nine_histories_in_ten(capacity: float, decision: datetime.date | None) -> None:
    """Between options that differ in the size or date of one plant: rural rate and landfilled mass of 2030."""
    scenario = read_scenario("first_steps_2030")
    yard = next(iter(scenario.options["south_yard"].projects.values()))
    scenario = resized(scenario, capacity, decision or yard.decision)
    system = compile_system(read_model(scenario.model))
    names = ["rate_with_home", "landfilled_mass"]
    request = Request(reducers=("mean",), functions={"indicators": block_function(names)})
    cases = [("south_yard", None), ("other", None)]
    runs = simulate_options(system, scenario, cases, replications=100, workers=1, request=request)
    one, other = (parts_named(results, names) for results in runs)
    ratios = variance_ratios(other, one, YEAR)
    assert ratios["rate_with_home.rural"] >= 10
    assert ratios["landfilled_mass"] >= 10


def test_ratios_are_shown_for_every_indicator_and_option(added) -> None:
    for option in added.options:
        assert set(option.variance_ratios) >= {key for key in option.paired if key != "npv"}


def test_parts_are_weighed_by_their_replications() -> None:
    attrs = {"residual": 0.0, "samples": 1}
    parts = [
        xr.Dataset({"flow_mean": ("flow", [mean]), "x": ("sample", [mean] * n)}, {"sample": range(n)}, attrs)
        for mean, n in ((1.0, 3), (5.0, 1))
    ]
    whole = joined(parts)
    assert whole["flow_mean"].item() == 2.0
    assert whole["x"].values.tolist() == [1.0, 1.0, 1.0, 5.0]
    assert whole.attrs["samples"] == 4


def test_an_interruption_keeps_what_is_finished() -> None:
    def stop(number: int, *_: object) -> None:
        if number == 3:
            raise KeyboardInterrupt

    found = compare("first_steps_2030", replications=2, workers=1, progress=stop)
    assert [option.id for option in found.options] == ["as_now", "as_committed", "south_yard"]
    assert found.unfinished
    assert not set(found.unfinished) & {option.id for option in found.options}


def test_an_interruption_before_the_baselines_keeps_nothing() -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare("first_steps_2030", replications=2, workers=1, progress=stop)
