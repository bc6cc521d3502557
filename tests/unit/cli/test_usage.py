"""What the words after `cemfa` mean, what help says, and what is said when they are wrong."""

import json
import os
import subprocess
import sys

import pytest

from cemfa import cli, locale
from cemfa.cli import entry, words
from cemfa.cli.entry import run

VIETNAMESE = "ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ"

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize("verb", words.VERBS)
@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_every_verb_explains_itself(verb: str, lang: str, capsys: Captured) -> None:
    assert run([verb, "--help", "--lang", lang]) == 0
    out, err = capsys.readouterr()
    assert not err
    assert out.startswith({"en": f"Usage: cemfa {verb} [OPTIONS]", "vi": f"Cách dùng: cemfa {verb} [TÙY CHỌN]"}[lang])
    assert "--lang vi|en" in out
    assert any(letter in out for letter in VIETNAMESE) == (lang == "vi")


@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_help_names_every_verb(lang: str, capsys: Captured) -> None:
    assert run(["--lang", lang, "--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {verb} " in out for verb in words.VERBS)
    assert any(letter in out for letter in VIETNAMESE) == (lang == "vi")


def test_without_words_help_goes_to_stderr(capsys: Captured) -> None:
    assert run([]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("Usage: cemfa")


def test_version(capsys: Captured) -> None:
    import cemfa

    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"cemfa {cemfa.__version__}\n"


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("comapre", "usage-verb-unknown", ["comapre", "compare"]),
        ("solve", "usage-argument-missing", ["MODEL"]),
        ("check", "usage-argument-missing", ["PATH..."]),
        ("compare", "usage-argument-missing", ["SCENARIO"]),
        ("solve a --sampels 3", "usage-option-unknown", ["--sampels", "--samples"]),
        ("solve a --samples", "usage-option-value", ["--samples"]),
        ("solve a --samples 0", "usage-value", ["--samples", "'0'", "1"]),
        ("solve a --samples ten", "usage-value", ["--samples", "'ten'"]),
        ("solve a --samples 1.5", "usage-value", ["'1.5'"]),
        ("solve a --samples ٣", "usage-value", ["--samples"]),
        ("solve a --samples 99999999999999999999", "usage-value", ["--samples"]),
        ("solve a --seed -1", "usage-value", ["--seed", "'-1'", "0"]),
        ("solve a b", "usage-words", ["b"]),
        ("schema modle", "usage-value", ["'modle'", "model, scenario"]),
        ("list --lang fr", "usage-value", ["--lang", "'fr'", "vi, en"]),
        ("compare x --replay run.json --seed 3", "usage-replay-with", ["SCENARIO, --seed"]),
    ],
)
@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_wrong_words(
    line: str, code: str, words: list[str], lang: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CEMFA_LANG", lang)
    assert run(line.split()) == 2
    out, err = capsys.readouterr()
    assert not out
    first = err.splitlines()[0]
    assert first.endswith(f"[{code}]")
    assert all(word in first for word in words)
    assert any(letter in first.lower() for letter in VIETNAMESE) == (lang == "vi")


@pytest.mark.parametrize(
    ("line", "lang"),
    [
        ("list --lang vi", "vi"),
        ("--lang vi list", "vi"),
        ("list --lang=vi", "vi"),
        ("--lang en list --lang vi", "vi"),
        ("list --lang", None),
        ("list --lang fr", None),
        ("list -- --lang vi", None),
        ("list", None),
    ],
)
def test_the_language_is_found_wherever_it_stands(line: str, lang: str | None) -> None:
    assert entry._language_of(line.split()) == lang


def raising(error: BaseException) -> object:
    def command(*_: object) -> int:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (PermissionError(13, "Permission denied", "report.html"), 4, "'report.html' cannot be read or written"),
        (OSError(28, "No space left on device"), 4, "No space left on device"),
        (MemoryError(), 5, "fewer samples"),
        (ZeroDivisionError("division by zero"), 1, "Please report it"),
    ],
)
def test_whatever_happens_has_its_exit_code(
    error: BaseException, code: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr(entry, "_invoke", raising(error))
    assert run(["list"]) == code
    out, err = capsys.readouterr()
    assert not out
    assert words in err
    assert ("Traceback" in err) == (code == 1)


def test_main_leaves_with_the_code(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr(sys, "argv", ["cemfa", "nothing"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 2
    assert "usage-verb-unknown" in capsys.readouterr().err


def cemfa(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cemfa", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
        check=False,
    )


def test_as_a_module() -> None:
    done = cemfa("list", "--json")
    assert done.returncode == 0
    assert {row["kind"] for row in json.loads(done.stdout)} == {"model", "scenario"}
    assert done.stderr == ""


def test_a_reader_that_leaves_is_no_error() -> None:
    code = f"{sys.executable} -m cemfa schema model | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["{", "0"]
    assert done.stderr == ""


def test_the_shell_completes_verbs_and_words() -> None:
    asked = {"_CEMFA_COMPLETE": "bash_complete", "COMP_CWORD": "1", "COMP_WORDS": "cemfa so"}
    assert cemfa(**asked).stdout.split() == ["plain,solve"]
    asked |= {"COMP_CWORD": "2", "COMP_WORDS": "cemfa schema mo"}
    assert cemfa(**asked).stdout.split() == ["plain,model"]
    assert "complete" in cemfa(_CEMFA_COMPLETE="bash_source").stdout


@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_no_colour_when_not_wanted(lang: str) -> None:
    done = cemfa("list", NO_COLOR="1", FORCE_COLOR="", CEMFA_LANG=lang)
    assert "\x1b" not in done.stdout
