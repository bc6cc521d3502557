"""Energy content worked out by hand: what arises, good by good, and what of it is burnt, buried or dumped."""

from __future__ import annotations

import pytest
from tests.unit.indicators.builder import flow, process, results

from cemfa.errors import ResultsError
from cemfa.indicators import evaluate, supported

PROCESSES = [
    process("field"),
    process("stove", "energy"),
    process("fire", "open_burning"),
    process("pit", "burial", sink=True),
    process("dump", "dumping", sink=True),
    process("landfill", "landfill", sink=True),
    process("air", sink=True),
]
STRAW = {"good": "straw", "status": "by_product", "origin": "crop"}
ASH = {"good": "ash", "status": "residue", "organic": False, "origin": ""}
# masses: dry matter, water, carbon, nitrogen
FLOWS = [
    flow("straw", "outside", "field", [100, 20, 40, 1], **STRAW),
    flow("food", "outside", "field", [40, 120, 16, 1]),
    flow("bought", "outside", "stove", [500, 50, 200, 5], **(STRAW | {"origin": ""})),  # arises elsewhere
    flow("straw_used", "field", "stove", [70, 14, 28, 0.7], **STRAW),
    flow("straw_burnt", "field", "fire", [30, 6, 12, 0.3], **STRAW),
    flow("food_dumped", "field", "dump", [8, 24, 3.2, 0.2]),
    flow("food_buried", "field", "pit", [2, 6, 0.8, 0.05]),
    flow("food_landfilled", "field", "landfill", [30, 90, 12, 0.75]),
    flow("ash_dumped", "fire", "dump", [5, 0, 0, 0], **ASH),
]
VALUES = {"straw": 16_800.0, "food": 18_000.0, "ash": 0.0}
NAMES = ["energy_content", "energy_content_unused"]


def heating(*goods: str) -> list[dict[str, object]]:
    return [{"parameter": "heating_value", "value": VALUES[good], "good": good, "unit": "MJ/t"} for good in goods]


def test_energy_content_by_hand() -> None:
    found = evaluate(results(PROCESSES, FLOWS, heating("straw", "food", "ash"), scales=(1.0, 2.0)), NAMES)
    arising = 100 * 16_800 + 40 * 18_000
    lost = 30 * 16_800 + (8 + 2) * 18_000  # ash holds nothing, landfilled food is not part
    assert found["energy_content"].values[:, 0] == pytest.approx([arising, 2 * arising], rel=1e-12)
    assert found["energy_content_unused"].values[:, 0] == pytest.approx([lost, 2 * lost], rel=1e-12)
    assert {found[name].attrs["unit"] for name in NAMES} == {"MJ/year"}


@pytest.mark.parametrize("name", NAMES)
def test_it_says_which_heating_values_it_lacks(name: str) -> None:
    with pytest.raises(ResultsError, match="heating_value"):
        evaluate(results(PROCESSES, FLOWS), [name])
    with pytest.raises(ResultsError, match=r"heating_value \(food\)"):
        evaluate(results(PROCESSES, FLOWS, heating("straw", "ash")), [name])


def test_what_a_model_has_no_values_for_is_left_out_of_the_default() -> None:
    assert not set(NAMES) & set(supported(results(PROCESSES, FLOWS)))
    assert set(NAMES) <= set(supported(results(PROCESSES, FLOWS, heating("straw", "food", "ash"))))
