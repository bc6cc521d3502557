"""Cohorts close; a content given and the inflow it needs are two sides of one law."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cemfa.errors import SolveError
from cemfa.system.cohorts import by_content, by_lifetime, content_by_cohort, of_older, outflow_by_cohort
from cemfa.system.lifetimes import LAWS, survival_curve
from cemfa.system.stocks import StockYears

FEW = settings(max_examples=40, deadline=None)
MASS = st.floats(0, 1e6)
SERIES = hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3, max_side=8), elements=MASS)
TIMINGS = st.sampled_from(["end_of_year", "mid_year", "start_of_year", "through_year"])


@st.composite
def curves(draw, years=24):
    """A survival curve of which something is left at the end of the year of entry."""
    law = draw(st.sampled_from(sorted(LAWS)))
    first, second = draw(st.floats(1.1, 20.0)), draw(st.floats(2.0, 8.0))
    parameters = (first,) if law == "fixed" else (first, second)
    return survival_curve(law, parameters, years, draw(TIMINGS))


def on_axes(curve, values):
    return curve.reshape(-1, *[1] * (values.ndim - 1))


@FEW
@given(SERIES, curves())
def test_inflow_less_outflow_is_the_change_of_the_content(inflow, curve):
    stock = by_lifetime(inflow, on_axes(curve, inflow))
    change = np.diff(stock.content, axis=0, prepend=0)
    # sums of up to eight numbers below 1e6
    np.testing.assert_allclose(inflow - stock.outflow, change, rtol=1e-12, atol=1e-8)
    assert np.all(stock.content >= 0)
    assert np.all(stock.outflow >= -1e-9)  # a curve of ten averaged points may rise by one rounding


@FEW
@given(SERIES, curves())
def test_cohorts_add_up_to_the_stock(inflow, curve):
    stock, share = by_lifetime(inflow, on_axes(curve, inflow)), on_axes(curve, inflow)
    np.testing.assert_allclose(content_by_cohort(inflow, share).sum(axis=1), stock.content, rtol=1e-12, atol=1e-8)
    np.testing.assert_allclose(outflow_by_cohort(inflow, share).sum(axis=1), stock.outflow, rtol=1e-12, atol=1e-8)


@FEW
@given(SERIES, curves(), st.floats(0.01, 100))
def test_twice_the_inflow_is_twice_the_stock(inflow, curve, factor):
    share = on_axes(curve, inflow)
    one, other = by_lifetime(inflow, share), by_lifetime(factor * inflow, share)
    np.testing.assert_allclose(other.content, factor * one.content, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(other.outflow, factor * one.outflow, rtol=1e-12, atol=1e-9)


@FEW
@given(SERIES, curves())
def test_the_content_of_an_inflow_needs_that_inflow(inflow, curve):
    share = on_axes(curve, inflow)
    if curve[0] < 0.2:
        return  # dividing by what is left loses the digits that left
    content = by_lifetime(inflow, share).content
    back = by_content(content, share)
    scale = float(inflow.max(initial=1.0))
    np.testing.assert_allclose(back.inflow, inflow, atol=1e-8 * scale)  # eight years of rounding over S(0) above 0.2
    np.testing.assert_allclose(back.content, content, rtol=1e-12, atol=1e-12 * scale)


@FEW
@given(hnp.arrays(np.float64, 8, elements=MASS), curves(), st.integers(1, 7))
def test_a_past_is_the_same_as_starting_earlier(inflow, curve, cut):
    whole = by_lifetime(inflow, curve)
    past = inflow[:cut]
    left = past * curve[cut - 1 :: -1][:cut]
    if np.any((curve[:cut] == 0) & (past[::-1] > 0)):
        left = np.where(curve[cut - 1 :: -1][:cut] > 0, left, 0.0)
    later = by_lifetime(inflow[cut:], curve, of_older(left, curve, 8 - cut))
    np.testing.assert_allclose(later.content, whole.content[cut:], rtol=1e-11, atol=1e-8)
    np.testing.assert_allclose(later.outflow, whole.outflow[cut:], rtol=1e-10, atol=1e-8)


def test_columns_do_not_disturb_each_other():
    rng = np.random.default_rng(4)
    inflow, scale = rng.uniform(0, 9, (40, 600)), rng.uniform(2, 30, 600)
    curve = survival_curve("weibull", (2.0, scale), 40)
    content = by_lifetime(np.cumsum(inflow, axis=0), curve).content
    for n in (0, 255, 256, 599):
        alone = by_lifetime(inflow[:, n : n + 1], curve[:, n : n + 1])
        np.testing.assert_array_equal(by_lifetime(inflow, curve).content[:, n], alone.content[:, 0])
        driven = by_content(content[:, n : n + 1], curve[:, n : n + 1])
        np.testing.assert_array_equal(by_content(content, curve).inflow[:, n], driven.inflow[:, 0])


@pytest.mark.parametrize("shape", [(4, 8), (5, 9), (40, 23), (150, 64), (11, 3, 5), (3, 20), (12, 7), (9,)])
@pytest.mark.parametrize("shared", [False, True])
def test_the_bits_are_those_of_numpy(shape, shared):
    pytest.importorskip("numba")
    rng = np.random.default_rng(5)
    inflow = rng.uniform(0, 9, shape)
    curve = survival_curve("weibull", (rng.uniform(0.7, 4, shape[1:]), rng.uniform(2, 30, shape[1:])), shape[0] + 2)
    if shared:  # one curve for all columns
        curve = on_axes(np.ascontiguousarray(curve.reshape(shape[0] + 2, -1)[:, 0]), inflow)
    expected, got = (by_lifetime(inflow, curve, executor=executor) for executor in ("numpy", "numba"))
    np.testing.assert_array_equal(got.content, expected.content)
    np.testing.assert_array_equal(got.outflow, expected.outflow)


def test_a_rounding_of_an_earlier_content_is_no_negative_inflow():
    curve = survival_curve("fixed", (2.0,), 4)
    inflow = np.array([1.0, 1e-6, 0.0, 0.0])  # 1e-6 is what is left of 1.000001 - 1, with its rounding
    back = by_content(by_lifetime(inflow, curve).content, curve)
    np.testing.assert_allclose(back.inflow, inflow, rtol=0, atol=1e-15)


def test_a_content_that_shrinks_too_fast_is_refused_or_retired():
    curve = survival_curve("fixed", (5.0,), 4)
    content = np.array([10.0, 10.0, 4.0, 5.0])
    with pytest.raises(SolveError, match="stock-inflow-negative") as error:
        by_content(content, curve, name="cars", first=2020)
    shown = error.value.problems[0].parameters
    assert (shown["process"], shown["year"], shown["value"], shown["left"]) == ("cars", 2022, -6.0, 10.0)
    driven = by_content(content, curve, retire=True)
    assert driven.content.tolist() == content.tolist()
    assert driven.inflow.tolist() == [10.0, 0.0, 0.0, 1.0]
    assert driven.outflow.tolist() == [0.0, 0.0, 6.0, 0.0]


def test_retired_cohorts_are_not_there_to_leave_later():
    curve = survival_curve("fixed", (3.0,), 6)
    driven = by_content([10.0, 20.0, 5.0, 5.0, 5.0, 5.0], curve, retire=True)
    # of ten and ten a quarter stays each: 2.5 leaves at its age of three years, 2.5 a year later
    np.testing.assert_allclose(driven.outflow, [0, 0, 15, 2.5, 2.5, 0], atol=1e-12)
    np.testing.assert_allclose(driven.inflow, [10, 10, 0, 2.5, 2.5, 0], atol=1e-12)


@pytest.mark.parametrize(
    ("content", "curve", "code"),
    [
        ([1.0, np.nan], [1.0, 0.5], "stock-content-value"),
        ([1.0, -1.0], [1.0, 0.5], "stock-content-value"),
        ([1.0, 1.0], [0.0, 0.0], "stock-never-fills"),
    ],
)
def test_contents_that_nothing_can_hold_are_refused(content, curve, code):
    with pytest.raises(SolveError, match=code):
        by_content(content, curve)


def test_what_is_left_of_a_cohort_must_be_able_to_live():
    with pytest.raises(SolveError, match="stock-outlived"):
        of_older([1.0, 1.0], [1.0, 0.0, 0.0], 1)


def test_older_cohorts_leave_on_condition_that_they_came_so_far():
    curve = survival_curve("weibull", (1.5, 4.0), 12)
    older = of_older([3.0, 0.0, 5.0], curve, 6)
    expected = 3.0 * curve[3:9] / curve[2] + 5.0 * curve[1:7] / curve[0]
    np.testing.assert_allclose(older.content, expected, rtol=1e-14)
    assert isinstance(older, StockYears)
    np.testing.assert_allclose(older.outflow.cumsum(), 8.0 - older.content, rtol=1e-12)


def test_a_content_may_be_held_above_older_cohorts():
    curve = survival_curve("fixed", (4.0,), 8)
    older = of_older([2.0, 2.0, 2.0, 2.0], np.ones(8) * curve, 4)
    driven = by_content([8.0, 8.0, 8.0, 9.0], curve, older)
    assert driven.inflow.tolist() == [2.0, 2.0, 2.0, 3.0]
    assert driven.outflow.tolist() == [2.0, 2.0, 2.0, 2.0]
