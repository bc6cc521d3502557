"""What gates let in on a day, against arithmetic by hand and against the general way of deciding."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cemfa.simulation.book import Course, Stop, write_book
from cemfa.simulation.dispatch import Day, Overfull, dispatch
from cemfa.simulation.plant import Sites

LAYERS = 2
BASES = np.array([[1.0, 1.0], [1.0, 0.0]])
"""Fresh mass, and the first layer alone."""


@dataclass
class Setting:
    """Courses, what limits them, and what arises: masses (courses, L, S)."""

    courses: list[Course]
    capacity: list[float]
    group: list[int]
    store: list[int]
    masses: np.ndarray
    opening: list[float] | None = None
    space: float = 0.0
    content: np.ndarray | None = None
    store_target: int = -1
    answer: np.ndarray | None = None
    basis: int = 0

    def decided(self, *, ordered: bool = True) -> Day:
        groups, stores = len(self.capacity), max(self.store) + 1
        sites = Sites(
            tuple(f"group{n}" for n in range(groups)), tuple(f"gate{n}" for n in range(len(self.group))),
            np.array(self.group, dtype=np.intp), np.array(self.store, dtype=np.intp),
        )  # fmt: skip
        basis = np.full(groups, self.basis, dtype=np.intp)
        book = write_book(self.courses, sites, BASES, basis, [self.store_target] * stores, ordered=ordered)
        width = self.masses.shape[2]
        day = Day(book, sites, stores, 4, LAYERS, width)
        for gate, group in enumerate(self.group):
            if group >= 0 and self.store[gate] < 0:
                day.limit[gate] = self.capacity[group]
        day.capacity[:groups] = np.array(self.capacity)[:, None]
        day.opening[...] = 1.0 if self.opening is None else np.array(self.opening)[:, None]
        day.space[...] = self.space
        if self.content is not None:
            day.content[...] = self.content[..., None]
        if self.answer is not None:
            day.answer = np.repeat(self.answer[:, :, None], width, axis=2)
        self._fill(day)
        dispatch(day)
        return day

    def _fill(self, day: Day) -> None:
        book = day.book
        for course, lane in enumerate(book.lane_of.tolist()):
            if book.carried[lane]:
                day.start[lane] += self.masses[course]
                continue
            if book.layered_row[lane] >= 0:
                day.layered[book.layered_row[lane]] += self.masses[course]
            for basis in range(len(BASES)):
                day.mass[lane * len(BASES) + basis] += day.weighed(self.masses[course : course + 1], basis)[0]


def course(*gates: int, rank: int = 1, target: int = -1, carried: tuple[int, ...] | None = None) -> Course:
    return Course(0, tuple(Stop(0, gate, rank, target) for gate in gates), carried)


def mass(*fresh: float) -> np.ndarray:
    """Return masses (courses, L, 1), a quarter of each in the first layer."""
    return np.array([[[0.25 * m], [0.75 * m]] for m in fresh])


def shares(day: Day, course_: int) -> list[float]:
    """Return the fractions of a course let in at its stops, of the first replication."""
    return [float(day.fraction[n, 0]) for n in day.book.lane_stops[day.book.lane_of[course_]]]


def test_a_full_gate_lets_in_pro_rata_and_passes_on_the_rest() -> None:
    setting = Setting([course(0, 1, -1), course(0, -1)], [8.0, 3.0], [0, 1], [-1, -1], mass(8.0, 8.0))
    day = setting.decided()
    assert shares(day, 0) == [0.5, 0.375, 0.125]
    assert shares(day, 1) == [0.5, 0.5]
    assert day.offered[:, 0].tolist() == [16.0, 4.0]
    assert day.taken[:, 0].tolist() == [8.0, 3.0]


def test_what_is_passed_on_counts_with_what_starts_there() -> None:
    setting = Setting([course(0, 1, -1), course(1, -1)], [4.0, 6.0], [0, 1], [-1, -1], mass(10.0, 6.0))
    day = setting.decided()
    assert shares(day, 0) == pytest.approx([0.4, 0.3, 0.3])
    assert shares(day, 1) == [0.5, 0.5]


def test_priority_comes_first_and_what_has_no_other_way_before_it() -> None:
    courses = [course(0, -1, rank=2), course(0, -1, rank=1), course(0, rank=0)]
    day = Setting(courses, [10.0], [0], [-1], mass(4.0, 6.0, 3.0)).decided()
    assert [shares(day, n)[0] for n in range(3)] == [0.25, 1.0, 1.0]


def test_nothing_is_refused_below_the_limit() -> None:
    day = Setting([course(0, -1)], [10.0], [0], [-1], mass(9.0)).decided()
    assert shares(day, 0) == [1.0, 0.0]


def test_a_capacity_of_zero_takes_nothing_and_zero_mass_is_no_trouble() -> None:
    day = Setting([course(0, -1), course(1, -1)], [0.0, 0.0], [0, 1], [-1, -1], mass(9.0, 0.0)).decided()
    assert shares(day, 0) == [0.0, 1.0]
    assert day.taken[:, 0].tolist() == [0.0, 0.0]


def test_a_limit_in_a_layer_is_measured_in_that_layer() -> None:
    day = Setting([course(0, -1)], [1.0], [0], [-1], mass(8.0), basis=1).decided()
    assert shares(day, 0) == [0.5, 0.5]


def test_a_gate_closed_at_noon_lets_half_of_it_in() -> None:
    day = Setting([course(0, -1)], [], [-1], [-1], mass(8.0), opening=[0.5]).decided()
    assert shares(day, 0) == [0.5, 0.5]


def test_too_much_without_another_way_is_found() -> None:
    with pytest.raises(Overfull) as found:
        Setting([course(0, rank=0)], [5.0], [0], [-1], mass(6.0)).decided()
    assert (found.value.gate, found.value.arriving, found.value.limit) == (0, 6.0, 5.0)


def test_a_carried_lane_follows_what_was_let_in() -> None:
    """A tenth of what the plant takes in, of its second layer only, goes to a landfill that is half closed."""
    courses = [course(0, -1, target=-1), course(1, -1, carried=(0,))]
    courses[0] = Course(0, (Stop(0, 0, 1, 0), Stop(0, -1, 1, -1)))
    setting = Setting(
        courses, [4.0], [0, -1], [-1, -1], mass(8.0, 0.0), opening=[1.0, 0.5], answer=np.array([[0.0, 0.1]])
    )  # fmt: skip
    day = setting.decided()
    row = day.book.layered_row[day.book.lane_of[1]]
    assert day.layered[row, :, 0].tolist() == pytest.approx([0.0, 0.3])
    assert shares(day, 1) == [0.5, 0.5]


def test_a_store_takes_what_its_process_makes_room_for() -> None:
    """3 t inside, space for 5 t, 4 t/d processed: of 8 t offered 6 t come in, and 5 t stay overnight."""
    setting = Setting(
        [course(0, -1)], [4.0], [0], [0], mass(8.0), space=5.0, content=np.array([[0.75, 2.25]])
    )  # fmt: skip
    day = setting.decided()
    assert shares(day, 0) == pytest.approx([0.75, 0.25])
    assert day.entered[0, :, 0].sum() == pytest.approx(6.0)
    assert day.drawn[0, :, 0].sum() == pytest.approx(4.0)


def test_a_store_mixes_old_and_new() -> None:
    setting = Setting(
        [course(0, -1)], [4.0], [0], [0], mass(4.0), space=50.0, content=np.array([[4.0, 0.0]])
    )  # fmt: skip
    day = setting.decided()
    assert day.drawn[0, :, 0].tolist() == pytest.approx([2.5, 1.5])


def test_a_store_without_space_is_a_plain_capacity() -> None:
    courses, masses = [course(0, -1), course(0, -1)], mass(5.0, 3.0)
    stored = Setting(courses, [4.0], [0], [0], masses).decided()
    plain = Setting(courses, [4.0], [0], [-1], masses).decided()
    assert shares(stored, 0) == pytest.approx(shares(plain, 0))
    assert stored.drawn[0, :, 0].sum() == pytest.approx(4.0)


def test_stores_share_a_capacity_by_what_they_could_give() -> None:
    courses = [course(0, -1), course(1, -1)]
    day = Setting(courses, [4.0], [0, 0], [0, 1], mass(6.0, 2.0), space=100.0).decided()
    assert day.drawn[:, :, 0].sum(axis=1).tolist() == pytest.approx([3.0, 1.0])


def test_gates_that_pass_on_in_a_circle_settle_where_both_are_full() -> None:
    """Each gate takes 4 t of its own 10 t and of what the other passes on, in proportion to what arrives."""
    courses = [course(0, 1, -1), course(1, 0, -1)]
    day = Setting(courses, [4.0, 4.0], [0, 1], [-1, -1], mass(10.0, 10.0)).decided()
    assert day.book.circular
    fraction = shares(day, 0)[0]
    assert fraction * (10 + 10 * (1 - fraction)) == pytest.approx(4.0, rel=1e-13)
    assert shares(day, 0) == pytest.approx(shares(day, 1))
    assert sum(shares(day, 0)) == pytest.approx(1.0, abs=1e-13)


def random_setting(draw: st.DrawFn) -> Setting:
    gates = draw(st.integers(1, 5))
    closable = draw(st.lists(st.booleans(), min_size=gates, max_size=gates))
    group = [-1 if c else sum(not x for x in closable[:n]) for n, c in enumerate(closable)]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    courses = []
    for _ in range(draw(st.integers(1, 8))):
        path = draw(st.lists(st.integers(0, gates - 1), min_size=1, max_size=3, unique=True))
        rank = draw(st.integers(1, 2))
        courses.append(course(*(sorted(path) if draw(st.booleans()) else path), -1, rank=rank))
    masses = rng.exponential(5.0, (len(courses), LAYERS, 3)) * (rng.random((len(courses), 1, 3)) < 0.9)
    capacity = (rng.exponential(8.0, sum(not c for c in closable)) * (rng.random() < 0.9)).tolist()
    opening = [float(rng.random()) if c else 1.0 for c in closable]
    return Setting(courses, capacity, group, [-1] * gates, masses, opening)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_the_order_of_decisions_does_not_change_them(data: st.DataObject) -> None:
    setting = random_setting(data.draw)
    quick, general = setting.decided(), setting.decided(ordered=False)
    np.testing.assert_allclose(quick.fraction, general.fraction, atol=1e-11)  # circles stop near a fixed point


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_all_that_arises_ends_somewhere_and_no_limit_is_passed(data: st.DataObject) -> None:
    setting = random_setting(data.draw)
    day = setting.decided()
    for n in range(len(setting.courses)):
        stops = list(day.book.lane_stops[day.book.lane_of[n]])
        np.testing.assert_allclose(day.fraction[stops].sum(axis=0), 1.0, atol=1e-12)
        assert (day.fraction[stops] >= 0).all()
    assert (day.taken <= day.limit * (1 + 1e-12)).all()
    refusing = day.offered - day.taken > 1e-9 * day.offered
    full = np.isclose(day.taken, day.limit, rtol=1e-9) | (day.opening < 1)
    assert (full | ~refusing).all(), "a gate refuses although it has room"


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_replication_does_not_depend_on_its_neighbours(data: st.DataObject) -> None:
    setting = random_setting(data.draw)
    whole = setting.decided().fraction
    for r in range(3):
        alone = Setting(**{**vars(setting), "masses": setting.masses[:, :, r : r + 1]}).decided().fraction
        assert np.array_equal(alone[:, 0], whole[:, r])
