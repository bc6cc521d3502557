"""First-order propagation: closed forms, both routes, limits and stocks, and when it says that it does not hold."""

import math

import numpy as np
import pytest
from tests.reference import cases
from tests.unit.system.small import model

from cemfa import Request, compile_system, locale, propagate, read_model, solve
from cemfa.errors import CemfaError, ResultsError, SolveError
from cemfa.sensitivity import linear
from cemfa.sensitivity.first_order import STEP, Points
from cemfa.sensitivity.points import Balance
from cemfa.sensitivity.quantities import quantities_of
from cemfa.system.compile import System

T = "t/year"


def spread(value, low, high, unit="1", distribution="normal", **more):
    return [{"value": value, "low": low, "high": high, "unit": unit, "distribution": distribution, **more}]


def loop(alpha=0.5, low=0.45, high=0.55, distribution="normal"):
    """What is used is made anew from what comes back and from what arises."""
    return compile_system(model(
        {"made": {}, "used": {}, "dump": {"sink": True}},
        {
            "arising": {"from": "outside", "to": "made", "amount": "arising"},
            "sold": {"from": "made", "to": "used", "share": 1},
            "returned": {"from": "used", "to": "made", "share": "alpha"},
            "dumped": {"from": "used", "to": "dump", "share": "remainder"},
        },
        {"arising": spread(100.0, 90.0, 110.0, T), "alpha": spread(alpha, low, high, distribution=distribution)},
    ))  # fmt: skip


def plant(capacity: float) -> System:
    """Half of what arises is hauled to a plant that may be too small; the rest is dumped."""
    return compile_system(model(
        {"pool": {}, "plant": {"capacity": {"parameter": "capacity"}}, "dump": {"sink": True}, "out": {"sink": True}},
        {
            "arising": {"from": "outside", "to": "pool", "amount": "arising"},
            "hauled": {"from": "pool", "to": "plant", "share": "hauled", "otherwise": ["dumped"]},
            "dumped": {"from": "pool", "to": "dump", "share": "remainder"},
            "treated": {"from": "plant", "to": "out", "share": "remainder"},
        },
        {
            "arising": spread(100.0, 80.0, 120.0, T), "hauled": spread(0.5, 0.4, 0.6),
            "capacity": [{"value": capacity / 365, "unit": "t/d"}],
        },
    ))  # fmt: skip


def share_of(found, name: str) -> dict[str, float]:
    return {c.parameter: c.share for c in found[name].contributions}


def test_one_loop_has_its_closed_form() -> None:
    found = propagate(loop(), "sold")
    z95 = 1.6448536269514722
    by_arising, by_alpha = 2.0 * 10.0 / z95, 100.0 / 0.25 * 0.05 / z95  # ∂/∂D = 1/(1 − α), ∂/∂α = D/(1 − α)²
    effects = {c.parameter: c.effect for c in found["sold"].contributions}
    assert found.method == "adjoint"
    assert effects["arising"] == pytest.approx(by_arising, rel=1e-9)
    assert effects["alpha"] == pytest.approx(by_alpha, rel=1e-6)  # the mean of the cut normal is 0.5 to six digits
    assert found["sold"].sd == pytest.approx(math.hypot(by_arising, by_alpha), rel=1e-6)
    assert found["sold"].central == pytest.approx(200.0, rel=1e-12)


def test_a_linear_quantity_has_exact_spread_whatever_the_skewness() -> None:
    system = compile_system(model(
        {"pool": {}, "dump": {"sink": True}},
        {
            "one": {"from": "outside", "to": "pool", "amount": "one"},
            "two": {"from": "outside", "to": "pool", "amount": "two"},
            "out": {"from": "pool", "to": "dump", "share": 1},
        },
        {"one": spread(2.0, 0.5, 8.0, T, "lognormal"), "two": spread(1.0, 0.0, 9.0, T, "triangular")},
    ))  # fmt: skip
    found = propagate(system, "out")["out"]
    moments = system.sampler.spread()
    assert found.sd == pytest.approx(math.hypot(*moments.size), rel=1e-9)
    assert found.mean == pytest.approx(moments.mean.sum(), rel=1e-12)
    assert found.central == 3.0
    assert found.explained == pytest.approx(1.0, abs=1e-9)


