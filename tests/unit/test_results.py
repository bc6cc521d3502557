"""The one shape of results: built, checked, written, read again and asked."""

import pickle
from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cemfa.errors import OutputError, ResultsError
from cemfa.results import (
    Request,
    check_results,
    join_samples,
    make_results,
    open_results,
    save_results,
)


@dataclass(frozen=True)
class Names:
    """The least that a system tells about its names."""

    years = (2023, 2024)
    layers = ("dry_matter", "water", "carbon")
    mass_layers = ("dry_matter", "water")
    process_ids = ("farm[x]", "farm[y]", "plant")
    flow_ids = ("straw[x]", "straw[y]", "compost")
    process_coords = {  # noqa: RUF012 - a fixture
        "process_name": np.array(["farm", "farm", "plant"]),
        "district": np.array(["x", "y", ""]),
        "sink": np.array([False, False, True]),
    }
    flow_coords = {  # noqa: RUF012 - a fixture
        "flow_name": np.array(["straw", "straw", "compost"]),
        "source": np.array(["farm[x]", "farm[y]", "plant"]),
        "target": np.array(["plant", "plant", "outside"]),
        "good": np.array(["straw", "straw", "compost"], dtype=object),
        "district": np.array(["x", "y", ""]),
    }


def cube(samples=4):
    return np.arange(samples * 2 * 3 * 3, dtype=float).reshape(samples, 2, 3, 3)


def build(variables=None, samples=range(4), **others):
    arrays = {"flow_mass": cube(len(samples))} if variables is None else variables
    return make_results(
        Names(), arrays, kind="solve", seed=3, residual=1e-15, samples=samples,
        attrs={"model": "straw", "limits": True, "inputs": "{}"}, **others,
    )  # fmt: skip


CELLS = {
    "cell": {
        "cell": ["a", "b", "c", "d"],
        "parameter": ["price", "price", "price", "life"],
        "good": ["", "compost", "compost", ""],
        "district": ["", "", "x", ""],
        "unit": ["VND/t", "VND/t", "VND/t", "year"],
    }
}


def with_cells():
    values = np.broadcast_to(np.array([1.0, 2.0, 3.0, 4.0]), (4, 2, 4))
    return build({"flow_mass": cube(), "parameter": values}, coords=CELLS)


def test_shape_names_and_units():
    results = build()
    assert results["flow_mass"].dims == ("sample", "period", "layer", "flow")
    assert results["flow_mass"].attrs == {"unit": "t/year"}
    assert results["days"].values.tolist() == [365, 366]
    assert results["district"].dims == ("flow",)
    assert results["process_district"].dims == ("process",)
    assert results["process_name"].values.tolist() == ["farm", "farm", "plant"]
    assert results["settlement"].values.tolist() == ["", "", ""]
    assert results.attrs["mass_layers"] == "dry_matter water"
    assert results.attrs["limits"] == 1


def test_reduced_results_need_no_cube():
    results = build(
        {"flow_mean": np.ones((2, 3, 3)), "flow_quantile": np.ones((5, 2, 3, 3))},
        coords={"quantile": {"quantile": [0.05, 0.25, 0.5, 0.75, 0.95]}},
    )
    assert results.sizes["sample"] == 4
    assert results["flow_quantile"].sel(quantile=0.95).dims == ("period", "layer", "flow")


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"flow_mas": np.ones(3)}, "results-variable"),
        ({"flow_mass": np.ones((4, 2, 3))}, "results-dimensions"),
        ({"flow_mass": np.ones((4, 2, 3, 2))}, "results-dimensions"),
        ({"backlog": np.ones((4, 2, 5)), "spoiled": np.ones((4, 2, 6))}, "results-dimensions"),
        ({"flow_mass": np.full((4, 2, 3, 3), np.nan)}, "results-not-finite"),
        ({"flow_mass": np.full((4, 2, 3, 3), np.inf)}, "results-not-finite"),
    ],
)
def test_what_is_not_of_the_shape_is_refused(variables, message):
    with pytest.raises(ResultsError, match=message):
        build(variables)


