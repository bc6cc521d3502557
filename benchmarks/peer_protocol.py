"""The worker's end of the line to a peer: set up once, then run, time and hand over numbers when told.

Runs in the peer's own Python and environment, which know nothing of cemfa: only the standard library and numpy.
One line of JSON comes in, one goes out: ``{"set_up": task, "subject": file}`` answers with the number of the run,
``{"run": number}`` with its CPU time, ``{"save": number, "to": file}`` writes what the last run found.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np


class Run(Protocol):
    """A task that is set up."""

    def ready(self) -> None:
        """Do what must be done anew before every run and is not timed."""

    def __call__(self) -> None:
        """Do all that is timed."""

    def result(self) -> np.ndarray[Any, Any]:
        """Return what the last call found."""


SetUp = Callable[[Mapping[str, Any]], Run]


def serve(package: str, tasks: Mapping[str, SetUp]) -> None:
    """Answer requests until the line closes; a mistake ends the process with its traceback."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints must not speak on this line
    runs: list[Run] = []

    def answer(found: object) -> None:
        answers.write(json.dumps(found) + "\n")
        answers.flush()

    answer(f"{package} {importlib.metadata.version(package)}, numpy {np.__version__}")
    for line in sys.stdin:
        asked = json.loads(line)
        if "set_up" in asked:
            with np.load(asked["subject"]) as subject:
                runs.append(tasks[asked["set_up"]](dict(subject)))
            answer(len(runs) - 1)
        elif "run" in asked:
            run = runs[asked["run"]]
            run.ready()
            start = time.process_time()
            run()
            answer(time.process_time() - start)
        else:
            np.save(asked["to"], runs[asked["save"]].result())
            answer(None)