def test_a_product_of_lognormals() -> None:
    names = ("a", "b")
    system = compile_system(model(
        {"pool": {"sink": True}},
        {"in": {"from": "outside", "to": "pool", "amount": list(names)}},
        {"a": spread(10.0, 8.0, 12.5, T, "lognormal"), "b": spread(3.0, 2.7, 3.333333, distribution="lognormal")},
    ))  # fmt: skip
    found = propagate(system, "in")["in"]
    mean, sd = system.sampler.spread().mean, system.sampler.spread().size
    relative = (sd / mean) ** 2
    assert found.mean == pytest.approx(mean.prod(), rel=1e-12)
    assert found.sd == pytest.approx(mean.prod() * math.sqrt(relative.sum()), rel=1e-9)
    assert [c.share for c in found.contributions] == pytest.approx(list(relative / relative.sum()), rel=1e-9)


def test_shares_of_a_group_have_the_variance_of_their_covariance() -> None:
    rows = [{"value": v, "distribution": "dirichlet", "group": "uses", "concentration": 30.0} for v in (0.5, 0.3, 0.2)]
    names = ("burnt", "fed", "sold")
    system = compile_system(model(
        {"pool": {}, "one": {"sink": True}, "two": {"sink": True}},
        {
            "arising": {"from": "outside", "to": "pool", "amount": "arising"},
            "burnt": {"from": "pool", "to": "one", "share": "burnt"},
            "fed": {"from": "pool", "to": "two", "share": "fed"},
            "sold": {"from": "pool", "to": "one", "share": "sold"},
        },
        {"arising": (100.0, T), **{name: [row] for name, row in zip(names, rows, strict=True)}},
    ))  # fmt: skip
    found = propagate(system, ["one", "fed"])
    variance = 100.0**2 * 0.3 * 0.7 / 31.0  # what is not fed: m(1 − m)/(c + 1)
    assert found["one"].sd == pytest.approx(math.sqrt(variance), rel=1e-9)
    assert found["fed"].sd == pytest.approx(math.sqrt(variance), rel=1e-9)
    assert share_of(found, "one")["fed"] == pytest.approx(0.7, rel=1e-9)  # the rest gives way to it
    assert found["one"].explained == pytest.approx(1.0, abs=1e-9)


def both_routes(system: System, names: list[str], year: int) -> tuple[np.ndarray, np.ndarray]:
    """Return effects by adjoint solve and by steps."""
    balance = Balance.of(system, None, system.years.index(year))
    points, asked = Points.of(system, 0, 0), quantities_of(system, names)
    mean = points.spread.mean
    settled = linear.only_shares_decide(balance, mean)
    assert settled is not None
    adjoint = linear.effects(balance, asked, mean, points.direction * points.step, settled) / points.step
    values = balance.at(asked, points.draws(steps=True), history=False)
    up, down = values[:, 2 : 2 + points.streams], values[:, 2 + points.streams :]
    return adjoint, (up - down) / (2 * points.step)


@pytest.mark.parametrize(
    ("system", "names", "year"),
    [
        (loop(), ["sold", "returned", "dump", "used"], 2021),
        (plant(1000.0), ["hauled", "dumped", "plant", "out"], 2021),
        (compile_system(cases.feed(spread=True)[0]), ["c5", "c1_to_c3", "c4"], 2020),
    ],
    ids=["loop", "plant with room", "feed"],
)
def test_adjoint_and_steps_agree(system: System, names: list[str], year: int) -> None:
    adjoint, steps = both_routes(system, names, year)
    scale = np.abs(steps).max(axis=1, keepdims=True)
    np.testing.assert_allclose(adjoint / scale, steps / scale, rtol=1e-6, atol=1e-9)


def test_a_full_plant_hangs_on_its_capacity_only() -> None:
    found = propagate(plant(30.0), ["plant", "dumped"])
    assert found.method == "points"
    assert found["plant"].sd == 0.0
    assert found["plant"].contributions == ()
    assert share_of(found, "dumped") == pytest.approx({"arising": 1.0})
    assert found["dumped"].contributions[0].effect == pytest.approx(20.0 / 1.6448536269514722, rel=1e-9)  # all of it


def test_a_capacity_that_switches_is_said() -> None:
    found = propagate(plant(50.0), "plant", samples=256)["plant"]
    assert not found.nearly_linear
    assert "use Monte Carlo" in found.verdict("en")
    assert "hãy dùng Monte Carlo" in found.verdict("vi")
    assert propagate(plant(1000.0), "plant")["plant"].nearly_linear


