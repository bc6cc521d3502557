"""Benchmarks run, compare equal things and stand in their README; no time is asserted."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from benchmarks import contests, peers, report, stages, verbs
from benchmarks.__main__ import arguments, main
from benchmarks.contests import SMOKE, Contest, Contestant, Ratio
from benchmarks.drivers import Measured, machine, measure, stage_table, table, times, verdict
from benchmarks.subjects import KINDS, SIZES, cohorts, graph

from cemfa.system.elimination import OUTSIDE
from cemfa.system.sampling import BLOCK
from cemfa.system.tables import Table

ROOT = Path(__file__).resolve().parents[2]
FROZEN = {
    ("chain-like", 20): "0b9a50c75fe1acac",
    ("chain-like", 200): "93a6d0539a58da6b",
    ("chain-like", 2000): "169bea8410dcde92",
    ("province-like", 20): "ffb37dd30674cf46",
    ("province-like", 200): "7b6d8de5e9ee3426",
    ("province-like", 2000): "c2d053dddffbb7e5",
    ("tangled", 20): "80437f48a494be8f",
    ("tangled", 200): "9fc388af2b529fe3",
    ("tangled", 2000): "9861e965bfa641ac",
}
"""First 16 digits of the SHA-256 of pattern and numbers. They never change: other subjects are other benchmarks."""
OPERATIONS = {
    ("chain-like", 20): (15, 72, []),
    ("chain-like", 200): (136, 754, []),
    ("chain-like", 2000): (1557, 7625, []),
    ("province-like", 20): (63, 82, []),
    ("province-like", 200): (2043, 1218, []),
    ("province-like", 2000): (511019, 61339, []),
    ("tangled", 20): (353, 142, []),
    ("tangled", 200): (17956, 2968, []),
    ("tangled", 2000): (420794, 39864, [307]),
}
"""Products in the tables of factors and of right-hand sides, and the sizes of the dense components left over.