def test_the_first_gap_is_named_by_its_labels():
    array = cube()
    array[2, 1, 2, 0] = np.nan
    with pytest.raises(ResultsError, match="sample=2, period=2024, layer=carbon, flow=straw"):
        build({"flow_mass": array})


def test_all_faults_of_a_foreign_dataset_come_at_once():
    foreign = xr.Dataset({"flow_mass": ("x", [1.0])}, attrs={"kind": "guess"})
    with pytest.raises(ResultsError) as error:
        check_results(foreign)
    assert [p.code for p in error.value.problems] == [
        "results-attributes", "results-coordinates", "results-dimensions",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "guess"}, "results-kind"),
        ({"format": 99}, "results-format"),
        ({"mass_layers": "gold"}, "results-mass-layers"),
    ],
)
def test_wrong_attributes_are_named(change, message):
    with pytest.raises(ResultsError, match=message):
        check_results(build().assign_attrs(change))


def test_duplicate_labels_are_named():
    with pytest.raises(ResultsError, match="results-duplicates"):
        check_results(build().assign_coords(flow=["a", "a", "b"]))


def test_extra_results_join_exactly():
    rate = xr.Dataset({"rate": (("sample", "period"), np.ones((4, 2)))}, {"sample": range(4), "period": [2023, 2024]})
    assert "rate" in build(extra=[rate])
    with pytest.raises(ResultsError, match="results-labels"):
        build(extra=[rate.assign_coords(sample=range(1, 5))])


def test_parts_of_blocks_join_along_samples():
    whole = build()
    parts = [build(samples=range(3), variables={"flow_mass": cube()[:3]}),
             build(samples=[3], variables={"flow_mass": cube()[3:]})]  # fmt: skip
    joined = join_samples(parts)
    xr.testing.assert_equal(joined, whole)
    with pytest.raises(ResultsError, match="results-labels"):
        join_samples([parts[0], parts[1].assign_coords(layer=["a", "b", "c"])])


def test_saved_results_come_back_the_same(tmp_path):
    results = with_cells()
    path = save_results(results, tmp_path / "results.nc")
    again = open_results(path)
    assert again.identical(results)
    assert {k: type(v) for k, v in again.attrs.items()} == {k: type(v) for k, v in results.attrs.items()}
    assert list(tmp_path.iterdir()) == [path]
    save_results(again, path)
    assert open_results(path).identical(results)


def test_what_is_empty_comes_back_empty(tmp_path):
    nothing = np.array([], dtype=str)
    results = build(
        {
            "flow_mass": cube(), "stock": np.empty((4, 2, 3, 0)), "event_sample": np.empty(0, dtype=int),
            "event_day": np.empty(0), "event_kind": nothing, "event_subject": nothing, "event_value": np.empty(0),
        },
        coords={"stock_process": {"stock_process": nothing}},
    )  # fmt: skip
    again = open_results(save_results(results, tmp_path / "results.nc"))
    assert again.identical(results)
    assert again.sizes["stock_process"] == again.sizes["event"] == 0


@settings(deadline=None, max_examples=8)
@given(
    mass=hnp.arrays(np.float64, (3, 2, 3, 3), elements=st.floats(allow_nan=False, allow_infinity=False)),
    seed=st.integers(0, 2**63 - 1),
    label=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8),
)
def test_read_write_read_is_identity(tmp_path_factory, mass, seed, label):
    results = build({"flow_mass": mass}, samples=[5, 6, 9]).assign_attrs(seed=seed, model=label)
    results = results.assign_coords(good=("flow", [label, "b", ""]))
    path = tmp_path_factory.mktemp("results") / "r.nc"
    first = open_results(save_results(results, path))
    second = open_results(save_results(first, path))
    assert first.identical(results)
    assert second.identical(first)
    assert np.array_equal(first["flow_mass"].values.view(np.int64), mass.view(np.int64))  # to the bit


