"""Blocks go out, parts come back in order, errors keep their problems and nobody is left behind."""

import mmap
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import numpy as np
import pytest

from cemfa import locale, workers
from cemfa.errors import CemfaError, ResourceError
from cemfa.system.streams import BLOCK, name_words, states, uniforms
from cemfa.workers import AHEAD, Pool, beside, cores, memory, parts, pool_of, worker_count

KINDS = ["threads", "processes"]


def draws(seed, name, block):
    """The numbers of a block of one stream: a task that a process can be handed."""
    return uniforms(states(seed, name_words([name]), block), BLOCK)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_parts_come_back_in_block_order(kind, workers):
    assert list(parts(abs, [-3, 2, -1, 0, -7, 5, -9], workers=workers, kind=kind)) == [3, 2, 1, 0, 7, 5, 9]


PAGES = """
import resource, sys
import numpy as np
from cemfa.workers import keep_memory, parts

def block(number):
    return float(len([np.full(300_000, number) for _ in range(20)]))

list(parts(block, range(2), workers=1))
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
list(parts(block, range(10), workers=1))
taken = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
sys.exit(1 if keep_memory() and taken > 11_719 else 0)
"""


def test_memory_of_a_block_is_kept_for_the_next():
    pytest.importorskip("resource")
    # a block touches 11 719 pages of 4096 bytes, which ten blocks would take from the system ten times
    assert subprocess.run([sys.executable, "-c", PAGES], check=False).returncode == 0


@pytest.mark.parametrize("kind", KINDS)
def test_sums_of_draws_have_the_same_bits_for_any_number_of_workers(kind):
    def total(workers):
        return sum(float(p.sum()) for p in parts(partial(draws, 1, "a"), range(9), workers=workers, kind=kind))

    assert total(1) == total(2) == total(3)


def test_a_slow_first_block_does_not_change_the_order():
    seen = list(parts(time.sleep, [0.05, 0.0, 0.0], workers=3))
    assert seen == [None] * 3

    def slow_first(block):
        time.sleep(0.05 if block == 0 else 0)
        return block

    assert list(parts(slow_first, range(6), workers=3)) == list(range(6))


def test_no_more_blocks_are_handed_out_than_fit():
    started = []
    running = parts(started.append, range(100), workers=2)
    next(running)
    assert len(started) <= AHEAD * 2 + 1
    running.close()


@pytest.mark.parametrize("kind", KINDS)
def test_errors_come_through_with_their_problems(kind):
    with pytest.raises(CemfaError, match="seed-invalid") as error:
        list(parts(partial(draws, -1, "a"), range(4), workers=2, kind=kind))
    assert error.value.problems[0].parameters == {"seed": -1}
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("kind", KINDS)
def test_errors_are_worded_in_the_language_in_force(kind):
    with locale.use("vi"), pytest.raises(CemfaError, match="số mầm"):
        list(parts(partial(draws, -1, "a"), range(4), workers=2, kind=kind))


def test_a_dead_process_is_an_error_that_says_what_to_do():
    with pytest.raises(ResourceError, match="worker-lost"):
        list(parts(os._exit, [3, 3, 3], workers=2, kind="processes"))


def large_and_small(number):
    """Two arrays, one of which goes by a file and would take the other with it."""
    return np.full(2**20, float(number)), np.full(5, float(number))


def test_to_keep_a_small_array_does_not_keep_a_large_one():
    for number, (large, small) in enumerate(parts(large_and_small, [0, 1, 2], workers=2, kind="processes")):
        assert (large[-1], small[-1]) == (number, number)
        assert not np.shares_memory(large, small)
        assert isinstance(held_by(large), mmap.mmap)
        assert isinstance(held_by(small), bytearray)


def held_by(array):
    """What owns the memory of an array in the end."""
    owner = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    return memoryview(owner).obj


class Slow(list):
    """Blocks of which the second comes when the process that has the first is dead."""

    def __iter__(self):
        yield self[0]
        for process in multiprocessing.active_children():
            process.join()
        yield from self[1:]


