"""Models and scenarios are found by id or by path; what is not found is answered with near matches."""

from pathlib import Path

import pytest

from cemfa import library
from cemfa.errors import DefinitionError


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "village").mkdir()
    (tmp_path / "village" / "model.yaml").write_text("format: 1\n")
    (tmp_path / "plan.yaml").write_text("format: 1\n")
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_what_comes_with_the_package() -> None:
    assert "first_steps" in library.models()
    assert list(library.models()) == sorted(library.models())
    assert list(library.scenarios()) == sorted(library.scenarios())
    for name, folder in library.models().items():
        assert library.find_model(name) == folder
        assert library.kind_of(name) == "model"
    for name, file in library.scenarios().items():
        assert library.find_scenario(name) == file
        assert library.kind_of(name) == "scenario"


def test_a_model_by_its_path(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert library.find_model(own / "village") == own / "village"
    assert library.find_model(own / "village" / "model.yaml") == own / "village"
    assert library.find_model("village", beside=own) == own / "village"
    monkeypatch.chdir(own)
    assert library.find_model("village") == Path("village")
    assert library.find_model("village/model.yaml") == Path("village")


def test_a_scenario_by_its_path(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert library.find_scenario(own / "plan.yaml") == own / "plan.yaml"
    assert library.find_scenario("plan.yaml", beside=own) == own / "plan.yaml"
    monkeypatch.chdir(own)
    assert library.find_scenario("plan.yaml") == Path("plan.yaml")


def test_a_folder_named_like_a_model_of_the_library_does_not_hide_it(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own / "first_steps").mkdir()
    monkeypatch.chdir(own)
    assert library.find_model("first_steps") == library.models()["first_steps"]


def test_kinds(own: Path) -> None:
    assert library.kind_of(own / "village") == "model"
    assert library.kind_of(own / "village" / "model.yaml") == "model"
    assert library.kind_of(own / "plan.yaml") == "scenario"


def test_what_is_not_there(own: Path) -> None:
    with pytest.raises(DefinitionError, match=r"no model 'first_stesp'.*near: first_steps.*\[unknown-model\]"):
        library.find_model("first_stesp")
    with pytest.raises(DefinitionError, match=r"no scenario 'organics'.*\[unknown-scenario\]"):
        library.find_scenario("organics")
    with pytest.raises(DefinitionError, match=r"holds no model.yaml.*\[no-model-file\]"):
        library.find_model(own / "empty")
    with pytest.raises(DefinitionError, match=r"\[unknown-model-or-scenario\]"):
        library.kind_of("nothing_of_the_kind")
