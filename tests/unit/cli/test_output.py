"""Tables for people and for programs, new files and folders, and the record of a run."""

import json
import math
from pathlib import Path

import pytest

from cemfa import locale
from cemfa.cli.entry import run
from cemfa.cli.output import Column, new_file, new_folder, show, show_json
from cemfa.cli.record import Record, read_record, refuse_changed, write_record
from cemfa.economics.catalogue import MEASURES
from cemfa.errors import DefinitionError, OutputError
from cemfa.indicators import REGISTRY

COLUMNS = [Column("name", "Name"), Column("mass", "Mass [t]", 1), Column("met", "Met")]
ROWS = [
    {"name": "rơm [ba_tri]", "mass": 1234.56, "met": True},
    {"name": "a label that is long " * 4, "mass": math.nan, "met": None},
]
RECORD = Record("compare", "0.1.0", "organics_2030", ("b",), 100, 7, {"model/a.csv": "12ab"}, 2.5e-13)

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize(("lang", "number"), [("en", "1,234.6"), ("vi", "1.234,6")])
def test_a_table_for_people(lang: str, number: str, capsys: Captured) -> None:
    with locale.use(lang):
        show("Title [t/year]", COLUMNS, ROWS, as_json=False)
    out = capsys.readouterr().out
    assert "Title [t/year]" in out
    assert "[t]" in out  # brackets are text, not markup
    assert number in out
    assert "rơm [ba_tri]" in out  # brackets are text, not markup
    assert "–" in out
    assert "…" not in out  # nothing is cut off


def test_a_table_for_programs(capsys: Captured) -> None:
    show("Title", COLUMNS, ROWS, as_json=True)
    first, second = json.loads(capsys.readouterr().out)
    assert first == ROWS[0]
    assert second["mass"] is None


def test_json_keeps_letters_and_knows_no_infinity(capsys: Captured) -> None:
    show_json({"tên": ("tỷ đồng", math.inf), "n": {1: [math.nan]}})
    out = capsys.readouterr().out
    assert "tỷ đồng" in out
    assert json.loads(out) == {"tên": ["tỷ đồng", None], "n": {"1": [None]}}


def test_nothing_is_written_over(tmp_path: Path) -> None:
    assert new_file(tmp_path / "a.nc", (".nc",)) == tmp_path / "a.nc"
    (tmp_path / "a.nc").touch()
    with pytest.raises(OutputError, match=r"\[output-exists\]"):
        new_file(tmp_path / "a.nc")
    with pytest.raises(OutputError, match=r"\.svg, \.png.*\[output-suffix\]"):
        new_file(tmp_path / "a.jpg", (".svg", ".png"))
    with pytest.raises(OutputError, match=r"\[output-exists\]"):
        new_folder(tmp_path, "x")
    with pytest.raises(OutputError, match=r"\[output-exists\]"):
        new_folder(tmp_path / "a.nc", "x")


def test_folders_are_numbered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert [str(new_folder(None, "run")) for _ in range(3)] == ["run-1", "run-2", "run-3"]
    (tmp_path / "run-2").rmdir()
    assert str(new_folder(None, "run")) == "run-2"
    assert new_folder("run-2", "other") == Path("run-2")  # empty: may be used
    assert new_folder("deep/er", "other").is_dir()


def test_a_record_reads_back(tmp_path: Path) -> None:
    file = write_record(RECORD, tmp_path)
    assert file == tmp_path / "run.json"
    assert read_record(file, "compare") == read_record(tmp_path, "compare") == RECORD


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"format": 2}', '{"format": 1, "verb": "compare"}', "[" * 100_000, "\x00", '"compare"'],
    ids=["empty", "list", "cut", "format", "fields", "deep", "zero", "text"],
)
def test_what_is_no_record_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(DefinitionError, match=r"\[replay-unreadable\]"):
        read_record(tmp_path, "compare")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DefinitionError, match=r"\[replay-unreadable\]"):
        read_record(tmp_path, "compare")


def test_a_record_of_another_verb_or_none(tmp_path: Path) -> None:
    write_record(RECORD, tmp_path)
    with pytest.raises(DefinitionError, match=r"'cemfa compare'.*\[replay-verb\]"):
        read_record(tmp_path, "solve")
    with pytest.raises(OutputError, match=r"\[system-refused\]"):
        read_record(tmp_path / "none.json", "compare")


def test_changed_inputs_are_refused_all_at_once() -> None:
    refuse_changed(RECORD, {"model/a.csv": "12ab"})
    with pytest.raises(DefinitionError) as caught:
        refuse_changed(RECORD, {"model/b.csv": "00ff"})
    assert [problem.code for problem in caught.value.problems] == ["replay-input-gone", "replay-input-changed"]
    assert "was –, is 00ff" in str(caught.value)
    with pytest.raises(DefinitionError, match=r"'model/a.csv' has changed.*was 12ab, is 34cd"):
        refuse_changed(RECORD, {"model/a.csv": "34cd"})


@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_list(lang: str, capsys: Captured) -> None:
    assert run(["list", "--lang", lang]) == 0
    out = capsys.readouterr().out
    assert all(word in out for word in ("first_steps", "first_steps_2030"))
    assert {"en": "A sample town of six processes", "vi": "Thị trấn mẫu sáu quá trình"}[lang] in out
    assert run(["list", "--lang", lang, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"model", "scenario"} == {row["kind"] for row in rows}
    assert all(Path(row["path"]).is_file() for row in rows)


@pytest.mark.parametrize("what", ["model", "scenario"])
def test_schema_is_a_valid_schema(what: str, capsys: Captured) -> None:
    from jsonschema import Draft202012Validator

    assert run(["schema", what]) == 0
    schema = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(schema)
    assert "format" in schema["required"]


@pytest.mark.parametrize(("width", "parts"), [(200, 1), (60, 2), (30, 3)])
def test_a_wide_table_goes_on_below(width: int, parts: int, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    columns = [Column("id", "Id"), *(Column(f"c{i}", f"Quantity {i}", 1) for i in range(6))]
    show("Title", columns, [{"id": "b"} | {f"c{i}": 123460.0 + i for i in range(6)}], as_json=False)
    out = capsys.readouterr().out
    assert out.count("Id") == parts
    assert out.count("Title") == 1
    assert all(f"123,46{i}.0" in out for i in range(4))  # whole numbers, never cut


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_indicators_are_listed_with_unit_formula_and_source(lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "indicators", "--lang", lang, "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows) == [*REGISTRY, *MEASURES]
    assert all(row["unit"] and row["formula"] and row["source"] for row in rows.values())
    assert rows["rate_with_home"]["label"] == REGISTRY["rate_with_home"].label(lang)
    assert "capacity_factor" in rows["renewable_capacity"]["parameters"]


def test_indicators_of_a_model_are_those_it_supports(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "indicators", "first_steps", "--json"]) == 0
    ids = {row["id"] for row in json.loads(capsys.readouterr().out)}
    assert "rate_with_home" in ids
    assert "ghg_intensity" not in ids
    assert not ids & set(MEASURES)
