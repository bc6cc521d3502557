"""`cemfa monitor`: what it prints and writes, in both languages, and what it refuses."""

import datetime
import json
import sqlite3
from pathlib import Path

import docx
import openpyxl
import pytest
from docx.text.paragraph import Paragraph

from cemfa.cli.entry import run
from cemfa.report.workbook import HEAD

NORTH = "yard_north_extension"
WORDS = ["first_steps_2030", "--option", "two_yards", "--date", "2026-11-26", "--replications", "3", "--workers", "1"]
Rows = dict[str, tuple[object, object, object, object, str]]
REPORTED: Rows = {
    f"{NORTH}:decision": (None, None, "1/3/2026", None, ""),
    f"{NORTH}:stage:approval": ("1/3/2026", None, "15/9/2026", None, "chờ ý kiến của sở"),
    f"{NORTH}:stage:construction": ("20/10/2026", None, None, "1/10/2027", ""),
    f"{NORTH}:spending:town_budget": (None, 500, "412,5", 480, ""),
    "yard_south_small:decision": (None, None, "1/6/2026", None, ""),
    "yard_south_small:stage:approval": ("1/6/2026", None, "1/10/2026", None, ""),
    "yard_south_small:stage:land": ("1/10/2026", None, None, None, ""),
}


def filled(source: Path, target: Path, values: Rows, source_of: str = "BC 12/BC-UBND") -> str:
    """Fill the rows of projects in, as their owners do, and return the file."""
    book = openpyxl.load_workbook(source)
    for sheet in book.worksheets:
        for row in range(8, sheet.max_row + 1):
            if (code := sheet.cell(row, 1).value) in values:
                for column, value in zip((7, 8, 9, 10, 12), values[code], strict=True):
                    sheet.cell(row, column).value = value
                sheet.cell(row, 11).value = source_of
    book.save(target)
    return str(target)


def sheets(place: Path, name: str = "bieu.xlsx", cut_off: str = "2026-11-20") -> Path:
    words = ["first_steps_2030", "--option", "two_yards", "--cut-off", cut_off, "--out", name, "--lang", "vi"]
    assert run(["observe", "sheets", *words]) == 0
    return place / name


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def observed(place: Path) -> Path:
    assert run(["observe", "add", "first_steps_2030", filled(sheets(place), place / "dien.xlsx", REPORTED)]) == 0
    return place