def test_a_failed_write_leaves_nothing(tmp_path):
    with pytest.raises(OutputError, match="results-write"):
        save_results(build(), tmp_path / "missing" / "results.nc")
    with pytest.raises(ResultsError):
        save_results(build().drop_vars("good"), tmp_path / "results.nc")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_opened_says_why(tmp_path):
    with pytest.raises(OutputError, match="results-read"):
        open_results(tmp_path / "none.nc")
    (tmp_path / "text.nc").write_text("no netCDF")
    with pytest.raises(ResultsError, match="results-not-netcdf"):
        open_results(tmp_path / "text.nc")
    build().drop_vars("good").to_netcdf(tmp_path / "bare.nc", engine="h5netcdf")
    with pytest.raises(ResultsError, match="results-coordinates"):
        open_results(tmp_path / "bare.nc")


def test_a_cut_file_is_not_taken_for_results(tmp_path):
    path = save_results(build(), tmp_path / "results.nc")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ResultsError, match="results-not-netcdf"):
        open_results(path)


def test_flows_are_selected_by_exact_labels():
    results = build()
    assert results.cemfa.select(flow_name="straw")["flow"].values.tolist() == ["straw[x]", "straw[y]"]
    assert results.cemfa.select(flow_name="straw", district=["y", ""])["flow"].values.tolist() == ["straw[y]"]
    assert results.cemfa.select(good=[]).sizes["flow"] == 0
    with pytest.raises(ResultsError, match="results-label"):
        results.cemfa.select(good="stra")
    with pytest.raises(ResultsError, match="results-coordinate"):
        results.cemfa.select(process_name="farm")


def test_totals_and_fresh_mass():
    results = build()
    fresh = results.cemfa.flows()
    np.testing.assert_array_equal(fresh, cube()[:, :, :2, :].sum(axis=2))
    totals = results.cemfa.totals("good")
    np.testing.assert_array_equal(totals.sel(good="straw"), fresh[..., 0] + fresh[..., 1])
    np.testing.assert_array_equal(
        results.cemfa.totals("flow_name", "carbon").sel(flow_name="compost"), cube()[:, :, 2, 2]
    )
    with pytest.raises(ResultsError, match="results-label"):
        results.cemfa.flows("gold")
    with pytest.raises(ResultsError, match="results-no-flows"):
        build({}).cemfa.flows()


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("price", {}, 1.0),
        ("price", {"good": "compost"}, 2.0),
        ("price", {"good": "compost", "district": "x"}, 3.0),
        ("price", {"good": "compost", "district": "y"}, 2.0),
        ("price", {"good": "straw", "district": "x"}, 1.0),
        ("life", {"technology": "none"}, 4.0),
    ],
)
def test_the_most_specific_cell_of_a_parameter_is_meant(name, labels, value):
    assert np.all(with_cells().cemfa.parameter(name, **labels) == value)


def test_a_missing_cell_is_named():
    with pytest.raises(ResultsError, match=r"'capex' for technology=yard"):
        with_cells().cemfa.parameter("capex", technology="yard")
    with pytest.raises(ResultsError, match="results-no-cell"):
        build().cemfa.parameter("capex")


def test_table_shows_the_largest_flows():
    table = build().cemfa.table(period=2023, layer="carbon", largest=2)
    assert table.index.tolist() == ["compost", "straw[y]"]
    assert table["mean"].tolist() == [35.0, 34.0]
    assert table["P50"].tolist() == [35.0, 34.0]
    reduced = build(
        {"flow_mean": np.ones((2, 3, 3)), "flow_quantile": np.full((1, 2, 3, 3), 7.0)},
        coords={"quantile": {"quantile": [0.95]}},
    )
    assert reduced.cemfa.table(layer="carbon").columns.tolist()[-2:] == ["mean", "P95"]
    assert "P95" not in reduced.cemfa.table()  # fresh: percentiles of the layers do not add up
    with pytest.raises(ResultsError, match="results-label"):
        build().cemfa.table(period=1999)


def test_request_levels():
    assert Request().levels == (0.05, 0.25, 0.5, 0.75, 0.95)
    assert Request(reducers=("p97.5", "mean", "sd", "p2.5")).levels == (0.025, 0.975)
    with pytest.raises(ResultsError, match="reducer-unknown"):
        _ = Request(reducers=("median", "p101", "px")).levels
    assert pickle.loads(pickle.dumps(Request(flows="all"))) == Request(flows="all")
