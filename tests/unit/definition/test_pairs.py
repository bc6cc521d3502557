"""Short lists in one cell, and what cannot be read in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cemfa.definition import pairs


def test_points_may_be_quantiles_or_observations():
    assert pairs.points("0:1.2; 0.5:2 ;1:3.4") == ((0.0, 1.2), (0.5, 2.0), (1.0, 3.4))
    assert pairs.points("3; 1e1; -2;") == ((0.0, -2.0), (0.5, 3.0), (1.0, 10.0))
    assert pairs.points("7") == ((0.0, 7.0),)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20))
def test_observations_are_read_as_written(values):
    assert [value for _, value in pairs.points("; ".join(map(repr, values)))] == sorted(values)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", ""),
        ("1,5; 2", "1,5"),
        ("1; 0.5:2", "0.5:2"),
        ("0:1; 2", "2"),
        ("0:1:2", "0:1:2"),
        ("nan; 2", "nan"),
        ("1;;2", ""),
        ("inf", "inf"),
        ("1e31", "1e31"),
        ("1e400", "1e400"),
        ("0x1", "0x1"),
        ("1_000", "1_000"),
        ("9" * 60, "9" * 40),
    ],
)
def test_what_is_no_point_is_named(text, part):
    with pytest.raises(pairs.PairsError) as error:
        pairs.points(text)
    assert error.value.part == part


@pytest.mark.parametrize(
    "text", ["", "rainfall", "rainfall:", ":0.5", "rainfall:0,5", "Rain:0.5", "a:0.5;;b:0.2", "a=0.5"]
)
def test_what_is_no_correlation_is_refused(text):
    with pytest.raises(pairs.PairsError):
        pairs.correlations(text)
