"""A whole year played through: sheets out, filled in (some wrongly), imported, corrected, taken back, reported on."""

import io
import json
from pathlib import Path

import docx
import openpyxl
import pytest

from cemfa.cli.entry import run
from cemfa.report.workbook import HEAD


def filled(source: Path, target: Path, values: dict[str, tuple[object, object, object, str]]) -> str:
    """Fill plan, actual, estimate and a reason into the sheets, as the departments do, and return the file."""
    book = openpyxl.load_workbook(source)
    for sheet in book.worksheets:
        for row in range(8, sheet.max_row + 1):
            if (item := sheet.cell(row, 1).value) in values:
                *numbers, reason = values[item]
                for column, value in enumerate(numbers, 6):
                    sheet.cell(row, column).value = value
                sheet.cell(row, 9).value, sheet.cell(row, 10).value = "Báo cáo số 12/BC-SNNMT", reason
    book.save(target)
    return str(target)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    return captured.err + captured.out


def test_a_year_from_sheets_to_report(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["observe", "sheets", "ben_tre", "--cut-off", "2026-10-31", "--out", "bieu.xlsx", "--lang", "vi"]) == 0
    wrong = {"T18": (40, "khoảng 31", 36, "chưa có bãi tập kết")}
    assert run(["observe", "add", "ben_tre", filled(place / "bieu.xlsx", place / "sai.xlsx", wrong)]) == 2
    assert "!G" in said(capsys)
    first = {"T18": (40, "310,5", 36, "chưa có bãi tập kết"), "T17": (None, 61.2, None, "")}
    assert (
        run(["observe", "add", "ben_tre", filled(place / "bieu.xlsx", place / "lan1.xlsx", first), "--who", "Lan"]) == 0
    )
    assert run(["observe", "add", "ben_tre", "lan1.xlsx"]) == 0
    assert "nothing that was not reported" in said(capsys)
    assert run(["observe", "undo", "1", "--who", "Minh"]) == 2  # without a reason
    assert run(["observe", "undo", "1", "--who", "Minh", "--reason", "sai dấu phẩy"]) == 0
    second = first | {"T18": (40, "31,5", 36, "chưa có bãi tập kết")}
    assert (
        run(["observe", "add", "ben_tre", filled(place / "bieu.xlsx", place / "lan2.xlsx", second), "--who", "Lan"])
        == 0
    )
    capsys.readouterr()
    assert run(["observe", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(r["item"], r["kind"], r["value"], r["standing"]) for r in rows if r["kind"] == "actual"] == [
        ("T17", "actual", 61.2, "withdrawn"),
        ("T18", "actual", 310.5, "withdrawn"),
        ("T17", "actual", 61.2, "current"),
        ("T18", "actual", 31.5, "current"),
    ]
    assert {r["who"] for r in rows} == {"Lan"}
    assert run(["report", "ben_tre", "--annual", "2026", "--cut-off", "31/10/2026", "--out", "bc", "--lang", "vi"]) == 0
    text = [p.text for p in docx.Document(io.BytesIO((place / "bc" / "yearly.docx").read_bytes())).paragraphs if p.text]
    assert "Rác hữu cơ ở nông thôn được tái chế: chưa có bãi tập kết" in text
    assert "Trong 13 chỉ tiêu, 2 chỉ tiêu đã có số liệu đến ngày 31/10/2026; 11 chỉ tiêu chưa có." in text
    sheet = openpyxl.load_workbook(place / "bc" / "yearly.xlsx").worksheets[1]
    heads = {cell.value: cell.column for cell in sheet[HEAD]}
    row = next(r for r in sheet.iter_rows(min_row=2) if r[0].value == "T18")
    assert row[heads["Thực hiện đến 31/10/2026"] - 1].value == 31.5
    assert row[heads["Kế hoạch năm 2026"] - 1].value == 40


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["observe", "list", "--observed", "nowhere"], "store-missing"),
        (["observe", "undo", "one"], "observe-names"),
        (["observe", "sheets", "ben_tre", "--cut-off", "cuối tháng"], "usage-day"),
        (["observe", "sheets", "ben_tre", "first_steps", "--cut-off", "2026-10-31"], "observe-names"),
        (["observe", "add", "ben_tre"], "observe-names"),
        (["report", "somewhere", "--cut-off", "2026-10-31"], "report-only-annual"),
    ],
)
def test_wrong_words_are_answered(place: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: str) -> None:
    assert run(words) == 2
    assert code in said(capsys)
    assert list(place.iterdir()) == []


def test_a_scenario_sets_what_the_model_reckons_beside(place: Path) -> None:
    assert run(["observe", "sheets", "first_steps", "--cut-off", "2030-12-31", "--out", "bieu.xlsx"]) == 0
    name = filled(place / "bieu.xlsx", place / "b.xlsx", {"S01": (None, 30, None, "")})
    assert run(["observe", "add", "first_steps", name]) == 0
    assert run(["report", "first_steps_2030", "--annual", "2030", "--cut-off", "2030-12-31", "--out", "bc"]) == 0
    sheet = openpyxl.load_workbook(place / "bc" / "yearly.xlsx").worksheets[1]
    heads = {cell.value: cell.column for cell in sheet[HEAD]}
    row = next(r for r in sheet.iter_rows(min_row=2) if r[0].value == "S01")
    assert row[heads["Actual to 2030-12-31"] - 1].value == 30
    assert 0 <= row[heads["Reckoned by the model 2030"] - 1].value <= 100
    assert row[heads["Actual over plan (%)"] - 1].value == pytest.approx(30 / 40)
    assert "off track" in row[heads["State"] - 1].value
