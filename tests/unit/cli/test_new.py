"""`cemfa new`: what it writes is valid, says the same in both languages, and never takes the place of anything."""

import shutil
from pathlib import Path

import pytest

from cemfa import check, library
from cemfa.cli.entry import run
from cemfa.definition.load import read_model, read_scenario

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_written_is_valid_and_named_after_the_province(here: Path, capsys: Captured) -> None:
    assert run(["new", "tinh_moi"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == "Next: cemfa check tinh_moi tinh_moi_2030.yaml"
    made = contents(here)
    assert all(f"written: {name}\n" in err for name in made)
    assert {"tinh_moi/model.yaml", "tinh_moi/README.md", "tinh_moi_2030.yaml"} <= set(made)
    assert not [name for name, content in made.items() if b"my_province" in content]
    assert check("tinh_moi") == check("tinh_moi_2030.yaml") == []
    assert read_model("tinh_moi").id == "tinh_moi"
    assert read_scenario("tinh_moi_2030.yaml").model == "tinh_moi"


def test_it_compares(here: Path, capsys: Captured) -> None:
    assert run(["new", "tinh_moi"]) == 0
    words = ["--replications", "2", "--workers", "1", "--out", "made"]
    assert run(["compare", "tinh_moi_2030.yaml", *words]) == 0
    assert "A yard of 5 t/d in the second district" in capsys.readouterr().out
    assert (here / "made" / "report.html").is_file()


def test_the_language_changes_messages_only(here: Path, capsys: Captured) -> None:
    for lang in ("vi", "en"):
        (here / lang).mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here / "vi")
        assert run(["new", "tinh_moi", "--lang", "vi"]) == 0
        patch.chdir(here / "en")
        assert run(["new", "tinh_moi", "--lang", "en"]) == 0
    assert "Tiếp theo: cemfa check tinh_moi tinh_moi_2030.yaml" in capsys.readouterr().err
    assert contents(here / "vi") == contents(here / "en")


@pytest.mark.parametrize("there", ["tinh_moi/notes.txt", "tinh_moi_2030.yaml", "tinh_moi"])
def test_nothing_is_overwritten(there: str, here: Path, capsys: Captured) -> None:
    (here / there).parent.mkdir(exist_ok=True)
    (here / there).write_text("mine\n")
    before = contents(here)
    assert run(["new", "tinh_moi"]) == 4
    assert "[output-exists]" in capsys.readouterr().err
    assert contents(here) == before


def test_an_empty_folder_is_filled(here: Path) -> None:
    (here / "tinh_moi").mkdir()
    assert run(["new", "tinh_moi"]) == 0
    assert check("tinh_moi") == []


@pytest.mark.parametrize(
    "name", ["Bến_Tre", "ben tre", "a/b", "..", "2030", "A", "", "a" * 65, "a" * 62, "-x", "con.txt"]
)
@pytest.mark.parametrize("lang", ["en", "vi"])
def test_a_name_that_is_no_id_is_refused(name: str, lang: str, here: Path, capsys: Captured) -> None:
    assert run(["new", "--lang", lang, "--", name]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "[id-form]" in err
    assert {"en": "is not a valid id", "vi": "không phải là mã hợp lệ"}[lang] in err
    assert contents(here) == {}


def test_a_copy_is_the_model_but_for_its_id(here: Path, capsys: Captured) -> None:
    assert run(["new", "my_straw", "--from", "rice_straw"]) == 0
    assert capsys.readouterr().err.splitlines()[-1] == "Next: cemfa check my_straw"
    made, original = contents(here / "my_straw"), contents(library.models()["rice_straw"])
    assert set(made) == set(original)
    assert [name for name in made if made[name] != original[name]] == ["model.yaml"]
    assert made["model.yaml"] == original["model.yaml"].replace(b"\nid: rice_straw\n", b"\nid: my_straw\n")
    assert check("my_straw") == []


def test_a_copy_of_a_copy_by_its_path_keeps_every_byte(here: Path) -> None:
    shutil.copytree(library.models()["rice_straw"], here / "mine")
    (here / "mine" / "sources.csv").write_bytes(b"id,title\r\nodd,\xff\r\n")
    (here / "mine" / "results.nc").write_bytes(b"not data of the model")
    assert run(["new", "next", "--from", "mine"]) == 0
    assert (here / "next" / "sources.csv").read_bytes() == b"id,title\r\nodd,\xff\r\n"
    assert not (here / "next" / "results.nc").exists()


def test_a_copy_of_nothing_is_answered_with_what_there_is(here: Path, capsys: Captured) -> None:
    assert run(["new", "mine", "--from", "rice_strw"]) == 2
    assert "near: rice_straw" in capsys.readouterr().err
    assert contents(here) == {}
