"""Blocks, strips and workers: the same bits however the work is cut, bounded memory, one sample alone."""

import tracemalloc
from functools import partial

import numpy as np
import pytest
import xarray as xr
from tests.unit.system.small import model

from cemfa.definition.load import read_model
from cemfa.errors import ResourceError, SolveError
from cemfa.results import Request
from cemfa.system import footprint as sizes
from cemfa.system.compile import compile_system
from cemfa.system.sampling import BLOCK
from cemfa.system.solve import solve, strip_width
from cemfa.workers import parts

T = "t/year"
EVERYTHING = ("mean", "sd", "p5", "p50", "p95")


def first_compost(block: xr.Dataset) -> xr.Dataset:
    """Return one number per sample, as indicators do."""
    flow = block["flow_mass"].sel(flow="compost_made[north]", layer="carbon", drop=True)
    return xr.Dataset({"compost": flow.drop_vars(set(flow.coords) - {"sample", "period"})})


REQUESTS = {
    "sorted together": (Request(reducers=EVERYTHING), 2**28),
    "mean of blocks": (Request(reducers=EVERYTHING), 0),
    "some flows": (Request(flows=("compost_made",), reducers=("mean",)), 0),
    "all flows": (Request(flows="all"), 0),
    "functions": (Request(functions={"compost": first_compost}, reducers=("sd", "p50")), 0),
}


@pytest.fixture(scope="module")
def town():
    return compile_system(read_model("first_steps"))


def solved(town, monkeypatch, name, *, width=256, workers=1, kind="threads", samples=700):
    request, exact = REQUESTS[name]
    with monkeypatch.context() as patch:
        patch.setattr(sizes, "EXACT_BYTES", exact)
        patch.setattr("cemfa.system.solve.strip_width", lambda *_, **__: width)
        patch.setattr("cemfa.system.solve.parts", partial(parts, kind=kind))
        return solve(town, samples=samples, seed=4, request=request, workers=workers)


@pytest.mark.parametrize("name", REQUESTS)
def test_any_work_block_and_any_number_of_threads_give_the_same_bits(town, monkeypatch, name) -> None:
    expected = solved(town, monkeypatch, name)
    for width, workers in ((37, 1), (128, 2), (256, 4), (512, 1), (1024, 2)):
        assert solved(town, monkeypatch, name, width=width, workers=workers).identical(expected), (width, workers)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_processes_give_the_same_bits_as_threads(town, monkeypatch, workers) -> None:
    threads = solved(town, monkeypatch, "mean of blocks")
    assert solved(town, monkeypatch, "mean of blocks", workers=workers, kind="processes").identical(threads)


def test_reductions_of_blocks_are_those_of_all_samples(town, monkeypatch) -> None:
    whole = solved(town, monkeypatch, "all flows")
    reduced = solved(town, monkeypatch, "mean of blocks")
    for name in ("flow", "throughput", "stock"):
        samples = whole["flow_mass" if name == "flow" else name].values
        scale = np.abs(samples).max()
        # a few roundings of numbers as large as the largest sample
        np.testing.assert_allclose(reduced[f"{name}_mean"], samples.mean(axis=0), atol=1e-14 * scale, rtol=1e-13)
        np.testing.assert_allclose(reduced[f"{name}_sd"], samples.std(axis=0, ddof=1), atol=1e-13 * scale, rtol=1e-12)
    together = solved(town, monkeypatch, "sorted together")
    assert (together.attrs["quantiles"], reduced.attrs["quantiles"]) == ("exact", "mean of blocks")
    exact = np.quantile(whole["flow_mass"].values, (0.05, 0.5, 0.95), axis=0)
    assert np.array_equal(together["flow_quantile"], exact)


def test_numbers_asked_for_are_those_among_all_others(town) -> None:
    whole = solve(town, samples=600, seed=3, request=Request(flows="all"))
    for chosen in ([17], [0, 255, 256, 599], range(250, 300)):
        some = solve(town, samples=chosen, seed=3, request=Request(flows="all"))
        assert some["sample"].values.tolist() == list(chosen)
        assert some.attrs["samples"] == len(chosen)
        for name in ("flow_mass", "throughput", "stock", "parameter"):
            assert np.array_equal(some[name], whole[name].values[list(chosen)])


@pytest.mark.parametrize("wrong", [[], [-1], [3, 3], [4, 2]])
def test_impossible_numbers_are_refused(town, wrong) -> None:
    with pytest.raises(SolveError, match="samples-numbers"):
        solve(town, samples=wrong)


