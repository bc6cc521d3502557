"""Sheets of projects go out with what was planned, come back, and every mistake is named with its sheet and cell."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cemfa.definition.load import read_scenario_and_model
from cemfa.definition.schema import Model, Scenario
from cemfa.errors import DefinitionError
from cemfa.monitoring.progress import progress_of
from cemfa.monitoring.project_sheets import ProjectSheets
from cemfa.monitoring.sheets import Filled, read_filled, sheets_to_fill
from cemfa.monitoring.yearly import yearly_rows
from cemfa.observations.schema import Kept, as_date
from cemfa.system.compile import System, compile_system

DAY = datetime.date.fromisoformat
CUT_OFF = DAY("2026-11-20")
BEGUN, ALLOTTED, ACTUAL, EXPECTED, SOURCE, REASON = 7, 8, 9, 10, 11, 12

Change = Callable[[Any], None]


@pytest.fixture(scope="module")
def town() -> tuple[Scenario, Model, System]:
    scenario, model = read_scenario_and_model("first_steps_2030")
    return scenario, model, compile_system(model)


def handed_out(
    town: tuple[Scenario, Model, System], folder: Path, *kept: Kept, lang: str = "vi", cut_off: datetime.date = CUT_OFF
) -> Path:
    scenario, model, system = town
    found = progress_of(system, scenario, model, "two_yards", kept, cut_off, simulated=False)
    sheets = ProjectSheets(scenario, model, "two_yards", found.rows, found.reported, found.spending)
    rows = yearly_rows(model, kept, year=cut_off.year, cut_off=cut_off, today=cut_off)
    path = folder / f"bieu-{cut_off.year}.xlsx"
    path.write_bytes(sheets_to_fill(model, rows, year=cut_off.year, cut_off=cut_off, lang=lang, projects=sheets))
    return path


def row_of(book: Any, code: str) -> tuple[Any, int]:
    return next(
        (sheet, row)
        for sheet in book.worksheets
        for row in range(8, sheet.max_row + 1)
        if sheet.cell(row, 1).value == code
    )


def changed(path: Path, *changes: Change) -> Path:
    book = openpyxl.load_workbook(path)
    for change in changes:
        change(book)
    book.save(path)
    return path


def fill(code: str, source: object = "BC 12", **values: object) -> Change:
    """Fill in cells of a row by the names of their columns, with a source."""

    def change(book: Any) -> None:
        sheet, row = row_of(book, code)
        for name, value in values.items():
            sheet.cell(row, globals()[name.upper()]).value = value
        sheet.cell(row, SOURCE).value = source

    return change


def told(filled: Filled) -> dict[tuple[str, str, int, str], object]:
    return {
        (o.key.measure, o.key.part, o.key.year, o.key.kind): as_date(o.value) if o.unit == "yyyymmdd" else o.value
        for o in filled.observations
    }


def test_every_owner_has_a_sheet_with_what_was_planned(town: tuple[Scenario, Model, System], tmp_path: Path) -> None:
    book = openpyxl.load_workbook(handed_out(town, tmp_path))
    assert [s.cell(1, 2).value for s in book.worksheets if s.cell(1, 1).value == "cemfa-projects-1"] == [
        "Ủy ban nhân dân thị trấn", "Hợp tác xã môi trường",
    ]  # fmt: skip
    sheet, row = row_of(book, "yard_north_extension:stage:construction")
    assert sheet.cell(3, 1).value == "Cơ quan điền: Ủy ban nhân dân thị trấn"
    assert [sheet.cell(row, column).value for column in (3, 4, 5, 6)] == [
        "Xây dựng", "ngày", datetime.datetime(2026, 7, 1), datetime.datetime(2027, 3, 1),  # noqa: DTZ001 - of a cell
    ]  # fmt: skip
    sheet, row = row_of(book, "yard_north_extension:spending:town_budget")
    assert sheet.cell(row, 4).value == "triệu đồng"
    assert sheet.cell(row, 6).value > 0
    grey, yellow = (sheet.cell(row, column).fill.fgColor.rgb for column in (BEGUN, ALLOTTED))
    assert (grey, yellow) == ("00D9D9D9", "00FFF6D5")


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_what_is_filled_in_comes_back(town: tuple[Scenario, Model, System], tmp_path: Path, lang: str) -> None:
    name = "yard_north_extension"
    path = changed(
        handed_out(town, tmp_path, lang=lang),
        fill(f"{name}:decision", actual=DAY("2026-03-01")),
        fill(f"{name}:stage:approval", begun="1/3/2026", actual="2026-09-15", reason="chờ ý kiến"),
        fill(f"{name}:stage:construction", begun="20/10/2026", expected="01/10/2027"),
        fill(f"{name}:spending:town_budget", allotted=500, actual="412,5", expected="1.480,25"),
        fill(f"{name}:capacity", actual="3,5"),
        fill(f"{name}:intake", actual=12),
    )
    filled = read_filled(path, town[1], town[0])
    assert told(filled) == {
        ("finished", "decision", 0, "actual"): DAY("2026-03-01"),
        ("started", "approval", 0, "actual"): DAY("2026-03-01"),
        ("finished", "approval", 0, "actual"): DAY("2026-09-15"),
        ("started", "construction", 0, "actual"): DAY("2026-10-20"),
        ("finished", "construction", 0, "estimate"): DAY("2027-10-01"),
        ("spending", "town_budget", 2026, "plan"): 500e6,
        ("spending", "town_budget", 2026, "actual"): 412.5e6,
        ("spending", "town_budget", 2026, "estimate"): 1480.25e6,
        ("capacity", "", 0, "actual"): 3.5,
        ("intake", "", 2026, "actual"): 12,
    }
    assert {o.department for o in filled.observations} == {"Ủy ban nhân dân thị trấn"}
    assert {o.note for o in filled.observations} == {"", "chờ ý kiến"}

    kept = [Kept(o, 1, "current") for o in filled.observations]
    (tmp_path / "again").mkdir()
    again = handed_out(town, tmp_path / "again", *kept, lang=lang)
    assert told(read_filled(again, town[1], town[0])) == told(filled)  # it stands in the next sheets, and is no change


def test_a_running_plant_reports_by_month(town: tuple[Scenario, Model, System], tmp_path: Path) -> None:
    path = handed_out(town, tmp_path, cut_off=DAY("2027-10-31"))
    book = openpyxl.load_workbook(path)
    codes = [sheet.cell(row, 1).value for sheet in book.worksheets for row in range(8, sheet.max_row + 1)]
    months = [code.rpartition(":")[2] for code in codes if str(code).startswith("yard_north_extension:intake:")]
    assert months == ["03", "04", "05", "06", "07", "08", "09", "10"]  # the trial run begins in March
    sheet, row = row_of(book, "yard_north_extension:intake:07")
    assert sheet.cell(row, 6).value == pytest.approx(4 * 31)
    changed(path, fill("yard_north_extension:intake:07", actual=60))
    assert told(read_filled(path, town[1], town[0])) == {("intake", "07", 2027, "actual"): 60}
    changed(path, fill("yard_north_extension:intake", actual="59,5"))
    with pytest.raises(DefinitionError, match=r"project-months") as error:
        read_filled(path, town[1], town[0])
    assert error.value.problems[0].place.cell.startswith("I")


NORTH = "yard_north_extension"
APPROVAL, MONEY = f"{NORTH}:stage:approval", f"{NORTH}:spending:town_budget"


def put(code: str, column: int, value: object) -> Change:
    def change(book: Any) -> None:
        sheet, row = row_of(book, code)
        sheet.cell(row, column).value = value

    return change


BROKEN: dict[str, tuple[list[Change], str]] = {
    "project-unknown": ([fill(APPROVAL, begun="1/3/2026"), put(APPROVAL, 1, "yard_west:stage:approval")], "A"),
    "project-row": ([fill(APPROVAL, begun="1/3/2026"), put(APPROVAL, 1, f"{NORTH}:stage:opening")], "A"),
    "project-date-order": ([fill(APPROVAL, begun="1/8/2026", actual="1/7/2026")], "I"),
    "project-date-after": ([fill(APPROVAL, begun="1/12/2026")], "G"),
    "project-negative": ([fill(MONEY, actual="-5")], "I"),
    "project-closed": ([fill(MONEY, begun="1/3/2026")], "G"),
    "yearly-unit": ([fill(MONEY, actual=5), put(MONEY, 4, "đồng")], "D"),
    "yearly-source": ([fill(MONEY, source=None, actual=5)], "K"),
    "cell-date": ([fill(APPROVAL, begun="tháng 3")], "G"),
    "number-format": ([fill(MONEY, actual="khoảng 5 tỷ")], "I"),
    "cell-formula": ([fill(APPROVAL, begun="=TODAY()")], "G"),
}


@pytest.mark.parametrize("code", BROKEN)
def test_a_mistake_is_named_with_its_cell(town: tuple[Scenario, Model, System], tmp_path: Path, code: str) -> None:
    changes, column = BROKEN[code]
    with pytest.raises(DefinitionError) as error:
        read_filled(changed(handed_out(town, tmp_path), *changes), town[1], town[0])
    found = {problem.code: problem.place for problem in error.value.problems}
    assert list(found) == [code]
    assert found[code].cell.startswith(column)
    assert found[code].sheet.startswith("2. Dự án Ủy ban")


@pytest.mark.parametrize(
    ("construction", "stage"),
    [({"begun": "1/6/2026", "actual": "1/7/2026"}, "construction"), ({"begun": "1/2/2026"}, None)],
)
def test_a_stage_ends_after_the_one_before(
    town: tuple[Scenario, Model, System], tmp_path: Path, construction: dict[str, object], stage: str | None
) -> None:
    """A later stage may begin before an earlier one ends, not end before it."""
    changes = [
        fill(f"{NORTH}:decision", actual="1/1/2026"), fill(APPROVAL, begun="1/3/2026", actual="15/9/2026"),
        fill(f"{NORTH}:stage:construction", **construction),
    ]  # fmt: skip
    path = changed(handed_out(town, tmp_path), *changes)
    if stage is None:
        assert len(read_filled(path, town[1], town[0]).observations) == 4
        return
    with pytest.raises(DefinitionError, match="project-date-order") as error:
        read_filled(path, town[1], town[0])
    assert [p.parameters["stage"] for p in error.value.problems] == [stage]


def test_two_owners_that_contradict_each_other_are_refused(
    town: tuple[Scenario, Model, System], tmp_path: Path
) -> None:
    def copied(book: Any) -> None:
        fill(MONEY, actual=5)(book)
        row_of(book, MONEY)[0].title = "UBND"
        copy = book.copy_worksheet(row_of(book, MONEY)[0])
        copy.cell(1, 2).value = "Sở Tài chính"
        copy.cell(row_of(book, MONEY)[1], ACTUAL).value = 6

    with pytest.raises(DefinitionError) as error:
        read_filled(changed(handed_out(town, tmp_path), copied), town[1], town[0])
    assert [(p.code, p.parameters["values"]) for p in error.value.problems] == [("yearly-differs", [5e6, 6e6])]


def test_a_model_alone_has_no_projects(town: tuple[Scenario, Model, System], tmp_path: Path) -> None:
    path = changed(handed_out(town, tmp_path), fill(MONEY, actual=5))
    with pytest.raises(DefinitionError, match="project-scenario"):
        read_filled(path, town[1])