def test_a_process_that_dies_before_all_blocks_are_handed_out_is_the_same_error():
    with pytest.raises(ResourceError, match="worker-lost"):
        list(parts(os._exit, Slow([3, 3, 3, 3]), workers=2, kind="processes"))


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_done_beside_a_block_is_done_at_its_end(workers):
    found = []
    with beside(lambda: found.append(threading.current_thread() is threading.main_thread()), workers=workers):
        pass
    assert found == [workers == 1]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_beside_a_block_comes_through(workers):
    with pytest.raises(ZeroDivisionError), beside(lambda: 1 // 0, workers=workers):
        pass


def test_what_is_done_beside_a_pool_does_not_keep_it_from_beginning():
    told = []
    with Pool(2) as pool, beside(lambda: told.append("beside"), workers=pool):
        time.sleep(0.2)
        told.append("handed out")
        assert list(parts(abs, [-1, 2, -3], workers=pool, kind="processes")) == [1, 2, 3]
    assert told == ["handed out", "beside"]


def test_what_is_done_beside_a_pool_is_done_though_nothing_is_handed_out():
    told = []
    with Pool(2) as pool, pytest.raises(ZeroDivisionError), beside(lambda: told.append("beside"), workers=pool):
        _ = 1 // 0
    assert told == ["beside"]


def test_stopping_early_ends_the_processes():
    running = parts(time.sleep, [0, 600, 600, 600], workers=2, kind="processes")
    next(running)
    running.close()  # would wait ten minutes for the blocks that run
    assert multiprocessing.active_children() == []


INTERRUPTED = """
import sys, time
from cemfa.workers import parts
if __name__ == "__main__":
    try:
        for _ in parts(time.sleep, [0, 600, 600, 600], workers=2, kind="processes"):
            print("running", flush=True)
    except KeyboardInterrupt:  # wherever it struck: leaving the loop lets go of the blocks
        sys.exit(130)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_ends_the_processes(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout.readline() == "running\n"
        run.send_signal(signal.SIGINT)
        # the pipe reaches its end only when the parent and every worker that inherited it are gone
        run.communicate(timeout=120)
    assert run.returncode == 130


def test_counts():
    assert worker_count(None, 1) == 1
    assert worker_count(None, 0) == 1
    assert worker_count(None, 1000) == cores() >= 1
    assert worker_count(8, 3) == 3
    for wrong in (0, -2):
        with pytest.raises(CemfaError, match="workers-count"):
            worker_count(wrong, 3)
    assert list(parts(np.sqrt, [])) == []


def groups(tmp_path, monkeypatch, files, own="0::/a/b"):
    """Pretend to be in a container whose control groups say what `files` hold; the machine has 8 GB free."""
    (tmp_path / "meminfo").write_text("MemTotal: 16000000 kB\nMemAvailable: 8000000 kB\n", encoding="ascii")
    (tmp_path / "own").write_text(own + "\n", encoding="ascii")
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="ascii")
    monkeypatch.setattr(workers, "_MEMORY", tmp_path / "meminfo")
    monkeypatch.setattr(workers, "_OWN_GROUP", tmp_path / "own")
    monkeypatch.setattr(workers, "_GROUPS", (
        (tmp_path / "cgroup", "memory.max", "memory.current"),
        (tmp_path / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    ))  # fmt: skip
    return memory()


FREE = 8_000_000 * 1024


def test_memory_without_a_container_is_what_the_machine_has_free(tmp_path, monkeypatch):
    assert groups(tmp_path, monkeypatch, {}) == FREE
    assert groups(tmp_path, monkeypatch, {"cgroup/memory.max": "max", "cgroup/memory.current": "5"}) == FREE


def test_memory_in_a_container_is_what_its_limit_leaves_without_caches(tmp_path, monkeypatch):
    files = {"cgroup/a/b/memory.max": "max", "cgroup/a/b/memory.current": "900",
             "cgroup/a/memory.max": "1000", "cgroup/a/memory.current": "700",
             "cgroup/a/memory.stat": "anon 300\ninactive_file 400\n"}  # fmt: skip
    assert groups(tmp_path, monkeypatch, files) == 1000 - 700 + 400


def test_memory_of_the_older_kind_of_container(tmp_path, monkeypatch):
    files = {"memory/memory.limit_in_bytes": "2000", "memory/memory.usage_in_bytes": "500"}
    assert groups(tmp_path, monkeypatch, files, own="4:memory:/") == 1500


def test_memory_used_up_is_none(tmp_path, monkeypatch):
    files = {"cgroup/memory.max": "1000", "cgroup/memory.current": "1700"}
    assert groups(tmp_path, monkeypatch, files) == 0


def test_memory_of_this_machine():
    assert 2**24 < memory() < 2**50


def where(block):
    """The process that takes a block."""
    return os.getpid()


def scaled(factors, block):
    """Large arrays there and back: the task holds one, the part another."""
    return {"rows": factors[block] * np.ones(2**17), "odd": np.arange(3, dtype=np.int8), "block": block}


def test_a_pool_keeps_its_processes_from_list_to_list():
    with Pool(2) as pool:
        first = set(parts(where, range(8), workers=pool, kind="processes"))
        again = set(parts(where, range(8), workers=pool, kind="processes"))
        assert first | again <= set(pool._executor._processes)
        assert os.getpid() not in first | again
        assert list(parts(where, [1], workers=pool, kind="processes")) == [os.getpid()]  # not worth a process
    assert multiprocessing.active_children() == []


def test_taking_just_the_parts_there_are_keeps_the_processes():
    with Pool(2) as pool:
        running = parts(where, range(3), workers=pool, kind="processes")
        for _ in range(3):
            next(running)
        running.close()  # nothing was left to do
        executor = pool._executor
        list(parts(where, range(3), workers=pool, kind="processes"))
        assert pool._executor is executor is not None


def test_a_pool_starts_anew_after_an_error():
    with Pool(2) as pool:
        with pytest.raises(CemfaError, match="seed-invalid"):
            list(parts(partial(draws, -1, "a"), range(4), workers=pool, kind="processes"))
        assert multiprocessing.active_children() == []
        assert list(parts(abs, [-3, 2, -1], workers=pool, kind="processes")) == [3, 2, 1]


def test_large_tasks_and_parts_go_by_files_that_are_gone_afterwards():
    factors = np.arange(2**18, dtype=np.float64)
    with Pool(2) as pool:
        for number, part in enumerate(parts(partial(scaled, factors), range(5), workers=pool, kind="processes")):
            assert part["block"] == number
            assert part["rows"].ctypes.data % 64 == 0
            np.testing.assert_array_equal(part["rows"], np.full(2**17, float(number)))
            np.testing.assert_array_equal(part["odd"], [0, 1, 2])
            part["rows"] += 1.0  # as its own
        assert list(pool._folder.iterdir()) == []
        folder = pool._folder
    assert not folder.exists()


def test_a_folder_that_takes_no_files_is_an_error_that_says_so(tmp_path, monkeypatch):
    with Pool(2) as pool:
        list(parts(abs, [1, 2], workers=pool, kind="processes"))
        monkeypatch.setattr(pool, "_folder", tmp_path / "gone")
        task = partial(scaled, np.zeros(2**18))
        with pytest.raises(ResourceError, match="worker-task") as error:
            list(parts(task, range(2), workers=pool, kind="processes"))
    assert error.value.problems[0].parameters["folder"] == str(tmp_path / "gone")


def test_a_pool_that_is_there_lives_on():
    with Pool(2) as pool:
        with pool_of(pool) as same:
            list(parts(abs, [1, 2], workers=same, kind="processes"))
        assert same is pool
        assert pool._executor is not None
    with pool_of(3) as fresh:
        assert fresh.count == 3
    with pytest.raises(CemfaError, match="workers-count"):
        Pool(0)
