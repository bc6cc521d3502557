"""The near end of the line to a peer: its own Python in its own environment, which times itself.

A peer keeps what it set up, so that its runs can be taken in turn with those of cemfa.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, cast

import numpy as np

from benchmarks.subjects import Array

HERE: Final = Path(__file__).parent
PYTHON: Final = HERE / ".venv" / "bin" / "python"
NAMES: Final = ("dpmfa", "flodym")


def missing() -> str | None:
    """Return why no peer can be asked, None where they can."""
    return None if PYTHON.exists() else f"the peers are not installed in {PYTHON.parents[1].name}; make bench does it"


class PeerError(RuntimeError):
    """A peer that ended before it answered; its traceback stands on stderr."""


class Peer:
    """A peer at work; leave its context to end it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._folder = tempfile.TemporaryDirectory(prefix="benchmarks-")
        script = str(HERE / f"peer_{name}.py")
        self._process = subprocess.Popen(
            [str(PYTHON), script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._requests = cast(IO[str], self._process.stdin)
        self._answers = cast(IO[str], self._process.stdout)
        self.version = str(self._answer())

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate()  # closes its line, which ends it, and waits
        self._folder.cleanup()

    def set_up(self, task: str, **subject: Array) -> int:
        """Return the number of a task that is ready to run."""
        path = Path(self._folder.name) / "subject.npz"
        np.savez(path, **subject)  # type: ignore[arg-type]  # numpy's stub takes the second parameter for a flag
        return int(self._ask({"set_up": task, "subject": str(path)}))

    def run(self, number: int) -> float:
        """Return the CPU time of one run [s]."""
        return float(self._ask({"run": number}))

    def result(self, number: int) -> Array:
        """Return what the last run found."""
        path = Path(self._folder.name) / "found.npy"
        self._ask({"save": number, "to": str(path)})
        found: Array = np.load(path)
        return found

    def _ask(self, request: object) -> Any:
        self._requests.write(json.dumps(request) + "\n")
        self._requests.flush()
        return self._answer()

    def _answer(self) -> Any:
        line = self._answers.readline()
        if not line:
            raise PeerError(f"{self.name} ended with code {self._process.wait()}")
        return json.loads(line)
