"""How plants run month by month: bands as kept, the largest first, nothing where nothing is."""

import dataclasses

import numpy as np
import pytest
import xarray as xr
from tests.example_comparison import example

from cemfa.comparison.months import month_frame
from cemfa.comparison.operation import utilisation, waiting
from cemfa.comparison.words import Words
from cemfa.report.operation import month_by_month, year_by_month

WORDS = Words("en", 40)
MONTHS = [f"{year}-{month:02}" for year in (2025, 2026, 2030) for month in range(1, 13)]
LEVELS = [0.05, 0.5, 0.95]
USE = [[0.05, 0.5], [0.4, 0.5], [0.95, 0.5]]
INTAKE = [[5.0, 20.0]] * 3
STORAGE = [[20.0, 0.0], [30.0, 0.0], [40.0, 0.0]]


@pytest.fixture(scope="module")
def comparison():
    return example()


def with_months(comparison, use, intake, storage=None):
    """Return an option with projects whose plants of two places run as stated: (level, place), the same every month."""
    option = next(option for option in comparison.options if option.projects)
    stated = comparison.scenario.options.values()
    process = next(p.process for o in stated for key, p in o.projects.items() if key == option.projects[0].id)
    places = [f"{process}[north]", f"{process}[south]"]
    coordinates = {"month": MONTHS, "month_quantile": LEVELS, "month_group": places, "month_store": places}
    data = {}
    given = {"use": ("group", use), "intake": ("group", intake), "refused": ("group", intake)}
    given |= {"storage": ("store", storage), "backlog": ("store", storage)} if storage is not None else {}
    for name, (place, levels) in given.items():
        values = np.broadcast_to(np.array(levels)[:, None, :], (3, len(MONTHS), 2))
        dims = ("month", f"month_{place}")
        data[f"month_{name}_quantile"] = (("month_quantile", *dims), values, {"unit": "t"})
        data[f"month_{name}_mean"] = (dims, values[1], {"unit": "1" if name == "use" else "t"})
    return dataclasses.replace(option, flows=xr.Dataset(data, coordinates))


def test_use_of_capacity_by_month_with_its_band(comparison):
    figure = utilisation(comparison, with_months(comparison, USE, INTAKE), WORDS)
    first, second = figure.axes[:2]
    assert "outh" in first.get_title(loc="left")  # the larger one
    months = first.lines[0].get_xdata()
    assert (len(months), months[0], months[-1]) == (24, pytest.approx(2026 + 0.5 / 12), pytest.approx(2031 - 0.5 / 12))
    assert first.lines[0].get_ydata().tolist() == [50.0] * 24
    assert second.lines[0].get_ydata() == pytest.approx([40.0] * 24)
    low, high = second.collections[0].get_datalim(second.transData).intervaly
    assert (low, high) == pytest.approx((5.0, 95.0))


def test_what_lies_in_stores_is_drawn_where_something_does(comparison):
    figure = waiting(comparison, with_months(comparison, USE, INTAKE, STORAGE), WORDS)
    assert [axes.lines[0].get_ydata().tolist() for axes in figure.axes if axes.lines] == [[30.0] * 24]
    assert waiting(comparison, with_months(comparison, USE, INTAKE, [[0.0, 0.0]] * 3), WORDS) is None
    assert waiting(comparison, with_months(comparison, USE, INTAKE), WORDS) is None


def test_an_option_whose_months_were_not_kept_has_no_figure(comparison):
    option = next(option for option in comparison.options if not option.projects)
    assert utilisation(comparison, option, WORDS) is None


def test_tables_hold_the_target_year_and_every_month(comparison):
    option = with_months(comparison, USE, INTAKE, STORAGE)
    told = dataclasses.replace(comparison, options=(option,))
    year = year_by_month(told, WORDS)
    assert [cell.value for cell in year.rows[0][2:]] == [0.5] * 12
    assert year.columns[2].label == "2030-01"
    assert year.keys == (option.id,) * 2
    every = month_by_month(told, WORDS)
    assert len(every.rows) == 3 * 24  # two plants, one store
    last = every.rows[-1][-1]
    assert (last.value, last.low, last.high) == (30.0, 20.0, 40.0)
    assert every.rows[0][3].value == pytest.approx(2026.0)


def test_rows_leave_out_plants_that_take_in_nothing_and_years_before_the_first_decision(comparison):
    option = with_months(comparison, USE, [[5.0, 0.0]] * 3)
    frame = month_frame(dataclasses.replace(comparison, options=(option,)))
    assert set(frame["plant"].str.partition("[")[2]) == {"north]"}
    assert set(frame["what"]) == {"use", "intake", "refused"}
    assert frame["month"].min() == "2026-01"
    assert frame.loc[0, ["unit", "mean", "p5", "p95"]].tolist() == ["1", 0.4, 0.05, 0.95]
