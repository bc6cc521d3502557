"""Every malformed input prints exactly its expected messages, in both languages, and ends with exit code 2."""

from pathlib import Path

import pytest

from cemfa.cli.entry import run

CASES = Path(__file__).parents[1] / "golden" / "bad_models"
NAMES = sorted(folder.name for folder in CASES.iterdir() if folder.is_dir())


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("name", NAMES)
def test_messages_and_exit_code(name: str, lang: str, capsys, monkeypatch) -> None:
    monkeypatch.chdir(CASES)  # so that messages name the file as the user wrote it
    target = f"{name}/scenario.yaml" if (CASES / name / "scenario.yaml").exists() else name
    code = run(["check", target, "--lang", lang])
    expected = (CASES / name / f"expected.{lang}.txt").read_text(encoding="utf-8")
    assert capsys.readouterr().out == expected
    assert code == 2


def test_there_are_enough_cases_and_each_says_something() -> None:
    assert len(NAMES) >= 40
    for name in NAMES:
        english, vietnamese = (
            (CASES / name / f"expected.{lang}.txt").read_text(encoding="utf-8").splitlines() for lang in ("en", "vi")
        )
        assert len(english) == len(vietnamese) >= 1
        codes = [[line.rsplit("[", 1)[1] for line in lines] for lines in (english, vietnamese)]
        assert codes[0] == codes[1]
