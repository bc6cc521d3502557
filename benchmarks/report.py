"""One run from beginning to end, and what is written of it."""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from benchmarks import drivers, stages, verbs
from benchmarks.contests import Sizes, contests
from benchmarks.drivers import Measured
from benchmarks.peers import Peer
from benchmarks.subjects import graph

HERE: Final = Path(__file__).parent
MEASURED: Final = HERE / "measured.md"
README: Final = HERE / "README.md"
BEGIN: Final = "<!-- begin of measured.md -->\n"
END: Final = "<!-- end of measured.md -->\n"


def measured(sizes: Sizes, peers: Sequence[str], *, repeats: int, only: str | None = None) -> str:
    """Return all tables of a run as Markdown."""
    found: list[Measured] = []
    with ExitStack() as stack:
        at_work = [stack.enter_context(Peer(name)) for name in peers]
        for name, make in contests(sizes, at_work).items():
            if only is None or only in name:
                print(name, file=sys.stderr, flush=True)
                found.append(drivers.measure(make(), repeats))
        versions = [peer.version for peer in at_work]
    today = datetime.datetime.now(tz=datetime.UTC).date()
    lines = [
        f"{drivers.machine()}, {_versions()}; peers: {'; '.join(versions) or 'none'}. "
        f"Median of {repeats} rounds, {today}.",
        drivers.table(found),
        drivers.times(found),
    ]
    if only is None or "stages" in only:
        lines.append(_stages(sizes))
    return "\n\n".join(lines) + "\n"


def write(text: str) -> None:
    """Write the tables to their file, and into the README between its marks."""
    MEASURED.write_text(text, encoding="utf-8")
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(before + BEGIN + text + END + after, encoding="utf-8")


def _stages(sizes: Sizes) -> str:
    subject, samples = graph(processes=min(200, max(sizes.processes)), samples=1), sizes.all_in
    rows = []
    for executor in verbs.executors():
        for spread in ("dirichlet", "beta"):
            task = verbs.AllIn(subject, spread, samples, executor=executor)
            ways = {"solve": stages.pipeline} | ({"kernels alone": stages.kernels} if spread == "dirichlet" else {})
            for name, way in ways.items():
                spent = stages.Stages(time.process_time)
                way(task, stages.Stages(time.process_time))
                way(task, spent)
                rows.append((f"{name}, {spread} ({executor})", spent.spent, samples * len(subject.source)))
    return drivers.stage_table(rows)


def _versions() -> str:
    said = []
    for name in ("cemfa", "numpy", "scipy", "numba"):
        try:
            said.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            said.append(f"no {name}")
    return ", ".join(said)
