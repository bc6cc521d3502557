"""Hand a block out, get a part back, in order: the one way in which work reaches threads and processes.

Between the blocks of `solve` and `simulate` and the machine. A block is the unit of work and of randomness, and
parts come back in block order, so a reduction over them has the same bits for any number of workers.
"""

from __future__ import annotations

import contextlib
import gc
import mmap
import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeVar

from cemfa import locale
from cemfa.errors import CemfaError, Problem, ResourceError

Block = TypeVar("Block")
Part = TypeVar("Part")
Told = TypeVar("Told")
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
_BY_WORKER: Final = 7  # times as much of both in a worker, which is there for blocks alone; 8 would not fit an int of C
_UNKNOWN: Final = 2**33  # a machine that does not tell: what a common one has
_PRELOADED: Final = (
    "cemfa.system.kernel", "cemfa.system.rowkernel", "cemfa.system.drawing", "cemfa.simulation.daykernel"
)  # fmt: skip
"""What worker processes have besides the modules of this one: compiled code, for to load it takes as long as to
simulate a year; where numba is not installed it is skipped."""
_BY_FILE: Final = 2**20  # bytes from which something goes to another process by a file instead of a message
_ALIGNED: Final = 64  # bytes: arrays begin where vectors of a processor are loaded from
_times = 1  # of what is kept and mapped
_task: tuple[_Carried, Callable[[Any], Any]] | None = None  # of a worker process, as it came


class Pool:
    """Worker processes that stay from one list of blocks to the next, for whatever takes `workers`.

    To start a process and hand it a large task costs seconds, as much as many a list of blocks. They are started with
    the first list that has work for more than one, and end with the `with` block, or at once where a list is left
    early: by an error, by Ctrl-C. What they compute does not depend on it.

    Parameters
    ----------
    workers : how many at a time; None: one per core this process may use
    loading : modules that its tasks will need, besides those that this process has

    Examples
    --------
    >>> with Pool(1) as pool:
    ...     list(parts(abs, [-3, 1], workers=pool)), list(parts(len, ["a"], workers=pool))
    ([3, 1], [1])
    """

    def __init__(self, workers: int | None = None, *, loading: Sequence[str] = ()) -> None:
        self.count = _asked(workers)
        self._executor: ProcessPoolExecutor | None = None
        self._open = contextlib.ExitStack()
        self._folder = Path()
        self._tasks = 0
        self.busy = threading.Event()  # the first blocks of a list are handed out
        # it loads its modules while this process goes on
        self._context = _context(loading) if self.count > 1 else multiprocessing.get_context()

    def __enter__(self) -> Self:
        """Return the pool itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the processes, at once where an error leaves the block."""
        self._open.__exit__(kind, error, at)
        self._executor = None

    def deal(self, task: Callable[[Block], Part], blocks: Sequence[Block]) -> Iterator[Part]:
        """Yield the parts of all blocks, in the order of the blocks; called by `parts`."""
        executor = self._executor or self._start()
        self._tasks += 1
        stem = self._folder / str(self._tasks)
        held = _handed((locale.language(), task), stem.with_suffix(".task"))
        names = (str(stem.with_suffix(f".{number}")) for number in range(len(blocks)))
        left = len(blocks)

        def submit(block: Block) -> Future[_Carried]:
            with _told_if_lost():  # a worker may die before all blocks are handed out
                return executor.submit(_run, held, block, next(names))

        def taken(future: Future[_Carried]) -> Part:
            nonlocal left
            self.busy.set()
            with _told_if_lost():
                carried = future.result()
            part: Part = carried.taken()
            carried.forgotten()
            left -= 1
            return part

        try:
            yield from _ordered(submit, taken, blocks, self.count)
        finally:
            held.forgotten()
            if left:  # left early: whatever still runs is of no use
                self.__exit__(*sys.exc_info())

    def _start(self) -> ProcessPoolExecutor:
        with contextlib.ExitStack() as opened:
            self._folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="cemfa-")))
            ours, theirs = self._context.Pipe()
            executor = ProcessPoolExecutor(self.count, self._context, _start_worker, (theirs,))
            opened.enter_context(contextlib.closing(theirs))
            opened.enter_context(contextlib.closing(ours))
            opened.enter_context(_ended(executor, ours))
            self._open = opened.pop_all()
        self._executor = executor
        return executor


Workers = int | Pool | None
"""How many workers at a time: a number, those of a pool, or None for one per core this process may use."""


