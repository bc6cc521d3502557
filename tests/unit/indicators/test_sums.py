"""What a sample comes to does not depend on the samples beside it, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cemfa import compile_system, evaluate, read_model, solve
from cemfa.indicators.losses import block_losses
from cemfa.indicators.sums import added, together
from cemfa.results import Request, join_samples


def apart(results: xr.Dataset, *cuts: slice) -> list[xr.Dataset]:
    """Return samples of results as results of their own, laid out anew."""
    return [results.isel(sample=cut).copy(deep=True) for cut in cuts]


@pytest.mark.parametrize("name", ["ben_tre", "first_steps", "rice_straw", "town_yard"])
def test_indicators_have_the_same_bits_whatever_samples_come_together(name: str) -> None:
    results = solve(compile_system(read_model(name)), samples=21, seed=4, request=Request(flows="all"))
    pieces = apart(results, slice(0, 1), slice(1, 8), slice(8, 21))
    for function in (evaluate, block_losses):
        whole, joined = function(results), join_samples([function(piece) for piece in pieces])
        assert whole.data_vars
        xr.testing.assert_identical(joined.transpose(*whole.dims), whole.transpose(*whole.dims))


def test_sums_are_added_one_after_the_other() -> None:
    values = np.random.default_rng(1).lognormal(size=(3, 2, 1000))
    one_by_one = np.add.accumulate(values, axis=-1)[..., -1]
    for layout in (
        values,
        np.asfortranarray(values),
        np.ascontiguousarray(np.moveaxis(values, -1, 0)).transpose(1, 2, 0),
    ):
        np.testing.assert_array_equal(added(layout), one_by_one)
        np.testing.assert_array_equal(together(np.moveaxis(layout, -1, 0)), one_by_one)
    np.testing.assert_array_equal(added(values[:1, :1])[0, 0], one_by_one[0, 0])
    assert together([]) == 0.0
