"""Plants elsewhere: what a row must state, and where it says so."""

from __future__ import annotations

import pytest

from cemfa.definition.load import model_from_dict
from cemfa.definition.schema import BenchmarkPlant
from cemfa.errors import DefinitionError

ROW = {
    "id": "a", "label_vi": "Nhà máy", "label_en": "Plant", "place": "X", "technology_vi": "Ủ",
    "technology_en": "Composting", "capacity": 100.0, "basis": "reported", "source": "s",
}  # fmt: skip
MODEL = {
    "format": 1, "id": "m", "label": {"vi": "m", "en": "m"}, "periods": {"first": 2024, "last": 2024},
    "layers": {"mass": ["wet"]}, "processes": {"yard": {"label": {"vi": "sân", "en": "yard"}}}, "flows": {},
    "sources": [{"id": "s", "title": "A source"}],
}  # fmt: skip


def codes(**more):
    with pytest.raises(DefinitionError) as caught:
        model_from_dict({**MODEL, "benchmark_plants": [ROW | more]})
    return {problem.code for problem in caught.value.problems if "benchmark" in str(problem.place)}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"capex": 5.0, "price_year": 2023}, "unit-missing"),
        ({"capex": 5.0, "capex_unit": "t/d", "price_year": 2023}, "unit-field"),
        ({"capex": 5.0, "capex_unit": "bn_VND"}, "price-year"),
        ({"cost_per_tonne": 5.0, "cost_unit": "bn_VND", "price_year": 2023}, "unit-field"),
        ({"source": "nobody"}, "source-unknown"),
    ],
)
def test_money_has_a_unit_of_money_and_a_price_year(row, code):
    assert code in codes(**row)


def test_utilisation_follows_from_the_intake_where_it_is_not_stated():
    named = {"label": {"vi": "a", "en": "a"}, "technology": {"vi": "a", "en": "a"}}
    fields = {"id": "a", "place": "X", "capacity": 100.0, "basis": "reported", "source": "s", **named}
    assert BenchmarkPlant(**fields, intake=25.0).used == 0.25
    assert BenchmarkPlant(**fields, intake=25.0, utilisation=0.3).used == 0.3
    assert BenchmarkPlant(**fields).used is None
