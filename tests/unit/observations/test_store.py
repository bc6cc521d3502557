"""The store only ever grows: corrections, later cut-offs, what is taken back, and what it refuses."""

import datetime
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cemfa.errors import CemfaError, OutputError
from cemfa.observations.schema import Key, Observation
from cemfa.observations.store import Store

NOW = datetime.datetime(2026, 11, 5, 9, tzinfo=datetime.UTC)
OCTOBER, MARCH = datetime.date(2026, 10, 31), datetime.date(2026, 3, 31)


def seen(value: float, until: datetime.date = OCTOBER, item: str = "T18", kind: str = "actual") -> Observation:
    return Observation(Key("target", item, "value", "", 2026, kind), value, "%", until, "Báo cáo số 12/BC-SNNMT")  # type: ignore[arg-type] - any kind


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "observations.sqlite")


def values(store: Store, **chosen: object) -> list[float]:
    return [kept.observation.value for kept in store.current(**chosen)]  # type: ignore[arg-type] - by name


def codes(error: pytest.ExceptionInfo[CemfaError]) -> list[str]:
    return [problem.code for problem in error.value.problems]


def test_a_correction_counts_and_the_first_value_stays_readable(store: Store) -> None:
    store.add([seen(12)], who="Lan", at=NOW)
    store.add([seen(21)], who="Minh", at=NOW)
    assert values(store) == [21]
    assert [(k.observation.value, k.standing, k.delivery) for k in store.history()] == [
        (12, "corrected", 1),
        (21, "current", 2),
    ]


def test_a_correction_of_an_earlier_cut_off_does_not_replace_a_later_one(store: Store) -> None:
    store.add([seen(8, MARCH)], who="Lan", at=NOW)
    store.add([seen(20, OCTOBER)], who="Lan", at=NOW)
    store.add([seen(9, MARCH)], who="Lan", at=NOW)
    assert values(store) == [20]
    assert values(store, until=datetime.date(2026, 6, 30)) == [9]
    assert [k.standing for k in store.history()] == ["corrected", "current", "superseded"]


def test_taking_back_brings_back_what_was_corrected(store: Store) -> None:
    store.add([seen(12)], who="Lan", at=NOW, file="a.xlsx", digest="aa")
    wrong = store.add([seen(120)], who="Minh", at=NOW, file="b.xlsx", digest="bb")
    back = store.take_back(wrong.number, who="Lan", at=NOW, reason="sai đơn vị")
    assert values(store) == [12]
    assert (back.withdrawn, back.withdrawn_by, back.reason, back.count) == (NOW, "Lan", "sai đơn vị", 1)
    assert [k.standing for k in store.history()] == ["current", "withdrawn"]
    store.add([seen(13)], who="Minh", at=NOW, file="b.xlsx", digest="bb")  # the same file may come again
    assert values(store) == [13]


def test_actual_estimate_and_plan_stand_apart(store: Store) -> None:
    store.add([seen(12), seen(30, kind="estimate"), seen(25, kind="plan")], who="Lan", at=NOW)
    assert {k.observation.key.kind: k.observation.value for k in store.current()} == {
        "actual": 12,
        "estimate": 30,
        "plan": 25,
    }
    assert values(store, year=2025) == []


def test_every_problem_is_named_and_nothing_is_added(store: Store) -> None:
    bad = [
        seen(float("nan")),
        seen(1, item="T01"),
        seen(2, item="T01"),
        Observation(Key("target", "T02", "spending", "", 2026, "actual"), 1.0, "VND", OCTOBER, " "),
    ]
    with pytest.raises(CemfaError) as error:
        store.add(bad, who="Lan", at=NOW)
    assert codes(error) == ["observation-value", "observation-twice", "observation-measure", "observation-source"]
    assert store.history() == ()
    with pytest.raises(CemfaError) as error:
        store.add([], who="Lan", at=NOW)
    assert codes(error) == ["observations-none"]


def test_the_same_file_twice_is_refused(store: Store) -> None:
    store.add([seen(12)], who="Lan", at=NOW, file="a.xlsx", digest="aa")
    with pytest.raises(CemfaError, match="delivery 1 by Lan on 2026-11-05") as error:
        store.add([seen(12)], who="Minh", at=NOW, file="a.xlsx", digest="aa")
    assert codes(error) == ["delivery-again"]


@pytest.mark.parametrize(
    ("number", "reason", "code"),
    [(7, "x", "delivery-unknown"), (2, "x", "delivery-withdrawn"), (1, " ", "delivery-reason")],
)
def test_what_cannot_be_taken_back(store: Store, number: int, reason: str, code: str) -> None:
    store.add([seen(12)], who="Lan", at=NOW)
    store.take_back(store.add([seen(13)], who="Lan", at=NOW).number, who="Lan", at=NOW, reason="sai")
    with pytest.raises(CemfaError) as error:
        store.take_back(number, who="Lan", at=NOW, reason=reason)
    assert codes(error) == [code]
    assert values(store) == [12]


def test_the_file_itself_refuses_changes(store: Store) -> None:
    store.add([seen(12)], who="Lan", at=NOW)
    with sqlite3.connect(store.path) as database, pytest.raises(sqlite3.IntegrityError, match="only added to"):
        database.execute("UPDATE observation SET value = 1")
    database.close()
    with sqlite3.connect(store.path) as database, pytest.raises(sqlite3.IntegrityError, match="only added to"):
        database.execute("DELETE FROM delivery")
    database.close()
    assert values(Store(store.path)) == [12]


def test_other_files_are_refused_untouched(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("không phải kho số liệu " * 100, encoding="utf-8")
    with pytest.raises(OutputError) as error:
        Store(text)
    assert codes(error) == ["store-open"]
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE mine (a)")
    database.close()
    before = other.read_bytes()
    with pytest.raises(OutputError) as error:
        Store(other)
    assert codes(error) == ["store-foreign"]
    assert other.read_bytes() == before
    newer = Store(tmp_path / "newer.sqlite").path
    with sqlite3.connect(newer) as database:
        database.execute("PRAGMA user_version = 9")
    database.close()
    with pytest.raises(OutputError) as error:
        Store(newer)
    assert codes(error) == ["store-newer"]
    with pytest.raises(OutputError) as error:
        Store(tmp_path)
    assert codes(error) == ["store-open"]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 2), st.sampled_from([MARCH, OCTOBER]), st.integers(0, 99)),
        st.tuples(st.just("back"), st.integers(1, 8), st.just(MARCH), st.just(0)),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_any_course_of_imports_and_withdrawals(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple]) -> None:
    """What counts is what a plain list of the deliveries that stand gives, and history never loses a line."""
    store = Store(tmp_path_factory.mktemp("store") / "o.sqlite")
    told: list[tuple[int, str, datetime.date, float]] = []
    back: set[int] = set()
    for what, which, until, value in steps:
        if what == "add":
            told.append((len(told) + 1, f"T{which}", until, float(value)))
            store.add([seen(value, until, f"T{which}")], who="Lan", at=NOW)
        elif which <= len(told) and which not in back:
            back.add(which)
            store.take_back(which, who="Lan", at=NOW, reason="sai")
    best: dict[str, tuple[datetime.date, int, float]] = {}
    for number, item, until, value in told:
        if number not in back:
            best[item] = max(best.get(item, (datetime.date.min, 0, 0.0)), (until, number, value))
    assert {k.observation.key.item: k.observation.value for k in store.current()} == {i: b[2] for i, b in best.items()}
    assert [k.observation.value for k in store.history()] == [value for *_, value in told]
