"""Seasons over real calendar days."""

import numpy as np
import pytest

from cemfa.definition.schema import SeasonRow
from cemfa.errors import SimulationError
from cemfa.simulation.supply import EVEN, months_of


def rows(profile: str, values: dict[int, float]) -> list[SeasonRow]:
    return [SeasonRow(profile=profile, month=m, value=v, basis="unverified", source="x") for m, v in values.items()]


@pytest.mark.parametrize("year", [2023, 2024, 1900, 2000])
def test_the_days_of_a_year_sum_to_one(year: int) -> None:
    seasons = rows("peaks", {3: 2.0, 8: 1.0, 12: 0.5})
    months = months_of(year, 100, [EVEN, "peaks"], seasons)
    total = np.zeros(2)
    for month in months:
        total += month.days * month.weight
    np.testing.assert_allclose(total, 1.0, rtol=1e-15)
    assert [m.first for m in months][:2] == [100, 131]
    assert months[-1].first + 31 - 100 == (366 if year in (2000, 2024) else 365)


def test_a_profile_weighs_days_not_months() -> None:
    february, march = months_of(2023, 0, ["two"], rows("two", {2: 1.0, 3: 1.0}))[1:3]
    assert february.weight[0] == march.weight[0] == pytest.approx(1 / 59, rel=1e-15)


def test_months_left_out_hold_nothing() -> None:
    months = months_of(2023, 0, ["harvest"], rows("harvest", {4: 3.0}))
    assert [bool(m.weight[0]) for m in months] == [False] * 3 + [True] + [False] * 8


def test_a_profile_without_any_weight_is_refused() -> None:
    with pytest.raises(SimulationError, match=r"\[season-empty\]"):
        months_of(2023, 0, ["nothing"], rows("nothing", {1: 0.0}))
