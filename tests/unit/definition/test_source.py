"""YAML as data with places: core types, refusals, and no exception for any text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cemfa.definition import source
from cemfa.definition.source import dotted, nearest, parse_yaml, read_yaml
from cemfa.errors import Place


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("007", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2027-01-01", "2027-01-01"),
        ("1e3", 1000.0),
        ("-.5", -0.5),
        ("3.", 3.0),
        ("'12'", "12"),
        ('"null"', "null"),
        ("1,5", "1,5"),
    ],
)
def test_scalars_follow_the_core_types(written: str, value: object) -> None:
    found = parse_yaml(f"key: {written}\n")
    assert found.problems == ()
    assert found.data == {"key": value}
    assert type(found.data["key"]) is type(value)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: 1\nb: 2\na: 3\n", "key-duplicate", "f:3:1: a"),
        ("e\u0301: 1\n\u00e9: 2\n", "key-duplicate", "f:2:1: é"),
        ("a: &x 1\n", "yaml-alias", "f:1:4: a"),
        ("a: *x\n", "yaml-alias", "f:1:4: a"),
        ("a: !!str 1\n", "yaml-tag", "f:1:4: a"),
        ("a: !x {b: 1}\n", "yaml-tag", "f:1:4: a"),
        ("a:\n  <<: {b: 1}\n", "yaml-merge", "f:2:3: a"),
        ("a: 1\n---\nb: 1\n", "yaml-documents", "f:2:1"),
        ("%YAML 1.1\n---\na: 1\n", "yaml-directive", "f:1:1"),
        ("true: 1\n", "key-type", "f:1:1"),
        ("~: 1\n", "key-type", "f:1:1"),
        ("? [a, b]\n: 1\n", "key-type", "f:1:3"),
        ("a: -.inf\n", "number-not-finite", "f:1:4: a"),
        ("a: [1, .NaN]\n", "number-not-finite", "f:1:8: a[2]"),
        ("a: 1e999\n", "number-not-finite", "f:1:4: a"),
        (f"a: {'9' * 5000}\n", "number-long", "f:1:4: a"),
        (f"a: {'[' * 600}", "yaml-depth", "f:1:44: a[1][1]"),
        ("a: [1, 2\nb: 1\n", "yaml-bracket", "f:1:4"),
        ("a: 'x\nb: 2\n", "yaml-quote", "f:1:4"),
        ("a:\n\tb: 1\n", "yaml-tab", "f:2:1"),
        ("a: b: c\n", "yaml-colon", "f:1:5"),
        ("a:\n  b: 1\n c: 2\n", "yaml-indent", "f:3:2"),
        ("a: @x\n", "yaml-character", "f:1:4"),
        ("a: 1\nb: \x01\n", "yaml-control", "f:2"),
        ("a: x\u2028b: y\n", "yaml-control", "f:1"),
        ('a: "\\q"\n', "yaml-syntax", "f:1:5"),
        ("# nothing\n", "file-empty", "f"),
    ],
)
def test_what_is_refused_is_named_with_its_place(text: str, code: str, place: str) -> None:
    (problem,) = parse_yaml(text, "f").problems
    assert (problem.code, str(problem.place)) == (code, place)


def test_a_depth_that_the_parser_itself_refuses_has_the_same_name() -> None:
    """Where it is found depends on libyaml, which has a limit of its own from some version on."""
    assert [problem.code for problem in parse_yaml(f"a: {'[' * 20000}").problems] == ["yaml-depth"]


def test_all_problems_of_a_file_come_at_once() -> None:
    text = "a: .inf\nb: &x 1\na: 2\nc: !!int 3\n"
    codes = [problem.code for problem in parse_yaml(text).problems]
    assert codes == ["number-not-finite", "yaml-alias", "key-duplicate", "yaml-tag"]


def test_the_first_of_duplicate_keys_is_kept_and_its_places_too() -> None:
    found = parse_yaml("a: {x: 1}\na: {x: 2}\n", "f")
    assert found.data == {"a": {"x": 1}}
    assert found.place(("a", "x")) == Place("f", 1, 8, "a.x")


def test_places_of_keys_values_and_of_what_was_not_written() -> None:
    found = parse_yaml("flows:\n  fed:\n    share: [a, b]\n    2026: 1\n", "m.yaml")
    assert str(found.place(("flows", "fed", "share", 1))) == "m.yaml:3:16: flows.fed.share[2]"
    assert str(found.place(("flows", "fed", "share"), key=True)) == "m.yaml:3:5: flows.fed.share"
    assert str(found.place(("flows", "fed", "to"))) == "m.yaml:2:3: flows.fed.to"
    assert str(found.place(("goods",))) == "m.yaml:1:1: goods"
    assert dotted(("values", 2026)) == "values.2026"


def test_text_is_brought_to_nfc_and_columns_count_what_was_written() -> None:
    found = parse_yaml("a: {ten: 'tre\u0302\u0301', b: 1}\n", "f")
    assert found.data["a"]["ten"] == "trế"
    assert found.place(("a", "b")).column == 22


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_byte_order_mark_and_line_ends_change_nothing(tmp_path, ending: str, mark: bytes) -> None:
    file = tmp_path / "m.yaml"
    file.write_bytes(mark + ending.join(["a: 1", "b:", "  - x", ""]).encode())
    found = read_yaml(file)
    assert found.problems == ()
    assert found.data == {"a": 1, "b": ["x"]}
    assert found.place(("b", 0)).line == 3


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"a: 1\nb: \xff\n", "file-encoding", 2),
        ("a: 1\n".encode("utf-16"), "file-encoding", 1),
        (b"a: \0\n", "file-encoding", 1),
        (b"", "file-empty", 0),
    ],
)
def test_files_that_are_not_text(tmp_path, content: bytes, code: str, line: int) -> None:
    file = tmp_path / "m.yaml"
    file.write_bytes(content)
    (problem,) = read_yaml(file).problems
    assert (problem.code, problem.place.line) == (code, line)


def test_missing_unreadable_and_large_files(tmp_path, monkeypatch) -> None:
    assert read_yaml(tmp_path / "none.yaml").problems[0].code == "file-missing"
    assert read_yaml(tmp_path).problems[0].code == "file-unreadable"
    assert read_yaml("nul\0.yaml").problems[0].code == "file-unreadable"
    monkeypatch.setattr(source, "MAX_BYTES", 10)
    (tmp_path / "m.yaml").write_text("a: 1\n" * 10, encoding="utf-8")
    assert read_yaml(tmp_path / "m.yaml").problems[0].code == "file-large"


def test_nearest_puts_the_likeliest_first() -> None:
    assert nearest("straw_pol", ["manure", "straw_pool"]) == ["straw_pool", "manure"]
    assert nearest("x", []) == ["–"]
    assert nearest("a", "abcdefg", 3)[-1] == "…"


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(alphabet="ab:-[]{}'\"\n \t&*!%@#|>,?1.é<~\u2028", max_size=60))
def test_no_text_raises(text: str) -> None:
    found = parse_yaml(text, "f")
    assert found.problems or found.data is not None
    for problem in found.problems:
        assert problem.place.file == "f"


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.binary(max_size=80))
def test_no_bytes_raise(tmp_path_factory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("yaml") / "m.yaml"
    file.write_bytes(content)
    found = read_yaml(file)
    assert found.problems or found.data is not None
