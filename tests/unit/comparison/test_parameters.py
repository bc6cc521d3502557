"""A record of accounting parameters gives back what went in, however its samples were cut."""

import hypothesis.extra.numpy as hnp
import numpy as np
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from cemfa.comparison.parameters import ParameterRecord

VALUES = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(2, 4), st.integers(1, 6)),
    elements=st.sampled_from([0.0, 1.0, 2.5]),
)


def results(values):
    samples, years, cells = values.shape
    return xr.Dataset(
        {"parameter": (("sample", "period", "cell"), values)},
        {
            "sample": np.arange(samples),
            "period": 2024 + np.arange(years),
            "cell": [f"c{n}" for n in range(cells)],
            "cell_parameter": ("cell", [f"p{n}" for n in range(cells)]),
        },
    )


@given(VALUES, st.integers(0, 1), st.data())
def test_a_record_gives_back_every_year_from_its_first(values, later, data):
    whole = results(values)
    cut = data.draw(st.integers(0, len(values)))
    pieces = [
        whole.isel(sample=part) for part in (slice(0, cut), slice(cut, None)) if whole.isel(sample=part).sample.size
    ]
    found = ParameterRecord.joined([ParameterRecord.of(piece, 2024 + later) for piece in pieces])
    cells = found.cells()
    np.testing.assert_array_equal(cells.values, values[:, later:])
    assert cells.coords["parameter"].tolist() == whole["cell_parameter"].to_numpy().tolist()
    assert found.years == tuple(range(2024 + later, 2024 + values.shape[1]))


def test_what_holds_for_all_years_is_kept_once():
    values = np.tile(np.arange(5.0), (3, 4, 1))
    values[1, 2, 3] = 9.0
    record = ParameterRecord.of(results(values), 2024)
    assert record.changing.tolist() == [3]
    assert record.yearly.shape == (3, 4, 1)
