"""Hand a block out, get a part back, in order: the one way in which work reaches threads and processes.

Between the blocks of `solve` and `simulate` and the machine. A block is the unit of work and of randomness, and
parts come back in block order, so a reduction over them has the same bits for any number of workers.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from cemfa import locale
from cemfa.errors import CemfaError, Problem, ResourceError

Block = TypeVar("Block")
Part = TypeVar("Part")
Kind = Literal["threads", "processes"]

AHEAD: Final = 2  # blocks handed out per worker before their parts are taken: bounds the memory of waiting parts
_INTERRUPTED: Final = 130
_MEMORY: Final = Path("/proc/meminfo")
_OWN_GROUP: Final = Path("/proc/self/cgroup")
_GROUPS: Final = (
    (Path("/sys/fs/cgroup"), "memory.max", "memory.current"),
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes"),
)
_TRIM, _MAP = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's malloc.h
_KEPT: Final = 2**28  # bytes of freed memory that are kept for the next block
_MAPPED: Final = 2**26  # arrays from this size on are taken from the system and given back one by one
_UNKNOWN: Final = 2**33  # a machine that does not tell: what a common one has
_task: Callable[[Any], Any] | None = None  # set once in a worker process, so that a block costs one small message


def parts(
    task: Callable[[Block], Part], blocks: Sequence[Block], *, workers: int | None = None, kind: Kind = "threads"
) -> Iterator[Part]:
    """Yield the parts of all blocks, in the order of the blocks.

    Parameters
    ----------
    task : pure function of a block; for processes it and its parts must be picklable
    blocks : one entry per unit of work
    workers : how many at a time; None: one per core this process may use, and one where there is one block
    kind : ``"threads"`` where numpy does the work, ``"processes"`` where Python does; the latter are started
        afresh (spawn), so a script that starts them needs ``if __name__ == "__main__"``

    Raises
    ------
    CemfaError
        if the number of workers is not a whole number from 1; errors of the task come through as they are.
    ResourceError
        if a worker process dies.

    Examples
    --------
    >>> list(parts(abs, [-3, 1, -2], workers=2))
    [3, 1, 2]
    """
    count = worker_count(workers, len(blocks))
    keep_memory()
    if count == 1:
        return map(task, blocks)
    return _ordered(task, blocks, count, kind)


def worker_count(workers: int | None, blocks: int) -> int:
    """Return how many workers to use for some blocks: as asked, but never more than there are blocks."""
    if workers is not None and workers < 1:
        raise locale.error(CemfaError, Problem("workers-count", parameters={"workers": workers}))
    return max(1, min(blocks, cores() if workers is None else workers))


def cores() -> int:
    """Return the number of cores this process may use, which in a container is fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def keep_memory() -> bool:
    """Have the C library keep the memory of a block for the next one; tell whether it can.

    By itself glibc hands freed arrays back to the system after every block and takes them anew for the next, page by
    page, each of which the system clears: two fifths of the time of a run, and more of it with several threads, which
    wait for each other there. Only sizes change from which that is done, never what is computed.
    """
    import ctypes

    with contextlib.suppress(OSError, AttributeError, TypeError):  # other systems have no such function, or no library
        library = ctypes.CDLL(None)
        return bool(library.mallopt(_MAP, _MAPPED)) and bool(library.mallopt(_TRIM, _KEPT))
    return False


def memory() -> int:
    """Return the bytes this process may still take: what the machine has free, or less where a container says so.

    Caches of files count as free, for the system gives them up; swap does not count.
    """
    free = [_free_of_machine(), *_free_of_groups()]
    return max(0, min(free))


def _free_of_machine() -> int:
    try:
        lines = _MEMORY.read_text(encoding="ascii").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):  # no Linux: all the machine has is the best that is known
        known = hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if known else _UNKNOWN


def _free_of_groups() -> Iterator[int]:
    """Yield what the control groups of a container leave free, of both versions, with all groups above."""
    for root, limit, usage in _GROUPS:
        for folder in (root / _own_group(root), *(root / _own_group(root)).parents):
            if folder != root and root not in folder.parents:
                break
            with contextlib.suppress(OSError, ValueError):  # "max" is no number: no limit here
                most = int((folder / limit).read_text(encoding="ascii"))
                yield most - int((folder / usage).read_text(encoding="ascii")) + _cached(folder)


def _cached(folder: Path) -> int:
    """Return the bytes of files that a control group counts as used, but would give up when asked for memory."""
    with contextlib.suppress(OSError, ValueError):
        pairs = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
        return int(pairs.get("total_inactive_file", pairs.get("inactive_file", "0")))
    return 0


def _own_group(root: Path) -> str:
    """Return the path of this process below the root of its memory group, "" where that is not told."""
    with contextlib.suppress(OSError):
        for line in _OWN_GROUP.read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers == ("memory" if root.name == "memory" else ""):
                return path.strip("/")
    return ""


def _ordered(task: Callable[[Block], Part], blocks: Sequence[Block], count: int, kind: Kind) -> Iterator[Part]:
    with _pool(task, count, kind) as submit:
        waiting: deque[Future[Part]] = deque()
        for block in blocks:
            waiting.append(submit(block))
            if len(waiting) >= AHEAD * count:
                yield _part(waiting.popleft())
        while waiting:
            yield _part(waiting.popleft())


def _part(future: Future[Part]) -> Part:
    try:
        return future.result()
    except BrokenExecutor as lost:
        raise locale.error(ResourceError, Problem("worker-lost")) from lost


@contextlib.contextmanager
def _pool(task: Callable[[Block], Part], count: int, kind: Kind) -> Iterator[Callable[[Block], Future[Part]]]:
    """Yield a function that hands a block out; leaving early cancels what waits and ends what runs."""
    executor: Executor
    if kind == "threads":
        executor = ThreadPoolExecutor(count, thread_name_prefix="cemfa")
        with _ended(executor):
            yield lambda block: executor.submit(copy_context().run, task, block)  # the language goes along
        return
    context = multiprocessing.get_context("spawn")  # fork would copy the threads' locks of numpy and HDF5
    ours, theirs = context.Pipe()
    executor = ProcessPoolExecutor(count, context, _start_worker, (task, theirs, locale.language()))
    with contextlib.closing(theirs), contextlib.closing(ours), _ended(executor, ours):
        yield lambda block: executor.submit(_run, block)


@contextlib.contextmanager
def _ended(executor: Executor, lifeline: Connection | None = None) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if lifeline is not None:
            lifeline.close()  # a worker in the middle of a block ends at once
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _start_worker(task: Callable[[Any], Any], lifeline: Connection, lang: str) -> None:
    """Make this fresh process a worker: it keeps the task and ends when the parent lets go of it, or dies."""
    global _task
    keep_memory()
    _task = task  # an executor hands state to its processes in no other way
    os.environ["CEMFA_LANG"] = lang  # errors are worded where they are raised
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()


def _watch(lifeline: Connection) -> None:
    with contextlib.suppress(OSError, EOFError):
        lifeline.recv()
    os._exit(_INTERRUPTED)


def _run(block: Any) -> Any:
    if _task is None:
        raise RuntimeError("a worker runs before it was started")
    return _task(block)
