"""Capacity and opening as exact daily means."""

import numpy as np
import pytest

from cemfa.simulation.plant import DailyMean, Plants, Sites


def index(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.intp)


@pytest.fixture
def plants() -> Plants:
    """A capacity group of 10 t/d, one with a store of 6 t/d, and a landfill that an event can close."""
    sites = Sites(("yard", "mill"), ("yard", "mill_store", "landfill"), index(0, 1, -1), index(-1, 0, -1))
    made = Plants(sites, 2)
    made.begin_year(np.array([[10.0, 10.0], [6.0, 6.0]]))
    return made


def test_a_rate_that_changes_at_noon_counts_half() -> None:
    mean = DailyMean(np.array([[4.0, 4.0]]))
    mean.change(0, 1, 0.5, 8.0)
    assert mean.close(1.0).tolist() == [[4.0, 6.0]]
    assert mean.close(2.0).tolist() == [[4.0, 8.0]]


def test_several_changes_in_a_day_add_up() -> None:
    mean = DailyMean(np.array([[8.0]]), start=3.0)
    for time, rate in [(3.25, 0.0), (3.5, 8.0), (3.5, 0.0), (3.75, 4.0)]:
        mean.change(0, 0, time, rate)
    assert mean.close(4.0).item() == pytest.approx(8 * 0.25 + 4 * 0.25)


def test_a_change_at_midnight_belongs_to_the_new_day_in_either_order() -> None:
    before, after = DailyMean(np.array([[8.0]])), DailyMean(np.array([[8.0]]))
    before.change(0, 0, 1.0, 0.0)
    first = before.close(1.0).item(), before.close(2.0).item()
    closed = after.close(1.0).item()
    after.change(0, 0, 1.0, 0.0)
    assert first == (closed, after.close(2.0).item()) == (8.0, 0.0)


def test_breakdown_stops_the_capacity_of_its_replication_alone(plants: Plants) -> None:
    plants.breakdown(0, 1, 0.25, broken=True)
    capacity, opening = plants.day(1.0)
    assert capacity.tolist() == [[10.0, 2.5], [6.0, 6.0]]
    assert opening.tolist() == [[1.0, 1.0]] * 3
    plants.breakdown(0, 1, 1.5, broken=False)
    assert plants.day(2.0)[0].tolist() == [[10.0, 5.0], [6.0, 6.0]]


def test_closure_of_a_capacity_takes_the_capacity_away(plants: Plants) -> None:
    plants.closure(0, 0, 0.5, closed=True)
    assert plants.day(1.0)[0].tolist() == [[5.0, 10.0], [6.0, 6.0]]


def test_closure_of_a_store_stops_intake_but_not_processing(plants: Plants) -> None:
    plants.closure(1, 0, 0.5, closed=True)
    capacity, opening = plants.day(1.0)
    assert capacity[1].tolist() == [6.0, 6.0]
    assert opening[1].tolist() == [0.5, 1.0]


def test_overlapping_closures_end_with_the_last(plants: Plants) -> None:
    plants.closure(2, 0, 0.0, closed=True)
    plants.closure(2, 0, 0.25, closed=True)
    plants.closure(2, 0, 0.5, closed=False)
    plants.closure(2, 0, 0.75, closed=False)
    assert plants.day(1.0)[1][2].tolist() == [0.25, 1.0]


def test_what_is_built_comes_on_top_and_stays_over_the_year(plants: Plants) -> None:
    plants.add(0, 0, 0.5, 4.0)
    assert plants.day(1.0)[0][0].tolist() == [12.0, 10.0]
    plants.begin_year(np.array([[20.0, 20.0], [6.0, 6.0]]))
    assert plants.day(2.0)[0][0].tolist() == [24.0, 20.0]


def test_a_new_year_does_not_mend_what_is_broken_or_open_what_is_closed(plants: Plants) -> None:
    plants.breakdown(0, 0, 0.0, broken=True)
    plants.closure(0, 1, 0.0, closed=True)
    plants.day(1.0)
    plants.begin_year(np.full((2, 2), 5.0))
    assert plants.day(2.0)[0].tolist() == [[0.0, 0.0], [5.0, 5.0]]
