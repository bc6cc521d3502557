"""CSV as typed rows with places: separators, decimal marks, absent values, refusals."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cemfa.definition import tables
from cemfa.definition.tables import Column, parse_table, read_table, table_from_rows, typed_rows

COLUMNS = (
    Column("id", required=True, filled=True),
    Column("value", "number", required=True),
    Column("year", "whole"),
    Column("hold", "flag"),
    Column("note"),
)


def read(text: str):
    table, problems = parse_table(text, "t.csv")
    rows = typed_rows(table, COLUMNS, problems)
    return [dict(row.values) for row in rows], [f"{p.place} {p.code}" for p in problems]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators(separator: str) -> None:
    text = "id,value,year,hold,note\nstraw,0.25,2023,true,\n".replace(",", separator)
    assert read(text) == ([{"id": "straw", "value": 0.25, "year": 2023, "hold": True}], [])


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["0,35", "1,5"], [0.35, 1.5]),
        (["0,35", "1,234"], [0.35, 1.234]),  # the first cell proves the comma
        (["0,35", "1.234"], [0.35, 1234.0]),
        (["1.234,5", "1.234"], [1234.5, 1234.0]),
        (["1,234.5", "1,234"], [1234.5, 1234.0]),
        (["1.234.567", "2,345"], [1234567.0, 2.345]),
        (["0.35", "1.234"], [0.35, 1.234]),
        (["0.125", "12"], [0.125, 12.0]),
        (["-1e3", "\N{MINUS SIGN}2"], [-1000.0, -2.0]),
    ],
)
def test_decimal_marks_proven_by_the_table(cells: list[str], values: list[float]) -> None:
    rows, problems = read("id;value\n" + "".join(f"x;{cell}\n" for cell in cells))
    assert problems == []
    assert [row["value"] for row in rows] == values


def test_a_number_that_can_be_read_in_two_ways_is_refused() -> None:
    assert read("id;value\nx;1.234\n")[1] == ["t.csv:2:2: value number-ambiguous"]
    assert read("id;value\nx;1.234\ny;0,5\nz;0.5\n")[1] == ["t.csv:2:2: value number-ambiguous"]
    assert read("id,value\nx,1.234\n") == ([{"id": "x", "value": 1.234}], [])  # separated by comma


@pytest.mark.parametrize("cell", ["NaN", "nan", "inf", "-INF", "#N/A", "#DIV/0!", "null", "1e999"])
def test_what_is_no_value_is_an_error_not_an_absence(cell: str) -> None:
    assert read(f"id,value\nx,{cell}\n")[1] == ["t.csv:2:2: value cell-not-a-value"]


@pytest.mark.parametrize("cell", ["12 %", "1 150", "1.2.3", "12.34.567", "0x10", "1_000", "abc", "1,2,3", "."])
def test_what_is_no_number(cell: str) -> None:
    assert read(f'id,value\nx,"{cell}"\n')[1] == ["t.csv:2:2: value number-format"]


@pytest.mark.parametrize("cell", ["1e31", "-1e300"])
def test_numbers_beyond_any_quantity(cell: str) -> None:
    assert read(f"id,value\nx,{cell}\n")[1] == ["t.csv:2:2: value number-large"]


def test_other_kinds() -> None:
    text = "id,value,year,hold\nx,1,2023.5,perhaps\n=1+1,2,20 23,no\n"
    rows, problems = read(text)
    assert rows[1] == {"id": "=1+1", "value": 2.0, "hold": False}
    assert problems == [
        "t.csv:2:3: year whole-format",
        "t.csv:2:4: hold flag-format",
        "t.csv:3:3: year whole-format",
    ]


def test_long_numbers_and_cells(monkeypatch) -> None:
    assert read(f"id,value\nx,{'1' * 40}\n")[1] == ["t.csv:2:2: value number-long"]
    assert read(f"id,value\nx,1\n{'y' * 30_000},1\n")[1] == ["t.csv:3:1 cell-long"]
    assert read(f"id,value\n{'y' * 200_000},1\n")[1] == ["t.csv:2 cell-long"]  # beyond the csv module's limit
    monkeypatch.setattr(tables, "MAX_CELL", 5)
    assert read("id,value\nabcdef,1\n")[1] == ["t.csv:2:1 cell-long"]


def test_blank_is_absent_and_blank_lines_are_skipped() -> None:
    rows, problems = read("\ufeffid,value,note,,\n\nx, ,,,\n,,\n\ny,1\n\n\n".removeprefix("\ufeff"))
    assert problems == []
    assert rows == [{"id": "x"}, {"id": "y", "value": 1.0}]


def test_quoted_cells_keep_the_line_where_the_row_starts() -> None:
    text = 'id,value,note\nx,1,"two\nlines; ""quoted"", a"\ny,bad,\n'
    rows, problems = read(text)
    assert rows[0]["note"] == 'two\nlines; "quoted", a'
    assert problems == ["t.csv:4:2: value number-format"]


def test_shape_problems() -> None:
    assert read("id,value\nx,1,2\n")[1] == ["t.csv:2:3 row-long"]
    assert read('id,value\nx,"1\n')[1] == ["t.csv:2 table-quote"]
    assert read('id,value\n"x"y,1\n')[1] == ["t.csv:2 table-quote"]
    assert read("id,,value\nx,,1\n")[1] == ["t.csv:1:2 column-unnamed"]
    assert read("id,value,id\nx,1,y\n")[1] == ["t.csv:1:3 column-duplicate"]
    assert read("id,val\nx,1\n")[1] == ["t.csv:1 column-missing", "t.csv:1:2: val column-unknown"]
    assert read("id,value\n,1\n")[1] == ["t.csv:2:1: id cell-blank"]
    assert read("\n\n")[1] == ["t.csv file-empty"]


def test_decomposed_text_becomes_composed() -> None:
    assert read("id,value,note\nx,1,tre\u0302\u0301\n")[0][0]["note"] == "trế"


def test_rows_from_memory() -> None:
    table, problems = table_from_rows(
        [{"id": "x", "value": 1, "hold": True}, {"id": "y", "value": "0.5", "year": 2023.0}], "parameters"
    )
    rows = typed_rows(table, COLUMNS, problems)
    assert problems == []
    assert dict(rows[0].values) == {"id": "x", "value": 1.0, "hold": True}
    assert dict(rows[1].values) == {"id": "y", "value": 0.5, "year": 2023}
    assert str(rows[1].place("value")) == "parameters:2:2: value"


def test_rows_from_memory_with_wrong_values() -> None:
    given_rows = [{"id": "x", "value": math.nan}, {"id": "y", "value": [1]}, {"id": "z", "value": 10**400}]
    table, problems = table_from_rows(given_rows, "t")
    typed_rows(table, COLUMNS, problems)
    assert [(p.code, p.place.line) for p in problems] == [
        ("cell-type", 2),
        ("cell-not-a-value", 1),
        ("number-large", 3),
    ]


def test_files(tmp_path) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes("\ufeffid;value\r\nbã;0,5\r\n".encode())
    table, problems = read_table(file)
    assert [dict(row.values) for row in typed_rows(table, COLUMNS, problems)] == [{"id": "bã", "value": 0.5}]
    assert problems == []
    file.write_bytes("id,value\nrơm,1\n".encode("cp1258", errors="replace") + b"\xff")
    assert read_table(file)[1][0].code == "file-encoding"
    assert read_table(tmp_path / "none.csv")[1][0].code == "file-missing"


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(alphabet='id,value;\t"\n\r 0123.e-é\u2028#N/A', max_size=80))
def test_no_text_raises(text: str) -> None:
    table, problems = parse_table("id,value\n" + text, "t")
    for row in typed_rows(table, COLUMNS, problems):
        assert row.line >= 2