@contextlib.contextmanager
def pool_of(workers: Workers) -> Iterator[Pool]:
    """Give a pool: the one that is there, which lives on, or one for as long as the `with` block lasts."""
    if isinstance(workers, Pool):
        yield workers
        return
    with Pool(workers) as pool:
        yield pool


def parts(
    task: Callable[[Block], Part], blocks: Sequence[Block], *, workers: Workers = None, kind: Kind = "threads"
) -> Iterator[Part]:
    """Yield the parts of all blocks, in the order of the blocks.

    Parameters
    ----------
    task : pure function of a block; for processes it and its parts must be picklable
    blocks : one entry per unit of work
    workers : how many at a time; None: one per core this process may use, and one where there is one block; a pool
        where its processes are to be used again
    kind : ``"threads"`` where numpy does the work, ``"processes"`` where Python does; the latter are no copies of
        this process but started apart, so a script that starts them needs ``if __name__ == "__main__"``

    Raises
    ------
    CemfaError
        if the number of workers is not a whole number from 1; errors of the task come through as they are.
    ResourceError
        if a worker process dies, or a task cannot be handed to it.

    Examples
    --------
    >>> list(parts(abs, [-3, 1, -2], workers=2))
    [3, 1, 2]
    """
    count = worker_count(workers, len(blocks))
    keep_memory()
    if count == 1:
        return map(task, blocks)
    if kind == "threads":
        return _by_threads(task, blocks, count)
    return workers.deal(task, blocks) if isinstance(workers, Pool) else _by_processes(task, blocks, count)


@contextlib.contextmanager
def beside(task: Callable[[], object], *, workers: Workers = None) -> Iterator[None]:
    """Do something of its own in a thread while the block waits for workers, and be done with it when the block ends.

    With a pool it begins when the pool has something to do, so that handing that out does not have to wait.

    Parameters
    ----------
    task : function without arguments; its errors come at the end of the block
    workers : of the block; with one worker there is nothing to wait for, and the task is done first

    Examples
    --------
    >>> found = []
    >>> with beside(lambda: found.append(1), workers=2):
    ...     pass
    >>> found
    [1]
    """
    if worker_count(workers, 2) == 1:
        task()
        yield
        return
    busy = workers.busy if isinstance(workers, Pool) else threading.Event()
    busy.clear()

    def begun() -> None:
        busy.wait()
        task()

    with ThreadPoolExecutor(1, thread_name_prefix="cemfa") as executor:
        done = executor.submit(copy_context().run, begun)  # the language goes along
        if not isinstance(workers, Pool):
            busy.set()
        try:
            yield
        finally:
            busy.set()  # whatever has become of the block
        done.result()


def worker_count(workers: Workers, blocks: int) -> int:
    """Return how many workers to use for some blocks: as asked, but never more than there are blocks."""
    return max(1, min(blocks, workers.count if isinstance(workers, Pool) else _asked(workers)))


def _asked(workers: int | None) -> int:
    if workers is not None and workers < 1:
        raise locale.error(CemfaError, Problem("workers-count", parameters={"workers": workers}))
    return cores() if workers is None else workers


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
        return bool(library.mallopt(_MAP, _times * _MAPPED)) and bool(library.mallopt(_TRIM, _times * _KEPT))
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


def _by_threads(task: Callable[[Block], Part], blocks: Sequence[Block], count: int) -> Iterator[Part]:
    executor = ThreadPoolExecutor(count, thread_name_prefix="cemfa")

    def submit(block: Block) -> Future[Part]:
        return executor.submit(copy_context().run, task, block)  # the language goes along

    with _ended(executor):
        yield from _ordered(submit, Future.result, blocks, count)


def _by_processes(task: Callable[[Block], Part], blocks: Sequence[Block], count: int) -> Iterator[Part]:
    with Pool(count) as pool:
        yield from pool.deal(task, blocks)


def _ordered(
    submit: Callable[[Block], Future[Told]], taken: Callable[[Future[Told]], Part], blocks: Sequence[Block], count: int
) -> Iterator[Part]:
    waiting: deque[Future[Told]] = deque()
    for block in blocks:
        waiting.append(submit(block))
        if len(waiting) >= AHEAD * count:
            yield taken(waiting.popleft())
    while waiting:
        yield taken(waiting.popleft())


@contextlib.contextmanager
def _told_if_lost() -> Iterator[None]:
    """Say what to do where a worker process has died."""
    try:
        yield
    except BrokenExecutor as lost:
        raise locale.error(ResourceError, Problem("worker-lost")) from lost


