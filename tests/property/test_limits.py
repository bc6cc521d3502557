"""Capacities inside loops, drawn at random, against a slow reference that knows nothing of secants or elimination."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.system.small import balance, model

DAYS = 365
FEW = settings(max_examples=30, deadline=None, derandomize=True)


@st.composite
def rings(draw: st.DrawFn) -> dict[str, object]:
    """Draw plants that pass part of what they make to each other, each fed from its own pool with a last resort."""
    count = draw(st.integers(1, 4))
    share = st.floats(0.0, 0.3)
    return {
        "arising": [draw(st.floats(0.1, 100.0)) for _ in range(count)],
        "hauled": [draw(st.floats(0.05, 1.0)) for _ in range(count)],
        "back": [[round(draw(share), 3) for _ in range(count)] for _ in range(count)],
        "capacity": [draw(st.floats(0.0, 60.0)) for _ in range(count)],
    }


def built(ring: dict[str, object]) -> dict[str, float]:
    """Return the balance that cemfa finds."""
    count = len(ring["arising"])
    processes: dict[str, dict] = {"dump": {"sink": True}}
    flows: dict[str, dict] = {}
    numbers: dict[str, object] = {}
    for i in range(count):
        processes |= {f"pool{i}": {}, f"plant{i}": {"capacity": {"parameter": f"capacity{i}"}}}
        flows[f"arising{i}"] = {"from": "outside", "to": f"pool{i}", "amount": f"arising{i}"}
        flows[f"hauled{i}"] = {
            "from": f"pool{i}",
            "to": f"plant{i}",
            "share": f"hauled{i}",
            "otherwise": [f"dumped{i}"],
        }
        flows[f"dumped{i}"] = {"from": f"pool{i}", "to": "dump", "share": "remainder"}
        flows[f"made{i}"] = {"from": f"plant{i}", "to": "outside", "share": "remainder"}
        numbers |= {f"arising{i}": (ring["arising"][i], "t/year"), f"hauled{i}": ring["hauled"][i]}
        numbers[f"capacity{i}"] = (ring["capacity"][i] / DAYS, "t/d")
        for j in range(count):
            flows[f"back{i}_{j}"] = {"from": f"plant{i}", "to": f"pool{j}", "share": f"back{i}_{j}"}
            numbers[f"back{i}_{j}"] = ring["back"][i][j]
    return balance(model(processes, flows, numbers))


def reference(ring: dict[str, object]) -> np.ndarray:
    """Return the intakes: y = min(capacity, hauled · (arising + backᵀ y)), the limit of substitution from nothing.

    The map is monotone and `back` passes on less than all, so plain substitution from zero rises to its only fixed
    point.
    """
    arising, hauled, capacity = (np.array(ring[name]) for name in ("arising", "hauled", "capacity"))
    back = np.array(ring["back"])
    intake = np.zeros(len(arising))
    for _ in range(20_000):
        after = np.minimum(capacity, hauled * (arising + back.T @ intake))
        if (np.abs(after - intake) <= 1e-14 * after).all():
            return after
        intake = after
    return intake


RINGS = [  # found at random: secants of one plant took for their own what another one did
    {"arising": [22.0, 32.0], "hauled": [1.0, 0.75], "back": [[0.0, 0.25], [0.25, 0.0]], "capacity": [1.0, 20.0]},
    {
        "arising": [56.0, 72.3, 76.1, 63.3, 74.3, 84.3], "hauled": [1.0] * 6,
        "back": [
            [0.5248, 0.0, 0.0692, 0.1126, 0.1523, 0.0], [0.0164, 0.0324, 0.029, 0.0094, 0.0053, 0.0135],
            [0.1621, 0.0, 0.105, 0.0, 0.0961, 0.0359], [0.0, 0.2127, 0.0, 0.23, 0.3856, 0.0493],
            [0.0, 0.8353, 0.0, 0.0, 0.0, 0.0], [0.1523, 0.0377, 0.0, 0.0789, 0.1146, 0.1558],
        ],
        "capacity": [139.7, 1.15, 3.66, 2.03, 22.4, 109.9],
    },
]  # fmt: skip


@pytest.mark.parametrize("ring", RINGS)
def test_plants_that_feed_each_other_settle(ring: dict[str, object]) -> None:
    found = built(ring)
    for i, intake in enumerate(reference(ring)):
        assert found[f"hauled{i}"] == pytest.approx(intake, rel=1e-9)


def sums_below_one(ring: dict[str, object]) -> bool:
    return all(sum(row) < 0.97 for row in ring["back"])


@FEW
@given(rings().filter(sums_below_one))
def test_capacities_inside_loops_are_those_of_plain_substitution(ring: dict[str, object]) -> None:
    found, expected = built(ring), reference(ring)
    for i, intake in enumerate(expected):
        # limits settle to 1e-12 in fractions; a loop of gain 0.97 magnifies that thirtyfold
        assert found[f"hauled{i}"] == pytest.approx(intake, rel=1e-9, abs=1e-9)


@FEW
@given(rings().filter(sums_below_one))
def test_a_plant_refuses_only_when_full_and_is_never_overfull(ring: dict[str, object]) -> None:
    found = built(ring)
    count = len(ring["arising"])
    for i in range(count):
        pool = ring["arising"][i] + sum(found[f"back{j}_{i}"] for j in range(count))
        offered, intake, capacity = ring["hauled"][i] * pool, found[f"hauled{i}"], ring["capacity"][i]
        assert intake <= capacity * (1 + 1e-9) + 1e-12
        assert intake == pytest.approx(offered, rel=1e-9, abs=1e-12) or intake == pytest.approx(capacity, rel=1e-9)
        assert found[f"dumped{i}"] == pytest.approx(pool - intake, rel=1e-9, abs=1e-9)
        assert all(value >= 0 for value in found.values())