def test_history_is_followed_where_it_matters() -> None:
    system = compile_system(cases.decaying_pulse(history=True)[0])
    buried, gas = (propagate(system, name, period=2003) for name in ("buried", "gas"))
    assert (buried.history, gas.history) == (False, True)
    assert gas["gas"].central == pytest.approx(
        solve(system)["flow_mass"].sel(flow="gas", period=2003).item(), rel=1e-12
    )


def test_content_is_carried_through_the_years() -> None:
    """What is buried every year decays: gas of year n is d·D·(1 − e^(−kn)), which is differentiated by hand."""
    deposit = {"process": "landfill", "year": 2020, "layer": "mass", "value": 0, "unit": T}
    decays = {"decay": "first_order", "layer": "mass", "rate": "rate", "degradable": "part", "history": "before.csv"}
    system = compile_system(model(
        {"landfill": {"stock": decays}, "air": {"sink": True}},
        {
            "buried": {"from": "outside", "to": "landfill", "amount": "arising"},
            "gas": {"from": "landfill", "to": "air", "share": 1},
        },
        {
            "arising": spread(100.0, 90.0, 110.0, T), "part": spread(0.5, 0.45, 0.55),
            "rate": spread(0.3, 0.25, 0.35, "1/year"),
        },
        years=(2021, 2024),
        tables={"before": [deposit | {"basis": "unverified", "source": "s"}]},
    ))  # fmt: skip
    found = propagate(system, "gas")
    effects = {c.parameter: c.effect for c in found["gas"].contributions}
    z95, left = 1.6448536269514722, math.exp(-0.9)
    assert found.history
    assert effects["arising"] == pytest.approx(0.5 * (1 - left) * 10.0 / z95, rel=1e-6)
    assert effects["part"] == pytest.approx(100.0 * (1 - left) * 0.05 / z95, rel=1e-6)
    assert effects["rate"] == pytest.approx(50.0 * 3 * left * 0.05 / z95, rel=1e-6)


def test_an_indicator_and_the_flow_it_is_agree() -> None:
    system = compile_system(read_model("first_steps"))
    found = propagate(system, ["landfilled_mass", "landfilled_mass", "organics_to_landfill"], period=2030)
    assert found.quantities[0] == found.quantities[1]
    assert found.method == "points"
    assert found["landfilled_mass"].sd > found["organics_to_landfill"].sd  # rejects come on top


def test_samples_agree_where_it_is_nearly_linear() -> None:
    system = compile_system(read_model("first_steps"))
    found = propagate(system, "organics_to_landfill", period=2030, samples=256)["organics_to_landfill"]
    assert found.nearly_linear
    drawn = solve(system, samples=4096, seed=3, request=Request(flows=("organics_to_landfill",)), workers=1)
    values = drawn["flow_kept"].sel(period=2030, layer=["dry_matter", "water"]).sum(["layer", "kept_flow"]).to_numpy()
    # the error of a standard deviation of 4096 samples is 1.1 %; what is not linear adds about 1 − explained
    assert found.sd == pytest.approx(values.std(), rel=3 * 0.011 + (1 - found.explained))
    assert found.mean == pytest.approx(values.mean(), abs=4 * values.std() / math.sqrt(4096) + 0.01 * values.std())


def test_same_bits_twice() -> None:
    system = compile_system(read_model("first_steps"))
    one, two = (propagate(system, "rate_with_home:rural", period=2030) for _ in range(2))
    assert one == two