@contextlib.contextmanager
def _ended(executor: Executor, lifeline: Connection | None = None) -> Iterator[None]:
    """End an executor: leaving early cancels what waits and, with a lifeline, ends what runs."""
    try:
        yield
    except BaseException:
        if lifeline is not None:
            lifeline.close()  # a worker in the middle of a block ends at once
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _context(loading: Sequence[str] = ()) -> BaseContext:
    """Return the way in which processes are started here, and have it load what they will need.

    On Linux a server that has loaded the modules once copies itself for every worker, in milliseconds; a copy of this
    process would copy locks that threads of numpy and HDF5 hold. The server ends with this process, so that the next
    pool finds it there. Elsewhere every worker starts afresh.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    own = sorted(name for name in sys.modules if name.partition(".")[0] == __package__)
    context.set_forkserver_preload([*own, *_PRELOADED, *loading])
    forkserver.ensure_running()
    return context


@dataclass(frozen=True, slots=True)
class _Carried:
    """Something on its way between processes, by a file where it is large.

    The other side maps large arrays, uncopied; of small ones it takes copies, for to keep one of them must not keep the
    memory of all.

    Parameters
    ----------
    said : pickled whole; empty where a file holds it
    file : of the arrays, each at a multiple of `_ALIGNED` bytes, and last the rest, pickled
    sizes : bytes of each
    """

    said: bytes
    file: str = ""
    sizes: tuple[int, ...] = ()

    @classmethod
    def of(cls, value: object, file: Path) -> _Carried:
        """Return something ready to go; a file that cannot be written raises OSError."""
        buffers: list[pickle.PickleBuffer] = []
        rest = pickle.dumps(value, pickle.HIGHEST_PROTOCOL, buffer_callback=buffers.append)
        pieces = [*(buffer.raw() for buffer in buffers), memoryview(rest)]
        sizes = tuple(piece.nbytes for piece in pieces)
        if sum(sizes) < _BY_FILE:
            return cls(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))
        with file.open("wb") as out:
            for piece in pieces:
                out.write(piece)
                out.write(bytes(-piece.nbytes % _ALIGNED))
        return cls(b"", str(file), sizes)

    def taken(self) -> Any:
        """Return what was sent; to change an array of it changes nothing for others."""
        if not self.file:
            return pickle.loads(self.said)
        starts = accumulate((size + -size % _ALIGNED for size in self.sizes), initial=0)
        whole = _mapped(Path(self.file))
        pieces = (whole[start : start + size] for start, size in zip(starts, self.sizes, strict=False))
        *arrays, rest = (piece if piece.nbytes >= _BY_FILE else bytearray(piece) for piece in pieces)
        return pickle.loads(rest, buffers=arrays)

    def forgotten(self) -> None:
        """Remove the file; whoever has taken its content keeps it."""
        if self.file:
            Path(self.file).unlink(missing_ok=True)


def _mapped(file: Path) -> memoryview:
    if sys.platform == "win32":  # a mapped file could not be removed there
        return memoryview(bytearray(file.read_bytes()))
    with file.open("rb") as held:
        return memoryview(mmap.mmap(held.fileno(), 0, access=mmap.ACCESS_COPY))


def _handed(value: object, file: Path) -> _Carried:
    """Return a value for the other side, or say where it could not be written."""
    try:
        return _Carried.of(value, file)
    except OSError as reason:
        file.unlink(missing_ok=True)  # what was written before the disk was full
        shown = {"folder": str(file.parent), "reason": reason.strerror or str(reason)}
        raise locale.error(ResourceError, Problem("worker-task", parameters=shown)) from reason


def _start_worker(lifeline: Connection) -> None:
    """Make this fresh process a worker, which ends when the parent lets go of it, or dies."""
    global _times
    _times = _BY_WORKER
    keep_memory()
    gc.freeze()  # what came with the process stays: looking for waste in it would copy its pages
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()


def _watch(lifeline: Connection) -> None:
    with contextlib.suppress(OSError, EOFError):
        lifeline.recv()
    os._exit(_INTERRUPTED)


def _run(held: _Carried, block: Any, file: str) -> _Carried:
    """Return the part of a block of a task, which is taken once; a large part goes by a file."""
    global _task
    if _task is None or _task[0] != held:
        _task = None  # before the next one takes memory
        lang, task = held.taken()
        os.environ["CEMFA_LANG"] = lang  # errors are worded where they are raised
        _task = held, task
    return _handed(_task[1](block), Path(file))
