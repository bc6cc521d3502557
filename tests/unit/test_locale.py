"""Every sentence exists in both languages, says the same, and is used; numbers look as people write them."""

import ast
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cemfa import locale
from cemfa.errors import DefinitionError, Place, Problem

SRC = Path(__file__).resolve().parents[2] / "src" / "cemfa"
ROOMS = locale.rooms("en")
CODES = sorted(locale.texts("problems", "en"))


def placeholders(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}


def strings_of_source() -> Iterator[tuple[Path, str]]:
    for file in sorted(SRC.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield file, node.value


def codes_raised() -> Iterator[tuple[Path, int, str]]:
    """Yield every literal code that the source hands to `Problem`."""
    for file in sorted(SRC.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
                first = node.args[0] if node.args else next(k.value for k in node.keywords if k.arg == "code")
                if isinstance(first, ast.Constant):
                    yield file, node.lineno, str(first.value)


def test_both_languages_have_the_same_files() -> None:
    assert locale.files("en") == locale.files("vi")
    assert {"problems", "numbers"} <= set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_every_text_exists_in_both_languages_with_the_same_placeholders(room: str) -> None:
    english, vietnamese = locale.texts(room, "en"), locale.texts(room, "vi")
    assert sorted(english) == sorted(vietnamese)
    different = {key for key in english if placeholders(english[key]) != placeholders(vietnamese[key])}
    assert not different


@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_no_name_is_given_twice_in_a_room(lang: str) -> None:
    for room in ROOMS:
        files = [name for name in locale.files(lang) if name.rsplit(".", 1)[0].split("_")[0] == room]
        names = Counter(key for name in files for key in locale.file_texts(name, lang))
        assert not [key for key, times in names.items() if times > 1]


@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_no_name_is_written_twice_in_a_file(lang: str) -> None:
    for name in locale.files(lang):
        lines = (SRC / "locale" / lang / name).read_text(encoding="utf-8").splitlines()
        keys = Counter(match[1] for line in lines if (match := re.match(r"[\"']?([\w.-]+)[\"']?:", line)))
        assert not [key for key, times in keys.items() if times > 1], name


@pytest.mark.parametrize("lang", locale.LANGUAGES)
@pytest.mark.parametrize("room", ROOMS)
def test_texts_are_composed_and_tidy(room: str, lang: str) -> None:
    for key, text in locale.texts(room, lang).items():
        assert text.strip(), key
        assert unicodedata.is_normalized("NFC", text), key
        assert "  " not in text.strip(), key


def test_vietnamese_is_not_english() -> None:
    for code in CODES:
        english, vietnamese = (locale.texts("problems", lang)[code] for lang in ("en", "vi"))
        assert english != vietnamese, code
        assert re.search(r"[à-ỹđ]", vietnamese.lower()), f"{code} has no Vietnamese letter"


def test_every_code_that_is_raised_has_its_sentence() -> None:
    missing = [f"{file}:{line}: {code}" for file, line, code in codes_raised() if code not in CODES]
    assert not missing, "\n".join(missing)


def test_every_sentence_is_used() -> None:
    used = {text for _, text in strings_of_source()}
    # codes made in place, such as f"unknown-{kind}" or f"{kind}-unknown"
    starts = tuple(text for text in used if re.fullmatch(r"[a-z-]+-", text))
    ends = tuple(text for text in used if re.fullmatch(r"-[a-z-]+", text))
    unused = [code for code in CODES if code not in used and not code.startswith(starts) and not code.endswith(ends)]
    assert not unused


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_a_problem_is_one_line_with_its_place_and_code(code: str, lang: str) -> None:
    fields = placeholders(locale.texts("problems", lang)[code])
    parameters = {re.split(r"[.\[]", name)[0]: "x" for name in fields}
    line = locale.problem_text(Problem(code, Place("model.yaml", 4, 2, "flows.a"), parameters), lang)
    assert line.startswith("model.yaml:4:2: flows.a: ")
    assert line.endswith(f" [{code}]")
    assert "\n" not in line


@pytest.mark.parametrize(
    ("surroundings", "expected"),
    [
        ({}, "en"),
        ({"CEMFA_LANG": "vi"}, "vi"),
        ({"CEMFA_LANG": "en", "LANG": "vi_VN.UTF-8"}, "en"),
        ({"LANG": "vi_VN.UTF-8"}, "vi"),
        ({"LANG": "vi_VN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"CEMFA_LANG": "fr", "LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_which_language_is_spoken(surroundings: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CEMFA_LANG")
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    assert locale.language() == expected


def test_a_language_chosen_for_a_block_ends_with_it() -> None:
    with locale.use("vi"):
        assert locale.language() == "vi"
        with locale.use(None):
            assert locale.language() == "vi"
    assert locale.language() == "en"


@pytest.mark.parametrize(
    ("value", "decimals", "english", "vietnamese"),
    [
        (1234.5, 1, "1,234.5", "1.234,5"),
        (1234567.0, 0, "1,234,567", "1.234.567"),
        (0.0, None, "0", "0"),
        (-0.0, 1, "0.0", "0,0"),
        (-0.0004, 2, "0.00", "0,00"),
        (-12.5, None, "-12.5", "-12,5"),
        (0.07, None, "0.07", "0,07"),
        (1.07, None, "1.07", "1,07"),
        (419750.0, None, "419,750", "419.750"),
        (1e-9, None, "1e-09", "1e-09"),
        (2.5e-9, None, "2.5e-09", "2,5e-09"),
        (float("nan"), 2, "–", "–"),
        (float("inf"), None, "inf", "inf"),
    ],
)
def test_numbers(value: float, decimals: int | None, english: str, vietnamese: str) -> None:
    assert locale.number(value, "en", decimals) == english
    assert locale.number(value, "vi", decimals) == vietnamese


@given(st.floats(min_value=1e-3, max_value=1e12))
def test_a_number_reads_back_within_its_six_digits(value: float) -> None:
    english = float(locale.number(value, "en").replace(",", ""))
    vietnamese = float(locale.number(value, "vi").replace(".", "").replace(",", "."))
    assert english == vietnamese == pytest.approx(value, rel=5e-6)  # six significant digits


def test_percent_and_money() -> None:
    assert locale.percent(0.704, "vi") == "70,4%"
    assert locale.percent(float("nan"), "en") == "–"
    assert locale.money(1.25e12, "vi", 0) == "1.250 tỷ đồng"
    assert locale.money(-3.2e9, "en") == "-3.2 bn VND"
    assert locale.money(45_600_000.0, "vi") == "45,6 triệu đồng"
    assert locale.money(float("nan"), "vi") == "–"


def test_years_and_counts_carry_no_thousands_mark() -> None:
    problem = Problem("unknown-unit", Place("a.csv", 2030, 1), {"unit": "T", "name": "T", "near": ("t", 2030, 1.5)})
    assert "near: t, 2030, 1,5" not in locale.problem_text(problem, "en")
    assert "t; 2030; 1,5" in locale.problem_text(problem, "vi")  # a comma would look like a decimal mark


def test_an_empty_list_is_a_dash() -> None:
    problem = Problem("unknown-unit", parameters={"unit": "q", "name": "q", "near": ()})
    assert "near: –." in locale.problem_text(problem, "en")


def test_an_error_lists_all_problems_in_the_language_in_force() -> None:
    problems = [Problem("unit-missing", Place("a.csv", 2, 3)), Problem("unit-missing", Place("a.csv", 3, 3))]
    with locale.use("vi"):
        error = locale.error(DefinitionError, problems)
    assert error.problems == tuple(problems)
    assert str(error).splitlines() == [locale.problem_text(problem, "vi") for problem in problems]


@pytest.mark.parametrize("room", ["cli", "help"])
def test_every_word_of_the_command_line_is_used(room: str) -> None:
    used = {text for file, text in strings_of_source() if "cli" in file.parts}
    starts = tuple(text.removeprefix(f"{room}.") for text in used if re.fullmatch(r"(cli\.|help\.)[a-z-]*-", text))
    known = used | {text.removeprefix(f"{room}.") for text in used} | {f"opt-{text.lstrip('-')}" for text in used}
    unused = [
        name for name in locale.texts(room, "en") if name not in known and not (starts and name.startswith(starts))
    ]
    assert not unused
