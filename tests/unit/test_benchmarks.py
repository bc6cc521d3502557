"""Benchmarks run, compare equal things and stand in their README; no time is asserted."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from benchmarks.drivers import Measurement, measure, table
from benchmarks.subjects import province
from benchmarks.verbs import Comparison, balance, comparisons, dense

from cemfa.system.elimination import OUTSIDE

README = Path(__file__).resolve().parents[2] / "benchmarks" / "README.md"


@pytest.fixture(scope="module")
def every():
    return comparisons(samples=8, replications=1)


def test_the_graph_is_frozen():
    graph = province(4)
    digest = hashlib.sha256(graph.source.astype("<i4").tobytes() + graph.target.astype("<i4").tobytes())
    assert digest.hexdigest()[:16] == "84df17aad108c344"
    assert (graph.processes, graph.source.size) == (200, 800)
    backwards = (graph.target != OUTSIDE) & (graph.target < graph.source)
    assert backwards.mean() == pytest.approx(0.12, abs=0.02)


def test_both_solvers_of_the_graph_agree():
    graph = province(8)
    ours, theirs = balance(graph)(), dense(graph)()
    np.testing.assert_allclose(ours, theirs[:, :, 0].T, rtol=1e-11)  # LAPACK's own error on 200 rows


def test_every_comparison_runs(every):
    for comparison in every:
        comparison.action()
        comparison.reference()


def test_every_comparison_stands_in_the_readme(every):
    text = README.read_text(encoding="utf-8")
    # the table of the README was measured with more samples, which its names say
    names = [comparison.name.split(", ")[0] for comparison in every]
    assert [name for name in names if name not in text] == []


def test_ratios_become_a_table():
    assert Measurement("a / b", 0.3, 0.1, 5).ratio == pytest.approx(3)
    assert "| a / b | 3 | 300 ms |" in table([Measurement("a / b", 0.3, 0.1, 5)])


def test_a_measurement_times_both_sides():
    ran = []
    found = measure(Comparison("x / y", lambda: ran.append("x"), lambda: ran.append("y")), repeats=1)
    assert {"x", "y"} <= set(ran)
    assert found.ratio > 0
