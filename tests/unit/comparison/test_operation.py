"""How plants run over the years: the bands are those of the samples, the largest first, nothing where nothing is."""

import dataclasses

import numpy as np
import pytest
import xarray as xr
from tests.example_comparison import example

from cemfa.comparison.operation import utilisation, waiting
from cemfa.comparison.words import Words

WORDS = Words("en", 40)
YEARS = [2029, 2030]


@pytest.fixture(scope="module")
def comparison():
    return example()


def with_flows(comparison, used, size, held=None):
    """Return an option with projects whose plants of two places run as stated, (S, T, places)."""
    option = next(option for option in comparison.options if option.projects)
    stated = comparison.scenario.options.values()
    process = next(p.process for o in stated for key, p in o.projects.items() if key == option.projects[0].id)
    dims = ("sample", "period", "group")
    data = {"utilisation": (dims, used), "available": (dims, size)}
    coordinates = {"period": YEARS, "group": [f"{process}[north]", f"{process}[south]"]}
    if held is not None:
        data["backlog"] = (("sample", "period", "store"), held)
        coordinates["store"] = [f"{process}[north]", f"{process}[south]"]
    return dataclasses.replace(option, flows=xr.Dataset(data, coordinates))


def test_use_of_capacity_by_year_with_its_band(comparison):
    used = np.empty((101, 2, 2))
    used[..., 0] = np.linspace(0.0, 1.0, 101)[:, None]
    used[..., 1] = 0.5
    size = np.broadcast_to([5.0, 20.0], (101, 2, 2))
    figure = utilisation(comparison, with_flows(comparison, used, size), WORDS)
    first, second = figure.axes[:2]
    assert "outh" in first.get_title(loc="left")  # the larger one
    assert first.lines[0].get_ydata().tolist() == [50.0, 50.0]
    assert second.lines[0].get_ydata() == pytest.approx([50.0, 50.0])
    low, high = second.collections[0].get_datalim(second.transData).intervaly
    assert (low, high) == pytest.approx((5.0, 95.0))


def test_what_waits_is_drawn_where_something_does(comparison):
    ones = np.ones((4, 2, 2))
    held = np.stack([np.full((4, 2), 30.0), np.zeros((4, 2))], axis=-1)
    option = with_flows(comparison, ones, ones, held)
    figure = waiting(comparison, option, WORDS)
    assert [axes.lines[0].get_ydata().tolist() for axes in figure.axes if axes.lines] == [[30.0, 30.0]]
    assert waiting(comparison, with_flows(comparison, ones, ones, 0 * held), WORDS) is None
    assert waiting(comparison, with_flows(comparison, ones, ones), WORDS) is None


def test_an_option_that_builds_nothing_has_no_figure(comparison):
    option = next(option for option in comparison.options if not option.projects)
    assert utilisation(comparison, option, WORDS) is None