def test_second_order_is_that_of_the_closed_form() -> None:
    rows = {
        "b": (1.0, T), "q": spread(10.0, 8.0, 12.0), "half": (0.5, "1"),
        "capacity": [{"value": 0.01, "unit": "t/d"}],
    }  # fmt: skip
    system = compile_system(model(
        {"pool": {}, "plant": {"capacity": {"parameter": "capacity"}}, "out": {"sink": True}},
        {
            "in": {"from": "outside", "to": "pool", "amount": ["b", "q", "q"]},
            "hauled": {"from": "pool", "to": "plant", "share": "half", "otherwise": ["rest"]},
            "rest": {"from": "pool", "to": "out", "share": "remainder"},
            "treated": {"from": "plant", "to": "out", "share": "remainder"},
        },
        rows,
    ))  # fmt: skip
    found = propagate(system, "in", samples=0)
    # y = q·q: half the second derivative is σ²; its part of the variance is 2σ⁴ / (4μ²σ² + 2σ⁴)
    mean, sd = 10.0, 2.0 / 1.6448536269514722
    assert found.method == "points"  # the plant is full
    assert found["in"].second_order == pytest.approx(2 * sd**4 / (4 * mean**2 * sd**2 + 2 * sd**4), rel=1e-6)
    assert math.isnan(found["in"].explained)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("rate_of_nothing", "quantity-unknown"),
        ("", "quantity-unknown"),
        ("rate_with_home:nowhere", "quantity-part"),
        ("organics_to_landfill:gold", "quantity-part"),
        ("landfilled_mass:rural", "quantity-part"),
    ],
)
def test_what_is_not_known_is_refused(name: str, code: str) -> None:
    with pytest.raises(ResultsError) as error:
        propagate(compile_system(read_model("first_steps")), name)
    assert [p.code for p in error.value.problems] == [code]


def test_nothing_asked_for_and_no_such_year() -> None:
    system = compile_system(read_model("first_steps"))
    with pytest.raises(ResultsError) as error:
        propagate(system, [])
    assert [p.code for p in error.value.problems] == ["quantities-none"]
    with pytest.raises(CemfaError) as wrong:
        propagate(system, "landfilled_mass", period=1999)
    assert [p.code for p in wrong.value.problems] == ["year-unknown"]


def test_a_point_without_a_solution_is_named() -> None:
    shares = {"one": spread(0.7, 0.5, 0.999, distribution="beta"), "two": spread(0.25, 0.05, 0.6, distribution="beta")}
    system = compile_system(model(
        {"pool": {}, "out": {"sink": True}},
        {
            "arising": {"from": "outside", "to": "pool", "amount": "arising"},
            "first": {"from": "pool", "to": "out", "share": "one"},
            "second": {"from": "pool", "to": "out", "share": "two"},
            "rest": {"from": "pool", "to": "out", "share": "remainder"},
        },
        {"arising": (100.0, T), **shares},
    ))  # fmt: skip
    with pytest.raises(SolveError) as error:
        propagate(system, "first", samples=256)
    assert [p.code for p in error.value.problems][:2] == ["propagation-draw", "shares-above-one"]
    assert propagate(system, "first", samples=0)["first"].sd > 0


def test_what_was_not_checked_is_said() -> None:
    found = propagate(loop(), "sold", samples=0)
    assert "Not checked" in found["sold"].verdict("en")
    with pytest.raises(KeyError):
        found["unsold"]


def test_it_shows_itself() -> None:
    found = propagate(compile_system(read_model("first_steps")), "rate_with_home", period=2030)
    with locale.use("vi"):
        page = found._repr_html_()
    assert "Tỷ lệ phân loại tại nguồn" in page
    assert "<table>" in page
    table = found.table("en")
    assert table["share"].sum() == pytest.approx(1.0, abs=1e-6)
    assert list(table["share"]) == sorted(table["share"], reverse=True)
    assert found["rate_with_home"].unverified == pytest.approx(1.0, abs=1e-6)
    assert STEP < 0.01


def test_what_passes_a_stock_within_the_year_is_followed() -> None:
    lasting = {"lifetime": "weibull", "shape": "shape", "scale": "scale", "timing": "mid_year", "starts": "empty"}
    spread = [{"value": 6.0, "unit": "year", "distribution": "normal", "low": 5.8, "high": 6.2}]
    system = compile_system(
        model(
            {"use": {"stock": lasting}, "dump": {"sink": True}},
            {
                "bought": {"from": "outside", "to": "use", "amount": "bought"},
                "gone": {"from": "use", "to": "dump", "share": 1},
            },
            {"bought": (10.0, "t/year"), "shape": 1.5, "scale": spread},
            years=(2020, 2024),
        )
    )
    (gone,) = propagate(system, "gone", period=2024)
    drawn = solve(system, samples=4000, seed=2, request=Request(flows="all"))["flow_mass"].sel(flow="gone", period=2024)
    # 4 000 samples know a standard deviation to about a hundredth
    assert gone.sd == pytest.approx(float(drawn.std()), rel=0.05)
