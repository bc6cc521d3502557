"""Growth after the last given year: closed form, per sample, by place and year, under a plan, in a derivative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from tests.unit.system.small import model

from cemfa.definition.schema import Model
from cemfa.plan import ParameterChange, Plan
from cemfa.results import Request
from cemfa.sensitivity import propagate
from cemfa.system.compile import compile_system
from cemfa.system.solve import solve

EXACT = 1e-12  # relative: a dozen roundings of a product of at most twenty factors
RATE = {"unit": "%/yr"}


def grown(people: Sequence[Mapping[str, object]], **drivers: Sequence[Mapping[str, object]]) -> Model:
    """Return a model of 2018-2035 in which waste arises as people times a mass per head."""
    return model(
        {"landfill": {"sink": True}},
        {"waste": {"from": "outside", "to": "landfill", "amount": ["people", "per_head"]}},
        {"people": [{"unit": "person", **row} for row in people], "per_head": (2.0, "t/person/yr"), **drivers},
        years=(2018, 2035),
    )


def masses(small: Model, *, plan: Plan | None = None, samples: int = 1) -> np.ndarray:
    """Return the waste by sample and year."""
    found = solve(compile_system(small), plan=plan, samples=samples, seed=4, request=Request(flows="all"))
    return np.asarray(found["flow_mass"].values)[:, :, 0, 0]


def test_the_number_grows_from_its_last_year_as_the_closed_form_says() -> None:
    small = grown(
        [{"year": 2018, "value": 900.0}, {"year": 2023, "value": 1000.0, "growth": "more_people"}],
        more_people=[{"value": 1.5, **RATE}],
    )
    years = np.arange(2018, 2036)
    people = np.where(years <= 2023, 900.0 + 20.0 * (years - 2018), 1000.0 * 1.015 ** (years - 2023.0))
    np.testing.assert_allclose(masses(small)[0], 2.0 * people, rtol=EXACT)


def test_a_negative_driver_shrinks_and_hold_reaches_back_only() -> None:
    small = grown(
        [{"year": 2022, "value": 1000.0, "hold": True, "growth": "fewer_people"}],
        fewer_people=[{"value": -0.02, "unit": "1/yr"}],
    )
    years = np.arange(2018, 2036)
    expected = 2000.0 * 0.98 ** np.maximum(years - 2022.0, 0.0)
    np.testing.assert_allclose(masses(small)[0], expected, rtol=EXACT)


def test_several_drivers_multiply() -> None:
    small = grown(
        [{"year": 2018, "value": 1000.0, "growth": "one other"}],
        one=[{"value": 2.0, **RATE}],
        other=[{"value": 1.0, **RATE}],
    )
    assert masses(small)[0, -1] == pytest.approx(2000.0 * (1.02 * 1.01) ** 17, rel=EXACT)


def test_a_driver_by_year_is_followed_year_by_year() -> None:
    small = grown(
        [{"year": 2018, "value": 1000.0, "growth": "pace"}],
        pace=[{"year": 2018, "value": 2.0, **RATE}, {"year": 2022, "value": 0.0, "hold": True, **RATE}],
    )
    expected = 2000.0 * 1.015 * 1.01 * 1.005  # 2019, 2020, 2021; nothing from 2022 on
    assert masses(small)[0, 3] == pytest.approx(expected, rel=EXACT)
    assert masses(small)[0, -1] == pytest.approx(expected, rel=EXACT)


def test_every_sample_grows_by_its_own_draw() -> None:
    spread = {"distribution": "triangular", "low": -1.0, "high": 2.0}
    small = grown(
        [{"year": 2020, "value": 1000.0, "hold": True, "growth": "pace"}], pace=[{"value": 1.0, **RATE, **spread}]
    )
    found = masses(small, samples=300)
    assert np.ptp(found[:, 0]) == 0.0
    pace = found[:, 3] / found[:, 2] - 1.0
    assert -0.01 <= pace.min() < 0.0 < pace.max() <= 0.02
    np.testing.assert_allclose(found[:, -1], 2000.0 * (1.0 + pace) ** 15, rtol=1e-11)  # pace is itself a quotient


def test_a_place_grows_by_its_own_driver() -> None:
    small = model(
        {"landfill": {"sink": True}, "house": {"over": ["district"]}},
        {
            "waste": {"from": "outside", "to": "house", "amount": ["people", "per_head"]},
            "dumped": {"from": "house", "to": "landfill", "share": "remainder"},
        },
        {
            "people": [
                {"district": place, "year": 2020, "value": 100.0, "unit": "person", "growth": "pace"}
                for place in ("east", "west")
            ],
            "per_head": (1.0, "t/person/yr"),
            "pace": [{"district": "east", "value": 3.0, **RATE}, {"district": "west", "value": 0.0, **RATE}],
        },
        years=(2020, 2022),
        dimensions={"district": ["east", "west"]},
    )
    results = solve(compile_system(small))
    flows = dict(zip(results["flow"].values.tolist(), results["flow_mass"].values[0, -1, 0].tolist(), strict=True))
    assert flows["waste[east]"] == pytest.approx(100.0 * 1.03**2, rel=EXACT)
    assert flows["waste[west]"] == 100.0


@pytest.mark.parametrize(
    ("how", "value", "unit", "pace"),
    [
        ("set", 0.0, "%/yr", 1.0),
        ("add", 1.0, "%/yr", 1.02),
        ("multiply", 3.0, "1", 1.03),
        ("at_least", 4.0, "%/yr", 1.04),
    ],
)
def test_a_plan_changes_a_driver_from_its_year_on(how: str, value: float, unit: str, pace: float) -> None:
    small = grown([{"year": 2020, "value": 1000.0, "hold": True, "growth": "pace"}], pace=[{"value": 1.0, **RATE}])
    change = ParameterChange("pace", (), (2030,), (value,), unit, how, None)  # type: ignore[arg-type]  # parametrised
    found = masses(small, plan=Plan(changes=(change,)))[0]
    np.testing.assert_allclose(found[:12], masses(small)[0, :12], rtol=0)
    assert found[-1] == pytest.approx(2000.0 * 1.01**9 * pace**6, rel=EXACT)


def test_what_a_result_hangs_on_counts_the_driver() -> None:
    normal = {"distribution": "normal", "low": 0.5, "high": 1.5}
    small = grown(
        [{"year": 2020, "value": 1000.0, "hold": True, "growth": "pace"}], pace=[{"value": 1.0, **RATE, **normal}]
    )
    found = propagate(compile_system(small), ["waste"], period=2035)["waste"]
    sd = 0.005 / 1.6448536269514722  # half of a P5-P95 range over the normal quantile
    assert found.sd == pytest.approx(2000.0 * 15 * 1.01**14 * sd, rel=1e-4)  # first order, by small steps
    assert [c.parameter for c in found.contributions] == ["pace"]
