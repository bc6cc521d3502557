"""The yearly report keeps plan, actual, estimate and simulation apart, and says what is missing, late or off track."""

import datetime

import pytest

from cemfa.definition.load import read_model
from cemfa.definition.schema import Model, Target
from cemfa.monitoring.yearly import YearlyRow, missing_of, yearly_rows
from cemfa.observations.schema import Kept, Key, Kind, Observation

OCTOBER = datetime.date(2026, 10, 31)
NOVEMBER, DECEMBER = datetime.date(2026, 11, 20), datetime.date(2026, 12, 1)


@pytest.fixture(scope="module")
def model() -> Model:
    ben_tre = read_model("ben_tre")
    target = Target(
        id="A1",
        label={"vi": "Tỷ lệ chất thải rắn được thu gom", "en": "Waste collected"},  # type: ignore[arg-type] - as written
        issuer="UBND tỉnh",
        document="Kế hoạch",
        clause="II.2b",
        status="in_force",
        area="tỉnh",
        year=2030,
        value=70,
        unit="%",
        sense=">=",
        department="natural_resources",
    )
    most = target.model_copy(update={"id": "A2", "sense": "<=", "value": 20.0, "department": "industry_trade"})
    national = target.model_copy(update={"id": "A0", "department": None})
    words = target.model_copy(update={"id": "A3", "sense": "up", "value": None})
    closed = target.model_copy(update={"id": "A4", "year": 2025, "status": "closed"})
    return ben_tre.model_copy(update={"targets": (target, most, words, closed, national)})


def told(
    item: str, kind: Kind, value: float, *, year: int = 2026, until: datetime.date = OCTOBER, note: str = ""
) -> Kept:
    return Kept(
        Observation(Key("target", item, "value", "", year, kind), value, "%", until, "BC 12", note=note), 1, "current"
    )


def rows(
    model: Model, *kept: Kept, cut_off: datetime.date = OCTOBER, today: datetime.date = NOVEMBER, **more: object
) -> dict[str, YearlyRow]:
    found = yearly_rows(model, kept, year=2026, cut_off=cut_off, today=today, **more)  # type: ignore[arg-type] - by name
    return {row.target.id: row for row in found}


def test_nothing_reported_is_missing_and_later_overdue(model: Model) -> None:
    assert rows(model)["A1"].flags == ("no_plan", "missing")
    assert rows(model, today=DECEMBER)["A1"].flags == ("no_plan", "missing", "overdue")
    assert rows(model)["A3"].flags == ("missing",)
    assert [d.id for d in rows(model)["A1"].departments] == ["agriculture_environment"]
    assert missing_of(tuple(rows(model).values())) == {
        "agriculture_environment": ("A1", "A3"),
        "industry_trade": ("A2",),
    }
    assert "A0" not in rows(model)  # nobody reports on it


def test_each_number_has_its_own_field(model: Model) -> None:
    kept = [
        told("A1", "plan", 40),
        told("A1", "actual", 30),
        told("A1", "estimate", 41),
        told("A1", "actual", 25, year=2025),
    ]
    row = rows(model, *kept, simulated={"A1": 37.5})["A1"]
    assert (row.plan, row.simulated, row.achieved, row.flags) == (40, 37.5, 0.75, ())
    assert [seen and seen.value for seen in (row.actual, row.estimate, row.last_year)] == [30, 41, 25]


def test_what_is_later_than_the_cut_off_is_not_told(model: Model) -> None:
    row = rows(model, told("A1", "actual", 30, until=NOVEMBER))["A1"]
    assert row.actual is None


def test_off_track_by_the_estimate_with_and_without_a_reason(model: Model) -> None:
    plan, actual = told("A1", "plan", 40), told("A1", "actual", 30)
    row = rows(model, plan, actual, told("A1", "estimate", 35))["A1"]
    assert row.flags == ("off_track", "no_reason")
    row = rows(model, plan, actual, told("A1", "estimate", 35, note="chưa có bãi tập kết"))["A1"]
    assert (row.flags, row.reason) == (("off_track",), "chưa có bãi tập kết")
    assert rows(model, plan, actual)["A1"].flags == ()  # the year is not over: half of it is no verdict


def test_when_the_year_is_over_the_actual_value_decides(model: Model) -> None:
    end = datetime.date(2026, 12, 31)
    kept = [told("A1", "plan", 40), told("A1", "actual", 38, until=end), told("A1", "estimate", 41)]
    assert rows(model, *kept, cut_off=end)["A1"].flags == ("off_track", "no_reason")


def test_a_ceiling_is_kept_from_below(model: Model) -> None:
    kept = [told("A2", "plan", 20), told("A2", "actual", 10), told("A2", "estimate", 19)]
    assert rows(model, *kept)["A2"].flags == ()
    kept[-1] = told("A2", "estimate", 21, note="bãi quá tải")
    assert rows(model, *kept)["A2"].flags == ("off_track",)


def test_a_closed_target_is_left_out_unless_somebody_reports(model: Model) -> None:
    assert "A4" not in rows(model)
    assert rows(model, told("A4", "actual", 66))["A4"].actual is not None
