"""The same bits, whatever the workers, the number of samples, the order of rows, and alone or in company."""

from functools import cache, partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.sizes import WHOLE, drawn
from tests.property.statements import settled
from tests.unit.system.small import model

from cemfa import compile_system, read_model, solve
from cemfa.definition.schema import Model
from cemfa.results import Request
from cemfa.system.capacity import added_capacity, open_share
from cemfa.system.numbers import bind_plan
from cemfa.system.solve import solve_years
from cemfa.testing import ModelCase, assert_results_balanced, models
from cemfa.workers import parts

T = "t/year"
ALL = Request(flows="all")
SPREAD = ("flow_mass", "throughput", "stock", "parameter")


def share(value: float, group: str = "", **spread: object) -> list[dict]:
    if group:
        return [{"value": value, "distribution": "dirichlet", "group": group, "concentration": 40.0}]
    return [{"value": value, **spread}]


def everything() -> Model:
    """A small town with a loop, a capacity, a demand, a decaying stock and a Dirichlet group, over three years."""
    rows = {
        "waste": [{"value": 90.0, "unit": T, "distribution": "lognormal", "low": 60.0, "high": 130.0}],
        "sorted": share(0.5, "fates"), "burnt": share(0.2, "fates"), "buried": share(0.3, "fates"),
        "back": share(0.3, distribution="triangular", low=0.1, high=0.6),
        "capacity": [{"value": 45.0, "unit": T, "distribution": "uniform", "low": 35.0, "high": 55.0}],
        "needed": [{"value": 20.0, "unit": T, "distribution": "normal", "low": 15.0, "high": 25.0}],
        "rate": [{"value": 0.2, "unit": "1/year", "distribution": "uniform", "low": 0.1, "high": 0.3}],
        "degradable": share(0.5, distribution="beta", low=0.3, high=0.7),
        "sold": [{"value": 5.0, "unit": T, "distribution": "uniform", "low": 1.0, "high": 9.0}],
    }  # fmt: skip
    decay = {"decay": "first_order", "layer": "carbon", "rate": "rate", "degradable": "degradable",
             "history": "before.csv"}  # fmt: skip
    past = [{"process": "tip", "layer": "carbon", "year": 2020, "value": 30.0, "unit": T,
             "basis": "unverified", "source": "s"}]  # fmt: skip
    made = {"good": "compost"}
    return model(
        {"pool": {}, "plant": {"capacity": {"parameter": "capacity"}}, "field": {"demand": "needed"},
         "tip": {"stock": decay}, "end": {"sink": True}},
        {
            "arising": {"from": "outside", "to": "pool", "amount": "waste"},
            "hauled": {"from": "pool", "to": "plant", "share": "sorted", "otherwise": ["dumped"]},
            "dumped": {"from": "pool", "to": "tip", "share": "buried"},
            "fired": {"from": "pool", "to": "end", "share": "burnt"},
            "rejects": {"from": "plant", "to": "pool", "share": "back"},
            "compost": {"from": "plant", "to": "field", "share": "remainder", **made},
            "bought": {"from": "outside", "to": "field", "fills": "demand"},
            "sales": {"from": "field", "to": "outside", "amount": "sold", "at_most": True, **made},
            "used": {"from": "field", "to": "end", "share": "remainder", **made},
            "gas": {"from": "tip", "to": "outside", "share": 1, "good": "gas"},
        },
        rows,
        years=(2021, 2023),
        layers={"mass": ["dry", "water"], "contained": {"carbon": "dry"}},
        goods={"gas": {"status": "gas"}, "compost": {"status": "product"}},
        composition=[
            {"good": "stuff", "layer": "water", "value": 0.5, "distribution": "beta", "low": 0.4, "high": 0.6},
            {"good": "stuff", "layer": "carbon", "per": "dry", "value": 0.4},
        ],
        tables={"before": past},
    )  # fmt: skip


@cache
def system(name: str):
    return compile_system(everything() if name == "everything" else read_model(name))


@cache
def alone(name: str, samples: int):
    return solve(system(name), samples=samples, seed=3, request=ALL, workers=1)


@pytest.mark.parametrize("workers", [2, 4])
@pytest.mark.parametrize(("name", "samples"), [("everything", 1100), ("first_steps", 600), ("ben_tre", 20)])
def test_workers_change_no_bit(name: str, samples: int, workers: int) -> None:
    assert alone(name, samples).identical(solve(system(name), samples=samples, seed=3, request=ALL, workers=workers))


def test_processes_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cemfa.system.solve.parts", partial(parts, kind="processes"))
    assert alone("everything", 600).identical(solve(system("everything"), samples=600, seed=3, request=ALL, workers=2))


def test_workers_change_no_bit_of_many_samples_of_ben_tre() -> None:
    samples = 600 if WHOLE else 20
    one, two = (solve(system("ben_tre"), samples=samples, seed=3, workers=n) for n in (1, 2))
    assert one.identical(two)


@pytest.mark.parametrize("request_", [Request(), Request(flows=("hauled",)), ALL], ids=["reduced", "kept", "all"])
def test_workers_change_no_bit_of_what_is_reduced(request_: Request) -> None:
    one, four = (solve(system("everything"), samples=1100, seed=8, request=request_, workers=n) for n in (1, 4))
    assert one.identical(four)


@pytest.mark.parametrize(("name", "few", "many"), [("everything", 300, 2000), ("ben_tre", 5, 20)])
def test_a_sample_does_not_depend_on_how_many_there_are(name: str, few: int, many: int) -> None:
    small, large = alone(name, few), alone(name, many)
    for variable in SPREAD:
        assert (small[variable].to_numpy() == large[variable].to_numpy()[:few]).all(), variable
    assert_results_balanced(small)


@pytest.mark.parametrize(("name", "numbers"), [("everything", (0, 255, 256, 511, 1099)), ("ben_tre", (0, 19))])
def test_a_sample_solved_alone_has_the_same_bits(name: str, numbers: tuple[int, ...]) -> None:
    made, whole = system(name), alone(name, 1100 if name == "everything" else 20)
    plan = bind_plan(made, None), added_capacity(made, None), open_share(made, None)
    for number in numbers:
        block, column = divmod(number, 256)
        draws = made.sampler.block(3, block)[:, column : column + 1]
        flows = np.stack([year.flow[:, :, 0] for year in solve_years(made, draws, *plan)])
        assert (flows.transpose(0, 2, 1) == whole["flow_mass"].to_numpy()[number]).all(), number


def test_the_order_of_parameter_rows_changes_no_bit() -> None:
    turned = everything().model_copy(update={"parameters": tuple(reversed(everything().parameters))})
    other = solve(compile_system(turned), samples=300, seed=3, request=ALL, workers=1)
    assert (other["flow_mass"].to_numpy() == alone("everything", 300)["flow_mass"].to_numpy()).all()


@pytest.mark.parametrize("name", ["everything", "first_steps"])
def test_a_solve_twice_is_the_same(name: str) -> None:
    assert solve(system(name), samples=40, seed=5).identical(solve(system(name), samples=40, seed=5))


@drawn(200)
@given(models(), st.randoms(use_true_random=False))
def test_the_order_of_a_drawn_models_rows_changes_no_bit(case: ModelCase, random) -> None:
    tables = {name: random.sample(list(rows), len(rows)) for name, rows in case.tables.items()}
    one, other = settled(case), settled(ModelCase(case.data, tables))
    if one is None or other is None:
        assert one is other
        return
    assert (one["flow_mass"].to_numpy() == other["flow_mass"].to_numpy()).all()
