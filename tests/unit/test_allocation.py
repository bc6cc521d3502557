"""Allocation to another division of the land: closed form, what is kept, what is averaged, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cemfa import allocate, compile_system, evaluate, locale, read_model, solve
from cemfa.definition.load import model_from_dict
from cemfa.definition.schema import Model
from cemfa.errors import ResultsError

EXACT = 1e-12  # relative: sums of a dozen products of doubles
BOTH = {"vi": "Tên", "en": "Name"}
SOURCED = {"basis": "unverified", "source": "s"}


@pytest.fixture(scope="module")
def town() -> Model:
    """Two districts, three communes; the middle one lies in both."""
    shares = [("west", "a", 0.75, 300), ("middle", "a", 0.25, 100), ("middle", "b", 0.4, 80), ("east", "b", 0.6, 120)]
    return model_from_dict(
        {
            "format": 1, "id": "town", "label": BOTH, "periods": {"from": 2024, "to": 2024},
            "layers": {"mass": ["mass"]}, "dimensions": {"district": ["a", "b"]},
            "areas": {"commune": {"label": BOTH, "of": "district", "by": {"vi": "dân số", "en": "people"},
                                  "parts": "communes", "shares": "shares"}},
            "processes": {"dump": {"sink": True, "over": ["district"], "label": BOTH}},
            "flows": {"waste": {"from": "outside", "to": "dump", "good": "stuff", "amount": "waste_made"}},
        },
        {
            "goods": [{"id": "stuff", "label_vi": "Rác", "label_en": "Waste", "status": "waste"}],
            "parameters": [
                {"parameter": "waste_made", "district": d, "value": v, "unit": "t/year", **SOURCED}
                for d, v in (("a", 100.0), ("b", 50.0))
            ],
            "parameter_labels": [{"parameter": "waste_made", "label_vi": "Rác", "label_en": "Waste"}],
            "communes": [{"id": i, "label_vi": f"Xã {i}", "label_en": i} for i in ("west", "middle", "east")],
            "shares": [
                {"commune": c, "district": d, "share": s, "weight": w, **SOURCED}
                for c, d, s, w in shares
            ],
            "sources": [{"id": "s", "title": "made up"}],
        },
    )  # fmt: skip


def test_masses_are_shared_out_and_kept(town: Model) -> None:
    waste = solve(compile_system(town)).cemfa.totals("district")
    found = allocate(waste, town).squeeze()
    assert dict(zip(found["commune"].values.tolist(), found.values.tolist(), strict=True)) == pytest.approx(
        {"west": 75.0, "middle": 25.0 + 20.0, "east": 30.0}, rel=EXACT
    )
    assert found.attrs["allocated"] == "allocated from 2 former districts by people; not observed"
    assert found.attrs["allocated_vi"].startswith("phân bổ từ 2 huyện, thành phố cũ theo dân số")


def test_rates_are_averaged_by_weight_and_the_whole_is_kept_apart(town: Model) -> None:
    rates = xr.DataArray(
        [[0.2, 0.6, 0.3]], dims=("sample", "district"), coords={"district": ["a", "b", "all"]}, attrs={"unit": "1"}
    )
    found = allocate(rates, town)
    assert found["commune"].values.tolist() == ["west", "middle", "east", "all"]
    np.testing.assert_allclose(found.values[0], [0.2, (100 * 0.2 + 80 * 0.6) / 180, 0.6, 0.3], rtol=EXACT)


def test_names_follow_the_language(town: Model) -> None:
    waste = solve(compile_system(town)).cemfa.totals("district")
    with locale.use("vi"):
        assert allocate(waste, town)["commune_label"].values[0] == "Xã west"


@pytest.mark.parametrize(
    ("change", "area", "code"),
    [
        (lambda v: v, "ward", "area-unknown"),
        (lambda v: v.rename(district="place"), "commune", "allocate-dimension"),
        (lambda v: v.assign_coords(district=["a", "c"]), "commune", "allocate-label"),
        (lambda v: v.drop_attrs(), "commune", "allocate-unit"),
    ],
)
def test_what_cannot_be_allocated_is_refused(town: Model, change, area: str, code: str) -> None:
    waste = xr.DataArray([1.0, 2.0], dims="district", coords={"district": ["a", "b"]}, attrs={"unit": "t/year"})
    with pytest.raises(ResultsError) as caught:
        allocate(change(waste), town, area)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_every_flow_and_rate_of_ben_tre_keeps_its_whole() -> None:
    model = read_model("ben_tre")
    results = solve(compile_system(model))
    by_district = results.cemfa.totals("district").sel(period=2030)
    np.testing.assert_allclose(allocate(by_district, model).sum("commune"), by_district.sum("district"), rtol=EXACT)
    rate = evaluate(results, ["rate_with_home_by_district"])["rate_with_home_by_district"].sel(period=2030, sample=0)
    rate.attrs.setdefault("unit", "1")
    found = allocate(rate, model)
    assert float(found.sel(commune="all")) == float(rate.sel(district="all"))
    assert float(rate.min()) <= float(found.min()) <= float(found.max()) <= float(rate.max())