def said(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    return captured.err + captured.out


def test_it_says_what_is_late_and_what_that_does(observed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["monitor", *WORDS, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    north, south = found["projects"]
    assert (found["option"], found["date"], found["replications"]) == ("two_yards", "2026-11-26", 3)
    assert (north["id"], north["days_late"], north["flags"]) == (NORTH, 111, ["late", "not_funded"])
    assert (north["planned_ready"], north["reckoned_ready"]) == ("2027-06-01", "2027-09-20")
    assert north["stages"][2]["estimate"] == "2027-10-01"
    assert north["money"][0] | {"planned": 0} == {
        "funder": "town_budget", "year": 2026, "planned": 0, "allotted": 500e6, "spent": 412.5e6, "estimate": 480e6,
    }  # fmt: skip
    assert (south["flags"], south["missing"]) == ([], [{"what": "money", "part": "donor:2026", "due": None}])
    assert [target["target"] for target in found["targets"]] == ["S01", "S02"]
    assert set(north["alone"]) == {"S01", "S02"}
    assert south["alone"] == {}


def test_page_and_workbook_in_vietnamese(observed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["monitor", *WORDS, "--out", "tien_do", "--lang", "vi"]) == 0
    text = said(capsys)
    assert "Đến ngày 26/11/2026, 1 trong 2 dự án chậm so với kế hoạch." in text
    assert (
        "Mở rộng sân ủ khu Bắc: chậm 111 ngày, tính ra vận hành đầy đủ từ ngày 20/9/2027; "
        "nguyên nhân: chờ ý kiến của sở." in text
    )
    page = (observed / "tien_do" / "monitor.html").read_text(encoding="utf-8")
    assert page.count('class="page ') == 2
    for words in ("Tiến độ dự án", "Progress of projects", "Theo tình hình thực tế", "observations.sqlite"):
        assert words in page
    book = openpyxl.load_workbook(observed / "tien_do" / "monitor.xlsx")
    sheet = next(sheet for sheet in book if sheet.title.endswith(" - Giai đoạn dự án"))
    heads = [cell.value for cell in sheet[HEAD]]
    kinds = {"Kết thúc theo kế hoạch", "Kết thúc (báo cáo)", "Chủ đầu tư dự kiến", "Thời điểm kết thúc do cemfa tính"}
    assert kinds <= set(heads)  # planned, reported, expected and reckoned never share a column
    assert run(["monitor", *WORDS, "--out", "tien_do"]) == 4  # nothing is written over


def test_the_same_reports_give_the_same_page(observed: Path) -> None:
    pages = []
    for folder in ("a", "b"):
        assert run(["monitor", *WORDS, "--out", folder]) == 0
        pages.append((observed / folder / "monitor.html").read_bytes())
    assert pages[0] == pages[1]


def test_a_wrong_import_is_taken_back_and_owners_may_not_contradict(
    observed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = observed / "bieu.xlsx"
    later = REPORTED | {f"{NORTH}:stage:approval": ("1/3/2026", None, "15/10/2026", None, "")}
    assert run(["observe", "add", "first_steps_2030", filled(source, observed / "b.xlsx", later)]) == 0
    assert run(["observe", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    approval = [(r["value"], r["standing"]) for r in rows if (r["measure"], r["part"]) == ("finished", "approval")]
    assert approval[:1] + approval[2:3] == [("2026-09-15", "corrected"), ("2026-10-15", "current")]
    assert {r["year"] for r in rows if r["measure"] == "finished"} == {None}
    assert run(["observe", "undo", "2", "--reason", "nhầm tháng"]) == 0
    book = openpyxl.load_workbook(observed / "b.xlsx")
    for sheet in book.worksheets:
        sheet.cell(1, 2).value = "Sở Tài chính"
    book.save(observed / "c.xlsx")
    capsys.readouterr()
    assert run(["observe", "add", "first_steps_2030", "c.xlsx"]) == 2
    text = said(capsys)
    assert "observed-differs" in text
    assert "2026-09-15" in text
    assert "Sở Tài chính" in text


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["first_steps", "--date", "2026-11-26"], "monitor-scenario"),
        (["first_steps_2030", "--option", "as_now", "--date", "2026-11-26"], "project-none"),
        (["first_steps_2030", "--date", "2026-11-26"], "project-none"),
        (["first_steps_2030", "--option", "three_yards", "--date", "2026-11-26"], "option-unknown"),
        (["first_steps_2030", "--option", "two_yards", "--date", "hôm nay"], "usage-day"),
        (["first_steps_2030", "--option", "two_yards", "--observed", "nowhere"], "store-missing"),
    ],
)
@pytest.mark.parametrize("lang", ["en", "vi"])
def test_wrong_words_are_answered(
    observed: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: str, lang: str
) -> None:
    capsys.readouterr()
    assert run(["monitor", *words, "--lang", lang]) == 2
    assert f"[{code}]" in said(capsys)
    assert not (observed / "nowhere").exists()


def test_a_store_of_a_newer_format_is_refused(observed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(observed / "observed" / "observations.sqlite") as database:
        database.execute("PRAGMA user_version = 9")
    database.close()
    assert run(["monitor", *WORDS]) == 4
    assert "[store-newer]" in said(capsys)


def test_without_a_day_it_is_today(
    observed: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime.datetime(2026, 12, 24, 9, tzinfo=datetime.UTC)
    monkeypatch.setattr("cemfa.cli.clock.now", lambda: moment)
    words = [word for word in WORDS if word not in ("--date", "2026-11-26")]
    capsys.readouterr()
    assert run(["monitor", *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["date"] == "2026-12-24"


GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "year_with_projects" / "vi.txt"


def document_text(file: Path) -> str:
    """Return paragraphs and rows of tables of the body of a Word document in their order, a line each."""
    document = docx.Document(str(file))
    lines = []
    for part in document.iter_inner_content():
        if isinstance(part, Paragraph):
            lines.append(part.text)
        else:
            lines += [" | ".join(cell.text.replace("\n", " ") for cell in row.cells) for row in part.rows]
    told = [line for line in lines if line.strip()]
    first = next(place for place, line in enumerate(told) if line.endswith("Tóm tắt"))
    last = max(place for place, line in enumerate(told) if line.startswith("Nguồn: "))
    return "\n".join(told[first : last + 1]) + "\n"  # head and foot are the template's


def test_a_year_with_projects_from_sheets_to_report(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sheets out, one filled in wrongly, corrected, a wrong import taken back; the report is golden in Vietnamese."""
    source, money = sheets(place), f"{NORTH}:spending:town_budget"
    wrong = REPORTED | {
        f"{NORTH}:stage:approval": ("1/3/2026", None, "15/12/2026", None, ""),
        money: (None, 500, "4 tỷ", -480, ""),
    }
    assert run(["observe", "add", "first_steps_2030", filled(source, place / "sai.xlsx", wrong), "--lang", "vi"]) == 2
    text = said(capsys)
    for words in ("!I9", "2026-12-15", "sau ngày cuối của số liệu", "'4 tỷ'", "số âm"):
        assert words in text
    hasty = REPORTED | {money: (None, 500, 4125, 480, "")}
    assert run(["observe", "add", "first_steps_2030", filled(source, place / "lan1.xlsx", hasty), "--who", "Lan"]) == 0
    assert run(["observe", "undo", "1", "--who", "Minh", "--reason", "nhầm đơn vị"]) == 0
    book = openpyxl.load_workbook(filled(source, place / "lan2.xlsx", REPORTED))
    for row in range(8, book.worksheets[0].max_row + 1):
        if book.worksheets[0].cell(row, 1).value == "S02":
            for column, value in enumerate((12, "10,5", 11, "BC 20/BC-UBND", "xe thu gom về chậm"), 6):
                book.worksheets[0].cell(row, column).value = value
    book.save(place / "lan2.xlsx")
    assert run(["observe", "add", "first_steps_2030", "lan2.xlsx", "--who", "Lan"]) == 0
    words = ["--annual", "2026", "--cut-off", "2026-11-20", "--date", "2026-12-01", "--out", "bc", "--lang", "vi"]
    assert run(["report", "first_steps_2030", *words]) == 0
    assert document_text(place / "bc" / "yearly.docx") == GOLDEN.read_text(encoding="utf-8")
    book = openpyxl.load_workbook(place / "bc" / "yearly.xlsx")
    names = {title.partition(" - ")[2] for title in book.sheetnames}
    assert {"Chỉ tiêu", "Tiến độ dự án", "Giai đoạn dự án", "Vốn dự án", "Dự án thiếu số liệu"} <= names
    capsys.readouterr()
    assert run(["report", "first_steps", *words[:-4], "--out", "mo_hinh", "--lang", "vi"]) == 0
    assert "chưa đưa vào số liệu về dự án" in said(capsys)
