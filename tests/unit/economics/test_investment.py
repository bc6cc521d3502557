"""Total investment by item: exact sums, contingencies by their published formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cemfa.economics.investment import ITEMS, PARTS, price_contingency, total_investment
from cemfa.errors import CemfaError


@st.composite
def shared(draw):
    raw = draw(st.lists(st.integers(1, 100), min_size=1, max_size=len(PARTS)))
    return dict(zip(PARTS, [value / sum(raw) for value in raw], strict=False))


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e13), min_size=1, max_size=4), shared(), st.floats(0, 1e12), st.floats(0, 0.3))
def test_items_sum_to_the_price_to_the_last_unit(plant, shares, land, reserve):
    found = total_investment(plant, shares, land=land, contingency_volume=reserve)
    price = np.rint(plant)
    np.testing.assert_array_equal(np.add.reduce([found.items[part] for part in PARTS]), price)
    np.testing.assert_array_equal(np.add.reduce([found.items[name] for name in ITEMS]), found.total)
    assert all((found.items[name] >= 0).all() for name in ITEMS)
    for part, share in shares.items():  # rounding moves an item by at most one unit, and doubles hold 16 digits
        np.testing.assert_allclose(found.items[part], share * price, rtol=1e-9, atol=1.0 + 1e-3)


def test_contingency_for_price_by_hand():
    """Circular 11/2021/TT-BXD: each year's spending grows by the index since the estimate."""
    spending = np.array([[100.0, 200.0, 0.0]])
    assert float(price_contingency(spending, 0.04)[0]) == pytest.approx(200 * 0.04, rel=1e-12)
    later = 100 * (1.04**3 - 1) + 200 * (1.04**4 - 1)
    assert float(price_contingency(spending, 0.04, before=3)[0]) == pytest.approx(later, rel=1e-12)
    assert price_contingency(spending, [0.0, 0.04]).shape == (2,)


@pytest.mark.parametrize(
    "shares", [{"construction": 0.6}, {"construction": 0.6, "steel": 0.4}, {"construction": 1.2, "other": -0.2}]
)
def test_shares_are_parts_that_sum_to_one(shares):
    with pytest.raises(CemfaError, match="investment-shares"):
        total_investment([1.0], shares)


@pytest.mark.parametrize("reserve", [10.0, -0.1])
def test_a_contingency_is_a_fraction(reserve):
    with pytest.raises(CemfaError, match="cost-range"):
        total_investment([1.0], {"construction": 1.0}, contingency_volume=reserve)
