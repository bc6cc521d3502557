"""First-order propagation against closed forms and against samples of published cases."""

import math

import numpy as np
import pytest

from cemfa import compile_system, propagate, solve
from tests.reference import cases
from tests.reference.test_monte_carlo import FACTORS, Z95, closed_form, product_system

SAMPLES = 4096
OF_A_DEVIATION = 1 / math.sqrt(2 * SAMPLES)  # relative standard error of a standard deviation, normal case


def test_a_product_of_lognormals_misses_what_the_closed_form_says():
    found = propagate(product_system(), "dung", samples=256)["dung"]
    squares = [math.expm1((math.log(high / low) / (2 * Z95)) ** 2) for _, _, low, high in FACTORS.values()]
    law = closed_form()
    assert found.mean == pytest.approx(law.mean(), rel=1e-10)  # of independent factors, the product of the means
    assert found.sd == pytest.approx(law.mean() * math.sqrt(sum(squares)), rel=1e-9)
    # exact: Π(1 + cv²) − 1; first order keeps Σ cv², and the draws must say about how much that leaves out
    whole = math.prod(1 + square for square in squares) - 1
    assert found.sd / law.std() == pytest.approx(math.sqrt(sum(squares) / whole), rel=1e-9)
    assert found.explained == pytest.approx(sum(squares) / whole, abs=0.05)
    assert found.nearly_linear


@pytest.mark.parametrize("name", ["c1_to_c3", "c5", "c4"])
def test_feed_example_agrees_with_samples(name):
    system = compile_system(cases.feed(spread=True)[0])
    found = propagate(system, name, samples=256)
    quantity = found[name]
    results = solve(system, samples=SAMPLES, seed=5, request=cases.everything())
    variable = "flow_mass" if name in system.flow_ids else "throughput"
    values = results[variable].sel({"flow" if name in system.flow_ids else "process": name}).to_numpy().ravel()
    assert found.method == "adjoint"
    assert quantity.nearly_linear
    left_out = 1 - quantity.explained
    assert quantity.sd == pytest.approx(values.std(), rel=3 * OF_A_DEVIATION + left_out)
    assert quantity.mean == pytest.approx(
        values.mean(), abs=4 * values.std() / math.sqrt(SAMPLES) + left_out * quantity.sd
    )


def test_shares_agree_with_regression_on_samples():
    system = compile_system(cases.feed(spread=True)[0])
    found = propagate(system, "c1_to_c3")["c1_to_c3"]
    results = solve(system, samples=SAMPLES, seed=5, request=cases.everything())
    values = results["flow_mass"].sel(flow="c1_to_c3").to_numpy().ravel()
    draws = system.sampler.samples(5, 0, SAMPLES)
    by_row = dict(zip([row.parameter for row in system.parameters.rows], draws, strict=True))
    for contribution in found.contributions:
        square = np.corrcoef(by_row[contribution.parameter], values)[0, 1] ** 2
        # standard error of a squared correlation: 2r(1 − r²)/√n, at most 0.77/√n
        assert contribution.share == pytest.approx(square, abs=3 * 0.77 / math.sqrt(SAMPLES) + 1 - found.explained)