@pytest.fixture(scope="module")
def strained():
    """Return a system of which one sample in two thousand takes more than there is."""
    taken = [{"value": 80.0, "unit": T, "distribution": "normal", "low": 70.0, "high": 90.0}]
    flows = {
        "in": {"from": "outside", "to": "pool", "amount": "given"},
        "taken": {"from": "pool", "to": "outside", "amount": "taken"},
        "rest": {"from": "pool", "to": "outside", "share": "remainder"},
    }
    return compile_system(model({"pool": {}}, flows, {"given": (100.0, T), "taken": taken}))


def failing(system, seed, count):
    rows = system.sampler.samples(seed, 0, count)
    return np.flatnonzero(rows.max(axis=0) > 100.0)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failed_sample_is_named_and_can_be_computed_alone(strained, workers) -> None:
    (first, *_) = failing(strained, 3, 8000).tolist()
    assert first > 256  # in a later block, or its place would be its number
    with pytest.raises(SolveError) as together:
        solve(strained, samples=8000, seed=3, workers=workers)
    problem, alone = together.value.problems
    assert (problem.code, problem.parameters["sample"]) == ("amount-short", first)
    assert (alone.code, dict(alone.parameters)) == ("sample-alone", {"sample": first, "seed": 3})
    with pytest.raises(SolveError) as single:
        solve(strained, samples=[first], seed=3)
    assert single.value.problems[0] == problem
    others = [n for n in range(first - 5, first + 5) if n != first]
    assert solve(strained, samples=others, seed=3).sizes["sample"] == 9


def test_memory_does_not_grow_with_the_samples(town, monkeypatch) -> None:
    monkeypatch.setattr(sizes, "EXACT_BYTES", 0)

    def peak(samples):
        tracemalloc.start()
        try:
            solve(town, samples=samples, seed=1, workers=1)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, many = peak(4096), peak(8192)
    assert many < 1.1 * few  # sample numbers and parts of blocks; the samples themselves would be twofold


def test_the_estimate_of_memory_covers_what_is_taken(town, monkeypatch) -> None:
    monkeypatch.setattr(sizes, "EXACT_BYTES", 2**22)
    for request in (Request(flows="all"), Request(flows=("compost_made",)), Request(), REQUESTS["functions"][0]):
        solve(town, samples=300, request=request, workers=1)
        tracemalloc.start()
        solve(town, samples=2000, seed=1, request=request, workers=1)
        taken = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        width = strip_width(town, request)
        estimate = sizes.footprint(town, request, 2000, width=width, workers=1).bytes
        assert taken < estimate < 8 * taken, request


def refuse(monkeypatch, bytes_free):
    monkeypatch.setattr(sizes, "memory", lambda: bytes_free)
    monkeypatch.setattr("cemfa.system.solve.parts", lambda *_, **__: pytest.fail("work began"))


@pytest.mark.parametrize(
    ("request_", "part"),
    [
        (Request(flows="all"), "kept"),
        (Request(flows=("compost_made",), reducers=()), "kept"),
        (Request(functions={"compost": first_compost}, reducers=()), "functions"),
        (Request(reducers=("p5",)), "quantiles"),
        (Request(reducers=()), "working"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_size(town, monkeypatch, request_, part) -> None:
    needed = sizes.footprint(town, request_, 2000, width=strip_width(town, request_), workers=1)
    refuse(monkeypatch, needed.bytes / sizes.SHARE_OF_MEMORY * 0.99)
    with pytest.raises(ResourceError, match="samples-memory") as error:
        solve(town, samples=2000, request=request_, workers=1)
    shown = error.value.problems[0].parameters
    assert shown["gigabytes"] == needed.bytes / 1e9 > shown["most"]
    assert shown[part] > 0
    assert error.value.exit_code == 5


def test_progress_is_told_in_units_of_work(town) -> None:
    told = []
    solve(town, samples=600, request=Request(flows="all"), progress=lambda *done: told.append(done))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_workers_get_several_strips_each_and_never_less_than_a_random_block(town) -> None:
    alone = strip_width(town, Request())
    assert alone == strip_width(town, Request(), shared_by=1, blocks=3) > BLOCK
    assert strip_width(town, Request(), shared_by=2, blocks=24) == 3 * BLOCK
    assert strip_width(town, Request(), shared_by=2, blocks=3) == BLOCK
