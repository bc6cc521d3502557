"""A workbook says what the files say: out and in again, whatever a spreadsheet does to it in between."""

from __future__ import annotations

import datetime
import io
import shutil
import subprocess
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.cell import MergedCell
from tests.workbooks import FIRST, NAMES, cell_of, changed, exported, opened, same, sheet_of

from cemfa import library, locale
from cemfa.cli.entry import run
from cemfa.definition.load import load_scenario, read_model, read_scenario_and_model
from cemfa.definition.workbook import archive
from cemfa.definition.workbook.cells import decoded, encoded
from cemfa.definition.workbook.layout import all_tables
from cemfa.definition.workbook.names import column_words, sheet_title, word_of, word_text
from cemfa.definition.workbook.write import workbook_of
from cemfa.definition.written import files_of

SMALL = "first_steps_2030"
OFFICE = shutil.which("soffice")


def codes(path: Path) -> list[str]:
    loaded = load_scenario(path)
    return [problem.code for problem in (*loaded.problems, *loaded.model.problems)]


# out and in


@pytest.mark.parametrize("name", sorted(library.scenarios()))
def test_what_is_exported_reads_as_the_same_scenario_and_model(name: str, tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    file.write_bytes(exported(name, "vi"))
    assert same(load_scenario(name), load_scenario(file))
    assert codes(file) == codes(name)


def test_the_language_changes_headings_only(tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    file.write_bytes(exported(SMALL, "en"))
    assert same(load_scenario(SMALL), load_scenario(file))
    assert opened(SMALL, "en").sheetnames[:2] == ["Guide", "Scenario"]
    assert opened(SMALL, "vi").sheetnames[:2] == ["Hướng dẫn", "Kịch bản"]


@pytest.mark.parametrize("model", sorted(library.models()))
def test_every_model_that_ships_survives_workbook_and_text(model: str, tmp_path: Path) -> None:
    scenario, _ = read_scenario_and_model(SMALL)
    scenario = scenario.model_copy(update={"model": model, "inputs": {}})
    written = read_model(model).model_copy(update={"inputs": {}})
    file = tmp_path / "x.xlsx"
    file.write_bytes(workbook_of(scenario, written, "en"))
    found = load_scenario(file).model.model
    assert found is not None
    assert found.model_copy(update={"inputs": {}}) == written
    for name, text in files_of(scenario, written).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_model(tmp_path / model).model_copy(update={"inputs": {}}) == written


def test_the_same_content_gives_the_same_bytes() -> None:
    scenario, model = read_scenario_and_model(SMALL)
    assert workbook_of(scenario, model, "vi") == workbook_of(scenario, model, "vi")


# what the sheets look like


def test_headings_carry_units_comments_marks_and_drop_downs() -> None:
    sheet = sheet_of(opened(SMALL), "options.projects")
    head = cell_of(sheet, "capacity", NAMES - 1)
    assert head.value == "Công suất thiết kế [t/d]"
    assert "Bắt buộc" in head.comment.text
    assert cell_of(sheet, "capacity").fill.fgColor.rgb.endswith("FFF8DC")
    assert cell_of(sheet, "decision").number_format == "dd/mm/yyyy"
    rules = {str(rule.sqref).split(":")[0]: rule for rule in sheet.data_validations.dataValidation}
    form = rules[cell_of(sheet, "form").coordinate]
    assert form.formula1 == '"công lập,đối tác công tư (PPP),doanh nghiệp,hợp tác xã"'
    assert form.errorStyle == "stop"
    parent = rules[f"A{FIRST}"]
    assert parent.formula1.startswith("'Phương án'!$A$6")
    process = rules[cell_of(sheet, "process").coordinate]
    assert process.formula1.startswith("'Danh mục'!$")


def test_drop_downs_of_places_name_the_items_of_their_dimension() -> None:
    book = opened("organics_2030")
    sheet, lists = sheet_of(book, "options.projects"), book["Danh mục"]
    rules = {str(rule.sqref).split(":")[0]: rule for rule in sheet.data_validations.dataValidation}
    column = rules[cell_of(sheet, "place.district").coordinate].formula1.split("!$")[1].split("$")[0]
    words = [cell.value for cell in lists[column]]
    assert words[0] == "district"
    assert {"ba_tri", "thanh_phu"} <= set(words)


def test_the_first_sheet_explains_and_lists_all_others() -> None:
    book = opened(SMALL)
    words = [str(cell.value) for row in book["Hướng dẫn"].iter_rows() for cell in row if cell.value is not None]
    assert any("cemfa compare" in word for word in words)
    assert {sheet_title(table.key, "vi") for table in all_tables()} <= set(words)
    assert len(set(book.sheetnames)) == len(all_tables()) + 2


@pytest.mark.parametrize("table", all_tables(), ids=lambda table: table.key)
def test_every_sheet_and_column_has_words_in_vietnamese(table: Any) -> None:
    known = locale.texts("workbook", "vi")
    assert f"sheet-{table.key}" in known
    assert f"about-{table.key}" in known
    missing = [
        f"field-{column.owner}-{column.name} or field-{column.name}"
        for column in table.columns
        if not {f"field-{column.owner}-{column.name}", f"field-{column.name}"} & {*known}
    ]
    assert not missing
    assert all(column_words(column, "vi")[0] for column in table.columns)


def test_every_text_of_the_workbook_is_used() -> None:
    used = {f"{kind}-{table.key}" for table in all_tables() for kind in ("sheet", "about")}
    for table in all_tables():
        for column in table.columns:
            used |= {f"field-{column.name}", f"field-{column.owner}-{column.name}"}
            used |= {f"group-{part}" for part in column.path}
    named = {key for key in locale.texts("workbook", "en") if key.startswith(("field-", "group-", "sheet-", "about-"))}
    assert not named - used - {"sheet-guide", "sheet-lists"}


# what spreadsheets and people do to it


def numbers_as_text(book: openpyxl.Workbook) -> None:
    """Turn every number into text with a decimal comma, as a paste from a Vietnamese web page does."""
    for sheet in book:
        for row in sheet.iter_rows(min_row=FIRST):
            for cell in row:
                if isinstance(cell.value, float):
                    cell.value = repr(cell.value).replace(".", ",")
                elif isinstance(cell.value, int):
                    cell.value = str(cell.value)


def text_decomposed(book: openpyxl.Workbook) -> None:
    for sheet in book:
        sheet.title = unicodedata.normalize("NFD", sheet.title)
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str):
                    cell.value = unicodedata.normalize("NFD", cell.value)


def dates_otherwise(book: openpyxl.Workbook) -> None:
    """Give every date in another way: as a time of day, as text, as a bare count of days."""
    forms = (
        lambda day: day.replace(hour=0),
        lambda day: f"{day.day}/{day.month}/{day.year}",
        lambda day: day.date().isoformat(),
        lambda day: (day.date() - datetime.date(1899, 12, 30)).days,
    )
    number = 0
    for sheet in book:
        for row in sheet.iter_rows(min_row=FIRST):
            for cell in row:
                if isinstance(cell.value, datetime.datetime):
                    cell.value, cell.number_format = forms[number % 4](cell.value), "General"
                    number += 1
    assert number >= 3


def order_reversed(book: openpyxl.Workbook) -> None:
    book._sheets.reverse()


def validations_comments_and_styles_lost(book: openpyxl.Workbook) -> None:
    for sheet in book:
        sheet.data_validations.dataValidation = []
        for row in sheet.iter_rows():
            for cell in row:
                if not isinstance(cell, MergedCell):
                    cell.comment, cell.style = None, "Normal"


def much_blank_around(book: openpyxl.Workbook) -> None:
    for sheet in book:
        for row in range(sheet.max_row + 1, sheet.max_row + 30):
            sheet.cell(row, 2).number_format = "@"
        sheet.cell(3000, 60).value = " "
        sheet.cell(1_048_576, 16_384).number_format = "0.00"


def columns_moved(book: openpyxl.Workbook) -> None:
    sheet = sheet_of(book, "options.projects")
    for ranged in list(sheet.merged_cells.ranges):
        sheet.unmerge_cells(str(ranged))
    for row in range(1, sheet.max_row + 1):
        first, last = sheet.cell(row, 4), sheet.cell(row, 9)
        first.value, last.value = last.value, first.value


def sheets_renamed(book: openpyxl.Workbook) -> None:
    sheet_of(book, "options.projects").title = "DA 2026 (sửa lần 2)"
    sheet_of(book, "parameters").title = "So lieu"


def titles_lost(book: openpyxl.Workbook) -> None:
    """Delete the first two rows, marks of the tables included; the names of the sheets still say what they are."""
    for sheet in book.worksheets[1:]:
        for row in (1, 2):
            for cell in sheet[row]:
                cell.value = None


def keys_merged(book: openpyxl.Workbook) -> None:
    """Merge equal keys below each other into one cell, as people do to make a table easier to read."""
    for key in ("options.projects", "options.projects.funding", "simulation.stages"):
        sheet = sheet_of(book, key)
        start = FIRST
        while sheet.cell(start, 1).value is not None:
            end = start
            while sheet.cell(end + 1, 1).value == sheet.cell(start, 1).value:
                end += 1
            if end > start:
                sheet.merge_cells(None, start, 1, end, 1)
            start = end + 1


def numbers_computed(book: openpyxl.Workbook) -> None:
    """Put numbers where whole numbers stood: Google writes 2026 as 2026.0."""
    for sheet in book:
        for row in sheet.iter_rows(min_row=FIRST):
            for cell in row:
                if isinstance(cell.value, int) and not isinstance(cell.value, bool):
                    cell.value = float(cell.value)


@pytest.mark.parametrize(
    "change",
    [
        numbers_as_text,
        text_decomposed,
        dates_otherwise,
        order_reversed,
        validations_comments_and_styles_lost,
        much_blank_around,
        columns_moved,
        sheets_renamed,
        titles_lost,
        keys_merged,
        numbers_computed,
    ],
    ids=lambda change: change.__name__,
)
def test_nothing_is_lost(change: Any, tmp_path: Path) -> None:
    file = changed(SMALL, tmp_path / "x.xlsx", change)
    assert codes(file) == []
    assert same(load_scenario(SMALL), load_scenario(file))


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice (soffice) is not installed; `.ci/run` installs it")
@pytest.mark.parametrize(("name", "kind"), [(SMALL, "xlsx"), ("organics_2030", "xlsx"), (SMALL, "ods")])
def test_libreoffice_opens_and_saves_it_without_loss(name: str, kind: str, tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    file.write_bytes(exported(name, "vi"))
    through_office(file, tmp_path / "first", kind)
    if kind == "ods":  # into the format of LibreOffice itself and back
        through_office(tmp_path / "first" / "x.ods", tmp_path / "second", "xlsx")
    back = tmp_path / ("second" if kind == "ods" else "first") / "x.xlsx"
    assert codes(back) == codes(name)
    assert same(load_scenario(name), load_scenario(back))


def through_office(file: Path, folder: Path, kind: str) -> None:
    assert OFFICE is not None
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = [OFFICE, profile, "--headless", "--convert-to", kind, "--outdir", str(folder), str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)


def test_a_label_that_looks_like_a_formula_stays_a_label(tmp_path: Path) -> None:
    scenario, model = read_scenario_and_model(SMALL)
    traps = ("=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", '=HYPERLINK("x")', " ", '\\"a"', "[]", "")
    for trap in traps:
        label = scenario.label.model_copy(update={"vi": trap})
        given = scenario.model_copy(update={"label": label})
        content = workbook_of(given, model, "vi")
        file = tmp_path / "x.xlsx"
        file.write_bytes(content)
        found = load_scenario(file).written
        assert found is not None
        assert found.label.vi == trap
        book = openpyxl.load_workbook(io.BytesIO(content))
        assert not [c.coordinate for s in book for row in s.iter_rows() for c in row if c.data_type == "f"]


def test_a_text_that_no_cell_can_keep_is_refused() -> None:
    scenario, model = read_scenario_and_model(SMALL)
    label = scenario.label.model_copy(update={"vi": "a\x01b", "en": "x" * 40_000})
    with pytest.raises(Exception, match="export-text") as caught:
        workbook_of(scenario.model_copy(update={"label": label}), model, "vi")
    assert [problem.code for problem in caught.value.problems] == ["export-text", "export-text"]


def test_a_formula_counts_by_its_computed_value(tmp_path: Path) -> None:
    file = changed(SMALL, tmp_path / "x.xlsx", lambda book: put_formula(book, "=20+1"))
    assert codes(file) == ["cell-formula"]
    with_value = tmp_path / "y.xlsx"
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(with_value, "w") as new:
        for entry in old.infolist():
            new.writestr(entry, old.read(entry).replace(b"<f>20+1</f><v></v>", b"<f>20+1</f><v>21</v>").replace(
                b"<f>20+1</f><v />", b"<f>20+1</f><v>21</v>"))  # fmt: skip
    loaded = load_scenario(with_value)
    assert loaded.scenario is not None
    assert next(iter(loaded.scenario.options["south_yard"].projects.values())).capacity == 21


def put_formula(book: openpyxl.Workbook, formula: str) -> None:
    cell_of(sheet_of(book, "options.projects"), "capacity").value = formula


# files that are none


def archived(file: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in members.items():
            zipped.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return file


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = archived(tmp_path / "x.xlsx", xl__workbook_xml=b" " * (archive.MAX_UNPACKED + 1))
    assert bomb.stat().st_size < 1_000_000
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("unpacked"))
    assert codes(bomb) == ["workbook-bomb"]


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    many = archived(tmp_path / "x.xlsx", **{f"m{n}": b"" for n in range(archive.MAX_MEMBERS + 1)})
    assert codes(many) == ["workbook-bomb"]


@pytest.mark.parametrize("mark", [b'<!DOCTYPE a [<!ENTITY b "c">]>', b'<!ENTITY b SYSTEM "file:///etc/passwd">'])
def test_entities_are_refused(mark: bytes, tmp_path: Path) -> None:
    book = tmp_path / "x.xlsx"
    with zipfile.ZipFile(io.BytesIO(exported(SMALL))) as old, zipfile.ZipFile(book, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry, mark + content if entry.filename == "xl/workbook.xml" else content)
    assert codes(book) == ["workbook-entity"]


def test_entities_in_another_encoding_are_refused(tmp_path: Path) -> None:
    book = tmp_path / "x.xlsx"
    text = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    with zipfile.ZipFile(io.BytesIO(exported(SMALL))) as old, zipfile.ZipFile(book, "w") as new:
        for entry in old.infolist():
            held = text.encode("utf-16") if entry.filename == "xl/workbook.xml" else old.read(entry)
            new.writestr(entry, held)
    assert codes(book)[0] == "workbook-entity"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("x.xlsx", b"id,label\n", "workbook-broken"),
        ("x.xlsx", b"", "workbook-broken"),
        ("x.xlsx", b"PK\x03\x04 but no more", "workbook-broken"),
        ("x.xlsx", b"\xd0\xcf\x11\xe0" + bytes(600), "workbook-old"),
        ("x.xls", b"\xd0\xcf\x11\xe0" + bytes(600), "workbook-kind"),
        ("x.ods", b"PK", "workbook-kind"),
        ("x.xlsm", b"PK", "workbook-kind"),
    ],
)
def test_what_is_no_workbook_is_named(name: str, content: bytes, code: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    assert codes(file) == [code]


def test_every_cut_of_a_workbook_is_refused_without_a_traceback(tmp_path: Path) -> None:
    whole = exported(SMALL)
    for end in range(0, len(whole), len(whole) // 12):
        file = tmp_path / "x.xlsx"
        file.write_bytes(whole[:end])
        assert codes(file) == ["workbook-broken"]


def test_an_archive_without_sheets_is_refused(tmp_path: Path) -> None:
    assert codes(archived(tmp_path / "x.xlsx", a_xml=b"<a/>")) == ["workbook-broken"]


# the command line


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_export_check_solve_and_import(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", SMALL, "x.xlsx", "--lang", "vi"]) == 0
    assert "đã ghi: x.xlsx" in capsys.readouterr().err
    assert run(["check", "x.xlsx"]) == 0
    assert run(["solve", "x.xlsx", "--option", "south_yard", "--json"]) == 0
    from_book = capsys.readouterr().out
    assert run(["solve", SMALL, "--option", "south_yard", "--json"]) == 0
    assert capsys.readouterr().out == from_book
    assert run(["import", "x.xlsx", "out"]) == 0
    assert same(load_scenario("x.xlsx"), load_scenario(f"out/{SMALL}.yaml"))
    assert run(["check", f"out/{SMALL}.yaml", "out/first_steps"]) == 0


def test_a_workbook_compares_as_its_files_do(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", SMALL, "x.xlsx"]) == 0
    assert run(["compare", "x.xlsx", "--replications", "2", "--workers", "1", "--out", "a", "--json"]) == 0
    from_book = capsys.readouterr().out
    assert run(["compare", SMALL, "--replications", "2", "--workers", "1", "--out", "b", "--json"]) == 0
    assert capsys.readouterr().out == from_book
    assert run(["compare", "--replay", "a/run.json", "--out", "c", "--workers", "1", "--json"]) == 0
    assert capsys.readouterr().out == from_book


def test_nothing_is_overwritten(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "x.xlsx").write_bytes(b"mine")
    (here / "out").mkdir()
    (here / "out" / "mine").write_bytes(b"")
    assert run(["export", SMALL, "x.xlsx"]) == 4
    assert (here / "x.xlsx").read_bytes() == b"mine"
    assert run(["export", SMALL, "y.ods"]) == 4
    assert run(["export", SMALL, "y.xlsx"]) == 0
    assert run(["import", "y.xlsx", "out"]) == 4
    assert [path.name for path in (here / "out").iterdir()] == ["mine"]
    assert "output-exists" in capsys.readouterr().err


def test_a_wrong_workbook_ends_with_code_2(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed(SMALL, here / "x.xlsx", lambda book: put_formula(book, "nhiều"))
    for verb in (["check", "x.xlsx"], ["solve", "x.xlsx"], ["compare", "x.xlsx"], ["import", "x.xlsx", "out"]):
        assert run([*verb, "--lang", "vi"]) == 2
        out, err = capsys.readouterr()
        assert "x.xlsx[Dự án]!" in out + err
        assert "'nhiều'" in out + err
    assert not (here / "out").exists()


# words of the schema in the language of the sheet

CHOICES = {
    f"{column.owner}.{column.name}": column.form.words
    for table in all_tables()
    for column in table.columns
    if column.form.is_choice
}


@pytest.mark.parametrize("column", CHOICES)
def test_every_spelling_of_a_word_means_that_word_alone(column: str) -> None:
    words = CHOICES[column]
    for lang in locale.LANGUAGES:
        texts = [word_text(word, lang) for word in words]
        assert len({text.casefold() for text in texts}) == len(words)
        assert not any("," in text or text != text.strip() for text in texts)  # a drop-down parts its words by commas
        for word, text in zip(words, texts, strict=True):
            assert word_of(words, text) == word_of(words, text.upper()) == word_of(words, str(word)) == word


def test_words_are_written_in_the_language_of_the_sheet_and_read_in_any() -> None:
    funders = next(table for table in all_tables() if table.key == "funders")
    kind = next(column for column in funders.columns if column.key == "kind")
    assert encoded(kind, "oda_loan", "vi") == "vốn vay ODA"
    assert encoded(kind, "oda_loan", "en") == "ODA loan"
    for spelling in ("vốn vay ODA", "Vốn vay oda", "ODA loan", "oda_loan", unicodedata.normalize("NFD", "vốn vay ODA")):
        assert decoded(kind.form, spelling, "") == ("oda_loan", "")
    assert decoded(kind.form, "quà tặng", "") == ("quà tặng", "")  # the schema says what is allowed


def test_words_of_the_locale_are_words_of_the_schema() -> None:
    known = {f"word-{word}" for words in CHOICES.values() for word in words}
    for lang in locale.LANGUAGES:
        assert {key for key in locale.texts("workbook", lang) if key.startswith("word-")} <= known