Where the elimination itself was improved, this test fails and shows what it counted. Put that in place of these, after
looking at whether every count has become smaller or has a reason to be larger."""
SUBJECTS = list(FROZEN)


def counted(made):
    tables = [stage for stage in made.rhs if isinstance(stage, Table)]
    rhs = sum(len(table.left) for table in tables)
    return len(made.factor.left), rhs, [len(component.members) for component in made.dense]


def test_every_kind_is_frozen_in_every_size():
    assert {(kind, size) for kind in KINDS for size in SIZES} == set(SUBJECTS) == set(OPERATIONS)


@pytest.mark.parametrize(("kind", "processes"), SUBJECTS)
def test_the_graphs_are_frozen(kind, processes):
    subject = graph(kind, processes, 4)
    arrays = [(subject.source, "<i4"), (subject.target, "<i4")]
    arrays += [(values, "<f8") for values in (subject.central, subject.shares, subject.inputs)]
    digest = hashlib.sha256(b"".join(values.astype(kind_of).tobytes() for values, kind_of in arrays))
    assert digest.hexdigest()[:16] == FROZEN[kind, processes]


@pytest.mark.parametrize(("kind", "processes"), SUBJECTS)
def test_the_graphs_are_what_their_names_say(kind, processes):
    subject = graph(kind, processes, 3)
    inside = subject.target != OUTSIDE
    assert subject.source.size == 4 * processes
    assert np.count_nonzero(inside & (subject.target < subject.source)) == round(4 * processes * KINDS[kind].backwards)
    assert len(set(zip(subject.source.tolist(), subject.target.tolist(), strict=True))) == 4 * processes
    assert not np.any(subject.source == subject.target)
    for shares in (subject.central[:, None], subject.shares):
        sums = np.zeros((processes, shares.shape[1]))
        np.add.at(sums, subject.source, shares)
        np.testing.assert_allclose(sums, 1.0, rtol=1e-14)  # rounding of at most a hundred shares


@pytest.mark.parametrize(("kind", "processes"), SUBJECTS)
def test_the_elimination_counts_its_operations(kind, processes):
    made = graph(kind, processes, 1).elimination
    assert counted(made) == OPERATIONS[kind, processes]
    assert made.operations == sum(counted(made)[:2])


def test_a_sample_is_the_same_among_few_and_many():
    few, many = graph(samples=3), graph(samples=7)
    np.testing.assert_array_equal(few.shares, many.first(3).shares)
    np.testing.assert_array_equal(few.inputs, many.first(3).inputs)


def test_the_stock_is_frozen():
    subject = cohorts(3, 2)
    digest = hashlib.sha256(b"".join(v.astype("<f8").tobytes() for v in (subject.inflow, subject.shape, subject.scale)))
    assert digest.hexdigest()[:16] == "df7bad8e3b67e6aa"


@pytest.mark.parametrize("kind", KINDS)
def test_all_solvers_of_a_graph_agree(kind):
    contests.balance(kind, 20, SMOKE).check()


def test_sides_that_differ_are_not_timed():
    one = Contestant("one", 1, lambda: None, lambda: np.array([1.0]))
    other = replace(one, name="other", result=lambda: np.array([1.0 + 1e-6]))
    with pytest.raises(AssertionError, match="c: one and other"):
        measure(Contest("c", (one, other), ()))


def test_bare_kernels_give_what_solve_gives_by_stages_too():
    task = verbs.AllIn(graph(processes=20, samples=1), "dirichlet", BLOCK + 3)
    spent = stages.Stages(lambda: 0.0)
    expected = task.result()
    np.testing.assert_allclose(stages.kernels(task, spent), expected, rtol=1e-12)  # sums of 259 in two orders
    np.testing.assert_allclose(stages.pipeline(task, spent)[-80:], expected, rtol=1e-12)
    assert list(spent.spent) == ["draw", "solve", "reduce", "shares", "check"]


def test_every_year_draws_by_itself_or_shares_its_draw():
    subject = graph(processes=20, samples=1)
    assert verbs.AllIn(subject, "dirichlet", 4).drawn == 80
    assert verbs.AllIn(subject, "beta", 4).drawn == 80 - 20  # one share of each process is what is left
    assert verbs.AllIn(subject, "dirichlet", 4, years=3).drawn == 3 * 80


def test_everything_runs_without_the_peers():
    text = report.measured(SMOKE, (), repeats=1)
    assert "peers: none" in text
    assert text.count("| **") == 2 * len(contests.contests(SMOKE))
    for name in ("`np.linalg.solve` / cemfa", "memory floor", "stock", "threads", "symbolic", "import cemfa"):
        assert name in text


def test_everything_runs_with_the_peers():
    if why := peers.missing():
        pytest.skip(why)
    text = report.measured(SMOKE, peers.NAMES, repeats=1, only="balance, province")
    assert "dpmfa / cemfa, numpy" in text
    assert "flodym / cemfa, numpy" in text


def test_missing_peers_are_named_with_what_mends_it(monkeypatch, tmp_path):
    monkeypatch.setattr(peers, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    assert peers.missing() == "the peers are not installed in .venv; make bench does it"


def test_the_programme_explains_itself():
    asked = [sys.executable, "-m", "benchmarks", "--help"]
    told = subprocess.run(
        asked, cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ | {"COLUMNS": "99"}
    )
    for word in ("--full", "--smoke", "--write", "--no-peers", "--only", "make bench", "README.md"):
        assert word in told.stdout
    assert arguments([]).repeats == 7


def test_the_readme_shows_what_was_measured():
    text = report.README.read_text(encoding="utf-8")
    shown = text.partition(report.BEGIN)[2].partition(report.END)[0]
    assert shown == report.MEASURED.read_text(encoding="utf-8")
    for name in contests.GOALS:
        assert name in shown


def test_writing_changes_only_what_stands_between_the_marks(monkeypatch, tmp_path):
    monkeypatch.setattr(report, "README", tmp_path / "README.md")
    monkeypatch.setattr(report, "MEASURED", tmp_path / "measured.md")
    report.README.write_text(f"before\n{report.BEGIN}old\n{report.END}after\n")
    report.write("new\n")
    assert report.README.read_text() == f"before\n{report.BEGIN}new\n{report.END}after\n"
    assert report.MEASURED.read_text() == "new\n"


def test_part_of_a_run_is_not_written(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(report, "MEASURED", tmp_path / "measured.md")
    main(["--smoke", "--repeats", "1", "--only", "stock", "--no-peers", "--write"])
    assert "Nothing written" in capsys.readouterr().err
    assert not report.MEASURED.exists()


def test_ratios_become_tables():
    pair = (Contestant("a", 10, int), Contestant("b", 20, int))
    contest = Contest("c", pair, (Ratio("a / b", "a", "b", 2, 5), Ratio("a [ms]", "a", None, 50, 50)))
    found = Measured(contest, {"a": [0.3, 0.1, 0.2], "b": [0.1, 0.1, 0.2]})
    assert "| a / b | 4 | 2–6 | ≥ 2 | ≥ 5 | pass |" in table([found])
    assert "| a [ms] | 200 | 100–300 | ≤ 50 | ≤ 50 | misses |" in table([found])
    assert "| a | 20 ms | 10 | sample and flow |" in times([found])
    assert "| x | 2 | 3 | 5 |" in stage_table([("x", {"draw": 2e-9, "solve": 3e-9}, 1)])


@pytest.mark.parametrize(("value", "said"), [(50, "misses"), (30, "pass"), (25, "aim")])
def test_a_small_ratio_is_wanted_where_the_aim_is_the_smaller(value, said):
    assert verdict(value, Ratio("", "a", "b", 40, 25)) == said


def test_a_measurement_takes_both_sides_in_turn():
    ran = []

    def run(name):
        ran.append(name)
        return 1.0

    both = tuple(Contestant(name, 1, lambda name=name: run(name), timed_itself=True) for name in "xy")
    found = measure(Contest("c", both, (Ratio("x / y", "x", "y"),)), repeats=3)
    assert "".join(ran) == "xyxyxyxy"
    assert found.value(found.contest.ratios[0]) == 1.0


def test_the_machine_is_named():
    assert machine().count(",") >= 2


def test_executors_are_those_that_run_here():
    assert verbs.executors() == (("numpy", "numba") if find_spec("numba") else ("numpy",))
